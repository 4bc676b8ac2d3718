// SPDX-License-Identifier: BSD-3-Clause
// Satellite channels that verify holds against the geometry alone: from what the topology says, not
// from the orbits that the lab makes of it.
#include "control/verify_geometry.h"

#include <errno.h>
#include <stdlib.h>

#include "topologies/sky.h"

static bool is_simple(const struct topology *topology, uint32_t satellite)
{
	enum satellite_kind kind = topology->satellites[satellite].kind;

	return kind == SATELLITE_GEOSTATIONARY || kind == SATELLITE_CIRCULAR;
}

// A trace of rate and loss, such as weather makes, leaves the delay to the geometry.
static bool gives_delay(const struct impairment_trace *trace)
{
	return !trace->table || trace->table->kind != TABLE_SERIES ||
	       trace->table->columns & 1U << SERIES_DELAY;
}

// Do the satellites alone say what the channel's delay is, and has it no jitter?
static bool is_geometric(const struct topology *topology, const struct link *link,
			 enum link_direction direction)
{
	const struct impairment *impairment = &link->impairments[direction];

	if (link->medium != MEDIUM_SATELLITE || sky_way_count(topology, link) == 0 ||
	    impairment->given & (IMPAIRMENT(GROUP_DELAY) | IMPAIRMENT(GROUP_JITTER)) ||
	    (impairment->given & IMPAIRMENT(GROUP_TRACE) && gives_delay(&impairment->trace)))
		return false;
	for (int end = 0; end < 2; end++)
		if (link->ends[end].site == TOPOLOGY_NONE ||
		    !topology->sites[link->ends[end].site].has_position)
			return false;
	if (link->constellation != TOPOLOGY_NONE) {
		const struct constellation *all = &topology->constellations[link->constellation];

		for (size_t i = 0; i < all->satellite_count; i++)
			if (!is_simple(topology, all->satellites[i]))
				return false;
		return true;
	}
	for (uint32_t i = 0; i < link->chain_count; i++)
		if (!is_simple(topology, link->chain[i]))
			return false;
	return true;
}

// The one satellite channel that the pair's paths take, in the topology; its index in the journal
// goes to `found`. TOPOLOGY_NONE: none, several, or one whose delay is not only geometry.
static uint32_t find_channel(const struct topology *topology, struct judge_geometry *geometry)
{
	const struct journal *journal = geometry->journal;
	uint32_t only = TOPOLOGY_NONE;

	for (size_t i = 0; i < journal->path_entry_count; i++) {
		const struct journal_path *path = &journal->paths[i];

		if (path->from_port != geometry->from_port || path->to_port != geometry->to_port)
			continue;
		for (size_t hop = 0; hop < path->hop_count; hop++) {
			const char *name = journal->channel_names[path->hops[hop]];
			enum link_direction direction, last;
			uint32_t link = topology_parse_channel(topology, name, &direction, &last);

			if (link == TOPOLOGY_NONE)
				return TOPOLOGY_NONE; // of another topology
			if (topology->links[link].medium != MEDIUM_SATELLITE)
				continue;
			if (!is_geometric(topology, &topology->links[link], direction) ||
			    (only != TOPOLOGY_NONE && only != topology_channel(link, direction)))
				return TOPOLOGY_NONE;
			only = topology_channel(link, direction);
			geometry->channel = path->hops[hop];
		}
	}
	return only;
}

static struct geometry_site site_of(const struct topology *topology, uint32_t site)
{
	const struct geodetic *position = &topology->sites[site].position;

	return (struct geometry_site){position->latitude_deg, position->longitude_deg,
				      position->height_m};
}

static struct geometry_satellite satellite_of(const struct satellite *satellite,
					      int64_t clock_utc_ns)
{
	const struct orbit_ellipse *circle = &satellite->ellipse;

	if (satellite->kind == SATELLITE_GEOSTATIONARY)
		return (struct geometry_satellite){.node_deg = satellite->longitude_deg};
	return (struct geometry_satellite){
		.radius_m = circle->semi_major_axis_m,
		.inclination_deg = circle->inclination_deg,
		.node_deg = circle->ascending_node_deg,
		.phase_deg = circle->mean_anomaly_deg,
		.epoch_utc_ns = satellite->epoch_given ? circle->epoch_utc_ns : clock_utc_ns,
		.node_from_greenwich = !satellite->node_given,
	};
}

static void fill_way(const struct topology *topology, const struct link *link,
		     enum link_direction direction, size_t index, struct judge_geometry *geometry)
{
	struct geometry_way *way = &geometry->ways[index];

	if (link->constellation != TOPOLOGY_NONE) {
		uint32_t satellite =
			topology->constellations[link->constellation].satellites[index];

		way->count = 1;
		way->satellites[0] =
			satellite_of(&topology->satellites[satellite], geometry->clock_utc_ns);
		return;
	}
	way->count = link->chain_count;
	for (uint32_t i = 0; i < link->chain_count; i++) {
		uint32_t place = direction == LINK_FORWARD ? i : link->chain_count - 1 - i;

		way->satellites[i] = satellite_of(&topology->satellites[link->chain[place]],
						  geometry->clock_utc_ns);
	}
}

int verify_make_geometry(const struct topology *topology, const struct journal *journal,
			 uint32_t from_port, uint32_t to_port, struct judge_geometry *geometry,
			 struct error *error)
{
	enum link_direction direction;
	const struct link *link;
	uint32_t channel;

	*geometry = (struct judge_geometry){
		.journal = journal, .from_port = from_port, .to_port = to_port};
	channel = find_channel(topology, geometry);
	if (channel == TOPOLOGY_NONE)
		return 0;
	link = &topology->links[channel / LINK_DIRECTIONS];
	direction = (enum link_direction)(channel % LINK_DIRECTIONS);
	geometry->clock_utc_ns =
		topology->epoch_given ? topology->epoch_utc_ns : (int64_t)journal->clock_ns;
	geometry->from = site_of(topology, link->ends[direction].site);
	geometry->to = site_of(topology, link->ends[1 - direction].site);
	geometry->mask_deg = link->elevation_mask_deg;
	geometry->processing_ns = link->processing_ns;
	geometry->moves = sky_link_moves(topology, link);
	geometry->still_ns = link->propagation_ns + link->equipment_ns;
	geometry->ways = calloc(sky_way_count(topology, link), sizeof(*geometry->ways));
	if (!geometry->ways)
		return error_set(error, -ENOMEM, "geometry", "no memory");
	geometry->way_count = sky_way_count(topology, link);
	for (size_t i = 0; i < geometry->way_count; i++)
		fill_way(topology, link, direction, i, geometry);
	return 1;
}
