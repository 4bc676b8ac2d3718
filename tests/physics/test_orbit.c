// SPDX-License-Identifier: BSD-3-Clause
// Orbits and the sky: figures of python3-sgp4 and ERFA, closed forms, derivatives by differences.
#include "dataplane/physics/orbit.h"

#include <errno.h>
#include <string.h>

#include "dataplane/physics/topocentric.h"
#include "dataplane/physics/utc.h"
#include "tests/physics/near.h"

#define DEGREE         (M_PI / 180)
#define O3B_ALTITUDE_M 8062000.0

static const struct geodetic betzdorf = {49.6935, 6.33, 300}, nemea = {37.85, 22.62, 300};

static int64_t at(const char *text)
{
	int64_t utc_ns;

	assert_int_equal(utc_parse(text, &utc_ns), 0);
	return utc_ns;
}

static struct topocentric seen(struct geodetic site, const struct orbit *orbit, int64_t utc_ns)
{
	struct ground ground = ground_at(site);
	struct orbit_state state;
	struct topocentric sky;

	assert_int_equal(orbit_at(orbit, utc_ns, &state), 0);
	sky = topocentric_of(&ground, &state);
	near_to(topocentric_elevation_deg(&ground, &state), sky.elevation_deg, 1e-9);
	return sky;
}

static void betzdorf_sees_19_2_east_at_31_73_degrees(void **state)
{
	struct orbit orbit;
	struct topocentric sky;

	(void)state;
	assert_true(orbit_make_geostationary(&orbit, 19.2, NULL));
	sky = seen(betzdorf, &orbit, 0);
	near_to(sky.elevation_deg, 31.73, 0.005);
	near_to((double)light_delay_ns(sky.range_m), 128.259e6, 500);
	near_to(sky.range_rate_m_per_s, 0, 0);
	near_to(seen(betzdorf, &orbit, at("2026-06-14")).range_m, sky.range_m, 0);
	near_to(orbit_period_s(&orbit), 86164.09, 0.01);
}

static void nemea_sees_the_medium_orbit_culminate(void **state)
{
	int64_t epoch = at("2026-06-14T04:13:00Z");
	struct orbit orbit;
	struct topocentric sky;

	(void)state;
	assert_true(orbit_make_equatorial(&orbit, O3B_ALTITUDE_M, 22.62, epoch, NULL));
	sky = seen(nemea, &orbit, epoch);
	near_to(sky.elevation_deg, 29.6498, 0.0001);
	near_to(sky.range_m, 10171509, 150); // of a radius of 14 440 137 m
	near_to(sky.azimuth_deg, 180, 1e-5);
	near_to(sky.range_rate_m_per_s, 0, 0.01);
	near_to(orbit_period_s(&orbit), 17269.030, 0.25);
}

// A circle of exactly the worked radius: facts of period, and where it stands hours later.
static void a_circle_runs_by_its_closed_form(void **state)
{
	int64_t epoch = at("2026-06-14T04:13:00Z");
	const double radius_m = 14440137.0, inclination = 40 * DEGREE, node = 70 * DEGREE;
	struct orbit orbit;

	(void)state;
	assert_true(orbit_make_circular(&orbit, radius_m - EARTH_EQUATORIAL_M, 40, 70, 10, epoch,
					NULL));
	near_to(orbit_period_s(&orbit), 17269.030, 0.001);
	assert_int_equal(orbit_epoch_utc_ns(&orbit), epoch);
	for (int i = -5; i <= 50; i++) {
		int64_t now = epoch + i * 1777 * UTC_NS_PER_S;
		double u = 10 * DEGREE + sqrt(3.986004418e14 / pow(radius_m, 3)) * i * 1777;
		double x = radius_m * (cos(node) * cos(u) - sin(node) * sin(u) * cos(inclination));
		double y = radius_m * (sin(node) * cos(u) + cos(node) * sin(u) * cos(inclination));
		double g = utc_gmst_rad(now);
		struct orbit_state is;

		assert_int_equal(orbit_at(&orbit, now, &is), 0);
		near_to(is.position_m[0], cos(g) * x + sin(g) * y, 0.1);
		near_to(is.position_m[1], cos(g) * y - sin(g) * x, 0.1);
		near_to(is.position_m[2], radius_m * sin(u) * sin(inclination), 0.1);
	}
}

