// SPDX-License-Identifier: BSD-3-Clause
// Control lines: their grammar, what they do to the plan at once, and what is refused.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/network.h"
#include "tests/control/network_steps.h"
#include "tests/control/paper.h"

static void commands_may_be_shortened_and_change_the_plan_at_once(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);
	const struct channel_params *params = network_plan(network)->channels[0].params.carrier
						      ? &network_plan(network)->channels[0].params
						      : NULL;

	(void)state;
	command(network, 5, "l ab:forward s delay 7ms loss 50% infl retime");
	assert_int_equal(params->delay_ns, 7 * MS);
	assert_int_equal(network_plan(network)->channels[1].params.delay_ns, 1 * MS);
	assert_int_equal(params->loss.kind, LOSS_RANDOM);
	assert_int_equal(network_plan(network)->touched_count, 1);
	assert_int_equal(network_plan(network)->touched[0].inflight, PLAN_RETIME);
	assert_event(network, 0, 5,
		     "link ab:forward set delay 7ms loss random 50% inflight retime");
	network_free(network);
	topology_free(t);
}

// One step, two commands: the first moves what is in flight, the second is for what starts later.
static void a_later_delay_of_the_instant_moves_nothing_in_flight(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);
	const struct plan *plan = network_plan(network);

	(void)state;
	command(network, 5, "link ab:forward set delay 7ms inflight retime");
	command(network, 5, "link ab:forward set delay 9ms");
	assert_int_equal(plan->touched_count, 1);
	assert_int_equal(plan->touched[0].delay_ns, 7 * MS);
	assert_int_equal(plan->channels[0].params.delay_ns, 9 * MS);
	command(network, 5, "link ab:forward set delay 8ms inflight retime");
	assert_int_equal(plan->touched_count, 1);
	assert_int_equal(plan->touched[0].delay_ns, 8 * MS);
	network_free(network);
	topology_free(t);
}

static void set_keeps_what_it_does_not_name_and_reset_takes_all_off(void **state)
{
	struct topology *t = paper(ROUTER("a") ROUTER(
		"b") "[link ab]\nends = a, b\nlength = 100km\nrate = 10mbit\nlimit = 20ms\n"
		     "delay = 3ms 1ms\nloss = random 5%\n");
	struct network *network = start(t);
	const struct channel_params *params = &network_plan(network)->channels[0].params;
	uint64_t fibre_ns = t->links[0].propagation_ns + t->links[0].equipment_ns;

	(void)state;
	assert_int_equal(params->delay_ns, 3 * MS);
	command(network, 0, "link ab set loss 10%");
	command(network, 0, "link ab set delay 90ms 1ms");
	assert_int_equal(params->loss.kind, LOSS_RANDOM);
	assert_int_equal(params->delay_ns, 90 * MS);
	assert_int_equal(params->rate.bits_per_second, 10000000);
	command(network, 0, "link ab reset");
	assert_int_equal(params->loss.kind, LOSS_NONE);
	assert_int_equal(params->jitter.kind, JITTER_NONE);
	assert_int_equal(params->delay_ns, fibre_ns);
	assert_int_equal(params->rate.bits_per_second, 10000000);
	assert_int_equal(params->queue.limit_amount, 20 * MS);
	network_free(network);
	topology_free(t);
}

static void a_new_rate_keeps_the_framing_and_the_queue(void **state)
{
	struct topology *t = paper(ROUTER("a") ROUTER(
		"b") "[link ab]\nends = a, b\nmedium = ethernet\ndelay = 1ms\nrate = 10mbit\n"
		     "framing = ethernet\nlimit = 20ms\n");
	struct network *network = start(t);
	const struct channel_params *params = &network_plan(network)->channels[0].params;
	const uint64_t ns_at_8mbit = 124 * UINT64_C(1000); // 100 bytes and 24 of framing, at 1 us

	(void)state;
	assert_int_equal(rate_serialisation_ns(&params->rate, 100), ns_at_8mbit * 8 / 10);
	command(network, 0, "link ab set rate 8mbit");
	assert_int_equal(rate_serialisation_ns(&params->rate, 100), ns_at_8mbit);
	assert_int_equal(params->queue.limit_amount, 20 * MS);
	command(network, 0, "link ab set delay 3ms");
	assert_int_equal(rate_serialisation_ns(&params->rate, 100), ns_at_8mbit);
	command(network, 0, "link ab set rate 8mbit 0"); // what is named changes
	assert_int_equal(rate_serialisation_ns(&params->rate, 100), 100 * 1000);
	network_free(network);
	topology_free(t);
}

