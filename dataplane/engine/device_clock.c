// SPDX-License-Identifier: BSD-3-Clause
// Learning a card's clock and following it.
#include "dataplane/engine/device_clock.h"

// The pace is measured over one to two of these, as the lab's own clock is (clock.c).
#define STRETCH_NS 1000000000ull
// More than this off what was predicted: somebody has set the card's clock.
#define JUMP_NS 1000000
// Two stretches of a clock that runs evenly differ by no more, besides what the width of the
// readings explains. The lab's clock is steered by up to 200 ppm itself.
#define UNEVEN_PPM 400
#define MISS_FADES 8
// The error holds for so long after a reading: twice the time until the next.
#define AHEAD_NS 200000000ull

static uint64_t width_ns(const struct device_reading *reading)
{
	return reading->after_ns - reading->before_ns;
}

static uint64_t middle_ns(const struct device_reading *reading)
{
	return reading->before_ns + width_ns(reading) / 2;
}

// How far apart two readings are by the lab's clock; at least 1.
static uint64_t span_ns(const struct device_reading *from, const struct device_reading *to)
{
	uint64_t begin_ns = middle_ns(from), end_ns = middle_ns(to);

	return end_ns > begin_ns ? end_ns - begin_ns : 1;
}

// The pace between two readings. False when the card's clock stood.
static bool set_pace(struct device_clock *clock, const struct device_reading *from,
		     const struct device_reading *to)
{
	uint64_t ns = span_ns(from, to), ticks = to->ticks - from->ticks;

	if (to->ticks <= from->ticks)
		return false;
	clock->ns_per_tick = (uint64_t)(((unsigned __int128)ns << 32) / ticks);
	clock->ticks_per_ns = (uint64_t)(((unsigned __int128)ticks << 32) / ns);
	clock->paced_from = *from;
	clock->paced_to = *to;
	return clock->ns_per_tick != 0 && clock->ticks_per_ns != 0;
}

// Half of a reading's width, and the tick under way, are what it may be off by.
static uint64_t reading_error_ns(const struct device_clock *clock,
				 const struct device_reading *reading)
{
	return (width_ns(reading) + 1) / 2 + (clock->ns_per_tick >> 32) + 1;
}

// What may be wrong up to AHEAD_NS after `now_ns`: the last reading, the pace from there on, and
// what predictions have been off by lately.
static void set_error(struct device_clock *clock, uint64_t now_ns)
{
	uint64_t last_ns = middle_ns(&clock->last);
	uint64_t ahead_ns = (now_ns > last_ns ? now_ns - last_ns : 0) + AHEAD_NS;
	uint64_t here_ns = reading_error_ns(clock, &clock->last);
	uint64_t pace_ns = reading_error_ns(clock, &clock->paced_from) +
			   reading_error_ns(clock, &clock->paced_to);
	uint64_t span = span_ns(&clock->paced_from, &clock->paced_to);

	clock->error_ns =
		here_ns + clock->miss_ns + (uint64_t)((unsigned __int128)pace_ns * ahead_ns / span);
}

// The line goes through the middle of a reading.
static void set_line(struct device_clock *clock, const struct device_reading *reading)
{
	clock->ticks = reading->ticks;
	clock->ns = middle_ns(reading);
	clock->last = *reading;
	set_error(clock, clock->ns);
}

// Do both stretches say one pace? Compared by where the first one's leads to at the third reading.
static bool is_even(const struct device_clock *first, const struct device_reading readings[3])
{
	uint64_t stretch_ns = span_ns(&readings[1], &readings[2]);
	uint64_t ticks = readings[2].ticks - readings[1].ticks;
	uint64_t told_ns = (uint64_t)(((unsigned __int128)ticks * first->ns_per_tick) >> 32);
	uint64_t off_ns = told_ns > stretch_ns ? told_ns - stretch_ns : stretch_ns - told_ns;
	uint64_t explained_ns =
		width_ns(&readings[0]) + 2 * width_ns(&readings[1]) + width_ns(&readings[2]) + 2;

	// The first stretch's error grows with the ratio of their lengths.
	explained_ns += explained_ns * stretch_ns / span_ns(&readings[0], &readings[1]);
	return off_ns <= explained_ns + stretch_ns * UNEVEN_PPM / 1000000;
}

