// SPDX-License-Identifier: BSD-3-Clause
// The inverse of the standard normal distribution in integers, so that every machine computes the
// same replay.
#pragma once

#include <stdint.h>

#define NORMAL_ONE (INT64_C(1) << 28) // one standard deviation

// The quantile at (draw + 1/2) / 2^32 in units of 1 / NORMAL_ONE, to 2e-7 standard deviations over
// the whole range (about +-6.34). Antisymmetric: draw and ~draw give opposite numbers. No division,
// no floating point. Cannot fail.
int64_t normal_quantile(uint32_t draw);

// What it gives for the largest draw; its least is the opposite.
#define NORMAL_MOST INT64_C(1701332564)

// The share of the distribution below a number of standard deviations (in units of 1 / NORMAL_ONE),
// times 2^32 and rounded down, to 2^-29: near enough the draw whose quantile it is. Cannot fail.
uint32_t normal_below(int64_t normal);
