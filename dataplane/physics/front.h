// SPDX-License-Identifier: BSD-3-Clause
// A rain front: a band of rain, long without end, that moves over the ground. What falls on a
// place, and what a path to a satellite loses in it.
#pragma once

#include <stdint.h>

#include "dataplane/physics/geodesic.h"
#include "dataplane/physics/rain.h"

struct front {
	struct geodetic at;   // the leading edge passes here ...
	int64_t at_ns;        // ... at this instant
	double heading_deg;   // where it goes, from north through east
	double speed_m_per_s; // 0: it stays, behind its leading edge
	double width_m;       // from the leading to the trailing edge
	double edge_m;        // over which the rain grows to its rate at either edge, half of
		       // the width at most
	double rain_mm_per_h; // between the edges
};

// The rain on a place at an instant, mm/h. Flat Earth around `at`, good to 1 % of the distance up
// to 500 km. Cannot fail.
double front_rain_mm_per_h(const struct front *front, struct geodetic place, int64_t at_ns);

// Attenuation, dB, of a path from a site towards azimuth_deg: the specific attenuation of P.838-3
// (`path` says where the rain begins and ends and the wave; its rain rate is not used), summed
// along the slant path below the rain height. Unlike P.618 this needs no reduction factors: the
// front says where it rains.
double front_attenuation_db(const struct front *front, const struct rain_path *path,
			    struct geodetic site, double azimuth_deg, int64_t at_ns);

// How much of it such a path is in: 0 outside of the band, 1 between its edges, over whose width it
// grows; on average along the same way. Cannot fail.
double front_share(const struct front *front, const struct rain_path *path, struct geodetic site,
		   double azimuth_deg, int64_t at_ns);

// The attenuation of rain that falls alike everywhere.
double uniform_rain_db(const struct rain_path *path, double rain_mm_per_h);
