// SPDX-License-Identifier: BSD-3-Clause
// What loss models promise in the long run, in closed form: for paths, tests and the judge. In
// double precision; not for the packet path.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/loss.h"

#define LOSS_CHAIN_STATES 4

// A loss model that is a Markov chain: it moves with each packet, then the packet is lost with the
// probability of the state.
struct loss_chain {
	uint32_t states;
	double move[LOSS_CHAIN_STATES][LOSS_CHAIN_STATES]; // [from][to]
	double lost[LOSS_CHAIN_STATES];
	double share[LOSS_CHAIN_STATES]; // of packets that meet each state, in the long run
};

// The chain of a model. False for those that are none: random with correlation, bit errors (whose
// ratio depends on lengths), patterns and counts, outages.
bool loss_chain_of(const struct loss_params *params, struct loss_chain *chain);

// Probability that a burst (a run of lost packets) has so many packets or more; the same of a gap
// (a run of received ones). 1 for 0 and 1; of a chain only, and 0 when it has no such run.
double loss_burst_at_least(const struct loss_chain *chain, uint32_t packets);
double loss_gap_at_least(const struct loss_chain *chain, uint32_t packets);

// Mean length of bursts and gaps in packets; infinite when the other never comes, 0 when there are
// none.
double loss_mean_burst(const struct loss_chain *chain);
double loss_mean_gap(const struct loss_chain *chain);

// Probability that a packet is lost and the one `lag` behind it, too; and the correlation of the
// two events (0 where one of them never or always happens).
double loss_both(const struct loss_chain *chain, uint32_t lag);
double loss_correlation(const struct loss_chain *chain, uint32_t lag);

// Of LOSS_BER: that a frame of so many bytes is lost.
double loss_ber_ratio(const struct loss_params *params, uint32_t frame_bytes);
