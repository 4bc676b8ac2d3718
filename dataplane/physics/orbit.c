// SPDX-License-Identifier: BSD-3-Clause
// Orbits to Earth-fixed states, and the ranges of what describes them.
#include "dataplane/physics/orbit.h"

#include <errno.h>
#include <math.h>

#include "dataplane/physics/ephemeris.h"
#include "dataplane/physics/utc.h"
#include "dataplane/physics/vector.h"

#define SIDEREAL_DAY_S (2 * M_PI / UTC_GMST_RAD_PER_S)
#define S_PER_MIN      60.0
#define NS_PER_MIN     6e10

// The first three angles and the altitude of a perigee, which all inertial orbits have.
static bool ellipse_holds(const struct orbit_ellipse *e, struct range_fault *fault)
{
	double a = e->semi_major_axis_m;

	return range_holds(a, EARTH_EQUATORIAL_M + ORBIT_LOWEST_ALTITUDE_M,
			   EARTH_EQUATORIAL_M + ORBIT_HIGHEST_ALTITUDE_M, "semi-major axis", "m",
			   fault) &&
	       range_holds(e->eccentricity, 0, 0.999, "eccentricity", "", fault) &&
	       range_holds(a * (1 - e->eccentricity) - EARTH_EQUATORIAL_M, ORBIT_LOWEST_ALTITUDE_M,
			   ORBIT_HIGHEST_ALTITUDE_M, "altitude of the perigee", "m", fault) &&
	       range_holds(e->inclination_deg, 0, 180, "inclination", "deg", fault) &&
	       range_holds(e->ascending_node_deg, -360, 360, "right ascension of the node", "deg",
			   fault) &&
	       range_holds(e->perigee_deg, -360, 360, "argument of perigee", "deg", fault) &&
	       range_holds(e->mean_anomaly_deg, -360, 360, "mean anomaly", "deg", fault);
}

bool orbit_make_geostationary(struct orbit *orbit, double longitude_deg, struct range_fault *fault)
{
	if (!range_holds(longitude_deg, -180, 360, "longitude", "deg", fault))
		return false;
	*orbit = (struct orbit){.law = ORBIT_LAW_STATIONARY,
				.longitude_deg = longitude_deg,
				.radius_m = ORBIT_GEOSTATIONARY_M};
	return true;
}

static double kepler_motion_rad_per_s(double semi_major_axis_m)
{
	return sqrt(EARTH_MU_M3_PER_S2 / semi_major_axis_m) / semi_major_axis_m;
}

bool orbit_make_circular(struct orbit *orbit, double altitude_m, double inclination_deg,
			 double node_deg, double phase_deg, int64_t epoch_utc_ns,
			 struct range_fault *fault)
{
	struct orbit_ellipse circle = {.epoch_utc_ns = epoch_utc_ns,
				       .semi_major_axis_m = EARTH_EQUATORIAL_M + altitude_m,
				       .inclination_deg = inclination_deg,
				       .ascending_node_deg = node_deg,
				       .mean_anomaly_deg = phase_deg};

	if (!range_holds(altitude_m, ORBIT_LOWEST_ALTITUDE_M, ORBIT_HIGHEST_ALTITUDE_M, "altitude",
			 "m", fault) ||
	    !range_holds(phase_deg, -360, 360, "phase", "deg", fault) ||
	    !ellipse_holds(&circle, fault))
		return false;
	*orbit = (struct orbit){.law = ORBIT_LAW_CIRCULAR,
				.ellipse = circle,
				.mean_motion_rad_per_s =
					kepler_motion_rad_per_s(circle.semi_major_axis_m)};
	return true;
}

bool orbit_make_equatorial(struct orbit *orbit, double altitude_m, double longitude_deg,
			   int64_t epoch_utc_ns, struct range_fault *fault)
{
	double phase_deg = longitude_deg + DEGREES(utc_gmst_rad(epoch_utc_ns));

	return range_holds(longitude_deg, -180, 360, "longitude", "deg", fault) &&
	       orbit_make_circular(orbit, altitude_m, 0, 0, fmod(phase_deg, 360), epoch_utc_ns,
				   fault);
}

