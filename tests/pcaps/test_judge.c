// SPDX-License-Identifier: BSD-3-Clause
// The judge on a wire: what the law made passes; every single fault fails, with the right clause.
// Captures go through files. All bounds are the judge's own, at 1e-6 over all clauses.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pcaps/judge.h"
#include "tests/pcaps/captures.h"
#include "tests/pcaps/story.h"

#define FRAMES    20000u
#define JITTER_NS 100000u
#define EARLY     1000u

static struct channel_params jittery_and_lossy(void)
{
	struct channel_params params = story_plain();

	assert_int_equal(jitter_make_params(JITTER_NORMAL, JITTER_NS, 0, "", &params.jitter, NULL),
			 0);
	assert_int_equal(loss_gilbert_elliott_params(0.01, 0.25, 1, 0, "", &params.loss, NULL), 0);
	return params;
}

// A wire with a constant delay and nothing else, obeyed.
static void begin_plain(struct story *story)
{
	struct channel_params params = story_plain();

	story_begin(story, FRAMES, MS);
	story_hold_from(story, 0, JOURNAL_NEW, &params);
	story_obey(story, &params);
}

static void what_the_law_made_passes(void **state)
{
	struct channel_params params = jittery_and_lossy();
	struct story story;

	(void)state;
	assert_int_equal(rate_make_params(100000000, 24, 0, 0, "", &params.rate, NULL), 0);
	story_begin(&story, FRAMES, 2 * MS);
	story_hold_from(&story, 0, JOURNAL_NEW, &params);
	story_obey(&story, &params);
	assert_true(story.arrival_count < FRAMES); // some are lost
	story_expect_pass(&story);
	assert_int_equal(story.judge.open, 0);
	assert_int_equal(story_answer(&story, "law"), JUDGE_PASS);
	assert_int_equal(story_answer(&story, "loss_runs"), JUDGE_PASS);
	assert_int_equal(story_answer(&story, "delay_distribution"), JUDGE_PASS);
	assert_int_equal(story_answer(&story, "rate"), JUDGE_PASS);
	story_end(&story);
}

// Twenty frames in one standard deviation hang together; the judge must not take them for as many
// witnesses.
static void jitter_that_keeps_order_passes_at_a_high_rate(void **state)
{
	struct channel_params params = story_plain();

	(void)state;
	assert_int_equal(
		jitter_make_params(JITTER_NORMAL, 20 * MS / 10, 0, "", &params.jitter, NULL), 0);
	for (uint32_t key = 0; key < 12; key++) {
		struct story story;

		params.random_key = key;
		story_begin(&story, FRAMES, MS / 10);
		story_hold_from(&story, 0, JOURNAL_NEW, &params);
		story_obey(&story, &params);
		story_expect_pass(&story);
		assert_int_equal(story_answer(&story, "delay_mean"), JUDGE_PASS);
		assert_int_equal(story_answer(&story, "delay_distribution"), JUDGE_PASS);
		story_end(&story);
	}
}

static void one_packet_early_fails(void **state)
{
	struct story story;

	(void)state;
	begin_plain(&story);
	story.arrivals[777].at_ns -= EARLY;
	story_expect_failure(&story, "delay_early", "law");
	assert_non_null(strstr(story_find(&story, "delay_early")->note, "packet 777 came 1000 ns"));
	story_end(&story);
}

static void one_nanosecond_early_fails(void **state)
{
	struct story story;

	(void)state;
	begin_plain(&story);
	story.arrivals[777].at_ns--;
	story_expect_failure(&story, "delay_early", "law");
	story_end(&story);
}

static void a_microsecond_more_delay_fails(void **state)
{
	struct story story;

	(void)state;
	begin_plain(&story);
	for (uint32_t i = 0; i < story.arrival_count; i++)
		story.arrivals[i].at_ns += 1000;
	story_expect_failure(&story, "delay_late", "law");
	story_end(&story);
}

static void reordered_packets_fail(void **state)
{
	struct story story;

	(void)state;
	begin_plain(&story);
	story.arrivals[500].sent = 501;
	story.arrivals[501].sent = 500;
	story_expect_failure(&story, "reordering", "delay_early delay_late law");
	story_end(&story);
}

static void a_duplicate_fails(void **state)
{
	struct story story;

	(void)state;
	begin_plain(&story);
	story.arrivals[story.arrival_count] = story.arrivals[500];
	story.arrivals[story.arrival_count++].at_ns += 5;
	story_expect_failure(&story, "duplicates", "");
	story_end(&story);
}

static void a_flipped_bit_fails(void **state)
{
	struct story story;

	(void)state;
	begin_plain(&story);
	story.arrivals[500].flipped = true;
	story_expect_failure(&story, "corruption", "");
	story_end(&story);
}

