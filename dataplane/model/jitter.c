// SPDX-License-Identifier: BSD-3-Clause
// Delay variation: uniform or normal about the constant delay, independent or correlated.
#include "dataplane/model/jitter.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/normal.h"

#define JITTER_BELOW_NS (UINT64_C(1) << 47)

int jitter_make_params(enum jitter_kind kind, uint64_t jitter_ns, double correlation,
		       const char *where, struct jitter_params *params, struct error *error)
{
	struct jitter_params made = {.kind = kind, .jitter_ns = jitter_ns};

	if (kind != JITTER_NONE && kind != JITTER_UNIFORM && kind != JITTER_NORMAL)
		return error_set(error, -EINVAL, where,
				 "jitter of unknown kind %d: use uniform or normal", (int)kind);
	if (!correlation_make(correlation, &made.correlation))
		return error_set(error, -EINVAL, where,
				 "jitter correlation of %g: expected 0 to 1 (0%% to 100%%)",
				 correlation);
	if (kind == JITTER_NONE) {
		*params = (struct jitter_params){.kind = JITTER_NONE};
		return 0;
	}
	if (jitter_ns == 0)
		return error_set(error, -EINVAL, where,
				 "jitter of 0 does nothing: leave it out, or give a time above 0");
	if (jitter_ns >= JITTER_BELOW_NS)
		return error_set(error, -EINVAL, where,
				 "jitter of %" PRIu64 " ns is too long: expected less than 39 "
				 "hours",
				 jitter_ns);
	*params = made;
	return 0;
}

// [-jitter, +jitter) in 2^32 equal steps.
static int64_t jitter_uniform_ns(uint64_t jitter_ns, uint32_t draw)
{
	return (int64_t)(((unsigned __int128)(2 * jitter_ns) * draw) >> 32) - (int64_t)jitter_ns;
}

// Rounded away from zero at the half, on both sides alike, so the mean stays exactly zero.
static int64_t jitter_normal_ns(uint64_t jitter_ns, uint32_t draw)
{
	int64_t quantile = normal_quantile(draw);
	uint64_t size = (uint64_t)(quantile < 0 ? -quantile : quantile);
	int64_t deviation_ns =
		(int64_t)(((unsigned __int128)jitter_ns * size + NORMAL_ONE / 2) / NORMAL_ONE);

	return quantile < 0 ? -deviation_ns : deviation_ns;
}

static int64_t jitter_deviates_ns(const struct jitter_params *params, uint32_t draw)
{
	return params->kind == JITTER_NORMAL ? jitter_normal_ns(params->jitter_ns, draw)
					     : jitter_uniform_ns(params->jitter_ns, draw);
}

int64_t jitter_offer(const struct jitter_params *params, struct jitter_state *state, uint32_t draw)
{
	if (params->kind == JITTER_NONE)
		return 0;
	return jitter_deviates_ns(params, correlation_offer(params->correlation, &state->last_draw,
							    &state->has_last, draw));
}

int64_t jitter_copy(const struct jitter_params *params, const struct jitter_state *state,
		    uint32_t draw)
{
	struct jitter_state copy = *state;

	return jitter_offer(params, &copy, draw);
}

int64_t jitter_minimum_ns(const struct jitter_params *params)
{
	// Both laws grow with the draw, and a correlated draw is a draw.
	return params->kind == JITTER_NONE ? 0 : jitter_deviates_ns(params, 0);
}

// Deviation of the normal quantile of a correlated draw X, for a deviation of 1. The draw is not
// uniform, so the result is neither normal nor as wide as the draw's own narrowing promises: by
// parts over P(X < x), E z(X)^2 = 4 times the integral of z P(X < normal tail beyond z), z >= 0.
static double jitter_normal_deviation(uint32_t correlation)
{
	double rho = correlation_rho(correlation), draw_variance = (1 - rho) / (1 + rho) / 12;
	double reach = fmin(7, 10 * sqrt(2 * M_PI * draw_variance)), step, sum = 0;
	const int steps = 400;

	if (correlation == 0 || rho >= 1)
		return rho >= 1 ? 0 : 1;
	// Close to the middle the quantile is sqrt(2 pi) (1 + pi x^2 / 3) x, and the draw normal.
	if (rho > 0.999)
		return sqrt(2 * M_PI * draw_variance * (1 + 2 * M_PI * draw_variance));
	step = reach / steps;
	for (int i = 1; i < steps; i++) // Simpson; both ends are zero
		sum += (i % 2 == 1 ? 4 : 2) * (i * step) *
		       correlation_below(correlation, erfc(i * step / M_SQRT2) / 2);
	return sqrt(4 * sum * step / 3);
}

double jitter_deviation_ns(const struct jitter_params *params)
{
	double rho = correlation_rho(params->correlation);

	switch (params->kind) {
	case JITTER_UNIFORM:
		return (double)params->jitter_ns * sqrt((1 - rho) / (1 + rho) / 3);
	case JITTER_NORMAL:
		return (double)params->jitter_ns * jitter_normal_deviation(params->correlation);
	case JITTER_NONE:
		break;
	}
	return 0;
}
