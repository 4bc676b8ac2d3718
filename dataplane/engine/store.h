// SPDX-License-Identifier: BSD-3-Clause
// Memory of packets in flight: blocks of a few sizes, carved from slabs of one reserved range of
// addresses, so that memory is taken only as it is used and the packet path never allocates.
//
// Each worker has a cache of its own; a block freed by another worker than the one that carved it
// waits in a list for its owner and goes home while both stand still (store_take_home).
//
// Small packets that will leave in the order in which they came need no list of free blocks: they
// lie one behind the other in a pack, which is free when the last of them is. So they are written
// and read in the order of their addresses, and taking one waits for no load.
#pragma once

#include <assert.h>
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
#define STORE_PACK        STORE_CLASSES // a class beyond those of single blocks
#define STORE_LISTS       (STORE_CLASSES + 1)
#define STORE_PACK_GRAINS 256 // a power of two
#define STORE_PACK_LONGEST                                                                         \
	(STORE_PACK_GRAINS / 32) // grains of a block in a pack: at most a thirtieth lies idle
#define STORE_PACK_OPEN (UINT32_C(1) << 16) // what a pack that is being filled counts too many

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
	uint32_t free[STORE_LISTS];  // heads of lists linked through the blocks' first word
	uint32_t next[STORE_LISTS];  // bump pointer in the slab of the class being carved
	uint32_t limit[STORE_LISTS]; // its end
	uint32_t next_slab;
	uint32_t last_slab;
	uint32_t worker;
	uint64_t slabs_used;
	struct store_list away[STORE_WORKERS][STORE_LISTS]; // of others, to be taken home
};

// The first grain of a pack.
struct store_pack {
	uint32_t next; // in the list of free ones
	uint32_t live; // blocks that are not given back; STORE_PACK_OPEN more while it is filled
	uint32_t unused[6];
};
static_assert(sizeof(struct store_pack) == STORE_GRAIN, "one grain of a pack is lost");

// The pack that one source fills. Zero-initialised is none; belongs to one cache.
struct store_packer {
	uint32_t next;  // grain
	uint32_t limit; // end of the pack
	uint32_t taken; // blocks in it
};

// ---- For the inline functions below ----

// The next pack to be filled. False when there is no memory; the packer then has none.
bool store_pack_open(struct store_cache *cache, struct store_packer *packer);

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
// The same in the packer's pack where it is short, behind the one before.
static inline uint32_t store_take_packed(struct store_cache *cache, struct store_packer *packer,
					 uint32_t bytes);
// Gives back several, which are cheaper when neighbours in a pack stand together.
static inline void store_give_many(struct store_cache *cache, const uint32_t *refs, unsigned count);
// Takes over the blocks that `from` has freed for `home`, however many but for those in packs. Both
// must stand still.
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

static inline uint32_t store_take_packed(struct store_cache *cache, struct store_packer *packer,
					 uint32_t bytes)
{
	uint32_t grains = (bytes + STORE_GRAIN - 1) / STORE_GRAIN;
	uint32_t ref;

	if (__builtin_expect(grains > STORE_PACK_LONGEST, 0))
		return store_take(cache, bytes);
	if (__builtin_expect(packer->next + grains > packer->limit, 0) &&
	    !store_pack_open(cache, packer))
		return store_take(cache, bytes);
	ref = packer->next;
	packer->next += grains;
	packer->taken++;
	return ref;
}

static inline void store_put(struct store_cache *cache, uint32_t *head, uint32_t ref)
{
	*(uint32_t *)store_block(cache->store, ref) = *head;
	*head = ref;
}

static inline uint32_t store_pack_of(uint32_t ref)
{
	return ref & ~(uint32_t)(STORE_PACK_GRAINS - 1);
}

// So many blocks of a pack are no longer used.
static inline void store_pack_leave(struct store_cache *cache, uint32_t pack, uint32_t blocks)
{
	struct store_pack *header = store_block(cache->store, pack);

	header->live -= blocks;
	if (header->live == 0)
		store_put(cache, &cache->free[STORE_PACK], pack);
}

static inline void store_give(struct store_cache *cache, uint32_t ref)
{
	uint32_t slab = ref / STORE_SLAB_GRAINS;
	unsigned class = cache->store->slab_class[slab];
	unsigned owner = cache->store->slab_owner[slab];

	if (__builtin_expect(owner != cache->worker, 0)) {
		struct store_list *away = &cache->away[owner][class];

		away->last = away->first == PACKET_NONE ? ref : away->last;
		store_put(cache, &away->first, ref);
	} else if (class == STORE_PACK) {
		store_pack_leave(cache, store_pack_of(ref), 1);
	} else {
		store_put(cache, &cache->free[class], ref);
	}
}

static inline void store_give_many(struct store_cache *cache, const uint32_t *refs, unsigned count)
{
	const struct store *store = cache->store;

	for (unsigned i = 0, same; i < count; i += same) {
		uint32_t slab = refs[i] / STORE_SLAB_GRAINS, pack = store_pack_of(refs[i]);

		same = 1;
		if (store->slab_class[slab] != STORE_PACK ||
		    store->slab_owner[slab] != cache->worker) {
			store_give(cache, refs[i]);
			continue;
		}
		while (i + same < count && store_pack_of(refs[i + same]) == pack)
			same++;
		store_pack_leave(cache, pack, same);
	}
}
