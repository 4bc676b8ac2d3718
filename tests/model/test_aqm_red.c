// SPDX-License-Identifier: BSD-3-Clause
// RED: whole channels against the paper's algorithm in double precision, the weight by its
// definition, and the distances of drops by their closed form.
#include "dataplane/model/aqm_red.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/channel.h"
#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

#define MS  UINT64_C(1000000)
#define ONE 4294967296.0

static struct red_params params_of(uint64_t min_bytes, uint64_t max_bytes, double probability,
				   uint32_t burst)
{
	struct red_params params = {.min_bytes = min_bytes,
				    .max_bytes = max_bytes,
				    .probability = (uint64_t)(probability * ONE),
				    .avpkt_bytes = 1000,
				    .burst_packets = burst};

	assert_int_equal(red_finish(&params, 8000000, "test", NULL), 0);
	return params;
}

// ---- The average ----

// Section 6.1 of the paper: packet i of a burst finds i packets, itself counted.
static double average_after_burst(double weight, uint32_t burst)
{
	double average = 0;

	for (uint32_t i = 1; i <= burst; i++)
		average += weight * (i - average);
	return average + pow(1 - weight, burst); // tc's exponent is one less than the paper's
}

static void the_weight_is_the_heaviest_that_lets_the_burst_pass(void **state)
{
	const struct {
		uint64_t min_bytes, max_bytes;
		uint32_t burst;
	} cases[] = {{30000, 90000, 55},
		     {5000, 15000, 8},
		     {5000, 15000, 100},
		     {1500, 4500, 2},
		     {100000, 300000, 5000}};

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct red_params params =
			params_of(cases[i].min_bytes, cases[i].max_bytes, 0.02, cases[i].burst);
		double weight = pow(0.5, params.weight_shift);
		double packets = (double)cases[i].min_bytes / 1000;

		assert_true(average_after_burst(weight, cases[i].burst) <= packets);
		if (params.weight_shift > 1)
			assert_true(average_after_burst(2 * weight, cases[i].burst) > packets);
	}
	// tc's default: (2 min + max) / (3 avpkt).
	assert_int_equal(params_of(30000, 90000, 0.02, 0).weight_shift,
			 params_of(30000, 90000, 0.02, 50).weight_shift);
}

static void an_idle_line_ages_the_average_by_the_packets_it_would_have_sent(void **state)
{
	struct red_params params = params_of(30000, 90000, 0.02, 55);
	const uint64_t idle_ns[] = {0, 999999, MS, 10 * MS + 1, 999 * MS, 3600000 * MS};
	double weight = pow(0.5, params.weight_shift);

	(void)state;
	// 1000 bytes take a millisecond.
	for (int i = 0; i < 6; i++) {
		struct red_state red = {.average = UINT64_C(20000) << 32, .idle_from_ns = 5 * MS};
		double packets = floor((double)idle_ns[i] / 1e6);

		red_offer(&params, &red, 5 * MS + idle_ns[i], 0, FRAME_NOT_ECT, 0);
		assert_near((double)red.average / ONE, 20000 * pow(1 - weight, packets), 1e-3);
	}
	// A bandwidth of its own goes before the line's rate.
	params.bandwidth_bps = 80000000;
	assert_int_equal(red_finish(&params, 8000000, "", NULL), 0);
	struct red_state red = {.average = UINT64_C(20000) << 32};

	red_offer(&params, &red, MS, 0, FRAME_NOT_ECT, 0);
	assert_near((double)red.average / ONE, 20000 * pow(1 - weight, 10), 1e-3);
}

// ---- Whole channels against the paper ----

enum { PACKETS = 60000 };

static double arrives[PACKETS];
static uint32_t bytes[PACKETS];

struct reference {
	double average, count, line_free, weight;
	double departs[PACKETS], queued[PACKETS];
	int head, tail;
	double nearest, most; // average at its most
	bool ages;
};

