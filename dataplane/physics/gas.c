// SPDX-License-Identifier: BSD-3-Clause
// Gases: P.676-13 over the reference atmosphere of P.835.
#include "dataplane/physics/gas.h"

#include <math.h>
#include <stddef.h>

#include "dataplane/physics/gas_tables.h"

#define RADIANS(degrees) ((degrees) * (M_PI / 180))

// Annex 2 is for 5 degrees and more.
#define LOWEST_ELEVATION_DEG 5.0
#define SHELL_KM             6.0
#define EARTH_KM             6371.0

static double vapour_pressure_hpa(struct air air)
{
	return air.vapour_g_per_m3 * air.temperature_k / 216.7;
}

// Lines widen by collisions; interference between them (delta) is oxygen's.
static double line_shape(double f, double line, double width, double delta)
{
	double below = line - f, above = line + f;

	return f / line *
	       ((width - delta * below) / (below * below + width * width) +
		(width - delta * above) / (above * above + width * width));
}

// The spectrum of Debye below 10 GHz, and pressure-induced nitrogen above 100 GHz.
static double dry_continuum(double f, struct air air, double e, double theta)
{
	double p = air.dry_pressure_hpa;
	double d = 5.6e-4 * (p + e) * pow(theta, 0.8);

	return f * p * theta * theta *
	       (6.14e-5 / (d * (1 + (f / d) * (f / d))) +
		1.4e-12 * p * pow(theta, 1.5) / (1 + 1.9e-5 * pow(f, 1.5)));
}

double gas_oxygen_db_per_km(double frequency_ghz, struct air air)
{
	double f = frequency_ghz, p = air.dry_pressure_hpa, e = vapour_pressure_hpa(air);
	double theta = 300 / air.temperature_k;
	double sum = dry_continuum(f, air, e, theta);

	for (size_t i = 0; i < GAS_OXYGEN_LINES; i++) {
		const double *a = gas_oxygen[i].coefficients;
		double strength = a[0] * 1e-7 * p * pow(theta, 3) * exp(a[1] * (1 - theta));
		double width = a[2] * 1e-4 * (p * pow(theta, 0.8 - a[3]) + 1.1 * e * theta);
		double delta = (a[4] + a[5] * theta) * 1e-4 * (p + e) * pow(theta, 0.8);

		width = sqrt(width * width + 2.25e-6); // Zeeman
		sum += strength * line_shape(f, gas_oxygen[i].frequency_ghz, width, delta);
	}
	return 0.1820 * f * sum;
}

double gas_water_db_per_km(double frequency_ghz, struct air air)
{
	double f = frequency_ghz, p = air.dry_pressure_hpa, e = vapour_pressure_hpa(air);
	double theta = 300 / air.temperature_k;
	double sum = 0;

	for (size_t i = 0; i < GAS_WATER_LINES; i++) {
		const double *b = gas_water[i].coefficients;
		double line = gas_water[i].frequency_ghz;
		double strength = b[0] * 0.1 * e * pow(theta, 3.5) * exp(b[1] * (1 - theta));
		double width = b[2] * 1e-4 * (p * pow(theta, b[3]) + b[4] * e * pow(theta, b[5]));

		width = 0.535 * width +
			sqrt(0.217 * width * width + 2.1316e-12 * line * line / theta); // Doppler
		sum += strength * line_shape(f, line, width, 0);
	}
	return 0.1820 * f * sum;
}

static double oxygen_height_km(double f, struct air air)
{
	double place = (f - GAS_HEIGHT_FIRST_GHZ) / GAS_HEIGHT_STEP_GHZ;
	size_t i = (size_t)fmin(fmax(place, 0), GAS_HEIGHTS - 2);
	double w = place - (double)i;
	const struct gas_height *low = &gas_heights[i], *high = low + 1;
	double pressure_hpa = air.dry_pressure_hpa + vapour_pressure_hpa(air);

	return low->a + w * (high->a - low->a) +
	       (low->b + w * (high->b - low->b)) * air.temperature_k +
	       (low->c + w * (high->c - low->c)) * pressure_hpa +
	       (low->d + w * (high->d - low->d)) * air.vapour_g_per_m3;
}

static double water_height_km(double f)
{
	static const double lines[][3] = {{22.235080, 2.6846, 2.7649},
					  {183.310087, 5.8905, 4.9219},
					  {325.152888, 2.9810, 3.0748}};
	double height_km = 5.6585e-5 * f + 1.8348;

	for (size_t i = 0; i < 3; i++)
		height_km += lines[i][1] / ((f - lines[i][0]) * (f - lines[i][0]) + lines[i][2]);
	return height_km;
}

// The way through a shell of air, in its height: 1/sin of the elevation over a flat Earth.
static double shell_ways(double elevation_deg)
{
	double s = sin(RADIANS(elevation_deg));

	return (sqrt(EARTH_KM * EARTH_KM * s * s + 2 * EARTH_KM * SHELL_KM + SHELL_KM * SHELL_KM) -
		EARTH_KM * s) /
	       SHELL_KM;
}

double gas_slant_db(double frequency_ghz, double elevation_deg, struct air air)
{
	double zenith_db =
		gas_oxygen_db_per_km(frequency_ghz, air) * oxygen_height_km(frequency_ghz, air) +
		gas_water_db_per_km(frequency_ghz, air) * water_height_km(frequency_ghz);

	if (elevation_deg >= LOWEST_ELEVATION_DEG)
		return zenith_db / sin(RADIANS(elevation_deg));
	return zenith_db / sin(RADIANS(LOWEST_ELEVATION_DEG)) * shell_ways(elevation_deg) /
	       shell_ways(LOWEST_ELEVATION_DEG);
}

struct air air_at(double height_km, double sea_level_vapour_g_per_m3)
{
	double geopotential_km = 6356.766 * height_km / (6356.766 + height_km);
	struct air air = {.temperature_k = 288.15 - 6.5 * geopotential_km,
			  .vapour_g_per_m3 = sea_level_vapour_g_per_m3 * exp(-height_km / 2)};
	double barometer_hpa = 1013.25 * pow(288.15 / air.temperature_k, -34.1632 / 6.5);

	air.dry_pressure_hpa = barometer_hpa - vapour_pressure_hpa(air);
	return air;
}
