// SPDX-License-Identifier: BSD-3-Clause
// The pipeline of a channel. Each step belongs to its own file; here stands only their order.
#include "dataplane/model/channel.h"

#include "dataplane/model/instant.h"
#include "dataplane/model/rng.h"

#define ETHERNET_HEADER_BYTES 14

// One block of random words serves loss, the state of its chain, jitter and reordering, a second
// one damage.
#define CHANNEL_BLOCK   (RNG_LOSS / 4)
#define CHANNEL_DAMAGE  (RNG_DUPLICATE / 4)
#define CHANNEL_SLOTTED (RNG_SLOT / 4)
_Static_assert(RNG_LOSS_STATE / 4 == CHANNEL_BLOCK && RNG_JITTER / 4 == CHANNEL_BLOCK &&
		       RNG_REORDER / 4 == CHANNEL_BLOCK,
	       "a packet of a channel without damage costs one Philox block at most");
_Static_assert(RNG_SLOT / 4 == RNG_COPY_SLOT_NEXT / 4, "so do slots");
_Static_assert(RNG_CORRUPT / 4 == CHANNEL_DAMAGE && RNG_COPY_DELAY / 4 == CHANNEL_DAMAGE,
	       "damage costs one more");

// Bits of channel_params.skips.
enum channel_stage {
	CHANNEL_GATE = 1 << 0,     // carrier, mtu, policer
	CHANNEL_LINE = 1 << 1,     // queue, serialiser
	CHANNEL_LOSS = 1 << 2,     // loss
	CHANNEL_MISHAPS = 1 << 3,  // corruption, duplication
	CHANNEL_VARIES = 1 << 4,   // jitter
	CHANNEL_REORDERS = 1 << 5, // reordering
	CHANNEL_SLOTS = 1 << 6,    // slots
	CHANNEL_ALL = (1 << 7) - 1
};

static bool channel_fits_mtu(const struct channel_params *params, uint32_t frame_bytes)
{
	return params->mtu_bytes == 0 ||
	       frame_bytes <= (uint64_t)params->mtu_bytes + ETHERNET_HEADER_BYTES;
}

// Constant or over time, without jitter.
static uint64_t channel_delay_ns(const struct channel_params *params, struct channel_state *state,
				 uint64_t departs_at_ns)
{
	int64_t delay_ns;

	if (!params->delay_profile)
		return params->delay_ns;
	delay_ns = profile_at(params->delay_profile, &state->delay_cursor, departs_at_ns);
	return delay_ns > 0 ? (uint64_t)delay_ns : 0;
}

static bool channel_carries(const struct channel_params *params, struct channel_state *state,
			    uint64_t arrival_at_ns)
{
	return params->carrier &&
	       (!params->carrier_profile ||
		profile_at(params->carrier_profile, &state->carrier_cursor, arrival_at_ns) > 0);
}

static bool channel_loses(const struct channel_params *params, struct channel_state *state,
			  const struct channel_fate *fate, const struct channel_frame *frame)
{
	struct loss_packet packet;

	if (params->skips & CHANNEL_LOSS)
		return false;
	packet = (struct loss_packet){
		.frame = frame,
		.at_ns = fate->departs_at_ns,
		.seed = params->seed,
		.random_key = params->random_key,
		.draw = rng_batch_word(&state->draws, RNG_LOSS, fate->packet),
		.state_draw = rng_batch_word(&state->draws, RNG_LOSS_STATE, fate->packet)};
	if (params->loss_profile)
		return (int64_t)packet.draw <
		       profile_at(params->loss_profile, &state->loss_cursor, packet.at_ns);
	return loss_enter(&params->loss, &state->loss, &packet);
}

