// SPDX-License-Identifier: BSD-3-Clause
// How fast virtual time goes: a capture through a wire beside libpcap's bare copy of the same
// file, and built-in flows over a routed path beside the bare law of its channels.
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/capture.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "control/replay.h"
#include "dataplane/model/channel.h"
#include "topologies/load.h"

#define ROUNDS  5
#define PACKETS 1000000
#define TIMES   10 // as long is the long capture
#define HOPS    5

static const char wire_text[] = "[network]\n"
				"name = bench\n"
				"[port west]\n"
				"device = none\n"
				"[port east]\n"
				"device = none\n"
				"[link span]\n"
				"medium = wire\n"
				"ends = west, east\n"
				"delay = 10ms\n";

// Routers in a row; what flows is a million packets a second of virtual time, the shortest that
// carry a flow's stamp.
#define ROUTER(number) "[site r" #number "]\nkind = router\naddress = 10.255.0." #number "\n"
#define LINK(from, to) "[link l" #from "]\nends = r" #from ", r" #to "\ndelay = 1ms\n"
static const char chain_format[] = "[network]\nname = bench\n" ROUTER(1) ROUTER(2) ROUTER(3)
	ROUTER(4) ROUTER(5) ROUTER(6) LINK(1, 2) LINK(2, 3) LINK(3, 4) LINK(4, 5) LINK(
		5, 6) "[flow f]\nfrom = r1\nto = r6\nrate = 1000000pps\nsize = 66b\nstop = %" PRIu64
		      "ms\n";

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	interrupted = number;
}

struct bench {
	char folder[256];
	char input[288], output[288], copy[288], long_input[288];
	uint64_t packets;
	struct topology *wire, *chain;
};

// ---- Corridor ----

// Through a whole replay, as the command does it. Then `count` reads what has passed, which must be
// `expected`.
static int measure_replay(struct replay_options *options, uint64_t (*count)(struct engine *),
			  uint64_t expected, double *per_second, struct error *error)
{
	uint64_t passed;
	struct replay_result result;
	struct engine *engine;
	struct network *network;
	struct machine_watch watch = machine_watch_start(getpid());
	int code = replay_run(options, &result, &engine, &network, error);

	if (code)
		return code;
	*per_second = (double)expected / machine_watch_seconds(&watch, NULL);
	passed = count(engine);
	engine_destroy(engine);
	network_free(network);
	if (passed == expected)
		return 0;
	return error_set(error, -EPROTO, "replay", "%" PRIu64 " packets passed instead of %" PRIu64,
			 passed, expected);
}

static uint64_t packets_sent(struct engine *engine)
{
	struct engine_port_counters east;

	engine_port_read(engine, 1, &east);
	return east.sent;
}

static int replay_wire(const struct bench *bench, const char *path, uint64_t packets,
		       double *per_second, struct error *error)
{
	const struct replay_file input = {"west", path};
	const struct replay_file output = {"east", bench->output};
	struct replay_options options = {
		.topology = bench->wire,
		.inputs = &input,
		.input_count = 1,
		.outputs = &output,
		.output_count = 1,
		.until_ns = UINT64_MAX,
		.interrupted = &interrupted,
	};

	return measure_replay(&options, packets_sent, packets, per_second, error);
}

static uint64_t packet_hops(struct engine *engine)
{
	struct engine_channel_counters channel;
	uint64_t hops = 0;

	for (uint32_t i = 0; i < 2 * HOPS; i++) {
		engine_channel_read(engine, i, &channel);
		hops += channel.delivered;
	}
	return hops;
}

static int replay_chain(const struct bench *bench, double *per_second, struct error *error)
{
	struct replay_options options = {
		.topology = bench->chain, .until_ns = UINT64_MAX, .interrupted = &interrupted};

	return measure_replay(&options, packet_hops, HOPS * bench->packets, per_second, error);
}

// ---- References ----

static int copy_bare(const struct bench *bench, const char *path, double *per_second,
		     struct error *error)
{
	struct machine_watch watch = machine_watch_start(getpid());
	int64_t count = capture_copy(path, bench->copy, error);

	if (count < 0)
		return (int)count;
	*per_second = (double)count / machine_watch_seconds(&watch, NULL);
	return 0;
}

// ---- The long capture ----

// The most memory that the process has had since it was last asked. 0 where the kernel does not
// say.
static double peak_mib(void)
{
	char line[128];
	unsigned long kib = 0;
	FILE *file = fopen("/proc/self/status", "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmHWM: %lu", &kib) == 1)
			break;
	if (file != NULL)
		fclose(file);
	file = fopen("/proc/self/clear_refs", "w");
	if (file != NULL) {
		fputs("5", file); // the peak begins anew at what there is
		fclose(file);
	}
	return (double)kib / 1024;
}

struct long_lines {
	struct report_line *speed, *memory;
};

// Once, as it takes long: speed beside the copy, and the most memory beside the short capture's.
static int measure_long(const struct bench *bench, const struct long_lines *lines,
			struct error *error)
{
	uint64_t packets = TIMES * bench->packets;
	double copied = 0, replayed = 0, ignored = 0, short_mib, long_mib;
	int code = capture_generate(bench->long_input, packets, &interrupted, error);

	if (code == 0)
		code = copy_bare(bench, bench->long_input, &copied, error);
	peak_mib();
	if (code == 0)
		code = replay_wire(bench, bench->input, bench->packets, &ignored, error);
	short_mib = peak_mib();
	if (code == 0)
		code = replay_wire(bench, bench->long_input, packets, &replayed, error);
	long_mib = peak_mib();
	unlink(bench->long_input);
	if (code)
		return code;
	samples_add(&lines->speed->corridor, replayed / 1e6);
	samples_add(&lines->speed->reference, copied / 1e6);
	samples_add(&lines->memory->corridor, long_mib);
	samples_add(&lines->memory->reference, short_mib);
	return 0;
}

