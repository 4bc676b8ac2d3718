// SPDX-License-Identifier: BSD-3-Clause
// SGP4: from published mean elements to a state. The Earth's flattening and drag in the long run,
// then long-period terms, Kepler's equation, and short-period terms.
#include "dataplane/physics/sgp4.h"

#include <math.h>

#include "dataplane/physics/sgp4_deep.h"
#include "dataplane/physics/vector.h"

// WGS-72, which the elements are fitted with.
#define J2         0.001082616
#define J3         (-0.00000253881)
#define J4         (-0.00000165597)
#define J3_OVER_J2 (J3 / J2)

#define MINUTES_A_DAY    1440.0
#define TURN             (2 * M_PI)
#define DEEP_MIN         225.0 // period
#define SIMPLE_KM        220.0 // perigee
#define ATMOSPHERE_KM    120.0 // where the density's law begins
#define DENSITY_KM       78.0
#define ROUND_ENOUGH     1.0e-4  // eccentricities below it have no perigee to speak of
#define LEAST_SINGULAR   1.5e-12 // 1 + cos(i) of a retrograde equatorial orbit
#define KEPLER_ROUNDS    10
#define KEPLER_ENOUGH    1e-12
#define KEPLER_STEP_MOST 0.95

// Square root of GM in Earth radii and minutes.
static double root_mu(void)
{
	return 60.0 / sqrt(SGP4_EARTH_KM * SGP4_EARTH_KM * SGP4_EARTH_KM / SGP4_MU_KM3_PER_S2);
}

static double cube(double x)
{
	return x * x * x;
}

static double axis_of(double motion)
{
	return pow(root_mu() / motion, 2.0 / 3.0);
}

const char *sgp4_error_text(enum sgp4_error error)
{
	switch (error) {
	case SGP4_OK:
		return "no error";
	case SGP4_MEAN_ECCENTRICITY:
		return "the mean eccentricity leaves the range of 0 to 1";
	case SGP4_MEAN_MOTION:
		return "the mean motion is not above 0";
	case SGP4_ECCENTRICITY:
		return "the perturbed eccentricity leaves the range of 0 to 1";
	case SGP4_SEMI_LATUS:
		return "the semi-latus rectum is below 0";
	case SGP4_DECAYED:
		break;
	}
	return "the satellite has decayed";
}

// Quantities of the elements that both flattening and drag want.
struct shape {
	double axis, e, e2, beta2, beta; // beta2 = 1 - e2
	double latus;                    // semi-latus rectum
	double c, c2, s;                 // of the inclination
	double polar;                    // 3 c2 - 1
};

// Published mean motions are Kozai's; the theory wants Brouwer's, from which his flattening term is
// taken off. Report No. 3, section 5, the first equations.
static double brouwer_motion(double kozai, const struct shape *shape)
{
	double a1 = axis_of(kozai);
	double k = 0.75 * J2 * shape->polar / (shape->beta * shape->beta2);
	double d1 = k / (a1 * a1);
	double a0 = a1 * (1 - d1 * d1 - d1 * (1.0 / 3 + 134.0 / 81 * d1 * d1));

	return kozai / (1 + k / (a0 * a0));
}

static void shape_init(struct sgp4 *orbit, struct shape *shape)
{
	double e = orbit->elements.eccentricity;
	double c = cos(orbit->inclination);

	*shape = (struct shape){.e = e,
				.e2 = e * e,
				.beta2 = 1 - e * e,
				.beta = sqrt(1 - e * e),
				.c = c,
				.c2 = c * c,
				.s = sin(orbit->inclination),
				.polar = 3 * c * c - 1};
	orbit->mean_motion = brouwer_motion(
		orbit->elements.mean_motion_rev_per_day * TURN / MINUTES_A_DAY, shape);
	shape->axis = axis_of(orbit->mean_motion);
	shape->latus = shape->axis * shape->beta2;
}

// Rates by the second and fourth zonal harmonics.
static void flattening_init(struct sgp4 *orbit, const struct shape *s)
{
	double n = orbit->mean_motion, c2 = s->c2, c4 = c2 * c2;
	double p2 = 1 / (s->latus * s->latus);
	double first = 1.5 * J2 * p2 * n;
	double second = 0.5 * first * J2 * p2;
	double fourth = -0.46875 * J4 * p2 * p2 * n;

	orbit->anomaly_rate = n + 0.5 * first * s->beta * s->polar +
			      0.0625 * second * s->beta * (13 - 78 * c2 + 137 * c4);
	orbit->perigee_rate = -0.5 * first * (1 - 5 * c2) +
			      0.0625 * second * (7 - 114 * c2 + 395 * c4) +
			      fourth * (3 - 36 * c2 + 49 * c4);
	orbit->node_rate =
		s->c * (-first + 0.5 * second * (4 - 19 * c2) + 2 * fourth * (3 - 7 * c2));
	orbit->drag.node = 3.5 * s->beta2 * -first * s->c;
}