bool orbit_make_walker(struct orbit *orbit, unsigned total, unsigned planes, unsigned phasing,
		       unsigned index, double altitude_m, double inclination_deg, double node_deg,
		       double phase_deg, int64_t epoch_utc_ns, struct range_fault *fault)
{
	unsigned in_plane, plane;

	if (!range_holds(total, 1, 100000, "number of satellites", "", fault) ||
	    !range_holds(planes, 1, total, "number of planes", "", fault) ||
	    !range_holds(total % planes, 0, 0, "remainder of satellites over planes", "", fault) ||
	    !range_holds(phasing, 0, planes - 1, "phasing", "", fault) ||
	    !range_holds(index, 0, total - 1, "index of the satellite", "", fault))
		return false;
	in_plane = total / planes;
	plane = index / in_plane;
	node_deg = fmod(node_deg + 360.0 * plane / planes, 360);
	phase_deg += 360.0 * (index % in_plane) / in_plane + 360.0 * phasing * plane / total;
	return orbit_make_circular(orbit, altitude_m, inclination_deg, node_deg,
				   fmod(phase_deg, 360), epoch_utc_ns, fault);
}

bool orbit_make_kepler(struct orbit *orbit, const struct orbit_ellipse *ellipse,
		       struct range_fault *fault)
{
	double e2 = ellipse->eccentricity * ellipse->eccentricity;
	double p = ellipse->semi_major_axis_m * (1 - e2);
	double n = kepler_motion_rad_per_s(ellipse->semi_major_axis_m);
	double s = sin(RADIANS(ellipse->inclination_deg)), s2 = s * s;
	double k = 1.5 * n * EARTH_J2 * (EARTH_EQUATORIAL_M / p) * (EARTH_EQUATORIAL_M / p);

	if (!ellipse_holds(ellipse, fault))
		return false;
	*orbit = (struct orbit){
		.law = ORBIT_LAW_KEPLER_J2,
		.ellipse = *ellipse,
		.mean_motion_rad_per_s = n + k * sqrt(1 - e2) * (1 - 1.5 * s2),
		.node_rad_per_s = -k * cos(RADIANS(ellipse->inclination_deg)),
		.perigee_rad_per_s = k * (2 - 2.5 * s2),
	};
	return true;
}

bool orbit_make_sgp4(struct orbit *orbit, const struct mean_elements *elements,
		     struct range_fault *fault)
{
	struct sgp4 sgp4;

	if (!sgp4_init(&sgp4, elements, fault))
		return false;
	*orbit = (struct orbit){.law = ORBIT_LAW_SGP4, .sgp4 = sgp4};
	return true;
}

static void stationary_at(const struct orbit *orbit, struct orbit_state *state)
{
	double longitude = RADIANS(orbit->longitude_deg);

	*state = (struct orbit_state){
		.position_m = {orbit->radius_m * cos(longitude), orbit->radius_m * sin(longitude)}};
}

// From inertial axes to those that turn with the Earth.
static void earth_fixed(const double position_m[3], const double velocity_m_per_s[3],
			int64_t utc_ns, struct orbit_state *state)
{
	double gmst = utc_gmst_rad(utc_ns);
	double c = cos(gmst), s = sin(gmst);

	state->error = SGP4_OK;
	vector_turn_axes(position_m, c, s, state->position_m);
	vector_turn_axes(velocity_m_per_s, c, s, state->velocity_m_per_s);
	state->velocity_m_per_s[0] += UTC_GMST_RAD_PER_S * state->position_m[1];
	state->velocity_m_per_s[1] -= UTC_GMST_RAD_PER_S * state->position_m[0];
}

// Kepler's equation by Newton, from a start that converges for every eccentricity below 1.
static double eccentric_anomaly(double mean_anomaly, double eccentricity)
{
	double m = remainder(mean_anomaly, 2 * M_PI);
	double e = eccentricity < 0.8 ? m : copysign(M_PI, m);

	for (int round = 0; round < 50; round++) {
		double step = (e - eccentricity * sin(e) - m) / (1 - eccentricity * cos(e));

		e -= step;
		if (fabs(step) < 1e-14)
			break;
	}
	return e;
}

