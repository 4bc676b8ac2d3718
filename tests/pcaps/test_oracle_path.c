// SPDX-License-Identifier: BSD-3-Clause
// The oracle of a path of several channels: bounds, classes of frames, and the judge on them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/model/jitter_law.h"
#include "pcaps/judge.h"
#include "tests/pcaps/captures.h"

#define MS     UINT64_C(1000000)
#define FRAMES 1000u
#define FRAME  1000u

struct road {
	struct journal journal;
	struct frame_row rows[FRAMES];
	struct frames sent;
	struct oracle oracle;
};

static struct channel_params delayed(uint64_t delay_ns)
{
	return (struct channel_params){.carrier = true, .delay_ns = delay_ns};
}

static void set(struct road *road, uint64_t from_ns, uint32_t channel,
		const struct channel_params *params)
{
	struct journal_channel entry = {.from_ns = from_ns, .channel = channel, .params = *params};

	assert_int_equal(journal_add_channel(&road->journal, &entry), 0);
}

static void way(struct road *road, uint64_t from_ns, int settled, uint32_t *hops, size_t count)
{
	struct journal_path path = {.from_ns = from_ns,
				    .to_port = 1,
				    .settled = settled,
				    .hops = hops,
				    .hop_count = count};

	assert_int_equal(journal_add_path(&road->journal, &path), 0);
}

// Three channels, two ports, a frame each millisecond.
static struct road *begin(void)
{
	struct road *road = calloc(1, sizeof(*road));

	assert_non_null(road);
	for (int i = 0; i < 3; i++)
		assert_int_equal(journal_add_channel_name(&road->journal, "channel"), 0);
	road->sent = (struct frames){.rows = road->rows, .count = FRAMES};
	for (uint32_t i = 0; i < FRAMES; i++)
		road->rows[i] = (struct frame_row){
			.at_ns = i * MS,
			.key = i + 1,
			.wire_length = FRAME,
			.length = FRAME - 14,
			.ttl = 64,
		};
	return road;
}

static void ask(struct road *road)
{
	struct error error = {0};

	assert_int_equal(oracle_path(&road->journal, 0, 1, &road->sent, &road->oracle, &error), 0);
}

static void end(struct road *road)
{
	oracle_free(&road->oracle);
	journal_fini(&road->journal);
	free(road);
}

// Received: each frame that is not lost at its constant instant plus `more_ns`.
static struct judge judge_with(struct road *road, int64_t more_ns, uint32_t lost_from,
			       uint32_t lost_until)
{
	struct frame_row *rows = calloc(FRAMES, sizeof(*rows));
	struct frames received = {.rows = rows};
	struct match_options options = {0};
	struct measure measure;
	struct match match;
	struct judge judge;
	struct judge_case judged = {.sent = &road->sent,
				    .received = &received,
				    .match = &match,
				    .measure = &measure,
				    .oracle = &road->oracle,
				    .alpha = JUDGE_ALPHA};
	struct error error;

	for (uint32_t i = 0; i < FRAMES; i++) {
		if (i >= lost_from && i < lost_until)
			continue;
		rows[received.count] = road->rows[i];
		rows[received.count++].at_ns =
			road->oracle.promises[i].constant_at_ns + (uint64_t)more_ns;
	}
	assert_int_equal(match_frames(&road->sent, &received, &options, &match, &error), 0);
	assert_int_equal(
		measure_frames(&road->sent, &received, &match, UINT64_MAX, &measure, &error), 0);
	assert_int_equal(judge_frames(&judged, &judge, &error), 0);
	match_free(&match);
	free(rows);
	return judge;
}

static enum judge_answer answer(const struct judge *judge, const char *name)
{
	for (size_t i = 0; i < judge->count; i++)
		if (strcmp(judge->tests[i].name, name) == 0)
			return judge->tests[i].answer;
	fail_msg("no clause %s", name);
	return JUDGE_OPEN;
}

