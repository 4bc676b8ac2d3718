// SPDX-License-Identifier: BSD-3-Clause
// The integral of a stepped rate, forwards: from where a frame starts to where its last bit leaves.
#include "dataplane/model/rate_profile.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dataplane/model/instant.h"
#include "dataplane/model/rate.h"

#define NANOBITS_PER_BYTE  UINT64_C(8000000000)
#define LONGEST_LINE_BYTES (UINT32_C(1) << 31) // 1.7e19 nanobits, which 64 bits hold
#define STEPS_IN_A_WALK    8

static int rate_profile_check(const struct profile *profile, const char *where, struct error *error)
{
	if (profile->interpolated)
		return error_set(error, -EINVAL, where,
				 "a rate that changes gradually: give it in steps");
	for (uint32_t i = 0; i < profile->count; i++) {
		int64_t rate = profile->points[i].value;

		if (rate != 0 && (rate < RATE_MIN_BPS || rate > RATE_MAX_BPS))
			return error_set(error, -EINVAL, where,
					 "rate of %" PRId64 " bit/s at %" PRIu64
					 " ns: expected 0, or 8bit to 10tbit",
					 rate, profile->points[i].at_ns);
	}
	if (profile->maximum == 0)
		return error_set(error, -EINVAL, where,
				 "a rate that is always 0: take the carrier down instead");
	return 0;
}

int rate_profile_make(struct rate_profile *made, const struct profile *profile,
		      struct rate_step *steps, const char *where, struct error *error)
{
	uint64_t last_ns, span_ns;
	unsigned __int128 before = 0, mean;
	int status = rate_profile_check(profile, where, error);

	if (status != 0)
		return status;
	last_ns = profile->points[profile->count - 1].at_ns;
	span_ns = profile->period_ns ? profile->period_ns : last_ns;
	for (uint32_t i = 0; i < profile->count; i++) {
		const struct profile_point *point = &profile->points[i];
		uint64_t rate = (uint64_t)point->value;
		uint64_t end_ns = i + 1 < profile->count ? point[1].at_ns : span_ns;

		steps[i].before = before;
		steps[i].reciprocal = rate > 0 ? UINT64_MAX / rate : 0;
		before += (unsigned __int128)(end_ns - point->at_ns) * rate;
	}
	mean = span_ns > 0 ? before / span_ns : (unsigned __int128)profile->points[0].value;
	*made = (struct rate_profile){.profile = profile,
				      .steps = steps,
				      .round = profile->period_ns ? before : 0,
				      .mean_bits_per_second = mean > 0 ? (uint64_t)mean : 1,
				      .least_bits_per_second = (uint64_t)profile->minimum,
				      .most_bits_per_second = (uint64_t)profile->maximum};
	return 0;
}

// How far a step reaches, from the round's beginning.
static uint64_t step_end_ns(const struct profile *profile, uint32_t index)
{
	if (index + 1 < profile->count)
		return profile->points[index + 1].at_ns;
	return profile->period_ns ? profile->period_ns : UINT64_MAX;
}

// Whole nanoseconds that `nanobits` take at a rate above 0; leaves the rest in *nanobits. The
// estimate is short by two at most.
static uint64_t step_ns(uint64_t *nanobits, uint64_t rate, uint64_t reciprocal)
{
	uint64_t ns = (uint64_t)((unsigned __int128)*nanobits * reciprocal >> 64);

	*nanobits -= ns * rate;
	while (*nanobits >= rate) {
		*nanobits -= rate;
		ns++;
	}
	return ns;
}

// Ends a frame in the step that the cursor is at, `within_ns` after the round's beginning.
static uint64_t end_here(const struct rate_profile *line, struct rate_profile_state *state,
			 uint64_t within_ns, uint64_t nanobits)
{
	uint32_t index = state->cursor.index;
	uint64_t rate = (uint64_t)line->profile->points[index].value;
	unsigned __int128 at_ns = within_ns;

	if (rate == 0)
		return INSTANT_LATEST_NS;
	at_ns += step_ns(&nanobits, rate, line->steps[index].reciprocal);
	at_ns += (unsigned __int128)line->profile->start_ns + state->cursor.round_at_ns;
	state->used = nanobits;
	return at_ns < INSTANT_LATEST_NS ? (uint64_t)at_ns : INSTANT_LATEST_NS;
}