static void ellipse_at(const struct orbit *orbit, int64_t utc_ns, struct orbit_state *state)
{
	const struct orbit_ellipse *at = &orbit->ellipse;
	double t = (double)(utc_ns - at->epoch_utc_ns) * 1e-9;
	double a = at->semi_major_axis_m, ecc = at->eccentricity, flat = sqrt(1 - ecc * ecc);
	double m = RADIANS(at->mean_anomaly_deg) + fmod(orbit->mean_motion_rad_per_s * t, 2 * M_PI);
	double e = ecc > 0 ? eccentric_anomaly(m, ecc) : m;
	double node = RADIANS(at->ascending_node_deg) + orbit->node_rad_per_s * t;
	double perigee = RADIANS(at->perigee_deg) + orbit->perigee_rad_per_s * t;
	double cos_i = cos(RADIANS(at->inclination_deg)), sin_i = sin(RADIANS(at->inclination_deg));
	double cn = cos(node), sn = sin(node), cp = cos(perigee), sp = sin(perigee);
	double ce = cos(e), se = sin(e);
	double e_rate = orbit->mean_motion_rad_per_s / (1 - ecc * ce);
	double x = a * (ce - ecc), y = a * flat * se;
	// The plane also turns: by the drift of the perigee within it, and about the pole.
	double dx = -a * se * e_rate - orbit->perigee_rad_per_s * y;
	double dy = a * flat * ce * e_rate + orbit->perigee_rad_per_s * x;
	double p[3] = {cn * cp - sn * sp * cos_i, sn * cp + cn * sp * cos_i, sp * sin_i};
	double q[3] = {-cn * sp - sn * cp * cos_i, -sn * sp + cn * cp * cos_i, cp * sin_i};
	double position_m[3], velocity_m_per_s[3];

	for (int i = 0; i < 3; i++) {
		position_m[i] = x * p[i] + y * q[i];
		velocity_m_per_s[i] = dx * p[i] + dy * q[i];
	}
	velocity_m_per_s[0] -= orbit->node_rad_per_s * position_m[1];
	velocity_m_per_s[1] += orbit->node_rad_per_s * position_m[0];
	earth_fixed(position_m, velocity_m_per_s, utc_ns, state);
}

static int published_at(const struct orbit *orbit, int64_t utc_ns, struct orbit_state *state)
{
	double since_min = (double)(utc_ns - orbit->sgp4.elements.epoch_utc_ns) / NS_PER_MIN;
	double position_m[3], velocity_m_per_s[3];
	struct sgp4_state teme;
	enum sgp4_error error = sgp4_at(&orbit->sgp4, since_min, &teme);

	if (error) {
		*state = (struct orbit_state){.error = error};
		return -EDOM;
	}
	for (int i = 0; i < 3; i++) {
		position_m[i] = teme.position_km[i] * 1e3;
		velocity_m_per_s[i] = teme.velocity_km_per_s[i] * 1e3;
	}
	earth_fixed(position_m, velocity_m_per_s, utc_ns, state);
	return 0;
}

int orbit_at(const struct orbit *orbit, int64_t utc_ns, struct orbit_state *state)
{
	switch (orbit->law) {
	case ORBIT_LAW_STATIONARY:
		stationary_at(orbit, state);
		return 0;
	case ORBIT_LAW_CIRCULAR:
	case ORBIT_LAW_KEPLER_J2:
		ellipse_at(orbit, utc_ns, state);
		return 0;
	case ORBIT_LAW_TABLED:
		return ephemeris_at(orbit->ephemeris, utc_ns, state)
			       ? 0
			       : orbit_at(orbit->ephemeris->orbit, utc_ns, state);
	case ORBIT_LAW_SGP4:
		break;
	}
	return published_at(orbit, utc_ns, state);
}

double orbit_period_s(const struct orbit *orbit)
{
	switch (orbit->law) {
	case ORBIT_LAW_STATIONARY:
		return SIDEREAL_DAY_S;
	case ORBIT_LAW_CIRCULAR:
	case ORBIT_LAW_KEPLER_J2:
		return 2 * M_PI / orbit->mean_motion_rad_per_s;
	case ORBIT_LAW_TABLED:
		return orbit_period_s(orbit->ephemeris->orbit);
	case ORBIT_LAW_SGP4:
		break;
	}
	return 2 * M_PI / orbit->sgp4.mean_motion * S_PER_MIN;
}

int64_t orbit_epoch_utc_ns(const struct orbit *orbit)
{
	switch (orbit->law) {
	case ORBIT_LAW_STATIONARY:
		return 0;
	case ORBIT_LAW_CIRCULAR:
	case ORBIT_LAW_KEPLER_J2:
		return orbit->ellipse.epoch_utc_ns;
	case ORBIT_LAW_TABLED:
		return orbit_epoch_utc_ns(orbit->ephemeris->orbit);
	case ORBIT_LAW_SGP4:
		break;
	}
	return orbit->sgp4.elements.epoch_utc_ns;
}
