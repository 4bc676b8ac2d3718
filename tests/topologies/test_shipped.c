// SPDX-License-Identifier: BSD-3-Clause
// The shipped topologies: they load, tell the story that they are there for, and their delays lie
// between what physics allows and what has been measured.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/physics/fibre.h"
#include "topologies/load.h"

static struct topology *shipped(const char *name)
{
	const char *directory = getenv("CORRIDOR_TOPOLOGIES");
	struct errors errors = {0};
	struct topology *topology;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory ? directory : "topologies", name);
	topology = topology_load(path, &errors);
	if (!topology)
		fail_msg("%s: %s", errors.items[0].where, errors.items[0].what);
	errors_fini(&errors);
	return topology;
}

static void all_of_them_load_and_end(void **state)
{
	static const char *const names[] = {"benelux.ini",   "equinox.ini", "exchange.ini",
					    "last-mile.ini", "o3b-day.ini", "storm.ini",
					    "triangle.ini",  "wire.ini"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct topology *t = shipped(names[i]);

		assert_int_equal(strncmp(t->name, names[i], strlen(t->name)), 0);
		for (size_t f = 0; f < t->flow_count; f++)
			assert_true(t->flows[f].stop_ns <= UINT64_C(86400000000000));
		topology_free(t);
	}
}

static uint64_t delay_ns(const struct link *link, int direction)
{
	const struct impairment *impairment = &link->impairments[direction];

	return impairment->given & IMPAIRMENT(GROUP_DELAY)
		       ? impairment->delay.delay_ns
		       : link->propagation_ns + link->equipment_ns;
}

#define SITES_MOST 64
#define LINKS_MOST 128

// Shortest path by metric over the links that are not cut: one-way delay, and which links it uses.
// UINT64_MAX when there is none. Bellman and Ford, for simplicity.
static uint64_t way_delay_ns(const struct topology *t, const char *from, const char *to,
			     const bool *cut, bool *used)
{
	uint64_t costs[SITES_MOST];
	uint32_t last[SITES_MOST]; // channel by which a site is reached
	uint32_t source = topology_find_site(t, from);
	uint32_t target = topology_find_site(t, to);
	uint64_t delay = 0;

	assert_true(t->site_count <= SITES_MOST && t->link_count <= LINKS_MOST);
	assert_true(source != TOPOLOGY_NONE && target != TOPOLOGY_NONE);
	for (size_t i = 0; i < t->site_count; i++)
		costs[i] = UINT64_MAX / 2;
	costs[source] = 0;
	for (size_t round = 0; round < t->site_count; round++) {
		for (uint32_t c = 0; c < 2 * t->link_count; c++) {
			const struct link *link = &t->links[c / 2];
			uint32_t head = link->ends[c % 2].site;
			uint32_t tail = link->ends[1 - c % 2].site;

			assert_true(link->metric[c % 2] > 0);
			if ((cut && cut[c / 2]) || costs[head] + link->metric[c % 2] >= costs[tail])
				continue;
			costs[tail] = costs[head] + link->metric[c % 2];
			last[tail] = c;
		}
	}
	if (costs[target] >= UINT64_MAX / 2)
		return UINT64_MAX;
	for (uint32_t at = target; at != source;
	     at = t->links[last[at] / 2].ends[last[at] % 2].site) {
		delay += delay_ns(&t->links[last[at] / 2], (int)(last[at] % 2));
		if (used)
			used[last[at] / 2] = true;
	}
	return delay;
}

// Published round-trip times, milliseconds; topologies/README.md names the sources. `least` 0: only
// the floor of 1.2 times the straight fibre holds.
struct published {
	const char *from;
	const char *to;
	double least_ms;
	double most_ms;
};

