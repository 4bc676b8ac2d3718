// SPDX-License-Identifier: BSD-3-Clause
// Delay variation in time: each law leaves the distributions as they are, at any packet rate, and
// hangs together as its closed form says.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/jitter.h"
#include "dataplane/model/jitter_law.h"
#include "dataplane/model/order.h"
#include "dataplane/model/rng.h"
#include "tests/model/jitter_samples.h"
#include "tests/model/statistics.h"

// Whatever the packet rate; samples are so far apart that they do not know of each other.
static void keeping_order_leaves_each_distribution_as_it_is(void **state)
{
	const double gaps[] = {0.1, 0.7, 6};

	(void)state;
	for (size_t i = 0; i < LAWS; i++) {
		struct jitter_params params = params_of_law(i, false, 0);
		size_t count = samples_for(i);

		assert_int_equal(params.law, JITTER_ORDERLY);
		for (uint32_t k = 0; k < 3; k++) {
			uint64_t gap_ns = (uint64_t)(gaps[k] * JITTER);
			uint64_t apart = jitter_memory_ns(&params) / gap_ns + 1;

			if (k == 0 && i != 1 && i != 4)
				continue; // two at the high rate will do
			take_sample_at(&params, 100 + (uint32_t)i * 3 + k, count, apart, gap_ns,
				       k == 1);
			check_law(i, count);
		}
	}
}

static void a_halflife_leaves_each_distribution_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAWS; i++) {
		struct jitter_params params = params_of_law(i, true, 1000000);
		size_t count = samples_for(i);

		assert_int_equal(params.law, JITTER_GAUSSIAN);
		take_sample_at(&params, 200 + (uint32_t)i, count, 40, 400000, i % 2 == 1);
		check_law(i, count);
	}
}

// The mean of a product of two packets' numbers, each pair apart from the others. The numbers are
// what `number` makes of a deviation in units of JITTER, with mean 0 and variance 1.
static double mean_product(const struct jitter_params *params, uint32_t channel, uint64_t pairs,
			   uint64_t gap_ns, double (*number)(double), double *error)
{
	struct jitter_state jitter = {0};
	uint64_t at_ns = 0, rest_ns = jitter_memory_ns(params) * 2;
	double sum = 0, squares = 0;

	for (uint64_t n = 0; n < pairs; n++) {
		double pair[2];

		for (uint64_t k = 0; k < 2; k++) {
			at_ns += k == 0 ? rest_ns : gap_ns;
			pair[k] = number((double)jitter_offer(
						 params, &jitter, at_ns,
						 rng_draw(722, channel, RNG_JITTER, 2 * n + k)) /
					 JITTER);
		}
		sum += pair[0] * pair[1];
		squares += pair[0] * pair[1] * pair[0] * pair[1];
	}
	sum /= (double)pairs;
	squares /= (double)pairs;
	*error = Z_TWO_SIDED * sqrt((squares - sum * sum) / (double)pairs);
	return sum;
}

static double itself(double deviation)
{
	return deviation;
}

static double rank_of_normal(double deviation)
{
	return (2 * normal_law(deviation) - 1) * sqrt(3);
}

// The correlation of the normal numbers is 2^(-time / half-life). A half-life 5 % off changes it by
// 0.05 ln 2 x 2^-x per halving x; the product varies by sqrt(1 + rho^2).
static void the_gaussian_law_halves_every_halflife(void **state)
{
	const double halvings[] = {0.1, 0.5, 1, 2.5};
	const uint64_t halflife_ns = 10000000;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct jitter_params params = params_of_law(1, true, halflife_ns);
		double rho = exp2(-halvings[i]), error, shift = 0.05 * M_LN2 * halvings[i] * rho;
		uint64_t pairs = samples_for_mean(sqrt(1 + rho * rho), shift);
		double product;

		// A tenth of a halving would take six million pairs: a quarter off must do.
		pairs = i == 0 ? pairs / 25 : pairs;
		product =
			mean_product(&params, 300 + i, pairs,
				     (uint64_t)(halvings[i] * (double)halflife_ns), itself, &error);
		assert_near(product, rho, error);
	}
	assert_int_equal(jitter_memory_ns(&(struct jitter_params){.law = JITTER_INDEPENDENT}), 0);
}

