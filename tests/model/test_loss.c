// SPDX-License-Identifier: BSD-3-Clause
// Loss: the thresholds, the chain, and the closed forms against what the models really lose.
#include "dataplane/model/loss.h"

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

#define PACKETS     1000000
#define MOST_LENGTH 64

static bool offer(const struct loss_params *params, struct loss_state *loss, uint32_t channel,
		  uint64_t packet)
{
	return loss_offer(params, loss, rng_draw(719, channel, RNG_LOSS, packet),
			  rng_draw(719, channel, RNG_LOSS_STATE, packet));
}

static struct loss_params random_of(double probability, double correlation)
{
	struct loss_params params;

	assert_int_equal(loss_random_params(probability, correlation, "test", &params, NULL), 0);
	return params;
}

static struct loss_params gilbert_elliott_of(double p, double r, double bad, double good)
{
	struct loss_params params;

	assert_int_equal(loss_gilbert_elliott_params(p, r, bad, good, "test", &params, NULL), 0);
	return params;
}

static void no_model_loses_nothing(void **state)
{
	struct loss_params params = {.kind = LOSS_NONE};
	struct loss_state loss = {0};

	(void)state;
	assert_false(loss_offer(&params, &loss, 0, 0));
	assert_near(loss_ratio(&params), 0, 0);
	assert_near(loss_lag1_correlation(&params), 0, 0);
	assert_near(loss_mean_bad_packets(&params), 0, 0);
}

static void zero_never_loses_and_one_always(void **state)
{
	struct loss_params never = random_of(0, 0), always = random_of(1, 0);
	struct loss_state loss = {0};

	(void)state;
	assert_false(loss_offer(&never, &loss, 0, 0));
	assert_true(loss_offer(&always, &loss, UINT32_MAX, 0));
	assert_near(loss_ratio(&never), 0, 0);
	assert_near(loss_ratio(&always), 1, 0);
}

static void the_threshold_splits_the_draws_exactly(void **state)
{
	struct loss_params quarter = random_of(0.25, 0);
	struct loss_state loss = {0};

	(void)state;
	assert_true(loss_offer(&quarter, &loss, 0x3fffffff, 0));
	assert_false(loss_offer(&quarter, &loss, 0x40000000, 0));
}

static void what_cannot_be_a_probability_is_refused(void **state)
{
	const double wrong[] = {-1e-300, -1, 1 + 1e-9, INFINITY, NAN, 1e-12, 1 - 1e-12};
	struct loss_params params;
	struct error error;

	(void)state;
	memset(&params, 0x5a, sizeof(params));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		double w = wrong[i];

		memset(&error, 0, sizeof(error));
		assert_int_equal(loss_random_params(w, 0, "lab.ini:7", &params, &error), -EINVAL);
		assert_string_equal(error.where, "lab.ini:7");
		assert_true(strlen(error.what) > 20);
		assert_int_equal(loss_gilbert_elliott_params(w, 1, 1, 0, "", &params, NULL),
				 -EINVAL);
		assert_int_equal(loss_gilbert_elliott_params(1, w, 1, 0, "", &params, NULL),
				 -EINVAL);
		assert_int_equal(loss_gilbert_elliott_params(1, 1, w, 0, "", &params, NULL),
				 -EINVAL);
		assert_int_equal(loss_gilbert_elliott_params(1, 1, 1, w, "", &params, NULL),
				 -EINVAL);
	}
	assert_int_equal(loss_random_params(0.1, -0.1, "", &params, NULL), -EINVAL);
	assert_int_equal(loss_random_params(0.1, 1.1, "", &params, NULL), -EINVAL);
	assert_int_equal(loss_random_params(0.1, NAN, "", &params, NULL), -EINVAL);
	assert_int_equal(params.random, 0x5a5a5a5a5a5a5a5a); // a refusal leaves it alone
	assert_int_equal(loss_random_params(0x1p-32, 0, "", &params, NULL), 0);
	assert_int_equal(params.random, 1);
	assert_int_equal(loss_random_params(1 - 0x1p-32, 0, "", &params, NULL), 0);
	assert_int_equal(params.random, UINT32_MAX);
}

static void the_chain_moves_before_the_loss_is_drawn(void **state)
{
	// Good loses never, bad always; a state draw of 0 moves, of UINT32_MAX stays.
	struct loss_params params = gilbert_elliott_of(0.5, 0.5, 1, 0);
	struct loss_state loss = {0};

	(void)state;
	assert_false(loss_offer(&params, &loss, 0, UINT32_MAX));
	assert_true(loss_offer(&params, &loss, 0, 0)); // lost already as it enters the bad state
	assert_true(loss_offer(&params, &loss, 0, UINT32_MAX));
	assert_false(loss_offer(&params, &loss, 0, 0)); // and no more as it leaves it
	assert_false(loss.bad);
}

