// SPDX-License-Identifier: BSD-3-Clause
// The judge's probabilities against exact ones, computed another way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "dataplane/model/jitter_table.h"
#include "dataplane/model/loss_law.h"
#include "pcaps/statistics.h"
#include "tests/pcaps/captures.h"

// Exact law of the number of losses in `frames` frames, by going through all counts and states.
static double *law_of(const struct loss_params *loss, size_t frames, double bad_at_start)
{
	double p = (double)loss->good_to_bad / 0x1p32;
	double r = (double)loss->bad_to_good / 0x1p32;
	double lost[2] = {(double)loss->lost_in_good / 0x1p32, (double)loss->lost_in_bad / 0x1p32};
	double *now = calloc(2 * (frames + 2), sizeof(*now));
	double *next = calloc(2 * (frames + 2), sizeof(*next));

	assert_non_null(now);
	assert_non_null(next);
	now[0] = 1 - bad_at_start;
	now[1] = bad_at_start;
	for (size_t i = 0; i < frames; i++) {
		double *swap = now;

		for (size_t count = 0; count < 2 * (frames + 2); count++)
			next[count] = 0;
		for (size_t count = 0; count <= i; count++) {
			double state[2] = {now[2 * count] * (1 - p) + now[2 * count + 1] * r,
					   now[2 * count] * p + now[2 * count + 1] * (1 - r)};

			for (int s = 0; s < 2; s++) {
				next[2 * count + s] += state[s] * (1 - lost[s]);
				next[2 * count + 2 + s] += state[s] * lost[s];
			}
		}
		now = next;
		next = swap;
	}
	for (size_t count = 0; count <= frames; count++)
		now[count] = now[2 * count] + now[2 * count + 1];
	free(next);
	return now;
}

static struct loss_params gilbert(double p, double r, double in_bad, double in_good)
{
	struct loss_params loss;

	assert_int_equal(loss_gilbert_elliott_params(p, r, in_bad, in_good, "", &loss, NULL), 0);
	return loss;
}

// The bound is never below the exact tail, and not so far above that it could not see anything.
static void loss_bound_holds_and_is_tight(void **state)
{
	static const struct {
		double p, r, in_bad, in_good;
	} cases[] = {{0.05, 0.25, 1, 0}, {0.02, 0.1, 0.7, 0.001}, {0.5, 0.5, 0.3, 0.3}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loss_params loss =
			gilbert(cases[i].p, cases[i].r, cases[i].in_bad, cases[i].in_good);
		struct statistics_stretch stretch = {.loss = loss, .frames = 400};
		double *law = law_of(&loss, 400, 0);
		double at_most = 0;
		double mean = 0;

		for (size_t count = 0; count <= 400; count++)
			mean += law[count] * (double)count;
		assert_true(fabs(statistics_loss_mean(&stretch, 1, true) - mean) < 1e-4 * mean);
		for (size_t count = 0; count <= 200; count++) {
			double at_least = 1 - at_most;
			double exact;
			double bound = statistics_loss_p(&stretch, 1, true, count);

			at_most += law[count];
			exact = fmin(at_most, at_least);
			assert_true(bound >= exact - 1e-9);
			if (exact > 1e-12 && exact < 1e-4)
				assert_true(bound < 60 * exact);
		}
		free(law);
	}
}

static void stretches_in_a_row_are_one_chain(void **state)
{
	struct loss_params loss = gilbert(0.05, 0.25, 1, 0);
	struct statistics_stretch one = {.loss = loss, .frames = 400};
	struct statistics_stretch parts[] = {{loss, 1}, {loss, 150}, {loss, 249}};

	(void)state;
	for (size_t lost = 0; lost < 300; lost += 20)
		assert_true(fabs(statistics_loss_p(&one, 1, false, lost) -
				 statistics_loss_p(parts, 3, false, lost)) < 1e-9);
	// Random loss is a chain that does not care.
	assert_int_equal(loss_random_params(0.1, 0, "", &one.loss, NULL), 0);
	assert_true(fabs(statistics_loss_mean(&one, 1, true) - 40) < 1e-3);
	assert_true(statistics_loss_p(&one, 1, true, 40) > 0.99);
	assert_true(statistics_loss_p(&one, 1, true, 100) < 1e-10);
}

static void without_loss_any_loss_is_impossible(void **state)
{
	struct statistics_stretch none = {.frames = 1000};

	(void)state;
	assert_true(statistics_loss_mean(&none, 1, true) == 0);
	assert_true(statistics_loss_p(&none, 1, true, 0) == 1);
	assert_true(statistics_loss_p(&none, 1, true, 1) < 1e-20);
}

