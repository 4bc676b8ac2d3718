// SPDX-License-Identifier: BSD-3-Clause
// Slots against a queue that is served as sch_netem serves it, and the law of their delays.
#include "dataplane/model/slot.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

static struct slot_params slot_of(uint64_t least, uint64_t most, uint64_t packets, uint64_t bytes)
{
	struct slot_params params;

	assert_int_equal(slot_make_uniform(least, most, packets, bytes, "test", &params, NULL), 0);
	return params;
}

static void what_gathers_before_a_slot_leaves_in_it(void **state)
{
	struct slot_params params = slot_of(1000, 0, 0, 0);
	struct slot_state slot = {0};

	(void)state;
	assert_int_equal(slot_offer(&params, &slot, 100, 60, 0, 0), 1100);
	assert_int_equal(slot_offer(&params, &slot, 1000, 60, 0, 0), 1100);
	assert_int_equal(slot_offer(&params, &slot, 1100, 60, 0, 0), 1100);
	assert_int_equal(slot_offer(&params, &slot, 1101, 60, 0, 0), 2101);
	assert_int_equal(slot_offer(&params, &slot, 500, 60, 0, 0), 2101); // ready long ago
}

static void a_full_slot_asks_for_the_next(void **state)
{
	struct slot_params packets = slot_of(1000, 0, 2, 0), bytes = slot_of(1000, 0, 0, 3000);
	struct slot_state a = {0}, b = {0};

	(void)state;
	for (uint64_t n = 0; n < 10; n++)
		assert_int_equal(slot_offer(&packets, &a, 0, 60, 0, 0), 1000 * (n / 2 + 1));
	// As in netem a slot of bytes takes the packet that exceeds it.
	for (uint64_t n = 0; n < 10; n++)
		assert_int_equal(slot_offer(&bytes, &b, 0, 1514, 0, 0), 1000 * (n / 2 + 1));
	for (uint64_t n = 0; n < 10; n++)
		assert_int_equal(slot_offer(&bytes, &b, 20000, 3000, 0, 0), 21000 + 1000 * n);
}

// sch_netem's dequeue, from its description: the head waits for its own time and for the slot; a
// slot that is past when the head is ready is replaced by a new one, counted from now.
struct netem {
	uint64_t slot_next, now;
	int64_t packets_left, bytes_left;
};

static void get_slot_next(struct netem *netem, uint64_t least, uint64_t most, uint64_t packets,
			  uint64_t bytes, uint32_t random)
{
	netem->slot_next = netem->now + least + (random * (most - least) >> 32);
	netem->packets_left = packets ? (int64_t)packets : INT32_MAX;
	netem->bytes_left = bytes ? (int64_t)bytes : INT32_MAX;
}

static void packets_leave_as_netem_lets_them(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 200; n++) {
		struct rng_block block = rng_block(719, 1, n, 0);
		uint64_t least = 1 + block.word[0] % 100000, most = least + block.word[1] % 100000;
		uint64_t packets = block.word[2] % 3 ? block.word[2] % 7 : 0;
		uint64_t bytes = block.word[3] % 3 ? block.word[3] % 9000 : 0;
		struct slot_params params = slot_of(least, most, packets, bytes);
		struct slot_state slot = {0};
		struct netem netem = {0};
		uint64_t ready = 1;

		for (uint64_t k = 0; k < 300; k++) {
			struct rng_block draw = rng_block(719, 2, n * 1000 + k, 0);
			uint32_t length = 60 + draw.word[0] % 1455;

			ready += draw.word[1] % (k % 20 ? 30000 : 1000000);
			netem.now = netem.now > ready ? netem.now : ready;
			if (netem.slot_next < ready)
				get_slot_next(&netem, least, most, packets, bytes, draw.word[2]);
			netem.now = netem.now > netem.slot_next ? netem.now : netem.slot_next;
			assert_int_equal(slot_offer(&params, &slot, ready, length, draw.word[2],
						    draw.word[3]),
					 netem.now);
			netem.packets_left--;
			netem.bytes_left -= length;
			if (netem.packets_left <= 0 || netem.bytes_left <= 0)
				get_slot_next(&netem, least, most, packets, bytes, draw.word[3]);
		}
	}
}

static double uniform(double x)
{
	return fmin(fmax(x, 0), 1);
}

static double standard_normal(double x)
{
	return erfc(-x / sqrt(2)) / 2;
}

