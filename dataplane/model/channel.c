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
static uint64_t channel_arrives_at_ns(const struct channel_params *params, uint64_t departs_at_ns,
				      int64_t deviation_ns)
{
	uint64_t early_ns = deviation_ns < 0 ? -(uint64_t)deviation_ns : 0;
	uint64_t late_ns = deviation_ns > 0 ? (uint64_t)deviation_ns : 0;
	uint64_t delay_ns = params->delay_ns > early_ns ? params->delay_ns - early_ns : 0;
	uint64_t room_ns = UINT64_MAX - departs_at_ns;

	delay_ns = delay_ns <= UINT64_MAX - late_ns ? delay_ns + late_ns : UINT64_MAX;
	return departs_at_ns + (delay_ns < room_ns ? delay_ns : room_ns);
}

struct channel_fate channel_offer(const struct channel_params *params, struct channel_state *state,
				  uint64_t arrival_at_ns, uint32_t frame_bytes)
{
	struct channel_fate fate = {.lost = DROP_NONE, .departs_at_ns = arrival_at_ns};
	uint64_t packet = state->packet++;
	struct rng_block random = {{0}};
	uint64_t wait_ns;

	if (!params->carrier) {
		fate.lost = DROP_CARRIER;
		return fate;
	}
	if (!channel_fits_mtu(params, frame_bytes)) {
		fate.lost = DROP_MTU;
		return fate;
	}
	wait_ns = rate_wait_ns(&params->rate, &state->rate, arrival_at_ns);
	if (!queue_admit(&params->queue, &state->queue, arrival_at_ns, wait_ns, frame_bytes)) {
		fate.lost = DROP_QUEUE;
		return fate;
	}
	fate.departs_at_ns = rate_offer(&params->rate, &state->rate, arrival_at_ns, frame_bytes);
	queue_push(&params->queue, &state->queue, fate.departs_at_ns, frame_bytes);

	if (params->loss.kind != LOSS_NONE || params->jitter.kind != JITTER_NONE)
		random = rng_block(params->seed, params->random_key, packet, CHANNEL_BLOCK);
	if (loss_offer(&params->loss, &state->loss, random.word[RNG_LOSS % 4],
		       random.word[RNG_LOSS_STATE % 4])) {
		fate.lost = DROP_MODEL;
		return fate;
	}
	fate.release_at_ns = order_offer(
		&state->order, channel_arrives_at_ns(params, fate.departs_at_ns,
						     jitter_offer(&params->jitter, &state->jitter,
								  random.word[RNG_JITTER % 4])));
	return fate;
}

uint64_t channel_minimum_delay_ns(const struct channel_params *params)
{
	// The shortest frame on an idle line; rate_offer rounds an instant down, so does this.
	struct rate_state idle = {0};
	uint64_t serialisation_ns = rate_offer(&params->rate, &idle, 0, 0);

	return channel_arrives_at_ns(params, serialisation_ns, jitter_minimum_ns(&params->jitter));
}
