// SPDX-License-Identifier: BSD-3-Clause
// A new plan takes over at an exact instant: what it does to packets in flight, and the swap
// itself.
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/core.h"

// Puts the larger queue memory of a plan in place of the old, which the plan then owns.
static void grow_queues(struct engine *engine, struct plan *plan)
{
	for (size_t i = 0; i < plan->queue_count; i++) {
		struct plan_queue *grown = &plan->queues[i];
		struct queue_state *queue = &engine->states[grown->channel].queue;
		struct queue_slot *old = queue->slots;

		for (uint32_t k = 0; k < queue->count; k++)
			grown->slots[k] = old[(queue->head + k) & (queue->capacity - 1)];
		queue->slots = grown->slots;
		queue->capacity = grown->capacity;
		queue->head = 0;
		grown->slots = old;
	}
}

// Everything in flight on a channel is lost at the instant of the change.
static void cut(struct engine *engine, uint32_t channel, uint64_t at_ns)
{
	struct worker *owner =
		&engine->workers[core_exit_owner(engine, &engine->plan->channels[channel])];
	struct flight *flight = &engine->flights[channel];

	while (flight_count(flight)) {
		uint64_t due_at_ns;
		packet_ref ref = flight_pop(flight, &owner->store, &due_at_ns);

		core_lose_in_channel(owner, channel, ref, DROP_CUT, at_ns, due_at_ns);
	}
	agenda_set(&owner->agenda, channel, AGENDA_NEVER);
}

static void retime(struct engine *engine, uint32_t channel, int64_t by_ns, uint64_t at_ns)
{
	struct worker *owner =
		&engine->workers[core_exit_owner(engine, &engine->plan->channels[channel])];
	struct flight *flight = &engine->flights[channel];

	owner->channels[channel].retimed += flight_move(flight, &owner->store, by_ns, at_ns);
	engine->states[channel].order.last_release_at_ns = flight->last_release_at_ns;
	agenda_set(&owner->agenda, channel, flight_due_ns(flight, engine->store));
}

static void touch(struct engine *engine, const struct plan *next,
		  const struct plan_touched *touched)
{
	const struct channel_params *before = &engine->plan->channels[touched->channel].params;
	const struct channel_params *after = &next->channels[touched->channel].params;

	if (touched->inflight == PLAN_CUT)
		cut(engine, touched->channel, next->valid_from_ns);
	else if (touched->inflight == PLAN_RETIME)
		retime(engine, touched->channel, (int64_t)(after->delay_ns - before->delay_ns),
		       next->valid_from_ns);
}

struct plan *takeover(struct engine *engine)
{
	struct plan *next = engine->pending;
	struct plan *before = engine->plan;

	engine->pending = NULL;
	grow_queues(engine, next);
	for (size_t i = 0; before && i < next->touched_count; i++)
		touch(engine, next, &next->touched[i]);
	engine->plan = next;
	for (unsigned i = 0; i < engine->worker_count; i++)
		engine->workers[i].plan = next;
	partition(engine);
	// A queue may have begun or ceased to be a managed one, or its line may be free sooner.
	for (uint32_t i = 0; before && engine->worker_count == 1 && i < next->channel_count; i++)
		core_schedule_departure(&engine->workers[0], i);
	return before;
}
