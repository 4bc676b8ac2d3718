// SPDX-License-Identifier: BSD-3-Clause
// Decay in integers against the C library, from nothing gone to everything.
#include "dataplane/model/decay.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/model/statistics.h"

static const uint64_t halflives_ns[] = {
	1, 2, 3, 1000, 1000000, 999999937, 3600000000000, UINT64_C(1) << 47, UINT64_C(1) << 62};

static void halvings_are_the_time_over_the_halflife(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(halflives_ns) / sizeof(halflives_ns[0]); i++) {
		struct decay_params params = decay_make(halflives_ns[i]);

		assert_int_equal(decay_halvings(&params, 0), 0);
		for (double time = 1; time < 1.8e19; time *= 1.7) {
			uint64_t time_ns = (uint64_t)time;
			double expected = (double)time_ns / (double)halflives_ns[i] * DECAY_ONE;
			double got = (double)decay_halvings(&params, time_ns);

			assert_near(got, fmin(expected, (double)DECAY_GONE),
				    fmin(expected, (double)DECAY_GONE) * 1e-15 + 1);
		}
		assert_int_equal(decay_halvings(&params, UINT64_MAX),
				 i < 7 ? DECAY_GONE : decay_halvings(&params, UINT64_MAX));
	}
}

static void without_a_halflife_all_is_gone_at_once(void **state)
{
	struct decay_params none = {0}, made = decay_make(0);

	(void)state;
	assert_int_equal(decay_halvings(&none, 0), 0);
	assert_int_equal(decay_halvings(&none, 1), DECAY_GONE);
	assert_int_equal(decay_halvings(&made, 1), DECAY_GONE);
}

static void what_is_gone_is_right_however_little(void **state)
{
	(void)state;
	assert_int_equal(decay_gone(0), 0);
	assert_int_equal(decay_gone(DECAY_GONE), UINT64_MAX);
	assert_near((double)decay_gone(DECAY_ONE), 0x1p63, 0);
	for (double halvings = 0x1p-56; halvings < 64; halvings *= 1.003) {
		uint64_t units = (uint64_t)(halvings * (double)DECAY_ONE);
		double expected = -expm1(-(double)units / (double)DECAY_ONE * M_LN2) * 0x1p64;

		assert_near((double)decay_gone(units), expected, expected * 0x1p-32 + 4);
	}
}

static void more_is_gone_later(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (uint64_t units = DECAY_ONE / 1000; units < 40 * DECAY_ONE; units += DECAY_ONE / 1000) {
		assert_true(decay_gone(units) > last);
		last = decay_gone(units);
	}
	// Where the ways to compute it meet.
	for (uint64_t edge = DECAY_ONE / 16; edge <= 4 * DECAY_ONE; edge += DECAY_ONE / 16)
		assert_near((double)decay_gone(edge) - (double)decay_gone(edge - 1), 0, 0x1p30);
}

static void weights_of_kept_and_fresh_make_one(void **state)
{
	(void)state;
	for (double share = 0x1p-50; share < 1; share *= 1.01) {
		uint64_t gone = (uint64_t)(share * 0x1p64);
		int shift;
		int64_t root = decay_complement(gone, &shift);
		double exact = (double)gone * 0x1p-64, square = exact * (2 - exact);

		assert_near((double)root * exp2(-32 - shift) / sqrt(square), 1,
			    1.2e-8 + 0.6 / (double)gone);
		assert_in_range(root, 0, INT64_C(1) << 33);
	}
	{
		int shift;

		assert_near((double)decay_complement(UINT64_MAX, &shift) * 0x1p-32, 1, 1e-8);
		assert_int_equal(shift, 0);
		assert_true(decay_complement(1, &shift) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halvings_are_the_time_over_the_halflife),
		cmocka_unit_test(without_a_halflife_all_is_gone_at_once),
		cmocka_unit_test(what_is_gone_is_right_however_little),
		cmocka_unit_test(more_is_gone_later),
		cmocka_unit_test(weights_of_kept_and_fresh_make_one),
	};

	return cmocka_run_group_tests_name("decay", tests, NULL, NULL);
}