// A frame that takes many steps: by the sums over steps and rounds. `nanobits` are missing at
// `within_ns` of the cursor's step.
static uint64_t end_far(const struct rate_profile *line, struct rate_profile_state *state,
			uint64_t within_ns, uint64_t nanobits)
{
	const struct profile *profile = line->profile;
	struct profile_cursor *cursor = &state->cursor;
	const struct profile_point *point = &profile->points[cursor->index];
	unsigned __int128 sum = line->steps[cursor->index].before + nanobits;
	uint32_t low = 0, high = profile->count;

	sum += (unsigned __int128)(within_ns - point->at_ns) * (uint64_t)point->value;
	if (line->round > 0) {
		// The end of a round belongs to it, not to the next.
		uint64_t rounds = (uint64_t)((sum - 1) / line->round);

		if (rounds > (INSTANT_LATEST_NS - cursor->round_at_ns) / profile->period_ns)
			return INSTANT_LATEST_NS;
		cursor->round_at_ns += rounds * profile->period_ns;
		sum -= rounds * line->round;
	}
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (line->steps[middle].before < sum)
			low = middle;
		else
			high = middle;
	}
	cursor->index = low;
	return end_here(line, state, profile->points[low].at_ns,
			(uint64_t)(sum - line->steps[low].before));
}

// From an instant since the start on.
static uint64_t end_since(const struct rate_profile *line, struct rate_profile_state *state,
			  uint64_t since_ns, uint64_t nanobits)
{
	const struct profile *profile = line->profile;
	struct profile_cursor *cursor = &state->cursor;
	uint64_t within_ns;

	profile_find(profile, cursor, since_ns);
	within_ns = since_ns - cursor->round_at_ns;
	for (int step = 0; step < STEPS_IN_A_WALK; step++) {
		uint64_t end_ns = step_end_ns(profile, cursor->index);
		uint64_t rate = (uint64_t)profile->points[cursor->index].value;
		unsigned __int128 carried = (unsigned __int128)(end_ns - within_ns) * rate;

		if (nanobits <= carried || end_ns == UINT64_MAX)
			return end_here(line, state, within_ns, nanobits);
		nanobits -= (uint64_t)carried;
		within_ns = end_ns;
		if (++cursor->index == profile->count) {
			cursor->index = 0;
			cursor->round_at_ns += profile->period_ns;
			within_ns = 0;
		}
	}
	return end_far(line, state, within_ns, nanobits);
}

// From an instant of the lab's clock on; before the start the first rate holds.
static uint64_t end_of(const struct rate_profile *line, struct rate_profile_state *state,
		       uint64_t at_ns, uint64_t nanobits)
{
	const struct profile *profile = line->profile;
	uint64_t rate = (uint64_t)profile->points[0].value;
	unsigned __int128 carried;

	if (at_ns >= profile->start_ns)
		return end_since(line, state, at_ns - profile->start_ns, nanobits);
	carried = (unsigned __int128)(profile->start_ns - at_ns) * rate;
	if (nanobits > carried)
		return end_since(line, state, 0, nanobits - (uint64_t)carried);
	at_ns += step_ns(&nanobits, rate, line->steps[0].reciprocal);
	state->used = nanobits;
	return at_ns;
}

// Where the line is free for a frame that is offered, and what is used of the nanosecond there.
static uint64_t begins_at_ns(const struct rate_profile_state *state, uint64_t free_at_ns,
			     uint64_t arrival_at_ns, uint64_t *used)
{
	*used = 0;
	if (arrival_at_ns > free_at_ns)
		return arrival_at_ns;
	if (state->free_at_ns == free_at_ns)
		*used = state->used;
	return free_at_ns;
}

uint64_t rate_profile_offer(const struct rate_profile *line, struct rate_profile_state *state,
			    uint64_t *free_at_ns, uint64_t arrival_at_ns, uint32_t line_bytes)
{
	uint64_t used, at_ns = begins_at_ns(state, *free_at_ns, arrival_at_ns, &used);

	if (at_ns >= INSTANT_LATEST_NS)
		return *free_at_ns = INSTANT_LATEST_NS;
	line_bytes = line_bytes < LONGEST_LINE_BYTES ? line_bytes : LONGEST_LINE_BYTES;
	state->used = 0;
	*free_at_ns = end_of(line, state, at_ns, line_bytes * NANOBITS_PER_BYTE + used);
	state->free_at_ns = *free_at_ns;
	return *free_at_ns;
}

uint64_t rate_profile_start_ns(const struct rate_profile *line,
			       const struct rate_profile_state *state, uint64_t free_at_ns,
			       uint64_t arrival_at_ns)
{
	struct rate_profile_state trial = *state;
	uint64_t used, at_ns = begins_at_ns(state, free_at_ns, arrival_at_ns, &used);

	if (at_ns >= INSTANT_LATEST_NS)
		return INSTANT_LATEST_NS;
	// The instant at which a nanobit more has left is that of the first bit.
	return end_of(line, &trial, at_ns, used + 1);
}
