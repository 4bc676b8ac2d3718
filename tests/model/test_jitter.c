// SPDX-License-Identifier: BSD-3-Clause
// Delay variation: law, mean, deviation, bounds.
#include "dataplane/model/jitter.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

#define SAMPLES 200000
#define JITTER  1000000000 // so that a nanosecond is a fine step

static double sample[SAMPLES];

static struct jitter_params params_of(enum jitter_kind kind, uint64_t jitter_ns, double correlation)
{
	struct jitter_params params;

	assert_int_equal(jitter_make_params(kind, jitter_ns, correlation, "test", &params, NULL),
			 0);
	return params;
}

// Every `apart`-th deviation, in units of JITTER.
static void take_sample(const struct jitter_params *params, uint32_t channel, int apart)
{
	struct jitter_state jitter = {0};
	uint64_t packet = 0;

	for (int i = 0; i < SAMPLES; i++) {
		for (int k = 0; k < apart; k++)
			sample[i] = (double)jitter_offer(
				params, &jitter, rng_draw(719, channel, RNG_JITTER, packet++));
		sample[i] /= JITTER;
	}
}

static double mean_of(void)
{
	double sum = 0;

	for (int i = 0; i < SAMPLES; i++)
		sum += sample[i];
	return sum / SAMPLES;
}

// Root of the mean square about zero, the known mean.
static double deviation_of(void)
{
	double sum = 0;

	for (int i = 0; i < SAMPLES; i++)
		sum += sample[i] * sample[i];
	return sqrt(sum / SAMPLES);
}

static double normal_law(double x)
{
	return erfc(-x / sqrt(2)) / 2;
}

static double uniform_law(double x)
{
	return fmin(fmax((x + 1) / 2, 0), 1);
}

static void none_adds_nothing(void **state)
{
	struct jitter_params params = params_of(JITTER_NONE, 0, 0);
	struct jitter_state jitter = {0};

	(void)state;
	assert_int_equal(jitter_offer(&params, &jitter, 12345), 0);
	assert_int_equal(jitter_minimum_ns(&params), 0);
	assert_near(jitter_deviation_ns(&params), 0, 0);
	assert_false(jitter.has_last);
}

static void normal_jitter_is_normal(void **state)
{
	struct jitter_params params = params_of(JITTER_NORMAL, JITTER, 0);

	(void)state;
	take_sample(&params, 1, 1);
	assert_near(mean_of(), 0, Z_TWO_SIDED / sqrt(SAMPLES));
	assert_near(deviation_of(), 1, Z_TWO_SIDED / sqrt(2.0 * SAMPLES));
	assert_near(jitter_deviation_ns(&params), JITTER, 1);
	assert_true(kolmogorov_smirnov(sample, SAMPLES, normal_law) < KS_BOUND);
}

static void uniform_jitter_is_uniform(void **state)
{
	struct jitter_params params = params_of(JITTER_UNIFORM, JITTER, 0);

	(void)state;
	take_sample(&params, 2, 1);
	assert_near(mean_of(), 0, Z_TWO_SIDED / sqrt(3.0 * SAMPLES));
	assert_near(jitter_deviation_ns(&params), JITTER / sqrt(3), 1);
	assert_true(kolmogorov_smirnov(sample, SAMPLES, uniform_law) < KS_BOUND);
}

static void uniform_jitter_takes_its_lower_bound_and_never_its_upper(void **state)
{
	const uint64_t widths[] = {1, 2, 1000, (UINT64_C(1) << 31) - 1, (UINT64_C(1) << 47) - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct jitter_params params = params_of(JITTER_UNIFORM, widths[i], 0);
		struct jitter_state jitter = {0};
		int64_t width = (int64_t)widths[i];
		// Above 2^31 the draws are fewer than the nanoseconds.
		int64_t step = 1 + (width >> 31);

		assert_int_equal(jitter_offer(&params, &jitter, 0), -width);
		assert_true(jitter_offer(&params, &jitter, UINT32_MAX) < width);
		assert_true(jitter_offer(&params, &jitter, UINT32_MAX) >= width - step);
		assert_int_equal(jitter_offer(&params, &jitter, 0x80000000), 0);
	}
}

static void opposite_draws_give_opposite_normal_deviations(void **state)
{
	const uint64_t widths[] = {1, 3, 999, 1000000, (UINT64_C(1) << 47) - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct jitter_params params = params_of(JITTER_NORMAL, widths[i], 0);
		struct jitter_state jitter = {0};

		for (uint64_t n = 0; n < 10000; n++) {
			uint32_t draw = rng_draw(1, 0, RNG_JITTER, n);

			assert_int_equal(jitter_offer(&params, &jitter, draw),
					 -jitter_offer(&params, &jitter, ~draw));
		}
	}
}

