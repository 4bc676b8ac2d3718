// SPDX-License-Identifier: BSD-3-Clause
// RED's average and its count, in fixed point and without division.
#include "dataplane/model/aqm_red.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#define RED_MAX_BYTES   (UINT64_C(1) << 30)
#define RED_MAX_BACKLOG INT32_MAX // more does not change what becomes of a frame
#define RED_MAX_BPS     10000000000000u
#define RED_MAX_PACKETS (1u << 20)
#define RED_MAX_SHIFT   31
#define ONE             (UINT64_C(1) << 32)

// Adaptive RED (Floyd, Gummadi, Shenker 2001, figure 1): every half second towards the middle of
// the thresholds, between 1 % and 50 %.
#define ADAPT_INTERVAL_NS UINT64_C(500000000)
#define ADAPT_LEAST       (ONE / 100)
#define ADAPT_MOST        (ONE / 2)
#define ADAPT_BETA_Q32    UINT64_C(3865470566) // 0.9

static int check_amounts(const struct red_params *params, const char *where, struct error *error)
{
	if (params->min_bytes == 0 || params->min_bytes >= params->max_bytes ||
	    params->max_bytes > RED_MAX_BYTES)
		return error_set(error, -EINVAL, where,
				 "red min of %" PRIu64 " and max of %" PRIu64
				 " bytes: expected 0 < min < max <= 2^30, best max = 3 min",
				 params->min_bytes, params->max_bytes);
	if (params->probability == 0 || params->probability > ONE)
		return error_set(
			error, -EINVAL, where,
			"red probability rounds to 0 or is above 100%%: expected more than "
			"2^-32 and at most 100%%, as 2%%");
	if (params->avpkt_bytes == 0 || params->avpkt_bytes > UINT16_MAX)
		return error_set(error, -EINVAL, where,
				 "red avpkt of %" PRIu32 " bytes: expected 1 to 65535",
				 params->avpkt_bytes);
	if (params->bandwidth_bps > RED_MAX_BPS)
		return error_set(error, -EINVAL, where,
				 "red bandwidth of %" PRIu64 " bit/s: expected at most 10tbit",
				 params->bandwidth_bps);
	if ((params->harddrop || params->nodrop) && !params->ecn)
		return error_set(error, -EINVAL, where,
				 "red %s says what ecn must not do: give ecn, too",
				 params->harddrop ? "harddrop" : "nodrop");
	return 0;
}

// The heaviest weight w = 2^-shift with which `burst` packets that arrive at once at an empty queue
// leave the average below min: L + 1 - (1 - (1-w)^L) / w <= min (the paper, section 6.1, with
// tc's exponent). 0: none.
static uint32_t shift_of(const struct red_params *params, uint32_t burst)
{
	double beyond = (double)burst + 1 - (double)params->min_bytes / (double)params->avpkt_bytes;
	double weight = 0.5;

	for (uint32_t shift = 1; beyond >= 1 && shift <= RED_MAX_SHIFT; shift++, weight /= 2) {
		if (beyond <= (1 - pow(1 - weight, burst)) / weight)
			return shift;
	}
	return 0;
}

static uint64_t reciprocal_of(uint64_t divisor)
{
	return divisor > 1 ? (uint64_t)(((unsigned __int128)1 << 64) / divisor) : UINT64_MAX;
}

int red_finish(struct red_params *params, uint64_t line_bps, const char *where, struct error *error)
{
	uint64_t range = params->max_bytes - params->min_bytes;
	uint64_t bps = params->bandwidth_bps > 0 ? params->bandwidth_bps : line_bps;
	uint64_t burst = params->burst_packets;
	uint32_t shift;
	int code = check_amounts(params, where, error);

	if (code < 0)
		return code;
	if (burst == 0)
		burst = (2 * params->min_bytes + params->max_bytes) / (3 * params->avpkt_bytes);
	shift = burst <= RED_MAX_PACKETS ? shift_of(params, (uint32_t)burst) : 0;
	if (shift == 0)
		return error_set(error, -EINVAL, where,
				 "red burst of %" PRIu64 " packets of %" PRIu32
				 " bytes: expected at least min / avpkt, at most %u",
				 burst, params->avpkt_bytes, RED_MAX_PACKETS);
	params->weight_shift = shift;
	params->range_reciprocal = reciprocal_of(range);
	// Rounded up, so that whole packets are found whole: exact for hours.
	params->idle_reciprocal =
		bps > 0 ? reciprocal_of((params->avpkt_bytes * UINT64_C(8000000000) + bps / 2) /
					bps)
			: 0;
	if (params->idle_reciprocal > 0 && params->idle_reciprocal < UINT64_MAX)
		params->idle_reciprocal++;
	params->target_low = (params->min_bytes * 5 + range * 2) * (ONE / 5);
	params->target_high = (params->min_bytes * 5 + range * 3) * (ONE / 5);
	return 0;
}

