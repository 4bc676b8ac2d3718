// SPDX-License-Identifier: BSD-3-Clause
// Forwarding at a site that routes, and the entrances to site code.
#include "dataplane/engine/forward.h"

#include "dataplane/engine/address.h"
#include "dataplane/engine/checksum.h"
#include "dataplane/engine/exchange.h"
#include "dataplane/engine/fragment.h"
#include "dataplane/engine/icmp.h"
#include "dataplane/engine/link.h"
#include "dataplane/engine/local.h"
#include "dataplane/engine/neighbour.h"
#include "dataplane/engine/parse.h"
#include "dataplane/engine/receive.h"
#include "dataplane/engine/site.h"

#define ETHER_TYPE_IPV4 0x0800
#define ETHER_TYPE_IPV6 0x86dd

void packet_write_ttl(uint8_t *header, bool ipv6, uint8_t ttl)
{
	uint16_t old_word;

	if (ipv6) {
		header[7] = ttl;
		return;
	}
	old_word = checksum_load(header + 8);
	header[8] = ttl;
	checksum_store(header + 10, checksum_update(checksum_load(header + 10), old_word,
						    checksum_load(header + 8)));
}

void packet_refresh_ttl(struct packet *packet)
{
	if (!(packet->flags & PACKET_TTL_STALE))
		return;
	packet->flags &= (uint8_t)~PACKET_TTL_STALE;
	packet_write_ttl(packet->frame + packet->layer3, packet->flags & PACKET_IPV6, packet->ttl);
}

// One of equal ways, by the packet's hash, mixed anew at each site: were it not, a site would send
// all that an earlier site's same choice has let through into one way.
static uint32_t choose(const struct plan_group *group, uint32_t site, uint8_t hash)
{
	uint32_t mixed = site << 8 | hash;

	if (group->count == 1)
		return group->adjacency[0];
	mixed = (mixed ^ mixed >> 16) * UINT32_C(0x85ebca6b);
	mixed = (mixed ^ mixed >> 13) * UINT32_C(0xc2b2ae35);
	mixed ^= mixed >> 16;
	return group->adjacency[(uint64_t)mixed * group->count >> 32];
}

static void lose(const struct site_context *context, packet_ref ref, enum drop_reason reason)
{
	worker_lose(context->worker, context->site, ref, reason, context->at_ns);
}

static void lose_without_way(const struct site_context *context, packet_ref ref, bool own)
{
	if (!own)
		icmp_no_route(context, worker_packet(context->worker, ref));
	lose(context, ref, DROP_NO_ROUTE);
}

static void lose_too_long(const struct site_context *context, packet_ref ref, uint32_t mtu_bytes,
			  bool own)
{
	if (!own)
		icmp_packet_too_big(context, worker_packet(context->worker, ref), mtu_bytes);
	lose(context, ref, DROP_MTU);
}

// The way on from a site towards another, or NULL.
static inline const struct plan_adjacency *way_to(const struct plan *plan, uint32_t site,
						  uint32_t to_site, uint8_t hash)
{
	uint32_t way = plan->rows[site]->ways[to_site];

	if (__builtin_expect(way == 0, 0))
		return NULL;
	return &plan->adjacencies[choose(&plan->groups[way - 1], site, hash)];
}

static inline void decrement_ttl(struct packet *packet)
{
	packet->ttl--;
	packet->flags |= PACKET_TTL_STALE;
}

static void send_by(const struct site_context *context, const void *way_on, packet_ref ref)
{
	const struct plan_adjacency *way = way_on;
	struct packet *packet = worker_packet(context->worker, ref);

	if (way->interface != PLAN_NONE)
		link_write_header(context, way->interface, way->mac,
				  packet->flags & PACKET_IPV4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6,
				  packet);
	worker_offer(context->worker, way->channel, ref, context->at_ns);
}

// A neighbour on one of this site's own interfaces.
struct neighbour_way {
	uint32_t interface;
	struct plan_address address;
};

static void send_to_neighbour(const struct site_context *context, const void *way_on,
			      packet_ref ref)
{
	const struct neighbour_way *way = way_on;

	neighbour_send(context, way->interface, &way->address, ref);
}

// Sends a packet on, whole or cut up, or loses it.
static void send_on(const struct site_context *context, packet_ref ref, struct packet *packet,
		    bool own, uint32_t mtu_bytes,
		    void (*send)(const struct site_context *context, const void *way,
				 packet_ref ref),
		    const void *way)
{
	bool too_long = link_is_too_long(packet, mtu_bytes);

	if (too_long && !fragment_is_allowed(packet)) {
		lose_too_long(context, ref, mtu_bytes, own);
		return;
	}
	if (!own)
		decrement_ttl(packet);
	if (too_long)
		fragment_packet(context, ref, mtu_bytes, send, way);
	else
		send(context, way, ref);
}

// Towards another site.
static void forward_to_site(const struct site_context *context, uint32_t to_site, packet_ref ref,
			    struct packet *packet, bool own)
{
	const struct plan *plan = context->plan;
	const struct plan_adjacency *way = way_to(plan, context->site, to_site, packet->hash);

	if (way == NULL) {
		lose_without_way(context, ref, own);
		return;
	}
	send_on(context, ref, packet, own, plan->channels[way->channel].params.mtu_bytes, send_by,
		way);
}

// Out of one of this site's own interfaces, to a neighbour there.
static void forward_to_neighbour(const struct site_context *context,
				 const struct plan_destination *destination, packet_ref ref,
				 struct packet *packet, bool own)
{
	const struct plan_interface *link = &context->plan->interfaces[destination->interface];
	struct neighbour_way way = {destination->interface, destination->via};

