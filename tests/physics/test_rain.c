// SPDX-License-Identifier: BSD-3-Clause
// Rain on slant paths against the validation examples of ITU-R study group 3.
#include "dataplane/physics/rain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/physics/vectors.h"

#define DEGREE (M_PI / 180)

static void specific_row(const double *row, void *context)
{
	struct rain_law law = rain_law_at(row[1], row[0], row[3]);

	(void)context;
	vectors_close(law.k, row[4], 1e-6);
	vectors_close(law.alpha, row[5], 1e-6);
	vectors_close(rain_specific_db_per_km(law, row[2]), row[6], 1e-6);
}

static void every_row_of_p838_is_met(void **state)
{
	(void)state;
	assert_int_equal(vectors_read("itu/838/ITURP838-3_rain_specific_attenuation.csv",
				      specific_row, NULL),
			 64);
}

static void coefficients_of_p838_at_round_frequencies(void **state)
{
	const struct {
		double f, k_h, a_h, k_v, a_v;
	} rows[] = {{7.5, .002874815, 1.43386, .002291079, 1.42654},
		    {12, .02385779, 1.18247, .02454833, 1.12159},
		    {20, .09164267, 1.05678, .09611121, .98469},
		    {30, .2403082, .948457, .2290903, .912923}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rain_law flat = rain_law_at(rows[i].f, 0, 0);
		struct rain_law upright = rain_law_at(rows[i].f, 0, 90);

		vectors_close(flat.k, rows[i].k_h, 1e-6);
		vectors_close(flat.alpha, rows[i].a_h, 1e-5);
		vectors_close(upright.k, rows[i].k_v, 1e-6);
		vectors_close(upright.alpha, rows[i].a_v, 1e-5);
	}
}

static struct rain_path example_path(const double *row)
{
	return (struct rain_path){
		.latitude_deg = row[0],
		.site_height_km = row[2],
		.rain_height_km = row[2] + row[9] * sin(row[4] * DEGREE),
		.frequency_ghz = row[3],
		.elevation_deg = row[4],
		.tilt_deg = row[5],
		.rain_001_mm_per_h = row[8],
	};
}

static void attenuation_row(const double *row, void *context)
{
	struct rain_path path = example_path(row);

	(void)context;
	vectors_close(rain_exceeded_db(&path, row[6]), row[14], 1e-6);
}

static void every_row_of_p618_is_met(void **state)
{
	(void)state;
	assert_int_equal(vectors_read("itu/618/ITURP618-13_A_rain.csv", attenuation_row, NULL), 64);
}

// London, Rome and Cape Town at 14.25 GHz, 1 % of the time.
static void examples_of_p618(void **state)
{
	const double rows[][15] = {{51.5, -0.14, 0.031382984, 14.25, 31.07699124, 0, 1, 0, 26.48052,
				    4.690817392, 1, 0.65, 1, 50.38926222, 0.495317069},
				   {41.9, 12.49, 0.046122988, 14.25, 40.232036, 0, 1, 0, 33.936232,
				    4.646913874, 1, 0.65, 1, 61.21890044, 0.623263001},
				   {33.94, 18.43, 0, 14.25, 46.35969261, 0, 1, 0, 27.13586832,
				    3.542006965, 1, 0.65, 1, 80.14015964, 0.421017025}};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		attenuation_row(rows[i], NULL);
}

static void low_paths_bend_with_the_earth(void **state)
{
	(void)state;
	// 2 km of rise: at 5 degrees straight, just below along an effective Earth of 8500 km.
	vectors_close(rain_slant_length_km(0.3, 2.3, 5), 2 / sin(5 * DEGREE), 1e-12);
	vectors_close(rain_slant_length_km(0.3, 2.3, 4.999), 2 / sin(5 * DEGREE), 0.02);
	assert_true(rain_slant_length_km(0.3, 2.3, 4.999) < 2 / sin(4.999 * DEGREE));
	vectors_close(rain_slant_length_km(0, 2, 0), sqrt(2 * 2 * 8500.0), 1e-12);
	vectors_near(rain_slant_length_km(3, 2.3, 30), 0, 0);
}

static void a_site_above_the_rain_has_none(void **state)
{
	struct rain_path path = {47, 3.5, 2.7, 20, 30, 45, 30, 0};

	(void)state;
	vectors_near(rain_001_db(&path), 0, 0);
	vectors_near(rain_exceeded_db(&path, 0.1), 0, 0);
	path.site_height_km = 0.3;
	path.rain_001_mm_per_h = 0;
	vectors_near(rain_exceeded_db(&path, 0.1), 0, 0);
}

static void rarer_rain_takes_more_and_so_do_higher_waves(void **state)
{
	struct rain_path path = {49.69, 0.3, 2.718, 8, 31.7, 45, 28.23, 0};
	double percent[] = {0.001, 0.003, 0.01, 0.1, 1, 5};

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(percent) / sizeof(percent[0]); i++)
		assert_true(rain_exceeded_db(&path, percent[i]) >
			    rain_exceeded_db(&path, percent[i + 1]));
	vectors_close(rain_exceeded_db(&path, 0.01), rain_001_db(&path), 1e-12);
	for (double f = 8; f < 50; f += 4) {
		double low_db;

		path.frequency_ghz = f;
		low_db = rain_001_db(&path);
		path.frequency_ghz = f + 4;
		assert_true(rain_001_db(&path) > low_db);
	}
}

static void scaling_to_the_same_frequency_changes_nothing(void **state)
{
	(void)state;
	vectors_close(rain_scaled_db(7.3, 20, 20), 7.3, 1e-12);
	vectors_near(rain_scaled_db(0, 12, 30), 0, 0);
	// By hand from the equations: phi 141.95584 at 12 GHz, 825.68807 at 30, H 0.09992340 for 5
	// dB.
	vectors_close(rain_scaled_db(5, 12, 30), 24.39074485, 1e-9);
	// And it is near to what P.838 says of the same rain on the same path.
	vectors_close(rain_scaled_db(5, 12, 30),
		      5 * rain_specific_db_per_km(rain_law_at(30, 30, 45), 25) /
			      rain_specific_db_per_km(rain_law_at(12, 30, 45), 25),
		      0.25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_p838_is_met),
		cmocka_unit_test(coefficients_of_p838_at_round_frequencies),
		cmocka_unit_test(every_row_of_p618_is_met),
		cmocka_unit_test(examples_of_p618),
		cmocka_unit_test(low_paths_bend_with_the_earth),
		cmocka_unit_test(a_site_above_the_rain_has_none),
		cmocka_unit_test(rarer_rain_takes_more_and_so_do_higher_waves),
		cmocka_unit_test(scaling_to_the_same_frequency_changes_nothing),
	};

	return cmocka_run_group_tests_name("rain", tests, NULL, NULL);
}
