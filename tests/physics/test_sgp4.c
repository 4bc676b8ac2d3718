// SPDX-License-Identifier: BSD-3-Clause
// SGP4 against the states published with AIAA 2006-6753: some here, all of them where the files
// are.
#include "dataplane/physics/sgp4.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/physics/utc.h"
#include "tests/physics/element_sets.h"

#define POSITION_KM       1e-6
#define VELOCITY_KM_PER_S 1e-9
#define POINTS            667

struct figure {
	unsigned number;
	int year, day;
	double fraction;
	struct mean_elements elements; // without the epoch
	double at_min, position_km[3], velocity_km_per_s[3];
};

// The last row of an object each: near and deep, round and stretched, of one day and of half a
// day in every range of eccentricity, inclined by less and more than Lyddane's limit, low perigees.
static const struct figure figures[] = {
	{5,
	 2000,
	 179,
	 0.78495062,
	 {0, 10.82419157, 0.1859667, 34.2682, 348.7242, 331.7664, 19.3264, .28098e-4},
	 4320.0,
	 {-9060.47373569, 4658.70952502, 813.68673153},
	 {-2.232832783, -4.110453490, -3.157345433}},
	{4632,
	 2004,
	 31,
	 0.91070959,
	 {0, 1.20231981, 0.1450506, 11.4628, 273.1101, 207.6, 143.935, .10000e-3},
	 -4896.0,
	 {-15129.94694545, -36907.74526221, -3487.56256701},
	 {2.581167187, -1.524204737, 0.504805763}},
	{6251,
	 2006,
	 176,
	 0.82412014,
	 {0, 15.56387291, 0.0030035, 58.0579, 54.0425, 139.1568, 221.1854, .12808e-3},
	 2880.0,
	 {1159.27802897, 5056.60175495, 4353.49418579},
	 {-5.968060341, -2.314790406, 4.230722669}},
	{8195,
	 2006,
	 176,
	 0.33215444,
	 {0, 2.00491383, 0.6877146, 64.1586, 279.0717, 264.7651, 20.2257, .11873e-3},
	 2880.0,
	 {3417.20931586, -16038.79510665, 1894.74934058},
	 {2.585515864, -2.596818146, 4.456882556}},
	{9880,
	 2006,
	 176,
	 0.56157475,
	 {0, 2.00813614, 0.7069051, 64.5968, 349.3786, 270.0229, 16.332, .10000e-3},
	 2880.0,
	 {15500.53445068, -1332.90981042, 3419.72315308},
	 {2.960917974, 1.758331634, 4.813698638}},
	{9998,
	 2005,
	 148,
	 0.79417928,
	 {0, 1.16186785, 0.0270971, 9.4958, 313.175, 327.5225, 30.8097, .00000e+0},
	 -720.0,
	 {-8535.81598158, 38171.79073851, 3331.00311285},
	 {-3.043839958, -0.644462527, -0.445808894}},
	{14128,
	 2006,
	 176,
	 0.02844893,
	 {0, 0.98870114, 0.0011562, 11.4384, 35.2134, 26.4582, 333.5652, .10000e-3},
	 2880.0,
	 {37802.25393045, 19433.57330019, -1198.66634226},
	 {-1.359930580, 2.677830903, 0.602507466}},
	{16925,
	 2006,
	 151,
	 0.67415771,
	 {0, 4.88511875, 0.5596327, 62.0906, 295.0239, 245.1593, 47.969, .18784e-3},
	 1440.0,
	 {-984.62035146, -5187.03480813, -5745.59594144},
	 {4.340271916, -7.266811354, 1.777668888}},
	{20413,
	 2005,
	 363,
	 0.79166667,
	 {0, 0.24690082, 0.7864447, 12.3514, 187.4253, 196.3027, 356.5478, .00000e+0},
	 4320.0,
	 {-119384.69396454, -108254.71115372, 19306.39581892},
	 {1.091093313, -0.076447479, 0.038319282}},
	{22674,
	 2006,
	 176,
	 0.55909107,
	 {0, 1.96679808, 0.7541712, 63.5035, 354.4452, 253.3264, 18.7754, .29868e-3},
	 2880.0,
	 {-7331.65006707, -604.17323419, -2723.51014575},
	 {6.168997265, -3.634011554, -5.963531682}},
	{23333,
	 1994,
	 305,
	 0.49999999,
	 {0, 0.07309491, 0.9728298, 28.749, 2.372, 30.436, 1.35, .10000e-3},
	 1600.0,
	 {-200638.82986236, -82484.14969882, -39488.34331447},
	 {-1.186748462, -0.665472422, -0.337037582}},
	{24208,
	 2006,
	 177,
	 0.04061740,
	 {0, 1.00778054, 0.0026640, 3.8536, 80.0121, 311.0977, 48.3, .10000e-3},
	 1440.0,
	 {5501.08137100, 41590.27784405, 138.32522930},
	 {-3.050691874, 0.409203052, 0.207958133}},
	{25954,
	 2004,
	 39,
	 0.68057285,
	 {0, 1.00271289, 0.0001765, 0.0004, 243.8136, 15.5294, 22.7134, .00000e-0},
	 1440.0,
	 {9533.27750818, -41065.52390214, 3.30756482},
	 {2.995596171, 0.695200236, 0.000938525}},
	{26900,
	 2006,
	 106,
	 0.74503247,
	 {0, 1.00273847, 0.0003319, 0.0164, 266.5378, 86.1794, 182.259, .10000e-3},
	 9400.0,
	 {41304.75156132, 8398.27742944, 9.74006214},
	 {-0.612515135, 3.014117469, -0.000511575}},
	{26975,
	 2006,
	 174,
	 0.85818871,
	 {0, 2.05657553, 0.5602877, 68.4714, 236.1303, 123.7484, 302.5767, .10000e-3},
	 2880.0,
	 {43.69305308, -8145.90299207, 11634.57079913},
	 {3.780661682, 5.105315423, 0.714401345}},
	{28057,
	 2006,
	 177,
	 0.78615833,
	 {0, 14.35478080, 0.0000884, 98.4283, 247.6961, 88.1964, 271.9322, .35940e-4},
	 2880.0,
	 {1788.42334580, 1990.50530957, -6640.59337725},
	 {-2.074169091, -6.683381288, -2.562777776}},
	{28350,
	 2006,
	 167,
	 0.21788666,
	 {0, 16.47856722, 0.0024870, 64.9977, 345.613, 260.7578, 99.959, .18678e-3},
	 1440.0,
	 {-4527.90871828, -723.29199041, -4527.44608319},
	 {5.121674217, -3.909895427, -4.500218556}},
	{28623,
	 2006,
	 177,
	 0.81079184,
	 {0, 3.79477162, 0.6249053, 28.52, 114.9834, 170.255, 212.8965, .96390e-3},
	 1440.0,
	 {-2914.31065828, 26665.20392758, -4511.09814335},
	 {-2.216261909, 0.710067769, 0.940691824}},
	{28626,
	 2006,
	 176,
	 0.46683397,
	 {0, 1.00270176, 0.0000335, 0.0019, 286.9433, 13.7918, 55.6504, .10000e-3},
	 1440.0,
	 {42119.96263499, -1925.77567263, -0.19827433},
	 {0.140521206, 3.071541613, 0.000179561}},
	{88888,
	 1980,
	 275,
	 0.98708465,
	 {0, 16.05824518, 0.0086731, 72.8435, 115.9689, 52.6988, 110.5714, .66816e-4},
	 1440.0,
	 {2742.55398832, -6079.67009123, -326.39012649},
	 {1.948497651, 1.211072678, -7.356193131}},
};

