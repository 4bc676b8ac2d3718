// SPDX-License-Identifier: BSD-3-Clause
// The live clock: exact arithmetic, no step at a change of pace, and agreement with
// CLOCK_MONOTONIC.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "dataplane/engine/clock.h"

// 2.6 GHz, and a pace that no binary fraction hits.
#define RATE ((uint64_t)(4294967296.0 / 2.6))

static void pause_ms(long length_ms)
{
	struct timespec length = {.tv_nsec = length_ms * 1000000};
	nanosleep(&length, NULL);
}

static void a_line_is_exact_over_virtual_hours(void **state)
{
	(void)state;
	struct clock_line line = {.rate_before = RATE, .rate_after = RATE};
	const uint64_t hours_ticks = 24ull * 3600 * 2600000000ull;
	for (uint64_t ticks = 1; ticks < hours_ticks; ticks += 7919ull * 104729 * 13) {
		// In halves of 32 bits, as a check of the 128-bit product.
		uint64_t low = (ticks & UINT32_MAX) * RATE;
		uint64_t high = (ticks >> 32) * RATE;
		assert_int_equal(clock_line_ns(&line, ticks), high + (low >> 32));
	}
}

static void bending_a_line_a_million_times_loses_no_nanosecond(void **state)
{
	(void)state;
	struct clock_line straight = {.ticks = 1000, .rate_before = RATE, .rate_after = RATE};
	struct clock_line bent = straight;
	uint64_t ticks = 1000;
	for (int i = 0; i < 1000000; i++) {
		ticks += 260000000 + (uint64_t)i % 1009;
		bent = clock_line_bend(&bent, ticks, RATE);
	}
	assert_int_equal(clock_line_ns(&bent, ticks + 12345),
			 clock_line_ns(&straight, ticks + 12345));
}

static void a_bend_makes_no_step_and_changes_nothing_before_it(void **state)
{
	(void)state;
	struct clock_line line = {.ticks = 5000, .ns = 77, .rate_before = RATE, .rate_after = RATE};
	const uint64_t at = 9000000;
	for (int ppm = -200; ppm <= 200; ppm += 50) {
		uint64_t rate = RATE + (uint64_t)((int64_t)RATE * ppm / 1000000);
		struct clock_line bent = clock_line_bend(&line, at, rate);
		uint64_t before = 0;
		for (uint64_t ticks = at - 2000; ticks <= at; ticks++)
			// One nanosecond may be lost in going back from the bend.
			assert_in_range(clock_line_ns(&line, ticks) - clock_line_ns(&bent, ticks),
					0, 1);
		assert_int_equal(clock_line_ns(&bent, at), clock_line_ns(&line, at));
		for (uint64_t ticks = at - 2000; ticks < at + 2000; ticks++) {
			uint64_t now = clock_line_ns(&bent, ticks);
			assert_true(now >= before);
			before = now;
		}
		// And it does run at its new pace: over 10^9 ticks to a nanosecond.
		uint64_t ran = clock_line_ns(&bent, at + 1000000000) - clock_line_ns(&bent, at);
		assert_in_range(ran - (uint64_t)(((unsigned __int128)1000000000 * rate) >> 32), 0,
				1);
	}
}

// CLOCK_MONOTONIC minus the clock (which shifts with the clock's zero), from the reading in which
// the least time passed: losing the CPU between two reads does not count.
static int64_t difference_ns(const struct live_clock *clock)
{
	int64_t best = 0;
	uint64_t narrowest = UINT64_MAX;
	for (int i = 0; i < 200; i++) {
		uint64_t before = clock_monotonic_ns();
		uint64_t now = live_clock_now_ns(clock);
		uint64_t width = clock_monotonic_ns() - before;
		if (width >= narrowest)
			continue;
		narrowest = width;
		best = (int64_t)(before + width / 2 - clock->zero_ns - now);
	}
	return best;
}

// Both clocks are read to about 0.1 us on any machine, at both ends of a calibration of 20 ms: 10
// ppm. Five times that is allowed, and the reading's own 0.2 us.
static void calibrated_it_keeps_pace_with_the_system(void **state)
{
	(void)state;
	struct live_clock clock;
	assert_int_equal(live_clock_init(&clock), 0);
	if (!clock.counter)
		skip();
	int64_t first = difference_ns(&clock);
	uint64_t began = clock_monotonic_ns();
	pause_ms(200);
	int64_t allowed = (int64_t)(clock_monotonic_ns() - began) / 20000 + 400;
	int64_t drift = difference_ns(&clock) - first;
	assert_true(drift <= allowed && -drift <= allowed);
}

