// SPDX-License-Identifier: BSD-3-Clause
// The judge on lines: did each packet take the time that the rate of its lines then gives, where
// nobody else's packets can have been in front of it? Rates follow the weather on radio links, so
// this is where a false claim of rain shows.
#include "pcaps/judge_line.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pcaps/judge.h"

#define RUN        20   // packets in a row that are late by about the same: chance is out of it
#define RARE       0.01 // a chance of loss that no run of packets meets each time
#define ROUNDED_NS 2    // a hop
#define WATCH_NS   UINT64_C(60000000000)
#define SHARE_SEEN 0.05 // of a rate: what one step of a modem changes about

// One channel of the path, as the packets before have left it.
struct lane {
	struct rate_state rate;
	struct profile_cursor delay;
	uint64_t released_at_ns;
};

struct walk {
	const struct judge_case *judged;
	struct lane *least, *most;  // per channel
	uint64_t anchor_free_at_ns; // of the slowest line, as seen
	uint32_t anchor;            // its channel
	bool anchored;              // that is known
	uint64_t arrived_at_ns;     // the last
};

static bool is_plain(const struct channel_params *params)
{
	return params->jitter.kind == JITTER_NONE && params->reorder.gap == 0 &&
	       params->slot.packets == 0 && params->police.kind == POLICE_NONE &&
	       params->queue.kind == QUEUE_TAIL && params->duplicate.chance.threshold == 0 &&
	       params->corrupt.chance.threshold == 0 && !params->jitter.order_free &&
	       (params->rate.ns_per_byte_q32 == 0 || params->rate.kind == RATE_CONSTANT ||
		params->rate.kind == RATE_PROFILE);
}

// The hop with the slowest line, or -1: where a packet takes what time is not certain.
static int slowest_hop(const struct oracle_era *era)
{
	uint64_t slowest = 0;
	int found = -1;

	for (size_t hop = 0; hop < era->hop_count; hop++) {
		const struct channel_params *params = &era->hops[hop]->params;

		if (!is_plain(params))
			return -1;
		if (params->rate.ns_per_byte_q32 > slowest) {
			slowest = params->rate.ns_per_byte_q32;
			found = (int)hop;
		}
	}
	return found;
}

static uint64_t cross(struct lane *lane, const struct channel_params *params, uint64_t at_ns,
		      uint32_t bytes, uint64_t *departs_at_ns)
{
	int64_t delay_ns;

	*departs_at_ns = rate_offer(&params->rate, &lane->rate, at_ns, bytes);
	delay_ns = params->delay_profile
			   ? profile_at(params->delay_profile, &lane->delay, *departs_at_ns)
			   : (int64_t)params->delay_ns;
	return *departs_at_ns + (delay_ns > 0 ? (uint64_t)delay_ns : 0);
}

// Behind those before that arrived.
static uint64_t walk_least(struct walk *walk, const struct oracle_era *era, uint64_t at_ns,
			   uint32_t bytes)
{
	uint64_t departs_at_ns;

	for (size_t hop = 0; hop < era->hop_count; hop++) {
		struct lane *lane = &walk->least[era->hops[hop]->channel];

		at_ns = cross(lane, &era->hops[hop]->params, at_ns, bytes, &departs_at_ns);
		if (at_ns < lane->released_at_ns)
			at_ns = lane->released_at_ns;
		lane->released_at_ns = at_ns;
	}
	return at_ns;
}

// The rest of the way behind the slowest line, on idle lines.
static uint64_t rest_ns(const struct oracle_era *era, size_t from_hop, uint64_t departs_at_ns,
			uint32_t bytes)
{
	uint64_t at_ns = departs_at_ns, unused;

	for (size_t hop = from_hop; hop < era->hop_count; hop++) {
		struct channel_params params = era->hops[hop]->params;
		struct lane idle = {.released_at_ns = 0};

		if (hop == from_hop)
			params.rate = (struct rate_params){.ns_per_byte_q32 = 0};
		at_ns = cross(&idle, &params, at_ns, bytes, &unused);
	}
	return at_ns - departs_at_ns;
}

static void note_rate(const struct rate_params *rate, uint64_t arrives_at_ns,
		      uint64_t departs_at_ns, uint64_t clock_ns, struct judge_line *line)
{
	struct profile_cursor cursor = {.begun = false};
	const struct profile *profile;

	line->line_ns = departs_at_ns - arrives_at_ns;
	if (rate->kind != RATE_PROFILE)
		return;
	line->by_rain = true;
	profile = rate->profile->profile;
	if (profile->period_ns || departs_at_ns < profile->start_ns)
		return;
	profile_find(profile, &cursor, departs_at_ns - profile->start_ns);
	if (cursor.index > 0)
		line->changed_at_ns =
			clock_ns + profile->start_ns + profile->points[cursor.index].at_ns;
}

