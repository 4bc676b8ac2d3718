// SPDX-License-Identifier: BSD-3-Clause
// What the law of a channel costs: nanoseconds a packet of channel_offer, beside a bare copy of
// the packet in memory.
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "dataplane/model/channel.h"

#define ROUNDS      9
#define PACKETS     1000000
#define FRAME_BYTES 1514
#define GAP_NS      1300 // 9.3 Gbit/s, so that the line of 10 Gbit/s is busy and not full
#define COPY_FRAMES 4096 // 6 MB, more than the nearest caches hold
#define CHANNELS    3

struct bench {
	uint64_t packets;
	uint8_t *from, *to; // COPY_FRAMES frames each
	void *queue;
	struct channel_params params[CHANNELS];
	struct channel_state states[CHANNELS];
	uint64_t arrival_at_ns[CHANNELS];
};

static const struct {
	const char *key, *what;
} lines[CHANNELS] = {
	{"delay", "constant delay"},
	{"delay_random_loss", "delay, random loss"},
	{"delay_jitter_gilbert_elliott_rate_queue", "delay, jitter, Gilbert-Elliott, rate, queue"},
};

static double measure_copy(const struct bench *bench)
{
	struct machine_watch watch = machine_watch_start(getpid());

	for (uint64_t i = 0; i < bench->packets; i++) {
		size_t at = (size_t)(i % COPY_FRAMES) * FRAME_BYTES;

		memcpy(bench->to + at, bench->from + at, FRAME_BYTES);
		// The copy counts as used, so the compiler cannot leave it out.
		__asm__ volatile("" : : "r"(bench->to + at) : "memory");
	}
	return machine_watch_seconds(&watch, NULL) * 1e9 / (double)bench->packets;
}

static double measure_channel(struct bench *bench, unsigned channel)
{
	const struct channel_params *params = &bench->params[channel];
	struct channel_state *state = &bench->states[channel];
	uint64_t arrival_at_ns = bench->arrival_at_ns[channel];
	struct machine_watch watch = machine_watch_start(getpid());

	for (uint64_t i = 0; i < bench->packets; i++) {
		arrival_at_ns += GAP_NS;
		struct channel_fate fate = channel_offer(params, state, arrival_at_ns, FRAME_BYTES);
		__asm__ volatile("" : : "r"(fate.release_at_ns));
	}
	bench->arrival_at_ns[channel] = arrival_at_ns;
	return machine_watch_seconds(&watch, NULL) * 1e9 / (double)bench->packets;
}

// All parameters are constants in their range, so a refusal is a mistake of this file.
static int make_channels(struct channel_params params[CHANNELS], struct error *error)
{
	struct channel_params *random = &params[1], *all = &params[2];
	const char *where = "bench/model.c";
	int code;

	for (unsigned i = 0; i < CHANNELS; i++)
		params[i] =
			(struct channel_params){.seed = 719, .carrier = true, .delay_ns = 3000000};
	code = loss_random_params(0.001, 0, where, &random->loss, error);
	if (code == 0)
		code = loss_gilbert_elliott_params(0.0005, 0.2, 1, 0, where, &all->loss, error);
	if (code == 0)
		code = jitter_make_params(JITTER_NORMAL, 100000, 0, where, &all->jitter, error);
	if (code == 0)
		code = rate_make_params(10000000000, RATE_ETHERNET_OVERHEAD_BYTES, 0, 0, where,
					&all->rate, error);
	if (code == 0)
		code = queue_make_params(QUEUE_PACKETS, 1000, where, &all->queue, error);
	for (unsigned i = 0; i < CHANNELS; i++)
		channel_finish(&params[i]);
	return code;
}

static int bench_init(struct bench *bench, struct error *error)
{
	const struct channel_params *all = &bench->params[CHANNELS - 1];
	size_t bytes = (size_t)COPY_FRAMES * FRAME_BYTES;
	int code = make_channels(bench->params, error);

	if (code)
		return code;
	bench->from = malloc(bytes);
	bench->to = malloc(bytes);
	bench->queue = calloc(1, queue_memory_bytes(&all->queue));
	if (bench->from == NULL || bench->to == NULL || bench->queue == NULL)
		return error_set(error, -ENOMEM, "memory", "none for %d frames of %d bytes twice",
				 COPY_FRAMES, FRAME_BYTES);
	memset(bench->from, 0x5a, bytes); // touch the pages before the clock runs
	memset(bench->to, 0, bytes);
	queue_attach(&all->queue, &bench->states[CHANNELS - 1].queue, bench->queue, 0);
	return 0;
}

static void bench_fini(struct bench *bench)
{
	free(bench->from);
	free(bench->to);
	free(bench->queue);
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "model"};
	struct bench bench = {.packets = PACKETS};
	struct options options;
	struct error error;
	int status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	if (options.quick)
		bench.packets /= 10;
	report.rounds = options.rounds;
	for (unsigned i = 0; i < CHANNELS; i++)
		report_add(&report, lines[i].key, lines[i].what, "ns/packet",
			   "a copy of 1514 bytes in memory");
	status = bench_init(&bench, &error) ? 1 : 0;
	if (status)
		fprintf(stderr, "bench_model: %s: %s\n", error.where, error.what);
	for (unsigned round = 0; status == 0 && round < options.rounds; round++) {
		double copy = measure_copy(&bench);

		for (unsigned i = 0; i < CHANNELS; i++) {
			samples_add(&report.lines[i].reference, copy);
			samples_add(&report.lines[i].corridor, measure_channel(&bench, i));
		}
	}
	if (status == 0)
		report_print(&report, options.json);
	bench_fini(&bench);
	return status;
}
