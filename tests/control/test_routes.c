// SPDX-License-Identifier: BSD-3-Clause
// Next hops: equal costs, parallel links, hosts, exchanges, and a check against another algorithm.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/compile.h"
#include "control/routes.h"
#include "tests/control/paper.h"

struct fixture {
	struct topology *topology;
	struct plan *plan;
	struct routes *routes;
	bool *down; // [link]
};

static void set_up(struct fixture *f, struct topology *topology)
{
	struct error error = {.code = 0};

	f->topology = topology;
	f->plan = compile_plan(topology, NETWORK_FILES, &error);
	if (!f->plan)
		fail_msg("%s: %s", error.where, error.what);
	f->routes = routes_create(topology, &error);
	assert_non_null(f->routes);
	f->down = calloc(topology->link_count + 1, sizeof(*f->down));
	assert_int_equal(routes_all(f->routes, f->plan, f->down, &error), 0);
}

static void tear_down(struct fixture *f)
{
	routes_destroy(f->routes);
	plan_free(f->plan);
	free(f->down);
	topology_free(f->topology);
}

static const struct plan_group *ways(const struct fixture *f, const char *from, const char *to)
{
	static const struct plan_group none;
	const struct plan_row *row = f->plan->rows[paper_site(f->topology, from)];
	uint32_t way = row->ways[paper_site(f->topology, to)];

	return way ? &f->plan->groups[way - 1] : &none;
}

static void assert_way(const struct fixture *f, const struct plan_group *group, uint32_t i,
		       const char *channel)
{
	assert_true(i < group->count);
	assert_int_equal(f->plan->adjacencies[group->adjacency[i]].channel,
			 paper_channel(f->topology, channel));
}

#define LINK(name, a, b, metric)                                                                   \
	"[link " name "]\nends = " a ", " b "\nmedium = ethernet\ndelay = 1ms\nmetric = " metric   \
	"\n"
#define ROUTER(name) "[site " name "]\nkind = router\n"

static void equal_costs_are_separate_ways(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, paper(ROUTER("a") ROUTER("b") ROUTER("c") ROUTER("d") LINK("ab", "a", "b", "5")
				 LINK("ac", "a", "c", "3") LINK("bd", "b", "d", "5")
					 LINK("cd", "c", "d", "7") LINK("ad", "a", "d", "11")));
	assert_int_equal(ways(&f, "a", "d")->count, 2);
	assert_way(&f, ways(&f, "a", "d"), 0, "ab:forward");
	assert_way(&f, ways(&f, "a", "d"), 1, "ac:forward");
	assert_int_equal(ways(&f, "d", "a")->count, 2);
	assert_way(&f, ways(&f, "d", "a"), 0, "bd:reverse");
	assert_int_equal(ways(&f, "a", "a")->count, 0);
	tear_down(&f);
}

static void parallel_links_are_separate_ways(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, paper(ROUTER("a") ROUTER("b") ROUTER("c") LINK("one", "a", "b", "5")
				 LINK("two", "b", "a", "5") LINK("dear", "a", "b", "6")
					 LINK("bc", "b", "c", "1")));
	assert_int_equal(ways(&f, "a", "c")->count, 2);
	assert_way(&f, ways(&f, "a", "c"), 0, "one:forward");
	assert_way(&f, ways(&f, "a", "c"), 1, "two:reverse");
	tear_down(&f);
}

static void each_direction_has_its_own_metric(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, paper(ROUTER("a") ROUTER("b") ROUTER("c")
				 LINK("ab", "a", "b", "1\nmetric.reverse = 9")
					 LINK("ac", "a", "c", "2") LINK("cb", "c", "b", "2")));
	assert_way(&f, ways(&f, "a", "b"), 0, "ab:forward");
	assert_int_equal(ways(&f, "b", "a")->count, 1);
	assert_way(&f, ways(&f, "b", "a"), 0, "cb:reverse");
	tear_down(&f);
}

