// SPDX-License-Identifier: BSD-3-Clause
// Notices over a long life: forgotten when nobody needs them, and never before. What they bring
// about is tested with the network.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/compile.h"
// Whole, so that one that forgets at every turn can be set beside one that never does.
#include "control/convergence.c"
#include "control/network.h"
#include "tests/control/network_steps.h"
#include "tests/control/paper.h"

// What network holds around it.
struct life {
	struct topology *topology;
	struct plan *plan;
	struct routes *routes;
	struct schedule schedule;
	struct convergence_state *state;
	bool channel_up[16];
	bool site_up[8];
	uint64_t now_ns;
};

static struct life begin(const char *text)
{
	struct life life = {.topology = paper(text)};
	struct error error;
	bool none_down[8] = {false};

	life.plan = compile_plan(life.topology, NETWORK_FILES, &error);
	life.routes = routes_create(life.topology, &error);
	memset(life.channel_up, true, sizeof(life.channel_up));
	memset(life.site_up, true, sizeof(life.site_up));
	assert_int_equal(routes_all(life.routes, life.plan, none_down, &error), 0);
	return life;
}

static void join(struct life *life)
{
	const struct convergence_truth truth = {
		.channel_up = life->channel_up, .site_up = life->site_up, .plan = life->plan};

	life->state = convergence_create(life->topology, truth, life->routes, &life->schedule);
	assert_non_null(life->state);
}

static void end(struct life *life)
{
	convergence_destroy(life->state);
	schedule_fini(&life->schedule);
	routes_destroy(life->routes);
	plan_free(life->plan);
	topology_free(life->topology);
}

static void run(struct life *life, uint64_t until_ns)
{
	struct error error;

	while (life->schedule.count > 0 && schedule_first(&life->schedule)->at_ns <= until_ns) {
		struct schedule_item item = schedule_pop(&life->schedule);

		life->now_ns = item.at_ns;
		if (item.kind == SCHEDULE_FIB)
			convergence_change_over(life->state, &item, life->plan);
		else
			assert_int_equal(convergence_do(life->state, &item, life->plan, &error), 0);
	}
	life->now_ns = until_ns;
}

static void put(struct life *life, const char *link, bool up)
{
	uint32_t index = topology_find_link(life->topology, link);

	life->channel_up[2 * index] = life->channel_up[2 * index + 1] = up;
	assert_int_equal(convergence_link_changed(life->state, index, life->now_ns), 0);
}

// The first channel from one site towards another, or PLAN_NONE.
static uint32_t way(const struct life *life, const char *from, const char *to)
{
	const struct plan *plan = life->plan;
	uint32_t w =
		plan->rows[paper_site(life->topology, from)]->ways[paper_site(life->topology, to)];

	return w == 0 ? PLAN_NONE : plan->adjacencies[plan->groups[w - 1].adjacency[0]].channel;
}

static void a_link_that_flaps_for_ever_costs_a_bounded_amount(void **state)
{
	struct life life = begin(triangle);

	(void)state;
	join(&life);
	for (int i = 0; i < 5000; i++) {
		put(&life, "ab", i % 2 == 1);
		run(&life, life.now_ns + 300 * MS);
		assert_in_range(convergence_notice_count(life.state), 1, 512);
	}
	assert_true(convergence_is_settled(life.state));
	assert_int_equal(way(&life, "a", "b"), paper_channel(life.topology, "ab:forward"));
	end(&life);
}

static void one_that_never_settles_does_so_too(void **state)
{
	struct life life = begin(triangle);

	(void)state;
	join(&life);
	for (int i = 0; i < 5000; i++) {
		put(&life, i % 4 < 2 ? "ab" : "ac", i % 2 == 1);
		run(&life, life.now_ns + 13 * MS); // news is on its way all the time
		assert_in_range(convergence_notice_count(life.state), 0, 512);
	}
	put(&life, "ab", false);
	put(&life, "ac", true);
	run(&life, life.now_ns + 1000 * MS);
	assert_true(convergence_is_settled(life.state));
	assert_int_equal(way(&life, "a", "b"), paper_channel(life.topology, "ac:forward"));
	assert_int_equal(way(&life, "b", "a"), paper_channel(life.topology, "cb:reverse"));
	end(&life);
}

