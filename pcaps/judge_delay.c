// SPDX-License-Identifier: BSD-3-Clause
// The judge on delay: bounds that chance cannot break, then the mean and the law of the jitter.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pcaps/judge.h"
#include "pcaps/statistics.h"

#define SAMPLES_LEAST 50  // for a mean and a distribution
#define FLOOR_LEAST   100 // frames of which one finds all queues empty

bool judge_is_settled(const struct judge_case *judged, size_t sent)
{
	const struct oracle_promise *promise = &judged->oracle->promises[sent];

	return promise->class == ORACLE_SETTLED && !promise->reordered &&
	       promise->copy_release_at_ns == 0 &&
	       (promise->lost == DROP_NONE || promise->lost == DROP_MODEL) &&
	       judge_arrived(judged, sent);
}

int64_t judge_residual_ns(const struct judge_case *judged, size_t sent)
{
	return (int64_t)(judge_arrival_ns(judged, sent) -
			 judged->oracle->promises[sent].constant_at_ns);
}

static void judge_early(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "delay_early", "packets");
	size_t worst = 0;
	uint64_t worst_ns = 0;
	size_t early = 0;

	for (size_t i = 0; i < judged->oracle->count; i++) {
		uint64_t bound_ns = judged->oracle->promises[i].earliest_at_ns;
		uint64_t at_ns;

		if (!judge_is_settled(judged, i))
			continue;
		at_ns = judge_arrival_ns(judged, i);
		if (at_ns + judged->tolerance_ns >= bound_ns)
			continue;
		early++;
		if (bound_ns - at_ns > worst_ns) {
			worst_ns = bound_ns - at_ns;
			worst = i;
		}
	}
	judge_none(test, early);
	if (early)
		snprintf(test->note, sizeof(test->note),
			 "sent packet %zu came %" PRIu64 " ns before it could", worst, worst_ns);
}

static void judge_late(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "delay_late", "packets");
	size_t bounded = 0;
	size_t worst = 0;
	uint64_t worst_ns = 0;
	size_t late = 0;

	for (size_t i = 0; i < judged->oracle->count; i++) {
		uint64_t bound_ns = judged->oracle->promises[i].latest_at_ns;
		uint64_t at_ns;

		if (!judge_is_settled(judged, i) || bound_ns == ORACLE_NEVER)
			continue;
		bounded++;
		at_ns = judge_arrival_ns(judged, i);
		if (at_ns <= oracle_add_ns(bound_ns, judged->tolerance_ns))
			continue;
		late++;
		if (at_ns - bound_ns > worst_ns) {
			worst_ns = at_ns - bound_ns;
			worst = i;
		}
	}
	if (bounded == 0) {
		judge_open(test, "queues without a limit may hold a packet for any time");
		return;
	}
	judge_none(test, late);
	if (late)
		snprintf(test->note, sizeof(test->note),
			 "sent packet %zu came %" PRIu64 " ns after the latest it may", worst,
			 worst_ns);
}

// Does it leave in a slot, together with others and later than jitter alone would have it? On a
// wire nothing else is without a latest instant.
static bool in_slots(const struct judge_case *judged, size_t sent)
{
	return judged->oracle->exact && judged->oracle->promises[sent].latest_at_ns == ORACLE_NEVER;
}

// Frames whose jitter is an independent draw of a known law: settled, arrived, one jittering
// channel without correlation, no frame before that could hold them back.
static bool is_sample(const struct judge_case *judged, size_t sent)
{
	const struct oracle_promise *promise = &judged->oracle->promises[sent];
	const struct oracle_era *era;

	if (!judge_is_settled(judged, sent) || !promise->is_free)
		return false;
	if (in_slots(judged, sent))
		return false;
	era = &judged->oracle->eras[promise->era];
	return era->jitter_channels == 1 && era->jitter.correlation == 0;
}

static bool any_jitter(const struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->era_count; i++)
		if (oracle->eras[i].jitter_channels > 0)
			return true;
	return false;
}

// Sums over samples of several eras.
struct mean {
	size_t count;
	double expected, sum;
	// Of the samples cut to where a few cannot sway the mean, less their mean.
	double cut_sum, variance, greatest;
};

