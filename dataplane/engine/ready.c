// SPDX-License-Identifier: BSD-3-Clause
// Which frames can be made ready, and when they may be handed over.
#include "dataplane/engine/ready.h"

#include "dataplane/engine/core.h"
#include "dataplane/engine/outlook.h"
#include "dataplane/engine/parse.h"
#include "dataplane/engine/port.h"

static struct port_device *device_of(const struct worker *worker)
{
	return worker->engine->ports[worker->ready.port].device;
}

// By which port does the packet leave? PLAN_NONE: it does not, or that cannot be told.
static uint32_t way_out(struct worker *worker, const struct packet *packet, uint64_t due_at_ns,
			struct outlook *outlook)
{
	const struct ready *ready = &worker->ready;
	uint32_t port = worker->plan->channels[ready->channel].to_port;

	if (ready->routed)
		return outlook_over_channel(worker, ready->channel, packet, due_at_ns, outlook)
			       ? outlook->port
			       : PLAN_NONE;
	return packet->flags & PACKET_TTL_STALE ? PLAN_NONE : port;
}

static bool fits(const struct worker *worker, uint32_t port, const struct packet *packet)
{
	uint32_t mtu_bytes = worker->plan->ports[port].mtu_bytes;

	return worker->engine->ports[port].device != NULL &&
	       (mtu_bytes == 0 ||
		packet->wire_length <= (uint64_t)mtu_bytes + PARSE_ETHERNET_BYTES);
}

// All leave by one port.
static bool add(struct worker *worker, packet_ref ref, uint64_t due_at_ns)
{
	struct ready *ready = &worker->ready;
	const struct packet *packet = store_packet(worker->engine->store, ref);
	struct outlook outlook;
	uint32_t port = way_out(worker, packet, due_at_ns, &outlook);
	uint8_t *frame;

	if (port == PLAN_NONE || (ready->count && port != ready->port) ||
	    !fits(worker, port, packet))
		return false;
	ready->port = port;
	frame = port_device_make_ready(device_of(worker), packet->frame, packet->length, due_at_ns);
	if (frame == NULL)
		return false;
	if (ready->routed)
		outlook_write(&outlook, packet, frame);
	ready->refs[ready->count] = ref;
	ready->due_at_ns[ready->count++] = due_at_ns;
	return true;
}

// The first packets of a queue, as far as they lie in its first chunk.
static void add_first(struct worker *worker, const struct hold *hold, uint64_t until_ns)
{
	const struct hold_chunk *chunk = store_block(worker->engine->store, hold->head);
	uint32_t last = hold->head_index + hold->count;

	last = last < HOLD_CHUNK_ENTRIES ? last : HOLD_CHUNK_ENTRIES;
	for (uint32_t i = hold->head_index; i < last && worker->ready.count < READY_MOST; i++) {
		if (chunk->release_at_ns[i] > until_ns ||
		    !add(worker, chunk->packets[i], chunk->release_at_ns[i]))
			break;
	}
}

void ready_prepare(struct worker *worker, uint64_t now_ns)
{
	const struct engine *engine = worker->engine;
	struct ready *ready = &worker->ready;
	uint32_t channel;

	if (ready->count || agenda_next_ns(&worker->agenda) > now_ns + READY_WINDOW_NS)
		return;
	channel = agenda_next_source(&worker->agenda);
	if (channel >= worker->plan->channel_count || engine->observe != NULL ||
	    engine->flights[channel].stray.count)
		return;
	ready->channel = channel;
	ready->routed = worker->plan->channels[channel].to_site != PLAN_NONE;
	add_first(worker, &engine->flights[channel].hold, now_ns + READY_WINDOW_NS);
}

void ready_send(struct worker *worker, uint64_t until_ns)
{
	struct agenda *agenda = &worker->agenda;
	struct ready *ready = &worker->ready;
	uint64_t before_ns = until_ns + 1;
	struct agenda_item beside;
	uint32_t sent = 0;

	if (ready->count == 0 || ready->sent || agenda_next_ns(agenda) > until_ns ||
	    agenda_next_source(agenda) != ready->channel || worker->engine->observe != NULL ||
	    worker->engine->flights[ready->channel].stray.count)
		return;
	beside = agenda_beside(agenda);
	if (beside.at_ns <= until_ns)
		before_ns = beside.at_ns + (ready->channel < beside.source);
	while (sent < ready->count && ready->due_at_ns[sent] < before_ns)
		sent++;
	if (sent)
		port_device_send_ready(device_of(worker), sent);
	ready->sent = sent;
}

void ready_settle(struct worker *worker, uint64_t until_ns)
{
	struct ready *ready = &worker->ready;
	uint32_t left = ready->count - ready->sent;

	if (left && ready->due_at_ns[ready->sent] <= until_ns) {
		ready_drop(worker);
		left = 0;
	}
	if (ready->sent == 0)
		return;
	for (uint32_t i = 0; i < left; i++) {
		ready->refs[i] = ready->refs[ready->sent + i];
		ready->due_at_ns[i] = ready->due_at_ns[ready->sent + i];
	}
	ready->count = left;
	ready->sent = 0;
	ready->ended = 0;
}

void ready_drop(struct worker *worker)
{
	struct ready *ready = &worker->ready;

	if (ready->count == ready->sent)
		return;
	port_device_drop_ready(device_of(worker));
	ready->count = ready->sent;
}

void worker_forget_ready(struct worker *worker)
{
	ready_drop(worker);
}
