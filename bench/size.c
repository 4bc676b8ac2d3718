// SPDX-License-Identifier: BSD-3-Clause
// How the cost of a packet and hop grows with the number of channels, at one rate in all, and with
// the number of packets in flight: built-in flows over parallel links (bundle.h), on the virtual
// clock, which is what the engine itself costs.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bundle.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "dataplane/engine/engine.h"

#define ROUNDS      5
#define SECONDS     0.4
#define INTERVAL_NS 1000 // a million packets a second of virtual time
#define STEP_NS     1000000
#define FEW         "itself with 10 channels"
#define SHALLOW     "itself with 1 k in flight"
#define MOST_GROWTH 1.6

static const struct size_case {
	uint32_t channels;
	uint32_t in_flight; // over all channels
	const char *key, *what;
	int beside; // the case that is the reference; -1: none
} cases[] = {
	{10, 5000, "channels_10", "10 channels: one packet over one hop", -1},
	{1000, 5000, "channels_1k", "  1,000 channels, the same rate in all", 0},
	{10000, 5000, "channels_10k", "  10,000 channels", 0},
	{10, 1000, "in_flight_1k", "1 k in flight, 10 channels: one packet over one hop", -1},
	{10, 64000, "in_flight_64k", "  64 k in flight", 3},
	{10, 1000000, "in_flight_1m", "  1 M in flight", 3},
	{10, 4000000, "in_flight_4m", "  4 M in flight", 3},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static uint64_t hops_of(const struct engine *engine, uint32_t channels)
{
	struct engine_channel_counters channel;
	uint64_t hops = 0;

	for (uint32_t i = 0; i < channels; i++) {
		engine_channel_read(engine, 2 * i, &channel);
		hops += channel.delivered;
	}
	return hops;
}

// Advances until all channels are full, and then for so many seconds of our own time.
static int run(struct engine *engine, const struct size_case *c, uint64_t delay_ns, double seconds,
	       double *ns, struct error *error)
{
	uint64_t now_ns = 2 * BUNDLE_HOPS * delay_ns + 4 * STEP_NS;
	struct machine_watch watch;
	struct engine_memory memory;
	uint64_t hops;
	double passed = 0;
	int code = engine_advance(engine, now_ns, error);

	hops = hops_of(engine, c->channels);
	watch = machine_watch_start(getpid());
	while (code == 0 && passed < seconds) {
		now_ns += STEP_NS;
		code = engine_advance(engine, now_ns, error);
		passed = machine_watch_seconds(&watch, NULL);
	}
	if (code)
		return code;
	*ns = passed * 1e9 / (double)(hops_of(engine, c->channels) - hops);
	engine_memory_read(engine, &memory);
	if (memory.packets < c->in_flight * 9 / 10 || memory.packets > c->in_flight * 11 / 10)
		return error_set(error, -EPROTO, "size",
				 "%" PRIu64 " packets were in flight instead of %u", memory.packets,
				 c->in_flight);
	return 0;
}

static int measure(const struct size_case *c, double seconds, double *ns, struct error *error)
{
	const struct machine_memory memory = machine_memory();
	const struct engine_options options = {.clock = ENGINE_VIRTUAL,
					       .workers = 1,
					       .eal_argc = memory.word_count,
					       .eal_argv = (char **)memory.words};
	uint64_t delay_ns = (uint64_t)c->in_flight * INTERVAL_NS / BUNDLE_HOPS;
	struct plan *plan = bundle_plan(c->channels, INTERVAL_NS, delay_ns, error);
	struct engine *engine = plan != NULL ? engine_create(&options, error) : NULL;
	cpu_set_t before;
	int code;

	if (engine == NULL) {
		plan_free(plan);
		return error->code;
	}
	code = engine_publish(engine, plan, error);
	if (code)
		plan_free(plan);
	machine_pin(&before);
	if (code == 0)
		code = run(engine, c, delay_ns, seconds, ns, error);
	machine_unpin(&before);
	engine_destroy(engine);
	return code;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "size"};
	struct report_line *lines[CASES];
	struct options options;
	struct error error = {.code = 0};
	int code = 0, status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	report.rounds = options.rounds;
	for (unsigned i = 0; i < CASES; i++) {
		lines[i] = report_add(&report, cases[i].key, cases[i].what, "ns",
				      cases[i].beside < 0    ? NULL
				      : cases[i].beside == 0 ? FEW
							     : SHALLOW);
		if (cases[i].beside >= 0)
			report_target_ratio(lines[i], REPORT_AT_MOST, MOST_GROWTH);
	}
	for (unsigned round = 0; code == 0 && round < options.rounds; round++) {
		double ns[CASES];

		for (unsigned i = 0; code == 0 && i < CASES; i++) {
			code = measure(&cases[i], options_seconds(&options, SECONDS), &ns[i],
				       &error);
			if (code)
				break;
			samples_add(&lines[i]->corridor, ns[i]);
			if (cases[i].beside >= 0)
				samples_add(&lines[i]->reference, ns[cases[i].beside]);
		}
	}
	if (code) {
		fprintf(stderr, "bench_size: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_note(&report,
		    "a million packets of 66 bytes a second in all, each over five routed hops of "
		    "a way of its own; 5 k in flight where channels are many; making and "
		    "measuring the flows is in");
	report_print(&report, options.json);
	return 0;
}
