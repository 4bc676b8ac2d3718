// SPDX-License-Identifier: BSD-3-Clause
// A running lab over the fake engine: how it comes up and ends, what changes and events publish,
// and that a change is whole or not at all.
#include "control/lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/control/fake_lab.h"

// ---- Up and down ----

static void a_lab_is_whole_before_it_starts(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_make(LAB_TRIANGLE);
	assert_true(fake_engine.exists);
	assert_false(fake_engine.running);
	assert_int_equal(fake_engine.options.clock, ENGINE_LIVE);
	assert_int_equal(fake_engine.options.workers, 1);
	assert_string_equal(fake_engine.instance, lab_name(fake.lab));
	assert_string_equal(fake_engine.devices[0], "net_null0");
	assert_string_equal(fake_engine.devices[1], "net_null1");
	assert_int_equal(fake_engine.published, 1);
	assert_int_equal(fake_engine.plan->valid_from_ns, 0);
	// A port answers under the address of its site's interface.
	uint32_t interface = fake_engine.plan->ports[0].interface;
	assert_memory_equal(fake_engine.macs[0], fake_engine.plan->interfaces[interface].mac, 6);
	assert_memory_not_equal(fake_engine.macs[0], fake_engine.macs[1], 6);
	struct error error;
	assert_int_equal(lab_start(fake.lab, &error), 0);
	assert_true(fake_engine.running);
	fake_lab_end(&fake);
}

static void options_reach_the_engine(void **state)
{
	(void)state;
	char *words[] = {"--log-level=8"};
	const struct lab_options options = {
		.name = "west", .workers = 3, .spin = true, .eal_argc = 1, .eal_argv = words};
	struct topology *topology = paper(LAB_TRIANGLE);
	fake_engine_reset();
	struct lab *lab = lab_create(topology, &options, NULL);
	assert_string_equal(lab_name(lab), "west");
	assert_string_equal(fake_engine.instance, "west");
	assert_int_equal(fake_engine.options.workers, 3);
	assert_int_equal(lab_workers(lab), 3);
	assert_true(fake_engine.options.spin);
	assert_int_equal(fake_engine.options.eal_argc, 1);
	assert_ptr_equal(fake_engine.options.eal_argv, words);
	lab_destroy(lab);
	topology_free(topology);
}

static void the_end_stops_and_removes_the_engine(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	lab_destroy(fake.lab);
	assert_false(fake_engine.running);
	assert_false(fake_engine.exists);
	assert_null(fake_engine.plan);
	topology_free(fake.topology);
	lab_destroy(NULL);
}

static void a_port_without_a_device_is_refused_before_anything_is_made(void **state)
{
	(void)state;
	struct topology *topology = paper(TIMES ROUTER("a") "[port west]\nsite = a\ndevice = none\n"
							    "address = 10.1.0.1/24\n");
	const struct lab_options options = {.name = NULL};
	struct error error = {0};
	fake_engine_reset();
	assert_null(lab_create(topology, &options, &error));
	assert_int_equal(error.code, -EINVAL);
	assert_string_equal(error.where, "port west");
	assert_non_null(strstr(error.what, "device = tap in [port west]"));
	assert_false(fake_engine.exists);
	topology_free(topology);
}

static void what_fails_on_the_way_up_leaves_nothing(void **state)
{
	(void)state;
	struct topology *topology = paper(LAB_TRIANGLE);
	const struct lab_options options = {.name = NULL};
	int *const faults[] = {&fake_engine.fail_create, &fake_engine.fail_device,
			       &fake_engine.fail_publish};
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct error error = {0};
		fake_engine_reset();
		*faults[i] = -ENODEV;
		assert_null(lab_create(topology, &options, &error));
		assert_int_equal(error.code, -ENODEV);
		assert_non_null(strstr(error.what, "told to fail"));
		assert_false(fake_engine.exists);
		assert_null(fake_engine.plan);
	}
	topology_free(topology);
}