static void near_to(unsigned number, double at_min, const struct sgp4_state *state,
		    const double position_km[3], const double velocity_km_per_s[3])
{
	for (int i = 0; i < 3; i++) {
		double far_km = fabs(state->position_km[i] - position_km[i]);
		double fast = fabs(state->velocity_km_per_s[i] - velocity_km_per_s[i]);

		if (!(far_km <= POSITION_KM && fast <= VELOCITY_KM_PER_S))
			fail_msg("%u at %g min: axis %d is off by %g km, %g km/s", number, at_min,
				 i, far_km, fast);
	}
}

static void published_states_come_out_to_a_millimetre(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		const struct figure *figure = &figures[i];
		struct mean_elements elements = figure->elements;
		struct sgp4_state at;
		struct sgp4 orbit;

		elements.epoch_utc_ns =
			utc_of_day_of_year(figure->year, figure->day, figure->fraction);
		assert_true(sgp4_init(&orbit, &elements, NULL));
		assert_int_equal(sgp4_at(&orbit, figure->at_min, &at), SGP4_OK);
		near_to(figure->number, figure->at_min, &at, figure->position_km,
			figure->velocity_km_per_s);
	}
}

// Rows of one object until the next one's number; gives how many.
static int compare_object(FILE *rows, const struct element_set *set, double *last_min)
{
	struct sgp4 orbit;
	char line[256];
	int count = 0;

	assert_true(sgp4_init(&orbit, &set->elements, NULL));
	for (;;) {
		long before = ftell(rows);
		double t, r[3], v[3];
		struct sgp4_state at;
		enum sgp4_error error;

		if (!fgets(line, sizeof(line), rows))
			return count;
		if (strstr(line, "xx")) {
			fseek(rows, before, SEEK_SET);
			return count;
		}
		assert_int_equal(sscanf(line, "%lf %lf %lf %lf %lf %lf %lf", &t, &r[0], &r[1],
					&r[2], &v[0], &v[1], &v[2]),
				 7);
		*last_min = t;
		count++;
		error = sgp4_at(&orbit, t, &at);
		if (set->number == 33334) { // the row repeats what the object before left behind
			assert_int_equal(error, SGP4_ECCENTRICITY);
			continue;
		}
		assert_int_equal(error, SGP4_OK);
		near_to(set->number, t, &at, r, v);
	}
}

