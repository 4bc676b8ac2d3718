// SPDX-License-Identifier: BSD-3-Clause
// The judge's probabilities. Where no exact law is at hand these are upper bounds, so that the
// stated rate of false alarms holds for any number of samples.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/jitter.h"
#include "dataplane/model/loss.h"

// Two-sided bound for a sum of independent terms of mean 0 that is `beyond` from 0: their variances
// add up to `variance`, and none is further than `greatest` from 0 (Bernstein; Boucheron, Lugosi,
// Massart 2013, corollary 2.11).
double statistics_sum_p(double beyond, double variance, double greatest);

// Two-sided bound for `successes` of `trials` with the given probability (Chernoff 1952: the
// relative entropy).
double statistics_binomial_p(size_t trials, size_t successes, double probability);

// Bound for the greatest distance between an empirical and the true distribution, continuous or
// not (Dvoretzky, Kiefer, Wolfowitz 1956; constant by Massart 1990).
double statistics_distance_p(size_t samples, double distance, bool two_sided);

// `frames` in a row under one model of loss.
struct statistics_stretch {
	struct loss_params loss;
	size_t frames;
};

// Two-sided bound for the number of lost frames over stretches in a row: Chernoff's with the exact
// generating function of the two-state chain, so bursts are accounted for. `from_start`: the chain
// starts in its good state, else in its stationary law. Random loss must be uncorrelated.
double statistics_loss_p(const struct statistics_stretch *stretches, size_t count, bool from_start,
			 size_t lost);
// The number expected.
double statistics_loss_mean(const struct statistics_stretch *stretches, size_t count,
			    bool from_start);

// Losses that hang together, where any number of others' packets may lie between the frames that
// are counted: whatever has been before, the chance of a loss `distance` packets on, or later, is
// from `least` to `greatest`.
struct statistics_memory {
	uint32_t distance;
	double least, greatest;
	double ratio; // in the long run
};

// The distance at which no more than a fiftieth of the ratio is remembered, of a chain (loss_law.h)
// or of random loss with correlation. False for other models, and where more is remembered for
// ever, or for too long to be of use.
bool statistics_memory_of(const struct loss_params *loss, struct statistics_memory *memory);

// Two-sided bound for `lost` of so many frames. Of the frames each `distance`-th has, given those
// before, a chance within the bounds; Hoelder's inequality puts the `distance` sums together, so
// Chernoff's bound holds with frames / distance trials (Hoeffding 1963, section 5d).
double statistics_memory_p(const struct statistics_memory *memory, size_t frames, size_t lost);

// Law of the deviation that uncorrelated jitter adds, in whole nanoseconds, where it cannot take
// off more than floor_ns: mean, variance, and P(deviation <= x).
void statistics_jitter_moments(const struct jitter_params *jitter, uint64_t floor_ns, double *mean,
			       double *variance);
// The same law with what is more than five standard deviations from the mean cut to that: a normal
// law does not hold for the mean of a few samples that may be far out.
struct statistics_cut {
	double low_ns, high_ns;
	double mean, variance;
};
void statistics_jitter_cut(const struct jitter_params *jitter, uint64_t floor_ns,
			   struct statistics_cut *cut);
double statistics_cut_ns(const struct statistics_cut *cut, double value_ns);
double statistics_jitter_below(const struct jitter_params *jitter, uint64_t floor_ns, int64_t x_ns);
