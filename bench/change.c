// SPDX-License-Identifier: BSD-3-Clause
// How long a change of ten thousand channels takes, from the lines that ask for it to the instant
// at which the engine runs the new plan; and the engine's own part of it.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "bench/ring.h"
#include "control/lab.h"

#define ROUNDS      5
#define LINE_BYTES  48
#define LEAD_MS     2 // plans are handed over so long before their instant
#define MS_A_SECOND 1e3

struct bench {
	struct topology *topology;
	struct lab *lab;
	char (*lines)[LINE_BYTES];
	const char **words;
};

static int prepare(struct bench *bench, struct error *error)
{
	struct machine_memory memory = machine_memory();
	const struct lab_options options = {
		.spin = true, .eal_argc = memory.word_count, .eal_argv = (char **)memory.words};

	bench->lines = calloc(RING_LINKS, sizeof(*bench->lines));
	bench->words = calloc(RING_LINKS, sizeof(*bench->words));
	if (bench->lines == NULL || bench->words == NULL)
		return error_set(error, -ENOMEM, "change", "no memory for its lines");
	bench->topology = ring_load("", error);
	if (bench->topology == NULL)
		return error->code;
	bench->lab = lab_create(bench->topology, &options, error);
	return bench->lab != NULL ? lab_start(bench->lab, error) : error->code;
}

// What this thread has had of a processor: others on the machine do not add to it, but waiting for
// the instant does, where it is near.
static double processor_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec * MS_A_SECOND + (double)used.tv_nsec / 1e6;
}

// Each time another delay, for both directions of each link.
static int change_all(struct bench *bench, unsigned round, double *ms, double *own_ms,
		      struct error *error)
{
	for (unsigned i = 0; i < RING_LINKS; i++) {
		snprintf(bench->lines[i], LINE_BYTES, "link l%u set delay %ums", i, 2 + round % 7);
		bench->words[i] = bench->lines[i];
	}
	double own_began_ms = processor_ms(), began = machine_seconds();
	int code = lab_change(bench->lab, bench->words, RING_LINKS, NULL, error);
	*ms = (machine_seconds() - began) * MS_A_SECOND;
	*own_ms = processor_ms() - own_began_ms;
	return code;
}

// The plan alone, as the engine gets it: copied, handed over, taken over, the old one retired.
static int publish(struct bench *bench, double *copy_ms, double *publish_ms, struct error *error)
{
	double began = machine_seconds();
	struct plan *plan = plan_copy(network_plan(lab_network(bench->lab)));

	if (plan == NULL)
		return error_set(error, -ENOMEM, "change", "no memory for a plan");
	plan->valid_from_ns = engine_now_ns(lab_engine(bench->lab));
	for (size_t i = 0; i < plan->channel_count; i++)
		plan->channels[i].params.delay_ns++;
	double copied = machine_seconds();
	int code = engine_publish(lab_engine(bench->lab), plan, error);
	*copy_ms = (copied - began) * MS_A_SECOND;
	*publish_ms = (machine_seconds() - copied) * MS_A_SECOND;
	if (code)
		plan_free(plan);
	return code;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "change"};
	struct bench bench = {.lab = NULL};
	struct options options;
	struct error error;
	int code, status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	report.rounds = options.rounds;
	struct report_line *whole = report_target(
		report_add(&report, "change_10k",
			   "10,000 channels in one step, from lines to effect", "ms", NULL),
		REPORT_AT_MOST, 5);
	struct report_line *own = report_add(&report, "change_10k_processor",
					     "  of which control has had a processor", "ms", NULL);
	struct report_line *copied = report_add(&report, "change_10k_copy",
						"a whole plan of that size is copied", "ms", NULL);
	struct report_line *taken =
		report_add(&report, "change_10k_publish",
			   "and handed over, and the old one retired", "ms", NULL);
	code = prepare(&bench, &error);
	for (unsigned round = 0; code == 0 && round < options.rounds; round++) {
		double ms = 0, own_ms = 0;

		code = change_all(&bench, round, &ms, &own_ms, &error);
		if (code)
			break;
		samples_add(&whole->corridor, ms);
		samples_add(&own->corridor, own_ms);
	}
	// Afterwards: a plan from elsewhere is compared with the one in force all over.
	for (unsigned round = 0; code == 0 && round < options.rounds; round++) {
		double copy_ms = 0, publish_ms = 0;

		code = publish(&bench, &copy_ms, &publish_ms, &error);
		if (code)
			break;
		samples_add(&copied->corridor, copy_ms);
		samples_add(&taken->corridor, publish_ms);
	}
	if (code)
		fprintf(stderr, "bench_change: %s: %s\n", error.where, error.what);
	report_note(&report,
		    "%d links between %d routers, both directions of each changed by a line; the "
		    "change holds from an instant %d ms ahead, which is in",
		    RING_LINKS, RING_ROUTERS, LEAD_MS);
	if (code == 0)
		report_print(&report, options.json);
	lab_destroy(bench.lab);
	topology_free(bench.topology);
	free(bench.lines);
	free(bench.words);
	return code ? 1 : 0;
}
