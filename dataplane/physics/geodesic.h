// SPDX-License-Identifier: BSD-3-Clause
// Positions on the WGS-84 ellipsoid and the shortest distance between them.
#pragma once

// Degrees north and east, metres above the ellipsoid.
struct geodetic {
	double latitude_deg;
	double longitude_deg;
	double height_m;
};

// Length of the geodesic in metres, heights ignored, to better than 1 mm where the iteration
// converges; for nearly antipodal points, where it does not, good to 0.5 %. Cannot fail.
// Source: Vincenty, "Direct and inverse solutions of geodesics on the ellipsoid", Survey Review
// XXIII (1975).
double geodesic_distance_m(struct geodetic from, struct geodetic to);
