// SPDX-License-Identifier: BSD-3-Clause
// Handing packets over before they are due.
#include "dataplane/engine/ahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/core.h"
#include "dataplane/engine/outlook.h"

// More than a loop that never sleeps is away for as a rule (a tick of the kernel's timer, a reading
// of a device's clock), and than one that sleeps is late (60 us, p99).
#define LEAD_SPINNING_NS 50000
#define LEAD_SLEEPING_NS 250000

static bool is_paced(const struct engine *engine, uint32_t port)
{
	return engine->ports[port].device && port_device_is_paced(engine->ports[port].device);
}

static bool has_paced_port(const struct engine *engine, uint32_t site)
{
	for (uint32_t i = 0; i < engine->plan->port_count; i++) {
		if (engine->plan->ports[i].site == site && is_paced(engine, i))
			return true;
	}
	return false;
}

static int add_site(struct ahead *ahead, const struct plan *plan, uint32_t number)
{
	struct ahead_site *site = &ahead->sites[ahead->site_count++];

	site->site = number;
	site->channels = calloc(plan->channel_count + 1, sizeof(*site->channels));
	site->blocked = calloc(plan->channel_count + 1, sizeof(*site->blocked));
	if (!site->channels || !site->blocked)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->channel_count; i++) {
		if (plan->channels[i].to_site == number)
			site->channels[site->count++] = i;
	}
	return 0;
}

int ahead_init(struct ahead *ahead, const struct engine *engine)
{
	const struct plan *plan = engine->plan;
	int rc = 0;

	*ahead = (struct ahead){.lead_ns =
					engine->options.spin ? LEAD_SPINNING_NS : LEAD_SLEEPING_NS};
	ahead->channels = calloc(plan->channel_count + 1, sizeof(*ahead->channels));
	ahead->sites = calloc(plan->site_count + 1, sizeof(*ahead->sites));
	ahead->received_ns = calloc(engine->port_count + 1, sizeof(*ahead->received_ns));
	if (!ahead->channels || !ahead->sites || !ahead->received_ns)
		rc = -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < plan->channel_count; i++) {
		uint32_t port = plan->channels[i].to_port;

		if (port != PLAN_NONE && is_paced(engine, port))
			ahead->channels[ahead->channel_count++] = i;
	}
	for (uint32_t i = 0; rc == 0 && i < plan->site_count; i++) {
		if (!plan->sites[i].switches && has_paced_port(engine, i))
			rc = add_site(ahead, plan, i);
	}
	ahead->any = ahead->channel_count || ahead->site_count;
	if (rc)
		ahead_fini(ahead);
	return rc;
}

void ahead_fini(struct ahead *ahead)
{
	for (unsigned i = 0; i < ahead->site_count; i++) {
		free(ahead->sites[i].channels);
		free(ahead->sites[i].blocked);
	}
	free(ahead->channels);
	free(ahead->sites);
	free(ahead->received_ns);
	*ahead = (struct ahead){0};
}

static uint64_t lead_of(const struct ahead *ahead, const struct plan_channel *channel)
{
	return channel->minimum_delay_ns < ahead->lead_ns ? channel->minimum_delay_ns
							  : ahead->lead_ns;
}

// ---- Wires ----

// The device's queue takes so much at a time only; what is left is handed over as it empties.
static void hand_over_channel(struct ahead *ahead, struct worker *worker, uint32_t channel,
			      uint64_t now_ns, uint64_t until_ns)
{
	const struct plan_channel *c = &worker->plan->channels[channel];
	struct flight *flight = &worker->engine->flights[channel];
	struct port_device *device = worker->engine->ports[c->to_port].device;
	uint64_t before_ns = now_ns + lead_of(ahead, c);
	uint64_t last_at_ns = 0;

	if (before_ns > until_ns)
		before_ns = until_ns;
	if (flight_due_ns(flight, worker->engine->store) >= before_ns)
		return;
	while (port_device_takes_ahead(device, now_ns) &&
	       core_release_burst(worker, channel, before_ns, &last_at_ns) == PORT_BURST)
		;
	if (last_at_ns > ahead->handed_ns)
		ahead->handed_ns = last_at_ns;
	agenda_set(&worker->agenda, channel, flight_due_ns(flight, worker->engine->store));
}

// ---- Sites ----

static uint64_t lead_of_site(const struct ahead *ahead, const struct worker *worker,
			     const struct ahead_site *site)
{
	uint64_t lead_ns = ahead->lead_ns;

	for (unsigned i = 0; i < site->count; i++) {
		uint64_t channel_ns = lead_of(ahead, &worker->plan->channels[site->channels[i]]);

		lead_ns = channel_ns < lead_ns ? channel_ns : lead_ns;
	}
	return lead_ns;
}

// Can the channel's first packet, due at at_ns, be handed over? Then the port's device.
static struct port_device *first_leaves_by(struct worker *worker, uint32_t channel, uint64_t at_ns)
{
	const struct engine *engine = worker->engine;
	const struct packet *first =
		store_packet(engine->store, flight_first(&engine->flights[channel], engine->store));
	struct outlook outlook;

