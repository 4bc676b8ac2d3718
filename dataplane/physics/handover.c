// SPDX-License-Identifier: BSD-3-Clause
// Handovers: windows of sight first, then the rule within them.
#include "dataplane/physics/handover.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/pass.h"
#include "dataplane/physics/utc.h"

#define FIRST_ROOM 16
#define EDGE_NS    1000000 // 1 ms

// In which two services begin, mostly; else all is searched.
#define LOOK_BACK_NS (2 * UTC_NS_PER_DAY)

struct windows {
	struct pass *passes;
	int count;
};

struct plan {
	const struct handover_request *request;
	struct windows *windows; // one a path
	int64_t step_ns;
	uint32_t serving;
	int64_t first_edge_utc_ns; // at which anybody comes into or goes out of sight
	struct handover *services;
	size_t count, room;
};

static int append(struct plan *plan, int64_t from, int64_t to, uint32_t path)
{
	struct handover *last = plan->count ? &plan->services[plan->count - 1] : NULL;

	if (from >= to)
		return 0;
	if (last && last->path == path) {
		last->to_utc_ns = to;
		return 0;
	}
	if (plan->count == plan->room) {
		size_t room = plan->room ? 2 * plan->room : FIRST_ROOM;
		struct handover *services = realloc(plan->services, room * sizeof(*services));

		if (services == NULL)
			return -ENOMEM;
		plan->services = services;
		plan->room = room;
	}
	plan->services[plan->count++] = (struct handover){from, to, path};
	return 0;
}

// Room for two windows a revolution of the quickest satellite, which is mostly enough: a search
// that finds more is made again.
static int find_windows(const struct path *path, int64_t from, int64_t to, struct windows *windows)
{
	double quickest_s = 86400;
	size_t room;

	for (unsigned i = 0; i < path->satellite_count; i++)
		quickest_s = fmin(quickest_s, orbit_period_s(path->satellites[i]));
	room = FIRST_ROOM + (size_t)(2 * (double)(to - from) / 1e9 / quickest_s);
	for (;;) {
		struct pass *passes = realloc(windows->passes, room * sizeof(*passes));

		if (passes == NULL)
			return -ENOMEM;
		windows->passes = passes;
		windows->count = pass_find_path(path, from, to, passes, room);
		if (windows->count >= 0)
			return 0;
		if (windows->count != -ENOSPC)
			return windows->count;
		windows->count = 0;
		room *= 2;
	}
}

