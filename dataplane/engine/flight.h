// SPDX-License-Identifier: BSD-3-Clause
// All packets in flight on one channel: those that keep order in a queue (hold), those that do not
// in a heap beside it (stray). Owned by the worker at the channel's far end.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/hold.h"
#include "dataplane/engine/stray.h"

// Zero-initialised is empty.
struct flight {
	struct hold hold;
	uint64_t last_release_at_ns; // of the last packet in hold
	struct stray stray;
	uint32_t unused;
} __attribute__((aligned(64)));
static_assert(sizeof(struct flight) == 64, "a channel's flight is a cache line of its own");

#define FLIGHT_NEVER UINT64_MAX

static inline uint32_t flight_count(const struct flight *flight)
{
	return flight->hold.count + flight->stray.count;
}

// Takes a packet in; `out_of_order`: it shall not hold others back, wherever it belongs. False when
// memory is out (the caller keeps the packet).
static inline bool flight_push(struct flight *flight, struct store_cache *cache,
			       uint64_t release_at_ns, packet_ref packet, bool out_of_order)
{
	struct hold_entry entry = {release_at_ns, packet};

	if (__builtin_expect(out_of_order || (flight->hold.count &&
					      release_at_ns < flight->last_release_at_ns),
			     0))
		return stray_push(&flight->stray, cache, release_at_ns, packet);
	if (!hold_push(&flight->hold, cache, entry))
		return false;
	flight->last_release_at_ns = release_at_ns;
	return true;
}

// The same for several in order that are released at one instant. Gives how many; memory is out for
// the rest.
static inline unsigned flight_push_many(struct flight *flight, struct store_cache *cache,
					uint64_t release_at_ns, const packet_ref *packets,
					unsigned count)
{
	unsigned done = 0;

	if (__builtin_expect(flight->hold.count && release_at_ns < flight->last_release_at_ns, 0)) {
		while (done < count &&
		       flight_push(flight, cache, release_at_ns, packets[done], false))
			done++;
		return done;
	}
	done = hold_push_many(&flight->hold, cache, release_at_ns, packets, count);
	if (done)
		flight->last_release_at_ns = release_at_ns;
	return done;
}

// The same with an instant for each, none before the one ahead of it.
static inline unsigned flight_push_each(struct flight *flight, struct store_cache *cache,
					const uint64_t *release_at_ns, const packet_ref *packets,
					unsigned count)
{
	unsigned done = 0;

	if (__builtin_expect(count == 0 || (flight->hold.count &&
					    release_at_ns[0] < flight->last_release_at_ns),
			     0)) {
		while (done < count &&
		       flight_push(flight, cache, release_at_ns[done], packets[done], false))
			done++;
		return done;
	}
	done = hold_push_each(&flight->hold, cache, release_at_ns, packets, count);
	if (done)
		flight->last_release_at_ns = release_at_ns[done - 1];
	return done;
}

// Is one that is out of order the next to leave?
static inline bool flight_stray_is_next(const struct flight *flight, const struct store *store)
{
	if (__builtin_expect(flight->stray.count == 0, 1))
		return false;
	return flight->hold.count == 0 || stray_first(&flight->stray, store)->release_at_ns <
						  hold_due_ns(&flight->hold, store);
}

// When the first leaves; FLIGHT_NEVER when there is none. At equal instants one in order goes
// first.
static inline uint64_t flight_due_ns(const struct flight *flight, const struct store *store)
{
	if (flight_stray_is_next(flight, store))
		return stray_first(&flight->stray, store)->release_at_ns;
	return flight->hold.count ? hold_due_ns(&flight->hold, store) : FLIGHT_NEVER;
}

// Fetches the header of the first packet in order, which will be wanted soon.
static inline void flight_prefetch(const struct flight *flight, const struct store *store)
{
	if (flight->hold.count)
		__builtin_prefetch(store_packet(store, hold_first(&flight->hold, store).packet));
}

// The first, which stays; must not be empty.
static inline packet_ref flight_first(const struct flight *flight, const struct store *store)
{
	return flight_stray_is_next(flight, store) ? stray_first(&flight->stray, store)->packet
						   : hold_first(&flight->hold, store).packet;
}

// Takes the first out; must not be empty.
static inline packet_ref flight_pop(struct flight *flight, struct store_cache *cache,
				    uint64_t *release_at_ns)
{
	packet_ref packet;

	if (flight_stray_is_next(flight, cache->store)) {
		const struct stray_node *first = stray_first(&flight->stray, cache->store);

		packet = first->packet;
		*release_at_ns = first->release_at_ns;
		stray_pop(&flight->stray, cache);
		return packet;
	}
	packet = hold_first(&flight->hold, cache->store).packet;
	*release_at_ns = hold_due_ns(&flight->hold, cache->store);
	hold_pop(&flight->hold, cache);
	return packet;
}

// Takes out the first packets that leave before an instant, at most `most`. Gives how many.
unsigned flight_pop_before(struct flight *flight, struct store_cache *cache, uint64_t before_ns,
			   packet_ref *packets, uint64_t *release_at_ns, unsigned most);

// An instant moved by the difference of delays: never before the change, or the one ahead.
static inline uint64_t flight_moved_ns(uint64_t release_at_ns, int64_t by_ns, uint64_t least_ns)
{
	uint64_t moved_ns =
		by_ns < 0 && release_at_ns < (uint64_t)-by_ns ? 0 : release_at_ns + (uint64_t)by_ns;

	return moved_ns > least_ns ? moved_ns : least_ns;
}

// Moves every release by by_ns, never before at_ns: what is in order stays so, the rest keeps its
// distance from it. Returns how many moved.
uint64_t flight_move(struct flight *flight, struct store_cache *cache, int64_t by_ns,
		     uint64_t at_ns);
