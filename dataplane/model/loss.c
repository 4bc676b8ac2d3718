// SPDX-License-Identifier: BSD-3-Clause
// Loss by draws alone: thresholds of 32-bit draws, in one state or in a chain of them.
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

void loss_gilbert_elliott_defaults(double probability[4], int given)
{
	if (given < 2)
		probability[1] = 1 - probability[0];
	if (given < 3)
		probability[2] = 1;
	if (given < 4)
		probability[3] = 0;
}

void loss_states_defaults(double probability[5], int given)
{
	if (given < 2)
		probability[1] = 1 - probability[0];
	if (given < 3)
		probability[2] = 0;
	if (given < 4)
		probability[3] = 1;
	if (given < 5)
		probability[4] = 0;
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

// The ways out of a state that together are never above 1.
static int loss_check_sum(uint64_t a, uint64_t b, const char *names, const char *where,
			  struct error *error)
{
	if (a + b <= (uint64_t)LOSS_ONE)
		return 0;
	return error_set(error, -EINVAL, where,
			 "loss state %s is %.10g: the ways out of one state are together at most 1 "
			 "(100%%)",
			 names, (double)(a + b) / LOSS_ONE);
}

int loss_states_params(double p13, double p31, double p32, double p23, double p14,
		       const char *where, struct loss_params *params, struct error *error)
{
	struct loss_params made = {.kind = LOSS_STATES};
	const struct {
		double probability;
		const char *name;
		uint64_t *threshold;
	} fields[] = {{p13, "p13", &made.p13},
		      {p31, "p31", &made.p31},
		      {p32, "p32", &made.p32},
		      {p23, "p23", &made.p23},
		      {p14, "p14", &made.p14}};
	int status;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		status = loss_threshold(fields[i].probability, fields[i].name, where,
					fields[i].threshold, error);
		if (status != 0)
			return status;
	}
	status = loss_check_sum(made.p13, made.p14, "p13 + p14", where, error);
	if (status == 0)
		status = loss_check_sum(made.p31, made.p32, "p31 + p32", where, error);
	if (status == 0)
		*params = made;
	return status;
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

// In netem's order of ways out. A packet is lost when it comes into one of the two states of loss,
// or stays in that of a burst.
static bool loss_offer_states(const struct loss_params *params, struct loss_state *state,
			      uint32_t draw)
{
	switch ((enum loss_state_name)state->chain) {
	case LOSS_GAP:
		if (draw < params->p14)
			state->chain = LOSS_GAP_LOST;
		else if (draw < params->p14 + params->p13)
			state->chain = LOSS_BURST;
		break;
	case LOSS_BURST_RECEIVED:
		if (draw < params->p23)
			state->chain = LOSS_BURST;
		break;
	case LOSS_BURST:
		if (draw < params->p32)
			state->chain = LOSS_BURST_RECEIVED;
		else if (draw < params->p32 + params->p31)
			state->chain = LOSS_GAP;
		break;
	case LOSS_GAP_LOST:
		state->chain = LOSS_GAP;
		break;
	}
	return state->chain == LOSS_BURST || state->chain == LOSS_GAP_LOST;
}

bool loss_offer(const struct loss_params *params, struct loss_state *state, uint32_t draw,
		uint32_t state_draw)
{
	switch (params->kind) {
	case LOSS_RANDOM:
		return loss_offer_random(params, state, draw);
	case LOSS_GILBERT_ELLIOTT:
		return loss_offer_gilbert_elliott(params, state, draw, state_draw);
	case LOSS_STATES:
		return loss_offer_states(params, state, state_draw);
	default:
		return false;
	}
}

// Which of the draws lie below a threshold.
static uint64_t loss_below(uint64_t threshold, const uint32_t *draws, unsigned count)
{
	uint64_t below = 0;

	if (threshold == 0)
		return 0;
	if (threshold == UINT64_C(1) << 32)
		return UINT64_MAX >> (64 - count);
	for (unsigned i = 0; i < count; i++)
		below |= (uint64_t)(draws[i] < threshold) << i;
	return below;
}

// Which packets meet the bad state: from one change of the state to the next, of which there are
// few.
static uint64_t loss_bad_states(const struct loss_params *params, struct loss_state *state,
				const uint32_t *state_draws, unsigned count)
{
	uint64_t gets_bad = loss_below(params->good_to_bad, state_draws, count);
	uint64_t gets_good, bad = 0, rest = UINT64_MAX >> (64 - count);

	if (!state->bad && gets_bad == 0)
		return 0;
	gets_good = loss_below(params->bad_to_good, state_draws, count);
	while (rest != 0) {
		uint64_t changes = (state->bad ? gets_good : gets_bad) & rest;
		// All before the first change, or all.
		uint64_t stay = changes ? (changes & -changes) - 1 : UINT64_MAX;

		bad |= state->bad ? stay & rest : 0;
		rest &= ~stay;
		if (changes == 0)
			break;
		state->bad = !state->bad;
		// The one that changed it meets the new state, whatever its draw says of that.
		bad |= state->bad ? rest & -rest : 0;
		rest &= rest - 1;
	}
	return bad;
}

uint64_t loss_offer_many(const struct loss_params *params, struct loss_state *state,
			 const uint32_t *draws, const uint32_t *state_draws, unsigned count)
{
	uint64_t lost = 0, bad;

	if (params->kind == LOSS_NONE || count == 0)
		return 0;
	if (params->kind == LOSS_RANDOM && params->correlation == 0)
		return loss_below(params->random, draws, count);
	if (params->kind == LOSS_GILBERT_ELLIOTT) {
		bad = loss_bad_states(params, state, state_draws, count);
		lost = loss_below(params->lost_in_good, draws, count) & ~bad;
		if (bad != 0)
			lost |= loss_below(params->lost_in_bad, draws, count) & bad;
		return lost;
	}
	for (unsigned i = 0; i < count; i++)
		lost |= (uint64_t)loss_offer(params, state, draws[i], state_draws[i]) << i;
	return lost;
}
