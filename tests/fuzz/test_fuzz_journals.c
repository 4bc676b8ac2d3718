// SPDX-License-Identifier: BSD-3-Clause
// Damaged journals through their reader, and those that are still right through both oracles.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/network.h"
#include "pcaps/oracle.h"
#include "tests/fuzz/mutate.h"
#include "topologies/load.h"

#define FRAMES 60
#define MS     UINT64_C(1000000)

static const struct mutate_words words = {
	.is_text = true,
	.words =
		(const char *const[]){
			" ",           "\n",       "=",       "seed 1\n", "clock_ns 0\n",
			"channel c\n", "port p\n", "params ", "path ",    "end 1\n",
			"settled",     "new",      "retime",  "cut",      "codel",
			"pareto",      "normal",   "packets", "time",     "bytes",
			"unlimited",   "random",   "state",   "drr",      NULL},
};

// The journal of a topology's first two ports, as replay writes it.
static void make_sound(const char *path, uint32_t from, uint32_t to, struct mutant *sound)
{
	struct errors errors = {0};
	struct error error = {0};
	struct topology *topology = topology_load(path, &errors);
	struct journal journal = {0};

	assert_non_null(topology);
	if (network_journal(topology, from, to, 100 * MS, &journal, &error) < 0)
		fail_msg("%s: %s", error.where, error.what);
	assert_int_equal(journal_save(&journal, "sound", &error), 0);
	fuzz_read("sound", sound);
	journal_fini(&journal);
	topology_free(topology);
	errors_fini(&errors);
}

static void ask(const struct journal *journal)
{
	struct frame_row rows[FRAMES];
	struct frames sent = {.rows = rows, .count = FRAMES};
	struct oracle oracle;
	struct error error;

	for (uint32_t i = 0; i < FRAMES; i++)
		rows[i] = (struct frame_row){.at_ns = journal->clock_ns + i * MS,
					     .key = i + 1,
					     .wire_length = 60 + i * 20,
					     .length = 46 + i * 20,
					     .flow = i % 5,
					     .ttl = 64};
	if (rows[0].at_ns > INT64_MAX - FRAMES * MS)
		return; // no capture has such times
	for (uint32_t c = 0; c < journal->channel_count && c < 4; c++)
		if (oracle_wire(journal, c, 0, &sent, &oracle, &error) == 0) {
			assert_int_equal(oracle.count, FRAMES);
			oracle_free(&oracle);
		}
	if (journal->port_count >= 2 && oracle_path(journal, 0, 1, &sent, &oracle, &error) == 0) {
		assert_int_equal(oracle.settled + oracle.converging + oracle.unreachable, FRAMES);
		oracle_free(&oracle);
	}
}

static void damaged_journals_are_read_or_refused(void **state)
{
	struct mutant sound = {0}, mutant = {0};
	uint64_t rounds = fuzz_rounds(3000);

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		if (kind == 0)
			make_sound(CORRIDOR_FUZZ "/everything.ini", 1, 2, &sound);
		else
			make_sound(CORRIDOR_TOPOLOGIES "/benelux.ini", 0, 1, &sound);
		for (uint64_t round = 0; round < rounds; round++) {
			struct journal journal;
			struct error error = {0};

			mutate(&mutant, sound.bytes, sound.length, &words,
			       fuzz_seed() + (uint64_t)kind, round);
			fuzz_write("damaged", &mutant);
			if (journal_load("damaged", &journal, &error) < 0) {
				assert_true(error.code < 0);
				assert_true(strlen(error.what) > 10);
				assert_null(strchr(error.what, '\n'));
				continue;
			}
			ask(&journal);
			journal_fini(&journal);
		}
	}
	mutant_fini(&sound);
	mutant_fini(&mutant);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_journals_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, fuzz_enter, fuzz_leave);
}
