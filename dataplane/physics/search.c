// SPDX-License-Identifier: BSD-3-Clause
// Bisection and golden section over integer instants.
#include "dataplane/physics/search.h"

#include <math.h>

#define GOLDEN 0.6180339887498949 // (sqrt(5) - 1) / 2

int64_t search_edge(search_curve *curve, void *context, int64_t no, int64_t yes, int64_t within_ns)
{
	while (yes - no > within_ns || no - yes > within_ns) {
		int64_t middle = no + (yes - no) / 2;

		if (curve(context, middle) >= 0)
			yes = middle;
		else
			no = middle;
	}
	return yes;
}

int64_t search_summit(search_curve *curve, void *context, double sign, int64_t from, int64_t to,
		      int64_t within_ns, bool until_edge)
{
	int64_t left = to - (int64_t)(GOLDEN * (double)(to - from));
	int64_t right = from + (int64_t)(GOLDEN * (double)(to - from));
	double at_left = sign * curve(context, left), at_right = sign * curve(context, right);

	while (to - from > within_ns && to - from > 4) {
		if (until_edge && (at_left > 0 || at_right > 0))
			break;
		if (at_left >= at_right) {
			to = right;
			right = left;
			at_right = at_left;
			left = to - (int64_t)(GOLDEN * (double)(to - from));
			at_left = sign * curve(context, left);
		} else {
			from = left;
			left = right;
			at_left = at_right;
			right = from + (int64_t)(GOLDEN * (double)(to - from));
			at_right = sign * curve(context, right);
		}
	}
	return at_left >= at_right ? left : right;
}
