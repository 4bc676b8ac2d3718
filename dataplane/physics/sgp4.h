// SPDX-License-Identifier: BSD-3-Clause
// SGP4 and SDP4: where a satellite is by the mean elements that trackers publish (TLE, OMM).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/physics/range.h"

// Mean elements as published, of the theory of SGP4 and of no other; TEME of the epoch.
struct mean_elements {
	int64_t epoch_utc_ns;
	double mean_motion_rev_per_day; // Brouwer and Kozai's, as a TLE has it; above 0 to 18
	double eccentricity;            // 0 to below 1
	double inclination_deg;         // 0 to 180
	double ascending_node_deg;      // the angles 0 to 360
	double perigee_deg;             // argument of perigee
	double mean_anomaly_deg;
	double drag_per_earth_radius; // B*
};

// The published codes.
enum sgp4_error {
	SGP4_OK = 0,
	SGP4_MEAN_ECCENTRICITY = 1, // mean eccentricity out of range
	SGP4_MEAN_MOTION = 2,       // mean motion not above 0
	SGP4_ECCENTRICITY = 3,      // perturbed eccentricity out of range
	SGP4_SEMI_LATUS = 4,        // semi-latus rectum below 0
	SGP4_DECAYED = 6            // below the Earth's surface
};

// "the satellite has decayed", for a sentence. Constant text.
const char *sgp4_error_text(enum sgp4_error error);

// Constants of gravity. Elements are fitted with those of WGS-72 and must be read with them.
#define SGP4_MU_KM3_PER_S2 398600.8
#define SGP4_EARTH_KM      6378.135

// Drag near the Earth: powers of time, and what hangs on the perigee and the anomaly.
struct sgp4_drag {
	bool simple;    // perigee below 220 km, or a deep orbit: the higher powers are left out
	double axis[4]; // of t .. t^4 in the square root of the semi-major axis' shrinkage
	double longitude[4];                    // of t^2 .. t^5
	double eccentricity, eccentricity_sine; // of t, and of the anomaly's sine
	double node;                            // of t^2
	double perigee, anomaly_cube;
	double eta, cube_at_epoch, sine_at_epoch;
};

// Amplitudes of the periodic terms of one body, the sun or the moon.
struct sgp4_body {
	double eccentricity[2], inclination[2], longitude[3], perigee[3], node[2];
	double anomaly_at_epoch;
};

enum sgp4_resonance { SGP4_NO_RESONANCE, SGP4_SYNCHRONOUS, SGP4_HALF_DAY };

#define SGP4_RESONANT_TERMS 10

// Beyond 225 minutes sun, moon, and resonance with the Earth's shape count.
struct sgp4_deep {
	struct sgp4_body sun, moon;
	double eccentricity_rate, inclination_rate; // of both bodies, radians a minute
	double anomaly_rate, perigee_rate, node_rate;
	enum sgp4_resonance resonance;
	double amplitude[SGP4_RESONANT_TERMS];
	double longitude, longitude_rate; // the resonant one at epoch, and its rate's constant part
	double sidereal;                  // Greenwich at epoch
};

// Made by sgp4_init, read-only then. Angles in radians, times in minutes, lengths in Earth radii.
struct sgp4 {
	struct mean_elements elements;
	double mean_motion; // Brouwer's
	double inclination, node, perigee, anomaly;
	double anomaly_rate, perigee_rate, node_rate; // of the Earth's flattening
	struct sgp4_drag drag;
	bool is_deep;
	struct sgp4_deep deep;
};

struct sgp4_state {
	double position_km[3]; // TEME: true equator, mean equinox of date
	double velocity_km_per_s[3];
};

// Makes `orbit` from elements. False with `fault` when one is out of its range; true says no
// more than that: sgp4_at finds out whether they make an orbit.
bool sgp4_init(struct sgp4 *orbit, const struct mean_elements *elements, struct range_fault *fault);

// The state some minutes after (or before) the epoch. On an error `state` holds nothing of use.
// Any thread. Sources: Hoots and Roehrich, Spacetrack Report No. 3, 1980; Vallado, Crawford,
// Hujsak and Kelso, AIAA 2006-6753, "improved" mode.
enum sgp4_error sgp4_at(const struct sgp4 *orbit, double since_epoch_min, struct sgp4_state *state);
