// SPDX-License-Identifier: BSD-3-Clause
// A channel quantity that varies with time: a table of points, stepped or interpolated, once or for
// ever again. Who makes a profile keeps it unchanged as long as any plan or journal points to it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"

// Values are nanoseconds (delay), thresholds of a 32-bit draw (loss), bit/s (rate), 0 or 1
// (carrier).
struct profile_point {
	uint64_t at_ns; // since the profile's start; strictly increasing, the first is 0
	int64_t value;
	int64_t slope; // interpolated: change per nanosecond times 2^slope_bits, made by
		       // profile_make
};

struct profile {
	struct profile_point *points;
	uint32_t count; // 1 or more
	bool interpolated;
	uint64_t period_ns; // 0: once, the last value holds; else above the last point's at_ns
	uint64_t start_ns;  // of the lab's clock; before it the first value holds
	int64_t minimum, maximum; // of all values; made by profile_make
	uint32_t slope_bits;      // 32 to 60, as many as the steepest segment leaves; made, too
	uint32_t tag; // made: 31 bits that follow from all else, so that a cursor knows its profile
};

// Where the reader is. Zero-initialised is the start; any jump in time is right, and so is another
// profile; steps forward are cheap.
struct profile_cursor {
	uint64_t round_at_ns; // the lab's instant at which the current round began
	uint32_t index;
	uint32_t begun : 1;
	uint32_t tag : 31; // of the profile that it is in
};

// Checks and fills in slopes and extremes of `profile` (points, count, interpolated, period_ns and
// start_ns given). An interpolated profile with a period runs back to its first value at the
// period's end. -EINVAL with a sentence: no point, times that do not increase, a period too short,
// or a slope out of range.
int profile_make(struct profile *profile, const char *where, struct error *error);

// Moves the cursor to the point in force at an instant since the profile's start, and to its round.
void profile_find(const struct profile *profile, struct profile_cursor *cursor, uint64_t since_ns);

// Points that profile_step needs for `pieces` (1 to 65536) a segment; 0 when that is over 2^32 - 1.
uint32_t profile_step_points(const struct profile *from, uint32_t pieces);

// Makes steps of an interpolated profile: each segment becomes `pieces` of equal length (fewer
// when it is that few nanoseconds long) with the segment's mean over each, so that sums over time
// agree at the end of every piece and are off by at most change per piece x length / 8 within one.
// A stepped one is copied. `points` is the caller's memory of profile_step_points(). Fills in `to`.
// -EINVAL with a sentence when there are too many points.
int profile_step(const struct profile *from, uint32_t pieces, struct profile_point *points,
		 struct profile *to, const char *where, struct error *error);

// The value at an instant; between points off the straight line by at most 1 + length of the
// segment / 2^slope_bits, and never outside minimum .. maximum. No division; amortised constant
// time while instants go forward.
int64_t profile_at(const struct profile *profile, struct profile_cursor *cursor, uint64_t at_ns);
