// SPDX-License-Identifier: BSD-3-Clause
// The judge on satellites: each packet's delay, less what is constant on the rest of its path,
// against the closed form of where the satellites on it then were.
#include "pcaps/judge_geometry.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pcaps/judge.h"

// A way may serve for a moment more or less than its elevation says.
#define MASK_SLACK_DEG 0.02
#define HOPS_MOST      64   // longer paths are not judged
#define SKIES_MOST     4    // nor are those over more satellite links in a row,
#define CHOICES_MOST   5000 // or with more ways over them

// What is in force for a stretch of frames in which no entry of the journal begins.
struct stretch {
	uint64_t from_ns, until_ns; // lab clock
	const struct journal_path *path;
	const struct channel_params *hops[HOPS_MOST];  // of the path
	const struct judge_sky *sky_of_hop[HOPS_MOST]; // NULL: on the ground
	const struct judge_sky *skies[SKIES_MOST];     // in order
	size_t sky_count;
	const char *reason;   // why it is not judged; NULL: it is
	const char *left_out; // the channel that is the reason
};

// A way for each satellite channel of a path.
struct choice {
	size_t ways[SKIES_MOST];
};

struct tally {
	size_t judged, held, unseen;
	double worst_ns; // with its sign
	size_t worst;    // sent frame
	// Where a line may make packets wait, lateness says nothing of one packet.
	size_t waited;
	double least_late_ns, sum_late_ns;
	uint64_t queues_ns;
	// Who served last, on the path of the stretch; and from when on frames have been held
	// behind that one's.
	struct choice last;
	bool has_last;
	int64_t held_from_ns;
	size_t left_out; // frames
	const char *reason, *of_channel;
	bool *seen; // per satellite channel: a frame over it was judged
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

static bool is_of_the_sky(const struct judge_sky *sky, const struct channel_params *params)
{
	if (!sky->ramps)
		return !params->delay_profile && params->delay_ns == sky->still_ns;
	return params->delay_profile && params->delay_profile->interpolated &&
	       params->delay_profile->period_ns == 0;
}

static const struct judge_sky *find_sky(const struct judge_geometry *geometry, uint32_t channel)
{
	for (size_t i = 0; i < geometry->sky_count; i++)
		if (geometry->skies[i].channel == channel)
			return &geometry->skies[i];
	return NULL;
}

// Why a hop's delay is not certain, or not geometry; NULL when it is.
static const char *look_at_hop(struct stretch *stretch, size_t hop)
{
	const struct channel_params *params = stretch->hops[hop];
	const struct judge_sky *sky = stretch->sky_of_hop[hop];

	if (!params)
		return "is not in the journal";
	if (sky && sky->reason)
		return sky->reason;
	if (!is_constant(params))
		return "has jitter, slots, or reordering";
	if (!sky)
		return params->delay_profile ? "has a delay that varies" : NULL;
	if (!is_of_the_sky(sky, params))
		return "was given a delay";
	if (stretch->sky_count == SKIES_MOST)
		return "is one satellite link too many";
	stretch->skies[stretch->sky_count++] = sky;
	return NULL;
}

// Paths over no satellite have nothing to be judged, for no reason that is worth a word.
static void look_at_path(const struct judge_geometry *geometry, struct stretch *stretch)
{
	const struct journal_path *path = stretch->path;
	size_t choices = 1, skies = 0;

	stretch->reason = "";
	if (!path || !path->settled || path->hop_count > HOPS_MOST)
		return;
	for (size_t hop = 0; hop < path->hop_count; hop++) {
		stretch->sky_of_hop[hop] = find_sky(geometry, path->hops[hop]);
		skies += stretch->sky_of_hop[hop] != NULL;
	}
	for (size_t hop = 0; skies && hop < path->hop_count; hop++) {
		const char *reason;

		stretch->hops[hop] =
			params_at(geometry->journal, path->hops[hop], stretch->from_ns);
		reason = look_at_hop(stretch, hop);
		if (!reason)
			continue;
		stretch->reason = reason;
		stretch->left_out = geometry->journal->channel_names[path->hops[hop]];
		return;
	}
	for (size_t i = 0; i < stretch->sky_count; i++)
		choices *= stretch->skies[i]->way_count;
	if (choices > CHOICES_MOST) {
		stretch->reason = "has too many satellites, together with the others on the path";
		stretch->left_out = geometry->journal->channel_names[stretch->skies[0]->channel];
	} else if (skies) {
		stretch->reason = NULL;
	}
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
	look_at_path(geometry, stretch);
}

static bool is_in_sight(const struct judge_sky *sky, size_t way, int64_t utc_ns)
{
	const struct judge_way *of = &sky->ways[way];

	return !sky->moves || geometry_elevation_deg(&of->from, &of->to, &of->over, utc_ns) >=
				      sky->mask_deg - MASK_SLACK_DEG;
}

// What the path takes of a frame that comes at at_ns of the lab's clock and finds all lines idle;
// NaN when a way is not in sight. The rate of a line may change with time, by weather.
static double takes_ns(const struct judge_geometry *geometry, const struct stretch *stretch,
		       const struct choice *choice, uint64_t at_ns, uint32_t frame_bytes)
{
	uint64_t now_ns = at_ns;
	double light_ns = 0; // less its whole nanoseconds, which are in now_ns
	size_t sky_hop = 0;

	for (size_t hop = 0; hop < stretch->path->hop_count; hop++) {
		const struct channel_params *params = stretch->hops[hop];
		const struct judge_sky *sky = stretch->sky_of_hop[hop];
		struct rate_state idle = {0};
		const struct judge_way *of;
		int64_t utc_ns;
		size_t way;

		now_ns = rate_offer(&params->rate, &idle, now_ns, frame_bytes);
		if (!sky) {
			now_ns += params->delay_ns;
			continue;
		}
		way = choice->ways[sky_hop++];
		utc_ns = geometry->clock_utc_ns + (int64_t)now_ns;
		if (!is_in_sight(sky, way, utc_ns))
			return NAN;
		of = &sky->ways[way];
		light_ns += geometry_delay_ns(&of->from, &of->to, &of->over, utc_ns);
		now_ns += sky->processing_ns + of->haul_ns + (uint64_t)light_ns;
		light_ns -= floor(light_ns);
	}
	return (double)(now_ns - at_ns) + light_ns;
}

// The next choice of ways; false after the last.
static bool next_choice(const struct stretch *stretch, struct choice *choice)
{
	for (size_t i = 0; i < stretch->sky_count; i++) {
		if (++choice->ways[i] < stretch->skies[i]->way_count)
			return true;
		choice->ways[i] = 0;
	}
	return false;
}

// Is one deviation likelier than the other? Behind a line packets wait, and come late by any way
// rather than early by a longer one.
static bool is_nearer(double one_ns, double other_ns, bool waits, double allowed_ns)
{
	bool may = one_ns >= -allowed_ns, other_may = other_ns >= -allowed_ns;

	if (waits && may != other_may)
		return may;
	return fabs(one_ns) < fabs(other_ns);
}

// How far a delay is from the nearest of the ways in sight, if not that of the last choice is near
// enough; NaN when none is in sight. Also the shortest of all that were looked at.
static double nearest_ns(const struct judge_geometry *geometry, const struct stretch *stretch,
			 const struct tally *tally, uint64_t at_ns, uint32_t frame_bytes,
			 double measured_ns, double allowed_ns, bool waits, struct choice *best,
			 double *shortest_ns)
{
	struct choice choice = {{0}};
	double nearest = NAN;

	*shortest_ns = INFINITY;
	if (tally->has_last) {
		*best = tally->last;
		nearest = measured_ns - takes_ns(geometry, stretch, best, at_ns, frame_bytes);
		if (fabs(nearest) <= allowed_ns)
			return nearest;
	}
	do {
		double ns = takes_ns(geometry, stretch, &choice, at_ns, frame_bytes);

		if (isnan(ns))
			continue;
		*shortest_ns = fmin(*shortest_ns, ns);
		if (isnan(nearest) || is_nearer(measured_ns - ns, nearest, waits, allowed_ns)) {
			nearest = measured_ns - ns;
			*best = choice;
		}
	} while (next_choice(stretch, &choice));
	return nearest;
}

// After a handover to a shorter way order is kept: for as long as the ways differ, packets come
// when the last over the longer way has come.
static bool is_held(const struct judge_geometry *geometry, const struct stretch *stretch,
		    struct tally *tally, uint64_t at_ns, uint32_t frame_bytes, double measured_ns,
		    double shortest_ns, double allowed_ns)
{
	double longer_ns;

	if (!tally->has_last)
		return false;
	if (tally->held_from_ns == INT64_MIN)
		tally->held_from_ns = (int64_t)at_ns;
	longer_ns = takes_ns(geometry, stretch, &tally->last, at_ns, frame_bytes);
	return measured_ns >= shortest_ns && measured_ns <= longer_ns + allowed_ns &&
	       (double)((int64_t)at_ns - tally->held_from_ns) <=
		       longer_ns - shortest_ns + allowed_ns;
}

static void note_off(struct tally *tally, size_t sent, double off_ns)
{
	if (fabs(off_ns) <= fabs(tally->worst_ns))
		return;
	tally->worst_ns = off_ns;
	tally->worst = sent;
}

static bool found_idle(const struct judge_case *judged, size_t sent)
{
	const struct judge_line *line = &judged->lines[sent];

	return line->waits && line->wait_ns == 0;
}

static void judge_one(const struct judge_case *judged, const struct stretch *stretch, size_t sent,
		      struct tally *tally)
{
	const struct judge_geometry *geometry = judged->geometry;
	const struct frame_row *row = &judged->sent->rows[sent];
	const struct oracle_promise *promise = &judged->oracle->promises[sent];
	const struct oracle_era *era = &judged->oracle->eras[promise->era];
	uint64_t at_ns = row->at_ns - geometry->journal->clock_ns;
	uint32_t frame_bytes = oracle_path_bytes(row);
	double allowed_ns = JUDGE_GEOMETRY_NS + (double)judged->tolerance_ns, off_ns, shortest_ns;
	double measured_ns = (double)(judge_arrival_ns(judged, sent) - row->at_ns);
	struct choice choice;

