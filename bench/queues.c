// SPDX-License-Identifier: BSD-3-Clause
// What a queue costs a packet when the line is full: tail drop, RED, PIE, and the managed ones in
// which frames wait; and the memory that each takes.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "dataplane/model/channel.h"

#define ROUNDS      5
#define PACKETS     1000000
#define FRAME_BYTES 1514
#define GAP_NS      1170 // 5 % more than the line of 10 Gbit/s carries
#define FLOWS       64
#define RED_BYTES   1514000
#define TAIL        "tail drop at the same load"

static const struct queues_case {
	enum queue_kind kind;
	const char *keys[2], *what;
} cases[] = {
	{QUEUE_TAIL, {"tail", "tail_memory"}, "tail drop, 1000 packets"},
	{QUEUE_RED, {"red", "red_memory"}, "RED, 1.5 MB"},
	{QUEUE_PIE, {"pie", "pie_memory"}, "PIE"},
	{QUEUE_HEAD, {"head", "head_memory"}, "head drop"},
	{QUEUE_CODEL, {"codel", "codel_memory"}, "CoDel"},
	{QUEUE_FQ_CODEL, {"fq_codel", "fq_codel_memory"}, "FQ-CoDel"},
	{QUEUE_PRIO, {"prio", "prio_memory"}, "classes, strict priority"},
	{QUEUE_DRR, {"drr", "drr_memory"}, "classes, deficit round robin"},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

struct queued {
	struct channel_params params;
	struct channel_state state;
	void *memory;
	size_t bytes;
	uint64_t arrival_at_ns;
	uint64_t number;
};

static int queued_init(struct queued *queued, enum queue_kind kind, struct error *error)
{
	static const char where[] = "bench/queues.c";
	struct channel_params *params = &queued->params;
	int code;

	*params = (struct channel_params){.seed = 719, .carrier = true, .delay_ns = 3000000};
	code = rate_make_params(10000000000, RATE_ETHERNET_OVERHEAD_BYTES, 0, 0, where,
				&params->rate, error);
	params->queue = queue_defaults(kind);
	if (kind == QUEUE_RED) {
		params->queue.limit = QUEUE_BYTES;
		params->queue.limit_amount = RED_BYTES;
	}
	if (code == 0)
		code = queue_finish(&params->queue, &params->rate, where, error);
	if (code)
		return code;
	channel_finish(params);
	queued->bytes = queue_memory_bytes(&params->queue);
	queued->memory = calloc(1, queued->bytes ? queued->bytes : 1);
	if (queued->memory == NULL)
		return error_set(error, -ENOMEM, "memory", "none for a queue of %zu bytes",
				 queued->bytes);
	queue_attach(&params->queue, &queued->state.queue, queued->bytes ? queued->memory : NULL,
		     0);
	return 0;
}

// As the engine does it: what is due leaves before the next frame enters.
static double measure(struct queued *queued, uint64_t packets)
{
	static const uint8_t dscp[] = {46, 26, 0, 8};
	struct machine_watch watch = machine_watch_start(getpid());

	for (uint64_t i = 0; i < packets; i++) {
		uint32_t flow = (uint32_t)(queued->number++ % FLOWS);
		const struct channel_frame frame = {
			.bytes = FRAME_BYTES,
			.handle = (uint32_t)queued->number & 0xffffff,
			.flow = flow * UINT32_C(2654435761),
			.dscp = dscp[flow % 4],
		};
		struct channel_fate fate;

		queued->arrival_at_ns += GAP_NS;
		while (channel_due_ns(&queued->params, &queued->state) <= queued->arrival_at_ns) {
			uint32_t handle;

			fate = channel_depart(&queued->params, &queued->state,
					      queued->arrival_at_ns, &handle);
			__asm__ volatile(""
					 :
					 : "r"(fate.lost), "r"(fate.release_at_ns), "r"(handle));
		}
		fate = channel_enter(&queued->params, &queued->state, queued->arrival_at_ns,
				     &frame);
		// What the engine looks at counts as used, so that none of it is left out.
		__asm__ volatile("" : : "r"(fate.lost), "r"(fate.flags), "r"(fate.release_at_ns));
	}
	return machine_watch_seconds(&watch, NULL) * 1e9 / (double)packets;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "queues"};
	static struct queued queues[CASES];
	struct report_line *lines[CASES], *memory[CASES];
	struct options options;
	struct error error = {.code = 0};
	int code = 0, status = options_parse(&options, argc, argv, ROUNDS);
	uint64_t packets = PACKETS;

	if (status)
		return status;
	packets /= options.quick ? 10 : 1;
	report.rounds = options.rounds;
	for (unsigned i = 0; i < CASES; i++) {
		lines[i] = report_add(&report, cases[i].keys[0], cases[i].what, "ns/packet",
				      i > 0 ? TAIL : NULL);
		memory[i] = report_add(&report, cases[i].keys[1], "  memory", "KiB", NULL);
		if (code == 0)
			code = queued_init(&queues[i], cases[i].kind, &error);
	}
	for (unsigned i = 0; code == 0 && i < CASES; i++)
		measure(&queues[i], packets / 10); // fills the queue
	for (unsigned round = 0; code == 0 && round < options.rounds; round++) {
		double tail = 0;

		for (unsigned i = 0; i < CASES; i++) {
			double ns = measure(&queues[i], packets);

			tail = i == 0 ? ns : tail;
			samples_add(&lines[i]->corridor, ns);
			if (i > 0)
				samples_add(&lines[i]->reference, tail);
			samples_add(&memory[i]->corridor, (double)queues[i].bytes / 1024);
		}
	}
	for (unsigned i = 0; i < CASES; i++)
		free(queues[i].memory);
	if (code) {
		fprintf(stderr, "bench_queues: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_note(&report,
		    "%d flows of %d-byte frames, 5 %% more than the line carries, four DSCPs; one "
		    "channel, frames that wait are its own memory's entries, their bytes not in",
		    FLOWS, FRAME_BYTES);
	report_print(&report, options.json);
	return 0;
}
