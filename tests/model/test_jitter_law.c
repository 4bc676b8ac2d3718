// SPDX-License-Identifier: BSD-3-Clause
// Delay variation in the long run: moments and shares against closed forms, and what packets of a
// given rate are said to get against what they get.
#include "dataplane/model/jitter_law.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/order.h"
#include "tests/model/jitter_samples.h"

static void chain(struct jitter_params *params, double rho)
{
	assert_true(correlation_make(rho, &params->correlation));
	jitter_finish(params);
}

static void moments_are_the_closed_forms(void **state)
{
	double mean, deviation;

	(void)state;
	for (size_t i = 0; i < LAWS; i++) {
		struct jitter_params params = params_of_law(i, i % 2 == 0, 0);
		double tolerance = laws[i].kurtosis > 0 ? 2e-5 : 2e-3;

		jitter_moments_ns(&params, UINT64_MAX, &mean, &deviation);
		assert_near(mean / JITTER, 0, 1e-5);
		assert_near(deviation / JITTER, 1, tolerance);
		assert_near(jitter_deviation_ns(&params), deviation, 0);
	}
}

static void none_has_no_moments(void **state)
{
	struct jitter_params params = {0};
	struct jitter_achieved achieved;
	double mean, deviation;

	(void)state;
	jitter_moments_ns(&params, 5, &mean, &deviation);
	assert_near(mean, 0, 0);
	assert_near(deviation, 0, 0);
	assert_near(jitter_below(&params, -1), 0, 0);
	assert_near(jitter_below(&params, 0), 1, 0);
	jitter_achieve(&params, 1000, 10, &achieved);
	assert_near(achieved.mean_ns, 1000, 0);
	assert_near(achieved.deviation_ns, 0, 0);
	assert_near(achieved.waiting, 0, 0);
	assert_true(achieved.met);
}

// max(z, -f) has mean phi(f) - f Phi(-f) and mean square f^2 Phi(-f) + Phi(f) - f phi(f).
static void a_floor_cuts_normal_jitter_as_the_closed_form_says(void **state)
{
	struct jitter_params params = params_of_law(1, true, 0);

	(void)state;
	for (double f = 0; f < 4; f += 0.5) {
		double density = exp(-f * f / 2) / sqrt(2 * M_PI), below = normal_law(-f);
		double first = density - f * below;
		double second = f * f * below + (1 - below) - f * density;
		double mean, deviation;

		jitter_moments_ns(&params, (uint64_t)(f * JITTER), &mean, &deviation);
		assert_near(mean / JITTER, first, 1e-5);
		assert_near(deviation / JITTER, sqrt(second - first * first), 1e-5);
	}
}

static void the_moments_of_samples_are_those_of_the_samples(void **state)
{
	int16_t samples[] = {-8192, 0, 4096, 16384, -1};
	struct jitter_table table;
	struct jitter_request request = {
		.kind = JITTER_TABLE, .jitter_ns = 8192, .table = &table, .order_free = true};
	struct jitter_params params;
	double mean, deviation, sum = -8192 + 4096 + 16384 - 1;

	(void)state;
	assert_int_equal(jitter_table_make_from_samples(samples, 5, "", &table, NULL), 0);
	assert_int_equal(jitter_make(&request, "", &params, NULL), 0);
	jitter_moments_ns(&params, UINT64_MAX, &mean, &deviation);
	assert_near(mean, sum / 5, 1e-9);
	assert_near(
		deviation,
		sqrt((8192.0 * 8192 + 4096.0 * 4096 + 16384.0 * 16384 + 1) / 5 - sum / 5 * sum / 5),
		1e-6);
	jitter_moments_ns(&params, 0, &mean, &deviation);
	assert_near(mean, (4096 + 16384) / 5.0, 1e-9);
	assert_near(jitter_below(&params, -2), 0.2, 1e-9);
	assert_near(jitter_below(&params, -1), 0.4, 1e-9);
	assert_near(jitter_below(&params, 16383), 0.8, 1e-9);
	assert_near(jitter_below(&params, 16384), 1, 0);
}