	off_ns = nearest_ns(geometry, stretch, tally, at_ns, frame_bytes, measured_ns, allowed_ns,
			    era->serialised, &choice, &shortest_ns);
	tally->judged++;
	for (size_t i = 0; i < stretch->sky_count; i++)
		tally->seen[stretch->skies[i] - geometry->skies] = true;
	if (isnan(off_ns)) {
		tally->unseen++;
		return;
	}
	if (fabs(off_ns) > allowed_ns && is_held(geometry, stretch, tally, at_ns, frame_bytes,
						 measured_ns, shortest_ns, allowed_ns)) {
		tally->held++;
		return;
	}
	if (fabs(off_ns) <= allowed_ns) {
		tally->last = choice;
		tally->has_last = true;
		tally->held_from_ns = INT64_MIN;
	}
	if (!era->serialised || off_ns < 0)
		note_off(tally, sent, off_ns);
	if (!era->serialised)
		return;
	// Where nobody else can be on the way, those count that found the lines idle.
	if (judged->alone && judged->lines[sent].known) {
		if (!found_idle(judged, sent))
			return;
	} else if (era->queues_ns > tally->queues_ns) {
		tally->queues_ns = era->queues_ns;
	}
	tally->least_late_ns = tally->waited ? fmin(tally->least_late_ns, off_ns) : off_ns;
	tally->sum_late_ns += off_ns;
	tally->waited++;
}

// The satellite channels whose packets were judged.
static void name_skies(const struct judge_geometry *geometry, const struct tally *tally,
		       char *names, size_t size)
{
	size_t used = 0;

	names[0] = '\0';
	for (size_t i = 0; i < geometry->sky_count; i++)
		if (tally->seen[i] && used < size)
			used += (size_t)snprintf(
				names + used, size - used, "%s%s", used ? ", " : "",
				geometry->journal->channel_names[geometry->skies[i].channel]);
}

static void decide(const struct judge_case *judged, const struct tally *tally,
		   struct judge_test *test)
{
	double allowed_ns = JUDGE_GEOMETRY_NS + (double)judged->tolerance_ns;
	double worst_ns = tally->worst_ns, late_ns = tally->waited ? tally->least_late_ns : 0;
	bool is_late = late_ns > allowed_ns + (double)tally->queues_ns;
	char names[100];

