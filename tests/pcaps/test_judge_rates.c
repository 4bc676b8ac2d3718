// SPDX-License-Identifier: BSD-3-Clause
// How often the judge is wrong, by simulation: honest wires are accused no more often than stated,
// and wires that are off by stated amounts are found out. The judge knows the parameters and
// not the draws (no law), so that every clause with chance in it is at work. JUDGE_RUNS: how many
// runs of each kind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/model/jitter_table.h"
#include "pcaps/judge.h"
#include "pcaps/statistics.h"

#define MS        UINT64_C(1000000)
#define START_NS  UINT64_C(1700000000000000000)
#define FRAME     200u
#define MANY      40000u // frames where a fault is to be found
#define FEW       2000u  // frames of an honest run
#define RATE_MOST 0.05   // of false alarms that is measured
#define CERTAINTY 1e-6   // of the tests here

// ---- One run ----

struct arrival {
	uint64_t at_ns;
	uint32_t sent;
	bool damaged;
};

struct run {
	struct frames sent, received;
	struct judge judge;
};

static int by_time(const void *one, const void *other)
{
	const struct arrival *a = one, *b = other;

	return a->at_ns != b->at_ns ? (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns)
				    : (a->sent > b->sent) - (a->sent < b->sent);
}

static void add_arrival(struct arrival *arrivals, size_t *count, uint64_t at_ns, uint32_t sent,
			bool damaged)
{
	arrivals[(*count)++] = (struct arrival){START_NS + at_ns, sent, damaged};
}

// What comes out when `truth` holds.
static void let_through(struct run *run, const struct channel_params *truth, uint32_t frames,
			uint64_t gap_ns)
{
	struct arrival *arrivals = calloc(2 * (size_t)frames, sizeof(*arrivals));
	struct channel_state state = {0};
	size_t count = 0;

	run->sent = (struct frames){.rows = calloc(frames, sizeof(struct frame_row)),
				    .count = frames,
				    .shortest_cut = UINT32_MAX};
	assert_true(run->sent.rows && arrivals);
	for (uint32_t i = 0; i < frames; i++) {
		struct channel_fate fate = channel_offer(truth, &state, i * gap_ns, FRAME);

		run->sent.rows[i] = (struct frame_row){.at_ns = START_NS + i * gap_ns,
						       .key = i + 1,
						       .lanes = i * UINT64_C(0x0101010101010101),
						       .wire_length = FRAME,
						       .length = FRAME};
		if (fate.lost == DROP_NONE)
			add_arrival(arrivals, &count, fate.release_at_ns, i,
				    fate.flags & CHANNEL_CORRUPTED);
		if (fate.lost == DROP_NONE && fate.flags & CHANNEL_COPIED)
			add_arrival(arrivals, &count, fate.copy_release_at_ns, i,
				    fate.flags & CHANNEL_CORRUPTED);
	}
	qsort(arrivals, count, sizeof(*arrivals), by_time);
	run->received = (struct frames){.rows = calloc(count + 1, sizeof(struct frame_row)),
					.count = count,
					.shortest_cut = UINT32_MAX};
	assert_non_null(run->received.rows);
	for (size_t i = 0; i < count; i++) {
		struct frame_row *row = &run->received.rows[i];

		*row = run->sent.rows[arrivals[i].sent];
		row->at_ns = arrivals[i].at_ns;
		row->key ^= arrivals[i].damaged ? UINT64_C(1) << 63 : 0;
		row->lanes ^= arrivals[i].damaged ? 0x80 : 0;
	}
	free(arrivals);
}

static void judge_by(struct run *run, const struct channel_params *promised, double alpha)
{
	struct journal_channel entry = {.params = *promised};
	struct journal journal = {.clock_ns = START_NS};
	struct match_options options = {0};
	struct oracle oracle;
	struct measure measure;
	struct match match;
	struct judge_case judged = {.sent = &run->sent,
				    .received = &run->received,
				    .match = &match,
				    .measure = &measure,
				    .oracle = &oracle,
				    .alpha = alpha,
				    .no_law = true};
	struct error error;

	assert_int_equal(journal_add_channel_name(&journal, "span:forward"), 0);
	assert_int_equal(journal_add_channel(&journal, &entry), 0);
	assert_int_equal(oracle_wire(&journal, 0, 0, &run->sent, &oracle, &error), 0);
	assert_int_equal(match_frames(&run->sent, &run->received, &options, &match, &error), 0);
	assert_int_equal(
		measure_frames(&run->sent, &run->received, &match, UINT64_MAX, &measure, &error),
		0);
	assert_int_equal(judge_frames(&judged, &run->judge, &error), 0);
	match_free(&match);
	oracle_free(&oracle);
	journal_fini(&journal);
	frames_free(&run->sent);
	frames_free(&run->received);
}

static uint64_t runs_asked_for(uint64_t few)
{
	const char *text = getenv("JUDGE_RUNS");

	return text ? strtoull(text, NULL, 10) : few;
}

