// SPDX-License-Identifier: BSD-3-Clause
// The netem grammar: words, shortenings, defaults, refusals, and the way there and back.
#include "topologies/impairment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ALL                                                                                        \
	(IMPAIRMENT_DELAY | IMPAIRMENT_JITTER | IMPAIRMENT_LOSS | IMPAIRMENT_RATE |                \
	 IMPAIRMENT_LIMIT)

static struct impairment parsed(const char *line)
{
	struct impairment impairment = {0};
	struct error error = {0};

	if (impairment_parse_line(line, "w", &impairment, &error) < 0)
		fail_msg("\"%s\": %s", line, error.what);
	return impairment;
}

static void a_whole_netem_line_is_read_as_tc_reads_it(void **state)
{
	struct impairment got = parsed("limit 1000 delay 100ms 10ms 25% distribution normal "
				       "loss gemodel 1% 10% 70% 0.1% rate 1mbit 24 48 5");

	(void)state;
	assert_int_equal(got.given, ALL);
	assert_int_equal(got.limit, QUEUE_PACKETS);
	assert_int_equal(got.limit_amount, 1000);
	assert_int_equal(got.delay_ns, 100000000);
	assert_int_equal(got.jitter, JITTER_NORMAL);
	assert_int_equal(got.jitter_ns, 10000000);
	assert_true(got.jitter_correlation == 0.25);
	assert_int_equal(got.loss, LOSS_GILBERT_ELLIOTT);
	assert_true(got.gemodel[0] == 0.01 && got.gemodel[1] == 0.1 && got.gemodel[2] == 0.7 &&
		    got.gemodel[3] == 0.001);
	assert_int_equal(got.rate_bps, 1000000);
	assert_int_equal(got.rate_overhead_bytes, 24);
	assert_int_equal(got.rate_cell_bytes, 48);
	assert_int_equal(got.rate_cell_overhead_bytes, 5);
}

static void short_words_and_synonyms_mean_what_they_mean_to_tc(void **state)
{
	(void)state;
	assert_int_equal(parsed("d 1ms").given, IMPAIRMENT_DELAY);
	assert_int_equal(parsed("la 1ms").given, IMPAIRMENT_DELAY);
	assert_int_equal(parsed("latency 1ms").delay_ns, 1000000);
	assert_int_equal(parsed("l 10").given, IMPAIRMENT_LIMIT);
	assert_int_equal(parsed("lo 1%").given, IMPAIRMENT_LOSS);
	assert_int_equal(parsed("drop 1%").given, IMPAIRMENT_LOSS);
	assert_int_equal(parsed("ra 1mbit").given, IMPAIRMENT_RATE);
	assert_int_equal(parsed("loss 1%").loss, LOSS_RANDOM);
	assert_true(parsed("loss random 1% 25%").loss_correlation == 0.25);
	assert_int_equal(parsed("rate 1mbps").rate_bps, 8000000);
	assert_int_equal(parsed("rate 1mbit -14").rate_overhead_bytes, -14);
}

static void defaults_are_netems(void **state)
{
	struct impairment got = parsed("loss gemodel 1%");

	(void)state;
	assert_true(got.gemodel[0] == 0.01 && got.gemodel[1] == 0.99 && got.gemodel[2] == 1.0 &&
		    got.gemodel[3] == 0.0);
	assert_int_equal(parsed("delay 10ms 1ms").jitter, JITTER_UNIFORM);
	assert_int_equal(parsed("delay 10ms 1ms loss 1% distribution normal").jitter,
			 JITTER_NORMAL);
	assert_int_equal(parsed("loss 0%").loss, LOSS_NONE);
	assert_int_equal(parsed("delay 10ms 0ms").jitter, JITTER_NONE);
}

static void limits_are_packets_time_or_bytes(void **state)
{
	(void)state;
	assert_int_equal(parsed("limit 12p").limit, QUEUE_PACKETS);
	assert_int_equal(parsed("limit 20ms").limit, QUEUE_TIME);
	assert_int_equal(parsed("limit 20ms").limit_amount, 20000000);
	assert_int_equal(parsed("limit 64kb").limit, QUEUE_BYTES);
	assert_int_equal(parsed("limit 64kb").limit_amount, 65536);
	assert_int_equal(parsed("limit none").limit, QUEUE_UNLIMITED);
}

