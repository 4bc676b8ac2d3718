// SPDX-License-Identifier: BSD-3-Clause
// Delay variation by the draw: each distribution, its bounds and scale, and netem's chain.
#include "dataplane/model/jitter.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/jitter_law.h"
#include "dataplane/model/rng.h"
#include "tests/model/jitter_samples.h"
#include "tests/model/statistics.h"

static struct jitter_params params_of(enum jitter_kind kind, uint64_t jitter_ns, double correlation)
{
	struct jitter_params params;

	assert_int_equal(jitter_make_params(kind, jitter_ns, correlation, "test", &params, NULL),
			 0);
	return params;
}

static void none_adds_nothing(void **state)
{
	struct jitter_params params = params_of(JITTER_NONE, 0, 0);
	struct jitter_state jitter = {0}, zero = {0};

	(void)state;
	assert_int_equal(jitter_offer(&params, &jitter, 77, 12345), 0);
	assert_int_equal(jitter_copy(&params, &jitter, 12345), 0);
	assert_int_equal(jitter_minimum_ns(&params), 0);
	assert_int_equal(jitter_maximum_ns(&params), 0);
	assert_memory_equal(&jitter, &zero, sizeof(jitter));
}

static void each_distribution_is_what_it_is_called(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAWS; i++) {
		struct jitter_params params = params_of_law(i, true, 0);
		size_t count = samples_for(i);

		assert_int_equal(params.law, JITTER_INDEPENDENT);
		take_sample_at(&params, (uint32_t)i, count, 1, 1, false);
		check_law(i, count);
	}
}

// Steps of a nanosecond where the deviation is only twenty: the law at whole numbers.
static void a_coarse_distribution_is_the_fine_one_rounded(void **state)
{
	const size_t count = 100000;

	(void)state;
	for (size_t i = 0; i < LAWS; i++) {
		struct jitter_params params = params_of_law(i, true, 0);
		double worst = 0, below = 0, scale = 20;
		size_t counts[4001] = {0};

		params.jitter_ns = 20;
		scale = laws[i].kind == JITTER_UNIFORM ? scale / sqrt(3) : scale;
		for (size_t n = 0; n < count; n++) {
			int64_t deviation = jitter_quantile_ns(
				&params, rng_draw(721, (uint32_t)i, RNG_JITTER, n));

			counts[deviation > 2000 ? 4000 : deviation + 2000]++;
		}
		for (int k = 0; k < 4000; k++) {
			// All round to the nearest, but the uniform one, as netem's, down.
			double edge = k - 2000 + (laws[i].kind == JITTER_UNIFORM ? 1 : 0.5);

			below += (double)counts[k] / (double)count;
			worst = fmax(worst, fabs(below - laws[i].below(edge / scale)));
		}
		// On a lattice the distance is less than Kolmogorov's, so the bound holds.
		assert_true(worst * sqrt((double)count) < KS_BOUND);
	}
}

static void uniform_jitter_takes_its_lower_bound_and_never_its_upper(void **state)
{
	const uint64_t widths[] = {1, 2, 1000, (UINT64_C(1) << 31) - 1, (UINT64_C(1) << 47) - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct jitter_params params = params_of(JITTER_UNIFORM, widths[i], 0);
		int64_t width = (int64_t)widths[i];
		// Above 2^31 the draws are fewer than the nanoseconds.
		int64_t step = 1 + (width >> 31);

		assert_int_equal(jitter_quantile_ns(&params, 0), -width);
		assert_true(jitter_quantile_ns(&params, UINT32_MAX) < width);
		assert_true(jitter_quantile_ns(&params, UINT32_MAX) >= width - step);
		assert_int_equal(jitter_quantile_ns(&params, 0x80000000), 0);
	}
}

static void opposite_draws_give_opposite_normal_deviations(void **state)
{
	const uint64_t widths[] = {1, 3, 999, 1000000, (UINT64_C(1) << 47) - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct jitter_params params = params_of(JITTER_NORMAL, widths[i], 0);

		for (uint64_t n = 0; n < 10000; n++) {
			uint32_t draw = rng_draw(1, 0, RNG_JITTER, n);

			assert_int_equal(jitter_quantile_ns(&params, draw),
					 -jitter_quantile_ns(&params, ~draw));
		}
	}
}