// (1 - w)^packets times 2^32, by squaring.
static uint64_t decay_q32(uint32_t weight_shift, uint64_t packets)
{
	uint64_t base = ONE - (ONE >> weight_shift), result = ONE;

	for (; packets > 0 && result > 0; packets >>= 1) {
		if (packets & 1)
			result = (result * base) >> 32;
		base = (base * base) >> 32;
	}
	return result;
}

static void average(const struct red_params *params, struct red_state *state, uint64_t at_ns,
		    uint64_t backlog_bytes)
{
	if (backlog_bytes > RED_MAX_BACKLOG)
		backlog_bytes = RED_MAX_BACKLOG;
	if (backlog_bytes > 0) {
		int64_t change = (int64_t)((backlog_bytes << 32) - state->average);

		state->average += (uint64_t)(change >> params->weight_shift);
	} else if (params->idle_reciprocal > 0 && at_ns > state->idle_from_ns) {
		uint64_t packets = (uint64_t)(((unsigned __int128)(at_ns - state->idle_from_ns) *
					       params->idle_reciprocal) >>
					      64);
		uint64_t decay = decay_q32(params->weight_shift, packets);

		state->average = (uint64_t)(((unsigned __int128)state->average * decay) >> 32);
	}
}

// One step of the adaptation. False: nothing changes any more at this average.
static bool adapt_step(const struct red_params *params, struct red_state *state)
{
	uint64_t quarter = state->probability / 4;

	if (state->average > params->target_high && state->probability <= ADAPT_MOST) {
		state->probability += quarter < ADAPT_LEAST ? quarter : ADAPT_LEAST;
		return true;
	}
	if (state->average < params->target_low && state->probability >= ADAPT_LEAST) {
		state->probability = (state->probability * ADAPT_BETA_Q32) >> 32;
		return true;
	}
	return false;
}

// The half seconds since the last arrival, all at the average that it left behind.
static void adapt(const struct red_params *params, struct red_state *state, uint64_t at_ns)
{
	if (state->probability == 0)
		state->probability = params->probability;
	while (at_ns - state->adapted_at_ns >= ADAPT_INTERVAL_NS) {
		if (!adapt_step(params, state)) {
			state->adapted_at_ns =
				at_ns - (at_ns - state->adapted_at_ns) % ADAPT_INTERVAL_NS;
			return;
		}
		state->adapted_at_ns += ADAPT_INTERVAL_NS;
	}
}

void red_start(struct red_state *state, uint64_t at_ns)
{
	*state = (struct red_state){.idle_from_ns = at_ns, .adapted_at_ns = at_ns};
}

uint64_t red_probability(const struct red_params *params, uint64_t probability, uint64_t average)
{
	uint64_t above = average - (params->min_bytes << 32);
	uint64_t share = (uint64_t)(((unsigned __int128)above * params->range_reciprocal) >> 64);

	return (share * probability) >> 32;
}

// Between the thresholds: p_a = p_b / (1 - count p_b), which spreads the distances of drops evenly
// over 1 .. 1/p_b (section 7 of the paper, method 2; its figure counts one ahead after a drop).
static bool draws_drop(struct red_state *state, uint64_t probability, uint32_t draw)
{
	unsigned __int128 used = (unsigned __int128)probability * state->count;

	if (used < ONE && (unsigned __int128)draw * (ONE - (uint64_t)used) >=
				  (unsigned __int128)probability << 32) {
		state->count++;
		return false;
	}
	state->count = 0;
	return true;
}

static enum aqm_verdict signal_of(const struct red_params *params, bool above_max, uint8_t ecn)
{
	enum aqm_verdict verdict = aqm_signal(params->ecn, ecn);

	if (above_max && params->harddrop)
		return AQM_DROP;
	return verdict == AQM_DROP && params->nodrop ? AQM_PASS : verdict;
}

enum aqm_verdict red_offer(const struct red_params *params, struct red_state *state, uint64_t at_ns,
			   uint64_t backlog_bytes, uint8_t ecn, uint32_t draw)
{
	uint64_t probability = params->probability;

	if (params->adaptive) {
		adapt(params, state, at_ns);
		probability = state->probability;
	}
	average(params, state, at_ns, backlog_bytes);
	if (state->average < params->min_bytes << 32) {
		state->count = 0;
		return AQM_PASS;
	}
	if (state->average >= params->max_bytes << 32) {
		state->count = 0;
		return signal_of(params, true, ecn);
	}
	probability = red_probability(params, probability, state->average);
	return draws_drop(state, probability, draw) ? signal_of(params, false, ecn) : AQM_PASS;
}
