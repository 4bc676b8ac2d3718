// SPDX-License-Identifier: BSD-3-Clause
// Calibrating the counter and steering the live clock after CLOCK_MONOTONIC.
#include "dataplane/engine/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define CALIBRATION_NS 20000000ull
// The rate is measured over one to two of these: an error of 100 ns in reading both clocks is then
// 0.1 ppm.
#define STRETCH_NS 1000000000ull
// Too short a stretch tells nothing new.
#define SHORTEST_NS 20000000ull
// An offset is worked off in this time, or in twice the time between two calls if that is longer:
// less would overshoot.
#define HORIZON_NS 500000000ull
// At most this much faster or slower; CLOCK_MONOTONIC itself is slewed by up to 500 ppm.
#define STEER_PPM_MOST 200
// A greater offset is a jump (the machine was paused) and is not worked off.
#define JUMP_NS 10000000
// A new line holds from a little ahead, so that it is in force nowhere before it is seen
// everywhere.
#define AHEAD_NS 10000000ull
#define SAMPLES  16

uint64_t clock_monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

// The counter is trusted when the CPU promises a constant rate and the kernel has not found
// otherwise.
static bool counter_is_steady(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned eax, ebx, ecx, edx;
	if (!__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) || !(edx & (1u << 8)))
		return false;
	FILE *file =
		fopen("/sys/devices/system/clocksource/clocksource0/available_clocksource", "re");
	if (file == NULL)
		return true;
	char sources[256] = "";
	bool known = fgets(sources, sizeof(sources), file) != NULL;
	fclose(file);
	return !known || strstr(sources, "tsc") != NULL;
#else
	return true; // the architectural timer
#endif
}

// Reads both clocks as one: of several tries the one in which the least time passed.
static struct clock_pair pair_read(void)
{
	struct clock_pair best = {0};
	uint64_t narrowest = UINT64_MAX;
	for (int i = 0; i < SAMPLES; i++) {
		uint64_t before = rte_rdtsc();
		uint64_t monotonic_ns = clock_monotonic_ns();
		uint64_t width = rte_rdtsc() - before;
		if (width < narrowest) {
			narrowest = width;
			best.ticks = before + width / 2;
			best.monotonic_ns = monotonic_ns;
		}
	}
	return best;
}

// Nanoseconds per tick between two pairs, times 2^32; 0 when the counter stands still.
static uint64_t pair_rate(const struct clock_pair *from, const struct clock_pair *to)
{
	uint64_t ticks = to->ticks - from->ticks;
	if (to->ticks <= from->ticks)
		return 0;
	return (uint64_t)(((unsigned __int128)(to->monotonic_ns - from->monotonic_ns) << 32) /
			  ticks);
}

struct clock_line clock_line_bend(const struct clock_line *from, uint64_t ticks, uint64_t rate)
{
	uint64_t before = ticks >= from->ticks ? from->rate_after : from->rate_before;
	unsigned __int128 now = ((unsigned __int128)from->ns << 32) + from->fraction;
	if (ticks >= from->ticks)
		now += (unsigned __int128)(ticks - from->ticks) * before;
	else
		now -= (unsigned __int128)(from->ticks - ticks) * before;
	return (struct clock_line){.ticks = ticks,
				   .ns = (uint64_t)(now >> 32),
				   .fraction = (uint64_t)now & UINT32_MAX,
				   .rate_before = before,
				   .rate_after = rate};
}

static void publish(struct live_clock *clock, const struct clock_line *line)
{
	struct clock_line *spare = &clock->lines[(clock->generation + 1) & 1];
	// A reader that sees any of these sees the generation before them, too.
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&spare->ticks, line->ticks, __ATOMIC_RELAXED);
	__atomic_store_n(&spare->ns, line->ns, __ATOMIC_RELAXED);
	__atomic_store_n(&spare->fraction, line->fraction, __ATOMIC_RELAXED);
	__atomic_store_n(&spare->rate_before, line->rate_before, __ATOMIC_RELAXED);
	__atomic_store_n(&spare->rate_after, line->rate_after, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->generation, clock->generation + 1, __ATOMIC_RELEASE);
}

