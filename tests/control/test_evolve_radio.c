// SPDX-License-Identifier: BSD-3-Clause
// Weather becomes rates: what a clear sky gives, what rain takes at which instant, and that the
// same weather is the same whoever asks.
#include "control/evolve_radio.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/sky_budget.h"
#include "topologies/load.h"
#include "topologies/sky.h"

#define LAB                                                                                        \
	"[site a]\nposition = 49.7, 6.3, 300\nrain_rate = 28.2mm/h\nrain_height = 2.7km\n"         \
	"[site b]\nposition = 50, 5, 300\nrain_rate = 31mm/h\nrain_height = 2.6km\n"               \
	"[satellite s]\norbit = geostationary 21.5deg\n[link l]\nends = a, b\n"                    \
	"medium = satellite\nvia = s\nband = Ka 30GHz 20.5GHz\nantenna = 4.5m\npower = 40W\n"      \
	"noise = 200K\nsatellite_gt = 8dB/K\nsatellite_eirp = 50dBW\nsymbol_rate = 30Mbaud\n"
#define SECOND UINT64_C(1000000000)

static struct topology *loaded(const char *text)
{
	struct errors errors = {0};
	struct error error = {0};
	struct topology *topology = topology_load_text(text, "lab.ini", &errors);

	if (!topology)
		fail_msg("%s: %s", errors.items[0].where, errors.items[0].what);
	errors_fini(&errors);
	if (evolve_radio(topology, &error))
		fail_msg("%s: %s", error.where, error.what);
	return topology;
}

static double es_n0_db(const struct topology *topology, uint64_t at_ns)
{
	struct sky_budget budget;
	struct error error;

	assert_int_equal(sky_budget_compute(topology, 0, LINK_FORWARD, at_ns, 0, &budget, &error),
			 0);
	return budget.budget.es_n0_db;
}

static void a_clear_sky_gives_a_rate(void **state)
{
	struct topology *t = loaded(LAB);
	const struct impairment *impairment = &t->links[0].impairments[LINK_FORWARD];
	struct sky_budget budget;
	struct error error;

	(void)state;
	assert_int_equal(sky_budget_compute(t, 0, LINK_FORWARD, 0, 0, &budget, &error), 0);
	assert_true(budget.rung >= 0);
	assert_int_equal(impairment->rate.bps, llround(budget.rate_bps));
	assert_true(impairment->given & IMPAIRMENT(GROUP_RATE));
	assert_null(impairment->trace.table);
	assert_int_equal(t->event_count, 0);
	topology_free(t);
}

static void a_rate_that_is_given_stays(void **state)
{
	struct topology *t = loaded(LAB "rate = 5mbit\n[weather w]\nrain = 60mm/h\n");

	(void)state;
	assert_int_equal(t->links[0].impairments[0].rate.bps, 5000000);
	assert_null(t->links[0].impairments[0].trace.table);
	topology_free(t);
}

// One MODCOD in any weather: the rate stays, and below its threshold the direction is down.
static void a_modem_that_keeps_to_its_modcod_has_one_rate(void **state)
{
	struct topology *t = loaded(LAB "modcod = QPSK 1/2\n");
	const struct impairment *impairment = &t->links[0].impairments[LINK_FORWARD];

	(void)state;
	assert_int_equal(impairment->rate.bps, llround(0.988858 * 30e6));
	topology_free(t);
	t = loaded(LAB
		   "modcod = 16APSK 2/3\n[weather w]\nrain = 20mm/h\nstart = 100s\nstop = 200s\n"
		   "sites = a\n");
	impairment = &t->links[0].impairments[LINK_FORWARD];
	for (size_t i = 0; i < impairment->trace.table->count; i++)
		assert_int_equal(llround(impairment->trace.table->rows[i].values[SERIES_RATE]),
				 llround(2.637201 * 30e6));
	assert_int_equal(t->event_count, 2);
	assert_string_equal(t->events[0].command, "link l:forward down");
	assert_int_equal(t->events[0].at_ns, 102 * SECOND);
	topology_free(t);
}

