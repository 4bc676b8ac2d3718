// SPDX-License-Identifier: BSD-3-Clause
// Queues that change while frames wait: from each kind to each, with more room and with less, and
// with none the wiser when only the memory changes.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/queue_run.h"

#define MS   RUN_MS
#define LINE 8000000 // a microsecond a byte

enum { WAITING = 20, LATER = 5, ALL = WAITING + LATER };

static const uint8_t dscps[] = {0, 46, 10, 1};

static struct queue_params with_limit(enum queue_kind kind, uint64_t limit)
{
	struct queue_params params = queue_defaults(kind);

	params.limit = QUEUE_PACKETS;
	params.limit_amount = limit;
	params.red.min_bytes = 100000; // far away
	params.red.max_bytes = 300000;
	params.red.avpkt_bytes = 65000;
	return params;
}

// As the engine does it: what is due before goes, the queue changes, what is due then goes, and the
// memory that is of no more use is freed.
static void change(struct run *run, const struct queue_params *to, uint64_t bps, uint64_t at_ns)
{
	struct queue_params before = run->params.queue;
	size_t bytes;
	void *memory, *unused;

	run_until(run, at_ns - 1);
	run->params.queue = *to;
	assert_int_equal(rate_make_params(bps, 0, 0, 0, "", &run->params.rate, NULL), 0);
	assert_int_equal(queue_finish(&run->params.queue, &run->params.rate, "", NULL), 0);
	channel_finish(&run->params);
	bytes = queue_memory_bytes(&run->params.queue);
	memory = bytes > 0 ? calloc(1, bytes) : NULL;
	unused = queue_migrate(&before, &run->params.queue, &run->params.rate, &run->channel.queue,
			       memory, at_ns);
	run_until(run, at_ns);
	assert_null(run->channel.queue.leaving);
	free(unused);
	run->memory = queue_memory(&run->params.queue, &run->channel.queue);
}

static struct channel_frame frame_of(uint32_t handle)
{
	return (struct channel_frame){
		.handle = handle, .bytes = 1000, .flow = handle % 3, .dscp = dscps[handle % 4]};
}

static void fill(struct run *run, uint32_t from, uint32_t count, uint64_t at_ns)
{
	for (uint32_t i = from; i < from + count; i++)
		run_enter(run, at_ns, frame_of(i));
}

static bool keeps_order(enum queue_kind kind)
{
	return kind <= QUEUE_CODEL;
}

static void from_each_kind_to_each_no_frame_is_lost_and_the_order_is_the_old_queues(void **state)
{
	(void)state;
	for (enum queue_kind from = 0; from < QUEUE_KINDS; from++) {
		struct queue_params before = with_limit(from, 50);
		struct run_outcome still[ALL] = {{0}};
		struct run run;

		run_begin(&run, &before, LINE, still);
		fill(&run, 0, WAITING, 0);
		run_out(&run);
		run_end(&run);
		for (enum queue_kind to = 0; to < QUEUE_KINDS; to++) {
			struct queue_params after = with_limit(to, 60);
			struct run_outcome moved[ALL] = {{0}};

			run_begin(&run, &before, LINE, moved);
			fill(&run, 0, WAITING, 0);
			change(&run, &after, LINE, 2 * MS + 500000);
			fill(&run, WAITING, LATER, 3 * MS);
			run_out(&run);
			assert_int_equal(run.left, ALL);
			for (uint32_t i = 0; i < ALL; i++) {
				assert_int_equal(moved[i].lost, DROP_NONE);
				if (i < WAITING && (from == to || keeps_order(to)) &&
				    (keeps_order(to) || still[i].turn < 5))
					assert_int_equal(moved[i].left_at_ns, still[i].left_at_ns);
				// Nobody passes one of its own flow and class.
				if (i >= 12)
					assert_true(moved[i].left_at_ns > moved[i - 12].left_at_ns);
			}
			run_end(&run);
		}
	}
}

