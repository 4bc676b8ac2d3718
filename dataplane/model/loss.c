// SPDX-License-Identifier: BSD-3-Clause
// Random and Gilbert-Elliott loss: thresholds on 32-bit draws, and their closed forms.
#include "dataplane/model/loss.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "dataplane/model/correlation.h"

#define LOSS_ONE 4294967296.0 // 2^32, the threshold that every draw is below

// A probability to its threshold. What would silently become never or always is refused.
static int loss_threshold(double probability, const char *name, const char *where,
			  uint64_t *threshold, struct error *error)
{
	double scaled = probability * LOSS_ONE;

	if (!(probability >= 0 && probability <= 1))
		return error_set(error, -EINVAL, where,
				 "loss %s of %g is not a probability: expected 0 to 1 (0%% to "
				 "100%%)",
				 name, probability);
	*threshold = (uint64_t)llround(scaled);
	if (probability > 0 && *threshold == 0)
		return error_set(error, -EINVAL, where,
				 "loss %s of %g is too small to tell from 0: use 0, or at least "
				 "2.4e-10",
				 name, probability);
	if (probability < 1 && *threshold == (uint64_t)LOSS_ONE)
		return error_set(error, -EINVAL, where,
				 "loss %s of %.12g is too close to 1 to tell from it: use 1, or at "
				 "most 0.9999999997",
				 name, probability);
	return 0;
}

int loss_random_params(double probability, double correlation, const char *where,
		       struct loss_params *params, struct error *error)
{
	struct loss_params made = {.kind = LOSS_RANDOM};
	int status = loss_threshold(probability, "ratio", where, &made.random, error);

	if (status != 0)
		return status;
	if (!correlation_make(correlation, &made.correlation))
		return error_set(error, -EINVAL, where,
				 "loss correlation of %g: expected 0 to 1 (0%% to 100%%)",
				 correlation);
	*params = made;
	return 0;
}

int loss_gilbert_elliott_params(double p, double r, double one_minus_h, double one_minus_k,
				const char *where, struct loss_params *params, struct error *error)
{
	struct loss_params made = {.kind = LOSS_GILBERT_ELLIOTT};
	const struct {
		double probability;
		const char *name;
		uint64_t *threshold;
	} fields[] = {
		{p, "p", &made.good_to_bad},
		{r, "r", &made.bad_to_good},
		{one_minus_h, "1-h", &made.lost_in_bad},
		{one_minus_k, "1-k", &made.lost_in_good},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int status = loss_threshold(fields[i].probability, fields[i].name, where,
					    fields[i].threshold, error);

		if (status != 0)
			return status;
	}
	*params = made;
	return 0;
}

static bool loss_offer_random(const struct loss_params *params, struct loss_state *state,
			      uint32_t draw)
{
	return correlation_offer(params->correlation, &state->last_draw, &state->has_last, draw) <
	       params->random;
}

static bool loss_offer_gilbert_elliott(const struct loss_params *params, struct loss_state *state,
				       uint32_t draw, uint32_t state_draw)
{
	bool moves = state_draw < (state->bad ? params->bad_to_good : params->good_to_bad);

	state->bad ^= moves;
	return draw < (state->bad ? params->lost_in_bad : params->lost_in_good);
}

bool loss_offer(const struct loss_params *params, struct loss_state *state, uint32_t draw,
		uint32_t state_draw)
{
	switch (params->kind) {
	case LOSS_RANDOM:
		return loss_offer_random(params, state, draw);
	case LOSS_GILBERT_ELLIOTT:
		return loss_offer_gilbert_elliott(params, state, draw, state_draw);
	case LOSS_NONE:
		break;
	}
	return false;
}

// Share of time in the bad state. p = r = 0 never leaves the good state it starts in.
static double loss_bad_share(const struct loss_params *params)
{
	if (params->good_to_bad == 0)
		return 0;
	return (double)params->good_to_bad / (double)(params->good_to_bad + params->bad_to_good);
}

double loss_ratio(const struct loss_params *params)
{
	double bad;

	switch (params->kind) {
	case LOSS_RANDOM:
		return correlation_below(params->correlation, (double)params->random / LOSS_ONE);
	case LOSS_GILBERT_ELLIOTT:
		bad = loss_bad_share(params);
		return (bad * (double)params->lost_in_bad +
			(1 - bad) * (double)params->lost_in_good) /
		       LOSS_ONE;
	case LOSS_NONE:
		break;
	}
	return 0;
}

// Probability that a packet and the next are both lost, less that of two independent ones.
static double loss_lag1_covariance(const struct loss_params *params, double ratio)
{
	double bad = loss_bad_share(params);
	double contrast = ((double)params->lost_in_bad - (double)params->lost_in_good) / LOSS_ONE;

	if (params->kind == LOSS_RANDOM)
		return correlation_both_below(params->correlation,
					      (double)params->random / LOSS_ONE) -
		       ratio * ratio;
	return (1 - (double)(params->good_to_bad + params->bad_to_good) / LOSS_ONE) * bad *
	       (1 - bad) * contrast * contrast;
}

double loss_lag1_correlation(const struct loss_params *params)
{
	double ratio = loss_ratio(params), variance = ratio * (1 - ratio);

	// A series of equal values has no correlation; nor has one too rare for double precision.
	if (params->kind == LOSS_NONE || variance < 1e-12)
		return 0;
	return fmin(fmax(loss_lag1_covariance(params, ratio) / variance, -1), 1);
}

double loss_mean_bad_packets(const struct loss_params *params)
{
	if (params->kind != LOSS_GILBERT_ELLIOTT)
		return 0;
	return params->bad_to_good == 0 ? INFINITY : LOSS_ONE / (double)params->bad_to_good;
}
