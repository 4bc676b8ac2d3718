// SPDX-License-Identifier: BSD-3-Clause
// Link budget, modem, diversity and front, against published figures and arithmetic by hand.
#include "dataplane/physics/budget.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/physics/diversity.h"
#include "dataplane/physics/front.h"
#include "dataplane/physics/modem.h"
#include "tests/physics/vectors.h"

static void free_space_of_known_ranges(void **state)
{
	(void)state;
	vectors_near(free_space_db(38451.0e3, 11.7e9), 205.510, 1e-3);
	vectors_near(free_space_db(38495.1e3, 20.7e9), 210.475, 1e-3);
	vectors_near(free_space_db(38495.1e3, 8.15e9), 202.379, 1e-3);
	vectors_near(free_space_db(10171.5e3, 18.5e9), 197.939, 1e-3);
	vectors_near(free_space_db(10171.5e3, 28.5e9), 201.692, 1e-3);
}

static void an_aperture_of_a_wavelength_over_pi_has_its_efficiency_as_gain(void **state)
{
	(void)state;
	vectors_near(antenna_gain_dbi(299792458.0 / 1e9 / M_PI, 0.5, 1e9), 10 * log10(0.5), 1e-9);
	vectors_near(antenna_gain_dbi(2, 0.65, 12e9) - antenna_gain_dbi(1, 0.65, 12e9), 6.0206,
		     1e-4);
	vectors_near(antenna_pointing_db(1.2, 14e9, antenna_beamwidth_deg(1.2, 14e9) / 2), 3, 1e-9);
}

static struct budget_input plain(void)
{
	return (struct budget_input){
		.up = {14e9, 38e6, 5, 0.65, 0, {0}},
		.down = {12e9, 38e6, 1.2, 0.65, 0, {0}},
		.power_w = 20,
		.satellite_g_t_db = 5,
		.satellite_eirp_dbw = 50,
		.noise_k = 150,
		.interference_db = INFINITY,
		.symbol_rate_per_s = 30e6,
	};
}

static void a_budget_adds_up_by_hand(void **state)
{
	struct budget_input input = plain();
	struct budget budget;
	double up, down;

	(void)state;
	budget_compute(&input, &budget);
	up = 10 * log10(20) + antenna_gain_dbi(5, 0.65, 14e9) - free_space_db(38e6, 14e9) + 5 +
	     228.5991672;
	down = 50 - free_space_db(38e6, 12e9) + antenna_gain_dbi(1.2, 0.65, 12e9) -
	       10 * log10(150) + 228.5991672;
	vectors_near(budget.up.c_n0_dbhz, up, 1e-6);
	vectors_near(budget.down.c_n0_dbhz, down, 1e-6);
	vectors_near(budget.es_n0_db,
		     -10 * log10(pow(10, -up / 10) + pow(10, -down / 10)) - 10 * log10(30e6), 1e-6);
	input.implementation_db = 1.5;
	input.interference_db = 20;
	budget_compute(&input, &budget);
	assert_true(budget.es_n0_db < 20 - 1.5);
}

static void rain_fades_and_makes_noise(void **state)
{
	struct budget_input input = plain();
	struct budget clear, rain;

	(void)state;
	budget_compute(&input, &clear);
	input.down.air.rain_db = 6;
	budget_compute(&input, &rain);
	vectors_near(rain.rain_noise_k, 275 * (1 - pow(10, -0.6)), 1e-9);
	vectors_near(clear.down.c_n0_dbhz - rain.down.c_n0_dbhz,
		     6 + 10 * log10((150 + rain.rain_noise_k) / 150), 1e-9);
	vectors_near(clear.up.c_n0_dbhz, rain.up.c_n0_dbhz, 1e-12);
	// Gases that are there under a clear sky radiate then already.
	input.down.air.gas_db = 1;
	budget_compute(&input, &rain);
	vectors_near(rain.rain_noise_k, 275 * (pow(10, -0.1) - pow(10, -0.7)), 1e-9);
	input = plain();
	input.sun_noise_k = 150; // as much again
	budget_compute(&input, &rain);
	vectors_near(clear.down.c_n0_dbhz - rain.down.c_n0_dbhz, 10 * log10(2), 1e-9);
}

