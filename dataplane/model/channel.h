// SPDX-License-Identifier: BSD-3-Clause
// The law of a channel: from a frame's arrival to its release or its loss, in the fixed order
// carrier, mtu, policer, queue, serialiser, loss, corruption, duplication, propagation with jitter,
// reordering, slots, order. The engine keeps this promise; the oracle recomputes it. Pure: the
// caller owns params and state.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/corrupt.h"
#include "dataplane/model/drop.h"
#include "dataplane/model/duplicate.h"
#include "dataplane/model/frame.h"
#include "dataplane/model/jitter.h"
#include "dataplane/model/loss.h"
#include "dataplane/model/order.h"
#include "dataplane/model/police.h"
#include "dataplane/model/profile.h"
#include "dataplane/model/queue.h"
#include "dataplane/model/rate.h"
#include "dataplane/model/reorder.h"
#include "dataplane/model/rng_batch.h"
#include "dataplane/model/slot.h"

#define CHANNEL_NEVER UINT64_MAX

// Read-only once published. `random_key` tells channels apart to the generator; it is the index
// of the channel, so it does not change while a lab runs.
struct channel_params {
	uint64_t seed;
	uint32_t random_key;
	bool carrier;       // false: down, everything that enters is lost as DROP_CARRIER
	bool plain;         // made by channel_finish: constant delay, perhaps plain_loss, no more
	bool reads_headers; // the law looks at more of a frame than its length (channel_finish)
	bool in_bursts;     // made by channel_finish: channel_burst.h can do it
	uint32_t mtu_bytes; // longest layer-3 packet (frame minus 14-byte Ethernet header); 0: any
	uint32_t skips; // stages that would do nothing (channel_finish); 0, skip none, is right too
	uint32_t most_bytes; // made by channel_finish: of a frame that fits the MTU
	uint64_t delay_ns;   // constant one-way propagation
	uint64_t plain_loss; // made by channel_finish: the loss that is one comparison
	struct jitter_params jitter;
	struct loss_params loss;
	struct rate_params rate;
	struct queue_params queue;
	struct corrupt_params corrupt;
	struct duplicate_params duplicate;
	struct reorder_params reorder;
	struct police_params police;
	struct slot_params slot;
	// Over time, added to or in place of the constants; NULL for none. Not owned.
	const struct profile *delay_profile;   // replaces delay_ns, read at the departure
	const struct profile *loss_profile;    // replaces the probability of random loss
	const struct profile *carrier_profile; // and with `carrier`, read at the arrival
};

// One owner at a time writes it. Zero-initialise, then queue_attach.
struct channel_state {
	// First what a channel of constant delay needs, one cache line; of its queue, the waiting.
	uint64_t packet; // number of the next packet that enters: the address of its draws
	struct order_state order;
	struct queue_state queue;
	struct rng_batch draws;  // of loss, jitter and reordering
	struct rng_batch damage; // of corruption and duplication
	struct rate_state rate;
	struct loss_state loss;
	struct jitter_state jitter;
	struct corrupt_state corrupt;
	struct duplicate_state duplicate;
	struct reorder_state reorder;
	struct police_state police;
	struct slot_state slot;
	struct rng_batch slots; // draws of slots
	struct profile_cursor delay_cursor;
	struct profile_cursor loss_cursor;
	struct profile_cursor carrier_cursor;
	uint64_t unused[10]; // an odd number of lines, so that many channels share no sets of a
			     // cache
};
static_assert(offsetof(struct channel_state, queue.leaving) + sizeof(void *) <= 64,
	      "what each packet needs is one line");
static_assert(sizeof(struct channel_state) % 128 == 64, "no two channels share a line");

enum channel_flags {
	CHANNEL_MARKED = 1 << 0,    // the queue sets ECN to CE
	CHANNEL_CORRUPTED = 1 << 1, // bits are flipped: corrupt_apply
	CHANNEL_COPIED = 1 << 2,    // a duplicate leaves at copy_release_at_ns
	CHANNEL_REORDERED = 1 << 3, // released without regard to order
	CHANNEL_WAITS = 1 << 4,     // in a managed queue: channel_depart decides the rest
	CHANNEL_YELLOW = 1 << 5     // by the policer, which may give it a DSCP: police.remarks
};

struct channel_fate {
	enum drop_reason lost;  // DROP_NONE: released, or CHANNEL_WAITS
	uint32_t flags;         // enum channel_flags
	uint64_t packet;        // its number on this channel
	uint64_t departs_at_ns; // last bit leaves the serialiser (also when lost after it)
	uint64_t release_at_ns; // leaves the channel at the far end; valid when lost is DROP_NONE
	uint64_t copy_release_at_ns; // with CHANNEL_COPIED
};

// Fills in what follows from the rest of the parameters. Call it after the last field is set, and
// again after a change of one.
void channel_finish(struct channel_params *params);

