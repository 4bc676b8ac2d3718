// SPDX-License-Identifier: BSD-3-Clause
// A new plan takes over at an exact instant: what it does to packets in flight, and the swap
// itself.
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/core.h"

// Puts the new memory of queues in place of the old, which the plan then owns.
static void change_queues(struct engine *engine, struct plan *next)
{
	const struct plan *before = engine->plan;

	for (size_t i = 0; i < next->queue_count; i++) {
		struct plan_queue *changed = &next->queues[i];
		const struct channel_params *to = &next->channels[changed->channel].params;
		struct queue_state *state = &engine->states[changed->channel].queue;
		void *memory = changed->memory;

		changed->memory = NULL;
		if (before)
			changed->memory = queue_migrate(
				&before->channels[changed->channel].params.queue, &to->queue,
				&to->rate, state, memory, next->valid_from_ns);
		else
			queue_attach(&to->queue, state, memory, next->valid_from_ns);
	}
}

// What the change has thrown out, or put on the line, leaves now: its old memory goes with the
// plan.
static void empty_queues(struct engine *engine, const struct plan *next)
{
	for (size_t i = 0; i < next->queue_count; i++) {
		uint32_t channel = next->queues[i].channel;

		core_depart(&engine->workers[core_entry_owner(engine, &next->channels[channel])],
			    channel, next->valid_from_ns);
	}
}

// So is what waits for the line.
static void cut_waiting(struct engine *engine, uint32_t channel, uint64_t at_ns)
{
	const struct plan_channel *c = &engine->plan->channels[channel];
	struct worker *owner = &engine->workers[core_entry_owner(engine, c)];
	struct waiting_entry left;

	while (queue_take(&c->params.queue, &engine->states[channel].queue, &left))
		core_lose_in_channel(owner, channel, left.frame.handle, DROP_CUT, at_ns, 0);
}

// Everything in flight on a channel is lost at the instant of the change.
static void cut(struct engine *engine, uint32_t channel, uint64_t at_ns)
{
	struct worker *owner =
		&engine->workers[core_exit_owner(engine, &engine->plan->channels[channel])];
	struct flight *flight = &engine->flights[channel];
	struct order_state *order = &engine->states[channel].order;

	while (flight_count(flight)) {
		uint64_t due_at_ns;
		packet_ref ref = flight_pop(flight, &owner->store, &due_at_ns);

		core_lose_in_channel(owner, channel, ref, DROP_CUT, at_ns, due_at_ns);
	}
	agenda_set(&owner->agenda, channel, AGENDA_NEVER);
	// Nobody waits for what is lost.
	if (order->last_release_at_ns > at_ns)
		order->last_release_at_ns = at_ns;
	cut_waiting(engine, channel, at_ns);
}

static void retime(struct engine *engine, uint32_t channel, int64_t by_ns, uint64_t at_ns)
{
	struct worker *owner =
		&engine->workers[core_exit_owner(engine, &engine->plan->channels[channel])];
	struct flight *flight = &engine->flights[channel];
	struct order_state *order = &engine->states[channel].order;

	owner->channels[channel].retimed += flight_move(flight, &owner->store, by_ns, at_ns);
	// What comes behind keeps its place behind those that have moved; copies hold nobody back.
	if (order->last_release_at_ns >= at_ns)
		order->last_release_at_ns =
			flight_moved_ns(order->last_release_at_ns, by_ns, at_ns);
	agenda_set(&owner->agenda, channel, flight_due_ns(flight, engine->store));
}

static void touch(struct engine *engine, const struct plan *next,
		  const struct plan_touched *touched)
{
	const struct channel_params *before = &engine->plan->channels[touched->channel].params;

	if (touched->inflight == PLAN_CUT)
		cut(engine, touched->channel, next->valid_from_ns);
	else if (touched->inflight == PLAN_RETIME)
		retime(engine, touched->channel, (int64_t)(touched->delay_ns - before->delay_ns),
		       next->valid_from_ns);
}

struct plan *takeover(struct engine *engine)
{
	struct plan *next = engine->pending;
	struct plan *before = engine->plan;

	engine->pending = NULL;
	for (size_t i = 0; before && i < next->touched_count; i++)
		touch(engine, next, &next->touched[i]);
	change_queues(engine, next);
	engine->plan = next;
	for (unsigned i = 0; i < engine->worker_count; i++) {
		engine->workers[i].plan = next;
		memset(engine->workers[i].fetch, 0, sizeof(engine->workers[i].fetch));
	}
	partition(engine, !before);
	empty_queues(engine, next);
	return before;
}
