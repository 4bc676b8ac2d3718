// SPDX-License-Identifier: BSD-3-Clause
// The orbits of a topology worked out ahead over a span of time, once for all links that ask: for
// who makes profiles of many.
#pragma once

#include <stdint.h>

#include "dataplane/physics/ephemeris.h"
#include "topologies/topology.h"

// Zero-initialise.
struct sky_ahead {
	size_t count;                  // of satellites
	struct ephemeris *ephemerides; // [satellite]; without points where nobody asks
	struct orbit *orbits;          // [satellite]: they read those, to a centimetre
};

// Works out the satellites of links that move from from_utc_ns to to_utc_ns, and as far beyond as
// sky_serve looks in such a span. 0; -EINVAL: an empty span; -ENOMEM. Then nothing is left to free.
// The topology must last.
int sky_ahead_make(struct sky_ahead *ahead, const struct topology *topology, int64_t from_utc_ns,
		   int64_t to_utc_ns);
void sky_ahead_fini(struct sky_ahead *ahead);
