// SPDX-License-Identifier: BSD-3-Clause
// Views of the network itself: sites, links, channels, satellites.
#include <stdio.h>
#include <string.h>

#include "control/view.h"
#include "dataplane/physics/look.h"

static const char *const kind_words[] = {[SITE_ROUTER] = "router",
					 [SITE_EXCHANGE] = "exchange",
					 [SITE_TELEPORT] = "teleport",
					 [SITE_HOST] = "host"};

static const char *const medium_words[] = {[MEDIUM_FIBRE] = "fibre",
					   [MEDIUM_SATELLITE] = "satellite",
					   [MEDIUM_ETHERNET] = "ethernet",
					   [MEDIUM_WIRE] = "wire"};

static json_t *site_json(const struct lab *lab, uint32_t index)
{
	const struct site *site = &lab_topology(lab)->sites[index];
	struct engine_site_counters counters;
	engine_site_read(lab_engine(lab), index, &counters);
	json_t *subnets = json_array();
	for (size_t i = 0; i < site->subnet_count; i++) {
		char text[64];
		prefix_format(&site->subnets[i], text, sizeof(text));
		json_array_append_new(subnets, json_string(text));
	}
	json_t *object =
		json_pack("{s:s, s:s, s:b, s:s?, s:o, s:o, s:o}", "site", site->name, "kind",
			  kind_words[site->kind], "up", network_site_is_up(lab_network(lab), index),
			  "jurisdiction", site->jurisdiction[0] != '\0' ? site->jurisdiction : NULL,
			  "address", view_address(&site->address), "address6",
			  view_address(&site->address6), "subnets", subnets);
	if (site->has_position)
		json_object_update_new(object,
				       json_pack("{s:f, s:f, s:f}", "latitude_deg",
						 site->position.latitude_deg, "longitude_deg",
						 site->position.longitude_deg, "height_m",
						 site->position.height_m));
	json_object_update_new(object, json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "local",
						 (json_int_t)counters.local, "originated",
						 (json_int_t)counters.originated, "pending",
						 (json_int_t)counters.pending, "flooded",
						 (json_int_t)counters.flooded, "fragmented",
						 (json_int_t)counters.fragmented, "lost",
						 view_lost(counters.lost)));
	return object;
}

json_t *view_sites(const struct lab *lab, const json_t *names, struct error *error)
{
	const struct topology *topology = lab_topology(lab);
	if (view_check_names(topology, names, "site", topology_find_site, error) < 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t i = 0; i < topology->site_count; i++)
		if (view_wants(names, topology->sites[i].name, NULL))
			json_array_append_new(list, site_json(lab, i));
	return list;
}

// Name of one end: a site, or a port of a wire.
static const char *end_name(const struct topology *topology, const struct link_end *end)
{
	if (end->site != TOPOLOGY_NONE)
		return topology->sites[end->site].name;
	return end->port != TOPOLOGY_NONE ? topology->ports[end->port].name : "?";
}

// What the users asked for, as words that can be pasted in again.
static json_t *words_json(const struct lab *lab, uint32_t channel)
{
	char words[1024] = "";
	impairment_format(network_impairment(lab_network(lab), channel), words, sizeof(words));
	return json_string(words);
}

static json_t *direction_json(const struct lab *lab, uint32_t channel)
{
	const struct channel_params *params =
		&network_plan(lab_network(lab))->channels[channel].params;
	return json_pack(
		"{s:b, s:I, s:I, s:o}", "up", network_channel_is_up(lab_network(lab), channel),
		"delay_ns", (json_int_t)params->delay_ns, "rate_bps",
		(json_int_t)params->rate.bits_per_second, "words", words_json(lab, channel));
}

static json_t *link_json(const struct lab *lab, uint32_t index)
{
	const struct topology *topology = lab_topology(lab);
	const struct link *link = &topology->links[index];
	uint32_t forward = topology_channel(index, LINK_FORWARD);
	uint32_t reverse = topology_channel(index, LINK_REVERSE);
	const struct network *network = lab_network(lab);
	json_t *object = json_pack(
		"{s:s, s:s, s:[s, s], s:b, s:I, s:I, s:o, s:o}", "link", link->name, "medium",
		medium_words[link->medium], "ends", end_name(topology, &link->ends[0]),
		end_name(topology, &link->ends[1]), "up",
		network_channel_is_up(network, forward) && network_channel_is_up(network, reverse),
		"propagation_ns", (json_int_t)link->propagation_ns, "mtu_bytes",
		(json_int_t)link->mtu_bytes, "forward", direction_json(lab, forward), "reverse",
		direction_json(lab, reverse));
	if (link->length_m > 0)
		json_object_set_new(object, "length_km", json_real(link->length_m / 1000));
	if (link->satellite != TOPOLOGY_NONE)
		json_object_set_new(object, "satellite",
				    json_string(topology->satellites[link->satellite].name));
	return object;
}

