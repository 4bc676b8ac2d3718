// SPDX-License-Identifier: BSD-3-Clause
// Functions in integers: pieces of the fifth degree, so that every machine computes the same.
#pragma once

#include <stdint.h>

#define POLYNOMIAL_TERMS 6

// c0 + c1 t + ... + c5 t^5 for t = place / 2^bits, 0 <= t < 1, each step rounded down: in pairs of
// terms (Estrin), which do not wait for each other as Horner's do. The caller sees to it that the
// sum of the terms' sizes times 2^bits stays below 2^63. Cannot fail.
static inline int64_t polynomial_at(const int64_t terms[POLYNOMIAL_TERMS], int64_t place, int bits)
{
	int64_t square = (place * place) >> bits;
	int64_t low = terms[0] + ((terms[1] * place) >> bits);
	int64_t middle = terms[2] + ((terms[3] * place) >> bits);
	int64_t high = terms[4] + ((terms[5] * place) >> bits);

	return low + (((middle + ((high * square) >> bits)) * square) >> bits);
}