// Corruption and duplication. Their chains move with each packet that departs, lost or not, so that
// loss does not change whom they hit.
static uint32_t channel_mishaps(const struct channel_params *params, struct channel_state *state,
				uint64_t packet)
{
	struct rng_batch *damage = &state->damage;
	uint32_t flags = 0;

	if (params->skips & CHANNEL_MISHAPS)
		return 0;
	rng_batch_hold(damage, params->seed, params->random_key, packet, CHANNEL_DAMAGE);
	if (corrupt_offer(&params->corrupt, &state->corrupt,
			  rng_batch_word(damage, RNG_CORRUPT, packet)))
		flags |= CHANNEL_CORRUPTED;
	if (duplicate_offer(&params->duplicate, &state->duplicate,
			    rng_batch_word(damage, RNG_DUPLICATE, packet)))
		flags |= CHANNEL_COPIED;
	return flags;
}

// A packet that reordering has chosen goes past the others, or lets them go past.
static void channel_reorder(const struct channel_params *params, struct channel_fate *fate,
			    uint64_t wanted_at_ns)
{
	fate->flags |= CHANNEL_REORDERED;
	fate->release_at_ns =
		params->reorder.late_ns == 0
			? fate->departs_at_ns
			: channel_arrives_at_ns(params->reorder.late_ns, wanted_at_ns, 0);
}

// Out of order if chosen or where order is free and it happens, else in order.
static void channel_release(const struct channel_params *params, struct channel_state *state,
			    struct channel_fate *fate, uint64_t wanted_at_ns)
{
	if (!(params->skips & CHANNEL_REORDERS) &&
	    reorder_offer(&params->reorder, &state->reorder,
			  rng_batch_word(&state->draws, RNG_REORDER, fate->packet))) {
		channel_reorder(params, fate, wanted_at_ns);
	} else if (!params->jitter.order_free) {
		fate->release_at_ns = order_offer(&state->order, wanted_at_ns);
	} else {
		fate->release_at_ns = wanted_at_ns;
		fate->flags |= order_overtakes(&state->order, wanted_at_ns) * CHANNEL_REORDERED;
	}
}

// The copy's delay varies by itself; where order is kept it passes nobody.
static void channel_copy(const struct channel_params *params, struct channel_state *state,
			 struct channel_fate *fate, uint64_t delay_ns)
{
	int64_t deviation_ns =
		jitter_copy(&params->jitter, &state->jitter,
			    rng_batch_word(&state->damage, RNG_COPY_DELAY, fate->packet));
	uint64_t wanted_at_ns = channel_arrives_at_ns(delay_ns, fate->departs_at_ns, deviation_ns);

	fate->copy_release_at_ns = wanted_at_ns;
	if (!params->jitter.order_free && wanted_at_ns < fate->release_at_ns)
		fate->copy_release_at_ns = fate->release_at_ns;
}

// A packet and its copy wait for their slots.
static void channel_slots(const struct channel_params *params, struct channel_state *state,
			  struct channel_fate *fate, uint32_t frame_bytes)
{
	struct rng_batch *draws = &state->slots;

	rng_batch_hold(draws, params->seed, params->random_key, fate->packet, CHANNEL_SLOTTED);
	fate->release_at_ns = slot_offer(&params->slot, &state->slot, fate->release_at_ns,
					 frame_bytes, rng_batch_word(draws, RNG_SLOT, fate->packet),
					 rng_batch_word(draws, RNG_SLOT_NEXT, fate->packet));
	if (fate->flags & CHANNEL_COPIED)
		fate->copy_release_at_ns =
			slot_offer(&params->slot, &state->slot, fate->copy_release_at_ns,
				   frame_bytes, rng_batch_word(draws, RNG_COPY_SLOT, fate->packet),
				   rng_batch_word(draws, RNG_COPY_SLOT_NEXT, fate->packet));
}

// From the departure of the last bit to the far end.
static void channel_propagate(const struct channel_params *params, struct channel_state *state,
			      struct channel_fate *fate, const struct channel_frame *frame)
{
	const uint32_t random = CHANNEL_LOSS | CHANNEL_VARIES | CHANNEL_REORDERS;
	uint64_t delay_ns, wanted_at_ns;
	int64_t deviation_ns = 0;
	uint32_t flags;
	bool lost;