// Delays of slots, each asked for by a packet on an idle link, about `from` in units of `unit`.
static double *delays(const struct slot_params *params, size_t count, double from, double unit)
{
	double *samples = malloc(count * sizeof(*samples));
	struct slot_state slot = {0};

	assert_non_null(samples);
	for (uint64_t n = 0; n < count; n++) {
		uint64_t ready = (n + 1) * 1000000000;

		samples[n] = ((double)(slot_offer(params, &slot, ready, 60,
						  rng_draw(719, 3, RNG_SLOT, n),
						  rng_draw(719, 3, RNG_SLOT_NEXT, n)) -
				       ready) -
			      from) /
			     unit;
	}
	return samples;
}

static void delays_are_uniform_from_the_shortest_to_the_longest(void **state)
{
	// A range 5 % too wide is 0.05 / 1.05 away at its end.
	const size_t count = samples_for_distance(WRONG_BY / (1 + WRONG_BY));
	struct slot_params params = slot_of(2000000, 12000000, 0, 0);
	double *samples = delays(&params, count, 2000000, 10000000);

	(void)state;
	assert_true(kolmogorov_smirnov(samples, count, uniform) < KS_BOUND);
	for (size_t i = 0; i < count; i++)
		samples[i] *= 1 + WRONG_BY;
	assert_true(kolmogorov_smirnov(samples, count, uniform) > KS_BOUND);
	free(samples);
}

static void delays_follow_the_distribution(void **state)
{
	// A deviation 5 % too wide is 0.0118 away near one deviation.
	const size_t count = samples_for_distance(0.0118);
	struct jitter_params normal;
	struct slot_params params;
	double *samples;

	(void)state;
	assert_int_equal(jitter_make_params(JITTER_NORMAL, 500000, 0.5, "", &normal, NULL), 0);
	assert_int_equal(slot_make_distribution(5000000, &normal, 0, 0, "", &params, NULL), 0);
	samples = delays(&params, count, 5000000, 500000);
	assert_true(kolmogorov_smirnov(samples, count, standard_normal) < KS_BOUND);
	for (size_t i = 0; i < count; i++)
		samples[i] *= 1 + WRONG_BY;
	assert_true(kolmogorov_smirnov(samples, count, standard_normal) > KS_BOUND);
	free(samples);
}

static void a_delay_is_never_below_0(void **state)
{
	struct jitter_params normal;
	struct slot_params params;
	struct slot_state slot = {0};

	(void)state;
	assert_int_equal(jitter_make_params(JITTER_NORMAL, 500000, 0, "", &normal, NULL), 0);
	assert_int_equal(slot_make_distribution(100000, &normal, 0, 0, "", &params, NULL), 0);
	for (uint64_t n = 1; n < 10000; n++) {
		uint64_t ready = n * 100000000;

		assert_true(slot_offer(&params, &slot, ready, 60, rng_draw(719, 4, RNG_SLOT, n),
				       0) >= ready);
	}
	assert_int_equal(slot_offer(&params, &slot, UINT64_MAX - 5, 60, UINT32_MAX, 0), UINT64_MAX);
}

static void slots_that_do_nothing_are_refused(void **state)
{
	struct jitter_params none = {.kind = JITTER_NONE};
	struct slot_params params = {.packets = 99};
	struct error error;

	(void)state;
	assert_int_equal(slot_make_uniform(0, 0, 5, 5, "here", &params, &error), -EINVAL);
	assert_non_null(strstr(error.what, "without a delay"));
	assert_int_equal(slot_make_uniform(5, 4, 5, 5, "here", &params, &error), -EINVAL);
	assert_non_null(strstr(error.what, "below its shortest"));
	assert_int_equal(slot_make_distribution(0, &none, 5, 5, "here", &params, &error), -EINVAL);
	assert_int_equal(params.packets, 99);
	assert_int_equal(slot_make_uniform(0, 4, 5, 5, "here", &params, &error), 0);
	assert_int_equal(slot_make_distribution(7, &none, 5, 5, "here", &params, &error), 0);
	assert_int_equal(slot_offer(&params, &(struct slot_state){0}, 1, 60, 9, 9), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_gathers_before_a_slot_leaves_in_it),
		cmocka_unit_test(a_full_slot_asks_for_the_next),
		cmocka_unit_test(packets_leave_as_netem_lets_them),
		cmocka_unit_test(delays_are_uniform_from_the_shortest_to_the_longest),
		cmocka_unit_test(delays_follow_the_distribution),
		cmocka_unit_test(a_delay_is_never_below_0),
		cmocka_unit_test(slots_that_do_nothing_are_refused),
	};

	return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
