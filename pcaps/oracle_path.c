// SPDX-License-Identifier: BSD-3-Clause
// The oracle of a path: bounds for frames that cross several channels which others use too.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/model/instant.h"
#include "dataplane/model/jitter_law.h"
#include "pcaps/oracle.h"

#define TWO_32 4294967296.0
// How long a frame is held to wait in one queue at most when it is asked whether a change may have
// met it on its way. Longer queues are still within the bounds of its delay.
#define QUEUE_ALLOWANCE_NS UINT64_C(1000000000)

// The journal's entries of one channel in order of time, and the one in force last time.
struct timeline {
	const struct journal_channel **entries;
	uint64_t *held_until_ns; // per entry: frames of earlier ones may hold others back so long
	size_t count;
	size_t current;
};

struct walk {
	const struct journal *journal;
	struct timeline *timelines; // per channel
	const struct journal_path **paths;
	size_t path_count;
	size_t path;
	const struct journal_channel **hops;     // in force for the frame at hand
	const struct journal_channel **era_hops; // of the current era
	size_t era_hop_count;
	uint64_t sample_from_ns; // frames sent from here on know nothing of the last free one's
				 // jitter
};

// Where a frame can be on its way: lab clock.
struct span {
	uint64_t earliest_ns;
	uint64_t constant_ns; // without jitter and waiting
	uint64_t usual_ns;    // the latest, with QUEUE_ALLOWANCE_NS for each queue
	uint64_t latest_ns;
	bool is_free;                     // no frame of an earlier entry can hold it back
	bool moved;                       // a change moved it in flight, or may have
	uint64_t remembers_ns;            // so long a channel on the way remembers its jitter
	double spared_least, spared_most; // chance that no loss of its own has hit it
};

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t not_below_0(int64_t a)
{
	return a > 0 ? (uint64_t)a : 0;
}

static uint64_t sooner_of(const struct channel_params *params)
{
	return (uint64_t)-jitter_minimum_ns(&params->jitter);
}

static uint64_t later_of(const struct channel_params *params)
{
	return (uint64_t)jitter_maximum_ns(&params->jitter);
}

// By how much an entry moves what is in flight.
static int64_t moved_by(const struct timeline *timeline, size_t index)
{
	return (int64_t)(timeline->entries[index]->params.delay_ns -
			 timeline->entries[index - 1]->params.delay_ns);
}

static int fill_timeline(struct timeline *timeline, const struct journal *journal, uint32_t channel)
{
	size_t count = 0;

	for (size_t i = 0; i < journal->channel_entry_count; i++)
		count += journal->channels[i].channel == channel;
	timeline->entries = malloc((count + 1) * sizeof(*timeline->entries));
	timeline->held_until_ns = calloc(count + 1, sizeof(*timeline->held_until_ns));
	if (!timeline->entries || !timeline->held_until_ns)
		return -ENOMEM;
	for (size_t i = 0; i < journal->channel_entry_count; i++)
		if (journal->channels[i].channel == channel)
			timeline->entries[timeline->count++] = &journal->channels[i];
	for (size_t i = 1; i < count; i++) {
		const struct channel_params *before = &timeline->entries[i - 1]->params;
		uint64_t longest_ns = oracle_add_ns(before->delay_ns + later_of(before),
						    oracle_line_most_ns(before));

		timeline->held_until_ns[i] =
			most(timeline->held_until_ns[i - 1],
			     oracle_add_ns(timeline->entries[i]->from_ns, longest_ns));
		if (timeline->entries[i]->inflight == JOURNAL_RETIME)
			timeline->held_until_ns[i] =
				most(timeline->held_until_ns[i],
				     oracle_moved_ns(timeline->held_until_ns[i],
						     moved_by(timeline, i), 0));
	}
	return 0;
}