	if (is_late && tally->sum_late_ns / (double)tally->waited >= 2 * late_ns) {
		judge_open(test, "the queues were busy all the time");
		return;
	}
	if (late_ns > fabs(worst_ns))
		worst_ns = late_ns;
	name_skies(judged->geometry, tally, names, sizeof(names));
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
			 "the worst of %zu packets over %s against the closed form: sent packet "
			 "%zu",
			 tally->judged - tally->held, names, tally->worst);
	else
		snprintf(test->note, sizeof(test->note),
			 "the worst of %zu packets over %s against the closed form; %zu packets "
			 "were held at handovers%s%s%s",
			 tally->judged - tally->held, names, tally->held,
			 tally->waited ? "; others may wait for lines" : "",
			 tally->left_out ? "; left out: " : "",
			 tally->left_out ? tally->of_channel : "");
}

static void begin(const struct judge_case *judged, uint64_t at_ns, struct stretch *stretch,
		  struct tally *tally)
{
	const struct journal_path *before = stretch->path;

	begin_stretch(judged->geometry, at_ns, stretch);
	if (stretch->path != before) {
		tally->has_last = false;
		tally->held_from_ns = INT64_MIN;
	}
}

static void judge_all(const struct judge_case *judged, struct tally *tally)
{
	uint64_t clock_ns = judged->geometry->journal->clock_ns;
	struct stretch stretch = {.until_ns = 0};

	for (size_t i = 0; i < judged->oracle->count; i++) {
		const struct oracle_promise *promise = &judged->oracle->promises[i];
		uint64_t at_ns = judged->sent->rows[i].at_ns - clock_ns;

		if (promise->class != ORACLE_SETTLED || promise->moved || !judge_arrived(judged, i))
			continue;
		if (at_ns >= stretch.until_ns || at_ns < stretch.from_ns)
			begin(judged, at_ns, &stretch, tally);
		if (stretch.reason) {
			if (stretch.reason[0] && tally->left_out++ == 0) {
				tally->reason = stretch.reason;
				tally->of_channel = stretch.left_out;
			}
			continue;
		}
		if (judge_arrival_ns(judged, i) - clock_ns < stretch.until_ns)
			judge_one(judged, &stretch, i, tally);
	}
}

// Nothing is said where no packet went over a satellite.
int judge_geometry(const struct judge_case *judged, struct judge *judge)
{
	struct tally tally = {.held_from_ns = INT64_MIN};

	tally.seen = calloc(judged->geometry->sky_count + 1, sizeof(*tally.seen));
	if (!tally.seen)
		return -ENOMEM;
	judge_all(judged, &tally);
	if (tally.judged)
		decide(judged, &tally, judge_add(judge, "geometry", "ns"));
	else if (tally.left_out)
		judge_open(judge_add(judge, "geometry", "ns"), "%s %s", tally.of_channel,
			   tally.reason);
	free(tally.seen);
	return 0;
}
