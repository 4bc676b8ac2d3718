// SPDX-License-Identifier: BSD-3-Clause
// The judge on loss: how many, and in which bursts.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pcaps/judge.h"
#include "pcaps/statistics.h"

#define TWO_32        4294967296.0
#define RUN_LENGTHS   32 // longer runs count as one
#define RUNS_LEAST    30
#define EXPECTED_RUNS 5.0 // of a length that is judged on its own

// Does chance alone decide whether this frame is lost? (What carrier, queue or MTU take is
// certain.)
static bool is_chance(const struct oracle *oracle, size_t sent)
{
	const struct oracle_promise *promise = &oracle->promises[sent];

	return promise->class == ORACLE_SETTLED &&
	       (promise->lost == DROP_NONE || promise->lost == DROP_MODEL) &&
	       oracle->eras[promise->era].loss_known;
}

static bool is_lost(const struct judge_case *judged, size_t sent)
{
	return judged->match->received_of_sent[sent] == MATCH_NONE;
}

// Frames that chance decides on, by era. Returns how many were lost.
static size_t fill_stretches(const struct judge_case *judged, struct statistics_stretch *stretches,
			     size_t *count, size_t *frames)
{
	const struct oracle *oracle = judged->oracle;
	uint32_t era = UINT32_MAX;
	size_t lost = 0;

	*count = *frames = 0;
	for (size_t i = 0; i < oracle->count; i++) {
		if (!is_chance(oracle, i))
			continue;
		if (oracle->promises[i].era != era) {
			era = oracle->promises[i].era;
			stretches[(*count)++] =
				(struct statistics_stretch){.loss = oracle->eras[era].loss};
		}
		stretches[*count - 1].frames++;
		lost += is_lost(judged, i);
		(*frames)++;
	}
	return lost;
}

// How many of the lost may be a queue's: those behind which the next arrival may have waited so
// long as the queue must have been full. Waits melt away in the time between the two.
static size_t count_overflow(const struct judge_case *judged)
{
	const struct oracle *oracle = judged->oracle;
	const struct frame_row *rows = judged->sent->rows;
	size_t next = oracle->count; // the next settled frame that arrived
	size_t lost = 0;

	for (size_t i = oracle->count; i-- > 0;) {
		const struct oracle_promise *promise = &oracle->promises[i];
		const struct oracle_era *era = &oracle->eras[promise->era];
		double wait_ns, gap_ns;

		if (promise->class != ORACLE_SETTLED)
			continue;
		if (judge_arrived(judged, i)) {
			next = i;
			continue;
		}
		if (!is_chance(oracle, i) || era->overflow_ns == ORACLE_NEVER)
			continue;
		if (next == oracle->count || oracle->promises[next].era != promise->era) {
			lost++;
			continue;
		}
		wait_ns = (double)(int64_t)(judge_arrival_ns(judged, next) -
					    oracle->promises[next].constant_at_ns);
		gap_ns = (double)(rows[next].at_ns - rows[i].at_ns);
		lost += wait_ns + gap_ns +
				(double)(era->rate_slack_ns + era->queues_ns +
					 judged->tolerance_ns) >=
			(double)era->overflow_ns;
	}
	return lost;
}

// From lost - overflow to lost are the model's.
static double ratio_p(const struct statistics_stretch *stretches, size_t count, bool from_start,
		      double expected, size_t lost, size_t overflow)
{
	size_t least = lost - overflow;

	if (expected >= (double)least && expected <= (double)lost)
		return 1;
	return statistics_loss_p(stretches, count, from_start,
				 expected < (double)least ? least : lost);
}

static void judge_ratio(const struct judge_case *judged, struct judge *judge,
			const struct statistics_stretch *stretches, size_t count, size_t frames,
			size_t lost)
{
	struct judge_test *test = judge_add(judge, "loss", "ratio");
	bool from_start = judged->oracle->exact && judged->oracle->from_start;
	size_t overflow = judged->oracle->exact ? 0 : count_overflow(judged);
	double expected;
	size_t gross;
	bool can_tell;

	if (frames == 0) {
		judge_open(test, "no packet whose loss has a known law");
		return;
	}
	expected = statistics_loss_mean(stretches, count, from_start);
	gross = (size_t)fmin((double)frames, 2 * expected + 1);
	can_tell = expected < 1e-9 || expected > (double)frames - 1e-6 ||
		   statistics_loss_p(stretches, count, from_start, gross) <
			   judged->alpha / JUDGE_STATISTICAL_TESTS;
	test->expected = expected / (double)frames;
	test->measured = (double)lost / (double)frames;
	judge_by_p(judged, test, ratio_p(stretches, count, from_start, expected, lost, overflow),
		   can_tell);
	if (overflow && test->answer != JUDGE_OPEN)
		snprintf(test->note, sizeof(test->note),
			 "of %zu lost packets queues on the way may have lost up to %zu", lost,
			 overflow);
}

