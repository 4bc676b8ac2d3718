// SPDX-License-Identifier: BSD-3-Clause
// Weather becomes rates: what a clear sky gives, what rain takes at which instant, and that the
// same weather is the same whoever asks.
#include "control/evolve_radio.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/sky_budget.h"
#include "topologies/load.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clear_sky_gives_a_rate),
		cmocka_unit_test(a_rate_that_is_given_stays),
		cmocka_unit_test(rain_slows_the_modem_a_loop_later),
		cmocka_unit_test(below_the_lowest_modcod_the_direction_is_down),
		cmocka_unit_test(fading_is_a_function_of_seed_and_instant),
		cmocka_unit_test(a_budget_that_never_closes_is_refused),
	};

	return cmocka_run_group_tests_name("evolve_radio", tests, NULL, NULL);
}
