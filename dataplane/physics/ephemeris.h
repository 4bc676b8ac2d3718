// SPDX-License-Identifier: BSD-3-Clause
// An orbit's places worked out ahead for a span, to be read between them: for whoever asks often.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/physics/orbit.h"

struct ephemeris_point {
	double position_m[3];
	double rate_m[3]; // change over a step
};

// Zero-initialise. `orbit` is the caller's and must last.
struct ephemeris {
	const struct orbit *orbit;
	int64_t from_utc_ns, step_ns;
	size_t count; // points; steps are one fewer
	struct ephemeris_point *points;
};

// Works out the places from from_utc_ns to to_utc_ns, so close that what lies between is off by
// less than 1 cm: 1/400 of a revolution, closer for stretched orbits. Cubics with the slopes of
// five points. 0; -EINVAL: an empty span; -ENOMEM. Then nothing is left to free.
int ephemeris_make(struct ephemeris *ephemeris, const struct orbit *orbit, int64_t from_utc_ns,
		   int64_t to_utc_ns);
void ephemeris_fini(struct ephemeris *ephemeris);

// An orbit that reads the places, and asks the orbit itself outside of the span, or where that had
// no state. `ephemeris` is the caller's and must last. Cannot fail.
void orbit_make_tabled(struct orbit *orbit, const struct ephemeris *ephemeris);

// The place between two points; false outside of the span. For orbit_at.
bool ephemeris_at(const struct ephemeris *ephemeris, int64_t utc_ns, struct orbit_state *state);
