// SPDX-License-Identifier: BSD-3-Clause
// Slots of assigned capacity. As long as a terminal has something waiting it asks at each slot, so
// what later arrivals do cannot change when a frame leaves: its fate is known when it arrives.
#include "dataplane/model/access.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include "dataplane/model/instant.h"

#define NANOBITS_PER_BYTE  UINT64_C(8000000000)
#define LONGEST_LINE_BYTES (UINT32_C(1) << 31) // 1.7e19 nanobits, which 64 bits hold
#define LEAST_BPS          8

static int check_times(uint64_t rbdc_bps, uint64_t superframe_ns, uint64_t schedule_ns,
		       uint64_t timeout_ns, const char *where, struct error *error)
{
	if (superframe_ns < ACCESS_SUPERFRAME_LEAST_NS || superframe_ns > ACCESS_SUPERFRAME_MOST_NS)
		return error_set(error, -EINVAL, where,
				 "a superframe of %" PRIu64 " ns: expected 1ms to 1s",
				 superframe_ns);
	if (schedule_ns > ACCESS_TIME_MOST_NS || timeout_ns > ACCESS_TIME_MOST_NS)
		return error_set(error, -EINVAL, where,
				 "an access schedule or timeout of more than an hour: give it in "
				 "milliseconds or seconds");
	if (rbdc_bps > 0 && timeout_ns < superframe_ns)
		return error_set(error, -EINVAL, where,
				 "a grant that times out after %" PRIu64
				 " ns would end within a superframe of %" PRIu64
				 " ns: raise timeout",
				 timeout_ns, superframe_ns);
	return 0;
}

int access_make(uint64_t cra_bps, uint64_t rbdc_bps, uint64_t superframe_ns, uint64_t schedule_ns,
		uint64_t timeout_ns, const char *where, struct access_params *params,
		struct error *error)
{
	int status;

	if (cra_bps == 0 && rbdc_bps == 0)
		return error_set(error, -EINVAL, where,
				 "access without capacity lets nothing pass: give cra RATE, rbdc "
				 "RATE or both");
	if ((cra_bps > 0 && cra_bps < LEAST_BPS) || (rbdc_bps > 0 && rbdc_bps < LEAST_BPS) ||
	    cra_bps > ACCESS_MOST_BPS || rbdc_bps > ACCESS_MOST_BPS ||
	    cra_bps + rbdc_bps > ACCESS_MOST_BPS)
		return error_set(error, -EINVAL, where,
				 "an assignment of %" PRIu64 " bit/s and %" PRIu64
				 " bit/s on request: expected 8bit to 10gbit together",
				 cra_bps, rbdc_bps);
	status = check_times(rbdc_bps, superframe_ns, schedule_ns, timeout_ns, where, error);
	if (status != 0)
		return status;
	*params = (struct access_params){.superframe_ns = superframe_ns,
					 .cra_bps = cra_bps,
					 .rbdc_bps = rbdc_bps,
					 .schedule_ns = schedule_ns,
					 .timeout_ns = timeout_ns};
	access_finish(params, 0);
	return 0;
}

static uint64_t whole(uint64_t ns, uint64_t superframe_ns)
{
	return (ns + superframe_ns - 1) / superframe_ns * superframe_ns;
}

void access_finish(struct access_params *params, uint64_t one_way_ns)
{
	uint64_t superframe_ns = params->superframe_ns;

	if (superframe_ns == 0)
		return;
	params->superframe_reciprocal = UINT64_MAX / superframe_ns;
	params->nanobits[0] = params->cra_bps * superframe_ns;
	params->nanobits[1] = access_most_bps(params) * superframe_ns;
	for (int i = 0; i < 2; i++)
		params->nanobits_reciprocal[i] =
			params->nanobits[i] ? UINT64_MAX / params->nanobits[i] : 0;
	if (one_way_ns > INSTANT_LATEST_NS / 4)
		one_way_ns = INSTANT_LATEST_NS / 4;
	params->loop_ns = whole(2 * one_way_ns + params->schedule_ns, superframe_ns);
	params->valid_ns = whole(params->timeout_ns, superframe_ns);
}

uint64_t access_longest_ns(const struct access_params *params)
{
	return params->superframe_ns + (params->cra_bps > 0 ? 0 : params->loop_ns);
}

uint64_t access_mean_ns(const struct access_params *params)
{
	return params->superframe_ns / 2 + (params->cra_bps > 0 ? 0 : params->loop_ns);
}

// The quotient, and in *rest what is left. The estimate is short by two at most.
static uint64_t divide(uint64_t amount, uint64_t by, uint64_t reciprocal, uint64_t *rest)
{
	uint64_t times = (uint64_t)((unsigned __int128)amount * reciprocal >> 64);

	*rest = amount - times * by;
	while (*rest >= by) {
		*rest -= by;
		times++;
	}
	return times;
}

// The first slot after an instant.
static uint64_t slot_after_ns(const struct access_params *params, uint64_t at_ns)
{
	uint64_t within_ns;

	divide(at_ns, params->superframe_ns, params->superframe_reciprocal, &within_ns);
	return at_ns + (params->superframe_ns - within_ns);
}

