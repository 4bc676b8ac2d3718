// SPDX-License-Identifier: BSD-3-Clause
// Managed queues on a channel: limits at their edges, head drop, and what is the same as with a
// direct queue.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/queue_run.h"

#define MS    RUN_MS
#define FRAME 1000 // a millisecond on a line of 8 Mbit/s
#define LINE  8000000

static const enum queue_kind managed[] = {QUEUE_HEAD, QUEUE_CODEL, QUEUE_FQ_CODEL, QUEUE_PRIO,
					  QUEUE_DRR};

static struct queue_params with_limit(enum queue_kind kind, enum queue_limit limit, uint64_t amount)
{
	struct queue_params params = queue_defaults(kind);

	params.limit = limit;
	params.limit_amount = amount;
	return params;
}

static struct channel_frame frame_of(uint32_t handle, uint32_t bytes)
{
	return (struct channel_frame){.handle = handle, .bytes = bytes};
}

// One class, one flow, and no CoDel to speak of: whatever the kind, it is a plain queue.
static void a_queue_with_nothing_to_manage_departs_as_tail_drop_does(void **state)
{
	enum { PACKETS = 20000 };
	static struct run_outcome plain[PACKETS], found[PACKETS];
	const uint64_t rates[] = {LINE, 7000000, 99999999};

	(void)state;
	for (int rate = 0; rate < 3; rate++) {
		for (int kind = -1; kind < 5; kind++) {
			struct queue_params params = with_limit(
				kind < 0 ? QUEUE_TAIL : managed[kind], QUEUE_PACKETS, 1 << 17);
			struct run_outcome *outcomes = kind < 0 ? plain : found;
			struct run run;
			uint64_t at = 0;

			params.codel.interval_ns = 3600000 * MS;
			params.codel.target_ns = 3599999 * MS;
			memset(outcomes, 0, sizeof(plain));
			run_begin(&run, &params, rates[rate], outcomes);
			run.params.delay_ns = 3 * MS;
			jitter_make_params(JITTER_NORMAL, MS, 0.3, "", &run.params.jitter, NULL);
			loss_gilbert_elliott_params(0.1, 0.3, 1, 0, "", &run.params.loss, NULL);
			for (uint32_t i = 0; i < PACKETS; i++) {
				uint32_t random = rng_draw(1, 0, RNG_FLOW_GAP, i);

				at += random % 3 ? 0 : (random >> 8) % (5 * MS);
				run_enter(&run, at, frame_of(i, 60 + (random >> 4) % 1454));
			}
			run_out(&run);
			assert_int_equal(run.left, PACKETS);
			for (uint32_t i = 0; kind >= 0 && i < PACKETS; i++) {
				assert_int_equal(found[i].lost, plain[i].lost);
				assert_int_equal(found[i].left_at_ns, plain[i].left_at_ns);
				assert_int_equal(found[i].release_at_ns, plain[i].release_at_ns);
			}
			run_end(&run);
		}
	}
}

static void without_a_rate_nothing_waits(void **state)
{
	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		struct queue_params params = with_limit(managed[kind], QUEUE_PACKETS, 1);
		struct run_outcome outcomes[100] = {{0}};
		struct run run;

		run_begin(&run, &params, 0, outcomes);
		for (uint32_t i = 0; i < 100; i++) {
			struct channel_fate fate = run_enter(&run, i / 10, frame_of(i, FRAME));

			assert_int_equal(fate.flags, 0);
			assert_int_equal(fate.lost, DROP_NONE);
			assert_int_equal(fate.departs_at_ns, i / 10);
			assert_int_equal(fate.packet, i);
			assert_int_equal(channel_due_ns(&run.params, &run.channel), CHANNEL_NEVER);
		}
		run_end(&run);
	}
}

