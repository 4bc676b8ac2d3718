// SPDX-License-Identifier: BSD-3-Clause
// Damaged frames by their very bits: found however many are flipped, and told from others' damage.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcaps/damage.h"
#include "pcaps/trace.h"
#include "tests/pcaps/captures.h"

#define MS       UINT64_C(1000000)
#define START_NS UINT64_C(1700000000000000000)

enum { SENT = 400, LONGEST = 260 };

// What is done to the frames beyond the law, and what came of it.
struct run {
	struct journal journal;
	bool twice;       // each frame comes twice
	uint32_t spoiled; // one bit more of this one; SENT: of none
	uint32_t promised;
	struct match match;
	bool *otherwise;
};

static uint32_t length_of(uint32_t sent)
{
	return 60 + sent * 7 % 200;
}

static void hold_from(struct run *run, uint64_t from_ns, uint32_t bits)
{
	struct journal_channel entry = {.from_ns = from_ns,
					.params = {.seed = 719, .random_key = 4, .carrier = true}};

	entry.params.delay_ns = 10 * MS;
	assert_int_equal(corrupt_make_params(0.3, 0, bits, "", &entry.params.corrupt, NULL), 0);
	channel_finish(&entry.params);
	assert_int_equal(journal_add_channel(&run->journal, &entry), 0);
}

static void begin(struct run *run, uint32_t bits)
{
	*run = (struct run){.journal.clock_ns = START_NS, .spoiled = SENT};
	assert_int_equal(journal_add_channel_name(&run->journal, "span:forward"), 0);
	hold_from(run, 0, bits);
}

static void end(struct run *run)
{
	free(run->otherwise);
	match_free(&run->match);
	journal_fini(&run->journal);
}

static struct trace_writer *create(const char *name)
{
	static const char *const interface[] = {"port"};
	struct error error;
	struct trace_writer *writer =
		trace_create(captures_path(name), TRACE_PCAP, interface, 1, "test", &error);

	assert_non_null(writer);
	return writer;
}

static void write_frame(struct trace_writer *writer, uint64_t at_ns, const uint8_t *bytes,
			uint32_t length)
{
	struct trace_frame frame = {.at_ns = at_ns,
				    .bytes = bytes,
				    .length = length,
				    .wire_length = length,
				    .packet_id = TRACE_NO_PACKET_ID};

	assert_int_equal(trace_write(writer, &frame, NULL), 0);
}

// Which parameters a frame meets, a millisecond after the one before it: entries follow in order.
static const struct channel_params *params_at(const struct run *run, uint64_t at_ns)
{
	size_t i = run->journal.channel_entry_count;

	while (run->journal.channels[--i].from_ns > at_ns)
		;
	return &run->journal.channels[i].params;
}

static void write_both(struct run *run)
{
	struct trace_writer *in = create("sent.pcap"), *out = create("received.pcap");
	struct channel_state state = {0};
	uint8_t bytes[LONGEST];

	for (uint32_t i = 0; i < SENT; i++) {
		uint32_t length = length_of(i);
		const struct channel_params *params = params_at(run, i * MS);
		struct channel_fate fate = channel_offer(params, &state, i * MS, length);

		captures_ipv4(bytes, length, i, 1);
		write_frame(in, START_NS + i * MS, bytes, length);
		if (fate.flags & CHANNEL_CORRUPTED) {
			run->promised++;
			corrupt_apply(&params->corrupt, 719, 4, i, bytes, length);
			bytes[length / 2] ^= i == run->spoiled;
		}
		for (int copy = 0; copy <= run->twice; copy++)
			write_frame(out, START_NS + fate.release_at_ns, bytes, length);
	}
	assert_int_equal(trace_finish(in, NULL), 0);
	assert_int_equal(trace_finish(out, NULL), 0);
}

