// SPDX-License-Identifier: BSD-3-Clause
// The sun's place by a mean orbit with its greatest perturbations left out, and sun outages.
#include "dataplane/physics/sun.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "dataplane/physics/pass.h"
#include "dataplane/physics/utc.h"
#include "dataplane/physics/vector.h"

#define DAYS_A_CENTURY 36525.0
#define SECONDS_A_DAY  86400.0
#define BEAM_DEG       70.0 // a dish's half-power beam is this times wavelength over diameter
#define LIGHT_M_PER_S  299792458.0

struct sun sun_at(int64_t utc_ns)
{
	double days = utc_days_since_j2000(utc_ns) + utc_to_tt_s(utc_ns) / SECONDS_A_DAY;
	double t = days / DAYS_A_CENTURY;
	double mean_longitude = 280.46646 + t * (36000.76983 + t * 0.0003032);
	double anomaly = RADIANS(fmod(357.52911 + t * (35999.05029 - t * 0.0001537), 360));
	double eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267);
	double centre = (1.914602 - t * (0.004817 + t * 0.000014)) * sin(anomaly) +
			(0.019993 - t * 0.000101) * sin(2 * anomaly) + 0.000289 * sin(3 * anomaly);
	double node = RADIANS(125.04 - 1934.136 * t); // of the moon, for nutation
	double nutation_deg = -0.00478 * sin(node);
	double longitude = RADIANS(fmod(mean_longitude + centre - 0.00569 + nutation_deg, 360));
	double obliquity = RADIANS(23.439291 - t * 0.0130042 + 0.00256 * cos(node));
	double radius = 1.000001018 * (1 - eccentricity * eccentricity) /
			(1 + eccentricity * cos(anomaly + RADIANS(centre)));
	// Apparent sidereal time: nutation moves the equinox that right ascension counts from.
	double gast = utc_gmst_rad(utc_ns) + RADIANS(nutation_deg) * cos(obliquity);
	double inertial[3] = {cos(longitude), cos(obliquity) * sin(longitude),
			      sin(obliquity) * sin(longitude)};
	struct sun sun = {.distance_m = radius * ASTRONOMICAL_UNIT_M};

	vector_turn_axes(inertial, cos(gast), sin(gast), sun.direction);
	return sun;
}

struct topocentric sun_seen(const struct ground *ground, int64_t utc_ns)
{
	struct sun sun = sun_at(utc_ns);
	struct orbit_state state = {.position_m = {0}};

	for (int i = 0; i < 3; i++)
		state.position_m[i] = sun.direction[i] * sun.distance_m;
	return topocentric_of(ground, &state);
}

double sun_separation_deg(const struct ground *ground, const struct orbit *orbit, int64_t utc_ns)
{
	struct sun sun = sun_at(utc_ns);
	struct orbit_state state;
	double to_sun[3], to_satellite[3], cross[3];

	if (orbit_at(orbit, utc_ns, &state))
		return NAN;
	for (int i = 0; i < 3; i++)
		to_sun[i] = sun.direction[i] * sun.distance_m - ground->position_m[i];
	vector_subtract(state.position_m, ground->position_m, to_satellite);
	// Of vectors nearly in line the product across keeps the digits that the cosine loses.
	for (int i = 0; i < 3; i++)
		cross[i] = to_sun[(i + 1) % 3] * to_satellite[(i + 2) % 3] -
			   to_sun[(i + 2) % 3] * to_satellite[(i + 1) % 3];
	return DEGREES(atan2(vector_length(cross), vector_dot(to_sun, to_satellite)));
}

double sun_outage_angle_deg(double frequency_hz, double diameter_m)
{
	return BEAM_DEG * LIGHT_M_PER_S / frequency_hz / diameter_m / 2 + SUN_RADIUS_DEG;
}

struct watch {
	const struct ground *ground;
	const struct orbit *orbit;
	double angle_deg;
};

// By how much the sun stands within the angle; and above the horizon, else it shines on nothing.
static double outage_margin(void *context, int64_t utc_ns)
{
	const struct watch *watch = context;
	double within = watch->angle_deg - sun_separation_deg(watch->ground, watch->orbit, utc_ns);

	return fmin(within, sun_seen(watch->ground, utc_ns).elevation_deg);
}

int sun_find_outages(const struct ground *ground, const struct orbit *orbit, double angle_deg,
		     int64_t from_utc_ns, int64_t to_utc_ns, struct sun_outage *outages,
		     size_t most)
{
	struct watch watch = {ground, orbit, angle_deg};
	struct pass *passes;
	int count;

	if (from_utc_ns >= to_utc_ns || !(angle_deg > 0))
		return -EINVAL;
	passes = calloc(most ? most : 1, sizeof(*passes));
	if (passes == NULL)
		return -ENOMEM;
	count = pass_find(outage_margin, &watch, from_utc_ns, to_utc_ns, pass_step_ns(orbit),
			  passes, most);
	for (size_t i = 0; i < most && (count == -ENOSPC || i < (size_t)count); i++)
		outages[i] = (struct sun_outage){
			.from_utc_ns = passes[i].rise_utc_ns,
			.peak_utc_ns = passes[i].culmination_utc_ns,
			.to_utc_ns = passes[i].set_utc_ns,
			.separation_deg =
				sun_separation_deg(ground, orbit, passes[i].culmination_utc_ns),
			.depth = passes[i].culmination_margin / angle_deg,
		};
	free(passes);
	return count;
}
