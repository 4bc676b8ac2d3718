// SPDX-License-Identifier: BSD-3-Clause
// Light's way over satellites: against inertial geometry, closed forms and published round trips.
#include "dataplane/physics/path.h"

#include <errno.h>

#include "dataplane/physics/utc.h"
#include "tests/physics/element_sets.h"
#include "tests/physics/near.h"

#define DEGREE         (M_PI / 180)
#define O3B_ALTITUDE_M 8062000.0
#define C_M_PER_NS     0.299792458

static const struct geodetic betzdorf = {49.6935, 6.33, 300};
static const struct geodetic thermopylae = {38.8225, 22.6867, 50};

static int64_t at(const char *text)
{
	int64_t utc_ns;

	assert_int_equal(utc_parse(text, &utc_ns), 0);
	return utc_ns;
}

static void to_19_2_east_and_back_takes_256_5_milliseconds(void **state)
{
	struct ground ground = ground_at(betzdorf);
	struct path path = {.from = &ground, .to = &ground, .satellite_count = 1};
	struct path_state is;
	struct orbit orbit;

	(void)state;
	assert_true(orbit_make_geostationary(&orbit, 19.2, NULL));
	path.satellites[0] = &orbit;
	path.from_mask_deg = path.to_mask_deg = 10;
	assert_int_equal(path_at(&path, at("2026-06-14"), &is, NULL), 0);
	near_to(is.delay_ns, 256.517e6, 1000);
	near_to(is.leg_m[0], is.leg_m[1], 0);
	near_to(is.leg_m[0], is.up.range_m, 0);
	near_to(is.margin_deg, is.up.elevation_deg - 10, 1e-9);
	near_to(path_delay_ns(&path, at("2026-06-14")), is.delay_ns, 0);
	near_to(path_margin_deg(&path, at("2026-06-14")), is.margin_deg, 0);
	// The Earth turns away under the way up to the east, and towards it on the way down.
	assert_true(is.leg_ns[0] > is.leg_m[0] / C_M_PER_NS + 10);
	assert_true(is.leg_ns[1] < is.leg_m[1] / C_M_PER_NS - 10);
	near_to(is.leg_ns[0] + is.leg_ns[1], 2 * is.leg_m[0] / C_M_PER_NS, 1);
}

// Inertial coordinates at an instant.
static void inertial(const double fixed[3], double seconds, int64_t utc_ns, double out[3])
{
	double g = utc_gmst_rad(utc_ns) + UTC_GMST_RAD_PER_S * seconds;

	out[0] = cos(g) * fixed[0] - sin(g) * fixed[1];
	out[1] = sin(g) * fixed[0] + cos(g) * fixed[1];
	out[2] = fixed[2];
}

// Where the end of a leg is some seconds after the instant: a station's for orbit == NULL.
static void place(const struct orbit *orbit, const struct ground *ground, int64_t utc_ns,
		  double seconds, double out[3])
{
	struct orbit_state is;

	if (orbit)
		assert_int_equal(orbit_at(orbit, utc_ns + llround(seconds * 1e9), &is), 0);
	inertial(orbit ? is.position_m : ground->position_m, seconds, utc_ns, out);
}

// The same by bisection of each leg in axes that stand still, the satellite asked anew each time.
static double brute_force_ns(const struct path *path, int64_t utc_ns)
{
	double sum_s = 0, from[3], to[3];

	for (unsigned i = 0; i <= path->satellite_count; i++) {
		const struct orbit *next = i < path->satellite_count ? path->satellites[i] : NULL;
		double low = 0, high = 1;

		place(i ? path->satellites[i - 1] : NULL, path->from, utc_ns, sum_s, from);
		for (int round = 0; round < 60; round++) {
			double leg_s = (low + high) / 2;

			place(next, path->to, utc_ns, sum_s + leg_s, to);
			if (hypot(hypot(to[0] - from[0], to[1] - from[1]), to[2] - from[2]) >
			    leg_s * C_M_PER_NS * 1e9)
				low = leg_s;
			else
				high = leg_s;
		}
		sum_s += low;
	}
	return sum_s * 1e9;
}

static void legs_follow_satellite_and_earth_while_light_travels(void **state)
{
	struct ground from = ground_at(betzdorf), to = ground_at(thermopylae);
	int64_t epoch = at("2026-06-14T04:13:00Z");
	struct orbit orbits[3];
	struct path path = {.from = &from, .to = &to, .satellite_count = 1};

	(void)state;
	assert_true(orbit_make_equatorial(&orbits[0], O3B_ALTITUDE_M, 10, epoch, NULL));
	assert_true(orbit_make_circular(&orbits[1], 1200e3, 60, 20, 30, epoch, NULL));
	assert_true(orbit_make_geostationary(&orbits[2], 28.2, NULL));
	for (int i = 0; i < 3; i++) {
		path.satellites[0] = &orbits[i];
		near_to(path_delay_ns(&path, epoch), brute_force_ns(&path, epoch), 0.05);
	}
	// And a chain over all three, whoever is in sight of whom.
	path.satellites[0] = &orbits[1];
	path.satellites[1] = &orbits[0];
	path.satellites[2] = &orbits[2];
	path.satellite_count = 3;
	for (int i = 0; i < 10; i++)
		near_to(path_delay_ns(&path, epoch + i * 1000 * UTC_NS_PER_S),
			brute_force_ns(&path, epoch + i * 1000 * UTC_NS_PER_S), 2);
}

