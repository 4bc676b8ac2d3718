// SPDX-License-Identifier: BSD-3-Clause
// Runs frames through a channel with any queue, as the engine does: all that is due by then leaves
// before a frame enters.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/channel.h"

#define RUN_MS UINT64_C(1000000)

// What became of a frame, by handle.
struct run_outcome {
	bool done;
	bool marked;
	enum drop_reason lost;
	uint64_t left_at_ns; // the end of its waiting: departs_at_ns of its fate
	uint64_t release_at_ns;
	uint32_t turn; // how many had left before it
};

struct run {
	struct channel_params params;
	struct channel_state channel;
	void *memory;
	struct run_outcome *outcomes; // the test's
	uint32_t left;
};

// A channel of so many bits a second, 0 for no rate.
static inline void run_begin(struct run *run, const struct queue_params *queue, uint64_t bps,
			     struct run_outcome *outcomes)
{
	size_t bytes;

	memset(run, 0, sizeof(*run));
	run->params = (struct channel_params){
		.seed = 719, .random_key = 3, .carrier = true, .queue = *queue};
	run->outcomes = outcomes;
	assert_int_equal(rate_make_params(bps, 0, 0, 0, "", &run->params.rate, NULL), 0);
	assert_int_equal(queue_finish(&run->params.queue, &run->params.rate, "", NULL), 0);
	channel_finish(&run->params);
	bytes = queue_memory_bytes(&run->params.queue);
	// Exactly so large, so that a sanitiser sees any step beyond.
	run->memory = bytes > 0 ? calloc(1, bytes) : NULL;
	queue_attach(&run->params.queue, &run->channel.queue, run->memory, 0);
}

static inline void run_end(struct run *run)
{
	free(run->memory);
}

static inline void run_take(struct run *run, uint32_t handle, const struct channel_fate *fate)
{
	struct run_outcome *outcome = &run->outcomes[handle];

	assert_false(outcome->done);
	*outcome = (struct run_outcome){.done = true,
					.marked = fate->flags & CHANNEL_MARKED,
					.lost = fate->lost,
					.left_at_ns = fate->departs_at_ns,
					.release_at_ns = fate->release_at_ns,
					.turn = run->left++};
}

// All that is due at or before an instant.
static inline void run_until(struct run *run, uint64_t at_ns)
{
	while (channel_due_ns(&run->params, &run->channel) <= at_ns) {
		uint32_t handle;
		struct channel_fate fate =
			channel_depart(&run->params, &run->channel, at_ns, &handle);

		run_take(run, handle, &fate);
	}
}

static inline struct channel_fate run_enter(struct run *run, uint64_t at_ns,
					    struct channel_frame frame)
{
	struct channel_fate fate;

	run_until(run, at_ns);
	fate = channel_enter(&run->params, &run->channel, at_ns, &frame);
	if (!(fate.flags & CHANNEL_WAITS))
		run_take(run, frame.handle, &fate);
	return fate;
}

static inline void run_out(struct run *run)
{
	run_until(run, CHANNEL_NEVER - 1);
	assert_int_equal(channel_due_ns(&run->params, &run->channel), CHANNEL_NEVER);
}
