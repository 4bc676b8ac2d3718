// SPDX-License-Identifier: BSD-3-Clause
// Passes: of curves whose edges are known, and of circles above the equator by spherical geometry.
#include "dataplane/physics/pass.h"

#include <errno.h>

#include "dataplane/physics/search.h"
#include "dataplane/physics/utc.h"
#include "tests/physics/near.h"

#define S              UTC_NS_PER_S
#define DEGREE         (M_PI / 180)
#define O3B_ALTITUDE_M 8062000.0

// offset + cos(2 pi t / period): in sight for a share of each period about its beginnings.
struct wave {
	double offset, period_s;
};

static double wave(void *context, int64_t utc_ns)
{
	const struct wave *w = context;

	return w->offset + cos(2 * M_PI * (double)utc_ns * 1e-9 / w->period_s);
}

static void expect(const struct pass *pass, double rise_s, double top_s, double set_s)
{
	near_to((double)pass->rise_utc_ns * 1e-9, rise_s, 0.0011);
	near_to((double)pass->culmination_utc_ns * 1e-9, top_s, 0.01);
	near_to((double)pass->set_utc_ns * 1e-9, set_s, 0.0011);
}

static void rise_top_and_set_are_found_to_milliseconds(void **state)
{
	struct wave w = {-0.5, 6000}; // in sight for +- 1000 s
	struct pass passes[4];

	(void)state;
	assert_int_equal(pass_find(wave, &w, 3000 * S, 21000 * S, 100 * S, passes, 4), 3);
	for (int i = 0; i < 3; i++) {
		double top_s = 6000 * (i + 1);

		expect(&passes[i], top_s - 1000, top_s, top_s + 1000);
		near_to(passes[i].culmination_margin, 0.5, 1e-9);
		assert_false(passes[i].begun);
		assert_false(passes[i].unended);
	}
}

static void a_pass_shorter_than_a_step_is_found(void **state)
{
	struct wave w = {-0.999999, 6000}; // for +- 1.35 s
	double half_s = acos(0.999999) / (2 * M_PI) * 6000;
	struct pass passes[4];

	(void)state;
	for (int shift = 0; shift < 100; shift += 7) {
		assert_int_equal(
			pass_find(wave, &w, (3000 + shift) * S, 9000 * S, 100 * S, passes, 4), 1);
		expect(&passes[0], 6000 - half_s, 6000, 6000 + half_s);
	}
}

static void a_gap_shorter_than_a_step_is_found(void **state)
{
	struct wave w = {0.999999, 6000};
	double half_s = acos(0.999999) / (2 * M_PI) * 6000;
	struct pass passes[4];

	(void)state;
	assert_int_equal(pass_find(wave, &w, 1000 * S, 5050 * S, 100 * S, passes, 4), 2);
	assert_true(passes[0].begun);
	near_to((double)passes[0].set_utc_ns * 1e-9, 3000 - half_s, 0.0011);
	near_to((double)passes[1].rise_utc_ns * 1e-9, 3000 + half_s, 0.0011);
	assert_true(passes[1].unended);
	near_to((double)passes[1].set_utc_ns, 5050e9, 0);
}

static void spans_cut_passes(void **state)
{
	struct wave w = {-0.5, 6000}, always = {2, 6000}, never = {-2, 6000};
	struct pass passes[4];

	(void)state;
	assert_int_equal(pass_find(wave, &w, 5500 * S, 6200 * S, 100 * S, passes, 4), 1);
	assert_true(passes[0].begun && passes[0].unended);
	expect(&passes[0], 5500, 6000, 6200);
	assert_int_equal(pass_find(wave, &w, 6500 * S, 7200 * S, 100 * S, passes, 4), 1);
	assert_true(passes[0].begun && !passes[0].unended);
	expect(&passes[0], 6500, 6500, 7000); // the summit was before
	assert_int_equal(pass_find(wave, &always, 0, 9000 * S, 100 * S, passes, 4), 1);
	assert_true(passes[0].begun && passes[0].unended);
	assert_int_equal(pass_find(wave, &never, 0, 9000 * S, 100 * S, passes, 4), 0);
	assert_int_equal(pass_find(wave, &w, 1100 * S, 4900 * S, 100 * S, passes, 4), 0);
}

