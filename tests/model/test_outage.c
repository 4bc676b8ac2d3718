// SPDX-License-Identifier: BSD-3-Clause
// Outages: the law of their lengths, their share of time, and that no traffic changes them.
#include "dataplane/model/outage.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

#define MS UINT64_C(1000000)

static struct outage_params outage_of(uint64_t outage_ns, uint64_t interval_ns, bool fixed)
{
	struct outage_params params;

	assert_int_equal(outage_make(outage_ns, interval_ns, fixed, "test", &params, NULL), 0);
	return params;
}

static void the_exponential_quantile_is_the_logarithm(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 300000; n++) {
		uint32_t draw = n < 1000   ? (uint32_t)n
				: n < 2000 ? UINT32_MAX - (uint32_t)(n - 1000)
					   : rng_draw(719, 0, RNG_OUTAGE, n);
		double exact = -log(((double)draw + 0.5) / 0x1p32) * 0x1p32;

		assert_near((double)outage_exponential_q32(draw), exact, 2 + exact * 1e-12);
	}
}

static void fixed_outages_begin_at_whole_intervals(void **state)
{
	struct outage_params params = outage_of(50 * MS, 2000 * MS, true);
	struct outage_state place = {0};
	uint64_t at_ns = 0;

	(void)state;
	assert_false(outage_at(&params, &place, 1, 1, 0));
	assert_false(outage_at(&params, &place, 1, 1, 2000 * MS - 1));
	assert_true(outage_at(&params, &place, 1, 1, 2000 * MS));
	assert_true(outage_at(&params, &place, 1, 1, 2050 * MS - 1));
	assert_false(outage_at(&params, &place, 1, 1, 2050 * MS));
	for (uint64_t n = 0; n < 200000; n++) {
		bool expected;

		at_ns += rng_draw(719, 1, RNG_OUTAGE, n) % (n % 1000 ? 100 * MS : 4294 * MS * 1000);
		expected = at_ns >= 2000 * MS && at_ns % (2000 * MS) < 50 * MS;
		assert_int_equal(outage_at(&params, &place, 1, 1, at_ns), expected);
	}
	assert_false(outage_at(&params, &place, 1, 1, 1999 * MS)); // time goes back
	assert_true(outage_at(&params, &place, 1, 1, 4000 * MS));
}

static double exponential(double x)
{
	return 1 - exp(-x);
}

// Lengths of phases that are not cut by an epoch's ends, in units of their means.
static void collect(const struct outage_params *params, double *samples[2], size_t count[2],
		    size_t most)
{
	struct outage_state place = {0};
	uint64_t at_ns = 0, epoch_ns = UINT64_C(1) << params->epoch_bits;

	while (count[0] < most || count[1] < most) {
		bool out = outage_at(params, &place, 719, 3, at_ns);
		bool first = place.from_ns % epoch_ns == 0;
		bool last = place.until_ns >= (place.epoch + 1) * epoch_ns;
		double mean =
			(double)(out ? params->outage_ns : params->interval_ns - params->outage_ns);

		if (!first && !last && count[out] < most)
			samples[out][count[out]++] =
				((double)(place.until_ns - place.from_ns) + 0.5) / mean;
		at_ns = last ? (place.epoch + 1) * epoch_ns : place.until_ns;
	}
}

static void lengths_are_exponential(void **state)
{
	// A mean 5 % off moves the law by 0.05/e at most, at its mean.
	const size_t most = samples_for_distance(WRONG_BY * exp(-1) * 0.97);
	struct outage_params params = outage_of(3 * MS, 50 * MS, false);
	double *samples[2] = {malloc(most * sizeof(double)), malloc(most * sizeof(double))};
	size_t count[2] = {0, 0};

	(void)state;
	assert_true(most >= samples_for_mean(1 + WRONG_BY, WRONG_BY));
	collect(&params, samples, count, most);
	for (int out = 0; out < 2; out++) {
		double mean = 0;

		for (size_t i = 0; i < most; i++)
			mean += samples[out][i] / (double)most;
		assert_near(mean, 1, Z_TWO_SIDED / sqrt((double)most));
		assert_true(kolmogorov_smirnov(samples[out], most, exponential) < KS_BOUND);
		for (size_t i = 0; i < most; i++)
			samples[out][i] *= 1 + WRONG_BY; // and one that is off is noticed
		assert_true(kolmogorov_smirnov(samples[out], most, exponential) > KS_BOUND);
		free(samples[out]);
	}
}

