// SPDX-License-Identifier: BSD-3-Clause
// The four states of loss: each transition by itself, shares, bursts and gaps in closed form; and
// the closed forms of all chains.
#include "dataplane/model/loss_law.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng_batch.h"
#include "tests/model/statistics.h"

#define STEPS       1500000
#define MOST_LENGTH 40

enum { P13, P31, P32, P23, P14, PROBABILITIES };

// Every way is taken often.
static const double usual[PROBABILITIES] = {0.2, 0.3, 0.25, 0.4, 0.1};

static struct loss_params states_of(const double p[PROBABILITIES])
{
	struct loss_params params;

	assert_int_equal(
		loss_states_params(p[P13], p[P31], p[P32], p[P23], p[P14], "test", &params, NULL),
		0);
	return params;
}

static struct loss_chain chain_of(const struct loss_params *params)
{
	struct loss_chain chain;

	assert_true(loss_chain_of(params, &chain));
	return chain;
}

static bool offer(const struct loss_params *params, struct loss_state *loss, uint32_t channel,
		  uint64_t packet)
{
	static struct rng_batch draws; // a cache, for speed

	rng_batch_hold(&draws, 719, channel, packet, RNG_LOSS / 4);
	return loss_offer(params, loss, rng_batch_word(&draws, RNG_LOSS, packet),
			  rng_batch_word(&draws, RNG_LOSS_STATE, packet));
}

static void each_way_out_has_its_part_of_the_draws(void **state)
{
	const double p[PROBABILITIES] = {0.25, 0.125, 0.5, 0.0625, 0.5};
	const struct {
		uint8_t from;
		uint32_t draw;
		uint8_t to;
		bool lost;
	} steps[] = {
		// netem looks at p14 before p13, and at p32 before p31.
		{LOSS_GAP, 0, LOSS_GAP_LOST, true},
		{LOSS_GAP, 0x7fffffff, LOSS_GAP_LOST, true},
		{LOSS_GAP, 0x80000000, LOSS_BURST, true},
		{LOSS_GAP, 0xbfffffff, LOSS_BURST, true},
		{LOSS_GAP, 0xc0000000, LOSS_GAP, false},
		{LOSS_BURST_RECEIVED, 0x0fffffff, LOSS_BURST, true},
		{LOSS_BURST_RECEIVED, 0x10000000, LOSS_BURST_RECEIVED, false},
		{LOSS_BURST, 0x7fffffff, LOSS_BURST_RECEIVED, false},
		{LOSS_BURST, 0x80000000, LOSS_GAP, false},
		{LOSS_BURST, 0x9fffffff, LOSS_GAP, false},
		{LOSS_BURST, 0xa0000000, LOSS_BURST, true},
		{LOSS_GAP_LOST, 0, LOSS_GAP, false},
		{LOSS_GAP_LOST, UINT32_MAX, LOSS_GAP, false},
	};
	struct loss_params params = states_of(p);

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct loss_state loss = {.chain = steps[i].from};

		assert_int_equal(loss_offer(&params, &loss, 0, steps[i].draw), steps[i].lost);
		assert_int_equal(loss.chain, steps[i].to);
	}
}

// Given a visit, where it goes next does not depend on the past, so each way is a binomial law.
// Counts of one run, [from][to].
static void count_moves(const struct loss_params *params, uint32_t channel, double moves[4][4])
{
	struct loss_state loss = {0};

	memset(moves, 0, 16 * sizeof(moves[0][0]));
	for (uint64_t n = 0; n < STEPS; n++) {
		uint8_t from = loss.chain;

		offer(params, &loss, channel, n);
		moves[from][loss.chain]++;
	}
}

static int moves_that_do_not_fit(double moves[4][4], const struct loss_chain *chain)
{
	int wrong = 0;

	for (int from = 0; from < 4; from++) {
		double visits = moves[from][0] + moves[from][1] + moves[from][2] + moves[from][3];

		for (int to = 0; to < 4; to++)
			wrong += !binomial_fits(moves[from][to], visits, chain->move[from][to]);
	}
	return wrong;
}

