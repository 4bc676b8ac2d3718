// SPDX-License-Identifier: BSD-3-Clause
// Which packets of a channel leave it twice. The copy has a delay variation of its own
// (RNG_COPY_DELAY, jitter_copy) and leaves no sooner than the packet itself where order is kept.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/chance.h"

// Zero-initialised duplicates nothing.
struct duplicate_params {
	struct chance_params chance;
};

struct duplicate_state {
	struct chance_state chance;
};

// `duplicate P [CORRELATION]`, both 0 to 1. -EINVAL with a sentence, as chance_make_params.
static inline int duplicate_make_params(double probability, double correlation, const char *where,
					struct duplicate_params *params, struct error *error)
{
	return chance_make_params(probability, correlation, "duplicate", where, &params->chance,
				  error);
}

// Is this packet duplicated? `draw` is RNG_DUPLICATE. A packet has one copy at most. Cannot fail.
static inline bool duplicate_offer(const struct duplicate_params *params,
				   struct duplicate_state *state, uint32_t draw)
{
	return chance_offer(&params->chance, &state->chance, draw);
}
