// SPDX-License-Identifier: BSD-3-Clause
// The worker: moves packets between channels, sites and ports in order of time.
#include "dataplane/engine/worker.h"

#include <string.h>

#include "dataplane/engine/core.h"
#include "dataplane/engine/fetch.h"
#include "dataplane/engine/forward.h"
#include "dataplane/engine/lookup.h"
#include "dataplane/engine/parse.h"
#include "dataplane/engine/port_output.h"

#define ID_ORIGINATED (UINT64_C(1) << 63)

struct packet *worker_packet(struct worker *worker, packet_ref ref)
{
	return store_packet(worker->engine->store, ref);
}

const struct plan *worker_plan(const struct worker *worker)
{
	return worker->plan;
}

struct engine_site_counters *worker_site_counters(struct worker *worker, uint32_t site)
{
	return &worker->sites[site];
}

struct site_state *worker_site_state(struct worker *worker, uint32_t site)
{
	return worker->engine->site_states[site];
}

uint32_t worker_lookup4(const struct worker *worker, const uint8_t address[4])
{
	return lookup4(worker->plan->lookup, address);
}

uint32_t worker_lookup6(const struct worker *worker, const uint8_t address[16])
{
	return lookup6(worker->plan->lookup, address);
}

packet_ref core_take_packet(struct worker *worker, uint32_t length)
{
	packet_ref ref = store_take(&worker->store, (uint32_t)sizeof(struct packet) + length);
	struct packet *packet;

	if (ref == PACKET_NONE)
		return PACKET_NONE;
	packet = worker_packet(worker, ref);
	memset(packet, 0, sizeof(*packet));
	packet->destination = PLAN_NONE;
	packet->length = length;
	packet->wire_length = length;
	if (++worker->packets > worker->packets_most)
		worker->packets_most = worker->packets;
	return ref;
}

void core_end_packet(struct worker *worker, packet_ref ref)
{
	worker->packets--;
	store_give(&worker->store, ref);
}

packet_ref worker_originate(struct worker *worker, uint32_t site, uint32_t length)
{
	packet_ref ref = core_take_packet(worker, length);

	if (ref == PACKET_NONE)
		return PACKET_NONE;
	worker_packet(worker, ref)->id =
		ID_ORIGINATED | (uint64_t)site << 40 | worker->engine->site_sequence[site]++;
	worker->sites[site].originated++;
	return ref;
}

packet_ref worker_copy(struct worker *worker, packet_ref ref)
{
	uint32_t length = worker_packet(worker, ref)->length;
	packet_ref copy = core_take_packet(worker, length);

	if (copy == PACKET_NONE)
		return PACKET_NONE;
	memcpy(worker_packet(worker, copy), worker_packet(worker, ref),
	       sizeof(struct packet) + length);
	worker_packet(worker, copy)->flags |= PACKET_COPY;
	return copy;
}

packet_ref worker_part(struct worker *worker, packet_ref ref, uint32_t length)
{
	packet_ref part = core_take_packet(worker, length);
	struct packet *packet;

	if (part == PACKET_NONE)
		return PACKET_NONE;
	packet = worker_packet(worker, part);
	*packet = *worker_packet(worker, ref);
	packet->flags |= PACKET_COPY;
	packet->length = length;
	packet->wire_length = length;
	return part;
}

// Shows a packet to whoever observes.
static void show(struct worker *worker, struct engine_observation *observation, packet_ref ref,
		 uint64_t at_ns)
{
	struct engine *engine = worker->engine;
	struct packet *packet = worker_packet(worker, ref);

	packet_refresh_ttl(packet);
	observation->frame = (struct engine_frame){
		.at_ns = at_ns,
		.bytes = packet->frame,
		.length = packet->length,
		.wire_length = packet->wire_length,
		.packet = packet->id,
	};
	engine->observe(engine->observe_context, worker->index, observation);
}

void core_observe_channel(struct worker *worker, uint32_t channel, enum engine_point point,
			  packet_ref ref, uint64_t at_ns, enum drop_reason reason,
			  uint64_t due_at_ns)
{
	struct engine_observation observation = {
		.point = point,
		.channel = channel,
		.port = PLAN_NONE,
		.site = PLAN_NONE,
		.reason = reason,
		.due_at_ns = due_at_ns,
	};

	show(worker, &observation, ref, at_ns);
}