static void a_start_that_fails_says_so(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_make(LAB_TRIANGLE);
	struct error error = {0};
	fake_engine.fail_start = -EPERM;
	assert_int_equal(lab_start(fake.lab, &error), -EPERM);
	assert_non_null(strstr(error.what, "told to fail"));
	assert_int_equal(lab_now_ns(fake.lab), 0);
	fake_lab_end(&fake);
}

// ---- Changes ----

static void a_change_applies_a_little_ahead_of_the_clock(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	fake_engine.now_ns = 500 * MS;
	uint64_t at_ns = fake_lab_change(&fake, "link ab set delay 7ms loss 50%");
	assert_int_equal(at_ns, 500 * MS + LAB_LEAD_NS);
	assert_int_equal(fake_engine.published, 2);
	assert_int_equal(fake_engine.plan->valid_from_ns, at_ns);
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->delay_ns, 7 * MS);
	assert_int_equal(fake_lab_params(&fake, "ab:reverse")->delay_ns, 7 * MS);
	assert_int_equal(fake_lab_params(&fake, "ac:forward")->delay_ns, 2 * MS);
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->loss.kind, LOSS_RANDOM);
	assert_event(lab_network(fake.lab), 0, at_ns, "link ab set delay 7ms loss random 50%");
	// Time does not run backwards, whatever the engine says.
	fake_engine.now_ns = 400 * MS;
	assert_int_equal(fake_lab_change(&fake, "link ab:reverse set delay 8ms"), at_ns);
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->delay_ns, 7 * MS);
	assert_int_equal(fake_lab_params(&fake, "ab:reverse")->delay_ns, 8 * MS);
	assert_int_equal(fake_lab_params(&fake, "ab:reverse")->loss.kind, LOSS_RANDOM);
	fake_lab_end(&fake);
}

static void a_cut_link_is_gone_round_when_the_sites_have_found_out(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	const struct network *network = lab_network(fake.lab);
	fake_engine.now_ns = 98 * MS;
	assert_int_equal(fake_lab_change(&fake, "link ab down"), 100 * MS);
	assert_false(fake_lab_params(&fake, "ab:forward")->carrier);
	assert_path(fake.topology, network, "a", "b", "ab:forward"); // a black hole
	// By hand, as in test_network: a and b change at 190 ms, c at 194 ms.
	unsigned published = fake_engine.published;
	fake_lab_run_to(&fake, 190 * MS - LAB_LEAD_NS - 1);
	assert_int_equal(fake_engine.published, published); // news on its way is no new plan
	fake_lab_run_to(&fake, 190 * MS - LAB_LEAD_NS);
	assert_int_equal(fake_engine.plan->valid_from_ns, 190 * MS);
	fake_lab_run_to(&fake, 194 * MS - LAB_LEAD_NS);
	assert_int_equal(fake_engine.plan->valid_from_ns, 194 * MS);
	assert_path(fake.topology, network, "a", "b", "ac:forward cb:forward");
	assert_int_equal(lab_way_changed_at_ns(fake.lab, 0, 1), 190 * MS);
	assert_int_equal(lab_way_changed_at_ns(fake.lab, 2, 1), 194 * MS);
	assert_int_equal(lab_way_changed_at_ns(fake.lab, 2, 0), 0); // ac as before
	assert_int_equal(lab_next_step_ns(fake.lab), NETWORK_NO_CHANGE);
	fake_lab_change(&fake, "link ab up");
	assert_true(fake_lab_params(&fake, "ab:forward")->carrier);
	fake_lab_run_to(&fake, 1000 * MS);
	assert_path(fake.topology, network, "a", "b", "ab:forward");
	fake_lab_end(&fake);
}

static void a_site_that_is_down_takes_its_ports_carrier(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	fake_lab_change(&fake, "site a down");
	assert_false(fake_engine.plan->sites[0].carrier);
	assert_false(fake_engine.carriers[0]);
	assert_true(fake_engine.carriers[1]);
	assert_false(lab_port_carrier(fake.lab, 0));
	unsigned calls = fake_engine.carrier_calls;
	fake_lab_change(&fake, "link cb set delay 4ms");
	assert_int_equal(fake_engine.carrier_calls, calls); // told once
	fake_lab_change(&fake, "site a up");
	assert_true(fake_engine.plan->sites[0].carrier);
	assert_true(fake_engine.carriers[0]);
	fake_lab_end(&fake);
}