	if ((params->skips & random) != random)
		rng_batch_hold(&state->draws, params->seed, params->random_key, fate->packet,
			       CHANNEL_BLOCK);
	lost = channel_loses(params, state, fate, frame);
	flags = channel_mishaps(params, state, fate->packet);
	if (!(params->skips & CHANNEL_VARIES))
		deviation_ns =
			jitter_offer(&params->jitter, &state->jitter, fate->departs_at_ns,
				     rng_batch_word(&state->draws, RNG_JITTER, fate->packet));
	if (lost && params->loss.ecn && frame->ecn != FRAME_NOT_ECT) {
		lost = false; // said by a mark
		flags |= CHANNEL_MARKED;
	}
	if (lost) {
		fate->lost = DROP_MODEL;
		return;
	}
	fate->flags |= flags;
	delay_ns = channel_delay_ns(params, state, fate->departs_at_ns);
	wanted_at_ns = channel_arrives_at_ns(delay_ns, fate->departs_at_ns, deviation_ns);
	channel_release(params, state, fate, wanted_at_ns);
	if (flags & CHANNEL_COPIED)
		channel_copy(params, state, fate, delay_ns);
	if (!(params->skips & CHANNEL_SLOTS) && params->slot.packets > 0)
		channel_slots(params, state, fate, frame->bytes);
}

// Why the channel does not let it in; DROP_NONE: it does, and the policer may have flagged it.
static enum drop_reason channel_refuses(const struct channel_params *params,
					struct channel_state *state, uint64_t arrival_at_ns,
					const struct channel_frame *frame, uint32_t *flags)
{
	if (params->skips & CHANNEL_GATE)
		return DROP_NONE;
	if (!channel_carries(params, state, arrival_at_ns))
		return DROP_CARRIER;
	if (!channel_fits_mtu(params, frame->bytes))
		return DROP_MTU;
	switch (police_offer(&params->police, &state->police, arrival_at_ns, frame->bytes)) {
	case POLICE_GREEN:
		break;
	case POLICE_YELLOW:
		*flags |= CHANNEL_YELLOW;
		break;
	case POLICE_RED:
		return DROP_POLICY;
	}
	return DROP_NONE;
}

// What the queue makes of an arrival. Plain tail drop, which is what most channels have, first.
static enum queue_verdict channel_queue(const struct channel_params *params,
					struct channel_state *state, uint64_t arrival_at_ns,
					const struct channel_frame *frame, uint64_t packet)
{
	uint64_t wait_ns = rate_wait_ns(&params->rate, &state->rate, arrival_at_ns);
	struct queue_arrival arrival = {.frame = frame,
					.rate = &params->rate,
					.at_ns = arrival_at_ns,
					.wait_ns = wait_ns,
					.packet = packet,
					.seed = params->seed,
					.random_key = params->random_key};

	if (wait_ns > INSTANT_LATEST_NS / 2)
		return QUEUE_FULL; // the line will never take it
	if (params->queue.kind == QUEUE_TAIL && params->queue.mark == QUEUE_UNLIMITED)
		return queue_admit(&params->queue, &state->queue, arrival_at_ns, wait_ns,
				   frame->bytes)
			       ? QUEUE_PASS
			       : QUEUE_FULL;
	return queue_offer(&params->queue, &state->queue, &arrival);
}

