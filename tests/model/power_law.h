// SPDX-License-Identifier: BSD-3-Clause
// What tests of the law can see, counted. Most parameters leave nothing to chance once the seed is
// known: queues, managers of queues, policers, lines, buckets and slots decide as computed, and
// random numbers are addressed. So a channel whose parameter is 5 % off is compared with a right
// one frame by frame, as `verify` does (its clause `law`): one difference in fate, order or
// departure is a catch, and an honest run has none, ever: false alarms are not rare but impossible.
// Whether a wrong one differs hangs on the load alone; at least 99 of 100 loads must show it.
// That the right one is right is shown elsewhere: against the standards' texts in test_aqm_*,
// test_police and test_discipline_*, and to the nanosecond in test_rate, test_bucket and test_slot.
#pragma once

#include <math.h>
#include <stdlib.h>

#include "tests/model/queue_run.h"
#include "tests/model/statistics.h"

#define POWER_LINE   8000000 // a microsecond a byte
#define POWER_FRAMES 30000
#define POWER_RUNS   2 // of each kind, or as many as POWER_RUNS says

// A row of the table: makes a parameter `factor` times what it should be. Whole numbers that are
// small (weights, packets) are 20, of which 5 % is 1.
struct power_row {
	const char *name;
	void (*make)(struct channel_params *params, double factor);
};

static inline uint64_t times(double value, double factor)
{
	return (uint64_t)llround(value * factor);
}

// All of a fate that a capture shows.
struct shown {
	enum drop_reason lost;
	uint32_t flags;
	uint64_t release_at_ns, copy_release_at_ns;
};

static struct shown right[POWER_FRAMES], wrong[POWER_FRAMES];

static inline void show(struct shown *shown, uint32_t handle, const struct channel_fate *fate)
{
	struct shown *of = &shown[handle];

	*of = (struct shown){.lost = fate->lost, .flags = fate->flags & ~(uint32_t)CHANNEL_WAITS};
	if (fate->lost == DROP_NONE) {
		of->release_at_ns = fate->release_at_ns;
		if (fate->flags & CHANNEL_COPIED)
			of->copy_release_at_ns = fate->copy_release_at_ns;
	}
}

static inline void leave(const struct channel_params *params, struct channel_state *state,
			 uint64_t at_ns, struct shown *shown)
{
	while (channel_due_ns(params, state) <= at_ns) {
		uint32_t handle;
		struct channel_fate fate = channel_depart(params, state, at_ns, &handle);

		show(shown, handle, &fate);
	}
}

// By turns less and more than the line takes, of four dozen flows, in all classes and with any ECN.
static inline uint64_t frame_of_load(uint64_t seed, uint32_t i, struct channel_frame *frame)
{
	static const double loads[] = {0.5, 1.1, 0.8, 1.5, 3, 0.2, 1.02};
	static const uint8_t dscp_of[] = {46, 10, 0, 1};
	struct rng_block random = rng_block(seed, 5, i, 0);
	double gap_ns = -log((random.word[1] + 0.5) / 4294967296.0) * 787000;

	*frame = (struct channel_frame){.handle = i,
					.bytes = 60 + random.word[0] % 1455,
					.flow = rng_block(seed, 6, random.word[2] % 48, 0).word[0],
					.dscp = dscp_of[random.word[3] % 4],
					.ecn = (uint8_t)(random.word[3] / 4 % 4)};
	return (uint64_t)(gap_ns / loads[i / 800 % 7]);
}

static inline void run(const struct power_row *row, double factor, uint64_t seed,
		       struct shown *shown)
{
	struct channel_params params = {
		.seed = seed, .random_key = 3, .carrier = true, .delay_ns = 20 * RUN_MS};
	struct channel_state state = {0};
	uint64_t at_ns = 0;
	size_t bytes;
	void *memory;

	assert_int_equal(rate_make_params(POWER_LINE, 0, 0, 0, "", &params.rate, NULL), 0);
	row->make(&params, factor);
	assert_int_equal(queue_finish(&params.queue, &params.rate, "", NULL), 0);
	channel_finish(&params);
	bytes = queue_memory_bytes(&params.queue);
	memory = bytes > 0 ? calloc(1, bytes) : NULL;
	queue_attach(&params.queue, &state.queue, memory, 0);
	for (uint32_t i = 0; i < POWER_FRAMES; i++) {
		struct channel_frame frame;
		struct channel_fate fate;

		at_ns += frame_of_load(seed, i, &frame);
		leave(&params, &state, at_ns, shown);
		fate = channel_enter(&params, &state, at_ns, &frame);
		if (!(fate.flags & CHANNEL_WAITS))
			show(shown, i, &fate);
	}
	leave(&params, &state, CHANNEL_NEVER - 1, shown);
	free(memory);
}

static inline bool alike(void)
{
	for (uint32_t i = 0; i < POWER_FRAMES; i++)
		if (right[i].lost != wrong[i].lost || right[i].flags != wrong[i].flags ||
		    right[i].release_at_ns != wrong[i].release_at_ns ||
		    right[i].copy_release_at_ns != wrong[i].copy_release_at_ns)
			return false;
	return true;
}

static inline void check_rows(const struct power_row *rows, size_t count)
{
	const char *asked = getenv("POWER_RUNS");
	uint64_t runs = asked ? (uint64_t)atoi(asked) : POWER_RUNS;

	for (size_t i = 0; i < count; i++) {
		uint64_t more = 0, less = 0;

		for (uint64_t seed = 1; seed <= runs; seed++) {
			run(&rows[i], 1, seed, right);
			run(&rows[i], 1, seed, wrong);
			if (!alike())
				fail_msg("%s: an honest run is not like another", rows[i].name);
			run(&rows[i], 1 + WRONG_BY, seed, wrong);
			more += !alike();
			run(&rows[i], 1 - WRONG_BY, seed, wrong);
			less += !alike();
		}
		if (100 * more < 99 * runs || 100 * less < 99 * runs)
			fail_msg("%s: 5 %% more is caught in %d of %d runs, less in %d",
				 rows[i].name, (int)more, (int)runs, (int)less);
	}
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))
