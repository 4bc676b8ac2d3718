// SPDX-License-Identifier: BSD-3-Clause
// Light in glass.
#include "dataplane/physics/fibre.h"

#include <math.h>

uint64_t fibre_delay_ns(double route_m, double group_index)
{
	double delay_ns = route_m * group_index / LIGHT_SPEED_M_S * 1e9;

	return delay_ns > 0 ? (uint64_t)llround(delay_ns) : 0;
}
