// SPDX-License-Identifier: BSD-3-Clause
// The link budget of a channel of a topology, at an instant or for a part of the year.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/sky_weather.h"
#include "dataplane/physics/budget.h"
#include "dataplane/physics/modem.h"
#include "topologies/topology.h"

// Water vapour at sea level (P.835), and the wet term of refractivity (P.453, median of Benelux).
#define SKY_VAPOUR_G_PER_M3 7.5
#define SKY_WET_TERM        50.0

// One way of the budget as the station sees it.
struct sky_hop {
	uint32_t site;
	double azimuth_deg;
	double elevation_deg;
	struct hop hop;
	double rain_mm_per_h;     // on the station, of the weather at the instant
	double diversity_gain_db; // that rain_db has less, for a part of the year
};

// The two sites of a station with diversity: the hop is from the one in use.
struct sky_sites {
	uint32_t main, other; // other TOPOLOGY_NONE: no diversity
	struct sky_hop hops[2];
	struct sky_path paths[2];
	bool on_other;
};

struct sky_budget {
	struct sky_path paths[2];  // up, down: what weather asks
	struct sky_sites sites[2]; // up, down
	struct budget_input input;
	struct sky_hop up, down;
	struct budget budget;
	struct modem_ladder ladder;
	int rung; // that the modem settles on, -1: none, the carrier drops
	double rate_bps;
	double frame_error_ratio;
};

// The budget of a link's direction at an instant of the lab's clock. Where a station has diversity,
// the site that loses less to rain is taken; the year's part has the gain of P.618 instead. With
// exceeded_percent 0 the weather of the topology falls; from 0.001 to 5: rain and scintillation
// that are exceeded for so much of an average year at either station, both at once, with the clouds
// of 1 % of the year. 0; -EINVAL with a sentence: the link has no budget, a station does not see
// the satellite, or has no rain rate that exceeded_percent needs.
int sky_budget_compute(const struct topology *topology, uint32_t link,
		       enum link_direction direction, uint64_t at_ns, double exceeded_percent,
		       struct sky_budget *budget, struct error *error);

// The same of a link that has a radio, over the way (sky.h) that the caller knows to serve it.
int sky_budget_of_way(const struct topology *topology, uint32_t link, enum link_direction direction,
		      uint32_t way, uint64_t at_ns, double exceeded_percent,
		      struct sky_budget *budget, struct error *error);

// Puts one of its two sites in place of a station (0 up, 1 down). Nothing without diversity.
void sky_budget_use(struct sky_budget *budget, unsigned way, bool on_other);

// Es/N0, dB, of the same geometry and sites under the weather of another instant. Cannot fail.
double sky_budget_es_n0_db(const struct topology *topology, const struct sky_budget *budget,
			   uint64_t at_ns);
