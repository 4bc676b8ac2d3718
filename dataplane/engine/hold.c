// SPDX-License-Identifier: BSD-3-Clause
// Queues of packets in flight: where a chunk begins and ends.
#include "dataplane/engine/hold.h"

static struct hold_chunk *chunk_at(const struct store *store, uint32_t ref)
{
	return store_block(store, ref);
}

bool hold_grow(struct hold *hold, struct store_cache *cache)
{
	uint32_t ref = store_take(cache, sizeof(struct hold_chunk));

	if (ref == PACKET_NONE)
		return false;
	if (hold->count == 0) {
		hold->head = ref;
		hold->head_index = 0;
	} else {
		chunk_at(cache->store, hold->tail)->next = ref;
	}
	hold->tail = ref;
	hold->tail_index = 0;
	return true;
}

void hold_shrink(struct hold *hold, struct store_cache *cache)
{
	uint32_t chunk = hold->head;

	if (hold->count > 0) {
		hold->head = chunk_at(cache->store, chunk)->next;
		hold->head_index = 0;
	}
	store_give(cache, chunk);
}