static void the_largest_jitter_keeps_its_scale(void **state)
{
	struct jitter_params params = params_of(JITTER_NORMAL, (UINT64_C(1) << 47) - 1, 0);

	(void)state;
	assert_near((double)jitter_quantile_ns(&params, UINT32_MAX) / 0x1p47, 6.33795775, 1e-6);
	for (size_t i = 0; i < LAWS; i++) {
		struct jitter_params wide = params_of_law(i, true, 0), fine = wide;

		wide.jitter_ns = (UINT64_C(1) << 47) - 1;
		fine.jitter_ns = 1 << 20;
		assert_near((double)jitter_maximum_ns(&wide) / 0x1p27,
			    (double)jitter_maximum_ns(&fine), 1);
		assert_near((double)jitter_minimum_ns(&wide) / 0x1p27,
			    (double)jitter_minimum_ns(&fine), 1);
	}
}

// netem's arithmetic, with its remainder and division.
static int64_t netem_table_ns(int64_t sigma, int32_t t)
{
	int64_t x = (sigma % 8192) * t;

	x += x >= 0 ? 4096 : -4096;
	return x / 8192 + (sigma / 8192) * t;
}

static void a_table_gives_netems_values_each_as_often(void **state)
{
	const uint64_t widths[] = {1, 4095, 8192, 1000003, (UINT64_C(1) << 47) - 1};
	int16_t samples[] = {7, -32768, 32767, 0, -5, 7, 8192};
	const int16_t sorted[] = {-32768, -5, 0, 7, 7, 8192, 32767};
	struct jitter_table table;
	struct jitter_request request = {.kind = JITTER_TABLE, .table = &table};

	(void)state;
	assert_int_equal(jitter_table_make_from_samples(samples, 7, "", &table, NULL), 0);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct jitter_params params;
		uint64_t first = 0;

		request.jitter_ns = widths[i];
		assert_int_equal(jitter_make(&request, "", &params, NULL), 0);
		for (uint32_t k = 0; k < 7; k++) {
			// Draws from k / 7 up to (k + 1) / 7 of all give the k-th sample.
			uint64_t end = (((uint64_t)(k + 1) << 32) + 6) / 7;
			int64_t expected = netem_table_ns((int64_t)widths[i], sorted[k]);

			assert_int_equal(jitter_quantile_ns(&params, (uint32_t)first), expected);
			assert_int_equal(jitter_quantile_ns(&params, (uint32_t)(end - 1)),
					 expected);
			first = end;
		}
		assert_int_equal(first, UINT64_C(1) << 32);
	}
}

static void nothing_is_outside_the_bounds(void **state)
{
	const double correlations[] = {0, 0.3, 1};

	(void)state;
	for (size_t i = 0; i < 5 * LAWS; i++) {
		struct jitter_params params =
			params_of_law(i / 5, i % 5 == 3, i % 5 > 2 ? 5000 : 0);
		struct jitter_state jitter = {0};
		uint64_t at_ns = 0;

		params.jitter_ns = 12345;
		if (i % 5 < 3)
			correlation_make(correlations[i % 5], &params.correlation);
		jitter_finish(&params);
		assert_int_equal(jitter_quantile_ns(&params, 0), jitter_minimum_ns(&params));
		assert_int_equal(jitter_quantile_ns(&params, UINT32_MAX),
				 jitter_maximum_ns(&params));
		for (uint64_t n = 0; n < 100000; n++) {
			struct rng_block chance = rng_block(1, (uint32_t)i, n, 0);
			uint32_t draw = chance.word[0];
			int64_t deviation;

			if (chance.word[1] % 4 == 0) // the ends come too seldom by themselves
				draw = chance.word[1] % 8 == 0 ? draw % 16 : ~(draw % 16);
			at_ns += chance.word[2] % (chance.word[3] % 2 ? 100 : 100000);
			deviation = jitter_offer(&params, &jitter, at_ns, draw);
			assert_in_range(deviation - jitter_minimum_ns(&params), 0,
					jitter_maximum_ns(&params) - jitter_minimum_ns(&params));
		}
	}
}