// At the slowest line behind what has been seen to leave it, elsewhere behind all that were sent.
static void walk_most(struct walk *walk, const struct oracle_era *era, size_t sent, uint64_t at_ns,
		      uint32_t bytes, struct judge_line *line)
{
	uint64_t clock_ns = walk->judged->sent->rows[sent].at_ns - at_ns, departs_at_ns,
		 left_at_ns = 0;
	size_t slow = (size_t)slowest_hop(era);
	bool arrived = judge_arrived(walk->judged, sent);
	bool known = walk->anchored && walk->anchor == era->hops[slow]->channel;
	bool takes = arrived || walk->judged->oracle->promises[sent].loss_most > RARE;

	for (size_t hop = 0; hop < era->hop_count; hop++) {
		const struct channel_params *params = &era->hops[hop]->params;
		struct lane *lane = &walk->most[era->hops[hop]->channel];

		if (hop == slow) {
			uint64_t free_at_ns = known ? walk->anchor_free_at_ns : 0;
			uint64_t begins_at_ns = free_at_ns > at_ns ? free_at_ns : at_ns;

			lane->rate = (struct rate_state){.free_at_ns = free_at_ns};
			line->wait_ns = begins_at_ns - at_ns;
			line->waits = known;
			line->line_bytes = rate_line_bytes(&params->rate, bytes);
			at_ns = cross(lane, params, at_ns, bytes, &departs_at_ns);
			note_rate(&params->rate, begins_at_ns, departs_at_ns, clock_ns, line);
			if (takes)
				walk->anchor_free_at_ns = departs_at_ns;
			if (!takes)
				return;
			left_at_ns = departs_at_ns;
		} else {
			at_ns = cross(lane, params, at_ns, bytes, &departs_at_ns);
		}
	}
	if (!arrived)
		return;
	line->late = known;
	line->latest_at_ns = clock_ns + at_ns;
	if (line->latest_at_ns < walk->arrived_at_ns)
		line->latest_at_ns = walk->arrived_at_ns; // order is kept
	walk->arrived_at_ns = judge_arrival_ns(walk->judged, sent);
	walk->anchor_free_at_ns =
		walk->arrived_at_ns - clock_ns - rest_ns(era, slow, left_at_ns, bytes) + ROUNDED_NS;
	walk->anchor = era->hops[slow]->channel;
	walk->anchored = true;
}

static void walk_one(struct walk *walk, size_t sent, struct judge_line *line)
{
	const struct oracle *oracle = walk->judged->oracle;
	const struct oracle_promise *promise = &oracle->promises[sent];
	const struct frame_row *row = &walk->judged->sent->rows[sent];
	const struct oracle_era *era = &oracle->eras[promise->era];
	uint32_t bytes = oracle_path_bytes(row);

	*line = (struct judge_line){.known = false};
	// Whether one whose fate is open has used the line shows only after the next.
	if (promise->class != ORACLE_SETTLED || promise->moved || slowest_hop(era) < 0) {
		walk->anchored = false;
		return;
	}
	if (judge_arrived(walk->judged, sent)) {
		uint64_t clock_ns = walk->judged->clock_ns;

		line->earliest_at_ns =
			clock_ns + walk_least(walk, era, row->at_ns - clock_ns, bytes);
		line->known = true;
	}
	walk_most(walk, era, sent, row->at_ns - walk->judged->clock_ns, bytes, line);
}

static size_t channels_of(const struct oracle *oracle)
{
	size_t most = 0;

	for (size_t i = 0; i < oracle->era_count; i++)
		for (size_t hop = 0; hop < oracle->eras[i].hop_count; hop++)
			if (oracle->eras[i].hops[hop]->channel >= most)
				most = oracle->eras[i].hops[hop]->channel + 1;
	return most;
}

int judge_line_make(const struct judge_case *judged, struct judge_line **lines)
{
	size_t channels = channels_of(judged->oracle) + 1;
	struct walk walk = {.judged = judged};

	*lines = malloc((judged->oracle->count + 1) * sizeof(**lines));
	walk.least = calloc(channels, sizeof(*walk.least));
	walk.most = calloc(channels, sizeof(*walk.most));
	if (*lines && walk.least && walk.most)
		for (size_t i = 0; i < judged->oracle->count; i++)
			walk_one(&walk, i, &(*lines)[i]);
	free(walk.least);
	free(walk.most);
	return *lines && walk.least && walk.most ? 0 : -ENOMEM;
}

