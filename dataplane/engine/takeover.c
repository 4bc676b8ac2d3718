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
	struct hold *hold = &engine->holds[channel];

	while (hold->count) {
		struct hold_entry entry = *hold_first(hold, engine->store);

		hold_pop(hold, &owner->store);
		core_lose_in_channel(owner, channel, entry.packet, DROP_CUT, at_ns,
				     entry.release_at_ns);
	}
	agenda_set(&owner->agenda, channel, AGENDA_NEVER);
}

// Moves a release by the difference of delays: never before the change, never before the one ahead.
static uint64_t move(uint64_t release_at_ns, int64_t by_ns, uint64_t least_ns)
{
	uint64_t moved;

	if (by_ns < 0 && release_at_ns < (uint64_t)-by_ns)
		moved = 0;
	else
		moved = release_at_ns + (uint64_t)by_ns;
	return moved > least_ns ? moved : least_ns;
}

static void retime(struct engine *engine, uint32_t channel, int64_t by_ns, uint64_t at_ns)
{
	struct worker *owner =
		&engine->workers[core_exit_owner(engine, &engine->plan->channels[channel])];
	struct hold *hold = &engine->holds[channel];
	struct order_state *order = &engine->states[channel].order;
	uint32_t chunk = hold->head;
	uint32_t index = hold->head_index;
	uint64_t least_ns = at_ns;

	for (uint32_t i = 0; i < hold->count; i++) {
		struct hold_chunk *entries = store_block(engine->store, chunk);
		struct hold_entry *entry = &entries->entries[index];

		entry->release_at_ns = move(entry->release_at_ns, by_ns, least_ns);
		least_ns = entry->release_at_ns;
		owner->channels[channel].retimed++;
		if (++index == HOLD_CHUNK_ENTRIES) {
			chunk = entries->next;
			index = 0;
		}
	}
	order->last_release_at_ns = least_ns;
	if (hold->count)
		agenda_set(&owner->agenda, channel, hold_first(hold, engine->store)->release_at_ns);
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
	return before;
}