int live_clock_init(struct live_clock *clock)
{
	struct timespec now;
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return -errno;
	*clock = (struct live_clock){.counter = counter_is_steady()};

	if (clock->counter) {
		struct clock_pair first = pair_read();
		struct timespec rest = {.tv_nsec = CALIBRATION_NS};
		while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR)
			;
		clock->last = pair_read();
		clock->rate = pair_rate(&first, &clock->last);
		clock->anchor = first;
		clock->middle = clock->last;
		clock->counter = clock->rate != 0;
	}
	if (!clock->counter)
		clock->last.monotonic_ns = clock_monotonic_ns();
	clock->zero_ns = clock->last.monotonic_ns;
	clock->lines[0] = (struct clock_line){
		.ticks = clock->last.ticks, .rate_before = clock->rate, .rate_after = clock->rate};
	clock_gettime(CLOCK_REALTIME, &now);
	clock->epoch_ns = (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec -
			  (clock_monotonic_ns() - clock->zero_ns);
	return 0;
}

// The measured rate, made a little faster or slower so that the offset is gone after the horizon.
static uint64_t steered_rate(const struct live_clock *clock, uint64_t since_last_ns)
{
	int64_t horizon =
		(int64_t)(since_last_ns * 2 > HORIZON_NS ? since_last_ns * 2 : HORIZON_NS);
	__int128 correction = (__int128)clock->rate * clock->offset_ns / horizon;
	__int128 most = (__int128)clock->rate * STEER_PPM_MOST / 1000000;
	if (correction > most)
		correction = most;
	if (correction < -most)
		correction = -most;
	return (uint64_t)((__int128)clock->rate + correction);
}

void live_clock_adjust(struct live_clock *clock)
{
	if (!clock->counter)
		return;
	struct clock_line line = clock->lines[clock->generation & 1];
	struct clock_pair now = pair_read();
	uint64_t since_last_ns = now.monotonic_ns - clock->last.monotonic_ns;
	if (since_last_ns < SHORTEST_NS)
		return;
	clock->last = now;
	clock->offset_ns =
		(int64_t)(now.monotonic_ns - clock->zero_ns - clock_line_ns(&line, now.ticks));

	if (clock->offset_ns > JUMP_NS || clock->offset_ns < -JUMP_NS) {
		clock->absorbed_ns += clock->offset_ns;
		clock->zero_ns += (uint64_t)clock->offset_ns;
		clock->offset_ns = 0;
		clock->anchor = now; // what was measured across the jump is void
		clock->middle = now;
		return;
	}
	uint64_t rate = pair_rate(&clock->anchor, &now);
	if (rate != 0 && now.monotonic_ns - clock->anchor.monotonic_ns >= SHORTEST_NS)
		clock->rate = rate;
	if (now.monotonic_ns - clock->middle.monotonic_ns >= STRETCH_NS) {
		clock->anchor = clock->middle;
		clock->middle = now;
	}
	uint64_t steered = steered_rate(clock, since_last_ns);
	uint64_t ahead = (uint64_t)(((unsigned __int128)AHEAD_NS << 32) / clock->rate);
	// A pause between reading and publishing (this thread lost its CPU) is noticed and made
	// good.
	for (int tries = 0; tries < 3; tries++) {
		uint64_t from = rte_rdtsc() + ahead;
		struct clock_line bent = clock_line_bend(&line, from, steered);
		if (rte_rdtsc() + ahead / 2 < from || tries == 2) {
			publish(clock, &bent);
			return;
		}
	}
}

uint64_t live_clock_epoch_ns(const struct live_clock *clock)
{
	return clock->epoch_ns;
}

uint64_t live_clock_now_slow(const struct live_clock *clock)
{
	return clock_monotonic_ns() - clock->zero_ns;
}
