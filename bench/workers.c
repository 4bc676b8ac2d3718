// SPDX-License-Identifier: BSD-3-Clause
// What a second worker gains on the virtual clock, and whether anything comes out otherwise.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bundle.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "dataplane/engine/engine.h"

#define ROUNDS      5
#define CHANNELS    50
#define INTERVAL_NS 100 // ten million packets a second of virtual time
#define DELAY_NS    UINT64_C(5000000)
#define LENGTH_NS   UINT64_C(200000000)
#define ONE         "one worker"
#define LEAST_GAIN  1.8

static const struct workers_case {
	unsigned regions;
	const char *key, *what;
} cases[] = {
	{2, "workers_2", "two workers: built-in flows over five hops, two regions"},
	{1, "workers_2_crossing", "  one region: each packet changes the worker on its way"},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

struct outcome {
	double mhops; // a second of the clock, as two workers share two processors
	uint64_t digest;
};

static uint64_t mix(uint64_t digest, uint64_t value)
{
	digest = (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return digest ^ digest >> 29;
}

// All that an engine has counted and measured, without what depends on when it was asked.
static uint64_t digest_of(const struct engine *engine, uint32_t channels, uint64_t *hops)
{
	static struct histogram delay;
	uint64_t digest = 0;

	*hops = 0;
	for (uint32_t i = 0; i < 2 * channels; i++) {
		struct engine_channel_counters c;

		engine_channel_read(engine, i, &c);
		*hops += c.delivered;
		digest = mix(mix(digest, c.entered), c.delivered_bytes);
		digest = mix(mix(digest, c.in_flight), c.delivered);
	}
	for (uint32_t i = 0; i < channels / BUNDLE_HOPS; i++) {
		struct engine_flow_counters f;

		engine_flow_read(engine, i, &f);
		engine_flow_delay(engine, i, &delay);
		digest = mix(mix(digest, f.sent), f.received);
		digest = mix(mix(digest, f.last_received_at_ns), f.next_sequence);
		digest = mix(mix(digest, f.gap_from_ns), f.last_path);
		for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
			digest = mix(digest, delay.buckets[bucket]);
	}
	return digest;
}

static int measure(unsigned workers, unsigned regions, uint64_t length_ns, struct outcome *outcome,
		   struct error *error)
{
	const struct machine_memory memory = machine_memory();
	const struct engine_options options = {.clock = ENGINE_VIRTUAL,
					       .workers = workers,
					       .eal_argc = memory.word_count,
					       .eal_argv = (char **)memory.words};
	struct plan *plan = bundle_plan_of_regions(regions, CHANNELS, INTERVAL_NS, DELAY_NS, error);
	struct engine *engine = plan != NULL ? engine_create(&options, error) : NULL;
	uint64_t full_ns = 2 * BUNDLE_HOPS * DELAY_NS;
	uint64_t before, after;
	int code;

	if (engine == NULL) {
		plan_free(plan);
		return error->code;
	}
	code = engine_publish(engine, plan, error);
	if (code)
		plan_free(plan);
	if (code == 0)
		code = engine_advance(engine, full_ns, error);
	if (code == 0) {
		digest_of(engine, CHANNELS, &before);
		double began = machine_seconds();

		code = engine_advance(engine, full_ns + length_ns, error);
		double passed = machine_seconds() - began;
		outcome->digest = digest_of(engine, CHANNELS, &after);
		outcome->mhops = (double)(after - before) / passed / 1e6;
	}
	engine_destroy(engine);
	return code;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "workers"};
	struct options options;
	struct error error = {.code = 0};
	int code = 0, status = options_parse(&options, argc, argv, ROUNDS);
	uint64_t length_ns = LENGTH_NS;

	if (status)
		return status;
	report.rounds = options.rounds;
	if (options.quick)
		length_ns /= 10;
	struct report_line *lines[CASES];
	for (unsigned i = 0; i < CASES; i++)
		lines[i] = report_target_ratio(
			report_add(&report, cases[i].key, cases[i].what, "M packet-hops/s", ONE),
			REPORT_AT_LEAST, LEAST_GAIN);
	struct report_line *same = report_target(
		report_add(&report, "workers_differ",
			   "  rounds in which anything came out otherwise", "rounds", NULL),
		REPORT_AT_MOST, 0);
	for (unsigned round = 0; code == 0 && round < options.rounds; round++) {
		bool differ = false;

		for (unsigned i = 0; code == 0 && i < CASES; i++) {
			struct outcome one, two;

			code = measure(1, cases[i].regions, length_ns, &one, &error);
			if (code == 0)
				code = measure(2, cases[i].regions, length_ns, &two, &error);
			if (code)
				break;
			samples_add(&lines[i]->corridor, two.mhops);
			samples_add(&lines[i]->reference, one.mhops);
			differ |= one.digest != two.digest;
		}
		if (code == 0)
			samples_add(&same->corridor, differ);
	}
	if (code) {
		fprintf(stderr, "bench_workers: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_note(&report,
		    "by the clock, as two workers need two processors: whatever else runs on "
		    "either is in; %d channels with packets, %d ms each",
		    CHANNELS, (int)(DELAY_NS / 1000000));
	report_note(&report, "compared are all counters, all delays of all flows and their paths");
	report_print(&report, options.json);
	return 0;
}