// O3B MPOWER F1, AMC-14 (24 degrees inclined) and ASTRA 1N of 2026-06-14: python3-sgp4 2.15 with
// WGS-72, turned by ERFA's gmst82, site by ERFA's gd2gc, elevation by the scalar product with up.
static void published_elements_come_out_to_a_metre_of_range(void **state)
{
	static const struct mean_elements sets[] = {
		{0, 5.00114934, 0.0006396, 0.0527, 342.0736, 114.5126, 48.9702, 0},
		{0, 1.00354274, 0.0045988, 24.0004, 20.5622, 6.8842, 166.6569, 0},
		{0, 1.00269935, 0.0006002, 0.0905, 42.7419, 50.7030, 129.2367, 0},
	};
	static const double epochs[] = {0.82607139, 0.63226838, 0.83703329};
	static const struct {
		int set;
		const char *text;
		double position_m[3], elevation_deg, azimuth_deg, range_m; // from Betzdorf
	} figures[] = {
		{0,
		 "2026-06-14T04:13:00Z",
		 {140592.244, 14434901.902, 14032.171},
		 -19.993357,
		 95.143703,
		 15312172.761338},
		{0,
		 "2026-06-14T05:50:00Z",
		 {-14346252.153, -1650481.027, -3752.373},
		 -54.924588,
		 359.695237,
		 19196391.029172},
		{0,
		 "2026-06-14T07:27:00Z",
		 {3364755.330, -14053975.112, -10170.473},
		 -19.896351,
		 264.605298,
		 15317365.938316},
		{0,
		 "2026-06-14T09:04:00Z",
		 {13525850.093, 5042432.935, 14287.900},
		 13.542761,
		 161.701231,
		 11533143.179721},
		{1,
		 "2026-06-14T04:13:00Z",
		 {18419841.903, 37572864.602, 2929347.339},
		 15.122985,
		 113.294770,
		 39826290.003921},
		{1,
		 "2026-06-20T16:00:01.5Z",
		 {17583689.368, 38251581.864, -4442244.812},
		 5.964391,
		 118.262105,
		 41185794.281637},
		{2,
		 "2026-06-14T04:13:00Z",
		 {39843353.221, 13821880.657, -55356.359},
		 31.668050,
		 163.414892,
		 38465270.299169},
		{2,
		 "2026-06-20T16:00:01.5Z",
		 {39794294.998, 13915398.640, 64901.245},
		 31.811024,
		 163.195910,
		 38437205.635797},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		struct mean_elements elements = sets[figures[i].set];
		struct orbit orbit;
		struct orbit_state is;
		struct topocentric sky;

		elements.epoch_utc_ns = utc_of_day_of_year(2026, 164, epochs[figures[i].set]);
		assert_true(orbit_make_sgp4(&orbit, &elements, NULL));
		assert_int_equal(orbit_at(&orbit, at(figures[i].text), &is), 0);
		for (int j = 0; j < 3; j++)
			near_to(is.position_m[j], figures[i].position_m[j], 0.02);
		sky = seen(betzdorf, &orbit, at(figures[i].text));
		near_to(sky.range_m, figures[i].range_m, 0.02);
		near_to(sky.elevation_deg, figures[i].elevation_deg, 1e-6);
		near_to(sky.azimuth_deg, figures[i].azimuth_deg, 1e-6);
	}
}

