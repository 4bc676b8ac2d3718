// SPDX-License-Identifier: BSD-3-Clause
// How many packets a second go through one channel of a live wire, from a device that always has
// one to a device that takes all, with few and with many in flight, beside dpdk-testpmd between the
// same devices and beside the barest holds of as many packets.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bare.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "bench/testpmd.h"
#include "bench/wire.h"

#define ROUNDS          5
#define SECONDS         1.0
#define LEAST_SECONDS   0.25 // shorter, turns of the scheduler would be the figure
#define PROBE_SECONDS   0.2
#define WARM_UP_SECONDS 0.2
#define GUESS_MPPS      20
// A run that is of use: more is a fault of the machine, which others share.
#define LEAST_SHARE 0.1
#define LEAST_MPPS  0.2
#define MOST_MPPS   500
#define LEAST_FULL  0.6
#define MOST_FULL   1.6
#define ATTEMPTS    6
// Fewer seconds of the core than asked are taken after so many times as long.
#define PATIENCE           6
#define MOST_FILLINGS      4
#define LOOKS              16  // at what is in flight
#define MOST_DELAY_SECONDS 1.0 // 4 M packets at 4 Mpps: filling it takes four times as long
#define SELF               "itself without jitter, loss, rate and limit, 64 k in flight"
#define MBUF               "an mbuf of the devices' pools, header and headroom included"

struct wire_case {
	uint32_t in_flight;
	const char *impairments; // beside the delay
	double target_mpps;      // of the first line
	const char *keys[3];     // of its lines, one for each reference; NULL: none
	const char *what[3];
};

static const struct wire_case cases[] = {
	{1000,
	 "",
	 40,
	 {"wire_1k", "wire_1k_fifo", "wire_1k_ring"},
	 {"constant delay, 1 k in flight", "the same, beside mbufs, 1 k",
	  "the same, beside bytes, 1 k"}},
	{64000,
	 "",
	 40,
	 {"wire_64k", "wire_64k_fifo", "wire_64k_ring"},
	 {"64 k in flight", "64 k in flight, beside mbufs", "64 k in flight, beside bytes"}},
	{1000000,
	 "",
	 30,
	 {"wire_1m", "wire_1m_fifo", "wire_1m_ring"},
	 {"1 M in flight", "1 M in flight, beside mbufs", "1 M in flight, beside bytes"}},
	{4000000,
	 "",
	 25,
	 {"wire_4m", NULL, "wire_4m_ring"},
	 {"4 M in flight", NULL, "4 M in flight, beside bytes"}},
	{64000,
	 " 100us distribution normal\n"
	 "loss = gemodel 0.05% 20%\n"
	 "rate = 100gbit\n"
	 "limit = 20ms",
	 20,
	 {"all_models_64k", NULL, NULL},
	 {"jitter, Gilbert-Elliott, rate, limit, 64 k in flight", NULL, NULL}},
};
#define CASES      (sizeof(cases) / sizeof(cases[0]))
#define CASE_SELF  1 // what the last one is compared with
#define CASE_DEEP  3
#define REFERENCES 3

struct bench {
	struct report report;
	struct report_line *lines[CASES][REFERENCES];
	struct report_line *bytes;
	double seconds;
	bool testpmd;       // is there
	double least_share; // of the core that any side had
	double least_full;  // of the packets in flight that a case promises, how many there were
	double most_full;
};

static void note_share(struct bench *bench, double share)
{
	bench->least_share = share < bench->least_share ? share : bench->least_share;
}

struct run {
	double mpps;
	double in_flight; // on average of many looks
	double bytes;     // of memory for each of those that were there when most were
	bool spilt;
	double share;
};

static struct engine_memory memory_of(const struct wire *wire)
{
	struct engine_memory memory;

	engine_memory_read(wire->engine, &memory);
	return memory;
}

