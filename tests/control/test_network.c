// SPDX-License-Identifier: BSD-3-Clause
// The network over time: instants of convergence computed by hand, loops while it lasts, the truth
// after it.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/compile.h"
#include "control/network.h"
#include "control/routes.h"
#include "tests/control/network_steps.h"
#include "tests/control/paper.h"

static bool same_group(const struct plan *a, uint32_t way_a, const struct plan *b, uint32_t way_b)
{
	const struct plan_group *left, *right;

	if (way_a == 0 || way_b == 0)
		return way_a == way_b;
	left = &a->groups[way_a - 1];
	right = &b->groups[way_b - 1];
	if (left->count != right->count)
		return false;
	for (uint32_t i = 0; i < left->count; i++) {
		const struct plan_adjacency *l = &a->adjacencies[left->adjacency[i]];
		const struct plan_adjacency *r = &b->adjacencies[right->adjacency[i]];

		if (l->channel != r->channel || memcmp(l->mac, r->mac, 6) != 0)
			return false;
	}
	return true;
}

// The rows of all sites that are up are those of the links that are truly up.
static void assert_rows_are_true(const struct topology *t, const struct network *network)
{
	const struct plan *plan = network_plan(network);
	struct error error;
	struct plan *fresh = compile_plan(t, NETWORK_FILES, &error);
	struct routes *routes = routes_create(t, &error);
	bool *down = calloc(t->link_count + 1, sizeof(*down));

	for (uint32_t l = 0; l < t->link_count; l++)
		down[l] = !network_channel_is_up(network, 2 * l) ||
			  !network_channel_is_up(network, 2 * l + 1) ||
			  !network_site_is_up(network, t->links[l].ends[0].site) ||
			  !network_site_is_up(network, t->links[l].ends[1].site);
	assert_int_equal(routes_all(routes, fresh, down, &error), 0);
	for (uint32_t s = 0; s < t->site_count; s++) {
		if (!plan->rows[s] || !network_site_is_up(network, s))
			continue;
		for (uint32_t d = 0; d < t->site_count; d++) {
			if (!same_group(plan, plan->rows[s]->ways[d], fresh,
					fresh->rows[s]->ways[d]))
				fail_msg("%s to %s differs", t->sites[s].name, t->sites[d].name);
		}
	}
	routes_destroy(routes);
	plan_free(fresh);
	free(down);
}

static void a_triangle_converges_at_the_instants_computed_by_hand(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);

	(void)state;
	assert_path(t, network, "a", "b", "ab:forward");
	assert_path(t, network, "c", "b", "ac:reverse ab:forward"); // 1 + 1, direct is 5
	assert_int_equal(network_next_change_ns(network), NETWORK_NO_CHANGE);
	assert_true(network_is_settled(network));
	command(network, 100 * MS, "link ab down");
	assert_false(network_is_settled(network));
	assert_false(network_plan(network)->channels[0].params.carrier);
	run_to(network, UINT64_MAX);
	assert_event(network, 0, 100 * MS, "link ab down");
	// Both ends notice at 110, compute at 160, change at 190. The first notice reaches c from a
	// at 110 + 2 + 2 = 114: it computes at 164 and changes at 194.
	assert_event(network, 1, 190 * MS, "a: next hops changed");
	assert_event(network, 2, 190 * MS, "b: next hops changed");
	assert_event(network, 3, 194 * MS, "c: next hops changed");
	assert_true(network_is_settled(network));
	assert_path(t, network, "a", "b", "ac:forward cb:forward");
	assert_rows_are_true(t, network);
	network_free(network);
	topology_free(t);
}

static void between_the_changes_packets_go_round_in_circles(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);
	uint32_t channels[NETWORK_PATH_MOST];

	(void)state;
	command(network, 100 * MS, "link ab down");
	run_to(network, 190 * MS - 1);
	assert_path(t, network, "a", "b", "ab:forward"); // a black hole
	run_to(network, 190 * MS);
	assert_path(t, network, "a", "b", // a asks c, c still asks a
		    "ac:forward ac:reverse ac:forward ac:reverse ac:forward");
	assert_int_equal(network_path(network, 0, 1, channels, NETWORK_PATH_MOST), 64);
	run_to(network, 194 * MS);
	assert_path(t, network, "a", "b", "ac:forward cb:forward");
	network_free(network);
	topology_free(t);
}

