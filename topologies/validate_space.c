// SPDX-License-Identifier: BSD-3-Clause
// Rules of space: light is the fastest, the straight line the shortest, and a satellite must be in
// sight.
#include <math.h>
#include <stdio.h>

#include "dataplane/physics/fibre.h"
#include "dataplane/physics/geodesic.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"
#include "topologies/sky_sites.h"
#include "topologies/validate_parts.h"

// Positions are rarely known better than to half a kilometre, which is 2 us of light.
#define POSITION_SLACK_NS 2000
#define POSITION_SLACK_M  600.0

static uint64_t delay_ns(const struct link *link, int direction)
{
	const struct impairment *impairment = &link->impairments[direction];

	return impairment->given & IMPAIRMENT(GROUP_DELAY)
		       ? impairment->delay.delay_ns
		       : link->propagation_ns + link->equipment_ns;
}

static void fail_light(struct errors *errors, const struct link *link, const char *what,
		       uint64_t given_ns, uint64_t least_ns)
{
	char given[32];
	char least[32];

	validate_fail(
		errors, &link->source, "link", link->name,
		"its delay of %s is faster than light, which needs %s %s; mend the delay, the "
		"length or the positions",
		quantity_format_time(given_ns, given, sizeof(given)),
		quantity_format_time(least_ns, least, sizeof(least)), what);
}

static void validate_ground(struct errors *errors, const struct link *link, const struct site *from,
			    const struct site *to)
{
	double straight_m = geodesic_distance_m(from->position, to->position);
	uint64_t least_ns = (uint64_t)(straight_m / LIGHT_SPEED_M_S * 1e9);
	char between[200];

	if (link->length_m > 0.0 && link->length_m + POSITION_SLACK_M < straight_m) {
		validate_fail(errors, &link->source, "link", link->name,
			      "its length of %.3fkm is shorter than the great circle of %.3fkm "
			      "between its ends; mend the length or the positions",
			      link->length_m / 1e3, straight_m / 1e3);
		return;
	}
	snprintf(between, sizeof(between), "for the %.1fkm from %s to %s", straight_m / 1e3,
		 from->name, to->name);
	for (int direction = 0; direction < LINK_DIRECTIONS; direction++) {
		if (delay_ns(link, direction) + POSITION_SLACK_NS >= least_ns)
			continue;
		fail_light(errors, link, between, delay_ns(link, direction), least_ns);
		return;
	}
}

// A satellite that stands still must be in sight of its end.
static void validate_sight(const struct topology *topology, struct errors *errors,
			   const struct link *link, const struct topocentric *seen, uint32_t index,
			   const char *site)
{
	if (seen->elevation_deg >= link->elevation_mask_deg && seen->elevation_deg > 0.0)
		return;
	validate_fail(errors, &link->source, "link", link->name,
		      "%s stands at an elevation of %.1f deg over %s, below %s; choose "
		      "another satellite or site%s",
		      topology->satellites[index].name, seen->elevation_deg, site,
		      seen->elevation_deg > 0.0 ? "the elevation mask" : "the horizon",
		      seen->elevation_deg > 0.0 ? ", or lower elevation" : "");
}

// Nor may the site that stands in for a station be out of its sight.
static void validate_other_sites(const struct topology *topology, struct errors *errors,
				 const struct link *link)
{
	const struct path path =
		sky_way_of_sites(topology, NULL, link, LINK_FORWARD, 0, 1 << 0 | 1 << 1);
	struct path_state state;

	if (path_at(&path, topology->epoch_utc_ns, &state, NULL) < 0)
		return;
	for (unsigned end = 0; end < 2; end++)
		if (sky_site(link, end, 1 << end) != link->ends[end].site)
			validate_sight(topology, errors, link, end == 0 ? &state.up : &state.down,
				       link->chain[end == 0 ? 0 : link->chain_count - 1],
				       topology->sites[sky_site(link, end, 1 << end)].name);
}

static void validate_sky(const struct topology *topology, struct errors *errors,
			 const struct link *link, const struct site *const sites[2])
{
	struct path path;
	struct path_state state;
	uint64_t least_ns;

	// A link that moves was looked at when it was read.
	if (sky_way_count(topology, link) == 0 || sky_link_moves(topology, link))
		return;
	path = sky_way(topology, link, LINK_FORWARD, 0);
	if (path_at(&path, topology->epoch_utc_ns, &state, NULL) < 0)
		return;
	validate_sight(topology, errors, link, &state.up, link->chain[0], sites[0]->name);
	validate_sight(topology, errors, link, &state.down, link->chain[link->chain_count - 1],
		       sites[1]->name);
	validate_other_sites(topology, errors, link);
	if (link->chain_count > 1 && path_margin_deg(&path, topology->epoch_utc_ns) < 0 &&
	    state.up.elevation_deg > link->elevation_mask_deg &&
	    state.down.elevation_deg > link->elevation_mask_deg)
		validate_fail(errors, &link->source, "link", link->name,
			      "the Earth stands between two of its satellites; put one more "
			      "between them");
	least_ns = (uint64_t)llround(state.delay_ns);
	for (int direction = 0; direction < LINK_DIRECTIONS; direction++) {
		if (delay_ns(link, direction) + POSITION_SLACK_NS >= least_ns)
			continue;
		fail_light(errors, link, "up to the satellite and down", delay_ns(link, direction),
			   least_ns);
		return;
	}
}

static void validate_longest(struct errors *errors, const struct link *link)
{
	for (int direction = 0; direction < LINK_DIRECTIONS; direction++) {
		char given[32];

		if (delay_ns(link, direction) <= TOPOLOGY_DELAY_MOST_NS)
			continue;
		validate_fail(
			errors, &link->source, "link", link->name,
			"its delay of %s is too long; 30d are the most",
			quantity_format_time(delay_ns(link, direction), given, sizeof(given)));
		return;
	}
}

void validate_space(const struct topology *topology, struct errors *errors, bool complete)
{
	for (size_t i = 0; i < topology->link_count; i++) {
		const struct link *link = &topology->links[i];
		const struct site *sites[2];

		validate_longest(errors, link);
		if (link->ends[0].site == TOPOLOGY_NONE || link->ends[1].site == TOPOLOGY_NONE)
			continue;
		// The reader leaves a faulty link without propagation.
		if (!complete && link->propagation_ns == 0)
			continue;
		for (int end = 0; end < 2; end++)
			sites[end] = &topology->sites[link->ends[end].site];
		if (!sites[0]->has_position || !sites[1]->has_position)
			continue;
		if (link->medium == MEDIUM_SATELLITE)
			validate_sky(topology, errors, link, sites);
		else
			validate_ground(errors, link, sites[0], sites[1]);
	}
}
