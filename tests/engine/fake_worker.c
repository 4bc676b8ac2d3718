// SPDX-License-Identifier: BSD-3-Clause
// A worker for the tests of site code alone.
#include "tests/engine/fake_worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/forward.h"

// ---- The services of worker.h ----

static packet_ref take(struct worker *worker, uint32_t length)
{
	struct packet *packet = calloc(1, sizeof(*packet) + length);

	assert_non_null(packet);
	assert_true(worker->packet_count < FAKE_EVENTS);
	// Site code must write what it sends: blocks of the store hold old bytes.
	memset(packet->frame, 0xa5, length);
	packet->destination = PLAN_NONE;
	packet->length = length;
	packet->wire_length = length;
	packet->id = worker->packet_count;
	worker->packets[worker->packet_count] = packet;
	return worker->packet_count++;
}

static void note(struct worker *worker, enum fake_end end, uint32_t place, enum drop_reason reason,
		 packet_ref ref, uint64_t at_ns)
{
	assert_true(worker->event_count < FAKE_EVENTS);
	worker_packet(worker, ref);
	worker->events[worker->event_count++] =
		(struct fake_event){end, place, reason, ref, at_ns, false};
	if (end == FAKE_OFFERED || end == FAKE_SENT)
		return;
	free(worker->packets[ref]);
	worker->packets[ref] = NULL;
}

struct packet *worker_packet(struct worker *worker, packet_ref ref)
{
	assert_true(ref < worker->packet_count);
	assert_non_null(worker->packets[ref]);
	return worker->packets[ref];
}

packet_ref worker_originate(struct worker *worker, uint32_t site, uint32_t length)
{
	if (worker->out_of_memory)
		return PACKET_NONE;
	worker->counters[site].originated++;
	return take(worker, length);
}

packet_ref worker_copy(struct worker *worker, packet_ref ref)
{
	struct packet *packet = worker_packet(worker, ref);
	packet_ref copy;

	if (worker->out_of_memory)
		return PACKET_NONE;
	copy = take(worker, packet->length);
	memcpy(worker->packets[copy], packet, sizeof(*packet) + packet->length);
	worker->packets[copy]->flags |= PACKET_COPY;
	return copy;
}

packet_ref worker_part(struct worker *worker, packet_ref ref, uint32_t length)
{
	struct packet *packet = worker_packet(worker, ref);
	packet_ref part;

	if (worker->out_of_memory)
		return PACKET_NONE;
	part = take(worker, length);
	*worker->packets[part] = *packet;
	worker->packets[part]->flags |= PACKET_COPY;
	worker->packets[part]->length = length;
	worker->packets[part]->wire_length = length;
	return part;
}

void worker_offer(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t at_ns)
{
	assert_true(channel < worker->plan.channel_count);
	note(worker, FAKE_OFFERED, channel, DROP_NONE, ref, at_ns);
}

void worker_transmit(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns)
{
	assert_true(port < worker->plan.port_count);
	packet_refresh_ttl(worker_packet(worker, ref));
	note(worker, FAKE_SENT, port, DROP_NONE, ref, at_ns);
}

void worker_lose(struct worker *worker, uint32_t site, packet_ref ref, enum drop_reason reason,
		 uint64_t at_ns)
{
	worker->counters[site].lost[reason]++;
	note(worker, FAKE_LOST, site, reason, ref, at_ns);
}

void worker_consume(struct worker *worker, uint32_t site, packet_ref ref)
{
	worker->counters[site].local++;
	note(worker, FAKE_CONSUMED, site, DROP_NONE, ref, 0);
}

void worker_flow_receive(struct worker *worker, packet_ref ref, uint64_t at_ns)
{
	note(worker, FAKE_FLOW, worker_packet(worker, ref)->flow, DROP_NONE, ref, at_ns);
}