void core_observe_port(struct worker *worker, uint32_t port, enum engine_point point,
		       packet_ref ref, uint64_t at_ns)
{
	struct engine_observation observation = {.point = point,
						 .channel = PLAN_NONE,
						 .port = port,
						 .site = PLAN_NONE,
						 .reason = DROP_NONE};

	if (__builtin_expect(worker->engine->observe != NULL, 0))
		show(worker, &observation, ref, at_ns);
}

static void count_flow_loss(struct worker *worker, const struct packet *packet,
			    enum drop_reason reason)
{
	if (packet->flags & PACKET_FLOW)
		worker->flow_lost[packet->flow][reason]++;
}

void core_lose_in_channel(struct worker *worker, uint32_t channel, packet_ref ref,
			  enum drop_reason reason, uint64_t at_ns, uint64_t due_at_ns)
{
	worker->channels[channel].lost[reason]++;
	count_flow_loss(worker, worker_packet(worker, ref), reason);
	if (__builtin_expect(worker->engine->observe != NULL, 0))
		core_observe_channel(worker, channel, ENGINE_CHANNEL_LOST, ref, at_ns, reason,
				     due_at_ns);
	core_end_packet(worker, ref);
}

void worker_lose(struct worker *worker, uint32_t site, packet_ref ref, enum drop_reason reason,
		 uint64_t at_ns)
{
	struct engine_observation observation = {.point = ENGINE_SITE_LOST,
						 .channel = PLAN_NONE,
						 .port = PLAN_NONE,
						 .site = site,
						 .reason = reason};

	worker->sites[site].lost[reason]++;
	count_flow_loss(worker, worker_packet(worker, ref), reason);
	if (__builtin_expect(worker->engine->observe != NULL, 0))
		show(worker, &observation, ref, at_ns);
	core_end_packet(worker, ref);
}

void worker_consume(struct worker *worker, uint32_t site, packet_ref ref)
{
	worker->sites[site].local++;
	core_end_packet(worker, ref);
}

// Extends a flow packet's path mark by a channel, and remembers what the new mark stands for.
static void mark_path(struct worker *worker, struct packet *packet, uint32_t channel)
{
	uint32_t mark = (packet->path ^ (channel + 1)) * UINT32_C(0x9E3779B1);
	struct core_path *path;

	mark ^= mark >> 15;
	mark = (mark * UINT32_C(0x85EBCA77)) | 1;
	for (uint32_t i = mark;; i++) {
		path = &worker->paths[i % CORE_PATHS];
		if (path->mark == mark || path->mark == 0 || i - mark == 16)
			break;
	}
	if (path->mark == 0)
		*path = (struct core_path){mark, packet->path, channel};
	packet->path = mark;
}

void core_hold(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t release_at_ns,
	       bool out_of_order)
{
	struct flight *flight = &worker->engine->flights[channel];

	if (!flight_push(flight, &worker->store, release_at_ns, ref, out_of_order)) {
		core_lose_in_channel(worker, channel, ref, DROP_MEMORY, release_at_ns,
				     release_at_ns);
		return;
	}
	if (flight_count(flight) == 1 || flight->stray.count)
		agenda_set(&worker->agenda, channel, flight_due_ns(flight, worker->engine->store));
}

void core_schedule_departure(struct worker *worker, uint32_t channel)
{
	const struct engine *engine = worker->engine;

	agenda_set(
		&worker->agenda, core_source_of_departure(engine, channel),
		channel_due_ns(&worker->plan->channels[channel].params, &engine->states[channel]));
}

// To the far end of a channel, at this worker or another.
static void propagate(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t at_ns,
		      uint64_t release_at_ns, bool out_of_order)
{
	unsigned owner = core_exit_owner(worker->engine, &worker->plan->channels[channel]);
	struct hold_crossing crossing = {{release_at_ns, ref}, channel, out_of_order};

	if (owner == worker->index)
		core_hold(worker, channel, ref, release_at_ns, out_of_order);
	else if (!hold_push_crossing(&worker->outbox[owner], &worker->store, &crossing))
		core_lose_in_channel(worker, channel, ref, DROP_MEMORY, at_ns, release_at_ns);
}

// A packet's duplicate, or PACKET_NONE: made and lost at once where memory is out.
static packet_ref duplicate(struct worker *worker, uint32_t channel, packet_ref ref)
{
	packet_ref copy = worker_copy(worker, ref);

	worker->channels[channel].duplicated++;
	if (copy == PACKET_NONE)
		worker->channels[channel].lost[DROP_MEMORY]++;
	return copy;
}