static bool paths_equal(const struct journal_path *one, const struct journal_path *other)
{
	return !one->settled == !other->settled && one->hop_count == other->hop_count &&
	       (one->hop_count == 0 ||
		memcmp(one->hops, other->hops, one->hop_count * sizeof(*one->hops)) == 0);
}

// The entries of one pair of ports, those that change nothing left out.
static int collect_paths(struct walk *walk, uint32_t from_port, uint32_t to_port)
{
	const struct journal *journal = walk->journal;

	walk->paths = malloc((journal->path_entry_count + 1) * sizeof(*walk->paths));
	if (!walk->paths)
		return -ENOMEM;
	for (size_t i = 0; i < journal->path_entry_count; i++) {
		const struct journal_path *entry = &journal->paths[i];

		if (entry->from_port != from_port || entry->to_port != to_port)
			continue;
		if (walk->path_count &&
		    walk->paths[walk->path_count - 1]->from_ns == entry->from_ns)
			walk->path_count--; // the last of one instant counts
		if (walk->path_count && paths_equal(walk->paths[walk->path_count - 1], entry))
			continue;
		walk->paths[walk->path_count++] = entry;
	}
	return 0;
}

static size_t longest_path(const struct walk *walk)
{
	size_t longest = 0;

	for (size_t i = 0; i < walk->path_count; i++)
		longest = most(longest, walk->paths[i]->hop_count);
	return longest;
}

static int prepare(struct walk *walk, uint32_t from_port, uint32_t to_port)
{
	size_t channels = walk->journal->channel_count;

	walk->timelines = calloc(channels + 1, sizeof(*walk->timelines));
	if (!walk->timelines || collect_paths(walk, from_port, to_port) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < walk->path_count; i++)
		for (size_t hop = 0; hop < walk->paths[i]->hop_count; hop++) {
			uint32_t channel = walk->paths[i]->hops[hop];

			if (!walk->timelines[channel].entries &&
			    fill_timeline(&walk->timelines[channel], walk->journal, channel) < 0)
				return -ENOMEM;
		}
	walk->hops = calloc(longest_path(walk) + 1, sizeof(*walk->hops));
	walk->era_hops = calloc(longest_path(walk) + 1, sizeof(*walk->era_hops));
	return walk->hops && walk->era_hops ? 0 : -ENOMEM;
}

// The entry in force at an instant, or NULL before the first.
static const struct journal_channel *in_force(struct timeline *timeline, uint64_t at_ns)
{
	while (timeline->current + 1 < timeline->count &&
	       timeline->entries[timeline->current + 1]->from_ns <= at_ns)
		timeline->current++;
	while (timeline->current > 0 && timeline->entries[timeline->current]->from_ns > at_ns)
		timeline->current--;
	if (timeline->count == 0 || timeline->entries[timeline->current]->from_ns > at_ns)
		return NULL;
	return timeline->entries[timeline->current];
}

// A change that moves what is in flight, and may find the frame there.
static void retime(struct span *span, int64_t by_ns, uint64_t at_ns)
{
	span->moved = true;
	// Whether it was in flight, or met the change itself, depends on its jitter.
	span->is_free &=
		span->earliest_ns >= at_ns &&
		(by_ns >= 0 || span->earliest_ns >= oracle_add_ns(at_ns, -(uint64_t)by_ns));
	if (span->earliest_ns >= at_ns)
		span->earliest_ns = oracle_moved_ns(span->earliest_ns, by_ns, at_ns);
	if (span->constant_ns >= at_ns)
		span->constant_ns = oracle_moved_ns(span->constant_ns, by_ns, at_ns);
	span->usual_ns = oracle_moved_ns(span->usual_ns, by_ns, at_ns);
	span->latest_ns = oracle_moved_ns(span->latest_ns, by_ns, at_ns);
}

