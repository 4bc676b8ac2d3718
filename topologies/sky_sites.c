// SPDX-License-Identifier: BSD-3-Clause
// Stations that have two sites (sky_sites.h).
#include "topologies/sky_sites.h"

bool sky_has_sites(const struct link *link)
{
	if (link->medium != MEDIUM_SATELLITE || !link->radio.given)
		return false;
	for (unsigned end = 0; end < 2; end++)
		if (link->radio.stations[end].diversity.site != TOPOLOGY_NONE)
			return link->radio.adaptive[0] || link->radio.adaptive[1];
	return false;
}

static bool is_other(const struct link *link, unsigned end, uint64_t sites)
{
	return link->radio.given && sites >> end & 1 &&
	       link->radio.stations[end].diversity.site != TOPOLOGY_NONE;
}

uint32_t sky_site(const struct link *link, unsigned end, uint64_t sites)
{
	return is_other(link, end, sites) ? link->radio.stations[end].diversity.site
					  : link->ends[end].site;
}

uint32_t sky_site_at_rest(const struct link *link, unsigned end, uint64_t sites)
{
	if (!link->radio.given)
		return TOPOLOGY_NONE;
	return is_other(link, end, sites) ? link->ends[end].site
					  : link->radio.stations[end].diversity.site;
}

struct path sky_way_of_sites(const struct topology *topology, const struct orbit *orbits,
			     const struct link *link, enum link_direction direction, uint32_t way,
			     uint64_t sites)
{
	struct path path = sky_way_over(topology, orbits, link, direction, way);

	path.from = &topology->sites[sky_site(link, direction, sites)].ground;
	path.to = &topology->sites[sky_site(link, 1 - direction, sites)].ground;
	return path;
}

static uint64_t between_ns(const struct topology *topology, uint32_t one, uint32_t other)
{
	uint64_t least_ns = UINT64_MAX;

	for (size_t l = 0; l < topology->link_count; l++) {
		const struct link *link = &topology->links[l];
		uint64_t delay_ns = link->propagation_ns + link->equipment_ns;
		bool joins = (link->ends[0].site == one && link->ends[1].site == other) ||
			     (link->ends[0].site == other && link->ends[1].site == one);

		if (joins && link->medium != MEDIUM_SATELLITE && delay_ns < least_ns)
			least_ns = delay_ns;
	}
	return least_ns == UINT64_MAX ? 0 : least_ns;
}

uint64_t sky_haul_ns(const struct topology *topology, const struct link *link, uint64_t sites)
{
	uint64_t delay_ns = 0;

	for (unsigned end = 0; end < 2; end++)
		if (is_other(link, end, sites))
			delay_ns += between_ns(topology, link->ends[end].site,
					       link->radio.stations[end].diversity.site);
	return delay_ns;
}
