// SPDX-License-Identifier: BSD-3-Clause
// Rules across sections: ends, homes, reachability, flows and events.
#include "topologies/validate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/ini.h"
#include "topologies/names.h"
#include "topologies/validate_parts.h"

void validate_fail(struct errors *errors, const struct source *source, const char *kind,
		   const char *name, const char *format, ...)
{
	struct ini_section section = {.kind = kind, .name = name};
	char where[192];
	char what[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	errors_add(errors, -EINVAL,
		   ini_where(source->file, source->line, &section, NULL, where, sizeof(where)),
		   "%s", what);
}

static void validate_link_ends(const struct topology *topology, struct errors *errors)
{
	for (size_t i = 0; i < topology->link_count; i++) {
		const struct link *link = &topology->links[i];
		bool sites = link->ends[0].site != TOPOLOGY_NONE;

		if ((sites ? link->ends[1].site : link->ends[1].port) == TOPOLOGY_NONE ||
		    (!sites && link->ends[0].port == TOPOLOGY_NONE))
			continue;
		if (!sites && link->medium == MEDIUM_SATELLITE)
			validate_fail(
				errors, &link->source, "link", link->name,
				"a satellite link joins sites, not ports; write medium = wire "
				"and a delay");
		if (sites && link->medium == MEDIUM_WIRE)
			validate_fail(errors, &link->source, "link", link->name,
				      "a wire joins two ports, not sites; write medium = ethernet");
		if (sites && topology->sites[link->ends[0].site].kind == SITE_EXCHANGE &&
		    topology->sites[link->ends[1].site].kind == SITE_EXCHANGE)
			validate_fail(errors, &link->source, "link", link->name,
				      "both ends are exchanges, and a peering LAN is one fabric; "
				      "put a router between them");
	}
}

// Each port has a site or is one end of one wire.
static void validate_homes(const struct topology *topology, struct errors *errors, bool complete)
{
	uint32_t *wire_of = malloc((topology->port_count + 1) * sizeof(*wire_of));

	if (!wire_of) {
		errors_add(errors, -ENOMEM, "topology", "no memory to check the ports");
		return;
	}
	for (size_t i = 0; i < topology->port_count; i++)
		wire_of[i] = TOPOLOGY_NONE;
	for (size_t i = 0; i < topology->link_count; i++) {
		const struct link *link = &topology->links[i];

		if (link->ends[0].port == TOPOLOGY_NONE || link->ends[1].port == TOPOLOGY_NONE)
			continue;
		for (int end = 0; end < 2; end++) {
			uint32_t port = link->ends[end].port;

			if (topology->ports[port].site != TOPOLOGY_NONE)
				validate_fail(errors, &link->source, "link", link->name,
					      "port %s is at site %s already; a wire needs a port "
					      "without a site",
					      topology->ports[port].name,
					      topology->sites[topology->ports[port].site].name);
			else if (wire_of[port] != TOPOLOGY_NONE)
				validate_fail(errors, &link->source, "link", link->name,
					      "port %s is an end of %s already; a port ends one "
					      "wire",
					      topology->ports[port].name,
					      topology->links[wire_of[port]].name);
			wire_of[port] = (uint32_t)i;
		}
	}
	for (size_t i = 0; complete && i < topology->port_count; i++)
		if (topology->ports[i].site == TOPOLOGY_NONE && wire_of[i] == TOPOLOGY_NONE)
			validate_fail(errors, &topology->ports[i].source, "port",
				      topology->ports[i].name,
				      "the port has no home; add site = ... or make it an end of a "
				      "wire");
	free(wire_of);
}

static uint32_t find_root(uint32_t *parents, uint32_t site)
{
	while (parents[site] != site) {
		parents[site] = parents[parents[site]];
		site = parents[site];
	}
	return site;
}

// A second station belongs to the end that it stands in for, and needs no link of its own.
static void join_diverse(const struct link *link, uint32_t *parents)
{
	for (int end = 0; end < 2; end++) {
		uint32_t other = link->radio.stations[end].diversity.site;

		if (link->radio.given && other != TOPOLOGY_NONE &&
		    link->ends[end].site != TOPOLOGY_NONE)
			parents[find_root(parents, other)] =
				find_root(parents, link->ends[end].site);
	}
}

// Sites that no path joins to the rest, where the rest is the largest island.
static void validate_reachability(const struct topology *topology, struct errors *errors)
{
	size_t count = topology->site_count;
	uint32_t *parents = malloc((count + 1) * sizeof(*parents));
	uint32_t *sizes = calloc(count + 1, sizeof(*sizes));
	uint32_t largest = 0;

	for (size_t i = 0; parents && sizes && i < count; i++)
		parents[i] = (uint32_t)i;
	for (size_t i = 0; parents && sizes && i < topology->link_count; i++) {
		const struct link_end *ends = topology->links[i].ends;

		if (ends[0].site != TOPOLOGY_NONE && ends[1].site != TOPOLOGY_NONE)
			parents[find_root(parents, ends[0].site)] =
				find_root(parents, ends[1].site);
		join_diverse(&topology->links[i], parents);
	}
	for (size_t i = 0; parents && sizes && i < count; i++)
		sizes[find_root(parents, (uint32_t)i)]++;
	for (size_t i = 0; parents && sizes && i < count; i++)
		if (sizes[i] > sizes[largest])
			largest = (uint32_t)i;
	for (size_t i = 0; parents && sizes && i < count; i++)
		if (find_root(parents, (uint32_t)i) != largest)
			validate_fail(errors, &topology->sites[i].source, "site",
				      topology->sites[i].name,
				      "no path leads from here to %s; add a link, or write routing "
				      "= external",
				      topology->sites[largest].name);
	if (!parents || !sizes)
		errors_add(errors, -ENOMEM, "topology", "no memory to check the paths");
	free(parents);
	free(sizes);
}

static void validate_flow_end(const struct topology *topology, struct errors *errors,
			      const struct flow *flow, uint32_t index, bool complete)
{
	const struct site *site;
	const struct address *address;

	if (index == TOPOLOGY_NONE)
		return;
	site = &topology->sites[index];
	address = flow->ipv6 ? &site->address6 : &site->address;
	if (site->kind == SITE_EXCHANGE)
		validate_fail(
			errors, &flow->source, "flow", flow->name,
			"%s is an exchange, which sends and receives nothing of its own; name "
			"a router, teleport or host",
			site->name);
	else if (complete && address->family == ADDRESS_NONE)
		validate_fail(errors, &flow->source, "flow", flow->name,
			      "site %s has no IPv%d address; add %s = ... to it", site->name,
			      flow->ipv6 ? 6 : 4, flow->ipv6 ? "address6" : "address");
}

// Whether the thing a command is about exists; the grammar is control's.
static void validate_command(const struct topology *topology, struct errors *errors,
			     const struct event *event)
{
	static const struct {
		const char *word;
		enum name_kind kind;
	} subjects[] = {{"link", NAME_LINK}, {"site", NAME_SITE}, {"conduit", NAME_CONDUIT}};
	char word[16];
	char name[TOPOLOGY_NAME_MAX + 1];

	if (sscanf(event->command, "%15s %63[^: \t]", word, name) != 2)
		return;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		const char *nearest;

		if (strcmp(word, subjects[i].word) != 0 ||
		    names_find(topology->names, subjects[i].kind, name) != UINT32_MAX)
			continue;
		nearest = names_nearest(topology->names, subjects[i].kind, name);
		validate_fail(errors, &event->source, "event", event->name,
			      "do = \"%s\" names the %s \"%s\", which does not exist; %s%s%s",
			      event->command, word, name, nearest ? "did you mean " : "",
			      nearest ? nearest : "mend the name", nearest ? "?" : "");
	}
}

void validate_sections(const struct topology *topology, struct errors *errors, bool complete)
{
	if (complete && topology->site_count == 0 && topology->port_count == 0)
		errors_add(errors, -EINVAL, topology->name,
			   "the network has neither sites nor ports; add e.g. [site a] or a wire "
			   "between two ports");
	validate_link_ends(topology, errors);
	validate_homes(topology, errors, complete);
	if (complete && topology->routing != ROUTING_EXTERNAL)
		validate_reachability(topology, errors);
	validate_addresses(topology, errors, complete);
	validate_space(topology, errors, complete);
	for (size_t i = 0; i < topology->flow_count; i++) {
		const struct flow *flow = &topology->flows[i];

		validate_flow_end(topology, errors, flow, flow->from, complete);
		validate_flow_end(topology, errors, flow, flow->to, complete);
	}
	for (size_t i = 0; i < topology->event_count; i++)
		if (topology->events[i].command)
			validate_command(topology, errors, &topology->events[i]);
}

size_t topology_validate(const struct topology *topology, struct errors *errors)
{
	size_t before = errors->count;

	validate_sections(topology, errors, true);
	return errors->count - before;
}