static void a_fade_of_the_way_up_passes_as_the_transponder_lets_it(void **state)
{
	struct budget_input input = plain();
	struct budget clear, linear, levelled, controlled, regenerated;

	(void)state;
	budget_compute(&input, &clear);
	input.up.air.rain_db = 8;
	budget_compute(&input, &linear);
	vectors_near(clear.down.c_n0_dbhz - linear.down.c_n0_dbhz, 8, 1e-9);
	vectors_near(clear.es_n0_db - linear.es_n0_db, 8, 1e-9);
	input.power_control_db = 5;
	budget_compute(&input, &controlled);
	vectors_near(controlled.power_control_db, 5, 1e-9);
	vectors_near(clear.es_n0_db - controlled.es_n0_db, 3, 1e-9);
	input.power_control_db = 0;
	input.transponder = TRANSPONDER_LEVELLED;
	budget_compute(&input, &levelled);
	vectors_near(levelled.down.c_n0_dbhz, clear.down.c_n0_dbhz, 1e-9);
	assert_true(levelled.es_n0_db < clear.es_n0_db && levelled.es_n0_db > linear.es_n0_db);
	input.transponder = TRANSPONDER_REGENERATIVE;
	budget_compute(&input, &regenerated);
	vectors_near(regenerated.c_n0_dbhz,
		     fmin(regenerated.up.c_n0_dbhz, regenerated.down.c_n0_dbhz), 1e-9);
}

static void a_modem_of_s2_carries_79_megabits_at_10_db(void **state)
{
	struct modem_ladder ladder;
	int rung;

	(void)state;
	modem_ladder_make(&ladder, MODEM_DVB_S2);
	rung = modem_select(&ladder, 10, 1);
	assert_string_equal(ladder.rungs[rung].name, "16APSK 2/3");
	vectors_near(modem_rate_bps(&ladder.rungs[rung], 30e6), 79.11603e6, 1);
	assert_int_equal(modem_select(&ladder, -2.36, 0), -1);
	assert_int_equal(modem_select(&ladder, -2.35, 0), 0);
	assert_int_equal(modem_select(&ladder, 99, 0), (int)ladder.count - 1);
	assert_string_equal(ladder.rungs[ladder.count - 1].name, "32APSK 9/10");
}

static void each_rung_of_a_ladder_carries_more_and_needs_more(void **state)
{
	struct modem_ladder ladder;

	(void)state;
	for (int standard = MODEM_DVB_S2; standard <= MODEM_DVB_S2X; standard++) {
		modem_ladder_make(&ladder, (enum modem_standard)standard);
		for (size_t i = 1; i < ladder.count; i++) {
			assert_true(ladder.rungs[i].threshold_db >
				    ladder.rungs[i - 1].threshold_db);
			assert_true(ladder.rungs[i].bits_per_symbol >
				    ladder.rungs[i - 1].bits_per_symbol);
		}
	}
	assert_string_equal(ladder.rungs[0].name, "QPSK 2/9");
	assert_string_equal(ladder.rungs[ladder.count - 1].name, "256APSK 3/4");
	// 8PSK 9/10 needs 10.98 dB for less than 16APSK 2/3 carries at 8.97.
	for (size_t i = 0; i < ladder.count; i++)
		assert_string_not_equal(ladder.rungs[i].name, "8PSK 9/10");
}

// Every row of a public table is a modulation and coding that a modem may keep to, with its
// figures.
static size_t expect_table(const char *path, enum modem_standard standard)
{
	const char *folder = getenv("CORRIDOR_VECTORS");
	char file_name[1024], line[256];
	size_t rows = 0;
	FILE *file;

	if (!folder) {
		print_message("%s: CORRIDOR_VECTORS names no folder\n", path);
		skip();
	}
	snprintf(file_name, sizeof(file_name), "%s/%s", folder ? folder : "", path);
	file = fopen(file_name, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		struct modem_ladder ladder;
		char name[32], rate[32];
		double bits, threshold_db;

		if (sscanf(line, "%*d,%31[^,],%31[^,],%*d,%*d,%lf,%lf", name, rate, &bits,
			   &threshold_db) == 4) {
			strcat(strcat(name, " "), rate);
		} else if (sscanf(line, "%31[^,],%lf,%lf", name, &bits, &threshold_db) != 3) {
			continue;
		}
		if (!modem_ladder_fix(&ladder, standard, name))
			fail_msg("no %s", name);
		vectors_near(ladder.rungs[0].bits_per_symbol, bits, 5e-7);
		vectors_near(ladder.rungs[0].threshold_db, threshold_db, 5e-3);
		rows++;
	}
	fclose(file);
	return rows;
}

