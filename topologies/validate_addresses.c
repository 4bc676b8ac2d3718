// SPDX-License-Identifier: BSD-3-Clause
// Who owns which addresses: every address and prefix of the network is a claim; sorted, a claim
// meets only those that contain it, so that 10,000 sites take no longer than sorting does.
#include <errno.h>
#include <stdlib.h>

#include "topologies/prefixes.h"
#include "topologies/validate_parts.h"

enum claim_kind { CLAIM_SUBNET, CLAIM_LAN, CLAIM_ROUTE, CLAIM_ADDRESS };

struct claim {
	struct prefix network;
	enum claim_kind kind;
	uint32_t site;
	uint32_t exchange; // CLAIM_ADDRESS of a link: whose LAN it may lie in, else TOPOLOGY_NONE
	const struct source *source;
	const char *section;
	const char *name;
};

struct claims {
	struct claim *items;
	size_t count;
};

static void add_claim(struct claims *claims, struct claim claim, const struct prefix *prefix)
{
	if (prefix->address.family == ADDRESS_NONE)
		return;
	claim.network = prefix_network(prefix);
	claims->items[claims->count++] = claim;
}

static void add_address(struct claims *claims, struct claim claim, const struct address *address)
{
	struct prefix prefix = prefix_of_address(address);

	claim.kind = CLAIM_ADDRESS;
	add_claim(claims, claim, &prefix);
}

static void claim_sites(const struct topology *topology, struct claims *claims)
{
	for (size_t i = 0; i < topology->site_count; i++) {
		const struct site *site = &topology->sites[i];
		struct claim claim = {.site = (uint32_t)i,
				      .exchange = TOPOLOGY_NONE,
				      .source = &site->source,
				      .section = "site",
				      .name = site->name};

		add_address(claims, claim, &site->address);
		add_address(claims, claim, &site->address6);
		claim.kind = CLAIM_SUBNET;
		for (size_t j = 0; j < site->subnet_count; j++)
			add_claim(claims, claim, &site->subnets[j]);
		claim.kind = CLAIM_ROUTE;
		for (size_t j = 0; j < site->route_count; j++)
			add_claim(claims, claim, &site->routes[j].prefix);
	}
}

static void claim_ports(const struct topology *topology, struct claims *claims)
{
	for (size_t i = 0; i < topology->port_count; i++) {
		const struct port *port = &topology->ports[i];
		struct claim claim = {.kind = CLAIM_LAN,
				      .site = port->site,
				      .exchange = TOPOLOGY_NONE,
				      .source = &port->source,
				      .section = "port",
				      .name = port->name};

		for (int slot = 0; slot < 2; slot++) {
			add_claim(claims, claim, &port->addresses[slot]);
			add_address(claims, claim, &port->addresses[slot].address);
		}
	}
}

// The end of a link that is an exchange's when the other is not; -1: there is none.
static int exchange_end(const struct topology *topology, const struct link *link)
{
	for (int end = 0; end < 2; end++)
		if (link->ends[end].site != TOPOLOGY_NONE &&
		    link->ends[1 - end].site != TOPOLOGY_NONE &&
		    topology->sites[link->ends[end].site].kind == SITE_EXCHANGE &&
		    topology->sites[link->ends[1 - end].site].kind != SITE_EXCHANGE)
			return end;
	return -1;
}

static void claim_links(const struct topology *topology, struct claims *claims)
{
	for (size_t i = 0; i < topology->link_count; i++) {
		const struct link *link = &topology->links[i];
		int end = exchange_end(topology, link);
		struct claim claim = {
			.source = &link->source, .section = "link", .name = link->name};

		if (end < 0)
			continue;
		claim.site = link->ends[1 - end].site;
		claim.exchange = link->ends[end].site;
		for (int slot = 0; slot < 2; slot++)
			add_address(claims, claim, &link->addresses[slot].address);
	}
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *left = a;
	const struct claim *right = b;
	int order = prefix_compare(&left->network, &right->network);

	if (order)
		return order;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->source->file != right->source->file)
		return 0;
	return (left->source->line > right->source->line) -
	       (left->source->line < right->source->line);
}

