// SPDX-License-Identifier: BSD-3-Clause
// Radios and weather: every key arrives in SI units where it belongs, and each fault is named.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/control/paper.h"
#include "tests/topologies/faults.h"
#include "topologies/load.h"

#define SITES                                                                                      \
	"[site a]\nposition = 49.7, 6.3\nrain_rate = 28.2mm/h\nrain_height = 2.7km\n"              \
	"[site b]\nposition = 50, 5\n[satellite s]\norbit = geostationary 21.5deg\n"               \
	"[link l]\nends = a, b\nmedium = satellite\nvia = s\n"
#define BAND "band = Ka 30GHz 20.5GHz\n"
#define RADIO                                                                                      \
	"antenna = 4.5m 60%\npower = 40W\nnoise = 200K\nsatellite_gt = 8dB/K\n"                    \
	"satellite_eirp = 50dBW\nsymbol_rate = 30Mbaud\n"

static void a_radio_has_its_defaults_and_what_is_written(void **state)
{
	struct topology *t = paper(SITES BAND RADIO);
	const struct radio *radio = &t->links[0].radio;

	(void)state;
	assert_true(radio->given && radio->adaptive[0] && radio->adaptive[1]);
	assert_true(radio->up_hz == 30e9 && radio->down_hz == 20.5e9);
	for (int i = 0; i < 2; i++) {
		assert_true(radio->stations[i].diameter_m == 4.5);
		assert_true(fabs(radio->stations[i].efficiency - 0.6) < 1e-12);
		assert_true(radio->stations[i].power_w == 40);
		assert_true(radio->stations[i].noise_k == 200);
		assert_true(radio->satellite_g_t_db[i] == 8);
		assert_true(radio->satellite_eirp_dbw[i] == 50);
		assert_true(radio->symbol_rate_per_s[i] == 30e6);
	}
	assert_true(radio->control.margin_db == 1 && radio->control.hysteresis_db == 0.5);
	assert_int_equal(radio->loop_ns, 1500000000);
	assert_int_equal(radio->standard, MODEM_DVB_S2X);
	assert_true(isinf(radio->interference_db) && radio->tilt_deg == 45);
	assert_true(t->sites[0].rain_001_mm_per_h == 28.2);
	assert_true(fabs(t->sites[0].rain_height_km - 2.7) < 1e-12);
	topology_free(t);
	t = paper(SITES);
	assert_false(t->links[0].radio.given);
	topology_free(t);
}

// In whatever order they stand.
static void a_direction_of_its_own_stands_over_both(void **state)
{
	struct topology *t =
		paper(SITES BAND "antenna.reverse = 90cm\npower.forward = 100W\n" RADIO
				 "symbol_rate.reverse = 500kbaud\nmodcods = dvb-s2\n"
				 "polarisation = vertical\nacm_loop = 2s\nrate.forward = 10mbit\n");
	const struct radio *radio = &t->links[0].radio;

	(void)state;
	assert_true(radio->stations[0].diameter_m == 4.5);
	assert_true(fabs(radio->stations[1].diameter_m - 0.9) < 1e-12);
	assert_true(fabs(radio->stations[1].efficiency - 0.65) < 1e-12);
	assert_true(radio->stations[0].power_w == 100 && radio->stations[1].power_w == 40);
	assert_true(radio->symbol_rate_per_s[0] == 30e6 && radio->symbol_rate_per_s[1] == 500e3);
	assert_true(!radio->adaptive[0] && radio->adaptive[1]);
	assert_true(radio->tilt_deg == 90 && radio->standard == MODEM_DVB_S2);
	topology_free(t);
}

static void coding_adapts_or_is_kept_to(void **state)
{
	struct topology *t = paper(SITES BAND RADIO "rate = acm\n");

	(void)state;
	assert_true(t->links[0].radio.adaptive[0] && t->links[0].radio.adaptive[1]);
	assert_null(t->links[0].radio.modcod[0]);
	topology_free(t);
	// The direction's own word counts.
	t = paper(SITES BAND RADIO "rate = 5mbit 10 burst 9kb\nrate.reverse = acm\n");
	assert_true(!t->links[0].radio.adaptive[0] && t->links[0].radio.adaptive[1]);
	assert_int_equal(t->links[0].impairments[0].rate.bps, 5000000);
	assert_int_equal(t->links[0].impairments[1].rate.bps, 0);
	assert_int_equal(t->links[0].impairments[1].overhead.bytes, 0);
	assert_int_equal(t->links[0].impairments[1].burst.bytes, 0);
	topology_free(t);
	t = paper(SITES BAND RADIO "modcod.forward = qpsk 3/4\nrate.reverse = acm\n");
	assert_string_equal(t->links[0].radio.modcod[0], "QPSK 3/4");
	assert_null(t->links[0].radio.modcod[1]);
	assert_true(t->links[0].radio.adaptive[0]);
	topology_free(t);
}