// Where the rows of an object stop early, the next one is an error.
static enum sgp4_error stops_with(const struct element_set *set, double last_min)
{
	struct sgp4_state at;
	struct sgp4 orbit;

	assert_true(sgp4_init(&orbit, &set->elements, NULL));
	return sgp4_at(&orbit, last_min + set->step_min, &at);
}

static void all_published_states_come_out(void **state)
{
	static const struct {
		unsigned number;
		double last_min;
		enum sgp4_error error;
	} stops[] = {
		{22312, 474.2028672, SGP4_MEAN_ECCENTRICITY},
		{28350, 1440, SGP4_MEAN_ECCENTRICITY},
		{28872, 50, SGP4_DECAYED},
		{29141, 420, SGP4_DECAYED},
		{33333, 20, SGP4_SEMI_LATUS},
		{33334, 0, SGP4_ECCENTRICITY},
		{20413, 1844340, SGP4_DECAYED},
	};
	FILE *sets = vectors_open("sgp4/SGP4-VER.TLE"), *rows = vectors_open("sgp4/tcppver.out");
	struct element_set set;
	char line[256];
	int points = 0, stopped = 0;

	(void)state;
	if (!sets || !rows)
		skip();
	while (element_set_read(sets, &set)) {
		double last_min = 0;

		assert_non_null(fgets(line, sizeof(line), rows));
		assert_int_equal(strtoul(line, NULL, 10), set.number);
		points += compare_object(rows, &set, &last_min);
		for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
			if (stops[i].number != set.number || stops[i].last_min != last_min)
				continue;
			assert_int_equal(stops_with(&set, last_min), stops[i].error);
			stopped++;
		}
	}
	assert_int_equal(points, POINTS);
	assert_int_equal(stopped, sizeof(stops) / sizeof(stops[0]));
	fclose(sets);
	fclose(rows);
}

// 33334 of the set, whose elements make no orbit.
static void an_orbit_that_is_none_is_an_error_and_no_state(void **state)
{
	struct mean_elements elements = {utc_of_day_of_year(2006, 174, 0.85818871),
					 0.00001,
					 0.5602877,
					 68.4714,
					 236.1303,
					 123.7484,
					 302.5767,
					 1e-4};
	struct sgp4_state at;
	struct sgp4 orbit;

	(void)state;
	assert_true(sgp4_init(&orbit, &elements, NULL));
	assert_int_equal(sgp4_at(&orbit, 0, &at), SGP4_ECCENTRICITY);
	assert_string_equal(sgp4_error_text(SGP4_ECCENTRICITY),
			    "the perturbed eccentricity leaves the range of 0 to 1");
}

