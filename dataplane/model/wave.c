// SPDX-License-Identifier: BSD-3-Clause
// Waves to points: few for what is straight, many for what is round.
#include "dataplane/model/wave.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "dataplane/model/rng.h"

#define TURN            6.283185307179586
#define SINE_POINTS     512
#define TRIANGLE_POINTS 3
#define SQUARE_POINTS   2
#define WALK_LEVELS     8 // above and below the mean
#define MOST_PERIOD_NS  (UINT64_C(1) << 56)

uint32_t wave_points(enum wave_kind kind, bool steps)
{
	switch (kind) {
	case WAVE_SINE:
		return steps ? WAVE_STEPS : SINE_POINTS;
	case WAVE_TRIANGLE:
		return steps ? WAVE_STEPS : TRIANGLE_POINTS;
	case WAVE_SQUARE:
		return SQUARE_POINTS;
	case WAVE_WALK:
		return WAVE_MOST_POINTS;
	case WAVE_NONE:
		break;
	}
	return 0;
}

static int wave_check(const struct wave *wave, const char *where, struct error *error)
{
	if (wave_points(wave->kind, wave->steps) == 0)
		return error_set(error, -EINVAL, where,
				 "a wave of unknown kind %d: use sine, triangle, square or walk",
				 (int)wave->kind);
	if (wave->period_ns < WAVE_LEAST_PERIOD_NS || wave->period_ns > MOST_PERIOD_NS)
		return error_set(error, -EINVAL, where,
				 "a wave's period of %" PRIu64 " ns: expected 1 us to two years",
				 wave->period_ns);
	if (!(wave->amplitude > 0 && llround(wave->amplitude) > 0))
		return error_set(error, -EINVAL, where,
				 "a wave's amplitude of %g rounds to nothing: leave the wave out",
				 wave->amplitude);
	if (!(wave->mean - wave->amplitude >= wave->least &&
	      wave->mean + wave->amplitude <= wave->most))
		return error_set(
			error, -EINVAL, where,
			"a wave from %.10g to %.10g leaves the range %.10g to %.10g: lower "
			"its amplitude",
			wave->mean - wave->amplitude, wave->mean + wave->amplitude, wave->least,
			wave->most);
	return 0;
}

// From -1 to 1 at a part of the period, 0 to below 1.
static double shape(enum wave_kind kind, double part)
{
	switch (kind) {
	case WAVE_SINE:
		return sin(TURN * part);
	case WAVE_TRIANGLE:
		return part < 0.25 ? 4 * part : part < 0.75 ? 2 - 4 * part : 4 * part - 4;
	default:
		return part < 0.5 ? 1 : -1;
	}
}

// Where a period is after `parts` of `of` equal parts.
static uint64_t part_ns(const struct wave *wave, uint64_t parts, uint64_t of)
{
	return (uint64_t)((unsigned __int128)wave->period_ns * parts / of);
}

static void fill_wave(const struct wave *wave, struct profile_point *points, uint32_t count)
{
	const bool corners = wave->kind == WAVE_TRIANGLE && !wave->steps;
	const bool middles = wave->kind == WAVE_SQUARE || wave->steps;

	for (uint32_t i = 0; i < count; i++) {
		// A triangle has its corners at 1/4 and 3/4.
		uint64_t parts = corners ? (i > 0 ? 2 * i - 1 : 0) : i;
		uint64_t of = corners ? 4 : count;
		uint64_t at_ns = part_ns(wave, parts, of);
		uint64_t end_ns = middles ? part_ns(wave, parts + 1, of) : at_ns;
		double part = ((double)at_ns + (double)end_ns) / 2 / (double)wave->period_ns;

		points[i] = (struct profile_point){
			.at_ns = at_ns,
			.value = llround(wave->mean + wave->amplitude * shape(wave->kind, part))};
	}
}

// There and, on the same way, back again.
static void fill_walk(const struct wave *wave, struct profile_point *points, uint32_t count)
{
	int level = 0;

	for (uint32_t i = 0; i <= count / 2; i++) {
		uint64_t address = (uint64_t)wave->quantity << 32 | i;
		int64_t value = llround(wave->mean + wave->amplitude * level / WALK_LEVELS);

		points[i].value = value;
		points[(count - i) % count].value = value;
		level += rng_draw(wave->seed, wave->random_key, RNG_WALK, address) >> 31 ? 1 : -1;
		level = level > WALK_LEVELS    ? WALK_LEVELS
			: level < -WALK_LEVELS ? -WALK_LEVELS
					       : level;
	}
	for (uint32_t i = 0; i < count; i++)
		points[i].at_ns = wave->period_ns / WAVE_WALK_STEPS * i +
				  wave->period_ns % WAVE_WALK_STEPS * i / WAVE_WALK_STEPS;
}

int wave_make(const struct wave *wave, struct profile_point *points, struct profile *profile,
	      const char *where, struct error *error)
{
	int status = wave_check(wave, where, error);
	struct profile made = {.points = points,
			       .count = wave_points(wave->kind, wave->steps),
			       .interpolated = wave->kind != WAVE_SQUARE && !wave->steps,
			       .period_ns = wave->period_ns,
			       .start_ns = wave->start_ns};

	if (status != 0)
		return status;
	if (wave->kind == WAVE_WALK) {
		made.period_ns *= WAVE_WALK_PERIODS;
		fill_walk(wave, points, made.count);
	} else {
		fill_wave(wave, points, made.count);
	}
	status = profile_make(&made, where, error);
	if (status == 0)
		*profile = made;
	return status;
}