// Slots from one instant on, up to another.
static uint64_t slots_between(const struct access_params *params, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t rest, slots = divide(to_ns - from_ns, params->superframe_ns,
				      params->superframe_reciprocal, &rest);

	return slots + (rest > 0);
}

// ---- Grants ----

static void forget_past(struct access_state *state, uint64_t slot_ns)
{
	uint64_t kept = 0;

	for (uint64_t i = 0; i < state->count; i++)
		if (state->grants[i].to_ns > slot_ns)
			state->grants[kept++] = state->grants[i];
	state->count = kept;
}

// The terminal asks at each slot from the first to the last.
static void ask(const struct access_params *params, struct access_state *state, uint64_t first_ns,
		uint64_t last_ns)
{
	uint64_t from_ns = first_ns + params->loop_ns;
	uint64_t to_ns = last_ns + params->loop_ns + params->valid_ns;

	if (params->rbdc_bps == 0)
		return;
	if (state->count == ACCESS_GRANTS_MOST)
		forget_past(state, first_ns);
	// What overlaps is one; so is, where memory ends, what does not.
	while (state->count > 0) {
		const struct access_grant *last = &state->grants[state->count - 1];

		if (last->to_ns < from_ns && state->count < ACCESS_GRANTS_MOST)
			break;
		from_ns = last->from_ns < from_ns ? last->from_ns : from_ns;
		to_ns = last->to_ns > to_ns ? last->to_ns : to_ns;
		state->count--;
	}
	state->grants[state->count++] = (struct access_grant){from_ns, to_ns};
}

// Is a slot granted, to a terminal that asks from here on? *until_ns: as long as that stays so.
static bool is_granted(const struct access_state *state, uint64_t slot_ns, uint64_t *until_ns)
{
	*until_ns = UINT64_MAX;
	for (uint64_t i = 0; i < state->count; i++) {
		const struct access_grant *grant = &state->grants[i];

		if (grant->to_ns <= slot_ns)
			continue;
		if (grant->from_ns > slot_ns) {
			*until_ns = grant->from_ns;
			return false;
		}
		// The last one grows as long as it is asked for.
		if (i + 1 < state->count)
			*until_ns = grant->to_ns;
		return true;
	}
	return false;
}

// ---- A frame ----

// Sends from a slot on; the slot that sends the last of it. The terminal has asked at `slot_ns`.
static uint64_t send(const struct access_params *params, struct access_state *state,
		     uint64_t slot_ns, uint64_t nanobits)
{
	for (;;) {
		uint64_t until_ns, rest, full;
		bool granted = is_granted(state, slot_ns, &until_ns);
		uint64_t each = params->nanobits[granted];
		unsigned __int128 last_ns;

		if (each == 0) {
			if (until_ns >= INSTANT_LATEST_NS)
				return INSTANT_LATEST_NS;
			slot_ns = slot_after_ns(params, until_ns - 1);
			continue;
		}
		full = divide(nanobits - 1, each, params->nanobits_reciprocal[granted], &rest);
		last_ns = slot_ns + (unsigned __int128)full * params->superframe_ns;
		if (last_ns < until_ns) {
			if (last_ns >= INSTANT_LATEST_NS)
				return INSTANT_LATEST_NS;
			state->left = each - rest - 1;
			return (uint64_t)last_ns;
		}
		full = slots_between(params, slot_ns, until_ns);
		nanobits -= full * each;
		slot_ns += full * params->superframe_ns;
	}
}

static uint64_t serve(const struct access_params *params, struct access_state *state,
		      uint64_t arrival_at_ns, uint64_t nanobits)
{
	uint64_t slot_ns, last_ns;

	if (arrival_at_ns < state->slot_at_ns) {
		if (nanobits <= state->left) {
			state->left -= nanobits;
			return state->slot_at_ns;
		}
		nanobits -= state->left;
		arrival_at_ns = state->slot_at_ns;
	}
	if (arrival_at_ns >= INSTANT_LATEST_NS)
		return INSTANT_LATEST_NS;
	slot_ns = slot_after_ns(params, arrival_at_ns);
	ask(params, state, slot_ns, slot_ns);
	last_ns = send(params, state, slot_ns, nanobits);
	if (last_ns < INSTANT_LATEST_NS)
		ask(params, state, slot_ns, last_ns);
	state->slot_at_ns = last_ns;
	return last_ns;
}

uint64_t access_offer(const struct access_params *params, struct access_state *state,
		      uint64_t arrival_at_ns, uint32_t line_bytes)
{
	line_bytes = line_bytes < LONGEST_LINE_BYTES ? line_bytes : LONGEST_LINE_BYTES;
	return serve(params, state, arrival_at_ns, line_bytes * NANOBITS_PER_BYTE);
}

uint64_t access_start_ns(const struct access_params *params, const struct access_state *state,
			 uint64_t arrival_at_ns)
{
	struct access_state trial = *state;

	return serve(params, &trial, arrival_at_ns, 1);
}

void access_waited(const struct access_params *params, struct access_state *state, uint64_t from_ns,
		   uint64_t to_ns)
{
	uint64_t first_ns = slot_after_ns(params, from_ns);
	uint64_t last_ns = slot_after_ns(params, to_ns) - params->superframe_ns;

	ask(params, state, first_ns, last_ns > first_ns ? last_ns : first_ns);
}