static void the_delay_in_microseconds_is_the_default_cost(void **state)
{
	struct topology *t = paper(ROUTER("a") ROUTER(
		"b") "[link ab]\nends = a, b\nmedium = ethernet\ndelay.forward = 2400us\n"
		     "delay.reverse = 10ns\n");

	(void)state;
	assert_int_equal(routes_cost(t, 0), 2400);
	assert_int_equal(routes_cost(t, 1), 1);
	topology_free(t);
}

static void hosts_carry_no_transit(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, paper(ROUTER("a") "[site h]\nkind = host\n" ROUTER("b") ROUTER("c")
				 LINK("ah", "a", "h", "1") LINK("hb", "h", "b", "1")
					 LINK("ac", "a", "c", "50") LINK("cb", "c", "b", "50")));
	assert_way(&f, ways(&f, "a", "b"), 0, "ac:forward");
	assert_int_equal(ways(&f, "a", "b")->count, 1);
	assert_way(&f, ways(&f, "a", "h"), 0, "ah:forward");
	assert_way(&f, ways(&f, "h", "b"), 0, "hb:forward");
	assert_way(&f, ways(&f, "h", "c"), 0, "ah:reverse");
	assert_int_equal(ways(&f, "h", "c")->count, 2);
	tear_down(&f);
}

#define MEMBER(name, router, exchange, metric, address)                                            \
	LINK(name, router, exchange, metric) "address = " address "\n"

static void the_next_hop_across_an_exchange_is_the_router_behind(void **state)
{
	const struct plan_adjacency *adjacency;
	const struct plan_group *group;
	struct fixture f;

	(void)state;
	set_up(&f, paper(ROUTER("a") ROUTER("b") ROUTER(
			   "c") "[site x]\nkind = exchange\nsubnet = 192.0.2.0/24\n"
				"[site y]\nkind = exchange\nsubnet = 198.51.100.0/24\n" MEMBER(
					"ax", "a", "x", "4",
					"192.0.2.1/24") MEMBER("bx", "b", "x", "6", "192.0.2.2/24")
					MEMBER("ay", "a", "y", "5", "198.51.100.1/24")
						MEMBER("by", "b", "y", "5", "198.51.100.2/24")
							LINK("bc", "b", "c", "1")));
	group = ways(&f, "a", "c");
	assert_int_equal(group->count, 2);
	assert_way(&f, group, 0, "ax:forward");
	assert_way(&f, group, 1, "ay:forward");
	adjacency = &f.plan->adjacencies[group->adjacency[0]];
	assert_int_equal(adjacency->interface,
			 f.plan->channels[paper_channel(f.topology, "ax:forward")].from_interface);
	assert_memory_equal(
		adjacency->mac,
		f.plan->interfaces[f.plan->channels[paper_channel(f.topology, "bx:reverse")]
					   .to_interface]
			.mac,
		6);
	assert_null(f.plan->rows[paper_site(f.topology, "x")]);
	tear_down(&f);
}

static void two_members_behind_one_exchange_at_equal_cost_are_two_ways(void **state)
{
	struct fixture f;
	const struct plan_group *group;

	(void)state;
	set_up(&f, paper(ROUTER("a") ROUTER("b") ROUTER("c")
				 ROUTER("d") "[site x]\nkind = exchange\n" LINK("ax", "a", "x", "1")
					 LINK("bx", "b", "x", "1") LINK("cx", "c", "x", "1") LINK(
						 "bd", "b", "d", "1") LINK("cd", "c", "d", "1")));
	group = ways(&f, "a", "d");
	assert_int_equal(group->count, 2);
	assert_way(&f, group, 0, "ax:forward");
	assert_way(&f, group, 1, "ax:forward");
	assert_memory_not_equal(f.plan->adjacencies[group->adjacency[0]].mac,
				f.plan->adjacencies[group->adjacency[1]].mac, 6);
	assert_int_equal(ways(&f, "b", "c")->count, 2); // over the exchange, and over d
	tear_down(&f);
}

