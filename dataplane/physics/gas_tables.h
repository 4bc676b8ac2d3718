// SPDX-License-Identifier: BSD-3-Clause
// The tables of ITU-R P.676-13 that gas.c computes with. Private to gas*.c.
#pragma once

#define GAS_OXYGEN_LINES 44
#define GAS_WATER_LINES  35

// Oxygen: a1 to a6 of table 1; water vapour: b1 to b6 of table 2.
struct gas_line {
	double frequency_ghz;
	double coefficients[6];
};

extern const struct gas_line gas_oxygen[GAS_OXYGEN_LINES];
extern const struct gas_line gas_water[GAS_WATER_LINES];

// Equivalent height of oxygen, km: a + b T + c P + d rho, with T in K, P in hPa and rho in g/m3.
struct gas_height {
	double a, b, c, d;
};

#define GAS_HEIGHT_FIRST_GHZ 1.0
#define GAS_HEIGHT_STEP_GHZ  0.5
#define GAS_HEIGHTS          109 // up to 55 GHz, where P.618 ends too

extern const struct gas_height gas_heights[GAS_HEIGHTS];
