// SPDX-License-Identifier: BSD-3-Clause
// Site diversity of P.618-13.
#include "dataplane/physics/diversity.h"

#include <math.h>

double diversity_gain_db(double attenuation_db, double distance_km, double frequency_ghz,
			 double elevation_deg, double baseline_deg)
{
	double a = 0.78 * attenuation_db - 1.94 * (1 - exp(-0.11 * attenuation_db));
	double b = 0.59 * (1 - exp(-0.1 * attenuation_db));

	return a * (1 - exp(-b * distance_km)) * exp(-0.025 * frequency_ghz) *
	       (1 + 0.006 * elevation_deg) * (1 + 0.002 * baseline_deg);
}