static void shares_below_are_the_law(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAWS; i++) {
		struct jitter_params params = params_of_law(i, false, 0);

		for (double x = -3; x < 6; x += 0.37)
			assert_near(jitter_below(&params, llround(x * JITTER)), laws[i].below(x),
				    1e-6);
		assert_near(jitter_below(&params, INT64_MIN), 0, 0);
		assert_near(jitter_below(&params, INT64_MAX), 1, 0);
		chain(&params, 0.5);
		// The median stays, the rest moves towards it.
		for (double x = -3; x < 6; x += 0.37) {
			double share = laws[i].below(x);

			assert_near(jitter_below(&params, llround(x * JITTER)),
				    correlation_below(params.correlation, share), 1e-5);
		}
	}
}

// Of the uniform one sqrt((1 - rho) / (1 + rho)).
static void a_chain_narrows_uniform_jitter_as_the_closed_form_says(void **state)
{
	const double rhos[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.98};

	(void)state;
	for (size_t i = 0; i < sizeof(rhos) / sizeof(rhos[0]); i++) {
		struct jitter_params params = params_of_law(0, false, 0);
		double mean, deviation;

		chain(&params, rhos[i]);
		jitter_moments_ns(&params, UINT64_MAX, &mean, &deviation);
		assert_near(mean / JITTER, 0, 1e-6);
		assert_near(deviation / JITTER, sqrt((1 - rhos[i]) / (1 + rhos[i])), 1e-5);
	}
}

static void a_chains_deviation_has_no_step_between_its_two_methods(void **state)
{
	struct jitter_params below = params_of_law(1, false, 0), above = below, hardly = below;
	double mean, deviation;

	(void)state;
	chain(&below, 0.98999);
	chain(&above, 0.99001);
	chain(&hardly, 1e-9);
	// The draws' spread falls by 1.001, and the quantile is straight there but for 2e-6.
	assert_near(jitter_deviation_ns(&below) / jitter_deviation_ns(&above),
		    sqrt(0.01001 / 1.98999 / (0.00999 / 1.99001)), 1e-5);
	assert_near(jitter_deviation_ns(&hardly) / JITTER, 1, 1e-5);
	hardly = params_of_law(4, false, 0); // exponential: not symmetric
	chain(&hardly, 1e-9);
	jitter_moments_ns(&hardly, UINT64_MAX, &mean, &deviation);
	assert_near(mean / JITTER, 0, 1e-5);
	assert_near(deviation / JITTER, 1, 1e-5);
	chain(&above, 1);
	assert_near(jitter_deviation_ns(&above) / JITTER, 0, 1e-4);
}

// The same numbers from a run of another kind: other draws, long gaps cut short by nothing.
static void run_by_hand(const struct jitter_params *params, uint64_t delay_ns, uint64_t gap_ns,
			uint64_t packets, double *mean, double *deviation, double *waiting)
{
	struct jitter_state jitter = {0};
	struct order_state order = {0};
	double sum = 0, squares = 0;
	uint64_t waits = 0;

	for (uint64_t n = 0; n < packets; n++) {
		int64_t wanted = (int64_t)delay_ns + jitter_offer(params, &jitter, n * gap_ns,
								  rng_draw(99, 9, RNG_JITTER, n));
		uint64_t at = n * gap_ns + (uint64_t)(wanted > 0 ? wanted : 0), out = at;
		double delay;

		if (!params->order_free)
			out = order_offer(&order, at);
		waits += out > at;
		delay = (double)(out - n * gap_ns);
		sum += delay / (double)packets;
		squares += delay * delay / (double)packets;
	}
	*mean = sum;
	*deviation = sqrt(squares - sum * sum);
	*waiting = (double)waits / (double)packets;
}

static void what_is_said_to_be_achieved_is_achieved(void **state)
{
	const uint64_t gaps_ns[] = {JITTER / 20, JITTER * 2ULL};

	(void)state;
	for (size_t i = 0; i < 24; i++) {
		size_t law = i % 2 ? 4 : 1; // exponential or normal
		bool order_free = i / 2 % 3 == 0;
		struct jitter_params params = params_of_law(law, order_free, 0);
		uint64_t gap_ns = gaps_ns[i / 6 % 2];
		uint64_t delay_ns =
			(uint64_t)(i < 12 ? 20 : 1) * JITTER; // far from the floor or near
		struct jitter_achieved said;
		double mean, deviation, waiting, packets = 400000, independent, error;

		if (i / 2 % 3 == 2)
			chain(&params, 0.3);
		jitter_achieve(&params, delay_ns, gap_ns, &said);
		run_by_hand(&params, delay_ns, gap_ns, (uint64_t)packets, &mean, &deviation,
			    &waiting);
		// As many independent packets as there are memories, or the ring of the chain.
		independent = order_free ? packets
					 : packets / fmax(60.0 * JITTER / (double)gap_ns / 4, 4);
		error = Z_TWO_SIDED * sqrt((laws[law].kurtosis + 1) / independent);
		assert_near(said.mean_ns / JITTER, mean / JITTER, error * 1.5);
		assert_near(said.deviation_ns / JITTER, deviation / JITTER, error * 1.5);
		assert_near(said.waiting, waiting, 0.003 + waiting * error * 4);
	}
}