static void a_wires_port_has_the_carrier_of_the_channel_that_ends_there(void **state)
{
	(void)state;
	struct fake_lab fake =
		fake_lab_start("[port west]\ndevice = net_null0\n[port east]\ndevice = net_null1\n"
			       "[link span]\nmedium = wire\nends = west, east\ndelay = 1ms\n");
	fake_lab_change(&fake, "link span:forward down");
	assert_true(fake_engine.carriers[0]);
	assert_false(fake_engine.carriers[1]);
	fake_lab_change(&fake, "link span:reverse down");
	assert_false(fake_engine.carriers[0]);
	fake_lab_change(&fake, "link span up");
	assert_true(fake_engine.carriers[0] && fake_engine.carriers[1]);
	fake_lab_end(&fake);
}

static void a_conduit_takes_all_its_links_at_one_instant(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	unsigned published = fake_engine.published;
	fake_lab_change(&fake, "conduit trench down inflight cut");
	assert_int_equal(fake_engine.published, published + 1);
	static const char *const cut[] = {"ab:forward", "ab:reverse", "cb:forward", "cb:reverse"};
	assert_int_equal(fake_engine.touched_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_false(fake_lab_params(&fake, cut[i])->carrier);
		assert_int_equal(fake_engine.touched[i].channel,
				 paper_channel(fake.topology, cut[i]));
		assert_int_equal(fake_engine.touched[i].inflight, PLAN_CUT);
	}
	assert_true(fake_lab_params(&fake, "ac:forward")->carrier);
	fake_lab_change(&fake, "conduit trench up");
	assert_int_equal(fake_engine.touched_count, 0); // what was in flight is touched once
	assert_true(fake_lab_params(&fake, "cb:forward")->carrier);
	fake_lab_end(&fake);
}

// An event tells when it was asked for, and when it was applied.
static void assert_applied(const struct fake_lab *fake, size_t i, uint64_t asked_ns,
			   uint64_t applied_ns)
{
	const struct network_event *event = network_event(lab_network(fake->lab), i);

	assert_int_equal(event->at_ns, asked_ns);
	assert_int_equal(event->applied_at_ns, applied_ns);
}

static void a_plan_that_is_late_tells_when_it_applied(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	fake_lab_run_to(&fake, 500 * MS);
	uint64_t intended_ns = 500 * MS + LAB_LEAD_NS;
	fake_engine.late_ns = 3 * MS;
	assert_int_equal(fake_lab_change(&fake, "link ab set delay 7ms"), intended_ns + 3 * MS);
	fake_engine.late_ns = 0;
	assert_int_equal(fake_lab_change(&fake, "link ab set delay 8ms"), intended_ns);
	assert_applied(&fake, 0, intended_ns, intended_ns + 3 * MS);
	assert_applied(&fake, 1, intended_ns, intended_ns);
	fake_lab_end(&fake);
}

static void lines_given_together_apply_together(void **state)
{
	(void)state;
	static const char *const lines[] = {"link ab set delay 7ms inflight retime",
					    "link ab set loss 1%", "site c down", "link ac down"};
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	unsigned published = fake_engine.published;
	uint64_t at_ns;
	assert_int_equal(lab_change(fake.lab, lines, 4, &at_ns, NULL), 0);
	assert_int_equal(fake_engine.published, published + 1);
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->delay_ns, 7 * MS);
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->loss.kind, LOSS_RANDOM);
	assert_false(fake_engine.plan->sites[2].carrier);
	assert_false(fake_lab_params(&fake, "ac:reverse")->carrier);
	assert_int_equal(fake_engine.touched_count, 2);
	assert_int_equal(fake_engine.touched[0].inflight, PLAN_RETIME);
	fake_lab_end(&fake);
}

