// SPDX-License-Identifier: BSD-3-Clause
// The ways of forward.c that end at a port, looked at and not taken.
#include "dataplane/engine/outlook.h"

#include <string.h>

#include "dataplane/engine/address.h"
#include "dataplane/engine/forward.h"
#include "dataplane/engine/link.h"
#include "dataplane/engine/neighbour.h"
#include "dataplane/engine/worker.h"

// Where the packet is at home, if it is one that its router sends to a neighbour.
static const struct plan_destination *destination_of(const struct worker *worker, uint32_t channel,
						     const struct packet *packet)
{
	const struct plan *plan = worker_plan(worker);
	const struct plan_channel *c = &plan->channels[channel];
	const struct plan_destination *destination;

	// What comes from an exchange is looked at anew when it is there.
	if (c->to_interface != PLAN_NONE || packet->flags & (PACKET_FLOW | PACKET_DAMAGED) ||
	    packet->ttl <= 1 || packet->destination >= plan->destination_count ||
	    !plan->sites[c->to_site].carrier || plan->sites[c->to_site].switches)
		return NULL;
	destination = &plan->destinations[packet->destination];
	if (destination->site != c->to_site ||
	    (destination->delivery != PLAN_CONNECTED && destination->delivery != PLAN_VIA))
		return NULL;
	return destination;
}

bool outlook_over_channel(struct worker *worker, uint32_t channel, const struct packet *packet,
			  uint64_t at_ns, struct outlook *outlook)
{
	const struct plan *plan = worker_plan(worker);
	const struct plan_destination *to = destination_of(worker, channel, packet);
	bool ipv4 = packet->flags & PACKET_IPV4;
	const struct plan_interface *link;
	struct plan_address address;
	struct site_context context;

	if (to == NULL)
		return false;
	link = &plan->interfaces[to->interface];
	address =
		to->delivery == PLAN_VIA ? to->via : address_of(ipv4 ? 4 : 6, parse_target(packet));
	context = (struct site_context){.worker = worker,
					.plan = plan,
					.site = to->site,
					.interface = PLAN_NONE,
					.at_ns = at_ns};
	if (link->port == PLAN_NONE ||
	    link_is_too_long(packet, link_mtu_bytes(plan, to->interface)) ||
	    (to->delivery == PLAN_CONNECTED && ipv4 &&
	     address4_is_directed_broadcast(&link->address4, address.bytes)) ||
	    !neighbour_peek(&context, to->interface, &address, outlook->ethernet))
		return false;
	memcpy(outlook->ethernet + 6, link->mac, 6);
	outlook->ethernet[12] = ipv4 ? 0x08 : 0x86;
	outlook->ethernet[13] = ipv4 ? 0x00 : 0xdd;
	outlook->ttl = packet->ttl - 1;
	outlook->port = link->port;
	return true;
}

void outlook_write(const struct outlook *outlook, const struct packet *packet, uint8_t *frame)
{
	memcpy(frame, outlook->ethernet, sizeof(outlook->ethernet));
	packet_write_ttl(frame + packet->layer3, packet->flags & PACKET_IPV6, outlook->ttl);
}
