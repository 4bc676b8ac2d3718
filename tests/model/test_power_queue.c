// SPDX-License-Identifier: BSD-3-Clause
// What tests see of queues and their managers: each parameter 5 % off. RED's burst is missing: it
// makes a weight that is a power of two, as in tc, and 5 % seldom make another one.
#include "tests/model/power_law.h"

#define MS RUN_MS

static void limit_packets(struct channel_params *params, double factor)
{
	queue_make_params(QUEUE_PACKETS, times(20, factor), "", &params->queue, NULL);
}

static void limit_bytes(struct channel_params *params, double factor)
{
	queue_make_params(QUEUE_BYTES, times(30000, factor), "", &params->queue, NULL);
}

static void limit_time(struct channel_params *params, double factor)
{
	queue_make_params(QUEUE_TIME, times(20e6, factor), "", &params->queue, NULL);
}

static void limit_head(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_HEAD);
	params->queue.limit_amount = times(20, factor);
}

static void mark_time(struct channel_params *params, double factor)
{
	queue_make_params(QUEUE_TIME, 50 * MS, "", &params->queue, NULL);
	params->queue.mark = QUEUE_TIME;
	params->queue.mark_amount = times(10e6, factor);
}

// RED's average stays between its thresholds for much of a load.
static struct red_params *red(struct channel_params *params)
{
	params->queue = queue_defaults(QUEUE_RED);
	params->queue.limit = QUEUE_BYTES;
	params->queue.limit_amount = 200000;
	params->queue.red.min_bytes = 10000;
	params->queue.red.max_bytes = 30000;
	params->queue.red.probability = UINT64_C(1) << 29; // an eighth
	params->queue.red.avpkt_bytes = 800;
	params->queue.red.burst_packets = 20;
	return &params->queue.red;
}

static void red_min(struct channel_params *params, double factor)
{
	red(params)->min_bytes = times(10000, factor);
}

static void red_max(struct channel_params *params, double factor)
{
	red(params)->max_bytes = times(30000, factor);
}

static void red_max_probability(struct channel_params *params, double factor)
{
	red(params)->probability = times(536870912, factor);
}

static void red_bandwidth(struct channel_params *params, double factor)
{
	red(params)->bandwidth_bps = times(8e6, factor);
	// A light average, and packets that are short, so that a rest shows.
	params->queue.red.min_bytes = 2000;
	params->queue.red.max_bytes = 20000;
	params->queue.red.avpkt_bytes = 100;
	params->queue.red.burst_packets = 400;
}

static void pie_target(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_PIE);
	params->queue.pie.target_ns = times(15e6, factor);
}

static void pie_tupdate(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_PIE);
	params->queue.pie.tupdate_ns = times(15e6, factor);
}

static void pie_alpha(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_PIE);
	params->queue.pie.alpha = (uint32_t)times(20, factor);
}

static void pie_beta(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_PIE);
	params->queue.pie.beta = (uint32_t)times(20, factor);
}

static void pie_burst(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_PIE);
	params->queue.pie.burst_ns = times(500e6, factor);
}

static void codel_target(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_CODEL);
	params->queue.codel.target_ns = times(5e6, factor);
	params->queue.codel.interval_ns = 20 * MS; // so that the target decides often
}

static void codel_interval(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_CODEL);
	params->queue.codel.interval_ns = times(100e6, factor);
}

static void codel_threshold(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_CODEL);
	params->queue.codel.ce_threshold_ns = times(8e6, factor);
}

static struct queue_params *fair(struct channel_params *params)
{
	params->queue = queue_defaults(QUEUE_FQ_CODEL);
	return &params->queue;
}

static void fair_target(struct channel_params *params, double factor)
{
	fair(params)->codel.target_ns = times(5e6, factor);
	params->queue.codel.interval_ns = 20 * MS;
	params->queue.fair.flows = 2; // full ones
}

static void fair_interval(struct channel_params *params, double factor)
{
	fair(params)->codel.interval_ns = times(100e6, factor);
	params->queue.fair.flows = 2;
}

static void fair_quantum(struct channel_params *params, double factor)
{
	fair(params)->fair.quantum_bytes = (uint32_t)times(1514, factor);
}

static void fair_flows(struct channel_params *params, double factor)
{
	fair(params)->fair.flows = (uint32_t)times(40, factor);
	params->queue.codel.interval_ns = 5000 * MS; // so that flows that share a queue wait
	params->queue.limit_amount = 200;
}

static void fair_limit(struct channel_params *params, double factor)
{
	fair(params)->limit_amount = times(40, factor);
}

static void fair_memory(struct channel_params *params, double factor)
{
	fair(params)->fair.memory_bytes = times(30000, factor);
}

static void fair_batch(struct channel_params *params, double factor)
{
	fair(params)->limit_amount = 200;
	params->queue.fair.batch_packets = (uint32_t)times(20, factor);
	params->queue.codel.interval_ns = 5000 * MS; // so that the queue fills
	params->queue.fair.flows = 2;                // and one flow has more than two batches
}

static void drr_weight(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_DRR);
	params->queue.limit_amount = 30;
	params->queue.classes.quantum_bytes = 64;
	for (int class = 0; class < 4; class ++)
		params->queue.classes.weight[class] = 20;
	params->queue.classes.weight[1] = (uint16_t)times(20, factor);
}

static void drr_quantum(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_DRR);
	params->queue.limit_amount = 30;
	params->queue.classes.quantum_bytes = (uint32_t)times(1514, factor);
}

static void drr_limit(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_DRR);
	params->queue.limit_amount = times(20, factor);
}

static void prio_limit(struct channel_params *params, double factor)
{
	params->queue = queue_defaults(QUEUE_PRIO);
	params->queue.limit_amount = times(20, factor);
}

static void queues_5_percent_off_are_caught(void **state)
{
	const struct power_row rows[] = {
		{"limit in packets", limit_packets},
		{"limit in bytes", limit_bytes},
		{"limit in time", limit_time},
		{"head drop's limit", limit_head},
		{"marking threshold", mark_time},
		{"prio limit", prio_limit},
		{"drr limit", drr_limit},
		{"drr weight", drr_weight},
		{"drr quantum", drr_quantum},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void managers_5_percent_off_are_caught(void **state)
{
	const struct power_row rows[] = {
		{"red min", red_min},
		{"red max", red_max},
		{"red probability", red_max_probability},
		{"red bandwidth", red_bandwidth},
		{"pie target", pie_target},
		{"pie tupdate", pie_tupdate},
		{"pie alpha", pie_alpha},
		{"pie beta", pie_beta},
		{"pie burst", pie_burst},
		{"codel target", codel_target},
		{"codel interval", codel_interval},
		{"codel ce_threshold", codel_threshold},
		{"fq_codel target", fair_target},
		{"fq_codel interval", fair_interval},
		{"fq_codel quantum", fair_quantum},
		{"fq_codel flows", fair_flows},
		{"fq_codel limit", fair_limit},
		{"fq_codel memory_limit", fair_memory},
		{"fq_codel drop_batch", fair_batch},
	};

	(void)state;
	CHECK_ROWS(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_5_percent_off_are_caught),
		cmocka_unit_test(managers_5_percent_off_are_caught),
	};

	return cmocka_run_group_tests_name("power_queue", tests, NULL, NULL);
}