// Waits until a wire is full, and takes no more memory: it is touched for the first time while the
// wire fills, and the more the faster it is afterwards.
static void fill(const struct wire *wire, double delay_ns)
{
	uint64_t before, bytes = 0;

	machine_sleep(WARM_UP_SECONDS + 2 * delay_ns * 1e-9);
	for (unsigned i = 0; i < MOST_FILLINGS; i++) {
		before = bytes;
		machine_sleep(delay_ns * 1e-9);
		bytes = memory_of(wire).bytes_used;
		if (bytes - before < bytes / 100)
			break;
	}
}

// Watches a wire that is full until it has had so many seconds of the core; others may have it for
// long, so not without end.
static void watch_wire(const struct wire *wire, double seconds, struct run *run)
{
	struct machine_watch watch = machine_watch_start(getpid());
	double until = watch.began + PATIENCE * seconds;
	uint64_t first = wire_packets(wire);
	double own, packets, looks = 0, seen = 0;

	do {
		machine_sleep(seconds / LOOKS);
		seen += (double)memory_of(wire).packets;
		looks++;
		packets = (double)(wire_packets(wire) - first);
		own = machine_watch_seconds(&watch, &run->share);
	} while (own < seconds && machine_seconds() < until);
	run->mpps = packets / own / 1e6;
	run->in_flight = seen / looks;
	run->spilt = wire_spilt(wire) > 0;
}

// Runs a wire with this delay, once it is full, for so long.
static int run_wire(const struct wire_case *c, double delay_ns, double seconds, struct run *run,
		    struct error *error)
{
	char impairments[256];
	const struct wire_options options = {.impairments = impairments, .spin = true};
	struct wire wire;
	int code;

	snprintf(impairments, sizeof(impairments), "delay = %.0fns%s\n", delay_ns, c->impairments);
	code = wire_open(&wire, &options, error);
	if (code)
		return code;
	double empty = machine_resident_bytes();
	code = wire_start(&wire, error);
	if (code == 0) {
		fill(&wire, delay_ns);
		watch_wire(&wire, seconds, run);
		run->bytes =
			(machine_resident_bytes() - empty) / (double)memory_of(&wire).packets_most;
	}
	wire_close(&wire);
	return code;
}

// Where the worker hardly had the core, a figure says nothing, and a delay that follows from it
// would be one without end.
static bool is_plausible(const struct run *run)
{
	return run->share >= LEAST_SHARE && run->in_flight > 0 && run->mpps >= LEAST_MPPS &&
	       run->mpps <= MOST_MPPS;
}

// With the delay that keeps as many packets in flight as asked: a short run with a guess finds it,
// and each run corrects the next. -EAGAIN: no run was of use.
static int run_full(const struct wire_case *c, double seconds, struct run *run, struct error *error)
{
	const double guess_ns = c->in_flight * 1e3 / GUESS_MPPS;
	double delay_ns = guess_ns, length = PROBE_SECONDS;

	for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
		int code = run_wire(c, delay_ns, length, run, error);

		if (code)
			return code;
		double full = run->in_flight / c->in_flight;
		if (length == seconds && is_plausible(run) && full >= LEAST_FULL &&
		    full <= MOST_FULL)
			return 0;
		delay_ns /= is_plausible(run) ? full : 1;
		if (is_plausible(run) && delay_ns < MOST_DELAY_SECONDS * 1e9) {
			length = seconds;
		} else {
			delay_ns = guess_ns;
			length = PROBE_SECONDS;
		}
	}
	return -EAGAIN;
}

static int measure(struct bench *bench, const struct wire_case *c, struct run *run,
		   struct error *error)
{
	int code = run_full(c, bench->seconds, run, error);

	if (code == -EAGAIN)
		report_note(&bench->report,
			    "%s: not measured in %d runs: others had the core for too long, or the "
			    "speed changed too much to fill the wire; try again on a quiet machine",
			    c->what[0], ATTEMPTS);
	if (code)
		return code;
	note_share(bench, run->share);
	double full = run->in_flight / c->in_flight;
	bench->least_full = full < bench->least_full ? full : bench->least_full;
	bench->most_full = full > bench->most_full ? full : bench->most_full;
	if (run->spilt)
		report_note(&bench->report, "%s: packets were lost that the model did not lose",
			    c->what[0]);
	return 0;
}

