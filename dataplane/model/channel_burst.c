// SPDX-License-Identifier: BSD-3-Clause
// The stages of a burst, each a loop of its own: what packets have to wait for each other for is
// little (the line, the chains of loss and jitter, order), and the rest of them goes side by side.
#include "dataplane/model/channel_burst.h"

#include "dataplane/model/instant.h"

// Tail drop by what is known now. Frames that come together wait longer one by one, so the queue
// lets the first ones in.
static unsigned burst_on_line(const struct channel_params *params, struct channel_state *state,
			      uint64_t arrival_at_ns, const uint32_t *frame_bytes, unsigned count,
			      uint64_t *departs_at_ns)
{
	const struct queue_params *queue = &params->queue;
	bool tracked = queue_is_tracked(queue);
	uint64_t most_wait_ns = INSTANT_LATEST_NS / 2;

	if (!tracked && params->rate.ns_per_byte_q32 == 0) { // nobody waits
		for (unsigned i = 0; i < count; i++)
			departs_at_ns[i] = arrival_at_ns;
		return count;
	}
	if (queue->limit == QUEUE_TIME && queue->limit_amount < most_wait_ns)
		most_wait_ns = queue->limit_amount;
	if (!tracked)
		return rate_offer_many(&params->rate, &state->rate, arrival_at_ns, most_wait_ns,
				       frame_bytes, count, departs_at_ns);
	for (unsigned i = 0; i < count; i++) {
		uint64_t wait_ns = rate_wait_ns(&params->rate, &state->rate, arrival_at_ns);

		if (wait_ns > most_wait_ns ||
		    !queue_admit(queue, &state->queue, arrival_at_ns, wait_ns, frame_bytes[i]))
			return i;
		departs_at_ns[i] =
			rate_offer(&params->rate, &state->rate, arrival_at_ns, frame_bytes[i]);
		queue_push(queue, &state->queue, departs_at_ns[i], frame_bytes[i]);
	}
	return count;
}

// The delay of each, and the jitter's deviation from it: when it would arrive if nobody were ahead.
static void burst_propagate(const struct channel_params *params, struct channel_state *state,
			    unsigned count, struct channel_burst *burst)
{
	if (params->delay_profile) {
		for (unsigned i = 0; i < count; i++) {
			int64_t delay_ns = profile_at(params->delay_profile, &state->delay_cursor,
						      burst->departs_at_ns[i]);

			burst->release_at_ns[i] = channel_arrives_at_ns(
				delay_ns > 0 ? (uint64_t)delay_ns : 0, burst->departs_at_ns[i],
				burst->deviation_ns[i]);
		}
		return;
	}
	for (unsigned i = 0; i < count; i++)
		burst->release_at_ns[i] = channel_arrives_at_ns(
			params->delay_ns, burst->departs_at_ns[i], burst->deviation_ns[i]);
}

// None of them lost, and order kept.
static void burst_keep_order(struct channel_state *state, unsigned count,
			     struct channel_burst *burst)
{
	uint64_t last_ns = state->order.last_release_at_ns;

	for (unsigned i = 0; i < count; i++) {
		last_ns = burst->release_at_ns[i] > last_ns ? burst->release_at_ns[i] : last_ns;
		burst->release_at_ns[i] = last_ns;
	}
	state->order.last_release_at_ns = last_ns;
	burst->reordered = 0;
}

// Lost ones hold nobody back: they count as released with the one before.
static void burst_order(const struct channel_params *params, struct channel_state *state,
			unsigned count, struct channel_burst *burst)
{
	uint64_t last_ns = state->order.last_release_at_ns, reordered = 0;

	if (burst->lost == 0 && !params->jitter.order_free) {
		burst_keep_order(state, count, burst);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		uint64_t at_ns = burst->lost >> i & 1 ? last_ns : burst->release_at_ns[i];

		reordered |= (uint64_t)(at_ns < last_ns) << i;
		last_ns = at_ns < last_ns ? last_ns : at_ns;
		burst->release_at_ns[i] = params->jitter.order_free ? at_ns : last_ns;
	}
	state->order.last_release_at_ns = last_ns;
	burst->reordered = params->jitter.order_free ? reordered : 0;
}

unsigned channel_enter_burst(const struct channel_params *params, struct channel_state *state,
			     uint64_t arrival_at_ns, const uint32_t *frame_bytes, unsigned count,
			     struct channel_burst *burst)
{
	const struct rng_burst *draws = &burst->draws;

	count = burst_on_line(params, state, arrival_at_ns, frame_bytes, count,
			      burst->departs_at_ns);
	if (params->loss.kind != LOSS_NONE || params->jitter.kind != JITTER_NONE)
		rng_burst_fill(&burst->draws, params->seed, params->random_key, state->packet,
			       count, RNG_LOSS / 4);
	burst->lost = loss_offer_many(&params->loss, &state->loss, draws->word[RNG_LOSS % 4],
				      draws->word[RNG_LOSS_STATE % 4], count);
	jitter_offer_many(&params->jitter, &state->jitter, burst->departs_at_ns,
			  draws->word[RNG_JITTER % 4], count, burst->deviation_ns);
	burst_propagate(params, state, count, burst);
	burst_order(params, state, count, burst);
	state->packet += count;
	return count;
}
