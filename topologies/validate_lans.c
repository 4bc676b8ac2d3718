// SPDX-License-Identifier: BSD-3-Clause
// Each address in its place: own addresses, subnets without host bits, members on their peering
// LAN, and gateways within reach.
#include <errno.h>
#include <stdlib.h>

#include "topologies/prefixes.h"
#include "topologies/validate_parts.h"

static void check_unicast(struct errors *errors, const struct source *source, const char *section,
			  const char *name, const struct address *address)
{
	char text[64];

	if (address->family != ADDRESS_NONE && !address_is_unicast(address))
		validate_fail(errors, source, section, name,
			      "%s is not an address that a machine may have; choose a unicast one",
			      address_format(address, text, sizeof(text)));
}

static void check_interface(struct errors *errors, const struct source *source, const char *section,
			    const char *name, const struct prefix *prefix)
{
	char text[64];

	if (prefix->address.family == ADDRESS_NONE)
		return;
	check_unicast(errors, source, section, name, &prefix->address);
	if (prefix_reserves_its_address(prefix))
		validate_fail(errors, source, section, name,
			      "%s is the address of the network itself or its broadcast address; "
			      "choose one between",
			      prefix_format(prefix, text, sizeof(text)));
}

static void check_subnets(struct errors *errors, const struct site *site)
{
	for (size_t i = 0; i < site->subnet_count; i++) {
		struct prefix network = prefix_network(&site->subnets[i]);
		char written[64];
		char meant[64];

		if (prefix_compare(&network, &site->subnets[i]) == 0)
			continue;
		validate_fail(errors, &site->source, "site", site->name,
			      "subnet %s has host bits; write %s",
			      prefix_format(&site->subnets[i], written, sizeof(written)),
			      prefix_format(&network, meant, sizeof(meant)));
	}
}

static void check_sites(const struct topology *topology, struct errors *errors)
{
	for (size_t i = 0; i < topology->site_count; i++) {
		const struct site *site = &topology->sites[i];

		check_unicast(errors, &site->source, "site", site->name, &site->address);
		check_unicast(errors, &site->source, "site", site->name, &site->address6);
		check_subnets(errors, site);
		if (site->kind == SITE_EXCHANGE &&
		    (site->address.family != ADDRESS_NONE ||
		     site->address6.family != ADDRESS_NONE || site->route_count > 0))
			validate_fail(
				errors, &site->source, "site", site->name,
				"an exchange switches and has no address or route of its own; "
				"take them out");
	}
}

static void check_ports(const struct topology *topology, struct errors *errors)
{
	for (size_t i = 0; i < topology->port_count; i++) {
		const struct port *port = &topology->ports[i];
		bool addressed = port->addresses[0].address.family != ADDRESS_NONE ||
				 port->addresses[1].address.family != ADDRESS_NONE;

		for (int slot = 0; slot < 2; slot++)
			check_interface(errors, &port->source, "port", port->name,
					&port->addresses[slot]);
		if (addressed && port->site == TOPOLOGY_NONE)
			validate_fail(errors, &port->source, "port", port->name,
				      "a port of a wire has no address, for a wire passes every "
				      "frame; take it out");
		else if (addressed && topology->sites[port->site].kind == SITE_EXCHANGE)
			validate_fail(errors, &port->source, "port", port->name,
				      "a port of an exchange has no address, for an exchange "
				      "switches; give it to the router behind the port");
	}
}

static bool lan_contains(const struct site *exchange, const struct prefix *prefix)
{
	struct prefix address = prefix_of_address(&prefix->address);

	for (size_t i = 0; i < exchange->subnet_count; i++)
		if (prefix_contains(&exchange->subnets[i], &address) &&
		    exchange->subnets[i].length == prefix->length)
			return true;
	return false;
}

// A member's addresses lie on the LAN; without any it still forwards, the fabric needs none.
static void check_member(struct errors *errors, const struct link *link,
			 const struct site *exchange, bool complete)
{
	for (int slot = 0; slot < 2; slot++) {
		const struct prefix *prefix = &link->addresses[slot];
		char text[64];

		if (prefix->address.family == ADDRESS_NONE)
			continue;
		check_interface(errors, &link->source, "link", link->name, prefix);
		if ((complete || exchange->subnet_count > 0) && !lan_contains(exchange, prefix))
			validate_fail(errors, &link->source, "link", link->name,
				      "%s is not on a peering LAN of %s; choose an address and "
				      "length of its subnet",
				      prefix_format(prefix, text, sizeof(text)), exchange->name);
	}
}

