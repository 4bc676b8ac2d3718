// SPDX-License-Identifier: BSD-3-Clause
// Sites on the ellipsoid, and their sky.
#include "dataplane/physics/topocentric.h"

#include <math.h>

#include "dataplane/physics/vector.h"

struct ground ground_at(struct geodetic site)
{
	double e2 = EARTH_FLATTENING * (2 - EARTH_FLATTENING);
	double sin_lat = sin(RADIANS(site.latitude_deg)), cos_lat = cos(RADIANS(site.latitude_deg));
	double sin_lon = sin(RADIANS(site.longitude_deg));
	double cos_lon = cos(RADIANS(site.longitude_deg));
	double normal_m = EARTH_EQUATORIAL_M / sqrt(1 - e2 * sin_lat * sin_lat);
	double axis_m = (normal_m + site.height_m) * cos_lat;

	return (struct ground){
		.position_m = {axis_m * cos_lon, axis_m * sin_lon,
			       (normal_m * (1 - e2) + site.height_m) * sin_lat},
		.east = {-sin_lon, cos_lon, 0},
		.north = {-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat},
		.up = {cos_lat * cos_lon, cos_lat * sin_lon, sin_lat},
	};
}

struct topocentric topocentric_of(const struct ground *ground, const struct orbit_state *satellite)
{
	double d[3], east, north, up, azimuth_deg, range_m;

	vector_subtract(satellite->position_m, ground->position_m, d);
	east = vector_dot(d, ground->east);
	north = vector_dot(d, ground->north);
	up = vector_dot(d, ground->up);
	range_m = vector_length(d);
	azimuth_deg = DEGREES(atan2(east, north));
	return (struct topocentric){
		.elevation_deg = DEGREES(atan2(up, hypot(east, north))),
		.azimuth_deg = azimuth_deg < 0 ? azimuth_deg + 360 : azimuth_deg,
		.range_m = range_m,
		.range_rate_m_per_s =
			range_m > 0 ? vector_dot(d, satellite->velocity_m_per_s) / range_m : 0,
	};
}

double topocentric_elevation_deg(const struct ground *ground, const struct orbit_state *satellite)
{
	double d[3], up;

	vector_subtract(satellite->position_m, ground->position_m, d);
	up = vector_dot(d, ground->up);
	return DEGREES(atan2(up, sqrt(fmax(vector_dot(d, d) - up * up, 0))));
}

double light_time_ns(double distance_m)
{
	return distance_m / LIGHT_M_PER_NS;
}

uint64_t light_delay_ns(double distance_m)
{
	double delay_ns = light_time_ns(distance_m);

	return delay_ns > 0 ? (uint64_t)llround(delay_ns) : 0;
}
