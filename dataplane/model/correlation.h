// SPDX-License-Identifier: BSD-3-Clause
// netem's correlated draws: a moving average of independent ones, x' = (1-rho) x + rho last, and
// the exact law of its result. It is not uniform: the average has less spread than what it
// averages.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The next correlated draw. `correlation` is rho * (2^32 - 1), as in netem's get_crandom(); 0 gives
// `draw` back. The first draw stands for the one before it. Moves `last` and `has_last`.
static inline uint32_t correlation_offer(uint32_t correlation, uint32_t *last, bool *has_last,
					 uint32_t draw)
{
	uint64_t rho = (uint64_t)correlation + 1;

	if (correlation == 0)
		return draw;
	if (*has_last)
		draw = (uint32_t)((draw * ((UINT64_C(1) << 32) - rho) + *last * rho) >> 32);
	*last = draw;
	*has_last = true;
	return draw;
}

// rho in 0..1 to the field above; false when it is outside or NaN.
bool correlation_make(double rho, uint32_t *correlation);
double correlation_rho(uint32_t correlation);

// Long-run probability that a correlated draw, taken as a number in 0..1, is below x (0..1), and
// that two in a row are. Good to 1e-9, short of the draw's own rounding to 2^-32. Cannot fail.
// Derived in correlation.c.
double correlation_below(uint32_t correlation, double x);
double correlation_both_below(uint32_t correlation, double x);
