// SPDX-License-Identifier: BSD-3-Clause
// Sun and moon in SGP4: their pull on an orbit, in the long run and with their own periods.
// Report No. 3, section 8; AIAA 2006-6753, appendix.
#include "dataplane/physics/sgp4_deep.h"

#include <math.h>

#include "dataplane/physics/utc.h"
#include "dataplane/physics/vector.h"

#define JULIAN_DATE_1900 2415020.0 // the bodies' angles count from 1899-12-31T12:00
#define OBLIQUITY_COS    0.91744867
#define OBLIQUITY_SIN    0.39785416
#define LEAST_INCLINED   5.2359877e-2 // 3 degrees: below, a node is not moved in the long run
#define LYDDANE          0.2          // below this inclination node and perigee run into one

// A body that pulls: its rate about the Earth, its eccentricity, how hard it pulls.
struct puller {
	double rate, eccentricity, strength;
	double cos_perigee, sin_perigee, cos_i, sin_i;
	double cos_node, sin_node; // of the satellite's node from the body's
	double anomaly;
};

#define SUN_RATE          1.19459e-5
#define SUN_ECCENTRICITY  0.01675
#define MOON_RATE         1.5835218e-4
#define MOON_ECCENTRICITY 0.05490

static struct puller the_sun(const struct sgp4 *orbit, double day)
{
	return (struct puller){.rate = SUN_RATE,
			       .eccentricity = SUN_ECCENTRICITY,
			       .strength = 2.9864797e-6,
			       .cos_perigee = 0.1945905,
			       .sin_perigee = -0.98088458,
			       .cos_i = OBLIQUITY_COS,
			       .sin_i = OBLIQUITY_SIN,
			       .cos_node = cos(orbit->node),
			       .sin_node = sin(orbit->node),
			       .anomaly = fmod(6.2565837 + 0.017201977 * day, 2 * M_PI)};
}

// The moon's orbit leans to the ecliptic, and its node goes round in 18.6 years; here it is
// referred to the equator.
static struct puller the_moon(const struct sgp4 *orbit, double day)
{
	double node = fmod(4.5236020 - 9.2422029e-4 * day, 2 * M_PI);
	double perigee = 5.8351514 + 0.0019443680 * day;
	double cos_i = 0.91375164 - 0.03568096 * cos(node), sin_i = sqrt(1 - cos_i * cos_i);
	double sin_h = 0.089683511 * sin(node) / sin_i, cos_h = sqrt(1 - sin_h * sin_h);
	double arc = atan2(OBLIQUITY_SIN * sin(node) / sin_i,
			   cos_h * cos(node) + OBLIQUITY_COS * sin_h * sin(node));
	double g = perigee + arc - node;
	double c = cos(orbit->node), s = sin(orbit->node);

	return (struct puller){.rate = MOON_RATE,
			       .eccentricity = MOON_ECCENTRICITY,
			       .strength = 4.7968065e-7,
			       .cos_perigee = cos(g),
			       .sin_perigee = sin(g),
			       .cos_i = cos_i,
			       .sin_i = sin_i,
			       .cos_node = cos_h * c + sin_h * s,
			       .sin_node = s * cos_h - c * sin_h,
			       .anomaly = fmod(4.7199672 + 0.22997150 * day - perigee, 2 * M_PI)};
}

// An axis of the body's orbit (to its perigee, or a right angle ahead) as seen from the
// satellite's: along the node, across in the plane, normal to it; and along its perigee and across
// that.
struct axis {
	double node, side, normal;
	double perigee, ahead;
	double normal_sin, normal_cos; // times the satellite's argument of perigee
};

static struct axis axis_of(const struct sgp4 *orbit, const struct puller *body, double along,
			   double ahead)
{
	double c = cos(orbit->inclination), s = sin(orbit->inclination);
	double cw = cos(orbit->perigee), sw = sin(orbit->perigee);
	double y = -along * body->sin_node + ahead * body->cos_i * body->cos_node;
	double z = ahead * body->sin_i;
	struct axis axis = {.node = along * body->cos_node + ahead * body->cos_i * body->sin_node,
			    .side = c * y + s * z,
			    .normal = -s * y + c * z};

	axis.perigee = axis.node * cw + axis.side * sw;
	axis.ahead = -axis.node * sw + axis.side * cw;
	axis.normal_sin = axis.normal * sw;
	axis.normal_cos = axis.normal * cw;
	return axis;
}