static void a_packet_from_nowhere_fails(void **state)
{
	struct story story;

	(void)state;
	begin_plain(&story);
	story.arrivals[story.arrival_count] =
		(struct arrival){.sent = 70000, .at_ns = 3 * MS, .foreign = true};
	story.arrival_count++;
	story_expect_failure(&story, "conservation", "");
	story_end(&story);
}

static void a_lost_packet_of_a_lossless_wire_fails(void **state)
{
	struct story story;

	(void)state;
	begin_plain(&story);
	story.arrivals[500] = story.arrivals[--story.arrival_count];
	story_expect_failure(&story, "loss", "law");
	assert_true(story_find(&story, "loss")->expected == 0);
	story_end(&story);
}

// Losses drawn by the test itself, at the given ratio; the law's own draws are not asked about.
static void lose(struct story *story, double ratio)
{
	uint64_t random = 11;

	for (uint32_t i = 0; i < story->sent_count; i++)
		if (captures_uniform(&random) >= ratio)
			story->arrivals[story->arrival_count++] =
				(struct arrival){.sent = i, .at_ns = story->sent_ns[i] + 10 * MS};
	story->no_law = true;
}

static void loss_that_is_off_by_a_twentieth_fails(void **state)
{
	static const double ratios[] = {0.10, 0.15, 0.05};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct channel_params params = story_plain();
		struct story story;

		story_begin(&story, FRAMES, MS);
		assert_int_equal(loss_random_params(0.10, 0, "", &params.loss, NULL), 0);
		story_hold_from(&story, 0, JOURNAL_NEW, &params);
		lose(&story, ratios[i]);
		if (i == 0)
			story_expect_pass(&story);
		else
			story_expect_failure(&story, "loss", "loss_runs");
		story_end(&story);
	}
}

// The same ratio, but random where bursts are promised.
static void another_model_of_equal_ratio_fails(void **state)
{
	struct channel_params params = story_plain();
	struct story story;

	(void)state;
	story_begin(&story, FRAMES, MS);
	assert_int_equal(loss_gilbert_elliott_params(0.01, 0.25, 1, 0, "", &params.loss, NULL), 0);
	story_hold_from(&story, 0, JOURNAL_NEW, &params);
	lose(&story, loss_ratio(&params.loss));
	story_expect_failure(&story, "loss_runs", "");
	assert_true(story_find(&story, "loss_runs")->expected == 4);
	story_end(&story);
}

// And bursts where independent losses are promised: the ratio's test must not take them for
// another ratio unless it sees one.
static void bursts_where_none_are_promised_fail(void **state)
{
	struct channel_params promised = story_plain();
	struct channel_params done = story_plain();
	struct story story;

	(void)state;
	story_begin(&story, FRAMES, MS);
	assert_int_equal(loss_gilbert_elliott_params(0.01, 0.25, 1, 0, "", &done.loss, NULL), 0);
	assert_int_equal(loss_random_params(loss_ratio(&done.loss), 0, "", &promised.loss, NULL),
			 0);
	story_hold_from(&story, 0, JOURNAL_NEW, &promised);
	story_obey(&story, &done);
	story.no_law = true;
	story_expect_failure(&story, "loss_runs", "loss");
	story_end(&story);
}

static void a_few_packets_say_nothing_about_loss(void **state)
{
	struct channel_params params = jittery_and_lossy();
	struct story story;

	(void)state;
	story_begin(&story, 40, 2 * MS);
	story_hold_from(&story, 0, JOURNAL_NEW, &params);
	story_obey(&story, &params);
	story_expect_pass(&story);
	assert_int_equal(story_answer(&story, "loss"), JUDGE_OPEN);
	assert_int_equal(story_answer(&story, "loss_runs"), JUDGE_OPEN);
	assert_int_equal(story_answer(&story, "delay_mean"), JUDGE_OPEN);
	assert_int_equal(story_answer(&story, "delay_distribution"), JUDGE_OPEN);
	assert_non_null(strstr(story_find(&story, "loss")->note, "too few packets"));
	story_end(&story);
}

// Jitter drawn by the test itself.
static void shake(struct story *story, enum jitter_kind kind, double width_ns, double shift_ns)
{
	uint64_t random = 13;

	for (uint32_t i = 0; i < story->sent_count; i++) {
		double deviation = kind == JITTER_NORMAL
					   ? width_ns * captures_normal(&random)
					   : width_ns * (2 * captures_uniform(&random) - 1);

		story->arrivals[story->arrival_count++] =
			(struct arrival){.sent = i,
					 .at_ns = (uint64_t)((double)(story->sent_ns[i] + 10 * MS) +
							     deviation + shift_ns)};
	}
	story->no_law = true;
}

