// SPDX-License-Identifier: BSD-3-Clause
// Tail drop at its edges: one packet, an exact fill, departure at the instant of arrival.
#include "dataplane/model/queue.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define FRAME 1000

static struct queue_params params_of(enum queue_limit limit, uint64_t amount)
{
	struct queue_params params;

	assert_int_equal(queue_make_params(limit, amount, "test", &params, NULL), 0);
	return params;
}

static struct queue_state state_for(const struct queue_params *params)
{
	struct queue_state queue = {.capacity = queue_slots_needed(params)};

	queue.slots = calloc(queue.capacity, sizeof(*queue.slots));
	assert_non_null(queue.slots);
	return queue;
}

static void one_packet_holds_the_place_until_it_departs(void **state)
{
	struct queue_params params = params_of(QUEUE_PACKETS, 1);
	struct queue_state queue = state_for(&params);

	(void)state;
	assert_true(queue_admit(&params, &queue, 0, 0, FRAME));
	queue_push(&params, &queue, 100, FRAME);
	assert_false(queue_admit(&params, &queue, 0, 100, FRAME));
	assert_false(queue_admit(&params, &queue, 99, 1, FRAME));
	// Departure and arrival at one instant: it has left.
	assert_true(queue_admit(&params, &queue, 100, 0, FRAME));
	free(queue.slots);
}

static void the_last_place_of_a_packet_limit_is_given(void **state)
{
	struct queue_params params = params_of(QUEUE_PACKETS, 5);
	struct queue_state queue = state_for(&params);

	(void)state;
	assert_int_equal(queue.capacity, 8);
	for (uint64_t i = 1; i <= 5; i++) {
		assert_true(queue_admit(&params, &queue, 0, 0, FRAME));
		queue_push(&params, &queue, 10 * i, FRAME);
	}
	assert_false(queue_admit(&params, &queue, 9, 0, FRAME));
	assert_true(queue_admit(&params, &queue, 10, 0, FRAME));
	queue_push(&params, &queue, 60, FRAME);
	assert_false(queue_admit(&params, &queue, 19, 0, FRAME));
	// All at once.
	assert_true(queue_admit(&params, &queue, 60, 0, FRAME));
	assert_int_equal(queue.count, 0);
	assert_int_equal(queue.bytes, 0);
	free(queue.slots);
}

static void bytes_may_fill_the_limit_exactly(void **state)
{
	struct queue_params params = params_of(QUEUE_BYTES, 3000);
	struct queue_state queue = state_for(&params);

	(void)state;
	assert_true(queue_admit(&params, &queue, 0, 0, 1000));
	queue_push(&params, &queue, 10, 1000);
	assert_false(queue_admit(&params, &queue, 0, 0, 2001));
	assert_true(queue_admit(&params, &queue, 0, 0, 2000));
	queue_push(&params, &queue, 30, 2000);
	assert_false(queue_admit(&params, &queue, 0, 0, 1));
	assert_false(queue_admit(&params, &queue, 10, 0, 1001));
	assert_true(queue_admit(&params, &queue, 10, 0, 1000));
	// Longer than the whole buffer: never.
	assert_false(queue_admit(&params, &queue, 1000, 0, 3001));
	free(queue.slots);
}

static void a_byte_limit_is_reached_before_the_slots_of_short_frames(void **state)
{
	const uint64_t limits[] = {42, 43, 84, 1000, 60000, 1000003};

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct queue_params params = params_of(QUEUE_BYTES, limits[i]);
		struct queue_state queue = state_for(&params);
		uint64_t frames = 0;

		while (queue_admit(&params, &queue, 0, 0, 42)) {
			queue_push(&params, &queue, 1, 42);
			frames++;
		}
		assert_int_equal(frames, limits[i] / 42);
		free(queue.slots);
	}
}

static void no_write_beyond_the_slots_however_short_the_frames(void **state)
{
	struct queue_params params = params_of(QUEUE_BYTES, 1000);
	struct queue_state queue = state_for(&params);

	(void)state;
	while (queue_admit(&params, &queue, 0, 0, 0))
		queue_push(&params, &queue, 1, 0);
	assert_int_equal(queue.count, queue.capacity);
	free(queue.slots);
}

static void a_time_limit_looks_at_the_wait_alone(void **state)
{
	struct queue_params params = params_of(QUEUE_TIME, 500);
	struct queue_state queue = {0};

	(void)state;
	assert_int_equal(queue_slots_needed(&params), 0);
	assert_true(queue_admit(&params, &queue, 0, 500, FRAME));
	queue_push(&params, &queue, 1000, FRAME);
	assert_false(queue_admit(&params, &queue, 0, 501, FRAME));
}