static bool reference_drops(struct reference *r, int packet)
{
	double now = arrives[packet], backlog = 0, p_b, p_a, u;

	while (r->head < r->tail && r->departs[r->head] <= now)
		r->head++;
	for (int i = r->head; i < r->tail; i++)
		backlog += r->queued[i];
	if (backlog > 0) {
		r->average += r->weight * (backlog - r->average);
	} else {
		r->ages |= floor((now - r->line_free) / 1e6) > 3 && r->average > 1000;
		r->average *= pow(1 - r->weight, floor((now - r->line_free) / 1e6));
	}
	r->most = fmax(r->most, r->average);
	if (r->average < 10000) {
		r->count = 0;
		return false;
	}
	if (r->average >= 30000) {
		r->count = 0;
		return true;
	}
	p_b = 0.1 * (r->average - 10000) / 20000;
	p_a = r->count * p_b < 1 ? p_b / (1 - r->count * p_b) : 1;
	u = rng_draw(719, 4, RNG_QUEUE, (uint64_t)packet) / ONE;
	r->nearest = fmin(r->nearest, fabs(u - p_a));
	r->count = u < p_a ? 0 : r->count + 1;
	return u < p_a;
}

static void make_load(void)
{
	static const double loads[] = {0.5, 1.05, 1.2, 0.9, 4, 1.1, 0.1, 1.02};
	double at = 0;

	for (int i = 0; i < PACKETS; i++) {
		struct rng_block random = rng_block(719, 1, (uint64_t)i, 0);

		bytes[i] = 60 + random.word[0] % 1455;
		at += floor(-log((random.word[1] + 0.5) / ONE) * 787000 / loads[(i / 3000) % 8]);
		arrives[i] = at;
	}
}

static void whole_channels_do_what_the_paper_says(void **state)
{
	struct channel_params params = {
		.seed = 719, .random_key = 4, .carrier = true, .queue = queue_defaults(QUEUE_RED)};
	struct channel_state channel = {0};
	struct reference *r = calloc(1, sizeof(*r));
	int early = 0;
	void *memory;

	(void)state;
	assert_non_null(r);
	assert_int_equal(rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL), 0);
	params.queue.red.min_bytes = 10000;
	params.queue.red.max_bytes = 30000;
	params.queue.red.probability = (uint64_t)(0.1 * ONE);
	params.queue.red.burst_packets = 20;
	assert_int_equal(queue_finish(&params.queue, &params.rate, "", NULL), 0);
	memory = calloc(1, queue_memory_bytes(&params.queue));
	assert_non_null(memory);
	queue_attach(&params.queue, &channel.queue, memory, 0);
	r->nearest = 1;
	r->weight = pow(0.5, params.queue.red.weight_shift);
	make_load();
	for (int i = 0; i < PACKETS; i++) {
		struct channel_fate fate =
			channel_offer(&params, &channel, (uint64_t)arrives[i], bytes[i]);
		bool drops = reference_drops(r, i);

		assert_near((double)channel.queue.red.average / ONE, r->average, 1e-3);
		assert_int_equal(fate.lost, drops ? DROP_AQM : DROP_NONE);
		early += drops;
		if (drops)
			continue;
		r->line_free = fmax(r->line_free, arrives[i]) + 1000.0 * bytes[i];
		r->departs[r->tail] = r->line_free;
		r->queued[r->tail++] = bytes[i];
	}
	assert_true(r->nearest > 1e-8); // no decision hangs on rounding
	assert_true(early > 3000 && r->most > 30000 && r->ages);
	free(memory);
	free(r);
}

// ---- The draws ----

static struct red_state state_at(double average)
{
	return (struct red_state){.average = (uint64_t)(average * ONE)};
}

static void the_probability_grows_in_a_straight_line_between_the_thresholds(void **state)
{
	struct red_params params = params_of(10000, 30000, 0.2, 20);

	(void)state;
	for (double average = 10000; average < 30000; average += 12.7)
		assert_near((double)red_probability(&params, params.probability,
						    (uint64_t)(average * ONE)) /
				    ONE,
			    0.2 * (average - 10000) / 20000, 1e-9);
}

