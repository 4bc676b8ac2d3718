// SPDX-License-Identifier: BSD-3-Clause
// Tabled orbits: the same places as the orbits themselves to a centimetre.
#include "dataplane/physics/ephemeris.h"

#include <errno.h>

#include "dataplane/physics/utc.h"
#include "tests/physics/near.h"

static int64_t epoch(void)
{
	return utc_of_day(2026, 6, 14);
}

static double apart_m(const struct orbit_state *a, const struct orbit_state *b)
{
	double sum = 0;

	for (int i = 0; i < 3; i++)
		sum += pow(a->position_m[i] - b->position_m[i], 2);
	return sqrt(sum);
}

static double apart_m_per_s(const struct orbit_state *a, const struct orbit_state *b)
{
	double sum = 0;

	for (int i = 0; i < 3; i++)
		sum += pow(a->velocity_m_per_s[i] - b->velocity_m_per_s[i], 2);
	return sqrt(sum);
}

static void places_between_points_are_off_by_less_than_a_centimetre(void **state)
{
	struct mean_elements sets[] = {
		{epoch(), 15.6, 0.0007, 51.6, 100, 200, 300, 1e-4},
		{epoch(), 5.00115, 0.0006, 0.05, 342, 114, 49, 0},
		{epoch(), 1.0027, 0.0003, 0.05, 83, 354, 145, 0},
		{epoch(), 1.0027, 0.27, 63.4, 83, 270, 0, 0},
		{epoch(), 2.006, 0.72, 63.4, 83, 270, 0, 0},
	};
	struct orbit orbits[8];

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(orbit_make_sgp4(&orbits[i], &sets[i], NULL));
	assert_true(orbit_make_geostationary(&orbits[5], 19.2, NULL));
	assert_true(orbit_make_circular(&orbits[6], 8062000, 70, 40, 10, epoch(), NULL));
	assert_true(orbit_make_kepler(
		&orbits[7], &(struct orbit_ellipse){epoch(), 20e6, 0.6, 50, 1, 2, 3}, NULL));
	for (int i = 0; i < 8; i++) {
		struct ephemeris ephemeris = {0};
		struct orbit tabled;
		struct orbit_state is, expected;

		assert_int_equal(
			ephemeris_make(&ephemeris, &orbits[i], epoch(), epoch() + UTC_NS_PER_DAY),
			0);
		orbit_make_tabled(&tabled, &ephemeris);
		near_to(orbit_period_s(&tabled), orbit_period_s(&orbits[i]), 0);
		assert_int_equal(orbit_epoch_utc_ns(&tabled), orbit_epoch_utc_ns(&orbits[i]));
		for (int64_t at = epoch(); at <= epoch() + UTC_NS_PER_DAY; at += 7777777777) {
			assert_int_equal(orbit_at(&tabled, at, &is), 0);
			assert_int_equal(orbit_at(&orbits[i], at, &expected), 0);
			if (!(apart_m(&is, &expected) < 0.01))
				fail_msg("orbit %d is off by %g m", i, apart_m(&is, &expected));
			// SGP4's velocity is not quite the derivative of its place.
			near_to(apart_m_per_s(&is, &expected), 0, i < 5 ? 2 : 0.01);
		}
		ephemeris_fini(&ephemeris);
		assert_null(ephemeris.points);
	}
}

static void beyond_the_table_the_orbit_itself_answers(void **state)
{
	struct orbit orbit, tabled;
	struct ephemeris ephemeris = {0};
	struct orbit_state is, expected;

	(void)state;
	assert_true(orbit_make_circular(&orbit, 8062000, 70, 40, 10, epoch(), NULL));
	assert_int_equal(ephemeris_make(&ephemeris, &orbit, epoch(), epoch()), -EINVAL);
	assert_int_equal(ephemeris_make(&ephemeris, &orbit, epoch(), epoch() + UTC_NS_PER_DAY), 0);
	orbit_make_tabled(&tabled, &ephemeris);
	for (int day = -4; day <= 6; day += 2) {
		assert_int_equal(orbit_at(&tabled, epoch() + day * UTC_NS_PER_DAY, &is), 0);
		assert_int_equal(orbit_at(&orbit, epoch() + day * UTC_NS_PER_DAY, &expected), 0);
		near_to(apart_m(&is, &expected), 0, 1e-6);
	}
	ephemeris_fini(&ephemeris);
}

// 28872 of the verification set comes down within its first hour.
static void what_has_decayed_is_not_tabled(void **state)
{
	struct mean_elements elements = {epoch(),  16.46015938, 0.0303955, 96.4736,
					 157.9986, 244.0492,    110.6523,  0.24476e-3};
	struct ephemeris ephemeris = {0};
	struct orbit orbit, tabled;
	struct orbit_state is;

	(void)state;
	assert_true(orbit_make_sgp4(&orbit, &elements, NULL));
	assert_int_equal(ephemeris_make(&ephemeris, &orbit, epoch(), epoch() + UTC_NS_PER_DAY), 0);
	orbit_make_tabled(&tabled, &ephemeris);
	for (int minute = 0; minute < 120; minute++) {
		int64_t at = epoch() + minute * 60 * UTC_NS_PER_S;

		assert_int_equal(orbit_at(&tabled, at, &is), orbit_at(&orbit, at, &is));
	}
	assert_int_equal(orbit_at(&tabled, epoch() + 3300 * UTC_NS_PER_S, &is), -EDOM);
	assert_int_not_equal(is.error, SGP4_OK);
	ephemeris_fini(&ephemeris);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_between_points_are_off_by_less_than_a_centimetre),
		cmocka_unit_test(beyond_the_table_the_orbit_itself_answers),
		cmocka_unit_test(what_has_decayed_is_not_tabled),
	};

	return cmocka_run_group_tests_name("ephemeris", tests, NULL, NULL);
}