enum device_clock_fault device_clock_init(struct device_clock *clock,
					  const struct device_reading readings[3])
{
	*clock = (struct device_clock){.anchor = readings[0], .middle = readings[2]};
	if (!set_pace(clock, &readings[0], &readings[1]) || readings[2].ticks <= readings[1].ticks)
		return DEVICE_CLOCK_STANDS;
	if (!is_even(clock, readings))
		return DEVICE_CLOCK_UNEVEN;
	set_pace(clock, &readings[0], &readings[2]);
	set_line(clock, &readings[2]);
	return DEVICE_CLOCK_GOOD;
}

// Nanoseconds of the lab between the line's tick and another.
static __int128 since_ns(const struct device_clock *clock, uint64_t ticks)
{
	return ((__int128)(int64_t)(ticks - clock->ticks) * clock->ns_per_tick) >> 32;
}

// By how much a reading is off what was predicted for it, beyond its width.
static uint64_t miss_of(const struct device_clock *clock, const struct device_reading *reading)
{
	__int128 told_ns = (__int128)clock->ns + since_ns(clock, reading->ticks);

	if (told_ns < (__int128)reading->before_ns)
		return (uint64_t)((__int128)reading->before_ns - told_ns);
	if (told_ns > (__int128)reading->after_ns)
		return (uint64_t)(told_ns - (__int128)reading->after_ns);
	return 0;
}

static void begin_anew(struct device_clock *clock, const struct device_reading *reading)
{
	clock->jumps++;
	clock->anchor = *reading; // what was measured across the jump is void
	clock->middle = *reading;
	set_line(clock, reading);
}

static void learn(struct device_clock *clock, const struct device_reading *reading)
{
	set_pace(clock, &clock->anchor, reading);
	if (span_ns(&clock->middle, reading) >= STRETCH_NS) {
		clock->anchor = clock->middle;
		clock->middle = *reading;
	}
	set_line(clock, reading);
}

bool device_clock_follow(struct device_clock *clock, const struct device_reading *reading)
{
	uint64_t miss_ns;

	// A clock that was set is none the worse known by a wide reading.
	if ((width_ns(reading) + 1) / 2 > clock->error_ns && miss_of(clock, reading) == 0) {
		set_error(clock, reading->after_ns);
		return false;
	}
	miss_ns = miss_of(clock, reading);
	if (reading->ticks <= clock->last.ticks || miss_ns > JUMP_NS) {
		begin_anew(clock, reading);
		return true;
	}
	clock->miss_ns -= clock->miss_ns / MISS_FADES;
	if (clock->miss_ns < MISS_FADES)
		clock->miss_ns = 0;
	if (miss_ns > clock->miss_ns)
		clock->miss_ns = miss_ns;
	learn(clock, reading);
	return false;
}

uint64_t device_clock_ticks(const struct device_clock *clock, uint64_t at_ns)
{
	__int128 ahead_ns = (__int128)at_ns + clock->error_ns - clock->ns;
	// Rounded up: what is shifted out counts as a whole tick, whatever the sign; and the pace
	// itself, rounded down above, as one more step of its last place for each nanosecond.
	__int128 ahead = ahead_ns * (clock->ticks_per_ns + (ahead_ns > 0));

	return clock->ticks + (uint64_t)(int64_t)((ahead + UINT32_MAX) >> 32);
}

uint64_t device_clock_ns(const struct device_clock *clock, uint64_t ticks)
{
	__int128 at_ns = (__int128)clock->ns + since_ns(clock, ticks) + clock->error_ns + 1;

	return at_ns > 0 ? (uint64_t)at_ns : 0;
}

uint64_t device_clock_hz(const struct device_clock *clock)
{
	return (uint64_t)(((unsigned __int128)clock->ticks_per_ns * 1000000000) >> 32);
}
