// SPDX-License-Identifier: BSD-3-Clause
// Fetches the way of the packets that come next, a step of it at each place in the line.
#include "dataplane/engine/fetch.h"

#include "dataplane/engine/core.h"

// What has been found out at a place, if all steps before it were made.
static inline struct core_fetch *note_at(struct worker *worker, uint32_t place)
{
	struct core_fetch *note = &worker->fetch[(worker->agenda.line_first + place) % CORE_FETCH];

	if (note->next_place != place)
		return NULL;
	note->next_place = 0;
	return note;
}

static void fetch_source(const struct worker *worker, uint32_t source)
{
	const struct engine *engine = worker->engine;
	uint32_t first_flow = core_source_of_flow(engine, 0);
	uint32_t flow = source - first_flow;

	if (source < worker->plan->channel_count) {
		__builtin_prefetch(&engine->flights[source], 1);
		__builtin_prefetch(&worker->plan->channels[source]);
		__builtin_prefetch(&worker->channels[source], 1);
	} else if (source >= first_flow && flow < worker->plan->flow_count) {
		__builtin_prefetch(&engine->senders[flow], 1);
		__builtin_prefetch(&worker->plan->flows[flow]);
		__builtin_prefetch((const char *)&worker->plan->flows[flow] + 64);
	}
}

static void fetch_entry(const struct worker *worker, uint32_t channel)
{
	const struct hold *hold = &worker->engine->flights[channel].hold;
	const struct hold_chunk *chunk;

	if (hold->count == 0)
		return;
	chunk = store_block(worker->engine->store, hold->head);
	__builtin_prefetch(&chunk->release_at_ns[hold->head_index], 1);
	__builtin_prefetch(&chunk->packets[hold->head_index], 1);
}

// The packet, too, is noted, as the next steps begin with it.
static void fetch_packet(struct worker *worker, uint32_t channel)
{
	struct core_fetch *note =
		&worker->fetch[(worker->agenda.line_first + FETCH_PACKET) % CORE_FETCH];
	const struct hold *hold = &worker->engine->flights[channel].hold;

	note->next_place = 0;
	if (hold->count == 0 || worker->plan->channels[channel].to_site == PLAN_NONE)
		return;
	note->site = worker->plan->channels[channel].to_site;
	note->packet =
		store_packet(worker->engine->store, hold_first(hold, worker->engine->store).packet);
	__builtin_prefetch(note->packet, 1);
	note->next_place = FETCH_DESTINATION;
}

static void fetch_destination(struct worker *worker)
{
	struct core_fetch *note = note_at(worker, FETCH_DESTINATION);
	const struct plan *plan = worker->plan;

	if (note == NULL || note->packet->destination >= plan->destination_count ||
	    plan->rows[note->site] == NULL)
		return;
	note->step = &plan->destinations[note->packet->destination];
	__builtin_prefetch(note->step);
	note->next_place = FETCH_WAY;
}

static void fetch_receiver(const struct worker *worker, const struct packet *packet)
{
	const struct core_flow_receiver *receiver = &worker->engine->receivers[packet->flow];

	__builtin_prefetch(receiver, 1);
	__builtin_prefetch((const char *)receiver + 64, 1);
	__builtin_prefetch(&receiver->delay, 1);
	__builtin_prefetch((const char *)packet + 64);
}

static void fetch_way(struct worker *worker)
{
	struct core_fetch *note = note_at(worker, FETCH_WAY);
	const struct plan_destination *destination;

	if (note == NULL)
		return;
	destination = note->step;
	if (destination->site == note->site) {
		if (note->packet->flags & PACKET_FLOW &&
		    note->packet->flow < worker->plan->flow_count)
			fetch_receiver(worker, note->packet);
		return;
	}
	note->step = &worker->plan->rows[note->site]->ways[destination->site];
	__builtin_prefetch(note->step);
	note->next_place = FETCH_GROUP;
}

static void fetch_group(struct worker *worker)
{
	struct core_fetch *note = note_at(worker, FETCH_GROUP);
	uint32_t way = note ? *(const uint32_t *)note->step : 0;

	if (way == 0)
		return;
	note->step = &worker->plan->groups[way - 1];
	__builtin_prefetch(note->step);
	note->next_place = FETCH_ADJACENCY;
}

// The first of equal ways, which is most often the only one.
static void fetch_adjacency(struct worker *worker)
{
	struct core_fetch *note = note_at(worker, FETCH_ADJACENCY);
	const struct plan_group *group;

	if (note == NULL)
		return;
	group = note->step;
	note->step = &worker->plan->adjacencies[group->adjacency[0]];
	__builtin_prefetch(note->step);
	note->next_place = FETCH_CHANNEL;
}

static void fetch_channel(struct worker *worker)
{
	const struct core_fetch *note = note_at(worker, FETCH_CHANNEL);
	const struct engine *engine = worker->engine;
	uint32_t channel;

	if (note == NULL)
		return;
	channel = ((const struct plan_adjacency *)note->step)->channel;
	__builtin_prefetch(&worker->plan->channels[channel]);
	__builtin_prefetch(&engine->states[channel], 1);
	__builtin_prefetch(&engine->flights[channel], 1);
	__builtin_prefetch(&worker->channels[channel], 1);
}

void fetch_ahead(struct worker *worker)
{
	const struct agenda *agenda = &worker->agenda;
	uint32_t channels = (uint32_t)worker->plan->channel_count;
	uint32_t source = agenda_ahead(agenda, FETCH_SOURCE);

	if (source != AGENDA_NO_SOURCE)
		fetch_source(worker, source);
	source = agenda_ahead(agenda, FETCH_ENTRY);
	if (source < channels)
		fetch_entry(worker, source);
	source = agenda_ahead(agenda, FETCH_PACKET);
	if (source < channels)
		fetch_packet(worker, source);
	fetch_destination(worker);
	fetch_way(worker);
	fetch_group(worker);
	fetch_adjacency(worker);
	fetch_channel(worker);
}