static void an_idle_line_takes_a_frame_at_once_and_a_busy_one_lets_it_wait(void **state)
{
	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		struct queue_params params = with_limit(managed[kind], QUEUE_PACKETS, 10);
		struct run_outcome outcomes[4] = {{0}};
		struct channel_fate fate;
		struct run run;
		uint32_t handle;

		run_begin(&run, &params, LINE, outcomes);
		fate = run_enter(&run, 5, frame_of(0, FRAME));
		assert_int_equal(fate.flags, 0);
		assert_int_equal(fate.departs_at_ns, 5 + MS);
		fate = run_enter(&run, 6, frame_of(1, FRAME));
		assert_int_equal(fate.flags, CHANNEL_WAITS);
		assert_int_equal(fate.packet, 1);
		assert_int_equal(channel_due_ns(&run.params, &run.channel), 5 + MS);
		// Nothing is due before that.
		fate = channel_depart(&run.params, &run.channel, 4 + MS, &handle);
		assert_int_equal(handle, UINT32_MAX);
		fate = channel_depart(&run.params, &run.channel, 5 + MS, &handle);
		assert_int_equal(handle, 1);
		assert_int_equal(fate.packet, 1);
		assert_int_equal(fate.departs_at_ns, 5 + 2 * MS);
		run_end(&run);
	}
}

// The frame in service has left the queue; `limit` more may wait.
static void the_last_place_of_a_packet_limit_is_given_and_no_other(void **state)
{
	const enum queue_kind kinds[] = {QUEUE_CODEL, QUEUE_PRIO, QUEUE_DRR};

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		for (uint64_t limit = 1; limit < 6; limit++) {
			struct queue_params params = with_limit(kinds[kind], QUEUE_PACKETS, limit);
			struct run_outcome outcomes[10] = {{0}};
			struct run run;

			run_begin(&run, &params, LINE, outcomes);
			for (uint32_t i = 0; i < 8; i++) {
				run_enter(&run, 7, frame_of(i, FRAME));
				assert_int_equal(outcomes[i].lost,
						 i > limit ? DROP_QUEUE : DROP_NONE);
			}
			// At the instant at which one leaves there is a place again, not before.
			run_enter(&run, 6 + MS, frame_of(8, FRAME));
			assert_int_equal(outcomes[8].lost, DROP_QUEUE);
			run_enter(&run, 7 + MS, frame_of(9, FRAME));
			assert_int_equal(outcomes[9].lost, DROP_NONE);
			run_out(&run);
			assert_int_equal(run.left, 10);
			run_end(&run);
		}
	}
}

static void a_byte_limit_may_be_filled_exactly(void **state)
{
	const enum queue_kind kinds[] = {QUEUE_CODEL, QUEUE_PRIO, QUEUE_DRR};

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct queue_params params = with_limit(kinds[kind], QUEUE_BYTES, 3000);
		struct run_outcome outcomes[8] = {{0}};
		struct run run;

		run_begin(&run, &params, LINE, outcomes);
		run_enter(&run, 0, frame_of(0, FRAME)); // in service
		run_enter(&run, 0, frame_of(1, 1000));
		run_enter(&run, 0, frame_of(2, 2001));
		run_enter(&run, 0, frame_of(3, 2000));
		run_enter(&run, 0, frame_of(4, 1));
		assert_int_equal(outcomes[2].lost, DROP_QUEUE);
		assert_int_equal(outcomes[4].lost, DROP_QUEUE);
		run_out(&run);
		assert_int_equal(outcomes[3].left_at_ns, 4 * MS);
		run_end(&run);
	}
}

// What the line needs for those ahead stays within the limit, as with tail drop.
static void a_time_limit_counts_what_the_line_needs_for_those_ahead(void **state)
{
	const enum queue_kind kinds[] = {QUEUE_TAIL, QUEUE_CODEL, QUEUE_PRIO, QUEUE_DRR};

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct queue_params params = with_limit(kinds[kind], QUEUE_TIME, 3 * MS);
		struct run_outcome outcomes[12] = {{0}};
		struct run run;

		run_begin(&run, &params, LINE, outcomes);
		for (uint32_t i = 0; i < 5; i++) // waits 0, 1, 2, 3 and 4 ms
			run_enter(&run, 0, frame_of(i, FRAME));
		run_enter(&run, MS - 1, frame_of(5, FRAME));     // 3 ms and a nanosecond
		run_enter(&run, MS, frame_of(6, 500));           // 3 ms
		run_enter(&run, 3 * MS / 2, frame_of(7, FRAME)); // 3 ms
		run_enter(&run, 3 * MS / 2, frame_of(8, FRAME)); // 4 ms
		run_out(&run);
		for (uint32_t i = 0; i < 9; i++)
			assert_int_equal(outcomes[i].lost,
					 i == 4 || i == 5 || i == 8 ? DROP_QUEUE : DROP_NONE);
		assert_int_equal(outcomes[7].left_at_ns, 11 * MS / 2);
		run_end(&run);
	}
}

