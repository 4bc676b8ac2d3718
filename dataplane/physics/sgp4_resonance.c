// SPDX-License-Identifier: BSD-3-Clause
// Resonance in SGP4: an orbit of one or half a sidereal day meets the same bumps of the Earth's
// gravity again and again, so its longitude is integrated numerically from the epoch.
// Report No. 3, section 8; AIAA 2006-6753, appendix.
#include <math.h>

#include "dataplane/physics/sgp4_deep.h"

#define STEP_MIN         720.0
#define SYNCHRONOUS_LOW  0.0034906585 // radians a minute
#define SYNCHRONOUS_HIGH 0.0052359877
#define HALF_DAY_LOW     8.26e-3
#define HALF_DAY_HIGH    9.24e-3
#define HALF_DAY_E       0.5                 // rounder ones have no resonance worth the name
#define ROOT_MU          0.07436691613317342 // of WGS-72, Earth radii^1.5 a minute

// A term of the Earth's gravity: multiples of the perigee's argument and of the resonant longitude
// in its angle, and the angle at which it rests.
struct term {
	int perigee, longitude;
	double phase;
};

// Longitude terms 31 (twice), 22 and 33 of the synchronous orbit.
#define SYNCHRONOUS_TERMS 3
static const struct term synchronous[SYNCHRONOUS_TERMS] = {
	{0, 1, 0.13130908},
	{0, 2, 2 * 2.8843198},
	{0, 3, 3 * 0.37448087},
};

#define G22 5.7686396
#define G32 0.95240898
#define G44 1.8014998
#define G52 1.0508330
#define G54 4.4108898
static const struct term half_day[SGP4_RESONANT_TERMS] = {
	{2, 1, G22}, {0, 1, G22}, {1, 1, G32},  {-1, 1, G32}, {2, 2, G44},
	{0, 2, G44}, {1, 1, G52}, {-1, 1, G52}, {1, 2, G54},  {-1, 2, G54},
};

static double polynomial(double e, double c0, double c1, double c2, double c3)
{
	return c0 + e * (c1 + e * (c2 + e * c3));
}

static void synchronous_init(struct sgp4 *orbit, double axis)
{
	struct sgp4_deep *deep = &orbit->deep;
	double e2 = orbit->elements.eccentricity * orbit->elements.eccentricity;
	double c = cos(orbit->inclination), s = sin(orbit->inclination), c1 = 1 + c;
	double n = orbit->mean_motion;
	double g200 = 1 + e2 * (-2.5 + 0.8125 * e2), g310 = 1 + 2 * e2;
	double g300 = 1 + e2 * (-6 + 6.60937 * e2);
	double f220 = 0.75 * c1 * c1, f330 = 1.875 * c1 * c1 * c1;
	double f311 = 0.9375 * s * s * (1 + 3 * c) - 0.75 * c1;
	double k = 3 * n * n / (axis * axis);

	deep->resonance = SGP4_SYNCHRONOUS;
	deep->amplitude[0] = k * f311 * g310 * 2.1460748e-6 / axis;
	deep->amplitude[1] = 2 * k * f220 * g200 * 1.7891679e-6;
	deep->amplitude[2] = 3 * k * f330 * g300 * 2.2123015e-7 / axis;
	deep->longitude =
		fmod(orbit->anomaly + orbit->node + orbit->perigee - deep->sidereal, 2 * M_PI);
	deep->longitude_rate = orbit->anomaly_rate + orbit->perigee_rate + orbit->node_rate -
			       SGP4_SIDEREAL_RATE + deep->anomaly_rate + deep->perigee_rate +
			       deep->node_rate - n;
}

// Functions of the eccentricity, fitted by the report's authors in two or three pieces.
struct eccentric {
	double g201, g211, g310, g322, g410, g422, g520, g521, g532, g533;
};

static void eccentric_init(struct eccentric *g, double e)
{
	g->g201 = -0.306 - (e - 0.64) * 0.440;
	if (e <= 0.65) {
		g->g211 = polynomial(e, 3.616, -13.2470, 16.2900, 0);
		g->g310 = polynomial(e, -19.302, 117.3900, -228.4190, 156.5910);
		g->g322 = polynomial(e, -18.9068, 109.7927, -214.6334, 146.5816);
		g->g410 = polynomial(e, -41.122, 242.6940, -471.0940, 313.9530);
		g->g422 = polynomial(e, -146.407, 841.8800, -1629.014, 1083.4350);
		g->g520 = polynomial(e, -532.114, 3017.977, -5740.032, 3708.2760);
	} else {
		g->g211 = polynomial(e, -72.099, 331.819, -508.738, 266.724);
		g->g310 = polynomial(e, -346.844, 1582.851, -2415.925, 1246.113);
		g->g322 = polynomial(e, -342.585, 1554.908, -2366.899, 1215.972);
		g->g410 = polynomial(e, -1052.797, 4758.686, -7193.992, 3651.957);
		g->g422 = polynomial(e, -3581.690, 16178.110, -24462.770, 12422.520);
		g->g520 = e > 0.715 ? polynomial(e, -5149.66, 29936.92, -54087.36, 31324.56)
				    : polynomial(e, 1464.74, -4664.75, 3763.64, 0);
	}
	if (e < 0.7) {
		g->g533 = polynomial(e, -919.22770, 4988.6100, -9064.7700, 5542.21);
		g->g521 = polynomial(e, -822.71072, 4568.6173, -8491.4146, 5337.524);
		g->g532 = polynomial(e, -853.66600, 4690.2500, -8624.7700, 5341.4);
	} else {
		g->g533 = polynomial(e, -37995.780, 161616.52, -229838.20, 109377.94);
		g->g521 = polynomial(e, -51752.104, 218913.95, -309468.16, 146349.42);
		g->g532 = polynomial(e, -40023.880, 170470.89, -242699.48, 115605.82);
	}
}

