// SPDX-License-Identifier: BSD-3-Clause
// The judge on satellites: each packet's delay, less what is constant on the rest of its path,
// against the closed form of where the satellite then was.
#include "pcaps/judge_geometry.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "pcaps/judge.h"

// A way may serve for a moment more or less than its elevation says.
#define MASK_SLACK_DEG 0.02
#define HOPS_MOST      64 // longer paths are not judged

// What is in force for a stretch of frames in which no entry of the journal begins.
struct stretch {
	uint64_t from_ns, until_ns; // lab clock
	const struct journal_path *path;
	const struct channel_params *hops[HOPS_MOST]; // of the path
	bool judged;                                  // the path is such that its rest is constant
};

struct tally {
	size_t judged, held, unseen;
	double worst_ns; // with its sign
	size_t worst;    // sent frame
	// Where a line may make packets wait, lateness says nothing of one packet.
	size_t waited;
	double least_late_ns, sum_late_ns;
	uint64_t queues_ns;
	// Who served last; and from when on frames have been held behind that one's.
	size_t way;
	int64_t held_from_ns;
};

static const struct channel_params *params_at(const struct journal *journal, uint32_t channel,
					      uint64_t at_ns)
{
	const struct channel_params *params = NULL;

	for (size_t i = 0; i < journal->channel_entry_count; i++) {
		if (journal->channels[i].from_ns > at_ns)
			break;
		if (journal->channels[i].channel == channel)
			params = &journal->channels[i].params;
	}
	return params;
}

static bool is_constant(const struct channel_params *params)
{
	return params->jitter.kind == JITTER_NONE && params->reorder.gap == 0 &&
	       params->slot.packets == 0 &&
	       (params->rate.ns_per_byte_q32 == 0 || params->rate.kind == RATE_CONSTANT ||
		params->rate.kind == RATE_PROFILE);
}

static bool is_of_the_sky(const struct judge_geometry *geometry,
			  const struct channel_params *params)
{
	if (!geometry->moves)
		return !params->delay_profile && params->delay_ns == geometry->still_ns;
	return params->delay_profile && params->delay_profile->interpolated &&
	       params->delay_profile->period_ns == 0;
}

static bool can_judge(const struct judge_geometry *geometry, struct stretch *stretch)
{
	const struct journal_path *path = stretch->path;
	unsigned found = 0;

	if (!path || !path->settled || path->hop_count > HOPS_MOST)
		return false;
	for (size_t hop = 0; hop < path->hop_count; hop++) {
		const struct channel_params *params =
			params_at(geometry->journal, path->hops[hop], stretch->from_ns);
		bool is_sky = path->hops[hop] == geometry->channel;

		if (!params || !is_constant(params) ||
		    !(is_sky ? is_of_the_sky(geometry, params) : !params->delay_profile))
			return false;
		stretch->hops[hop] = params;
		found += is_sky;
	}
	return found == 1;
}

static void begin_stretch(const struct judge_geometry *geometry, uint64_t at_ns,
			  struct stretch *stretch)
{
	const struct journal *journal = geometry->journal;

	*stretch = (struct stretch){.from_ns = at_ns, .until_ns = UINT64_MAX};
	for (size_t i = 0; i < journal->channel_entry_count; i++)
		if (journal->channels[i].from_ns > at_ns) {
			stretch->until_ns = journal->channels[i].from_ns;
			break;
		}
	for (size_t i = 0; i < journal->path_entry_count; i++) {
		const struct journal_path *path = &journal->paths[i];

		if (path->from_ns > at_ns) {
			if (path->from_ns < stretch->until_ns)
				stretch->until_ns = path->from_ns;
			break;
		}
		if (path->from_port == geometry->from_port && path->to_port == geometry->to_port)
			stretch->path = path;
	}
	stretch->judged = can_judge(geometry, stretch);
}

