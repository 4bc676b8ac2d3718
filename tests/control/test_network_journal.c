// SPDX-License-Identifier: BSD-3-Clause
// The journal: what was in force from when on, and where a packet's path is certain.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/network.h"
#include "control/network_journal.h"
#include "tests/control/paper.h"

#define MS UINT64_C(1000000)

#define TIMES                                                                                      \
	"[network]\nseed = 9\ndetection = 10ms\nflooding = 2ms\nspf_delay = 50ms\n"                \
	"fib_update = 30ms\n"
#define ROUTER(name) "[site " name "]\nkind = router\n"
#define LINK(name, a, b, delay, metric)                                                            \
	"[link " name "]\nends = " a ", " b "\nmedium = ethernet\ndelay = " delay                  \
	"\nmetric = " metric "\n"
#define PORT(name, site) "[port " name "]\nsite = " site "\ndevice = none\n"

static void record(const struct topology *topology, const char *from, const char *to,
		   uint64_t until_ns, struct journal *journal)
{
	struct error error;

	*journal = (struct journal){.seed = 0};
	if (network_journal(topology, topology_find_port(topology, from),
			    topology_find_port(topology, to), until_ns, journal, &error))
		fail_msg("%s: %s", error.where, error.what);
}

static void assert_path(const struct journal *journal, size_t i, uint64_t from_ns, int settled,
			size_t hops, uint32_t first)
{
	assert_true(i < journal->path_entry_count);
	assert_int_equal(journal->paths[i].from_ns, from_ns);
	assert_int_equal(journal->paths[i].settled, settled);
	assert_int_equal(journal->paths[i].hop_count, hops);
	if (hops)
		assert_int_equal(journal->paths[i].hops[0], first);
}

static void a_wire_is_its_channel_and_its_parameters_change_with_events(void **state)
{
	struct topology *t = paper(
		"[network]\nseed = 9\n[port w]\ndevice = none\n[port e]\n"
		"device = none\n[link span]\nmedium = wire\nends = w, e\ndelay = 10ms\n"
		"[link other]\nmedium = wire\nends = w2, e2\n[port w2]\ndevice = none\n"
		"[port e2]\ndevice = none\n"
		"[event longer]\nat = 2s\ndo = link span:forward set delay 30ms inflight retime\n"
		"[event back]\nat = 2s\ndo = link span:forward set delay 25ms\n"
		"[event after]\nat = 9s\ndo = link span set loss 1%\n");
	struct journal journal;

	(void)state;
	record(t, "w", "e", 5000 * MS, &journal);
	assert_int_equal(journal.seed, 9);
	assert_int_equal(journal.channel_count, 4);
	assert_string_equal(journal.channel_names[1], "span:reverse");
	assert_string_equal(journal.port_names[0], "w");
	assert_int_equal(journal.path_entry_count, 1);
	assert_path(&journal, 0, 0, 1, 1, 0);
	// The channel of the path only, and nothing after the end.
	assert_int_equal(journal.channel_entry_count, 3);
	assert_int_equal(journal.channels[0].params.delay_ns, 10 * MS);
	assert_int_equal(journal.channels[1].from_ns, 2000 * MS);
	assert_int_equal(journal.channels[1].channel, 0);
	assert_int_equal(journal.channels[1].params.delay_ns, 30 * MS);
	assert_int_equal(journal.channels[1].inflight, JOURNAL_RETIME);
	// Another for what starts at that instant, or later: nothing moves once more.
	assert_int_equal(journal.channels[2].from_ns, 2000 * MS);
	assert_int_equal(journal.channels[2].params.delay_ns, 25 * MS);
	assert_int_equal(journal.channels[2].inflight, JOURNAL_NEW);
	journal_fini(&journal);
	record(t, "w", "e2", 5000 * MS, &journal);
	assert_path(&journal, 0, 0, 1, 0, 0); // no path, and that is certain
	journal_fini(&journal);
	topology_free(t);
}

static void a_path_is_not_settled_while_the_network_converges(void **state)
{
	struct topology *t = paper(
		TIMES ROUTER("a") ROUTER("b") ROUTER("c") LINK("ab", "a", "b", "1ms", "1") LINK(
			"ac", "a", "c", "2ms", "9") LINK("cb", "c", "b", "3ms", "9") PORT("pa", "a")
			PORT("pb", "b") "[event cut]\nat = 1s\ndo = link ab down\n");
	uint32_t ab = paper_channel(t, "ab:forward");
	uint32_t ac = paper_channel(t, "ac:forward");
	struct journal journal;

	(void)state;
	record(t, "pa", "pb", 5000 * MS, &journal);
	assert_path(&journal, 0, 0, 1, 1, ab);
	assert_path(&journal, 1, 1000 * MS, 0, 1, ab);
	// The last to compute is c, at 1010 + 2 + 2 + 50, and it changes nothing. Both ends change
	// at 1090, and that is the end.
	assert_path(&journal, 2, 1090 * MS, 1, 2, ac);
	assert_int_equal(journal.path_entry_count, 3);
	// ab goes down at 1 s; ac and cb are as they were.
	assert_int_equal(journal.channel_entry_count, 4);
	assert_int_equal(journal.channels[3].channel, ab);
	assert_int_equal(journal.channels[3].from_ns, 1000 * MS);
	assert_false(journal.channels[3].params.carrier);
	journal_fini(&journal);
	topology_free(t);
}