	return outlook_over_channel(worker, channel, first, at_ns, &outlook) &&
			       is_paced(engine, outlook.port)
		       ? engine->ports[outlook.port].device
		       : NULL;
}

// The channel, of those that are not blocked, whose first packet is due first: its place;
// site->count when none has one due before before_ns.
static unsigned next_channel(const struct worker *worker, const struct ahead_site *site,
			     uint64_t before_ns, uint64_t *at_ns)
{
	const struct engine *engine = worker->engine;
	unsigned next = site->count;

	*at_ns = before_ns;
	for (unsigned i = 0; i < site->count; i++) {
		uint64_t due_ns = flight_due_ns(&engine->flights[site->channels[i]], engine->store);

		if (!site->blocked[i] && due_ns < *at_ns) {
			*at_ns = due_ns;
			next = i;
		}
	}
	return next;
}

static void release_at_site(struct worker *worker, uint32_t site, uint32_t channel)
{
	struct flight *flight = &worker->engine->flights[channel];
	uint64_t at_ns;
	packet_ref ref = flight_pop(flight, &worker->store, &at_ns);

	worker->channels[channel].delivered++;
	worker->channels[channel].delivered_bytes += worker_packet(worker, ref)->wire_length;
	agenda_set(&worker->agenda, channel, flight_due_ns(flight, worker->engine->store));
	site_input(worker, site, (struct ingress){PLAN_NONE, channel}, ref, at_ns);
}

static void hand_over_site(struct ahead *ahead, struct worker *worker, struct ahead_site *site,
			   uint64_t now_ns, uint64_t until_ns)
{
	uint64_t before_ns = now_ns + lead_of_site(ahead, worker, site), at_ns;
	unsigned next;

	if (before_ns > until_ns)
		before_ns = until_ns;
	memset(site->blocked, 0, site->count * sizeof(*site->blocked));
	while ((next = next_channel(worker, site, before_ns, &at_ns)) < site->count) {
		uint32_t channel = site->channels[next];
		struct port_device *device = first_leaves_by(worker, channel, at_ns);

		if (device == NULL || !port_device_takes_ahead(device, now_ns)) {
			site->blocked[next] = true;
			continue;
		}
		release_at_site(worker, site->site, channel);
		if (at_ns > ahead->handed_ns)
			ahead->handed_ns = at_ns;
	}
}

// Without those that cannot be handed over.
static uint64_t next_at_site_ns(const struct ahead *ahead, struct worker *worker,
				const struct ahead_site *site)
{
	const struct engine *engine = worker->engine;
	uint64_t lead_ns = lead_of_site(ahead, worker, site), next_ns = UINT64_MAX;

	for (unsigned i = 0; i < site->count; i++) {
		uint32_t channel = site->channels[i];
		uint64_t due_ns = flight_due_ns(&engine->flights[channel], engine->store);
		uint64_t from_ns = due_ns > lead_ns ? due_ns - lead_ns : 0;

		if (due_ns != FLIGHT_NEVER && from_ns < next_ns &&
		    first_leaves_by(worker, channel, due_ns))
			next_ns = from_ns;
	}
	return next_ns;
}

// ---- All ----

void ahead_hand_over(struct ahead *ahead, struct worker *worker, uint64_t now_ns, uint64_t until_ns)
{
	for (unsigned i = 0; i < ahead->channel_count; i++)
		hand_over_channel(ahead, worker, ahead->channels[i], now_ns, until_ns);
	for (unsigned i = 0; i < ahead->site_count; i++)
		hand_over_site(ahead, worker, &ahead->sites[i], now_ns, until_ns);
}

static uint64_t next_on_wire_ns(const struct ahead *ahead, const struct worker *worker,
				uint32_t channel)
{
	uint64_t due_ns = flight_due_ns(&worker->engine->flights[channel], worker->engine->store);
	uint64_t lead_ns = lead_of(ahead, &worker->plan->channels[channel]);

	if (due_ns == FLIGHT_NEVER)
		return UINT64_MAX;
	return due_ns > lead_ns ? due_ns - lead_ns : 0;
}

uint64_t ahead_next_ns(const struct ahead *ahead, struct worker *worker)
{
	uint64_t next_ns = UINT64_MAX;

	for (unsigned i = 0; i < ahead->channel_count; i++) {
		uint64_t at_ns = next_on_wire_ns(ahead, worker, ahead->channels[i]);

		next_ns = at_ns < next_ns ? at_ns : next_ns;
	}
	for (unsigned i = 0; i < ahead->site_count; i++) {
		uint64_t at_ns = next_at_site_ns(ahead, worker, &ahead->sites[i]);

		next_ns = at_ns < next_ns ? at_ns : next_ns;
	}
	return next_ns;
}

bool ahead_enters_at_stamp(const struct worker *worker, uint32_t port)
{
	uint32_t channel = worker->plan->ports[port].wire_channel;

	return channel != PLAN_NONE && !queue_may_hold(&worker->engine->states[channel].queue);
}
