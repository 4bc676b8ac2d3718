// SPDX-License-Identifier: BSD-3-Clause
// A line whose rate changes in steps over time: a frame that is on its way when the rate changes
// goes on at the new one. Exact: what a step carries is an integer of nanobits (bit/s x ns).
#pragma once

#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/profile.h"

// What stands beside each point of the profile. Made by rate_profile_make.
struct rate_step {
	unsigned __int128 before; // nanobits that a round carries before this step
	uint64_t reciprocal;      // 2^64 / rate, rounded down; 0 for a rate of 0
};

struct rate_profile {
	const struct profile *profile;  // bit/s, stepped
	struct rate_step *steps;        // profile->count of them, the caller's memory
	unsigned __int128 round;        // made: nanobits of a whole round, 0 without a period
	uint64_t mean_bits_per_second;  // made: over a round, or to the last point; at least 1
	uint64_t least_bits_per_second; // made
	uint64_t most_bits_per_second;  // made
};

struct rate_profile_state {
	struct profile_cursor cursor;
	uint64_t free_at_ns; // where the last frame ended,
	uint64_t used;       // and the nanobits that it took of the nanosecond that follows
};

// Checks and fills in. The profile's values are 0 (nothing moves) or 8 bit/s to 10 Tbit/s; it must
// be stepped (profile_step makes an interpolated one so), and have a rate above 0 somewhere.
// -EINVAL with a sentence otherwise. Both stay the caller's as long as anything points to them.
int rate_profile_make(struct rate_profile *made, const struct profile *profile,
		      struct rate_step *steps, const char *where, struct error *error);

// The nanosecond (rounded down) at which the last bit of a frame of `line_bytes` (up to 2^31)
// leaves, when it is offered at arrival_at_ns to a line that is free from *free_at_ns on; that
// moves there. INSTANT_LATEST_NS when the rate stays 0. No division but when a frame takes more
// than eight steps of the profile.
uint64_t rate_profile_offer(const struct rate_profile *line, struct rate_profile_state *state,
			    uint64_t *free_at_ns, uint64_t arrival_at_ns, uint32_t line_bytes);

// The nanosecond in which its first bit would leave. Moves nothing.
uint64_t rate_profile_start_ns(const struct rate_profile *line,
			       const struct rate_profile_state *state, uint64_t free_at_ns,
			       uint64_t arrival_at_ns);
