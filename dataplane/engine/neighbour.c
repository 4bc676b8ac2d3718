// SPDX-License-Identifier: BSD-3-Clause
// The neighbours of an interface.
#include "dataplane/engine/neighbour.h"

#include <rte_ether.h>
#include <rte_jhash.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/address.h"
#include "dataplane/engine/arp.h"
#include "dataplane/engine/engine.h"
#include "dataplane/engine/icmp.h"
#include "dataplane/engine/link.h"
#include "dataplane/engine/nd.h"
#include "dataplane/engine/site.h"

#define PROBED 8 // places where an address may lie, next to each other

// A place is free while its address has no family.
struct neighbour {
	struct plan_address address;
	uint8_t mac[6];
	uint8_t asked;            // times since it was last heard of
	uint64_t confirmed_at_ns; // last heard of
	uint64_t asked_at_ns;
	uint64_t used_at_ns;
};

struct resolution {
	struct plan_address address;
	uint8_t asked; // times
	uint8_t count; // packets that wait
	uint64_t asked_at_ns;
	packet_ref waiting[NEIGHBOUR_WAITING]; // oldest first
};

struct neighbours {
	struct neighbour entries[NEIGHBOUR_ENTRIES];
	struct resolution resolutions[NEIGHBOUR_RESOLUTIONS];
	uint32_t resolution_count; // they lie at the front, in order of age
};

struct neighbours *neighbours_create(void)
{
	return calloc(1, sizeof(struct neighbours));
}

void neighbours_destroy(struct neighbours *neighbours)
{
	free(neighbours);
}

// The bytes are copied, as the hash reads aligned words.
static uint32_t hash_address(const struct plan_address *address, uint32_t start)
{
	uint32_t words[4] = {0};

	memcpy(words, address->bytes, address->family == 4 ? 4 : 16);
	return rte_jhash_32b(words, 4, start);
}

static struct neighbour *place(struct neighbours *table, uint32_t hash, uint32_t step)
{
	return &table->entries[(hash + step) % NEIGHBOUR_ENTRIES];
}

static struct neighbour *find(struct neighbours *table, const struct plan_address *address)
{
	uint32_t hash = hash_address(address, 0);

	for (uint32_t i = 0; i < PROBED; i++) {
		struct neighbour *entry = place(table, hash, i);

		if (address_equal(&entry->address, address))
			return entry;
	}
	return NULL;
}

// A place for a new address: a free one, else the one that has not been used for longest.
static struct neighbour *insert(struct neighbours *table, const struct plan_address *address)
{
	uint32_t hash = hash_address(address, 0);
	struct neighbour *chosen = place(table, hash, 0);

	for (uint32_t i = 0; i < PROBED && chosen->address.family != 0; i++) {
		struct neighbour *entry = place(table, hash, i);

		if (entry->address.family == 0 || entry->used_at_ns < chosen->used_at_ns)
			chosen = entry;
	}
	*chosen = (struct neighbour){.address = *address};
	return chosen;
}

static struct resolution *find_resolution(struct neighbours *table,
					  const struct plan_address *address)
{
	for (uint32_t i = 0; i < table->resolution_count; i++) {
		if (address_equal(&table->resolutions[i].address, address))
			return &table->resolutions[i];
	}
	return NULL;
}

static void ask(const struct site_context *context, uint32_t interface,
		const struct plan_address *address, const uint8_t *mac)
{
	if (address->family == 4)
		arp_ask(context, interface, address->bytes, mac);
	else
		nd_ask(context, interface, address->bytes, mac);
}

static void transmit(const struct site_context *context, uint32_t interface, const uint8_t mac[6],
		     packet_ref ref)
{
	const struct packet *packet = worker_packet(context->worker, ref);
	uint16_t ether_type =
		packet->flags & PACKET_IPV4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6;

	link_send(context, interface, mac, ether_type, ref);
}

static void close_resolution(struct neighbours *table, struct resolution *resolution)
{
	size_t behind = (size_t)(table->resolutions + table->resolution_count - resolution) - 1;

	memmove(resolution, resolution + 1, behind * sizeof(*resolution));
	table->resolution_count--;
}

// The packets are taken out first: what is said about them may open resolutions of its own.
static void give_up(const struct site_context *context, struct neighbours *table,
		    struct resolution *resolution, enum drop_reason reason, bool say)
{
	struct resolution closed = *resolution;

	worker_site_counters(context->worker, context->site)->pending -= closed.count;
	close_resolution(table, resolution);
	for (uint32_t i = 0; i < closed.count; i++) {
		if (say)
			icmp_host_unreachable(context,
					      worker_packet(context->worker, closed.waiting[i]));
		worker_lose(context->worker, context->site, closed.waiting[i], reason,
			    context->at_ns);
	}
}

static struct resolution *open_resolution(const struct site_context *context,
					  struct neighbours *table,
					  const struct plan_address *address)
{
	struct resolution *resolution;

	if (table->resolution_count == NEIGHBOUR_RESOLUTIONS)
		give_up(context, table, &table->resolutions[0], DROP_NO_ROUTE, false);
	resolution = &table->resolutions[table->resolution_count++];
	*resolution = (struct resolution){.address = *address};
	return resolution;
}

static void ask_for(const struct site_context *context, uint32_t interface,
		    struct resolution *resolution)
{
	resolution->asked++;
	resolution->asked_at_ns = context->at_ns;
	ask(context, interface, &resolution->address, NULL);
}

static bool is_due(const struct site_context *context, uint64_t asked_at_ns)
{
	return context->at_ns >= asked_at_ns + NEIGHBOUR_ASK_NS;
}