// The distances of drops are uniform over 1 .. 1/p_b (section 7).
static void distances_of_drops_are_uniform(void **state)
{
	enum { LONGEST = 20 };
	struct red_params params = params_of(10000, 30000, 0.1, 20);
	// 5 % of the mean distance against its deviation, at 10^-6 and 99 %.
	const double z = (Z_TWO_SIDED + 2.3263) / 0.05;
	const uint64_t drops = (uint64_t)ceil(z * z / 3 * 1.1);
	struct red_state red = state_at(20000);
	uint32_t counts[LONGEST] = {0}, distance = 0;
	double sum = 0, deviation = LONGEST / sqrt(12.0 * (double)drops);

	(void)state;
	for (uint64_t n = 0, seen = 0; seen < drops; n++) {
		distance++;
		if (red_offer(&params, &red, n, 20000, FRAME_NOT_ECT,
			      rng_draw(1, 0, RNG_QUEUE, n)) != AQM_DROP)
			continue;
		// 1/p_b is 20 but for the last bit.
		assert_true(distance <= LONGEST + 1);
		counts[distance <= LONGEST ? distance - 1 : LONGEST - 1]++;
		sum += distance;
		distance = 0;
		seen++;
	}
	assert_true(chi_square_of_equal(counts, LONGEST, (double)drops) <
		    chi_square_bound(LONGEST - 1));
	sum /= (double)drops;
	assert_true(fabs(sum - (LONGEST + 1) / 2.0) < Z_TWO_SIDED * deviation);
	assert_true(fabs(sum - (LONGEST / 1.05 + 1) / 2.0) > Z_TWO_SIDED * deviation);
}

static void the_thresholds_are_met_exactly(void **state)
{
	struct red_params params = params_of(10000, 30000, 1, 20);
	struct red_state red;

	(void)state;
	red = state_at(10000);
	assert_int_equal(red_offer(&params, &red, 0, 10000, 0, 0), AQM_PASS); // probability 0
	assert_int_equal(red.count, 1);
	red.average--;
	red.count = 5;
	assert_int_equal(red_offer(&params, &red, 0, 9999, 0, 0), AQM_PASS);
	assert_int_equal(red.count, 0); // begins anew below min
	red = state_at(30000);
	assert_int_equal(red_offer(&params, &red, 0, 30000, 0, UINT32_MAX), AQM_DROP);
	red.average -= 1 << 20;
	red.count = 0;
	// Just below max the probability is that of max, here 1.
	assert_int_equal(red_offer(&params, &red, 0, 29999, 0, UINT32_MAX - 1000000), AQM_DROP);
}

