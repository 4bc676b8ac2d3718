// SPDX-License-Identifier: BSD-3-Clause
// Order on a channel: a packet that would overtake waits for the one before it.
#include "dataplane/model/order.h"

uint64_t order_offer(struct order_state *state, uint64_t wanted_at_ns)
{
	if (wanted_at_ns > state->last_release_at_ns)
		state->last_release_at_ns = wanted_at_ns;
	return state->last_release_at_ns;
}