// Asked often enough, and the last question's second is over.
static bool has_failed(const struct site_context *context, const struct resolution *resolution)
{
	return resolution->asked == NEIGHBOUR_ASKS && is_due(context, resolution->asked_at_ns);
}

static void hold(const struct site_context *context, uint32_t interface, struct neighbours *table,
		 const struct plan_address *address, packet_ref ref)
{
	struct resolution *resolution = find_resolution(table, address);
	uint64_t *pending = &worker_site_counters(context->worker, context->site)->pending;

	if (resolution != NULL && has_failed(context, resolution)) {
		give_up(context, table, resolution, DROP_NO_ROUTE, true);
		resolution = find_resolution(table, address);
	}
	if (resolution == NULL)
		resolution = open_resolution(context, table, address);
	if (resolution->count == NEIGHBOUR_WAITING) {
		packet_ref oldest = resolution->waiting[0];

		memmove(resolution->waiting, resolution->waiting + 1,
			(NEIGHBOUR_WAITING - 1) * sizeof(packet_ref));
		resolution->count--;
		(*pending)--;
		worker_lose(context->worker, context->site, oldest, DROP_NO_ROUTE, context->at_ns);
	}
	resolution->waiting[resolution->count++] = ref;
	(*pending)++;
	if (resolution->asked == 0 ||
	    (resolution->asked < NEIGHBOUR_ASKS && is_due(context, resolution->asked_at_ns)))
		ask_for(context, interface, resolution);
}

// A made-up MAC address, locally administered, the same for an address at every run.
static void synthesise(const struct plan_address *address, uint8_t mac[6])
{
	uint32_t low = hash_address(address, 0), high = hash_address(address, low);

	mac[0] = 0x02;
	if (address->family == 4) {
		mac[1] = 0;
		memcpy(mac + 2, address->bytes, 4);
		return;
	}
	mac[1] = (uint8_t)high;
	memcpy(mac + 2, &low, 4);
}

// Asks a neighbour in use, that has not been heard of for a while, whether it is still there.
// False when it has been asked often enough.
static bool confirm(const struct site_context *context, uint32_t interface, struct neighbour *entry)
{
	if (context->at_ns < entry->confirmed_at_ns + NEIGHBOUR_FRESH_NS)
		return true;
	if (entry->asked > 0 && !is_due(context, entry->asked_at_ns))
		return true;
	if (entry->asked == NEIGHBOUR_ASKS) {
		entry->address.family = 0;
		return false;
	}
	entry->asked++;
	entry->asked_at_ns = context->at_ns;
	ask(context, interface, &entry->address, entry->mac);
	return true;
}

void neighbour_send(const struct site_context *context, uint32_t interface,
		    const struct plan_address *address, packet_ref ref)
{
	struct neighbours *table = site_neighbours(context, interface);
	bool resolves = context->plan->interfaces[interface].resolves;
	struct neighbour *entry = find(table, address);
	uint8_t mac[6];

	if (entry != NULL && (!resolves || confirm(context, interface, entry))) {
		entry->used_at_ns = context->at_ns;
		transmit(context, interface, entry->mac, ref);
	} else if (resolves) {
		hold(context, interface, table, address, ref);
	} else {
		synthesise(address, mac);
		transmit(context, interface, mac, ref);
	}
}

bool neighbour_peek(const struct site_context *context, uint32_t interface,
		    const struct plan_address *address, uint8_t mac[6])
{
	bool resolves = context->plan->interfaces[interface].resolves;
	const struct neighbour *entry = find(site_neighbours(context, interface), address);

	if (entry != NULL &&
	    (!resolves || context->at_ns < entry->confirmed_at_ns + NEIGHBOUR_FRESH_NS))
		memcpy(mac, entry->mac, 6);
	else if (resolves)
		return false;
	else
		synthesise(address, mac);
	return true;
}

static void release_waiting(const struct site_context *context, uint32_t interface,
			    struct neighbours *table, const struct plan_address *address,
			    const uint8_t mac[6])
{
	struct resolution *resolution = find_resolution(table, address);

	if (resolution == NULL)
		return;
	worker_site_counters(context->worker, context->site)->pending -= resolution->count;
	for (uint32_t i = 0; i < resolution->count; i++)
		transmit(context, interface, mac, resolution->waiting[i]);
	close_resolution(table, resolution);
}

void neighbour_learn(const struct site_context *context, uint32_t interface,
		     const struct plan_address *address, const uint8_t mac[6],
		     enum neighbour_news news)
{
	struct neighbours *table = site_neighbours(context, interface);
	struct neighbour *entry = find(table, address);

	if (mac[0] & 1)
		return;
	worker_forget_ready(context->worker);
	if (entry == NULL) {
		if (news != NEIGHBOUR_INSERT && find_resolution(table, address) == NULL)
			return;
		entry = insert(table, address);
	} else if (news == NEIGHBOUR_CONFIRM && memcmp(entry->mac, mac, 6) != 0) {
		return;
	}
	memcpy(entry->mac, mac, 6);
	entry->asked = 0;
	entry->confirmed_at_ns = context->at_ns;
	entry->used_at_ns = context->at_ns;
	release_waiting(context, interface, table, address, mac);
}

void neighbour_tick(const struct site_context *context, uint32_t interface, enum drop_reason reason)
{
	struct neighbours *table = site_neighbours(context, interface);

	for (uint32_t i = 0; i < table->resolution_count;) {
		struct resolution *resolution = &table->resolutions[i];

		if (reason != DROP_NONE) {
			give_up(context, table, resolution, reason, false);
		} else if (has_failed(context, resolution)) {
			give_up(context, table, resolution, DROP_NO_ROUTE, true);
		} else {
			if (is_due(context, resolution->asked_at_ns))
				ask_for(context, interface, resolution);
			i++;
		}
	}
}