static void order_keeping_jitter_is_met_at_any_rate(void **state)
{
	const size_t light[] = {0, 1, 4, 5, 6};
	const uint64_t gaps_ns[] = {1, JITTER / 1000, JITTER / 7, JITTER, JITTER * 50ULL};

	(void)state;
	for (size_t i = 0; i < 25; i++) {
		struct jitter_params params = params_of_law(light[i / 5], false, 0);
		struct jitter_achieved achieved;

		jitter_achieve(&params, 10ULL * JITTER, gaps_ns[i % 5], &achieved);
		assert_true(achieved.met);
		assert_near(achieved.mean_ns / JITTER, 10, 5e-4);
		assert_near(achieved.deviation_ns / JITTER, 1, 5e-4);
		assert_true(achieved.waiting < 0.002);
		assert_near(achieved.overtaking, 0, 0);
		assert_true(achieved.lag1 > -0.02 && achieved.lag1 < 1.0001);
	}
}

static void met_is_a_hundredth_in_the_mean_and_a_twentieth_in_the_deviation(void **state)
{
	// A floor at so many deviations: the mean is off by 0.85 %, 1.4 % of one; the deviation by
	// 2 % and 3.1 %.
	const uint64_t floors[] = {JITTER * 2ULL, JITTER * 18ULL / 10};
	struct jitter_achieved achieved;
	struct jitter_params chained = params_of_law(1, true, 0);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct jitter_params params = params_of_law(1, false, 0);

		jitter_achieve(&params, floors[i], JITTER, &achieved);
		assert_near(achieved.deviation_ns / JITTER, i == 0 ? 0.98 : 0.9686, 0.001);
		assert_int_equal(achieved.met, i == 0);
	}
	// The mean stays where it is, the deviation is 4 % and 13 % less.
	for (size_t i = 0; i < 2; i++) {
		chain(&chained, i == 0 ? 0.01 : 0.05);
		jitter_achieve(&chained, JITTER * 10ULL, JITTER, &achieved);
		assert_near((achieved.mean_ns - achieved.asked_mean_ns) / JITTER, 0, 0.01);
		assert_int_equal(achieved.met, i == 0);
	}
}

// A staircase's steps have to be waited down, so here waiting counts.
static void waiting_is_part_of_what_is_said(void **state)
{
	int16_t samples[2] = {-8192, 8192};
	struct jitter_table table;
	struct jitter_request request = {
		.kind = JITTER_TABLE, .jitter_ns = JITTER, .table = &table};
	struct jitter_params params;
	struct jitter_achieved said;
	double mean, deviation, waiting;

	(void)state;
	assert_int_equal(jitter_table_make_from_samples(samples, 2, "", &table, NULL), 0);
	assert_int_equal(jitter_make(&request, "", &params, NULL), 0);
	jitter_achieve(&params, 10ULL * JITTER, JITTER / 2, &said);
	run_by_hand(&params, 10ULL * JITTER, JITTER / 2, 4000000, &mean, &deviation, &waiting);
	// Packets remember for some hundred others: 40000 are worth as many independent ones.
	assert_near(said.mean_ns / JITTER, mean / JITTER, Z_TWO_SIDED / sqrt(40000.0));
	assert_true(said.waits_ns > 0 && said.waiting > 0);
	assert_near(said.mean_ns - said.asked_mean_ns, said.waits_ns, 1);
}