static void what_has_waited_keeps_the_time_of_its_arrival(void **state)
{
	struct queue_params head = with_limit(QUEUE_HEAD, 500),
			    codel = with_limit(QUEUE_CODEL, 500);
	static struct run_outcome outcomes[400];
	struct run run;
	uint32_t early = 0;

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	run_begin(&run, &head, LINE, outcomes);
	fill(&run, 0, 400, 0);
	change(&run, &codel, LINE, 90 * MS);
	run_out(&run);
	// All that leave have been above the target for long: the first drop is an interval after
	// CoDel has seen the first of them, at 91 ms.
	for (uint32_t i = 0; i < 400; i++) {
		if (outcomes[i].lost == DROP_AQM && early++ == 0)
			assert_int_equal(outcomes[i].left_at_ns, 190 * MS);
	}
	assert_int_equal(early, 3); // at 190, 290 and 361 ms
	run_end(&run);
}

static void a_smaller_limit_of_another_kind_loses_the_last_ones(void **state)
{
	static const enum queue_kind kinds[] = {QUEUE_TAIL, QUEUE_PIE, QUEUE_RED, QUEUE_HEAD,
						QUEUE_FQ_CODEL};
	struct queue_params codel = with_limit(QUEUE_CODEL, 50);

	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		struct queue_params after = with_limit(kinds[kind], 10);
		struct run_outcome outcomes[ALL] = {{0}};
		struct run run;

		run_begin(&run, &codel, LINE, outcomes);
		fill(&run, 0, WAITING, 0);
		change(&run, &after, LINE, 2 * MS + 500000); // 3 have left
		for (uint32_t i = 3; i < WAITING; i++) {
			bool lost = i >= 3 + 10;

			assert_int_equal(outcomes[i].lost, lost ? DROP_QUEUE : DROP_NONE);
			if (lost)
				assert_int_equal(outcomes[i].left_at_ns, 2 * MS + 500000);
		}
		run_out(&run);
		assert_int_equal(run.left, WAITING);
		run_end(&run);
	}
}

static void a_smaller_limit_of_the_same_kind_counts_for_those_that_arrive(void **state)
{
	static const enum queue_kind kinds[] = {QUEUE_TAIL, QUEUE_RED, QUEUE_PIE, QUEUE_CODEL};

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct queue_params before = with_limit(kinds[kind], 50);
		struct queue_params after = with_limit(kinds[kind], 5);
		struct run_outcome outcomes[ALL] = {{0}};
		struct run run;
		// The frame in service counts in direct queues.
		uint64_t again_at_ns = (kinds[kind] == QUEUE_CODEL ? 15 : 16) * MS;

		run_begin(&run, &before, LINE, outcomes);
		fill(&run, 0, WAITING, 0);
		change(&run, &after, LINE, 2 * MS);
		fill(&run, WAITING, 1, again_at_ns - MS);
		assert_int_equal(outcomes[WAITING].lost, DROP_QUEUE);
		fill(&run, WAITING + 1, 1, again_at_ns);
		run_out(&run);
		for (uint32_t i = 0; i <= WAITING + 1; i++)
			assert_int_equal(outcomes[i].lost, i == WAITING ? DROP_QUEUE : DROP_NONE);
		run_end(&run);
	}
}

// Memory comes and goes every few milliseconds; nobody notices.
static void a_change_of_nothing_but_the_limit_keeps_all_state(void **state)
{
	enum { PACKETS = 6000 };
	static struct run_outcome still[PACKETS], moved[PACKETS];

	(void)state;
	for (enum queue_kind kind = 0; kind < QUEUE_KINDS; kind++) {
		uint32_t lost = 0, early = 0;

		for (int changes = 0; changes < 2; changes++) {
			struct queue_params params = with_limit(kind, 2000);
			struct run_outcome *outcomes = changes ? moved : still;
			struct run run;
			uint64_t at = 0, next_change = 7 * MS;

			params.red.avpkt_bytes = 1000;
			params.red.min_bytes = 20000;
			params.red.max_bytes = 60000;
			memset(outcomes, 0, sizeof(still));
			run_begin(&run, &params, LINE, outcomes);
			for (uint32_t i = 0; i < PACKETS; i++) {
				struct channel_frame frame = frame_of(i);
				uint32_t random = rng_draw(5, 0, RNG_FLOW_GAP, i);

				frame.bytes = 60 + random % 1455;
				frame.flow = random >> 20 & 7;
				at += (random >> 8) % 1300000; // 20 % too many
				for (; changes && next_change <= at; next_change += 7 * MS) {
					params.limit_amount = 2000 + next_change / MS % 5 * 500;
					change(&run, &params, LINE, next_change);
				}
				run_enter(&run, at, frame);
			}
			run_out(&run);
			assert_int_equal(run.left, PACKETS);
			run_end(&run);
		}
		for (uint32_t i = 0; i < PACKETS; i++) {
			assert_int_equal(moved[i].lost, still[i].lost);
			assert_int_equal(moved[i].left_at_ns, still[i].left_at_ns);
			lost += still[i].lost != DROP_NONE;
			early += still[i].lost == DROP_AQM;
		}
		// Limits were not met, so what is lost is lost by state that was kept.
		assert_int_equal(lost, early);
		if (kind == QUEUE_RED || kind == QUEUE_PIE || kind == QUEUE_CODEL ||
		    kind == QUEUE_FQ_CODEL)
			assert_true(early > 50);
	}
}

