// SPDX-License-Identifier: BSD-3-Clause
// What a plan says of itself: the memory that its links take when they are full.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/engine/plan.h"

#define MS 1000000ull

// A channel of 20 ms; 84 bytes of line a shortest frame, as on Ethernet.
static void add_channel(struct plan *plan, uint64_t bits_per_second)
{
	struct channel_params *params = &plan->channels[plan->channel_count++].params;

	*params = (struct channel_params){.carrier = true, .delay_ns = 20 * MS};
	if (bits_per_second > 0)
		assert_int_equal(
			rate_make_params(bits_per_second, 24, 0, 0, "test", &params->rate, NULL),
			0);
}

static struct plan *plan_of(size_t channels)
{
	struct plan *plan = plan_create();

	assert_non_null(plan);
	plan->channels = calloc(channels, sizeof(*plan->channels));
	assert_non_null(plan->channels);
	return plan;
}

static void full_links_take_bandwidth_times_delay(void **state)
{
	(void)state;
	struct plan *plan = plan_of(2);

	add_channel(plan, 672000000); // a million frames of 84 bytes a second: 20,000 in 20 ms
	assert_in_range(plan_memory_bytes(plan), 20000 * PLAN_PACKET_BYTES - 1,
			20000 * PLAN_PACKET_BYTES + 1);
	add_channel(plan, 2 * 672000000ull);
	assert_in_range(plan_memory_bytes(plan), 60000 * PLAN_PACKET_BYTES - 1,
			60000 * PLAN_PACKET_BYTES + 1);
	plan_free(plan);
}

static void a_link_without_a_rate_has_no_such_bound(void **state)
{
	(void)state;
	struct plan *plan = plan_of(1);

	add_channel(plan, 0);
	assert_int_equal(plan_memory_bytes(plan), 0);
	plan_free(plan);
}

static void what_no_machine_has_is_not_a_small_number(void **state)
{
	(void)state;
	struct plan *plan = plan_of(1);

	add_channel(plan, 1000000000000);
	plan->channels[0].params.delay_ns = UINT64_MAX / 2;
	assert_true(plan_memory_bytes(plan) > UINT64_MAX / 100);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_links_take_bandwidth_times_delay),
		cmocka_unit_test(a_link_without_a_rate_has_no_such_bound),
		cmocka_unit_test(what_no_machine_has_is_not_a_small_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
