// SPDX-License-Identifier: BSD-3-Clause
// A network card's own clock against the lab's: which instant of the lab a tick of the card is, and
// the other way round, learnt from pairs of readings and followed while both run. The card's may
// have any unit (nanoseconds or ticks), zero and pace. Knows neither card nor driver. Private to
// the engine; one thread at a time, no function here can fail unless it says so.
//
// What a reading says is only that the card stood at `ticks` between two looks at the lab's clock.
// That width, and by how much the last predictions were off, is the error below. Both directions
// err on the safe side by it: a tick asked for is never before its instant, and an instant told is
// never before the tick.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The card stood at `ticks` not before and not after these instants of the lab's clock.
struct device_reading {
	uint64_t ticks;
	uint64_t before_ns;
	uint64_t after_ns;
};

struct device_clock {
	// The line: the last reading, and the pace since.
	uint64_t ticks;
	uint64_t ns;
	uint64_t ns_per_tick;  // times 2^32
	uint64_t ticks_per_ns; // times 2^32
	uint64_t error_ns;     // of both directions
	// What it is learnt from.
	struct device_reading anchor; // begin of the stretch over which the pace is measured
	struct device_reading middle; // the next anchor
	struct device_reading last;
	struct device_reading paced_from, paced_to; // between which the pace was measured
	uint64_t miss_ns; // by how much predictions have been off lately, at most
	uint64_t jumps;   // times that the card's clock was set
};

// Why a clock cannot be used.
enum device_clock_fault {
	DEVICE_CLOCK_GOOD,
	DEVICE_CLOCK_STANDS, // or runs backwards
	DEVICE_CLOCK_UNEVEN  // two stretches say different paces
};

// Three readings, milliseconds apart. Anything but GOOD: the clock is not to be used.
enum device_clock_fault device_clock_init(struct device_clock *clock,
					  const struct device_reading readings[3]);

// One more reading, about every 100 ms. One that says less than what is known without it (the
// thread lost its CPU in between) is passed over, and the error grows the while. True when the
// clock was found to have been set.
bool device_clock_follow(struct device_clock *clock, const struct device_reading *reading);

// The first tick that is not before an instant of the lab, the error reckoned in.
uint64_t device_clock_ticks(const struct device_clock *clock, uint64_t at_ns);

// An instant of the lab that is not before the tick, the error reckoned in. 0 for what lies before
// the lab's zero.
uint64_t device_clock_ns(const struct device_clock *clock, uint64_t ticks);

// The card's ticks in a second of the lab.
uint64_t device_clock_hz(const struct device_clock *clock);