// Changes while the frame is in flight. False when one may cut it off.
static bool meet_changes(const struct timeline *timeline, struct span *span)
{
	for (size_t i = timeline->current + 1; i < timeline->count; i++) {
		const struct journal_channel *entry = timeline->entries[i];

		if (entry->from_ns > span->usual_ns)
			break;
		if (entry->inflight == JOURNAL_CUT)
			return false;
		if (entry->inflight == JOURNAL_RETIME)
			retime(span, moved_by(timeline, i), entry->from_ns);
	}
	return true;
}

// What a channel may take of a frame's time.
struct stretch {
	uint64_t least_ns;
	uint64_t constant_ns; // an empty queue, no jitter
	uint64_t usual_ns;    // with QUEUE_ALLOWANCE_NS at most for the queue
	uint64_t most_ns;
	uint64_t line_usual_ns; // of these, until its last bit leaves the line
	uint64_t line_most_ns;
	bool is_free; // nothing but jitter is drawn for it
};

// The least and the most of a profile between two instants. One that repeats is taken as a whole.
static void extremes(const struct profile *profile, uint64_t from_ns, uint64_t to_ns,
		     uint64_t *low_ns, uint64_t *high_ns)
{
	struct profile_cursor cursor = {.begun = false};
	int64_t first = profile_at(profile, &cursor, from_ns);
	int64_t last = profile_at(profile, &cursor, to_ns);
	int64_t low = first < last ? first : last, high = first > last ? first : last;

	if (profile->period_ns || to_ns == ORACLE_NEVER) {
		low = profile->minimum;
		high = profile->maximum;
	} else {
		cursor.begun = false;
		profile_find(profile, &cursor,
			     from_ns > profile->start_ns ? from_ns - profile->start_ns : 0);
		for (uint32_t i = cursor.index + 1;
		     i < profile->count && profile->start_ns + profile->points[i].at_ns <= to_ns;
		     i++) {
			int64_t value = profile->points[i].value;

			low = value < low ? value : low;
			high = value > high ? value : high;
		}
	}
	*low_ns = not_below_0(low);
	*high_ns = not_below_0(high);
}

// What a line takes of a frame that comes at an instant and finds it idle. Of a rate that varies
// this is least for who comes first, as none overtakes.
static uint64_t idle_ns(const struct rate_params *line, uint32_t frame_bytes, uint64_t at_ns)
{
	struct rate_state idle = {0};

	if (line->kind == RATE_OPPORTUNITIES || at_ns >= INSTANT_LATEST_NS)
		return 0;
	if (line->kind != RATE_PROFILE)
		return rate_offer(line, &idle, 0, frame_bytes);
	return rate_offer(line, &idle, at_ns, frame_bytes) - at_ns;
}

// How long a frame may wait for its line, and in `line_ns` how long it then takes at most.
static uint64_t waits_ns(const struct channel_params *params, const struct rate_params *line,
			 uint32_t frame_bytes, uint64_t latest_ns, uint64_t *line_ns)
{
	const struct queue_params *queue = &params->queue;
	uint64_t begins_ns;

	*line_ns = line->kind == RATE_PROFILE ? 0 : idle_ns(line, frame_bytes, 0);
	if (params->slot.packets || line->kind == RATE_OPPORTUNITIES)
		return ORACLE_NEVER; // slots may be full for any time
	if (params->rate.kind == RATE_ACCESS && line->kind == RATE_CONSTANT)
		return oracle_access_most_ns(params);
	if (line->kind != RATE_PROFILE)
		return oracle_line_most_ns(params);
	begins_ns = oracle_add_ns(latest_ns, queue->limit_amount);
	if (params->rate.kind == RATE_ACCESS || queue->limit != QUEUE_TIME ||
	    queue->kind != QUEUE_TAIL || queue->mark != QUEUE_UNLIMITED ||
	    begins_ns >= INSTANT_LATEST_NS)
		return ORACLE_NEVER;
	*line_ns = idle_ns(line, frame_bytes, begins_ns);
	if (*line_ns < INSTANT_LATEST_NS - begins_ns)
		return queue->limit_amount + 1;
	*line_ns = 0;
	return ORACLE_NEVER;
}

