// SPDX-License-Identifier: BSD-3-Clause
// Slots, as in netem: a link that is granted to send now and then. Packets that are ready wait for
// the slot that was asked for, and leave together when it comes, up to its packets and bytes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/jitter.h"

// Made by slot_make_*.
struct slot_params {
	uint64_t packets;        // of one slot; 0: no slots at all
	uint64_t bytes;          // of one slot
	uint64_t least_ns;       // delay from asking to the slot,
	uint64_t range_ns;       // and how much more it may be, uniform; 0 with a distribution
	struct jitter_params by; // a distribution about least_ns
};

// Zero-initialised: no slot has been asked for.
struct slot_state {
	uint64_t open_at_ns; // the slot that is, or is to come
	uint64_t packets_left;
	uint64_t bytes_left;
};

// Checks and converts: `slot MIN [MAX]`, where a MAX of 0 means MIN, with at most `packets` and
// `bytes` a slot (0: any number). -EINVAL with a sentence when both times are 0, or MAX is below
// MIN.
int slot_make_uniform(uint64_t least_ns, uint64_t most_ns, uint64_t packets, uint64_t bytes,
		      const char *where, struct slot_params *params, struct error *error);

// `slot distribution NAME DELAY JITTER`: delay_ns and a deviation by `distribution`, independent
// from slot to slot; never below 0. -EINVAL with a sentence when both are nothing.
int slot_make_distribution(uint64_t delay_ns, const struct jitter_params *distribution,
			   uint64_t packets, uint64_t bytes, const char *where,
			   struct slot_params *params, struct error *error);

// When a packet leaves that is ready at `ready_at_ns`: never before, and never before the one
// offered before it. If no slot is to come a new one is asked for; a packet that fills a slot asks
// for the next. `draw` is RNG_SLOT and `next_draw` RNG_SLOT_NEXT of this packet. Cannot fail.
// Source: sch_netem, get_slot_next, in the order in which packets are offered.
uint64_t slot_offer(const struct slot_params *params, struct slot_state *state,
		    uint64_t ready_at_ns, uint32_t frame_bytes, uint32_t draw, uint32_t next_draw);