static void one_direction_down_takes_the_adjacency_and_its_return_brings_it_back(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);

	(void)state;
	command(network, 0, "link ab:reverse down");
	run_to(network, 1000 * MS);
	assert_true(network_is_settled(network));
	assert_path(t, network, "a", "b", "ac:forward cb:forward");
	command(network, 1000 * MS, "link ab:reverse up");
	run_to(network, 2000 * MS);
	assert_path(t, network, "a", "b", "ab:forward");
	assert_rows_are_true(t, network);
	network_free(network);
	topology_free(t);
}

static void a_flap_shorter_than_detection_goes_unnoticed(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);

	(void)state;
	command(network, 100 * MS, "link ab down");
	command(network, 109 * MS, "link ab up");
	run_to(network, UINT64_MAX);
	assert_int_equal(network_event_count(network), 2);
	assert_path(t, network, "a", "b", "ab:forward");
	network_free(network);
	topology_free(t);
}

static void detection_begins_anew_with_every_change(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);

	(void)state;
	command(network, 100 * MS, "link ab down");
	command(network, 104 * MS, "link ab up");
	command(network, 109 * MS, "link ab down");
	run_to(network, UINT64_MAX);
	assert_event(network, 3, 199 * MS, "a: next hops changed"); // 109 + 10 + 50 + 30
	network_free(network);
	topology_free(t);
}

static void a_detection_time_of_the_link_goes_before_the_sites(void **state)
{
	struct topology *t = paper(TIMES ROUTER("a") ROUTER("b")
					   LINK("ab", "a", "b", "1ms", "1") "detection = 3ms\n");
	struct network *network = start(t);

	(void)state;
	command(network, 0, "link ab down");
	run_to(network, UINT64_MAX);
	assert_event(network, 1, 83 * MS, "a: next hops changed");
	assert_event(network, 2, 83 * MS, "b: next hops changed");
	network_free(network);
	topology_free(t);
}

// a1 - a2 - a3
//  |    |    |     rungs cost 1, the last one 5
// b1 - b2 - b3
static const char ladder[] = TIMES ROUTER("a1") ROUTER("a2") ROUTER("a3") ROUTER("b1") ROUTER("b2")
	ROUTER("b3") LINK("a12", "a1", "a2", "1ms", "1") LINK("a23", "a2", "a3", "1ms", "1")
		LINK("b12", "b1", "b2", "1ms", "1") LINK("b23", "b2", "b3", "1ms", "1")
			LINK("r1", "a1", "b1", "1ms", "1") LINK("r2", "a2", "b2", "1ms", "1")
				LINK("r3", "a3", "b3", "1ms", "5");

static void a_ladder_converges_outwards_from_the_break(void **state)
{
	struct topology *t = paper(ladder);
	struct network *network = start(t);

	(void)state;
	assert_path(t, network, "b3", "a3", "b23:reverse r2:reverse a23:forward");
	command(network, 1000 * MS, "link a23 down");
	run_to(network, 1090 * MS);
	// a2 has changed, b2 has not: between them there is a loop.
	assert_path(t, network, "a2", "a3",
		    "r2:forward r2:reverse r2:forward r2:reverse r2:forward");
	run_to(network, UINT64_MAX);
	// Ends: 1000 + 10 + 50 + 30. One hop (1 + 2) further: a1 and b2 from a2, b3 from a3.
	// Two hops: b1.
	assert_event(network, 1, 1090 * MS, "a2: next hops changed");
	assert_event(network, 2, 1090 * MS, "a3: next hops changed");
	assert_event(network, 3, 1093 * MS, "a1: next hops changed");
	assert_event(network, 4, 1093 * MS, "b2: next hops changed");
	assert_event(network, 5, 1093 * MS, "b3: next hops changed");
	assert_event(network, 6, 1096 * MS, "b1: next hops changed");
	assert_path(t, network, "a2", "a3", "r2:forward b23:forward r3:reverse");
	assert_rows_are_true(t, network);
	network_free(network);
	topology_free(t);
}

