// SPDX-License-Identifier: BSD-3-Clause
// The exact oracle where frames wait in a managed queue while the channel changes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pcaps/judge.h"
#include "pcaps/match.h"
#include "pcaps/measure.h"
#include "pcaps/oracle.h"

#define MS    UINT64_C(1000000)
#define FRAME 1000 // a millisecond on a line of 8 Mbit/s

enum { SENT = 20 };

static struct channel_params with_queue(enum queue_kind kind, uint64_t bits_per_second)
{
	struct channel_params params = {
		.carrier = true, .delay_ns = 3 * MS, .queue = queue_defaults(kind)};

	assert_int_equal(rate_make_params(bits_per_second, 0, 0, 0, "", &params.rate, NULL), 0);
	assert_int_equal(queue_finish(&params.queue, &params.rate, "", NULL), 0);
	channel_finish(&params);
	return params;
}

// All sent at once, every other one expedited.
static struct oracle promises_of(struct journal_channel entries[2])
{
	static struct frame_row rows[SENT];
	struct journal journal = {.channels = entries, .channel_entry_count = 2};
	struct frames sent = {.rows = rows, .count = SENT};
	struct oracle oracle;
	struct error error;

	for (uint32_t i = 0; i < SENT; i++)
		rows[i] = (struct frame_row){
			.key = i + 1, .wire_length = FRAME, .dscp = i % 2 ? 46 : 0};
	assert_int_equal(oracle_wire(&journal, 0, 0, &sent, &oracle, &error), 0);
	return oracle;
}

static void what_waits_is_sorted_by_the_queue_that_comes(void **state)
{
	struct journal_channel entries[] = {
		{.params = with_queue(QUEUE_HEAD, 8000000)},
		{.from_ns = 9 * MS / 2, .params = with_queue(QUEUE_PRIO, 8000000)}};
	struct oracle oracle = promises_of(entries);
	uint64_t expedited = 0, others = 0;

	(void)state;
	for (uint32_t i = 0; i < SENT; i++) {
		// Five have left by then, 15 wait, the first 8 of them expedited.
		uint64_t turn = i < 5 ? i : i % 2 ? 5 + expedited++ : 13 + others++;

		assert_int_equal(oracle.promises[i].lost, DROP_NONE);
		assert_int_equal(oracle.promises[i].release_at_ns, (turn + 1 + 3) * MS);
	}
	assert_int_equal(expedited, 8);
	oracle_free(&oracle);
}

static void a_cut_takes_what_waits_and_what_is_in_flight(void **state)
{
	struct journal_channel entries[] = {{.params = with_queue(QUEUE_PRIO, 8000000)},
					    {.from_ns = 9 * MS / 2,
					     .inflight = JOURNAL_CUT,
					     .params = with_queue(QUEUE_PRIO, 8000000)}};
	struct oracle oracle = promises_of(entries);

	(void)state;
	// The first, which found the line idle, is at the far end at 4 ms; no other before 5.
	for (uint32_t i = 0; i < SENT; i++)
		assert_int_equal(oracle.promises[i].lost, i == 0 ? DROP_NONE : DROP_CUT);
	oracle_free(&oracle);
}

static void a_frame_belongs_to_the_era_of_its_departure(void **state)
{
	struct journal_channel entries[] = {
		{.params = with_queue(QUEUE_CODEL, 8000000)},
		{.from_ns = 9 * MS / 2, .params = with_queue(QUEUE_CODEL, 16000000)}};
	struct oracle oracle = promises_of(entries);

	(void)state;
	assert_int_equal(oracle.era_count, 2);
	for (uint32_t i = 0; i < SENT; i++) {
		assert_int_equal(oracle.promises[i].era, i >= 5);
		assert_int_equal(oracle.promises[i].release_at_ns,
				 i < 5 ? (i + 4) * MS : 8 * MS + (i - 4) * MS / 2);
	}
	assert_int_equal(oracle.eras[1].rate.bits_per_second, 16000000);
	oracle_free(&oracle);
}

// What a priority queue has sorted is in the order that it promised; two swapped are not.
static void order_is_judged_by_what_was_promised(void **state)
{
	struct channel_params params = with_queue(QUEUE_PRIO, 8000000);
	struct journal_channel entries[] = {{.params = params},
					    {.from_ns = 500 * MS, .params = params}};
	struct frame_row rows[SENT], out[SENT], swapped;
	struct frames sent = {.rows = rows, .count = SENT}, received = {.rows = out, .count = SENT};
	struct oracle oracle = promises_of(entries);
	struct match_options options = {0};
	struct error error;

	(void)state;
	for (uint32_t i = 0; i < SENT; i++) {
		uint64_t release_at_ns = oracle.promises[i].release_at_ns;

		rows[i] = (struct frame_row){.key = i + 1, .wire_length = FRAME};
		out[release_at_ns / MS - 4] = rows[i];
		out[release_at_ns / MS - 4].at_ns = release_at_ns;
	}
	for (int way = 0; way < 2; way++) {
		struct measure measure;
		struct match match;
		struct judge judge;
		struct judge_case judged = {.sent = &sent,
					    .received = &received,
					    .match = &match,
					    .measure = &measure,
					    .oracle = &oracle,
					    .alpha = 1e-6,
					    .tolerance_ns = 0,
					    .no_law = true};

		if (way == 1) { // of one class
			swapped = out[15];
			out[15] = out[16];
			out[16] = swapped;
		}
		assert_int_equal(match_frames(&sent, &received, &options, &match, &error), 0);
		assert_int_equal(
			measure_frames(&sent, &received, &match, UINT64_MAX, &measure, &error), 0);
		assert_int_equal(judge_frames(&judged, &judge, &error), 0);
		for (size_t i = 0; i < judge.count; i++)
			if (strcmp(judge.tests[i].name, "reordering") == 0)
				assert_int_equal(judge.tests[i].answer,
						 way ? JUDGE_FAIL : JUDGE_PASS);
		match_free(&match);
	}
	oracle_free(&oracle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_is_sorted_by_the_queue_that_comes),
		cmocka_unit_test(a_cut_takes_what_waits_and_what_is_in_flight),
		cmocka_unit_test(a_frame_belongs_to_the_era_of_its_departure),
		cmocka_unit_test(order_is_judged_by_what_was_promised),
	};

	return cmocka_run_group_tests_name("oracle_wire", tests, NULL, NULL);
}
