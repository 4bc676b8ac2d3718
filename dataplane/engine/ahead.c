// SPDX-License-Identifier: BSD-3-Clause
// Handing packets over before they are due.
#include "dataplane/engine/ahead.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/engine/core.h"
#include "dataplane/engine/parse.h"
#include "dataplane/engine/port_output.h"

// More than a loop that never sleeps is away for as a rule (a tick of the kernel's timer, a reading
// of a device's clock), and than one that sleeps is late (60 us, p99).
#define LEAD_SPINNING_NS 50000
#define LEAD_SLEEPING_NS 250000

int ahead_init(struct ahead *ahead, const struct engine *engine)
{
	const struct plan *plan = engine->plan;

	*ahead = (struct ahead){.lead_ns =
					engine->options.spin ? LEAD_SPINNING_NS : LEAD_SLEEPING_NS};
	ahead->channels = calloc(plan->channel_count + 1, sizeof(*ahead->channels));
	ahead->received_ns = calloc(engine->port_count + 1, sizeof(*ahead->received_ns));
	if (!ahead->channels || !ahead->received_ns) {
		ahead_fini(ahead);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < plan->channel_count; i++) {
		uint32_t port = plan->channels[i].to_port;

		if (port != PLAN_NONE && engine->ports[port].device &&
		    port_device_is_paced(engine->ports[port].device))
			ahead->channels[ahead->channel_count++] = i;
	}
	return 0;
}

void ahead_fini(struct ahead *ahead)
{
	free(ahead->channels);
	free(ahead->received_ns);
	*ahead = (struct ahead){0};
}

static uint64_t lead_of(const struct ahead *ahead, const struct plan_channel *channel)
{
	return channel->minimum_delay_ns < ahead->lead_ns ? channel->minimum_delay_ns
							  : ahead->lead_ns;
}

// A burst, as burst.c does it.
static unsigned release(struct worker *worker, uint32_t channel, uint64_t before_ns,
			uint64_t *last_at_ns)
{
	const struct store *store = worker->engine->store;
	struct engine_channel_counters *counters = &worker->channels[channel];
	uint32_t port = worker->plan->channels[channel].to_port;
	uint32_t mtu_bytes = worker->plan->ports[port].mtu_bytes;
	uint32_t longest = 0, flags = 0;
	packet_ref refs[PORT_BURST];
	uint64_t at_ns[PORT_BURST];
	unsigned count = flight_pop_before(&worker->engine->flights[channel], &worker->store,
					   before_ns, refs, at_ns, PORT_BURST);

	for (unsigned i = 0; i < count; i++) {
		const struct packet *packet = store_packet(store, refs[i]);

		counters->delivered_bytes += packet->wire_length;
		flags |= packet->flags;
		longest = packet->wire_length > longest ? packet->wire_length : longest;
	}
	counters->delivered += count;
	if (count)
		*last_at_ns = at_ns[count - 1];
	if ((mtu_bytes == 0 || longest <= mtu_bytes + PARSE_ETHERNET_BYTES) &&
	    !(flags & PACKET_TTL_STALE)) {
		port_output_burst(worker, port, refs, at_ns, count);
		return count;
	}
	for (unsigned i = 0; i < count; i++)
		worker_transmit(worker, port, refs[i], at_ns[i]);
	return count;
}

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
	       release(worker, channel, before_ns, &last_at_ns) == PORT_BURST)
		;
	if (last_at_ns > ahead->handed_ns)
		ahead->handed_ns = last_at_ns;
	agenda_set(&worker->agenda, channel, flight_due_ns(flight, worker->engine->store));
}

void ahead_hand_over(struct ahead *ahead, struct worker *worker, uint64_t now_ns, uint64_t until_ns)
{
	for (unsigned i = 0; i < ahead->channel_count; i++)
		hand_over_channel(ahead, worker, ahead->channels[i], now_ns, until_ns);
}

uint64_t ahead_next_ns(const struct ahead *ahead, const struct worker *worker)
{
	uint64_t next_ns = UINT64_MAX;

	for (unsigned i = 0; i < ahead->channel_count; i++) {
		uint32_t channel = ahead->channels[i];
		uint64_t due_ns =
			flight_due_ns(&worker->engine->flights[channel], worker->engine->store);
		uint64_t lead_ns = lead_of(ahead, &worker->plan->channels[channel]);

		if (due_ns == FLIGHT_NEVER)
			continue;
		due_ns = due_ns > lead_ns ? due_ns - lead_ns : 0;
		next_ns = due_ns < next_ns ? due_ns : next_ns;
	}
	return next_ns;
}

bool ahead_enters_at_stamp(const struct worker *worker, uint32_t port)
{
	uint32_t channel = worker->plan->ports[port].wire_channel;

	return channel != PLAN_NONE && !queue_may_hold(&worker->engine->states[channel].queue);
}
