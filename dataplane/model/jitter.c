// SPDX-License-Identifier: BSD-3-Clause
// Delay variation, packet by packet. The orderly law, for y = -ln of the share of the distribution
// below the deviation, an exponential number of mean 1: time makes y grow by 2^(time / pace), and
// new exponential numbers, divided by what it lacks to that growth, replace it where they are less.
// So y stays exponential at any instants; deviations jump up and sink, at most as fast as time
// goes.
#include "dataplane/model/jitter.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/normal.h"
#include "dataplane/model/score.h"

#define JITTER_BELOW_NS   (UINT64_C(1) << 47)
#define HALFLIFE_BELOW_NS (UINT64_C(1) << 62)
#define LEVEL_BITS        28 // a level has so many bits more than a score or normal number
#define INDEPENDENT_AFTER (32 * DECAY_ONE)

// Rounded away from zero at the half, on both sides alike, so that a symmetric law keeps its mean.
static int64_t jitter_scale_ns(uint64_t jitter_ns, int64_t value, int bits)
{
	uint64_t size = (uint64_t)(value < 0 ? -value : value);
	int64_t deviation_ns =
		(int64_t)(((unsigned __int128)jitter_ns * size + (UINT64_C(1) << (bits - 1))) >>
			  bits);

	return value < 0 ? -deviation_ns : deviation_ns;
}

// [-jitter, +jitter) in 2^32 equal steps.
static int64_t jitter_uniform_ns(uint64_t jitter_ns, uint32_t draw)
{
	return (int64_t)(((unsigned __int128)(2 * jitter_ns) * draw) >> 32) - (int64_t)jitter_ns;
}

static int64_t jitter_sample_ns(const struct jitter_params *params, uint32_t draw)
{
	const struct jitter_table *table = params->table;

	return jitter_scale_ns(params->jitter_ns,
			       table->samples[((uint64_t)draw * table->count) >> 32], 13);
}
_Static_assert(JITTER_SAMPLE_SIGMA == 1 << 13 && JITTER_VALUE_ONE == 1 << 24 &&
		       NORMAL_ONE == 1 << 28,
	       "deviations are scaled by shifts");

static int64_t jitter_from_normal_ns(const struct jitter_params *params, int64_t normal)
{
	switch (params->kind) {
	case JITTER_NONE:
		return 0;
	case JITTER_NORMAL:
		return jitter_scale_ns(params->jitter_ns, normal, 28);
	case JITTER_UNIFORM:
		return jitter_uniform_ns(params->jitter_ns, normal_below(normal));
	case JITTER_TABLE:
		return jitter_sample_ns(params, normal_below(normal));
	default:
		return jitter_scale_ns(params->jitter_ns, jitter_table_at(params->table, normal),
				       24);
	}
}

int64_t jitter_quantile_ns(const struct jitter_params *params, uint32_t draw)
{
	if (params->kind == JITTER_UNIFORM)
		return jitter_uniform_ns(params->jitter_ns, draw);
	if (params->kind == JITTER_TABLE)
		return jitter_sample_ns(params, draw);
	return jitter_from_normal_ns(params, normal_quantile(draw));
}

// Halvings since the last departure; enough to forget it when there is none of this law.
static uint64_t jitter_elapse(const struct jitter_params *params, struct jitter_state *state,
			      uint64_t departs_at_ns)
{
	uint8_t mark = (uint8_t)(1 + params->law);
	uint64_t elapsed_ns =
		departs_at_ns > state->last_at_ns ? departs_at_ns - state->last_at_ns : 0;

	if (elapsed_ns > 0)
		state->last_at_ns = departs_at_ns;
	if (state->begun != mark) {
		state->begun = mark;
		state->last_at_ns = departs_at_ns;
		return DECAY_GONE;
	}
	return decay_halvings(&params->pace, elapsed_ns);
}

static int64_t jitter_clamp_normal(int64_t normal)
{
	normal = normal < -NORMAL_MOST ? -NORMAL_MOST : normal;
	return normal > NORMAL_MOST ? NORMAL_MOST : normal;
}