static void each_transition_is_as_frequent_as_asked(void **state)
{
	const uint8_t from[PROBABILITIES] = {LOSS_GAP, LOSS_BURST, LOSS_BURST, LOSS_BURST_RECEIVED,
					     LOSS_GAP};
	struct loss_params params = states_of(usual);
	struct loss_chain chain = chain_of(&params);
	double moves[4][4];

	(void)state;
	count_moves(&params, 1, moves);
	assert_int_equal(moves_that_do_not_fit(moves, &chain), 0);
	for (int i = 0; i < PROBABILITIES; i++) {
		double p[PROBABILITIES], wrong[4][4], visits = 0;
		struct loss_params off;

		for (int to = 0; to < 4; to++)
			visits += moves[from[i]][to];
		assert_true(visits >= (double)samples_for_ratio(usual[i]));
		// And so it is: one that is 5 % off is noticed.
		memcpy(p, usual, sizeof(p));
		p[i] *= 1 + WRONG_BY;
		off = states_of(p);
		count_moves(&off, 1, wrong);
		assert_true(moves_that_do_not_fit(wrong, &chain) > 0);
	}
}

static void the_shares_of_the_states_are_those_of_the_balance(void **state)
{
	struct loss_params params = states_of(usual);
	struct loss_chain chain = chain_of(&params);
	struct loss_state loss = {0};
	const uint64_t samples = 500000;
	double visits[4] = {0}, lost = 0;
	uint64_t packet = 0;

	(void)state;
	// Weights by hand: p31 p23, p13 p32, p13 p23, p14 p31 p23 = 0.12, 0.05, 0.08, 0.012.
	assert_near(chain.share[LOSS_GAP], 0.12 / 0.262, 1e-8);
	assert_near(chain.share[LOSS_BURST_RECEIVED], 0.05 / 0.262, 1e-8);
	assert_near(chain.share[LOSS_BURST], 0.08 / 0.262, 1e-8);
	assert_near(chain.share[LOSS_GAP_LOST], 0.012 / 0.262, 1e-8);
	assert_near(loss_ratio(&params), 0.092 / 0.262, 1e-8);
	assert_true(fabs(loss_correlation(&chain, 40)) < 1e-6);
	for (uint64_t n = 0; n < samples; n++) {
		bool now = false;

		for (int step = 0; step < 40; step++)
			now = offer(&params, &loss, 2, packet++);
		visits[loss.chain]++;
		lost += now;
	}
	for (int i = 0; i < 4; i++) {
		assert_true(samples >= samples_for_ratio(chain.share[i]));
		assert_true(binomial_fits(visits[i], (double)samples, chain.share[i]));
	}
	assert_true(binomial_fits(lost, (double)samples, loss_ratio(&params)));
}

// Bursts and gaps, of which every tenth counts: the state in which one begins is then independent
// of that of the one before it, for the next one keeps less than half of it.
struct lengths {
	double counts[2][MOST_LENGTH + 1]; // the last: as long or longer
	double runs[2];
};

static void count_lengths(const struct loss_params *params, uint32_t channel, uint64_t steps,
			  struct lengths *lengths)
{
	struct loss_state loss = {0};
	uint32_t length = 0, seen = 0;
	bool before = false;

	*lengths = (struct lengths){0};
	for (uint64_t n = 0; n < steps; n++) {
		bool now = offer(params, &loss, channel, n);

		if (now != before) {
			// 21 of both kinds, so that they take turns.
			if (++seen % 21 == 0) {
				lengths->counts[before]
					       [length < MOST_LENGTH ? length : MOST_LENGTH]++;
				lengths->runs[before]++;
			}
			length = 0;
		}
		before = now;
		length++;
	}
}

static double at_least(const struct loss_chain *chain, bool lost, uint32_t length)
{
	return lost ? loss_burst_at_least(chain, length) : loss_gap_at_least(chain, length);
}

// Pearson's statistic of run lengths; bins of ten and more, the rest together.
static double chi_square_of_lengths(const double *counts, double runs,
				    const struct loss_chain *chain, bool lost, double *degrees)
{
	double sum = 0, left = runs;
	uint32_t length = 1;

	for (; length < MOST_LENGTH; length++) {
		double tail = at_least(chain, lost, length + 1);
		double expected = runs * (at_least(chain, lost, length) - tail);

		if (runs * tail < 10)
			break;
		sum += (counts[length] - expected) * (counts[length] - expected) / expected;
		left -= counts[length];
	}
	*degrees = length - 1;
	runs *= at_least(chain, lost, length);
	return sum + (left - runs) * (left - runs) / runs;
}

