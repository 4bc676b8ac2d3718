// SPDX-License-Identifier: BSD-3-Clause
// The closed forms of loss. Runs of packets of a hidden chain: the chain is cut to the steps on
// which the run goes on, and what is left of its mass after n steps is the probability of n more.
#include "dataplane/model/loss_law.h"

#include <math.h>

#include "dataplane/model/correlation.h"

#define LOSS_ONE         4294967296.0 // 2^32, the threshold that every draw is below
#define LOSS_FRAME_BYTES 1514         // stands for all where one ratio is asked of bit errors

static double probability(uint64_t threshold)
{
	return (double)threshold / LOSS_ONE;
}

// p = r = 0 never leaves the good state it starts in.
static void chain_of_gilbert_elliott(const struct loss_params *params, struct loss_chain *chain)
{
	double p = probability(params->good_to_bad), r = probability(params->bad_to_good);
	double bad = p > 0 ? p / (p + r) : 0;

	*chain = (struct loss_chain){
		.states = 2,
		.move = {{1 - p, p}, {r, 1 - r}},
		.lost = {probability(params->lost_in_good), probability(params->lost_in_bad)},
		.share = {1 - bad, bad}};
}

// Balance between {1, 4} and {2, 3}, and of 2 and 4 by themselves, gives the shares as products;
// where a way is missing so that all of them are 0, the chain ends up in what has no way out.
static void shares_of_states(double p13, double p31, double p32, double p23, double p14,
			     double share[4])
{
	double sum = 0;

	share[LOSS_GAP] = p31 * p23;
	share[LOSS_BURST_RECEIVED] = p13 * p32;
	share[LOSS_BURST] = p13 * p23;
	if (p13 == 0) {
		share[LOSS_GAP] = 1;
	} else if (p23 == 0 && p32 == 0) {
		share[LOSS_GAP] = p31;
		share[LOSS_BURST] = p13;
	}
	share[LOSS_GAP_LOST] = share[LOSS_GAP] * p14;
	for (int i = 0; i < 4; i++)
		sum += share[i];
	for (int i = 0; i < 4; i++)
		share[i] /= sum;
}

static void chain_of_states(const struct loss_params *params, struct loss_chain *chain)
{
	double p13 = probability(params->p13), p31 = probability(params->p31);
	double p32 = probability(params->p32), p23 = probability(params->p23);
	double p14 = probability(params->p14);

	*chain = (struct loss_chain){
		.states = 4,
		.move = {[LOSS_GAP] = {[LOSS_GAP] = 1 - p13 - p14,
				       [LOSS_BURST] = p13,
				       [LOSS_GAP_LOST] = p14},
			 [LOSS_BURST_RECEIVED] =
				 {[LOSS_BURST_RECEIVED] = 1 - p23, [LOSS_BURST] = p23},
			 [LOSS_BURST] = {[LOSS_GAP] = p31,
					 [LOSS_BURST_RECEIVED] = p32,
					 [LOSS_BURST] = 1 - p31 - p32},
			 [LOSS_GAP_LOST] = {[LOSS_GAP] = 1}},
		.lost = {[LOSS_BURST] = 1, [LOSS_GAP_LOST] = 1}};
	shares_of_states(p13, p31, p32, p23, p14, chain->share);
}

bool loss_chain_of(const struct loss_params *params, struct loss_chain *chain)
{
	*chain = (struct loss_chain){.states = 1, .move = {{1}}, .share = {1}};
	switch (params->kind) {
	case LOSS_NONE:
		return true;
	case LOSS_RANDOM:
		chain->lost[0] = probability(params->random);
		return params->correlation == 0;
	case LOSS_GILBERT_ELLIOTT:
		chain_of_gilbert_elliott(params, chain);
		return true;
	case LOSS_STATES:
		chain_of_states(params, chain);
		return true;
	default:
		return false;
	}
}

// One step of the chain, cut to packets that are lost, or to those that are received.
static void step(const struct loss_chain *chain, bool lost, double mass[LOSS_CHAIN_STATES])
{
	double next[LOSS_CHAIN_STATES] = {0};

	for (uint32_t to = 0; to < chain->states; to++) {
		for (uint32_t from = 0; from < chain->states; from++)
			next[to] += mass[from] * chain->move[from][to];
		next[to] *= lost ? chain->lost[to] : 1 - chain->lost[to];
	}
	for (uint32_t i = 0; i < chain->states; i++)
		mass[i] = next[i];
}

static double sum(const double mass[LOSS_CHAIN_STATES])
{
	return mass[0] + mass[1] + mass[2] + mass[3];
}

