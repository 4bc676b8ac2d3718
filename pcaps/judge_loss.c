// SPDX-License-Identifier: BSD-3-Clause
// The judge on loss: in which bursts.
#include <math.h>
#include <stdlib.h>

#include "pcaps/judge.h"
#include "pcaps/statistics.h"

#define TWO_32        4294967296.0
#define RUN_LENGTHS   32 // longer runs count as one
#define RUNS_LEAST    30
#define EXPECTED_RUNS 5.0 // of a length that is judged on its own

static bool is_lost(const struct judge_case *judged, size_t sent)
{
	return judged->match->received_of_sent[sent] == MATCH_NONE;
}

// The chance that a run of losses ends with the next frame; NaN when it depends on more.
static double run_end(const struct loss_params *loss)
{
	if (loss->kind == LOSS_RANDOM && loss->correlation == 0 && loss->random > 0 &&
	    loss->random < TWO_32)
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
		if (judged->oracle->promises[i].era != era || !judge_by_chance(judged->oracle, i))
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
		if (judge_by_chance(oracle, i) && is_lost(judged, i))
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
	int code = judge_ratio(judged, judge);

	// On a path others' packets lie between these, and break up the runs.
	if (code == 0 && judged->oracle->exact)
		judge_runs(judged, judge);
	return code;
}