static void a_link_that_is_down_is_not_used(void **state)
{
	struct error error;
	struct fixture f;
	struct plan_row *row;
	uint32_t a;

	(void)state;
	set_up(&f, paper(ROUTER("a") ROUTER("b") ROUTER("c") LINK("ab", "a", "b", "1")
				 LINK("ac", "a", "c", "5") LINK("cb", "c", "b", "5")));
	a = paper_site(f.topology, "a");
	f.down[0] = true;
	assert_int_equal(routes_row(f.routes, f.plan, f.down, a, &row, &error), 0);
	plan_set_row(f.plan, a, row);
	assert_way(&f, ways(&f, "a", "b"), 0, "ac:forward");
	f.down[1] = true;
	assert_int_equal(routes_row(f.routes, f.plan, f.down, a, &row, &error), 0);
	plan_set_row(f.plan, a, row);
	assert_int_equal(ways(&f, "a", "b")->count, 0);
	assert_int_equal(ways(&f, "a", "c")->count, 0);
	tear_down(&f);
}

static void more_equal_ways_than_fit_keep_the_lowest(void **state)
{
	char text[4096] = ROUTER("a") ROUTER("b");
	struct fixture f;

	(void)state;
	for (int i = 0; i < 11; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[link l%02d]\nends = a, b\nmedium = ethernet\ndelay = 1ms\n", i);
	set_up(&f, paper(text));
	assert_int_equal(ways(&f, "a", "b")->count, PLAN_ECMP_PATHS);
	for (uint32_t i = 0; i < PLAN_ECMP_PATHS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "l%02u:forward", i);
		assert_way(&f, ways(&f, "a", "b"), i, name);
	}
	tear_down(&f);
}

static void which_ways_are_kept_does_not_depend_on_the_order_of_discovery(void **state)
{
	// b is nearer than c, so its six links are found first; those to c have lower numbers.
	char text[4096] = ROUTER("a") ROUTER("b") ROUTER("c") ROUTER("d");
	struct fixture f;

	(void)state;
	for (int i = 0; i < 12; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[link l%02d]\nends = a, %s\nmedium = ethernet\ndelay = 1ms\n"
			 "metric = %d\n",
			 i, i < 6 ? "c" : "b", i < 6 ? 2 : 1);
	strcat(text, LINK("bd", "b", "d", "2") LINK("cd", "c", "d", "1"));
	set_up(&f, paper(text));
	assert_int_equal(ways(&f, "a", "d")->count, PLAN_ECMP_PATHS);
	for (uint32_t i = 0; i < PLAN_ECMP_PATHS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "l%02u:forward", i);
		assert_way(&f, ways(&f, "a", "d"), i, name);
	}
	tear_down(&f);
}

static void static_routing_knows_neighbours_only(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, paper("[network]\nrouting = static\n" ROUTER("a") ROUTER("b") ROUTER("c")
				 ROUTER("d") "[site x]\nkind = exchange\n" LINK("ab", "a", "b", "1")
					 LINK("bc", "b", "c", "1") LINK("cx", "c", "x", "1")
						 LINK("dx", "d", "x", "1")));
	assert_way(&f, ways(&f, "a", "b"), 0, "ab:forward");
	assert_int_equal(ways(&f, "a", "c")->count, 0);
	assert_way(&f, ways(&f, "c", "d"), 0, "cx:forward");
	assert_int_equal(ways(&f, "b", "d")->count, 0);
	tear_down(&f);
}

static void external_routing_leaves_the_rows_empty(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, paper("[network]\nrouting = external\n" ROUTER("a") ROUTER("b")
				 LINK("ab", "a", "b", "1")));
	assert_int_equal(ways(&f, "a", "b")->count, 0);
	tear_down(&f);
}