// Many of the shortest frames within a limit in time: the memory follows from the rate.
static void a_time_limit_has_memory_for_the_shortest_frames(void **state)
{
	static struct run_outcome outcomes[3000];
	struct queue_params params = with_limit(QUEUE_CODEL, QUEUE_TIME, 100 * MS);
	struct run run;

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	run_begin(&run, &params, LINE, outcomes);
	for (uint32_t i = 0; i < 3000; i++) {
		run_enter(&run, 0, frame_of(i, 42));
		// Frame i waits 42 i microseconds.
		assert_int_equal(outcomes[i].lost, i * 42 > 100000 ? DROP_QUEUE : DROP_NONE);
	}
	run_end(&run);
}

static void head_drop_loses_those_who_have_waited_longest(void **state)
{
	struct queue_params params = with_limit(QUEUE_HEAD, QUEUE_PACKETS, 3);
	struct run_outcome outcomes[8] = {{0}};
	struct run run;
	struct channel_fate fate;
	uint32_t handle;

	(void)state;
	run_begin(&run, &params, LINE, outcomes);
	for (uint32_t i = 0; i < 4; i++)
		run_enter(&run, 10 * i, frame_of(i, FRAME));
	fate = run_enter(&run, 100, frame_of(4, FRAME));
	assert_int_equal(fate.flags, CHANNEL_WAITS);
	// Due at once, under its own number.
	assert_int_equal(channel_due_ns(&run.params, &run.channel), 100);
	fate = channel_depart(&run.params, &run.channel, 100, &handle);
	assert_int_equal(handle, 1);
	assert_int_equal(fate.packet, 1);
	assert_int_equal(fate.lost, DROP_QUEUE);
	assert_int_equal(fate.departs_at_ns, 100);
	run_take(&run, handle, &fate);
	run_enter(&run, 200, frame_of(5, FRAME));
	run_out(&run);
	assert_int_equal(outcomes[2].lost, DROP_QUEUE);
	assert_int_equal(outcomes[2].left_at_ns, 200);
	for (uint32_t i = 3; i < 6; i++) {
		assert_int_equal(outcomes[i].lost, DROP_NONE);
		assert_int_equal(outcomes[i].left_at_ns, (i - 1) * MS);
	}
	run_end(&run);
}

static void head_drop_makes_room_for_a_long_frame_but_not_for_one_that_never_fits(void **state)
{
	struct queue_params params = with_limit(QUEUE_HEAD, QUEUE_BYTES, 3000);
	struct run_outcome outcomes[8] = {{0}};
	struct run run;

	(void)state;
	run_begin(&run, &params, LINE, outcomes);
	for (uint32_t i = 0; i < 4; i++)
		run_enter(&run, 0, frame_of(i, FRAME));
	run_enter(&run, 0, frame_of(4, 3001));
	assert_int_equal(outcomes[4].lost, DROP_QUEUE);
	run_enter(&run, 0, frame_of(5, 1001));
	run_until(&run, 0);
	assert_int_equal(outcomes[1].lost, DROP_QUEUE);
	assert_int_equal(outcomes[2].lost, DROP_QUEUE);
	run_enter(&run, 0, frame_of(6, 3000));
	run_out(&run);
	assert_int_equal(outcomes[3].lost, DROP_QUEUE);
	assert_int_equal(outcomes[5].lost, DROP_QUEUE);
	assert_int_equal(outcomes[6].left_at_ns, 4 * MS);
	run_end(&run);
}

