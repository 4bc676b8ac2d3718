// SPDX-License-Identifier: BSD-3-Clause
// Attenuation by rain on the path from the ground to a satellite: per kilometre, for a percentage
// of an average year, and its conversion to another frequency.
#pragma once

// Above the 0 degree isotherm of P.839 stands the top of the rain, km.
#define RAIN_HEIGHT_ABOVE_ISOTHERM_KM 0.36

// Specific attenuation in dB/km is k R^alpha for a rain rate R in mm/h.
struct rain_law {
	double k;
	double alpha;
};

// The law of P.838-3 at frequency_ghz (1 to 1000), path elevation, and the tilt of the polarisation
// against the horizontal (0 horizontal, 90 vertical, 45 circular). Cannot fail.
struct rain_law rain_law_at(double frequency_ghz, double elevation_deg, double tilt_deg);

// Specific attenuation, dB/km, of a rain rate of 0 and more mm/h.
double rain_specific_db_per_km(struct rain_law law, double rain_mm_per_h);

// What P.618 asks about a path. The site's rain: mm/h exceeded for 0.01 % of an average year
// (P.837).
struct rain_path {
	double latitude_deg;
	double site_height_km;
	double rain_height_km; // P.839: the 0 degree isotherm + 0.36 km
	double frequency_ghz;  // 1 to 55
	double elevation_deg;  // 0 to 90
	double tilt_deg;
	double rain_001_mm_per_h;
	double slant_length_km; // below the rain height; 0: rain_slant_length_km's
};

// Length of the path below the rain height, km; 0 when the site is above it. Source: P.618-13,
// equations 1 and 2.
double rain_slant_length_km(double site_height_km, double rain_height_km, double elevation_deg);

// Attenuation, dB, exceeded for 0.01 % of an average year, and for another percentage from 0.001 to
// 5. 0 when the site is above the rain. Cannot fail. Source: P.618-13, 2.2.1.1.
double rain_001_db(const struct rain_path *path);
double rain_exceeded_db(const struct rain_path *path, double exceeded_percent);

// Attenuation at to_ghz of rain that attenuates attenuation_db at from_ghz (7 to 55 GHz both), at
// the same time on the same path. Cannot fail. Source: P.618-13, 2.2.1.3, equations 11 to 13.
double rain_scaled_db(double attenuation_db, double from_ghz, double to_ghz);
