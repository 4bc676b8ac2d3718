// SPDX-License-Identifier: BSD-3-Clause
// Satellites in closed form (geometry.h). Everything is in axes that do not turn: z to the pole, x
// to the equinox; the Earth turns in them.
#include "pcaps/geometry.h"

#include <math.h>

#define LIGHT_M_PER_S    299792458.0
#define MU_M3_PER_S2     3.986004418e14
#define EQUATOR_M        6378137.0
#define FLATTENING       (1 / 298.257223563)
#define STATIONARY_M     42164170.0
#define J2000_UTC_NS     INT64_C(946728000000000000)
#define DAY_NS           86400e9
#define TURN_DEG_PER_S   (360.98564736629 / 86400)
#define RADIANS(degrees) ((degrees) * (M_PI / 180))
#define LIGHT_STEPS      6 // each leaves v/c, below 1e-4, of the error

struct place {
	double x, y, z;
};

// An instant: Greenwich's hour angle then, and seconds counted from it.
struct instant {
	int64_t utc_ns;
	double greenwich_deg;
};

static struct instant instant_of(int64_t utc_ns)
{
	double days = (double)(utc_ns - J2000_UTC_NS) / DAY_NS;
	double centuries = days / 36525;

	return (struct instant){
		utc_ns, fmod(280.46061837 + 360.98564736629 * days +
				     centuries * centuries * (0.000387933 - centuries / 38710000),
			     360)};
}

static struct place site_at(const struct geometry_site *site, const struct instant *instant,
			    double after_s)
{
	double squared = FLATTENING * (2 - FLATTENING), latitude = RADIANS(site->latitude_deg);
	double angle =
		RADIANS(site->longitude_deg + instant->greenwich_deg + TURN_DEG_PER_S * after_s);
	double normal = EQUATOR_M / sqrt(1 - squared * sin(latitude) * sin(latitude));
	double across = (normal + site->height_m) * cos(latitude);

	return (struct place){across * cos(angle), across * sin(angle),
			      (normal * (1 - squared) + site->height_m) * sin(latitude)};
}

static struct place satellite_at(const struct geometry_satellite *satellite,
				 const struct instant *instant, double after_s)
{
	double a = satellite->radius_m, t, node, angle, tilt;

	if (a == 0) {
		angle = RADIANS(satellite->node_deg + instant->greenwich_deg +
				TURN_DEG_PER_S * after_s);
		return (struct place){STATIONARY_M * cos(angle), STATIONARY_M * sin(angle), 0};
	}
	node = satellite->node_deg;
	if (satellite->node_from_greenwich)
		node += instant_of(satellite->epoch_utc_ns).greenwich_deg;
	node = RADIANS(node);
	t = (double)(instant->utc_ns - satellite->epoch_utc_ns) / 1e9 + after_s;
	angle = RADIANS(satellite->phase_deg) + sqrt(MU_M3_PER_S2 / (a * a * a)) * t;
	tilt = RADIANS(satellite->inclination_deg);
	return (struct place){
		a * (cos(angle) * cos(node) - sin(angle) * cos(tilt) * sin(node)),
		a * (cos(angle) * sin(node) + sin(angle) * cos(tilt) * cos(node)),
		a * sin(angle) * sin(tilt),
	};
}

static double seconds_between(struct place a, struct place b)
{
	return sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) +
		    (a.z - b.z) * (a.z - b.z)) /
	       LIGHT_M_PER_S;
}

double geometry_delay_ns(const struct geometry_site *from, const struct geometry_site *to,
			 const struct geometry_way *way, int64_t utc_ns)
{
	struct instant instant = instant_of(utc_ns);
	struct place last = site_at(from, &instant, 0);
	double sum_s = 0;

	for (size_t i = 0; i <= way->count; i++) {
		double leg_s = 0;
		struct place next = last;

		for (int step = 0; step < LIGHT_STEPS; step++) {
			next = i < way->count
				       ? satellite_at(&way->satellites[i], &instant, sum_s + leg_s)
				       : site_at(to, &instant, sum_s + leg_s);
			leg_s = seconds_between(last, next);
		}
		last = next;
		sum_s += leg_s;
	}
	return sum_s * 1e9;
}

// The vertical of an ellipsoid points at its latitude, whatever the height.
static double elevation_deg(const struct geometry_site *site,
			    const struct geometry_satellite *satellite,
			    const struct instant *instant)
{
	struct place here = site_at(site, instant, 0), there = satellite_at(satellite, instant, 0);
	double latitude = RADIANS(site->latitude_deg);
	double angle = RADIANS(site->longitude_deg + instant->greenwich_deg);
	double up = (there.x - here.x) * cos(latitude) * cos(angle) +
		    (there.y - here.y) * cos(latitude) * sin(angle) +
		    (there.z - here.z) * sin(latitude);

	return asin(up / (seconds_between(here, there) * LIGHT_M_PER_S)) * (180 / M_PI);
}

double geometry_elevation_deg(const struct geometry_site *from, const struct geometry_site *to,
			      const struct geometry_way *way, int64_t utc_ns)
{
	struct instant instant = instant_of(utc_ns);

	return fmin(elevation_deg(from, &way->satellites[0], &instant),
		    elevation_deg(to, &way->satellites[way->count - 1], &instant));
}