// Quadratic forms of the two axes, three each: of the first, of both, of the second.
struct forms {
	double round[3];                     // Z1 .. Z3
	double inclination[3];               // Z11 .. Z13
	double node[3];                      // Z21 .. Z23
	double perigee[3];                   // Z31 .. Z33
	double straight, turned, difference; // S5 .. S7 of the report
};

// Each form is bilinear: of p with itself, twice the mixed one, of q with itself.
static void form(const struct axis *p, const struct axis *q,
		 double (*bilinear)(const struct axis *, const struct axis *), double out[3])
{
	out[0] = bilinear(p, p);
	out[1] = bilinear(p, q) + bilinear(q, p);
	out[2] = bilinear(q, q);
}

static double form_round(const struct axis *a, const struct axis *b)
{
	return 3 * (a->node * b->node + a->side * b->side);
}

static double form_perigee(const struct axis *a, const struct axis *b)
{
	return 12 * a->perigee * b->perigee - 3 * a->ahead * b->ahead;
}

static double form_tilt(const struct axis *a, const struct axis *b)
{
	return -6 * a->node * b->normal;
}

static double form_tilt_e2(const struct axis *a, const struct axis *b)
{
	return -24 * a->perigee * b->normal_cos - 6 * a->ahead * b->normal_sin;
}

static double form_turn(const struct axis *a, const struct axis *b)
{
	return 6 * a->side * b->normal;
}

static double form_turn_e2(const struct axis *a, const struct axis *b)
{
	return 24 * a->perigee * b->normal_sin - 6 * a->ahead * b->normal_cos;
}

static void forms_init(const struct sgp4 *orbit, const struct puller *body, struct forms *forms)
{
	double e2 = orbit->elements.eccentricity * orbit->elements.eccentricity;
	struct axis p = axis_of(orbit, body, body->cos_perigee, body->sin_perigee);
	struct axis q = axis_of(orbit, body, -body->sin_perigee, body->cos_perigee);
	double tilt_e2[3], turn_e2[3];

	form(&p, &q, form_round, forms->round);
	form(&p, &q, form_perigee, forms->perigee);
	form(&p, &q, form_tilt, forms->inclination);
	form(&p, &q, form_tilt_e2, tilt_e2);
	form(&p, &q, form_turn, forms->node);
	form(&p, &q, form_turn_e2, turn_e2);
	for (int i = 0; i < 3; i++) {
		forms->inclination[i] += e2 * tilt_e2[i];
		forms->node[i] += e2 * turn_e2[i];
		forms->round[i] = 2 * (forms->round[i] + e2 * forms->perigee[i]) +
				  (1 - e2) * forms->perigee[i];
	}
	forms->straight = p.perigee * p.ahead + q.perigee * q.ahead;
	forms->turned = q.perigee * p.ahead + p.perigee * q.ahead;
	forms->difference = q.perigee * q.ahead - p.perigee * p.ahead;
}

// Adds one body's rates to orbit->deep and fills in its periodic amplitudes.
static void body_init(struct sgp4 *orbit, const struct puller *body, struct sgp4_body *out)
{
	struct sgp4_deep *deep = &orbit->deep;
	double e = orbit->elements.eccentricity, e2 = e * e, beta = sqrt(1 - e2);
	double i = orbit->inclination, s = sin(i), c = cos(i);
	double k3 = body->strength / orbit->mean_motion;
	double k2 = -0.5 * k3 / beta, k4 = k3 * beta, k1 = -15 * e * k4;
	struct forms f;
	double node_rate;

	forms_init(orbit, body, &f);
	node_rate = i < LEAST_INCLINED || i > M_PI - LEAST_INCLINED
			    ? 0
			    : -body->rate * k2 * (f.node[0] + f.node[2]) / s;
	deep->eccentricity_rate += k1 * body->rate * f.straight;
	deep->inclination_rate += k2 * body->rate * (f.inclination[0] + f.inclination[2]);
	deep->anomaly_rate -= body->rate * k3 * (f.round[0] + f.round[2] - 14 - 6 * e2);
	deep->perigee_rate += k4 * body->rate * (f.perigee[0] + f.perigee[2] - 6) - c * node_rate;
	deep->node_rate += node_rate;
	*out = (struct sgp4_body){
		.eccentricity = {2 * k1 * f.turned, 2 * k1 * f.difference},
		.inclination = {2 * k2 * f.inclination[1],
				2 * k2 * (f.inclination[2] - f.inclination[0])},
		.longitude = {-2 * k3 * f.round[1], -2 * k3 * (f.round[2] - f.round[0]),
			      2 * k3 * (21 + 9 * e2) * body->eccentricity},
		.perigee = {2 * k4 * f.perigee[1], 2 * k4 * (f.perigee[2] - f.perigee[0]),
			    -18 * k4 * body->eccentricity},
		.node = {-2 * k2 * f.node[1], -2 * k2 * (f.node[2] - f.node[0])},
		.anomaly_at_epoch = body->anomaly,
	};
}