static void a_change_asked_for_ahead_comes_at_its_instant(void **state)
{
	(void)state;
	static const char *const two[] = {"link ab set delay 7ms", "link ac set delay 8ms"};
	static const char *const one[] = {"link ab set delay 9ms"};
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	assert_int_equal(lab_change_at(fake.lab, 500 * MS, two, 2, NULL), 0);
	assert_int_equal(lab_change_at(fake.lab, 300 * MS, one, 1, NULL), 0);
	assert_int_equal(lab_next_step_ns(fake.lab), 300 * MS - LAB_LEAD_NS);
	fake_lab_run_to(&fake, 200 * MS);
	// Others in between are carried out, and leave what is to come alone.
	fake_lab_change(&fake, "link ab set loss 1%");
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->delay_ns, 1 * MS);
	fake_lab_run_to(&fake, 400 * MS);
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->delay_ns, 9 * MS);
	assert_int_equal(fake_engine.plan->valid_from_ns, 300 * MS);
	fake_lab_run_to(&fake, 600 * MS);
	assert_int_equal(fake_engine.plan->valid_from_ns, 500 * MS);
	assert_int_equal(fake_lab_params(&fake, "ab:reverse")->delay_ns, 7 * MS);
	assert_int_equal(fake_lab_params(&fake, "ac:reverse")->delay_ns, 8 * MS);
	assert_int_equal(fake_lab_params(&fake, "ab:forward")->loss.kind, LOSS_RANDOM);
	assert_int_equal(lab_next_step_ns(fake.lab), NETWORK_NO_CHANGE);
	fake_lab_end(&fake);
}

static void what_comes_too_late_or_is_wrong_is_refused_ahead(void **state)
{
	(void)state;
	static const char *const good[] = {"link ab set delay 7ms"};
	static const char *const bad[] = {"link ab set delay 7ms", "link ax down"};
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	struct error error = {0};
	fake_lab_run_to(&fake, 200 * MS);
	assert_int_equal(lab_change_at(fake.lab, 100 * MS, good, 1, &error), -EINVAL);
	assert_non_null(strstr(error.what, "already"));
	assert_int_equal(lab_change_at(fake.lab, 900 * MS, bad, 2, &error), -EINVAL);
	assert_int_equal(lab_next_step_ns(fake.lab), NETWORK_NO_CHANGE);
	assert_int_equal(lab_change_at(fake.lab, 900 * MS, good, 1, &error), 0);
	fake_lab_end(&fake); // what is still to come goes with the lab
}

static void a_check_changes_nothing(void **state)
{
	(void)state;
	static const char *const good[] = {"link ab set delay 7ms", "site a down"};
	static const char *const bad[] = {"link ab set delay 7ms", "site aa down"};
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	struct error error = {0};
	assert_int_equal(lab_check(fake.lab, good, 2, &error), 0);
	assert_int_equal(lab_check(fake.lab, bad, 2, &error), -EINVAL);
	assert_non_null(strstr(error.what, "there is no site \"aa\""));
	assert_int_equal(fake_engine.published, 1);
	assert_int_equal(network_plan_version(lab_network(fake.lab)), 0);
	fake_lab_end(&fake);
}

// ---- Whole or not at all ----

