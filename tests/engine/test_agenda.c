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
#define MANY    2000

// The longest wait in each kind of traffic: steady, in crowds, dense, sparse, over hours, emptying.
static const uint64_t WAITS[6] = {1000000, 8000000, 100, 3000000000, 20000000000000, 50000};

static uint32_t draw(uint64_t number)
{
	return rng_draw(11, 0, RNG_LOSS, number);
}

// The least of a plain array: the independent answer.
static uint32_t least_of_many(const uint64_t *at_ns, uint32_t count)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < count; i++) {
		if (at_ns[i] < at_ns[least])
			least = i;
	}
	return least;
}

static uint32_t least_of(const uint64_t *at_ns)
{
	return least_of_many(at_ns, SOURCES);
}

static void assert_first(const struct agenda *agenda, const uint64_t *at_ns)
{
	uint32_t least = least_of(at_ns);

	assert_int_equal(agenda_next_ns(agenda), at_ns[least]);
	if (at_ns[least] != AGENDA_NEVER)
		assert_int_equal(agenda_next_source(agenda), least);
}

static void assert_beside(struct agenda *agenda, uint64_t *at_ns, uint32_t first)
{
	struct agenda_item beside = agenda_beside(agenda);
	uint64_t first_ns = at_ns[first];
	uint32_t least;

	at_ns[first] = AGENDA_NEVER;
	least = least_of(at_ns);
	assert_int_equal(beside.at_ns, at_ns[least]);
	if (at_ns[least] != AGENDA_NEVER)
		assert_int_equal(beside.source, least);
	at_ns[first] = first_ns;
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

		at_ns[source] = instant;
		agenda_set(&agenda, source, instant);
		assert_first(&agenda, at_ns);
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

// What is taken is gone until it is set again, and what comes first is the least of the others.
static void what_is_taken_is_out_until_it_is_set_again(void **state)
{
	struct agenda agenda;
	uint64_t at_ns[SOURCES];

	(void)state;
	assert_int_equal(agenda_init(&agenda, SOURCES), 0);
	for (uint32_t i = 0; i < SOURCES; i++)
		at_ns[i] = AGENDA_NEVER;
	for (uint64_t step = 0; step < 5000; step++) {
		uint32_t source = draw(3 * step) % (step < 2500 ? 7 : SOURCES);
		uint32_t changes = agenda.changes, next;

		at_ns[source] = draw(3 * step + 1) % 4 ? draw(3 * step + 2) % 50 : AGENDA_NEVER;
		agenda_set(&agenda, source, at_ns[source]);
		assert_int_not_equal(agenda.changes, changes);
		assert_first(&agenda, at_ns);
		next = least_of(at_ns);
		if (at_ns[next] == AGENDA_NEVER)
			continue;
		assert_beside(&agenda, at_ns, next);
		agenda_take(&agenda, agenda_first(&agenda));
		at_ns[next] = AGENDA_NEVER;
		assert_first(&agenda, at_ns);
		if (draw(step) % 5 == 0) { // and others are set meanwhile
			source = (next + 1) % SOURCES;
			at_ns[source] = draw(step + 7) % 50;
			agenda_set(&agenda, source, at_ns[source]);
			assert_first(&agenda, at_ns);
		}
		at_ns[next] = draw(step) % 3 ? draw(3 * step) % 60 : AGENDA_NEVER;
		agenda_set(&agenda, next, at_ns[next]);
		assert_first(&agenda, at_ns);
	}
	agenda_fini(&agenda);
}

// Traffic of many kinds by turns: steady, in crowds at one instant, sparse, out of a long silence,
// so that the wheel is laid out anew, its slots overflow, and much lies beyond it.
static void traffic_of_every_kind_comes_in_order(void **state)
{
	static uint64_t at_ns[MANY];
	struct agenda agenda;
	uint64_t now_ns = 0;

	(void)state;
	assert_int_equal(agenda_init(&agenda, MANY), 0);
	for (uint32_t i = 0; i < MANY; i++)
		at_ns[i] = AGENDA_NEVER;
	for (uint64_t step = 0; step < 120000; step++) {
		uint32_t source = draw(4 * step) % MANY;
		unsigned phase = step / 4000 % 6;
		uint64_t wait_ns = draw(4 * step + 1) % WAITS[phase];
		struct agenda_item first;

		if (phase == 1)
			wait_ns = wait_ns / 1000000 * 1000000;
		if (draw(4 * step + 2) % 8 == 0) { // wherever it is: moved, or out
			at_ns[source] = phase == 5 ? AGENDA_NEVER : now_ns + wait_ns;
			agenda_set(&agenda, source, at_ns[source]);
		}
		first = agenda_first(&agenda);
		if (first.at_ns == AGENDA_NEVER)
			continue;
		if (step % 64 == 0) {
			uint32_t least = least_of_many(at_ns, MANY);

			assert_int_equal(first.source, least);
		}
		assert_int_equal(at_ns[first.source], first.at_ns);
		assert_true(first.at_ns >= now_ns);
		now_ns = first.at_ns;
		agenda_take(&agenda, first);
		at_ns[first.source] = draw(4 * step + 3) % 16 ? now_ns + wait_ns : AGENDA_NEVER;
		agenda_set(&agenda, first.source, at_ns[first.source]);
	}
	agenda_fini(&agenda);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_is_the_least_of_all_after_every_change),
		cmocka_unit_test(equal_instants_come_in_order_of_their_sources),
		cmocka_unit_test(what_is_taken_is_out_until_it_is_set_again),
		cmocka_unit_test(traffic_of_every_kind_comes_in_order),
		cmocka_unit_test(a_cleared_agenda_is_empty_and_can_be_filled_again),
	};

	return cmocka_run_group_tests_name("agenda", tests, NULL, NULL);
}