// The chain at a packet that begins a run, unscaled: its mass is the share of such packets.
static double begin_run(const struct loss_chain *chain, bool lost, double mass[LOSS_CHAIN_STATES])
{
	for (uint32_t i = 0; i < LOSS_CHAIN_STATES; i++)
		mass[i] = chain->share[i] * (lost ? 1 - chain->lost[i] : chain->lost[i]);
	step(chain, lost, mass);
	return sum(mass);
}

static double run_at_least(const struct loss_chain *chain, bool lost, uint32_t packets)
{
	double mass[LOSS_CHAIN_STATES], all = begin_run(chain, lost, mass);

	if (all <= 0)
		return 0;
	for (uint32_t n = 1; n < packets; n++)
		step(chain, lost, mass);
	return sum(mass) / all;
}

double loss_burst_at_least(const struct loss_chain *chain, uint32_t packets)
{
	return run_at_least(chain, true, packets);
}

double loss_gap_at_least(const struct loss_chain *chain, uint32_t packets)
{
	return run_at_least(chain, false, packets);
}

static double chain_ratio(const struct loss_chain *chain)
{
	double ratio = 0;

	for (uint32_t i = 0; i < chain->states; i++)
		ratio += chain->share[i] * chain->lost[i];
	return ratio;
}

// All packets of a kind, over the runs in which they come.
static double mean_run(double share, double begins)
{
	if (share <= 0)
		return 0;
	return begins > 0 ? share / begins : INFINITY;
}

double loss_mean_burst(const struct loss_chain *chain)
{
	double mass[LOSS_CHAIN_STATES];

	return mean_run(chain_ratio(chain), begin_run(chain, true, mass));
}

double loss_mean_gap(const struct loss_chain *chain)
{
	double mass[LOSS_CHAIN_STATES];

	return mean_run(1 - chain_ratio(chain), begin_run(chain, false, mass));
}

double loss_both(const struct loss_chain *chain, uint32_t lag)
{
	double mass[LOSS_CHAIN_STATES] = {0}, both = 0;
	struct loss_chain free = *chain;

	for (uint32_t i = 0; i < chain->states; i++) {
		mass[i] = chain->share[i] * chain->lost[i];
		free.lost[i] = 1; // all packets count on the way
	}
	if (lag == 0)
		return sum(mass);
	for (uint32_t n = 0; n < lag; n++)
		step(&free, true, mass);
	for (uint32_t i = 0; i < chain->states; i++)
		both += mass[i] * chain->lost[i];
	return both;
}

double loss_correlation(const struct loss_chain *chain, uint32_t lag)
{
	double ratio = chain_ratio(chain), variance = ratio * (1 - ratio);

	// A series of equal values has no correlation; nor has one too rare for double precision.
	if (variance < 1e-12)
		return 0;
	return fmin(fmax((loss_both(chain, lag) - ratio * ratio) / variance, -1), 1);
}

double loss_ber_ratio(const struct loss_params *params, uint32_t frame_bytes)
{
	return frame_bytes == 0 ? 0 : ldexp((double)-loss_ber_spared_q64(params, frame_bytes), -64);
}

static double pattern_ratio(const struct loss_params *params)
{
	uint64_t ones = 0;

	for (uint64_t i = 0; i < params->pattern_bits; i++)
		ones += params->pattern[i / 8] >> i % 8 & 1;
	return params->pattern_once ? 0 : (double)ones / (double)params->pattern_bits;
}

double loss_ratio(const struct loss_params *params)
{
	struct loss_chain chain;

	if (loss_chain_of(params, &chain))
		return chain_ratio(&chain);
	switch (params->kind) {
	case LOSS_RANDOM:
		return correlation_below(params->correlation, probability(params->random));
	case LOSS_BER:
		return loss_ber_ratio(params, LOSS_FRAME_BYTES);
	case LOSS_PATTERN:
		return pattern_ratio(params);
	case LOSS_EVERY:
		return 1 / (double)params->every;
	case LOSS_OUTAGE:
		return (double)params->outage.outage_ns / (double)params->outage.interval_ns;
	default:
		return 0; // a few packets in the long run
	}
}

double loss_lag1_correlation(const struct loss_params *params)
{
	double ratio = loss_ratio(params), variance = ratio * (1 - ratio), both;
	struct loss_chain chain;

	if (loss_chain_of(params, &chain))
		return loss_correlation(&chain, 1);
	if (params->kind != LOSS_RANDOM || variance < 1e-12)
		return 0;
	both = correlation_both_below(params->correlation, probability(params->random));
	return fmin(fmax((both - ratio * ratio) / variance, -1), 1);
}

double loss_mean_bad_packets(const struct loss_params *params)
{
	if (params->kind != LOSS_GILBERT_ELLIOTT)
		return 0;
	return params->bad_to_good == 0 ? INFINITY : LOSS_ONE / (double)params->bad_to_good;
}