// Marks that the queue has set.
static void mark(struct worker *worker, uint32_t channel, packet_ref ref)
{
	struct packet *packet = worker_packet(worker, ref);

	packet_refresh_ttl(packet);
	if (frame_mark_ce(packet->frame, packet->length))
		worker->channels[channel].marked++;
}

// The DSCP of what the policer found yellow.
static void remark(struct worker *worker, uint32_t channel, packet_ref ref)
{
	const struct police_params *police = &worker->plan->channels[channel].params.police;
	struct packet *packet = worker_packet(worker, ref);

	if (!police->remarks)
		return;
	packet_refresh_ttl(packet);
	frame_mark_dscp(packet->frame, packet->length, police->yellow_dscp);
}

// Flips bits. A router that gets the packet must look at its headers anew, like at one from
// outside.
static void damage(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t number)
{
	const struct channel_params *params = &worker->plan->channels[channel].params;
	struct packet *packet = worker_packet(worker, ref);

	packet_refresh_ttl(packet);
	if (packet->flags & (PACKET_IPV4 | PACKET_IPV6)) {
		packet->frame[12] = packet->flags & PACKET_IPV4 ? 0x08 : 0x86;
		packet->frame[13] = packet->flags & PACKET_IPV4 ? 0x00 : 0xdd;
	}
	corrupt_apply(&params->corrupt, params->seed, params->random_key, number, packet->frame,
		      packet->length);
	packet->flags |= PACKET_DAMAGED;
	packet->destination = PLAN_NONE;
	worker->channels[channel].corrupted++;
}

// All but the plain fate: marked, damaged, copied, out of order.
static void settle_slowly(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t at_ns,
			  const struct channel_fate *fate)
{
	packet_ref copy = PACKET_NONE;
	bool out_of_order = fate->flags & CHANNEL_REORDERED;

	if (fate->flags & CHANNEL_MARKED)
		mark(worker, channel, ref);
	if (fate->flags & CHANNEL_CORRUPTED)
		damage(worker, channel, ref, fate->packet);
	if (fate->flags & CHANNEL_COPIED)
		copy = duplicate(worker, channel, ref);
	if (out_of_order)
		worker->channels[channel].reordered++;
	propagate(worker, channel, ref, at_ns, fate->release_at_ns, out_of_order);
	// A copy never holds others back, nor do they go round it when a change moves them.
	if (copy != PACKET_NONE)
		propagate(worker, channel, copy, at_ns, fate->copy_release_at_ns, true);
}

// When a packet would have left the channel: known of what was sent and is lost on the way, but for
// its jitter, which is drawn for those that arrive. 0: it was never sent.
__attribute__((cold, noinline)) static uint64_t
was_due_ns(const struct worker *worker, uint32_t channel, const struct channel_fate *fate)
{
	const struct channel_params *params = &worker->plan->channels[channel].params;
	struct profile_cursor cursor = worker->engine->states[channel].delay_cursor;
	int64_t delay_ns = (int64_t)params->delay_ns;

	if (fate->lost != DROP_MODEL)
		return 0;
	if (params->delay_profile)
		delay_ns = profile_at(params->delay_profile, &cursor, fate->departs_at_ns);
	return fate->departs_at_ns + (uint64_t)(delay_ns > 0 ? delay_ns : 0);
}

// What the law has decided on a packet.
static void settle(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t at_ns,
		   const struct channel_fate *fate)
{
	if (fate->lost != DROP_NONE)
		core_lose_in_channel(worker, channel, ref, fate->lost, at_ns,
				     __builtin_expect(worker->engine->observe != NULL, 0)
					     ? was_due_ns(worker, channel, fate)
					     : 0);
	else if (__builtin_expect(fate->flags == 0, 1))
		propagate(worker, channel, ref, at_ns, fate->release_at_ns, false);
	else
		settle_slowly(worker, channel, ref, at_ns, fate);
}

void core_offered(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t at_ns,
		  const struct channel_fate *fate)
{
	if (__builtin_expect(fate->flags & CHANNEL_YELLOW, 0))
		remark(worker, channel, ref);
	if (__builtin_expect(fate->flags & CHANNEL_WAITS, 0))
		core_schedule_departure(worker, channel);
	else
		settle(worker, channel, ref, at_ns, fate);
}