json_t *view_links(const struct lab *lab, const json_t *names, struct error *error)
{
	const struct topology *topology = lab_topology(lab);
	if (view_check_names(topology, names, "link", topology_find_link, error) < 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t i = 0; i < topology->link_count; i++)
		if (view_wants(names, topology->links[i].name, NULL))
			json_array_append_new(list, link_json(lab, i));
	return list;
}

static json_t *channel_json(const struct lab *lab, uint32_t channel, const char *name)
{
	const struct topology *topology = lab_topology(lab);
	const struct link *link = &topology->links[channel / LINK_DIRECTIONS];
	unsigned from = channel % LINK_DIRECTIONS == LINK_FORWARD ? 0 : 1;
	const struct plan_channel *planned = &network_plan(lab_network(lab))->channels[channel];
	struct engine_channel_counters counters;
	engine_channel_read(lab_engine(lab), channel, &counters);
	json_t *object =
		json_pack("{s:s, s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:o}", "channel", name, "from",
			  end_name(topology, &link->ends[from]), "to",
			  end_name(topology, &link->ends[1 - from]), "up",
			  network_channel_is_up(lab_network(lab), channel), "carrier",
			  planned->params.carrier, "delay_ns", (json_int_t)planned->params.delay_ns,
			  "rate_bps", (json_int_t)planned->params.rate.bits_per_second, "mtu_bytes",
			  (json_int_t)planned->params.mtu_bytes, "words", words_json(lab, channel));
	view_add_impairment(object, &planned->params,
			    network_impairment(lab_network(lab), channel));
	json_object_update_new(
		object,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "entered",
			  (json_int_t)counters.entered, "delivered", (json_int_t)counters.delivered,
			  "duplicated", (json_int_t)counters.duplicated, "corrupted",
			  (json_int_t)counters.corrupted, "reordered",
			  (json_int_t)counters.reordered, "marked", (json_int_t)counters.marked,
			  "entered_bytes", (json_int_t)counters.entered_bytes, "delivered_bytes",
			  (json_int_t)counters.delivered_bytes, "in_flight",
			  (json_int_t)counters.in_flight, "retimed", (json_int_t)counters.retimed,
			  "lost", view_lost(counters.lost)));
	return object;
}

// A link's name stands for both its channels.
static uint32_t find_channel(const struct topology *topology, const char *name)
{
	enum link_direction first, last;
	return topology_parse_channel(topology, name, &first, &last);
}

json_t *view_channels(const struct lab *lab, const json_t *names, struct error *error)
{
	const struct topology *topology = lab_topology(lab);
	if (view_check_names(topology, names, "channel", find_channel, error) < 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t i = 0; i < topology->link_count * LINK_DIRECTIONS; i++) {
		char name[TOPOLOGY_NAME_MAX + 16];
		topology_channel_name(topology, i, name, sizeof(name));
		if (view_wants(names, name, topology->links[i / LINK_DIRECTIONS].name))
			json_array_append_new(list, channel_json(lab, i, name));
	}
	return list;
}

static void add_teleports(const struct topology *topology, uint32_t satellite, json_t *list)
{
	const struct satellite *sky = &topology->satellites[satellite];
	for (size_t i = 0; i < topology->link_count; i++) {
		const struct link *link = &topology->links[i];
		for (int end = 0; link->satellite == satellite && end < 2; end++) {
			if (link->ends[end].site == TOPOLOGY_NONE)
				continue;
			const struct site *site = &topology->sites[link->ends[end].site];
			struct look look =
				look_equatorial(site->position, sky->longitude_deg, sky->radius_m);
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:f, s:f, s:f, s:I}", "link",
						link->name, "site", site->name, "elevation_deg",
						look.elevation_deg, "azimuth_deg", look.azimuth_deg,
						"range_km", look.range_m / 1000, "delay_ns",
						(json_int_t)look_delay_ns(look.range_m)));
		}
	}
}

static uint32_t find_satellite(const struct topology *topology, const char *name)
{
	for (uint32_t i = 0; i < topology->satellite_count; i++)
		if (strcmp(topology->satellites[i].name, name) == 0)
			return i;
	return TOPOLOGY_NONE;
}

json_t *view_satellites(const struct lab *lab, const json_t *names, struct error *error)
{
	const struct topology *topology = lab_topology(lab);
	if (view_check_names(topology, names, "satellite", find_satellite, error) < 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t i = 0; i < topology->satellite_count; i++) {
		const struct satellite *satellite = &topology->satellites[i];
		if (!view_wants(names, satellite->name, NULL))
			continue;
		json_t *teleports = json_array();
		add_teleports(topology, i, teleports);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:f, s:f, s:o}", "satellite", satellite->name,
					"orbit",
					satellite->orbit == ORBIT_GEOSTATIONARY ? "geostationary"
										: "circular",
					"longitude_deg", satellite->longitude_deg, "height_km",
					(satellite->radius_m - WGS84_EQUATORIAL_M) / 1000,
					"teleports", teleports));
	}
	return list;
}