static void begin_normal(struct story *story)
{
	struct channel_params params = story_plain();

	story_begin(story, FRAMES, 2 * MS);
	assert_int_equal(jitter_make_params(JITTER_NORMAL, JITTER_NS, 0, "", &params.jitter, NULL),
			 0);
	story_hold_from(story, 0, JOURNAL_NEW, &params);
}

static void jitter_of_another_hand_passes_if_it_is_right(void **state)
{
	struct story story;

	(void)state;
	begin_normal(&story);
	shake(&story, JITTER_NORMAL, JITTER_NS, 0);
	story_expect_pass(&story);
	assert_int_equal(story_answer(&story, "delay_mean"), JUDGE_PASS);
	story_end(&story);
}

static void jitter_with_another_mean_fails(void **state)
{
	struct story story;

	(void)state;
	begin_normal(&story);
	shake(&story, JITTER_NORMAL, JITTER_NS, 0.06 * JITTER_NS); // 8 sigma of the mean
	story_expect_failure(&story, "delay_mean", "delay_distribution");
	story_end(&story);
}

static void jitter_of_another_shape_fails(void **state)
{
	struct story story;

	(void)state;
	begin_normal(&story);
	shake(&story, JITTER_UNIFORM, JITTER_NS * 1.7320508, 0); // the same deviation
	story_expect_failure(&story, "delay_distribution", "");
	story_end(&story);
}

// The line is twice as fast as promised; delays seen from afar are made to fit.
static void a_faster_line_fails(void **state)
{
	struct channel_params promised = story_plain();
	struct channel_params done = story_plain();
	struct story story;

	(void)state;
	story_begin(&story, 5000, 20000); // 200 bytes each 20 us: 80 Mbit/s
	assert_int_equal(rate_make_params(40000000, 0, 0, 0, "", &promised.rate, NULL), 0);
	assert_int_equal(rate_make_params(80000000, 0, 0, 0, "", &done.rate, NULL), 0);
	story_hold_from(&story, 0, JOURNAL_NEW, &promised);
	story_obey(&story, &done);
	story_expect_failure(&story, "rate", "delay_early law");
	story_end(&story);
}

// At the boundary the first packet that arrives at or after it uses the new parameters, and packets
// in flight keep their promise.
static void a_change_cuts_at_the_same_packet(void **state)
{
	struct channel_params before = story_plain();
	struct channel_params after = story_plain();
	struct story story;

	(void)state;
	after.delay_ns = 20 * MS;
	for (int wrong = 0; wrong < 2; wrong++) {
		story_begin(&story, 1000, MS);
		story_hold_from(&story, 0, JOURNAL_NEW, &before);
		story_hold_from(&story, 500 * MS, JOURNAL_NEW, &after);
		for (uint32_t i = 0; i < 1000; i++)
			story.arrivals[story.arrival_count++] = (struct arrival){
				.sent = i,
				.at_ns = story.sent_ns[i] +
					 (i < (wrong ? 501 : 500) ? 10 * MS : 20 * MS)};
		if (wrong)
			story_expect_failure(&story, "delay_early", "law");
		else
			story_expect_pass(&story);
		story_end(&story);
	}
}

// A cut loses what is in flight and what comes while the carrier is away.
static void a_cut_takes_what_is_in_flight(void **state)
{
	struct channel_params up = story_plain();
	struct channel_params down = story_plain();
	struct story story;

	(void)state;
	down.carrier = false;
	story_begin(&story, 1000, MS);
	story_hold_from(&story, 0, JOURNAL_NEW, &up);
	story_hold_from(&story, 500 * MS, JOURNAL_CUT, &down);
	story_hold_from(&story, 700 * MS, JOURNAL_NEW, &up);
	for (uint32_t i = 0; i < 1000; i++)
		if (i < 490 || i >= 700)
			story.arrivals[story.arrival_count++] =
				(struct arrival){.sent = i, .at_ns = story.sent_ns[i] + 10 * MS};
	story_expect_pass(&story);
	story.arrivals[story.arrival_count++] = (struct arrival){.sent = 495, .at_ns = 505 * MS};
	story_expect_failure(&story, "law", "");
	assert_non_null(strstr(story_find(&story, "law")->note, "(cut)"));
	story_end(&story);
}