static void ecn_harddrop_and_nodrop_say_what_becomes_of_whom(void **state)
{
	const struct {
		bool ecn, harddrop, nodrop;
		double average;
		uint8_t field;
		enum aqm_verdict verdict;
	} cases[] = {
		{false, false, false, 25000, FRAME_ECT_0, AQM_DROP},
		{true, false, false, 25000, FRAME_ECT_0, AQM_MARK},
		{true, false, false, 25000, FRAME_ECT_1, AQM_MARK},
		{true, false, false, 25000, FRAME_CE, AQM_PASS},
		{true, false, false, 25000, FRAME_NOT_ECT, AQM_DROP},
		{true, false, false, 35000, FRAME_ECT_0, AQM_MARK},
		{true, true, false, 35000, FRAME_ECT_0, AQM_DROP},
		{true, true, false, 25000, FRAME_ECT_0, AQM_MARK},
		{true, false, true, 25000, FRAME_NOT_ECT, AQM_PASS},
		{true, false, true, 35000, FRAME_NOT_ECT, AQM_PASS},
		{true, false, true, 25000, FRAME_ECT_0, AQM_MARK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct red_params params = params_of(10000, 30000, 0.1, 20);
		struct red_state red = state_at(cases[i].average);

		params.ecn = cases[i].ecn;
		params.harddrop = cases[i].harddrop;
		params.nodrop = cases[i].nodrop;
		assert_int_equal(
			red_offer(&params, &red, 0, (uint64_t)cases[i].average, cases[i].field, 0),
			cases[i].verdict);
	}
}

// Floyd, Gummadi, Shenker 2001: up by min(1 %, a quarter), down to nine tenths, each half second.
static void the_adaptive_probability_moves_by_its_steps(void **state)
{
	struct red_params params = params_of(10000, 30000, 0.02, 20);
	struct red_state red = state_at(22500); // above 10000 + 0.6 20000
	double expected = 0.02;

	(void)state;
	params.adaptive = true;
	for (int step = 0; step < 100; step++) {
		red_offer(&params, &red, (uint64_t)step * 500 * MS, 22500, 0, UINT32_MAX);
		assert_near((double)red.probability / ONE, expected, 1e-6);
		red_offer(&params, &red, (uint64_t)step * 500 * MS + 499999999, 22500, 0,
			  UINT32_MAX);
		assert_near((double)red.probability / ONE, expected, 1e-6);
		if (expected <= 0.5)
			expected += fmin(0.01, expected / 4);
	}
	// In between nothing moves; below, down to 1 %.
	red.average = (uint64_t)(20000 * ONE);
	red_offer(&params, &red, 100 * 500 * MS, 20000, 0, UINT32_MAX);
	assert_near((double)red.probability / ONE, expected, 1e-6);
	red.average = (uint64_t)(17000 * ONE);
	for (int step = 101; step < 200; step++) {
		if (expected >= 0.01)
			expected *= 0.9;
		red_offer(&params, &red, (uint64_t)step * 500 * MS, 17000, 0, UINT32_MAX);
		assert_near((double)red.probability / ONE, expected, 1e-6);
	}
	// What was missed is made up for at once.
	red = state_at(17000);
	red_offer(&params, &red, 3 * 500 * MS + 1, 17000, 0, UINT32_MAX);
	assert_near((double)red.probability / ONE, 0.02 * 0.9 * 0.9 * 0.9, 1e-6);
	// A start later has no past.
	red_start(&red, 1000000 * MS);
	red_offer(&params, &red, 1000000 * MS + 1, 17000, 0, UINT32_MAX);
	assert_near((double)red.probability / ONE, 0.02, 1e-6);
}

// ---- Parameters ----

#define assert_refused(change)                                                                     \
	do {                                                                                       \
		struct red_params wrong = params_of(10000, 30000, 0.1, 20), before;                \
		struct error error = {0};                                                          \
		wrong.change;                                                                      \
		before = wrong;                                                                    \
		assert_int_equal(red_finish(&wrong, 8000000, "lab.ini:3", &error), -EINVAL);       \
		assert_true(error.what[0] != '\0');                                                \
		assert_memory_equal(&wrong, &before, sizeof(wrong));                               \
	} while (0)

static void parameters_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	assert_refused(min_bytes = 0);
	assert_refused(min_bytes = 30000);
	assert_refused(max_bytes = (1 << 30) + 1);
	assert_refused(probability = 0);
	assert_refused(probability = (UINT64_C(1) << 32) + 1);
	assert_refused(avpkt_bytes = 0);
	assert_refused(bandwidth_bps = 10000000000001);
	assert_refused(burst_packets = 8); // min / avpkt is 10
	assert_refused(burst_packets = (1 << 20) + 1);
	assert_refused(harddrop = true);
	assert_refused(nodrop = true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_weight_is_the_heaviest_that_lets_the_burst_pass),
		cmocka_unit_test(an_idle_line_ages_the_average_by_the_packets_it_would_have_sent),
		cmocka_unit_test(whole_channels_do_what_the_paper_says),
		cmocka_unit_test(the_probability_grows_in_a_straight_line_between_the_thresholds),
		cmocka_unit_test(distances_of_drops_are_uniform),
		cmocka_unit_test(the_thresholds_are_met_exactly),
		cmocka_unit_test(ecn_harddrop_and_nodrop_say_what_becomes_of_whom),
		cmocka_unit_test(the_adaptive_probability_moves_by_its_steps),
		cmocka_unit_test(parameters_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests_name("aqm_red", tests, NULL, NULL);
}
