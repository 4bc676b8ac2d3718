// SPDX-License-Identifier: BSD-3-Clause
// Tail drop. The ring remembers when each accepted packet leaves the serialiser, so the queue
// empties by arithmetic and needs no timer.
#include "dataplane/model/queue.h"

#include <errno.h>
#include <inttypes.h>

#define QUEUE_MAX_PACKETS (1u << 20)
#define QUEUE_MAX_BYTES   ((uint64_t)QUEUE_MAX_PACKETS * 60)

// The shortest frame that a byte limit is dimensioned for: Ethernet, IPv4 and UDP headers without
// payload, which is also the length of an ARP request. On the wire it would be padded to 60, but
// captures on a virtual interface hold it as it is.
#define QUEUE_SHORTEST_FRAME_BYTES 42

uint32_t queue_slots_needed(const struct queue_params *params)
{
	uint64_t wanted;
	uint32_t slots = 1;

	if (params->limit == QUEUE_PACKETS)
		wanted = params->limit_amount;
	else if (params->limit == QUEUE_BYTES)
		wanted = params->limit_amount / QUEUE_SHORTEST_FRAME_BYTES + 1;
	else
		return 0;
	while (slots < wanted && slots < QUEUE_MAX_PACKETS)
		slots *= 2;
	return slots;
}

int queue_make_params(enum queue_limit limit, uint64_t amount, const char *where,
		      struct queue_params *params, struct error *error)
{
	if (limit == QUEUE_UNLIMITED) {
		*params = (struct queue_params){.limit = QUEUE_UNLIMITED};
		return 0;
	}
	if (limit != QUEUE_PACKETS && limit != QUEUE_BYTES && limit != QUEUE_TIME)
		return error_set(error, -EINVAL, where,
				 "queue limit of unknown kind %d: use packets, bytes or a time",
				 (int)limit);
	if (amount == 0)
		return error_set(error, -EINVAL, where,
				 "queue limit 0 would lose every packet: give at least 1, or leave "
				 "the limit out for an unlimited queue");
	if (limit == QUEUE_PACKETS && amount > QUEUE_MAX_PACKETS)
		return error_set(error, -EINVAL, where,
				 "queue limit of %" PRIu64 " packets is more than %u: lower it, or "
				 "give the limit as a time",
				 amount, QUEUE_MAX_PACKETS);
	if (limit == QUEUE_BYTES && amount > QUEUE_MAX_BYTES)
		return error_set(error, -EINVAL, where,
				 "queue limit of %" PRIu64 " bytes is more than %" PRIu64
				 ": lower it, or give the limit as a time",
				 amount, QUEUE_MAX_BYTES);
	*params = (struct queue_params){.limit = limit, .limit_amount = amount};
	return 0;
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

bool queue_admit(const struct queue_params *params, struct queue_state *state,
		 uint64_t arrival_at_ns, uint64_t wait_ns, uint32_t frame_bytes)
{
	switch (params->limit) {
	case QUEUE_PACKETS:
		queue_forget(state, arrival_at_ns);
		return state->count < params->limit_amount && state->count < state->capacity;
	case QUEUE_BYTES:
		queue_forget(state, arrival_at_ns);
		return state->bytes + frame_bytes <= params->limit_amount &&
		       state->count < state->capacity;
	case QUEUE_TIME:
		return wait_ns <= params->limit_amount;
	case QUEUE_UNLIMITED:
		break;
	}
	return true;
}

void queue_push(const struct queue_params *params, struct queue_state *state,
		uint64_t departs_at_ns, uint32_t frame_bytes)
{
	if (params->limit != QUEUE_PACKETS && params->limit != QUEUE_BYTES)
		return;
	state->slots[(state->head + state->count) & (state->capacity - 1)] =
		(struct queue_slot){.departs_at_ns = departs_at_ns, .frame_bytes = frame_bytes};
	state->count++;
	state->bytes += frame_bytes;
}
