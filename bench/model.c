// SPDX-License-Identifier: BSD-3-Clause
// What the law of a channel costs: nanoseconds a packet of channel_offer, beside a bare copy of
// the packet in memory in the same run. Best of several rounds, one thread, no other load assumed.
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/model/channel.h"

#define FRAME_BYTES 1514
#define GAP_NS      1300 // 9.3 Gbit/s, so that the line of 10 Gbit/s is busy and not full
#define COPY_FRAMES 4096 // 6 MB, more than the nearest caches hold
#define ROUNDS      9

struct result {
	const char *name; // words for the table
	const char *key;  // for JSON
	double ns_per_packet;
	double lost_ratio;
};

struct bench {
	uint64_t packets;
	uint8_t *from, *to; // COPY_FRAMES frames each
	struct queue_slot *slots;
};

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static struct result measure_copy(const struct bench *bench)
{
	struct result result = {.name = "memory copy of 1514 bytes", .key = "copy"};

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns(), taken;

		for (uint64_t i = 0; i < bench->packets; i++) {
			size_t at = (size_t)(i % COPY_FRAMES) * FRAME_BYTES;

			memcpy(bench->to + at, bench->from + at, FRAME_BYTES);
			// The copy counts as used, so the compiler cannot leave it out.
			__asm__ volatile("" : : "r"(bench->to + at) : "memory");
		}
		taken = (now_ns() - start) / (double)bench->packets;
		if (round == 0 || taken < result.ns_per_packet)
			result.ns_per_packet = taken;
	}
	return result;
}

static struct result measure_channel(const struct bench *bench, const char *name, const char *key,
				     const struct channel_params *params)
{
	struct channel_state state = {
		.queue = {.slots = bench->slots, .capacity = queue_slots_needed(&params->queue)}};
	struct result result = {.name = name, .key = key};
	uint64_t lost = 0, arrival_at_ns = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns(), taken;

		for (uint64_t i = 0; i < bench->packets; i++) {
			arrival_at_ns += GAP_NS;
			lost += channel_offer(params, &state, arrival_at_ns, FRAME_BYTES).lost !=
				DROP_NONE;
		}
		taken = (now_ns() - start) / (double)bench->packets;
		if (round == 0 || taken < result.ns_per_packet)
			result.ns_per_packet = taken;
	}
	result.lost_ratio = (double)lost / (double)(bench->packets * ROUNDS);
	return result;
}

// All parameters are constants in their range, so a refusal is a mistake of this file.
static int make_channels(struct channel_params *delay, struct channel_params *random,
			 struct channel_params *all, struct error *error)
{
	const char *where = "bench/model.c";
	int status;

	*delay = (struct channel_params){.seed = 719, .carrier = true, .delay_ns = 3000000};
	*random = *delay;
	*all = *delay;
	status = loss_random_params(0.001, 0, where, &random->loss, error);
	if (status == 0)
		status = loss_gilbert_elliott_params(0.0005, 0.2, 1, 0, where, &all->loss, error);
	if (status == 0)
		status = jitter_make_params(JITTER_NORMAL, 100000, 0, where, &all->jitter, error);
	if (status == 0)
		status = rate_make_params(10000000000, RATE_ETHERNET_OVERHEAD_BYTES, 0, 0, where,
					  &all->rate, error);
	if (status == 0)
		status = queue_make_params(QUEUE_PACKETS, 1000, where, &all->queue, error);
	channel_finish(delay);
	channel_finish(random);
	channel_finish(all);
	return status;
}

static void print_table(const struct result *results, size_t count, uint64_t packets)
{
	printf("%-58s %12s %10s\n", "one packet through", "ns", "lost");
	for (size_t i = 0; i < count; i++)
		printf("%-58s %12.2f %9.3f%%\n", results[i].name, results[i].ns_per_packet,
		       100 * results[i].lost_ratio);
	printf("best of %d rounds of %" PRIu64 " packets each\n", ROUNDS, packets);
}

static void print_json(const struct result *results, size_t count, uint64_t packets)
{
	printf("{\"bench\": \"model\", \"rounds\": %d, \"packets\": %" PRIu64, ROUNDS, packets);
	for (size_t i = 0; i < count; i++)
		printf(", \"%s\": {\"ns_per_packet\": %.3f, \"lost_ratio\": %.6f}", results[i].key,
		       results[i].ns_per_packet, results[i].lost_ratio);
	printf("}\n");
}

static int bench_init(struct bench *bench, const struct queue_params *queue)
{
	size_t bytes = (size_t)COPY_FRAMES * FRAME_BYTES;

	bench->from = malloc(bytes);
	bench->to = malloc(bytes);
	bench->slots = calloc(queue_slots_needed(queue), sizeof(*bench->slots));
	if (bench->from == NULL || bench->to == NULL || bench->slots == NULL)
		return -ENOMEM;
	memset(bench->from, 0x5a, bytes); // touch the pages before the clock runs
	memset(bench->to, 0, bytes);
	return 0;
}

static void bench_fini(struct bench *bench)
{
	free(bench->from);
	free(bench->to);
	free(bench->slots);
}

static int run(struct bench *bench, bool json)
{
	struct channel_params delay, random, all;
	struct result results[4];
	struct error error;

	if (make_channels(&delay, &random, &all, &error) != 0) {
		fprintf(stderr, "bench_model: %s: %s\n", error.where, error.what);
		return 1;
	}
	if (bench_init(bench, &all.queue) != 0) {
		fprintf(stderr, "bench_model: no memory for %d frames of %d bytes twice\n",
			COPY_FRAMES, FRAME_BYTES);
		return 1;
	}
	results[0] = measure_copy(bench);
	results[1] = measure_channel(bench, "constant delay", "delay", &delay);
	results[2] = measure_channel(bench, "delay, random loss", "delay_random_loss", &random);
	results[3] = measure_channel(bench, "delay, normal jitter, Gilbert-Elliott, rate, queue",
				     "delay_jitter_gilbert_elliott_rate_queue", &all);
	(json ? print_json : print_table)(results, 4, bench->packets);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench bench = {.packets = 1000000};
	bool json = false;
	int option, status;
	char *end;

	while ((option = getopt(argc, argv, "jn:")) != -1) {
		if (option == 'j') {
			json = true;
			continue;
		}
		if (option == 'n') {
			errno = 0;
			bench.packets = strtoull(optarg, &end, 10);
			if (errno == 0 && *end == '\0' && optarg[0] != '-' && bench.packets >= 1 &&
			    bench.packets <= 1000000000)
				continue;
			fprintf(stderr, "bench_model: -n %s: expected 1 to 1000000000 packets\n",
				optarg);
		}
		fprintf(stderr, "usage: bench_model [-j] [-n PACKETS]\n");
		return 2;
	}
	if (optind < argc) {
		fprintf(stderr, "usage: bench_model [-j] [-n PACKETS]\n");
		return 2;
	}
	status = run(&bench, json);
	bench_fini(&bench);
	return status;
}