static void binomial_and_distance_bounds(void **state)
{
	(void)state;
	assert_true(statistics_binomial_p(100, 50, 0.5) == 1);
	// P(X >= 80), n = 100, p = 1/2, is 5.6e-10.
	assert_true(statistics_binomial_p(100, 80, 0.5) > 2 * 5.6e-10);
	assert_true(statistics_binomial_p(100, 80, 0.5) < 2 * 5.6e-10 * 20);
	assert_true(statistics_binomial_p(10, 0, 0) == 1);
	assert_true(statistics_binomial_p(10, 1, 0) == 0);
	assert_true(statistics_distance_p(100, 0, true) == 1);
	// The 1 % point of Kolmogorov's law is 1.6276.
	assert_true(fabs(statistics_distance_p(10000, 0.016276, true) - 0.01) < 1e-5);
	// 100 coins of +-1: P(|sum| >= 60) is 1.1e-9; the bound is 2 exp(-3600 / (2 (100 + 20))).
	assert_true(fabs(statistics_sum_p(60, 100, 1) / (2 * exp(-15)) - 1) < 1e-12);
	assert_true(statistics_sum_p(60, 100, 1) > 1.1e-9);
	assert_true(statistics_sum_p(0, 100, 1) == 1);
	assert_true(statistics_sum_p(1, 0, 0) == 0);
}

static uint32_t draw32(uint64_t *state)
{
	return (uint32_t)(captures_random(state) >> 32);
}

// Fifty samples of a law whose third moment is infinite: a normal law would be broken eight times
// as often as it states at 1e-3, and ten thousand times at 1e-7. At 1e-3 alarms of 20,000 trials
// are 20 at most, and 47 with a chance of 1e-6.
static void a_few_samples_far_out_do_not_sway_the_mean(void **state)
{
	struct jitter_table table;
	struct jitter_request request = {
		.kind = JITTER_PARETO, .jitter_ns = 1000000, .order_free = true, .table = &table};
	struct jitter_params jitter;
	struct statistics_cut cut;
	uint64_t random = 11;
	int alarms = 0;
	double most = 0;

	(void)state;
	assert_int_equal(jitter_table_make(JITTER_PARETO, 0, "", &table, NULL), 0);
	assert_int_equal(jitter_make(&request, "", &jitter, NULL), 0);
	statistics_jitter_cut(&jitter, UINT64_MAX >> 1, &cut);
	for (int trial = 0; trial < 20000; trial++) {
		double sum = 0;

		for (int i = 0; i < 50; i++)
			sum += statistics_cut_ns(
				&cut, (double)jitter_quantile_ns(&jitter, draw32(&random)));
		sum -= 50 * cut.mean;
		most = fmax(most, fabs(sum) / sqrt(50 * cut.variance));
		alarms += statistics_sum_p(sum, 50 * cut.variance,
					   fmax(cut.high_ns - cut.mean, cut.mean - cut.low_ns)) <
			  1e-3;
	}
	assert_true(alarms <= 47);
	assert_true(most > 2.5); // it does vary: a bound that says nothing is not what is tested
}

// Moments and distribution of the jitter against the law itself, summed over a grid of draws.
static void jitter_moments_are_the_laws(void **state)
{
	static const struct {
		enum jitter_kind kind;
		uint64_t width_ns;
		uint64_t floor_ns;
	} cases[] = {
		{JITTER_UNIFORM, 1000, 5000}, {JITTER_UNIFORM, 10, 5000},
		{JITTER_UNIFORM, 1000, 400},  {JITTER_NORMAL, 1000, 100000},
		{JITTER_NORMAL, 1000, 1500},
	};
	const int draws = 1 << 16;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jitter_params jitter;
		int64_t middle = (int64_t)cases[i].width_ns / 3;
		double sum = 0;
		double squares = 0;
		double mean;
		double variance;
		int below = 0;

		assert_int_equal(
			jitter_make_params(cases[i].kind, cases[i].width_ns, 0, "", &jitter, NULL),
			0);
		for (int draw = 0; draw < draws; draw++) {
			int64_t deviation =
				jitter_quantile_ns(&jitter, (uint32_t)draw << 16 | 0x8000);

			if (deviation < -(int64_t)cases[i].floor_ns)
				deviation = -(int64_t)cases[i].floor_ns;
			sum += (double)deviation;
			squares += (double)deviation * (double)deviation;
			below += deviation <= middle;
		}
		sum /= draws;
		squares = squares / draws - sum * sum;
		statistics_jitter_moments(&jitter, cases[i].floor_ns, &mean, &variance);
		assert_true(fabs(mean - sum) < 0.0003 * (double)cases[i].width_ns + 0.001);
		assert_true(fabs(variance - squares) < 0.005 * squares);
		assert_true(fabs(statistics_jitter_below(&jitter, cases[i].floor_ns, middle) -
				 (double)below / draws) < 1e-4);
		assert_true(statistics_jitter_below(&jitter, cases[i].floor_ns,
						    -(int64_t)cases[i].floor_ns - 1) == 0);
	}
}