// An orbit of each law, all but the stationary one inclined and stretched where they can be.
static void make_each(struct orbit orbits[4], int64_t epoch)
{
	struct mean_elements elements = {epoch, 5.0, 0.1, 30, 40, 50, 60, 0};
	struct orbit_ellipse ellipse = {epoch, 20e6, 0.3, 63.4, 40, 270, 10};

	assert_true(orbit_make_geostationary(&orbits[0], 21.5, NULL));
	assert_true(orbit_make_circular(&orbits[1], O3B_ALTITUDE_M, 70, 40, 10, epoch, NULL));
	assert_true(orbit_make_kepler(&orbits[2], &ellipse, NULL));
	assert_true(orbit_make_sgp4(&orbits[3], &elements, NULL));
}

static void velocity_and_range_rate_are_derivatives(void **state)
{
	int64_t epoch = at("2026-06-14T04:13:00Z"), dt_ns = UTC_NS_PER_S / 4;
	struct orbit orbits[4];

	(void)state;
	make_each(orbits, epoch);
	for (int law = 0; law < 4; law++) {
		for (int i = 0; i < 20; i++) {
			int64_t now = epoch + i * 3601 * UTC_NS_PER_S;
			struct orbit_state before, is, after;
			struct topocentric sky = seen(betzdorf, &orbits[law], now);

			assert_int_equal(orbit_at(&orbits[law], now - dt_ns, &before), 0);
			assert_int_equal(orbit_at(&orbits[law], now, &is), 0);
			assert_int_equal(orbit_at(&orbits[law], now + dt_ns, &after), 0);
			// SGP4's velocity is not the derivative of its position to the last digit.
			for (int j = 0; j < 3; j++)
				near_to(is.velocity_m_per_s[j],
					(after.position_m[j] - before.position_m[j]) / 0.5,
					law == 3 ? 0.5 : 1e-4);
			near_to(sky.range_rate_m_per_s,
				(seen(betzdorf, &orbits[law], now + dt_ns).range_m -
				 seen(betzdorf, &orbits[law], now - dt_ns).range_m) /
					0.5,
				law == 3 ? 0.5 : 1e-4);
		}
	}
}

// With J2 the node of a sun-synchronous orbit follows the sun, 360 degrees a year of 365.2422 days;
// the inclination for it at 800 km is 98.60 degrees (Wertz, table; by the same first-order law).
static void flattening_turns_node_and_perigee(void **state)
{
	struct orbit_ellipse sun_synchronous = {0, 7178137, 0.001, 98.603, 0, 0, 0};
	struct orbit_ellipse critical = {0, 26.6e6, 0.7, 63.4349488, 0, 270, 0};
	struct orbit_ellipse iss = {0, 6778137, 0.0005, 51.6, 0, 0, 0};
	struct orbit orbit;
	double day = 86400 / DEGREE;

	(void)state;
	assert_true(orbit_make_kepler(&orbit, &sun_synchronous, NULL));
	near_to(orbit.node_rad_per_s * day, 360 / 365.2422, 0.001);
	assert_true(orbit_make_kepler(&orbit, &critical, NULL));
	near_to(orbit.perigee_rad_per_s * day, 0, 1e-6);
	assert_true(orbit_make_kepler(&orbit, &iss, NULL));
	near_to(orbit.node_rad_per_s * day, -5.0, 0.02);  // the well-known 5 degrees a day
	near_to(orbit.perigee_rad_per_s * day, 3.8, 0.1); // and 3.8 of the perigee
}

