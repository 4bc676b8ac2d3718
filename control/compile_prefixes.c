// SPDX-License-Identifier: BSD-3-Clause
// Where each prefix ends: the plan's destinations and prefixes, each prefix once.
#include "control/compile_prefixes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/compile.h"

struct builder {
	const struct topology *topology;
	struct plan *plan;
	size_t destination_room;
	size_t prefix_room;
	uint32_t *local;   // [site]: the destination that is the site itself, or PLAN_NONE
	uint32_t *slots;   // open addressing over prefixes: 1 + index, 0 when free
	size_t slot_count; // a power of two, never more than half full
	struct error *error;
};

static void mask(struct plan_address *prefix)
{
	uint8_t bits = prefix->family == 4 ? 32 : 128;

	for (uint8_t bit = prefix->prefix_length; bit < bits; bit++)
		prefix->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

bool compile_prefix_holds(const struct prefix *prefix, const struct address *address)
{
	uint8_t length = prefix->length;

	if (prefix->address.family == ADDRESS_NONE || prefix->address.family != address->family)
		return false;
	if (memcmp(prefix->address.bytes, address->bytes, length / 8) != 0)
		return false;
	return length % 8 == 0 ||
	       (prefix->address.bytes[length / 8] ^ address->bytes[length / 8]) >>
			       (8 - length % 8) ==
		       0;
}

static uint64_t prefix_hash(const struct plan_address *prefix)
{
	uint64_t words[2];
	uint64_t hash = (uint64_t)prefix->family << 8 | prefix->prefix_length;

	memcpy(words, prefix->bytes, sizeof(words));
	for (int i = 0; i < 2; i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL; // 2^64 / golden ratio
		hash ^= hash >> 32;
	}
	return hash;
}

static bool same_prefix(const struct plan_address *a, const struct plan_address *b)
{
	return a->family == b->family && a->prefix_length == b->prefix_length &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

// The slot where a prefix is or would be.
static uint32_t *slot_of(const struct builder *builder, const struct plan_address *prefix)
{
	size_t i = prefix_hash(prefix) & (builder->slot_count - 1);

	while (builder->slots[i] &&
	       !same_prefix(&builder->plan->prefixes[builder->slots[i] - 1].prefix, prefix))
		i = (i + 1) & (builder->slot_count - 1);
	return &builder->slots[i];
}

static int out_of_memory(struct builder *builder)
{
	return error_set(builder->error, -ENOMEM, builder->topology->name,
			 "no memory for the prefixes");
}

static bool grow_slots(struct builder *builder)
{
	size_t count = builder->slot_count ? builder->slot_count * 2 : 256;
	uint32_t *slots;

	if (builder->slot_count >= 2 * (builder->plan->prefix_count + 1))
		return true;
	slots = calloc(count, sizeof(*slots));
	if (!slots)
		return false;
	free(builder->slots);
	builder->slots = slots;
	builder->slot_count = count;
	for (uint32_t i = 0; i < builder->plan->prefix_count; i++)
		*slot_of(builder, &builder->plan->prefixes[i].prefix) = i + 1;
	return true;
}

// Adds a destination and stores its number. 0 or -ENOMEM.
static int add_destination(struct builder *builder, const struct plan_destination *destination,
			   uint32_t *index)
{
	struct plan *plan = builder->plan;

	if (plan->destination_count == builder->destination_room) {
		size_t room = builder->destination_room ? builder->destination_room * 2 : 64;
		struct plan_destination *more = realloc(plan->destinations, room * sizeof(*more));

		if (!more)
			return out_of_memory(builder);
		plan->destinations = more;
		builder->destination_room = room;
	}
	*index = (uint32_t)plan->destination_count;
	plan->destinations[plan->destination_count++] = *destination;
	return 0;
}

// Adds a prefix. A repetition at the same site changes nothing: the first one stands.
static int add_prefix(struct builder *builder, struct plan_address prefix, uint32_t destination,
		      const char *where)
{
	struct plan *plan = builder->plan;
	uint32_t *slot;

	mask(&prefix);
	if (!grow_slots(builder))
		return out_of_memory(builder);
	slot = slot_of(builder, &prefix);
	if (*slot) {
		uint32_t home = plan->destinations[plan->prefixes[*slot - 1].destination].site;
		struct prefix text = {.address.family = (enum address_family)prefix.family,
				      .length = prefix.prefix_length};
		char buffer[64];

		if (home == plan->destinations[destination].site)
			return 0;
		memcpy(text.address.bytes, prefix.bytes, sizeof(prefix.bytes));
		return error_set(builder->error, -EINVAL, where,
				 "%s is at site %s already (a prefix has one home)",
				 prefix_format(&text, buffer, sizeof(buffer)),
				 builder->topology->sites[home].name);
	}
	if (plan->prefix_count == builder->prefix_room) {
		size_t room = builder->prefix_room ? builder->prefix_room * 2 : 64;
		struct plan_prefix *more = realloc(plan->prefixes, room * sizeof(*more));

		if (!more)
			return out_of_memory(builder);
		plan->prefixes = more;
		builder->prefix_room = room;
	}
	plan->prefixes[plan->prefix_count] =
		(struct plan_prefix){.prefix = prefix, .destination = destination};
	*slot = (uint32_t)++plan->prefix_count;
	return 0;
}

// An address of the site itself.
static int add_local(struct builder *builder, uint32_t site, struct plan_address address,
		     const char *where)
{
	int rc = 0;

	if (address.family == 0)
		return 0;
	if (builder->local[site] == PLAN_NONE)
		rc = add_destination(builder,
				     &(struct plan_destination){.site = site,
								.delivery = PLAN_LOCAL,
								.interface = PLAN_NONE},
				     &builder->local[site]);
	address.prefix_length = address.family == 4 ? 32 : 128;
	return rc ? rc : add_prefix(builder, address, builder->local[site], where);
}

static int add_at_interface(struct builder *builder, struct plan_address prefix, uint32_t interface,
			    const char *where)
{
	uint32_t index;
	int rc = add_destination(
		builder,
		&(struct plan_destination){.site = builder->plan->interfaces[interface].site,
					   .delivery = PLAN_CONNECTED,
					   .interface = interface},
		&index);

	return rc ? rc : add_prefix(builder, prefix, index, where);
}

static char *where_of_interface(const struct builder *builder, uint32_t interface, char *buffer,
				size_t size)
{
	const struct plan_interface *i = &builder->plan->interfaces[interface];
	const struct topology *topology = builder->topology;

	if (i->port != PLAN_NONE)
		return compile_where(&topology->ports[i->port].source, "port",
				     topology->ports[i->port].name, buffer, size);
	return compile_where(&topology->links[i->channel / 2].source, "link",
			     topology->links[i->channel / 2].name, buffer, size);
}

// Own addresses first, so that nothing else takes them.
static int add_own_addresses(struct builder *builder)
{
	const struct plan *plan = builder->plan;
	char where[sizeof(builder->error->where)];
	int rc = 0;

	for (uint32_t s = 0; !rc && s < plan->site_count; s++) {
		const struct site *site = &builder->topology->sites[s];

		compile_where(&site->source, "site", site->name, where, sizeof(where));
		rc = add_local(builder, s, plan->sites[s].address4, where);
		if (!rc)
			rc = add_local(builder, s, plan->sites[s].address6, where);
	}
	for (uint32_t i = 0; !rc && i < plan->interface_count; i++) {
		const struct plan_interface *interface = &plan->interfaces[i];

		where_of_interface(builder, i, where, sizeof(where));
		rc = add_local(builder, interface->site, interface->address4, where);
		if (!rc)
			rc = add_local(builder, interface->site, interface->address6, where);
	}
	return rc;
}

static int add_port_subnets(struct builder *builder)
{
	const struct plan *plan = builder->plan;
	char where[sizeof(builder->error->where)];
	int rc = 0;

	for (uint32_t i = 0; !rc && i < plan->interface_count; i++) {
		const struct plan_interface *interface = &plan->interfaces[i];

		if (interface->port == PLAN_NONE)
			continue;
		where_of_interface(builder, i, where, sizeof(where));
		if (interface->address4.family)
			rc = add_at_interface(builder, interface->address4, i, where);
		if (!rc && interface->address6.family)
			rc = add_at_interface(builder, interface->address6, i, where);
	}
	return rc;
}

// The port of the site that a subnet or a neighbour's address belongs to, as an interface: the one
// whose address `inside` accepts, else the only one, else PLAN_NONE.
static uint32_t only_port(const struct builder *builder, uint32_t site, const struct prefix *subnet)
{
	uint32_t only = PLAN_NONE;
	unsigned count = 0;

	for (uint32_t p = 0; p < builder->topology->port_count; p++) {
		const struct port *port = &builder->topology->ports[p];

		if (port->site != site)
			continue;
		if (compile_prefix_holds(subnet, &port->addresses[0].address) ||
		    compile_prefix_holds(subnet, &port->addresses[1].address))
			return builder->plan->ports[p].interface;
		only = builder->plan->ports[p].interface;
		count++;
	}
	return count == 1 ? only : PLAN_NONE;
}

static int add_site_subnets(struct builder *builder, uint32_t site)
{
	const struct site *s = &builder->topology->sites[site];
	char where[sizeof(builder->error->where)];
	int rc = 0;

	compile_where(&s->source, "site", s->name, where, sizeof(where));
	for (size_t i = 0; !rc && i < s->subnet_count; i++) {
		struct plan_address prefix =
			compile_address(&s->subnets[i].address, s->subnets[i].length);
		uint32_t interface = only_port(builder, site, &s->subnets[i]);
		uint32_t index;

		if (interface != PLAN_NONE) {
			rc = add_at_interface(builder, prefix, interface, where);
			continue;
		}
		rc = add_destination(builder,
				     &(struct plan_destination){.site = site,
								.delivery = PLAN_UNREACHABLE,
								.interface = PLAN_NONE},
				     &index);
		if (!rc)
			rc = add_prefix(builder, prefix, index, where);
	}
	return rc;
}

// The interface of the first member with an address on the LAN; a host only if there is no other.
static uint32_t member_on(const struct builder *builder, uint32_t exchange,
			  const struct prefix *lan)
{
	const struct plan *plan = builder->plan;
	uint32_t host = PLAN_NONE;

	for (uint32_t c = 0; c < plan->channel_count; c++) {
		const struct link *link = &builder->topology->links[c / 2];
		uint32_t interface = plan->channels[c].from_interface;

		if (plan->channels[c].to_site != exchange || interface == PLAN_NONE)
			continue;
		if (!compile_prefix_holds(lan, &link->addresses[0].address) &&
		    !compile_prefix_holds(lan, &link->addresses[1].address))
			continue;
		if (builder->topology->sites[plan->channels[c].from_site].kind != SITE_HOST)
			return interface;
		if (host == PLAN_NONE)
			host = interface;
	}
	return host;
}

static int add_lans(struct builder *builder, uint32_t exchange)
{
	const struct site *site = &builder->topology->sites[exchange];
	char where[sizeof(builder->error->where)];
	int rc = 0;

	compile_where(&site->source, "site", site->name, where, sizeof(where));
	for (size_t i = 0; !rc && i < site->subnet_count; i++) {
		uint32_t interface = member_on(builder, exchange, &site->subnets[i]);

		if (interface != PLAN_NONE)
			rc = add_at_interface(
				builder,
				compile_address(&site->subnets[i].address, site->subnets[i].length),
				interface, where);
	}
	return rc;
}

// The interface of the site towards a neighbour's address.
static uint32_t interface_towards(const struct builder *builder, uint32_t site,
				  const struct address *via)
{
	const struct site *s = &builder->topology->sites[site];

	for (uint32_t i = 0; i < builder->plan->interface_count; i++) {
		const struct plan_interface *interface = &builder->plan->interfaces[i];
		const struct prefix *addresses;

		if (interface->site != site)
			continue;
		addresses = interface->port != PLAN_NONE
				    ? builder->topology->ports[interface->port].addresses
				    : builder->topology->links[interface->channel / 2].addresses;
		if (compile_prefix_holds(&addresses[0], via) ||
		    compile_prefix_holds(&addresses[1], via))
			return i;
	}
	for (size_t i = 0; i < s->subnet_count; i++) {
		if (compile_prefix_holds(&s->subnets[i], via))
			return only_port(builder, site, &s->subnets[i]);
	}
	return PLAN_NONE;
}

static int add_routes(struct builder *builder, uint32_t site)
{
	const struct site *s = &builder->topology->sites[site];
	char where[sizeof(builder->error->where)];
	char text[64];
	int rc = 0;

	compile_where(&s->source, "site", s->name, where, sizeof(where));
	for (size_t i = 0; !rc && i < s->route_count; i++) {
		const struct static_route *route = &s->routes[i];
		struct plan_destination destination = {.site = site, .delivery = PLAN_VIA};
		uint32_t index;

		destination.interface = interface_towards(builder, site, &route->via);
		destination.via =
			compile_address(&route->via, route->via.family == ADDRESS_IPV4 ? 32 : 128);
		if (destination.interface == PLAN_NONE)
			return error_set(builder->error, -EINVAL, where,
					 "route: via %s lies in no subnet of a port or exchange "
					 "of this site",
					 address_format(&route->via, text, sizeof(text)));
		rc = add_destination(builder, &destination, &index);
		if (!rc)
			rc = add_prefix(
				builder,
				compile_address(&route->prefix.address, route->prefix.length),
				index, where);
	}
	return rc;
}

int compile_prefixes(const struct topology *topology, struct plan *plan, struct error *error)
{
	struct builder builder = {.topology = topology, .plan = plan, .error = error};
	int rc;

	builder.local = malloc((topology->site_count + 1) * sizeof(*builder.local));
	if (!builder.local)
		return out_of_memory(&builder);
	memset(builder.local, 0xff, (topology->site_count + 1) * sizeof(*builder.local));
	rc = add_own_addresses(&builder);
	if (!rc)
		rc = add_port_subnets(&builder);
	for (uint32_t s = 0; !rc && s < topology->site_count; s++) {
		if (topology->sites[s].kind == SITE_EXCHANGE)
			rc = add_lans(&builder, s);
		else
			rc = add_site_subnets(&builder, s);
	}
	for (uint32_t s = 0; !rc && s < topology->site_count; s++) {
		if (topology->sites[s].kind != SITE_EXCHANGE)
			rc = add_routes(&builder, s);
	}
	free(builder.local);
	free(builder.slots);
	return rc;
}
