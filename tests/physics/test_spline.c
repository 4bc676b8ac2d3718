// SPDX-License-Identifier: BSD-3-Clause
// Splines: near the curve everywhere for few looks at it, and no spline where there is no curve.
#include "dataplane/physics/spline.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/physics/ephemeris.h"
#include "dataplane/physics/path_ramp.h"
#include "dataplane/physics/utc.h"
#include "tests/physics/near.h"

#define S     UTC_NS_PER_S
#define EPOCH (9661 * UTC_NS_PER_DAY)

// A pass: the range to what flies by in a straight line, and how often it was asked.
struct flight {
	double nearest_ns, speed_ns_per_s;
	int64_t at, until;
	unsigned looks;
};

static double flight(void *context, int64_t utc_ns)
{
	struct flight *f = context;

	f->looks++;
	return utc_ns > f->until
		       ? NAN
		       : hypot(f->nearest_ns, f->speed_ns_per_s * 1e-9 * (double)(utc_ns - f->at));
}

static void a_spline_is_as_near_as_asked_for_few_looks(void **state)
{
	// Over low orbits, O3B's and a slow one; the last begins with a piece far too long.
	struct flight flights[] = {{1.3e6, 25e3, 2000 * S, INT64_MAX, 0},
				   {27e6, 15e3, 2000 * S, INT64_MAX, 0},
				   {120e6, 10, 2000 * S, INT64_MAX, 0},
				   {1.3e6, 25e3, 2000 * S, INT64_MAX, 0}};
	const int64_t first[] = {100 * S, 600 * S, 100 * S, 3600 * S};
	const unsigned most[] = {1400, 150, 60, 1400};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct spline spline = {.pieces = NULL};
		double worst = 0;

		assert_int_equal(
			spline_make(&spline, flight, &flights[i], 0, 3720 * S, first[i], 0.1), 0);
		assert_in_range(flights[i].looks, SPLINE_TERMS, most[i]);
		// Forward, backward, and from end to end.
		for (int64_t at = 0; at <= 3720 * S; at += 77777777)
			worst = fmax(worst, fabs(spline_at(&spline, at) - flight(&flights[i], at)));
		for (int64_t at = 3720 * S; at >= 0; at -= 7777777777)
			worst = fmax(worst, fabs(spline_at(&spline, at) - flight(&flights[i], at)));
		for (int64_t at = 0; at <= 3720 * S; at += 1860 * S)
			worst = fmax(worst, fabs(spline_at(&spline, at) - flight(&flights[i], at)));
		if (!(worst < 0.1))
			fail_msg("flight %d is off by %g ns", i, worst);
		free(spline.pieces);
	}
}

static void where_there_is_no_curve_there_is_no_spline(void **state)
{
	struct flight ends = {27e6, 15e3, 2000 * S, 3000 * S, 0};
	struct spline spline = {.pieces = NULL};

	(void)state;
	assert_int_equal(spline_make(&spline, flight, &ends, 0, 3720 * S, 600 * S, 0.1), -EDOM);
	assert_int_equal(spline_make(&spline, flight, &ends, 0, 2900 * S, 600 * S, 0.1), 0);
	assert_int_equal(spline_make(&spline, flight, &ends, 5, 5, 600 * S, 0.1), -EINVAL);
	assert_int_equal(spline_make(&spline, flight, &ends, 0, 5, 0, 0.1), -EINVAL);
	free(spline.pieces);
}

static double jump(void *context, int64_t utc_ns)
{
	return utc_ns > *(int64_t *)context ? 2e6 : 1e6;
}

static void a_jump_has_no_spline(void **state)
{
	struct spline spline = {.pieces = NULL};
	int64_t at = 1234567890123;

	(void)state;
	assert_int_equal(spline_make(&spline, jump, &at, 0, 3720 * S, 600 * S, 0.1), -EDOM);
	free(spline.pieces);
}

// What a reader makes of two points: the line, rounded down.
static double read_line(const struct ramp_point *from, int64_t at)
{
	__int128 product =
		(__int128)(from[1].delay_ns - from[0].delay_ns) * (at - from[0].at_utc_ns);
	int64_t run = from[1].at_utc_ns - from[0].at_utc_ns;

	return (double)from[0].delay_ns + (double)(int64_t)(product / run - (product % run < 0));
}

static double worst_ns(const struct ramp *ramp, const struct path *exact)
{
	double worst = 0;

	for (size_t i = 0; i + 1 < ramp->count; i++) {
		const struct ramp_point *line = &ramp->points[i];
		int64_t length = line[1].at_utc_ns - line[0].at_utc_ns;

		for (int part = 0; part <= 10; part++) {
			int64_t at = line[0].at_utc_ns + length / 10 * part;

			worst = fmax(worst, fabs(read_line(line, at) - path_delay_ns(exact, at)));
		}
	}
	return worst;
}

static double delay(void *context, int64_t utc_ns)
{
	return path_delay_ns(context, utc_ns);
}

// From six hours of tabled orbits to whole nanoseconds: low, O3B, geostationary, and over two of
// them. Five in a hundred more lines than along the curve itself, at most.
static void ramps_of_tabled_paths_are_within_ten_nanoseconds_of_the_orbits_own(void **state)
{
	struct ground from = ground_at((struct geodetic){49.6935, 6.33, 300});
	struct ground to = ground_at((struct geodetic){38.8225, 22.6867, 50});
	struct mean_elements sets[] = {
		{EPOCH, 15.6, 0.0007, 51.6, 100, 200, 300, 1e-4},
		{EPOCH, 5.00115, 0.0006, 0.05, 342, 114, 49, 0},
		{EPOCH, 1.0027, 0.0003, 0.05, 83, 354, 145, 0},
	};
	const unsigned chains[4][3] = {{1, 0}, {1, 1}, {1, 2}, {2, 1, 2}};
	struct orbit exact[3], tabled[3];
	struct ephemeris ephemerides[3] = {{.count = 0}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(orbit_make_sgp4(&exact[i], &sets[i], NULL));
		assert_int_equal(
			ephemeris_make(&ephemerides[i], &exact[i], EPOCH, EPOCH + 21600 * S), 0);
		orbit_make_tabled(&tabled[i], &ephemerides[i]);
	}
	for (int i = 0; i < 4; i++) {
		struct path read = {&from, &to, 0, 0, {NULL}, chains[i][0]}, own = read;
		struct ramp ramp = {.points = NULL}, along = {.points = NULL};

		for (unsigned j = 0; j < chains[i][0]; j++) {
			read.satellites[j] = &tabled[chains[i][j + 1]];
			own.satellites[j] = &exact[chains[i][j + 1]];
		}
		assert_int_equal(path_ramp_draw(&read, &ramp, EPOCH, EPOCH + 21600 * S), 0);
		near_to(worst_ns(&ramp, &own), 0, RAMP_ERROR_NS);
		assert_int_equal(
			ramp_draw(&along, delay, &own, EPOCH, EPOCH + 21600 * S, RAMP_ERROR_NS), 0);
		assert_true((double)ramp.count < 1.05 * (double)along.count + 2);
		free(ramp.points);
		free(along.points);
	}
	for (int i = 0; i < 3; i++)
		ephemeris_fini(&ephemerides[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spline_is_as_near_as_asked_for_few_looks),
		cmocka_unit_test(where_there_is_no_curve_there_is_no_spline),
		cmocka_unit_test(a_jump_has_no_spline),
		cmocka_unit_test(
			ramps_of_tabled_paths_are_within_ten_nanoseconds_of_the_orbits_own),
	};

	return cmocka_run_group_tests_name("spline", tests, NULL, NULL);
}
