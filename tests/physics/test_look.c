// SPDX-License-Identifier: BSD-3-Clause
// Look angles: figures from an independent computation, and geometry that needs none.
#include "dataplane/physics/look.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MEO_RADIUS_M 14440137.0
#define DEGREE       (M_PI / 180)

static void near_to(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.9g, expected %.9g +- %g", value, expected, tolerance);
}

static void betzdorf_sees_19_2_east_at_31_73_degrees(void **state)
{
	struct geodetic betzdorf = {49.6935, 6.33, 300};
	struct look look = look_equatorial(betzdorf, 19.2, GEOSTATIONARY_RADIUS_M);

	(void)state;
	near_to(look.elevation_deg, 31.73, 0.005);
	near_to((double)look_delay_ns(look.range_m), 128.259e6, 500);
	near_to((double)(2 * look_delay_ns(look.range_m)), 256.517e6, 1000);
	assert_true(look.azimuth_deg > 160 && look.azimuth_deg < 180); // a little east of south
}

static void nemea_sees_the_medium_orbit_culminate(void **state)
{
	struct geodetic nemea = {37.85, 22.62, 300};
	struct look look = look_equatorial(nemea, 22.62, MEO_RADIUS_M);

	(void)state;
	near_to(look.elevation_deg, 29.6498, 0.00005);
	near_to(look.range_m, 10171509, 1);
	near_to((double)look_delay_ns(look.range_m), 33928501, 2);
	near_to(look.azimuth_deg, 180, 1e-9);
	assert_true(look_equatorial(nemea, 22.7, MEO_RADIUS_M).elevation_deg < look.elevation_deg);
	assert_true(look_equatorial(nemea, 22.5, MEO_RADIUS_M).elevation_deg < look.elevation_deg);
}

static void below_the_satellite_it_stands_in_the_zenith(void **state)
{
	struct geodetic quito = {0, -78.5, 2850};
	struct look look = look_equatorial(quito, -78.5, GEOSTATIONARY_RADIUS_M);

	(void)state;
	near_to(look.elevation_deg, 90, 1e-6);
	near_to(look.range_m, GEOSTATIONARY_RADIUS_M - WGS84_EQUATORIAL_M - 2850, 1e-6);
}

static void at_the_antipode_it_stands_in_the_nadir(void **state)
{
	struct geodetic site = {0, 0, 0};
	struct look look = look_equatorial(site, 180, GEOSTATIONARY_RADIUS_M);

	(void)state;
	near_to(look.elevation_deg, -90, 1e-6);
	near_to(look.range_m, GEOSTATIONARY_RADIUS_M + WGS84_EQUATORIAL_M, 1e-6);
}

static void from_a_pole_it_is_below_the_horizon(void **state)
{
	struct geodetic pole = {90, 0, 0};
	double polar_m = WGS84_EQUATORIAL_M * (1 - 1 / 298.257223563);
	struct look look = look_equatorial(pole, 0, GEOSTATIONARY_RADIUS_M);

	(void)state;
	near_to(look.elevation_deg, -atan(polar_m / GEOSTATIONARY_RADIUS_M) / DEGREE, 1e-9);
	near_to(look.range_m, hypot(polar_m, GEOSTATIONARY_RADIUS_M), 1e-6);
}

static void azimuth_goes_from_north_through_east(void **state)
{
	const struct {
		double latitude_deg, longitude_deg, azimuth_deg;
	} views[] = {{0, 30, 90}, {0, -30, 270}, {40, 0, 180},
		     {-40, 0, 0}, {0, 170, 90},  {0, -170, 270}};

	(void)state;
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		struct geodetic site = {views[i].latitude_deg, 0, 0};
		struct look look =
			look_equatorial(site, views[i].longitude_deg, GEOSTATIONARY_RADIUS_M);

		near_to(look.azimuth_deg, views[i].azimuth_deg, 1e-9);
	}
	// On a sphere: tan(azimuth from south) = tan(difference of longitude) / sin(latitude).
	near_to(look_equatorial((struct geodetic){50, 0, 0}, 20, GEOSTATIONARY_RADIUS_M)
			.azimuth_deg,
		180 - atan(tan(20 * DEGREE) / sin(50 * DEGREE)) / DEGREE, 0.1);
}

// The spherical shortcut of the textbooks is good to 0.2 degrees of the vertical and some 20 km.
static void the_spherical_shortcut_agrees_roughly_everywhere(void **state)
{
	(void)state;
	for (double latitude_deg = -80; latitude_deg <= 80; latitude_deg += 20) {
		for (double longitude_deg = -180; longitude_deg <= 180; longitude_deg += 15) {
			const double earth_m = 6371000, r = GEOSTATIONARY_RADIUS_M;
			struct geodetic site = {latitude_deg, 10, 0};
			struct look look = look_equatorial(site, longitude_deg, r);
			double c = cos(latitude_deg * DEGREE) * cos((longitude_deg - 10) * DEGREE);

			near_to(look.range_m, sqrt(r * r + earth_m * earth_m - 2 * r * earth_m * c),
				22000);
			near_to(look.elevation_deg,
				atan2(c - earth_m / r, sqrt(1 - c * c)) / DEGREE, 0.25);
		}
	}
}

static void the_delay_of_a_range_is_that_of_light(void **state)
{
	(void)state;
	assert_int_equal(look_delay_ns(299792458), 1000000000);
	assert_int_equal(look_delay_ns(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(betzdorf_sees_19_2_east_at_31_73_degrees),
		cmocka_unit_test(nemea_sees_the_medium_orbit_culminate),
		cmocka_unit_test(below_the_satellite_it_stands_in_the_zenith),
		cmocka_unit_test(at_the_antipode_it_stands_in_the_nadir),
		cmocka_unit_test(from_a_pole_it_is_below_the_horizon),
		cmocka_unit_test(azimuth_goes_from_north_through_east),
		cmocka_unit_test(the_spherical_shortcut_agrees_roughly_everywhere),
		cmocka_unit_test(the_delay_of_a_range_is_that_of_light),
	};

	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
