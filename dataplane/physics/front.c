// SPDX-License-Identifier: BSD-3-Clause
// A band of rain over places and paths.
#include "dataplane/physics/front.h"

#include <math.h>

#define RADIANS(degrees) ((degrees) * (M_PI / 180))
#define PATH_STEPS       32
// One degree of latitude, metres, and of longitude on the equator: WGS-84, near enough.
#define DEGREE_M 111320.0

// How far a place is behind the leading edge, m; negative before it comes.
static double behind_edge_m(const struct front *front, struct geodetic place, int64_t at_ns)
{
	double north_m = (place.latitude_deg - front->at.latitude_deg) * DEGREE_M;
	double middle = RADIANS((place.latitude_deg + front->at.latitude_deg) / 2);
	double east_deg = remainder(place.longitude_deg - front->at.longitude_deg, 360);
	double along_m = north_m * cos(RADIANS(front->heading_deg)) +
			 east_deg * DEGREE_M * cos(middle) * sin(RADIANS(front->heading_deg));

	return front->speed_m_per_s * 1e-9 * (double)(at_ns - front->at_ns) - along_m;
}

// A raised cosine at either edge, 1 between them.
static double share_behind(const struct front *front, double behind_m)
{
	double inside_m = fmin(behind_m, front->width_m - behind_m);
	double edge_m = fmin(front->edge_m, front->width_m / 2);

	if (inside_m <= 0)
		return 0;
	if (inside_m >= edge_m)
		return 1;
	return (1 - cos(M_PI * inside_m / edge_m)) / 2;
}

static double rain_behind(const struct front *front, double behind_m)
{
	return front->rain_mm_per_h * share_behind(front, behind_m);
}

double front_rain_mm_per_h(const struct front *front, struct geodetic place, int64_t at_ns)
{
	return rain_behind(front, behind_edge_m(front, place, at_ns));
}

static double slant_km(const struct rain_path *path)
{
	return path->slant_length_km > 0
		       ? path->slant_length_km
		       : rain_slant_length_km(path->site_height_km, path->rain_height_km,
					      path->elevation_deg);
}

double front_attenuation_db(const struct front *front, const struct rain_path *path,
			    struct geodetic site, double azimuth_deg, int64_t at_ns)
{
	struct rain_law law = rain_law_at(path->frequency_ghz, path->elevation_deg, path->tilt_deg);
	double length_km = slant_km(path);
	double ground_m = length_km * 1000 * cos(RADIANS(path->elevation_deg));
	double start_m = behind_edge_m(front, site, at_ns);
	// A step along the path's ground track goes this much ahead in the front's direction.
	double ahead_m = ground_m * cos(RADIANS(azimuth_deg - front->heading_deg));
	double sum_db_per_km = 0;

	for (int i = 0; i < PATH_STEPS; i++)
		sum_db_per_km += rain_specific_db_per_km(
			law, rain_behind(front, start_m - ahead_m * (i + 0.5) / PATH_STEPS));
	return sum_db_per_km / PATH_STEPS * length_km;
}

double front_share(const struct front *front, const struct rain_path *path, struct geodetic site,
		   double azimuth_deg, int64_t at_ns)
{
	double ground_m = slant_km(path) * 1000 * cos(RADIANS(path->elevation_deg));
	double start_m = behind_edge_m(front, site, at_ns);
	double ahead_m = ground_m * cos(RADIANS(azimuth_deg - front->heading_deg));
	double sum = 0;

	for (int i = 0; i < PATH_STEPS; i++)
		sum += share_behind(front, start_m - ahead_m * (i + 0.5) / PATH_STEPS);
	return sum / PATH_STEPS;
}

double uniform_rain_db(const struct rain_path *path, double rain_mm_per_h)
{
	return slant_km(path) *
	       rain_specific_db_per_km(
		       rain_law_at(path->frequency_ghz, path->elevation_deg, path->tilt_deg),
		       rain_mm_per_h);
}
