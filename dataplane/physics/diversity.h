// SPDX-License-Identifier: BSD-3-Clause
// Two earth stations for one: what a second site gains against rain.
#pragma once

// The gain, dB, of the better of two sites over one that attenuation_db is exceeded at: distance_km
// apart, at frequency_ghz and elevation_deg, with the line between them at baseline_deg (0 to 90)
// against the path's azimuth. Cannot fail. Source: P.618-13, 2.2.4.2.
double diversity_gain_db(double attenuation_db, double distance_km, double frequency_ghz,
			 double elevation_deg, double baseline_deg);