// Many small steps are as good as a large one: 0.9 halvings in a thousand steps.
static void the_gaussian_law_does_not_mind_the_packet_rate(void **state)
{
	struct jitter_params params = params_of_law(1, true, 1000000);
	struct jitter_state jitter = {0};
	const uint64_t pairs = 60000;
	uint64_t at_ns = 0, packet = 0;
	double sum = 0, squares = 0, ends = 0, rho = exp2(-0.9), error;

	(void)state;
	for (uint64_t n = 0; n < pairs; n++) {
		double first = 0, last = 0;

		at_ns += 20000000;
		for (int k = 0; k <= 300; k++) {
			last = (double)jitter_offer(&params, &jitter, at_ns,
						    rng_draw(723, 0, RNG_JITTER, packet++)) /
			       JITTER;
			first = k == 0 ? last : first;
			at_ns += 3000;
		}
		sum += first * last / (double)pairs;
		squares += pow(first * last, 2) / (double)pairs;
		ends += last * last / (double)pairs;
	}
	error = Z_TWO_SIDED * sqrt((squares - sum * sum) / (double)pairs);
	assert_near(sum, rho, error);
	assert_near(ends, 1, Z_TWO_SIDED * sqrt(2.0 / (double)pairs));
}

// 3 a / (2 + a), with a what time has left: a half-life's is 2/5.
static void the_orderly_laws_rank_correlation_is_the_closed_form(void **state)
{
	const double halvings[] = {0.25, 1, 2};

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		struct jitter_params params = params_of_law(1, false, i < 3 ? 0 : 20ULL * JITTER);
		double pace_ns = (double)jitter_halflife_ns(&params) / log2(2.5), error;
		double left = exp2(-halvings[i % 3]), rank = 3 * left / (2 + left);
		double shift = 0.05 * M_LN2 * halvings[i % 3] * left * 6 / pow(2 + left, 2);
		uint64_t pairs = samples_for_mean(1, shift);
		double product;

		pairs = i % 3 == 0 ? pairs / 4 : pairs;
		product =
			mean_product(&params, 310 + i, pairs, (uint64_t)(halvings[i % 3] * pace_ns),
				     rank_of_normal, &error);
		assert_near(product, rank, error);
		if (i >= 3)
			assert_near((double)jitter_halflife_ns(&params), 20.0 * JITTER, 10);
	}
}

static void a_longer_halflife_alone_slows_the_orderly_law(void **state)
{
	struct jitter_params none = params_of_law(1, false, 0);
	struct jitter_params shorter = params_of_law(1, false, 1000);
	struct jitter_params longer = params_of_law(1, false, 5 * jitter_halflife_ns(&none));

	(void)state;
	assert_int_equal(jitter_halflife_ns(&shorter), jitter_halflife_ns(&none));
	assert_near((double)jitter_halflife_ns(&longer), 5.0 * (double)jitter_halflife_ns(&none),
		    1e-6 * JITTER);
}

// At a hundred packets per standard deviation: the share that waits is below that of the tails
// that the pace leaves out, and what waits waits for little.
static void hardly_a_packet_waits_for_the_one_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAWS; i++) {
		struct jitter_params params = params_of_law(i, false, 0);
		struct jitter_state jitter = {0};
		struct order_state order = {0};
		uint64_t packets = 400000, waiting = 0;
		double waits = 0;

		for (uint64_t n = 0; n < packets; n++) {
			uint64_t wanted =
				100ULL * JITTER + n * (JITTER / 100) +
				(uint64_t)jitter_offer(&params, &jitter, n * (JITTER / 100),
						       rng_draw(724, (uint32_t)i, RNG_JITTER, n));
			uint64_t release = order_offer(&order, wanted);

			waiting += release > wanted;
			waits += (double)(release - wanted) / JITTER / (double)packets;
		}
		// Light tails hardly wait; of the heavy ones the far spikes do.
		assert_true((double)waiting / (double)packets < 0.002);
		assert_true(waits < (laws[i].kurtosis > 0 ? 2e-4 : 0.02));
	}
}