static double noncentrality(const struct loss_chain *right, const struct loss_chain *wrong,
			    bool lost, double runs, double degrees)
{
	double sum = 0;

	for (uint32_t length = 1; length <= degrees + 1; length++) {
		bool last = length > degrees;
		double p = at_least(right, lost, length) -
			   (last ? 0 : at_least(right, lost, length + 1));
		double q = at_least(wrong, lost, length) -
			   (last ? 0 : at_least(wrong, lost, length + 1));

		sum += (q - p) * (q - p) / p;
	}
	return runs * sum;
}

// A whole model's lengths, and what 5 % more of a probability would do to them: each shows in
// bursts or in gaps.
static void check_lengths(const struct loss_params *params, const struct loss_params *off,
			  size_t off_count, uint32_t channel, uint64_t steps)
{
	struct loss_chain chain = chain_of(params);
	struct lengths lengths;
	double degrees[2];

	count_lengths(params, channel, steps, &lengths);
	for (int lost = 0; lost < 2; lost++) {
		double sum = chi_square_of_lengths(lengths.counts[lost], lengths.runs[lost], &chain,
						   lost, &degrees[lost]);

		assert_true(degrees[lost] > 3);
		if (sum > chi_square_bound(degrees[lost]))
			fail_msg("%s: chi-square %g of %g", lost ? "bursts" : "gaps", sum,
				 degrees[lost]);
	}
	for (size_t i = 0; i < off_count; i++) {
		struct loss_chain wrong = chain_of(&off[i]);
		bool noticed = false;

		for (int lost = 0; lost < 2; lost++)
			noticed |=
				chi_square_notices(noncentrality(&chain, &wrong, lost,
								 lengths.runs[lost], degrees[lost]),
						   degrees[lost]);
		if (!noticed)
			fail_msg("parameter %zu may be off and not be noticed", i);
	}
}

static void bursts_and_gaps_of_four_states_are_as_long_as_the_law_says(void **state)
{
	const double isolated[PROBABILITIES] = {0.15, 0.3, 0.25, 0.4, 0.25};
	struct loss_params params = states_of(isolated), off[PROBABILITIES];

	(void)state;
	for (int i = 0; i < PROBABILITIES; i++) {
		double p[PROBABILITIES];

		memcpy(p, isolated, sizeof(p));
		p[i] *= 1 + WRONG_BY;
		off[i] = states_of(p);
	}
	check_lengths(&params, off, PROBABILITIES, 3, 40000000);
}

static void bursts_and_gaps_of_gilbert_elliott_are_as_long_as_the_law_says(void **state)
{
	const double p[4] = {0.1, 0.3, 0.8, 0.15};
	struct loss_params params, off[4];

	(void)state;
	loss_gilbert_elliott_params(p[0], p[1], p[2], p[3], "", &params, NULL);
	for (int i = 0; i < 4; i++) {
		double wrong[4];

		memcpy(wrong, p, sizeof(wrong));
		wrong[i] *= 1 + WRONG_BY;
		loss_gilbert_elliott_params(wrong[0], wrong[1], wrong[2], wrong[3], "", &off[i],
					    NULL);
	}
	check_lengths(&params, off, 4, 4, 40000000);
}

static void the_laws_of_four_states_are_those_written_out_by_hand(void **state)
{
	struct loss_params params = states_of(usual);
	struct loss_chain chain = chain_of(&params);
	// Bursts begin from state 1 by p14 and p13, from 2 by p23; one by p14 is a single packet.
	double by14 = 0.12 * 0.1, by13 = 0.12 * 0.2, by23 = 0.05 * 0.4;
	double single = by14 / (by14 + by13 + by23), stays = 1 - 0.3 - 0.25;
	// Gaps begin in 1 from 3 by p31 and always from 4, in 2 from 3 by p32.
	double in1 = 0.08 * 0.3 + 0.012, in2 = 0.08 * 0.25;

	(void)state;
	for (uint32_t n = 1; n < 30; n++) {
		double burst = n == 1 ? 1 : (1 - single) * pow(stays, n - 1);
		double gap = (in1 * pow(0.7, n - 1) + in2 * pow(0.6, n - 1)) / (in1 + in2);

		assert_near(loss_burst_at_least(&chain, n), burst, 1e-8);
		assert_near(loss_gap_at_least(&chain, n), gap, 1e-8);
	}
	assert_near(loss_burst_at_least(&chain, 0), 1, 1e-12);
	assert_near(loss_mean_burst(&chain), single + (1 - single) / 0.55, 1e-8);
	assert_near(loss_mean_gap(&chain), (in1 / 0.3 + in2 / 0.4) / (in1 + in2), 1e-8);
}

