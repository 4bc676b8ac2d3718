// SPDX-License-Identifier: BSD-3-Clause
// The way of a packet from station to station over satellites: up, perhaps from satellite to
// satellite, and down.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/physics/orbit.h"
#include "dataplane/physics/topocentric.h"

#define PATH_SATELLITES_MOST 8

// Between satellites light must pass this high above the (spherical) Earth to count as in sight.
#define PATH_GRAZING_M 100e3

// Pointers are the caller's and must last. The two stations may be one.
struct path {
	const struct ground *from, *to;
	double from_mask_deg, to_mask_deg; // least elevation at either end, -90 to 90
	const struct orbit *satellites[PATH_SATELLITES_MOST];
	unsigned satellite_count; // 1: a bent pipe
};

// How it stands at an instant.
struct path_state {
	struct topocentric up, down; // of the first satellite and of the last
	// Light's time over each leg, satellite_count + 1 of them: the satellite is taken where it
	// is when the signal gets there, and the Earth turns meanwhile. Their sum is delay_ns.
	double leg_ns[PATH_SATELLITES_MOST + 1];
	double leg_m[PATH_SATELLITES_MOST + 1]; // distance at the one instant
	double delay_ns;
	double margin_deg; // path_margin_deg
};

// All of it for a signal that leaves at an instant. 0, or -EDOM as orbit_at (then `failed` is the
// index of the satellite, the reason is in `error`),
// -EINVAL without a satellite or with too many.
struct path_failure {
	unsigned satellite;
	enum sgp4_error error;
};
int path_at(const struct path *path, int64_t utc_ns, struct path_state *state,
	    struct path_failure *failure);

// One-way delay alone, nanoseconds; NaN where path_at fails.
double path_delay_ns(const struct path *path, int64_t utc_ns);

// How far the worst leg is within sight, degrees; below 0 the path is broken: elevation less mask
// at the stations, and between satellites the angle at the Earth's centre by which the way clears
// the grazing height. NaN where path_at fails. Continuous in time.
double path_margin_deg(const struct path *path, int64_t utc_ns);
