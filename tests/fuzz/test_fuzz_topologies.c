// SPDX-License-Identifier: BSD-3-Clause
// Damaged topologies through the loader, and those that are still right through what control makes
// of them: a plan, routes, the timeline. Either all is right, or each fault has a place and a
// sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/network.h"
#include "tests/fuzz/mutate.h"
#include "topologies/load.h"

#define STEPS_MOST 50

static const struct mutate_words words = {
	.is_text = true,
	.words = (const char *const[]){"[",
				       "]",
				       "=",
				       ";",
				       "#",
				       "\"",
				       ",",
				       "\n",
				       "\r\n",
				       "\xef\xbb\xbf",
				       " ",
				       "\t",
				       ":",
				       "/",
				       "%",
				       "-",
				       ".forward",
				       ".reverse",
				       "[site a]\n",
				       "[site q]\n",
				       "[link q]\n",
				       "[port q]\n",
				       "[network]\n",
				       "[event q]\n",
				       "[flow q]\n",
				       "ends = a, b\n",
				       "delay = ",
				       "loss = ",
				       "rate = ",
				       "limit = ",
				       "queue = ",
				       "netem = delay 5ms\n",
				       "include = sound.ini\n",
				       "include = damaged.ini\n",
				       "medium = wire\n",
				       "kind = exchange\n",
				       "address = 10.1.0.1\n",
				       "subnet = 0.0.0.0/0\n",
				       "route = ",
				       "do = site a down\n",
				       "do = link a-b set ",
				       "at = 1ms\n",
				       "routing = external\n",
				       "routing = static\n",
				       "gemodel ",
				       "distribution normal ",
				       "ms",
				       "us",
				       "s",
				       "d",
				       "mbit",
				       "gbit",
				       "kb",
				       "p",
				       "km",
				       "deg",
				       "100%",
				       "200%",
				       "fq_codel",
				       "pie",
				       "red",
				       "codel",
				       "drr",
				       "prio",
				       "reorder 25% ",
				       "slot 1ms 2ms ",
				       "\xff\xfe",
				       "\x1b[31m",
				       NULL},
};

// A network that a few changes later is still what its own rules say.
static void run_some(const struct topology *topology)
{
	struct error error = {0};
	struct network *network = network_create(topology, NETWORK_FILES, &error);
	uint32_t hops[NETWORK_PATH_MOST];

	if (!network) {
		assert_true(error.code < 0 && strlen(error.what) > 10);
		return;
	}
	for (int step = 0; step < STEPS_MOST; step++) {
		uint64_t at_ns = network_next_change_ns(network);

		if (at_ns == NETWORK_NO_CHANGE || network_step(network, at_ns, &error) < 0)
			break;
	}
	for (uint32_t from = 0; from < topology->site_count && from < 5; from++)
		for (uint32_t to = 0; to < topology->site_count && to < 5; to++)
			assert_true(network_path(network, from, to, hops, NETWORK_PATH_MOST) <=
				    NETWORK_PATH_MOST);
	network_free(network);
}

static void journal_some(const struct topology *topology)
{
	struct journal journal = {0};
	struct error error = {0};

	if (topology->port_count < 2 ||
	    network_journal(topology, 0, 1, 20000000, &journal, &error) < 0)
		return;
	assert_int_equal(journal_save(&journal, "journal", &error), 0);
	journal_fini(&journal);
}

static void load(const char *path)
{
	struct errors errors = {0};
	struct topology *topology = topology_load(path, &errors);

	assert_true((topology != NULL) == (errors.count == 0));
	for (size_t i = 0; i < errors.kept; i++) {
		const struct error *error = &errors.items[i];

		assert_true(error->code < 0);
		assert_true(strlen(error->where) > 0 && strlen(error->what) > 5);
		assert_null(strchr(error->what, '\n'));
	}
	if (topology) {
		run_some(topology);
		journal_some(topology);
	}
	topology_free(topology);
	errors_fini(&errors);
}

static void damaged_topologies_are_read_or_refused(void **state)
{
	static const char *const sources[] = {"everything.ini", "wire.ini", "triangle.ini",
					      "exchange.ini", "benelux.ini"};
	// The large ones take longer, and say little that the small ones do not.
	static const unsigned shares[] = {12, 4, 2, 2, 1};
	struct mutant sound = {0}, mutant = {0};
	uint64_t rounds = fuzz_rounds(150);

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", i == 0 ? CORRIDOR_FUZZ : CORRIDOR_TOPOLOGIES,
			 sources[i]);
		fuzz_read(path, &sound);
		fuzz_write("sound.ini", &sound);
		load("sound.ini");
		for (uint64_t round = 0; round < rounds * shares[i]; round++) {
			mutate(&mutant, sound.bytes, sound.length, &words, fuzz_seed() + i, round);
			fuzz_write("damaged.ini", &mutant);
			load("damaged.ini");
		}
	}
	mutant_fini(&sound);
	mutant_fini(&mutant);
}

// Those that are damaged are damaged versions of right ones.
static void what_is_damaged_was_right(void **state)
{
	static const char *const sources[] = {CORRIDOR_FUZZ "/everything.ini",
					      CORRIDOR_TOPOLOGIES "/benelux.ini"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct errors errors = {0};
		struct topology *topology = topology_load(sources[i], &errors);

		if (!topology)
			fail_msg("%s: %s", errors.items[0].where, errors.items[0].what);
		topology_free(topology);
		errors_fini(&errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_damaged_was_right),
		cmocka_unit_test(damaged_topologies_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, fuzz_enter, fuzz_leave);
}
