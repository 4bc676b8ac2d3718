// SPDX-License-Identifier: BSD-3-Clause
// How much a packet's delay differs from the channel's constant delay.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"

enum jitter_kind {
	JITTER_NONE,
	JITTER_UNIFORM, // netem's default when no distribution is named: [-jitter, +jitter)
	JITTER_NORMAL   // standard deviation = jitter
};

struct jitter_params {
	enum jitter_kind kind;
	uint32_t correlation; // rho * (2^32 - 1); 0 for independent draws
	uint64_t jitter_ns;   // half width (uniform) or standard deviation (normal); below 2^47
};

struct jitter_state {
	uint32_t last_draw;
	bool has_last;
};

// Checks and converts. -EINVAL with a sentence in `error` when correlation is outside 0..1 or
// jitter_ns is 0 with a kind other than JITTER_NONE, or not below 2^47.
int jitter_make_params(enum jitter_kind kind, uint64_t jitter_ns, double correlation,
		       const char *where, struct jitter_params *params, struct error *error);

// The deviation from the constant delay in nanoseconds, negative or positive. `draw` is RNG_JITTER.
// Normal: inverse of the normal distribution at (draw + 1/2) / 2^32, to 1e-6 sigma, without
// division on the hot path (a table with interpolation or a polynomial). Correlation as in netem.
int64_t jitter_offer(const struct jitter_params *params, struct jitter_state *state, uint32_t draw);

// The deviation of a packet's copy: the same law, a draw of its own (RNG_COPY_DELAY), and no trace
// in the state.
int64_t jitter_copy(const struct jitter_params *params, const struct jitter_state *state,
		    uint32_t draw);

// The most negative value jitter_offer can give (<= 0), for the parallel engine's lookahead.
int64_t jitter_minimum_ns(const struct jitter_params *params);

// Standard deviation of the model in nanoseconds, for the judge. Correlation narrows the draw as in
// netem: by the factor sqrt((1-rho)^2 / (1 - rho^2)), which is the uniform law's too; the normal
// law narrows more, as the draw that it inverts is no longer uniform. Cannot fail.
double jitter_deviation_ns(const struct jitter_params *params);