static void other_flows_or_classes_are_another_queue(void **state)
{
	struct queue_params fair = with_limit(QUEUE_FQ_CODEL, 50), fewer = fair;
	struct queue_params prio = with_limit(QUEUE_PRIO, 50), bands = prio;
	struct run_outcome outcomes[2][ALL] = {{{0}}};
	struct run run;

	(void)state;
	fewer.fair.flows = 1;
	bands.classes.count = 2;
	memset(bands.classes.of_dscp, 0, sizeof(bands.classes.of_dscp));
	for (int way = 0; way < 2; way++) {
		run_begin(&run, way ? &prio : &fair, LINE, outcomes[way]);
		fill(&run, 0, WAITING, 0);
		change(&run, way ? &bands : &fewer, LINE, 2 * MS + 500000);
		fill(&run, WAITING, LATER, 3 * MS);
		run_out(&run);
		for (uint32_t i = 0; i < ALL; i++) {
			assert_int_equal(outcomes[way][i].lost, DROP_NONE);
			// One line now: later ones stand at its end.
			if (i >= WAITING)
				assert_int_equal(outcomes[way][i].left_at_ns, (i + 1) * MS);
		}
		run_end(&run);
	}
}

static void without_a_rate_all_that_waits_goes_at_the_change(void **state)
{
	(void)state;
	for (enum queue_kind kind = QUEUE_HEAD; kind < QUEUE_KINDS; kind++) {
		struct queue_params params = with_limit(kind, 50);
		struct run_outcome still[ALL] = {{0}}, outcomes[ALL] = {{0}};
		struct run run;

		run_begin(&run, &params, LINE, still);
		fill(&run, 0, WAITING, 0);
		run_out(&run);
		run_end(&run);
		run_begin(&run, &params, LINE, outcomes);
		fill(&run, 0, WAITING, 0);
		change(&run, &params, 0, 2 * MS + 500000);
		for (uint32_t i = 0; i < WAITING; i++) {
			assert_int_equal(outcomes[i].turn, still[i].turn);
			assert_int_equal(outcomes[i].left_at_ns, still[i].left_at_ns > 3 * MS
									 ? 2 * MS + 500000
									 : still[i].left_at_ns);
		}
		fill(&run, WAITING, 1, 5 * MS);
		assert_int_equal(outcomes[WAITING].left_at_ns, 5 * MS);
		run_end(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			from_each_kind_to_each_no_frame_is_lost_and_the_order_is_the_old_queues),
		cmocka_unit_test(what_has_waited_keeps_the_time_of_its_arrival),
		cmocka_unit_test(a_smaller_limit_of_another_kind_loses_the_last_ones),
		cmocka_unit_test(a_smaller_limit_of_the_same_kind_counts_for_those_that_arrive),
		cmocka_unit_test(a_change_of_nothing_but_the_limit_keeps_all_state),
		cmocka_unit_test(other_flows_or_classes_are_another_queue),
		cmocka_unit_test(without_a_rate_all_that_waits_goes_at_the_change),
	};

	return cmocka_run_group_tests_name("queue_migrate", tests, NULL, NULL);
}
