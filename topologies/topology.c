// SPDX-License-Identifier: BSD-3-Clause
// Finding things of a topology by name, the names of channels, and the end of it all.
#include "topologies/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/load_weather.h"
#include "topologies/names.h"

uint32_t topology_find_site(const struct topology *topology, const char *name)
{
	return names_find(topology->names, NAME_SITE, name);
}

uint32_t topology_find_link(const struct topology *topology, const char *name)
{
	return names_find(topology->names, NAME_LINK, name);
}

uint32_t topology_find_port(const struct topology *topology, const char *name)
{
	return names_find(topology->names, NAME_PORT, name);
}

uint32_t topology_find_flow(const struct topology *topology, const char *name)
{
	return names_find(topology->names, NAME_FLOW, name);
}

uint32_t topology_find_conduit(const struct topology *topology, const char *name)
{
	return names_find(topology->names, NAME_CONDUIT, name);
}

uint32_t topology_channel(uint32_t link, enum link_direction direction)
{
	return 2 * link + (uint32_t)direction;
}

uint32_t topology_parse_channel(const struct topology *topology, const char *text,
				enum link_direction *first, enum link_direction *last)
{
	char name[TOPOLOGY_NAME_MAX + 1];
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	uint32_t link;

	if (length > TOPOLOGY_NAME_MAX)
		return TOPOLOGY_NONE;
	if (colon && strcmp(colon, ":forward") != 0 && strcmp(colon, ":reverse") != 0)
		return TOPOLOGY_NONE;
	memcpy(name, text, length);
	name[length] = '\0';
	link = topology_find_link(topology, name);
	if (link == TOPOLOGY_NONE)
		return TOPOLOGY_NONE;
	*first = colon && strcmp(colon, ":reverse") == 0 ? LINK_REVERSE : LINK_FORWARD;
	*last = colon && strcmp(colon, ":forward") == 0 ? LINK_FORWARD : LINK_REVERSE;
	return link;
}

char *topology_channel_name(const struct topology *topology, uint32_t channel, char *buffer,
			    size_t size)
{
	if (channel / 2 < topology->link_count)
		snprintf(buffer, size, "%s:%s", topology->links[channel / 2].name,
			 channel % 2 == LINK_FORWARD ? "forward" : "reverse");
	else
		snprintf(buffer, size, "none");
	return buffer;
}

void topology_free(struct topology *topology)
{
	if (!topology)
		return;
	for (size_t i = 0; i < topology->site_count; i++) {
		free(topology->sites[i].subnets);
		free(topology->sites[i].routes);
	}
	for (size_t i = 0; i < topology->link_count; i++)
		free(topology->links[i].handover.slots);
	for (size_t i = 0; i < topology->constellation_count; i++)
		free(topology->constellations[i].satellites);
	for (size_t i = 0; i < topology->conduit_count; i++)
		free(topology->conduits[i].links);
	for (size_t i = 0; i < topology->event_count; i++)
		free(topology->events[i].command);
	for (size_t i = 0; i < topology->file_count; i++)
		free(topology->files[i]);
	for (size_t i = 0; i < topology->weather_count; i++)
		weather_fini(&topology->weathers[i]);
	free(topology->weathers);
	free(topology->sites);
	free(topology->links);
	free(topology->satellites);
	free(topology->constellations);
	free(topology->ports);
	free(topology->flows);
	free(topology->conduits);
	free(topology->events);
	free(topology->files);
	names_free(topology->names);
	if (topology->tables)
		tables_free(topology->tables);
	free(topology->tables);
	free(topology->folder);
	free(topology);
}
