// SPDX-License-Identifier: BSD-3-Clause
// Where a satellite stands in the sky of a site: elevation, azimuth, slant range. No time.
#pragma once

#include <stdint.h>

#include "dataplane/physics/geodesic.h"

// Radius of the geostationary orbit, m; equatorial radius of WGS-84, m.
#define GEOSTATIONARY_RADIUS_M 42164170.0
#define WGS84_EQUATORIAL_M     6378137.0

struct look {
	double elevation_deg; // negative below the horizon
	double azimuth_deg;   // from north through east, 0 to 360
	double range_m;
};

// A satellite over the equator at the given longitude and distance from the Earth's centre.
// Cannot fail. Source: WGS-84 to Earth-centred coordinates, then east-north-up; any text on
// satellite communication (e.g. Maral and Bousquet, section 2.2).
struct look look_equatorial(struct geodetic site, double longitude_deg, double radius_m);

// One-way delay of a slant range through vacuum, nanoseconds, nearest.
uint64_t look_delay_ns(double range_m);