// ---- Wires ----

enum wire {
	WIRE_PLAIN,
	WIRE_LOSS,
	WIRE_BURSTS,
	WIRE_LEAKY_BURSTS,
	WIRE_UNIFORM,
	WIRE_NORMAL,
	WIRE_PARETO,
	WIRE_EXPONENTIAL,
	WIRE_SHORT, // jitter is longer than the delay
	WIRE_COPIES,
	WIRE_DAMAGE,
	WIRE_ALL,
	WIRES
};

static const char *const wire_names[WIRES] = {"plain",
					      "loss",
					      "bursts",
					      "leaky bursts",
					      "uniform jitter",
					      "normal jitter",
					      "pareto jitter",
					      "exponential jitter",
					      "jitter longer than the delay",
					      "copies",
					      "damage",
					      "all at once"};

static struct jitter_table pareto, exponential;

static int make_tables(void **state)
{
	(void)state;
	return jitter_table_make(JITTER_PARETO, 0, "", &pareto, NULL) ||
	       jitter_table_make(JITTER_EXPONENTIAL, 0, "", &exponential, NULL);
}

static void jitter(struct channel_params *params, enum jitter_kind kind, uint64_t width_ns,
		   const struct jitter_table *table)
{
	struct jitter_request request = {
		.kind = kind, .jitter_ns = width_ns, .order_free = true, .table = table};

	assert_int_equal(jitter_make(&request, "", &params->jitter, NULL), 0);
}

static void random_loss(struct channel_params *params, double ratio)
{
	assert_int_equal(loss_random_params(ratio, 0, "", &params->loss, NULL), 0);
}

static void bursty_loss(struct channel_params *params, double p, double r, double bad, double good)
{
	assert_int_equal(loss_gilbert_elliott_params(p, r, bad, good, "", &params->loss, NULL), 0);
}

static void copies(struct channel_params *params, double ratio)
{
	assert_int_equal(
		chance_make_params(ratio, 0, "duplicate", "", &params->duplicate.chance, NULL), 0);
}

static void damage(struct channel_params *params, double ratio)
{
	assert_int_equal(chance_make_params(ratio, 0, "corrupt", "", &params->corrupt.chance, NULL),
			 0);
	params->corrupt.bits = 1;
}

static struct channel_params make_wire(enum wire wire, uint64_t seed)
{
	struct channel_params params = {
		.seed = seed, .random_key = 3, .carrier = true, .delay_ns = 20 * MS};

	if (wire == WIRE_LOSS)
		random_loss(&params, 0.02);
	if (wire == WIRE_BURSTS || wire == WIRE_ALL)
		bursty_loss(&params, 0.01, 0.25, 1, 0);
	if (wire == WIRE_LEAKY_BURSTS)
		bursty_loss(&params, 0.01, 0.1, 0.7, 0.001);
	if (wire == WIRE_UNIFORM)
		jitter(&params, JITTER_UNIFORM, MS, NULL);
	if (wire == WIRE_NORMAL || wire == WIRE_ALL)
		jitter(&params, JITTER_NORMAL, MS, NULL);
	if (wire == WIRE_PARETO)
		jitter(&params, JITTER_PARETO, MS, &pareto);
	if (wire == WIRE_EXPONENTIAL)
		jitter(&params, JITTER_EXPONENTIAL, MS, &exponential);
	if (wire == WIRE_SHORT) {
		jitter(&params, JITTER_NORMAL, 3 * MS, NULL);
		params.delay_ns = 2 * MS;
	}
	if (wire == WIRE_COPIES || wire == WIRE_ALL)
		copies(&params, 0.03);
	if (wire == WIRE_DAMAGE)
		damage(&params, 0.03);
	channel_finish(&params);
	return params;
}

// ---- False alarms ----

// Not more often than `rate`, at CERTAINTY.
static bool is_too_often(uint64_t alarms, uint64_t runs, double rate)
{
	return (double)alarms > rate * (double)runs &&
	       statistics_binomial_p(runs, alarms, rate) < CERTAINTY;
}

static void honest_wires_are_accused_no_more_often_than_stated(void **state)
{
	uint64_t runs = runs_asked_for(40);

	(void)state;
	for (enum wire wire = 0; wire < WIRES; wire++) {
		uint64_t alarms = 0, certain = 0;

		for (uint64_t seed = 1; seed <= runs; seed++) {
			struct channel_params truth = make_wire(wire, 2 * seed);
			struct channel_params promised = make_wire(wire, 2 * seed + 1);
			struct run run;

			let_through(&run, &truth, FEW, MS);
			judge_by(&run, &promised, RATE_MOST);
			alarms += !run.judge.pass;
			for (size_t i = 0; i < run.judge.count; i++)
				certain += run.judge.tests[i].answer == JUDGE_FAIL &&
					   run.judge.tests[i].p_value == 0;
		}
		if (certain > 0 || is_too_often(alarms, runs, RATE_MOST))
			fail_msg("%s: %llu of %llu runs, %llu without any chance", wire_names[wire],
				 (unsigned long long)alarms, (unsigned long long)runs,
				 (unsigned long long)certain);
		printf("# %s: %llu of %llu honest runs accused, at most %g allowed\n",
		       wire_names[wire], (unsigned long long)alarms, (unsigned long long)runs,
		       RATE_MOST);
	}
}

