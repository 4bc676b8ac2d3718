// SPDX-License-Identifier: BSD-3-Clause
// Probabilities as thresholds of 32-bit draws, and what comes of them in the long run.
#include "dataplane/model/chance.h"

#include <errno.h>
#include <math.h>

#define CHANCE_ONE 4294967296.0 // 2^32, the threshold that every draw is below

int chance_make_params(double probability, double correlation, const char *name, const char *where,
		       struct chance_params *params, struct error *error)
{
	struct chance_params made = {0};

	if (!(probability >= 0 && probability <= 1))
		return error_set(error, -EINVAL, where,
				 "%s of %g is not a probability: expected 0 to 1 (0%% to 100%%)",
				 name, probability);
	made.threshold = (uint64_t)llround(probability * CHANCE_ONE);
	if (probability > 0 && made.threshold == 0)
		return error_set(error, -EINVAL, where,
				 "%s of %g is too small to tell from 0: use 0, or at least 2.4e-10",
				 name, probability);
	if (probability < 1 && made.threshold == (uint64_t)CHANCE_ONE)
		return error_set(error, -EINVAL, where,
				 "%s of %.12g is too close to 1 to tell from it: use 1, or at "
				 "most 0.9999999997",
				 name, probability);
	if (!correlation_make(correlation, &made.correlation))
		return error_set(error, -EINVAL, where,
				 "%s correlation of %g: expected 0 to 1 (0%% to 100%%)", name,
				 correlation);
	*params = made;
	return 0;
}

double chance_ratio(const struct chance_params *params)
{
	return correlation_below(params->correlation, (double)params->threshold / CHANCE_ONE);
}

double chance_lag1_correlation(const struct chance_params *params)
{
	double ratio = chance_ratio(params), variance = ratio * (1 - ratio);
	double both;

	// One too rare for double precision has no correlation to speak of.
	if (params->correlation == 0 || variance < 1e-12)
		return 0;
	both = correlation_both_below(params->correlation, (double)params->threshold / CHANCE_ONE);
	return fmin(fmax((both - ratio * ratio) / variance, -1), 1);
}
