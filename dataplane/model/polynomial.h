// SPDX-License-Identifier: BSD-3-Clause
// Functions in integers: pieces of the fifth degree, so that every machine computes the same.
#pragma once

#include <stdint.h>

#define POLYNOMIAL_TERMS 6

// c0 + c1 t + ... + c5 t^5 for t = place / 2^bits, 0 <= t < 1, each step rounded down. The caller
// sees to it that |c| * 2^bits stays below 2^63. Cannot fail.
static inline int64_t polynomial_at(const int64_t terms[POLYNOMIAL_TERMS], int64_t place, int bits)
{
	int64_t value = terms[POLYNOMIAL_TERMS - 1];

	for (int i = POLYNOMIAL_TERMS - 2; i >= 0; i--)
		value = terms[i] + ((value * place) >> bits);
	return value;
}