static void half_day_init(struct sgp4 *orbit, double axis)
{
	struct sgp4_deep *deep = &orbit->deep;
	double n = orbit->mean_motion;
	double c = cos(orbit->inclination), s = sin(orbit->inclination), c2 = c * c, s2 = s * s;
	double f220 = 0.75 * (1 + 2 * c + c2), f221 = 1.5 * s2;
	double f321 = 1.875 * s * (1 - 2 * c - 3 * c2), f322 = -1.875 * s * (1 + 2 * c - 3 * c2);
	double f441 = 35 * s2 * f220, f442 = 39.3750 * s2 * s2;
	double f522 =
		9.84375 * s * (s2 * (1 - 2 * c - 5 * c2) + 0.33333333 * (-2 + 4 * c + 6 * c2));
	double f523 =
		s * (4.92187512 * s2 * (-2 - 4 * c + 10 * c2) + 6.56250012 * (1 + 2 * c - 3 * c2));
	double f542 = 29.53125 * s * (2 - 8 * c + c2 * (-12 + 8 * c + 10 * c2));
	double f543 = 29.53125 * s * (-2 - 8 * c + c2 * (12 + 8 * c - 10 * c2));
	double k2 = 3 * n * n / (axis * axis), k3 = k2 / axis, k4 = k3 / axis, k5 = k4 / axis;
	struct eccentric g;

	eccentric_init(&g, orbit->elements.eccentricity);
	deep->resonance = SGP4_HALF_DAY;
	deep->amplitude[0] = k2 * 1.7891679e-6 * f220 * g.g201;
	deep->amplitude[1] = k2 * 1.7891679e-6 * f221 * g.g211;
	deep->amplitude[2] = k3 * 3.7393792e-7 * f321 * g.g310;
	deep->amplitude[3] = k3 * 3.7393792e-7 * f322 * g.g322;
	deep->amplitude[4] = 2 * k4 * 7.3636953e-9 * f441 * g.g410;
	deep->amplitude[5] = 2 * k4 * 7.3636953e-9 * f442 * g.g422;
	deep->amplitude[6] = k5 * 1.1428639e-7 * f522 * g.g520;
	deep->amplitude[7] = k5 * 1.1428639e-7 * f523 * g.g532;
	deep->amplitude[8] = 2 * k5 * 2.1765803e-9 * f542 * g.g521;
	deep->amplitude[9] = 2 * k5 * 2.1765803e-9 * f543 * g.g533;
	deep->longitude = fmod(orbit->anomaly + 2 * orbit->node - 2 * deep->sidereal, 2 * M_PI);
	deep->longitude_rate = orbit->anomaly_rate + deep->anomaly_rate +
			       2 * (orbit->node_rate + deep->node_rate - SGP4_SIDEREAL_RATE) - n;
}

void sgp4_resonance_init(struct sgp4 *orbit)
{
	double n = orbit->mean_motion;
	double axis = pow(ROOT_MU / n, 2.0 / 3.0);

	if (n > SYNCHRONOUS_LOW && n < SYNCHRONOUS_HIGH)
		synchronous_init(orbit, axis);
	else if (n >= HALF_DAY_LOW && n <= HALF_DAY_HIGH &&
		 orbit->elements.eccentricity >= HALF_DAY_E)
		half_day_init(orbit, axis);
}

// Where the integration is: resonant longitude and mean motion, and their derivatives.
struct motion {
	double longitude, n;
	double longitude_rate, n_rate, n_rate2;
};

static void accelerate(const struct sgp4 *orbit, double at_min, struct motion *m)
{
	const struct sgp4_deep *deep = &orbit->deep;
	bool is_day = deep->resonance == SGP4_SYNCHRONOUS;
	const struct term *terms = is_day ? synchronous : half_day;
	int count = is_day ? SYNCHRONOUS_TERMS : SGP4_RESONANT_TERMS;
	double perigee = orbit->perigee + orbit->perigee_rate * at_min;
	double force = 0, gradient = 0;

	for (int i = 0; i < count; i++) {
		double angle = terms[i].perigee * perigee + terms[i].longitude * m->longitude -
			       terms[i].phase;

		force += deep->amplitude[i] * sin(angle);
		gradient += terms[i].longitude * deep->amplitude[i] * cos(angle);
	}
	m->longitude_rate = m->n + deep->longitude_rate;
	m->n_rate = force;
	m->n_rate2 = gradient * m->longitude_rate;
}

static void step(struct motion *m, double dt)
{
	double half = dt * dt / 2;

	m->longitude += m->longitude_rate * dt + m->n_rate * half;
	m->n += m->n_rate * dt + m->n_rate2 * half;
}

void sgp4_resonance_secular(const struct sgp4 *orbit, double t, struct sgp4_mean *mean)
{
	const struct sgp4_deep *deep = &orbit->deep;
	struct motion m = {.longitude = deep->longitude, .n = orbit->mean_motion};
	double whole = t < 0 ? -STEP_MIN : STEP_MIN;
	double sidereal = fmod(deep->sidereal + t * SGP4_SIDEREAL_RATE, 2 * M_PI);
	double at_min = 0;

	accelerate(orbit, at_min, &m);
	while (fabs(t - at_min) >= STEP_MIN) {
		step(&m, whole);
		at_min += whole;
		accelerate(orbit, at_min, &m);
	}
	step(&m, t - at_min);
	mean->motion = m.n;
	mean->anomaly = deep->resonance == SGP4_SYNCHRONOUS
				? m.longitude - mean->node - mean->perigee + sidereal
				: m.longitude - 2 * mean->node + 2 * sidereal;
}
