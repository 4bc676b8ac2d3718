// SPDX-License-Identifier: BSD-3-Clause
// Notes on a topology: shares of packets that correlation changes, held against the law itself.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/compile.h"
#include "control/notes.h"
#include "tests/control/paper.h"

#define PACKETS   400000
#define SECOND_NS UINT64_C(1000000000)

struct case_ {
	struct topology *topology;
	struct plan *plan;
	struct notes notes;
};

static struct case_ collect(const char *text)
{
	struct case_ made = {.topology = paper(text)};
	struct error error;

	made.plan = compile_plan(made.topology, NETWORK_FILES, &error);
	assert_non_null(made.plan);
	assert_int_equal(notes_collect(made.topology, made.plan, &made.notes), 0);
	return made;
}

static void done(struct case_ *made)
{
	notes_fini(&made->notes);
	plan_free(made->plan);
	topology_free(made->topology);
}

#define TWO "[site a]\n[site b]\n[link x]\nends = a, b\ndelay = 5ms\n"

// Share of packets that the law loses.
static double lost_share(struct channel_params params)
{
	struct channel_state state = {.packet = 0};
	unsigned lost = 0;

	for (unsigned i = 0; i < PACKETS; i++)
		lost += channel_offer(&params, &state, i, 100).lost == DROP_MODEL;
	return lost / (double)PACKETS;
}

// Six standard deviations of the share, a chance of 2e-9: losses k packets apart are correlated by
// no more than the k-th power of what neighbours are.
static double six_deviations(const struct loss_params *loss)
{
	double share = loss_ratio(loss), lag1 = loss_lag1_correlation(loss);

	return 6 * sqrt(share * (1 - share) * (1 + lag1) / (1 - lag1) / PACKETS);
}

// The note's rate is what the law does, and what it says to write instead gives what was asked for.
static void the_rate_in_a_note_is_what_the_law_does(void **state)
{
	struct case_ made = collect(TWO "loss = random 20% 25%\n");
	struct channel_params params;
	const struct note *note = &made.notes.items[0];
	char text[256];

	(void)state;
	assert_int_equal(made.notes.count, 1);
	assert_string_equal(note->key, "loss");
	assert_int_equal(note->directions, 3);
	assert_true(note->achieved < 0.15);
	params = made.plan->channels[0].params;
	assert_true(fabs(lost_share(params) - note->achieved) < six_deviations(&params.loss));
	params.loss.random = (uint64_t)(note->instead * 0x1p32);
	channel_finish(&params);
	assert_true(fabs(lost_share(params) - 0.2) < six_deviations(&params.loss));
	notes_text(note, text, sizeof(text));
	assert_non_null(strstr(text, "instead of 20%"));
	assert_non_null(strstr(text, "for 20% write "));
	done(&made);
}

static void directions_that_differ_have_notes_of_their_own(void **state)
{
	struct case_ made = collect(TWO "loss.forward = 1% 25%\nloss.reverse = 2% 25%\n"
					"corrupt.reverse = 1% 90%\nduplicate = 3% 50%\n"
					"reorder = 25% 50%\n");
	static const struct {
		const char *key;
		unsigned directions;
		const char *where;
	} wanted[] = {
		{"loss", 1, "paper.ini:3 [link x] loss.forward"},
		{"duplicate", 3, "paper.ini:3 [link x] duplicate"},
		{"reorder", 3, "paper.ini:3 [link x] reorder"},
		{"loss", 2, "paper.ini:3 [link x] loss.reverse"},
		{"corrupt", 2, "paper.ini:3 [link x] corrupt.reverse"},
	};
	char where[128];

	(void)state;
	assert_int_equal(made.notes.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(made.notes.items[i].key, wanted[i].key);
		assert_int_equal(made.notes.items[i].directions, wanted[i].directions);
		notes_where(made.topology, &made.notes.items[i], where, sizeof(where));
		assert_string_equal(where, wanted[i].where);
	}
	done(&made);
}

