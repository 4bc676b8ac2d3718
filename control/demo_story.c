// SPDX-License-Identifier: BSD-3-Clause
// The demo's table: what each flow has seen in each phase of the timeline.
#include "control/demo_story.h"

#include <stdlib.h>

#include "control/cli/table.h"
#include "control/view.h"

#define PATH_MOST 64

// What a flow had done when a phase began.
struct mark {
	struct engine_flow_counters counters;
	struct histogram delay;
};

// One row a flow and phase, as a table and as JSON.
struct demo_story {
	const struct topology *topology;
	struct mark *last;       // [flow]
	struct histogram *delay; // of one flow and phase
	struct table *table;
	json_t *phases;
	uint64_t phase_from_ns;
	const char *phase; // the command that began it
	size_t next_event;
};

// The sites of a path, in order, as an array and (returned) as words.
static const char *path_text(const struct demo_story *story, const struct engine *engine,
			     uint32_t flow, uint32_t path, json_t *sites, char *text, size_t size)
{
	const struct topology *topology = story->topology;
	uint32_t channels[PATH_MOST];
	size_t count = engine_path(engine, path, channels, PATH_MOST);
	uint32_t at = topology->flows[flow].from;
	size_t used = 0;

	for (size_t i = 0; i <= count; i++) {
		if (i > 0)
			at = topology->links[channels[i - 1] / 2]
				     .ends[channels[i - 1] % 2 ? 0 : 1]
				     .site;
		json_array_append_new(sites, json_string(topology->sites[at].name));
		if (used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "",
						 topology->sites[at].name);
	}
	return text;
}

// The delay of a phase: what has come since the last mark. Its extremes are those of the buckets.
static void subtract(struct histogram *delay, const struct histogram *before)
{
	delay->count -= before->count;
	delay->sum -= before->sum;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		delay->buckets[i] -= before->buckets[i];
}

// Milliseconds at or below which a share of the packets stayed; NULL while too few lie beyond. All
// of them (1.0) is known as soon as there is one.
static const char *delay_text(const struct histogram *delay, double share, char *text, size_t size)
{
	if (delay->count == 0 || (share < 1.0 && !histogram_quantile_is_known(delay, share)))
		return NULL;
	snprintf(text, size, "%.3f", (double)histogram_quantile(delay, share) / 1e6);
	return text;
}

static json_t *delay_json(const struct histogram *delay, double share)
{
	char text[32];

	return delay_text(delay, share, text, sizeof(text))
		       ? json_integer((json_int_t)histogram_quantile(delay, share))
		       : json_null();
}

static json_t *lost_json(const uint64_t *now, const uint64_t *before)
{
	uint64_t since[DROP_REASONS];

	for (unsigned i = 0; i < DROP_REASONS; i++)
		since[i] = now[i] - before[i];
	return view_lost(since);
}

static void add_row(struct demo_story *story, struct engine *engine, uint32_t flow, uint64_t at_ns)
{
	const char *name = story->topology->flows[flow].name;
	struct mark *last = &story->last[flow];
	struct histogram *delay = story->delay;
	json_t *sites = json_array();
	struct engine_flow_counters now;
	char phase[96], got[32], cells[4][32], lost[128], gap[32], path[512];

	engine_flow_read(engine, flow, &now);
	engine_flow_delay(engine, flow, delay);
	subtract(delay, &last->delay);
	snprintf(phase, sizeof(phase), "%.0f-%.0f s %s", (double)story->phase_from_ns / 1e9,
		 (double)at_ns / 1e9, story->phase);
	snprintf(got, sizeof(got), "%llu",
		 (unsigned long long)(now.received - last->counters.received));
	snprintf(gap, sizeof(gap), "%.3f", (double)now.gap_ns / 1e6);
	path_text(story, engine, flow, now.last_path, sites, path, sizeof(path));
	table_row(story->table,
		  (const char *const[]){
			  name, phase, got, delay_text(delay, 0.5, cells[0], sizeof(cells[0])),
			  delay_text(delay, 0.99, cells[1], sizeof(cells[1])),
			  delay_text(delay, 0.999, cells[2], sizeof(cells[2])),
			  delay_text(delay, 1.0, cells[3], sizeof(cells[3])),
			  view_lost_text(now.lost, last->counters.lost, lost, sizeof(lost)), gap,
			  path});
	json_array_append_new(
		story->phases,
		json_pack("{s:s, s:I, s:I, s:s, s:I, s:{s:o, s:o, s:o, s:o}, s:o, s:I, s:o}",
			  "flow", name, "from_ns", (json_int_t)story->phase_from_ns, "until_ns",
			  (json_int_t)at_ns, "begun_by", story->phase, "received",
			  (json_int_t)(now.received - last->counters.received), "delay_ns", "p50",
			  delay_json(delay, 0.5), "p99", delay_json(delay, 0.99), "p999",
			  delay_json(delay, 0.999), "max", delay_json(delay, 1.0), "lost",
			  lost_json(now.lost, last->counters.lost), "gap_ns",
			  (json_int_t)now.gap_ns, "path", sites));
	last->counters = now;
	engine_flow_delay(engine, flow, &last->delay);
	engine_flow_reset_gap(engine, flow);
}

static void close_phase(struct demo_story *story, struct engine *engine, uint64_t at_ns)
{
	for (uint32_t i = 0; i < story->topology->flow_count; i++)
		add_row(story, engine, i, at_ns);
	story->phase_from_ns = at_ns;
}

void demo_story_changed(void *context, struct engine *engine, const struct network *network,
			uint64_t at_ns)
{
	struct demo_story *story = context;
	const struct topology *topology = story->topology;

	(void)network;
	// Events of one instant begin one phase, named by the last of them.
	while (story->next_event < topology->event_count &&
	       topology->events[story->next_event].at_ns <= at_ns) {
		if (at_ns > story->phase_from_ns)
			close_phase(story, engine, at_ns);
		story->phase = topology->events[story->next_event++].command;
	}
}

void demo_story_end(struct demo_story *story, struct engine *engine, uint64_t at_ns)
{
	close_phase(story, engine, at_ns);
}

struct demo_story *demo_story_create(const struct topology *topology)
{
	static const char *const headings[] = {
		"FLOW",    "PHASE", ">RECEIVED",       ">P50 ms",         ">P99 ms", ">P99.9 ms",
		">MAX ms", "LOST",  ">LONGEST GAP ms", "PATH AT ITS END", NULL};
	struct demo_story *story = calloc(1, sizeof(*story));

	if (!story)
		return NULL;
	story->topology = topology;
	story->phase = "all is well";
	story->last = calloc(topology->flow_count + 1, sizeof(*story->last));
	story->delay = malloc(sizeof(*story->delay));
	story->table = table_create(headings);
	story->phases = json_array();
	if (story->last && story->delay && story->table && story->phases)
		return story;
	demo_story_free(story);
	return NULL;
}

void demo_story_free(struct demo_story *story)
{
	if (!story)
		return;
	json_decref(story->phases);
	table_free(story->table);
	free(story->delay);
	free(story->last);
	free(story);
}

void demo_story_print(struct demo_story *story, FILE *out)
{
	if (story->table)
		table_print(story->table, out); // which frees it
	story->table = NULL;
}

json_t *demo_story_json(const struct demo_story *story)
{
	return json_incref(story->phases);
}
