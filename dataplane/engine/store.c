// SPDX-License-Identifier: BSD-3-Clause
// Blocks for packets and chunks of the hold.
#include "dataplane/engine/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Sizes of the classes, in grains. The first holds a 64-byte frame with its header; the last, the
// longest packet that segmentation offload leaves in a capture. Packs begin at multiples of their
// size.
static const uint32_t class_grains[STORE_LISTS] = {
	3,
	4,
	6,
	8,
	12,
	16,
	24,
	32,
	50,
	64,
	98,
	130,
	290,
	514,
	1026,
	STORE_MOST_GRAINS,
	STORE_PACK_GRAINS,
};
static_assert(STORE_SLAB_GRAINS % STORE_PACK_GRAINS == 0, "packs fill a slab");

// A range that begins where a slab may: each slab is then one of the kernel's large pages, where it
// gives any, and a packet costs no miss of the TLB.
static uint8_t *reserve(struct store *store)
{
	uint8_t *range = mmap(NULL, store->bytes + STORE_SLAB_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (range == MAP_FAILED)
		return NULL;
	store->range = range;
	range += -(uintptr_t)range % STORE_SLAB_BYTES;
	madvise(range, store->bytes, MADV_HUGEPAGE); // better, not needed
	return range;
}

struct store *store_create(uint64_t bytes, unsigned workers, struct error *error)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		goto no_memory;
	for (uint32_t grains = 0, class = 0; grains <= STORE_MOST_GRAINS; grains++) {
		class += grains > class_grains[class];
		store->class_of[grains] = (uint8_t) class;
	}
	store->slab_count = (uint32_t)(bytes / STORE_SLAB_BYTES);
	store->slabs_per_worker = store->slab_count / workers;
	if (store->slabs_per_worker < STORE_CLASSES) {
		free(store);
		error_set(error, -EINVAL, "memory",
			  "%llu bytes for packets are too few for %u workers; give at least %u MiB",
			  (unsigned long long)bytes, workers, STORE_CLASSES * 2 * workers);
		return NULL;
	}
	store->bytes = (uint64_t)store->slab_count * STORE_SLAB_BYTES;
	store->slab_class = calloc(store->slab_count, 1);
	store->slab_owner = calloc(store->slab_count, 1);
	store->base = reserve(store);
	if (!store->slab_class || !store->slab_owner || !store->base) {
		store_destroy(store);
		goto no_memory;
	}
	return store;
no_memory:
	error_set(error, -ENOMEM, "memory",
		  "cannot reserve %llu MiB of address space for packets in flight; raise the limit "
		  "(ulimit -v) or give less with --memory",
		  (unsigned long long)(bytes >> 20));
	return NULL;
}

void store_destroy(struct store *store)
{
	if (!store)
		return;
	if (store->range)
		munmap(store->range, store->bytes + STORE_SLAB_BYTES);
	free(store->slab_class);
	free(store->slab_owner);
	free(store);
}

void store_cache_init(struct store_cache *cache, struct store *store, unsigned worker,
		      unsigned workers)
{
	memset(cache, 0, sizeof(*cache));
	cache->store = store;
	cache->worker = worker;
	for (unsigned i = 0; i < STORE_LISTS; i++)
		cache->free[i] = PACKET_NONE;
	for (unsigned other = 0; other < workers; other++) {
		for (unsigned i = 0; i < STORE_LISTS; i++)
			cache->away[other][i].first = PACKET_NONE;
	}
	cache->next_slab = worker * store->slabs_per_worker;
	cache->last_slab = cache->next_slab + store->slabs_per_worker;
	for (uint32_t slab = cache->next_slab; slab < cache->last_slab; slab++)
		store->slab_owner[slab] = (uint8_t)worker;
}

uint32_t store_carve(struct store_cache *cache, unsigned class)
{
	uint32_t ref = cache->next[class];

	if (ref + class_grains[class] > cache->limit[class] || cache->limit[class] == 0) {
		if (cache->next_slab == cache->last_slab)
			return PACKET_NONE;
		cache->store->slab_class[cache->next_slab] = (uint8_t) class;
		ref = cache->next_slab * STORE_SLAB_GRAINS;
		cache->limit[class] = ref + STORE_SLAB_GRAINS;
		cache->next_slab++;
		cache->slabs_used++;
	}
	cache->next[class] = ref + class_grains[class];
	return ref;
}

bool store_pack_open(struct store_cache *cache, struct store_packer *packer)
{
	uint32_t ref;

	if (packer->limit)
		store_pack_leave(cache, packer->limit - STORE_PACK_GRAINS,
				 STORE_PACK_OPEN - packer->taken);
	*packer = (struct store_packer){.limit = 0};
	ref = cache->free[STORE_PACK];
	if (ref != PACKET_NONE)
		cache->free[STORE_PACK] = *(uint32_t *)store_block(cache->store, ref);
	else
		ref = store_carve(cache, STORE_PACK);
	if (ref == PACKET_NONE)
		return false;
	((struct store_pack *)store_block(cache->store, ref))->live = STORE_PACK_OPEN;
	*packer = (struct store_packer){.next = ref + 1, .limit = ref + STORE_PACK_GRAINS};
	return true;
}

// Blocks of packs are counted one by one.
static void take_packs_home(struct store_cache *home, struct store_list *away)
{
	uint32_t ref = away->first;

	away->first = PACKET_NONE;
	while (ref != PACKET_NONE) {
		uint32_t next = *(uint32_t *)store_block(home->store, ref);

		store_give(home, ref);
		ref = next;
	}
}

void store_take_home(struct store_cache *home, struct store_cache *from)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct store_list *away = &from->away[home->worker][i];

		if (away->first == PACKET_NONE)
			continue;
		*(uint32_t *)store_block(home->store, away->last) = home->free[i];
		home->free[i] = away->first;
		away->first = PACKET_NONE;
	}
	take_packs_home(home, &from->away[home->worker][STORE_PACK]);
}
