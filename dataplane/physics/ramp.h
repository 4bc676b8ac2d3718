// SPDX-License-Identifier: BSD-3-Clause
// A curve of delay as few straight lines that stay near it.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ramp_point {
	int64_t at_utc_ns;
	int64_t delay_ns;
};

// Zero-initialise; free() the points.
struct ramp {
	struct ramp_point *points;
	size_t count, room;
};

// What is to be drawn, nanoseconds; smooth over the span; NaN ends in -EDOM.
typedef double ramp_curve(void *context, int64_t utc_ns);

// How far a ramp is to be off at most, whoever reads it may round down to a nanosecond.
#define RAMP_ERROR_NS 10.0

// Adds lines that follow the curve from from_utc_ns to to_utc_ns, within error_ns (4 or more) at
// every instant; points are rounded to whole nanoseconds and 1 ns is left for the reader's
// rounding. The first point is the curve's value, unless the ramp already ends in a point at
// from_utc_ns: then that is continued, so that a ramp can grow. Where the curve jumps (a handover)
// use two ramps. Greedy: each line goes as far as lines from its beginning can. 0; -EINVAL: an
// empty span or a ramp that ends elsewhere; -EDOM: NaN, or a jump; -ENOMEM. Then the ramp keeps the
// points it had.
int ramp_draw(struct ramp *ramp, ramp_curve *curve, void *context, int64_t from_utc_ns,
	      int64_t to_utc_ns, double error_ns);
