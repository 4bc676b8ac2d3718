// SPDX-License-Identifier: BSD-3-Clause
// A path's delay as a ramp.
#pragma once

#include <stdint.h>

#include "dataplane/physics/path.h"
#include "dataplane/physics/ramp.h"

// As ramp_draw with the path's delay, within RAMP_ERROR_NS of what path_delay_ns gives for orbits
// that are not tabled, whether the path's are or not; that is asked at some instants a minute at
// most, since the lines are drawn along a spline.
int path_ramp_draw(const struct path *path, struct ramp *ramp, int64_t from_utc_ns,
		   int64_t to_utc_ns);
