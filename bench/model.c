// SPDX-License-Identifier: BSD-3-Clause
// What the law of a channel costs: nanoseconds a packet of channel_offer, and of
// channel_enter_burst where the key says so, beside a bare copy of the packet in memory.
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
#include "dataplane/model/channel_burst.h"

#define ROUNDS      9
#define PACKETS     1000000
#define FRAME_BYTES 1514
#define GAP_NS      1300 // 9.3 Gbit/s, so that the line of 10 Gbit/s is busy and not full
#define BURST       32   // as a port gives them
#define COPY_FRAMES 4096 // 6 MB, more than the nearest caches hold
#define DELAY_NS    3000000
#define JITTER_NS   100000

static const char where[] = "bench/model.c";
static struct jitter_table exponential, staircase;
static int16_t samples[4096];

// What each row adds to a channel of constant delay. All parameters are constants in their range,
// so a refusal is a mistake of this file.
static int make_delay(struct channel_params *params, struct error *error)
{
	(void)params;
	(void)error;
	return 0;
}

static int make_random(struct channel_params *params, struct error *error)
{
	return loss_random_params(0.001, 0, where, &params->loss, error);
}

static int make_correlated(struct channel_params *params, struct error *error)
{
	return loss_random_params(0.001, 0.25, where, &params->loss, error);
}

static int make_gilbert_elliott(struct channel_params *params, struct error *error)
{
	return loss_gilbert_elliott_params(0.0005, 0.2, 1, 0, where, &params->loss, error);
}

static int make_states(struct channel_params *params, struct error *error)
{
	return loss_states_params(0.001, 0.3, 0.1, 0.5, 0.001, where, &params->loss, error);
}

static int make_ber(struct channel_params *params, struct error *error)
{
	return loss_ber_params(1e-7, where, &params->loss, error);
}

static int make_jitter(struct channel_params *params, enum jitter_kind kind, double correlation,
		       uint64_t halflife_ns, bool order_free, const struct jitter_table *table,
		       struct error *error)
{
	const struct jitter_request request = {.kind = kind,
					       .jitter_ns = JITTER_NS,
					       .correlation = correlation,
					       .halflife_ns = halflife_ns,
					       .order_free = order_free,
					       .table = table};

	return jitter_make(&request, where, &params->jitter, error);
}

static int make_uniform_free(struct channel_params *params, struct error *error)
{
	return make_jitter(params, JITTER_UNIFORM, 0, 0, true, NULL, error);
}

static int make_normal_free(struct channel_params *params, struct error *error)
{
	return make_jitter(params, JITTER_NORMAL, 0, 0, true, NULL, error);
}

static int make_normal_chained(struct channel_params *params, struct error *error)
{
	return make_jitter(params, JITTER_NORMAL, 0.25, 0, false, NULL, error);
}

static int make_normal_halflife(struct channel_params *params, struct error *error)
{
	return make_jitter(params, JITTER_NORMAL, 0, 10000000, true, NULL, error);
}

static int make_normal_keep(struct channel_params *params, struct error *error)
{
	return make_jitter(params, JITTER_NORMAL, 0, 0, false, NULL, error);
}

static int make_exponential_keep(struct channel_params *params, struct error *error)
{
	int code = jitter_table_make(JITTER_EXPONENTIAL, 0, where, &exponential, error);

	return code ? code
		    : make_jitter(params, JITTER_EXPONENTIAL, 0, 0, false, &exponential, error);
}

static int make_samples_keep(struct channel_params *params, struct error *error)
{
	int code;

	for (int i = 0; i < 4096; i++)
		samples[i] = (int16_t)(i * 4 - 8192);
	code = jitter_table_make_from_samples(samples, 4096, where, &staircase, error);
	return code ? code : make_jitter(params, JITTER_TABLE, 0, 0, false, &staircase, error);
}

static int make_corrupt(struct channel_params *params, struct error *error)
{
	return corrupt_make_params(0.001, 0, 1, where, &params->corrupt, error);
}