// What the path takes of a frame that comes at at_ns of the lab's clock beside light's time over
// the satellite, and when it sets out there. The rate of a line may change with time, by weather;
// after the satellite its time is that of about light_ns later.
static uint64_t others_ns(const struct judge_geometry *geometry, const struct stretch *stretch,
			  uint64_t at_ns, uint64_t light_ns, uint32_t frame_bytes,
			  uint64_t *before_ns)
{
	uint64_t sum_ns = 0;

	for (size_t hop = 0; hop < stretch->path->hop_count; hop++) {
		struct rate_state idle = {0};
		const struct channel_params *params = stretch->hops[hop];
		bool is_sky = stretch->path->hops[hop] == geometry->channel;

		uint64_t from_ns = at_ns + sum_ns;

		sum_ns += rate_offer(&params->rate, &idle, from_ns, frame_bytes) - from_ns;
		if (is_sky) {
			*before_ns = sum_ns;
			at_ns += light_ns;
		}
		sum_ns += is_sky ? geometry->processing_ns : params->delay_ns;
	}
	return sum_ns;
}

static double delay_ns(const struct judge_geometry *geometry, size_t way, int64_t utc_ns)
{
	return geometry_delay_ns(&geometry->from, &geometry->to, &geometry->ways[way], utc_ns);
}

static bool is_in_sight(const struct judge_geometry *geometry, size_t way, int64_t utc_ns)
{
	return !geometry->moves ||
	       geometry_elevation_deg(&geometry->from, &geometry->to, &geometry->ways[way],
				      utc_ns) >= geometry->mask_deg - MASK_SLACK_DEG;
}

// How far a delay is from the nearest of the ways in sight; NaN when none is.
static double nearest_ns(const struct judge_geometry *geometry, int64_t utc_ns, double measured_ns,
			 size_t *way)
{
	double nearest = NAN;

	for (size_t i = 0; i < geometry->way_count; i++) {
		double off_ns;

		if (!is_in_sight(geometry, i, utc_ns))
			continue;
		off_ns = measured_ns - delay_ns(geometry, i, utc_ns);
		if (isnan(nearest) || fabs(off_ns) < fabs(nearest)) {
			nearest = off_ns;
			*way = i;
		}
	}
	return nearest;
}

// After a handover to a shorter way order is kept: for as long as the ways differ, packets come
// when the last over the longer way has come.
static bool is_held(const struct judge_geometry *geometry, struct tally *tally, int64_t utc_ns,
		    double measured_ns, double allowed_ns)
{
	double longer_ns, shortest_ns = INFINITY;

	if (tally->way == SIZE_MAX || geometry->way_count == 1)
		return false;
	if (tally->held_from_ns == INT64_MIN)
		tally->held_from_ns = utc_ns;
	longer_ns = delay_ns(geometry, tally->way, utc_ns);
	for (size_t i = 0; i < geometry->way_count; i++)
		if (is_in_sight(geometry, i, utc_ns))
			shortest_ns = fmin(shortest_ns, delay_ns(geometry, i, utc_ns));
	return measured_ns >= shortest_ns && measured_ns <= longer_ns + allowed_ns &&
	       (double)(utc_ns - tally->held_from_ns) <= longer_ns - shortest_ns + allowed_ns;
}

static void note_off(struct tally *tally, size_t sent, double off_ns)
{
	if (fabs(off_ns) <= fabs(tally->worst_ns))
		return;
	tally->worst_ns = off_ns;
	tally->worst = sent;
}

static void judge_one(const struct judge_case *judged, const struct stretch *stretch, size_t sent,
		      struct tally *tally)
{
	const struct judge_geometry *geometry = judged->geometry;
	const struct frame_row *row = &judged->sent->rows[sent];
	const struct oracle_promise *promise = &judged->oracle->promises[sent];
	const struct oracle_era *era = &judged->oracle->eras[promise->era];
	uint64_t before_ns = 0, at_ns = row->at_ns - geometry->journal->clock_ns;
	uint64_t takes_ns = judge_arrival_ns(judged, sent) - row->at_ns;
	uint64_t rest_ns =
		others_ns(geometry, stretch, at_ns, takes_ns, oracle_path_bytes(row), &before_ns);
	double allowed_ns = JUDGE_GEOMETRY_NS + (double)judged->tolerance_ns, off_ns, measured_ns;
	int64_t utc_ns = geometry->clock_utc_ns + (int64_t)(at_ns + before_ns);
	size_t way = 0;

