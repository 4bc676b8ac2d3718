// SPDX-License-Identifier: BSD-3-Clause
// Waveforms: a quantity that swings about its mean, as the points of a profile. Made once, in
// floating point and rounded; the packet path sees the points only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/profile.h"

enum wave_kind {
	WAVE_NONE,
	WAVE_SINE,     // from the mean up
	WAVE_TRIANGLE, // from the mean up, straight
	WAVE_SQUARE,   // mean + amplitude for half a period, mean - amplitude for the other
	WAVE_WALK      // a random walk between mean - amplitude and mean + amplitude
};

#define WAVE_LEAST_PERIOD_NS 1000
#define WAVE_STEPS           512 // of a period, where a wave is made of steps
#define WAVE_WALK_STEPS      64  // of a walk in a period, each an eighth of the amplitude
#define WAVE_WALK_PERIODS    64  // after which a walk is where it was
#define WAVE_MOST_POINTS     (WAVE_WALK_STEPS * WAVE_WALK_PERIODS)

struct wave {
	enum wave_kind kind;
	double mean;        // in the profile's unit, as the next three
	double amplitude;   // above 0
	double least, most; // what the quantity may be
	uint64_t period_ns; // WAVE_LEAST_PERIOD_NS or more
	uint64_t start_ns;  // of the lab's clock: where the period begins
	bool steps;         // for quantities that may not change gradually, as rates
	uint64_t seed;      // of a walk, with the next two the address of its draws
	uint32_t random_key;
	uint32_t quantity; // told apart by their numbers, so that delay and loss walk apart
};

// Points that wave_make fills in; WAVE_MOST_POINTS at most.
uint32_t wave_points(enum wave_kind kind, bool steps);

// Fills in `points` (the caller's memory, of wave_points()) and `profile` over them, looping. Off
// from the wave, in units of the profile, by at most
//   sine         amplitude (pi / 512)^2 / 2 (1 + 512 ns / period)^2 + 2
//   triangle     amplitude 8 ns / period + 2
//   square, walk 1 (and a square's edge by 1 ns)
//   in steps     sine: amplitude pi (1 / 512 + 1 ns / period) + 1; triangle: 2/pi of that; each
//   step
//                has the wave's value at its middle, so sums over time are far better
// A walk starts at the mean; each 1/64 of a period it goes up or down by an eighth of the
// amplitude, likewise probable, and stays where that would leave the bounds; between steps it is
// straight (or, in steps, constant). After 32 periods it goes back the way it came, so it never
// jumps. -EINVAL with a sentence: a value that leaves least .. most, an amplitude that rounds to
// nothing, or a period that is too short or beyond 2^56 ns.
int wave_make(const struct wave *wave, struct profile_point *points, struct profile *profile,
	      const char *where, struct error *error);
