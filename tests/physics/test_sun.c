// SPDX-License-Identifier: BSD-3-Clause
// The sun against ERFA, and sun outages against a search by seconds with ERFA's sun.
#include "dataplane/physics/sun.h"

#include <errno.h>

#include "dataplane/physics/utc.h"
#include "tests/physics/near.h"

#define DEGREE (M_PI / 180)

static const struct geodetic betzdorf = {49.6935, 6.33, 300};
static const struct geodetic redu = {50.000456, 5.145344, 386.6};

static int64_t at(const char *text)
{
	int64_t utc_ns;

	assert_int_equal(utc_parse(text, &utc_ns), 0);
	return utc_ns;
}

// python3-erfa: epv00 for the Earth, ab for aberration, pnm06a and gst06a with UT1 = UTC.
static void the_sun_stands_where_erfa_puts_it_to_a_hundredth_degree(void **state)
{
	static const struct {
		const char *text;
		double direction[3], distance_m;
	} figures[] = {
		{"1975-01-01T00:00:00Z", {-0.91994330, -0.01256162, -0.39185014}, 1.470990e11},
		{"2026-03-01T11:00:00Z", {0.94253662, 0.30761417, -0.13037727}, 1.482251e11},
		{"2026-06-21T03:00:00Z", {-0.65365896, 0.64383440, 0.39775272}, 1.520184e11},
		{"2026-10-11T11:20:00Z", {0.98553366, 0.11553262, -0.12399845}, 1.493552e11},
		{"2049-12-31T18:00:00Z", {0.01300733, -0.92030013, -0.39099679}, 1.471078e11},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		struct sun sun = sun_at(at(figures[i].text));
		double off = 0;

		for (int j = 0; j < 3; j++)
			off += pow(sun.direction[j] - figures[i].direction[j], 2);
		near_to(sqrt(off) / DEGREE, 0, 0.01);
		near_to(sun.distance_m / figures[i].distance_m, 1, 1e-4);
	}
}

static void at_noon_of_an_equinox_it_stands_above_the_equator(void **state)
{
	struct ground ground = ground_at((struct geodetic){0, 0, 0});

	(void)state;
	// The equinox of March 2026: on the 20th at 14:46 UTC.
	near_to(asin(sun_at(at("2026-03-20T14:46:00Z")).direction[2]) / DEGREE, 0, 0.005);
	assert_true(sun_seen(&ground, at("2026-03-20T12:07:00Z")).elevation_deg > 89.5);
	assert_true(sun_seen(&ground, at("2026-03-20T00:07:00Z")).elevation_deg < -89.5);
}

struct season {
	const char *from, *peak, *to;
	double separation_deg;
};

static void expect(struct geodetic site, double longitude_deg, double frequency_hz,
		   double diameter_m, const struct season *seasons, int count)
{
	struct ground ground = ground_at(site);
	struct sun_outage outages[32];
	struct orbit orbit;
	double angle_deg = sun_outage_angle_deg(frequency_hz, diameter_m);

	assert_true(orbit_make_geostationary(&orbit, longitude_deg, NULL));
	assert_int_equal(sun_find_outages(&ground, &orbit, angle_deg, at("2026-01-01"),
					  at("2027-01-01"), outages, 32),
			 count);
	for (int i = 0; i < count; i++) {
		// A hundredth of a degree is 2.4 s, more where the sun only grazes the beam.
		near_to((double)(outages[i].from_utc_ns - at(seasons[i].from)) * 1e-9, 0, 12);
		near_to((double)(outages[i].peak_utc_ns - at(seasons[i].peak)) * 1e-9, 0, 12);
		near_to((double)(outages[i].to_utc_ns - at(seasons[i].to)) * 1e-9, 0, 12);
		near_to(outages[i].separation_deg, seasons[i].separation_deg, 0.005);
		near_to(outages[i].depth, 1 - seasons[i].separation_deg / angle_deg, 0.01);
	}
	// A list that is too short keeps the first ones and says so.
	assert_int_equal(sun_find_outages(&ground, &orbit, angle_deg, at("2026-01-01"),
					  at("2027-01-01"), outages, 1),
			 -ENOSPC);
	near_to((double)(outages[0].peak_utc_ns - at(seasons[0].peak)) * 1e-9, 0, 12);
}

