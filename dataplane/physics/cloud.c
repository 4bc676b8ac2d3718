// SPDX-License-Identifier: BSD-3-Clause
// Clouds of P.840-8 (cloud.h).
#include "dataplane/physics/cloud.h"

#include <math.h>

#define RADIANS(degrees) ((degrees) * (M_PI / 180))
#define FREEZING_K       273.15

double cloud_coefficient(double frequency_ghz)
{
	double f = frequency_ghz, theta = 300 / FREEZING_K;
	double static_part = 77.66 + 103.3 * (theta - 1), middle = 0.0671 * static_part;
	double optical = 3.52;
	double principal_ghz = 20.20 - 146 * (theta - 1) + 316 * (theta - 1) * (theta - 1);
	double secondary_ghz = 39.8 * principal_ghz;
	double p = f / principal_ghz, s = f / secondary_ghz;
	double real =
		(static_part - middle) / (1 + p * p) + (middle - optical) / (1 + s * s) + optical;
	double imaginary =
		p * (static_part - middle) / (1 + p * p) + s * (middle - optical) / (1 + s * s);
	double eta = (2 + real) / imaginary;

	return 0.819 * f / (imaginary * (1 + eta * eta));
}

double cloud_slant_db(double frequency_ghz, double elevation_deg, double reduced_kg_per_m2)
{
	return reduced_kg_per_m2 * cloud_coefficient(frequency_ghz) / sin(RADIANS(elevation_deg));
}