static void modulations_and_codings_are_those_of_the_standards(void **state)
{
	const char *names[MODCOD_NAMES_MOST];
	size_t count = 0, s2;

	(void)state;
	s2 = expect_table("dvb/dvb-s2_normal_modcod.csv", MODEM_DVB_S2);
	assert_int_equal(s2, 28);
	assert_int_equal(expect_table("dvb/dvb-s2_normal_modcod.csv", MODEM_DVB_S2X), 28);
	assert_int_equal(expect_table("dvb/dvb-s2x_normal_modcod.csv", MODEM_DVB_S2X), 39);
	for (modem_names(MODEM_DVB_S2X, names); names[count]; count++)
		;
	assert_int_equal(count, 28 + 39);
}

// Without files: bits of a frame's payload over its symbols, from the code's Kbch (EN 302 307-1,
// table 5a), 80 bits of header, and slots of 90 symbols with one more for the frame's header.
static void a_modcod_carries_its_payload_over_its_symbols(void **state)
{
	static const struct {
		const char *name;
		int kbch, bits_of_symbol;
	} rows[] = {{"QPSK 1/4", 16008, 2},   {"QPSK 3/4", 48408, 2},   {"8PSK 3/5", 38688, 3},
		    {"8PSK 5/6", 53840, 3},   {"16APSK 2/3", 43040, 4}, {"16APSK 8/9", 57472, 4},
		    {"32APSK 4/5", 51648, 5}, {"32APSK 9/10", 58192, 5}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct modem_ladder ladder;
		int symbols = 64800 / rows[i].bits_of_symbol + 90;

		assert_true(modem_ladder_fix(&ladder, MODEM_DVB_S2, rows[i].name));
		vectors_near(ladder.rungs[0].bits_per_symbol, (rows[i].kbch - 80.0) / symbols,
			     5e-7);
	}
}

static void frames_are_lost_steeply_below_the_threshold(void **state)
{
	struct modcod rung = {"QPSK 1/2", 0.988858, 1.0};

	(void)state;
	vectors_close(modem_frame_error_ratio(&rung, 1), 1e-7, 1e-9);
	vectors_close(modem_frame_error_ratio(&rung, 0.8), 1e-5, 1e-9);
	vectors_close(modem_frame_error_ratio(&rung, 1.1), 1e-8, 1e-9);
	vectors_near(modem_frame_error_ratio(&rung, 0), 1, 0);
}

static void adaptation_is_quick_down_and_slow_up(void **state)
{
	struct modem_control control = {1.0, 0.5};
	struct modem_ladder ladder;
	int qpsk_half, rung;

	(void)state;
	modem_ladder_make(&ladder, MODEM_DVB_S2);
	qpsk_half = modem_select(&ladder, 1.0, 0);
	assert_string_equal(ladder.rungs[qpsk_half].name, "QPSK 1/2");
	// QPSK 1/2 at 1.00 dB: leaves the rung below at 2.5, keeps it down to 2.0.
	rung = modem_adapt(&ladder, &control, qpsk_half - 1, 2.49);
	assert_int_equal(rung, qpsk_half - 1);
	rung = modem_adapt(&ladder, &control, rung, 2.51);
	assert_int_equal(rung, qpsk_half);
	assert_int_equal(modem_adapt(&ladder, &control, rung, 2.01), qpsk_half);
	assert_int_equal(modem_adapt(&ladder, &control, rung, 1.99), qpsk_half - 1);
	// The lowest rung is held without margin, down to its threshold of -2.35 dB.
	assert_int_equal(modem_adapt(&ladder, &control, rung, -2.3), 0);
	assert_int_equal(modem_adapt(&ladder, &control, 0, -2.4), -1);
	assert_int_equal(modem_adapt(&ladder, &control, -1, 99), (int)ladder.count - 1);
}

