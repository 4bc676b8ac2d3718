// SPDX-License-Identifier: BSD-3-Clause
// Keeps packets of a channel in order: a release is never before the one before it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct order_state {
	uint64_t last_release_at_ns; // the latest so far
};

// The release instant that keeps order: max(wanted, last). Moves the state. Cannot fail.
static inline uint64_t order_offer(struct order_state *state, uint64_t wanted_at_ns)
{
	if (wanted_at_ns > state->last_release_at_ns)
		state->last_release_at_ns = wanted_at_ns;
	return state->last_release_at_ns;
}

// Where order is free: does a packet released then overtake one before it? If not it moves the
// state. Those that do not overtake are in order among themselves. Cannot fail.
static inline bool order_overtakes(struct order_state *state, uint64_t release_at_ns)
{
	bool overtakes = release_at_ns < state->last_release_at_ns;

	// Without a branch, as none could be foretold.
	state->last_release_at_ns = overtakes ? state->last_release_at_ns : release_at_ns;
	return overtakes;
}