static void touched_channels_are_shown_by_one_step_only(void **state)
{
	struct topology *t = paper(triangle);
	struct network *network = start(t);
	struct plan *shared;
	struct error error;

	(void)state;
	command(network, 5, "link ab down inflight cut");
	assert_int_equal(network_step(network, 5, &error), 0);
	assert_int_equal(network_plan(network)->touched_count, 2);
	shared = network_share_plan(network);
	assert_int_equal(network_step(network, 6, &error), 0);
	assert_int_equal(network_plan(network)->touched_count, 0);
	// Whoever has the plan of before sees no more of what follows.
	assert_int_equal(shared->touched_count, 2);
	assert_int_equal(shared->touched[1].channel, 1);
	assert_int_equal(shared->touched[1].inflight, PLAN_CUT);
	plan_free(shared);
	network_free(network);
	topology_free(t);
}

static void refused_commands_say_why_and_change_nothing(void **state)
{
	static const struct {
		const char *line;
		const char *says;
	} cases[] = {
		{"", "empty"},
		{"lonk ab down", "did you mean \"link\""},
		{"link", "wants a name"},
		{"link axb down", "did you mean \"ab\""},
		{"link ab:sideways down", "there is no link"},
		{"link ab", "up, down, set or reset"},
		{"link ab dwon", "did you mean \"down\""},
		{"link ab down now", "\"now\" is one word too many"},
		{"link ab set", "set wants impairments"},
		{"link ab set delay 5", ""},
		{"link ab set delay 31d", "30d are the most"},
		{"link ab set loss 1e-12%", "too small to tell from 0"},
		{"link ab set delay 5ms inflight later", "no fate of packets in flight"},
		{"link ab down inflight retime", "inflight retime goes with set"},
		{"site a set delay 5ms", "can only go up or down"},
		{"site a down inflight cut", "no packets in flight"},
		{"site zz up", "there is no site \"zz\""},
		{"conduit q down", "there is no conduit \"q\""},
	};
	struct topology *t = paper(triangle);
	struct network *network = start(t);
	uint64_t version = network_plan_version(network);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = {.code = 0};

		assert_int_equal(network_command(network, 0, cases[i].line, &error), -EINVAL);
		if (!strstr(error.what, cases[i].says))
			fail_msg("\"%s\": %s", cases[i].line, error.what);
		assert_string_equal(error.where, cases[i].line);
		assert_int_equal(network_check(t, cases[i].line, &error), -EINVAL);
	}
	assert_int_equal(network_plan_version(network), version);
	assert_int_equal(network_next_change_ns(network), NETWORK_NO_CHANGE);
	network_free(network);
	topology_free(t);
}

static void a_conduit_takes_all_its_links(void **state)
{
	struct topology *t = paper(ROUTER("a") ROUTER("b") LINK("one", "a", "b", "1ms", "1") LINK(
		"two", "a", "b", "1ms",
		"2") "[conduit trench]\nlinks = one, two\n"
		     "[event dig]\nat = 2s\ndo = conduit trench down inflight cut\n"
		     "[event mend]\nat = 3s\ndo = c trench u\n");
	struct network *network = start(t);
	struct error error;

	(void)state;
	assert_int_equal(network_next_change_ns(network), 2000 * MS);
	assert_int_equal(network_step(network, 2000 * MS, &error), 0);
	for (uint32_t c = 0; c < 4; c++)
		assert_false(network_channel_is_up(network, c));
	assert_int_equal(network_plan(network)->touched_count, 4);
	assert_int_equal(network_plan(network)->valid_from_ns, 2000 * MS);
	run_to(network, UINT64_MAX);
	assert_path(t, network, "a", "b", "one:forward");
	assert_event(network, 0, 2000 * MS, "conduit trench down inflight cut");
	network_free(network);
	topology_free(t);
}

