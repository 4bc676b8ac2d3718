// SPDX-License-Identifier: BSD-3-Clause
// A learning switch.
#include "dataplane/engine/exchange.h"

#include <rte_jhash.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/engine.h"
#include "dataplane/engine/link.h"
#include "dataplane/engine/parse.h"
#include "dataplane/engine/site.h"

#define PROBED 8 // places where an address may lie, next to each other

// Where frames leave the fabric, and come into it.
struct member {
	uint32_t port;    // or PLAN_NONE
	uint32_t channel; // out of the exchange, or PLAN_NONE; frames come in by its opposite
};

// A place is free while heard_at_ns is FREE.
struct learnt {
	uint8_t mac[6];
	bool fixed;
	uint32_t member;
	uint64_t heard_at_ns;
};

#define FREE   UINT64_MAX
#define NO_ONE UINT32_MAX

struct exchange {
	struct learnt addresses[EXCHANGE_ADDRESSES];
	uint32_t member_count;
	struct member members[];
};

static struct learnt *place(struct exchange *exchange, const uint8_t mac[6], uint32_t step)
{
	uint32_t words[2] = {0}, hash;

	memcpy(words, mac, 6);
	hash = rte_jhash_2words(words[0], words[1], 0);
	return &exchange->addresses[(hash + step) % EXCHANGE_ADDRESSES];
}

static struct learnt *find(struct exchange *exchange, const uint8_t mac[6])
{
	for (uint32_t i = 0; i < PROBED; i++) {
		struct learnt *entry = place(exchange, mac, i);

		if (entry->heard_at_ns != FREE && memcmp(entry->mac, mac, 6) == 0)
			return entry;
	}
	return NULL;
}

// A free place, or that of the address unheard for longest. NULL when all are fixed.
static struct learnt *find_room(struct exchange *exchange, const uint8_t mac[6])
{
	struct learnt *chosen = NULL;

	for (uint32_t i = 0; i < PROBED; i++) {
		struct learnt *entry = place(exchange, mac, i);

		if (entry->heard_at_ns == FREE)
			return entry;
		if (!entry->fixed && (chosen == NULL || entry->heard_at_ns < chosen->heard_at_ns))
			chosen = entry;
	}
	return chosen;
}

static void learn(struct exchange *exchange, const uint8_t mac[6], uint32_t member, uint64_t at_ns,
		  bool fixed)
{
	struct learnt *entry = find(exchange, mac);

	if (mac[0] & 1)
		return;
	if (entry == NULL)
		entry = find_room(exchange, mac);
	else if (entry->fixed)
		return;
	if (entry == NULL)
		return;
	memcpy(entry->mac, mac, 6);
	entry->member = member;
	entry->fixed = fixed;
	entry->heard_at_ns = at_ns;
}

static uint32_t member_of_mac(struct exchange *exchange, const uint8_t mac[6], uint64_t at_ns)
{
	const struct learnt *entry = find(exchange, mac);

	if (entry == NULL || (!entry->fixed && at_ns > entry->heard_at_ns + EXCHANGE_AGE_NS))
		return NO_ONE;
	return entry->member;
}

static void add_member(struct exchange *exchange, const struct plan *plan, struct member member)
{
	uint32_t interface = member.channel == PLAN_NONE
				     ? PLAN_NONE
				     : plan->channels[member.channel].to_interface;

	if (interface != PLAN_NONE)
		learn(exchange, plan->interfaces[interface].mac, exchange->member_count, 0, true);
	exchange->members[exchange->member_count++] = member;
}

struct exchange *exchange_create(const struct plan *plan, uint32_t site)
{
	struct exchange *exchange;
	size_t count = 0;

