// SPDX-License-Identifier: BSD-3-Clause
// Packets in flight on a channel that leave out of order: a pairing heap (Fredman, Sedgewick,
// Sleator, Tarjan 1986) of small blocks of the store, so that only they pay for their sorting.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/store.h"

// Zero-initialised is empty.
struct stray {
	uint32_t root; // block; valid while count > 0
	uint32_t count;
	uint32_t pushed; // so that equal instants leave in the order in which they came
};

struct stray_node {
	uint64_t release_at_ns;
	packet_ref packet;
	uint32_t number;
	uint32_t child;   // first, or PACKET_NONE
	uint32_t sibling; // next, or PACKET_NONE
};

// Takes a packet in. False when memory is out (the caller keeps the packet).
bool stray_push(struct stray *stray, struct store_cache *cache, uint64_t release_at_ns,
		packet_ref packet);
// The first to leave; must not be empty.
static inline const struct stray_node *stray_first(const struct stray *stray,
						   const struct store *store)
{
	return store_block(store, stray->root);
}

// Removes the first; must not be empty.
void stray_pop(struct stray *stray, struct store_cache *cache);