static bool matches(const struct plan_address *prefix, uint8_t family, const uint8_t *bytes)
{
	if (prefix->family != family)
		return false;
	for (uint32_t bit = 0; bit < prefix->prefix_length; bit++)
		if ((prefix->bytes[bit / 8] ^ bytes[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return true;
}

static uint32_t lookup(const struct worker *worker, uint8_t family, const uint8_t *bytes)
{
	const struct plan_prefix *best = NULL;

	for (size_t i = 0; i < worker->plan.prefix_count; i++) {
		const struct plan_prefix *candidate = &worker->prefixes[i];

		if (matches(&candidate->prefix, family, bytes) &&
		    (!best || candidate->prefix.prefix_length > best->prefix.prefix_length))
			best = candidate;
	}
	return best ? best->destination : PLAN_NONE;
}

uint32_t worker_lookup4(const struct worker *worker, const uint8_t address[4])
{
	return lookup(worker, 4, address);
}

uint32_t worker_lookup6(const struct worker *worker, const uint8_t address[16])
{
	return lookup(worker, 6, address);
}

void worker_forget_ready(struct worker *worker)
{
	(void)worker; // nothing is
}

const struct plan *worker_plan(const struct worker *worker)
{
	return &worker->plan;
}

struct engine_site_counters *worker_site_counters(struct worker *worker, uint32_t site)
{
	return &worker->counters[site];
}

struct site_state *worker_site_state(struct worker *worker, uint32_t site)
{
	return worker->states[site];
}

// ---- What tests ask ----

void fake_address(struct plan_address *address, const char *text, uint8_t prefix_length)
{
	*address = (struct plan_address){.family = strchr(text, ':') ? 6 : 4,
					 .prefix_length = prefix_length};
	frame_ip(text, address->bytes);
}

void fake_prefix(struct worker *worker, const char *text, uint8_t prefix_length,
		 uint32_t destination)
{
	struct plan_prefix *prefix = &worker->prefixes[worker->plan.prefix_count++];

	fake_address(&prefix->prefix, text, prefix_length);
	prefix->destination = destination;
}

void fake_begin(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->plan.site_count; i++) {
		worker->states[i] = site_state_create(&worker->plan, i);
		assert_non_null(worker->states[i]);
	}
}

static void check_sums(const struct worker *worker)
{
	uint64_t made = worker->injected, ended = 0;

	for (uint32_t i = 0; i < worker->plan.site_count; i++) {
		const struct engine_site_counters *counters = &worker->counters[i];

		made += counters->originated + counters->flooded + counters->fragmented;
		ended += counters->local + counters->pending;
		for (int reason = 0; reason < DROP_REASONS; reason++)
			ended += counters->lost[reason];
	}
	for (uint32_t i = 0; i < worker->event_count; i++) {
		const struct fake_event *event = &worker->events[i];

		ended += event->end == FAKE_SENT || event->end == FAKE_FLOW ||
			 (event->end == FAKE_OFFERED && !event->carried);
	}
	assert_int_equal(made, ended);
}

void fake_free(struct worker *worker)
{
	check_sums(worker);
	for (uint32_t i = 0; i < worker->plan.site_count; i++)
		site_state_destroy(worker->states[i]);
	for (uint32_t i = 0; i < worker->packet_count; i++)
		free(worker->packets[i]);
	free(worker);
}

packet_ref fake_packet(struct worker *worker, const struct frame *frame)
{
	packet_ref ref = take(worker, frame->length);

	memcpy(worker->packets[ref]->frame, frame->bytes, frame->length);
	worker->injected++;
	return ref;
}

void fake_receive(struct worker *worker, uint32_t port, const struct frame *frame, uint64_t at_ns)
{
	site_input(worker, worker->ports[port].site, (struct ingress){port, PLAN_NONE},
		   fake_packet(worker, frame), at_ns);
}

void fake_arrive(struct worker *worker, uint32_t channel, const struct frame *frame, uint64_t at_ns)
{
	site_input(worker, worker->channels[channel].to_site, (struct ingress){PLAN_NONE, channel},
		   fake_packet(worker, frame), at_ns);
}

static uint64_t due_at_ns(const struct worker *worker, const struct fake_event *event)
{
	return event->at_ns + worker->channels[event->place].params.delay_ns;
}

static struct fake_event *next_due(struct worker *worker)
{
	struct fake_event *next = NULL;

	for (uint32_t i = 0; i < worker->event_count; i++) {
		struct fake_event *event = &worker->events[i];

		if (event->end == FAKE_OFFERED && !event->carried &&
		    (!next || due_at_ns(worker, event) < due_at_ns(worker, next)))
			next = event;
	}
	return next;
}

void fake_carry(struct worker *worker)
{
	struct fake_event *event;

	while ((event = next_due(worker)) != NULL) {
		event->carried = true;
		site_input(worker, worker->channels[event->place].to_site,
			   (struct ingress){PLAN_NONE, event->place}, event->ref,
			   due_at_ns(worker, event));
	}
}

uint32_t fake_count(const struct worker *worker, enum fake_end end, uint32_t place)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < worker->event_count; i++)
		count += worker->events[i].end == end && worker->events[i].place == place;
	return count;
}

uint32_t fake_lost(const struct worker *worker, uint32_t site, enum drop_reason reason)
{
	return (uint32_t)worker->counters[site].lost[reason];
}

const struct fake_event *fake_event(const struct worker *worker, enum fake_end end, uint32_t place,
				    uint32_t n)
{
	for (uint32_t i = 0; i < worker->event_count; i++) {
		const struct fake_event *event = &worker->events[i];

		if (event->end == end && event->place == place && n-- == 0)
			return event;
	}
	fail_msg("too few events of kind %d at %u", (int)end, place);
	return NULL;
}

struct packet *fake_sent(struct worker *worker, uint32_t port, uint32_t n)
{
	return worker_packet(worker, fake_event(worker, FAKE_SENT, port, n)->ref);
}

struct packet *fake_offered(struct worker *worker, uint32_t channel, uint32_t n)
{
	return worker_packet(worker, fake_event(worker, FAKE_OFFERED, channel, n)->ref);
}

void fake_forget(struct worker *worker)
{
	check_sums(worker);
	for (uint32_t i = 0; i < worker->event_count; i++) {
		const struct fake_event *event = &worker->events[i];

		if (event->end == FAKE_SENT || (event->end == FAKE_OFFERED && !event->carried)) {
			free(worker->packets[event->ref]);
			worker->packets[event->ref] = NULL;
		}
	}
	while (worker->packet_count > 0 && !worker->packets[worker->packet_count - 1])
		worker->packet_count--;
	worker->injected = 0;
	for (uint32_t i = 0; i < worker->plan.site_count; i++) {
		uint64_t pending = worker->counters[i].pending;

		worker->counters[i] = (struct engine_site_counters){.pending = pending};
		worker->injected += pending;
	}
	worker->event_count = 0;
}