	measured_ns = (double)(int64_t)(takes_ns - rest_ns);
	off_ns = nearest_ns(geometry, utc_ns, measured_ns, &way);
	tally->judged++;
	if (isnan(off_ns)) {
		tally->unseen++;
		return;
	}
	if (fabs(off_ns) > allowed_ns &&
	    is_held(geometry, tally, utc_ns, measured_ns, allowed_ns)) {
		tally->held++;
		return;
	}
	if (fabs(off_ns) <= allowed_ns) {
		tally->way = way;
		tally->held_from_ns = INT64_MIN;
	}
	if (!era->serialised || off_ns < 0)
		note_off(tally, sent, off_ns);
	if (!era->serialised)
		return;
	tally->least_late_ns = tally->waited ? fmin(tally->least_late_ns, off_ns) : off_ns;
	tally->sum_late_ns += off_ns;
	tally->queues_ns = era->queues_ns > tally->queues_ns ? era->queues_ns : tally->queues_ns;
	tally->waited++;
}

static void decide(const struct judge_case *judged, const struct tally *tally,
		   struct judge_test *test)
{
	double allowed_ns = JUDGE_GEOMETRY_NS + (double)judged->tolerance_ns;
	double worst_ns = tally->worst_ns, late_ns = tally->waited ? tally->least_late_ns : 0;
	bool is_late = late_ns > allowed_ns + (double)tally->queues_ns;

	if (is_late && tally->sum_late_ns / (double)tally->waited >= 2 * late_ns) {
		judge_open(test, "the queues were busy all the time");
		return;
	}
	if (late_ns > fabs(worst_ns))
		worst_ns = late_ns;
	test->expected = 0;
	test->measured = rint(worst_ns);
	test->answer = is_late || fabs(tally->worst_ns) > allowed_ns || tally->unseen ? JUDGE_FAIL
										      : JUDGE_PASS;
	test->p_value = test->answer == JUDGE_PASS;
	if (tally->unseen)
		snprintf(test->note, sizeof(test->note),
			 "%zu packets came when no satellite was in sight", tally->unseen);
	else if (test->answer == JUDGE_FAIL)
		snprintf(test->note, sizeof(test->note),
			 "the worst of %zu packets against the closed form: sent packet %zu",
			 tally->judged - tally->held, tally->worst);
	else
		snprintf(test->note, sizeof(test->note),
			 "the worst of %zu packets against the closed form; %zu packets were held "
			 "at "
			 "handovers%s",
			 tally->judged - tally->held, tally->held,
			 tally->waited ? "; others may wait for lines" : "");
}

// Nothing is said where no packet had such a path.
void judge_geometry(const struct judge_case *judged, struct judge *judge)
{
	struct tally tally = {.way = SIZE_MAX, .held_from_ns = INT64_MIN};
	struct stretch stretch = {.until_ns = 0};

	for (size_t i = 0; i < judged->oracle->count; i++) {
		const struct oracle_promise *promise = &judged->oracle->promises[i];
		uint64_t at_ns = judged->sent->rows[i].at_ns - judged->geometry->journal->clock_ns;

		if (promise->class != ORACLE_SETTLED || promise->moved || !judge_arrived(judged, i))
			continue;
		if (at_ns >= stretch.until_ns || at_ns < stretch.from_ns)
			begin_stretch(judged->geometry, at_ns, &stretch);
		if (!stretch.judged ||
		    judge_arrival_ns(judged, i) - judged->geometry->journal->clock_ns >=
			    stretch.until_ns)
			continue;
		judge_one(judged, &stretch, i, &tally);
	}
	if (tally.judged)
		decide(judged, &tally, judge_add(judge, "geometry", "ns"));
}
