// SPDX-License-Identifier: BSD-3-Clause
// How many packets a second go through one channel of a live wire, from a device that always has
// one to a device that takes all, beside dpdk-testpmd between the same devices.
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "bench/testpmd.h"
#include "bench/wire.h"

#define ROUNDS          5
#define SECONDS         2.0
#define WARM_UP_SECONDS 0.3

struct wire_case {
	const char *key;
	const char *what;
	const char *impairments;
};

static const struct wire_case cases[] = {
	{"delay_1ms", "64-byte frames, delay 1 ms", "delay = 1ms\n"},
	{"delay_jitter_gemodel_rate_limit", "the same, jitter, Gilbert-Elliott, rate and limit",
	 "delay = 1ms 100us distribution normal\n"
	 "loss = gemodel 0.05% 20%\n"
	 "rate = 100gbit\n"
	 "limit = 20ms\n"},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

// The least share of the core that either side had.
static double least_share = 1;

static void note_share(double share)
{
	least_share = share < least_share ? share : least_share;
}

// Millions of packets a second, once the wire is full.
static int measure(const struct wire_case *c, double seconds, struct report *report, double *mpps,
		   struct error *error)
{
	double share;
	const struct wire_options options = {.impairments = c->impairments, .spin = true};
	struct wire wire;
	int code = wire_open(&wire, &options, error);

	if (code)
		return code;
	code = wire_start(&wire, error);
	if (code == 0) {
		machine_sleep(WARM_UP_SECONDS);
		struct machine_watch watch = machine_watch_start(getpid());
		uint64_t first = wire_packets(&wire);
		machine_sleep(seconds);
		uint64_t last = wire_packets(&wire);
		*mpps = (double)(last - first) / machine_watch_seconds(&watch, &share) / 1e6;
		note_share(share);
		if (wire_spilt(&wire) > 0)
			report_note(report, "%s: packets were lost that the model did not lose",
				    c->what);
	}
	wire_close(&wire);
	return code;
}

static int round_of_all(struct report *report, double seconds, bool *reference, struct error *error)
{
	double mpps, against = 0, share = 1;

	if (*reference && testpmd_measure(seconds, &against, &share, error) != 0) {
		report_note(report, "%s: %s", error->where, error->what);
		*reference = false;
	}
	note_share(share);
	for (size_t i = 0; i < CASES; i++) {
		int code = measure(&cases[i], seconds, report, &mpps, error);
		if (code)
			return code;
		samples_add(&report->lines[i].corridor, mpps);
		if (*reference)
			samples_add(&report->lines[i].reference, against);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "throughput"};
	struct options options;
	struct error error;
	bool reference = true;
	int status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	report.rounds = options.rounds;
	for (size_t i = 0; i < CASES; i++)
		report_add(&report, cases[i].key, cases[i].what, "Mpps", TESTPMD_NAME);
	for (unsigned round = 0; round < options.rounds; round++) {
		if (round_of_all(&report, options_seconds(&options, SECONDS), &reference, &error)) {
			fprintf(stderr, "bench_throughput: %s: %s\n", error.where, error.what);
			return 1;
		}
	}
	report_note(&report, "one direction, one core each, spinning, %s on both sides",
		    machine_memory().name);
	report_note(&report,
		    "a second is one on the core, which others had for up to %.0f %% of the time",
		    100 * (1 - least_share));
	report_print(&report, options.json);
	return 0;
}