static void packets_that_may_still_meet_a_change_make_the_time_before_it_uncertain(void **state)
{
	// 250 ms on the way from a: those that enter from 840 on may find next hops at b that
	// change at 1090.
	struct topology *t =
		paper(TIMES ROUTER("a") ROUTER("b") ROUTER("c") ROUTER("d") LINK(
			"ab", "a", "b", "250ms", "1") LINK("bc", "b", "c", "0ms", "1")
			      LINK("bd", "b", "d", "1ms", "9") LINK("dc", "d", "c", "1ms",
								    "9") PORT("pa", "a")
				      PORT("pc", "c") "[event cut]\nat = 1s\ndo = link bc down\n");
	struct journal journal;

	(void)state;
	record(t, "pa", "pc", 800 * MS, &journal);
	assert_int_equal(journal.path_entry_count, 1);
	journal_fini(&journal);
	record(t, "pa", "pc", 5000 * MS, &journal);
	assert_path(&journal, 0, 0, 1, 2, 0);
	assert_path(&journal, 1, 840 * MS, 0, 2, 0);
	assert_path(&journal, 2, 1000 * MS, 0, 2, 0);
	assert_path(&journal, 3, 1090 * MS, 0, 3, 0);
	assert_int_equal(journal.paths[journal.path_entry_count - 1].settled, 1);
	journal_fini(&journal);
	topology_free(t);
}

static void equal_ways_are_never_certain(void **state)
{
	struct topology *t =
		paper(TIMES ROUTER("a") ROUTER("b") LINK("one", "a", "b", "1ms", "1")
			      LINK("two", "a", "b", "1ms", "1") PORT("pa", "a") PORT("pb", "b"));
	struct journal journal;

	(void)state;
	record(t, "pa", "pb", 1000 * MS, &journal);
	assert_int_equal(journal.path_entry_count, 1);
	assert_path(&journal, 0, 0, 0, 1, 0);
	journal_fini(&journal);
	topology_free(t);
}

static void ports_of_one_site_have_nothing_between_them(void **state)
{
	struct topology *t = paper(ROUTER("a") PORT("p", "a") PORT("q", "a"));
	struct journal journal = {.seed = 0};
	struct error error;

	(void)state;
	assert_int_equal(network_journal(t, 0, 1, MS, &journal, &error), -EINVAL);
	assert_non_null(strstr(error.what, "p and q are at one site"));
	journal_fini(&journal);
	topology_free(t);
}

static void several_pairs_are_written_in_order_of_time(void **state)
{
	struct topology *t =
		paper(TIMES ROUTER("a") ROUTER("b") LINK("ab", "a", "b", "1ms",
							 "1") PORT("pa", "a") PORT("pb", "b")
			      PORT("qb", "b") "[event cut]\nat = 1s\ndo = link ab:reverse down\n");
	const struct port_pair pairs[] = {{0, 1}, {1, 0}, {2, 0}, {1, 2}};
	struct journal journal = {.seed = 0};
	struct error error;

	(void)state;
	assert_int_equal(network_journal_pairs(t, pairs, 4, 3000 * MS, &journal, &error), 0);
	for (size_t i = 1; i < journal.path_entry_count; i++)
		assert_true(journal.paths[i].from_ns >= journal.paths[i - 1].from_ns);
	assert_int_equal(journal.paths[0].from_port, 0);
	assert_int_equal(journal.paths[1].from_port, 1);
	assert_int_equal(journal.paths[2].from_port, 2);
	assert_int_equal(journal.paths[3].from_ns, 1000 * MS);
	journal_fini(&journal);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wire_is_its_channel_and_its_parameters_change_with_events),
		cmocka_unit_test(a_path_is_not_settled_while_the_network_converges),
		cmocka_unit_test(
			packets_that_may_still_meet_a_change_make_the_time_before_it_uncertain),
		cmocka_unit_test(equal_ways_are_never_certain),
		cmocka_unit_test(ports_of_one_site_have_nothing_between_them),
		cmocka_unit_test(several_pairs_are_written_in_order_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