static void a_part_that_was_cut_off_learns_what_it_missed(void **state)
{
	// d hangs on c by one link; while that is down, ab fails, so d cannot hear of it.
	struct topology *t = paper(
		TIMES ROUTER("a") ROUTER("b") ROUTER("c") ROUTER("d")
			LINK("ab", "a", "b", "1ms", "1") LINK("bc", "b", "c", "1ms", "1")
				LINK("ca", "c", "a", "1ms", "9") LINK("cd", "c", "d", "4ms", "1")
					LINK("da", "d", "a", "5ms", "20"));
	struct network *network = start(t);

	(void)state;
	assert_path(t, network, "d", "a", "cd:reverse bc:reverse ab:reverse");
	command(network, 0, "link da down");
	command(network, 0, "link cd down");
	run_to(network, 1000 * MS);
	command(network, 1000 * MS, "link ab down");
	run_to(network, 2000 * MS);
	assert_true(network_is_settled(network));
	command(network, 2000 * MS, "link cd up");
	// Ends notice at 2010 and exchange what the other lacks: over cd in 4 + 2. At 2060 d
	// computes with that, at 2090 its next hops change.
	run_to(network, 2090 * MS);
	assert_path(t, network, "d", "a", "cd:reverse ca:forward");
	run_to(network, UINT64_MAX);
	assert_rows_are_true(t, network);
	network_free(network);
	topology_free(t);
}

static void notices_do_not_cross_a_channel_that_is_down(void **state)
{
	// d computes so fast that it does so before it has heard what it missed.
	struct topology *t = paper(
		TIMES ROUTER("a") ROUTER("b") ROUTER("c") ROUTER("e")
			ROUTER("d") "spf_delay = 1ms\n" LINK("ab", "a", "b", "1ms", "1")
				LINK("bc", "b", "c", "1ms", "1") LINK("ca", "c", "a", "1ms", "9")
					LINK("cd", "c", "d", "4ms", "1")
						LINK("ea", "e", "a", "1ms", "5")
							LINK("ed", "e", "d", "4ms", "1"));
	struct network *network = start(t);

	(void)state;
	command(network, 0, "link cd:forward down");
	command(network, 0, "link ed:forward down");
	run_to(network, 1000 * MS);
	command(network, 1000 * MS, "link ab down");
	run_to(network, 2000 * MS);
	command(network, 2000 * MS, "link cd:forward up");
	command(network, 2000 * MS, "link ed:forward up");
	// At 2010 it sees its links again, and by all it knows the way over ab is the best.
	run_to(network, 2041 * MS);
	assert_path(t, network, "d", "a", "cd:reverse ca:forward");
	// The news comes at 2010 + 4 + 2: 1 and 30 later it has changed.
	run_to(network, 2047 * MS - 1);
	assert_path(t, network, "d", "a", "cd:reverse ca:forward");
	run_to(network, 2047 * MS);
	assert_path(t, network, "d", "a", "ed:reverse ea:forward");
	network_free(network);
	topology_free(t);
}

static void a_site_that_fails_is_avoided_and_found_again(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);

	(void)state;
	command(network, 0, "site c down");
	assert_false(network_plan(network)->sites[paper_site(t, "c")].carrier);
	run_to(network, 1000 * MS);
	assert_path(t, network, "a", "c", "");
	command(network, 1000 * MS, "link ab down");
	run_to(network, 2000 * MS);
	assert_path(t, network, "a", "b", "");
	command(network, 2000 * MS, "site c up");
	run_to(network, UINT64_MAX);
	assert_path(t, network, "a", "b", "ac:forward cb:forward");
	assert_path(t, network, "c", "b", "cb:forward");
	assert_rows_are_true(t, network);
	network_free(network);
	topology_free(t);
}

static void members_hear_of_a_failed_member_across_the_exchange(void **state)
{
	struct topology *t =
		paper(TIMES ROUTER("a") ROUTER("b") ROUTER("c") "[site x]\nkind = exchange\n" LINK(
			"ax", "a", "x", "1ms", "1") LINK("bx", "b", "x", "2ms", "1")
			      LINK("cx", "c", "x", "3ms", "1") LINK("ab", "a", "b", "9ms", "50"));
	struct network *network = start(t);

	(void)state;
	assert_path(t, network, "a", "b", "ax:forward bx:reverse");
	command(network, 0, "link ax down");
	run_to(network, UINT64_MAX);
	// a notices at 10. Across the exchange the sessions of b and c end at 10 too, and the last
	// word takes 2 and 3 ms from there.
	assert_event(network, 1, 90 * MS, "a: next hops changed");
	assert_event(network, 2, 92 * MS, "b: next hops changed");
	assert_event(network, 3, 93 * MS, "c: next hops changed");
	assert_path(t, network, "a", "c", "ab:forward bx:forward cx:reverse");
	assert_rows_are_true(t, network);
	network_free(network);
	topology_free(t);
}

