// SPDX-License-Identifier: BSD-3-Clause
// Distances on WGS-84 against published ones, and against geodesics that are walked step by step.
#include "dataplane/physics/geodesic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EQUATORIAL_M 6378137.0
#define FLATTENING   (1 / 298.257223563)
#define MILLIMETRE   0.001
#define DEGREE       (M_PI / 180)

static struct geodetic at(double latitude_deg, double longitude_deg)
{
	return (struct geodetic){latitude_deg, longitude_deg, 0};
}

static void check(struct geodetic from, struct geodetic to, double expected_m, double tolerance_m)
{
	double forth_m = geodesic_distance_m(from, to), back_m = geodesic_distance_m(to, from);

	if (!(fabs(forth_m - expected_m) <= tolerance_m) ||
	    !(fabs(back_m - expected_m) <= tolerance_m))
		fail_msg("%g,%g to %g,%g: %.6f m, back %.6f m, expected %.6f m", from.latitude_deg,
			 from.longitude_deg, to.latitude_deg, to.longitude_deg, forth_m, back_m,
			 expected_m);
}

// Source: Karney's GeographicLib, the examples of its manual and its test set (series of eighth
// order, good to nanometres).
static void published_distances_come_out_to_the_millimetre(void **state)
{
	const struct {
		double lat1, lon1, lat2, lon2, length_m;
	} lines[] = {
		{40.6, -73.8, 51.6, -0.5, 5551759.400319},
		{35.60777, -139.44815, -11.17491, -69.95921, 8935244.560482},
		{55.52454, 106.05087, 77.03196, 197.18234, 4105086.171392},
		{-21.97856, 142.59065, 41.84138, 98.56635, 8394328.894658},
		{-66.99028, 112.2363, -12.70631, 285.90344, 11150344.231208},
		{-17.42761, 173.34268, -15.84784, 5.93557, 16076603.163118},
		{32.84994, 48.28919, -56.28556, 202.29132, 16727068.943816},
		{6.96833, 52.74123, -7.39675, 206.17291, 17102477.249696},
		{-87.85331, 85.66836, 66.48646, 16.09921, 17286615.314714},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(at(lines[i].lat1, lines[i].lon1), at(lines[i].lat2, lines[i].lon2),
		      lines[i].length_m, MILLIMETRE);
}

// One step of Runge and Kutta along the geodesic: latitude, longitude, azimuth by arc length.
static void slope(const double at_point[3], double by_metre[3])
{
	double e2 = FLATTENING * (2 - FLATTENING), s = sin(at_point[0]);
	double w = sqrt(1 - e2 * s * s);
	double meridian_m = EQUATORIAL_M * (1 - e2) / (w * w * w), across_m = EQUATORIAL_M / w;

	by_metre[0] = cos(at_point[2]) / meridian_m;
	by_metre[1] = sin(at_point[2]) / (across_m * cos(at_point[0]));
	by_metre[2] = sin(at_point[2]) * tan(at_point[0]) / across_m;
}

static struct geodetic walk(struct geodetic from, double azimuth_deg, double length_m)
{
	const int steps = 4000;
	double y[3] = {from.latitude_deg * DEGREE, from.longitude_deg * DEGREE,
		       azimuth_deg * DEGREE};
	double h = length_m / steps;

	for (int i = 0; i < steps; i++) {
		double k[4][3], middle[3];

		slope(y, k[0]);
		for (int stage = 1; stage < 4; stage++) {
			for (int j = 0; j < 3; j++)
				middle[j] = y[j] + k[stage - 1][j] * h * (stage == 3 ? 1 : 0.5);
			slope(middle, k[stage]);
		}
		for (int j = 0; j < 3; j++)
			y[j] += h / 6 * (k[0][j] + 2 * k[1][j] + 2 * k[2][j] + k[3][j]);
	}
	return at(y[0] / DEGREE, y[1] / DEGREE);
}

static void a_geodesic_that_is_walked_is_as_long_as_it_is_said_to_be(void **state)
{
	const double lengths_m[] = {1000, 187000, 1234567, 6000000, 12000000, 19000000};
	const struct geodetic starts[] = {at(49.6935, 6.33), at(0, 0), at(-33.9, 179.9),
					  at(64, -21.9)};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < 6; j++) {
			for (double azimuth_deg = 30; azimuth_deg < 360; azimuth_deg += 60) {
				struct geodetic end = walk(starts[i], azimuth_deg, lengths_m[j]);

				check(starts[i], end, lengths_m[j], MILLIMETRE);
			}
		}
	}
}

