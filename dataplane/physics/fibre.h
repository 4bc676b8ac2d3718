// SPDX-License-Identifier: BSD-3-Clause
// Propagation along optical fibre.
#pragma once

#include <stdint.h>

// Speed of light in vacuum, m/s (exact, SI), and the group index of G.652 fibre at 1550 nm.
#define LIGHT_SPEED_M_S        299792458.0
#define FIBRE_GROUP_INDEX_G652 1.4682

// One-way delay of a route of route_m metres (0 to 1e9) of fibre with the given group index
// (1 to 2), in nanoseconds rounded to the nearest, equipment not included. Cannot fail.
// Source: delay = length * n_g / c.
uint64_t fibre_delay_ns(double route_m, double group_index);
