// SPDX-License-Identifier: BSD-3-Clause
// Vincenty's inverse solution on WGS-84, and a great circle where it does not converge.
#include "dataplane/physics/geodesic.h"

#include <math.h>
#include <stdbool.h>

#define EQUATORIAL_M   6378137.0
#define FLATTENING     (1 / 298.257223563)
#define POLAR_M        (EQUATORIAL_M * (1 - FLATTENING))
#define POLE_TO_POLE_M 20003931.4586 // along a meridian: no two points are farther apart
#define MEAN_RADIUS_M  6371008.7714  // (2 a + b) / 3
#define MOST_ROUNDS    100
#define CONVERGED      1e-12 // radians of longitude, 0.006 mm
#define RADIANS(angle) ((angle) * (M_PI / 180))

// The pair on the auxiliary sphere. Names follow the paper: U reduced latitude, L difference of
// longitude, lambda the same on the sphere, sigma the arc, alpha the azimuth at the equator.
struct sphere {
	double sin_u1, cos_u1, sin_u2, cos_u2;
	double sin_sigma, cos_sigma, sigma;
	double sin_alpha, cos2_alpha;
	double cos_2sigma_m; // of twice the arc from the equator to the middle
};

static void sphere_place(struct sphere *s, struct geodetic from, struct geodetic to)
{
	// atan2 keeps the poles exact, where the tangent has no value.
	double u1 = atan2((1 - FLATTENING) * sin(RADIANS(from.latitude_deg)),
			  cos(RADIANS(from.latitude_deg)));
	double u2 = atan2((1 - FLATTENING) * sin(RADIANS(to.latitude_deg)),
			  cos(RADIANS(to.latitude_deg)));

	s->sin_u1 = sin(u1);
	s->cos_u1 = cos(u1);
	s->sin_u2 = sin(u2);
	s->cos_u2 = cos(u2);
}

// Equations 14 to 18.
static void sphere_arc(struct sphere *s, double lambda)
{
	double across = s->cos_u2 * sin(lambda);
	double along = s->cos_u1 * s->sin_u2 - s->sin_u1 * s->cos_u2 * cos(lambda);

	s->sin_sigma = hypot(across, along);
	s->cos_sigma = s->sin_u1 * s->sin_u2 + s->cos_u1 * s->cos_u2 * cos(lambda);
	s->sigma = atan2(s->sin_sigma, s->cos_sigma);
	s->sin_alpha = s->sin_sigma > 0 ? s->cos_u1 * across / s->sin_sigma : 0;
	s->cos2_alpha = 1 - s->sin_alpha * s->sin_alpha;
	// On the equator there is no vertex to count from, and the terms it enters are zero.
	s->cos_2sigma_m =
		s->cos2_alpha > 0 ? s->cos_sigma - 2 * s->sin_u1 * s->sin_u2 / s->cos2_alpha : 0;
}

// Equations 10 and 11: how far the ellipsoid's difference of longitude falls short of the sphere's.
static double sphere_longitude_excess(const struct sphere *s)
{
	double c = FLATTENING / 16 * s->cos2_alpha * (4 + FLATTENING * (4 - 3 * s->cos2_alpha));
	double m = s->cos_2sigma_m;

	return (1 - c) * FLATTENING * s->sin_alpha *
	       (s->sigma + c * s->sin_sigma * (m + c * s->cos_sigma * (2 * m * m - 1)));
}

// Equations 3, 4, 6 and 19.
static double sphere_length_m(const struct sphere *s)
{
	double k2 = (EQUATORIAL_M * EQUATORIAL_M - POLAR_M * POLAR_M) / (POLAR_M * POLAR_M);
	double u2 = s->cos2_alpha * k2;
	double a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)));
	double b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)));
	double m = s->cos_2sigma_m;
	double third = b / 6 * m * (4 * s->sin_sigma * s->sin_sigma - 3) * (4 * m * m - 3);
	double second = s->cos_sigma * (2 * m * m - 1) - third;

	return POLAR_M * a * (s->sigma - b * s->sin_sigma * (m + b / 4 * second));
}

// The iteration of section 4. Between nearly antipodal points it circles for ever: then false. It
// is not stopped when it passes half a turn, as most ways over a pole overshoot and come back.
static bool geodesic_converges(struct sphere *s, double longitude)
{
	double lambda = longitude;

	for (int round = 0; round < MOST_ROUNDS; round++) {
		double before = lambda;

		sphere_arc(s, lambda);
		lambda = longitude + sphere_longitude_excess(s);
		if (fabs(lambda - before) < CONVERGED)
			return true;
	}
	return false;
}

static double great_circle_m(struct geodetic from, struct geodetic to)
{
	double lat1 = RADIANS(from.latitude_deg), lat2 = RADIANS(to.latitude_deg);
	double half_lat = sin((lat2 - lat1) / 2);
	double half_lon = sin(RADIANS(to.longitude_deg - from.longitude_deg) / 2);
	double h = half_lat * half_lat + cos(lat1) * cos(lat2) * half_lon * half_lon;

	return fmin(2 * MEAN_RADIUS_M * asin(sqrt(fmin(h, 1))), POLE_TO_POLE_M);
}

double geodesic_distance_m(struct geodetic from, struct geodetic to)
{
	double longitude = remainder(RADIANS(to.longitude_deg - from.longitude_deg), 2 * M_PI);
	struct sphere s;

	sphere_place(&s, from, to);
	return geodesic_converges(&s, longitude) ? sphere_length_m(&s) : great_circle_m(from, to);
}