static void a_list_too_short_and_a_span_of_nothing_are_said(void **state)
{
	struct wave w = {-0.5, 6000};
	struct pass passes[2];

	(void)state;
	assert_int_equal(pass_find(wave, &w, 3000 * S, 21000 * S, 100 * S, passes, 2), -ENOSPC);
	expect(&passes[1], 11000, 12000, 13000);
	assert_int_equal(pass_find(wave, &w, 5, 5, S, passes, 2), -EINVAL);
	assert_int_equal(pass_find(wave, &w, 5, 6, 0, passes, 2), -EINVAL);
}

static double unknown_after_5500(void *context, int64_t utc_ns)
{
	return utc_ns > 5500 * S ? NAN : wave(context, utc_ns);
}

static void what_is_unknown_is_not_in_sight(void **state)
{
	struct wave w = {-0.5, 6000};
	struct pass passes[4];

	(void)state;
	assert_int_equal(pass_find(unknown_after_5500, &w, 3000 * S, 21000 * S, 100 * S, passes, 4),
			 1);
	near_to((double)passes[0].rise_utc_ns * 1e-9, 5000, 0.0011);
	near_to((double)passes[0].set_utc_ns * 1e-9, 5500, 0.0011);
}

// From a site on the equator a satellite in its circle rises above a mask when the angle at the
// Earth's centre is acos(R cos(mask) / r) - mask; both turn, so it takes the synodic rate.
static void a_circle_passes_as_spherical_geometry_says(void **state)
{
	struct ground ground = ground_at((struct geodetic){0, 30, 0});
	double radius_m = EARTH_EQUATORIAL_M + O3B_ALTITUDE_M, mask_deg = 10;
	double half =
		acos(EARTH_EQUATORIAL_M * cos(mask_deg * DEGREE) / radius_m) - mask_deg * DEGREE;
	double rate = sqrt(EARTH_MU_M3_PER_S2 / pow(radius_m, 3)) - UTC_GMST_RAD_PER_S;
	struct pass passes[16];
	struct orbit orbit;
	struct path path = {&ground, &ground, mask_deg, mask_deg, {&orbit}, 1};

	(void)state;
	assert_true(orbit_make_equatorial(&orbit, O3B_ALTITUDE_M, 30 - 180, 0, NULL));
	assert_int_equal(pass_find_path(&path, 0, UTC_NS_PER_DAY, passes, 16), 4);
	for (int i = 0; i < 4; i++) {
		double top_s = (M_PI + 2 * M_PI * i) / rate;

		expect(&passes[i], top_s - half / rate, top_s, top_s + half / rate);
		near_to(passes[i].culmination_margin, 80, 1e-4);
	}
}

static void steps_suit_the_orbit(void **state)
{
	struct orbit orbit;

	(void)state;
	assert_true(orbit_make_circular(&orbit, 550e3, 53, 0, 0, 0, NULL));
	near_to((double)pass_step_ns(&orbit) * 1e-9, orbit_period_s(&orbit) / 240, 1e-6);
	assert_true(orbit_make_geostationary(&orbit, 0, NULL));
	near_to((double)pass_step_ns(&orbit) * 1e-9, 359.017, 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rise_top_and_set_are_found_to_milliseconds),
		cmocka_unit_test(a_pass_shorter_than_a_step_is_found),
		cmocka_unit_test(a_gap_shorter_than_a_step_is_found),
		cmocka_unit_test(spans_cut_passes),
		cmocka_unit_test(a_list_too_short_and_a_span_of_nothing_are_said),
		cmocka_unit_test(what_is_unknown_is_not_in_sight),
		cmocka_unit_test(a_circle_passes_as_spherical_geometry_says),
		cmocka_unit_test(steps_suit_the_orbit),
	};

	return cmocka_run_group_tests_name("pass", tests, NULL, NULL);
}
