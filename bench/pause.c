// SPDX-License-Identifier: BSD-3-Clause
// For how long the worker stands still when a plan in which ten thousand channels are changed takes
// over: the longest time between two looks at a port, by a hook in the port, beside the same
// stretch of time without a change.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/report.h"
#include "bench/ring.h"
#include "bench/wire.h"

#define ROUNDS    5
#define CHANGES   15 // a round, of which the one with the shortest pause counts
#define LEAD_NS   1000000
#define STRETCH   0.003 // seconds around a change
#define BESIDE    "the same stretch of time without a change"
#define TARGET_NS 2000

// Looks of the worker at a port that never has a frame.
struct looks {
	const struct engine *engine;
	uint64_t last_ns;
	uint64_t longest_ns; // atomic: the worker writes, control begins anew
};

static uint16_t look(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t count,
		     uint16_t most, void *context)
{
	struct looks *looks = context;
	uint64_t now_ns = engine_now_ns(looks->engine);
	uint64_t gap_ns = now_ns - looks->last_ns;

	(void)port;
	(void)queue;
	(void)frames;
	(void)most;
	looks->last_ns = now_ns;
	if (gap_ns > __atomic_load_n(&looks->longest_ns, __ATOMIC_RELAXED))
		__atomic_store_n(&looks->longest_ns, gap_ns, __ATOMIC_RELAXED);
	return count;
}

struct bench {
	struct topology *topology;
	struct lab *lab;
	struct looks looks;
	const struct rte_eth_rxtx_callback *hook;
	uint16_t port;
};

static const char ports[] = "[port west]\ndevice = " WIRE_WEST WIRE_NO_RX "\n"
			    "[port east]\ndevice = " WIRE_EAST WIRE_NO_RX "\n"
			    "[link span]\nmedium = wire\nends = west, east\ndelay = 1ms\n";

static int prepare(struct bench *bench, struct error *error)
{
	struct machine_memory memory = machine_memory();
	const struct lab_options options = {
		.spin = true, .eal_argc = memory.word_count, .eal_argv = (char **)memory.words};

	bench->topology = ring_load(ports, error);
	if (bench->topology == NULL)
		return error->code;
	bench->lab = lab_create(bench->topology, &options, error);
	if (bench->lab == NULL)
		return error->code;
	bench->looks.engine = lab_engine(bench->lab);
	if (rte_eth_dev_get_port_by_name(WIRE_WEST, &bench->port) == 0)
		bench->hook = rte_eth_add_rx_callback(bench->port, 0, look, &bench->looks);
	if (bench->hook == NULL)
		return error_set(error, -ENOTSUP, "pause", "this DPDK calls no hooks");
	return lab_start(bench->lab, error);
}

// All channels but the wire's get another delay; what is in flight stays as it is.
static int change(const struct bench *bench, struct error *error)
{
	struct engine *engine = lab_engine(bench->lab);
	struct plan *plan = plan_copy(network_plan(lab_network(bench->lab)));
	int code;

	if (plan == NULL)
		return error_set(error, -ENOMEM, "pause", "no memory for a plan");
	plan->valid_from_ns = engine_now_ns(engine) + LEAD_NS;
	for (size_t i = 2; i < plan->channel_count; i++)
		plan->channels[i].params.delay_ns += 1 + plan->valid_from_ns % 1000;
	code = engine_publish(engine, plan, error);
	if (code)
		plan_free(plan);
	return code;
}

static void begin_anew(struct bench *bench)
{
	machine_sleep(STRETCH); // what preparing has done to the caches is over
	__atomic_store_n(&bench->looks.longest_ns, 0, __ATOMIC_RELAXED);
}

static int one_round(struct bench *bench, double *with_ns, double *without_ns, struct error *error)
{
	struct samples with = {.count = 0}, without = {.count = 0};

	for (unsigned i = 0; i < CHANGES; i++) {
		begin_anew(bench);
		double began = machine_seconds();
		int code = change(bench, error);
		double took = machine_seconds() - began;

		if (code)
			return code;
		samples_add(&with,
			    (double)__atomic_load_n(&bench->looks.longest_ns, __ATOMIC_RELAXED));
		begin_anew(bench);
		machine_sleep(took);
		samples_add(&without,
			    (double)__atomic_load_n(&bench->looks.longest_ns, __ATOMIC_RELAXED));
	}
	// A change's own pause is in each; others' turns of the core are not.
	*with_ns = samples_least(&with);
	*without_ns = samples_least(&without);
	return 0;
}

int main(int argc, char **argv)
{
	static struct report report = {.name = "pause"};
	static struct bench bench;
	struct options options;
	struct error error = {.code = 0};
	int code, status = options_parse(&options, argc, argv, ROUNDS);

	if (status)
		return status;
	report.rounds = options.rounds;
	struct report_line *line = report_target(
		report_add(&report, "pause_10k",
			   "the worker's longest pause, 10,000 channels changed", "ns", BESIDE),
		REPORT_AT_MOST, TARGET_NS);
	code = prepare(&bench, &error);
	for (unsigned round = 0; code == 0 && round < options.rounds; round++) {
		double with_ns = 0, without_ns = 0;

		code = one_round(&bench, &with_ns, &without_ns, &error);
		if (code)
			break;
		samples_add(&line->corridor, with_ns);
		samples_add(&line->reference, without_ns);
	}
	if (bench.lab != NULL)
		engine_stop(lab_engine(bench.lab));
	if (bench.hook != NULL)
		rte_eth_remove_rx_callback(bench.port, 0, bench.hook);
	lab_destroy(bench.lab);
	topology_free(bench.topology);
	if (code) {
		fprintf(stderr, "bench_pause: %s: %s\n", error.where, error.what);
		return 1;
	}
	report_note(&report,
		    "between two looks at a port, from before the plan is copied until it has "
		    "taken over and the old one is retired; of %d changes a round the least, as "
		    "others' turns of the core are in it too",
		    CHANGES);
	report_print(&report, options.json);
	return 0;
}
