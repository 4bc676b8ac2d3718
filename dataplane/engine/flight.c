// SPDX-License-Identifier: BSD-3-Clause
// Packets in flight: a queue for the many, a heap for the few.
#include "dataplane/engine/flight.h"

unsigned flight_pop_before(struct flight *flight, struct store_cache *cache, uint64_t before_ns,
			   packet_ref *packets, uint64_t *release_at_ns, unsigned most)
{
	unsigned done = 0;

	if (__builtin_expect(flight->stray.count == 0, 1))
		return hold_pop_before(&flight->hold, cache, before_ns, packets, release_at_ns,
				       most);
	for (; done < most && flight_due_ns(flight, cache->store) < before_ns; done++)
		packets[done] = flight_pop(flight, cache, &release_at_ns[done]);
	return done;
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

		least_ns = flight_moved_ns(entries->release_at_ns[index], by_ns, least_ns);
		entries->release_at_ns[index] = least_ns;
		if (++index == HOLD_CHUNK_ENTRIES) {
			chunk = entries->next;
			index = 0;
		}
	}
	flight->last_release_at_ns = least_ns;
	move_strays(&flight->stray, cache, by_ns, at_ns);
	return flight_count(flight);
}
