// SPDX-License-Identifier: BSD-3-Clause
// The whole engine on the live clock, without a port: its worker's thread, plans that reach it
// while it runs, and readers of its counters. Nothing here is measured by the wall clock.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "dataplane/engine/engine.h"
#include "tests/engine/lab_plan.h"

#define FOR_EVER (UINT64_MAX / 2)

static void rest_ms(unsigned ms)
{
	struct timespec pause = {.tv_nsec = (long)ms * 1000000};

	nanosleep(&pause, NULL);
}

// A running lab of two routers, 1 ms apart, with a flow of this interval.
static struct engine *start(uint64_t interval_ns, struct plan **first)
{
	struct engine_options options = {.clock = ENGINE_LIVE, .workers = 1, .instance = "test"};
	struct error error = {0};
	struct engine *engine = engine_create(&options, &error);
	struct plan *plan = plan_of_chain(2, 1000000, 1);

	assert_non_null(engine);
	plan->flows[0].interval_ns_q16 = interval_ns << 16;
	plan->flows[0].stop_ns = FOR_EVER;
	assert_int_equal(engine_publish(engine, plan, &error), 0);
	assert_int_equal(engine_start(engine, &error), 0);
	*first = plan;
	return engine;
}

static void publish(struct engine *engine, struct plan *next, uint64_t ahead_ns)
{
	struct error error = {0};

	assert_non_null(next);
	next->valid_from_ns = engine_now_ns(engine) + ahead_ns;
	assert_int_equal(engine_publish(engine, next, &error), 0);
}

static uint64_t received(const struct engine *engine)
{
	struct engine_flow_counters counters;

	engine_flow_read(engine, 0, &counters);
	return counters.received;
}

// Counters are read all the while, by this thread: each is whole, and none goes back.
static void plans_change_under_traffic_and_counters_are_read_meanwhile(void **state)
{
	struct plan *plan;
	struct engine *engine = start(20000, &plan);
	uint64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct plan *next = plan_copy(plan);
		struct engine_channel_counters counters;
		struct histogram *delay = malloc(sizeof(*delay));

		next->channels[0].params.delay_ns = 1000000 + i % 7 * 100000;
		publish(engine, next, i % 3 * 1000000);
		plan = next;
		engine_channel_read(engine, 0, &counters);
		assert_true(counters.entered >= last);
		last = counters.entered;
		assert_non_null(delay);
		engine_flow_delay(engine, 0, delay);
		free(delay);
	}
	while (received(engine) < 1000)
		rest_ms(1);
	engine_stop(engine);
	engine_destroy(engine);
}

// Whatever it is given, a turn ends: it takes plans, and can be stopped. (Behind in one turn after
// the other, each would last longer than the one before, by the factor of the overload.)
static void an_engine_that_cannot_keep_up_still_listens(void **state)
{
	struct plan *plan;
	struct engine *engine = start(5, &plan); // 200 million packets a second
	struct engine_flow_counters counters;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct plan *next = plan_copy(plan);

		rest_ms(50);
		next->channels[0].params.delay_ns += 1000;
		publish(engine, next, 2000000);
		plan = next;
	}
	while (received(engine) == 0)
		rest_ms(1);
	engine_stop(engine);
	engine_flow_read(engine, 0, &counters);
	// It is truly behind, or the test says nothing.
	assert_true(counters.sent < 200000000);
	engine_destroy(engine);
}

// Control's plans never had any: those of the plan in force do, as long as the prefixes are its
// own.
static void prefix_tables_are_shared_while_prefixes_stay_the_same(void **state)
{
	struct engine_options options = {.clock = ENGINE_VIRTUAL, .workers = 1};
	struct engine *engine = engine_create(&options, NULL);
	struct plan *first = plan_of_chain(2, 1000000, 0);
	struct plan *same = plan_copy(first), *other = plan_copy(first);
	struct plan *held; // keeps the first tables from being freed

	(void)state;
	assert_non_null(engine);
	assert_null(same->lookup);
	assert_int_equal(engine_publish(engine, first, NULL), 0);
	held = plan_copy(first);
	assert_non_null(held->lookup);
	assert_int_equal(engine_publish(engine, same, NULL), 0);
	assert_ptr_equal(same->lookup, held->lookup);
	other->prefixes[0].destination++;
	assert_int_equal(engine_publish(engine, other, NULL), 0);
	assert_non_null(other->lookup);
	assert_ptr_not_equal(other->lookup, held->lookup);
	plan_free(held);
	engine_destroy(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_change_under_traffic_and_counters_are_read_meanwhile),
		cmocka_unit_test(an_engine_that_cannot_keep_up_still_listens),
		cmocka_unit_test(prefix_tables_are_shared_while_prefixes_stay_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
