// SPDX-License-Identifier: BSD-3-Clause
// Replays judged by verify: whatever a channel can do, a run that does it is not accused, also
// across changes that touch packets in flight; and one that was told something else is.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/control/stories.h"

// ---- Changes while packets are in flight ----

static void write_wire(unsigned seed, const char *more, unsigned at_ms, unsigned delay_ms,
		       const char *inflight)
{
	stories_write_lab("[network]\nseed = %u\n[port pa]\n[port pb]\n[link l]\nends = pa, pb\n%s"
			  "[event change]\nat = %ums\ndo = link l set delay %ums inflight %s\n",
			  seed, more, at_ms, delay_ms, inflight);
}

// All that a change can meet: constant delays (releases at the very instant of the change too),
// jitter that keeps order or does not, copies, reordering, a line and its queue, managed or not.
static void packets_that_a_change_moves_are_judged_exactly(void **state)
{
	static const char *const laws[] = {
		"delay = 20ms\n",
		"delay = 20ms 2ms distribution normal\n",
		"netem = delay 20ms 2ms distribution normal duplicate 10%\n",
		"netem = delay 20ms 5ms order free duplicate 10%\n",
		"netem = delay 20ms reorder 25% 50% gap 5\n",
		"netem = delay 20ms 1ms loss gemodel 5% 25% rate 5mbit limit 50ms\n",
		"netem = delay 20ms 1ms rate 4mbit limit 100ms queue codel\n",
		"netem = delay 20ms 4ms 50% rate 20mbit\n",
	};
	static const unsigned delays_ms[] = {1, 12, 19, 21, 45};

	(void)state;
	stories_send(400, MS, stories_plain);
	for (unsigned law = 0; law < sizeof(laws) / sizeof(laws[0]); law++)
		for (unsigned i = 0; i < 5; i++) {
			json_t *said;

			write_wire(law + 1, laws[law], 100 + 37 * i, delays_ms[i], "retime");
			stories_replay();
			said = stories_verify("received.pcapng", 0);
			if (stories_number(said, "settled") != 400)
				fail_msg("%s%u ms: %ld settled", laws[law], delays_ms[i],
					 stories_number(said, "settled"));
			assert_int_equal(stories_clause(said, "law"), 1);
			json_decref(said);
			// As if those in flight had been left alone, or lost.
			write_wire(law + 1, laws[law], 100 + 37 * i, delays_ms[i], "new");
			said = stories_verify("received.pcapng", 1);
			assert_int_equal(stories_clause(said, "law"), 0);
			json_decref(said);
			write_wire(law + 1, laws[law], 100 + 37 * i, delays_ms[i], "cut");
			json_decref(stories_verify("received.pcapng", 1));
			stories_replay();
			json_decref(stories_verify("received.pcapng", 0));
		}
}

static void write_road(unsigned at_ms, unsigned delay_ms, const char *inflight)
{
	stories_write_lab("%srate = 10mbit\nlimit = 30ms\n[event change]\nat = %ums\n"
			  "do = link l set delay %ums inflight %s\n",
			  stories_two_routers, at_ms, delay_ms, inflight);
}

// On a path there are bounds: all but those that may have waited for the line when it changed.
static void a_path_bounds_what_a_change_moves(void **state)
{
	static const unsigned delays_ms[] = {1, 3, 6, 40};

	(void)state;
	stories_send(400, MS, stories_plain);
	for (unsigned i = 0; i < 4; i++) {
		json_t *said;

		write_road(200, delays_ms[i], "retime");
		stories_replay();
		said = stories_verify("received.pcapng", 0);
		assert_int_equal(stories_number(said, "lost"), 0);
		assert_true(stories_number(said, "converging") <= 40);
		assert_int_equal(stories_clause(said, "delay_early"), 1);
		assert_int_equal(stories_clause(said, "delay_late"), 1);
		json_decref(said);
	}
	// Another delay from the change on.
	write_road(200, 41, "retime");
	stories_fails("delay_early");
}

// ---- Honest runs ----