// The fourth moment that bounds the sample's deviation comes from the sample; 60 packets apart they
// have nothing in common.
static void correlation_narrows_the_deviation_to_the_one_reported(void **state)
{
	const size_t of[] = {0, 1, 4, 7}; // uniform, normal, exponential, lognormal
	const double correlations[] = {0.05, 0.25, 0.5, 0.75};

	const size_t count = samples_for_deviation(9);

	(void)state;
	for (size_t i = 0; i < 16; i++) {
		double rho = correlations[i / 4], fourth = 0, square, mean, expected_mean, expected;
		struct jitter_params params = params_of_law(of[i % 4], false, 0);

		correlation_make(rho, &params.correlation);
		jitter_finish(&params);
		assert_int_equal(params.law, JITTER_CHAINED);
		take_sample_at(&params, 10 + (uint32_t)i, count,
			       (uint64_t)ceil(log(1e-6) / log(rho)), 1, false);
		jitter_moments_ns(&params, UINT64_MAX, &expected_mean, &expected);
		expected_mean /= JITTER;
		expected /= JITTER;
		mean = mean_of(count);
		for (size_t k = 0; k < count; k++)
			sample[k] -= expected_mean;
		for (size_t k = 0; k < count; k++)
			fourth += pow(sample[k], 4) / (double)count;
		square = deviation_of(count) * deviation_of(count);
		assert_near(mean, expected_mean, Z_TWO_SIDED * expected / sqrt((double)count));
		assert_near(square, expected * expected,
			    Z_TWO_SIDED * sqrt((fourth - square * square) / (double)count));
		if (params.kind == JITTER_UNIFORM)
			assert_near(expected, sqrt((1 - rho) * (1 - rho) / (1 - rho * rho)), 1e-5);
	}
}

static void what_makes_no_jitter_is_refused(void **state)
{
	const struct jitter_request wrong[] = {
		{.kind = JITTER_NORMAL},
		{.kind = JITTER_UNIFORM},
		{.kind = JITTER_NORMAL, .jitter_ns = UINT64_C(1) << 47},
		{.kind = JITTER_NORMAL, .jitter_ns = 1, .correlation = -0.1},
		{.kind = JITTER_NORMAL, .jitter_ns = 1, .correlation = 1.1},
		{.kind = JITTER_NORMAL, .jitter_ns = 1, .correlation = NAN},
		{.kind = JITTER_NORMAL, .jitter_ns = 1, .correlation = 0.5, .halflife_ns = 5},
		{.kind = JITTER_NORMAL, .jitter_ns = 1, .halflife_ns = UINT64_C(1) << 62},
		{.kind = JITTER_PARETO, .jitter_ns = 1},
		{.kind = JITTER_PARETO, .jitter_ns = 1, .table = &tables[4]}, // exponential
		{.kind = (enum jitter_kind)9, .jitter_ns = 1},
		{.kind = (enum jitter_kind) - 1, .jitter_ns = 1},
	};
	struct jitter_params params = {.jitter_ns = 99};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error error = {0};

		assert_int_equal(jitter_make(&wrong[i], "lab.ini:9", &params, &error), -EINVAL);
		assert_string_equal(error.where, "lab.ini:9");
		assert_true(strlen(error.what) > 20);
		assert_int_equal(params.jitter_ns, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_adds_nothing),
		cmocka_unit_test(each_distribution_is_what_it_is_called),
		cmocka_unit_test(a_coarse_distribution_is_the_fine_one_rounded),
		cmocka_unit_test(uniform_jitter_takes_its_lower_bound_and_never_its_upper),
		cmocka_unit_test(opposite_draws_give_opposite_normal_deviations),
		cmocka_unit_test(the_largest_jitter_keeps_its_scale),
		cmocka_unit_test(a_table_gives_netems_values_each_as_often),
		cmocka_unit_test(nothing_is_outside_the_bounds),
		cmocka_unit_test(correlation_narrows_the_deviation_to_the_one_reported),
		cmocka_unit_test(what_makes_no_jitter_is_refused),
	};

	return cmocka_run_group_tests_name("jitter", tests, make_tables, NULL);
}