// z' = rho z + sqrt(1 - rho^2) e, rho = 2^(-time / half-life): normal at any instants.
static int64_t jitter_wander(const struct jitter_params *params, struct jitter_state *state,
			     uint64_t departs_at_ns, uint32_t draw)
{
	uint64_t gone = decay_gone(jitter_elapse(params, state, departs_at_ns));

	if (gone == UINT64_MAX) {
		state->level = normal_quantile(draw) * (1 << LEVEL_BITS);
	} else if (gone > 0) {
		int shift;
		int64_t root = decay_complement(gone, &shift);
		int64_t kept = (int64_t)(((__int128)state->level * ~gone) >> 64);
		// 28 bits and 32 are four more than a level has.
		__int128 fresh = (__int128)normal_quantile(draw) * root;

		state->level = kept + (int64_t)(fresh >> (shift + 4));
	}
	return jitter_clamp_normal(state->level >> LEVEL_BITS);
}

// Can a new exponential number be the lesser one? Bounds by leading bits: its score is at most
// 1 + the leading ones of the draw, and the logarithm of what is gone at most that of the halvings.
static bool jitter_may_jump(uint64_t halvings, int64_t level, uint32_t draw)
{
	int ones = draw == UINT32_MAX ? 32 : __builtin_clz(~draw);
	int log2_halvings = 64 - __builtin_clzll(halvings) - 56;

	return (int64_t)(ones + 1 + log2_halvings) * (int64_t)DECAY_ONE > level;
}

static int64_t jitter_sink(const struct jitter_params *params, struct jitter_state *state,
			   uint64_t departs_at_ns, uint32_t draw)
{
	uint64_t halvings = jitter_elapse(params, state, departs_at_ns);

	if (halvings >= INDEPENDENT_AFTER) {
		state->level = score_of_normal(normal_quantile(draw)) * (1 << LEVEL_BITS);
	} else if (halvings > 0) {
		state->level -= (int64_t)halvings;
		if (jitter_may_jump(halvings, state->level, draw)) {
			int64_t jump = (score_of_normal(normal_quantile(draw)) +
					score_log2(decay_gone(halvings))) *
				       (1 << LEVEL_BITS);

			state->level = jump > state->level ? jump : state->level;
		}
	}
	return jitter_clamp_normal(score_to_normal(state->level >> LEVEL_BITS));
}

int64_t jitter_offer(const struct jitter_params *params, struct jitter_state *state,
		     uint64_t departs_at_ns, uint32_t draw)
{
	if (params->kind == JITTER_NONE)
		return 0;
	switch (params->law) {
	case JITTER_CHAINED:
		draw = correlation_offer(params->correlation, &state->last_draw, &state->has_last,
					 draw);
		break;
	case JITTER_GAUSSIAN:
		return jitter_from_normal_ns(params,
					     jitter_wander(params, state, departs_at_ns, draw));
	case JITTER_ORDERLY:
		return jitter_from_normal_ns(params,
					     jitter_sink(params, state, departs_at_ns, draw));
	case JITTER_INDEPENDENT:
		break;
	}
	return jitter_quantile_ns(params, draw);
}

// Each of the packets' halvings, but for the first one's. False, and nothing is of use, where one
// might jump: by the bound of jitter_may_jump for all of them together.
static bool jitter_sinks_only(const struct jitter_params *params, const struct jitter_state *state,
			      const uint64_t *departs_at_ns, const uint32_t *draws, unsigned count,
			      int64_t *halvings)
{
	const unsigned shift = params->pace.shift + 7;
	uint64_t last_at_ns = state->last_at_ns, most = 0, sum = 0;
	uint32_t most_draw = 0;

	// So short times that none fills a word, in one multiplication.
	if (shift > 63 || params->pace.multiplier == 0 || departs_at_ns[0] < last_at_ns ||
	    departs_at_ns[count - 1] - last_at_ns >= UINT64_C(1) << (shift - 1))
		return false;
	for (unsigned i = 1; i < count; i++) {
		unsigned __int128 product = (unsigned __int128)(departs_at_ns[i] - last_at_ns) *
					    params->pace.multiplier;
		uint64_t part =
			(uint64_t)(product >> 64) << (64 - shift) | (uint64_t)product >> shift;

		last_at_ns = departs_at_ns[i];
		halvings[i] = (int64_t)part;
		sum += part;
		most = part > most ? part : most;
		most_draw = draws[i] > most_draw ? draws[i] : most_draw;
	}
	return most == 0 || (sum < INDEPENDENT_AFTER &&
			     !jitter_may_jump(most, state->level - (int64_t)sum, most_draw));
}

