// SPDX-License-Identifier: BSD-3-Clause
// A lab that runs for weeks: profiles are always ahead, those that lie behind are freed, and what
// is still to come does not depend on that.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/evolve_radio.h"
#include "tests/control/network_steps.h"
#include "tests/control/paper.h"
#include "topologies/tables.h"

#define S UINT64_C(1000000000)
#define H (3600 * S)

#define RING(words)                                                                                \
	"[network]\nepoch = 2026-06-14T00:00:00Z\n"                                                \
	"[site a]\nposition = 10, 0, 300\nrain_rate = 28.2mm/h\n"                                  \
	"[site b]\nposition = 12, 4, 300\n"                                                        \
	"[constellation o3b]\nwalker = 5/1/0 8063km inclination 0.05deg\n"                         \
	"[link l]\nends = a, b\nmedium = satellite\nvia = o3b\nelevation = 10deg\n"                \
	"handover = break-before-make 3s\n" words
#define RADIO                                                                                      \
	"band = Ka 28.5GHz 18.8GHz\nantenna = 1.8m\npower = 5W\nnoise = 250K\nsatellite_gt = "     \
	"4dB/K\nsatellite_eirp = 40dBW\nsymbol_rate = 100Mbaud\n"                                  \
	"[weather w]\nfading = maseng-bakken 7\n"

static struct topology *load(const char *text)
{
	struct topology *topology = paper(text);
	struct error error;

	if (evolve_radio(topology, &error))
		fail_msg("%s: %s", error.where, error.what);
	return topology;
}

// Both stand at the same instant: is all that the channels are given the same?
static void assert_alike(const struct network *one, const struct network *other, uint64_t at_ns)
{
	for (uint32_t c = 0; c < 2; c++) {
		const struct channel_params *p = &network_plan(one)->channels[c].params;

		assert_int_equal(network_delay_ns(one, c, at_ns),
				 network_delay_ns(other, c, at_ns));
		assert_int_equal(network_rate_bps(one, c, at_ns),
				 network_rate_bps(other, c, at_ns));
		assert_true(network_loss(one, c, at_ns) == network_loss(other, c, at_ns));
		assert_int_equal(network_channel_is_up(one, c), network_channel_is_up(other, c));
		// The engine may go on for two minutes without control.
		assert_true(p->delay_profile->start_ns +
				    p->delay_profile->points[p->delay_profile->count - 1].at_ns >=
			    at_ns + 119 * S);
	}
}

// Runs a forgetting network and one that keeps all, and compares them at every change. Gives the
// most that the first one's pool has held after the first three hours.
static size_t run_both(const char *text, uint64_t until_ns, size_t *most_kept)
{
	struct topology *topology = load(text), *whole = load(text);
	struct network *network = start(topology), *keeps = start(whole);
	size_t most = 0, at_first = 0;
	struct error error;

	while (network_next_change_ns(network) <= until_ns) {
		uint64_t at_ns = network_next_change_ns(network);
		size_t count;

		assert_int_equal(network_step(network, at_ns, &error), 0);
		network_forget_past(network);
		assert_int_equal(network_step(keeps, at_ns, &error), 0);
		assert_alike(network, keeps, at_ns);
		count = tables_count(topology->tables);
		if (at_ns < 3 * H)
			at_first = count > at_first ? count : at_first;
		else
			most = count > most ? count : most;
	}
	assert_true(at_first > 0);
	*most_kept = tables_count(whole->tables);
	network_free(network);
	network_free(keeps);
	topology_free(topology);
	topology_free(whole);
	return most;
}

static void a_week_of_handovers_takes_no_more_memory_than_hours(void **state)
{
	size_t kept, most = run_both(RING("choose = longest\n"), 7 * 24 * H, &kept);

	(void)state;
	// Two generations of two delays and a carrier, and one more of each while it is renewed.
	assert_in_range(most, 1, 9);
	assert_true(kept > 168 * 2);
}

static void so_does_a_modem_in_the_weather(void **state)
{
	size_t kept, most = run_both(RING("choose = longest\n" RADIO), 32 * H, &kept);

	(void)state;
	// Besides, of each direction, a table, profiles of rate and loss, and the line; the first
	// day's for good, with the modem after it.
	assert_in_range(most, 1, 9 + 3 * 2 * 4 + 2 * 5);
	assert_true(kept > 32 * 2 + 7 * 2 * 4);
}

// What the plan has now stays, whatever users do in between.
static void what_is_in_force_is_never_forgotten(void **state)
{
	struct topology *topology = load(RING("choose = longest\n" RADIO));
	struct network *network = start(topology), *again;
	struct error error;

	(void)state;
	run_to(network, 26 * H + 10 * S);
	network_forget_past(network);
	assert_int_equal(network_begin(network, &error), 0);
	command(network, 26 * H + 20 * S, "link l set rate 5mbit");
	run_to(network, 30 * H);
	network_forget_past(network); // not while it may be undone
	network_undo(network);
	network_forget_past(network);
	again = start(topology);
	run_to(again, 26 * H + 20 * S);
	run_to(network, 26 * H + 20 * S);
	assert_alike(network, again, 26 * H + 20 * S);
	network_free(again);
	command(network, 28 * H + 20 * S, "link l set loss 1%");
	network_forget_past(network);
	command(network, 29 * H + 20 * S, "link l down");
	network_forget_past(network);
	assert_true(network_delay_ns(network, 0, 29 * H + 20 * S) > 50000000);
	network_free(network);
	topology_free(topology);
}

// A schedule begins after thirty hours: the link is there from the start, and down until it is
// served; then with the rate of its satellite.
static void what_is_not_served_on_its_first_day_is_down_until_it_is(void **state)
{
	struct topology *topology = load(RING("choose = schedule none 0s, o3b-1 30h\n" RADIO));
	struct network *network = start(topology);
	uint64_t at_ns = 0;

	(void)state;
	for (; at_ns < 48 * H && !network_channel_is_up(network, 0); at_ns += 60 * S) {
		run_to(network, at_ns);
		if (network_channel_is_up(network, 0))
			break;
		assert_string_equal(network_down_by(network, 0), "satellite");
		assert_false(network_plan(network)->channels[0].params.carrier);
	}
	assert_in_range(at_ns, 30 * H, 37 * H);
	run_to(network, at_ns + 60 * S);
	assert_true(network_channel_is_up(network, 1));
	assert_true(network_rate_bps(network, 0, at_ns + 60 * S) > 50000000);
	assert_true(network_delay_ns(network, 0, at_ns + 60 * S) > 50000000);
	network_free(network);
	topology_free(topology);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_week_of_handovers_takes_no_more_memory_than_hours),
		cmocka_unit_test(so_does_a_modem_in_the_weather),
		cmocka_unit_test(what_is_in_force_is_never_forgotten),
		cmocka_unit_test(what_is_not_served_on_its_first_day_is_down_until_it_is),
	};

	return cmocka_run_group_tests_name("evolve_past", tests, NULL, NULL);
}