// Six sites, joined at random, some a long way off.
static char *random_text(char text[4096])
{
	text[0] = '\0';
	for (int i = 0; i < 6; i++)
		snprintf(text + strlen(text), 4096 - strlen(text),
			 "[site s%d]\nkind = router\ndetection = %ldms\nflooding = %ldms\n"
			 "spf_delay = %ldms\nfib_update = %ldms\n",
			 i, random() % 8, random() % 3, random() % 20, random() % 10);
	for (int i = 0; i < 8; i++)
		snprintf(text + strlen(text), 4096 - strlen(text),
			 "[link l%d]\nends = s%ld, s%d\nmedium = ethernet\ndelay = %ldms\n"
			 "metric = %ld\n",
			 i, i < 5 ? random() % (i + 1) : random() % 3, i < 5 ? i + 1 : i - 2,
			 1 + random() % (random() % 4 ? 5 : 400), 1 + random() % 4);
	return text;
}

static void assert_same_ways(const struct life *a, const struct life *b)
{
	static const char *const names[] = {"s0", "s1", "s2", "s3", "s4", "s5"};

	for (int from = 0; from < 6; from++) {
		for (int to = 0; to < 6; to++) {
			if (from != to &&
			    way(a, names[from], names[to]) != way(b, names[from], names[to]))
				fail_msg("at %lu us %s to %s differs",
					 (unsigned long)(a->now_ns / 1000), names[from], names[to]);
		}
	}
}

static void what_is_forgotten_is_not_missed_at_any_instant(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		char text[4096];
		struct life lives[2];

		srandom(seed);
		random_text(text);
		for (int k = 0; k < 2; k++)
			lives[k] = begin(text);
		for (int k = 0; k < 2; k++)
			join(&lives[k]);
		lives[0].state->forget_at = SIZE_MAX;
		for (int tick = 0; tick < 1500; tick++) {
			bool acts = tick < 1000 && random() % 6 == 0;
			char link[] = {'l', (char)('0' + random() % 8), '\0'};
			bool up = random() % 2;

			for (int k = 0; k < 2; k++) {
				if (acts)
					put(&lives[k], link, up);
				run(&lives[k], lives[k].now_ns + MS);
			}
			assert_same_ways(&lives[0], &lives[1]);
			lives[1].state->forget_at = 1;
		}
		assert_true(lives[1].state->notice_count <= lives[0].state->notice_count);
		end(&lives[0]);
		end(&lives[1]);
	}
}

static void a_part_that_was_cut_off_for_long_still_learns_what_it_missed(void **state)
{
	// a and b, joined twice; c and d, joined twice; and one link between.
	struct life life = begin(
		TIMES ROUTER("a") ROUTER("b") ROUTER("c") ROUTER("d")
			LINK("ab", "a", "b", "1ms", "1") LINK("ab2", "a", "b", "1ms", "2")
				LINK("bc", "b", "c", "1ms", "1") LINK("cd", "c", "d", "1ms", "1")
					LINK("cd2", "c", "d", "1ms", "2"));

	(void)state;
	join(&life);
	put(&life, "ab", false); // both parts know that it is down
	run(&life, life.now_ns + 300 * MS);
	put(&life, "bc", false);
	run(&life, life.now_ns + 300 * MS);
	for (int i = 0; i < 2000; i++) { // far more than are kept
		put(&life, "ab", i % 2 == 0);
		put(&life, "cd", i % 2 == 1);
		run(&life, life.now_ns + 300 * MS);
		assert_in_range(convergence_notice_count(life.state), 1, 512);
	}
	put(&life, "ab", true);
	put(&life, "cd", false);
	run(&life, life.now_ns + 300 * MS);
	put(&life, "bc", true);
	run(&life, life.now_ns + 1000 * MS);
	assert_int_equal(way(&life, "a", "d"), paper_channel(life.topology, "ab:forward"));
	assert_int_equal(way(&life, "b", "d"), paper_channel(life.topology, "bc:forward"));
	assert_int_equal(way(&life, "c", "d"), paper_channel(life.topology, "cd2:forward"));
	assert_int_equal(way(&life, "d", "a"), paper_channel(life.topology, "cd2:reverse"));
	assert_int_equal(way(&life, "b", "a"), paper_channel(life.topology, "ab:reverse"));
	end(&life);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_flaps_for_ever_costs_a_bounded_amount),
		cmocka_unit_test(one_that_never_settles_does_so_too),
		cmocka_unit_test(what_is_forgotten_is_not_missed_at_any_instant),
		cmocka_unit_test(a_part_that_was_cut_off_for_long_still_learns_what_it_missed),
	};

	return cmocka_run_group_tests_name("convergence", tests, NULL, NULL);
}
