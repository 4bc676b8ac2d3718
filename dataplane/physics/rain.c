// SPDX-License-Identifier: BSD-3-Clause
// Rain on slant paths: P.838-3 and P.618-13.
#include "dataplane/physics/rain.h"

#include <math.h>
#include <stddef.h>

#define RADIANS(degrees)   ((degrees) * (M_PI / 180))
#define DEGREES_PER_RADIAN (180 / M_PI)
#define EFFECTIVE_EARTH_KM 8500.0

// One bell of the regressions, over the decimal logarithm of the frequency in GHz.
struct bell {
	double height, centre, width;
};

// Sum of bells + slope x log10 f + constant. P.838-3, tables 1 to 4.
struct regression {
	struct bell bells[5];
	double slope, constant;
};

static const struct regression log_k_horizontal = {{{-5.33980, -0.10008, 1.13098},
						    {-0.35351, 1.26970, 0.45400},
						    {-0.23789, 0.86036, 0.15354},
						    {-0.94158, 0.64552, 0.16817}},
						   -0.18961,
						   0.71147};
static const struct regression log_k_vertical = {{{-3.80595, 0.56934, 0.81061},
						  {-3.44965, -0.22911, 0.51059},
						  {-0.39902, 0.73042, 0.11899},
						  {0.50167, 1.07319, 0.27195}},
						 -0.16398,
						 0.63297};
static const struct regression alpha_horizontal = {{{-0.14318, 1.82442, -0.55187},
						    {0.29591, 0.77564, 0.19822},
						    {0.32177, 0.63773, 0.13164},
						    {-5.37610, -0.96230, 1.47828},
						    {16.1721, -3.29980, 3.43990}},
						   0.67849,
						   -1.95537};
static const struct regression alpha_vertical = {{{-0.07771, 2.33840, -0.76284},
						  {0.56727, 0.95545, 0.54039},
						  {-0.20238, 1.14520, 0.26809},
						  {-48.2991, 0.791669, 0.116226},
						  {48.5833, 0.791459, 0.116479}},
						 -0.053739,
						 0.83433};

static double regression_at(const struct regression *regression, double log_frequency)
{
	double sum = regression->slope * log_frequency + regression->constant;

	for (size_t i = 0; i < 5; i++) {
		const struct bell *bell = &regression->bells[i];
		double offset;

		if (bell->height == 0.0)
			continue;
		offset = (log_frequency - bell->centre) / bell->width;
		sum += bell->height * exp(-offset * offset);
	}
	return sum;
}

struct rain_law rain_law_at(double frequency_ghz, double elevation_deg, double tilt_deg)
{
	double log_frequency = log10(frequency_ghz);
	double k_h = pow(10, regression_at(&log_k_horizontal, log_frequency));
	double k_v = pow(10, regression_at(&log_k_vertical, log_frequency));
	double a_h = regression_at(&alpha_horizontal, log_frequency);
	double a_v = regression_at(&alpha_vertical, log_frequency);
	double cos_elevation = cos(RADIANS(elevation_deg));
	double mix = cos_elevation * cos_elevation * cos(RADIANS(2 * tilt_deg));
	double k = (k_h + k_v + (k_h - k_v) * mix) / 2;

	return (struct rain_law){
		.k = k,
		.alpha = (k_h * a_h + k_v * a_v + (k_h * a_h - k_v * a_v) * mix) / (2 * k),
	};
}

double rain_specific_db_per_km(struct rain_law law, double rain_mm_per_h)
{
	return rain_mm_per_h > 0 ? law.k * pow(rain_mm_per_h, law.alpha) : 0;
}

double rain_slant_length_km(double site_height_km, double rain_height_km, double elevation_deg)
{
	double rise_km = rain_height_km - site_height_km;
	double s = sin(RADIANS(elevation_deg));

	if (rise_km <= 0)
		return 0;
	if (elevation_deg >= 5)
		return rise_km / s;
	return 2 * rise_km / (sqrt(s * s + 2 * rise_km / EFFECTIVE_EARTH_KM) + s);
}

double rain_001_db(const struct rain_path *path)
{
	double rise_km = path->rain_height_km - path->site_height_km;
	double elevation = RADIANS(path->elevation_deg), f = path->frequency_ghz;
	double slant_km = path->slant_length_km > 0
				  ? path->slant_length_km
				  : rain_slant_length_km(path->site_height_km, path->rain_height_km,
							 path->elevation_deg);
	double ground_km = slant_km * cos(elevation);
	double specific = rain_specific_db_per_km(
		rain_law_at(f, path->elevation_deg, path->tilt_deg), path->rain_001_mm_per_h);
	double horizontal, angle_deg, length_km, tropical, vertical;

	if (rise_km <= 0 || specific <= 0)
		return 0;
	horizontal =
		1 / (1 + 0.78 * sqrt(ground_km * specific / f) - 0.38 * (1 - exp(-2 * ground_km)));
	angle_deg = atan2(rise_km, ground_km * horizontal) * DEGREES_PER_RADIAN;
	length_km = angle_deg > path->elevation_deg ? ground_km * horizontal / cos(elevation)
						    : rise_km / sin(elevation);
	tropical = fmax(0, 36 - fabs(path->latitude_deg));
	vertical = 1 / (1 + sqrt(sin(elevation)) *
				    (31 * (1 - exp(-path->elevation_deg / (1 + tropical))) *
					     sqrt(length_km * specific) / (f * f) -
				     0.45));
	return specific * length_km * vertical;
}

double rain_exceeded_db(const struct rain_path *path, double exceeded_percent)
{
	double at_001_db = rain_001_db(path), p = exceeded_percent;
	double beyond = fabs(path->latitude_deg) - 36, s = sin(RADIANS(path->elevation_deg));
	double beta = 0;

	if (at_001_db <= 0)
		return 0;
	if (p < 1 && beyond < 0)
		beta = -0.005 * beyond + (path->elevation_deg >= 25 ? 0 : 1.8 - 4.25 * s);
	return at_001_db * pow(p / 0.01, -(0.655 + 0.033 * log(p) - 0.045 * log(at_001_db) -
					   beta * (1 - p) * s));
}

double rain_scaled_db(double attenuation_db, double from_ghz, double to_ghz)
{
	double from = from_ghz * from_ghz / (1 + 1e-4 * from_ghz * from_ghz);
	double to = to_ghz * to_ghz / (1 + 1e-4 * to_ghz * to_ghz);
	double h = 1.12e-3 * sqrt(to / from) * pow(from * attenuation_db, 0.55);

	return attenuation_db > 0 ? attenuation_db * pow(to / from, 1 - h) : 0;
}