#define THIRD "[site c]\nposition = 50.3, 6.3, 300\nrain_rate = 28mm/h\n"

// It rains on a from 100 s to 200 s: the other site takes over once that has lasted, and keeps the
// traffic until it rains there from 300 s on.
static void a_diverse_site_takes_over_while_it_rains_less_there(void **state)
{
	const char *const rain =
		"[weather w]\nrain = 10mm/h\nstart = 100s\nstop = 200s\nsites = a\n"
		"[weather v]\nrain = 10mm/h\nstart = 300s\nstop = 400s\nsites = c\n";
	char text[4096];
	struct topology *t;
	const struct table *table;
	double clear_bps;

	(void)state;
	snprintf(text, sizeof(text), THIRD LAB "diversity.forward = c switch 20s\n%s", rain);
	t = loaded(text);
	table = t->links[0].impairments[LINK_FORWARD].trace.table;
	assert_non_null(table);
	clear_bps = table->rows[0].values[SERIES_RATE];
	assert_int_equal(table->rows[1].at_ns, 100 * SECOND); // the old MODCOD loses
	assert_int_equal(table->rows[2].at_ns, 102 * SECOND);
	assert_true(table->rows[2].values[SERIES_RATE] < clear_bps);
	// At 120 s the other site sends, under a clear sky.
	assert_int_equal(table->rows[3].at_ns, 120 * SECOND);
	assert_true(table->rows[3].values[SERIES_RATE] == clear_bps);
	assert_int_equal(table->rows[4].at_ns, 300 * SECOND);
	assert_int_equal(table->rows[5].at_ns, 302 * SECOND);
	assert_true(table->rows[5].values[SERIES_RATE] < clear_bps);
	assert_int_equal(table->rows[6].at_ns, 320 * SECOND);
	assert_true(table->rows[6].values[SERIES_RATE] == clear_bps);
	assert_int_equal(table->count, 7);
	topology_free(t);
	// Less rain there than the hysteresis asks for changes nothing.
	snprintf(text, sizeof(text), THIRD LAB "diversity.forward = c hysteresis 20dB\n%s", rain);
	t = loaded(text);
	table = t->links[0].impairments[LINK_FORWARD].trace.table;
	assert_int_equal(table->rows[table->count - 1].at_ns, 202 * SECOND);
	topology_free(t);
}

static void diversity_is_in_the_budget(void **state)
{
	struct topology *t = loaded(THIRD LAB "diversity.forward = c\n[weather w]\nrain = 10mm/h\n"
					      "sites = a\n");
	struct topology *alone = loaded(LAB);
	struct sky_budget budget, single;
	struct error error;

	(void)state;
	assert_int_equal(sky_budget_compute(t, 0, LINK_FORWARD, 0, 0, &budget, &error), 0);
	assert_true(budget.sites[0].on_other && budget.up.hop.air.rain_db == 0);
	assert_int_equal(budget.up.site, topology_find_site(t, "c"));
	assert_true(budget.down.hop.air.rain_db == 0);
	// Over the year the gain of P.618 between sites 67 km apart: a good part of the fade.
	assert_int_equal(sky_budget_compute(t, 0, LINK_FORWARD, 0, 0.01, &budget, &error), 0);
	assert_int_equal(sky_budget_compute(alone, 0, LINK_FORWARD, 0, 0.01, &single, &error), 0);
	assert_true(budget.up.diversity_gain_db > 0.3 * single.up.hop.air.rain_db);
	assert_true(fabs(budget.up.hop.air.rain_db + budget.up.diversity_gain_db -
			 single.up.hop.air.rain_db) < 1e-9);
	assert_true(budget.down.diversity_gain_db == 0);
	topology_free(t);
	topology_free(alone);
}

