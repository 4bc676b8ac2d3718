// SPDX-License-Identifier: BSD-3-Clause
// What happens with a probability: how often, and how it clusters.
#include "dataplane/model/chance.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

static struct chance_params params_of(double probability, double correlation)
{
	struct chance_params params;

	assert_int_equal(
		chance_make_params(probability, correlation, "duplicate", "test", &params, NULL),
		0);
	return params;
}

static void without_correlation_it_is_a_threshold(void **state)
{
	struct chance_params params = params_of(0.25, 0);
	struct chance_state chance = {0};

	(void)state;
	assert_true(chance_offer(&params, &chance, 0));
	assert_true(chance_offer(&params, &chance, 0x3fffffff));
	assert_false(chance_offer(&params, &chance, 0x40000000));
	assert_false(chance_offer(&params, &chance, UINT32_MAX));
}

static void never_and_always_are_just_that(void **state)
{
	struct chance_params never = params_of(0, 0.5), always = params_of(1, 0.5), zero = {0};
	struct chance_state a = {0}, b = {0}, c = {0};

	(void)state;
	for (uint64_t n = 0; n < 100000; n++) {
		uint32_t draw = n == 7 ? 0 : n == 9 ? UINT32_MAX : rng_draw(1, 0, RNG_LOSS, n);

		assert_false(chance_offer(&never, &a, draw));
		assert_true(chance_offer(&always, &b, draw));
		assert_false(chance_offer(&zero, &c, draw));
	}
	assert_near(chance_ratio(&never), 0, 0);
	assert_near(chance_ratio(&always), 1, 0);
}

static void the_share_is_the_probability(void **state)
{
	const double probabilities[] = {0.01, 0.1, 0.5, 0.9};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct chance_params params = params_of(probabilities[i], 0);
		struct chance_state chance = {0};
		uint64_t trials = samples_for_ratio(probabilities[i]), hits = 0;

		for (uint64_t n = 0; n < trials; n++)
			hits += chance_offer(&params, &chance, rng_draw(719, i, RNG_DUPLICATE, n));
		assert_true(binomial_fits((double)hits, (double)trials, probabilities[i]));
		assert_near(chance_ratio(&params), probabilities[i], 1e-9);
		assert_near(chance_lag1_correlation(&params), 0, 0);
	}
}

// Pairs far apart, so that the counts are binomial: each hit, and each pair of hits.
static void correlation_gives_the_share_and_the_pairs_of_its_law(void **state)
{
	const double probability = 0.3, rho = 0.5;
	struct chance_params params = params_of(probability, rho);
	struct chance_state chance = {0};
	double ratio = chance_ratio(&params), pair;
	uint64_t packet = 0, trials, firsts = 0, pairs = 0;

	(void)state;
	pair = ratio * ratio + chance_lag1_correlation(&params) * ratio * (1 - ratio);
	assert_true(ratio < probability && pair > 1.5 * ratio * ratio);
	trials = samples_for_ratio(pair);
	for (uint64_t n = 0; n < trials; n++) {
		bool first, second;

		for (int k = 0; k < 20; k++) // 2^-20 of the draw is left
			chance_offer(&params, &chance, rng_draw(3, 0, RNG_CORRUPT, packet++));
		first = chance_offer(&params, &chance, rng_draw(3, 0, RNG_CORRUPT, packet++));
		second = chance_offer(&params, &chance, rng_draw(3, 0, RNG_CORRUPT, packet++));
		firsts += first;
		pairs += first && second;
	}
	assert_true(binomial_fits((double)firsts, (double)trials, ratio));
	assert_true(binomial_fits((double)pairs, (double)trials, pair));
}

static void what_is_no_chance_is_refused_as_a_whole(void **state)
{
	const double wrong[][2] = {{-0.1, 0}, {1.1, 0},   {NAN, 0},       {1e-11, 0},
				   {0.1, 2},  {0.1, NAN}, {1 - 1e-11, 0}, {0.1, -1}};
	struct chance_params params = {.threshold = 99};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&error, 0, sizeof(error));
		assert_int_equal(chance_make_params(wrong[i][0], wrong[i][1], "corrupt",
						    "lab.ini:9", &params, &error),
				 -EINVAL);
		assert_string_equal(error.where, "lab.ini:9");
		assert_non_null(strstr(error.what, "corrupt"));
		assert_int_equal(params.threshold, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_correlation_it_is_a_threshold),
		cmocka_unit_test(never_and_always_are_just_that),
		cmocka_unit_test(the_share_is_the_probability),
		cmocka_unit_test(correlation_gives_the_share_and_the_pairs_of_its_law),
		cmocka_unit_test(what_is_no_chance_is_refused_as_a_whole),
	};

	return cmocka_run_group_tests_name("chance", tests, NULL, NULL);
}