static bool is_same(const struct claim *a, const struct claim *b)
{
	return prefix_compare(&a->network, &b->network) == 0;
}

// May `inner` stand inside `outer`?
static bool conflicts(const struct claim *outer, const struct claim *inner)
{
	if (outer->kind == CLAIM_ADDRESS)
		return inner->kind == CLAIM_ADDRESS;
	if (outer->kind == CLAIM_ROUTE || inner->kind == CLAIM_ROUTE)
		return inner->kind != CLAIM_ADDRESS && is_same(outer, inner);
	if (outer->site == inner->site)
		return outer->kind == inner->kind;
	return inner->kind != CLAIM_ADDRESS || inner->exchange != outer->site;
}

static void fail_conflict(struct errors *errors, const struct claim *outer,
			  const struct claim *inner)
{
	char other[64];
	char own[64];

	if (inner->kind == CLAIM_ADDRESS)
		address_format(&inner->network.address, own, sizeof(own));
	else
		prefix_format(&inner->network, own, sizeof(own));
	if (outer->kind == CLAIM_ADDRESS || is_same(outer, inner))
		validate_fail(errors, inner->source, inner->section, inner->name,
			      "%s is also that of [%s %s] at line %u; give each its own", own,
			      outer->section, outer->name, outer->source->line);
	else
		validate_fail(errors, inner->source, inner->section, inner->name,
			      "%s lies in %s of [%s %s] at line %u; choose one outside", own,
			      prefix_format(&outer->network, other, sizeof(other)), outer->section,
			      outer->name, outer->source->line);
}

// Compares a claim with those that contain it, nearest first. An address belongs to the nearest
// prefix only. True: a fault was reported.
static bool check_claim(struct errors *errors, const struct claim *const *containers, size_t depth,
			const struct claim *claim)
{
	while (depth-- > 0) {
		const struct claim *outer = containers[depth];

		if (conflicts(outer, claim)) {
			fail_conflict(errors, outer, claim);
			return true;
		}
		if (claim->kind == CLAIM_ADDRESS && outer->kind != CLAIM_ROUTE &&
		    outer->kind != CLAIM_ADDRESS)
			return false;
	}
	return false;
}

static void check_claims(struct errors *errors, struct claims *claims,
			 const struct claim **containers)
{
	size_t depth = 0;

	qsort(claims->items, claims->count, sizeof(*claims->items), compare_claims);
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];

		while (depth > 0 &&
		       !prefix_contains(&containers[depth - 1]->network, &claim->network))
			depth--;
		// A repeated one does not join the stack, which so stays as deep as prefixes nest.
		if (!check_claim(errors, containers, depth, claim) ||
		    !is_same(containers[depth - 1], claim))
			containers[depth++] = claim;
	}
}

static size_t claims_most(const struct topology *topology)
{
	size_t most =
		2 * topology->site_count + 4 * topology->port_count + 2 * topology->link_count + 1;

	for (size_t i = 0; i < topology->site_count; i++)
		most += topology->sites[i].subnet_count + topology->sites[i].route_count;
	return most;
}

void validate_addresses(const struct topology *topology, struct errors *errors, bool complete)
{
	size_t most = claims_most(topology);
	struct claims claims = {calloc(most, sizeof(*claims.items)), 0};
	const struct claim **containers = calloc(most, sizeof(*containers));

	if (claims.items && containers) {
		claim_sites(topology, &claims);
		claim_ports(topology, &claims);
		claim_links(topology, &claims);
		check_claims(errors, &claims, containers);
	} else {
		errors_add(errors, -ENOMEM, "topology", "no memory to check the addresses");
	}
	free(claims.items);
	free(containers);
	validate_lans(topology, errors, complete);
}
