// SPDX-License-Identifier: BSD-3-Clause
// Packets in flight on one channel, in order of release: a queue made of chunks of the store, 16
// bytes a packet beside its block.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/store.h"

struct hold_entry {
	uint64_t release_at_ns;
	packet_ref packet;
	uint32_t channel; // used where entries of several channels share a queue (between workers)
};

// In an entry's channel, between workers: released without regard to order.
#define HOLD_OUT_OF_ORDER (UINT32_C(1) << 31)

#define HOLD_CHUNK_ENTRIES 31

struct hold_chunk {
	uint32_t next; // block of the next chunk
	uint32_t unused[3];
	struct hold_entry entries[HOLD_CHUNK_ENTRIES];
};
static_assert(sizeof(struct hold_chunk) == 512, "a chunk is one block of the store");

// Zero-initialised is empty.
struct hold {
	uint32_t head; // block of the first chunk; valid while count > 0
	uint32_t tail;
	uint16_t head_index; // first entry in head
	uint16_t tail_index; // one past the last entry in tail
	uint32_t count;
};

// A new chunk at the tail, or the first one goes. For the inline functions.
bool hold_grow(struct hold *hold, struct store_cache *cache);
void hold_shrink(struct hold *hold, struct store_cache *cache);

// Appends; false when memory is out (the caller keeps the packet).
static inline bool hold_push(struct hold *hold, struct store_cache *cache, struct hold_entry entry)
{
	struct hold_chunk *chunk;

	if (__builtin_expect(hold->count == 0 || hold->tail_index == HOLD_CHUNK_ENTRIES, 0) &&
	    !hold_grow(hold, cache))
		return false;
	chunk = store_block(cache->store, hold->tail);
	chunk->entries[hold->tail_index++] = entry;
	hold->count++;
	return true;
}

// The first entry; hold must not be empty.
static inline struct hold_entry *hold_first(const struct hold *hold, const struct store *store)
{
	struct hold_chunk *chunk = store_block(store, hold->head);

	return &chunk->entries[hold->head_index];
}

// Appends packets that are released at the same instant. Gives how many; memory is out for the
// rest.
unsigned hold_push_many(struct hold *hold, struct store_cache *cache, uint64_t release_at_ns,
			const packet_ref *packets, unsigned count);

// Fetches the headers, and the lines behind them, of the first `count` packets, which will be
// wanted soon; those in the first chunk and the next at most.
void hold_prefetch(const struct hold *hold, const struct store *store, unsigned count);

// Removes the first entry; hold must not be empty.
static inline void hold_pop(struct hold *hold, struct store_cache *cache)
{
	hold->head_index++;
	if (__builtin_expect(--hold->count == 0 || hold->head_index == HOLD_CHUNK_ENTRIES, 0))
		hold_shrink(hold, cache);
}