static void a_second_site_gains_with_distance(void **state)
{
	double a = 0.78 * 10 - 1.94 * (1 - exp(-1.1)), b = 0.59 * (1 - exp(-1.0));

	(void)state;
	vectors_near(diversity_gain_db(10, 0, 20, 30, 0), 0, 0);
	vectors_close(diversity_gain_db(10, 15, 20, 30, 90),
		      a * (1 - exp(-b * 15)) * exp(-0.5) * 1.18 * 1.18, 1e-12);
	assert_true(diversity_gain_db(10, 20, 20, 30, 0) > diversity_gain_db(10, 10, 20, 30, 0));
}

static void a_front_comes_stays_and_goes(void **state)
{
	// Eastwards at 10 m/s, 20 km wide, 2 km of edges; the site is 30 km east of where it is at
	// 0.
	struct geodetic site = {50, 30e3 / (111320 * cos(50 * M_PI / 180)), 0};
	struct front front = {{50, 0, 0}, 0, 90, 10, 20e3, 2e3, 25};

	(void)state;
	vectors_near(front_rain_mm_per_h(&front, site, 2999000000000), 0, 0);
	vectors_near(front_rain_mm_per_h(&front, site, 3100000000000), 12.5, 1e-6);
	vectors_near(front_rain_mm_per_h(&front, site, 4000000000000), 25, 1e-9);
	vectors_near(front_rain_mm_per_h(&front, site, 4900000000000), 12.5, 1e-6);
	vectors_near(front_rain_mm_per_h(&front, site, 5001000000000), 0, 0);
}

static void a_path_in_a_wide_front_is_a_path_in_rain_everywhere(void **state)
{
	struct rain_path path = {.site_height_km = 0.3,
				 .rain_height_km = 2.7,
				 .frequency_ghz = 20,
				 .elevation_deg = 30,
				 .tilt_deg = 45};
	struct front wide = {{50, 6, 0}, 0, 90, 10, 2000e3, 1e3, 25};
	struct front wall = {{50, 6, 0}, 0, 0, 0, 500e3, 1, 25};
	struct geodetic site = {50, 6, 0};
	double full_db = uniform_rain_db(&path, 25);
	double ground_km = 2.4 / tan(30 * M_PI / 180);

	(void)state;
	vectors_close(full_db, 4.8 * rain_specific_db_per_km(rain_law_at(20, 30, 45), 25), 1e-12);
	vectors_close(front_attenuation_db(&wide, &path, site, 170, 50000000000000), full_db, 1e-9);
	// A wall of rain that ends half way along the path to the north: half of the loss.
	wall.at.latitude_deg += ground_km / 2 / 111.320;
	vectors_close(front_attenuation_db(&wall, &path, site, 0, 0), full_db / 2, 0.02);
	vectors_close(front_attenuation_db(&wall, &path, site, 180, 0), full_db, 1e-9);
	wall.heading_deg = 180;
	vectors_near(front_attenuation_db(&wall, &path, site, 180, 0), 0, 0);
	vectors_close(front_attenuation_db(&wall, &path, site, 0, 0), full_db / 2, 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_space_of_known_ranges),
		cmocka_unit_test(an_aperture_of_a_wavelength_over_pi_has_its_efficiency_as_gain),
		cmocka_unit_test(a_budget_adds_up_by_hand),
		cmocka_unit_test(rain_fades_and_makes_noise),
		cmocka_unit_test(a_fade_of_the_way_up_passes_as_the_transponder_lets_it),
		cmocka_unit_test(a_modem_of_s2_carries_79_megabits_at_10_db),
		cmocka_unit_test(each_rung_of_a_ladder_carries_more_and_needs_more),
		cmocka_unit_test(modulations_and_codings_are_those_of_the_standards),
		cmocka_unit_test(a_modcod_carries_its_payload_over_its_symbols),
		cmocka_unit_test(frames_are_lost_steeply_below_the_threshold),
		cmocka_unit_test(adaptation_is_quick_down_and_slow_up),
		cmocka_unit_test(a_second_site_gains_with_distance),
		cmocka_unit_test(a_front_comes_stays_and_goes),
		cmocka_unit_test(a_path_in_a_wide_front_is_a_path_in_rain_everywhere),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