static int measure_bare(struct bench *bench, const struct wire_case *c, double bare[REFERENCES],
			struct error *error)
{
	int code = 0;

	if (c->keys[1] != NULL)
		code = bare_fifo_measure(c->in_flight, bench->seconds / 2, &bare[1], error);
	if (code == 0 && c->keys[2] != NULL)
		code = bare_ring_measure(c->in_flight, bench->seconds / 2, &bare[2], error);
	return code;
}

static int round_of_all(struct bench *bench, struct error *error)
{
	double testpmd = 0, self = 0, share = 1;

	if (bench->testpmd && testpmd_measure(bench->seconds, &testpmd, &share, error) != 0) {
		report_note(&bench->report, "%s: %s", error->where, error->what);
		bench->testpmd = false;
	}
	note_share(bench, share);
	for (size_t i = 0; i < CASES; i++) {
		double reference[REFERENCES] = {i == CASES - 1 ? self : testpmd};
		struct run run;
		int code = measure(bench, &cases[i], &run, error);

		if (code == -EAGAIN)
			continue; // said in a note; its line has a value less
		if (code == 0)
			code = measure_bare(bench, &cases[i], reference, error);
		if (code)
			return code;
		self = i == CASE_SELF ? run.mpps : self;
		for (unsigned r = 0; r < REFERENCES; r++) {
			if (cases[i].keys[r] == NULL)
				continue;
			samples_add(&bench->lines[i][r]->corridor, run.mpps);
			if (reference[r] > 0)
				samples_add(&bench->lines[i][r]->reference, reference[r]);
		}
		if (i == CASE_DEEP) {
			samples_add(&bench->bytes->corridor, run.bytes);
			samples_add(&bench->bytes->reference, BARE_MBUF_BYTES);
		}
	}
	return 0;
}

static void add_lines(struct bench *bench)
{
	static const char *const references[REFERENCES] = {TESTPMD_NAME, BARE_FIFO_NAME,
							   BARE_RING_NAME};

	for (unsigned r = 0; r < REFERENCES; r++) {
		for (size_t i = 0; i < CASES; i++) {
			const struct wire_case *c = &cases[i];

			if (c->keys[r] != NULL)
				bench->lines[i][r] =
					report_add(&bench->report, c->keys[r], c->what[r], "Mpps",
						   i == CASES - 1 ? SELF : references[r]);
			if (r == 0)
				report_target(bench->lines[i][r], REPORT_AT_LEAST, c->target_mpps);
		}
	}
	bench->bytes = report_add(&bench->report, "bytes_in_flight",
				  "memory of a packet in flight, 4 M of them", "bytes", MBUF);
	report_target(bench->bytes, REPORT_AT_MOST, 112);
}

int main(int argc, char **argv)
{
	static struct bench bench = {.report = {.name = "throughput"},
				     .testpmd = true,
				     .least_share = 1,
				     .least_full = 1,
				     .most_full = 1};
	struct options options;
	struct error error;
	int status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	bench.report.rounds = options.rounds;
	bench.seconds = options_seconds(&options, SECONDS);
	if (bench.seconds < LEAST_SECONDS)
		bench.seconds = LEAST_SECONDS;
	add_lines(&bench);
	for (unsigned round = 0; round < options.rounds; round++) {
		if (round_of_all(&bench, &error)) {
			fprintf(stderr, "bench_throughput: %s: %s\n", error.where, error.what);
			return 1;
		}
	}
	report_note(&bench.report,
		    "64-byte frames, one direction, one core each, spinning, %s on both sides",
		    machine_memory().name);
	report_note(&bench.report, "in flight were %.0f to %.0f %% of what a line says",
		    100 * bench.least_full, 100 * bench.most_full);
	report_note(&bench.report,
		    "a second is one on the core, which others had for up to %.0f %% of the time",
		    100 * (1 - bench.least_share));
	report_print(&bench.report, options.json);
	return 0;
}
