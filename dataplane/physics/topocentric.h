// SPDX-License-Identifier: BSD-3-Clause
// What a site on the ground sees of a satellite: elevation, azimuth, slant range and its rate.
#pragma once

#include <stdint.h>

#include "dataplane/physics/geodesic.h"
#include "dataplane/physics/orbit.h"

// A site in Earth-fixed coordinates, and its directions; made by ground_at.
struct ground {
	double position_m[3];
	double east[3], north[3], up[3]; // of the ellipsoid
};

struct topocentric {
	double elevation_deg; // negative below the horizon; refraction is left out
	double azimuth_deg;   // from north through east, 0 to 360
	double range_m;
	double range_rate_m_per_s; // positive: it goes away
};

// A site on WGS-84, its height included. Cannot fail.
struct ground ground_at(struct geodetic site);

// The geometry of one instant: light's travel is not in it. Cannot fail.
// Source: east-north-up coordinates; e.g. Maral and Bousquet, Satellite Communications
// Systems, 2.2.
struct topocentric topocentric_of(const struct ground *ground, const struct orbit_state *satellite);

// The elevation alone, for searches.
double topocentric_elevation_deg(const struct ground *ground, const struct orbit_state *satellite);

// Light in vacuum over a distance, nanoseconds; the second rounded to the nearest, 0 below 0.
double light_time_ns(double distance_m);
uint64_t light_delay_ns(double distance_m);