// All that can be told of the lab's network, as one text that the caller frees.
static char *portrait(const struct fake_lab *fake)
{
	const struct network *network = lab_network(fake->lab);
	const struct plan *plan = network_plan(network);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "next %lu settled %d\n", (unsigned long)network_next_change_ns(network),
		network_is_settled(network));
	for (uint32_t c = 0; c < plan->channel_count; c++) {
		char words[1024];
		impairment_format(network_impairment(network, c), words, sizeof(words));
		fprintf(out, "channel %u up %d carrier %d delay %lu: %s\n", c,
			network_channel_is_up(network, c), plan->channels[c].params.carrier,
			(unsigned long)plan->channels[c].params.delay_ns, words);
	}
	for (uint32_t s = 0; s < plan->site_count; s++) {
		fprintf(out, "site %u up %d %d ways", s, network_site_is_up(network, s),
			plan->sites[s].carrier);
		for (uint32_t d = 0; d < plan->site_count; d++) {
			uint32_t way = plan->rows[s]->ways[d];
			fprintf(out, " %u",
				way == 0 ? 0
					 : plan->adjacencies[plan->groups[way - 1].adjacency[0]]
							   .channel +
						   1);
		}
		fputc('\n', out);
	}
	for (size_t i = 0; i < network_event_count(network); i++)
		fprintf(out, "event %lu %s\n", (unsigned long)network_event(network, i)->at_ns,
			network_event(network, i)->what);
	fclose(out);
	return text;
}