// For a frame that enters within the span.
static struct stretch stretch_of(const struct channel_params *params, uint32_t frame_bytes,
				 const struct span *span)
{
	struct rate_params line = oracle_line_of(&params->rate);
	bool varies = line.kind == RATE_PROFILE || line.kind == RATE_OPPORTUNITIES;
	bool asks = params->rate.kind == RATE_ACCESS, reorders = params->reorder.gap != 0;
	uint64_t line_ns, low_ns = params->delay_ns, high_ns = params->delay_ns, later_ns;
	uint64_t wait_ns = waits_ns(params, &line, frame_bytes, span->latest_ns, &line_ns);
	uint64_t usual_wait_ns = wait_ns < QUEUE_ALLOWANCE_NS ? wait_ns : QUEUE_ALLOWANCE_NS;

	if (params->delay_profile)
		extremes(params->delay_profile, span->earliest_ns,
			 oracle_add_ns(span->latest_ns, oracle_add_ns(wait_ns, line_ns)), &low_ns,
			 &high_ns);
	later_ns = line_ns + high_ns + later_of(params) + params->reorder.late_ns;
	// One that is sent past the others has no delay.
	if (reorders && params->reorder.late_ns == 0)
		low_ns = 0;
	return (struct stretch){
		.least_ns = idle_ns(&line, frame_bytes, span->earliest_ns) +
			    (low_ns > sooner_of(params) ? low_ns - sooner_of(params) : 0),
		// The highest, so that none seems to have waited who has not.
		.constant_ns = idle_ns(&line, frame_bytes, span->constant_ns) + high_ns,
		.usual_ns = usual_wait_ns + later_ns,
		// Each line may round the instant at which it is free up once more than one frame
		// does.
		.most_ns = oracle_add_ns(wait_ns, later_ns),
		.line_usual_ns = usual_wait_ns + line_ns,
		.line_most_ns = oracle_add_ns(wait_ns, line_ns),
		// Of a copy and its frame the first counts, where they may change places.
		.is_free = !reorders && !params->delay_profile && !params->slot.packets &&
			   !varies && !asks &&
			   !(params->jitter.order_free && params->duplicate.chance.threshold),
	};
}

// Where a profile falls, order holds a frame until those have come that entered before the fall:
// the latest instant at which one comes that entered by until_ns, of those that matter to a frame
// that enters from from_ns on. What repeats is taken as a whole elsewhere.
static uint64_t held_by_fall_ns(const struct channel_params *params, uint64_t from_ns,
				uint64_t until_ns)
{
	const struct profile *profile = params->delay_profile;
	struct profile_cursor cursor = {.begun = false};
	uint64_t most_ns, latest_ns = 0;

	if (!profile || profile->period_ns || params->jitter.order_free)
		return 0;
	most_ns = not_below_0(profile->maximum) + profile->start_ns;
	profile_find(profile, &cursor, from_ns > most_ns ? from_ns - most_ns : 0);
	for (uint32_t i = cursor.index; i < profile->count; i++) {
		// Interpolated, a stretch ends where the next point is; else its value holds until
		// there.
		uint32_t end = profile->interpolated ? i : i + 1;

		if (end == profile->count ||
		    profile->start_ns + profile->points[end].at_ns > until_ns)
			break;
		latest_ns = most(latest_ns, profile->start_ns + profile->points[end].at_ns +
						    not_below_0(profile->points[i].value));
	}
	return latest_ns ? latest_ns + later_of(params) : 0;
}

// Is the carrier there all the time between two instants?
static bool carries(const struct profile *carrier, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t low, high;

	if (!carrier)
		return true;
	extremes(carrier, from_ns, to_ns, &low, &high);
	return low > 0;
}