static void each_state_uses_its_own_thresholds(void **state)
{
	struct loss_params params = gilbert_elliott_of(0.25, 0.125, 0.75, 0.0625);
	struct loss_state good = {.bad = false}, bad = {.bad = true};

	(void)state;
	assert_false(loss_offer(&params, &good, 0x10000000, 0x40000000));
	assert_true(loss_offer(&params, &good, 0x0fffffff, 0x40000000));
	assert_true(loss_offer(&params, &bad, 0xbfffffff, 0x20000000));
	assert_false(loss_offer(&params, &bad, 0xc0000000, 0x20000000));
	assert_true(bad.bad);
	loss_offer(&params, &bad, 0, 0x1fffffff);
	assert_false(bad.bad);
	loss_offer(&params, &good, 0, 0x3fffffff);
	assert_true(good.bad);
}

static void independent_loss_has_the_ratio_asked(void **state)
{
	const double ratios[] = {0.00001, 0.001, 0.1, 0.5, 0.99};

	(void)state;
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		struct loss_params params = random_of(ratios[i], 0);
		struct loss_state loss = {0};
		double lost = 0, after_loss = 0, lost_again = 0;
		bool before = false;

		for (uint64_t n = 0; n < PACKETS; n++) {
			bool now = offer(&params, &loss, (uint32_t)i, n);

			lost += now;
			after_loss += before;
			lost_again += before && now;
			before = now;
		}
		assert_near(loss_ratio(&params), ratios[i], 1e-9);
		assert_near(loss_lag1_correlation(&params), 0, 1e-12);
		assert_true(binomial_fits(lost, PACKETS, ratios[i]));
		assert_true(binomial_fits(lost_again, after_loss, ratios[i])); // no memory
	}
}

static void the_closed_forms_give_the_known_values(void **state)
{
	struct loss_params a = gilbert_elliott_of(0.01, 0.25, 1, 0);
	struct loss_params b = gilbert_elliott_of(0.001, 0.1, 0.5, 0);
	struct loss_params c = gilbert_elliott_of(0.01 * 0.2 / 0.99, 0.2, 1, 0);
	struct loss_params d = gilbert_elliott_of(0.3, 0.4, 0.7, 0.1);

	(void)state;
	assert_near(loss_ratio(&a), 0.0384615385, 1e-9);
	assert_near(loss_mean_bad_packets(&a), 4, 1e-7);
	assert_near(loss_lag1_correlation(&a), 0.74, 1e-8);
	assert_near(loss_ratio(&b), 0.00495049505, 1e-9);
	assert_near(loss_ratio(&c), 0.01, 1e-9);
	assert_near(loss_mean_bad_packets(&c), 5, 1e-7);
	// pi_bad 3/7; ratio (3 x 0.7 + 4 x 0.1) / 7; covariance 0.3 x 12/49 x 0.36.
	assert_near(loss_ratio(&d), 2.5 / 7, 1e-8);
	assert_near(loss_lag1_correlation(&d), 0.3 * 12 / 49 * 0.36 / (2.5 / 7 * 4.5 / 7), 1e-8);
}

static void a_chain_that_cannot_move_stays_good(void **state)
{
	struct loss_params still = gilbert_elliott_of(0, 0, 1, 0.25);
	struct loss_params trap = gilbert_elliott_of(0.5, 0, 1, 0);
	struct loss_state loss = {0};

	(void)state;
	assert_near(loss_ratio(&still), 0.25, 1e-12);
	assert_true(isinf(loss_mean_bad_packets(&still)));
	assert_near(loss_ratio(&trap), 1, 1e-12);
	assert_true(isinf(loss_mean_bad_packets(&trap)));
	for (uint64_t n = 0; n < 1000; n++) {
		offer(&still, &loss, 0, n);
		assert_false(loss.bad);
	}
}

// The variance of the mean of a two-state chain: pi (1-pi) (1+rho) / ((1-rho) n), rho = 1-p-r, for
// the share of bad packets, and independent losses on top of it.
static void gilbert_elliott_loses_the_ratio_of_the_closed_form(void **state)
{
	const double cases[][4] = {{0.01, 0.25, 1, 0},
				   {0.001, 0.1, 0.5, 0},
				   {0.3, 0.4, 0.7, 0.1},
				   {0.9, 0.95, 1, 0.01}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double p = cases[i][0], r = cases[i][1], h = cases[i][2], k = cases[i][3];
		double bad = p / (p + r), rho = 1 - p - r;
		double variance = bad * (1 - bad) * (1 + rho) / (1 - rho) * (h - k) * (h - k) +
				  bad * h * (1 - h) + (1 - bad) * k * (1 - k);
		struct loss_params params = gilbert_elliott_of(p, r, h, k);
		struct loss_state loss = {0};
		double lost = 0;

		for (uint64_t n = 0; n < PACKETS; n++)
			lost += offer(&params, &loss, 100 + (uint32_t)i, n);
		assert_near(lost / PACKETS, loss_ratio(&params),
			    Z_TWO_SIDED * sqrt(variance / PACKETS));
	}
}

