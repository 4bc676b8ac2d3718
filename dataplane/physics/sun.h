// SPDX-License-Identifier: BSD-3-Clause
// Where the sun is, and when it stands behind a satellite.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/physics/orbit.h"
#include "dataplane/physics/topocentric.h"

// Half the sun's angle for radio, degrees.
#define SUN_RADIUS_DEG 0.266

// The sun's apparent direction as a unit vector in Earth-fixed coordinates, and its distance, m.
// Good to 0.01 deg from 1950 to 2100. Source: Meeus, Astronomical Algorithms, 2nd ed., chapter 25
// (low accuracy), with nutation and aberration; turned by apparent sidereal time.
struct sun {
	double direction[3];
	double distance_m;
};
struct sun sun_at(int64_t utc_ns);

// Where it stands in a site's sky: direction corrected for the site's parallax.
struct topocentric sun_seen(const struct ground *ground, int64_t utc_ns);

// The angle between the sun and a satellite, seen from a site, degrees; NaN when orbit_at fails.
double sun_separation_deg(const struct ground *ground, const struct orbit *orbit, int64_t utc_ns);

// The separation below which a dish loses its satellite: half of its beam of 70 lambda / D degrees,
// and the sun's radius.
double sun_outage_angle_deg(double frequency_hz, double diameter_m);

struct sun_outage {
	int64_t from_utc_ns, peak_utc_ns, to_utc_ns; // good to 1 ms
	double separation_deg;                       // at the peak
	double depth; // 1 when the sun passes the beam's middle, 0 when it only touches
};

// All outages of a site and a satellite in a span, in order. The sun must be above the horizon.
// Gives their number, or -ENOSPC (the first `most` are filled in), -EINVAL: an empty span, an angle
// not above 0; -ENOMEM.
int sun_find_outages(const struct ground *ground, const struct orbit *orbit, double angle_deg,
		     int64_t from_utc_ns, int64_t to_utc_ns, struct sun_outage *outages,
		     size_t most);
