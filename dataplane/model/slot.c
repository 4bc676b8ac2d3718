// SPDX-License-Identifier: BSD-3-Clause
// One slot at a time: when it opens, and what is left of it.
#include "dataplane/model/slot.h"

#include <errno.h>
#include <inttypes.h>

static uint64_t or_any(uint64_t limit)
{
	return limit > 0 ? limit : UINT64_MAX;
}

int slot_make_uniform(uint64_t least_ns, uint64_t most_ns, uint64_t packets, uint64_t bytes,
		      const char *where, struct slot_params *params, struct error *error)
{
	most_ns = most_ns > 0 ? most_ns : least_ns;
	if (most_ns == 0)
		return error_set(error, -EINVAL, where,
				 "a slot without a delay does nothing: give a time above 0, or "
				 "leave it out");
	if (most_ns < least_ns)
		return error_set(error, -EINVAL, where,
				 "a slot's longest delay, %" PRIu64
				 " ns, is below its shortest, %" PRIu64 " ns",
				 most_ns, least_ns);
	*params = (struct slot_params){.packets = or_any(packets),
				       .bytes = or_any(bytes),
				       .least_ns = least_ns,
				       .range_ns = most_ns - least_ns};
	return 0;
}

int slot_make_distribution(uint64_t delay_ns, const struct jitter_params *distribution,
			   uint64_t packets, uint64_t bytes, const char *where,
			   struct slot_params *params, struct error *error)
{
	struct slot_params made = {.packets = or_any(packets),
				   .bytes = or_any(bytes),
				   .least_ns = delay_ns,
				   .by = *distribution};

	if (delay_ns == 0 && distribution->kind == JITTER_NONE)
		return error_set(error, -EINVAL, where,
				 "a slot without a delay does nothing: give a time above 0, or "
				 "leave it out");
	*params = made;
	return 0;
}

static uint64_t slot_delay_ns(const struct slot_params *params, uint32_t draw)
{
	int64_t deviation_ns;

	if (params->by.kind == JITTER_NONE)
		return params->least_ns +
		       (uint64_t)((unsigned __int128)params->range_ns * draw >> 32);
	deviation_ns = jitter_quantile_ns(&params->by, draw);
	if (deviation_ns < 0 && -(uint64_t)deviation_ns > params->least_ns)
		return 0;
	return params->least_ns + (uint64_t)deviation_ns;
}

// Asks for a slot.
static void slot_ask(const struct slot_params *params, struct slot_state *state, uint64_t at_ns,
		     uint32_t draw)
{
	uint64_t delay_ns = slot_delay_ns(params, draw);

	state->open_at_ns = delay_ns < UINT64_MAX - at_ns ? at_ns + delay_ns : UINT64_MAX;
	state->packets_left = params->packets;
	state->bytes_left = params->bytes;
}

uint64_t slot_offer(const struct slot_params *params, struct slot_state *state,
		    uint64_t ready_at_ns, uint32_t frame_bytes, uint32_t draw, uint32_t next_draw)
{
	uint64_t leaves_at_ns;

	if (state->packets_left == 0 || state->open_at_ns < ready_at_ns)
		slot_ask(params, state,
			 ready_at_ns > state->open_at_ns ? ready_at_ns : state->open_at_ns, draw);
	leaves_at_ns = state->open_at_ns;
	state->packets_left--;
	state->bytes_left -= frame_bytes < state->bytes_left ? frame_bytes : state->bytes_left;
	if (state->packets_left == 0 || state->bytes_left == 0)
		slot_ask(params, state, leaves_at_ns, next_draw);
	return leaves_at_ns;
}
