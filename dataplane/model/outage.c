// SPDX-License-Identifier: BSD-3-Clause
// Phases of an outage process, one after the other within an epoch.
#include "dataplane/model/outage.h"

#include <errno.h>
#include <inttypes.h>

#include "dataplane/model/rng.h"

#define EPOCH_INTERVALS  1024
#define EPOCH_MOST_BITS  62
#define EPOCH_DRAWS_BITS 20 // draws of an epoch that have an address
#define LN2_Q64          UINT64_C(0xB17217F7D1CF79AB)

int outage_make(uint64_t outage_ns, uint64_t interval_ns, bool fixed, const char *where,
		struct outage_params *params, struct error *error)
{
	struct outage_params made = {
		.outage_ns = outage_ns, .interval_ns = interval_ns, .fixed = fixed};

	if (outage_ns < OUTAGE_LEAST_NS)
		return error_set(error, -EINVAL, where,
				 "outages of %" PRIu64 " ns: expected 1 us or more", outage_ns);
	if (interval_ns < outage_ns || interval_ns - outage_ns < OUTAGE_LEAST_NS)
		return error_set(error, -EINVAL, where,
				 "outages of %" PRIu64 " ns every %" PRIu64
				 " ns: expected 1 us or more between them",
				 outage_ns, interval_ns);
	if (interval_ns > UINT64_C(1) << (EPOCH_MOST_BITS - 10))
		return error_set(error, -EINVAL, where,
				 "outages every %" PRIu64 " ns: expected at most 52 days",
				 interval_ns);
	while (UINT64_C(1) << made.epoch_bits < EPOCH_INTERVALS * interval_ns)
		made.epoch_bits++;
	made.share = (uint32_t)(((unsigned __int128)outage_ns << 32) / interval_ns);
	*params = made;
	return 0;
}

// log2 bit by bit: a number in [1, 2) is squared; where that reaches 2 the next bit is 1.
uint64_t outage_exponential_q32(uint32_t draw)
{
	uint64_t x = 2 * (uint64_t)draw + 1; // of 2^33
	int zeros = __builtin_clzll(x);
	uint64_t mantissa = x << zeros, fraction = 0, minus_log2_q40;

	for (int bit = 0; bit < 40; bit++) {
		unsigned __int128 square = (unsigned __int128)mantissa * mantissa;

		fraction <<= 1;
		if (square >> 127) {
			fraction |= 1;
			mantissa = (uint64_t)(square >> 64);
		} else {
			mantissa = (uint64_t)(square >> 63);
		}
	}
	// log2(x / 2^33) = 63 - zeros + fraction - 33.
	minus_log2_q40 = ((uint64_t)(zeros - 30) << 40) - fraction;
	return (uint64_t)((unsigned __int128)minus_log2_q40 * LN2_Q64 >> 72);
}

static uint32_t outage_draw(struct outage_state *state, uint64_t seed, uint32_t random_key)
{
	uint64_t address = state->epoch << EPOCH_DRAWS_BITS | state->draws;

	if (state->draws < (1u << EPOCH_DRAWS_BITS) - 1)
		state->draws++;
	return rng_draw(seed, random_key, RNG_OUTAGE, address);
}

static void outage_next_phase(const struct outage_params *params, struct outage_state *state,
			      uint64_t seed, uint32_t random_key)
{
	uint64_t mean_ns = state->out ? params->outage_ns : params->interval_ns - params->outage_ns;
	uint64_t quantile = outage_exponential_q32(outage_draw(state, seed, random_key));

	state->from_ns = state->until_ns;
	state->until_ns += (uint64_t)((unsigned __int128)mean_ns * quantile >> 32);
}

static bool outage_at_fixed(const struct outage_params *params, struct outage_state *state,
			    uint64_t at_ns)
{
	uint64_t since_ns = at_ns - state->from_ns;

	if (at_ns < params->interval_ns)
		return false;
	if (!state->begun || at_ns < state->from_ns || since_ns >= 2 * params->interval_ns)
		state->from_ns = at_ns - at_ns % params->interval_ns;
	else if (since_ns >= params->interval_ns)
		state->from_ns += params->interval_ns;
	state->begun = true;
	return at_ns - state->from_ns < params->outage_ns;
}

bool outage_at(const struct outage_params *params, struct outage_state *state, uint64_t seed,
	       uint32_t random_key, uint64_t at_ns)
{
	uint64_t epoch = at_ns >> params->epoch_bits;

	if (params->fixed)
		return outage_at_fixed(params, state, at_ns);
	if (!state->begun || state->epoch != epoch || at_ns < state->from_ns) {
		*state = (struct outage_state){
			.until_ns = epoch << params->epoch_bits, .epoch = epoch, .begun = true};
		// Where the process is at an instant, it is by its shares; and what is left of an
		// exponential time is as long as all of it.
		state->out = outage_draw(state, seed, random_key) < params->share;
		outage_next_phase(params, state, seed, random_key);
	}
	while (state->until_ns <= at_ns) {
		state->out = !state->out;
		outage_next_phase(params, state, seed, random_key);
	}
	return state->out;
}