// Kepler's equation holds at the state: r = p / (1 + e cos f), and the areas are equal.
static void an_ellipse_keeps_keplers_laws(void **state)
{
	struct orbit_ellipse ellipse = {0, 26.6e6, 0.72, 0, 0, 0, 0};
	struct orbit orbit;
	struct orbit_state is;

	(void)state;
	assert_true(orbit_make_kepler(&orbit, &ellipse, NULL));
	orbit.node_rad_per_s = orbit.perigee_rad_per_s = 0; // an orbit about a point
	for (int i = 0; i < 24; i++) {
		double share = i / 24.0, t_s = share * orbit_period_s(&orbit);
		int64_t now = llround(t_s * 1e9);
		double x, y, r, f, e, g = utc_gmst_rad(now);

		assert_int_equal(orbit_at(&orbit, now, &is), 0);
		x = cos(g) * is.position_m[0] - sin(g) * is.position_m[1];
		y = sin(g) * is.position_m[0] + cos(g) * is.position_m[1];
		r = hypot(x, y);
		f = atan2(y, x);
		near_to(r, 26.6e6 * (1 - 0.72 * 0.72) / (1 + 0.72 * cos(f)), 0.01);
		e = 2 * atan2(sqrt(1 - 0.72) * sin(f / 2), sqrt(1 + 0.72) * cos(f / 2));
		near_to(remainder(e - 0.72 * sin(e) - 2 * M_PI * share, 2 * M_PI), 0, 1e-9);
	}
}

static void a_walker_pattern_is_spread_evenly(void **state)
{
	struct orbit orbit;

	(void)state;
	// 24/3/1: eight a plane 45 degrees apart, planes 120 apart, 15 degrees of phase from plane
	// to plane.
	assert_true(orbit_make_walker(&orbit, 24, 3, 1, 0, 1e7, 55, 30, 5, 0, NULL));
	near_to(orbit.ellipse.ascending_node_deg, 30, 1e-12);
	near_to(orbit.ellipse.mean_anomaly_deg, 5, 1e-12);
	assert_true(orbit_make_walker(&orbit, 24, 3, 1, 7, 1e7, 55, 30, 5, 0, NULL));
	near_to(orbit.ellipse.ascending_node_deg, 30, 1e-12);
	near_to(orbit.ellipse.mean_anomaly_deg, 320, 1e-12);
	assert_true(orbit_make_walker(&orbit, 24, 3, 1, 17, 1e7, 55, 30, 5, 0, NULL));
	near_to(orbit.ellipse.ascending_node_deg, 270, 1e-12);
	near_to(orbit.ellipse.mean_anomaly_deg, 5 + 45 + 30, 1e-12);
}

static void figures_out_of_range_are_refused_by_name(void **state)
{
	struct orbit_ellipse deep = {0, 8e6, 0.3, 0, 0, 0, 0};
	struct mean_elements backwards = {0, -1, 0, 0, 0, 0, 0, 0};
	struct range_fault fault;
	struct orbit orbit = {.longitude_deg = 1};
	char text[200];

	(void)state;
#define REFUSED(call, said)                                                                        \
	do {                                                                                       \
		assert_false(call);                                                                \
		range_format(&fault, text, sizeof(text));                                          \
		assert_string_equal(text, said);                                                   \
		near_to(orbit.longitude_deg, 1, 0);                                                \
	} while (0)
	REFUSED(orbit_make_geostationary(&orbit, 400, &fault),
		"longitude is 400 deg; expected -180 to 360 deg");
	REFUSED(orbit_make_circular(&orbit, 50e3, 0, 0, 0, 0, &fault),
		"altitude is 50000 m; expected 100000 to 1000000000 m");
	REFUSED(orbit_make_circular(&orbit, 8e6, 190, 0, 0, 0, &fault),
		"inclination is 190 deg; expected 0 to 180 deg");
	REFUSED(orbit_make_circular(&orbit, 8e6, 90, 0, 361, 0, &fault),
		"phase is 361 deg; expected -360 to 360 deg");
	REFUSED(orbit_make_circular(&orbit, NAN, 90, 0, 0, 0, &fault),
		"altitude is nan m; expected 100000 to 1000000000 m");
	REFUSED(orbit_make_equatorial(&orbit, 8e6, 361, 0, &fault),
		"longitude is 361 deg; expected -180 to 360 deg");
	REFUSED(orbit_make_kepler(&orbit, &deep, &fault),
		"altitude of the perigee is -778137 m; expected 100000 to 1000000000 m");
	REFUSED(orbit_make_sgp4(&orbit, &backwards, &fault),
		"mean motion is -1 rev/day; expected 1e-06 to 18 rev/day");
	REFUSED(orbit_make_walker(&orbit, 10, 3, 0, 0, 8e6, 0, 0, 0, 0, &fault),
		"remainder of satellites over planes is 1; expected 0 to 0");
	REFUSED(orbit_make_walker(&orbit, 9, 3, 3, 0, 8e6, 0, 0, 0, 0, &fault),
		"phasing is 3; expected 0 to 2");
#undef REFUSED
}