static void delays_of_the_hops_add_up(void **state)
{
	struct road *road = begin();
	struct channel_params first = delayed(2 * MS);
	struct channel_params second = delayed(3 * MS);
	uint32_t hops[] = {0, 2};

	(void)state;
	assert_int_equal(rate_make_params(8000000, 0, 0, 0, "", &second.rate, NULL), 0);
	second.queue = (struct queue_params){.limit = QUEUE_TIME, .limit_amount = 20 * MS};
	set(road, 0, 0, &first);
	set(road, 0, 2, &second);
	way(road, 0, 1, hops, 2);
	ask(road);
	assert_int_equal(road->oracle.settled, FRAMES);
	// 1000 bytes at 8 Mbit/s take 1 ms.
	assert_true(road->oracle.promises[5].constant_at_ns == (5 + 2 + 1 + 3) * MS);
	assert_true(road->oracle.promises[5].earliest_at_ns == (5 + 2 + 1 + 3) * MS);
	assert_true(road->oracle.promises[5].latest_at_ns >= (5 + 2 + 20 + 1 + 3) * MS);
	assert_true(road->oracle.promises[5].latest_at_ns < (5 + 2 + 20 + 1 + 3 + 20) * MS);
	end(road);
}

static void without_queues_the_delay_is_exact(void **state)
{
	struct road *road = begin();
	struct channel_params params = delayed(2 * MS);
	uint32_t hops[] = {0, 1, 2};
	struct judge judge;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		set(road, 0, i, &params);
	way(road, 0, 1, hops, 3);
	ask(road);
	assert_true(judge_with(road, 0, 0, 0).pass);
	judge = judge_with(road, 1, 0, 0);
	assert_int_equal(answer(&judge, "delay_late"), JUDGE_FAIL);
	judge = judge_with(road, -1, 0, 0);
	assert_int_equal(answer(&judge, "delay_early"), JUDGE_FAIL);
	judge = judge_with(road, 0, 10, 11);
	assert_int_equal(answer(&judge, "loss"), JUDGE_FAIL);
	end(road);
}

// Queues that others may fill: a constant surplus that queues cannot explain still fails.
static void a_constant_surplus_behind_fast_queues_fails(void **state)
{
	struct road *road = begin();
	struct channel_params params = delayed(2 * MS);
	uint32_t hops[] = {0};
	struct judge judge;

	(void)state;
	assert_int_equal(rate_make_params(10000000000, 0, 0, 0, "", &params.rate, NULL), 0);
	set(road, 0, 0, &params);
	way(road, 0, 1, hops, 1);
	ask(road);
	judge = judge_with(road, 500, 0, 0);
	assert_true(judge.pass);
	assert_int_equal(answer(&judge, "delay_late"), JUDGE_OPEN); // a queue without a limit
	judge = judge_with(road, 20000, 0, 0);
	assert_false(judge.pass);
	assert_int_equal(answer(&judge, "delay_floor"), JUDGE_FAIL);
	end(road);
}

// Loss is allowed while the network converges, and to what a change can still meet on its way.
static void loss_is_allowed_while_it_converges_only(void **state)
{
	struct road *road = begin();
	struct channel_params params = delayed(20 * MS);
	uint32_t before[] = {0};
	uint32_t after[] = {1, 2};

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		set(road, 0, i, &params);
	way(road, 0, 1, before, 1);
	way(road, 400 * MS, 0, before, 1);
	way(road, 600 * MS, 1, after, 2);
	ask(road);
	// From 380 ms on a frame is under way at 400 ms.
	assert_int_equal(road->oracle.promises[379].class, ORACLE_SETTLED);
	assert_int_equal(road->oracle.promises[380].class, ORACLE_CONVERGING);
	assert_int_equal(road->oracle.promises[599].class, ORACLE_CONVERGING);
	assert_int_equal(road->oracle.promises[600].class, ORACLE_SETTLED);
	assert_true(road->oracle.promises[600].constant_at_ns == 640 * MS);
	assert_int_equal(road->oracle.converging, 220);
	// Those that converge have no promise, so they are left out here.
	assert_true(judge_with(road, 0, 380, 600).pass);
	assert_false(judge_with(road, 0, 379, 600).pass);
	assert_false(judge_with(road, 0, 380, 601).pass);
	end(road);
}

