// SPDX-License-Identifier: BSD-3-Clause
// The live engine's clock: nanoseconds since its start at the pace of CLOCK_MONOTONIC, read from
// the CPU's time stamp counter by one multiplication. It is steered, never set: it follows
// CLOCK_MONOTONIC by running a little faster or slower, and never goes back. Private to the engine.
//
// One thread (control) calls live_clock_init and live_clock_adjust; any thread reads.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_cycles.h>

// Where the clock was at one tick and how fast it runs before and after it. Ticks before `ticks`
// still follow the line before, so that a change can be published ahead of its instant.
struct clock_line {
	uint64_t ticks;
	uint64_t ns;
	uint64_t fraction;    // of a nanosecond, 2^-32
	uint64_t rate_before; // nanoseconds per tick, times 2^32
	uint64_t rate_after;
};

// Both clocks at one instant.
struct clock_pair {
	uint64_t ticks;
	uint64_t monotonic_ns;
};

struct live_clock {
	// Read at every turn by every worker; written ten times a second. A reader that finds
	// `generation` changed reads again.
	uint64_t generation; // lines[generation & 1] holds
	struct clock_line lines[2];
	bool counter; // false: no trustworthy counter, clock_gettime instead
	// The control thread's own.
	uint64_t zero_ns;         // CLOCK_MONOTONIC of the clock's zero
	uint64_t epoch_ns;        // CLOCK_REALTIME of the same instant
	struct clock_pair anchor; // begin of the stretch over which the counter's rate is measured
	struct clock_pair middle; // the next anchor
	struct clock_pair last;   // of the last adjustment
	uint64_t rate;            // measured, nanoseconds per tick, times 2^32
	int64_t offset_ns;        // CLOCK_MONOTONIC - this clock, at the last adjustment
	int64_t absorbed_ns;      // jumps too great to be followed (a paused machine), given up
};

// Calibrates over about 20 ms; the clock's zero is the end of that. 0, or a negative errno when the
// system has no CLOCK_MONOTONIC.
int live_clock_init(struct live_clock *clock);

// Compares with CLOCK_MONOTONIC and steers; to be called about every 100 ms. Cannot fail.
void live_clock_adjust(struct live_clock *clock);

// CLOCK_REALTIME of the clock's zero.
uint64_t live_clock_epoch_ns(const struct live_clock *clock);

// CLOCK_MONOTONIC in nanoseconds.
uint64_t clock_monotonic_ns(void);

// The line's value at a tick. Exact to 2^-32 ns per tick of rate; no drift over any length. Cannot
// fail. Pure.
static inline uint64_t clock_line_ns(const struct clock_line *line, uint64_t ticks)
{
	if (ticks >= line->ticks)
		return line->ns +
		       (uint64_t)(((unsigned __int128)(ticks - line->ticks) * line->rate_after +
				   line->fraction) >>
				  32);
	unsigned __int128 back = (unsigned __int128)(line->ticks - ticks) * line->rate_before;
	unsigned __int128 now = ((unsigned __int128)line->ns << 32) + line->fraction;
	return now > back ? (uint64_t)((now - back) >> 32) : 0;
}

// A line that takes over from `from` at `ticks` without a step and runs at `rate` from there. Pure.
struct clock_line clock_line_bend(const struct clock_line *from, uint64_t ticks, uint64_t rate);

// Now, in nanoseconds since the clock's zero. No division, no system call, no lock. Any thread;
// never less than the same thread was told before.
uint64_t live_clock_now_slow(const struct live_clock *clock);
static inline uint64_t live_clock_now_ns(const struct live_clock *clock)
{
	if (__builtin_expect(!clock->counter, 0))
		return live_clock_now_slow(clock);
	for (;;) {
		uint64_t generation = __atomic_load_n(&clock->generation, __ATOMIC_ACQUIRE);
		const struct clock_line *shared = &clock->lines[generation & 1];
		struct clock_line line = {
			.ticks = __atomic_load_n(&shared->ticks, __ATOMIC_RELAXED),
			.ns = __atomic_load_n(&shared->ns, __ATOMIC_RELAXED),
			.fraction = __atomic_load_n(&shared->fraction, __ATOMIC_RELAXED),
			.rate_before = __atomic_load_n(&shared->rate_before, __ATOMIC_RELAXED),
			.rate_after = __atomic_load_n(&shared->rate_after, __ATOMIC_RELAXED),
		};
		uint64_t ticks = rte_rdtsc();
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&clock->generation, __ATOMIC_RELAXED) == generation)
			return clock_line_ns(&line, ticks);
	}
}