// The atmosphere's density is taken as a fourth power of the height above `s`, which is lowered for
// low perigees.
static double density_height(double perigee_km)
{
	if (perigee_km >= 156)
		return DENSITY_KM;
	return perigee_km < 98 ? 20 : perigee_km - DENSITY_KM;
}

static void drag_powers(struct sgp4_drag *drag, double c1, double axis, double xi, double s)
{
	double c2 = c1 * c1;
	double d2 = 4 * axis * xi * c2;
	double k = d2 * xi * c1 / 3;
	double d3 = (17 * axis + s) * k;
	double d4 = 0.5 * k * axis * xi * (221 * axis + 31 * s) * c1;

	drag->axis[1] = d2;
	drag->axis[2] = d3;
	drag->axis[3] = d4;
	drag->longitude[1] = d2 + 2 * c2;
	drag->longitude[2] = 0.25 * (3 * d3 + c1 * (12 * d2 + 10 * c2));
	drag->longitude[3] = 0.2 * (3 * d4 + 12 * c1 * d3 + 6 * d2 * d2 + 15 * c2 * (2 * d2 + c2));
}

// C1 to C5 and D2 to D4 of the report, multiplied by what they always come with.
static void drag_init(struct sgp4 *orbit, const struct shape *shape)
{
	struct sgp4_drag *drag = &orbit->drag;
	double n = orbit->mean_motion, a = shape->axis, e = shape->e;
	double bstar = orbit->elements.drag_per_earth_radius;
	double perigee_km = (a * (1 - e) - 1) * SGP4_EARTH_KM;
	double above_km = density_height(perigee_km);
	double s = above_km / SGP4_EARTH_KM + 1;
	double q = (ATMOSPHERE_KM - above_km) / SGP4_EARTH_KM;
	double xi = 1 / (a - s);
	double eta = a * e * xi, eta2 = eta * eta, e_eta = e * eta;
	double psi2 = fabs(1 - eta2);
	double k = q * q * q * q * xi * xi * xi * xi, k1 = k / pow(psi2, 3.5);
	double c2 = k1 * n *
		    (a * (1 + 1.5 * eta2 + e_eta * (4 + eta2)) +
		     0.375 * J2 * xi / psi2 * shape->polar * (8 + 3 * eta2 * (8 + eta2)));
	double c1 = bstar * c2;
	double c3 = e > ROUND_ENOUGH ? -2 * k * xi * J3_OVER_J2 * n * shape->s / e : 0;
	double round = -3 * shape->polar * (1 - 2 * e_eta + eta2 * (1.5 - 0.5 * e_eta));
	double lobes =
		0.75 * (1 - shape->c2) * (2 * eta2 - e_eta * (1 + eta2)) * cos(2 * orbit->perigee);
	double c4 = 2 * n * k1 * a * shape->beta2 *
		    (eta * (2 + 0.5 * eta2) + e * (0.5 + 2 * eta2) -
		     J2 * xi / (a * psi2) * (round + lobes));
	double c5 = 2 * k1 * a * shape->beta2 * (1 + 2.75 * (eta2 + e_eta) + e_eta * eta2);

	drag->simple = orbit->is_deep || perigee_km < SIMPLE_KM;
	drag->axis[0] = c1;
	drag->longitude[0] = 1.5 * c1;
	drag->eccentricity = bstar * c4;
	drag->eccentricity_sine = bstar * c5;
	drag->node *= c1;
	drag->perigee = bstar * c3 * cos(orbit->perigee);
	drag->anomaly_cube = e > ROUND_ENOUGH ? -2.0 / 3 * k * bstar / e_eta : 0;
	drag->eta = eta;
	drag->cube_at_epoch = cube(1 + eta * cos(orbit->anomaly));
	drag->sine_at_epoch = sin(orbit->anomaly);
	if (!drag->simple)
		drag_powers(drag, c1, a, xi, s);
}

static bool elements_hold(const struct mean_elements *e, struct range_fault *fault)
{
	return range_holds(e->mean_motion_rev_per_day, 1e-6, 18, "mean motion", "rev/day", fault) &&
	       range_holds(e->eccentricity, 0, 0.999999999, "eccentricity", "", fault) &&
	       range_holds(e->inclination_deg, 0, 180, "inclination", "deg", fault) &&
	       range_holds(e->ascending_node_deg, 0, 360, "right ascension of the node", "deg",
			   fault) &&
	       range_holds(e->perigee_deg, 0, 360, "argument of perigee", "deg", fault) &&
	       range_holds(e->mean_anomaly_deg, 0, 360, "mean anomaly", "deg", fault) &&
	       range_holds(e->drag_per_earth_radius, -10, 10, "drag term B*", "1/Earth radius",
			   fault);
}

