// SPDX-License-Identifier: BSD-3-Clause
// The agenda gives its sources in order of (instant, number), whatever is done to it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/engine/agenda.h"
#include "dataplane/model/rng.h"

#define SOURCES 300

static uint32_t draw(uint64_t number)
{
	return rng_draw(11, 0, RNG_LOSS, number);
}

// The least of a plain array: the independent answer.
static uint32_t least_of(const uint64_t *at_ns)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < SOURCES; i++) {
		if (at_ns[i] < at_ns[least])
			least = i;
	}
	return least;
}

static void the_next_is_the_least_of_all_after_every_change(void **state)
{
	struct agenda agenda;
	uint64_t at_ns[SOURCES];

	(void)state;
	assert_int_equal(agenda_init(&agenda, SOURCES), 0);
	for (uint32_t i = 0; i < SOURCES; i++)
		at_ns[i] = AGENDA_NEVER;
	for (uint64_t step = 0; step < 20000; step++) {
		uint32_t source = draw(3 * step) % SOURCES;
		// Few distinct instants, so that ties are common; one in four removes.
		uint64_t instant = draw(3 * step + 1) % 4 ? draw(3 * step + 2) % 50 : AGENDA_NEVER;
		uint32_t least;

		at_ns[source] = instant;
		agenda_set(&agenda, source, instant);
		least = least_of(at_ns);
		assert_int_equal(agenda_next_ns(&agenda), at_ns[least]);
		if (at_ns[least] != AGENDA_NEVER)
			assert_int_equal(agenda_next_source(&agenda), least);
	}
	agenda_fini(&agenda);
}

static void equal_instants_come_in_order_of_their_sources(void **state)
{
	struct agenda agenda;

	(void)state;
	assert_int_equal(agenda_init(&agenda, SOURCES), 0);
	for (uint32_t i = 0; i < SOURCES; i++)
		agenda_set(&agenda, (i * 7) % SOURCES, 5);
	for (uint32_t i = 0; i < SOURCES; i++) {
		assert_int_equal(agenda_next_source(&agenda), i);
		agenda_set(&agenda, i, AGENDA_NEVER);
	}
	assert_int_equal(agenda_next_ns(&agenda), AGENDA_NEVER);
	agenda_fini(&agenda);
}

static void a_cleared_agenda_is_empty_and_can_be_filled_again(void **state)
{
	struct agenda agenda;

	(void)state;
	assert_int_equal(agenda_init(&agenda, 3), 0);
	agenda_set(&agenda, 0, 1);
	agenda_set(&agenda, 2, 2);
	agenda_clear(&agenda);
	assert_int_equal(agenda_next_ns(&agenda), AGENDA_NEVER);
	agenda_set(&agenda, 2, 9);
	assert_int_equal(agenda_next_ns(&agenda), 9);
	assert_int_equal(agenda_next_source(&agenda), 2);
	agenda_fini(&agenda);
}

// A run that has not told the agenda yet that it is done with its first still compares with this.
static void what_comes_beside_a_source_is_the_least_of_the_others(void **state)
{
	struct agenda agenda;
	uint64_t at_ns[SOURCES];

	(void)state;
	assert_int_equal(agenda_init(&agenda, SOURCES), 0);
	for (uint32_t i = 0; i < SOURCES; i++)
		at_ns[i] = AGENDA_NEVER;
	for (uint64_t step = 0; step < 5000; step++) {
		uint32_t source = draw(3 * step) % (step < 2500 ? 7 : SOURCES);
		uint32_t changes = agenda.changes, next, beside;
		uint32_t found;

		at_ns[source] = draw(3 * step + 1) % 4 ? draw(3 * step + 2) % 50 : AGENDA_NEVER;
		agenda_set(&agenda, source, at_ns[source]);
		assert_int_not_equal(agenda.changes, changes);
		next = least_of(at_ns);
		assert_int_equal(agenda_beside(&agenda, SOURCES), 0); // that is, the next
		if (at_ns[next] == AGENDA_NEVER)
			continue;
		found = agenda_beside(&agenda, next);
		at_ns[next] = AGENDA_NEVER;
		beside = least_of(at_ns);
		if (at_ns[beside] == AGENDA_NEVER) {
			assert_int_equal(found, agenda.count);
		} else {
			assert_int_equal(agenda.items[found].at_ns, at_ns[beside]);
			assert_int_equal(agenda.items[found].source, beside);
		}
		at_ns[next] = draw(step) % 3 ? draw(3 * step) % 60 : AGENDA_NEVER;
		agenda_set_first(&agenda, at_ns[next], found);
		next = least_of(at_ns);
		assert_int_equal(agenda_next_ns(&agenda), at_ns[next]);
		if (at_ns[next] != AGENDA_NEVER)
			assert_int_equal(agenda_next_source(&agenda), next);
	}
	agenda_fini(&agenda);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_is_the_least_of_all_after_every_change),
		cmocka_unit_test(equal_instants_come_in_order_of_their_sources),
		cmocka_unit_test(what_comes_beside_a_source_is_the_least_of_the_others),
		cmocka_unit_test(a_cleared_agenda_is_empty_and_can_be_filled_again),
	};

	return cmocka_run_group_tests_name("agenda", tests, NULL, NULL);
}
