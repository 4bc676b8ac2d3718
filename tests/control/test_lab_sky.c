// SPDX-License-Identifier: BSD-3-Clause
// A running lab's sky: profiles are extended while it runs, early enough and for weeks, and control
// may be late.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/control/fake_lab.h"
#include "topologies/tables.h"

#define S   UINT64_C(1000000000)
#define MIN (60 * S)
#define H   (60 * MIN)

#define SKY                                                                                        \
	"[network]\nepoch = 2026-06-14T00:00:00Z\n"                                                \
	"[site a]\nposition = 10, 0, 300\n[site b]\nposition = 12, 4, 300\n"                       \
	"[constellation o3b]\nwalker = 5/1/0 8063km inclination 0.05deg\n"                         \
	"[link l]\nends = a, b\nmedium = satellite\nvia = o3b\nelevation = 10deg\n"                \
	"choose = longest\nhandover = break-before-make 3s\n" LAB_PORTS

// Until when the engine has delays, by the plan that it holds.
static uint64_t known_until_ns(const struct fake_lab *fake)
{
	const struct profile *delay = fake_lab_params(fake, "l:forward")->delay_profile;

	assert_non_null(delay);
	return delay->start_ns + delay->points[delay->count - 1].at_ns;
}

static void profiles_are_always_two_minutes_ahead(void **state)
{
	struct fake_lab fake = fake_lab_start(SKY);
	const struct profile *last = fake_lab_params(&fake, "l:forward")->delay_profile;
	unsigned renewed = 0, most = 0;

	(void)state;
	for (uint64_t at_ns = 0; at_ns < 3 * 24 * H; at_ns += MIN) {
		const struct profile *now;
		size_t count;

		fake_lab_run_to(&fake, at_ns);
		now = fake_lab_params(&fake, "l:forward")->delay_profile;
		count = tables_count(fake.topology->tables);
		renewed += now->start_ns != last->start_ns;
		most = count > most ? (unsigned)count : most;
		last = now;
		assert_true(known_until_ns(&fake) >= at_ns + 2 * MIN - S);
		assert_true(network_delay_ns(lab_network(fake.lab), 0, at_ns) > 50 * MS);
	}
	assert_int_equal(renewed, 3 * 24 - 1);
	// Of two hours, and of a third while plans change: two delays and a carrier each.
	assert_in_range(most, 3, 9);
	fake_lab_end(&fake);
}

// The machine sleeps over the whole hour, or over several.
static void control_may_be_late(void **state)
{
	struct fake_lab fake = fake_lab_start(SKY);
	struct error error;

	(void)state;
	fake_lab_run_to(&fake, 2 * H - MIN);
	fake_engine.now_ns = 2 * H + MIN;
	assert_true(known_until_ns(&fake) > fake_engine.now_ns);
	while (lab_next_step_ns(fake.lab) <= fake_engine.now_ns)
		assert_int_equal(lab_step(fake.lab, &error), 0);
	assert_true(known_until_ns(&fake) >= 3 * H + MIN);
	fake_engine.now_ns = 9 * H + MIN;
	while (lab_next_step_ns(fake.lab) <= fake_engine.now_ns)
		assert_int_equal(lab_step(fake.lab, &error), 0);
	assert_true(known_until_ns(&fake) >= 10 * H + MIN);
	assert_true(network_delay_ns(lab_network(fake.lab), 0, fake_engine.now_ns) > 50 * MS);
	fake_lab_change(&fake, "link l down");
	assert_string_equal(network_down_by(lab_network(fake.lab), 0), "user");
	fake_lab_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_are_always_two_minutes_ahead),
		cmocka_unit_test(control_may_be_late),
	};

	return cmocka_run_group_tests_name("lab_sky", tests, NULL, NULL);
}