static void the_law_of_a_simple_gilbert_model_is_geometric(void **state)
{
	struct loss_params params;
	struct loss_chain chain;

	(void)state;
	loss_gilbert_elliott_params(0.01, 0.25, 1, 0, "", &params, NULL);
	chain = chain_of(&params);
	for (uint32_t n = 1; n < 50; n++) {
		assert_near(loss_burst_at_least(&chain, n), pow(0.75, n - 1), 1e-8);
		assert_near(loss_gap_at_least(&chain, n), pow(0.99, n - 1), 1e-8);
		assert_near(loss_correlation(&chain, n), pow(0.74, n), 1e-8);
	}
	assert_near(loss_mean_burst(&chain), 4, 1e-7);
	assert_near(loss_mean_gap(&chain), 100, 1e-5);
	loss_random_params(0.2, 0, "", &params, NULL);
	chain = chain_of(&params);
	assert_near(loss_burst_at_least(&chain, 3), 0.04, 1e-9);
	assert_near(loss_mean_gap(&chain), 5, 1e-7);
	assert_near(loss_both(&chain, 1), 0.04, 1e-9);
	assert_near(loss_both(&chain, 0), 0.2, 1e-9);
	loss_random_params(0.2, 0.25, "", &params, NULL);
	assert_false(loss_chain_of(&params, &chain));
}

// Every sequence of states that begins a run is one term; all of them, up to eight packets.
static double by_enumeration(const struct loss_chain *chain, bool lost, uint32_t packets)
{
	double all = 0, long_enough = 0;
	uint32_t sequences = 1;

	for (uint32_t i = 0; i <= packets; i++)
		sequences *= chain->states;
	for (uint32_t sequence = 0; sequence < sequences; sequence++) {
		uint32_t rest = sequence / chain->states, from = sequence % chain->states;
		double p = chain->share[from] * (lost ? 1 - chain->lost[from] : chain->lost[from]);

		for (uint32_t n = 0; n < packets; n++, rest /= chain->states) {
			uint32_t to = rest % chain->states;

			p *= chain->move[from][to] * (lost ? chain->lost[to] : 1 - chain->lost[to]);
			from = to;
		}
		long_enough += p;
	}
	for (uint32_t from = 0; from < chain->states; from++)
		for (uint32_t to = 0; to < chain->states; to++)
			all += chain->share[from] *
			       (lost ? 1 - chain->lost[from] : chain->lost[from]) *
			       chain->move[from][to] *
			       (lost ? chain->lost[to] : 1 - chain->lost[to]);
	return long_enough / all;
}

static void the_laws_are_sums_over_all_sequences_of_states(void **state)
{
	struct loss_params params[2];

	(void)state;
	params[0] = states_of(usual);
	loss_gilbert_elliott_params(0.1, 0.3, 0.8, 0.05, "", &params[1], NULL);
	for (int i = 0; i < 2; i++) {
		struct loss_chain chain = chain_of(&params[i]);

		for (uint32_t n = 1; n <= 7; n++) {
			assert_near(loss_burst_at_least(&chain, n), by_enumeration(&chain, true, n),
				    1e-12);
			assert_near(loss_gap_at_least(&chain, n), by_enumeration(&chain, false, n),
				    1e-12);
		}
	}
}

