// SPDX-License-Identifier: BSD-3-Clause
// How much is left of something that halves every so often, after any time, in integers and without
// division.
#pragma once

#include <stdint.h>

// Zero-initialised: halves in no time, so nothing is ever left.
struct decay_params {
	uint64_t multiplier; // 2^(63 + shift) / half-life
	uint32_t shift;
};

#define DECAY_ONE  (UINT64_C(1) << 56) // one halving
#define DECAY_GONE (64 * DECAY_ONE)    // nothing is left at the resolution of 2^-64

// halflife_ns from 1 to 2^62; 0: gone at once.
struct decay_params decay_make(uint64_t halflife_ns);

// How many halvings a time has, in units of 1 / DECAY_ONE, rounded down; DECAY_GONE at most. Good
// to 2^-61 of it. Cannot fail.
static inline uint64_t decay_halvings(const struct decay_params *params, uint64_t time_ns)
{
	unsigned __int128 halvings =
		((unsigned __int128)time_ns * params->multiplier) >> (params->shift + 7);

	if (params->multiplier == 0)
		return time_ns == 0 ? 0 : DECAY_GONE;
	return halvings < DECAY_GONE ? (uint64_t)halvings : DECAY_GONE;
}

// The share that is gone after so many halvings, 1 - 2^-halvings, times 2^64; UINT64_MAX for all of
// it. To 2^-32 of itself and 2^-62, so what little is gone after a short time is right too. Cannot
// fail.
uint64_t decay_gone(uint64_t halvings);

// The square root of 1 - kept^2 for kept = 1 - gone / 2^64: what an independent number must be
// weighted with beside one that is weighted with `kept`, so that both together vary as either.
// Given as root * 2^-(32 + *shift), root below 2^33, to 1e-8 of itself and a unit of
// `gone`, which is above 0.
int64_t decay_complement(uint64_t gone, int *shift);