// ---- The clause ----

// One of the last packets that came late.
struct late {
	double late_ns, line_ns, bits;
	size_t sent;
};

// RUN of them in a row.
struct run {
	size_t first;
	double bits, claimed_ns, late_ns;
	bool by_delay; // all by one time, whatever they take on the line
};

struct tally {
	struct late latest[RUN]; // in a row, the newest at in_a_row - 1
	size_t in_a_row;
	struct run worst; // of those that are alike; claimed_ns 0: none
	size_t judged, early, early_sent, late;
	uint64_t early_ns;
	double claimed_ns, bits;
	size_t changes, watched, since; // of the rate: in all, with RUN packets in a minute of it
	uint64_t changed_at_ns, newest_at_ns[RUN];
	bool is_watched, fine, by_rain;
};

// Others' packets make some wait longer than others; a line is slower for all alike.
static bool is_alike(const struct late *latest)
{
	double least_ns = INFINITY, most_ns = 0, least_share = INFINITY, most_share = 0;

	for (size_t i = 0; i < RUN; i++) {
		double share = latest[i].late_ns / fmax(latest[i].line_ns, 1);

		least_ns = fmin(least_ns, latest[i].late_ns);
		most_ns = fmax(most_ns, latest[i].late_ns);
		least_share = fmin(least_share, share);
		most_share = fmax(most_share, share);
	}
	return most_ns <= 2 * least_ns || most_share <= 2 * least_share;
}

// Are they late by one time, though some take much longer on the line than others? Then it is no
// rate that is wrong.
static bool is_delay(const struct late *latest)
{
	double least_ns = INFINITY, most_ns = 0, least_line_ns = INFINITY, most_line_ns = 0;

	for (size_t i = 0; i < RUN; i++) {
		least_ns = fmin(least_ns, latest[i].late_ns);
		most_ns = fmax(most_ns, latest[i].late_ns);
		least_line_ns = fmin(least_line_ns, latest[i].line_ns);
		most_line_ns = fmax(most_line_ns, latest[i].line_ns);
	}
	return most_line_ns > 1.2 * least_line_ns && most_ns - least_ns < 0.02 * most_ns;
}

// The last RUN, if they are alike and worse than all before.
static void look_at_run(struct tally *tally)
{
	struct run run = {.first = tally->latest[tally->in_a_row % RUN].sent};

	if (tally->in_a_row < RUN || !is_alike(tally->latest))
		return;
	for (size_t i = 0; i < RUN; i++) {
		run.bits += tally->latest[i].bits;
		run.claimed_ns += tally->latest[i].line_ns;
		run.late_ns += tally->latest[i].late_ns;
	}
	run.by_delay = is_delay(tally->latest);
	if (tally->worst.claimed_ns == 0 ||
	    run.late_ns * tally->worst.claimed_ns > tally->worst.late_ns * run.claimed_ns)
		tally->worst = run;
}

// How many packets in a minute see each change of the rate?
static void watch(struct tally *tally, const struct judge_line *line, uint64_t at_ns)
{
	uint64_t *slot = &tally->newest_at_ns[tally->judged % RUN];

	tally->judged++;
	if (line->changed_at_ns != tally->changed_at_ns && tally->judged > 1) {
		tally->changes++;
		tally->since = 0;
		// Those just before, too.
		tally->is_watched = tally->judged > RUN && at_ns - *slot <= WATCH_NS &&
				    line->changed_at_ns - *slot <= WATCH_NS;
		tally->watched += tally->is_watched;
	}
	tally->changed_at_ns = line->changed_at_ns;
	*slot = at_ns;
	tally->since++;
	if (tally->changes && !tally->is_watched && tally->since >= RUN &&
	    at_ns - line->changed_at_ns <= WATCH_NS) {
		tally->is_watched = true;
		tally->watched++;
	}
}