static void packets_of_one_instant_have_one_deviation_where_order_is_kept(void **state)
{
	struct jitter_params params = params_of_law(1, false, 0);
	struct jitter_state jitter = {0};
	int64_t first = jitter_offer(&params, &jitter, 5, rng_draw(1, 1, RNG_JITTER, 0));

	(void)state;
	for (uint64_t n = 1; n < 1000; n++)
		assert_int_equal(jitter_offer(&params, &jitter, 5, rng_draw(1, 1, RNG_JITTER, n)),
				 first);
	// Nor does a clock that goes back change anything, for itself or later.
	assert_int_equal(jitter_offer(&params, &jitter, 3, UINT32_MAX), first);
	assert_int_equal(jitter_offer(&params, &jitter, 5, UINT32_MAX), first);
}

static void after_a_long_time_the_draw_alone_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct jitter_params params = params_of_law(1, i == 1, i == 1 ? 1000 : 0);

		for (uint64_t n = 0; n < 1000; n++) {
			struct jitter_state jitter = {0};
			uint32_t draw = rng_draw(1, 1, RNG_JITTER, n);

			jitter_offer(&params, &jitter, 0, ~draw);
			assert_near((double)jitter_offer(&params, &jitter, UINT64_MAX, draw),
				    (double)jitter_quantile_ns(&params, draw), 1e-7 * JITTER);
		}
	}
}

// A state of another law, as after a live change, is not taken for one of its own.
static void a_new_law_starts_anew(void **state)
{
	struct jitter_params keep = params_of_law(1, false, 0),
			     wander = params_of_law(1, true, 1000);
	struct jitter_state jitter = {0};

	(void)state;
	for (uint64_t n = 0; n < 1000; n++) {
		const struct jitter_params *params = n % 2 ? &keep : &wander;
		uint32_t draw = rng_draw(1, 1, RNG_JITTER, n);

		assert_near((double)jitter_offer(params, &jitter, n, draw),
			    (double)jitter_quantile_ns(params, draw), 1e-7 * JITTER);
	}
}

static void a_copy_has_the_law_and_leaves_no_trace(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct jitter_params params = params_of_law(1, i == 1 || i == 2, i == 2 ? 5000 : 0);
		struct jitter_state jitter = {0}, before;
		size_t count = samples_for(1);

		if (i == 3) {
			correlation_make(0.5, &params.correlation);
			jitter_finish(&params);
		}
		for (uint64_t n = 0; n < count; n++) {
			jitter_offer(&params, &jitter, n * 100, rng_draw(5, 5, RNG_JITTER, n));
			before = jitter;
			sample[n] = (double)jitter_copy(&params, &jitter,
							rng_draw(5, 5, RNG_COPY_DELAY, n)) /
				    JITTER;
			assert_memory_equal(&jitter, &before, sizeof(jitter));
		}
		if (i < 3)
			check_law(1, count);
		else // narrower: sqrt((1 - rho) / (1 + rho)) of the draws' spread at rho = 1/2
			assert_true(deviation_of(count) < 0.7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeping_order_leaves_each_distribution_as_it_is),
		cmocka_unit_test(a_halflife_leaves_each_distribution_as_it_is),
		cmocka_unit_test(the_gaussian_law_halves_every_halflife),
		cmocka_unit_test(the_gaussian_law_does_not_mind_the_packet_rate),
		cmocka_unit_test(the_orderly_laws_rank_correlation_is_the_closed_form),
		cmocka_unit_test(a_longer_halflife_alone_slows_the_orderly_law),
		cmocka_unit_test(hardly_a_packet_waits_for_the_one_before),
		cmocka_unit_test(packets_of_one_instant_have_one_deviation_where_order_is_kept),
		cmocka_unit_test(after_a_long_time_the_draw_alone_counts),
		cmocka_unit_test(a_new_law_starts_anew),
		cmocka_unit_test(a_copy_has_the_law_and_leaves_no_trace),
	};

	return cmocka_run_group_tests_name("jitter_time", tests, make_tables, NULL);
}
