// SPDX-License-Identifier: BSD-3-Clause
// Something that happens to a packet with a probability, independently or with netem's correlation:
// what duplication, corruption and reordering have in common.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/error.h"

// Zero-initialised never happens.
struct chance_params {
	uint64_t threshold;   // P * 2^32: it happens if the draw is below
	uint32_t correlation; // rho * (2^32 - 1), as in correlation_offer
};

struct chance_state {
	uint32_t last_draw;
	bool has_last;
};

// Checks and converts (probability and correlation 0 to 1). -EINVAL with a sentence in `error` when
// one is outside or NaN, or the probability is positive but rounds to 0 / below 1 but rounds to 1
// at the resolution 2^-32. `name` says what happens ("duplicate"), `where` the place.
int chance_make_params(double probability, double correlation, const char *name, const char *where,
		       struct chance_params *params, struct error *error);

// Does it happen to this packet? Moves the state. Cannot fail.
static inline bool chance_offer(const struct chance_params *params, struct chance_state *state,
				uint32_t draw)
{
	return correlation_offer(params->correlation, &state->last_draw, &state->has_last, draw) <
	       params->threshold;
}

// Long-run share of the packets, and lag-1 autocorrelation of "it happens" (0 without correlation
// and where it always or never does), in closed form: correlation narrows the draws, so the share
// is below P for P < 1/2 and above it for P > 1/2, as in netem. Cannot fail.
double chance_ratio(const struct chance_params *params);
double chance_lag1_correlation(const struct chance_params *params);
