// SPDX-License-Identifier: BSD-3-Clause
// Ramps: never farther from the curve than promised, between points too, and not many more lines
// than the curve's bend asks for.
#include "dataplane/physics/ramp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/physics/path.h"
#include "dataplane/physics/utc.h"
#include "tests/physics/near.h"

#define S UTC_NS_PER_S

// mean + amplitude sin(2 pi t / period), nanoseconds and seconds.
struct wave {
	double mean_ns, amplitude_ns, period_s;
};

static double wave(void *context, int64_t utc_ns)
{
	const struct wave *w = context;

	return w->mean_ns + w->amplitude_ns * sin(2 * M_PI * (double)utc_ns * 1e-9 / w->period_s);
}

static double delay(void *context, int64_t utc_ns)
{
	return path_delay_ns(context, utc_ns);
}

// What a reader makes of two points: the line, rounded down.
static double read_ramp(const struct ramp_point *from, int64_t at)
{
	__int128 rise = from[1].delay_ns - from[0].delay_ns;
	__int128 product = rise * (at - from[0].at_utc_ns);
	__int128 run = from[1].at_utc_ns - from[0].at_utc_ns;
	__int128 whole = product / run;

	return (double)(from[0].delay_ns + (int64_t)(whole - (product % run < 0)));
}

// Looks at each line in 50 places; gives the greatest distance.
static double worst_ns(const struct ramp *ramp, ramp_curve *curve, void *context)
{
	double worst = 0;

	for (size_t i = 0; i + 1 < ramp->count; i++) {
		const struct ramp_point *line = &ramp->points[i];
		int64_t length = line[1].at_utc_ns - line[0].at_utc_ns;

		assert_true(length > 0);
		for (int part = 0; part <= 50; part++) {
			int64_t at = line[0].at_utc_ns + length / 50 * part;

			worst = fmax(worst, fabs(read_ramp(line, at) - curve(context, at)));
		}
	}
	return worst;
}

// A line that may be e above and below a curve of second derivative d covers 4 sqrt(e / |d|).
static double fewest(const struct wave *w, double from_s, double to_s, double error_ns)
{
	double lines = 0, step_s = w->period_s / 10000;

	for (double t = from_s; t < to_s; t += step_s) {
		double omega = 2 * M_PI / w->period_s;
		double bend = w->amplitude_ns * omega * omega * fabs(sin(omega * t));

		lines += step_s / (4 * sqrt(error_ns / bend));
	}
	return lines;
}

static void a_wave_is_followed_within_ten_nanoseconds_by_few_lines(void **state)
{
	struct wave waves[] = {{72e6, 3e6, 21600}, {256e6, 80e3, 86164}, {4e6, 2e6, 5700}};

	(void)state;
	for (size_t i = 0; i < sizeof(waves) / sizeof(waves[0]); i++) {
		struct ramp ramp = {0};
		double least;

		assert_int_equal(
			ramp_draw(&ramp, wave, &waves[i], 0, UTC_NS_PER_DAY, RAMP_ERROR_NS), 0);
		assert_int_equal(ramp.points[0].at_utc_ns, 0);
		assert_int_equal(ramp.points[ramp.count - 1].at_utc_ns, UTC_NS_PER_DAY);
		near_to(worst_ns(&ramp, wave, &waves[i]), 0, RAMP_ERROR_NS);
		// All ten for the line would be the fewest; 2.5 of them go to rounding, which
		// is 15.5 % of lines, and the greedy way takes 3 % more.
		least = fewest(&waves[i], 0, 86400, RAMP_ERROR_NS);
		assert_true((double)ramp.count > least);
		assert_true((double)ramp.count < 1.185 * least + 2);
		free(ramp.points);
	}
}

static void a_coarser_ramp_has_fewer_lines(void **state)
{
	struct wave w = {72e6, 3e6, 21600};
	struct ramp fine = {0}, coarse = {0};

	(void)state;
	assert_int_equal(ramp_draw(&fine, wave, &w, 0, UTC_NS_PER_DAY, 10), 0);
	assert_int_equal(ramp_draw(&coarse, wave, &w, 0, UTC_NS_PER_DAY, 1000), 0);
	near_to(worst_ns(&coarse, wave, &w), 0, 1000);
	assert_true(coarse.count * 10 < fine.count);
	free(fine.points);
	free(coarse.points);
}

static void what_stands_still_is_one_line(void **state)
{
	struct wave w = {256517000.4, 0, 1};
	struct ramp ramp = {0};

	(void)state;
	assert_int_equal(ramp_draw(&ramp, wave, &w, 5, 365 * UTC_NS_PER_DAY, 10), 0);
	assert_int_equal(ramp.count, 2);
	assert_int_equal(ramp.points[0].at_utc_ns, 5);
	assert_int_equal(ramp.points[0].delay_ns, 256517000);
	assert_int_equal(ramp.points[1].at_utc_ns, 365 * UTC_NS_PER_DAY);
	free(ramp.points);
}

