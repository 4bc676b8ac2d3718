// SPDX-License-Identifier: BSD-3-Clause
// Scintillation and total attenuation of P.618-13.
#include "dataplane/physics/scintillation.h"

#include <math.h>

#define RADIANS(degrees)   ((degrees) * (M_PI / 180))
#define TURBULENT_HEIGHT_M 1000.0

double scintillation_deviation_db(const struct scintillation_path *path)
{
	double s = sin(RADIANS(path->elevation_deg));
	double reference_db = 3.6e-3 + 1e-4 * path->wet_term;
	double length_m = 2 * TURBULENT_HEIGHT_M / (sqrt(s * s + 2.35e-4) + s);
	double x = 1.22 * path->efficiency * path->diameter_m * path->diameter_m *
		   path->frequency_ghz / length_m;
	double averaging = 3.86 * pow(x * x + 1, 11.0 / 12) * sin(11.0 / 6 * atan2(1, x)) -
			   7.08 * pow(x, 5.0 / 6);

	// An antenna wide against the eddies averages them out altogether.
	if (averaging <= 0)
		return 0;
	return reference_db * pow(path->frequency_ghz, 7.0 / 12) * sqrt(averaging) / pow(s, 1.2);
}

double scintillation_exceeded_db(const struct scintillation_path *path, double exceeded_percent)
{
	double l = log10(exceeded_percent);
	double factor = -0.061 * l * l * l + 0.072 * l * l - 1.71 * l + 3.0;

	return factor * scintillation_deviation_db(path);
}

double attenuation_total_db(double gas_db, double cloud_db, double rain_db, double scintillation_db)
{
	return gas_db + hypot(rain_db + cloud_db, scintillation_db);
}