	if (destination->delivery == PLAN_CONNECTED) {
		bool ipv4 = packet->flags & PACKET_IPV4;

		way.address = address_of(ipv4 ? 4 : 6, parse_target(packet));
		if (ipv4 && address4_is_directed_broadcast(&link->address4, way.address.bytes)) {
			lose(context, ref, DROP_NO_ROUTE);
			return;
		}
	}
	send_on(context, ref, packet, own, link_mtu_bytes(context->plan, destination->interface),
		send_to_neighbour, &way);
}

void forward_packet(const struct site_context *context, packet_ref ref, bool own)
{
	struct packet *packet = worker_packet(context->worker, ref);
	const struct plan_destination *destination;

	if (packet->destination >= context->plan->destination_count) {
		lose_without_way(context, ref, own);
		return;
	}
	destination = &context->plan->destinations[packet->destination];
	if (destination->site == context->site) {
		if (packet->flags & PACKET_FLOW) {
			worker_flow_receive(context->worker, ref, context->at_ns);
			return;
		}
		if (destination->delivery == PLAN_LOCAL) {
			local_deliver(context, ref);
			return;
		}
		if (destination->delivery == PLAN_UNREACHABLE) {
			if (!own)
				icmp_host_unreachable(context, packet);
			lose(context, ref, DROP_NO_ROUTE);
			return;
		}
	}
	if (!own && packet->ttl <= 1) {
		icmp_time_exceeded(context, packet);
		lose(context, ref, DROP_TTL);
		return;
	}
	if (destination->site == context->site)
		forward_to_neighbour(context, destination, ref, packet, own);
	else
		forward_to_site(context, destination->site, ref, packet, own);
}

// Everything but the plain hop: frames from ports and exchanges, deliveries, ends.
static void input(struct worker *worker, const struct plan *plan, uint32_t site,
		  struct ingress ingress, packet_ref ref, uint64_t at_ns)
{
	struct site_context context = {
		.worker = worker,
		.plan = plan,
		.site = site,
		.interface = PLAN_NONE,
		.at_ns = at_ns,
	};
	struct site_state *state;

	if (!plan->sites[context.site].carrier) {
		lose(&context, ref, DROP_CARRIER);
		return;
	}
	state = worker_site_state(context.worker, context.site);
	if (state->exchange != NULL) {
		exchange_input(&context, state->exchange, ingress, ref);
		return;
	}
	context.interface = ingress.port != PLAN_NONE
				     ? plan->ports[ingress.port].interface
				     : plan->channels[ingress.channel].to_interface;
	if (context.interface != PLAN_NONE)
		receive_frame(&context, ref);
	else if (worker_packet(worker, ref)->flags & PACKET_DAMAGED)
		receive_damaged(&context, ref);
	else if (ingress.channel != PLAN_NONE)
		forward_packet(&context, ref, false);
	else
		lose(&context, ref, DROP_NO_ROUTE);
}

// The hop between routers, all that most packets need: true when done. Only packets that come over
// a channel from a router have a destination here, as exchanges and interfaces take it away.
static inline bool hop(struct worker *worker, const struct plan *plan, uint32_t site,
		       struct ingress ingress, packet_ref ref, uint64_t at_ns)
{
	struct packet *packet = worker_packet(worker, ref);
	const struct plan_adjacency *way;
	uint32_t to_site;

	if (ingress.channel == PLAN_NONE || packet->ttl <= 1 ||
	    packet->destination >= plan->destination_count)
		return false;
	to_site = plan->destinations[packet->destination].site;
	if (to_site == site || !plan->sites[site].carrier)
		return false;
	way = way_to(plan, site, to_site, packet->hash);
	if (way == NULL || way->interface != PLAN_NONE ||
	    link_is_too_long(packet, plan->channels[way->channel].params.mtu_bytes))
		return false;
	decrement_ttl(packet);
	worker_offer(worker, way->channel, ref, at_ns);
	return true;
}

void site_input(struct worker *worker, uint32_t site, struct ingress ingress, packet_ref ref,
		uint64_t at_ns)
{
	const struct plan *plan = worker_plan(worker);

	if (__builtin_expect(!hop(worker, plan, site, ingress, ref, at_ns), 0))
		input(worker, plan, site, ingress, ref, at_ns);
}

void site_originate(struct worker *worker, uint32_t site, packet_ref ref, uint64_t at_ns)
{
	struct packet *packet = worker_packet(worker, ref);
	struct site_context context = {
		.worker = worker,
		.plan = worker_plan(worker),
		.site = site,
		.interface = PLAN_NONE,
		.at_ns = at_ns,
	};

	if (!context.plan->sites[site].carrier) {
		lose(&context, ref, DROP_CARRIER);
		return;
	}
	switch (parse_originated(packet)) {
	case PARSE_IPV4:
		packet->destination = worker_lookup4(worker, parse_target(packet));
		break;
	case PARSE_IPV6:
		packet->destination = worker_lookup6(worker, parse_target(packet));
		break;
	default:
		packet->destination = PLAN_NONE;
	}
	forward_packet(&context, ref, true);
}

void site_tick(struct worker *worker, uint32_t site, uint64_t now_ns)
{
	const struct site_state *state = worker_site_state(worker, site);
	struct site_context context = {
		.worker = worker,
		.plan = worker_plan(worker),
		.site = site,
		.interface = PLAN_NONE,
		.at_ns = now_ns,
	};
	bool carrier = context.plan->sites[site].carrier;

	for (uint32_t i = 0; i < state->interface_count; i++)
		neighbour_tick(&context, state->interfaces[i], carrier ? DROP_NONE : DROP_CARRIER);
}
