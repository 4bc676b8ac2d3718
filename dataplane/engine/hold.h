// SPDX-License-Identifier: BSD-3-Clause
// Packets in flight on one channel, in order of release: a queue made of chunks of the store, 12
// bytes a packet beside its block.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/store.h"

struct hold_entry {
	uint64_t release_at_ns;
	packet_ref packet;
};

#define HOLD_CHUNK_ENTRIES 42

// Instants and packets apart, as together they would leave a gap in each entry.
struct hold_chunk {
	uint64_t release_at_ns[HOLD_CHUNK_ENTRIES];
	packet_ref packets[HOLD_CHUNK_ENTRIES];
	uint32_t next; // block of the next chunk
	uint32_t unused;
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
	chunk->release_at_ns[hold->tail_index] = entry.release_at_ns;
	chunk->packets[hold->tail_index++] = entry.packet;
	hold->count++;
	return true;
}

// The first entry, or only its instant; hold must not be empty.
static inline struct hold_entry hold_first(const struct hold *hold, const struct store *store)
{
	const struct hold_chunk *chunk = store_block(store, hold->head);

	return (struct hold_entry){chunk->release_at_ns[hold->head_index],
				   chunk->packets[hold->head_index]};
}

static inline uint64_t hold_due_ns(const struct hold *hold, const struct store *store)
{
	const struct hold_chunk *chunk = store_block(store, hold->head);

	return chunk->release_at_ns[hold->head_index];
}

// Appends packets that are released at the same instant. Gives how many; memory is out for the
// rest.
unsigned hold_push_many(struct hold *hold, struct store_cache *cache, uint64_t release_at_ns,
			const packet_ref *packets, unsigned count);

// The same, each with an instant of its own.
unsigned hold_push_each(struct hold *hold, struct store_cache *cache, const uint64_t *release_at_ns,
			const packet_ref *packets, unsigned count);

// Takes out the first packets that are released before an instant, at most `most`. Gives how many.
unsigned hold_pop_before(struct hold *hold, struct store_cache *cache, uint64_t before_ns,
			 packet_ref *packets, uint64_t *release_at_ns, unsigned most);

// Fetches the chunk behind the first. The hold must not be empty.
void hold_prefetch(const struct hold *hold, const struct store *store);

// The first packets, at most HOLD_CHUNK_ENTRIES and `most`, without taking them out. Gives how
// many.
unsigned hold_peek(const struct hold *hold, const struct store *store, packet_ref *packets,
		   unsigned most);

// Between workers: packets for several channels in one queue, each with its channel in an entry
// behind its own. Pairs lie in one chunk, so that both are there or none.
static_assert(HOLD_CHUNK_ENTRIES % 2 == 0, "no pair is split");

struct hold_crossing {
	struct hold_entry entry;
	uint32_t channel;
	bool out_of_order; // released without regard to order
};

// Appends to a queue of pairs; false when memory is out (the caller keeps the packet).
bool hold_push_crossing(struct hold *hold, struct store_cache *cache,
			const struct hold_crossing *crossing);
// Takes the first pair out; hold must not be empty.
struct hold_crossing hold_pop_crossing(struct hold *hold, struct store_cache *cache);

// Removes the first entry; hold must not be empty.
static inline void hold_pop(struct hold *hold, struct store_cache *cache)
{
	hold->head_index++;
	if (__builtin_expect(--hold->count == 0 || hold->head_index == HOLD_CHUNK_ENTRIES, 0))
		hold_shrink(hold, cache);
}