// A line that is refused, and a word that the sentence must have.
struct refusal {
	const char *line;
	const char *says;
};

static void what_netem_or_the_models_do_not_take_is_refused_by_name(void **state)
{
	static const struct refusal cases[] = {
		{"", "no impairment"},
		{"delay", "nothing follows"},
		{"delay 10", "add ns, us, ms or s"},
		{"delay 10ms 5", "add ns, us, ms or s"},
		{"delay 10ms distribution normal", "needs a jitter"},
		{"delay 10ms 1ms distribution pareto", "pareto"},
		{"delay 10ms delay 11ms", "twice"},
		{"latency 10ms delay 11ms", "twice"},
		{"delay 10ms 1ms 101%", "100%"},
		{"loss", "nothing follows"},
		{"loss state 1%", "state"},
		{"loss ber 1e-9", "ber"},
		{"loss gemodel", "nothing follows"},
		{"loss -1%", "-1%"},
		{"loss 1e-12%", "too small"},
		{"rate 10%", "share"},
		{"rate 100", "add bit"},
		{"rate 1bit", "8bit"},
		{"limit 0", "0"},
		{"limit 64k", "64k"},
		{"limit 99999999999999999999", "too large"},
		{"duplicate 1%", "duplicate is not in this version"},
		{"corrupt 1%", "corrupt is not in this version"},
		{"reorder 25% gap 5", "reorder is not in this version"},
		{"delay 1ms ecn", "ecn"},
		{"slot 1ms", "slot"},
		{"seed 7", "[network]"},
		{"wobble 3ms", "wobble"},
		{"delays 3ms", "delays"},
		{"jitter 1ms delay 5ms 2ms", "twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct impairment kept = {.given = 77, .delay_ns = 5};
		struct error error = {0};

		if (impairment_parse_line(cases[i].line, "here", &kept, &error) != -EINVAL)
			fail_msg("\"%s\" was not refused", cases[i].line);
		if (!strstr(error.what, cases[i].says))
			fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].line, error.what,
				 cases[i].says);
		assert_string_equal(error.where, "here");
		assert_int_equal(kept.given, 77);
		assert_int_equal(kept.delay_ns, 5);
	}
}

static void too_many_words_are_refused(void **state)
{
	char line[4096] = "";
	struct impairment kept = {0};

	(void)state;
	for (int i = 0; i < 400; i++)
		strcat(line, "delay 1ms ");
	assert_int_equal(impairment_parse_line(line, "", &kept, NULL), -EINVAL);
}