// The chance of a loss by a profile, which is read where the frame leaves the line; or that of its
// own that each frame has.
static void suffer_loss(const struct channel_params *params, struct span *span, uint64_t line_ns)
{
	uint64_t low, high;

	if (params->loss_profile) {
		extremes(params->loss_profile, span->earliest_ns,
			 oracle_add_ns(span->latest_ns, line_ns), &low, &high);
	} else if (params->loss.kind == LOSS_RANDOM) {
		low = high = params->loss.random;
	} else {
		return;
	}
	span->spared_most *= 1 - fmin(1, (double)low / TWO_32);
	span->spared_least *= 1 - fmin(1, (double)high / TWO_32);
}

// Moves the span across one channel. False when a change, or a channel that is down, makes the
// outcome uncertain.
static bool cross(struct walk *walk, uint32_t channel, size_t hop, uint32_t frame_bytes,
		  struct span *span)
{
	struct timeline *timeline = &walk->timelines[channel];
	const struct journal_channel *entry = in_force(timeline, span->earliest_ns);
	const struct journal_channel *next;
	const struct channel_params *params;
	struct stretch stretch;
	uint64_t held_ns, fall_most_ns, fall_usual_ns;

	if (!entry || !entry->params.carrier ||
	    !carries(entry->params.carrier_profile, span->earliest_ns, span->usual_ns))
		return false;
	walk->hops[hop] = entry;
	params = &entry->params;
	stretch = stretch_of(params, frame_bytes, span);
	suffer_loss(params, span, stretch.line_most_ns);
	held_ns = timeline->held_until_ns[timeline->current];
	next = timeline->current + 1 < timeline->count ? timeline->entries[timeline->current + 1]
						       : NULL;
	if (next && next->from_ns <= span->usual_ns)
		return false;
	fall_usual_ns =
		held_by_fall_ns(params, span->earliest_ns, span->usual_ns + stretch.line_usual_ns);
	fall_most_ns = held_by_fall_ns(params, span->earliest_ns,
				       oracle_add_ns(span->latest_ns, stretch.line_most_ns));
	span->earliest_ns += stretch.least_ns;
	span->constant_ns += stretch.constant_ns;
	span->usual_ns += stretch.usual_ns;
	span->latest_ns = oracle_add_ns(span->latest_ns, stretch.most_ns);
	span->latest_ns = most(span->latest_ns, fall_most_ns);
	span->usual_ns = most(span->usual_ns, fall_usual_ns);
	span->is_free &= stretch.is_free;
	span->remembers_ns = most(span->remembers_ns, jitter_memory_ns(&params->jitter));
	if (span->earliest_ns < held_ns) {
		span->is_free = false;
		span->latest_ns = most(span->latest_ns, held_ns);
		span->usual_ns =
			most(span->usual_ns, held_ns == ORACLE_NEVER ? span->usual_ns : held_ns);
	}
	return meet_changes(timeline, span);
}

// Opens an era when the channels' entries are others than the last frame's.
static int continue_era(struct walk *walk, size_t hop_count, struct oracle *oracle,
			struct error *error)
{
	struct oracle_era era;
	int code;

	if (oracle->era_count && walk->era_hop_count == hop_count &&
	    memcmp(walk->hops, walk->era_hops, hop_count * sizeof(*walk->hops)) == 0)
		return 0;
	era = oracle_era_of(walk->hops, hop_count);
	era.hops = malloc((hop_count + 1) * sizeof(*era.hops));
	if (!era.hops)
		return error_set(error, -ENOMEM, "oracle", "no memory");
	memcpy(era.hops, walk->hops, hop_count * sizeof(*era.hops));
	era.hop_count = hop_count;
	code = oracle_add_era(oracle, &era, error);
	if (code < 0) {
		free(era.hops);
		return code;
	}
	memcpy(walk->era_hops, walk->hops, hop_count * sizeof(*walk->hops));
	walk->era_hop_count = hop_count;
	return code;
}

static bool fits(const struct walk *walk, size_t hop_count, uint32_t frame_bytes)
{
	for (size_t i = 0; i < hop_count; i++) {
		uint32_t mtu_bytes = walk->hops[i]->params.mtu_bytes;

		if (mtu_bytes && frame_bytes > (uint64_t)mtu_bytes + 14)
			return false;
	}
	return true;
}

