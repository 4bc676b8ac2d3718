// SPDX-License-Identifier: BSD-3-Clause
// The direction and the distance from a site to a satellite above the equator.
#include "dataplane/physics/look.h"

#include <math.h>

#include "dataplane/physics/fibre.h"

#define WGS84_FLATTENING   (1 / 298.257223563)
#define RADIANS(degrees)   ((degrees) * (M_PI / 180))
#define DEGREES_PER_RADIAN (180 / M_PI)

struct vector {
	double x, y, z;
};

// Earth-centred, Earth-fixed coordinates: x to Greenwich, z to the pole.
static struct vector look_earth_centred(struct geodetic site)
{
	double e2 = WGS84_FLATTENING * (2 - WGS84_FLATTENING);
	double latitude = RADIANS(site.latitude_deg), longitude = RADIANS(site.longitude_deg);
	double s = sin(latitude);
	double normal_m = WGS84_EQUATORIAL_M / sqrt(1 - e2 * s * s);
	double axis_m = (normal_m + site.height_m) * cos(latitude);

	return (struct vector){axis_m * cos(longitude), axis_m * sin(longitude),
			       (normal_m * (1 - e2) + site.height_m) * s};
}

// Turns an Earth-centred difference into the site's east (x), north (y) and up (z).
static struct vector look_east_north_up(struct geodetic site, struct vector d)
{
	double sin_lat = sin(RADIANS(site.latitude_deg)), cos_lat = cos(RADIANS(site.latitude_deg));
	double sin_lon = sin(RADIANS(site.longitude_deg));
	double cos_lon = cos(RADIANS(site.longitude_deg));
	double outward = cos_lon * d.x + sin_lon * d.y; // in the site's meridian, from the axis

	return (struct vector){-sin_lon * d.x + cos_lon * d.y, cos_lat * d.z - sin_lat * outward,
			       cos_lat * outward + sin_lat * d.z};
}

struct look look_equatorial(struct geodetic site, double longitude_deg, double radius_m)
{
	struct vector ground = look_earth_centred(site);
	struct vector d = {radius_m * cos(RADIANS(longitude_deg)) - ground.x,
			   radius_m * sin(RADIANS(longitude_deg)) - ground.y, -ground.z};
	struct vector enu = look_east_north_up(site, d);
	double azimuth_deg = atan2(enu.x, enu.y) * DEGREES_PER_RADIAN;

	return (struct look){
		.elevation_deg = atan2(enu.z, hypot(enu.x, enu.y)) * DEGREES_PER_RADIAN,
		.azimuth_deg = azimuth_deg < 0 ? azimuth_deg + 360 : azimuth_deg,
		.range_m = sqrt(d.x * d.x + d.y * d.y + d.z * d.z),
	};
}

uint64_t look_delay_ns(double range_m)
{
	double delay_ns = range_m / LIGHT_SPEED_M_S * 1e9;

	return delay_ns > 0 ? (uint64_t)llround(delay_ns) : 0;
}