void worker_offer(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t at_ns)
{
	struct engine *engine = worker->engine;
	const struct plan_channel *c = &worker->plan->channels[channel];
	struct engine_channel_counters *counters = &worker->channels[channel];
	struct packet *packet = worker_packet(worker, ref);
	struct channel_frame frame = {.bytes = packet->wire_length, .handle = ref};
	struct channel_fate fate;

	counters->entered++;
	counters->entered_bytes += packet->wire_length;
	if (packet->flags & PACKET_FLOW)
		mark_path(worker, packet, channel);
	if (__builtin_expect(engine->observe != NULL, 0))
		core_observe_channel(worker, channel, ENGINE_CHANNEL_ENTER, ref, at_ns, DROP_NONE,
				     0);
	if (__builtin_expect(c->params.reads_headers, 0))
		frame_read(packet->frame, packet->length, &frame);
	// What is due by now leaves first, whatever the order of the agenda.
	if (__builtin_expect(queue_may_hold(&engine->states[channel].queue), 0))
		core_depart(worker, channel, at_ns);
	fate = channel_enter(&c->params, &engine->states[channel], at_ns, &frame);
	core_offered(worker, channel, ref, at_ns, &fate);
}

void core_depart(struct worker *worker, uint32_t channel, uint64_t at_ns)
{
	const struct channel_params *params = &worker->plan->channels[channel].params;
	struct channel_state *state = &worker->engine->states[channel];

	while (channel_due_ns(params, state) <= at_ns) {
		uint32_t handle;
		struct channel_fate fate = channel_depart(params, state, at_ns, &handle);

		settle(worker, channel, handle, at_ns, &fate);
	}
	core_schedule_departure(worker, channel);
}

static void lose_at_port(struct worker *worker, uint32_t port, packet_ref ref,
			 enum drop_reason reason, uint64_t at_ns)
{
	struct engine_observation observation = {.point = ENGINE_PORT_LOST,
						 .channel = PLAN_NONE,
						 .port = port,
						 .site = PLAN_NONE,
						 .reason = reason};

	if (__builtin_expect(worker->engine->observe != NULL, 0))
		show(worker, &observation, ref, at_ns);
	core_end_packet(worker, ref);
}

void worker_transmit(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns)
{
	struct packet *packet = worker_packet(worker, ref);
	struct engine_port_counters *counters = &worker->ports[port];
	uint32_t mtu = worker->plan->ports[port].mtu_bytes;
	uint32_t most = mtu + PARSE_ETHERNET_BYTES;

	packet_refresh_ttl(packet);
	if (mtu && packet->wire_length > most &&
	    packet->wire_length > most + parse_tag_bytes(packet)) {
		counters->lost[DROP_MTU]++;
		count_flow_loss(worker, packet, DROP_MTU);
		lose_at_port(worker, port, ref, DROP_MTU, at_ns);
		return;
	}
	port_output(worker, port, ref, at_ns);
}

void core_port_receive(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns)
{
	struct engine_port_counters *counters = &worker->ports[port];
	struct packet *packet = worker_packet(worker, ref);

	packet->id = (uint64_t)(port + 1) << 40 | worker->engine->ports[port].sequence++;
	counters->received++;
	counters->received_bytes += packet->wire_length;
	core_port_input(worker, port, ref, at_ns);
}

void core_port_input(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns)
{
	const struct plan_port *p = &worker->plan->ports[port];

	core_observe_port(worker, port, ENGINE_PORT_IN, ref, at_ns);
	if (p->wire_channel != PLAN_NONE)
		worker_offer(worker, p->wire_channel, ref, at_ns);
	else
		site_input(worker, p->site, (struct ingress){port, PLAN_NONE}, ref, at_ns);
}

void core_advance(struct worker *worker, uint64_t until_ns)
{
	uint32_t channels = (uint32_t)worker->plan->channel_count;
	uint32_t ports = channels + (uint32_t)worker->plan->port_count;
	uint32_t flows = ports + (uint32_t)worker->plan->flow_count;
	struct agenda_item next;

	while ((next = agenda_first(&worker->agenda)).at_ns < until_ns) {
		agenda_take(&worker->agenda, next);
		if (worker->agenda.line_first != worker->agenda.line_end)
			fetch_ahead(worker);
		if (next.source < channels)
			core_release(worker, next.source, until_ns);
		else if (next.source < ports)
			file_port_input(worker, next.source - channels, next.at_ns);
		else if (next.source < flows)
			flow_send(worker, next.source - ports, next.at_ns);
		else
			core_depart(worker, next.source - flows, next.at_ns);
	}
}
