// SPDX-License-Identifier: BSD-3-Clause
// A geostationary hop at line rate: 10 Gbit/s over 256 ms, in the shortest frames and in long ones.
// Nothing may be lost, and what is in flight must fit in 1 GiB. On the virtual clock, so that no
// frame comes late because others have the core; how long a second of it takes is a row too.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "dataplane/engine/engine.h"

#define ROUNDS     3
#define DELAY_NS   UINT64_C(256000000)
#define LENGTH_NS  (3 * DELAY_NS / 2)
#define BURST      64
#define LONGEST    1514
#define REAL_TIME  "the same stretch of real time"
#define MEMORY_MIB 1024

static const struct geo_case {
	uint32_t bytes;   // without frame check sequence
	uint64_t gap_q16; // ns between two frames on a line of 10 Gbit/s, times 2^16
	const char *keys[3];
	const char *whats[3];
} cases[] = {
	// Preamble, check sequence and gap are 24 bytes more: 67.2 ns and 1230.4 ns at 10 Gbit/s.
	{60,
	 4404019,
	 {"geo_short_lost", "geo_short_memory", "geo_short_seconds"},
	 {"14.88 Mpps of 64 bytes over 256 ms: packets lost", "  memory that grew by it",
	  "  time of a core for a second of it"}},
	{1514,
	 80635494,
	 {"geo_long_lost", "geo_long_memory", "geo_long_seconds"},
	 {"10 Gbit/s of 1500-byte packets over 256 ms: packets lost", "  memory that grew by it",
	  "  time of a core for a second of it"}},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

struct source {
	const struct geo_case *c;
	uint64_t frames;
	uint8_t bytes[LONGEST];
};

static int read_frames(void *context, struct engine_frame *frames, unsigned most)
{
	struct source *source = context;

	for (unsigned i = 0; i < most; i++)
		frames[i] = (struct engine_frame){
			.at_ns = source->frames++ * source->c->gap_q16 >> 16,
			.bytes = source->bytes,
			.length = source->c->bytes,
			.wire_length = source->c->bytes,
			.packet = source->frames,
		};
	return (int)most;
}

static struct plan *make_plan(void)
{
	struct plan *plan = plan_create();

	if (plan == NULL)
		return NULL;
	plan->ports = calloc(2, sizeof(*plan->ports));
	plan->channels = calloc(2, sizeof(*plan->channels));
	if (plan->ports == NULL || plan->channels == NULL) {
		plan_free(plan);
		return NULL;
	}
	plan->port_count = plan->channel_count = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct plan_channel *c = &plan->channels[i];

		plan->ports[i] = (struct plan_port){PLAN_NONE, i, PLAN_NONE, 0};
		*c = (struct plan_channel){
			.from_site = PLAN_NONE,
			.to_site = PLAN_NONE,
			.from_port = i,
			.to_port = 1 - i,
			.from_interface = PLAN_NONE,
			.to_interface = PLAN_NONE,
			.params = {.seed = 1,
				   .random_key = i,
				   .carrier = true,
				   .delay_ns = DELAY_NS},
		};
		channel_finish(&c->params);
	}
	return plan;
}

struct result {
	double lost, mib, seconds;
};

static void read_result(const struct engine *engine, struct result *result)
{
	struct engine_channel_counters channel;
	struct engine_port_counters ports[2];

	engine_channel_read(engine, 0, &channel);
	for (uint32_t i = 0; i < 2; i++)
		engine_port_read(engine, i, &ports[i]);
	// All that came in has left or is in flight, whatever the reason why not.
	result->lost = (double)(ports[0].received - ports[1].sent - channel.in_flight);
}

static int measure(const struct geo_case *c, struct result *result, struct error *error)
{
	static struct source source;
	const struct machine_memory memory = machine_memory();
	const struct engine_options options = {.clock = ENGINE_VIRTUAL,
					       .workers = 1,
					       .eal_argc = memory.word_count,
					       .eal_argv = (char **)memory.words};
	const struct engine_source from = {&source, read_frames};
	struct plan *plan = make_plan();
	struct engine *engine = plan != NULL ? engine_create(&options, error) : NULL;
	cpu_set_t before;
	int code;

	source = (struct source){.c = c};
	if (engine == NULL) {
		if (plan == NULL)
			error_set(error, -ENOMEM, "geo", "no memory for a plan");
		plan_free(plan);
		return error->code;
	}
	code = engine_port_files(engine, 0, &from, NULL, error);
	if (code == 0)
		code = engine_publish(engine, plan, error);
	if (code)
		plan_free(plan);
	machine_pin(&before);
	double empty = machine_resident_bytes();
	struct machine_watch watch = machine_watch_start(getpid());
	if (code == 0)
		code = engine_advance(engine, LENGTH_NS, error);
	result->seconds = machine_watch_seconds(&watch, NULL);
	result->mib = (machine_resident_bytes() - empty) / (1 << 20);
	machine_unpin(&before);
	if (code == 0)
		read_result(engine, result);
	engine_destroy(engine);
	return code;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "geo"};
	struct report_line *lines[CASES][3];
	struct options options;
	struct error error = {.code = 0};
	int code = 0, status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	report.rounds = options.rounds;
	for (unsigned i = 0; i < CASES; i++) {
		const struct geo_case *c = &cases[i];

		lines[i][0] =
			report_target(report_add(&report, c->keys[0], c->whats[0], "packets", NULL),
				      REPORT_AT_MOST, 0);
		lines[i][1] =
			report_target(report_add(&report, c->keys[1], c->whats[1], "MiB", NULL),
				      REPORT_AT_MOST, MEMORY_MIB);
		lines[i][2] = report_add(&report, c->keys[2], c->whats[2], "s", REAL_TIME);
	}
	for (unsigned round = 0; code == 0 && round < options.rounds; round++) {
		for (unsigned i = 0; code == 0 && i < CASES; i++) {
			struct result result = {0};

			code = measure(&cases[i], &result, &error);
			if (code)
				break;
			samples_add(&lines[i][0]->corridor, result.lost);
			samples_add(&lines[i][1]->corridor, result.mib);
			samples_add(&lines[i][2]->corridor, result.seconds * 1e9 / LENGTH_NS);
			samples_add(&lines[i][2]->reference, 1);
		}
	}
	if (code) {
		fprintf(stderr, "bench_geo: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_note(&report,
		    "virtual clock, frames from memory, %" PRIu64
		    " ms of it: the first 256 ms fill the hop, and take memory that is new",
		    LENGTH_NS / 1000000);
	report_print(&report, options.json);
	return 0;
}
