// SPDX-License-Identifier: BSD-3-Clause
// The law over a burst: what channel_enter decides on each of some frames that arrive at one
// instant, stage by stage over all of them. The same fates, to the bit; the state afterwards is the
// same but for which random words it has at hand.
#pragma once

#include "dataplane/model/channel.h"
#include "dataplane/model/rng_burst.h"

#define CHANNEL_BURST      RNG_BURST_PACKETS
#define CHANNEL_BURST_LESS 4 // fewer frames are decided faster one by one

// What becomes of the frames. Bit n of a mask is the n-th frame's.
struct channel_burst {
	uint64_t lost;                         // as DROP_MODEL
	uint64_t reordered;                    // CHANNEL_REORDERED; of those not lost
	uint64_t release_at_ns[CHANNEL_BURST]; // of those not lost
	// Only for the stages.
	uint64_t departs_at_ns[CHANNEL_BURST];
	int64_t deviation_ns[CHANNEL_BURST];
	struct rng_burst draws;
};

// Can a burst of frames of up to so many bytes be given to channel_enter_burst? Not where more than
// a line of constant rate with plain tail drop, loss by draws alone, delay and jitter is there.
static inline bool channel_takes_bursts(const struct channel_params *params, uint32_t most_bytes)
{
	return params->in_bursts && most_bytes <= params->most_bytes;
}

// Decides the fates of frames of these bytes, at most CHANNEL_BURST, up to the first that the queue
// refuses. Gives how many; that one and those behind it are yet to enter. Cannot fail.
unsigned channel_enter_burst(const struct channel_params *params, struct channel_state *state,
			     uint64_t arrival_at_ns, const uint32_t *frame_bytes, unsigned count,
			     struct channel_burst *burst);
