// SPDX-License-Identifier: BSD-3-Clause
// Views of the network itself: sites, links, channels, satellites.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/view.h"
#include "dataplane/physics/utc.h"
#include "topologies/sky.h"
#include "topologies/sky_sites.h"

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
	const struct network *network = lab_network(lab);
	uint64_t now_ns = lab_now_ns(lab);
	return json_pack("{s:b, s:s?, s:I, s:I, s:o}", "up",
			 network_channel_is_up(network, channel), "down_by",
			 network_down_by(network, channel), "delay_ns",
			 (json_int_t)network_delay_ns(network, channel, now_ns), "rate_bps",
			 (json_int_t)network_rate_bps(network, channel, now_ns), "words",
			 words_json(lab, channel));
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
	const struct network *network = lab_network(lab);
	const struct plan_channel *planned = &network_plan(network)->channels[channel];
	uint64_t now_ns = lab_now_ns(lab);
	struct engine_channel_counters counters;
	engine_channel_read(lab_engine(lab), channel, &counters);
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:b, s:s?, s:b, s:I, s:I, s:I, s:o}", "channel", name, "from",
		end_name(topology, &link->ends[from]), "to",
		end_name(topology, &link->ends[1 - from]), "up",
		network_channel_is_up(network, channel), "down_by",
		network_down_by(network, channel), "carrier", planned->params.carrier, "delay_ns",
		(json_int_t)network_delay_ns(network, channel, now_ns), "rate_bps",
		(json_int_t)network_rate_bps(network, channel, now_ns), "mtu_bytes",
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

// To the millisecond, which is how well handovers are known.
static char *to_ms(int64_t utc_ns, char text[UTC_TEXT_BYTES])
{
	return utc_format((utc_ns + 500000) / 1000000 * 1000000, text);
}

// Until when a service lasts, also beyond the hour that the network knows; INT64_MAX: no end within
// a day, or none at all.
static int64_t until_utc_ns(const struct lab *lab, uint32_t index, const struct handover *service)
{
	static const int64_t looks_h[] = {2, 6, 24};
	const struct topology *topology = lab_topology(lab);
	const struct link *link = &topology->links[index];
	int64_t now_utc_ns = sky_utc_ns(topology, lab_now_ns(lab)), until_ns = INT64_MAX;

	if (service->to_utc_ns != INT64_MAX || !sky_link_moves(topology, link))
		return service->to_utc_ns;
	for (size_t i = 0; until_ns == INT64_MAX && i < sizeof(looks_h) / sizeof(*looks_h); i++) {
		struct handover *services;
		size_t count;

		if (sky_find_services(topology, link, service->from_utc_ns,
				      now_utc_ns + looks_h[i] * UTC_NS_PER_DAY / 24, &services,
				      &count, NULL))
			return INT64_MAX;
		if (count > 1)
			until_ns = services[0].to_utc_ns;
		free(services);
	}
	return until_ns;
}

// How the two ends of a link, or the sites that stand in for them on the way forward, see a way
// over this satellite now, and since and until when it serves.
static void add_teleports(const struct lab *lab, uint32_t index, uint32_t way, json_t *list)
{
	const struct topology *topology = lab_topology(lab);
	const struct link *link = &topology->links[index];
	uint64_t now_ns = lab_now_ns(lab);
	uint64_t sites = network_sites(lab_network(lab), 2 * index, now_ns);
	struct path path = sky_way_of_sites(topology, NULL, link, LINK_FORWARD, way, sites);
	char since[UTC_TEXT_BYTES], until[UTC_TEXT_BYTES];
	struct handover service;
	struct path_state state;
	bool serves =
		network_service(lab_network(lab), index, now_ns, &service) && service.path == way;
	int64_t until_ns = serves ? until_utc_ns(lab, index, &service) : INT64_MAX;
	bool ends = until_ns != INT64_MAX;

	if (path_at(&path, sky_utc_ns(topology, now_ns), &state, NULL) < 0)
		return;
	to_ms(serves ? service.from_utc_ns : 0, since);
	to_ms(ends ? until_ns : 0, until);
	for (int end = 0; end < 2; end++) {
		const struct topocentric *seen = end == 0 ? &state.up : &state.down;

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:f, s:f, s:f, s:f, s:I}",
					"link", link->name, "site",
					topology->sites[sky_site(link, end, sites)].name, "serves",
					serves, "since", serves ? since : NULL, "until",
					ends ? until : NULL, "elevation_deg", seen->elevation_deg,
					"azimuth_deg", seen->azimuth_deg, "range_km",
					seen->range_m / 1000, "range_rate_m_per_s",
					seen->range_rate_m_per_s, "delay_ns",
					(json_int_t)light_delay_ns(seen->range_m)));
	}
}