static void an_offset_is_worked_off_without_a_step(void **state)
{
	(void)state;
	struct live_clock clock;
	assert_int_equal(live_clock_init(&clock), 0);
	if (!clock.counter)
		skip();
	clock.zero_ns -= 40000; // as if it had fallen behind
	live_clock_adjust(&clock);
	uint64_t last = live_clock_now_ns(&clock);
	for (int i = 0; i < 20; i++) {
		pause_ms(50);
		uint64_t now = live_clock_now_ns(&clock);
		assert_true(now >= last);
		last = now;
		live_clock_adjust(&clock);
	}
	// After two time constants an eighth is left, with what the calibration was wrong by;
	// three times that is allowed.
	int64_t left = difference_ns(&clock);
	assert_true(left < 15000 && left > -15000);
}

static void a_paused_machine_does_not_set_it_back(void **state)
{
	(void)state;
	struct live_clock clock;
	assert_int_equal(live_clock_init(&clock), 0);
	if (!clock.counter)
		skip();
	uint64_t before = live_clock_now_ns(&clock);
	clock.zero_ns += 1000000000; // the counter ran on for a second that was none
	pause_ms(30);
	live_clock_adjust(&clock);
	assert_true(live_clock_now_ns(&clock) >= before);
	assert_int_equal(clock.offset_ns, 0);
	assert_true(clock.absorbed_ns < -900000000 && clock.absorbed_ns > -1100000000);
	int64_t difference = difference_ns(&clock);
	assert_true(difference < 1000000 && difference > -1000000);
}

struct steering {
	struct live_clock clock;
	bool stop;
};

// Pulls the clock about as hard as it can be, first one way, then the other.
static void *steer(void *argument)
{
	struct steering *steering = argument;
	for (int i = 0; i < 12; i++) {
		pause_ms(25);
		steering->clock.zero_ns += i % 2 ? -4000000ll : 4000000ll;
		live_clock_adjust(&steering->clock);
	}
	__atomic_store_n(&steering->stop, true, __ATOMIC_RELEASE);
	return NULL;
}

static void it_never_goes_back_while_it_is_steered(void **state)
{
	(void)state;
	struct steering *steering = calloc(1, sizeof(*steering));
	pthread_t thread;
	assert_non_null(steering);
	assert_int_equal(live_clock_init(&steering->clock), 0);
	assert_int_equal(pthread_create(&thread, NULL, steer, steering), 0);
	uint64_t last = 0;
	uint64_t back = 0;
	uint64_t reads = 0;
	while (!__atomic_load_n(&steering->stop, __ATOMIC_ACQUIRE) || reads < 1000000) {
		uint64_t now = live_clock_now_ns(&steering->clock);
		back += now < last;
		last = now;
		reads++;
	}
	pthread_join(thread, NULL);
	free(steering);
	assert_int_equal(back, 0);
}

static void without_a_steady_counter_it_is_the_system_clock(void **state)
{
	(void)state;
	struct live_clock clock;
	assert_int_equal(live_clock_init(&clock), 0);
	clock.counter = false;
	for (int i = 0; i < 1000; i++) {
		uint64_t before = clock_monotonic_ns() - clock.zero_ns;
		uint64_t now = live_clock_now_ns(&clock);
		assert_true(now >= before && now <= clock_monotonic_ns() - clock.zero_ns);
	}
	live_clock_adjust(&clock); // nothing to steer
}

static void the_epoch_is_the_time_of_day_at_zero(void **state)
{
	(void)state;
	struct live_clock clock;
	struct timespec today;
	assert_int_equal(live_clock_init(&clock), 0);
	clock_gettime(CLOCK_REALTIME, &today);
	int64_t difference = (int64_t)today.tv_sec * 1000000000 + today.tv_nsec -
			     (int64_t)(live_clock_epoch_ns(&clock) + live_clock_now_ns(&clock));
	// A second apart, the wrong clock or unit was taken.
	assert_true(difference < 1000000000 && difference > -1000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_exact_over_virtual_hours),
		cmocka_unit_test(bending_a_line_a_million_times_loses_no_nanosecond),
		cmocka_unit_test(a_bend_makes_no_step_and_changes_nothing_before_it),
		cmocka_unit_test(calibrated_it_keeps_pace_with_the_system),
		cmocka_unit_test(an_offset_is_worked_off_without_a_step),
		cmocka_unit_test(a_paused_machine_does_not_set_it_back),
		cmocka_unit_test(it_never_goes_back_while_it_is_steered),
		cmocka_unit_test(without_a_steady_counter_it_is_the_system_clock),
		cmocka_unit_test(the_epoch_is_the_time_of_day_at_zero),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
