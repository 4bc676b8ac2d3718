// SPDX-License-Identifier: BSD-3-Clause
// PIE's controller in fixed point, with RFC 8033's table of gains.
#include "dataplane/model/aqm_pie.h"

#include <errno.h>
#include <inttypes.h>

#define HOUR_NS        UINT64_C(3600000000000)
#define TUPDATE_MIN_NS UINT64_C(100000)
#define GAIN_MAX       32 // tc-pie(8)
#define PIE_ONE        (UINT64_C(1) << PIE_PROBABILITY_BITS)
#define PIE_P(p)       ((uint64_t)((p) * (double)PIE_ONE)) // a constant's probability

// By which the probability shrinks each tick when the wait is low: 0.98 (section 4.2).
#define PIE_DECAY_Q62 ((uint64_t)(0.98 * (double)(UINT64_C(1) << 62)))

// Bounds of the sum of probabilities between two drops (section 5.4).
#define PIE_ACCUMULATED_LEAST PIE_P(0.85)
#define PIE_ACCUMULATED_MOST  PIE_P(8.5)

static int64_t gain_q72(uint32_t sixteenths)
{
	const unsigned __int128 one_hertz_q68 = ((unsigned __int128)1 << 68) / 1000000000;

	return (int64_t)(one_hertz_q68 * sixteenths);
}

int pie_finish(struct pie_params *params, const char *where, struct error *error)
{
	if (params->target_ns == 0 || params->target_ns > HOUR_NS)
		return error_set(error, -EINVAL, where,
				 "pie target of %" PRIu64 " ns: expected 1ns to 1h",
				 params->target_ns);
	if (params->tupdate_ns < TUPDATE_MIN_NS || params->tupdate_ns > HOUR_NS)
		return error_set(error, -EINVAL, where,
				 "pie tupdate of %" PRIu64 " ns: expected 100us to 1h",
				 params->tupdate_ns);
	if (params->alpha > GAIN_MAX || params->beta > GAIN_MAX)
		return error_set(error, -EINVAL, where,
				 "pie alpha %" PRIu32 " and beta %" PRIu32
				 ": expected 0 to %d sixteenths of a hertz",
				 params->alpha, params->beta, GAIN_MAX);
	if (params->alpha == 0 && params->beta == 0)
		return error_set(error, -EINVAL, where,
				 "pie with alpha 0 and beta 0 would never drop: give one of them, "
				 "or queue = tail");
	if (params->burst_ns > HOUR_NS)
		return error_set(error, -EINVAL, where,
				 "pie burst of %" PRIu64 " ns: expected 0 to 1h", params->burst_ns);
	if (params->mtu_bytes == 0 || params->mtu_bytes > UINT16_MAX)
		return error_set(error, -EINVAL, where,
				 "pie mtu of %" PRIu32 " bytes: expected 1 to 65535",
				 params->mtu_bytes);
	if (params->ecn &&
	    (params->ecn_threshold == 0 || params->ecn_threshold > UINT64_C(1) << 32))
		return error_set(error, -EINVAL, where,
				 "pie with ecn marks below a probability: expected more than 0 and "
				 "at most 100%%, as 10%%");
	params->alpha_q72 = gain_q72(params->alpha);
	params->beta_q72 = gain_q72(params->beta);
	params->tupdate_reciprocal = UINT64_MAX / params->tupdate_ns;
	return 0;
}

// The gains grow with the probability, in steps of 4 (section 4.2).
static unsigned gain_shift(uint64_t probability)
{
	static const uint64_t bounds[] = {PIE_P(0.1),    PIE_P(0.01),    PIE_P(0.001),
					  PIE_P(0.0001), PIE_P(0.00001), PIE_P(0.000001)};
	unsigned shift = 0;

	for (unsigned i = 0; i < 6 && probability < bounds[i]; i++)
		shift = 1 + 2 * i;
	return shift;
}

