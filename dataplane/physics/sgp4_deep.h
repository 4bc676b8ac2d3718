// SPDX-License-Identifier: BSD-3-Clause
// What SGP4 adds for orbits of 225 minutes and more. Private to physics.
#pragma once

#include "dataplane/physics/sgp4.h"

// The Earth turns this much a minute.
#define SGP4_SIDEREAL_RATE 4.37526908801129966e-3

// Mean elements at an instant, on their way from the epoch's to the osculating ones.
struct sgp4_mean {
	double motion, eccentricity, inclination, node, perigee, anomaly;
};

// Fills in orbit->deep; all else of `orbit` is made.
void sgp4_deep_init(struct sgp4 *orbit);
// Adds to the elements what sun and moon do in the long run, and resonance.
void sgp4_deep_secular(const struct sgp4 *orbit, double t, struct sgp4_mean *mean);
// Adds the periodic terms of sun and moon.
void sgp4_deep_periodic(const struct sgp4_deep *deep, double t, struct sgp4_mean *mean);

// The part of resonance; the rates of sun and moon are in orbit->deep already.
void sgp4_resonance_init(struct sgp4 *orbit);
void sgp4_resonance_secular(const struct sgp4 *orbit, double t, struct sgp4_mean *mean);