// Exact law of the losses among `frames` frames that are `apart` packets from each other in a
// chain of four states, the first `apart` packets behind the given state.
static void thinned_law(const struct loss_chain *chain, uint32_t start, uint32_t apart,
			uint32_t frames, double *law)
{
	size_t size = (frames + 2) * sizeof(double[LOSS_CHAIN_STATES]);
	double(*now)[LOSS_CHAIN_STATES] = calloc(1, size);
	double(*next)[LOSS_CHAIN_STATES] = calloc(1, size);

	assert_true(now && next);
	now[0][start] = 1;
	for (uint32_t packet = 1; packet <= frames * apart; packet++) {
		bool counts = packet % apart == 0;
		void *swap = now;

		for (uint32_t lost = 0; lost <= frames; lost++)
			for (uint32_t to = 0; to < chain->states; to++)
				next[lost][to] = 0;
		for (uint32_t lost = 0; lost <= packet / apart && lost <= frames; lost++)
			for (uint32_t to = 0; to < chain->states; to++) {
				double mass = 0;

				for (uint32_t from = 0; from < chain->states; from++)
					mass += now[lost][from] * chain->move[from][to];
				next[lost + (counts && chain->lost[to] > 0)][to] += mass;
			}
		now = next;
		next = swap;
	}
	for (uint32_t lost = 0; lost <= frames; lost++) {
		law[lost] = 0;
		for (uint32_t state = 0; state < chain->states; state++)
			law[lost] += now[lost][state];
	}
	free(now);
	free(next);
}

// However many packets of others lie between, and whatever state the chain was in a distance
// before.
static void bound_of_what_is_remembered_holds_for_any_spacing(void **state)
{
	enum { FRAMES = 300 };
	static const double p[][5] = {{0.05, 0.5, 0.1, 0.3, 0.02}, {0.6, 0.9, 0, 1, 0.1}};
	static double law[FRAMES + 1];
	unsigned tight = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (uint32_t apart = 1; apart <= 5; apart++) {
			struct statistics_memory memory;
			struct loss_params loss;
			struct loss_chain chain;
			double at_most = 0;

			assert_int_equal(loss_states_params(p[i][0], p[i][1], p[i][2], p[i][3],
							    p[i][4], "", &loss, NULL),
					 0);
			assert_true(loss_chain_of(&loss, &chain));
			assert_true(statistics_memory_of(&loss, &memory));
			assert_true(fabs(memory.ratio - loss_ratio(&loss)) < 1e-9);
			thinned_law(&chain, LOSS_GAP, apart, FRAMES, law);
			for (size_t lost = 0; lost < memory.ratio * FRAMES / 2; lost++) {
				double bound = statistics_memory_p(&memory, FRAMES, lost);

				at_most += law[lost];
				assert_true(bound >= at_most);
				tight += bound < 1e-4;
			}
			for (size_t lost = FRAMES; lost > memory.ratio * FRAMES * 2; lost--) {
				at_most = lost == FRAMES ? 0 : at_most;
				at_most += law[lost];
				assert_true(statistics_memory_p(&memory, FRAMES, lost) >= at_most);
			}
		}
	assert_true(tight > 0);
}

static void what_is_remembered_for_ever_has_no_law(void **state)
{
	struct statistics_memory memory;
	struct loss_params loss;

	(void)state;
	assert_int_equal(loss_states_params(1, 1, 0, 1, 0, "", &loss, NULL), 0);
	assert_false(statistics_memory_of(&loss, &memory));
	assert_int_equal(loss_random_params(0.5, 1, "", &loss, NULL), 0);
	assert_false(statistics_memory_of(&loss, &memory));
	assert_int_equal(loss_ber_params(1e-6, "", &loss, NULL), 0);
	assert_false(statistics_memory_of(&loss, &memory));
	// Half is forgotten with each packet: 2^-n of the uniform 0..1 is a fiftieth of 0.3 or
	// less.
	assert_int_equal(loss_random_params(0.3, 0.5, "", &loss, NULL), 0);
	assert_true(statistics_memory_of(&loss, &memory));
	assert_in_range(memory.distance, 9, 12);
	assert_true(memory.least < loss_ratio(&loss) && memory.greatest > loss_ratio(&loss));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_bound_holds_and_is_tight),
		cmocka_unit_test(stretches_in_a_row_are_one_chain),
		cmocka_unit_test(without_loss_any_loss_is_impossible),
		cmocka_unit_test(binomial_and_distance_bounds),
		cmocka_unit_test(a_few_samples_far_out_do_not_sway_the_mean),
		cmocka_unit_test(jitter_moments_are_the_laws),
		cmocka_unit_test(bound_of_what_is_remembered_holds_for_any_spacing),
		cmocka_unit_test(what_is_remembered_for_ever_has_no_law),
	};

	return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