static void round_trips_lie_between_physics_and_measurement(void **state)
{
	static const struct published pairs[] = {
		// Country to country: the 95th percentile, or the median where only that is known.
		{"bettembourg", "brussels", 0, 24},
		{"bettembourg", "antwerp", 0, 24},
		{"bettembourg", "liege", 0, 24},
		{"bissen", "brussels", 0, 24},
		{"bettembourg", "amsterdam", 0, 15},
		{"bissen", "amsterdam", 0, 15},
		{"bettembourg", "rotterdam", 0, 15},
		{"bettembourg", "frankfurt", 0, 12.6},
		{"bettembourg", "paris", 0, 15.5},
		{"bettembourg", "london", 0, 20.2},
		{"brussels", "amsterdam", 0, 8.7},
		{"brussels", "paris", 0, 18.6},
		{"brussels", "london", 0, 15.7},
		// City to city: the median of a large cloud, within 20 %.
		{"amsterdam", "frankfurt", 0.8 * 8, 1.2 * 9},
		{"amsterdam", "paris", 0.8 * 10, 1.2 * 11},
		{"amsterdam", "london", 0.8 * 9, 1.2 * 9},
		{"frankfurt", "paris", 0.8 * 10, 1.2 * 10},
		{"paris", "london", 0.8 * 8, 1.2 * 8},
		{"frankfurt", "london", 0.8 * 14, 1.2 * 14},
	};
	struct topology *t = shipped("benelux.ini");

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct site *from = &t->sites[topology_find_site(t, pairs[i].from)];
		const struct site *to = &t->sites[topology_find_site(t, pairs[i].to)];
		double straight_m = geodesic_distance_m(from->position, to->position);
		double floor_ms = 2e-6 * (double)fibre_delay_ns(straight_m, FIBRE_GROUP_INDEX_G652);
		double rtt_ms =
			2e-6 * (double)way_delay_ns(t, pairs[i].from, pairs[i].to, NULL, NULL);

		if (rtt_ms < 1.2 * floor_ms || rtt_ms < pairs[i].least_ms ||
		    rtt_ms > pairs[i].most_ms)
			fail_msg("%s to %s: %.2f ms; floor %.2f ms, published %.2f to %.2f ms",
				 pairs[i].from, pairs[i].to, rtt_ms, floor_ms, pairs[i].least_ms,
				 pairs[i].most_ms);
	}
	topology_free(t);
}

static void cut_conduit(const struct topology *t, const char *name, bool *cut)
{
	uint32_t index = topology_find_conduit(t, name);

	assert_int_not_equal(index, TOPOLOGY_NONE);
	for (size_t i = 0; i < t->conduits[index].link_count; i++)
		cut[t->conduits[index].links[i]] = true;
}

static void two_fibre_ways_share_nothing_and_the_satellite_is_the_third(void **state)
{
	struct topology *t = shipped("benelux.ini");
	uint32_t govsat = topology_find_link(t, "betzdorf-redu-govsat");
	bool cut[LINKS_MOST] = {false};
	bool west[LINKS_MOST] = {false};
	bool east[LINKS_MOST] = {false};
	bool sky[LINKS_MOST] = {false};

	(void)state;
	assert_true(way_delay_ns(t, "bettembourg", "amsterdam", cut, west) < 10000000);
	assert_true(west[topology_find_link(t, "bettembourg-brussels")]);
	cut_conduit(t, "ardennes", cut);
	assert_true(way_delay_ns(t, "bettembourg", "amsterdam", cut, east) < 10000000);
	assert_true(east[topology_find_link(t, "bissen-liege")]);
	for (size_t i = 0; i < t->link_count; i++)
		assert_false(west[i] && east[i]);
	cut_conduit(t, "oesling", cut);
	assert_in_range(way_delay_ns(t, "bettembourg", "amsterdam", cut, sky), 257000000,
			300000000);
	assert_true(sky[govsat]);
	for (size_t i = 0; i < t->link_count; i++)
		assert_true(!sky[i] || i == govsat || t->links[i].medium == MEDIUM_FIBRE);
	cut[govsat] = true;
	assert_in_range(way_delay_ns(t, "bettembourg", "amsterdam", cut, NULL), 257000000,
			320000000);
	topology_free(t);
}

static void the_timeline_cuts_both_ways_and_mends_them(void **state)
{
	static const struct {
		uint64_t at_s;
		const char *command;
	} story[] = {{5, "conduit ardennes down inflight cut"},
		     {15, "conduit oesling down inflight cut"},
		     {25, "conduit oesling up"},
		     {30, "conduit ardennes up"}};
	struct topology *t = shipped("benelux.ini");

	(void)state;
	assert_int_equal(t->event_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(t->events[i].at_ns, story[i].at_s * 1000000000);
		assert_string_equal(t->events[i].command, story[i].command);
	}
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_them_load_and_end),
		cmocka_unit_test(round_trips_lie_between_physics_and_measurement),
		cmocka_unit_test(two_fibre_ways_share_nothing_and_the_satellite_is_the_third),
		cmocka_unit_test(the_timeline_cuts_both_ways_and_mends_them),
	};

	return cmocka_run_group_tests_name("shipped", tests, NULL, NULL);
}
