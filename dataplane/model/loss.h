// SPDX-License-Identifier: BSD-3-Clause
// Which packets of a channel are lost: random (with netem's correlation) and Gilbert-Elliott.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"

enum loss_kind { LOSS_NONE, LOSS_RANDOM, LOSS_GILBERT_ELLIOTT };

// Probabilities are thresholds of a 32-bit draw: lost if draw < threshold, so 2^32 means always.
// Made by loss_*_params; read-only afterwards.
struct loss_params {
	enum loss_kind kind;
	uint32_t correlation;  // random: rho * (2^32 - 1), see loss_offer
	uint64_t random;       // random: P(lost) * 2^32
	uint64_t good_to_bad;  // Gilbert-Elliott p
	uint64_t bad_to_good;  // r
	uint64_t lost_in_bad;  // 1-h
	uint64_t lost_in_good; // 1-k
};

// What the chain remembers from one packet to the next. All zero at the start: the good state.
struct loss_state {
	uint32_t last_draw; // correlated draw of the packet before
	bool has_last;
	bool bad;
};

// Checks and converts probabilities (0 to 1). -EINVAL with a sentence in `error` if one is outside
// 0..1 or NaN, or is positive but rounds to 0 / below 1 but rounds to 1 at the resolution 2^-32.
// `where` names the place for the error.
int loss_random_params(double probability, double correlation, const char *where,
		       struct loss_params *params, struct error *error);
int loss_gilbert_elliott_params(double p, double r, double one_minus_h, double one_minus_k,
				const char *where, struct loss_params *params, struct error *error);

// Is this packet lost? `draw` is RNG_LOSS and `state_draw` RNG_LOSS_STATE of this packet.
// Gilbert-Elliott: the state moves first, then the loss is drawn in the new state, so bursts in the
// bad state have mean 1/r (h = 0). Random with correlation: netem's x' = (x(2^32-rho) + last*rho)
// / 2^32. Cannot fail. Source: tc-netem(8); Elliott 1963; facts in docs/models.md.
bool loss_offer(const struct loss_params *params, struct loss_state *state, uint32_t draw,
		uint32_t state_draw);

// Long-run loss ratio of the model, closed form. Gilbert-Elliott: pi_bad (1-h) + pi_good (1-k),
// pi_bad = p / (p + r); p = r = 0 stays good for ever. Cannot fail.
double loss_ratio(const struct loss_params *params);

// Lag-1 autocorrelation of the loss indicator and mean burst length in the bad state (1/r;
// infinity when r is 0), for the tests and the judge. Cannot fail.
double loss_lag1_correlation(const struct loss_params *params);
double loss_mean_bad_packets(const struct loss_params *params);