static void check_links(const struct topology *topology, struct errors *errors, bool complete)
{
	for (size_t i = 0; i < topology->link_count; i++) {
		const struct link *link = &topology->links[i];
		const struct site *exchange = NULL;

		for (int end = 0; end < 2; end++)
			if (link->ends[end].site != TOPOLOGY_NONE &&
			    topology->sites[link->ends[end].site].kind == SITE_EXCHANGE)
				exchange = &topology->sites[link->ends[end].site];
		if (exchange)
			check_member(errors, link, exchange, complete);
		else if (complete && (link->addresses[0].address.family != ADDRESS_NONE ||
				      link->addresses[1].address.family != ADDRESS_NONE))
			validate_fail(errors, &link->source, "link", link->name,
				      "the link has an address, which only a link to an exchange "
				      "does; take it out");
	}
}

// The ports and links of each site as lists: head[site], next[port or link end].
struct neighbours {
	uint32_t *first_port;
	uint32_t *next_port;
	uint32_t *first_end; // 2 x link + end
	uint32_t *next_end;
};

static bool make_neighbours(const struct topology *topology, struct neighbours *neighbours)
{
	*neighbours = (struct neighbours){
		.first_port = malloc((topology->site_count + 1) * sizeof(uint32_t)),
		.next_port = malloc((topology->port_count + 1) * sizeof(uint32_t)),
		.first_end = malloc((topology->site_count + 1) * sizeof(uint32_t)),
		.next_end = malloc((2 * topology->link_count + 1) * sizeof(uint32_t)),
	};
	if (!neighbours->first_port || !neighbours->next_port || !neighbours->first_end ||
	    !neighbours->next_end)
		return false;
	for (size_t i = 0; i < topology->site_count; i++)
		neighbours->first_port[i] = neighbours->first_end[i] = TOPOLOGY_NONE;
	for (uint32_t i = 0; i < topology->port_count; i++) {
		uint32_t site = topology->ports[i].site;

		if (site == TOPOLOGY_NONE)
			continue;
		neighbours->next_port[i] = neighbours->first_port[site];
		neighbours->first_port[site] = i;
	}
	for (uint32_t i = 0; i < 2 * topology->link_count; i++) {
		uint32_t site = topology->links[i / 2].ends[i % 2].site;

		if (site == TOPOLOGY_NONE)
			continue;
		neighbours->next_end[i] = neighbours->first_end[site];
		neighbours->first_end[site] = i;
	}
	return true;
}

static bool is_reached(const struct topology *topology, const struct neighbours *neighbours,
		       size_t site, const struct address *via)
{
	struct prefix gateway = prefix_of_address(via);

	for (uint32_t i = neighbours->first_port[site]; i != TOPOLOGY_NONE;
	     i = neighbours->next_port[i])
		for (int slot = 0; slot < 2; slot++)
			if (prefix_contains(&topology->ports[i].addresses[slot], &gateway))
				return true;
	for (uint32_t i = neighbours->first_end[site]; i != TOPOLOGY_NONE;
	     i = neighbours->next_end[i])
		for (int slot = 0; slot < 2; slot++)
			if (prefix_contains(&topology->links[i / 2].addresses[slot], &gateway))
				return true;
	return false;
}

static void check_routes(const struct topology *topology, struct errors *errors, bool complete)
{
	struct neighbours neighbours;
	bool made = make_neighbours(topology, &neighbours);

	if (!made)
		errors_add(errors, -ENOMEM, "topology", "no memory to check the routes");
	for (size_t i = 0; made && i < topology->site_count; i++) {
		const struct site *site = &topology->sites[i];

		for (size_t j = 0; j < site->route_count; j++) {
			const struct static_route *route = &site->routes[j];
			struct prefix network = prefix_network(&route->prefix);
			char text[64];
			char meant[64];

			if (prefix_compare(&network, &route->prefix) != 0)
				validate_fail(errors, &site->source, "site", site->name,
					      "route %s has host bits; write %s",
					      prefix_format(&route->prefix, text, sizeof(text)),
					      prefix_format(&network, meant, sizeof(meant)));
			if (complete && !is_reached(topology, &neighbours, i, &route->via))
				validate_fail(
					errors, &site->source, "site", site->name,
					"no port or peering LAN of the site reaches the gateway "
					"%s; choose a neighbour's address",
					address_format(&route->via, text, sizeof(text)));
		}
	}
	free(neighbours.first_port);
	free(neighbours.next_port);
	free(neighbours.first_end);
	free(neighbours.next_end);
}

void validate_lans(const struct topology *topology, struct errors *errors, bool complete)
{
	check_sites(topology, errors);
	check_ports(topology, errors);
	check_links(topology, errors, complete);
	check_routes(topology, errors, complete);
}