// The queue's verdict on a frame that does not wait any more; what it lets pass takes the line from
// fate->departs_at_ns, where it now is, to the far end.
static void channel_settle(const struct channel_params *params, struct channel_state *state,
			   enum queue_verdict verdict, const struct channel_frame *frame,
			   struct channel_fate *fate)
{
	if (verdict == QUEUE_FULL || verdict == QUEUE_EARLY) {
		fate->lost = verdict == QUEUE_FULL ? DROP_QUEUE : DROP_AQM;
		return;
	}
	if (verdict == QUEUE_MARK)
		fate->flags |= CHANNEL_MARKED;
	if (queue_is_managed(&params->queue)) {
		fate->departs_at_ns =
			rate_take(&params->rate, &state->rate, fate->departs_at_ns, frame->bytes);
	} else {
		fate->departs_at_ns =
			rate_offer(&params->rate, &state->rate, fate->departs_at_ns, frame->bytes);
	}
	if (params->rate.kind >= RATE_PROFILE && fate->departs_at_ns >= INSTANT_LATEST_NS) {
		fate->lost = DROP_QUEUE; // a line that has stopped for ever never ends it
		return;
	}
	if (!queue_is_managed(&params->queue))
		queue_push(&params->queue, &state->queue, fate->departs_at_ns, frame->bytes);
	channel_propagate(params, state, fate, frame);
}

// A fate as the caller gets it, field by field: read in wider parts than those in which it has just
// been written, it would have to wait for them to reach the cache, which is most of what a stage
// costs.
static struct channel_fate channel_tell(const volatile struct channel_fate *fate)
{
	return (struct channel_fate){.lost = fate->lost,
				     .flags = fate->flags,
				     .packet = fate->packet,
				     .departs_at_ns = fate->departs_at_ns,
				     .release_at_ns = fate->release_at_ns,
				     .copy_release_at_ns = fate->copy_release_at_ns};
}

struct channel_fate channel_enter_staged(const struct channel_params *params,
					 struct channel_state *state, uint64_t arrival_at_ns,
					 const struct channel_frame *frame)
{
	struct channel_fate fate = {.packet = state->packet++, .departs_at_ns = arrival_at_ns};
	struct channel_frame remarked;
	enum queue_verdict verdict;

	fate.lost = channel_refuses(params, state, arrival_at_ns, frame, &fate.flags);
	if (fate.lost != DROP_NONE)
		return channel_tell(&fate);
	if (params->skips & CHANNEL_LINE) {
		channel_propagate(params, state, &fate, frame);
		return channel_tell(&fate);
	}
	if (!rate_carries(&params->rate, frame->bytes)) {
		fate.lost = DROP_POLICY;
		return channel_tell(&fate);
	}
	if (fate.flags & CHANNEL_YELLOW && params->police.remarks) {
		remarked = *frame;
		remarked.dscp = params->police.yellow_dscp;
		frame = &remarked; // bands go by the new one
	}
	verdict = channel_queue(params, state, arrival_at_ns, frame, fate.packet);
	if (verdict != QUEUE_WAIT) {
		channel_settle(params, state, verdict, frame, &fate);
	} else if (queue_holds_one(&state->queue) &&
		   channel_due_ns(params, state) <= arrival_at_ns) {
		// An idle line takes it at once.
		uint32_t handle, flags = fate.flags;

		fate = channel_depart(params, state, arrival_at_ns, &handle);
		fate.flags |= flags;
	} else {
		rate_waited(&params->rate, &state->rate, arrival_at_ns, arrival_at_ns);
		fate.flags |= CHANNEL_WAITS;
	}
	return channel_tell(&fate);
}

// The propagation where it begins, which requests for capacity travel by.
static uint64_t channel_begins_ns(const struct channel_params *params)
{
	const struct profile *profile = params->delay_profile;

	if (profile)
		return profile->points[0].value > 0 ? (uint64_t)profile->points[0].value : 0;
	return params->delay_ns;
}