static int promise(struct walk *walk, const struct frame_row *row, struct oracle *oracle,
		   struct oracle_promise *out, struct error *error)
{
	uint64_t at_ns = row->at_ns - walk->journal->clock_ns;
	struct span span = {at_ns, at_ns, at_ns, at_ns, true, false, 0, 1, 1};
	const struct journal_path *path;
	int code;

	*out = (struct oracle_promise){.class = ORACLE_CONVERGING,
				       .earliest_at_ns = row->at_ns,
				       .constant_at_ns = row->at_ns,
				       .latest_at_ns = ORACLE_NEVER};
	while (walk->path + 1 < walk->path_count && walk->paths[walk->path + 1]->from_ns <= at_ns)
		walk->path++;
	path = walk->paths[walk->path];
	if (path->from_ns > at_ns || !path->settled)
		return 0;
	if (path->hop_count == 0) {
		out->class = ORACLE_UNREACHABLE;
		return 0;
	}
	for (size_t hop = 0; hop < path->hop_count; hop++)
		if (!cross(walk, path->hops[hop], hop, oracle_path_bytes(row), &span))
			return 0;
	if (walk->path + 1 < walk->path_count &&
	    walk->paths[walk->path + 1]->from_ns <= span.usual_ns)
		return 0;
	code = continue_era(walk, path->hop_count, oracle, error);
	if (!fits(walk, path->hop_count, oracle_path_bytes(row))) {
		if (row->cut_up == FRAGMENTS_NONE)
			out->class = ORACLE_UNREACHABLE;
		return code;
	}
	// A router more than channels may count the TTL down; an exchange does not.
	if (row->ttl != 0 && row->ttl <= path->hop_count + 1)
		return code;
	out->class = ORACLE_SETTLED;
	out->era = (uint32_t)oracle->era_count - 1;
	// One sample for each time that the jitter is remembered.
	out->is_free = span.is_free && at_ns >= walk->sample_from_ns;
	out->moved = span.moved;
	out->loss_least = 1 - span.spared_most;
	out->loss_most = 1 - span.spared_least;
	if (out->is_free && span.remembers_ns != UINT64_MAX)
		walk->sample_from_ns = oracle_add_ns(at_ns, span.remembers_ns);
	out->earliest_at_ns = walk->journal->clock_ns + span.earliest_ns;
	out->constant_at_ns = walk->journal->clock_ns + span.constant_ns;
	out->latest_at_ns = oracle_add_ns(walk->journal->clock_ns, span.latest_ns);
	return code;
}

static void walk_fini(struct walk *walk)
{
	for (size_t i = 0; walk->timelines && i < walk->journal->channel_count; i++) {
		free(walk->timelines[i].entries);
		free(walk->timelines[i].held_until_ns);
	}
	free(walk->timelines);
	free(walk->paths);
	free(walk->hops);
	free(walk->era_hops);
}

int oracle_path(const struct journal *journal, uint32_t from_port, uint32_t to_port,
		const struct frames *sent, struct oracle *oracle, struct error *error)
{
	struct walk walk = {.journal = journal};
	int code = oracle_begin(journal, sent, oracle, error);

	if (code < 0)
		return code;
	if (prepare(&walk, from_port, to_port) < 0)
		code = error_set(error, -ENOMEM, "oracle", "no memory for paths");
	else if (walk.path_count == 0)
		code = error_set(error, -EINVAL, "journal",
				 "says nothing about a path between these two ports");
	for (size_t i = 0; code == 0 && i < sent->count; i++)
		code = promise(&walk, &sent->rows[i], oracle, &oracle->promises[i], error);
	walk_fini(&walk);
	oracle_finish(oracle);
	if (code < 0)
		oracle_free(oracle);
	return code;
}
