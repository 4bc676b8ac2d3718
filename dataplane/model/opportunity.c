// SPDX-License-Identifier: BSD-3-Clause
// Opportunities: a place in the list, and how much of the one in use is left.
#include "dataplane/model/opportunity.h"

#include <errno.h>
#include <inttypes.h>

#include "dataplane/model/instant.h"

#define NS_PER_MS UINT64_C(1000000)

int opportunities_make(struct opportunities *given, const char *where, struct error *error)
{
	uint32_t bytes = given->bytes > 0 ? given->bytes : OPPORTUNITY_BYTES;
	uint64_t last_ms;

	if (given->count == 0)
		return error_set(error, -EINVAL, where,
				 "a trace without a delivery opportunity: give one or more");
	if (bytes > UINT16_MAX)
		return error_set(error, -EINVAL, where,
				 "delivery opportunities of %" PRIu32 " bytes: expected 1 to 65535",
				 bytes);
	for (uint32_t i = 1; i < given->count; i++)
		if (given->at_ms[i] < given->at_ms[i - 1])
			return error_set(error, -EINVAL, where,
					 "delivery opportunity %" PRIu32 ", at %" PRIu64
					 " ms, is before the one above it, at %" PRIu64 " ms",
					 i + 1, given->at_ms[i], given->at_ms[i - 1]);
	last_ms = given->at_ms[given->count - 1];
	if (last_ms > INSTANT_LATEST_NS / NS_PER_MS)
		return error_set(error, -EINVAL, where,
				 "delivery opportunity at %" PRIu64
				 " ms: expected at most 292 years",
				 last_ms);
	if (last_ms == 0)
		return error_set(error, -EINVAL, where,
				 "all delivery opportunities are at 0 ms: the last one ends the "
				 "trace and must be later");
	given->bytes = bytes;
	given->reciprocal = instant_reciprocal(bytes);
	given->period_ns = last_ms * NS_PER_MS;
	given->bits_per_second =
		(uint64_t)((unsigned __int128)given->count * bytes * 8 * 1000 / last_ms);
	if (given->bits_per_second == 0)
		given->bits_per_second = 1;
	return 0;
}

// First opportunity of the round after `within_ns` (since its beginning), at or after `from`, of
// which all before pass; `count` when none is left. Steps of 1, 2, 4, ... and then halves.
static uint32_t opportunity_after(const struct opportunities *list, uint32_t from,
				  uint64_t within_ns)
{
	uint64_t low = from, high = from, step = 1;

	while (high < list->count && list->at_ms[high] * NS_PER_MS <= within_ns) {
		low = high + 1;
		high += step;
		step *= 2;
	}
	high = high < list->count ? high : list->count;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (list->at_ms[middle] * NS_PER_MS <= within_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint32_t)low;
}

// From the end of a round to the beginning of the next one, where there is one.
static void opportunity_wrap(const struct opportunities *list, struct opportunity_state *state)
{
	if (state->next == list->count && !list->once) {
		state->next = 0;
		state->round_at_ns += list->period_ns;
	}
}

// Moves to the first opportunity after an instant (not at it). What is left of the last is lost.
static void opportunity_seek(const struct opportunities *list, struct opportunity_state *state,
			     uint64_t after_ns)
{
	uint64_t since_ns = after_ns - list->start_ns;
	uint64_t round_ns = state->round_at_ns;

	state->left_bytes = 0;
	if (after_ns < list->start_ns) {
		*state = (struct opportunity_state){.begun = true};
		return;
	}
	if (!state->begun || since_ns < round_ns || since_ns - round_ns >= 2 * list->period_ns) {
		round_ns = list->once ? 0 : since_ns - since_ns % list->period_ns;
		*state = (struct opportunity_state){.round_at_ns = round_ns, .begun = true};
	} else if (!list->once && since_ns - round_ns >= list->period_ns) {
		state->round_at_ns += list->period_ns;
		state->next = 0;
	} else if (state->next > 0 &&
		   (state->next > list->count ||
		    list->at_ms[state->next - 1] * NS_PER_MS > since_ns - round_ns)) {
		state->next = 0; // time went back
	}
	state->next = opportunity_after(list, state->next, since_ns - state->round_at_ns);
	opportunity_wrap(list, state);
}

// Uses `units` opportunities from the next one on; the instant of the last of them.
static uint64_t opportunity_use(const struct opportunities *list, struct opportunity_state *state,
				uint64_t units)
{
	uint64_t last = state->next + units - 1;
	unsigned __int128 at_ns;

	if (last >= list->count) {
		uint64_t rounds = last < 2 * (uint64_t)list->count ? 1 : last / list->count;

		if (list->once ||
		    rounds > (INSTANT_LATEST_NS - state->round_at_ns) / list->period_ns)
			return INSTANT_LATEST_NS;
		last -= rounds * list->count;
		state->round_at_ns += rounds * list->period_ns;
	}
	at_ns = (unsigned __int128)list->start_ns + state->round_at_ns +
		list->at_ms[last] * NS_PER_MS;
	state->next = (uint32_t)last + 1;
	opportunity_wrap(list, state);
	return at_ns < INSTANT_LATEST_NS ? (uint64_t)at_ns : INSTANT_LATEST_NS;
}

// Is the line at an opportunity that is still to come, with what it leaves to those who wait?
static bool opportunity_continues(const struct opportunity_state *state, uint64_t free_at_ns,
				  uint64_t arrival_at_ns)
{
	return state->begun && arrival_at_ns < free_at_ns && state->at_ns == free_at_ns;
}

uint64_t opportunity_offer(const struct opportunities *list, struct opportunity_state *state,
			   uint64_t *free_at_ns, uint64_t arrival_at_ns, uint32_t line_bytes)
{
	uint32_t missing;
	uint64_t units;

	if (*free_at_ns >= INSTANT_LATEST_NS)
		return *free_at_ns;
	if (!opportunity_continues(state, *free_at_ns, arrival_at_ns))
		opportunity_seek(list, state,
				 arrival_at_ns > *free_at_ns ? arrival_at_ns : *free_at_ns);
	if (line_bytes <= state->left_bytes) {
		state->left_bytes -= line_bytes;
		return *free_at_ns;
	}
	missing = line_bytes - state->left_bytes;
	units = instant_units(missing, list->bytes, list->reciprocal);
	state->at_ns = opportunity_use(list, state, units);
	state->left_bytes = (uint32_t)(units * list->bytes - missing);
	*free_at_ns = state->at_ns;
	return state->at_ns;
}

uint64_t opportunity_start_ns(const struct opportunities *list,
			      const struct opportunity_state *state, uint64_t free_at_ns,
			      uint64_t arrival_at_ns)
{
	struct opportunity_state trial = *state;

	return opportunity_offer(list, &trial, &free_at_ns, arrival_at_ns, 1);
}