static int compare(struct run *run, const char *path, struct error *error)
{
	static const struct digest_options whole = {.scope = DIGEST_WHOLE};
	const struct frames_choice choice = {0};
	struct match_options options = {0};
	struct frames sent, received;
	struct oracle oracle;
	struct damage_case wire = {.path = captures_path(path),
				   .journal = &run->journal,
				   .sent = &sent,
				   .received = &received,
				   .oracle = &oracle};
	uint64_t *expected;
	int code;

	write_both(run);
	assert_int_equal(frames_load(captures_path("sent.pcap"), &choice, &whole, &sent, error), 0);
	assert_int_equal(
		frames_load(captures_path("received.pcap"), &choice, &whole, &received, error), 0);
	assert_int_equal(oracle_wire(&run->journal, 0, 0, &sent, &oracle, error), 0);
	expected = oracle_expected(&oracle);
	options.expected_at_ns = expected;
	assert_int_equal(match_frames(&sent, &received, &options, &run->match, error), 0);
	code = damage_compare(&wire, &run->match, &run->otherwise, error);
	free(expected);
	oracle_free(&oracle);
	frames_free(&sent);
	frames_free(&received);
	return code;
}

// All that came is known, and so many frames are damaged otherwise than promised.
static void check(struct run *run, unsigned otherwise)
{
	struct error error = {0};
	unsigned found = 0;

	assert_int_equal(compare(run, "sent.pcap", &error), 0);
	assert_true(run->promised > 80 && run->promised < 160);
	assert_int_equal(run->match.lost, 0);
	assert_int_equal(run->match.extra, 0);
	assert_int_equal(run->match.corrupted, run->promised);
	assert_int_equal(run->match.duplicated, run->twice ? SENT : 0);
	for (uint32_t i = 0; i < SENT; i++) {
		assert_true(run->match.received_of_sent[i] / (run->twice + 1u) == i);
		found += run->otherwise[i];
	}
	assert_int_equal(found, otherwise);
}

static void the_bits_of_the_law_are_known_however_many(void **state)
{
	const uint32_t bits[] = {1, 2, 3, 8, 64};

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct run run;

		begin(&run, bits[i]);
		check(&run, 0);
		end(&run);
	}
}

static void copies_of_damaged_frames_are_their_copies(void **state)
{
	struct run run;

	(void)state;
	begin(&run, 64);
	run.twice = true;
	check(&run, 0);
	end(&run);
}

static void one_bit_more_is_another_damage(void **state)
{
	struct channel_state channel = {0};
	struct run run;
	uint32_t i = 0;

	(void)state;
	begin(&run, 2);
	while (!(channel_offer(&run.journal.channels[0].params, &channel, i * MS, 100).flags &
		 CHANNEL_CORRUPTED))
		i++;
	run.spoiled = i;
	check(&run, 1);
	assert_true(run.otherwise[i]);
	end(&run);
}

static void a_change_damages_from_its_instant_on(void **state)
{
	struct run run;

	(void)state;
	begin(&run, 1);
	hold_from(&run, 100 * MS, 7); // at the instant at which a frame departs
	hold_from(&run, 200 * MS + 1, 64);
	check(&run, 0);
	end(&run);
}

static void where_no_damage_is_promised_nothing_is_read(void **state)
{
	struct error error = {0};
	struct run run;

	(void)state;
	begin(&run, 1);
	run.journal.channels[0].params.corrupt = (struct corrupt_params){0};
	channel_finish(&run.journal.channels[0].params);
	assert_int_equal(compare(&run, "not-there.pcap", &error), 0);
	assert_null(run.otherwise);
	end(&run);
}

static void a_file_that_has_changed_meanwhile_is_said(void **state)
{
	struct error error = {0};
	struct trace_writer *writer = create("other.pcap");
	uint8_t bytes[LONGEST];
	struct run run;

	(void)state;
	captures_ipv4(bytes, 60, 0, 1);
	write_frame(writer, START_NS, bytes, 60);
	assert_int_equal(trace_finish(writer, NULL), 0);
	begin(&run, 1);
	assert_true(compare(&run, "other.pcap", &error) < 0);
	assert_non_null(strstr(error.what, "other frames"));
	assert_null(run.otherwise);
	end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bits_of_the_law_are_known_however_many),
		cmocka_unit_test(copies_of_damaged_frames_are_their_copies),
		cmocka_unit_test(one_bit_more_is_another_damage),
		cmocka_unit_test(a_change_damages_from_its_instant_on),
		cmocka_unit_test(where_no_damage_is_promised_nothing_is_read),
		cmocka_unit_test(a_file_that_has_changed_meanwhile_is_said),
	};

	return cmocka_run_group_tests_name("damage", tests, captures_setup, captures_teardown);
}
