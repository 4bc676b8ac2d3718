// SPDX-License-Identifier: BSD-3-Clause
// Stations that have two sites (diversity): the way from the site in use, and the way on the ground
// to it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "topologies/sky.h"

// The sites in use are told by a bit for each end of the link: 1 << end where the other site stands
// in for the station that is the end.
#define SKY_SITES_MAIN    0
#define SKY_SITES_CHOICES 4

// Does one of its stations have another site, and a modem that chooses by the weather?
bool sky_has_sites(const struct link *link);
// The site in use at an end, and the site of that end which is not; without diversity the end's
// own, and TOPOLOGY_NONE.
uint32_t sky_site(const struct link *link, unsigned end, uint64_t sites);
uint32_t sky_site_at_rest(const struct link *link, unsigned end, uint64_t sites);

// As sky_way_over, between the sites in use.
struct path sky_way_of_sites(const struct topology *topology, const struct orbit *orbits,
			     const struct link *link, enum link_direction direction, uint32_t way,
			     uint64_t sites);

// One-way delay on the ground between a station and the site that stands in for it, of both ends
// together: over the shortest cable that is a link of the topology between the two, 0 where there
// is none (the modem then stands at the site that is in use, and the topology says nothing of what
// is behind it). Neither rate, loss nor state of that link count.
uint64_t sky_haul_ns(const struct topology *topology, const struct link *link, uint64_t sites);
