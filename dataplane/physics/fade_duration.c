// SPDX-License-Identifier: BSD-3-Clause
// Fade durations of P.1623-1.
#include "dataplane/physics/fade_duration.h"

#include <math.h>

#include "dataplane/physics/fading.h"

struct fade_law fade_law_at(double frequency_ghz, double elevation_deg, double attenuation_db)
{
	double f = frequency_ghz, a = attenuation_db;
	double s = 1.85 * pow(f, -0.05) * pow(a, -0.027);
	double g = 0.055 * pow(f, 0.65) * pow(a, -0.003);
	double d0 = 80 * pow(elevation_deg, -0.4) * pow(f, 1.4) * pow(a, -0.39);
	double p1 = 0.885 * g - 0.814;
	double p2 = -1.05 * g * g + 2.23 * g - 1.61;
	double dt = d0 * exp(p1 * s * s + p2 * s - 0.39);
	double d2 = d0 * exp(-s * s);
	double q1 = normal_beyond((log(dt) - log(d0)) / s);
	double q2 = normal_beyond((log(dt) - log(d2)) / s);

	return (struct fade_law){
		.longest_short_s = d0,
		.deviation = s,
		.gamma = g,
		.boundary_s = dt,
		.median_s = d2,
		.short_share = 1 / (1 + sqrt(d0 * d2) * (1 - g) * q1 / (dt * g * q2)),
	};
}

double fade_longer_probability(const struct fade_law *law, double duration_s)
{
	double s = law->deviation, dt = law->boundary_s;

	if (duration_s <= dt)
		return pow(duration_s, -law->gamma);
	return pow(dt, -law->gamma) * normal_beyond(log(duration_s / law->median_s) / s) /
	       normal_beyond(log(dt / law->median_s) / s);
}

double fade_longer_time(const struct fade_law *law, double duration_s)
{
	double s = law->deviation, dt = law->boundary_s, d0 = law->longest_short_s;

	if (duration_s <= dt)
		return 1 - law->short_share * pow(duration_s / dt, 1 - law->gamma);
	return (1 - law->short_share) * normal_beyond(log(duration_s / d0) / s) /
	       normal_beyond(log(dt / d0) / s);
}

double fade_count(const struct fade_law *law, double duration_s, double faded_s)
{
	// The power law from one second to the boundary fills the short fades' share of the time.
	double g = law->gamma;
	double all = faded_s * law->short_share / g * (1 - g) / pow(law->boundary_s, 1 - g);

	return all * fade_longer_probability(law, duration_s);
}
