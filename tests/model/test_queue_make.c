// SPDX-License-Identifier: BSD-3-Clause
// Parameters of queues: what is refused and with what sentence, what follows, and marking by tail
// drop.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/model/queue_run.h"

#define MS   RUN_MS
#define LINE 8000000 // a microsecond a byte

static struct rate_params line(void)
{
	struct rate_params rate;

	assert_int_equal(rate_make_params(LINE, 0, 0, 0, "", &rate, NULL), 0);
	return rate;
}

static void defaults_of_every_kind_are_accepted_as_they_are(void **state)
{
	const struct rate_params rate = line(), none = {0};

	(void)state;
	for (enum queue_kind kind = 0; kind < QUEUE_KINDS; kind++) {
		struct queue_params params = queue_defaults(kind);

		assert_int_equal(params.kind, kind);
		assert_int_equal(queue_finish(&params, &rate, "", NULL), 0);
		assert_int_equal(queue_finish(&params, &none, "", NULL), 0);
		assert_true(queue_memory_bytes(&params) > 0);
		assert_string_not_equal(queue_kind_name(kind), "unknown");
	}
	assert_string_equal(queue_kind_name(QUEUE_KINDS), "unknown");
	assert_string_equal(queue_kind_name((enum queue_kind) - 1), "unknown");
}

static void what_follows_is_what_the_sources_say(void **state)
{
	const struct rate_params rate = line();
	struct queue_params params = queue_defaults(QUEUE_RED);

	(void)state;
	// tc-red: max a quarter of the limit, min a third of max.
	assert_int_equal(queue_finish(&params, &rate, "", NULL), 0);
	assert_int_equal(params.red.max_bytes, 100000);
	assert_int_equal(params.red.min_bytes, 33333);
	params = queue_defaults(QUEUE_RED);
	params.red.min_bytes = 5000;
	assert_int_equal(queue_finish(&params, &rate, "", NULL), 0);
	assert_int_equal(params.red.max_bytes, 15000);
	// A limit in time is as many bytes as the line sends in it.
	params = queue_defaults(QUEUE_RED);
	params.limit = QUEUE_TIME;
	params.limit_amount = 400 * MS;
	assert_int_equal(queue_finish(&params, &rate, "", NULL), 0);
	assert_int_equal(params.red.max_bytes, 100000);
	params.limit = QUEUE_PACKETS;
	params.limit_amount = 100; // of 1000 bytes
	params.red.max_bytes = params.red.min_bytes = 0;
	assert_int_equal(queue_finish(&params, &rate, "", NULL), 0);
	assert_int_equal(params.red.max_bytes, 25000);
}

static void memory_follows_from_limit_kind_and_line(void **state)
{
	const struct rate_params rate = line(), none = {0};
	struct queue_params params = queue_defaults(QUEUE_CODEL);

	(void)state;
	assert_int_equal(queue_frames_held(&params), 1000);
	assert_int_equal(queue_slots_needed(&params), 0);
	params = queue_defaults(QUEUE_PRIO);
	assert_int_equal(queue_frames_held(&params), 4000);
	params.limit = QUEUE_TIME;
	params.limit_amount = MS;
	// 24 of the shortest frames in a millisecond, one in service and one for good measure.
	assert_int_equal(queue_finish(&params, &rate, "", NULL), 0);
	assert_in_range(queue_frames_held(&params), 4 * 24, 4 * 26);
	assert_int_equal(queue_finish(&params, &none, "", NULL), 0);
	assert_int_equal(queue_frames_held(&params), 4 * 65536);
	params = queue_defaults(QUEUE_RED);
	params.limit = QUEUE_TIME;
	params.limit_amount = 400 * MS;
	assert_int_equal(queue_finish(&params, &rate, "", NULL), 0);
	assert_int_equal(queue_slots_needed(&params), 16384);
	params = queue_defaults(QUEUE_TAIL);
	params.limit = QUEUE_TIME;
	assert_int_equal(queue_memory_bytes(&params), 0);
}

static void headers_are_read_only_where_they_count(void **state)
{
	(void)state;
	for (enum queue_kind kind = 0; kind < QUEUE_KINDS; kind++) {
		struct queue_params params = queue_defaults(kind);

		// What waits may be moved to a queue that sorts it.
		assert_int_equal(queue_reads_headers(&params), kind >= QUEUE_HEAD);
		params.red.ecn = params.pie.ecn = true;
		if (kind == QUEUE_TAIL)
			params.mark = QUEUE_TIME;
		assert_true(queue_reads_headers(&params));
	}
}

// Refused whole: with a sentence, and nothing of params is touched.
static void refused(struct queue_params params)
{
	const struct rate_params rate = line();
	struct queue_params before = params;
	struct error error = {0};

	assert_int_equal(queue_finish(&params, &rate, "lab.ini:5", &error), -EINVAL);
	assert_string_equal(error.where, "lab.ini:5");
	assert_true(error.what[0] != '\0');
	assert_memory_equal(&params, &before, sizeof(params));
}

#define assert_refused(kind, change)                                                               \
	do {                                                                                       \
		struct queue_params wrong = queue_defaults(kind);                                  \
		wrong.change;                                                                      \
		refused(wrong);                                                                    \
	} while (0)