// 10 mm/h at site a from 100 s to 200 s: the modem follows a loop of 1.5 s later, on whole seconds.
static void rain_slows_the_modem_a_loop_later(void **state)
{
	struct topology *t = loaded(LAB "[weather w]\nrain = 10mm/h\nstart = 100s\nstop = 200s\n"
					"sites = a\n");
	const struct table *table = t->links[0].impairments[LINK_FORWARD].trace.table;
	double clear_bps, rain_bps;

	(void)state;
	assert_non_null(table);
	clear_bps = table->rows[0].values[SERIES_RATE];
	// At 100 s the old MODCOD is still in use, and frames are lost; from 102 s on it fits.
	assert_int_equal(table->rows[1].at_ns, 100 * SECOND);
	assert_true(table->rows[1].values[SERIES_RATE] == clear_bps);
	assert_true(table->rows[1].values[SERIES_LOSS] == 1);
	assert_int_equal(table->rows[2].at_ns, 102 * SECOND);
	rain_bps = table->rows[2].values[SERIES_RATE];
	assert_true(rain_bps < clear_bps && rain_bps > 0);
	assert_true(table->rows[2].values[SERIES_LOSS] == 0);
	assert_int_equal(table->rows[3].at_ns, 202 * SECOND);
	assert_true(table->rows[3].values[SERIES_RATE] == clear_bps);
	assert_int_equal(table->count, 4);
	assert_int_equal(t->event_count, 0);
	topology_free(t);
}

static void below_the_lowest_modcod_the_direction_is_down(void **state)
{
	struct topology *t = loaded(LAB "[event e]\nat = 150s\ndo = link l up\n"
					"[weather w]\nrain = 100mm/h\nstart = 100s\nstop = 200s\n"
					"sites = a\n");
	size_t downs = 0, ups = 0;

	(void)state;
	for (size_t i = 0; i < t->event_count; i++) {
		const struct event *event = &t->events[i];

		assert_true(i == 0 || t->events[i - 1].at_ns <= event->at_ns);
		if (strcmp(event->command, "link l:forward down") == 0) {
			assert_int_equal(event->at_ns, 102 * SECOND);
			downs++;
		}
		if (strcmp(event->command, "link l:forward up") == 0) {
			assert_int_equal(event->at_ns, 202 * SECOND);
			ups++;
		}
	}
	assert_int_equal(downs, 1);
	assert_int_equal(ups, 1);
	topology_free(t);
}

// P.840's validation example over London: 1.26328615 kg/m2 at 14.25 GHz and 31.07699124 degrees
// take 0.45516982 dB; so what they take at another elevation, and in a front, of which half is over
// the station when its edge's middle is.
static void clouds_take_what_p840_says_and_move_with_a_front(void **state)
{
	static const char ku[] =
		"[site a]\nposition = 51.5, -0.14, 30\nrain_height = 2.7km\n"
		"[site b]\nposition = 50, 5, 300\n[satellite s]\norbit = geostationary 21.5deg\n"
		"[link l]\nends = a, b\nmedium = satellite\nvia = s\nband = Ku 14.25GHz 11.7GHz\n"
		"antenna = 4.5m\npower = 40W\nnoise = 200K\nsatellite_gt = 8dB/K\n"
		"satellite_eirp = 50dBW\nsymbol_rate = 30Mbaud\n";
	char text[2048];
	struct topology *t;
	struct sky_budget budget;
	struct error error;
	double full_db, half_m;

	(void)state;
	snprintf(text, sizeof(text),
		 "%s[weather w]\nclouds = 1.26328615kg/m2\nstart = 1h\nstop = 2h\nsites = a\n", ku);
	t = loaded(text);
	assert_int_equal(sky_budget_compute(t, 0, LINK_FORWARD, 3600 * SECOND, 0, &budget, &error),
			 0);
	full_db = 0.45516982 * sin(31.07699124 * M_PI / 180) /
		  sin(budget.up.elevation_deg * M_PI / 180);
	assert_true(fabs(budget.up.hop.air.cloud_db / full_db - 1) < 1e-6);
	assert_true(budget.down.hop.air.cloud_db == 0 && budget.up.hop.air.rain_db == 0);
	// The budget at other instants: a clear sky, and all of it.
	assert_true(fabs(es_n0_db(t, 0) - sky_budget_es_n0_db(t, &budget, 0)) < 1e-9);
	assert_true(fabs(es_n0_db(t, 3600 * SECOND) -
			 sky_budget_es_n0_db(t, &budget, 3600 * SECOND)) < 1e-9);
	assert_true(es_n0_db(t, 0) - es_n0_db(t, 3600 * SECOND) > 0.01);
	assert_true(es_n0_db(t, 0) == es_n0_db(t, 7200 * SECOND));
	topology_free(t);
	// A front from the west, 40 km wide with edges of 20 km, over a path to the south-east
	// whose ground track (below 2.7 km) goes some km ahead of the station.
	snprintf(text, sizeof(text),
		 "%s[weather w]\nclouds = 1.26328615kg/m2\nposition = 51.5, -0.14\n"
		 "heading = 90deg\nspeed = 10m/s\nwidth = 40km\nedge = 20km\nstart = 1h\nsites = "
		 "a\n",
		 ku);
	t = loaded(text);
	sky_budget_compute(t, 0, LINK_FORWARD, 0, 0, &budget, &error);
	assert_true(budget.up.hop.air.cloud_db == 0);
	half_m = 2670 / tan(budget.up.elevation_deg * M_PI / 180) / 2 *
		 sin(budget.up.azimuth_deg * M_PI / 180);
	sky_budget_compute(t, 0, LINK_FORWARD,
			   3600 * SECOND + (uint64_t)((10e3 + half_m) / 10 * 1e9), 0, &budget,
			   &error);
	assert_true(fabs(budget.up.hop.air.cloud_db / full_db - 0.5) < 0.01);
	topology_free(t);
}