bool sgp4_init(struct sgp4 *orbit, const struct mean_elements *elements, struct range_fault *fault)
{
	struct shape shape;

	if (!elements_hold(elements, fault))
		return false;
	*orbit = (struct sgp4){.elements = *elements,
			       .inclination = RADIANS(elements->inclination_deg),
			       .node = RADIANS(elements->ascending_node_deg),
			       .perigee = RADIANS(elements->perigee_deg),
			       .anomaly = RADIANS(elements->mean_anomaly_deg)};
	shape_init(orbit, &shape);
	orbit->is_deep = TURN / orbit->mean_motion >= DEEP_MIN;
	flattening_init(orbit, &shape);
	drag_init(orbit, &shape);
	if (orbit->is_deep)
		sgp4_deep_init(orbit);
	return true;
}

// What drag takes off by an instant.
struct decay {
	double axis;         // factor on its square root
	double eccentricity; // difference
	double longitude;    // in turns of the mean motion
};

static struct decay drag_secular(const struct sgp4 *orbit, double t, struct sgp4_mean *mean)
{
	const struct sgp4_drag *drag = &orbit->drag;
	double t2 = t * t, t3 = t2 * t, t4 = t2 * t2;
	double anomaly = mean->anomaly;
	struct decay decay = {.axis = 1 - drag->axis[0] * t,
			      .eccentricity = drag->eccentricity * t,
			      .longitude = drag->longitude[0] * t2};
	double moved;

	mean->node += drag->node * t2;
	if (drag->simple)
		return decay;
	moved = drag->perigee * t +
		drag->anomaly_cube * (cube(1 + drag->eta * cos(anomaly)) - drag->cube_at_epoch);
	mean->anomaly += moved;
	mean->perigee -= moved;
	decay.axis -= drag->axis[1] * t2 + drag->axis[2] * t3 + drag->axis[3] * t4;
	decay.eccentricity += drag->eccentricity_sine * (sin(mean->anomaly) - drag->sine_at_epoch);
	decay.longitude +=
		drag->longitude[1] * t3 + t4 * (drag->longitude[2] + t * drag->longitude[3]);
	return decay;
}

// The elements at an instant without their periodic terms; mean->motion follows the shrunk axis.
static enum sgp4_error secular(const struct sgp4 *orbit, double t, struct sgp4_mean *mean,
			       double *axis)
{
	struct decay decay;
	double longitude;

	*mean = (struct sgp4_mean){.motion = orbit->mean_motion,
				   .eccentricity = orbit->elements.eccentricity,
				   .inclination = orbit->inclination,
				   .node = orbit->node + orbit->node_rate * t,
				   .perigee = orbit->perigee + orbit->perigee_rate * t,
				   .anomaly = orbit->anomaly + orbit->anomaly_rate * t};
	decay = drag_secular(orbit, t, mean);
	if (orbit->is_deep)
		sgp4_deep_secular(orbit, t, mean);
	if (!(mean->motion > 0))
		return SGP4_MEAN_MOTION;
	*axis = axis_of(mean->motion) * decay.axis * decay.axis;
	mean->motion = root_mu() / pow(*axis, 1.5);
	mean->eccentricity -= decay.eccentricity;
	if (!(mean->eccentricity < 1 && mean->eccentricity >= -0.001))
		return SGP4_MEAN_ECCENTRICITY;
	mean->eccentricity = fmax(mean->eccentricity, 1e-6);
	mean->anomaly += orbit->mean_motion * decay.longitude;
	// Whole turns are taken off one by one, so that what is added later keeps its digits.
	longitude = fmod(mean->anomaly + mean->perigee + mean->node, TURN);
	mean->node = fmod(mean->node, TURN);
	mean->perigee = fmod(mean->perigee, TURN);
	mean->anomaly = fmod(longitude - mean->perigee - mean->node, TURN);
	return SGP4_OK;
}

// Kepler's equation for an eccentricity vector (x, y) and a mean argument of latitude.
static double kepler_longitude(double u, double x, double y)
{
	double e = u;

	for (int round = 0; round < KEPLER_ROUNDS; round++) {
		double s = sin(e), c = cos(e);
		double step = (u - y * c + x * s - e) / (1 - c * x - s * y);

		if (fabs(step) > KEPLER_STEP_MOST)
			step = copysign(KEPLER_STEP_MOST, step);
		e += step;
		if (fabs(step) < KEPLER_ENOUGH)
			break;
	}
	return e;
}

