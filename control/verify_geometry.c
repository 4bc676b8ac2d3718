// SPDX-License-Identifier: BSD-3-Clause
// Satellite channels that verify holds against the geometry alone: from what the topology says, not
// from the orbits that the lab makes of it.
#include "control/verify_geometry.h"

#include <errno.h>
#include <stdlib.h>

#include "topologies/sky_sites.h"

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

// Why the satellites alone do not say what the channel's delay is; NULL when they do.
static const char *other_delay(const struct topology *topology, const struct link *link,
			       enum link_direction direction)
{
	const struct impairment *impairment = &link->impairments[direction];
	bool simple = true;

	if (impairment->given & IMPAIRMENT(GROUP_JITTER))
		return "has jitter";
	if (sky_way_count(topology, link) == 0 || impairment->given & IMPAIRMENT(GROUP_DELAY) ||
	    (impairment->given & IMPAIRMENT(GROUP_TRACE) && gives_delay(&impairment->trace)))
		return "has a delay that is given, not its satellites'";
	for (int end = 0; end < 2; end++)
		if (link->ends[end].site == TOPOLOGY_NONE ||
		    !topology->sites[link->ends[end].site].has_position)
			return "has an end without a position";
	if (link->constellation != TOPOLOGY_NONE) {
		const struct constellation *all = &topology->constellations[link->constellation];

		for (size_t i = 0; i < all->satellite_count; i++)
			simple &= is_simple(topology, all->satellites[i]);
	}
	for (uint32_t i = 0; link->constellation == TOPOLOGY_NONE && i < link->chain_count; i++)
		simple &= is_simple(topology, link->chain[i]);
	return simple ? NULL : "has satellites that neither stand still nor circle";
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
		     enum link_direction direction, size_t index, int64_t clock_utc_ns,
		     struct geometry_way *way)
{

	if (link->constellation != TOPOLOGY_NONE) {
		uint32_t satellite =
			topology->constellations[link->constellation].satellites[index];

		way->count = 1;
		way->satellites[0] = satellite_of(&topology->satellites[satellite], clock_utc_ns);
		return;
	}
	way->count = link->chain_count;
	for (uint32_t i = 0; i < link->chain_count; i++) {
		uint32_t place = direction == LINK_FORWARD ? i : link->chain_count - 1 - i;

		way->satellites[i] =
			satellite_of(&topology->satellites[link->chain[place]], clock_utc_ns);
	}
}

// The sites that may be in use: each end's own, and the one that stands in for it, if it has one.
static bool may_use(const struct link *link, uint64_t sites)
{
	if (sites != SKY_SITES_MAIN && !sky_has_sites(link))
		return false;
	for (unsigned end = 0; end < 2; end++)
		if (sites >> end & 1 && sky_site(link, end, sites) == link->ends[end].site)
			return false;
	return true;
}

static void fill_ways(const struct topology *topology, const struct link *link,
		      enum link_direction direction, int64_t clock_utc_ns, struct judge_sky *sky)
{
	for (uint64_t sites = SKY_SITES_MAIN; sites < SKY_SITES_CHOICES; sites++) {
		if (!may_use(link, sites))
			continue;
		for (size_t i = 0; i < sky_way_count(topology, link); i++) {
			struct judge_way *way = &sky->ways[sky->way_count++];

			way->from = site_of(topology, sky_site(link, direction, sites));
			way->to = site_of(topology, sky_site(link, 1 - direction, sites));
			way->haul_ns = sky_haul_ns(topology, link, sites);
			fill_way(topology, link, direction, i, clock_utc_ns, &way->over);
		}
	}
}

static int fill_sky(const struct topology *topology, uint32_t index, enum link_direction direction,
		    int64_t clock_utc_ns, struct judge_sky *sky)
{
	const struct link *link = &topology->links[index];

	sky->reason = other_delay(topology, link, direction);
	if (sky->reason)
		return 0;
	sky->mask_deg = link->elevation_mask_deg;
	sky->processing_ns = link->processing_ns;
	sky->moves = sky_link_moves(topology, link);
	sky->ramps = sky->moves || sky_has_sites(link);
	sky->still_ns = link->propagation_ns + link->equipment_ns;
	sky->ways = calloc((size_t)SKY_SITES_CHOICES * sky_way_count(topology, link),
			   sizeof(*sky->ways));
	if (!sky->ways)
		return -ENOMEM;
	fill_ways(topology, link, direction, clock_utc_ns, sky);
	return 0;
}

// Adds the channel, if it is one of a satellite link and not there yet.
static int add_sky(const struct topology *topology, uint32_t channel,
		   struct judge_geometry *geometry)
{
	enum link_direction direction, last;
	uint32_t link = topology_parse_channel(topology, geometry->journal->channel_names[channel],
					       &direction, &last);
	struct judge_sky *skies;

	if (link == TOPOLOGY_NONE || topology->links[link].medium != MEDIUM_SATELLITE)
		return 0;
	for (size_t i = 0; i < geometry->sky_count; i++)
		if (geometry->skies[i].channel == channel)
			return 0;
	skies = reallocarray(geometry->skies, geometry->sky_count + 1, sizeof(*skies));
	if (!skies)
		return -ENOMEM;
	geometry->skies = skies;
	skies[geometry->sky_count] = (struct judge_sky){.channel = channel};
	return fill_sky(topology, link, direction, geometry->clock_utc_ns,
			&skies[geometry->sky_count++]);
}

int verify_make_geometry(const struct topology *topology, const struct journal *journal,
			 uint32_t from_port, uint32_t to_port, struct judge_geometry *geometry,
			 struct error *error)
{
	*geometry = (struct judge_geometry){.journal = journal,
					    .from_port = from_port,
					    .to_port = to_port,
					    .clock_utc_ns = topology->epoch_given
								    ? topology->epoch_utc_ns
								    : (int64_t)journal->clock_ns};
	for (size_t i = 0; i < journal->path_entry_count; i++) {
		const struct journal_path *path = &journal->paths[i];

		if (path->from_port != from_port || path->to_port != to_port)
			continue;
		for (size_t hop = 0; hop < path->hop_count; hop++)
			if (add_sky(topology, path->hops[hop], geometry) < 0)
				return error_set(error, -ENOMEM, "geometry", "no memory");
	}
	return geometry->sky_count > 0;
}

void verify_free_geometry(struct judge_geometry *geometry)
{
	for (size_t i = 0; i < geometry->sky_count; i++)
		free(geometry->skies[i].ways);
	free(geometry->skies);
	*geometry = (struct judge_geometry){.journal = NULL};
}
