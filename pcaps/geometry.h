// SPDX-License-Identifier: BSD-3-Clause
// Where light can have been: the delay of a way over satellites that stand still or circle, in
// closed form. It shares no code with what the lab computes its satellites by, so that a capture
// is held against the geometry itself.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define GEOMETRY_SATELLITES_MOST 8

// On WGS-84.
struct geometry_site {
	double latitude_deg;
	double longitude_deg;
	double height_m;
};

// A circle about a point mass, as it stands at its epoch. A geostationary satellite has radius_m 0
// and its longitude in node_deg.
struct geometry_satellite {
	double radius_m; // from the Earth's centre
	double inclination_deg;
	double node_deg;         // of the ascending node, from the equinox of the epoch
	double phase_deg;        // from the node
	int64_t epoch_utc_ns;    // of node and phase
	int node_from_greenwich; // node_deg is counted from Greenwich's meridian at the epoch
};

struct geometry_way {
	struct geometry_satellite satellites[GEOMETRY_SATELLITES_MOST]; // in order of the signal
	size_t count;                                                   // 1: up and down again
};

// One-way delay in nanoseconds for what leaves at an instant: each leg ends where its end then is,
// and the Earth turns meanwhile. Stations on WGS-84, sidereal time of 1982 (Meeus, Astronomical
// Algorithms, eq. 12.4) with UT1 = UTC. No errors; any thread.
double geometry_delay_ns(const struct geometry_site *from, const struct geometry_site *to,
			 const struct geometry_way *way, int64_t utc_ns);

// How high the lower of both ends sees its satellite, degrees: the angle above the plane that is
// level on WGS-84. What lies between two satellites is not looked at.
double geometry_elevation_deg(const struct geometry_site *from, const struct geometry_site *to,
			      const struct geometry_way *way, int64_t utc_ns);
