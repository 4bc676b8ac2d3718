// SPDX-License-Identifier: BSD-3-Clause
// Traffic that the law itself carries, fitted, for tests of fits: what was found, and how often its
// intervals held the truth.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/channel.h"
#include "pcaps/fit.h"

#define MS    UINT64_C(1000000)
#define SEEDS 20
#define ALARM 1e-6

// Frames of 60 to 1514 bytes at random gaps, some of them back to back.
struct traffic {
	size_t frames;
	double gap_ns;       // mean
	double burst;        // chance that a frame follows at once
	uint32_t one_length; // 0: many lengths
};

// Carries the traffic of a seed over a channel (seed and carrier are filled in) and fits it.
struct fit passage_fit(struct channel_params *params, const struct traffic *traffic, uint64_t seed);

// How often an interval held the truth.
struct coverage {
	const char *name;
	size_t tried, held;
};

// Fails where the estimate is not known.
void coverage_count(struct coverage *coverage, const char *name,
		    const struct fit_estimate *estimate, double truth);
// Each is expected to have held in 95 of 100; fails at a false-alarm rate of ALARM.
void coverage_expect(const struct coverage *coverage, size_t count);
