// SPDX-License-Identifier: BSD-3-Clause
// Fast fading by turbulence of the air, and how the attenuations of a path add up.
#pragma once

// What P.618 asks about a path for scintillation.
struct scintillation_path {
	double frequency_ghz; // 4 to 55
	double elevation_deg; // 5 to 90
	double diameter_m;    // of the antenna on the ground
	double efficiency;    // of it, 0 to 1
	double wet_term;      // of the radio refractivity, N units (P.453): the median of the year
};

// Attenuation, dB, that scintillation exceeds for a percentage of the time, 0.01 to 50. Cannot
// fail. Source: P.618-13, 2.4.1, with the turbulent layer at 1000 m.
double scintillation_exceeded_db(const struct scintillation_path *path, double exceeded_percent);

// Its standard deviation, dB.
double scintillation_deviation_db(const struct scintillation_path *path);

// Gases with the root of the squares of scintillation and of rain and clouds together. Source:
// P.618-13, equation 64.
double attenuation_total_db(double gas_db, double cloud_db, double rain_db,
			    double scintillation_db);