static void unlimited_admits_all_and_needs_no_memory(void **state)
{
	struct queue_params params = params_of(QUEUE_UNLIMITED, 0);
	struct queue_state queue = {0};

	(void)state;
	assert_int_equal(queue_slots_needed(&params), 0);
	for (int i = 0; i < 100; i++) {
		assert_true(queue_admit(&params, &queue, 0, UINT64_MAX, UINT32_MAX));
		queue_push(&params, &queue, UINT64_MAX, UINT32_MAX);
	}
}

// Against the definition, word by word: a list that is searched from end to end.
static void a_long_run_agrees_with_the_definition(void **state)
{
	enum { PACKETS = 20000 };
	static uint64_t departs[PACKETS], length[PACKETS];
	const enum queue_limit kinds[] = {QUEUE_PACKETS, QUEUE_BYTES};
	const uint64_t amounts[] = {7, 4321};

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct queue_params params = params_of(kinds[kind], amounts[kind]);
		struct queue_state queue = state_for(&params);
		uint64_t now = 0, free_at = 0, random = 88172645463325252;
		int accepted = 0, refused = 0, first = 0;

		for (int i = 0; i < PACKETS; i++) {
			uint64_t held = 0, bytes = 0;
			uint32_t frame;
			bool expected;

			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			frame = 60 + (uint32_t)(random >> 20) % 1454;
			now += (random >> 40) % 1500;
			while (first < accepted && departs[first] <= now)
				first++;
			for (int k = first; k < accepted; k++) {
				held++;
				bytes += length[k];
			}
			expected = kinds[kind] == QUEUE_PACKETS ? held < amounts[kind]
								: bytes + frame <= amounts[kind];
			assert_int_equal(queue_admit(&params, &queue, now, 0, frame), expected);
			if (!expected) {
				refused++;
				continue;
			}
			free_at = (free_at > now ? free_at : now) + frame;
			queue_push(&params, &queue, free_at, frame);
			departs[accepted] = free_at;
			length[accepted++] = frame;
		}
		assert_true(refused > PACKETS / 100 && accepted > PACKETS / 2);
		free(queue.slots);
	}
}

static void limits_that_make_no_sense_are_refused_with_a_sentence(void **state)
{
	struct queue_params params = {.limit_amount = 99};
	struct error error = {0};

	(void)state;
	assert_int_equal(queue_make_params(QUEUE_PACKETS, 0, "lab.ini:4", &params, &error),
			 -EINVAL);
	assert_string_equal(error.where, "lab.ini:4");
	assert_true(error.what[0] != '\0');
	assert_int_equal(queue_make_params(QUEUE_TIME, 0, "", &params, NULL), -EINVAL);
	assert_int_equal(queue_make_params(QUEUE_BYTES, 0, "", &params, NULL), -EINVAL);
	assert_int_equal(queue_make_params(QUEUE_PACKETS, (1 << 20) + 1, "", &params, NULL),
			 -EINVAL);
	assert_int_equal(queue_make_params(QUEUE_BYTES, (60 << 20) + 1, "", &params, NULL),
			 -EINVAL);
	assert_int_equal(queue_make_params((enum queue_limit)9, 1, "", &params, NULL), -EINVAL);
	assert_int_equal(params.limit_amount, 99);
	assert_int_equal(queue_make_params(QUEUE_PACKETS, 1 << 20, "", &params, NULL), 0);
	assert_int_equal(queue_slots_needed(&params), 1 << 20);
	assert_int_equal(queue_make_params(QUEUE_BYTES, 60 << 20, "", &params, NULL), 0);
	assert_int_equal(queue_slots_needed(&params), 1 << 20);
	assert_int_equal(queue_make_params(QUEUE_TIME, UINT64_MAX, "", &params, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_packet_holds_the_place_until_it_departs),
		cmocka_unit_test(the_last_place_of_a_packet_limit_is_given),
		cmocka_unit_test(bytes_may_fill_the_limit_exactly),
		cmocka_unit_test(a_byte_limit_is_reached_before_the_slots_of_short_frames),
		cmocka_unit_test(no_write_beyond_the_slots_however_short_the_frames),
		cmocka_unit_test(a_time_limit_looks_at_the_wait_alone),
		cmocka_unit_test(unlimited_admits_all_and_needs_no_memory),
		cmocka_unit_test(a_long_run_agrees_with_the_definition),
		cmocka_unit_test(limits_that_make_no_sense_are_refused_with_a_sentence),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