static void betzdorf_loses_19_2_east_to_the_sun_on_these_days(void **state)
{
	static const struct season seasons[] = {
		{"2026-02-28T10:47:00Z", "2026-02-28T10:50:10Z", "2026-02-28T10:53:20Z", 0.6427},
		{"2026-03-01T10:46:02Z", "2026-03-01T10:49:58Z", "2026-03-01T10:53:55Z", 0.2634},
		{"2026-03-02T10:45:43Z", "2026-03-02T10:49:46Z", "2026-03-02T10:53:50Z", 0.1181},
		{"2026-03-03T10:46:01Z", "2026-03-03T10:49:34Z", "2026-03-03T10:53:07Z", 0.5007},
		{"2026-03-04T10:47:21Z", "2026-03-04T10:49:20Z", "2026-03-04T10:51:20Z", 0.8850},
		{"2026-10-09T10:22:55Z", "2026-10-09T10:24:57Z", "2026-10-09T10:26:59Z", 0.8791},
		{"2026-10-10T10:21:08Z", "2026-10-10T10:24:41Z", "2026-10-10T10:28:14Z", 0.5000},
		{"2026-10-11T10:20:22Z", "2026-10-11T10:24:25Z", "2026-10-11T10:28:29Z", 0.1225},
		{"2026-10-12T10:20:13Z", "2026-10-12T10:24:10Z", "2026-10-12T10:28:08Z", 0.2536},
		{"2026-10-13T10:20:43Z", "2026-10-13T10:23:56Z", "2026-10-13T10:27:08Z", 0.6278},
		{"2026-10-14T10:23:02Z", "2026-10-14T10:23:42Z", "2026-10-14T10:24:21Z", 1.0001},
	};

	(void)state;
	near_to(sun_outage_angle_deg(11.7e9, 1.2), 1.0133458708826213, 1e-9);
	expect(betzdorf, 19.2, 11.7e9, 1.2, seasons, sizeof(seasons) / sizeof(seasons[0]));
}

static void redu_loses_govsat_in_x_band_on_these_days(void **state)
{
	static const struct season seasons[] = {
		{"2026-03-01T10:38:03Z", "2026-03-01T10:39:22Z", "2026-03-01T10:40:42Z", 0.2514},
		{"2026-03-02T10:37:35Z", "2026-03-02T10:39:10Z", "2026-03-02T10:40:45Z", 0.1300},
		{"2026-10-11T10:12:15Z", "2026-10-11T10:13:49Z", "2026-10-11T10:15:24Z", 0.1401},
		{"2026-10-12T10:12:12Z", "2026-10-12T10:13:34Z", "2026-10-12T10:14:56Z", 0.2360},
	};

	(void)state;
	expect(redu, 21.5, 7.5e9, 9.5, seasons, sizeof(seasons) / sizeof(seasons[0]));
}

static void what_makes_no_outage_is_refused(void **state)
{
	struct ground ground = ground_at(betzdorf);
	struct sun_outage outage;
	struct orbit orbit;

	(void)state;
	assert_true(orbit_make_geostationary(&orbit, 19.2, NULL));
	assert_int_equal(sun_find_outages(&ground, &orbit, 1, 1, 1, &outage, 1), -EINVAL);
	assert_int_equal(sun_find_outages(&ground, &orbit, NAN, 0, 1, &outage, 1), -EINVAL);
	assert_int_equal(sun_find_outages(&ground, &orbit, 1, at("2026-03-01T11:00:00Z"),
					  at("2026-03-02T10:00:00Z"), &outage, 1),
			 0);
}

// Beyond the horizon the sun passes a satellite, too, and shines on no dish.
static void a_sun_below_the_horizon_is_no_outage(void **state)
{
	struct ground ground = ground_at(betzdorf);
	struct sun_outage outages[32];
	struct orbit orbit;
	double least_deg = 180;

	(void)state;
	assert_true(orbit_make_geostationary(&orbit, 180, NULL));
	assert_int_equal(sun_find_outages(&ground, &orbit, 3, at("2026-03-01"), at("2026-04-01"),
					  outages, 32),
			 0);
	for (int64_t now = at("2026-03-01"); now < at("2026-04-01"); now += 300 * UTC_NS_PER_S)
		least_deg = fmin(least_deg, sun_separation_deg(&ground, &orbit, now));
	assert_true(least_deg < 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sun_stands_where_erfa_puts_it_to_a_hundredth_degree),
		cmocka_unit_test(at_noon_of_an_equinox_it_stands_above_the_equator),
		cmocka_unit_test(betzdorf_loses_19_2_east_to_the_sun_on_these_days),
		cmocka_unit_test(redu_loses_govsat_in_x_band_on_these_days),
		cmocka_unit_test(what_makes_no_outage_is_refused),
		cmocka_unit_test(a_sun_below_the_horizon_is_no_outage),
	};

	return cmocka_run_group_tests_name("sun", tests, NULL, NULL);
}