// 28872 falls within its first hour.
static void a_satellite_that_comes_down_is_decayed(void **state)
{
	struct mean_elements elements = {utc_of_day_of_year(2005, 333, 0.02012661),
					 16.46015938,
					 0.0303955,
					 96.4736,
					 157.9986,
					 244.0492,
					 110.6523,
					 0.24476e-3};
	struct sgp4_state at;
	struct sgp4 orbit;

	(void)state;
	assert_true(sgp4_init(&orbit, &elements, NULL));
	assert_int_equal(sgp4_at(&orbit, 50, &at), SGP4_OK);
	assert_int_equal(sgp4_at(&orbit, 55, &at), SGP4_DECAYED);
}

// What was asked before does not matter, not even to the last bit.
static void any_order_of_instants_gives_the_same_states(void **state)
{
	struct mean_elements elements = figures[0].elements;
	struct sgp4_state forth[40], back;
	struct sgp4 orbit;

	(void)state;
	elements.epoch_utc_ns = utc_of_day(2026, 6, 14);
	elements.mean_motion_rev_per_day = 1.0027; // resonant: integrated from the epoch
	elements.eccentricity = 0.0003;
	assert_true(sgp4_init(&orbit, &elements, NULL));
	for (int i = 0; i < 40; i++)
		assert_int_equal(sgp4_at(&orbit, 500 * (i - 20), &forth[i]), SGP4_OK);
	for (int i = 39; i >= 0; i--) {
		assert_int_equal(sgp4_at(&orbit, 500 * (i - 20), &back), SGP4_OK);
		assert_memory_equal(&back, &forth[i], sizeof(back));
	}
}

static void elements_out_of_range_are_refused_by_name(void **state)
{
	static const struct mean_elements good = {0, 4, 0.1, 50, 10, 20, 30, 0};
	struct range_fault fault;
	struct sgp4 orbit;
	char text[200];

	(void)state;
	assert_true(sgp4_init(&orbit, &good, &fault));
#define REFUSED(field, value, said)                                                                \
	do {                                                                                       \
		struct mean_elements bad = good;                                                   \
		bad.field = (value);                                                               \
		assert_false(sgp4_init(&orbit, &bad, &fault));                                     \
		range_format(&fault, text, sizeof(text));                                          \
		assert_string_equal(text, said);                                                   \
	} while (0)
	REFUSED(mean_motion_rev_per_day, 0,
		"mean motion is 0 rev/day; expected 1e-06 to 18 rev/day");
	REFUSED(mean_motion_rev_per_day, NAN,
		"mean motion is nan rev/day; expected 1e-06 to 18 rev/day");
	REFUSED(eccentricity, 1, "eccentricity is 1; expected 0 to 0.999999999");
	REFUSED(inclination_deg, 180.5, "inclination is 180.5 deg; expected 0 to 180 deg");
	REFUSED(ascending_node_deg, -1,
		"right ascension of the node is -1 deg; expected 0 to 360 deg");
	REFUSED(perigee_deg, 361, "argument of perigee is 361 deg; expected 0 to 360 deg");
	REFUSED(mean_anomaly_deg, 400, "mean anomaly is 400 deg; expected 0 to 360 deg");
	REFUSED(drag_per_earth_radius, 11,
		"drag term B* is 11 1/Earth radius; expected -10 to 10 1/Earth radius");
#undef REFUSED
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_states_come_out_to_a_millimetre),
		cmocka_unit_test(all_published_states_come_out),
		cmocka_unit_test(an_orbit_that_is_none_is_an_error_and_no_state),
		cmocka_unit_test(a_satellite_that_comes_down_is_decayed),
		cmocka_unit_test(any_order_of_instants_gives_the_same_states),
		cmocka_unit_test(elements_out_of_range_are_refused_by_name),
	};

	return cmocka_run_group_tests_name("sgp4", tests, NULL, NULL);
}