// a + b, never past the end of time.
static inline uint64_t channel_later_ns(uint64_t a_ns, uint64_t b_ns)
{
	uint64_t room_ns = UINT64_MAX - a_ns;

	return a_ns + (b_ns < room_ns ? b_ns : room_ns);
}

// Propagation ends here, never before it began and never past the end of time. The deviation's sign
// cannot be foretold, so there is no branch on it.
static inline uint64_t channel_arrives_at_ns(uint64_t delay_ns, uint64_t departs_at_ns,
					     int64_t deviation_ns)
{
	uint64_t early = (uint64_t)(deviation_ns >> 63); // all ones or none
	uint64_t early_ns = -(uint64_t)deviation_ns & early;
	uint64_t late_ns = (uint64_t)deviation_ns & ~early;

	delay_ns -= delay_ns < early_ns ? delay_ns : early_ns;
	return channel_later_ns(departs_at_ns, channel_later_ns(delay_ns, late_ns));
}

// channel_enter() by its stages, whatever the parameters.
struct channel_fate channel_enter_staged(const struct channel_params *params,
					 struct channel_state *state, uint64_t arrival_at_ns,
					 const struct channel_frame *frame);

// The same for a channel of constant delay, with or without random loss (params->plain): one cache
// line of parameters, one or two of state.
static inline struct channel_fate channel_enter_plain(const struct channel_params *params,
						      struct channel_state *state,
						      uint64_t arrival_at_ns)
{
	struct channel_fate fate = {.packet = state->packet++, .departs_at_ns = arrival_at_ns};

	if (params->plain_loss != 0) {
		rng_batch_hold(&state->draws, params->seed, params->random_key, fate.packet,
			       RNG_LOSS / 4);
		if (rng_batch_word(&state->draws, RNG_LOSS, fate.packet) < params->plain_loss) {
			fate.lost = DROP_MODEL;
			return fate;
		}
	}
	fate.release_at_ns =
		order_offer(&state->order, channel_later_ns(arrival_at_ns, params->delay_ns));
	return fate;
}

// Does a channel delay all frames of up to so many bytes alike, and do nothing else to them?
static inline bool channel_is_constant(const struct channel_params *params, uint32_t most_bytes)
{
	return params->plain && params->plain_loss == 0 && most_bytes <= params->most_bytes;
}

// The same for `count` frames that arrive at one instant at a channel that is constant for them
// all: when they are released.
static inline uint64_t channel_enter_constant(const struct channel_params *params,
					      struct channel_state *state, uint64_t arrival_at_ns,
					      uint32_t count)
{
	state->packet += count;
	return order_offer(&state->order, channel_later_ns(arrival_at_ns, params->delay_ns));
}

// Decides one frame's fate. Arrivals must not go back in time. Every call uses one packet number,
// whatever the outcome. Cannot fail.
static inline struct channel_fate channel_enter(const struct channel_params *params,
						struct channel_state *state, uint64_t arrival_at_ns,
						const struct channel_frame *frame)
{
	// A frame that is too long for a plain channel takes the stages, to be lost there.
	return params->plain && frame->bytes <= params->most_bytes
		       ? channel_enter_plain(params, state, arrival_at_ns)
		       : channel_enter_staged(params, state, arrival_at_ns, frame);
}

// The same for a frame of which only the length is known (frame_bytes: Ethernet header and payload,
// without FCS).
static inline struct channel_fate channel_offer(const struct channel_params *params,
						struct channel_state *state, uint64_t arrival_at_ns,
						uint32_t frame_bytes)
{
	const struct channel_frame frame = {.bytes = frame_bytes};

	return channel_enter(params, state, arrival_at_ns, &frame);
}

// ---- Managed queues: the fate is decided when the frame leaves the queue ----
//
// What is due at or before an instant leaves before a frame enters at it, as with direct queues:
// so fates follow from the arrivals alone, whatever else happens at that instant. A frame that
// finds the line idle is sent at once and does not wait; without a rate none ever does.

// When channel_depart is due next; CHANNEL_NEVER when nothing waits. When queue_may_hold() is
// false, too.
uint64_t channel_due_ns(const struct channel_params *params, const struct channel_state *state);

// One frame leaves the managed queue at channel_due_ns(), or is lost by it: its fate, and in
// `handle` whose (UINT32_MAX when none is due at `at_ns`). Call it as long as channel_due_ns() is
// not after `at_ns`. channel_enter, too, may throw out frames that wait (head drop, a full fair
// queue), and queue_migrate may leave some to be put on the line or lost: those are due at once.
struct channel_fate channel_depart(const struct channel_params *params, struct channel_state *state,
				   uint64_t at_ns, uint32_t *handle);

// No packet that enters at t is released before t + this. The lookahead of the parallel engine.
uint64_t channel_minimum_delay_ns(const struct channel_params *params);