// One run of calculate_drop_prob() (appendix A).
static void tick(const struct pie_params *params, struct pie_state *state, uint64_t delay_ns)
{
	__int128 error_ns = (__int128)delay_ns - params->target_ns;
	__int128 change_ns = (__int128)delay_ns - state->delay_old_ns;
	__int128 step = (params->alpha_q72 * error_ns + params->beta_q72 * change_ns) >>
			(72 - PIE_PROBABILITY_BITS);
	__int128 probability = state->probability;
	bool is_low =
		2 * delay_ns < params->target_ns && 2 * state->delay_old_ns < params->target_ns;

	step >>= gain_shift(state->probability);
	if (state->probability >= PIE_P(0.1) && step > (__int128)PIE_P(0.02))
		step = PIE_P(0.02); // section 5.5
	probability += step;
	if (is_low)
		probability = (probability * (__int128)PIE_DECAY_Q62) >> 62;
	probability = probability < (__int128)PIE_ONE ? probability : (__int128)PIE_ONE;
	state->probability = probability > 0 ? (uint64_t)probability : 0;
	state->delay_old_ns = delay_ns;
	state->burst_used_ns += params->tupdate_ns;
	if (state->burst_used_ns > params->burst_ns)
		state->burst_used_ns = params->burst_ns;
	if (state->probability == 0 && is_low)
		state->burst_used_ns = 0;
}

// Ticks of an idle line change nothing any more: steps over all of them up to at_ns.
static void skip(const struct pie_params *params, struct pie_state *state, uint64_t at_ns)
{
	uint64_t behind_ns = at_ns - state->ticked_at_ns;
	uint64_t ticks =
		(uint64_t)(((unsigned __int128)behind_ns * params->tupdate_reciprocal) >> 64);

	state->ticked_at_ns += ticks * params->tupdate_ns;
	// The estimate is the true quotient or one less.
	if (at_ns - state->ticked_at_ns >= params->tupdate_ns)
		state->ticked_at_ns += params->tupdate_ns;
}

void pie_start(const struct pie_params *params, struct pie_state *state, uint64_t at_ns)
{
	*state = (struct pie_state){0};
	skip(params, state, at_ns);
}

void pie_tick(const struct pie_params *params, struct pie_state *state, uint64_t at_ns)
{
	const uint64_t line_free_at_ns = state->line_free_at_ns;

	while (at_ns - state->ticked_at_ns >= params->tupdate_ns) {
		uint64_t next_at_ns = state->ticked_at_ns + params->tupdate_ns;

		if (line_free_at_ns <= next_at_ns && state->probability == 0 &&
		    state->delay_old_ns == 0 && state->burst_used_ns == 0) {
			skip(params, state, at_ns);
			return;
		}
		tick(params, state,
		     line_free_at_ns > next_at_ns ? line_free_at_ns - next_at_ns : 0);
		state->ticked_at_ns = next_at_ns;
	}
}

// Has the frame drawn a drop? Sums up the probabilities since the last one.
static bool draws_drop(const struct pie_params *params, struct pie_state *state, uint32_t draw)
{
	if (params->derandomise) {
		state->accumulated += state->probability;
		if (state->accumulated < PIE_ACCUMULATED_LEAST)
			return false;
		if (state->accumulated >= PIE_ACCUMULATED_MOST)
			return true;
	}
	return (uint64_t)draw << (PIE_PROBABILITY_BITS - 32) < state->probability;
}

enum aqm_verdict pie_offer(const struct pie_params *params, struct pie_state *state, bool is_short,
			   uint8_t ecn, uint32_t draw)
{
	bool is_low =
		2 * state->delay_old_ns < params->target_ns && state->probability < PIE_P(0.2);

	if (state->burst_used_ns < params->burst_ns || is_low || is_short)
		return AQM_PASS;
	if (state->probability == 0)
		state->accumulated = 0;
	if (!draws_drop(params, state, draw))
		return AQM_PASS;
	state->accumulated = 0;
	return aqm_signal(params->ecn && state->probability >> (PIE_PROBABILITY_BITS - 32) <
						 params->ecn_threshold,
			  ecn);
}

void pie_overflow(struct pie_state *state)
{
	state->accumulated = 0;
}