static void a_wrong_event_names_its_place(void **state)
{
	struct topology *t = paper(triangle);
	struct event event = {.name = "oops", .source = {.file = "x.ini", .line = 12}};
	char line[] = "link ab set rate 1mbit loss 200%";
	struct error error = {.code = 0};

	(void)state;
	event.command = line;
	t->events = &event;
	t->event_count = 1;
	assert_null(network_create(t, NETWORK_FILES, &error));
	assert_int_equal(error.code, -EINVAL);
	assert_string_equal(error.where, "x.ini:12 [event oops] do");
	t->events = NULL;
	t->event_count = 0;
	topology_free(t);
}

// The engine makes new memory for queues only where it is told so: whichever words change the line.
static void a_plan_tells_which_lines_differ(void **state)
{
	static const struct {
		const char *line;
		enum plan_difference difference;
	} cases[] = {
		{"link ab:forward set delay 7ms", PLAN_DIFFERS},
		{"link ab:forward set access cra 1mbit", PLAN_LINE_DIFFERS},
		{"link ab:forward set delay 80ms", PLAN_LINE_DIFFERS}, // its requests travel longer
		{"link ab:forward reset", PLAN_LINE_DIFFERS},
		{"link ab:forward set limit 10 rate 1mbit", PLAN_LINE_DIFFERS},
		{"link ab:forward set loss 1%", PLAN_DIFFERS},
	};
	struct topology *t = paper(triangle);
	struct network *network = start(t);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan *before = network_share_plan(network), *after;

		command(network, 1 + i, cases[i].line);
		after = network_share_plan(network);
		if (plan_difference(after, before, 0) != cases[i].difference)
			fail_msg("%s: %d", cases[i].line, plan_difference(after, before, 0));
		assert_int_equal(plan_difference(after, before, 1), PLAN_SAME);
		plan_free(before);
		plan_free(after);
	}
	network_free(network);
	topology_free(t);
}

// What the last step has shown goes, and what came since moves up in the list: the engine must not
// be asked twice for one channel.
static void a_channel_is_retimed_once_whatever_went_before(void **state)
{
	char text[2000];
	struct topology *t;
	struct network *network;
	struct error error;

	(void)state;
	snprintf(text, sizeof(text),
		 "%s[event later]\nat = 300ms\ndo = link ab set delay 9ms inflight retime\n",
		 triangle);
	t = paper(text);
	network = start(t);
	command(network, 100 * MS, "link cb set delay 5ms inflight retime");
	assert_int_equal(network_step(network, 100 * MS, &error), 0);
	assert_int_equal(network_plan(network)->touched_count, 2);
	command(network, 200 * MS, "link ab set delay 7ms inflight retime");
	assert_int_equal(network_step(network, 300 * MS, &error), 0);
	assert_int_equal(network_plan(network)->touched_count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(network_plan(network)->touched[i].delay_ns, 9 * MS);
	network_free(network);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_may_be_shortened_and_change_the_plan_at_once),
		cmocka_unit_test(a_later_delay_of_the_instant_moves_nothing_in_flight),
		cmocka_unit_test(set_keeps_what_it_does_not_name_and_reset_takes_all_off),
		cmocka_unit_test(a_new_rate_keeps_the_framing_and_the_queue),
		cmocka_unit_test(touched_channels_are_shown_by_one_step_only),
		cmocka_unit_test(refused_commands_say_why_and_change_nothing),
		cmocka_unit_test(a_conduit_takes_all_its_links),
		cmocka_unit_test(a_wrong_event_names_its_place),
		cmocka_unit_test(a_plan_tells_which_lines_differ),
		cmocka_unit_test(a_channel_is_retimed_once_whatever_went_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