static void the_share_of_time_is_that_asked_from_the_first_instant_on(void **state)
{
	struct outage_params params = outage_of(10 * MS, 100 * MS, false);
	uint64_t samples = samples_for_ratio(0.1), in_one = 0, at_start = 0;
	struct outage_state place = {0};

	(void)state;
	// The state at two instants has correlation exp(-t (1/10 + 1/90) / ms): 1e-14 after 290 ms.
	for (uint64_t n = 0; n < samples; n++) {
		struct outage_state fresh = {0};

		in_one += outage_at(&params, &place, 719, 4, n * 290 * MS);
		at_start += outage_at(&params, &fresh, 719, 1000 + (uint32_t)n, 0);
	}
	assert_true(binomial_fits((double)in_one, (double)samples, 0.1));
	assert_true(binomial_fits((double)at_start, (double)samples, 0.1));
}

static void no_traffic_changes_when_it_is_out(void **state)
{
	struct outage_params params = outage_of(1 * MS, 5 * MS, false);
	struct outage_state dense = {0}, sparse = {0};
	uint64_t next_ns = 0, hits = 0;

	(void)state;
	for (uint64_t at_ns = 0; at_ns < 100000 * MS; at_ns += MS / 10) {
		bool out = outage_at(&params, &dense, 719, 5, at_ns);

		if (at_ns < next_ns)
			continue;
		assert_int_equal(outage_at(&params, &sparse, 719, 5, at_ns), out);
		if (hits % 10 == 0) { // time goes back, and forth again
			outage_at(&params, &sparse, 719, 5, at_ns / 2);
			assert_int_equal(outage_at(&params, &sparse, 719, 5, at_ns), out);
		}
		next_ns = at_ns + rng_draw(719, 6, RNG_OUTAGE, hits++) % (20000 * MS);
	}
	assert_true(hits > 10);
}

static void channels_and_seeds_are_out_apart(void **state)
{
	struct outage_params params = outage_of(50 * MS, 100 * MS, false);
	struct outage_state one = {0}, other_key = {0}, other_seed = {0};
	const uint64_t samples = 20000;
	double keys = 0, seeds = 0;

	(void)state;
	for (uint64_t n = 0; n < samples; n++) {
		uint64_t at_ns = n * 800 * MS;
		bool out = outage_at(&params, &one, 719, 7, at_ns);

		keys += out == outage_at(&params, &other_key, 719, 8, at_ns);
		seeds += out == outage_at(&params, &other_seed, 720, 7, at_ns);
	}
	assert_true(binomial_fits(keys, (double)samples, 0.5));
	assert_true(binomial_fits(seeds, (double)samples, 0.5));
}

static void outages_too_short_or_too_close_are_refused(void **state)
{
	const uint64_t wrong[][2] = {{0, MS},        {999, MS},  {MS, MS},
				     {MS, MS + 999}, {MS, 1000}, {MS, UINT64_MAX}};
	struct outage_params params = {.outage_ns = 99};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&error, 0, sizeof(error));
		assert_int_equal(
			outage_make(wrong[i][0], wrong[i][1], false, "here", &params, &error),
			-EINVAL);
		assert_true(strlen(error.what) > 20);
	}
	assert_int_equal(params.outage_ns, 99);
	assert_int_equal(outage_make(1000, 2000, false, "here", &params, &error), 0);
	assert_int_equal(outage_make(1000, UINT64_C(1) << 52, false, "here", &params, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exponential_quantile_is_the_logarithm),
		cmocka_unit_test(fixed_outages_begin_at_whole_intervals),
		cmocka_unit_test(lengths_are_exponential),
		cmocka_unit_test(the_share_of_time_is_that_asked_from_the_first_instant_on),
		cmocka_unit_test(no_traffic_changes_when_it_is_out),
		cmocka_unit_test(channels_and_seeds_are_out_apart),
		cmocka_unit_test(outages_too_short_or_too_close_are_refused),
	};

	return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
