// SPDX-License-Identifier: BSD-3-Clause
// Where a satellite is, whatever describes its orbit: a place on the geostationary arc, a circle,
// an ellipse that the Earth's flattening turns, or published mean elements. Earth-fixed
// coordinates.
#pragma once

#include <stdint.h>

#include "dataplane/physics/range.h"
#include "dataplane/physics/sgp4.h"

// WGS-84, and the distances of the geostationary orbit (one sidereal day) from the Earth's centre.
#define EARTH_EQUATORIAL_M       6378137.0
#define EARTH_FLATTENING         (1 / 298.257223563)
#define EARTH_MU_M3_PER_S2       3.986004418e14
#define EARTH_J2                 1.08262982e-3
#define ORBIT_GEOSTATIONARY_M    42164170.0
#define ORBIT_LOWEST_ALTITUDE_M  100e3
#define ORBIT_HIGHEST_ALTITUDE_M 1e9

enum orbit_law {
	ORBIT_LAW_STATIONARY,
	ORBIT_LAW_CIRCULAR,
	ORBIT_LAW_KEPLER_J2,
	ORBIT_LAW_SGP4,
	ORBIT_LAW_TABLED // any of these, worked out ahead: see ephemeris.h
};

struct ephemeris;

// An ellipse at its epoch, referred to the equator and the equinox that sidereal time counts from.
struct orbit_ellipse {
	int64_t epoch_utc_ns;
	double semi_major_axis_m;
	double eccentricity;
	double inclination_deg;
	double ascending_node_deg; // right ascension
	double perigee_deg;        // argument of perigee; a circle counts its phase from the node
	double mean_anomaly_deg;
};

// Made by one of the makers, read-only then.
struct orbit {
	enum orbit_law law;
	double longitude_deg;                                            // stationary
	double radius_m;                                                 // stationary
	struct orbit_ellipse ellipse;                                    // circular, kepler
	double mean_motion_rad_per_s, node_rad_per_s, perigee_rad_per_s; // of the ellipse
	struct sgp4 sgp4;
	const struct ephemeris *ephemeris; // tabled
};

// Earth-centred and Earth-fixed: x to Greenwich, z to the pole. The velocity is what an observer
// on the Earth sees, the rotation taken off.
struct orbit_state {
	double position_m[3];
	double velocity_m_per_s[3];
	enum sgp4_error error; // why orbit_at failed
};

// The makers give true, or false with `fault` filled in; then `orbit` is unchanged.

// A satellite that stands above the equator. longitude_deg -180 to 360.
bool orbit_make_geostationary(struct orbit *orbit, double longitude_deg, struct range_fault *fault);

// A circle under a point mass: altitude above the equatorial radius, 100 km to 1 000 000 km;
// inclination 0 to 180; right ascension of the ascending node and phase from it at the epoch.
bool orbit_make_circular(struct orbit *orbit, double altitude_m, double inclination_deg,
			 double node_deg, double phase_deg, int64_t epoch_utc_ns,
			 struct range_fault *fault);

// A circle above the equator that passes longitude_deg at the epoch, eastwards.
bool orbit_make_equatorial(struct orbit *orbit, double altitude_m, double longitude_deg,
			   int64_t epoch_utc_ns, struct range_fault *fault);

// Satellite `index` (from 0) of a Walker delta pattern: `total` satellites in `planes` equally
// spaced planes, phased by `phasing` (0 to planes - 1) parts of 360/total degrees from plane to
// plane; satellites 0 to total/planes - 1 are in the first plane. node_deg and phase_deg are of
// satellite 0. Source: Walker, "Satellite constellations", J. Brit. Interplanetary Soc. 37, 1984.
bool orbit_make_walker(struct orbit *orbit, unsigned total, unsigned planes, unsigned phasing,
		       unsigned index, double altitude_m, double inclination_deg, double node_deg,
		       double phase_deg, int64_t epoch_utc_ns, struct range_fault *fault);

// An ellipse whose node, perigee and mean anomaly drift as the Earth's flattening makes them on
// average; periodic terms are left out (up to some 10 km near the Earth, 1 km at 8000 km).
// Perigee 100 km or higher. Source: Vallado, Fundamentals of Astrodynamics, eqs. 9-37 to 9-41.
bool orbit_make_kepler(struct orbit *orbit, const struct orbit_ellipse *ellipse,
		       struct range_fault *fault);

// Published mean elements. TEME is turned by sidereal time; the pole's motion (15 m) is left out.
bool orbit_make_sgp4(struct orbit *orbit, const struct mean_elements *elements,
		     struct range_fault *fault);

// The state at an instant. 0, or -EDOM when the elements cannot say (state->error tells why;
// only published elements fail). Any thread, no memory of earlier calls.
int orbit_at(const struct orbit *orbit, int64_t utc_ns, struct orbit_state *state);

// One revolution against the stars, seconds: a sidereal day for a geostationary one.
double orbit_period_s(const struct orbit *orbit);

// The instant the elements are of; 0 for a geostationary one, which holds for ever.
int64_t orbit_epoch_utc_ns(const struct orbit *orbit);
