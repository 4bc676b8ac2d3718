// SPDX-License-Identifier: BSD-3-Clause
// Direct queues. A ring remembers when each accepted packet leaves the serialiser, so the queue
// empties by arithmetic and needs no timer.
#include "dataplane/model/queue.h"

#include "dataplane/model/queue_managed.h"
#include "dataplane/model/rng.h"

// Frames within the limit, before rounding.
static uint64_t frames_within(const struct queue_params *params)
{
	switch (params->limit) {
	case QUEUE_PACKETS:
		return params->limit_amount;
	case QUEUE_BYTES:
		return params->limit_amount / QUEUE_SHORTEST_FRAME_BYTES + 1;
	case QUEUE_TIME:
		return params->capacity;
	case QUEUE_UNLIMITED:
		break;
	}
	return 0;
}

uint32_t queue_slots_needed(const struct queue_params *params)
{
	uint32_t slots = 1;

	if (queue_is_managed(params) || !queue_is_tracked(params))
		return 0;
	while (slots < frames_within(params) && slots < QUEUE_MAX_PACKETS)
		slots *= 2;
	return slots;
}

uint32_t queue_frames_held(const struct queue_params *params)
{
	uint64_t frames = frames_within(params);

	if (!queue_is_managed(params))
		return 0;
	if (params->kind == QUEUE_PRIO || params->kind == QUEUE_DRR)
		frames *= params->classes.count;
	return frames < UINT32_MAX ? (uint32_t)frames : UINT32_MAX;
}

// Each packet is forgotten once, so the loop costs one step a packet on average.
static void queue_forget(struct queue_state *state, uint64_t arrival_at_ns)
{
	while (state->count > 0 && state->slots[state->head].departs_at_ns <= arrival_at_ns) {
		state->bytes -= state->slots[state->head].frame_bytes;
		state->head = (state->head + 1) & (state->capacity - 1);
		state->count--;
	}
}

// Would a limit of that kind let the frame in? What has departed is forgotten.
static bool fits(const struct queue_state *state, enum queue_limit limit, uint64_t amount,
		 uint64_t wait_ns, uint32_t frame_bytes)
{
	switch (limit) {
	case QUEUE_PACKETS:
		return state->count < amount;
	case QUEUE_BYTES:
		return state->bytes + frame_bytes <= amount;
	case QUEUE_TIME:
		return wait_ns <= amount;
	case QUEUE_UNLIMITED:
		break;
	}
	return true;
}

bool queue_admit(const struct queue_params *params, struct queue_state *state,
		 uint64_t arrival_at_ns, uint64_t wait_ns, uint32_t frame_bytes)
{
	if (queue_is_tracked(params)) {
		queue_forget(state, arrival_at_ns);
		if (state->count >= state->capacity)
			return false;
	}
	return fits(state, params->limit, params->limit_amount, wait_ns, frame_bytes);
}

void queue_push(const struct queue_params *params, struct queue_state *state,
		uint64_t departs_at_ns, uint32_t frame_bytes)
{
	if (params->kind == QUEUE_PIE)
		state->pie.line_free_at_ns = departs_at_ns;
	if (!queue_is_tracked(params))
		return;
	state->slots[(state->head + state->count) & (state->capacity - 1)] =
		(struct queue_slot){.departs_at_ns = departs_at_ns, .frame_bytes = frame_bytes};
	state->count++;
	state->bytes += frame_bytes;
	if (params->kind == QUEUE_RED)
		state->red.idle_from_ns = departs_at_ns;
}

static uint32_t draw_of(const struct queue_arrival *arrival)
{
	return rng_draw(arrival->seed, arrival->random_key, RNG_QUEUE, arrival->packet);
}

// Congestion is judged before the limit is: RED's average counts every arrival. It does not rise
// above the backlog, so that most arrivals need no draw.
static enum aqm_verdict offer_red(const struct queue_params *params, struct queue_state *state,
				  const struct queue_arrival *arrival)
{
	uint32_t draw = 0;

	queue_forget(state, arrival->at_ns);
	if (state->bytes >= params->red.min_bytes ||
	    state->red.average >> 32 >= params->red.min_bytes)
		draw = draw_of(arrival);
	return red_offer(&params->red, &state->red, arrival->at_ns, state->bytes,
			 arrival->frame->ecn, draw);
}

static enum aqm_verdict offer_pie(const struct queue_params *params, struct queue_state *state,
				  const struct queue_arrival *arrival)
{
	uint64_t short_ns;

	// An idle line is free since its last departure, which queue_push has noted.
	if (arrival->wait_ns > 0)
		state->pie.line_free_at_ns = arrival->at_ns + arrival->wait_ns;
	pie_tick(&params->pie, &state->pie, arrival->at_ns);
	short_ns = 2 * rate_serialisation_ns(arrival->rate, params->pie.mtu_bytes);
	return pie_offer(&params->pie, &state->pie, arrival->wait_ns <= short_ns,
			 arrival->frame->ecn, state->pie.probability > 0 ? draw_of(arrival) : 0);
}

static enum aqm_verdict offer_tail(const struct queue_params *params,
				   const struct queue_state *state,
				   const struct queue_arrival *arrival)
{
	bool above = !fits(state, params->mark, params->mark_amount, arrival->wait_ns,
			   arrival->frame->bytes);

	return above && aqm_marks(params->mark_ect1_only, arrival->frame->ecn) ? AQM_MARK
									       : AQM_PASS;
}

enum queue_verdict queue_offer(const struct queue_params *params, struct queue_state *state,
			       const struct queue_arrival *arrival)
{
	enum aqm_verdict verdict = AQM_PASS;

	if (queue_is_managed(params))
		return managed_offer(params, state->waiting, arrival);
	if (params->kind == QUEUE_RED)
		verdict = offer_red(params, state, arrival);
	else if (params->kind == QUEUE_PIE)
		verdict = offer_pie(params, state, arrival);
	if (verdict == AQM_DROP)
		return QUEUE_EARLY;
	if (!queue_admit(params, state, arrival->at_ns, arrival->wait_ns, arrival->frame->bytes)) {
		if (params->kind == QUEUE_PIE)
			pie_overflow(&state->pie);
		return QUEUE_FULL;
	}
	if (params->kind == QUEUE_TAIL)
		verdict = offer_tail(params, state, arrival);
	return verdict == AQM_MARK ? QUEUE_MARK : QUEUE_PASS;
}