// Place and velocity in the plane: distance, argument of latitude, and their rates.
struct plane {
	double r, u, r_rate, across_rate;
	double semi_latus, beta;
};

// The long-period terms of the third harmonic, then the ellipse.
static enum sgp4_error in_plane(const struct sgp4_mean *mean, double axis, struct plane *plane)
{
	double s = sin(mean->inclination), c = cos(mean->inclination);
	double e = mean->eccentricity;
	double below = fabs(c + 1) > LEAST_SINGULAR ? 1 + c : LEAST_SINGULAR;
	double k = 1 / (axis * (1 - e * e));
	double x = e * cos(mean->perigee);
	double y = e * sin(mean->perigee) - 0.5 * k * J3_OVER_J2 * s;
	double longitude = mean->anomaly + mean->perigee + mean->node -
			   0.25 * k * J3_OVER_J2 * s * (3 + 5 * c) / below * x;
	double ecc = kepler_longitude(fmod(longitude - mean->node, TURN), x, y);
	double se = sin(ecc), ce = cos(ecc);
	double e_cos = x * ce + y * se, e_sin = x * se - y * ce;
	double e2 = x * x + y * y, beta = sqrt(1 - e2), r = axis * (1 - e_cos);
	double turn = e_sin / (1 + beta);

	plane->semi_latus = axis * (1 - e2);
	if (!(plane->semi_latus >= 0))
		return SGP4_SEMI_LATUS;
	plane->beta = beta;
	plane->r = r;
	plane->r_rate = sqrt(axis) * e_sin / r;
	plane->across_rate = sqrt(plane->semi_latus) / r;
	plane->u = atan2(se - y - x * turn, ce - x + y * turn);
	return SGP4_OK;
}

// Adds the short-period terms of the second harmonic and turns the plane into space.
static enum sgp4_error in_space(const struct sgp4_mean *mean, const struct plane *plane,
				struct sgp4_state *state)
{
	double s = sin(mean->inclination), c = cos(mean->inclination), c2 = c * c;
	double polar = 3 * c2 - 1, side = 1 - c2;
	double sin_2u = sin(2 * plane->u), cos_2u = cos(2 * plane->u);
	double k1 = 0.5 * J2 / plane->semi_latus, k2 = k1 / plane->semi_latus;
	double slow = mean->motion * k1 / root_mu();
	double r = plane->r * (1 - 1.5 * k2 * plane->beta * polar) + 0.5 * k1 * side * cos_2u;
	double u = plane->u - 0.25 * k2 * (7 * c2 - 1) * sin_2u;
	double node = mean->node + 1.5 * k2 * c * sin_2u;
	double inclination = mean->inclination + 1.5 * k2 * c * s * cos_2u;
	double r_rate = plane->r_rate - slow * side * sin_2u;
	double across = plane->across_rate + slow * (side * cos_2u + 1.5 * polar);
	double su = sin(u), cu = cos(u), sn = sin(node), cn = cos(node);
	double si = sin(inclination), ci = cos(inclination);
	double out[3] = {cn * cu - sn * ci * su, sn * cu + cn * ci * su, si * su};
	double along[3] = {-cn * su - sn * ci * cu, -sn * su + cn * ci * cu, si * cu};

	for (int i = 0; i < 3; i++) {
		state->position_km[i] = r * out[i] * SGP4_EARTH_KM;
		state->velocity_km_per_s[i] =
			(r_rate * out[i] + across * along[i]) * SGP4_EARTH_KM * root_mu() / 60;
	}
	return r < 1 ? SGP4_DECAYED : SGP4_OK;
}

enum sgp4_error sgp4_at(const struct sgp4 *orbit, double since_epoch_min, struct sgp4_state *state)
{
	struct sgp4_mean mean;
	struct plane plane;
	double axis;
	enum sgp4_error error = secular(orbit, since_epoch_min, &mean, &axis);

	if (error)
		return error;
	if (orbit->is_deep) {
		sgp4_deep_periodic(&orbit->deep, since_epoch_min, &mean);
		if (mean.inclination < 0) {
			mean.inclination = -mean.inclination;
			mean.node += M_PI;
			mean.perigee -= M_PI;
		}
		if (!(mean.eccentricity >= 0 && mean.eccentricity <= 1))
			return SGP4_ECCENTRICITY;
	}
	error = in_plane(&mean, axis, &plane);
	return error ? error : in_space(&mean, &plane, state);
}
