// SPDX-License-Identifier: BSD-3-Clause
// Legs of light between stations and satellites.
#include "dataplane/physics/path.h"

#include <errno.h>
#include <math.h>

#include "dataplane/physics/utc.h"
#include "dataplane/physics/vector.h"

// Light's way changes its own length by less than a part in 3 x 10^4: after two rounds 10 ps are
// left.
#define LIGHT_ROUNDS 2

static int path_states(const struct path *path, int64_t utc_ns, struct orbit_state *states,
		       struct path_failure *failure)
{
	if (path->satellite_count == 0 || path->satellite_count > PATH_SATELLITES_MOST)
		return -EINVAL;
	for (unsigned i = 0; i < path->satellite_count; i++) {
		int code = orbit_at(path->satellites[i], utc_ns, &states[i]);

		if (code) {
			if (failure)
				*failure = (struct path_failure){i, states[i].error};
			return code;
		}
	}
	return 0;
}

// Light's time from a place at sent_s to a point that moves, both at seconds after the instant of
// `position` and in axes that turn with the Earth. Within the half second at most that this is used
// for, the satellite's acceleration (0.3 m/s2 at O3b, 9 at its most) matters to 10 ps to 1 ns.
// All in single variables, as arrays would go through memory in each round.
static double light_leg_s(const double from[3], double sent_s, const double position[3],
			  const double velocity[3])
{
	double fx = from[0], fy = from[1], fz = from[2];
	double vx = velocity[0], vy = velocity[1], vz = velocity[2];
	double px = position[0] + vx * sent_s, py = position[1] + vy * sent_s;
	double pz = position[2] + vz * sent_s, leg_s = 0;

	for (int round = 0; round < LIGHT_ROUNDS; round++) {
		// In the axes of the instant of sending, which do not turn any further; by 4e-5 at
		// most: the next term of the cosine is 1e-19, of the sine 1e-14.
		double turn = UTC_GMST_RAD_PER_S * leg_s, less = 1 - turn * turn / 2;
		double x = px + vx * leg_s, y = py + vy * leg_s, z = pz + vz * leg_s - fz;
		double dx = less * x - turn * y - fx, dy = less * y + turn * x - fy;

		leg_s = sqrt(dx * dx + dy * dy + z * z) * (1e-9 / LIGHT_M_PER_NS);
	}
	return leg_s;
}

// Adds up the legs from the states at sending; leg_ns (may be NULL) gets each.
static double path_light_ns(const struct path *path, const struct orbit_state *states,
			    double *leg_ns)
{
	static const double standing[3];
	const double *from = path->from->position_m;
	double sum_s = 0, at[3];

	for (unsigned i = 0; i <= path->satellite_count; i++) {
		bool last = i == path->satellite_count;
		const double *position = last ? path->to->position_m : states[i].position_m;
		const double *velocity = last ? standing : states[i].velocity_m_per_s;
		double leg_s = light_leg_s(from, sum_s, position, velocity);

		sum_s += leg_s;
		for (int j = 0; j < 3; j++)
			at[j] = position[j] + velocity[j] * sum_s;
		from = at;
		if (leg_ns)
			leg_ns[i] = leg_s * 1e9;
	}
	return sum_s * 1e9;
}

// By how much the straight way between two satellites clears the grazing sphere, as an angle at
// the Earth's centre: the sum of both horizons' distances less the angle between the two.
static double clearance_deg(const double a[3], const double b[3])
{
	double grazing_m = EARTH_EQUATORIAL_M + PATH_GRAZING_M;
	double length_a = vector_length(a), length_b = vector_length(b);
	double apart = acos(fmin(fmax(vector_dot(a, b) / (length_a * length_b), -1), 1));

	return DEGREES(acos(fmin(grazing_m / length_a, 1)) + acos(fmin(grazing_m / length_b, 1)) -
		       apart);
}

static double margin_deg(const struct path *path, const struct orbit_state *states)
{
	unsigned last = path->satellite_count - 1;
	double least = topocentric_elevation_deg(path->from, &states[0]) - path->from_mask_deg;

	least = fmin(least, topocentric_elevation_deg(path->to, &states[last]) - path->to_mask_deg);
	for (unsigned i = 0; i < last; i++)
		least = fmin(least, clearance_deg(states[i].position_m, states[i + 1].position_m));
	return least;
}

int path_at(const struct path *path, int64_t utc_ns, struct path_state *state,
	    struct path_failure *failure)
{
	struct orbit_state states[PATH_SATELLITES_MOST];
	unsigned last = path->satellite_count - 1;
	int code = path_states(path, utc_ns, states, failure);
	double d[3];

	if (code)
		return code;
	state->up = topocentric_of(path->from, &states[0]);
	state->down = topocentric_of(path->to, &states[last]);
	state->leg_m[0] = state->up.range_m;
	for (unsigned i = 0; i < last; i++) {
		vector_subtract(states[i + 1].position_m, states[i].position_m, d);
		state->leg_m[i + 1] = vector_length(d);
	}
	state->leg_m[last + 1] = state->down.range_m;
	state->delay_ns = path_light_ns(path, states, state->leg_ns);
	state->margin_deg = margin_deg(path, states);
	return 0;
}

double path_delay_ns(const struct path *path, int64_t utc_ns)
{
	struct orbit_state states[PATH_SATELLITES_MOST];

	return path_states(path, utc_ns, states, NULL) ? NAN : path_light_ns(path, states, NULL);
}

double path_margin_deg(const struct path *path, int64_t utc_ns)
{
	struct orbit_state states[PATH_SATELLITES_MOST];

	return path_states(path, utc_ns, states, NULL) ? NAN : margin_deg(path, states);
}