static void judge_one(const struct judge_case *judged, size_t sent, struct tally *tally)
{
	const struct judge_line *line = &judged->lines[sent];
	const struct oracle_era *era = &judged->oracle->eras[judged->oracle->promises[sent].era];
	uint64_t at_ns = judge_arrival_ns(judged, sent);
	uint64_t allowed_ns = judged->tolerance_ns + ROUNDED_NS * (era->hop_count + 1);
	double late_ns;

	tally->by_rain |= line->by_rain;
	if (at_ns + allowed_ns < line->earliest_at_ns) {
		tally->early++;
		if (line->earliest_at_ns - at_ns > tally->early_ns) {
			tally->early_ns = line->earliest_at_ns - at_ns;
			tally->early_sent = sent;
		}
	}
	if (!line->late || !judged->alone)
		return;
	watch(tally, line, judged->sent->rows[sent].at_ns);
	tally->claimed_ns += (double)line->line_ns;
	tally->bits += 8.0 * line->line_bytes;
	tally->fine |= SHARE_SEEN * (double)line->line_ns > (double)allowed_ns;
	late_ns = (double)(int64_t)(at_ns - line->latest_at_ns);
	if (late_ns <= (double)allowed_ns) {
		tally->in_a_row = 0;
		return;
	}
	tally->late++;
	tally->latest[tally->in_a_row++ % RUN] =
		(struct late){late_ns, (double)line->line_ns, 8.0 * line->line_bytes, sent};
	look_at_run(tally);
}

// The rate as claimed, and at least as it was, where one packet shows it alone.
static void tell_early(const struct judge_case *judged, const struct tally *tally,
		       struct judge_test *test)
{
	const struct judge_line *line = &judged->lines[tally->early_sent];
	double bits = 8.0 * line->line_bytes;

	judge_none(test, tally->early);
	if (line->wait_ns == 0 && tally->early_ns < line->line_ns) {
		test->expected = rint(bits * 1e9 / (double)line->line_ns);
		test->measured = rint(bits * 1e9 / (double)(line->line_ns - tally->early_ns));
	} else {
		test->unit = "packets";
	}
	snprintf(test->note, sizeof(test->note),
		 "%zu packets; sent packet %zu came %" PRIu64
		 " ns before its lines can have sent it: the slowest was to take %" PRIu64
		 " ns for it",
		 tally->early, tally->early_sent, tally->early_ns, line->line_ns);
}

static void decide(const struct judge_case *judged, struct tally *tally, struct judge_test *test)
{
	const struct run *worst = &tally->worst;

	if (tally->early) {
		tell_early(judged, tally, test);
	} else if (worst->claimed_ns > 0) {
		test->expected = rint(worst->bits * 1e9 / worst->claimed_ns);
		test->measured = rint(worst->bits * 1e9 / (worst->claimed_ns + worst->late_ns));
		if (worst->by_delay) {
			test->unit = "ns";
			test->expected = 0;
			test->measured = rint(worst->late_ns / RUN);
		}
		test->p_value = 0;
		test->answer = JUDGE_FAIL;
		snprintf(test->note, sizeof(test->note),
			 "%d packets in a row, from sent packet %zu on, came late by %.0f ns on "
			 "average beside the %.0f ns of the line, with nothing in front of them; "
			 "%zu are late in all",
			 RUN, worst->first, worst->late_ns / RUN, worst->claimed_ns / RUN,
			 tally->late);
	} else if (!judged->alone) {
		judge_open(test,
			   "others' packets may share the lines, so a slower one does not show");
	} else if (tally->judged < RUN) {
		judge_open(test, "too few packets to say (%zu of at least %d)", tally->judged, RUN);
	} else if (!tally->fine) {
		judge_open(test,
			   "the captures' clocks are too coarse beside the time of a packet on "
			   "the line");
	} else if (tally->watched * 2 < tally->changes) {
		judge_open(test,
			   "too few packets to say: %zu of %zu changes of the rate have %d packets "
			   "within a minute",
			   tally->watched, tally->changes, RUN);
	} else {
		test->expected = test->measured = rint(tally->bits * 1e9 / tally->claimed_ns);
		test->p_value = 1;
		test->answer = JUDGE_PASS;
		snprintf(test->note, sizeof(test->note),
			 "%zu packets; the rate changed %zu times between them", tally->judged,
			 tally->changes);
	}
}

void judge_line(const struct judge_case *judged, struct judge *judge)
{
	struct tally tally = {.judged = 0};
	size_t seen = 0;

	for (size_t i = 0; i < judged->oracle->count; i++) {
		if (!judged->lines[i].known)
			continue;
		seen++;
		judge_one(judged, i, &tally);
	}
	if (seen && (judged->alone || tally.by_rain || tally.early))
		decide(judged, &tally, judge_add(judge, "line", "bit/s"));
}