static void a_second_site_stands_in_for_an_end(void **state)
{
	struct topology *t = paper("[site c]\nposition = 51, 6\n" SITES BAND RADIO
				   "diversity.reverse = c switch 30s hysteresis 2dB\n");
	const struct radio_station *stations = t->links[0].radio.stations;

	(void)state;
	assert_int_equal(stations[0].diversity.site, TOPOLOGY_NONE);
	assert_int_equal(stations[1].diversity.site, topology_find_site(t, "c"));
	assert_true(stations[1].diversity.hysteresis_db == 2);
	assert_int_equal(stations[1].diversity.switch_ns, 30000000000);
	topology_free(t);
}

static void a_band_is_one_of_those_that_satellites_have(void **state)
{
	static const char *const bands[] = {"UHF 340MHz 260MHz",      "L 1.64GHz 1.54GHz",
					    "mil-Ka 30.5GHz 20.7GHz", "ku 14250MHz 11.7GHz",
					    "Q/V 48.2GHz 39.5GHz",    "Ka 28.5GHz 17.8GHz"};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(bands) / sizeof(bands[0]); i++) {
		snprintf(text, sizeof(text), "%sband = %s\n", SITES, bands[i]);
		topology_free(paper(text));
	}
}

static void weather_is_a_front_rain_or_fading(void **state)
{
	struct topology *t = paper(
		SITES
		"[weather f]\nposition = 49, 6\nstart = 20min\nheading = 90deg\n"
		"speed = 54km/h\nwidth = 30km\nrain = 40mm/h\nsites = b\n"
		"[weather c]\nrain = 5mm/h\nstop = 1h\n[weather m]\nfading = maseng-bakken 7\n");
	const struct weather_rain *front = &t->weathers[0].rain, *rain = &t->weathers[1].rain;

	(void)state;
	assert_int_equal(t->weather_count, 3);
	assert_int_equal(front->kind, WEATHER_FRONT);
	assert_true(fabs(front->front.speed_m_per_s - 15) < 1e-12);
	assert_true(front->front.width_m == 30e3 && front->front.edge_m == 3e3);
	assert_int_equal(front->front.at_ns, 1200000000000);
	assert_int_equal(front->site_count, 1);
	assert_int_equal(front->sites[0], 1);
	assert_int_equal(rain->kind, WEATHER_CONSTANT);
	assert_int_equal(rain->stop_ns, 3600000000000);
	assert_true(rain->front.rain_mm_per_h == 5);
	assert_int_equal(t->weathers[2].rain.kind, WEATHER_FADING);
	assert_int_equal(t->weathers[2].rain.seed, 7);
	topology_free(t);
}

static void more_sites_than_can_be_mixed_are_refused(void **state)
{
	struct errors errors = {0};
	char text[4096] = "[network]\nrouting = external\n[weather w]\nfading = maseng-bakken 7\n";

	(void)state;
	for (int i = 0; i < 17; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used,
			 "[site s%d]\nposition = 5%d, %d\nrain_rate = 28mm/h\n", i, i / 4, i);
	}
	assert_null(topology_load_text(text, "lab.ini", &errors));
	assert_string_equal(errors.items[0].where, "lab.ini:3 [weather w]");
	assert_non_null(strstr(errors.items[0].what, "17 sites"));
	errors_fini(&errors);
	errors = (struct errors){0};
	strcpy(strstr(text, "[site s16]"), "");
	topology_free(topology_load_text(text, "lab.ini", &errors));
	assert_int_equal(errors.count, 0);
	errors_fini(&errors);
}