// Mean and deviation of the delays that the law gives, over packets far enough apart to be as good
// as independent.
static void delays(struct channel_params params, double *mean_ns, double *deviation_ns)
{
	struct channel_state state = {.packet = 0};
	double sum = 0, squares = 0;

	for (uint64_t i = 0; i < PACKETS; i++) {
		double delay_ns =
			(double)(channel_offer(&params, &state, i * SECOND_NS, 100).release_at_ns -
				 i * SECOND_NS);

		sum += delay_ns;
		squares += delay_ns * delay_ns;
	}
	*mean_ns = sum / PACKETS;
	*deviation_ns = sqrt(squares / PACKETS - *mean_ns * *mean_ns);
}

// A delay that its own jitter would take below zero, and one that correlation narrows. Seven
// standard errors of mean and deviation (neighbours correlate by a half, which makes them 1.7 times
// as large; of four times the kurtosis of a normal number at most): a chance below 1e-6.
static void the_delay_in_a_note_is_what_the_law_does(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"[site a]\n[site b]\n[link x]\nends = a, b\ndelay = 1ms 2ms distribution normal\n",
		 "before it is sent"},
		{"[site a]\n[site b]\n[link x]\nends = a, b\ndelay = 20ms 2ms 50% distribution "
		 "normal\n",
		 "narrows"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct case_ made = collect(cases[i].text);
		const struct note *note = &made.notes.items[0];
		double mean_ns, deviation_ns, error_ns;
		char text[512];

		assert_int_equal(made.notes.count, 1);
		assert_int_equal(note->kind, NOTE_DELAY);
		assert_int_equal(note->directions, 3);
		assert_true(fabs(note->asked - (i ? 20e6 : 1e6)) < 1e3);
		assert_true(fabs(note->asked_deviation_ns - 2e6) < 1e3);
		delays(made.plan->channels[0].params, &mean_ns, &deviation_ns);
		error_ns = 7 * 1.7 * deviation_ns / sqrt(PACKETS);
		assert_true(fabs(mean_ns - note->achieved) < error_ns);
		assert_true(fabs(deviation_ns - note->achieved_deviation_ns) < error_ns);
		assert_non_null(strstr(notes_text(note, text, sizeof(text)), cases[i].says));
		assert_null(strstr(text, cases[1 - i].says));
		done(&made);
	}
}

static void a_queue_wants_a_rate(void **state)
{
	struct case_ made = collect(TWO "limit = 20\nqueue.reverse = codel\n");

	(void)state;
	assert_int_equal(made.notes.count, 2);
	assert_string_equal(made.notes.items[0].key, "limit");
	assert_int_equal(made.notes.items[0].directions, 1);
	assert_string_equal(made.notes.items[1].key, "queue");
	assert_int_equal(made.notes.items[1].directions, 2);
	assert_int_equal(made.notes.items[1].kind, NOTE_NO_LINE);
	done(&made);
}

// No correlation, a half, all or nothing: what was asked for is what comes.
static void what_is_as_asked_needs_no_note(void **state)
{
	static const char *const texts[] = {
		TWO,
		TWO "loss = 1%\nduplicate = 1%\ncorrupt = 1%\nreorder = 25%\n",
		TWO "loss = 50% 25%\nduplicate = 100% 30%\n",
		TWO "loss = gemodel 1% 10%\n",
		TWO "loss = 0% 25%\n",
		TWO "rate = 1mbit\nlimit = 20\nqueue = codel\n",
		"[site a]\n[site b]\n[link x]\nends = a, b\ndelay = 20ms 2ms distribution normal\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct case_ made = collect(texts[i]);

		assert_int_equal(made.notes.count, 0);
		done(&made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_in_a_note_is_what_the_law_does),
		cmocka_unit_test(directions_that_differ_have_notes_of_their_own),
		cmocka_unit_test(the_delay_in_a_note_is_what_the_law_does),
		cmocka_unit_test(a_queue_wants_a_rate),
		cmocka_unit_test(what_is_as_asked_needs_no_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