static void a_chain_with_a_way_missing_ends_where_it_must(void **state)
{
	const struct {
		double p[PROBABILITIES];
		double share[4];
	} cases[] = {
		{{0, 0, 0, 0, 0}, {1, 0, 0, 0}},
		{{0, 0.5, 0.5, 0.5, 0.25}, {0.8, 0, 0, 0.2}}, // isolated losses only
		{{0.5, 0, 0, 0.5, 0}, {0, 0, 1, 0}},          // no way out of a burst
		{{0.5, 0, 0, 0, 0.1}, {0, 0, 1, 0}},
		{{0.5, 0.25, 0.5, 0, 0}, {0, 1, 0, 0}}, // nor out of its received packets
		{{0.5, 0, 0.5, 0.5, 0}, {0, 0.5, 0.5, 0}},
		{{0.5, 0.5, 0, 0, 0}, {0.5, 0, 0.5, 0}},
		{{0.25, 0.5, 0, 1, 0.5}, {0.5, 0, 0.25, 0.25}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loss_params params = states_of(cases[i].p);
		struct loss_chain chain = chain_of(&params);

		for (int k = 0; k < 4; k++)
			assert_near(chain.share[k], cases[i].share[k], 1e-12);
	}
}

static void defaults_are_those_of_tc(void **state)
{
	double p[PROBABILITIES] = {0.01, 9, 9, 9, 9};

	(void)state;
	loss_states_defaults(p, 1);
	assert_near(p[P31], 0.99, 1e-12);
	assert_near(p[P32], 0, 0);
	assert_near(p[P23], 1, 0);
	assert_near(p[P14], 0, 0);
	p[P31] = 0.3;
	p[P32] = 0.25;
	loss_states_defaults(p, 3);
	assert_near(p[P31], 0.3, 0);
	assert_near(p[P32], 0.25, 0);
	p[P14] = 0.1;
	loss_states_defaults(p, 5);
	assert_near(p[P14], 0.1, 0);
	loss_gilbert_elliott_defaults(p, 1);
	assert_near(p[1], 0.99, 1e-12);
	assert_near(p[2], 1, 0);
	assert_near(p[3], 0, 0);
}

static void ways_out_that_are_likelier_than_1_are_refused(void **state)
{
	struct loss_params params = {.random = 99};
	struct error error;

	(void)state;
	assert_int_equal(loss_states_params(0.6, 0.5, 0, 1, 0.5, "lab.ini:4", &params, &error),
			 -EINVAL);
	assert_non_null(strstr(error.what, "p13 + p14 is 1.1"));
	assert_string_equal(error.where, "lab.ini:4");
	assert_int_equal(loss_states_params(0.6, 0.7, 0.4, 1, 0, "", &params, &error), -EINVAL);
	assert_non_null(strstr(error.what, "p31 + p32"));
	for (int i = 0; i < PROBABILITIES; i++) {
		double p[PROBABILITIES] = {0};

		p[i] = 1.5;
		assert_int_equal(
			loss_states_params(p[0], p[1], p[2], p[3], p[4], "", &params, &error),
			-EINVAL);
		p[i] = 1e-12;
		assert_int_equal(
			loss_states_params(p[0], p[1], p[2], p[3], p[4], "", &params, &error),
			-EINVAL);
	}
	assert_int_equal(params.random, 99);
	assert_int_equal(loss_states_params(0.6, 0.7, 0.3, 1, 0.4, "", &params, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_out_has_its_part_of_the_draws),
		cmocka_unit_test(each_transition_is_as_frequent_as_asked),
		cmocka_unit_test(the_shares_of_the_states_are_those_of_the_balance),
		cmocka_unit_test(bursts_and_gaps_of_four_states_are_as_long_as_the_law_says),
		cmocka_unit_test(bursts_and_gaps_of_gilbert_elliott_are_as_long_as_the_law_says),
		cmocka_unit_test(the_laws_of_four_states_are_those_written_out_by_hand),
		cmocka_unit_test(the_law_of_a_simple_gilbert_model_is_geometric),
		cmocka_unit_test(the_laws_are_sums_over_all_sequences_of_states),
		cmocka_unit_test(a_chain_with_a_way_missing_ends_where_it_must),
		cmocka_unit_test(defaults_are_those_of_tc),
		cmocka_unit_test(ways_out_that_are_likelier_than_1_are_refused),
	};

	return cmocka_run_group_tests_name("loss_states", tests, NULL, NULL);
}