// Runs of equal fate: their lengths are geometric with the given chance to end.
static void check_geometric(const double *counts, double runs, double end)
{
	double sum = 0, tail = 1, left = runs;
	int degrees = 0;

	for (int length = 1; length < MOST_LENGTH; length++) {
		double expected = runs * tail * end;

		if (expected < 10)
			break;
		sum += (counts[length] - expected) * (counts[length] - expected) / expected;
		tail *= 1 - end;
		left -= counts[length];
		degrees++;
	}
	sum += (left - runs * tail) * (left - runs * tail) / (runs * tail);
	assert_true(degrees > 3);
	assert_true(sum < chi_square_bound(degrees));
}

static void burst_length_is_geometric_with_the_mean_that_r_promises(void **state)
{
	const double p = 0.05, r = 0.25;
	struct loss_params params = gilbert_elliott_of(p, r, 1, 0);
	struct loss_state loss = {0};
	double counts[2][MOST_LENGTH] = {{0}}, runs[2] = {0}, packets[2] = {0};
	int length = 0;
	bool before = false;

	(void)state;
	for (uint64_t n = 0; n < PACKETS; n++) {
		bool now = offer(&params, &loss, 200, n);

		if (now != before && length > 0) {
			counts[before][length < MOST_LENGTH ? length : 0]++;
			runs[before]++;
			packets[before] += length;
			length = 0;
		}
		before = now;
		length++;
	}
	check_geometric(counts[true], runs[true], r);
	check_geometric(counts[false], runs[false], p);
	// Standard deviation of a geometric length with mean 1/r: sqrt(1-r)/r.
	assert_near(packets[true] / runs[true], loss_mean_bad_packets(&params),
		    Z_TWO_SIDED * sqrt(1 - r) / r / sqrt(runs[true]));
}

static void two_packets_in_a_row_agree_with_the_lag1_correlation(void **state)
{
	const double cases[][2] = {{0.3, 0.25}, {0.1, 0.25}, {0.2, 0.75}, {0.7, 0.5}};
	const double pairs = 50000;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loss_params params = random_of(cases[i][0], cases[i][1]);
		struct loss_state loss = {0};
		double ratio = loss_ratio(&params);
		double both = ratio * ratio + loss_lag1_correlation(&params) * ratio * (1 - ratio);
		double lost = 0, lost_again = 0;
		uint64_t packet = 0;

		for (int n = 0; n < pairs; n++) {
			bool first = false, second = false;

			// 60 packets apart, pairs have less than 10^-7 in common.
			for (int k = 0; k < 60; k++) {
				first = second;
				second = offer(&params, &loss, 300 + (uint32_t)i, packet++);
			}
			lost += first;
			lost_again += first && second;
		}
		assert_true(binomial_fits(lost, pairs, ratio));
		assert_true(binomial_fits(lost_again, pairs, both));
	}
}

static void correlation_as_in_netem_loses_less_than_is_asked(void **state)
{
	// The known weakness of netem's model, kept and reported: 1 % with 25 % is hardly any.
	struct loss_params params = random_of(0.01, 0.25);

	(void)state;
	assert_true(loss_ratio(&params) < 1e-5);
	assert_true(loss_ratio(&params) > 1e-7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_model_loses_nothing),
		cmocka_unit_test(zero_never_loses_and_one_always),
		cmocka_unit_test(the_threshold_splits_the_draws_exactly),
		cmocka_unit_test(what_cannot_be_a_probability_is_refused),
		cmocka_unit_test(the_chain_moves_before_the_loss_is_drawn),
		cmocka_unit_test(each_state_uses_its_own_thresholds),
		cmocka_unit_test(independent_loss_has_the_ratio_asked),
		cmocka_unit_test(the_closed_forms_give_the_known_values),
		cmocka_unit_test(a_chain_that_cannot_move_stays_good),
		cmocka_unit_test(gilbert_elliott_loses_the_ratio_of_the_closed_form),
		cmocka_unit_test(burst_length_is_geometric_with_the_mean_that_r_promises),
		cmocka_unit_test(two_packets_in_a_row_agree_with_the_lag1_correlation),
		cmocka_unit_test(correlation_as_in_netem_loses_less_than_is_asked),
	};

	return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
