// SPDX-License-Identifier: BSD-3-Clause
// Reordering: netem's counter, step by step and in the long run.
#include "dataplane/model/reorder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

static struct reorder_params params_of(double probability, double correlation, uint32_t gap)
{
	struct reorder_params params;

	assert_int_equal(reorder_make_params(probability, correlation, gap, 0, "", &params, NULL),
			 0);
	return params;
}

static void certain_reordering_takes_every_gap_th_packet(void **state)
{
	(void)state;
	for (uint32_t gap = 1; gap < 20; gap++) {
		struct reorder_params params = params_of(1, 0, gap);
		struct reorder_state reorder = {0};

		for (uint32_t n = 1; n < 1000; n++)
			assert_int_equal(reorder_offer(&params, &reorder, n * 77777777),
					 n % gap == 0);
		assert_near(reorder_ratio(&params), 1.0 / gap, 1e-12);
	}
}

// The rule in words, with a counter that is never cut: a packet is chosen if at least gap - 1 have
// passed since the last one and its draw is below P; the draw moves its chain only then.
static void the_counter_and_the_chain_move_as_netems_do(void **state)
{
	const double rhos[] = {0, 0.4};

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		struct reorder_params params = params_of(0.3, rhos[i % 2], 1 + i / 2 * 3);
		struct reorder_state reorder = {0};
		uint64_t rho = (uint64_t)params.chance.correlation + 1;
		uint64_t passed = 0, chosen = 0, last = 0, chain = 0;

		for (uint64_t n = 0; n < 20000; n++) {
			uint32_t draw = rng_draw(8, i, RNG_REORDER, n);
			bool expected = false;

			if (passed >= params.gap - 1) {
				last = rho == 1 || chain++ == 0
					       ? draw
					       : (draw * ((UINT64_C(1) << 32) - rho) +
						  last * rho) >>
							 32;
				expected = last < params.chance.threshold;
			}
			assert_int_equal(reorder_offer(&params, &reorder, draw), expected);
			passed = expected ? 0 : passed + 1;
			chosen += expected;
		}
		assert_true(chosen > 500);
	}
}

// Gaps between chosen packets are gap - 1 and a geometric number more, so their mean is known and
// their variance, too.
static void the_share_is_that_of_the_renewal(void **state)
{
	const double probability = 0.25;

	(void)state;
	for (uint32_t gap = 1; gap <= 5; gap += 2) {
		struct reorder_params params = params_of(probability, 0, gap);
		struct reorder_state reorder = {0};
		double mean = gap - 1 + 1 / probability;
		double deviation = sqrt(1 - probability) / probability;
		uint64_t renewals = samples_for_mean(deviation, WRONG_BY * mean), packets = 0;

		for (uint64_t chosen = 0; chosen < renewals; packets++)
			chosen += reorder_offer(&params, &reorder,
						rng_draw(5, gap, RNG_REORDER, packets));
		assert_near((double)packets / (double)renewals, mean,
			    Z_TWO_SIDED * deviation / sqrt((double)renewals));
		assert_near(reorder_ratio(&params), 1 / mean, 1e-9);
	}
}

static void correlation_narrows_the_share_as_the_law_says(void **state)
{
	struct reorder_params params = params_of(0.3, 0.5, 1);
	struct reorder_state reorder = {0};
	double ratio = reorder_ratio(&params);
	uint64_t trials = samples_for_ratio(ratio), packet = 0, hits = 0;

	(void)state;
	assert_true(ratio < 0.25);
	for (uint64_t n = 0; n < trials; n++) {
		for (int k = 0; k < 20; k++)
			reorder_offer(&params, &reorder, rng_draw(6, 0, RNG_REORDER, packet++));
		hits += reorder_offer(&params, &reorder, rng_draw(6, 0, RNG_REORDER, packet++));
	}
	assert_true(binomial_fits((double)hits, (double)trials, ratio));
}

static void the_counter_does_not_wrap_however_many_pass(void **state)
{
	struct reorder_params params = params_of(0.5, 0, 3);
	struct reorder_state reorder = {.since = UINT32_MAX};

	(void)state;
	assert_false(reorder_offer(&params, &reorder, UINT32_MAX));
	assert_true(reorder_offer(&params, &reorder, 0));
}

static void nothing_asked_nothing_reordered(void **state)
{
	struct reorder_params zero = {0}, never = params_of(0, 0, 5);
	struct reorder_state reorder = {0};

	(void)state;
	assert_int_equal(never.gap, 0);
	for (uint64_t n = 0; n < 1000; n++) {
		assert_false(reorder_offer(&zero, &reorder, 0));
		assert_false(reorder_offer(&never, &reorder, 0));
	}
	assert_near(reorder_ratio(&zero), 0, 0);
}

static void the_parameters_are_checked_and_the_gap_defaults_to_one(void **state)
{
	struct reorder_params params = {.gap = 99};
	struct error error = {0};

	(void)state;
	assert_int_equal(reorder_make_params(1.1, 0, 0, 0, "x", &params, &error), -EINVAL);
	assert_non_null(strstr(error.what, "reorder"));
	assert_int_equal(reorder_make_params(0.1, 0, 0, UINT64_C(1) << 47, "x", &params, &error),
			 -EINVAL);
	assert_non_null(strstr(error.what, "late"));
	assert_int_equal(params.gap, 99);
	assert_int_equal(reorder_make_params(0.1, 0, 0, 5, "x", &params, NULL), 0);
	assert_int_equal(params.gap, 1);
	assert_int_equal(params.late_ns, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certain_reordering_takes_every_gap_th_packet),
		cmocka_unit_test(the_counter_and_the_chain_move_as_netems_do),
		cmocka_unit_test(the_share_is_that_of_the_renewal),
		cmocka_unit_test(correlation_narrows_the_share_as_the_law_says),
		cmocka_unit_test(the_counter_does_not_wrap_however_many_pass),
		cmocka_unit_test(nothing_asked_nothing_reordered),
		cmocka_unit_test(the_parameters_are_checked_and_the_gap_defaults_to_one),
	};

	return cmocka_run_group_tests_name("reorder", tests, NULL, NULL);
}