static void sum_samples(const struct judge_case *judged, struct mean *mean)
{
	const struct oracle *oracle = judged->oracle;
	uint32_t last = UINT32_MAX;
	struct statistics_cut cut = {0};
	double law = 0, variance;

	*mean = (struct mean){0};
	for (size_t i = 0; i < oracle->count; i++) {
		const struct oracle_era *era = &oracle->eras[oracle->promises[i].era];
		double residual;

		if (!is_sample(judged, i))
			continue;
		if (oracle->promises[i].era != last) {
			last = oracle->promises[i].era;
			statistics_jitter_moments(&era->jitter, era->jitter_delay_ns, &law,
						  &variance);
			statistics_jitter_cut(&era->jitter, era->jitter_delay_ns, &cut);
			mean->greatest = fmax(mean->greatest,
					      fmax(cut.high_ns - cut.mean, cut.mean - cut.low_ns));
		}
		residual = (double)judge_residual_ns(judged, i);
		mean->count++;
		mean->expected += law;
		mean->sum += residual;
		mean->cut_sum += statistics_cut_ns(&cut, residual) - cut.mean;
		mean->variance += cut.variance;
	}
}

static void judge_mean(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "delay_mean", "ns");
	struct mean mean;
	double beyond;

	sum_samples(judged, &mean);
	if (mean.count < SAMPLES_LEAST) {
		judge_open(test, "too few packets whose jitter is independent (%zu of at least %d)",
			   mean.count, SAMPLES_LEAST);
		return;
	}
	test->expected = rint(mean.expected / (double)mean.count * 10) / 10;
	test->measured = rint(mean.sum / (double)mean.count * 10) / 10;
	beyond = fabs(mean.cut_sum) - (double)judged->tolerance_ns * (double)mean.count;
	// On a shared path others' packets may add to the delay, never take off.
	if (beyond < 0 || (!judged->oracle->exact && mean.cut_sum > 0))
		beyond = 0;
	judge_by_p(judged, test, statistics_sum_p(beyond, mean.variance, mean.greatest), true);
	snprintf(test->note, sizeof(test->note), "jitter of %zu independent packets%s", mean.count,
		 judged->oracle->exact ? "" : "; others on the path may add to it");
}

static int compare(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one;
	int64_t b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

// The era with the most samples; *samples is their number.
static uint32_t fullest_era(const struct judge_case *judged, size_t *counts, size_t *samples)
{
	uint32_t fullest = 0;

	for (size_t i = 0; i < judged->oracle->count; i++)
		if (is_sample(judged, i))
			counts[judged->oracle->promises[i].era]++;
	for (uint32_t era = 1; era < judged->oracle->era_count; era++)
		if (counts[era] > counts[fullest])
			fullest = era;
	*samples = counts[fullest];
	return fullest;
}

// Greatest distance between the sorted samples and the law, with the samples moved by up to the
// tolerance in the law's favour. On a shared path only samples that are too small count.
static double greatest_distance(const struct judge_case *judged, const struct oracle_era *era,
				const int64_t *sorted, size_t count)
{
	int64_t tolerance_ns = (int64_t)judged->tolerance_ns;
	double greatest = 0;

	for (size_t i = 0; i < count; i++) {
		double at_or_below = (double)(i + 1) / (double)count;
		double below = (double)i / (double)count;

		if (i + 1 == count || sorted[i + 1] != sorted[i])
			greatest = fmax(greatest,
					at_or_below - statistics_jitter_below(
							      &era->jitter, era->jitter_delay_ns,
							      sorted[i] + tolerance_ns));
		if (judged->oracle->exact && (i == 0 || sorted[i - 1] != sorted[i]))
			greatest = fmax(greatest,
					statistics_jitter_below(&era->jitter, era->jitter_delay_ns,
								sorted[i] - 1 - tolerance_ns) -
						below);
	}
	return greatest;
}

static int judge_distribution(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "delay_distribution", "distance");
	size_t *counts = calloc(judged->oracle->era_count + 1, sizeof(*counts));
	int64_t *values = NULL;
	size_t samples = 0;
	size_t filled = 0;
	uint32_t era;

	if (!counts)
		return -ENOMEM;
	era = fullest_era(judged, counts, &samples);
	free(counts);
	if (samples < SAMPLES_LEAST) {
		judge_open(test, "too few packets whose jitter is independent (%zu of at least %d)",
			   samples, SAMPLES_LEAST);
		return 0;
	}
	values = malloc(samples * sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < judged->oracle->count; i++)
		if (is_sample(judged, i) && judged->oracle->promises[i].era == era)
			values[filled++] = judge_residual_ns(judged, i);
	qsort(values, filled, sizeof(*values), compare);
	test->measured = greatest_distance(judged, &judged->oracle->eras[era], values, filled);
	judge_by_p(judged, test,
		   statistics_distance_p(filled, test->measured, judged->oracle->exact), true);
	free(values);
	return 0;
}

