// SPDX-License-Identifier: BSD-3-Clause
// Instants finer than a nanosecond, and division by what is known beforehand: the arithmetic that
// the serialiser's files share.
#pragma once

#include <stdint.h>

// Latest instant that is told apart, 292 years: beyond it a line stays busy for ever. It keeps a
// very slow line in front of an unlimited queue from wrapping round to free.
#define INSTANT_LATEST_NS ((uint64_t)INT64_MAX)

// Nanoseconds and 2^-32 ns as one number.
static inline unsigned __int128 instant_q32(uint64_t ns, uint32_t frac)
{
	return (unsigned __int128)ns << 32 | frac;
}

static inline unsigned __int128 instant_later_q32(unsigned __int128 a, unsigned __int128 b)
{
	return a > b ? a : b;
}

// Splits an instant; one beyond the latest becomes the latest.
static inline void instant_split(unsigned __int128 at_q32, uint64_t *ns, uint32_t *frac)
{
	const unsigned __int128 latest = instant_q32(INSTANT_LATEST_NS, 0);

	at_q32 = at_q32 < latest ? at_q32 : latest;
	*ns = (uint64_t)(at_q32 >> 32);
	*frac = (uint32_t)at_q32;
}

// The reciprocal that instant_units wants; size > 0.
static inline uint32_t instant_reciprocal(uint32_t size)
{
	return UINT32_MAX / size;
}

// How many units of `size` hold `amount`, rounded up. 2^32/size exceeds the reciprocal by at most
// 1, so the estimate is the true quotient or one less, and the rest is below two units: two
// comparisons make it exact, for every size.
static inline uint64_t instant_units(uint32_t amount, uint32_t size, uint32_t reciprocal)
{
	uint64_t units = ((uint64_t)amount * reciprocal) >> 32;
	uint64_t rest = amount - units * size;

	return units + (rest > 0) + (rest > size);
}