static void what_is_out_of_range_or_contradicts_itself_is_refused(void **state)
{
	(void)state;
	for (enum queue_kind kind = 0; kind < QUEUE_KINDS; kind++) {
		assert_refused(kind, limit_amount = 0);
		assert_refused(kind, limit = (enum queue_limit)7);
		assert_refused(kind, limit_amount = wrong.limit == QUEUE_BYTES ? (60 << 20) + 1
									       : (1 << 20) + 1);
		if (kind != QUEUE_TAIL && kind != QUEUE_PIE)
			assert_refused(kind, limit = QUEUE_UNLIMITED);
		if (kind != QUEUE_TAIL)
			assert_refused(kind, mark_amount = wrong.mark = QUEUE_TIME);
	}
	assert_refused(QUEUE_TAIL, kind = QUEUE_KINDS);
	assert_refused(QUEUE_TAIL, kind = (enum queue_kind) - 1);
	// Each kind's own.
	assert_refused(QUEUE_RED, red.probability = 0);
	assert_refused(QUEUE_RED, red.max_bytes = 400001); // above the limit
	assert_refused(QUEUE_PIE, pie.target_ns = 0);
	assert_refused(QUEUE_CODEL, codel.target_ns = 0);
	assert_refused(QUEUE_FQ_CODEL, codel.target_ns = 0);
	assert_refused(QUEUE_FQ_CODEL, fair.flows = 0);
	assert_refused(QUEUE_PRIO, classes.count = 0);
	assert_refused(QUEUE_DRR, classes.weight[0] = 0);
	// Classes times limit.
	assert_refused(QUEUE_PRIO, limit_amount = (1 << 18) + 1);
	assert_refused(QUEUE_DRR, limit_amount = (1 << 18) + 1);
}

static void a_mark_that_means_nothing_is_refused(void **state)
{
	(void)state;
	assert_refused(QUEUE_TAIL, mark_ect1_only = true);
	assert_refused(QUEUE_TAIL, mark = QUEUE_TIME); // amount 0
	assert_refused(QUEUE_TAIL, mark = (enum queue_limit)(wrong.mark_amount = 9));
	assert_refused(QUEUE_TAIL, mark = (wrong.mark_amount = 999, QUEUE_BYTES));    // other unit
	assert_refused(QUEUE_TAIL, mark = (wrong.mark_amount = 1000, QUEUE_PACKETS)); // the limit
}

// ---- Marking by tail drop ----

static struct channel_frame frame_of(uint32_t handle, uint8_t ecn)
{
	return (struct channel_frame){.handle = handle, .bytes = 1000, .ecn = ecn};
}

// Who would have been refused by a limit of that size is marked, if it is ECN-capable.
static void what_a_lower_limit_would_refuse_is_marked(void **state)
{
	static const struct {
		enum queue_limit limit, mark;
		uint64_t limit_amount, mark_amount;
	} cases[] = {{QUEUE_PACKETS, QUEUE_PACKETS, 6, 3},
		     {QUEUE_BYTES, QUEUE_BYTES, 6000, 3000},
		     {QUEUE_TIME, QUEUE_TIME, 5 * MS, 2 * MS},
		     {QUEUE_UNLIMITED, QUEUE_TIME, 0, 2 * MS}};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		for (uint8_t ecn = 0; ecn < 4; ecn++) {
			struct queue_params params = queue_defaults(QUEUE_TAIL);
			struct run_outcome outcomes[8] = {{0}};
			struct run run;

			params.limit = cases[c].limit;
			params.limit_amount = cases[c].limit_amount;
			params.mark = cases[c].mark;
			params.mark_amount = cases[c].mark_amount;
			run_begin(&run, &params, LINE, outcomes);
			assert_true(run.params.reads_headers);
			for (uint32_t i = 0; i < 8; i++) {
				bool capable = ecn == FRAME_ECT_0 || ecn == FRAME_ECT_1;
				bool lost = i >= 6 && params.limit != QUEUE_UNLIMITED;

				run_enter(&run, 0, frame_of(i, ecn));
				assert_int_equal(outcomes[i].lost, lost ? DROP_QUEUE : DROP_NONE);
				assert_int_equal(outcomes[i].marked, i >= 3 && capable && !lost);
			}
			run_end(&run);
		}
	}
}

// L4S: a step at a time, for ECT(1) alone (RFC 9331, section 5.2).
static void a_step_marks_ect_1_alone_where_asked(void **state)
{
	struct queue_params params = queue_defaults(QUEUE_TAIL);
	struct run_outcome outcomes[4] = {{0}};
	struct run run;

	(void)state;
	params.mark = QUEUE_TIME;
	params.mark_amount = MS - 10;
	params.mark_ect1_only = true;
	run_begin(&run, &params, LINE, outcomes);
	run_enter(&run, 0, frame_of(0, FRAME_ECT_1));
	run_enter(&run, 9, frame_of(1, FRAME_ECT_0));
	run_enter(&run, 2 * MS - 1 - (MS - 10), frame_of(2, FRAME_ECT_1)); // a nanosecond too long
	run_enter(&run, 3 * MS - (MS - 10), frame_of(3, FRAME_ECT_1));     // just not
	assert_false(outcomes[0].marked);
	assert_false(outcomes[1].marked);
	assert_true(outcomes[2].marked);
	assert_false(outcomes[3].marked);
	run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_every_kind_are_accepted_as_they_are),
		cmocka_unit_test(what_follows_is_what_the_sources_say),
		cmocka_unit_test(memory_follows_from_limit_kind_and_line),
		cmocka_unit_test(headers_are_read_only_where_they_count),
		cmocka_unit_test(what_is_out_of_range_or_contradicts_itself_is_refused),
		cmocka_unit_test(a_mark_that_means_nothing_is_refused),
		cmocka_unit_test(what_a_lower_limit_would_refuse_is_marked),
		cmocka_unit_test(a_step_marks_ect_1_alone_where_asked),
	};

	return cmocka_run_group_tests_name("queue_make", tests, NULL, NULL);
}