static void where_there_is_no_path_nothing_may_arrive(void **state)
{
	struct road *road = begin();
	struct channel_params params = delayed(MS);
	uint32_t hops[] = {0};
	struct judge judge;

	(void)state;
	set(road, 0, 0, &params);
	way(road, 0, 1, hops, 1);
	way(road, 500 * MS, 1, hops, 0);
	ask(road);
	assert_int_equal(road->oracle.unreachable, 500);
	assert_true(judge_with(road, 0, 499, FRAMES).pass);
	judge = judge_with(road, 0, 499, FRAMES - 1);
	assert_int_equal(answer(&judge, "unreachable"), JUDGE_FAIL);
	end(road);
}

static void changes_dead_channels_and_short_ttls_leave_the_fate_open(void **state)
{
	struct road *road = begin();
	struct channel_params slow = delayed(10 * MS);
	struct channel_params fast = delayed(5 * MS);
	struct channel_params dead = delayed(5 * MS);
	uint32_t hops[] = {0, 1};

	(void)state;
	dead.carrier = false;
	set(road, 0, 0, &slow);
	set(road, 0, 1, &slow);
	set(road, 300 * MS, 1, &fast);
	set(road, 700 * MS, 1, &dead);
	way(road, 0, 1, hops, 2);
	road->rows[3].ttl = 3;
	road->rows[4].ttl = 4;
	ask(road);
	assert_int_equal(road->oracle.promises[3].class, ORACLE_CONVERGING);
	assert_int_equal(road->oracle.promises[4].class, ORACLE_SETTLED);
	// A frame meets channel 1 10 ms after it was sent.
	assert_true(road->oracle.promises[289].constant_at_ns == 309 * MS);
	assert_true(road->oracle.promises[290].constant_at_ns == 305 * MS);
	// It may be held back by those before it: order is kept.
	assert_true(road->oracle.promises[290].latest_at_ns == 310 * MS);
	assert_true(road->oracle.promises[295].latest_at_ns == 310 * MS);
	assert_true(road->oracle.promises[296].latest_at_ns == 311 * MS);
	assert_int_equal(road->oracle.promises[689].class, ORACLE_SETTLED);
	assert_int_equal(road->oracle.promises[690].class, ORACLE_CONVERGING);
	end(road);
}

// With jitter before it, a channel's change may or may not have come when a frame gets there.
static void a_change_within_the_jitter_leaves_the_fate_open(void **state)
{
	struct road *road = begin();
	struct channel_params jittery = delayed(10 * MS);
	struct channel_params before = delayed(5 * MS);
	struct channel_params after = delayed(6 * MS);
	uint32_t hops[] = {0, 1};

	(void)state;
	assert_int_equal(jitter_make_params(JITTER_UNIFORM, 2 * MS, 0, "", &jittery.jitter, NULL),
			 0);
	set(road, 0, 0, &jittery);
	set(road, 0, 1, &before);
	set(road, 500 * MS, 1, &after);
	way(road, 0, 1, hops, 2);
	ask(road);
	// It gets to channel 1 8 ms or more and less than 12 ms after it was sent.
	assert_int_equal(road->oracle.promises[488].class, ORACLE_SETTLED);
	assert_int_equal(road->oracle.promises[489].class, ORACLE_CONVERGING);
	assert_int_equal(road->oracle.promises[491].class, ORACLE_CONVERGING);
	assert_int_equal(road->oracle.promises[492].class, ORACLE_SETTLED);
	assert_true(road->oracle.promises[488].constant_at_ns == 503 * MS);
	assert_true(road->oracle.promises[492].constant_at_ns == 508 * MS);
	end(road);
}

// Where jitter is remembered, one frame for each such time is a sample of it, however many there
// are.
static void free_frames_are_as_far_apart_as_jitter_is_remembered(void **state)
{
	struct road *road = begin();
	struct channel_params jittery = delayed(10 * MS);
	uint32_t hops[] = {0}, frees = 0;
	uint64_t memory_ns, last_ns = 0;

	(void)state;
	assert_int_equal(jitter_make_params(JITTER_NORMAL, MS, 0, "", &jittery.jitter, NULL), 0);
	memory_ns = jitter_memory_ns(&jittery.jitter);
	assert_true(memory_ns > 5 * MS && memory_ns < 50 * MS);
	set(road, 0, 0, &jittery);
	way(road, 0, 1, hops, 1);
	ask(road);
	for (size_t i = 0; i < road->oracle.count; i++) {
		if (!road->oracle.promises[i].is_free)
			continue;
		assert_true(frees == 0 || road->sent.rows[i].at_ns - last_ns >= memory_ns);
		last_ns = road->sent.rows[i].at_ns;
		frees++;
	}
	assert_true(frees >= road->oracle.count * MS / (memory_ns + MS));
	end(road);
}

