// SPDX-License-Identifier: BSD-3-Clause
// Finding instants: where a quantity changes sides, and where it is greatest.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef double search_curve(void *context, int64_t utc_ns);

// Between `no` (where the curve is negative or NaN) and `yes` (0 or more), either way round in
// time: an instant at which it is 0 or more, no farther than within_ns from one at which it is not.
int64_t search_edge(search_curve *curve, void *context, int64_t no, int64_t yes, int64_t within_ns);

// Where sign * curve is greatest between two instants, to within_ns, if it has one summit there.
// Golden section. With `until_edge` it stops as soon as sign * curve is above 0.
int64_t search_summit(search_curve *curve, void *context, double sign, int64_t from, int64_t to,
		      int64_t within_ns, bool until_edge);
