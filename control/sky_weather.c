// SPDX-License-Identifier: BSD-3-Clause
// Weather over paths (sky_weather.h).
#include "control/sky_weather.h"

#include <math.h>

#include "dataplane/physics/cloud.h"

// Without a map of P.837 the part of the year with rain is that of Betzdorf, in percent.
#define RAINY_PERCENT 7.69

static bool is_felt(const struct weather_rain *rain, uint32_t site)
{
	for (size_t i = 0; i < rain->site_count; i++)
		if (rain->sites[i] == site)
			return true;
	return rain->site_count == 0;
}

static double series_mm_per_h(const struct weather_rain *rain, uint64_t at_ns)
{
	size_t low = 0, high = rain->row_count;
	const struct weather_row *before;

	if (at_ns < rain->rows[0].at_ns || at_ns > rain->rows[rain->row_count - 1].at_ns)
		return 0;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (rain->rows[middle].at_ns <= at_ns)
			low = middle;
		else
			high = middle;
	}
	before = &rain->rows[low];
	if (low + 1 == rain->row_count)
		return before->rain_mm_per_h;
	return before->rain_mm_per_h + (before[1].rain_mm_per_h - before->rain_mm_per_h) *
					       (double)(at_ns - before->at_ns) /
					       (double)(before[1].at_ns - before->at_ns);
}

// Rain that falls alike all along a path.
static double even_mm_per_h(const struct weather_rain *rain, uint64_t at_ns)
{
	if (rain->kind == WEATHER_SERIES)
		return series_mm_per_h(rain, at_ns);
	return at_ns >= rain->start_ns && at_ns < rain->stop_ns ? rain->front.rain_mm_per_h : 0;
}

static double site_fading_db(const struct topology *topology, const struct weather_rain *rain,
			     const struct sky_path *path, uint64_t at_ns)
{
	uint32_t place = rain->mix_places[path->site];

	if (path->law.deviation <= 0 || place == TOPOLOGY_NONE)
		return 0;
	return fading_db(
		&path->law,
		fading_mix_normal(rain->mix, place, topology->seed ^ rain->seed, (int64_t)at_ns));
}

void sky_path_finish(struct sky_path *path)
{
	static const double percent[] = {0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5};
	double attenuation_db[sizeof(percent) / sizeof(percent[0])];

	for (size_t i = 0; i < sizeof(percent) / sizeof(percent[0]); i++)
		attenuation_db[i] = rain_exceeded_db(&path->rain, percent[i]);
	path->law = fading_fit(percent, attenuation_db, sizeof(percent) / sizeof(percent[0]),
			       RAINY_PERCENT);
}

double sky_rain_db(const struct topology *topology, const struct sky_path *path, uint64_t at_ns)
{
	struct geodetic site = topology->sites[path->site].position;
	double db = 0;

	for (size_t w = 0; w < topology->weather_count; w++) {
		const struct weather_rain *rain = &topology->weathers[w].rain;

		if (!is_felt(rain, path->site))
			continue;
		if (rain->kind == WEATHER_FRONT)
			db += front_attenuation_db(&rain->front, &path->rain, site,
						   path->azimuth_deg, (int64_t)at_ns);
		else if (rain->kind == WEATHER_FADING)
			db += site_fading_db(topology, rain, path, at_ns);
		else
			db += uniform_rain_db(&path->rain, even_mm_per_h(rain, at_ns));
	}
	return db;
}

double sky_cloud_db(const struct topology *topology, const struct sky_path *path, uint64_t at_ns)
{
	struct geodetic site = topology->sites[path->site].position;
	double kg_per_m2 = 0;

	for (size_t w = 0; w < topology->weather_count; w++) {
		const struct weather_rain *rain = &topology->weathers[w].rain;

		if (rain->cloud_kg_per_m2 <= 0 || !is_felt(rain, path->site))
			continue;
		if (rain->kind == WEATHER_FRONT)
			kg_per_m2 += rain->cloud_kg_per_m2 * front_share(&rain->front, &path->rain,
									 site, path->azimuth_deg,
									 (int64_t)at_ns);
		else if (at_ns >= rain->start_ns && at_ns < rain->stop_ns)
			kg_per_m2 += rain->cloud_kg_per_m2;
	}
	if (kg_per_m2 <= 0)
		return 0;
	return cloud_slant_db(path->rain.frequency_ghz,
			      fmin(fmax(path->rain.elevation_deg, CLOUD_LOWEST_DEG), 90),
			      kg_per_m2);
}

double sky_rain_mm_per_h(const struct topology *topology, uint32_t site, uint64_t at_ns)
{
	double mm_per_h = 0;

	for (size_t w = 0; w < topology->weather_count; w++) {
		const struct weather_rain *rain = &topology->weathers[w].rain;

		if (!is_felt(rain, site) || rain->kind == WEATHER_FADING)
			continue;
		mm_per_h +=
			rain->kind == WEATHER_FRONT
				? front_rain_mm_per_h(&rain->front, topology->sites[site].position,
						      (int64_t)at_ns)
				: even_mm_per_h(rain, at_ns);
	}
	return mm_per_h;
}