// The same packets, times and channels, with nothing around the law.
static double law_alone(const struct bench *bench)
{
	struct channel_params params = {.seed = 1,
					.carrier = true,
					.delay_ns = 1000000,
					.mtu_bytes = bench->chain->links[0].mtu_bytes};
	struct channel_state states[HOPS] = {{.packet = 0}};
	struct machine_watch watch;

	channel_finish(&params);
	watch = machine_watch_start(getpid());
	for (uint64_t i = 0; i < bench->packets; i++) {
		uint64_t at_ns = i * 1000;

		for (unsigned hop = 0; hop < HOPS; hop++)
			at_ns = channel_offer(&params, &states[hop], at_ns, 66).release_at_ns;
		// The result counts as used, so the compiler cannot leave it out.
		__asm__ volatile("" : : "r"(at_ns));
	}
	return (double)bench->packets * HOPS / machine_watch_seconds(&watch, NULL);
}

// ---- All of it ----

static struct topology *load(const char *text, struct error *error)
{
	struct errors errors = {.count = 0};
	struct topology *topology = topology_load_text(text, "bench", &errors);

	if (topology == NULL) {
		error_set(error, -ENOMEM, "bench", "no memory for its topology");
		if (errors.kept > 0)
			*error = errors.items[0];
	}
	errors_fini(&errors);
	return topology;
}

static int prepare(struct bench *bench, struct error *error)
{
	const char *parent = getenv("TMPDIR");
	char chain[1024];

	snprintf(chain, sizeof(chain), chain_format, bench->packets / 1000);
	bench->wire = load(wire_text, error);
	bench->chain = load(chain, error);
	if (bench->wire == NULL || bench->chain == NULL)
		return error->code;
	snprintf(bench->folder, sizeof(bench->folder), "%.200s/corridor-bench-XXXXXX",
		 parent != NULL && parent[0] ? parent : "/tmp");
	if (mkdtemp(bench->folder) == NULL) {
		int code = -errno;
		error_set(error, code, bench->folder, "cannot be made: %s", strerror(-code));
		bench->folder[0] = '\0';
		return code;
	}
	snprintf(bench->input, sizeof(bench->input), "%s/in.pcap", bench->folder);
	snprintf(bench->output, sizeof(bench->output), "%s/out.pcap", bench->folder);
	snprintf(bench->copy, sizeof(bench->copy), "%s/copy.pcap", bench->folder);
	snprintf(bench->long_input, sizeof(bench->long_input), "%s/long.pcap", bench->folder);
	return capture_generate(bench->input, bench->packets, &interrupted, error);
}

static void clean(struct bench *bench)
{
	topology_free(bench->wire);
	topology_free(bench->chain);
	if (bench->folder[0] == '\0')
		return;
	unlink(bench->input);
	unlink(bench->output);
	unlink(bench->copy);
	rmdir(bench->folder);
}

static int one_round(const struct bench *bench, struct report_line *files,
		     struct report_line *routed, bool warm_up, struct error *error)
{
	double copied = 0, replayed = 0, hops = 0, law;
	int code = copy_bare(bench, bench->input, &copied, error);

	if (code == 0)
		code = replay_wire(bench, bench->input, bench->packets, &replayed, error);
	if (code == 0)
		code = replay_chain(bench, &hops, error);
	if (code)
		return code;
	law = law_alone(bench);
	if (interrupted)
		return error_set(error, -EINTR, "bench", "interrupted");
	if (warm_up)
		return 0;
	samples_add(&files->reference, copied / 1e6);
	samples_add(&files->corridor, replayed / 1e6);
	samples_add(&routed->corridor, hops / 1e6);
	samples_add(&routed->reference, law / 1e6);
	return 0;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "replay"};
	struct bench bench = {.packets = PACKETS};
	struct sigaction action = {.sa_handler = interrupt};
	struct options options;
	struct error error;
	int code, status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (options.quick)
		bench.packets /= 10;
	report.rounds = options.rounds;
	struct report_line *files = report_add(&report, "wire_files",
					       "capture to capture through a wire, 64-byte frames",
					       "M packets/s", "libpcap's bare read-and-write copy");
	struct report_line *routed = report_add(
		&report, "routed", "built-in flow over five hops, no files", "M packet-hops/s",
		"the law of the same channels, called in a bare loop");
	struct long_lines lines = {
		report_target_ratio(report_add(&report, "long_files",
					       "a capture ten times as long, once", "M packets/s",
					       "libpcap's copy of the same"),
				    REPORT_AT_LEAST, 0.6),
		report_target_ratio(report_add(&report, "long_memory",
					       "  the most memory that it takes", "MiB",
					       "the short capture's"),
				    REPORT_AT_MOST, 1.1)};
	report_target_ratio(files, REPORT_AT_LEAST, 0.6);
	report_target(routed, REPORT_AT_LEAST, 15);
	code = prepare(&bench, &error);
	// The first round starts EAL and fills caches, and does not count.
	for (unsigned round = 0; code == 0 && round <= options.rounds; round++)
		code = one_round(&bench, files, routed, round == 0, &error);
	if (code == 0)
		code = measure_long(&bench, &lines, &error);
	clean(&bench);
	if (code) {
		fprintf(stderr, "bench_replay: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_note(&report, "%" PRIu64 " packets; opening, routes, and renaming the output are in",
		    bench.packets);
	report_print(&report, options.json);
	return 0;
}
