// SPDX-License-Identifier: BSD-3-Clause
// Attenuation by oxygen and water vapour: line by line at a point, and along a path to a satellite.
#pragma once

// The air at a point. Dry pressure is the barometer's less the vapour's.
struct air {
	double dry_pressure_hpa;
	double temperature_k;
	double vapour_g_per_m3;
};

// Specific attenuation, dB/km, at 1 to 1000 GHz. Cannot fail. Source: P.676-13, annex 1, equations
// 1 to 9.
double gas_oxygen_db_per_km(double frequency_ghz, struct air air);
double gas_water_db_per_km(double frequency_ghz, struct air air);

// Attenuation, dB, from a site with the given air at its surface to space, at 1 to 55 GHz and an
// elevation of 5 to 90 degrees (below 5 the air's curvature counts: then that at 5 degrees, times
// the longer way through a shell of 6 km over a round Earth). Cannot fail. Source: P.676-13, annex
// 2, equivalent heights.
double gas_slant_db(double frequency_ghz, double elevation_deg, struct air air);

// The air of the mean annual reference atmosphere at a height of -0.5 to 11 km, with the given
// vapour at sea level (7.5 g/m3 in the standard), which halves every 1.4 km. Source: P.835-6.
struct air air_at(double height_km, double sea_level_vapour_g_per_m3);