// ---- Against another algorithm: Floyd-Warshall over the same costs ----

#define MESH_SITES 24
#define MESH_LINKS 60

static struct topology *random_mesh(unsigned seed)
{
	char text[MESH_SITES * 40 + MESH_LINKS * 100] = "";
	size_t used = 0;

	srandom(seed);
	for (int s = 0; s < MESH_SITES; s++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "[site s%d]\nkind = router\n", s);
	for (int l = 0; l < MESH_LINKS; l++) {
		int a = l + 1 < MESH_SITES ? l : (int)(random() % MESH_SITES);
		int b = l + 1 < MESH_SITES ? l + 1 : (int)(random() % MESH_SITES);

		if (a == b)
			b = (b + 1) % MESH_SITES;
		used += (size_t)snprintf(
			text + used, sizeof(text) - used,
			"[link l%d]\nends = s%d, s%d\nmedium = ethernet\n"
			"delay = 1ms\nmetric.forward = %ld\nmetric.reverse = %ld\n",
			l, a, b, 1 + random() % 6, 1 + random() % 6);
	}
	return paper(text);
}

static void rows_agree_with_floyd_and_warshall(void **state)
{
	static uint64_t d[MESH_SITES][MESH_SITES];

	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct fixture f;

		set_up(&f, random_mesh(seed));
		memset(d, 0x3f, sizeof(d));
		for (int s = 0; s < MESH_SITES; s++)
			d[s][s] = 0;
		for (uint32_t c = 0; c < f.plan->channel_count; c++) {
			uint64_t *best =
				&d[f.plan->channels[c].from_site][f.plan->channels[c].to_site];

			if (routes_cost(f.topology, c) < *best)
				*best = routes_cost(f.topology, c);
		}
		for (int k = 0; k < MESH_SITES; k++)
			for (int i = 0; i < MESH_SITES; i++)
				for (int j = 0; j < MESH_SITES; j++)
					if (d[i][k] + d[k][j] < d[i][j])
						d[i][j] = d[i][k] + d[k][j];
		for (uint32_t s = 0; s < MESH_SITES; s++) {
			for (uint32_t t = 0; t < MESH_SITES; t++) {
				uint32_t expected = 0;
				uint32_t way = f.plan->rows[s]->ways[t];
				const struct plan_group *group;

				if (s == t)
					continue;
				assert_int_not_equal(way, 0);
				group = &f.plan->groups[way - 1];
				for (uint32_t c = 0; c < f.plan->channel_count; c++) {
					const struct plan_channel *channel = &f.plan->channels[c];

					if (channel->from_site != s ||
					    routes_cost(f.topology, c) + d[channel->to_site][t] !=
						    d[s][t])
						continue;
					assert_int_equal(
						f.plan->adjacencies[group->adjacency[expected]]
							.channel,
						c);
					expected++;
				}
				assert_int_equal(group->count, expected);
			}
		}
		tear_down(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_costs_are_separate_ways),
		cmocka_unit_test(parallel_links_are_separate_ways),
		cmocka_unit_test(each_direction_has_its_own_metric),
		cmocka_unit_test(the_delay_in_microseconds_is_the_default_cost),
		cmocka_unit_test(hosts_carry_no_transit),
		cmocka_unit_test(the_next_hop_across_an_exchange_is_the_router_behind),
		cmocka_unit_test(two_members_behind_one_exchange_at_equal_cost_are_two_ways),
		cmocka_unit_test(a_link_that_is_down_is_not_used),
		cmocka_unit_test(more_equal_ways_than_fit_keep_the_lowest),
		cmocka_unit_test(which_ways_are_kept_does_not_depend_on_the_order_of_discovery),
		cmocka_unit_test(static_routing_knows_neighbours_only),
		cmocka_unit_test(external_routing_leaves_the_rows_empty),
		cmocka_unit_test(rows_agree_with_floyd_and_warshall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