// Without rain, 5 kg/m2 of water at 30 GHz: some 7 dB, which the modem must follow.
static void clouds_slow_the_modem(void **state)
{
	struct topology *t =
		loaded(LAB "[weather w]\nclouds = 5kg/m2\nstart = 100s\nstop = 200s\nsites = a\n");
	const struct table *table = t->links[0].impairments[LINK_FORWARD].trace.table;
	double least = INFINITY;

	(void)state;
	assert_non_null(table);
	for (size_t i = 0; i < table->count; i++)
		least = fmin(least, table->rows[i].values[SERIES_RATE]);
	assert_true(least < 0.8 * table->rows[0].values[SERIES_RATE]);
	assert_true(table->rows[table->count - 1].values[SERIES_RATE] ==
		    table->rows[0].values[SERIES_RATE]);
	topology_free(t);
}

static void fading_is_a_function_of_seed_and_instant(void **state)
{
	struct topology *one = loaded(LAB "rate = 1mbit\n[weather w]\nfading = maseng-bakken 7\n");
	struct topology *same = loaded(LAB "rate = 1mbit\n[weather w]\nfading = maseng-bakken 7\n");
	struct topology *other =
		loaded(LAB "rate = 1mbit\n[weather w]\nfading = maseng-bakken 8\n");
	struct topology *clear = loaded(LAB "rate = 1mbit\n");
	double clear_db = es_n0_db(clear, 0);
	size_t fades = 0, differ = 0;

	(void)state;
	for (uint64_t i = 200; i > 0; i--) {
		uint64_t at_ns = i * 40000 * SECOND;
		double db = es_n0_db(one, at_ns);

		assert_true(es_n0_db(same, at_ns) == db);
		fades += db < clear_db - 1e-9;
		differ += es_n0_db(other, at_ns) != db;
	}
	// It rains 7.69 % of the time at each, in 7.7 to 15.4 % of 200 independent instants at one
	// of them: 0 of them has a chance of 0.923^200 = 1e-7, 60 one of 1e-7, too.
	assert_true(fades > 0 && fades < 60);
	assert_true(differ > 0);
	topology_free(clear);
	topology_free(one);
	topology_free(same);
	topology_free(other);
}

static void a_budget_that_never_closes_is_refused(void **state)
{
	struct errors errors = {0};
	struct error error = {0};
	struct topology *t = topology_load_text(LAB "power.forward = 1mW\n", "lab.ini", &errors);

	(void)state;
	assert_non_null(t);
	assert_true(evolve_radio(t, &error) < 0);
	assert_non_null(strstr(error.what, "under a clear sky"));
	assert_non_null(strstr(error.where, "lab.ini:"));
	topology_free(t);
}

