// SPDX-License-Identifier: BSD-3-Clause
// Waveforms become profiles: delay and loss as they are, a rate in steps.
#include <errno.h>
#include <math.h>
#include <string.h>

#include "topologies/impairment_translate.h"

#define TWO_32 4294967296.0

// What a wave follows from; the numbers by which quantities are told apart.
enum { WAVE_OF_DELAY, WAVE_OF_LOSS, WAVE_OF_RATE };

struct memory {
	struct profile profile;
	struct rate_profile line; // of a rate
	struct profile_point points[];
	// Then, of a rate, its steps.
};

static int make(const struct translation *t, const struct wave *wave, uint32_t count,
		struct memory *memory)
{
	int result = wave_make(wave, memory->points, &memory->profile, t->where, t->error);
	struct rate_step *steps;

	if (result < 0 || wave->quantity != WAVE_OF_RATE)
		return result;
	// Steps hold 128-bit numbers and stand on their own alignment behind the points.
	steps = (struct rate_step *)(((uintptr_t)(memory->points + count) + 15) & ~(uintptr_t)15);
	return rate_profile_make(&memory->line, &memory->profile, steps, t->where, t->error);
}

static const struct memory *derive(const struct translation *t, const struct impairment_wave *words,
				   double mean, double scale, double most, uint32_t quantity)
{
	struct wave wave;
	uint32_t count = wave_points(words->kind, quantity == WAVE_OF_RATE);
	struct memory *memory;
	bool made;

	if (!t->tables) {
		error_set(t->error, -EINVAL, t->where, "a wave cannot be made here");
		return NULL;
	}
	memset(&wave, 0, sizeof(wave)); // the key, padding included
	wave.kind = words->kind;
	wave.mean = mean * scale;
	wave.amplitude = words->amplitude * scale;
	wave.least = 0;
	wave.most = most;
	wave.period_ns = words->period_ns;
	wave.steps = quantity == WAVE_OF_RATE;
	wave.seed = t->to->seed;
	wave.random_key = t->to->random_key;
	wave.quantity = quantity;
	memory = tables_derive(
		t->tables, &wave, sizeof(wave),
		sizeof(*memory) +
			count * (sizeof(struct profile_point) + sizeof(struct rate_step)) + 16,
		&made);
	if (!memory) {
		error_set(t->error, -ENOMEM, t->where, "no memory for a wave");
		return NULL;
	}
	if (made || make(t, &wave, count, memory) == 0)
		return memory;
	tables_forget(t->tables, memory);
	return NULL;
}

int translate_waves(const struct translation *t)
{
	const struct impairment *from = t->from;
	const struct memory *memory;

	if (from->delay.wave.kind != WAVE_NONE) {
		memory = derive(t, &from->delay.wave, (double)from->delay.delay_ns, 1, 0x1p62,
				WAVE_OF_DELAY);
		if (!memory)
			return -EINVAL;
		t->to->delay_profile = &memory->profile;
	}
	if (from->loss.wave.kind != WAVE_NONE) {
		memory =
			derive(t, &from->loss.wave, from->loss.ratio, TWO_32, TWO_32, WAVE_OF_LOSS);
		if (!memory)
			return -EINVAL;
		t->to->loss_profile = &memory->profile;
	}
	if (from->rate.wave.kind != WAVE_NONE) {
		if (from->burst.bytes)
			return error_set(t->error, -EINVAL, t->where,
					 "a wave of the rate and a burst exclude each other; give "
					 "one");
		memory = derive(t, &from->rate.wave, (double)from->rate.bps, 1, 1e13, WAVE_OF_RATE);
		if (!memory)
			return -EINVAL;
		rate_follow_profile(&t->to->rate, &memory->line);
	}
	return 0;
}
