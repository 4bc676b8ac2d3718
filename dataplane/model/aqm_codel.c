// SPDX-License-Identifier: BSD-3-Clause
// CoDel's estimator and state machine (RFC 8289, section 5), one frame a call.
#include "dataplane/model/aqm_codel.h"

#include <errno.h>
#include <inttypes.h>

#define HOUR_NS         UINT64_C(3600000000000)
#define INTERVAL_MIN_NS 1000 // else drops would be scheduled at no distance

// A dropping state entered so soon after the last one goes on at its rate (section 5.5).
#define CODEL_MEMORY_INTERVALS 16

#define Q31_ONE (UINT64_C(1) << 31)

int codel_check(const struct codel_params *params, const char *where, struct error *error)
{
	if (params->interval_ns < INTERVAL_MIN_NS || params->interval_ns > HOUR_NS)
		return error_set(error, -EINVAL, where,
				 "codel interval of %" PRIu64 " ns: expected 1us to 1h, about the "
				 "longest round-trip time",
				 params->interval_ns);
	if (params->target_ns == 0 || params->target_ns >= params->interval_ns)
		return error_set(error, -EINVAL, where,
				 "codel target of %" PRIu64
				 " ns: expected more than 0 and less than "
				 "the interval of %" PRIu64 " ns, best 5 to 10 %% of it",
				 params->target_ns, params->interval_ns);
	if (params->mtu_bytes == 0 || params->mtu_bytes > UINT16_MAX)
		return error_set(error, -EINVAL, where,
				 "codel mtu of %" PRIu32 " bytes: expected 1 to 65535",
				 params->mtu_bytes);
	if (params->ect1_only && params->ce_threshold_ns == 0)
		return error_set(error, -EINVAL, where,
				 "codel marks ECT(1) only above a ce_threshold: give one");
	return 0;
}

// 1 / sqrt(count) times 2^31, for count = m 4^shift with m in [1, 4): the chord of 1/sqrt over
// [1, 4], which is at most 18 % off, and five of Newton's steps x (3 - m x^2) / 2, each of which
// makes an error e one of 1.5 e^2. The shift by half the exponent is left to the caller.
static uint64_t inverse_sqrt_q31(uint32_t count, unsigned *shift)
{
	uint64_t m, x;

	*shift = (31 - (unsigned)__builtin_clz(count)) / 2;
	m = ((uint64_t)count << 31) >> (2 * *shift);
	x = Q31_ONE - (((m - Q31_ONE) * 0x2AAAAAAB) >> 32); // 1 - (m - 1) / 6
	for (int step = 0; step < 5; step++) {
		uint64_t square = (x * x) >> 31;

		x = (x * (3 * Q31_ONE - ((m * square) >> 31))) >> 32;
	}
	return x;
}

uint64_t codel_spacing_ns(uint64_t interval_ns, uint32_t count)
{
	unsigned shift;
	uint64_t inverse = inverse_sqrt_q31(count, &shift);

	// Rounded to the nearest, so that a sequence of drops does not drift.
	return (uint64_t)(((unsigned __int128)interval_ns * inverse + (Q31_ONE << shift) / 2) >>
			  (31 + shift));
}

// The estimator, dodequeue() of section 5.6: has the time in the queue stayed above the target for
// an interval?
static bool stays_above(const struct codel_params *params, struct codel_state *state,
			uint64_t now_ns, uint64_t sojourn_ns, uint64_t backlog_bytes)
{
	if (sojourn_ns < params->target_ns || backlog_bytes <= params->mtu_bytes) {
		state->first_above_at_ns = 0;
		return false;
	}
	if (state->first_above_at_ns == 0) {
		state->first_above_at_ns = now_ns + params->interval_ns;
		return false;
	}
	return now_ns >= state->first_above_at_ns;
}

static enum aqm_verdict enter(const struct codel_params *params, struct codel_state *state,
			      uint64_t now_ns, uint8_t ecn)
{
	enum aqm_verdict verdict = aqm_signal(params->ecn, ecn);
	uint32_t delta = state->count - state->last_count;

	state->dropping = true;
	state->count = 1;
	// drop_next may lie ahead, when the last dropping state ended before it came.
	if (delta > 1 &&
	    now_ns < state->drop_next_at_ns + CODEL_MEMORY_INTERVALS * params->interval_ns)
		state->count = delta;
	state->drop_next_at_ns = now_ns + codel_spacing_ns(params->interval_ns, state->count);
	state->last_count = state->count;
	return verdict;
}

static void schedule(const struct codel_params *params, struct codel_state *state)
{
	state->drop_next_at_ns += codel_spacing_ns(params->interval_ns, state->count);
}

// dequeue() of section 5.5, a frame a call. The frame behind the one that entered the dropping
// state needs no care: its drop is not due yet, or it is below the target and ends that state.
static enum aqm_verdict control(const struct codel_params *params, struct codel_state *state,
				uint64_t now_ns, bool above, uint8_t ecn)
{
	bool follows_drop = state->follows_drop;
	enum aqm_verdict verdict;

	state->follows_drop = false;
	if (!above) {
		state->dropping = false;
		return AQM_PASS;
	}
	if (!state->dropping)
		return enter(params, state, now_ns, ecn);
	if (follows_drop)
		schedule(params, state);
	if (now_ns < state->drop_next_at_ns)
		return AQM_PASS;
	verdict = aqm_signal(params->ecn, ecn);
	state->count++;
	if (verdict == AQM_DROP)
		state->follows_drop = true; // scheduled when the frame behind it is seen
	else
		schedule(params, state);
	return verdict;
}

enum aqm_verdict codel_offer(const struct codel_params *params, struct codel_state *state,
			     uint64_t now_ns, uint64_t arrival_at_ns, uint64_t backlog_bytes,
			     uint8_t ecn)
{
	uint64_t sojourn_ns = now_ns - arrival_at_ns;
	bool above = stays_above(params, state, now_ns, sojourn_ns, backlog_bytes);
	enum aqm_verdict verdict = control(params, state, now_ns, above, ecn);

	if (verdict == AQM_PASS && params->ce_threshold_ns > 0 &&
	    sojourn_ns > params->ce_threshold_ns && aqm_marks(params->ect1_only, ecn))
		return AQM_MARK;
	return verdict;
}

void codel_empty(struct codel_state *state)
{
	state->first_above_at_ns = 0;
	state->dropping = false;
	state->follows_drop = false;
}
