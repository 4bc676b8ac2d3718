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
