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
};

#define FLIGHT_NEVER UINT64_MAX

static inline uint32_t flight_count(const struct flight *flight)
{
	return flight->hold.count + flight->stray.count;
}

// Takes a packet in; `out_of_order`: it shall not hold others back, wherever it belongs. False when
// memory is out (the caller keeps the packet).
bool flight_push(struct flight *flight, struct store_cache *cache, uint64_t release_at_ns,
		 packet_ref packet, bool out_of_order);

// When the first leaves; FLIGHT_NEVER when there is none. At equal instants one in order goes
// first.
uint64_t flight_due_ns(const struct flight *flight, const struct store *store);

// Takes the first out; must not be empty.
packet_ref flight_pop(struct flight *flight, struct store_cache *cache, uint64_t *release_at_ns);

// Moves every release by by_ns, never before at_ns: what is in order stays so, the rest keeps its
// distance from it. Returns how many moved.
uint64_t flight_move(struct flight *flight, struct store_cache *cache, int64_t by_ns,
		     uint64_t at_ns);