// Random losses of two channels act as one; two processes with a memory have no simple law.
static void losses_of_several_channels_combine(void **state)
{
	struct road *road = begin();
	struct channel_params random = delayed(MS);
	struct channel_params bursts = delayed(MS);
	uint32_t two[] = {0, 0};
	uint32_t mixed[] = {0, 1};

	(void)state;
	assert_int_equal(loss_random_params(0.5, 0, "", &random.loss, NULL), 0);
	assert_int_equal(loss_gilbert_elliott_params(0.1, 0.5, 1, 0, "", &bursts.loss, NULL), 0);
	set(road, 0, 0, &random);
	set(road, 0, 1, &bursts);
	way(road, 0, 1, two, 2);
	way(road, 500 * MS, 1, mixed, 2);
	ask(road);
	assert_true(road->oracle.eras[0].loss_known);
	assert_true(loss_ratio(&road->oracle.eras[0].loss) == 0.75);
	assert_false(road->oracle.eras[1].loss_known);
	end(road);
}

// Where copies are lost behind where they are made fewer come twice, and fewer frames are lost
// with all their copies; before it, neither.
static void copies_that_may_be_lost_are_told(void **state)
{
	struct road *road = begin();
	struct channel_params copies = delayed(MS), lossy = delayed(MS);
	uint32_t behind[] = {0, 1}, before[] = {1, 0};

	(void)state;
	assert_int_equal(duplicate_make_params(0.1, 0, "", &copies.duplicate, NULL), 0);
	assert_int_equal(loss_random_params(0.5, 0, "", &lossy.loss, NULL), 0);
	set(road, 0, 0, &copies);
	set(road, 0, 1, &lossy);
	way(road, 0, 1, behind, 2);
	way(road, 500 * MS, 1, before, 2);
	ask(road);
	assert_true(road->oracle.eras[0].copies_lost && !road->oracle.eras[0].loss_known);
	assert_true(!road->oracle.eras[1].copies_lost && road->oracle.eras[1].loss_known);
	end(road);
}

static void what_the_journal_does_not_know_is_refused(void **state)
{
	struct road *road = begin();
	struct error error = {0};

	(void)state;
	assert_int_equal(oracle_path(&road->journal, 0, 1, &road->sent, &road->oracle, &error),
			 -EINVAL);
	assert_int_equal(oracle_wire(&road->journal, 0, 0, &road->sent, &road->oracle, &error),
			 -EINVAL);
	road->journal.clock_ns = 1;
	assert_int_equal(oracle_wire(&road->journal, 0, 0, &road->sent, &road->oracle, &error),
			 -EINVAL);
	assert_non_null(strstr(error.what, "--clock"));
	end(road);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_of_the_hops_add_up),
		cmocka_unit_test(without_queues_the_delay_is_exact),
		cmocka_unit_test(a_constant_surplus_behind_fast_queues_fails),
		cmocka_unit_test(loss_is_allowed_while_it_converges_only),
		cmocka_unit_test(where_there_is_no_path_nothing_may_arrive),
		cmocka_unit_test(changes_dead_channels_and_short_ttls_leave_the_fate_open),
		cmocka_unit_test(a_change_within_the_jitter_leaves_the_fate_open),
		cmocka_unit_test(free_frames_are_as_far_apart_as_jitter_is_remembered),
		cmocka_unit_test(losses_of_several_channels_combine),
		cmocka_unit_test(copies_that_may_be_lost_are_told),
		cmocka_unit_test(what_the_journal_does_not_know_is_refused),
	};

	return cmocka_run_group_tests_name("oracle_path", tests, NULL, NULL);
}