// Whatever the kind: frames taken out by hand leave a queue that works.
static void a_queue_that_is_emptied_by_hand_goes_on(void **state)
{
	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		struct queue_params params = with_limit(managed[kind], QUEUE_PACKETS, 20);
		struct run_outcome outcomes[64] = {{0}};
		struct waiting_entry left;
		struct run run;
		uint32_t taken = 0;

		params.codel.target_ns = 99 * MS;
		run_begin(&run, &params, LINE, outcomes);
		for (uint32_t round = 0; round < 2; round++) {
			for (uint32_t i = 0; i < 16; i++) {
				struct channel_frame frame = frame_of(16 * round + i, FRAME);

				frame.dscp = (uint8_t)(i % 3 * 8);
				frame.flow = i % 4;
				run_enter(&run, round * 100 * MS, frame);
			}
			while (round == 0 &&
			       queue_take(&run.params.queue, &run.channel.queue, &left)) {
				assert_in_range(left.frame.handle, 1, 15);
				assert_int_equal(left.packet, left.frame.handle);
				assert_false(outcomes[left.frame.handle].done);
				outcomes[left.frame.handle].done = true;
				taken++;
			}
			if (round == 0)
				assert_int_equal(channel_due_ns(&run.params, &run.channel),
						 CHANNEL_NEVER);
		}
		assert_int_equal(taken, 15);
		run_out(&run);
		for (uint32_t i = 16; i < 32; i++)
			assert_int_equal(outcomes[i].lost, DROP_NONE);
		run_end(&run);
	}
}

// Counted from the arrival of those that need not wait, and from the departure of the others.
static void nothing_is_released_before_the_minimum_delay(void **state)
{
	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		struct queue_params params = with_limit(managed[kind], QUEUE_PACKETS, 30);
		struct run run;
		uint64_t at = 0, least, due;
		int waited = 0;

		run_begin(&run, &params, LINE, NULL);
		run.params.delay_ns = 2 * MS;
		jitter_make_params(JITTER_UNIFORM, MS / 2, 0, "", &run.params.jitter, NULL);
		least = channel_minimum_delay_ns(&run.params);
		assert_true(least > MS);
		for (uint32_t i = 0; i < 5000; i++) {
			struct channel_frame frame = frame_of(i, 60);
			struct channel_fate fate;
			uint32_t handle;

			at += rng_draw(1, 0, RNG_FLOW_GAP, i) % 240000;
			frame.flow = i % 7;
			frame.dscp = (uint8_t)(i % 64);
			while ((due = channel_due_ns(&run.params, &run.channel)) <= at) {
				fate = channel_depart(&run.params, &run.channel, at, &handle);
				if (fate.lost == DROP_NONE)
					assert_true(fate.release_at_ns >= due + least);
				waited++;
			}
			fate = channel_enter(&run.params, &run.channel, at, &frame);
			if (fate.lost == DROP_NONE && !(fate.flags & CHANNEL_WAITS))
				assert_true(fate.release_at_ns >= at + least);
		}
		assert_true(waited > 1000 && waited < 4500);
		run_end(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_queue_with_nothing_to_manage_departs_as_tail_drop_does),
		cmocka_unit_test(without_a_rate_nothing_waits),
		cmocka_unit_test(an_idle_line_takes_a_frame_at_once_and_a_busy_one_lets_it_wait),
		cmocka_unit_test(the_last_place_of_a_packet_limit_is_given_and_no_other),
		cmocka_unit_test(a_byte_limit_may_be_filled_exactly),
		cmocka_unit_test(a_time_limit_counts_what_the_line_needs_for_those_ahead),
		cmocka_unit_test(a_time_limit_has_memory_for_the_shortest_frames),
		cmocka_unit_test(head_drop_loses_those_who_have_waited_longest),
		cmocka_unit_test(
			head_drop_makes_room_for_a_long_frame_but_not_for_one_that_never_fits),
		cmocka_unit_test(a_queue_that_is_emptied_by_hand_goes_on),
		cmocka_unit_test(nothing_is_released_before_the_minimum_delay),
	};

	return cmocka_run_group_tests_name("queue_managed", tests, NULL, NULL);
}