// ---- Faults ----

struct fault {
	const char *what;
	const char *clause; // that finds it
	enum wire wire;     // as promised
	void (*spoil)(struct channel_params *truth);
};

static void twice_the_loss(struct channel_params *truth)
{
	random_loss(truth, 0.04);
}

static void half_the_loss(struct channel_params *truth)
{
	random_loss(truth, 0.01);
}

static void shorter_bursts(struct channel_params *truth)
{
	bursty_loss(truth, 0.02, 0.5, 1, 0); // the same ratio: 2 instead of 4 packets
}

static void longer_bursts(struct channel_params *truth)
{
	bursty_loss(truth, 0.005, 0.125, 1, 0);
}

static void bursts_of_the_same_ratio(struct channel_params *truth)
{
	bursty_loss(truth, 0.005, 0.245, 1, 0);
}

static void a_tenth_of_jitter_more_delay(struct channel_params *truth)
{
	truth->delay_ns += MS / 10;
}

static void a_tenth_of_jitter_less_delay(struct channel_params *truth)
{
	truth->delay_ns -= MS / 10;
}

static void a_quarter_more_jitter(struct channel_params *truth)
{
	jitter(truth, JITTER_NORMAL, MS + MS / 4, NULL);
}

static void a_quarter_less_jitter(struct channel_params *truth)
{
	jitter(truth, JITTER_NORMAL, MS - MS / 4, NULL);
}

static void another_distribution(struct channel_params *truth)
{
	jitter(truth, JITTER_EXPONENTIAL, MS, &exponential); // same mean and deviation
}

static void twice_the_copies(struct channel_params *truth)
{
	copies(truth, 0.06);
}

static void twice_the_damage(struct channel_params *truth)
{
	damage(truth, 0.06);
}

static void faults_of_stated_size_are_found_in_99_runs_of_100(void **state)
{
	static const struct fault faults[] = {
		{"4 % loss for 2 %", "loss", WIRE_LOSS, twice_the_loss},
		{"1 % loss for 2 %", "loss", WIRE_LOSS, half_the_loss},
		{"bursts of 2 for 4", "loss_runs", WIRE_BURSTS, shorter_bursts},
		{"bursts of 8 for 4", "loss_runs", WIRE_BURSTS, longer_bursts},
		{"bursts of 4 for single losses", "loss_runs", WIRE_LOSS, bursts_of_the_same_ratio},
		{"0.1 deviations more delay", "delay_mean", WIRE_NORMAL,
		 a_tenth_of_jitter_more_delay},
		{"0.1 deviations less delay", "delay_mean", WIRE_NORMAL,
		 a_tenth_of_jitter_less_delay},
		{"a quarter more jitter", "delay_distribution", WIRE_NORMAL, a_quarter_more_jitter},
		{"a quarter less jitter", "delay_distribution", WIRE_NORMAL, a_quarter_less_jitter},
		{"exponential for normal jitter", "delay_distribution", WIRE_NORMAL,
		 another_distribution},
		{"6 % copies for 3 %", "duplicates", WIRE_COPIES, twice_the_copies},
		{"6 % damage for 3 %", "corruption", WIRE_DAMAGE, twice_the_damage},
	};
	uint64_t runs = runs_asked_for(5);

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		uint64_t missed = 0;

		for (uint64_t seed = 1; seed <= runs; seed++) {
			struct channel_params truth = make_wire(faults[i].wire, 2 * seed);
			struct channel_params promised = make_wire(faults[i].wire, 2 * seed + 1);
			bool found = false;
			struct run run;

			faults[i].spoil(&truth);
			channel_finish(&truth);
			let_through(&run, &truth, MANY, MS);
			judge_by(&run, &promised, JUDGE_ALPHA);
			for (size_t t = 0; t < run.judge.count; t++)
				found |= strcmp(run.judge.tests[t].name, faults[i].clause) == 0 &&
					 run.judge.tests[t].answer == JUDGE_FAIL;
			missed += !found;
		}
		if (100 * missed > runs)
			fail_msg("%s: missed in %llu of %llu runs", faults[i].what,
				 (unsigned long long)missed, (unsigned long long)runs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_wires_are_accused_no_more_often_than_stated),
		cmocka_unit_test(faults_of_stated_size_are_found_in_99_runs_of_100),
	};

	return cmocka_run_group_tests(tests, make_tables, NULL);
}
