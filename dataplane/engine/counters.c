// SPDX-License-Identifier: BSD-3-Clause
// Copies of counters, summed over the workers. A worker writes its own, plainly; readers of a
// running engine see each value whole and a little old.
#include <assert.h>
#include <string.h>

#include "dataplane/engine/core.h"
#include "dataplane/engine/port.h"

// The sanitiser for threads knows no such pair of a plain writer and a reader that is content with
// an old value.
#define READS_WHAT_RUNS __attribute__((no_sanitize("thread")))

READS_WHAT_RUNS static uint64_t load(const uint64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

// All counter structs here are arrays of 64-bit words.
static void add_words(void *into, const void *from, size_t bytes)
{
	uint64_t *sum = into;
	const uint64_t *words = from;

	for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
		sum[i] += load(&words[i]);
}

// The same for a struct that one worker alone writes.
static void copy_words(void *into, const void *from, size_t bytes)
{
	uint64_t *copy = into;
	const uint64_t *words = from;

	for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
		copy[i] = load(&words[i]);
}

static_assert(sizeof(struct histogram) % sizeof(uint64_t) == 0, "copied word by word");

static uint64_t all_lost(const uint64_t *lost)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < DROP_REASONS; i++)
		sum += lost[i];
	return sum;
}

void engine_channel_read(const struct engine *engine, uint32_t channel,
			 struct engine_channel_counters *counters)
{
	memset(counters, 0, sizeof(*counters));
	for (unsigned i = 0; i < engine->worker_count; i++)
		add_words(counters, &engine->workers[i].channels[channel], sizeof(*counters));
	counters->in_flight = counters->entered + counters->duplicated - counters->delivered -
			      all_lost(counters->lost);
}

void engine_port_read(const struct engine *engine, uint32_t port,
		      struct engine_port_counters *counters)
{
	memset(counters, 0, sizeof(*counters));
	for (unsigned i = 0; i < engine->worker_count; i++)
		add_words(counters, &engine->workers[i].ports[port], sizeof(*counters));
	if (engine->ports[port].device) {
		// Longer than the port carries: they came in and went no further.
		uint64_t refused = port_device_refused(engine->ports[port].device);

		counters->received += refused;
		counters->lost[DROP_MTU] += refused;
	}
}

void engine_site_read(const struct engine *engine, uint32_t site,
		      struct engine_site_counters *counters)
{
	memset(counters, 0, sizeof(*counters));
	for (unsigned i = 0; i < engine->worker_count; i++)
		add_words(counters, &engine->workers[i].sites[site], sizeof(*counters));
}

void engine_flow_read(const struct engine *engine, uint32_t flow,
		      struct engine_flow_counters *counters)
{
	copy_words(counters, &engine->receivers[flow].counters, sizeof(*counters));
	counters->sent = load(&engine->senders[flow].sequence);
	for (unsigned i = 0; i < engine->worker_count; i++)
		add_words(counters->lost, engine->workers[i].flow_lost[flow],
			  sizeof(counters->lost));
}

void engine_flow_delay(const struct engine *engine, uint32_t flow, struct histogram *delay)
{
	copy_words(delay, &engine->receivers[flow].delay, sizeof(*delay));
}

void engine_lateness(const struct engine *engine, struct histogram *lateness)
{
	const struct histogram *live = core_live_lateness(engine);

	if (live)
		copy_words(lateness, live, sizeof(*lateness));
	else
		histogram_reset(lateness);
}

void engine_flow_reset_gap(struct engine *engine, uint32_t flow)
{
	struct engine_flow_counters *counters = &engine->receivers[flow].counters;

	counters->gap_ns = 0;
	counters->gap_from_ns = 0;
	counters->gap_until_ns = 0;
}

// What a mark stands for, in any worker's table.
READS_WHAT_RUNS static const struct core_path *find_path(const struct engine *engine, uint32_t mark)
{
	for (unsigned w = 0; w < engine->worker_count; w++) {
		const struct core_path *paths = engine->workers[w].paths;

		for (uint32_t i = 0; i <= 16; i++) {
			const struct core_path *path = &paths[(mark + i) % CORE_PATHS];

			if (path->mark == mark)
				return path;
		}
	}
	return NULL;
}

READS_WHAT_RUNS size_t engine_path(const struct engine *engine, uint32_t path, uint32_t *channels,
				   size_t most)
{
	size_t count = 0;

	for (uint32_t mark = path; mark; count++) {
		const struct core_path *step = find_path(engine, mark);

		if (!step || count == most)
			return 0;
		memmove(&channels[1], &channels[0], count * sizeof(*channels));
		channels[0] = step->channel;
		mark = step->before;
	}
	return count;
}

void engine_memory_read(const struct engine *engine, struct engine_memory *memory)
{
	int64_t packets = 0;

	memset(memory, 0, sizeof(*memory));
	for (unsigned i = 0; i < engine->worker_count; i++) {
		const struct worker *worker = &engine->workers[i];

		packets += (int64_t)load((const uint64_t *)&worker->packets);
		memory->packets_most += load((const uint64_t *)&worker->packets_most);
		memory->bytes_used += load(&worker->store.slabs_used) * STORE_SLAB_BYTES;
	}
	memory->packets = packets > 0 ? (uint64_t)packets : 0;
	memory->bytes_limit = engine->store->bytes;
}