	for (size_t i = 0; i < plan->port_count; i++)
		count += plan->ports[i].site == site;
	for (size_t i = 0; i < plan->channel_count; i++)
		count += plan->channels[i].from_site == site;
	exchange = calloc(1, sizeof(*exchange) + count * sizeof(struct member));
	if (exchange == NULL)
		return NULL;
	for (uint32_t i = 0; i < EXCHANGE_ADDRESSES; i++)
		exchange->addresses[i].heard_at_ns = FREE;
	for (uint32_t i = 0; i < plan->port_count; i++)
		if (plan->ports[i].site == site)
			add_member(exchange, plan, (struct member){i, PLAN_NONE});
	for (uint32_t i = 0; i < plan->channel_count; i++)
		if (plan->channels[i].from_site == site)
			add_member(exchange, plan, (struct member){PLAN_NONE, i});
	return exchange;
}

void exchange_destroy(struct exchange *exchange)
{
	free(exchange);
}

// The few members are looked through; an exchange's cost is in its copies.
static uint32_t member_of_ingress(const struct exchange *exchange, struct ingress ingress)
{
	for (uint32_t i = 0; i < exchange->member_count; i++) {
		const struct member *member = &exchange->members[i];

		if (ingress.port != PLAN_NONE ? member->port == ingress.port
					      : member->channel == (ingress.channel ^ 1))
			return i;
	}
	return NO_ONE;
}

static void send_to(const struct site_context *context, const struct member *member, packet_ref ref)
{
	if (member->port != PLAN_NONE)
		worker_transmit(context->worker, member->port, ref, context->at_ns);
	else
		worker_offer(context->worker, member->channel, ref, context->at_ns);
}

static void send_copy_to(const struct site_context *context, const struct member *member,
			 packet_ref ref)
{
	struct engine_site_counters *counters =
		worker_site_counters(context->worker, context->site);
	packet_ref copy = worker_copy(context->worker, ref);

	counters->flooded++;
	if (copy == PACKET_NONE)
		counters->lost[DROP_MEMORY]++;
	else
		send_to(context, member, copy);
}

static bool has_carrier(const struct plan *plan, const struct member *member)
{
	return member->channel == PLAN_NONE || plan->channels[member->channel].params.carrier;
}

// Copies go out in the order of the members; the last one gets the frame itself.
static void flood(const struct site_context *context, const struct exchange *exchange,
		  uint32_t from, packet_ref ref)
{
	const struct member *last = NULL;
	bool others = false;

	for (uint32_t i = 0; i < exchange->member_count; i++) {
		const struct member *member = &exchange->members[i];

		if (i == from)
			continue;
		others = true;
		if (!has_carrier(context->plan, member))
			continue;
		if (last != NULL)
			send_copy_to(context, last, ref);
		last = member;
	}
	if (last != NULL)
		send_to(context, last, ref);
	else
		worker_lose(context->worker, context->site, ref,
			    others ? DROP_CARRIER : DROP_NO_ROUTE, context->at_ns);
}

void exchange_input(const struct site_context *context, struct exchange *exchange,
		    struct ingress ingress, packet_ref ref)
{
	struct packet *packet = worker_packet(context->worker, ref);
	const uint8_t *target = packet->frame, *source = packet->frame + 6;
	uint32_t from = member_of_ingress(exchange, ingress);
	uint32_t to;

	packet->destination = PLAN_NONE;
	if (packet->length < PARSE_ETHERNET_BYTES) {
		worker_lose(context->worker, context->site, ref, DROP_NO_ROUTE, context->at_ns);
		return;
	}
	if (link_is_bridge_group(target)) {
		worker_consume(context->worker, context->site, ref);
		return;
	}
	if (from != NO_ONE)
		learn(exchange, source, from, context->at_ns, false);
	to = target[0] & 1 ? NO_ONE : member_of_mac(exchange, target, context->at_ns);
	if (to == NO_ONE)
		flood(context, exchange, from, ref);
	else if (to == from) // filtered: it is where it should go
		worker_consume(context->worker, context->site, ref);
	else
		send_to(context, &exchange->members[to], ref);
}