static void each_fault_is_named(void **state)
{
	const struct {
		const char *text, *where, *what;
	} faults[] = {
		{SITES "rate = acm\n", "[link l] rate", "has none"},
		{SITES BAND RADIO "rate = acm\nmodcod = QPSK 3/4\n", "lab.ini:21 [link l] modcod",
		 "one of the two"},
		{SITES BAND RADIO "rate = acm\nnetem = rate 5mbit\n", "[link l] rate",
		 "netem in line"},
		{SITES BAND RADIO "rate = 5mbit\nmodcod = QPSK 3/4\n", "[link l] modcod",
		 "does not count"},
		{SITES BAND RADIO "modcod = QPSK 3/5x\n", "lab.ini:20 [link l] modcod", "QPSK 3/5"},
		{SITES BAND RADIO "modcods = dvb-s2\nmodcod = 64APSK 4/5\n", "[link l] modcod",
		 "of dvb-s2"},
		{SITES BAND RADIO "diversity = a\n", "[link l] diversity", "diversity.forward"},
		{SITES BAND RADIO "diversity.forward = a\n", "[link l] diversity",
		 "an end of the link"},
		{SITES BAND RADIO "diversity.forward = nowhere\n", "[link l] diversity", "no site"},
		{"[site c]\n" SITES BAND RADIO "diversity.forward = c\n", "[link l] diversity",
		 "no position"},
		{"[site c]\nposition = 51, 6\n" SITES BAND RADIO "diversity.forward = c switch 5\n",
		 "[link l] diversity", "switch 10s"},
		{"[site c]\nposition = 51, 6\n" SITES BAND RADIO
		 "diversity.forward = c hysteresis -1dB\n",
		 "[link l] diversity", "0dB to 20dB"},
		{SITES BAND RADIO "margin = 1\n", "lab.ini:20 [link l] margin", "dB"},
		{SITES BAND RADIO "antenna.forward = 4.5\n", "[link l] antenna", "diameter"},
		{SITES BAND RADIO "pointing = 9deg\n", "[link l] pointing", "0deg to 5deg"},
		{SITES BAND RADIO "polarisation = skew\n", "[link l] polarisation", "circular"},
		{SITES BAND RADIO "bandwidth = 30MHz\n", "[link l]", "36 MHz"},
		{SITES RADIO, "[link l]", "no band"},
		{SITES "band = Z 8GHz 7GHz\n", "lab.ini:13 [link l] band", "\"Z\" is not the name"},
		{SITES "band = X 14GHz 7GHz\n", "lab.ini:13 [link l] band",
		 "14GHz is not in the band X (7 to 12 GHz)"},
		{SITES "band = Q/V 48GHz 30GHz\n", "lab.ini:13 [link l] band",
		 "30GHz is not in the band Q/V (33 to 50 GHz or 40"},
		{SITES "band = Ku 14250MHz\n", "lab.ini:13 [link l] band", "is not a band"},
		{SITES "band = W 90GHz 80GHz\n" RADIO, "[link l] band", "1GHz to 55GHz"},
		{SITES BAND "power = 10W\n", "[link l]", "no antenna"},
		{"[site a]\n[site b]\n[link l]\nends = a, b\npower = 10W\n", "[link l]",
		 "medium = satellite"},
		{"[site a]\n[weather w]\nrain = 5\nwidth = 3km\n", "[weather w]", "a front needs"},
		{"[site a]\n[weather w]\nclouds = 1.2\n", "[weather w] clouds", "kg/m2"},
		{"[site a]\n[weather w]\nclouds = 11kg/m2\n", "[weather w] clouds", "0 to 10"},
		{"[site a]\n[weather w]\nfading = maseng-bakken 7\nclouds = 1kg/m2\n",
		 "[weather w] fading", "no other keys"},
		{"[site a]\n[weather w]\nrain = 900mm/h\n", "[weather w] rain", "300 mm/h"},
		{"[site a]\n[weather w]\nfading = rain\n", "[weather w] fading", "maseng-bakken"},
		{"[site a]\n[weather w]\nseries = nothing.csv\n", "[weather w] series",
		 "cannot be read"},
		{"[site a]\n[weather w]\nrain = 5mm/h\nsites = c\n", "[weather w] sites", "\"c\""},
		{"[site a]\n[weather w]\nrain = 5mm/h\nstart = 2s\nstop = 1s\n", "[weather w]",
		 "before it starts"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct errors errors = {0};

		assert_null(topology_load_text(faults[i].text, "lab.ini", &errors));
		assert_true(errors.count >= 1);
		if (!strstr(errors.items[0].where, faults[i].where) ||
		    !strstr(errors.items[0].what, faults[i].what))
			fail_msg("%zu: %s: %s", i, errors.items[0].where, errors.items[0].what);
		errors_fini(&errors);
	}
}

// ---- Recorded rain ----

#define SERIES_FILE "test_radio_rain.csv"

static void write_series(const char *text, size_t bytes)
{
	FILE *file = fopen(SERIES_FILE, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

#define SERIES_LAB "[site a]\n[weather w]\nseries = " SERIES_FILE "\n"

static void a_series_has_the_rows_of_its_file(void **state)
{
	static const char text[] =
		"# rain gauge\n\ntime_s,rain\r\n0,0\n60, 12.5\n# a pause\n60.5 ,300\r\n90,0";
	struct topology *t;
	const struct weather_rain *rain;

	(void)state;
	write_series(text, strlen(text));
	t = paper(SERIES_LAB);
	rain = &t->weathers[0].rain;
	assert_int_equal(rain->kind, WEATHER_SERIES);
	assert_int_equal(rain->row_count, 4);
	assert_int_equal(rain->rows[0].at_ns, 0);
	assert_int_equal(rain->rows[1].at_ns, 60000000000);
	assert_true(rain->rows[1].rain_mm_per_h == 12.5);
	assert_int_equal(rain->rows[2].at_ns, 60500000000);
	assert_true(rain->rows[2].rain_mm_per_h == 300);
	assert_int_equal(rain->rows[3].at_ns, 90000000000);
	topology_free(t);
	remove(SERIES_FILE);
}

static void faults_of_a_series_are_named_by_line(void **state)
{
	static const struct {
		const char *rows, *says;
	} bad[] = {
		{"time,rain\n0,0\n60;12\n", SERIES_FILE ":3 is not a row"},
		{"a heading\nand another\n0,0\n", SERIES_FILE ":2 is not a row"},
		{"0,0\n60,12,5\n", SERIES_FILE ":2 is not a row"},
		{"0,0\n60\n", SERIES_FILE ":2 is not a row"},
		{"0,0\n60,5\n60,6\n", SERIES_FILE ":3 is not a row"},
		{"0,0\n60,5\n59,6\n", SERIES_FILE ":3 is not a row"},
		{"0,0\n1e-10,6\n", SERIES_FILE ":2 is not a row"},
		{"-1,0\n", SERIES_FILE ":1 is not a row"},
		{"0,300.1\n", SERIES_FILE ":1 is not a row"},
		{"0,-1\n", SERIES_FILE ":1 is not a row"},
		{"0,nan\n", SERIES_FILE ":1 is not a row"},
		{"inf,1\n", SERIES_FILE ":1 is not a row"},
		{"3.1e9,1\n", SERIES_FILE ":1 is not a row"},
		{"", "has no rows"},
		{"# nothing\n\n", "has no rows"},
		{"time,rain\n", "has no rows"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fault fault = {SERIES_LAB, "lab.ini:3 [weather w] series", bad[i].says};

		write_series(bad[i].rows, strlen(bad[i].rows));
		check_fault(&fault);
	}
	remove(SERIES_FILE);
	check_fault(&(struct fault){SERIES_LAB, "lab.ini:3 [weather w] series", "cannot be read"});
	check_fault(&(struct fault){"[site a]\n[weather w]\nseries = .\n",
				    "lab.ini:3 [weather w] series", "cannot be read"});
}

// A line longer than any row is one fault, not several rows; a million rows are read.
static void long_files_and_long_lines(void **state)
{
	size_t bytes = 0, room = 16 * 1000000;
	char *text = malloc(room);
	struct topology *t;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', 1000);
	memcpy(text, "0,0", 3);
	memcpy(text + 255, "7,7\n", 4);
	write_series(text, 259);
	check_fault(&(struct fault){SERIES_LAB, "lab.ini:3 [weather w] series",
				    SERIES_FILE ":1 is not a row"});
	for (unsigned i = 0; i < 1000000; i++)
		bytes += (size_t)snprintf(text + bytes, room - bytes, "%u,%u\n", i, i % 300);
	write_series(text, bytes);
	t = paper(SERIES_LAB);
	assert_int_equal(t->weathers[0].rain.row_count, 1000000);
	assert_int_equal(t->weathers[0].rain.rows[999999].at_ns, UINT64_C(999999000000000));
	topology_free(t);
	free(text);
	remove(SERIES_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_series_has_the_rows_of_its_file),
		cmocka_unit_test(faults_of_a_series_are_named_by_line),
		cmocka_unit_test(long_files_and_long_lines),
		cmocka_unit_test(a_radio_has_its_defaults_and_what_is_written),
		cmocka_unit_test(a_direction_of_its_own_stands_over_both),
		cmocka_unit_test(coding_adapts_or_is_kept_to),
		cmocka_unit_test(a_second_site_stands_in_for_an_end),
		cmocka_unit_test(a_band_is_one_of_those_that_satellites_have),
		cmocka_unit_test(weather_is_a_front_rain_or_fading),
		cmocka_unit_test(more_sites_than_can_be_mixed_are_refused),
		cmocka_unit_test(each_fault_is_named),
	};

	return cmocka_run_group_tests_name("radio", tests, NULL, NULL);
}