// The first window of a path that ends after an instant; count: none. They are in order.
static int first_ending_after(const struct windows *windows, int64_t at)
{
	int low = 0, high = windows->count;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (windows->passes[middle].set_utc_ns <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// The window in which a path is at an instant, or NULL.
static const struct pass *window_at(const struct plan *plan, uint32_t path, int64_t at)
{
	const struct windows *windows = &plan->windows[path];
	int i = first_ending_after(windows, at);

	return i < windows->count && windows->passes[i].rise_utc_ns <= at ? &windows->passes[i]
									  : NULL;
}

// The next instant after `at` at which any path comes into or goes out of sight; `end` at most.
static int64_t next_edge(const struct plan *plan, int64_t at, int64_t end)
{
	for (uint32_t p = 0; p < plan->request->path_count; p++) {
		const struct windows *windows = &plan->windows[p];
		int i = first_ending_after(windows, at);

		// It sets after `at`; where it has risen already, the next one rises later than
		// that.
		if (i < windows->count) {
			int64_t rise = windows->passes[i].rise_utc_ns;
			int64_t edge = rise > at ? rise : windows->passes[i].set_utc_ns;

			end = edge < end ? edge : end;
		}
	}
	return end;
}

// Who stays in sight longest, the first of equals; `window` is theirs.
static uint32_t longest_at(const struct plan *plan, int64_t at, const struct pass **window)
{
	uint32_t longest = HANDOVER_NONE;

	*window = NULL;
	for (uint32_t p = 0; p < plan->request->path_count; p++) {
		const struct pass *own = window_at(plan, p, at);

		if (own && (!*window || own->set_utc_ns > (*window)->set_utc_ns)) {
			*window = own;
			longest = p;
		}
	}
	return longest;
}

static int serve_longest(struct plan *plan)
{
	int64_t at = plan->request->from_utc_ns, end = plan->request->to_utc_ns;
	const struct pass *window = NULL;
	int code = 0;

	if (plan->serving != HANDOVER_NONE)
		window = window_at(plan, plan->serving, at);
	while (code == 0 && at < end) {
		int64_t until;

		if (!window)
			plan->serving = longest_at(plan, at, &window);
		until = window ? window->set_utc_ns : next_edge(plan, at, end);
		until = until < end ? until : end;
		code = append(plan, at, until, plan->serving);
		at = until;
		window = NULL;
	}
	return code;
}

// The visible path with the greatest margin, and that margin.
static uint32_t highest_at(const struct plan *plan, int64_t within, int64_t at, double *margin)
{
	uint32_t best = HANDOVER_NONE;

	*margin = -INFINITY;
	for (uint32_t p = 0; p < plan->request->path_count; p++) {
		double own;

		if (!window_at(plan, p, within))
			continue;
		own = path_margin_deg(&plan->request->paths[p], at);
		if (best == HANDOVER_NONE || own > *margin) {
			*margin = own;
			best = p;
		}
	}
	return best;
}

// Who takes over at an instant of a stretch in which the same paths are in sight.
static uint32_t takes_over(const struct plan *plan, int64_t within, int64_t at)
{
	double margin, own;
	uint32_t best = highest_at(plan, within, at, &margin);

	if (plan->serving == HANDOVER_NONE || !window_at(plan, plan->serving, within))
		return best;
	own = path_margin_deg(&plan->request->paths[plan->serving], at);
	return margin > own + plan->request->hysteresis_deg ? best : plan->serving;
}

// The first instant in (from, to], to 1 ms, at which somebody else takes over, who does at `to`.
static int64_t takeover_edge(const struct plan *plan, int64_t within, int64_t from, int64_t to)
{
	while (to - from > EDGE_NS) {
		int64_t middle = from + (to - from) / 2;

		if (takes_over(plan, within, middle) == plan->serving)
			from = middle;
		else
			to = middle;
	}
	return to;
}

static int serve_highest(struct plan *plan)
{
	int64_t at = plan->request->from_utc_ns, end = plan->request->to_utc_ns;
	int code = 0;

	while (code == 0 && at < end) {
		int64_t begin = at, edge = next_edge(plan, at, end);

		plan->serving = takes_over(plan, begin, at);
		while (code == 0 && at < edge) {
			int64_t next = edge - at > plan->step_ns ? at + plan->step_ns : edge;
			bool other = plan->serving != HANDOVER_NONE &&
				     takes_over(plan, begin, next) != plan->serving;

			if (other)
				next = takeover_edge(plan, begin, at, next);
			code = append(plan, at, next, plan->serving);
			if (other)
				plan->serving = takes_over(plan, begin, next);
			at = next;
		}
	}
	return code;
}

static int serve_slot(struct plan *plan, const struct handover_slot *slot, int64_t at, int64_t end)
{
	int code = 0;

	while (code == 0 && at < end) {
		bool served =
			slot && slot->path != HANDOVER_NONE && window_at(plan, slot->path, at);
		int64_t edge = next_edge(plan, at, end);

		code = append(plan, at, edge, served ? slot->path : HANDOVER_NONE);
		at = edge;
	}
	return code;
}

static int serve_schedule(struct plan *plan)
{
	const struct handover_request *request = plan->request;
	int64_t at = request->from_utc_ns;
	const struct handover_slot *slot = NULL;
	int code = 0;

	for (size_t i = 0; code == 0 && i <= request->slot_count; i++) {
		int64_t end = i < request->slot_count ? request->slots[i].from_utc_ns
						      : request->to_utc_ns;

		end = end < request->to_utc_ns ? end : request->to_utc_ns;
		if (end > at) {
			code = serve_slot(plan, slot, at, end);
			at = end;
		}
		if (i < request->slot_count)
			slot = &request->slots[i];
	}
	return code;
}

static int check(const struct handover_request *request)
{
	if (request->from_utc_ns >= request->to_utc_ns)
		return -EINVAL;
	if (request->serving != HANDOVER_NONE && request->serving >= request->path_count)
		return -EINVAL;
	for (size_t i = 0; request->rule == HANDOVER_SCHEDULE && i < request->slot_count; i++) {
		const struct handover_slot *slot = &request->slots[i];

		if (slot->path != HANDOVER_NONE && slot->path >= request->path_count)
			return -EINVAL;
		if (i > 0 && slot->from_utc_ns <= request->slots[i - 1].from_utc_ns)
			return -EINVAL;
	}
	return 0;
}

// The last instant up to `at` at which a search that begins at `from` looks at a path: who begins
// there finds the same edges, to the nanosecond.
static int64_t on_grid_utc_ns(const struct path *path, int64_t from, int64_t at)
{
	int64_t step_ns = pass_step_path_ns(path);

	return from + (at - from) / step_ns * step_ns;
}

// Windows of all paths from begin_utc_ns on, and the step in which they are compared. Who stays
// longest is seen only beyond the span's end, by up to a revolution.
static int look_ahead(struct plan *plan, int64_t begin_utc_ns)
{
	const struct handover_request *request = plan->request;
	double longest_s = 0;
	int64_t to = request->to_utc_ns;
	int code = 0;

	plan->step_ns = INT64_MAX;
	for (uint32_t p = 0; p < request->path_count; p++) {
		for (unsigned i = 0; i < request->paths[p].satellite_count; i++) {
			const struct orbit *orbit = request->paths[p].satellites[i];
			int64_t step_ns = pass_step_ns(orbit);

			plan->step_ns = step_ns < plan->step_ns ? step_ns : plan->step_ns;
			longest_s = fmax(longest_s, orbit_period_s(orbit));
		}
	}
	if (request->rule == HANDOVER_LONGEST)
		to += (int64_t)(fmin(longest_s, 86400) * 1e9);
	for (uint32_t p = 0; code == 0 && p < request->path_count; p++)
		code = find_windows(
			&request->paths[p],
			on_grid_utc_ns(&request->paths[p], request->from_utc_ns, begin_utc_ns), to,
			&plan->windows[p]);
	return code;
}

static int serve(struct plan *plan)
{
	switch (plan->request->rule) {
	case HANDOVER_HIGHEST:
		return serve_highest(plan);
	case HANDOVER_LONGEST:
		return serve_longest(plan);
	case HANDOVER_SCHEDULE:
		break;
	}
	return serve_schedule(plan);
}

// Finds the services from an instant on; the plan holds them.
static int find(struct plan *plan, int64_t begin_utc_ns)
{
	uint32_t paths = plan->request->path_count;
	struct handover_request late = *plan->request;
	int code;

	plan->windows = calloc(paths ? paths : 1, sizeof(*plan->windows));
	if (plan->windows == NULL)
		return -ENOMEM;
	code = look_ahead(plan, begin_utc_ns);
	late.from_utc_ns = begin_utc_ns;
	plan->request = &late;
	if (code == 0) {
		plan->first_edge_utc_ns = next_edge(plan, begin_utc_ns, late.to_utc_ns);
		code = serve(plan);
	}
	for (uint32_t p = 0; p < paths; p++)
		free(plan->windows[p].passes);
	free(plan->windows);
	if (code)
		free(plan->services);
	return code;
}

// Does who serves follow from what is in sight since the last edge, whoever served before?
static bool forgets(const struct handover_request *request)
{
	return request->rule == HANDOVER_SCHEDULE ||
	       (request->rule == HANDOVER_HIGHEST && request->hysteresis_deg == 0);
}

// Leaves what begins after the first edge, which is as if it had been found from the beginning. Is
// that enough?
static bool keep_certain(struct plan *plan)
{
	size_t first = 0;

	while (first < plan->count && plan->services[first].from_utc_ns <= plan->first_edge_utc_ns)
		first++;
	plan->count -= first;
	if (plan->count < 2 || plan->services[first + 1].from_utc_ns > plan->request->wanted_utc_ns)
		return false;
	memmove(plan->services, plan->services + first, plan->count * sizeof(*plan->services));
	return true;
}

int handover_find(const struct handover_request *request, struct handover **services, size_t *count)
{
	struct plan plan = {.request = request, .serving = request->serving};
	int64_t late_utc_ns = request->wanted_utc_ns - LOOK_BACK_NS;
	int code = check(request);

	if (code)
		return code;
	if (forgets(request) && late_utc_ns > request->from_utc_ns) {
		plan.serving = HANDOVER_NONE;
		code = find(&plan, late_utc_ns);
		if (code)
			return code;
		plan.request = request;
		if (keep_certain(&plan))
			goto found;
		free(plan.services);
		plan = (struct plan){.request = request, .serving = request->serving};
	}
	code = find(&plan, request->from_utc_ns);
	if (code)
		return code;
found:
	*services = plan.services;
	*count = plan.count;
	return 0;
}
