// SPDX-License-Identifier: BSD-3-Clause
// Packets in flight: a queue for the many, a heap for the few.
#include "dataplane/engine/flight.h"

bool flight_push(struct flight *flight, struct store_cache *cache, uint64_t release_at_ns,
		 packet_ref packet, bool out_of_order)
{
	struct hold_entry entry = {.release_at_ns = release_at_ns, .packet = packet};

	if (__builtin_expect(out_of_order || (flight->hold.count &&
					      release_at_ns < flight->last_release_at_ns),
			     0))
		return stray_push(&flight->stray, cache, release_at_ns, packet);
	if (!hold_push(&flight->hold, cache, entry))
		return false;
	flight->last_release_at_ns = release_at_ns;
	return true;
}

packet_ref flight_pop(struct flight *flight, struct store_cache *cache, uint64_t *release_at_ns)
{
	packet_ref packet;

	if (flight_stray_is_next(flight, cache->store)) {
		const struct stray_node *first = stray_first(&flight->stray, cache->store);

		packet = first->packet;
		*release_at_ns = first->release_at_ns;
		stray_pop(&flight->stray, cache);
		return packet;
	}
	packet = hold_first(&flight->hold, cache->store)->packet;
	*release_at_ns = hold_first(&flight->hold, cache->store)->release_at_ns;
	hold_pop(&flight->hold, cache);
	return packet;
}

// Taken out in order and put back in order: rare, and simpler than mending the heap in place.
static void move_strays(struct stray *stray, struct store_cache *cache, int64_t by_ns,
			uint64_t at_ns)
{
	struct stray moved = {.pushed = stray->pushed};

	while (stray->count) {
		struct stray_node first = *stray_first(stray, cache->store);

		stray_pop(stray, cache);
		// The block just given back is the one taken: memory cannot be out.
		stray_push(&moved, cache, flight_moved_ns(first.release_at_ns, by_ns, at_ns),
			   first.packet);
	}
	*stray = moved;
}

uint64_t flight_move(struct flight *flight, struct store_cache *cache, int64_t by_ns,
		     uint64_t at_ns)
{
	struct hold *hold = &flight->hold;
	uint32_t chunk = hold->head;
	uint32_t index = hold->head_index;
	uint64_t least_ns = at_ns;

	for (uint32_t i = 0; i < hold->count; i++) {
		struct hold_chunk *entries = store_block(cache->store, chunk);
		struct hold_entry *entry = &entries->entries[index];

		entry->release_at_ns = flight_moved_ns(entry->release_at_ns, by_ns, least_ns);
		least_ns = entry->release_at_ns;
		if (++index == HOLD_CHUNK_ENTRIES) {
			chunk = entries->next;
			index = 0;
		}
	}
	flight->last_release_at_ns = least_ns;
	move_strays(&flight->stray, cache, by_ns, at_ns);
	return flight_count(flight);
}
