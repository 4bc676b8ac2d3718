// SPDX-License-Identifier: BSD-3-Clause
// How long the live loop sleeps, and what it learns from sleeps that end late.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/engine/nap.h"

#define SLEEPS 10000

// `rare_ns` once in `every` sleeps, else `common_ns`.
static struct nap taught(uint64_t common_ns, uint64_t rare_ns, unsigned every)
{
	struct nap nap;

	nap_init(&nap);
	for (unsigned i = 0; i < SLEEPS; i++)
		nap_learn(&nap, i % every == 0 ? rare_ns : common_ns);
	return nap;
}

static void a_machine_that_wakes_in_time_is_not_spun_on(void **state)
{
	(void)state;
	struct nap nap = taught(10000, 10000, 1);

	assert_int_equal(nap_margin_ns(&nap), 0);
	assert_int_equal(nap_length_ns(&nap, 1000000, UINT64_MAX), 1000000);
}

static void what_one_in_fifty_sleeps_does_is_allowed_for(void **state)
{
	(void)state;
	struct nap nap = taught(20000, 90000, 50);

	// 90 us late, 30 of them allowed; one step of 9.9 us either way.
	assert_in_range(nap_margin_ns(&nap), 50000, 70000);
}

static void what_one_in_five_hundred_sleeps_does_is_not(void **state)
{
	(void)state;
	struct nap nap = taught(20000, 90000, 500);

	assert_int_equal(nap_margin_ns(&nap), 0);
}

static void a_processor_taken_away_is_no_late_timer(void **state)
{
	(void)state;
	struct nap quiet = taught(20000, 20000, 1), busy = taught(20000, 4000000, 3);

	assert_int_equal(nap_margin_ns(&busy), nap_margin_ns(&quiet));
}

static void it_never_spins_for_longer_than_its_most_and_forgets(void **state)
{
	(void)state;
	struct nap nap = taught(400000, 400000, 1);

	assert_int_equal(nap_margin_ns(&nap), NAP_MARGIN_MOST_NS);
	for (unsigned i = 0; i < SLEEPS; i++)
		nap_learn(&nap, 20000);
	assert_int_equal(nap_margin_ns(&nap), 0);
}

static void a_rest_ends_before_what_is_due_or_is_none(void **state)
{
	(void)state;
	struct nap nap = taught(80000, 80000, 1);
	uint64_t margin_ns = nap_margin_ns(&nap);

	assert_true(margin_ns > 0);
	for (uint64_t left_ns = 0; left_ns < 3 * margin_ns; left_ns += 500) {
		uint64_t length_ns = nap_length_ns(&nap, left_ns, UINT64_MAX);

		if (left_ns < margin_ns + NAP_SHORTEST_NS)
			assert_int_equal(length_ns, 0);
		else
			assert_int_equal(length_ns, left_ns - margin_ns);
	}
	assert_int_equal(nap_length_ns(&nap, UINT64_MAX, 10000000), 10000000);
}

static void a_long_silence_is_looked_into_less_often(void **state)
{
	(void)state;
	uint64_t before_ns = 0;

	for (uint64_t idle_ns = 0; idle_ns < 100000000; idle_ns += 10000) {
		uint64_t poll_ns = nap_poll_ns(idle_ns);

		assert_in_range(poll_ns, NAP_POLL_LEAST_NS, NAP_POLL_MOST_NS);
		assert_true(poll_ns == NAP_POLL_LEAST_NS || poll_ns <= idle_ns / 20);
		assert_true(poll_ns >= before_ns);
		before_ns = poll_ns;
	}
	assert_int_equal(before_ns, NAP_POLL_MOST_NS);
}

// A ping a second is looked for as often as one that has just come; a lab without traffic is not.
static void only_an_idle_lab_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(nap_poll_ns(1100000000), NAP_POLL_MOST_NS);
	assert_int_equal(nap_poll_ns(NAP_QUIET_NS - 1), NAP_POLL_MOST_NS);
	assert_int_equal(nap_poll_ns(NAP_QUIET_NS), NAP_POLL_QUIET_NS);
	assert_int_equal(nap_poll_ns(UINT64_MAX), NAP_POLL_QUIET_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_wakes_in_time_is_not_spun_on),
		cmocka_unit_test(what_one_in_fifty_sleeps_does_is_allowed_for),
		cmocka_unit_test(what_one_in_five_hundred_sleeps_does_is_not),
		cmocka_unit_test(a_processor_taken_away_is_no_late_timer),
		cmocka_unit_test(it_never_spins_for_longer_than_its_most_and_forgets),
		cmocka_unit_test(a_rest_ends_before_what_is_due_or_is_none),
		cmocka_unit_test(a_long_silence_is_looked_into_less_often),
		cmocka_unit_test(only_an_idle_lab_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