static int make_duplicate(struct channel_params *params, struct error *error)
{
	return duplicate_make_params(0.001, 0, where, &params->duplicate, error);
}

static int make_reorder(struct channel_params *params, struct error *error)
{
	return reorder_make_params(0.01, 0, 5, 0, where, &params->reorder, error);
}

static int make_slot(struct channel_params *params, struct error *error)
{
	return slot_make_uniform(10000, 20000, 0, 0, where, &params->slot, error);
}

static int make_police(struct channel_params *params, struct error *error)
{
	return police_make_single_rate(9500000000, 100000, 100000, where, &params->police, error);
}

static int make_rate(struct channel_params *params, struct error *error)
{
	return rate_make_params(10000000000, RATE_ETHERNET_OVERHEAD_BYTES, 0, 0, where,
				&params->rate, error);
}

static int make_queue(struct channel_params *params, struct error *error)
{
	int code = make_rate(params, error);

	return code ? code : queue_make_params(QUEUE_PACKETS, 1000, where, &params->queue, error);
}

static int make_busy(struct channel_params *params, struct error *error)
{
	int code = make_queue(params, error);

	if (code == 0)
		code = make_gilbert_elliott(params, error);
	return code ? code : make_normal_keep(params, error);
}

static int make_everything(struct channel_params *params, struct error *error)
{
	int (*const parts[])(struct channel_params *, struct error *) = {
		make_busy, make_corrupt, make_duplicate, make_reorder, make_slot, make_police};
	int code = 0;

	params->mtu_bytes = 9000;
	for (size_t i = 0; code == 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		code = parts[i](params, error);
	return code;
}

static const struct {
	const char *key, *what;
	int (*make)(struct channel_params *params, struct error *error);
	bool in_bursts;
} lines[] = {
	{"delay", "constant delay", make_delay, false},
	{"delay_random_loss", "delay, random loss", make_random, false},
	{"loss_correlated", "random loss with correlation", make_correlated, false},
	{"loss_gilbert_elliott", "loss of Gilbert and Elliott", make_gilbert_elliott, false},
	{"loss_states", "loss of four states", make_states, false},
	{"loss_ber", "loss by bit errors", make_ber, false},
	{"jitter_uniform_free", "uniform jitter, order free", make_uniform_free, false},
	{"jitter_normal_free", "normal jitter, order free", make_normal_free, false},
	{"jitter_normal_chained", "normal jitter with correlation", make_normal_chained, false},
	{"jitter_normal_halflife", "normal jitter with a half-life", make_normal_halflife, false},
	{"jitter_normal_keep", "normal jitter, order kept", make_normal_keep, false},
	{"jitter_exponential_keep", "exponential jitter, order kept", make_exponential_keep, false},
	{"jitter_table_keep", "jitter by a table, order kept", make_samples_keep, false},
	{"corrupt", "corruption", make_corrupt, false},
	{"duplicate", "duplication", make_duplicate, false},
	{"reorder", "reordering with a gap", make_reorder, false},
	{"slot", "slots", make_slot, false},
	{"police", "policer", make_police, false},
	{"rate", "rate", make_rate, false},
	{"rate_queue", "rate, limit in packets", make_queue, false},
	{"delay_jitter_gilbert_elliott_rate_queue", "delay, jitter, Gilbert-Elliott, rate, queue",
	 make_busy, false},
	{"delay_jitter_gilbert_elliott_rate_queue_in_bursts", "the same in bursts of 32", make_busy,
	 true},
	{"everything", "everything on", make_everything, false},
};

#define CHANNELS ((unsigned)(sizeof(lines) / sizeof(lines[0])))
_Static_assert(sizeof(lines) / sizeof(lines[0]) <= REPORT_LINES_MOST,
	       "the report holds a line each");

struct channel {
	struct channel_params params;
	struct channel_state state;
	void *queue;
	uint64_t arrival_at_ns;
};

struct bench {
	uint64_t packets;
	uint8_t *from, *to; // COPY_FRAMES frames each
	struct channel channels[sizeof(lines) / sizeof(lines[0])];
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

static double measure_channel(struct bench *bench, struct channel *channel)
{
	uint64_t arrival_at_ns = channel->arrival_at_ns;
	struct machine_watch watch = machine_watch_start(getpid());

	for (uint64_t i = 0; i < bench->packets; i++) {
		struct channel_fate fate;

		arrival_at_ns += GAP_NS;
		fate = channel_offer(&channel->params, &channel->state, arrival_at_ns, FRAME_BYTES);
		// All that the engine looks at counts as used, so that none of it is left out.
		__asm__ volatile(""
				 :
				 : "r"(fate.lost), "r"(fate.flags), "r"(fate.packet),
				   "r"(fate.departs_at_ns), "r"(fate.release_at_ns));
	}
	channel->arrival_at_ns = arrival_at_ns;
	return machine_watch_seconds(&watch, NULL) * 1e9 / (double)bench->packets;
}

static double measure_bursts(struct bench *bench, struct channel *channel)
{
	static struct channel_burst burst;
	uint64_t arrival_at_ns = channel->arrival_at_ns;
	uint32_t bytes[BURST];
	struct machine_watch watch;

	for (unsigned i = 0; i < BURST; i++)
		bytes[i] = FRAME_BYTES;
	watch = machine_watch_start(getpid());
	for (uint64_t i = 0; i < bench->packets; i += BURST) {
		arrival_at_ns += BURST * GAP_NS;
		channel_enter_burst(&channel->params, &channel->state, arrival_at_ns, bytes, BURST,
				    &burst);
		__asm__ volatile("" : : "r"(&burst) : "memory");
	}
	channel->arrival_at_ns = arrival_at_ns;
	return machine_watch_seconds(&watch, NULL) * 1e9 / (double)bench->packets;
}

static int channel_init(struct channel *channel, unsigned line, struct error *error)
{
	struct channel_params *params = &channel->params;
	size_t bytes;
	int code;

	*params = (struct channel_params){.seed = 719, .carrier = true, .delay_ns = DELAY_NS};
	code = lines[line].make(params, error);
	if (code)
		return code;
	channel_finish(params);
	bytes = queue_memory_bytes(&params->queue);
	channel->queue = calloc(1, bytes ? bytes : 1);
	if (channel->queue == NULL)
		return error_set(error, -ENOMEM, "memory", "none for a queue of %zu bytes", bytes);
	queue_attach(&params->queue, &channel->state.queue, bytes ? channel->queue : NULL, 0);
	return 0;
}

static int bench_init(struct bench *bench, struct error *error)
{
	size_t bytes = (size_t)COPY_FRAMES * FRAME_BYTES;
	int code = 0;

	for (unsigned i = 0; code == 0 && i < CHANNELS; i++)
		code = channel_init(&bench->channels[i], i, error);
	if (code)
		return code;
	bench->from = malloc(bytes);
	bench->to = malloc(bytes);
	if (bench->from == NULL || bench->to == NULL)
		return error_set(error, -ENOMEM, "memory", "none for %d frames of %d bytes twice",
				 COPY_FRAMES, FRAME_BYTES);
	memset(bench->from, 0x5a, bytes); // touch the pages before the clock runs
	memset(bench->to, 0, bytes);
	return 0;
}

static void bench_fini(struct bench *bench)
{
	for (unsigned i = 0; i < CHANNELS; i++)
		free(bench->channels[i].queue);
	free(bench->from);
	free(bench->to);
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "model"};
	static struct bench bench = {.packets = PACKETS};
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
			samples_add(&report.lines[i].corridor,
				    lines[i].in_bursts
					    ? measure_bursts(&bench, &bench.channels[i])
					    : measure_channel(&bench, &bench.channels[i]));
		}
	}
	if (status == 0)
		report_print(&report, options.json);
	bench_fini(&bench);
	return status;
}
