// SPDX-License-Identifier: BSD-3-Clause
// The score of a probability: minus the binary logarithm of minus its natural logarithm. If p is
// uniform, 2^-score is an exponential number of mean 1: the scale on which the jitter that keeps
// order lives (jitter.c). In integers; no division.
#pragma once

#include <stdint.h>

#define SCORE_ONE (INT64_C(1) << 28)

// The score of the probability below `normal`, a number of standard deviations in units of
// 1 / NORMAL_ONE within +-6.5 (beyond that: as at the end), to 4e-8. About -4.6 to 34.
int64_t score_of_normal(int64_t normal);

// Its inverse, to 3e-8: the number of standard deviations in units of 1 / NORMAL_ONE. Scores
// outside -5 .. 34 give what those give.
int64_t score_to_normal(int64_t score);

// The same for several, in their place. Cheapest when they are near each other.
void score_to_normal_many(int64_t *scores, unsigned count);

// The binary logarithm of part / 2^64, in units of 1 / SCORE_ONE, to 3e-8; part is above 0.
int64_t score_log2(uint64_t part);