// What the packets' levels come to, as scores: they wait for each other here only.
static void jitter_sink_many(const struct jitter_params *params, struct jitter_state *state,
			     const uint64_t *departs_at_ns, const uint32_t *draws, unsigned count,
			     int64_t *scores)
{
	jitter_sink(params, state, departs_at_ns[0], draws[0]);
	if (jitter_sinks_only(params, state, departs_at_ns, draws, count, scores)) {
		int64_t level = state->level;

		scores[0] = level >> LEVEL_BITS;
		for (unsigned i = 1; i < count; i++) {
			level -= scores[i];
			scores[i] = level >> LEVEL_BITS;
		}
		state->level = level;
		state->last_at_ns = departs_at_ns[count - 1];
		return;
	}
	scores[0] = state->level >> LEVEL_BITS;
	for (unsigned i = 1; i < count; i++) {
		jitter_sink(params, state, departs_at_ns[i], draws[i]);
		scores[i] = state->level >> LEVEL_BITS;
	}
}

static void jitter_offer_orderly(const struct jitter_params *params, struct jitter_state *state,
				 const uint64_t *departs_at_ns, const uint32_t *draws,
				 unsigned count, int64_t *deviation_ns)
{
	jitter_sink_many(params, state, departs_at_ns, draws, count, deviation_ns);
	score_to_normal_many(deviation_ns, count);
	if (params->kind != JITTER_NORMAL || params->jitter_ns > UINT32_MAX) {
		for (unsigned i = 0; i < count; i++)
			deviation_ns[i] =
				jitter_from_normal_ns(params, jitter_clamp_normal(deviation_ns[i]));
		return;
	}
	// jitter_scale_ns, where the product is below 2^63.
	for (unsigned i = 0; i < count; i++) {
		int64_t normal = jitter_clamp_normal(deviation_ns[i]), sign = normal >> 63;
		uint64_t size = (uint64_t)((normal ^ sign) - sign) * params->jitter_ns;

		deviation_ns[i] = ((int64_t)((size + (1 << 27)) >> 28) ^ sign) - sign;
	}
}

void jitter_offer_many(const struct jitter_params *params, struct jitter_state *state,
		       const uint64_t *departs_at_ns, const uint32_t *draws, unsigned count,
		       int64_t *deviation_ns)
{
	if (count == 0)
		return;
	if (params->kind == JITTER_NONE) {
		memset(deviation_ns, 0, count * sizeof(*deviation_ns));
	} else if (params->law == JITTER_ORDERLY) {
		jitter_offer_orderly(params, state, departs_at_ns, draws, count, deviation_ns);
	} else if (params->law == JITTER_INDEPENDENT) {
		for (unsigned i = 0; i < count; i++)
			deviation_ns[i] = jitter_quantile_ns(params, draws[i]);
	} else {
		for (unsigned i = 0; i < count; i++)
			deviation_ns[i] = jitter_offer(params, state, departs_at_ns[i], draws[i]);
	}
}

int64_t jitter_copy(const struct jitter_params *params, const struct jitter_state *state,
		    uint32_t draw)
{
	struct jitter_state copy = *state;

	if (params->law == JITTER_CHAINED)
		draw = correlation_offer(params->correlation, &copy.last_draw, &copy.has_last,
					 draw);
	return params->kind == JITTER_NONE ? 0 : jitter_quantile_ns(params, draw);
}

int64_t jitter_minimum_ns(const struct jitter_params *params)
{
	// All distributions grow with the draw, and a correlated draw is a draw.
	return params->kind == JITTER_NONE ? 0 : jitter_quantile_ns(params, 0);
}

int64_t jitter_maximum_ns(const struct jitter_params *params)
{
	return params->kind == JITTER_NONE ? 0 : jitter_quantile_ns(params, UINT32_MAX);
}