void channel_finish(struct channel_params *params)
{
	bool open;

	jitter_finish(&params->jitter);
	if (params->rate.kind == RATE_ACCESS)
		access_finish(&params->rate.access, channel_begins_ns(params));
	params->reads_headers =
		queue_reads_headers(&params->queue) || loss_reads_headers(&params->loss);
	params->skips = 0;
	params->most_bytes =
		params->mtu_bytes && params->mtu_bytes < UINT32_MAX - ETHERNET_HEADER_BYTES
			? params->mtu_bytes + ETHERNET_HEADER_BYTES
			: UINT32_MAX;
	open = params->carrier && !params->carrier_profile && params->police.kind == POLICE_NONE;
	if (open && params->mtu_bytes == 0)
		params->skips |= CHANNEL_GATE;
	if (params->rate.ns_per_byte_q32 == 0 && params->queue.limit == QUEUE_UNLIMITED &&
	    params->queue.kind == QUEUE_TAIL && params->queue.mark == QUEUE_UNLIMITED)
		params->skips |= CHANNEL_LINE;
	if (params->loss.kind == LOSS_NONE && !params->loss_profile)
		params->skips |= CHANNEL_LOSS;
	if (params->corrupt.chance.threshold == 0 && params->duplicate.chance.threshold == 0)
		params->skips |= CHANNEL_MISHAPS;
	if (params->jitter.kind == JITTER_NONE)
		params->skips |= CHANNEL_VARIES;
	if (params->reorder.gap == 0)
		params->skips |= CHANNEL_REORDERS;
	if (params->slot.packets == 0)
		params->skips |= CHANNEL_SLOTS;
	params->plain_loss = 0;
	if (params->loss.kind == LOSS_RANDOM && params->loss.correlation == 0 &&
	    !params->loss_profile && !params->loss.ecn)
		params->plain_loss = params->loss.random;
	params->in_bursts =
		open && (params->skips & CHANNEL_MISHAPS) && (params->skips & CHANNEL_REORDERS) &&
		(params->skips & CHANNEL_SLOTS) && params->rate.kind == RATE_CONSTANT &&
		params->queue.kind == QUEUE_TAIL && params->queue.mark == QUEUE_UNLIMITED &&
		params->loss.kind <= LOSS_STATES && !params->loss.ecn && !params->loss_profile;
	params->plain = open && (params->skips | CHANNEL_LOSS | CHANNEL_GATE) == CHANNEL_ALL &&
			!params->delay_profile && !params->jitter.order_free &&
			(params->plain_loss != 0 || params->skips & CHANNEL_LOSS);
}

uint64_t channel_due_ns(const struct channel_params *params, const struct channel_state *state)
{
	return queue_due_ns(&state->queue, &params->rate, &state->rate);
}

struct channel_fate channel_depart(const struct channel_params *params, struct channel_state *state,
				   uint64_t at_ns, uint32_t *handle)
{
	uint64_t due_at_ns = channel_due_ns(params, state);
	struct channel_fate fate = {.lost = DROP_NONE, .departs_at_ns = due_at_ns};
	struct waiting_entry left;
	enum queue_verdict verdict;

	*handle = UINT32_MAX;
	if (due_at_ns > at_ns)
		return fate;
	verdict = queue_next(&params->queue, &state->queue, due_at_ns,
			     rate_wait_ns(&params->rate, &state->rate, due_at_ns), &left);
	*handle = left.frame.handle;
	fate.packet = left.packet;
	rate_waited(&params->rate, &state->rate, left.arrival_at_ns, due_at_ns);
	channel_settle(params, state, verdict, &left.frame, &fate);
	return fate;
}

uint64_t channel_minimum_delay_ns(const struct channel_params *params)
{
	uint64_t serialisation_ns = rate_minimum_ns(&params->rate);
	uint64_t delay_ns = params->delay_ns;

	// A packet sent out of order skips the delay.
	if (params->reorder.gap != 0 && params->reorder.late_ns == 0)
		return serialisation_ns;
	if (params->delay_profile)
		delay_ns = params->delay_profile->minimum > 0
				   ? (uint64_t)params->delay_profile->minimum
				   : 0;
	return channel_arrives_at_ns(delay_ns, serialisation_ns,
				     jitter_minimum_ns(&params->jitter));
}
