// SPDX-License-Identifier: BSD-3-Clause
// Queues of packets in flight.
#include "dataplane/engine/hold.h"

static struct hold_chunk *chunk_at(const struct store *store, uint32_t ref)
{
	return store_block(store, ref);
}

bool hold_push(struct hold *hold, struct store_cache *cache, struct hold_entry entry)
{
	if (hold->count == 0 || hold->tail_index == HOLD_CHUNK_ENTRIES) {
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
	}
	chunk_at(cache->store, hold->tail)->entries[hold->tail_index++] = entry;
	hold->count++;
	return true;
}

void hold_pop(struct hold *hold, struct store_cache *cache)
{
	uint32_t chunk = hold->head;

	hold->count--;
	hold->head_index++;
	if (hold->count == 0) {
		store_give(cache, chunk);
	} else if (hold->head_index == HOLD_CHUNK_ENTRIES) {
		hold->head = chunk_at(cache->store, chunk)->next;
		hold->head_index = 0;
		store_give(cache, chunk);
	}
}