static void a_change_replaces_the_groups_it_names_and_leaves_the_rest(void **state)
{
	struct impairment into = parsed("delay 10ms 1ms loss 1% rate 1mbit 24");
	struct impairment change = parsed("delay 20ms loss gemodel 2% 20%");

	(void)state;
	impairment_merge(&into, &change);
	assert_int_equal(into.delay_ns, 20000000);
	assert_int_equal(into.jitter_ns, 1000000);
	assert_int_equal(into.jitter, JITTER_UNIFORM);
	assert_int_equal(into.loss, LOSS_GILBERT_ELLIOTT);
	assert_int_equal(into.rate_bps, 1000000);
	assert_int_equal(into.rate_overhead_bytes, 24);
	assert_int_equal(into.given,
			 IMPAIRMENT_DELAY | IMPAIRMENT_JITTER | IMPAIRMENT_LOSS | IMPAIRMENT_RATE);
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

static double next_ratio(uint64_t *seed)
{
	return (double)(1 + next(seed) % 999999) / 1e6;
}

static struct impairment generated(uint64_t *seed)
{
	struct impairment made = {.given = (unsigned)(1 + next(seed) % ALL)};

	if (made.given & IMPAIRMENT_DELAY)
		made.delay_ns = next(seed);
	if ((made.given & IMPAIRMENT_JITTER) && next(seed) % 4 > 0) {
		made.jitter = next(seed) % 2 ? JITTER_NORMAL : JITTER_UNIFORM;
		made.jitter_ns = 1 + next(seed);
		made.jitter_correlation = next(seed) % 2 ? next_ratio(seed) : 0.0;
	}
	if (made.given & IMPAIRMENT_LOSS)
		made.loss = (enum loss_kind)(next(seed) % 3);
	if (made.loss == LOSS_RANDOM) {
		made.loss_ratio = next_ratio(seed);
		made.loss_correlation = next(seed) % 2 ? next_ratio(seed) : 0.0;
	}
	for (int i = 0; made.loss == LOSS_GILBERT_ELLIOTT && i < 4; i++)
		made.gemodel[i] = next_ratio(seed);
	if (made.given & IMPAIRMENT_RATE) {
		made.rate_bps = 8 + next(seed) * 1000;
		made.rate_overhead_bytes = (int32_t)(next(seed) % 100) - 50;
		made.rate_cell_bytes = (uint32_t)(next(seed) % 3 * 48);
		made.rate_cell_overhead_bytes = made.rate_cell_bytes ? (uint32_t)next(seed) % 6 : 0;
	}
	if (made.given & IMPAIRMENT_LIMIT) {
		made.limit = (enum queue_limit)(next(seed) % 4);
		made.limit_amount = made.limit == QUEUE_UNLIMITED ? 0 : 1 + next(seed) % 1000000;
	}
	return made;
}

static void assert_same(const struct impairment *a, const struct impairment *b, const char *text)
{
	if (a->given != b->given || a->delay_ns != b->delay_ns || a->jitter != b->jitter ||
	    a->jitter_ns != b->jitter_ns || a->jitter_correlation != b->jitter_correlation ||
	    a->loss != b->loss || a->loss_ratio != b->loss_ratio ||
	    a->loss_correlation != b->loss_correlation ||
	    memcmp(a->gemodel, b->gemodel, sizeof(a->gemodel)) != 0 || a->rate_bps != b->rate_bps ||
	    a->rate_overhead_bytes != b->rate_overhead_bytes ||
	    a->rate_cell_bytes != b->rate_cell_bytes ||
	    a->rate_cell_overhead_bytes != b->rate_cell_overhead_bytes || a->limit != b->limit ||
	    a->limit_amount != b->limit_amount)
		fail_msg("\"%s\" does not read back", text);
}

static void what_is_printed_reads_back_to_the_same_values(void **state)
{
	uint64_t seed = 719;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct impairment made = generated(&seed);
		struct impairment back = {0};
		struct error error = {0};
		char text[512];

		impairment_format(&made, text, sizeof(text));
		if (impairment_parse_line(text, "", &back, &error) < 0)
			fail_msg("\"%s\": %s", text, error.what);
		assert_same(&made, &back, text);
	}
}

static void text_too_long_for_its_buffer_is_cut(void **state)
{
	struct impairment made = parsed("delay 100ms 10ms distribution normal loss 1%");
	char text[12];

	(void)state;
	memset(text, 'x', sizeof(text));
	impairment_format(&made, text, 10);
	assert_true(strlen(text) <= 9);
	assert_int_equal(text[10], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_netem_line_is_read_as_tc_reads_it),
		cmocka_unit_test(short_words_and_synonyms_mean_what_they_mean_to_tc),
		cmocka_unit_test(defaults_are_netems),
		cmocka_unit_test(limits_are_packets_time_or_bytes),
		cmocka_unit_test(what_netem_or_the_models_do_not_take_is_refused_by_name),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(a_change_replaces_the_groups_it_names_and_leaves_the_rest),
		cmocka_unit_test(what_is_printed_reads_back_to_the_same_values),
		cmocka_unit_test(text_too_long_for_its_buffer_is_cut),
	};

	return cmocka_run_group_tests_name("impairment", tests, NULL, NULL);
}
