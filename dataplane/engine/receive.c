// SPDX-License-Identifier: BSD-3-Clause
// Frames that come in on a site's layer-3 interface.
#include "dataplane/engine/receive.h"

#include <string.h>

#include "dataplane/engine/address.h"
#include "dataplane/engine/arp.h"
#include "dataplane/engine/forward.h"
#include "dataplane/engine/link.h"
#include "dataplane/engine/local.h"
#include "dataplane/engine/nd.h"
#include "dataplane/engine/neighbour.h"
#include "dataplane/engine/parse.h"

static void refuse(const struct site_context *context, packet_ref ref)
{
	worker_lose(context->worker, context->site, ref, DROP_NO_ROUTE, context->at_ns);
}

// The groups of a router's interface: broadcast (ARP); all nodes, all routers and MLDv2 routers of
// IPv6 (33:33:00:00:00:01, :02, :16), and any solicited-node group (33:33:ff:xx:xx:xx).
static bool listens_to_group(const uint8_t mac[6])
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t ipv6[5] = {0x33, 0x33, 0, 0, 0};

	if (memcmp(mac, broadcast, sizeof(broadcast)) == 0)
		return true;
	if (memcmp(mac, ipv6, 2) == 0 && mac[2] == 0xff)
		return true;
	return memcmp(mac, ipv6, sizeof(ipv6)) == 0 &&
	       (mac[5] == 0x01 || mac[5] == 0x02 || mac[5] == 0x16);
}

static bool is_for_us(const struct site_context *context, const uint8_t mac[6])
{
	const struct plan_interface *link = &context->plan->interfaces[context->interface];

	return context->to_group || link->promiscuous || memcmp(mac, link->mac, 6) == 0;
}

static void hear(const struct site_context *context, packet_ref ref)
{
	worker_consume(context->worker, context->site, ref);
}

// What is for all on the link, and no router forwards, has arrived with the router: no loss.
static bool is_for_the_link4(const struct site_context *context, const struct packet *packet)
{
	const struct plan_interface *link = &context->plan->interfaces[context->interface];
	const uint8_t *target = parse_target(packet);

	if (address4_stays_on_link(target))
		return true;
	if (address4_is_multicast(target))
		return packet->ttl <= 1;
	return link->address4.family == 4 &&
	       address4_is_directed_broadcast(&link->address4, target);
}

static bool is_for_the_link6(const struct packet *packet)
{
	const uint8_t *target = parse_target(packet);

	return address6_stays_on_link(target) ||
	       (address6_is_multicast(target) && packet->ttl <= 1);
}

// Where nobody is asked, the senders of packets tell who lives on the link.
static void learn_source(const struct site_context *context, const struct packet *packet)
{
	const struct plan_interface *link = &context->plan->interfaces[context->interface];
	bool ipv4 = packet->flags & PACKET_IPV4;
	const struct plan_address *subnet = ipv4 ? &link->address4 : &link->address6;
	struct plan_address source = address_of(ipv4 ? 4 : 6, parse_source(packet));

	if (!link->promiscuous || address_equal(&source, subnet))
		return;
	if (subnet->family == 0 || address_in_subnet(subnet, &source) ||
	    (!ipv4 && address6_is_link_local(source.bytes)))
		neighbour_learn(context, context->interface, &source, packet->frame + 6,
				NEIGHBOUR_INSERT);
}

// What came in a frame to a group is for the site itself or for nobody (RFC 1812, section 5.3.4).
static void route(const struct site_context *context, packet_ref ref, uint32_t index,
		  bool may_leave)
{
	const struct plan *plan = context->plan;
	bool local = index < plan->destination_count &&
		     plan->destinations[index].site == context->site &&
		     plan->destinations[index].delivery == PLAN_LOCAL;

	worker_packet(context->worker, ref)->destination = index;
	if (local || (may_leave && !context->to_group))
		forward_packet(context, ref, false);
	else
		refuse(context, ref);
}

static void receive_ipv4(const struct site_context *context, packet_ref ref)
{
	const struct packet *packet = worker_packet(context->worker, ref);

	if (is_for_the_link4(context, packet)) {
		hear(context, ref);
		return;
	}
	if (!address4_is_routable(parse_source(packet)) ||
	    !address4_is_routable(parse_target(packet))) {
		refuse(context, ref);
		return;
	}
	learn_source(context, packet);
	route(context, ref, worker_lookup4(context->worker, parse_target(packet)), true);
}

static void receive_ipv6(const struct site_context *context, packet_ref ref)
{
	const struct packet *packet = worker_packet(context->worker, ref);
	const struct plan_interface *link = &context->plan->interfaces[context->interface];
	const uint8_t *source = parse_source(packet), *target = parse_target(packet);
	bool from_link = address6_is_link_local(source);

	if (address6_is_routable(source) || from_link)
		learn_source(context, packet);
	if (nd_is_message(packet) && (!context->to_group || listens_to_group(packet->frame)))
		nd_input(context, ref);
	else if (is_for_the_link6(packet))
		hear(context, ref);
	else if (!address6_is_routable(source) && !from_link)
		refuse(context, ref);
	else if (memcmp(target, link->link_local, 16) == 0)
		local_deliver(context, ref);
	else if (!address6_is_routable(target))
		refuse(context, ref);
	else
		route(context, ref, worker_lookup6(context->worker, target), !from_link);
}

void receive_frame(struct site_context *context, packet_ref ref)
{
	struct packet *packet = worker_packet(context->worker, ref);

	packet->destination = PLAN_NONE;
	context->to_group = packet->length > 0 && packet->frame[0] & 1;
	if (packet->length < PARSE_ETHERNET_BYTES || !is_for_us(context, packet->frame)) {
		refuse(context, ref);
		return;
	}
	parse_strip_priority(packet);
	switch (parse_frame(packet)) {
	case PARSE_ARP:
		if (context->to_group && !listens_to_group(packet->frame))
			refuse(context, ref);
		else
			arp_input(context, ref);
		break;
	case PARSE_IPV4:
		receive_ipv4(context, ref);
		break;
	case PARSE_IPV6:
		receive_ipv6(context, ref);
		break;
	case PARSE_REFUSED:
		if (link_is_standard_group(packet->frame))
			hear(context, ref);
		else
			refuse(context, ref);
		break;
	}
}

static uint32_t lookup_damaged(const struct site_context *context, const struct packet *packet,
			       enum parse_kind kind)
{
	const uint8_t *source = parse_source(packet), *target = parse_target(packet);

	if (kind == PARSE_IPV4)
		return address4_is_routable(source) && address4_is_routable(target)
			       ? worker_lookup4(context->worker, target)
			       : PLAN_NONE;
	return address6_is_routable(source) && address6_is_routable(target)
		       ? worker_lookup6(context->worker, target)
		       : PLAN_NONE;
}

void receive_damaged(const struct site_context *context, packet_ref ref)
{
	struct packet *packet = worker_packet(context->worker, ref);
	const struct plan *plan = context->plan;
	enum parse_kind kind = parse_frame(packet);

	packet->destination = PLAN_NONE;
	if (kind != PARSE_IPV4 && kind != PARSE_IPV6) {
		refuse(context, ref);
		return;
	}
	packet->destination = lookup_damaged(context, packet, kind);
	if (packet->destination < plan->destination_count && packet->flags & PACKET_FLOW &&
	    plan->destinations[packet->destination].site != plan->flows[packet->flow].to_site) {
		refuse(context, ref);
		return;
	}
	forward_packet(context, ref, false);
}
