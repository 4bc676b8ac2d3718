// SPDX-License-Identifier: BSD-3-Clause
// The pipeline of a channel. Each step belongs to its own file; here stands only their order.
#include "dataplane/model/channel.h"

#include "dataplane/model/rng.h"

#define ETHERNET_HEADER_BYTES 14

// One block of random words serves loss, the state of its chain, and jitter.
#define CHANNEL_BLOCK (RNG_LOSS / 4)
_Static_assert(RNG_LOSS_STATE / 4 == CHANNEL_BLOCK && RNG_JITTER / 4 == CHANNEL_BLOCK,
	       "a packet costs one Philox block at most");

static bool channel_fits_mtu(const struct channel_params *params, uint32_t frame_bytes)
{
	return params->mtu_bytes == 0 ||
	       frame_bytes <= (uint64_t)params->mtu_bytes + ETHERNET_HEADER_BYTES;
}

// Propagation ends here, never before it began and never past the end of time.
static uint64_t channel_arrives_at_ns(uint64_t delay_ns, uint64_t departs_at_ns,
				      int64_t deviation_ns)
{
	uint64_t early_ns = deviation_ns < 0 ? -(uint64_t)deviation_ns : 0;
	uint64_t late_ns = deviation_ns > 0 ? (uint64_t)deviation_ns : 0;
	uint64_t room_ns = UINT64_MAX - departs_at_ns;

	delay_ns = delay_ns > early_ns ? delay_ns - early_ns : 0;
	delay_ns = delay_ns <= UINT64_MAX - late_ns ? delay_ns + late_ns : UINT64_MAX;
	return departs_at_ns + (delay_ns < room_ns ? delay_ns : room_ns);
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
			  uint64_t departs_at_ns, const struct rng_block *random)
{
	uint32_t draw = random->word[RNG_LOSS % 4];

	if (params->loss_profile)
		return (int64_t)draw <
		       profile_at(params->loss_profile, &state->loss_cursor, departs_at_ns);
	return loss_offer(&params->loss, &state->loss, draw, random->word[RNG_LOSS_STATE % 4]);
}

// From the departure of the last bit to the far end.
static void channel_propagate(const struct channel_params *params, struct channel_state *state,
			      struct channel_fate *fate)
{
	struct rng_block random = {{0}};
	int64_t deviation_ns;

	if (params->loss.kind != LOSS_NONE || params->loss_profile ||
	    params->jitter.kind != JITTER_NONE)
		random = rng_block(params->seed, params->random_key, fate->packet, CHANNEL_BLOCK);
	if (channel_loses(params, state, fate->departs_at_ns, &random)) {
		fate->lost = DROP_MODEL;
		return;
	}
	deviation_ns = jitter_offer(&params->jitter, &state->jitter, random.word[RNG_JITTER % 4]);
	fate->release_at_ns = order_offer(
		&state->order,
		channel_arrives_at_ns(channel_delay_ns(params, state, fate->departs_at_ns),
				      fate->departs_at_ns, deviation_ns));
}

struct channel_fate channel_enter(const struct channel_params *params, struct channel_state *state,
				  uint64_t arrival_at_ns, const struct channel_frame *frame)
{
	struct channel_fate fate = {
		.lost = DROP_NONE, .packet = state->packet++, .departs_at_ns = arrival_at_ns};
	uint64_t wait_ns;

	if (!channel_carries(params, state, arrival_at_ns)) {
		fate.lost = DROP_CARRIER;
		return fate;
	}
	if (!channel_fits_mtu(params, frame->bytes)) {
		fate.lost = DROP_MTU;
		return fate;
	}
	wait_ns = rate_wait_ns(&params->rate, &state->rate, arrival_at_ns);
	if (!queue_admit(&params->queue, &state->queue, arrival_at_ns, wait_ns, frame->bytes)) {
		fate.lost = DROP_QUEUE;
		return fate;
	}
	fate.departs_at_ns = rate_offer(&params->rate, &state->rate, arrival_at_ns, frame->bytes);
	queue_push(&params->queue, &state->queue, fate.departs_at_ns, frame->bytes);
	channel_propagate(params, state, &fate);
	return fate;
}

void channel_finish(struct channel_params *params)
{
	params->reads_headers = false;
}

uint64_t channel_due_ns(const struct channel_params *params, const struct channel_state *state)
{
	(void)params;
	(void)state;
	return CHANNEL_NEVER;
}

struct channel_fate channel_depart(const struct channel_params *params, struct channel_state *state,
				   uint64_t at_ns, uint32_t *handle)
{
	(void)params;
	(void)state;
	*handle = UINT32_MAX;
	return (struct channel_fate){.lost = DROP_NONE, .departs_at_ns = at_ns};
}

uint64_t channel_minimum_delay_ns(const struct channel_params *params)
{
	// The shortest frame on an idle line; rate_offer rounds an instant down, so does this.
	struct rate_state idle = {0};
	uint64_t serialisation_ns = rate_offer(&params->rate, &idle, 0, 0);
	uint64_t delay_ns = params->delay_ns;

	if (params->delay_profile)
		delay_ns = params->delay_profile->minimum > 0
				   ? (uint64_t)params->delay_profile->minimum
				   : 0;
	return channel_arrives_at_ns(delay_ns, serialisation_ns,
				     jitter_minimum_ns(&params->jitter));
}
