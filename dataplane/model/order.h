// SPDX-License-Identifier: BSD-3-Clause
// Keeps packets of a channel in order: a release is never before the one before it.
#pragma once

#include <stdint.h>

struct order_state {
	uint64_t last_release_at_ns;
};

// The release instant that keeps order: max(wanted, last). Moves the state. Cannot fail.
uint64_t order_offer(struct order_state *state, uint64_t wanted_at_ns);