// Two on the equatorial circle of O3B, an angle apart, lose sight of each other where the straight
// way touches the sphere of 100 km above the equator's.
static void the_earth_stands_between_satellites(void **state)
{
	double radius_m = EARTH_EQUATORIAL_M + O3B_ALTITUDE_M;
	double limit_deg = 2 * acos((EARTH_EQUATORIAL_M + 100e3) / radius_m) / DEGREE;
	struct ground from = ground_at((struct geodetic){0, 0, 0});
	struct ground to = ground_at((struct geodetic){0, 120, 0});
	struct orbit orbits[2];
	struct path path = {&from, &to, -90, -90, {&orbits[0], &orbits[1]}, 2};
	struct path_state is;

	(void)state;
	for (int i = -1; i <= 1; i += 2) {
		assert_true(orbit_make_equatorial(&orbits[0], O3B_ALTITUDE_M, 0, 0, NULL));
		assert_true(orbit_make_equatorial(&orbits[1], O3B_ALTITUDE_M, limit_deg + i * 0.5,
						  0, NULL));
		assert_int_equal(path_at(&path, 0, &is, NULL), 0);
		near_to(is.margin_deg, -i * 0.5, 1e-9);
		near_to(is.leg_m[1], 2 * radius_m * sin((limit_deg + i * 0.5) / 2 * DEGREE), 0.01);
		near_to(is.leg_m[0], O3B_ALTITUDE_M, 0.01);
	}
	// One of them stands higher, over the geostationary arc: each has a horizon of its own.
	limit_deg = (acos((EARTH_EQUATORIAL_M + 100e3) / radius_m) +
		     acos((EARTH_EQUATORIAL_M + 100e3) / ORBIT_GEOSTATIONARY_M)) /
		    DEGREE;
	assert_true(orbit_make_equatorial(&orbits[0], O3B_ALTITUDE_M, 0, 0, NULL));
	assert_true(orbit_make_geostationary(&orbits[1], limit_deg - 1.5, NULL));
	near_to(path_margin_deg(&path, 0), 1.5, 1e-9);
	// Closer together, the stations' own horizons bind.
	path.from_mask_deg = 80;
	assert_true(orbit_make_equatorial(&orbits[1], O3B_ALTITUDE_M, 60, 0, NULL));
	near_to(path_margin_deg(&path, 0), 10, 1e-6);
}

static void a_path_without_a_state_is_an_error_and_names_who(void **state)
{
	struct mean_elements elements = {0,        16.46015938, 0.0303955, 96.4736,
					 157.9986, 244.0492,    110.6523,  0.24476e-3};
	struct ground ground = ground_at(betzdorf);
	struct path path = {.from = &ground, .to = &ground, .satellite_count = 2};
	struct path_failure failure = {0};
	struct path_state is;
	struct orbit orbits[2];

	(void)state;
	assert_true(orbit_make_geostationary(&orbits[0], 19.2, NULL));
	elements.epoch_utc_ns = at("2026-06-14");
	assert_true(orbit_make_sgp4(&orbits[1], &elements, NULL));
	path.satellites[0] = &orbits[0];
	path.satellites[1] = &orbits[1];
	assert_int_equal(path_at(&path, at("2026-06-14T01:00:00Z"), &is, &failure), -EDOM);
	assert_int_equal(failure.satellite, 1);
	assert_int_equal(failure.error, SGP4_DECAYED);
	assert_true(isnan(path_delay_ns(&path, at("2026-06-14T01:00:00Z"))));
	assert_true(isnan(path_margin_deg(&path, at("2026-06-14T01:00:00Z"))));
	path.satellite_count = 0;
	assert_int_equal(path_at(&path, 0, &is, NULL), -EINVAL);
}

// The nearest of the satellites that both see at 5 degrees, each two minutes of 2026-06-14. The
// same by python3-sgp4 and ERFA each two minutes: 145.083, 148.531 and 156.648 ms.
static void mpower_goes_to_thermopylae_and_back_in_150_milliseconds(void **state)
{
	struct ground from = ground_at(betzdorf), to = ground_at(thermopylae);
	struct orbit orbits[16];
	struct element_set set;
	double least = INFINITY, most = 0, sum = 0;
	unsigned count = 0, seen = 0;
	FILE *file = vectors_open("tle/o3b-mpower.tle");

	(void)state;
	if (!file)
		skip();
	while (element_set_read(file, &set))
		assert_true(orbit_make_sgp4(&orbits[count++], &set.elements, NULL));
	fclose(file);
	assert_int_equal(count, 10);
	for (int i = 0; i < 720; i++) {
		int64_t now = at("2026-06-14") + i * 120 * UTC_NS_PER_S;
		double rtt_ms = INFINITY;

		for (unsigned j = 0; j < count; j++) {
			struct path path = {&from, &to, 5, 5, {&orbits[j]}, 1};

			if (path_margin_deg(&path, now) > 0)
				rtt_ms = fmin(rtt_ms, 2 * path_delay_ns(&path, now) / 1e6);
		}
		if (isinf(rtt_ms))
			continue;
		seen++;
		sum += rtt_ms;
		least = fmin(least, rtt_ms);
		most = fmax(most, rtt_ms);
	}
	assert_int_equal(seen, 720); // never out of sight at 5 degrees
	near_to(least, 145.083, 0.001);
	near_to(sum / seen, 148.531, 0.001);
	near_to(most, 156.648, 0.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_19_2_east_and_back_takes_256_5_milliseconds),
		cmocka_unit_test(legs_follow_satellite_and_earth_while_light_travels),
		cmocka_unit_test(the_earth_stands_between_satellites),
		cmocka_unit_test(a_path_without_a_state_is_an_error_and_names_who),
		cmocka_unit_test(mpower_goes_to_thermopylae_and_back_in_150_milliseconds),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
