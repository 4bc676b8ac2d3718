// SPDX-License-Identifier: BSD-3-Clause
// Memory of packets in flight: blocks of a few sizes, carved from slabs of one reserved range of
// addresses, so that memory is taken only as it is used and the packet path never allocates.
//
// Each worker has a cache of its own; a block freed by another worker than the one that carved it
// waits in a list for its owner and goes home while both stand still (store_take_home).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/packet.h"
#include "dataplane/model/error.h"

#define STORE_GRAIN       32 // bytes; references count in these
#define STORE_SLAB_BYTES  (UINT32_C(1) << 21)
#define STORE_SLAB_GRAINS (STORE_SLAB_BYTES / STORE_GRAIN)
#define STORE_CLASSES     16
#define STORE_WORKERS     16
#define STORE_LONGEST     (65536 + 64) // bytes of the longest frame that fits a block
#define STORE_MOST_GRAINS ((STORE_LONGEST + 32) / STORE_GRAIN)

// What all workers share; read-only after store_create, but for `slab_class`, of which each entry
// is written once by the slab's owner before any of its blocks is given away.
struct store {
	uint8_t *base;  // of the first slab
	uint8_t *range; // what was reserved, a slab more
	uint64_t bytes;
	uint32_t slab_count;
	uint32_t slabs_per_worker;
	uint8_t *slab_class;                     // [slab]
	uint8_t *slab_owner;                     // [slab]
	uint8_t class_of[STORE_MOST_GRAINS + 1]; // [grains]: the smallest class that holds them
};

// Freed blocks of one class, linked through their first words. The last is known, so that a whole
// list can be put before another.
struct store_list {
	uint32_t first; // PACKET_NONE: empty
	uint32_t last;  // valid when not empty
};

struct store_cache {
	struct store *store;
	uint32_t free[STORE_CLASSES];  // heads of lists linked through the blocks' first word
	uint32_t next[STORE_CLASSES];  // bump pointer in the slab of the class being carved
	uint32_t limit[STORE_CLASSES]; // its end
	uint32_t next_slab;
	uint32_t last_slab;
	uint32_t worker;
	uint64_t slabs_used;
	struct store_list away[STORE_WORKERS][STORE_CLASSES]; // of others, to be taken home
};

// ---- For the inline functions below ----

// A block of a class from the slab being carved, or PACKET_NONE.
uint32_t store_carve(struct store_cache *cache, unsigned class);

// Reserves `bytes` of address space (rounded to slabs) for `workers` caches. NULL and a sentence.
struct store *store_create(uint64_t bytes, unsigned workers, struct error *error);
void store_destroy(struct store *store);
void store_cache_init(struct store_cache *cache, struct store *store, unsigned worker,
		      unsigned workers);

// A block of at least `bytes`, or PACKET_NONE when the worker's share is used up or the block would
// be longer than the longest class. Owner of the cache only; so are all below.
static inline uint32_t store_take(struct store_cache *cache, uint32_t bytes);
static inline void store_give(struct store_cache *cache, uint32_t ref);
// Takes over the blocks that `from` has freed for `home`, however many. Both must stand still.
void store_take_home(struct store_cache *home, struct store_cache *from);

static inline void *store_block(const struct store *store, uint32_t ref)
{
	return store->base + (uint64_t)ref * STORE_GRAIN;
}

static inline struct packet *store_packet(const struct store *store, packet_ref ref)
{
	return store_block(store, ref);
}

static inline uint32_t store_take(struct store_cache *cache, uint32_t bytes)
{
	uint32_t grains = (bytes + STORE_GRAIN - 1) / STORE_GRAIN;
	unsigned class;
	uint32_t ref;

	if (__builtin_expect(grains > STORE_MOST_GRAINS, 0))
		return PACKET_NONE;
	class = cache->store->class_of[grains];
	ref = cache->free[class];
	if (__builtin_expect(ref == PACKET_NONE, 0))
		return store_carve(cache, class);
	cache->free[class] = *(uint32_t *)store_block(cache->store, ref);
	return ref;
}

static inline void store_give(struct store_cache *cache, uint32_t ref)
{
	uint32_t slab = ref / STORE_SLAB_GRAINS;
	unsigned class = cache->store->slab_class[slab];
	unsigned owner = cache->store->slab_owner[slab];
	uint32_t *head = &cache->free[class];

	if (__builtin_expect(owner != cache->worker, 0)) {
		struct store_list *away = &cache->away[owner][class];

		away->last = away->first == PACKET_NONE ? ref : away->last;
		head = &away->first;
	}
	*(uint32_t *)store_block(cache->store, ref) = *head;
	*head = ref;
}