static void along_the_equator_the_length_is_the_arc(void **state)
{
	(void)state;
	for (double degrees = 0.001; degrees < 179; degrees += 0.7)
		check(at(0, -100), at(0, degrees - 100), degrees * DEGREE * EQUATORIAL_M,
		      MILLIMETRE);
}

// Arc of the meridian by Simpson's rule over its radius of curvature.
static double meridian_m(double from_deg, double to_deg)
{
	const int steps = 2000;
	double h = (to_deg - from_deg) / steps, sum = 0, e2 = FLATTENING * (2 - FLATTENING);

	for (int i = 0; i <= steps; i++) {
		double s = sin((from_deg + i * h) * DEGREE);
		double radius_m = EQUATORIAL_M * (1 - e2) / pow(1 - e2 * s * s, 1.5);

		sum += radius_m * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2);
	}
	return sum * h * DEGREE / 3;
}

static void along_a_meridian_the_length_is_the_integral_of_its_radius(void **state)
{
	(void)state;
	assert_true(fabs(meridian_m(0, 90) - 10001965.7293) < MILLIMETRE); // known to all atlases
	check(at(0, 33), at(90, 33), 10001965.7293, MILLIMETRE);
	check(at(-90, 0), at(90, 77), 2 * 10001965.72931, MILLIMETRE);
	for (double latitude_deg = -89; latitude_deg < 90; latitude_deg += 7.3)
		check(at(-12.5, 6), at(latitude_deg, 6), fabs(meridian_m(-12.5, latitude_deg)),
		      MILLIMETRE);
	check(at(80, 10), at(70, -170), meridian_m(70, 90) + meridian_m(80, 90), MILLIMETRE);
	// Half way round but for a few kilometres: the iteration passes half a turn and comes back.
	for (double latitude_deg = 5; latitude_deg < 85; latitude_deg += 7.3)
		check(at(latitude_deg, 10), at(0.07 - latitude_deg, -170),
		      meridian_m(latitude_deg, 90) + meridian_m(0.07 - latitude_deg, 90),
		      MILLIMETRE);
}

static void the_same_place_is_no_distance_away(void **state)
{
	(void)state;
	check(at(49.6, 6.1), at(49.6, 6.1), 0, 0);
	check(at(0, 0), at(0, 0), 0, 0);
	check(at(49.6, 6.1), at(49.6, 366.1), 0, MILLIMETRE);
	check(at(90, 5), at(90, 95), 0, MILLIMETRE);
	check(at(0, 180), at(0, -180), 0, MILLIMETRE);
}

static void the_date_line_is_no_barrier(void **state)
{
	(void)state;
	check(at(10, 179.9), at(10, -179.9), geodesic_distance_m(at(10, 0), at(10, 0.2)),
	      MILLIMETRE);
}

static void heights_do_not_count(void **state)
{
	struct geodetic low = at(49, 6), high = at(50, 7);
	double length_m = geodesic_distance_m(low, high);

	(void)state;
	high.height_m = 36000000;
	assert_true(geodesic_distance_m(low, high) == length_m);
}

// Source of the lengths: GeographicLib. Vincenty's iteration gives up on these.
static void nearly_antipodal_points_are_good_to_half_a_percent(void **state)
{
	(void)state;
	check(at(0, 0), at(0, 180), 20003931.458625, 0.005 * 20003931);
	check(at(0, 0), at(0.5, 179.7), 19944127.420750, 0.005 * 19944127);
	check(at(20, 100), at(-20, -80), 20003931.458625, 0.005 * 20003931);
	check(at(-30, 0), at(29.9, 179.8), 19989832.827610, 0.005 * 19989832);
	check(at(-41.32, 174.81), at(40.96, -5.50), 19959679.267354, 0.005 * 19959679);
	for (double off = -1; off <= 1; off += 0.125) {
		double length_m = geodesic_distance_m(at(10, 0), at(-10 + off, 180 - off));

		assert_true(length_m > 19.8e6 && length_m < 20003931.459);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_distances_come_out_to_the_millimetre),
		cmocka_unit_test(a_geodesic_that_is_walked_is_as_long_as_it_is_said_to_be),
		cmocka_unit_test(along_the_equator_the_length_is_the_arc),
		cmocka_unit_test(along_a_meridian_the_length_is_the_integral_of_its_radius),
		cmocka_unit_test(the_same_place_is_no_distance_away),
		cmocka_unit_test(the_date_line_is_no_barrier),
		cmocka_unit_test(heights_do_not_count),
		cmocka_unit_test(nearly_antipodal_points_are_good_to_half_a_percent),
	};

	return cmocka_run_group_tests_name("geodesic", tests, NULL, NULL);
}