static void the_largest_jitter_keeps_its_scale(void **state)
{
	struct jitter_params params = params_of(JITTER_NORMAL, (UINT64_C(1) << 47) - 1, 0);
	struct jitter_state jitter = {0};

	(void)state;
	assert_near((double)jitter_offer(&params, &jitter, UINT32_MAX) / 0x1p47, 6.33795775, 1e-6);
}

static void nothing_is_below_the_minimum(void **state)
{
	const enum jitter_kind kinds[] = {JITTER_UNIFORM, JITTER_NORMAL};
	const double correlations[] = {0, 0.3, 1};

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct jitter_params params = params_of(kinds[i % 2], 12345, correlations[i / 2]);
		struct jitter_state jitter = {0};

		assert_int_equal(jitter_offer(&params, &jitter, 0), jitter_minimum_ns(&params));
		for (uint64_t n = 0; n < 100000; n++)
			assert_true(jitter_offer(&params, &jitter, rng_draw(1, 0, RNG_JITTER, n)) >=
				    jitter_minimum_ns(&params));
	}
}

// The fourth moment that bounds the sample's deviation comes from the sample; 60 packets apart they
// have nothing in common.
static void correlation_narrows_the_deviation_to_the_one_reported(void **state)
{
	const enum jitter_kind kinds[] = {JITTER_UNIFORM, JITTER_NORMAL};
	const double correlations[] = {0.05, 0.25, 0.5, 0.75};

	(void)state;
	for (int i = 0; i < 8; i++) {
		double rho = correlations[i / 2], fourth = 0, deviation, expected;
		struct jitter_params params = params_of(kinds[i % 2], JITTER, rho);

		take_sample(&params, 10 + (uint32_t)i, (int)ceil(log(1e-6) / log(rho)));
		for (int k = 0; k < SAMPLES; k++)
			fourth += pow(sample[k], 4) / SAMPLES;
		deviation = deviation_of();
		expected = jitter_deviation_ns(&params) / JITTER;
		assert_near(deviation * deviation, expected * expected,
			    Z_TWO_SIDED * sqrt((fourth - pow(deviation, 4)) / SAMPLES));
		if (params.kind == JITTER_UNIFORM)
			assert_near(expected, sqrt((1 - rho) * (1 - rho) / (1 - rho * rho) / 3),
				    1e-6);
	}
}

static void the_deviation_has_no_step_between_its_two_methods(void **state)
{
	struct jitter_params below = params_of(JITTER_NORMAL, JITTER, 0.998999);
	struct jitter_params above = params_of(JITTER_NORMAL, JITTER, 0.999001);
	struct jitter_params none = params_of(JITTER_NORMAL, JITTER, 0);
	struct jitter_params hardly = params_of(JITTER_NORMAL, JITTER, 1e-9);

	(void)state;
	assert_near(jitter_deviation_ns(&below) / jitter_deviation_ns(&above), 1.001, 1e-5);
	assert_near(jitter_deviation_ns(&hardly) / jitter_deviation_ns(&none), 1, 1e-5);
}

static void what_makes_no_jitter_is_refused(void **state)
{
	struct jitter_params params = {.jitter_ns = 99};
	struct error error = {0};

	(void)state;
	assert_int_equal(jitter_make_params(JITTER_NORMAL, 0, 0, "lab.ini:9", &params, &error),
			 -EINVAL);
	assert_string_equal(error.where, "lab.ini:9");
	assert_true(strlen(error.what) > 20);
	assert_int_equal(jitter_make_params(JITTER_UNIFORM, 0, 0, "", &params, NULL), -EINVAL);
	assert_int_equal(jitter_make_params(JITTER_NORMAL, UINT64_C(1) << 47, 0, "", &params, NULL),
			 -EINVAL);
	assert_int_equal(jitter_make_params(JITTER_NORMAL, 1, -0.1, "", &params, NULL), -EINVAL);
	assert_int_equal(jitter_make_params(JITTER_NORMAL, 1, 1.1, "", &params, NULL), -EINVAL);
	assert_int_equal(jitter_make_params(JITTER_NORMAL, 1, NAN, "", &params, NULL), -EINVAL);
	assert_int_equal(jitter_make_params((enum jitter_kind)7, 1, 0, "", &params, NULL), -EINVAL);
	assert_int_equal(params.jitter_ns, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_adds_nothing),
		cmocka_unit_test(normal_jitter_is_normal),
		cmocka_unit_test(uniform_jitter_is_uniform),
		cmocka_unit_test(uniform_jitter_takes_its_lower_bound_and_never_its_upper),
		cmocka_unit_test(opposite_draws_give_opposite_normal_deviations),
		cmocka_unit_test(the_largest_jitter_keeps_its_scale),
		cmocka_unit_test(nothing_is_below_the_minimum),
		cmocka_unit_test(correlation_narrows_the_deviation_to_the_one_reported),
		cmocka_unit_test(the_deviation_has_no_step_between_its_two_methods),
		cmocka_unit_test(what_makes_no_jitter_is_refused),
	};

	return cmocka_run_group_tests_name("jitter", tests, NULL, NULL);
}