static void a_link_that_starts_down_is_known_to_be(void **state)
{
	struct topology *t = paper(TIMES ROUTER("a") ROUTER("b") ROUTER("c") LINK(
		"ab", "a", "b", "1ms", "1") "state = down\n" LINK("ac", "a", "c", "2ms", "1")
					   LINK("cb", "c", "b", "3ms", "5"));
	struct network *network = start(t);

	(void)state;
	assert_true(network_is_settled(network));
	assert_false(network_plan(network)->channels[0].params.carrier);
	assert_path(t, network, "a", "b", "ac:forward cb:forward");
	command(network, 0, "link ab up");
	run_to(network, UINT64_MAX);
	assert_path(t, network, "a", "b", "ab:forward");
	assert_rows_are_true(t, network);
	network_free(network);
	topology_free(t);
}

// ---- Any history: after it the rows are the true ones ----

static struct topology *random_network(void)
{
	char text[8192] = "";
	int links = 18;

	for (int s = 0; s < 10; s++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[site s%d]\nkind = %s\ndetection = %ldms\nflooding = %ldus\n"
			 "spf_delay = %ldms\nfib_update = %ldms\n",
			 s,
			 s == 3   ? "exchange"
			 : s == 7 ? "host"
				  : "router",
			 random() % 30, random() % 900, random() % 60, random() % 40);
	for (int l = 0; l < links; l++) {
		int a = l < 9 ? l : (int)(random() % 10);
		int b = l < 9 ? l + 1 : (int)(random() % 10);

		if (a == b)
			b = (b + 1) % 10;
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[link l%d]\nends = s%d, s%d\nmedium = ethernet\ndelay = %ldus\n"
			 "metric = %ld\n",
			 l, a, b, 1 + random() % 9000, 1 + random() % 4);
	}
	return paper(text);
}

static void after_any_history_the_rows_are_true(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 150; seed++) {
		struct topology *t;
		struct network *network;
		uint64_t at_ns = 0;

		srandom(seed);
		t = random_network();
		network = start(t);
		for (int i = 0; i < 40; i++) {
			static const char *const directions[] = {"", ":forward", ":reverse"};
			char line[64];

			at_ns += (uint64_t)(random() % 40000) * 1000;
			if (random() % 4)
				snprintf(line, sizeof(line), "link l%ld%s %s", random() % 18,
					 directions[random() % 3], random() % 2 ? "down" : "up");
			else
				snprintf(line, sizeof(line), "site s%ld %s", random() % 10,
					 random() % 2 ? "down" : "up");
			run_to(network, at_ns);
			command(network, at_ns, line);
		}
		run_to(network, UINT64_MAX);
		assert_true(network_is_settled(network));
		assert_rows_are_true(t, network);
		network_free(network);
		topology_free(t);
	}
}

static void assert_same_networks(const struct network *a, const struct network *b)
{
	const struct plan *left = network_plan(a), *right = network_plan(b);

	assert_int_equal(network_next_change_ns(a), network_next_change_ns(b));
	assert_int_equal(network_is_settled(a), network_is_settled(b));
	assert_int_equal(network_plan_version(a), network_plan_version(b));
	assert_int_equal(left->touched_count, right->touched_count);
	assert_int_equal(left->adjacency_count, right->adjacency_count);
	assert_int_equal(network_event_count(a), network_event_count(b));
	for (size_t i = 0; i < network_event_count(a); i++) {
		assert_string_equal(network_event(a, i)->what, network_event(b, i)->what);
		assert_int_equal(network_event(a, i)->at_ns, network_event(b, i)->at_ns);
	}
	for (size_t c = 0; c < left->channel_count; c++) {
		assert_int_equal(left->channels[c].params.delay_ns,
				 right->channels[c].params.delay_ns);
		assert_int_equal(left->channels[c].params.carrier,
				 right->channels[c].params.carrier);
		assert_int_equal(network_channel_is_up(a, (uint32_t)c),
				 network_channel_is_up(b, (uint32_t)c));
	}
	for (uint32_t s = 0; s < left->site_count; s++) {
		assert_int_equal(network_site_is_up(a, s), network_site_is_up(b, s));
		for (uint32_t d = 0; d < left->site_count; d++)
			assert_true(same_group(left, left->rows[s]->ways[d], right,
					       right->rows[s]->ways[d]));
	}
}