static const char *const impairments[] = {
	"delay 20ms",
	"delay 20ms 2ms",
	"delay 20ms 2ms distribution normal",
	"delay 20ms 2ms distribution pareto",
	"delay 20ms 2ms distribution paretonormal",
	"delay 20ms 5ms distribution exponential",
	"delay 20ms 5ms distribution gamma",
	"delay 20ms 5ms distribution lognormal",
	"delay 20ms 2ms 50%",
	"delay 20ms 5ms order free",
	"delay 20ms 30ms distribution normal order free",
	"delay 20ms 30ms distribution normal",
	"delay 20ms 5ms halflife 20ms",
	"delay 20ms 5ms halflife 20ms order free",
	"delay 20ms wave sine 5ms 100ms",
	"delay 20ms wave square 5ms 100ms",
	"delay 20ms reorder 25% 50% gap 5",
	"delay 20ms reorder 25% late 3ms",
	"delay 20ms 2ms reorder 25% order free",
	"delay 20ms 2ms duplicate 50%",
	"delay 20ms 5ms order free duplicate 50%",
	"delay 20ms corrupt 5%",
	"delay 20ms corrupt 20% duplicate 20%",
	"loss 5%",
	"loss 50% 25%",
	"loss gemodel 2% 20% 70% 1%",
	"loss state 2% 20% 5% 30% 1%",
	"loss ber 1e-5",
	"loss every 10",
	"loss outage 20ms every 100ms",
	"loss 5% wave sine 3% 100ms",
	"rate 2mbit limit 20ms",
	"rate 2mbit limit 30p",
	"rate 2mbit limit 20kb",
	"rate 2mbit burst 20kb limit 20ms",
	"rate 5mbit wave sine 2mbit 100ms limit 50ms",
	"rate 2mbit queue codel limit 100p",
	"rate 2mbit queue fq_codel limit 100p",
	"rate 2mbit queue pie limit 100p",
	"rate 2mbit queue red min 3kb max 9kb avpkt 500 limit 30kb",
	"rate 2mbit queue head limit 30p",
	"rate 2mbit queue prio limit 30p",
	"rate 2mbit queue drr weights 4,2,1 limit 30p",
	"police cir 2mbit cbs 20kb",
	"slot 5ms 10ms",
	"slot 5ms packets 3",
	"delay 10ms 3ms 25% distribution normal loss 1% rate 20mbit limit 10ms",
};

static void write_wire_with(uint64_t seed, const char *netem)
{
	stories_write_lab("[network]\nseed = %" PRIu64 "\n[port pa]\n[port pb]\n[link l]\n"
			  "ends = pa, pb\nnetem = %s\n",
			  seed, netem);
}

// Two channels and a router between them.
static void write_road_with(uint64_t seed, const char *netem)
{
	stories_write_lab("[network]\nseed = %" PRIu64 "\n"
			  "[site a]\naddress = 10.255.0.1\nsubnet = 10.1.0.0/16\n"
			  "[site b]\naddress = 10.255.0.2\nsubnet = 10.2.0.0/16\n"
			  "[site c]\naddress = 10.255.0.3\n"
			  "[port pa]\nsite = a\naddress = 10.1.0.1/24\n"
			  "[port pb]\nsite = b\naddress = 10.2.0.1/24\n"
			  "[link l]\nends = a, c\nnetem = %s\n"
			  "[link m]\nends = c, b\ndelay = 3ms\n",
			  seed, netem);
}

// Whatever a channel does, a run that does it is not accused. VERIFY_SEEDS: how many of each.
static void honest_runs_pass(void **state)
{
	const char *seeds = getenv("VERIFY_SEEDS");
	uint64_t count = seeds ? strtoull(seeds, NULL, 10) : 2;

	(void)state;
	stories_send(400, MS, stories_plain);
	for (size_t i = 0; i < sizeof(impairments) / sizeof(impairments[0]); i++)
		for (uint64_t seed = 1; seed <= 2 * count; seed++) {
			if (seed % 2)
				write_wire_with(seed, impairments[i]);
			else
				write_road_with(seed, impairments[i]);
			stories_replay();
			json_decref(stories_verify("received.pcapng", 0));
		}
}

// On a path, a queue may have lost some only where the packets behind show that it was full.
static void losses_that_no_queue_explains_fail(void **state)
{
	(void)state;
	stories_send(400, MS, stories_plain);
	write_road_with(1, "rate 100mbit limit 20ms loss 10%");
	stories_replay();
	write_road_with(1, "rate 100mbit limit 20ms");
	stories_fails("loss");
	write_road_with(1, "rate 2mbit limit 20ms");
	stories_replay();
	write_road_with(1, "rate 2mbit limit 200ms");
	stories_fails("loss");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_that_a_change_moves_are_judged_exactly),
		cmocka_unit_test(a_path_bounds_what_a_change_moves),
		cmocka_unit_test(honest_runs_pass),
		cmocka_unit_test(losses_that_no_queue_explains_fail),
	};

	return cmocka_run_group_tests(tests, stories_enter, stories_leave);
}
