// SPDX-License-Identifier: BSD-3-Clause
// Places at equal steps, and cubics between them.
#include "dataplane/physics/ephemeris.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "dataplane/physics/utc.h"

#define STEPS_A_REVOLUTION 400
#define MARGIN             2 // points more at either end, for slopes
#define LONGEST_STEP_NS    (200 * UTC_NS_PER_S)

static double eccentricity_of(const struct orbit *orbit)
{
	return orbit->law == ORBIT_LAW_SGP4        ? orbit->sgp4.elements.eccentricity
	       : orbit->law == ORBIT_LAW_KEPLER_J2 ? orbit->ellipse.eccentricity
						   : 0;
}

// At a perigee the angle goes faster than the mean by at most 2 / (1 - e)^1.5.
static int64_t step_of(const struct orbit *orbit)
{
	double e = eccentricity_of(orbit), faster = e > 0.01 ? 2 / pow(1 - e, 1.5) : 1;
	double step_ns = orbit_period_s(orbit) / STEPS_A_REVOLUTION / faster * 1e9;

	return step_ns > (double)LONGEST_STEP_NS ? LONGEST_STEP_NS : (int64_t)step_ns;
}

static void fill_position(const struct ephemeris *e, size_t index, double position_m[3])
{
	struct orbit_state state;
	int64_t at = e->from_utc_ns + ((int64_t)index - MARGIN) * e->step_ns;
	bool known = orbit_at(e->orbit, at, &state) == 0;

	for (int i = 0; i < 3; i++)
		position_m[i] = known ? state.position_m[i] : NAN;
}

int ephemeris_make(struct ephemeris *ephemeris, const struct orbit *orbit, int64_t from_utc_ns,
		   int64_t to_utc_ns)
{
	struct ephemeris made = {.orbit = orbit, .from_utc_ns = from_utc_ns};
	double(*positions)[3];

	if (from_utc_ns >= to_utc_ns)
		return -EINVAL;
	made.step_ns = step_of(orbit);
	made.count = (size_t)((to_utc_ns - from_utc_ns) / made.step_ns) + 2;
	made.points = calloc(made.count, sizeof(*made.points));
	positions = calloc(made.count + 2 * MARGIN, sizeof(*positions));
	if (made.points == NULL || positions == NULL) {
		free(made.points);
		free(positions);
		return -ENOMEM;
	}
	for (size_t i = 0; i < made.count + 2 * MARGIN; i++)
		fill_position(&made, i, positions[i]);
	for (size_t i = 0; i < made.count; i++) {
		for (int j = 0; j < 3; j++) {
			double near = positions[i + 3][j] - positions[i + 1][j];
			double far = positions[i + 4][j] - positions[i][j];

			made.points[i].position_m[j] = positions[i + MARGIN][j];
			made.points[i].rate_m[j] = (8 * near - far) / 12;
		}
	}
	free(positions);
	*ephemeris = made;
	return 0;
}

void ephemeris_fini(struct ephemeris *ephemeris)
{
	free(ephemeris->points);
	*ephemeris = (struct ephemeris){0};
}

void orbit_make_tabled(struct orbit *orbit, const struct ephemeris *ephemeris)
{
	*orbit = (struct orbit){.law = ORBIT_LAW_TABLED, .ephemeris = ephemeris};
}

bool ephemeris_at(const struct ephemeris *ephemeris, int64_t utc_ns, struct orbit_state *state)
{
	int64_t since = utc_ns - ephemeris->from_utc_ns;
	size_t index = since < 0 ? 0 : (size_t)(since / ephemeris->step_ns);
	const struct ephemeris_point *a, *b;
	double s, per_s = 1e9 / (double)ephemeris->step_ns;

	if (since < 0 || index + 1 >= ephemeris->count)
		return false;
	a = &ephemeris->points[index];
	b = a + 1;
	s = (double)(since - (int64_t)index * ephemeris->step_ns) / (double)ephemeris->step_ns;
	for (int i = 0; i < 3; i++) {
		double rise = b->position_m[i] - a->position_m[i];
		double c2 = 3 * rise - 2 * a->rate_m[i] - b->rate_m[i];
		double c3 = a->rate_m[i] + b->rate_m[i] - 2 * rise;

		state->position_m[i] = a->position_m[i] + s * (a->rate_m[i] + s * (c2 + s * c3));
		state->velocity_m_per_s[i] = (a->rate_m[i] + s * (2 * c2 + s * 3 * c3)) * per_s;
	}
	state->error = SGP4_OK;
	return !isnan(state->position_m[0]) && !isnan(state->velocity_m_per_s[0]);
}
