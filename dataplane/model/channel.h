// SPDX-License-Identifier: BSD-3-Clause
// The law of a channel: from a frame's arrival to its release or its loss, in the fixed order
// carrier, mtu, queue, serialiser, loss, propagation with jitter, order. The engine keeps this
// promise; the oracle recomputes it. Pure: the caller owns params and state.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/drop.h"
#include "dataplane/model/jitter.h"
#include "dataplane/model/loss.h"
#include "dataplane/model/order.h"
#include "dataplane/model/queue.h"
#include "dataplane/model/rate.h"

// Read-only once published. `random_key` tells channels apart to the generator; it is the index
// of the channel, so it does not change while a lab runs.
struct channel_params {
	uint64_t seed;
	uint32_t random_key;
	bool carrier;       // false: down, everything that enters is lost as DROP_CARRIER
	uint32_t mtu_bytes; // longest layer-3 packet (frame minus 14-byte Ethernet header); 0: any
	uint64_t delay_ns;  // constant one-way propagation
	struct jitter_params jitter;
	struct loss_params loss;
	struct rate_params rate;
	struct queue_params queue;
};

// One owner at a time writes it. Zero-initialise, then give queue.slots and queue.capacity.
struct channel_state {
	uint64_t packet; // number of the next packet that enters: the address of its draws
	struct rate_state rate;
	struct order_state order;
	struct loss_state loss;
	struct jitter_state jitter;
	struct queue_state queue;
};

struct channel_fate {
	enum drop_reason lost;  // DROP_NONE: released
	uint64_t departs_at_ns; // last bit leaves the serialiser (also when lost after it)
	uint64_t release_at_ns; // leaves the channel at the far end; valid when lost is DROP_NONE
};

// Decides one frame's fate. frame_bytes: Ethernet header and payload, without FCS. Arrivals must
// not go back in time. Every call uses one packet number, whatever the outcome. Cannot fail.
struct channel_fate channel_offer(const struct channel_params *params, struct channel_state *state,
				  uint64_t arrival_at_ns, uint32_t frame_bytes);

// No packet that enters at t is released before t + this. The lookahead of the parallel engine.
uint64_t channel_minimum_delay_ns(const struct channel_params *params);