// 28872 of the verification set comes down 55 minutes after its epoch.
static void what_has_decayed_says_so(void **state)
{
	struct mean_elements elements = {0,        16.46015938, 0.0303955, 96.4736,
					 157.9986, 244.0492,    110.6523,  0.24476e-3};
	struct orbit orbit;
	struct orbit_state is;

	(void)state;
	elements.epoch_utc_ns = utc_of_day_of_year(2005, 333, 0.02012661);
	assert_true(orbit_make_sgp4(&orbit, &elements, NULL));
	assert_int_equal(orbit_at(&orbit, elements.epoch_utc_ns, &is), 0);
	assert_int_equal(orbit_at(&orbit, elements.epoch_utc_ns + 3300 * UTC_NS_PER_S, &is), -EDOM);
	assert_int_equal(is.error, SGP4_DECAYED);
	assert_string_equal(sgp4_error_text(is.error), "the satellite has decayed");
}

static void zenith_nadir_and_pole_are_where_they_are(void **state)
{
	struct orbit orbit;
	struct topocentric sky;
	double polar_m = EARTH_EQUATORIAL_M * (1 - EARTH_FLATTENING);

	(void)state;
	assert_true(orbit_make_geostationary(&orbit, -78.5, NULL));
	sky = seen((struct geodetic){0, -78.5, 2850}, &orbit, 0);
	near_to(sky.elevation_deg, 90, 1e-6);
	near_to(sky.range_m, ORBIT_GEOSTATIONARY_M - EARTH_EQUATORIAL_M - 2850, 1e-6);
	sky = seen((struct geodetic){0, 101.5, 0}, &orbit, 0);
	near_to(sky.elevation_deg, -90, 1e-6);
	sky = seen((struct geodetic){90, 0, 0}, &orbit, 0);
	near_to(sky.elevation_deg, -atan(polar_m / ORBIT_GEOSTATIONARY_M) / DEGREE, 1e-9);
	near_to(sky.range_m, hypot(polar_m, ORBIT_GEOSTATIONARY_M), 1e-6);
	near_to(seen((struct geodetic){0, -108.5, 0}, &orbit, 0).azimuth_deg, 90, 1e-9);
	near_to(seen((struct geodetic){0, -48.5, 0}, &orbit, 0).azimuth_deg, 270, 1e-9);
	near_to(seen((struct geodetic){-40, -78.5, 0}, &orbit, 0).azimuth_deg, 0, 1e-9);
	assert_int_equal(light_delay_ns(299792458), 1000000000);
	assert_int_equal(light_delay_ns(-1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(betzdorf_sees_19_2_east_at_31_73_degrees),
		cmocka_unit_test(nemea_sees_the_medium_orbit_culminate),
		cmocka_unit_test(a_circle_runs_by_its_closed_form),
		cmocka_unit_test(published_elements_come_out_to_a_metre_of_range),
		cmocka_unit_test(velocity_and_range_rate_are_derivatives),
		cmocka_unit_test(flattening_turns_node_and_perigee),
		cmocka_unit_test(an_ellipse_keeps_keplers_laws),
		cmocka_unit_test(a_walker_pattern_is_spread_evenly),
		cmocka_unit_test(figures_out_of_range_are_refused_by_name),
		cmocka_unit_test(what_has_decayed_says_so),
		cmocka_unit_test(zenith_nadir_and_pole_are_where_they_are),
	};

	return cmocka_run_group_tests_name("orbit", tests, NULL, NULL);
}
