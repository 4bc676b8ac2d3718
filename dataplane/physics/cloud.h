// SPDX-License-Identifier: BSD-3-Clause
// Attenuation by the liquid water of clouds.
#pragma once

// P.840 holds from here up, degrees of elevation.
#define CLOUD_LOWEST_DEG 5

// Specific attenuation coefficient of cloud liquid water at 273.15 K, dB/km per g/m3, at 1 to 200
// GHz: Rayleigh scattering on droplets, and Liebe's double Debye model of water. Cannot fail.
// Source: P.840-8, equations 2 to 11.
double cloud_coefficient(double frequency_ghz);

// Attenuation, dB, on a path at 5 to 90 degrees of elevation through clouds that hold
// reduced_kg_per_m2 of liquid water above each place, reduced to 273.15 K (0 and more: P.840 maps
// what is exceeded for a part of the year). Cannot fail. Source: P.840-8, equation 12.
double cloud_slant_db(double frequency_ghz, double elevation_deg, double reduced_kg_per_m2);
