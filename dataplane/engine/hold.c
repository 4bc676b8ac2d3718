// SPDX-License-Identifier: BSD-3-Clause
// Queues of packets in flight: where a chunk begins and ends.
#include "dataplane/engine/hold.h"

#include <string.h>

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

// Room behind the last entry, at most `most`; the chunk is the tail then. 0: memory is out.
static unsigned hold_room(struct hold *hold, struct store_cache *cache, unsigned most)
{
	unsigned room;

	if ((hold->count == 0 || hold->tail_index == HOLD_CHUNK_ENTRIES) && !hold_grow(hold, cache))
		return 0;
	room = HOLD_CHUNK_ENTRIES - hold->tail_index;
	return room < most ? room : most;
}

// Each packet's instant is `step` behind that of the one before in the list.
static inline unsigned push(struct hold *hold, struct store_cache *cache,
			    const uint64_t *release_at_ns, unsigned step, const packet_ref *packets,
			    unsigned count)
{
	unsigned done = 0, part;

	for (; done < count; done += part) {
		struct hold_chunk *chunk;

		part = hold_room(hold, cache, count - done);
		if (part == 0)
			break;
		chunk = chunk_at(cache->store, hold->tail);
		for (unsigned i = 0; i < part; i++)
			chunk->release_at_ns[hold->tail_index + i] =
				release_at_ns[(done + i) * step];
		memcpy(&chunk->packets[hold->tail_index], packets + done, part * sizeof(*packets));
		hold->tail_index = (uint16_t)(hold->tail_index + part);
		hold->count += part;
	}
	return done;
}

unsigned hold_push_many(struct hold *hold, struct store_cache *cache, uint64_t release_at_ns,
			const packet_ref *packets, unsigned count)
{
	return push(hold, cache, &release_at_ns, 0, packets, count);
}

unsigned hold_push_each(struct hold *hold, struct store_cache *cache, const uint64_t *release_at_ns,
			const packet_ref *packets, unsigned count)
{
	return push(hold, cache, release_at_ns, 1, packets, count);
}

unsigned hold_pop_before(struct hold *hold, struct store_cache *cache, uint64_t before_ns,
			 packet_ref *packets, uint64_t *release_at_ns, unsigned most)
{
	unsigned done = 0;
	bool all = true;

	while (all && hold->count && done < most) {
		const struct hold_chunk *chunk = chunk_at(cache->store, hold->head);
		unsigned part = HOLD_CHUNK_ENTRIES - hold->head_index, i;

		part = part < hold->count ? part : hold->count;
		part = part < most - done ? part : most - done;
		for (i = 0; i < part && chunk->release_at_ns[hold->head_index + i] < before_ns; i++)
			release_at_ns[done + i] = chunk->release_at_ns[hold->head_index + i];
		memcpy(packets + done, &chunk->packets[hold->head_index], i * sizeof(*packets));
		all = i == part;
		done += i;
		hold->head_index = (uint16_t)(hold->head_index + i);
		hold->count -= i;
		if (hold->count == 0 || hold->head_index == HOLD_CHUNK_ENTRIES)
			hold_shrink(hold, cache);
	}
	return done;
}

void hold_prefetch(const struct hold *hold, const struct store *store)
{
	const struct hold_chunk *chunk = store_block(store, hold->head);

	if (hold->head == hold->tail)
		return;
	for (unsigned line = 0; line < sizeof(struct hold_chunk); line += 64)
		__builtin_prefetch((const uint8_t *)store_block(store, chunk->next) + line);
}

unsigned hold_peek(const struct hold *hold, const struct store *store, packet_ref *packets,
		   unsigned most)
{
	const struct hold_chunk *chunk = store_block(store, hold->head);
	unsigned count = most < hold->count ? most : hold->count;
	unsigned first = HOLD_CHUNK_ENTRIES - hold->head_index;

	if (count == 0)
		return 0;
	first = first < count ? first : count;
	memcpy(packets, &chunk->packets[hold->head_index], first * sizeof(*packets));
	if (first < count) {
		chunk = store_block(store, chunk->next);
		memcpy(packets + first, chunk->packets, (count - first) * sizeof(*packets));
	}
	return count;
}

bool hold_push_crossing(struct hold *hold, struct store_cache *cache,
			const struct hold_crossing *crossing)
{
	struct hold_entry way = {crossing->out_of_order, crossing->channel};

	return hold_push(hold, cache, crossing->entry) && hold_push(hold, cache, way);
}

struct hold_crossing hold_pop_crossing(struct hold *hold, struct store_cache *cache)
{
	struct hold_crossing crossing = {.entry = hold_first(hold, cache->store)};
	struct hold_entry way;

	hold_pop(hold, cache);
	way = hold_first(hold, cache->store);
	hold_pop(hold, cache);
	crossing.channel = way.packet;
	crossing.out_of_order = way.release_at_ns != 0;
	return crossing;
}