static uint32_t find_satellite(const struct topology *topology, const char *name)
{
	for (uint32_t i = 0; i < topology->satellite_count; i++)
		if (strcmp(topology->satellites[i].name, name) == 0)
			return i;
	return TOPOLOGY_NONE;
}

// The way of a link that this satellite is part of, or HANDOVER_NONE.
static uint32_t way_over(const struct topology *topology, const struct link *link,
			 uint32_t satellite)
{
	if (link->medium != MEDIUM_SATELLITE)
		return HANDOVER_NONE;
	for (uint32_t i = 0; i < link->chain_count; i++)
		if (link->chain[i] == satellite)
			return 0;
	for (uint32_t way = 0;
	     link->constellation != TOPOLOGY_NONE && way < sky_way_count(topology, link); way++)
		if (topology->constellations[link->constellation].satellites[way] == satellite)
			return way;
	return HANDOVER_NONE;
}

static const char *const orbit_words[] = {[SATELLITE_NONE] = "none",
					  [SATELLITE_GEOSTATIONARY] = "geostationary",
					  [SATELLITE_CIRCULAR] = "circular",
					  [SATELLITE_KEPLER] = "kepler",
					  [SATELLITE_ELEMENTS] = "elements"};

static json_t *satellite_json(const struct lab *lab, uint32_t index)
{
	const struct topology *topology = lab_topology(lab);
	const struct satellite *satellite = &topology->satellites[index];
	int64_t utc_ns = sky_utc_ns(topology, lab_now_ns(lab));
	json_t *teleports = json_array();
	struct orbit_state state;
	bool known = orbit_at(&satellite->orbit, utc_ns, &state) == 0;
	double *at = state.position_m;
	double radius_m = known ? sqrt(at[0] * at[0] + at[1] * at[1] + at[2] * at[2]) : 0;

	for (uint32_t l = 0; l < topology->link_count; l++) {
		uint32_t way = way_over(topology, &topology->links[l], index);

		if (way != HANDOVER_NONE)
			add_teleports(lab, l, way, teleports);
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "satellite", satellite->name, "orbit",
			 orbit_words[satellite->kind], "longitude_deg",
			 known ? json_real(atan2(at[1], at[0]) * 180 / M_PI) : json_null(),
			 "latitude_deg", // geocentric
			 known ? json_real(asin(at[2] / radius_m) * 180 / M_PI) : json_null(),
			 "height_km",
			 known ? json_real((radius_m - EARTH_EQUATORIAL_M) / 1000) : json_null(),
			 "teleports", teleports);
}

json_t *view_satellites(const struct lab *lab, const json_t *names, struct error *error)
{
	const struct topology *topology = lab_topology(lab);
	if (view_check_names(topology, names, "satellite", find_satellite, error) < 0)
		return NULL;
	json_t *list = json_array();
	for (uint32_t i = 0; i < topology->satellite_count; i++)
		if (view_wants(names, topology->satellites[i].name, NULL))
			json_array_append_new(list, satellite_json(lab, i));
	return list;
}