// A ring of five satellites at the height of O3b, and a small dish: the rate follows elevation.
#define RING                                                                                       \
	"[network]\nepoch = 2026-06-14T00:00:00Z\n"                                                \
	"[site a]\nposition = 10, 0, 300\n[site b]\nposition = 12, 4, 300\n"                       \
	"[constellation o3b]\nwalker = 5/1/0 8063km inclination 0.05deg\n"                         \
	"[link l]\nends = a, b\n"                                                                  \
	"medium = satellite\nvia = o3b\nelevation = 10deg\nband = Ka 28.5GHz 18.8GHz\n"            \
	"antenna = 1.8m\npower = 5W\nnoise = 250K\nsatellite_gt = 4dB/K\n"                         \
	"satellite_eirp = 40dBW\nsymbol_rate = 100Mbaud\nmodcods = dvb-s2x\n"

// Where in the ladder a rate is.
static int rung_of(const struct sky_budget *budget, double bps)
{
	for (size_t r = 0; r < budget->ladder.count; r++)
		if (fabs(modem_rate_bps(&budget->ladder.rungs[r], budget->input.symbol_rate_per_s) /
				 bps -
			 1) < 1e-12)
			return (int)r;
	return -1;
}

// The modem has been told the Es/N0 of a geometry that is ten seconds old at most, and there
// elevation goes one way. By modem_adapt it is then no lower than what has margin and hysteresis at
// the least that it may have been told, and no higher than what has its margin at the most. Gives
// how many rungs that leaves.
static int assert_rung(const struct topology *t, uint64_t at_ns, double bps)
{
	const struct modem_control *control = &t->links[0].radio.control;
	uint64_t then_ns = at_ns > 10 * SECOND ? at_ns - 10 * SECOND : 0;
	double now_db = es_n0_db(t, at_ns), then_db = es_n0_db(t, then_ns);
	struct sky_budget budget;
	struct error error;
	int rung, least, most;

	assert_int_equal(sky_budget_compute(t, 0, LINK_FORWARD, at_ns, 0, &budget, &error), 0);
	rung = rung_of(&budget, bps);
	least = modem_select(&budget.ladder, fmin(now_db, then_db),
			     control->margin_db + control->hysteresis_db);
	most = modem_select(&budget.ladder, fmax(now_db, then_db), control->margin_db);
	assert_true(rung >= 0 && rung >= least && rung <= most);
	return most - least + 1;
}

// Every minute the rate is one that the budget of that instant leaves.
static void a_ring_of_satellites_has_rates_that_follow_elevation(void **state)
{
	struct topology *t = loaded(RING "choose = longest\n");
	const struct table *table = t->links[0].impairments[LINK_FORWARD].trace.table;
	double least_bps = INFINITY, most_bps = 0;
	double low_deg = 90, high_deg = 0, at_low_bps = 0, at_high_bps = 0;
	size_t handed = 0, changed = 0, certain = 0, count, row = 0;
	struct handover *services;
	struct error error;

	(void)state;
	assert_non_null(table);
	for (uint64_t at_ns = 0; at_ns < 6 * 3600 * SECOND; at_ns += 60 * SECOND) {
		struct sky_budget budget;
		double bps;

		while (row + 1 < table->count && table->rows[row + 1].at_ns <= at_ns)
			row++;
		bps = table->rows[row].values[SERIES_RATE];
		assert_int_equal(sky_budget_compute(t, 0, LINK_FORWARD, at_ns, 0, &budget, &error),
				 0);
		certain += assert_rung(t, at_ns, bps) == 1;
		if (budget.up.elevation_deg < low_deg) {
			low_deg = budget.up.elevation_deg;
			at_low_bps = bps;
		}
		if (budget.up.elevation_deg > high_deg) {
			high_deg = budget.up.elevation_deg;
			at_high_bps = bps;
		}
		least_bps = fmin(least_bps, bps);
		most_bps = fmax(most_bps, bps);
	}
	assert_true(most_bps > least_bps && at_high_bps > at_low_bps);
	assert_true(certain > 0); // and in some minutes that is one
	assert_int_equal(sky_find_services(t, &t->links[0], t->epoch_utc_ns,
					   t->epoch_utc_ns + (int64_t)(6 * 3600 * SECOND),
					   &services, &count, &error),
			 0);
	assert_true(count > 4);
	for (size_t i = 1; i < count; i++) {
		uint64_t at_ns = (uint64_t)(services[i].from_utc_ns - t->epoch_utc_ns);

		handed += services[i].path != HANDOVER_NONE;
		for (size_t r = 0; r < table->count; r++)
			if (table->rows[r].at_ns >= at_ns && table->rows[r].at_ns < at_ns + SECOND)
				changed++;
	}
	// Who is taken until he is lost is followed by one who stands higher.
	assert_int_equal(changed, handed);
	free(services);
	topology_free(t);
}