// Lines of which one is refused, or whose plan the engine refuses, leave the lab as it was.
static void assert_refused(struct fake_lab *fake, const char *const *lines, size_t count,
			   const char *says)
{
	char *before = portrait(fake);
	unsigned published = fake_engine.published;
	uint64_t at_ns = 4711;
	struct error error = {0};
	assert_int_not_equal(lab_change(fake->lab, lines, count, &at_ns, &error), 0);
	if (strstr(error.what, says) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", error.what, says);
	assert_int_equal(at_ns, 4711);
	assert_int_equal(fake_engine.published, published);
	char *after = portrait(fake);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

// A lab that has a past: a change that has converged, and one that has not.
static struct fake_lab with_a_past(void)
{
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE "[event late]\nat = 9s\n"
							   "do = link ac set delay 90ms\n");
	fake_engine.now_ns = 98 * MS;
	fake_lab_change(&fake, "link ac set delay 5ms loss 1%");
	fake_lab_change(&fake, "link ab down");
	fake_lab_run_to(&fake, 1000 * MS);
	fake_lab_change(&fake, "link ab up");
	fake_lab_run_to(&fake, 1060 * MS);
	assert_false(network_is_settled(lab_network(fake.lab)));
	return fake;
}

// After it the lab goes on as if it had not been asked.
static void assert_goes_on(struct fake_lab *fake)
{
	fake_lab_run_to(fake, 2000 * MS);
	assert_path(fake->topology, lab_network(fake->lab), "a", "b", "ab:forward");
	uint64_t at_ns = fake_lab_change(fake, "link ab set delay 2ms");
	assert_int_equal(at_ns, 2000 * MS + LAB_LEAD_NS);
	assert_int_equal(fake_lab_params(fake, "ab:forward")->delay_ns, 2 * MS);
	assert_int_equal(fake_lab_params(fake, "ac:forward")->delay_ns, 5 * MS);
	assert_true(fake_lab_params(fake, "cb:forward")->carrier);
	fake_lab_run_to(fake, 10000 * MS);
	assert_int_equal(fake_lab_params(fake, "ac:forward")->delay_ns, 90 * MS);
}

static void a_wrong_line_refuses_all(void **state)
{
	(void)state;
	static const char *const lines[] = {"link cb down", "link ac set delay 3ms",
					    "link ab set delay 3mss"};
	struct fake_lab fake = with_a_past();
	assert_refused(&fake, lines, 3, "3mss");
	assert_goes_on(&fake);
	fake_lab_end(&fake);
}

static void a_line_that_only_the_ones_before_make_wrong_refuses_all(void **state)
{
	(void)state;
	// Each would do on its own; together there is no delay that reordering could skip.
	static const char *const lines[] = {"link cb down", "link ac set delay 0ms",
					    "link ac set reorder 25%"};
	struct fake_lab fake = with_a_past();
	assert_int_equal(lab_check(fake.lab, lines, 3, NULL), 0);
	assert_refused(&fake, lines, 3, "reorder");
	assert_goes_on(&fake);
	fake_lab_end(&fake);
}

static void a_plan_that_the_engine_refuses_changes_nothing(void **state)
{
	(void)state;
	static const char *const lines[] = {"link cb down inflight cut", "site c down",
					    "link ac set delay 70ms"};
	struct fake_lab fake = with_a_past();
	fake_engine.fail_publish = -ENOMEM;
	assert_refused(&fake, lines, 3, "the plan was told to fail");
	assert_refused(&fake, lines, 1, "the plan was told to fail");
	fake_engine.fail_publish = 0;
	assert_goes_on(&fake);
	assert_int_equal(fake_engine.touched_count, 0);
	fake_lab_end(&fake);
}

// ---- The timeline ----

#define TIMELINE                                                                                   \
	LAB_TRIANGLE "[event cut]\nat = 2s\ndo = link ab down\n"                                   \
		     "[event mend]\nat = 3s\ndo = link ab up\n"                                    \
		     "[event slow]\nat = 3s\ndo = link cb set delay 30ms\n"

static void events_happen_at_their_instants(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(TIMELINE);
	struct error error;
	assert_int_equal(lab_next_step_ns(fake.lab), 2000 * MS - LAB_LEAD_NS);
	fake_engine.now_ns = 2000 * MS - LAB_LEAD_NS - 1;
	assert_int_equal(lab_step(fake.lab, &error), 0); // too early: nothing
	assert_int_equal(fake_engine.published, 1);
	fake_engine.now_ns++;
	assert_int_equal(lab_step(fake.lab, &error), 0);
	assert_int_equal(fake_engine.plan->valid_from_ns, 2000 * MS);
	assert_false(fake_lab_params(&fake, "ab:forward")->carrier);
	fake_lab_run_to(&fake, 3000 * MS - LAB_LEAD_NS - 1);
	assert_false(fake_lab_params(&fake, "ab:forward")->carrier);
	assert_int_equal(fake_lab_params(&fake, "cb:forward")->delay_ns, 3 * MS);
	unsigned published = fake_engine.published;
	fake_lab_run_to(&fake, 3000 * MS - LAB_LEAD_NS);
	assert_int_equal(fake_engine.published, published + 1); // both in one plan
	assert_int_equal(fake_engine.plan->valid_from_ns, 3000 * MS);
	assert_true(fake_lab_params(&fake, "ab:forward")->carrier);
	assert_int_equal(fake_lab_params(&fake, "cb:forward")->delay_ns, 30 * MS);
	fake_lab_end(&fake);
}

static void what_is_late_happens_now_in_its_order(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(TIMELINE);
	struct error error;
	fake_engine.now_ns = 5000 * MS; // the machine was busy
	assert_int_equal(lab_step(fake.lab, &error), 0);
	assert_int_equal(fake_engine.plan->valid_from_ns, 5000 * MS);
	assert_true(fake_lab_params(&fake, "ab:forward")->carrier);
	assert_int_equal(fake_lab_params(&fake, "cb:forward")->delay_ns, 30 * MS);
	assert_event(lab_network(fake.lab), 0, 2000 * MS, "link ab down");
	assert_applied(&fake, 0, 2000 * MS, 5000 * MS);
	fake_lab_end(&fake);
}

// Asked for ahead, and come too late all the same; by a plan that is late, too.
static void what_was_asked_ahead_and_is_late_tells_both_instants(void **state)
{
	(void)state;
	static const char *const line[] = {"link ab set delay 7ms"};
	struct fake_lab fake = fake_lab_start(LAB_TRIANGLE);
	struct error error;
	assert_int_equal(lab_change_at(fake.lab, 500 * MS, line, 1, &error), 0);
	fake_engine.now_ns = 600 * MS; // the machine was busy
	fake_engine.late_ns = 3 * MS;
	assert_int_equal(lab_step(fake.lab, &error), 0);
	fake_engine.late_ns = 0;
	assert_applied(&fake, 0, 500 * MS, 603 * MS + LAB_LEAD_NS);
	// The next one was asked for when it comes.
	uint64_t now_ns = fake_lab_change(&fake, "link ab set delay 8ms");
	assert_applied(&fake, 1, now_ns, now_ns);
	fake_lab_end(&fake);
}

static void a_change_comes_after_the_events_before_it(void **state)
{
	(void)state;
	struct fake_lab fake = fake_lab_start(TIMELINE);
	fake_engine.now_ns = 3000 * MS;
	fake_lab_change(&fake, "link cb set delay 4ms");
	assert_int_equal(fake_lab_params(&fake, "cb:forward")->delay_ns, 4 * MS);
	assert_event(lab_network(fake.lab), 0, 2000 * MS, "link ab down");
	fake_lab_end(&fake);
}

static void an_event_whose_plan_was_refused_is_published_as_soon_as_it_can(void **state)
{
	(void)state;
	struct fake_lab fake =
		fake_lab_start(LAB_TRIANGLE "[event slow]\nat = 3s\n"
					    "do = link cb set delay 30ms inflight cut\n");
	struct error error = {0};
	fake_engine.now_ns = 3000 * MS - LAB_LEAD_NS;
	fake_engine.fail_publish = -ENOMEM;
	assert_int_equal(lab_step(fake.lab, &error), -ENOMEM);
	assert_non_null(strstr(error.what, "told to fail"));
	assert_int_equal(fake_lab_params(&fake, "cb:forward")->delay_ns, 3 * MS);
	// It is still to be done, and says so.
	assert_true(lab_next_step_ns(fake.lab) <= fake_engine.now_ns);
	assert_int_equal(lab_step(fake.lab, &error), -ENOMEM);
	fake_engine.fail_publish = 0;
	fake_engine.now_ns = 4000 * MS;
	assert_int_equal(lab_step(fake.lab, &error), 0);
	assert_int_equal(fake_lab_params(&fake, "cb:forward")->delay_ns, 30 * MS);
	assert_int_equal(fake_engine.touched_count, 2); // what it asked for packets in flight too
	assert_int_equal(lab_next_step_ns(fake.lab), NETWORK_NO_CHANGE);
	fake_lab_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lab_is_whole_before_it_starts),
		cmocka_unit_test(options_reach_the_engine),
		cmocka_unit_test(the_end_stops_and_removes_the_engine),
		cmocka_unit_test(a_port_without_a_device_is_refused_before_anything_is_made),
		cmocka_unit_test(what_fails_on_the_way_up_leaves_nothing),
		cmocka_unit_test(a_start_that_fails_says_so),
		cmocka_unit_test(a_change_applies_a_little_ahead_of_the_clock),
		cmocka_unit_test(a_cut_link_is_gone_round_when_the_sites_have_found_out),
		cmocka_unit_test(a_site_that_is_down_takes_its_ports_carrier),
		cmocka_unit_test(a_wires_port_has_the_carrier_of_the_channel_that_ends_there),
		cmocka_unit_test(a_conduit_takes_all_its_links_at_one_instant),
		cmocka_unit_test(a_plan_that_is_late_tells_when_it_applied),
		cmocka_unit_test(lines_given_together_apply_together),
		cmocka_unit_test(a_change_asked_for_ahead_comes_at_its_instant),
		cmocka_unit_test(what_comes_too_late_or_is_wrong_is_refused_ahead),
		cmocka_unit_test(a_check_changes_nothing),
		cmocka_unit_test(a_wrong_line_refuses_all),
		cmocka_unit_test(a_line_that_only_the_ones_before_make_wrong_refuses_all),
		cmocka_unit_test(a_plan_that_the_engine_refuses_changes_nothing),
		cmocka_unit_test(events_happen_at_their_instants),
		cmocka_unit_test(what_is_late_happens_now_in_its_order),
		cmocka_unit_test(what_was_asked_ahead_and_is_late_tells_both_instants),
		cmocka_unit_test(a_change_comes_after_the_events_before_it),
		cmocka_unit_test(an_event_whose_plan_was_refused_is_published_as_soon_as_it_can),
	};
	return cmocka_run_group_tests_name("lab", tests, NULL, NULL);
}