static void a_ramp_grows_without_a_step(void **state)
{
	struct wave w = {72e6, 3e6, 21600};
	struct ramp grown = {0}, whole = {0};

	(void)state;
	for (int minute = 0; minute < 600; minute++) {
		int64_t from = minute * 60 * S;

		assert_int_equal(ramp_draw(&grown, wave, &w, from, from + 60 * S, 10), 0);
	}
	near_to(worst_ns(&grown, wave, &w), 0, 10);
	assert_int_equal(ramp_draw(&whole, wave, &w, 0, 36000 * S, 10), 0);
	assert_true(whole.count < grown.count);
	// It goes on only where it ended.
	assert_int_equal(ramp_draw(&grown, wave, &w, 36001 * S, 36002 * S, 10), -EINVAL);
	free(grown.points);
	free(whole.points);
}

static double broken(void *context, int64_t utc_ns)
{
	return utc_ns > *(int64_t *)context ? NAN : 1e6 + (double)utc_ns * 1e-6;
}

static double jump(void *context, int64_t utc_ns)
{
	return utc_ns > *(int64_t *)context ? 2e6 : 1e6;
}

static void what_cannot_be_drawn_leaves_the_ramp_as_it_was(void **state)
{
	struct wave w = {72e6, 3e6, 21600};
	struct ramp ramp = {0};
	int64_t until = 5000 * S;
	size_t count;

	(void)state;
	assert_int_equal(ramp_draw(&ramp, wave, &w, 0, 1000 * S, 10), 0);
	count = ramp.count;
	assert_int_equal(ramp_draw(&ramp, broken, &until, 1000 * S, 9000 * S, 10), -EDOM);
	assert_int_equal(ramp.count, count);
	until = 0;
	assert_int_equal(ramp_draw(&ramp, broken, &until, 1000 * S, 9000 * S, 10), -EDOM);
	assert_int_equal(ramp_draw(&ramp, wave, &w, 1000 * S, 1000 * S, 10), -EINVAL);
	assert_int_equal(ramp_draw(&ramp, wave, &w, 1000 * S, 1001 * S, 3), -EINVAL);
	assert_int_equal(ramp_draw(&ramp, wave, &w, 1000 * S, 1001 * S, NAN), -EINVAL);
	assert_int_equal(ramp.count, count);
	free(ramp.points);
	ramp = (struct ramp){0};
	until = 5000 * S;
	assert_int_equal(ramp_draw(&ramp, jump, &until, 0, 9000 * S, 10), -EDOM);
	free(ramp.points);
}

// Paths of O3B, of a geostationary satellite that swings (0.05 degrees, eccentricity 0.0003) and of
// a low one, a day each: what it costs is in the bound.
static void a_day_of_real_paths_takes_hundreds_to_thousands_of_points(void **state)
{
	struct ground from = ground_at((struct geodetic){49.6935, 6.33, 300});
	struct ground to = ground_at((struct geodetic){38.8225, 22.6867, 50});
	struct mean_elements swings = {0, 1.0027, 0.0003, 0.05, 10, 20, 350, 0};
	const int least[3] = {5000, 100, 10000}, most[3] = {12000, 250, 60000};
	struct orbit orbits[3];

	(void)state;
	assert_true(orbit_make_equatorial(&orbits[0], 8062000, 10, 0, NULL));
	assert_true(orbit_make_sgp4(&orbits[1], &swings, NULL));
	assert_true(orbit_make_circular(&orbits[2], 1200e3, 60, 20, 30, 0, NULL));
	for (int i = 0; i < 3; i++) {
		struct path path = {&from, &to, 0, 0, {&orbits[i]}, 1};
		struct ramp ramp = {0};

		assert_int_equal(ramp_draw(&ramp, delay, &path, 0, UTC_NS_PER_DAY, RAMP_ERROR_NS),
				 0);
		near_to(worst_ns(&ramp, delay, &path), 0, RAMP_ERROR_NS);
		if ((int)ramp.count < least[i] || (int)ramp.count > most[i])
			fail_msg("%zu points for path %d", ramp.count, i);
		free(ramp.points);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wave_is_followed_within_ten_nanoseconds_by_few_lines),
		cmocka_unit_test(a_coarser_ramp_has_fewer_lines),
		cmocka_unit_test(what_stands_still_is_one_line),
		cmocka_unit_test(a_ramp_grows_without_a_step),
		cmocka_unit_test(what_cannot_be_drawn_leaves_the_ramp_as_it_was),
		cmocka_unit_test(a_day_of_real_paths_takes_hundreds_to_thousands_of_points),
	};

	return cmocka_run_group_tests_name("ramp", tests, NULL, NULL);
}
