// SPDX-License-Identifier: BSD-3-Clause
// netem's correlated draws: the recurrence bit for bit, and the law that it settles to.
#include "dataplane/model/correlation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

static void the_recurrence_is_netems(void **state)
{
	const double rhos[] = {1e-9, 0.25, 0.5, 0.99, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(rhos) / sizeof(rhos[0]); i++) {
		uint32_t correlation, last = 0, before = 0;
		bool has_last = false;

		assert_true(correlation_make(rhos[i], &correlation));
		for (uint64_t n = 0; n < 1000; n++) {
			uint32_t draw = rng_draw(5, 0, RNG_LOSS, n);
			unsigned __int128 rho = (unsigned __int128)correlation + 1;
			unsigned __int128 mixed =
				draw * (((unsigned __int128)1 << 32) - rho) + before * rho;
			uint32_t expected = n == 0 ? draw : (uint32_t)(mixed >> 32);

			assert_int_equal(correlation_offer(correlation, &last, &has_last, draw),
					 expected);
			before = expected;
		}
	}
}

static void without_correlation_a_draw_passes_and_leaves_no_trace(void **state)
{
	uint32_t last = 77;
	bool has_last = false;

	(void)state;
	assert_int_equal(correlation_offer(0, &last, &has_last, 123), 123);
	assert_int_equal(last, 77);
	assert_false(has_last);
}

static void full_correlation_repeats_the_first_draw_for_ever(void **state)
{
	uint32_t last = 0, correlation;
	bool has_last = false;

	(void)state;
	assert_true(correlation_make(1, &correlation));
	for (uint64_t n = 0; n < 1000; n++)
		assert_int_equal(correlation_offer(correlation, &last, &has_last,
						   rng_draw(9, 0, RNG_LOSS, n)),
				 rng_draw(9, 0, RNG_LOSS, 0));
}

static void only_shares_are_taken(void **state)
{
	uint32_t correlation = 7;

	(void)state;
	assert_false(correlation_make(-1e-9, &correlation));
	assert_false(correlation_make(1.000001, &correlation));
	assert_false(correlation_make(NAN, &correlation));
	assert_int_equal(correlation, 7);
	assert_true(correlation_make(0, &correlation));
	assert_int_equal(correlation, 0);
	assert_true(correlation_make(1, &correlation));
	assert_int_equal(correlation, UINT32_MAX);
}

// With rho = 1/2 the law is the Fabius function, whose values at the dyadic points are known.
static void one_half_gives_the_fabius_function(void **state)
{
	uint32_t correlation;

	(void)state;
	correlation_make(0.5, &correlation);
	assert_near(correlation_below(correlation, 0.5), 0.5, 1e-9);
	assert_near(correlation_below(correlation, 0.25), 5.0 / 72, 1e-9);
	assert_near(correlation_below(correlation, 0.75), 67.0 / 72, 1e-9);
	assert_near(correlation_below(correlation, 0.125), 1.0 / 288, 1e-9);
	assert_near(correlation_below(correlation, 0.0625), 143.0 / 2073600, 1e-9);
}

// Two methods meet there: moments below 1/2, a Fourier series from 1/2 on.
static void the_law_has_no_step_where_its_method_changes(void **state)
{
	(void)state;
	for (double x = 0.01; x < 1; x += 0.01) {
		assert_near(correlation_below(0x7ffffffe, x), correlation_below(0x80000000, x),
			    2e-9);
		assert_near(correlation_both_below(0x7ffffffe, x),
			    correlation_both_below(0x80000000, x), 4e-9);
	}
}

// Pairs so far apart that they share less than 10^-6 of their value.
static void the_law_is_that_of_the_draws(void **state)
{
	const double rhos[] = {0.001, 0.01, 0.25, 0.49, 0.51, 0.75, 0.9};
	const double points[] = {0.0005, 0.01, 0.1, 0.3, 0.5, 0.8, 0.97, 0.999};
	const double pairs = 100000;

	(void)state;
	for (size_t i = 0; i < sizeof(rhos) / sizeof(rhos[0]); i++) {
		uint32_t correlation, last = 0, draw[2] = {0};
		uint64_t packet = 0, apart = (uint64_t)ceil(log(1e-6) / log(rhos[i])) + 1;
		bool has_last = false;
		double single[8] = {0}, both[8] = {0};

		correlation_make(rhos[i], &correlation);
		for (int n = 0; n < pairs; n++) {
			for (uint64_t k = 0; k < apart + 2; k++) {
				draw[0] = draw[1];
				draw[1] = correlation_offer(
					correlation, &last, &has_last,
					rng_draw(11, (uint32_t)i, RNG_LOSS, packet++));
			}
			for (int j = 0; j < 8; j++) {
				single[j] += draw[0] < points[j] * 0x1p32;
				both[j] += draw[0] < points[j] * 0x1p32 &&
					   draw[1] < points[j] * 0x1p32;
			}
		}
		for (int j = 0; j < 8; j++) {
			assert_true(binomial_fits(single[j], pairs,
						  correlation_below(correlation, points[j])));
			assert_true(binomial_fits(both[j], pairs,
						  correlation_both_below(correlation, points[j])));
		}
	}
}

static void the_law_ends_where_a_draw_ends(void **state)
{
	const uint32_t correlations[] = {0, 1, 0x40000000, 0xc0000000, UINT32_MAX - 1, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(correlations) / sizeof(correlations[0]); i++) {
		assert_near(correlation_below(correlations[i], 0), 0, 0);
		assert_near(correlation_below(correlations[i], 1), 1, 0);
		assert_near(correlation_both_below(correlations[i], 0), 0, 0);
		assert_near(correlation_both_below(correlations[i], 1), 1, 0);
		assert_near(correlation_below(correlations[i], 0.5), 0.5, 1e-9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_recurrence_is_netems),
		cmocka_unit_test(without_correlation_a_draw_passes_and_leaves_no_trace),
		cmocka_unit_test(full_correlation_repeats_the_first_draw_for_ever),
		cmocka_unit_test(only_shares_are_taken),
		cmocka_unit_test(one_half_gives_the_fabius_function),
		cmocka_unit_test(the_law_has_no_step_where_its_method_changes),
		cmocka_unit_test(the_law_is_that_of_the_draws),
		cmocka_unit_test(the_law_ends_where_a_draw_ends),
	};

	return cmocka_run_group_tests_name("correlation", tests, NULL, NULL);
}