static void what_cannot_be_met_is_said(void **state)
{
	struct jitter_params wide = params_of_law(1, false, 0), chained = wide, free = wide;
	int16_t samples[2] = {-8192, 8192};
	struct jitter_table table;
	struct jitter_request request = {
		.kind = JITTER_TABLE, .jitter_ns = JITTER, .table = &table};
	struct jitter_params step;
	struct jitter_achieved achieved;

	(void)state;
	// A deviation of half the delay is cut at zero.
	jitter_achieve(&wide, JITTER / 2, JITTER, &achieved);
	assert_false(achieved.met);
	assert_true(achieved.mean_ns > achieved.asked_mean_ns);
	// netem's chain narrows, and at a high rate packets queue behind the latest.
	chain(&chained, 0.25);
	jitter_achieve(&chained, 10ULL * JITTER, JITTER / 1000, &achieved);
	assert_false(achieved.met);
	assert_true(achieved.waiting > 0.9 && achieved.mean_ns > 11.5 * JITTER);
	// Steps of two deviations cannot be fallen down in no time.
	assert_int_equal(jitter_table_make_from_samples(samples, 2, "", &table, NULL), 0);
	assert_int_equal(jitter_make(&request, "", &step, NULL), 0);
	jitter_achieve(&step, 10ULL * JITTER, JITTER / 100, &achieved);
	assert_true(achieved.waiting > 0.01);
	assert_near(achieved.asked_deviation_ns / JITTER, 1, 1e-9);
	// Free packets overtake: half of them do, at a rate without gaps.
	free.order_free = true;
	jitter_finish(&free);
	jitter_achieve(&free, 10ULL * JITTER, 1, &achieved);
	assert_true(achieved.met);
	assert_true(achieved.overtaking > 0.9);
	assert_near(achieved.waiting, 0, 0);
}

static void the_ends_of_the_range_are_no_trouble(void **state)
{
	const uint64_t ends[] = {0, 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < 18; i++) {
		struct jitter_params params = params_of_law(1, i % 2 == 0, i % 2 == 0 ? 1 : 0);
		struct jitter_achieved achieved;

		params.jitter_ns = i < 9 ? 1 : (UINT64_C(1) << 47) - 1;
		jitter_finish(&params);
		jitter_achieve(&params, ends[i % 3], ends[i / 3 % 3], &achieved);
		assert_true(isfinite(achieved.mean_ns) && isfinite(achieved.deviation_ns));
		assert_true(achieved.deviation_ns >= 0);
		assert_true(achieved.waiting >= 0 && achieved.waiting <= 1);
	}
}

static void memory_and_halflife_are_those_of_the_law(void **state)
{
	struct jitter_params free = params_of_law(1, true, 0),
			     wander = params_of_law(1, true, 7000);
	struct jitter_params keep = params_of_law(1, false, 0), chained = keep;

	(void)state;
	chain(&chained, 0.5);
	assert_int_equal(jitter_memory_ns(&free), 0);
	assert_int_equal(jitter_halflife_ns(&free), 0);
	assert_near((double)jitter_memory_ns(&wander), 8 * 7000, 1);
	assert_int_equal(jitter_halflife_ns(&wander), 7000);
	assert_true(jitter_memory_ns(&chained) == UINT64_MAX);
	assert_int_equal(jitter_halflife_ns(&chained), 0);
	// -ln p grows by ln 2 where its slope is greatest: at the share 2^-13.
	assert_near((double)jitter_memory_ns(&keep) / JITTER, 8 * 1.64, 0.01);
	assert_near((double)jitter_halflife_ns(&keep) / JITTER, log2(2.5) * 1.64, 0.002);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_the_closed_forms),
		cmocka_unit_test(none_has_no_moments),
		cmocka_unit_test(a_floor_cuts_normal_jitter_as_the_closed_form_says),
		cmocka_unit_test(the_moments_of_samples_are_those_of_the_samples),
		cmocka_unit_test(shares_below_are_the_law),
		cmocka_unit_test(a_chain_narrows_uniform_jitter_as_the_closed_form_says),
		cmocka_unit_test(a_chains_deviation_has_no_step_between_its_two_methods),
		cmocka_unit_test(what_is_said_to_be_achieved_is_achieved),
		cmocka_unit_test(order_keeping_jitter_is_met_at_any_rate),
		cmocka_unit_test(met_is_a_hundredth_in_the_mean_and_a_twentieth_in_the_deviation),
		cmocka_unit_test(waiting_is_part_of_what_is_said),
		cmocka_unit_test(what_cannot_be_met_is_said),
		cmocka_unit_test(the_ends_of_the_range_are_no_trouble),
		cmocka_unit_test(memory_and_halflife_are_those_of_the_law),
	};

	return cmocka_run_group_tests_name("jitter_law", tests, make_tables, NULL);
}