// What a new epoch gives does not depend on what there was before, and nothing is there twice.
static void a_new_epoch_gives_what_it_alone_would_give(void **state)
{
	static const char one_satellite[] =
		"[site a]\nposition = 10, 0, 300\n[site b]\nposition = 12, 4, 300\n"
		"[satellite s]\norbit = kepler axis 14441km eccentricity 0.0006 inclination "
		"0.05deg "
		"raan 0deg anomaly 0deg epoch 2026-06-14T00:00:00Z\n";
	static const char storm[] = "[weather w]\nrain = 150mm/h\nstart = 100s\nstop = 40000s\n";
	char text[1024], later[2048];
	struct topology *one, *other;
	const struct table *table, *same;
	struct error error;

	(void)state;
	snprintf(text, sizeof(text), "%s%s%s", one_satellite, strstr(RING, "[link l]"), storm);
	memcpy(strstr(text, "via = o3b"), "via = s  ", 9);
	snprintf(later, sizeof(later), "[network]\nepoch = 2026-06-14T01:10:00Z\n%s", text);
	one = loaded(text);
	other = loaded(later);
	assert_int_equal(sky_start(one, other->epoch_utc_ns, &error), 0);
	table = one->links[0].impairments[LINK_FORWARD].trace.table;
	same = other->links[0].impairments[LINK_FORWARD].trace.table;
	assert_true(table->count != same->count ||
		    memcmp(table->rows, same->rows, table->count * sizeof(*table->rows)) != 0);
	assert_int_equal(evolve_radio(one, &error), 0);
	table = one->links[0].impairments[LINK_FORWARD].trace.table;
	assert_int_equal(table->count, same->count);
	assert_memory_equal(table->rows, same->rows, table->count * sizeof(*table->rows));
	assert_true(one->event_count > 0);
	assert_int_equal(one->event_count, other->event_count);
	topology_free(one);
	topology_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clear_sky_gives_a_rate),
		cmocka_unit_test(a_rate_that_is_given_stays),
		cmocka_unit_test(a_modem_that_keeps_to_its_modcod_has_one_rate),
		cmocka_unit_test(a_diverse_site_takes_over_while_it_rains_less_there),
		cmocka_unit_test(diversity_is_in_the_budget),
		cmocka_unit_test(rain_slows_the_modem_a_loop_later),
		cmocka_unit_test(below_the_lowest_modcod_the_direction_is_down),
		cmocka_unit_test(clouds_take_what_p840_says_and_move_with_a_front),
		cmocka_unit_test(clouds_slow_the_modem),
		cmocka_unit_test(fading_is_a_function_of_seed_and_instant),
		cmocka_unit_test(a_ring_of_satellites_has_rates_that_follow_elevation),
		cmocka_unit_test(a_new_epoch_gives_what_it_alone_would_give),
		cmocka_unit_test(a_budget_that_never_closes_is_refused),
	};

	return cmocka_run_group_tests_name("evolve_radio", tests, NULL, NULL);
}