void sgp4_deep_init(struct sgp4 *orbit)
{
	int64_t epoch = orbit->elements.epoch_utc_ns;
	// The published states come from a Julian date in one double, good to 40 us: so does this,
	// as a very long orbit (23333 of the verification set) shows 20 us as 4 mm.
	double day = utc_julian_date(epoch) - JULIAN_DATE_1900;
	struct puller sun = the_sun(orbit, day), moon = the_moon(orbit, day);

	orbit->deep.sidereal = utc_gmst_rad(epoch);
	body_init(orbit, &sun, &orbit->deep.sun);
	body_init(orbit, &moon, &orbit->deep.moon);
	sgp4_resonance_init(orbit);
}

void sgp4_deep_secular(const struct sgp4 *orbit, double t, struct sgp4_mean *mean)
{
	const struct sgp4_deep *deep = &orbit->deep;

	mean->eccentricity += deep->eccentricity_rate * t;
	mean->inclination += deep->inclination_rate * t;
	mean->perigee += deep->perigee_rate * t;
	mean->node += deep->node_rate * t;
	mean->anomaly += deep->anomaly_rate * t;
	if (deep->resonance != SGP4_NO_RESONANCE)
		sgp4_resonance_secular(orbit, t, mean);
}

// Differences that the two bodies make.
struct shift {
	double eccentricity, inclination, longitude, perigee, node;
};

static void add_body(const struct sgp4_body *body, double rate, double eccentricity, double t,
		     struct shift *shift)
{
	double m = body->anomaly_at_epoch + rate * t;
	double f = m + 2 * eccentricity * sin(m);
	double s = sin(f), f2 = 0.5 * s * s - 0.25, f3 = -0.5 * s * cos(f);

	shift->eccentricity += body->eccentricity[0] * f2 + body->eccentricity[1] * f3;
	shift->inclination += body->inclination[0] * f2 + body->inclination[1] * f3;
	shift->longitude +=
		body->longitude[0] * f2 + body->longitude[1] * f3 + body->longitude[2] * s;
	shift->perigee += body->perigee[0] * f2 + body->perigee[1] * f3 + body->perigee[2] * s;
	shift->node += body->node[0] * f2 + body->node[1] * f3;
}

// Lyddane's way for small inclinations: the plane's normal is shifted, not its node.
static void shift_normal(const struct shift *by, double s, double c, struct sgp4_mean *mean)
{
	double before = fmod(mean->node, 2 * M_PI);
	double sn = sin(before), cn = cos(before);
	double x = s * sn + by->node * cn + by->inclination * c * sn;
	double y = s * cn - by->node * sn + by->inclination * c * cn;
	double longitude = mean->anomaly + mean->perigee + c * before + by->longitude +
			   by->perigee - by->inclination * before * s;
	double node = atan2(x, y);

	if (fabs(before - node) > M_PI)
		node += node < before ? 2 * M_PI : -2 * M_PI;
	mean->node = node;
	mean->anomaly += by->longitude;
	mean->perigee = longitude - mean->anomaly - c * node;
}

void sgp4_deep_periodic(const struct sgp4_deep *deep, double t, struct sgp4_mean *mean)
{
	struct shift by = {0};
	double s, c;

	add_body(&deep->sun, SUN_RATE, SUN_ECCENTRICITY, t, &by);
	add_body(&deep->moon, MOON_RATE, MOON_ECCENTRICITY, t, &by);
	mean->inclination += by.inclination;
	mean->eccentricity += by.eccentricity;
	s = sin(mean->inclination);
	c = cos(mean->inclination);
	if (mean->inclination < LYDDANE) {
		shift_normal(&by, s, c, mean);
		return;
	}
	mean->perigee += by.perigee - c * by.node / s;
	mean->node += by.node / s;
	mean->anomaly += by.longitude;
}
