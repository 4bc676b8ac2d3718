// SPDX-License-Identifier: BSD-3-Clause
// What the geometry says of a satellite channel, for the judge: the closed form beside the journal,
// whose other channels add what is constant.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcaps/geometry.h"
#include "pcaps/journal.h"

// The closed form may be off by so much, and the lab's straight lines with it.
#define JUDGE_GEOMETRY_NS 1000

// One way over satellites, between two sites; the stations of a channel may have two each.
struct judge_way {
	struct geometry_site from, to;
	struct geometry_way over;
	uint64_t haul_ns; // on the ground, to the sites that are not the channel's ends
};

// One satellite channel of the paths.
struct judge_sky {
	uint32_t channel;       // in the journal
	const char *reason;     // why geometry alone does not say its delay; NULL: it does
	struct judge_way *ways; // of which one serves at each instant
	size_t way_count;
	double mask_deg;        // no way serves below
	uint64_t processing_ns; // in the channel's delay, beside light's time
	// The channel's delay is a ramp; else it is `still_ns`, and any other was set by users.
	bool ramps;
	bool moves; // its satellites do, and come and go
	uint64_t still_ns;
};

// The paths between two ports.
struct judge_geometry {
	const struct journal *journal;
	uint32_t from_port; // in the journal
	uint32_t to_port;
	int64_t clock_utc_ns; // UTC when the lab's clock is zero
	struct judge_sky *skies;
	size_t sky_count;
};