// A live engine is late by some tens of microseconds: within the tolerance it passes.
static void lateness_within_the_tolerance_passes(void **state)
{
	struct channel_params params = jittery_and_lossy();
	uint64_t random = 17;

	(void)state;
	for (int within = 1; within >= 0; within--) {
		struct story story;

		story_begin(&story, FRAMES, 2 * MS);
		story_hold_from(&story, 0, JOURNAL_NEW, &params);
		story_obey(&story, &params);
		for (uint32_t i = 0; i < story.arrival_count; i++)
			story.arrivals[i].at_ns += (uint64_t)(150000 * captures_uniform(&random));
		story.tolerance_ns = within ? 200000 : 100000;
		if (within)
			story_expect_pass(&story);
		else
			story_expect_failure(&story, "law", "");
		story_end(&story);
	}
}

// The statistics alone, over many seeds at a high rate of false alarms: the judge's bounds hold the
// rate that it states. At 0.02, 400 right wires give at most 8 alarms on average; 28 or more have a
// chance below 1e-7.
static void false_alarms_are_as_rare_as_stated(void **state)
{
	const uint32_t frames = 3000;
	struct frame_row *rows = calloc(frames, sizeof(*rows));
	struct frame_row *out = calloc(frames, sizeof(*out));
	unsigned alarms = 0;
	unsigned tested = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct channel_params params = jittery_and_lossy();
		struct journal_channel entry = {.params = params};
		struct journal journal = {.channels = &entry, .channel_entry_count = 1};
		struct frames sent = {.rows = rows, .count = frames};
		struct frames received = {.rows = out};
		struct match_options options = {0};
		struct channel_state channel = {0};
		struct oracle oracle;
		struct measure measure;
		struct match match;
		struct judge judge;
		struct judge_case judged = {.sent = &sent,
					    .received = &received,
					    .match = &match,
					    .measure = &measure,
					    .oracle = &oracle,
					    .alpha = 0.02,
					    .tolerance_ns = 0,
					    .no_law = true};
		struct error error;

		params.seed = seed * 1000003;
		for (uint32_t i = 0; i < frames; i++) {
			struct channel_fate fate;

			rows[i] = (struct frame_row){
				.at_ns = i * 2 * MS, .key = i + 1, .wire_length = FRAME};
			fate = channel_offer(&params, &channel, rows[i].at_ns, FRAME);
			if (fate.lost != DROP_NONE)
				continue;
			out[received.count] = rows[i];
			out[received.count++].at_ns = fate.release_at_ns;
		}
		assert_int_equal(oracle_wire(&journal, 0, 0, &sent, &oracle, &error), 0);
		assert_int_equal(match_frames(&sent, &received, &options, &match, &error), 0);
		assert_int_equal(
			measure_frames(&sent, &received, &match, UINT64_MAX, &measure, &error), 0);
		assert_int_equal(judge_frames(&judged, &judge, &error), 0);
		alarms += !judge.pass;
		for (size_t i = 0; i < judge.count; i++)
			tested += strcmp(judge.tests[i].name, "delay_distribution") == 0 &&
				  judge.tests[i].answer != JUDGE_OPEN;
		match_free(&match);
		oracle_free(&oracle);
	}
	assert_true(alarms < 28);
	assert_int_equal(tested, 400);
	free(rows);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_law_made_passes),
		cmocka_unit_test(jitter_that_keeps_order_passes_at_a_high_rate),
		cmocka_unit_test(one_packet_early_fails),
		cmocka_unit_test(one_nanosecond_early_fails),
		cmocka_unit_test(a_microsecond_more_delay_fails),
		cmocka_unit_test(reordered_packets_fail),
		cmocka_unit_test(a_duplicate_fails),
		cmocka_unit_test(a_flipped_bit_fails),
		cmocka_unit_test(a_packet_from_nowhere_fails),
		cmocka_unit_test(a_lost_packet_of_a_lossless_wire_fails),
		cmocka_unit_test(loss_that_is_off_by_a_twentieth_fails),
		cmocka_unit_test(another_model_of_equal_ratio_fails),
		cmocka_unit_test(bursts_where_none_are_promised_fail),
		cmocka_unit_test(a_few_packets_say_nothing_about_loss),
		cmocka_unit_test(jitter_of_another_hand_passes_if_it_is_right),
		cmocka_unit_test(jitter_with_another_mean_fails),
		cmocka_unit_test(jitter_of_another_shape_fails),
		cmocka_unit_test(a_faster_line_fails),
		cmocka_unit_test(a_change_cuts_at_the_same_packet),
		cmocka_unit_test(a_cut_takes_what_is_in_flight),
		cmocka_unit_test(lateness_within_the_tolerance_passes),
		cmocka_unit_test(false_alarms_are_as_rare_as_stated),
	};

	return cmocka_run_group_tests_name("judge", tests, captures_setup, captures_teardown);
}