// From one thing that happens to the next, until nothing is left.
static void assert_go_on_alike(struct network *a, struct network *b)
{
	struct error error;

	assert_same_networks(a, b);
	while (network_next_change_ns(a) != NETWORK_NO_CHANGE) {
		uint64_t at_ns = network_next_change_ns(a);

		assert_int_equal(network_step(a, at_ns, &error), 0);
		assert_int_equal(network_step(b, at_ns, &error), 0);
		assert_same_networks(a, b);
	}
}

static void what_is_undone_leaves_no_trace(void **state)
{
	struct topology *t = paper(triangle);
	// Just before each thing that happens after the cut, and in between.
	static const uint64_t instants_ns[] = {100 * MS, 109 * MS, 112 * MS, 114 * MS + 500000,
					       163 * MS, 189 * MS, 191 * MS, 500 * MS};

	(void)state;
	for (size_t i = 0; i < sizeof(instants_ns) / sizeof(instants_ns[0]); i++) {
		struct network *network = start(t), *untouched = start(t);
		struct error error;

		command(network, 100 * MS, "link ab down inflight cut");
		command(untouched, 100 * MS, "link ab down inflight cut");
		run_to(network, instants_ns[i]);
		run_to(untouched, instants_ns[i]);
		for (int twice = 0; twice < 2; twice++) {
			assert_int_equal(network_begin(network, &error), 0);
			command(network, instants_ns[i], "site c down");
			command(network, instants_ns[i], "link ac set delay 7ms inflight retime");
			command(network, instants_ns[i], "link cb reset");
			run_to(network, 3000 * MS);
			network_undo(network);
			assert_same_networks(network, untouched);
		}
		// And it goes on as one does that was never changed.
		command(network, 0, "link cb set delay 9ms inflight retime"); // now
		command(untouched, 0, "link cb set delay 9ms inflight retime");
		assert_go_on_alike(network, untouched);
		command(network, 4000 * MS, "link ab up");
		command(untouched, 4000 * MS, "link ab up");
		assert_go_on_alike(network, untouched);
		assert_rows_are_true(t, network);
		network_free(network);
		network_free(untouched);
	}
	topology_free(t);
}

static void the_last_thousand_events_are_kept_and_the_others_counted(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);
	struct error error;
	char line[64];

	(void)state;
	for (uint64_t i = 0; i < NETWORK_EVENTS_KEPT + 337; i++) {
		if (i <= NETWORK_EVENTS_KEPT)
			assert_int_equal(network_events_forgotten(network), 0);
		snprintf(line, sizeof(line), "link ab set delay %luus", (unsigned long)i + 1);
		command(network, i, line);
	}
	for (int k = 0; k < 2; k++) {
		assert_int_equal(network_event_count(network), NETWORK_EVENTS_KEPT);
		assert_int_equal(network_events_forgotten(network), 337);
		assert_event(network, 0, 337, "link ab set delay 338us");
		assert_event(network, NETWORK_EVENTS_KEPT - 1, NETWORK_EVENTS_KEPT + 336,
			     "link ab set delay 1.337ms");
		// Once more when others have been there and gone.
		assert_int_equal(network_begin(network, &error), 0);
		for (uint64_t i = 0; i < 17; i++)
			command(network, 5000, "link ab set delay 1ms");
		network_undo(network);
	}
	network_free(network);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_triangle_converges_at_the_instants_computed_by_hand),
		cmocka_unit_test(between_the_changes_packets_go_round_in_circles),
		cmocka_unit_test(
			one_direction_down_takes_the_adjacency_and_its_return_brings_it_back),
		cmocka_unit_test(a_flap_shorter_than_detection_goes_unnoticed),
		cmocka_unit_test(a_detection_time_of_the_link_goes_before_the_sites),
		cmocka_unit_test(a_ladder_converges_outwards_from_the_break),
		cmocka_unit_test(a_part_that_was_cut_off_learns_what_it_missed),
		cmocka_unit_test(notices_do_not_cross_a_channel_that_is_down),
		cmocka_unit_test(detection_begins_anew_with_every_change),
		cmocka_unit_test(a_site_that_fails_is_avoided_and_found_again),
		cmocka_unit_test(members_hear_of_a_failed_member_across_the_exchange),
		cmocka_unit_test(a_link_that_starts_down_is_known_to_be),
		cmocka_unit_test(after_any_history_the_rows_are_true),
		cmocka_unit_test(what_is_undone_leaves_no_trace),
		cmocka_unit_test(the_last_thousand_events_are_kept_and_the_others_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