// The chance that a run of losses ends with the next frame; NaN when it depends on more.
static double run_end(const struct loss_params *loss)
{
	if (loss->kind == LOSS_RANDOM && loss->random > 0 && loss->random < TWO_32)
		return 1 - (double)loss->random / TWO_32;
	if (loss->kind == LOSS_GILBERT_ELLIOTT && loss->lost_in_bad == (uint64_t)TWO_32 &&
	    loss->lost_in_good == 0 && loss->bad_to_good > 0 && loss->good_to_bad > 0)
		return (double)loss->bad_to_good / TWO_32;
	return NAN;
}

struct runs {
	size_t of_length[RUN_LENGTHS + 1]; // [RUN_LENGTHS]: that long or longer
	size_t count;
	size_t packets;
};

// Runs of losses within one era: those that begin and end in sight.
static void count_runs(const struct judge_case *judged, uint32_t era, struct runs *runs)
{
	bool in_sight = false; // the frame before was received, or belongs to a counted run
	size_t length = 0;

	*runs = (struct runs){0};
	for (size_t i = 0; i < judged->oracle->count; i++) {
		if (judged->oracle->promises[i].era != era || !is_chance(judged->oracle, i))
			continue;
		if (is_lost(judged, i)) {
			length += in_sight;
			continue;
		}
		if (length > 0) {
			runs->of_length[length < RUN_LENGTHS ? length : RUN_LENGTHS]++;
			runs->count++;
			runs->packets += length;
		}
		length = 0;
		in_sight = true;
	}
}

// Least p-value over the lengths that are expected often enough, corrected for their number.
static double runs_p(const struct runs *runs, double end)
{
	double p_value = 1;
	unsigned judged = 0;
	double longer = 1; // chance of a run at least this long

	for (size_t length = 1; length <= RUN_LENGTHS; length++) {
		double chance = length < RUN_LENGTHS ? longer * end : longer;
		size_t rest = 0;

		if ((double)runs->count * longer < EXPECTED_RUNS)
			break;
		for (size_t more = length; more <= RUN_LENGTHS; more++)
			rest += runs->of_length[more];
		// Exactly this long, and at least this long.
		p_value = fmin(p_value,
			       statistics_binomial_p(runs->count, runs->of_length[length], chance));
		p_value = fmin(p_value, statistics_binomial_p(runs->count, rest, longer));
		judged += 2;
		longer *= 1 - end;
	}
	return fmin(1, p_value * (judged ? judged : 1));
}

// The era in which a random process loses most frames.
static uint32_t most_lossy_era(const struct judge_case *judged, bool *any)
{
	const struct oracle *oracle = judged->oracle;
	size_t *lost = calloc(oracle->era_count + 1, sizeof(*lost));
	uint32_t most = 0;

	*any = false;
	if (!lost)
		return 0;
	for (size_t i = 0; i < oracle->count; i++)
		if (is_chance(oracle, i) && is_lost(judged, i))
			lost[oracle->promises[i].era]++;
	for (uint32_t era = 0; era < oracle->era_count; era++) {
		if (oracle->eras[era].loss.kind == LOSS_NONE)
			continue;
		if (!*any || lost[era] > lost[most])
			most = era;
		*any = true;
	}
	free(lost);
	return most;
}

static void judge_runs(const struct judge_case *judged, struct judge *judge)
{
	bool any;
	uint32_t era = most_lossy_era(judged, &any);
	struct judge_test *test;
	struct runs runs;
	double end;

	if (!any)
		return;
	test = judge_add(judge, "loss_runs", "packets");
	end = run_end(&judged->oracle->eras[era].loss);
	if (!judged->oracle->eras[era].loss_known || isnan(end)) {
		judge_open(test, "the runs of this model of loss have no simple law");
		return;
	}
	count_runs(judged, era, &runs);
	test->expected = 1 / end;
	test->measured = runs.count ? (double)runs.packets / (double)runs.count : 0;
	judge_by_p(judged, test, runs_p(&runs, end), runs.count >= RUNS_LEAST);
}

int judge_loss(const struct judge_case *judged, struct judge *judge)
{
	struct statistics_stretch *stretches =
		malloc((judged->oracle->count + 1) * sizeof(*stretches));
	size_t count;
	size_t frames;
	size_t lost;

	if (!stretches)
		return -ENOMEM;
	lost = fill_stretches(judged, stretches, &count, &frames);
	judge_ratio(judged, judge, stretches, count, frames, lost);
	free(stretches);
	// On a path others' packets lie between these, and break up the runs.
	if (judged->oracle->exact)
		judge_runs(judged, judge);
	return 0;
}