// Where others' packets may lie in front, at least one in many finds all queues empty, unless they
// are never empty; but then waiting times vary.
static int judge_floor(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "delay_floor", "ns");
	int64_t *values = malloc((judged->oracle->count + 1) * sizeof(*values));
	struct measure_summary summary;
	uint64_t queues_ns = 0;
	size_t count = 0;
	int64_t allowed;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < judged->oracle->count; i++) {
		const struct oracle_era *era =
			&judged->oracle->eras[judged->oracle->promises[i].era];

		if (!judge_is_settled(judged, i) || era->jitter_channels > 0 ||
		    (judged->oracle->promises[i].moved && !judged->oracle->promises[i].is_free))
			continue; // of the last it is not known which delay it had
		values[count++] = judge_residual_ns(judged, i);
		if (era->queues_ns > queues_ns)
			queues_ns = era->queues_ns;
	}
	measure_summarise(values, count, &summary);
	free(values);
	allowed = (int64_t)(judged->tolerance_ns + queues_ns);
	if (count < FLOOR_LEAST || !summary.p90.known) {
		judge_open(test, "too few packets to say (%zu of at least %d)", count, FLOOR_LEAST);
		return 0;
	}
	if (summary.min_ns > allowed && summary.p90.value_ns - summary.min_ns >= summary.min_ns) {
		judge_open(test, "the queues were busy all the time");
		return 0;
	}
	judge_none(test, summary.min_ns > allowed);
	test->measured = (double)summary.min_ns;
	snprintf(test->note, sizeof(test->note),
		 "the fastest packet against empty queues; one frame in each (%" PRIu64
		 " ns) is allowed",
		 queues_ns);
	return 0;
}

static uint32_t line_bytes(const struct judge_case *judged, size_t sent)
{
	const struct frame_row *row = &judged->sent->rows[sent];

	return judged->oracle->exact ? row->wire_length : oracle_path_bytes(row);
}

// What the serialiser allows: with S the time on the line of all up to a frame, its departure less
// S never falls below that of a frame before it.
static void judge_rate(const struct judge_case *judged, struct judge *judge)
{
	const struct match *match = judged->match;
	struct judge_test *test = judge_add(judge, "rate", "packets");
	__int128 line_q32 = 0; // S
	__int128 greatest_q32 = 0;
	uint32_t last = UINT32_MAX;
	int64_t worst_ns = 0;
	size_t fast = 0;

	for (size_t i = 0; i < match->received_count; i++) {
		const struct oracle_era *era;
		uint32_t sent = match->sent_of_received[i];
		__int128 at_q32;
		int64_t sooner_ns;

		if (match->kinds[i] != MATCH_FIRST || !judge_is_settled(judged, sent))
			continue;
		era = &judged->oracle->eras[judged->oracle->promises[sent].era];
		if (era->rate.ns_per_byte_q32 == 0 || era->rate.kind != RATE_CONSTANT ||
		    era->delay_varies)
			continue; // bursts and what changes are left to the law, and to judge_line
		if (judged->oracle->promises[sent].moved || in_slots(judged, sent)) {
			last = UINT32_MAX; // it no longer comes as the line sent it
			continue;
		}
		line_q32 += (__int128)era->rate.ns_per_byte_q32 *
			    rate_line_bytes(&era->rate, line_bytes(judged, sent));
		at_q32 = ((__int128)judged->received->rows[i].at_ns << 32) - line_q32;
		if (judged->oracle->promises[sent].era != last) {
			last = judged->oracle->promises[sent].era;
			greatest_q32 = at_q32;
			continue;
		}
		sooner_ns = (int64_t)((greatest_q32 - at_q32) >> 32) -
			    (int64_t)(era->rate_slack_ns + judged->tolerance_ns + 1);
		fast += sooner_ns > 0;
		if (sooner_ns > worst_ns)
			worst_ns = sooner_ns;
		if (at_q32 > greatest_q32)
			greatest_q32 = at_q32;
	}
	judge_none(test, fast);
	if (fast)
		snprintf(test->note, sizeof(test->note),
			 "packets came up to %" PRId64 " ns sooner than the line can send them",
			 worst_ns);
}

static bool any_serialiser(const struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->era_count; i++)
		if (oracle->eras[i].serialised)
			return true;
	return false;
}

int judge_delay(const struct judge_case *judged, struct judge *judge)
{
	int code = 0;

	judge_early(judged, judge);
	judge_late(judged, judge);
	if (!judged->oracle->exact)
		code = judge_floor(judged, judge);
	if (code == 0 && any_jitter(judged->oracle)) {
		judge_mean(judged, judge);
		code = judge_distribution(judged, judge);
		if (code == 0 && judged->oracle->exact)
			judge_correlation(judged, judge);
	}
	if (any_serialiser(judged->oracle))
		judge_rate(judged, judge);
	return code;
}
