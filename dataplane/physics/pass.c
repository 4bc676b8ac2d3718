// SPDX-License-Identifier: BSD-3-Clause
// The search for passes: a walk in steps, and a closer look where the curve turns.
#include "dataplane/physics/pass.h"

#include <errno.h>
#include <math.h>

#include "dataplane/physics/search.h"
#include "dataplane/physics/utc.h"
#include "dataplane/physics/vector.h"

#define EDGE_NS          1000000  // 1 ms
#define SUMMIT_NS        10000000 // 10 ms
#define STEPS_A_PERIOD   240
#define LONGEST_STEP_NS  (360 * UTC_NS_PER_S)
#define SHORTEST_STEP_NS (5 * UTC_NS_PER_S)

struct sample {
	int64_t at;
	double margin;
};

struct walk {
	pass_margin *margin;
	void *context;
	int64_t from, to, step;
	struct pass *passes;
	size_t most, count;
	bool open; // the last pass has no end yet
	struct pass now;
	struct sample best; // of the open pass
};

static bool in_sight(double margin)
{
	return margin >= 0; // false for NaN
}

static void walk_better(struct walk *walk, struct sample sample)
{
	if (sample.margin > walk->best.margin)
		walk->best = sample;
}

static void walk_rise(struct walk *walk, int64_t at)
{
	walk->open = true;
	walk->now = (struct pass){.rise_utc_ns = at};
	walk->best = (struct sample){at, walk->margin(walk->context, at)};
}

static int64_t clamp(int64_t at, int64_t least, int64_t most)
{
	return at < least ? least : at > most ? most : at;
}

// Ends the open pass, and keeps of it what lies within the span asked for.
static void walk_set(struct walk *walk, int64_t at)
{
	struct pass *pass = &walk->now;
	int64_t from = clamp(walk->best.at - walk->step, pass->rise_utc_ns, at);
	int64_t to = clamp(walk->best.at + walk->step, pass->rise_utc_ns, at);

	walk->open = false;
	if (at < walk->from || pass->rise_utc_ns > walk->to)
		return;
	pass->culmination_utc_ns =
		search_summit(walk->margin, walk->context, 1, from, to, SUMMIT_NS, false);
	pass->begun = pass->rise_utc_ns < walk->from;
	pass->unended = at > walk->to;
	pass->rise_utc_ns = clamp(pass->rise_utc_ns, walk->from, walk->to);
	pass->set_utc_ns = clamp(at, walk->from, walk->to);
	pass->culmination_utc_ns =
		clamp(pass->culmination_utc_ns, pass->rise_utc_ns, pass->set_utc_ns);
	pass->culmination_margin = walk->margin(walk->context, pass->culmination_utc_ns);
	if (walk->count < walk->most)
		walk->passes[walk->count] = *pass;
	walk->count++;
}

static int64_t edge(struct walk *walk, int64_t out_of_sight, int64_t in_sight_at)
{
	return search_edge(walk->margin, walk->context, out_of_sight, in_sight_at, EDGE_NS);
}

// Three samples on one side of the edge, the middle one nearest to it: does the curve cross twice?
static void walk_turn(struct walk *walk, const struct sample at[3])
{
	bool visible = in_sight(at[1].margin);
	double sign = visible ? -1 : 1;
	int64_t summit =
		search_summit(walk->margin, walk->context, sign, at[0].at, at[2].at, EDGE_NS, true);

	if (in_sight(walk->margin(walk->context, summit)) == visible)
		return;
	if (visible) {
		walk_set(walk, edge(walk, summit, at[0].at));
		walk_rise(walk, edge(walk, summit, at[2].at));
	} else {
		walk_rise(walk, edge(walk, at[0].at, summit));
		walk_better(walk, (struct sample){summit, walk->margin(walk->context, summit)});
		walk_set(walk, edge(walk, at[2].at, summit));
	}
}

static void walk_sample(struct walk *walk, struct sample at[3])
{
	bool before = in_sight(at[0].margin), middle = in_sight(at[1].margin);
	bool after = in_sight(at[2].margin);
	double rise = at[1].margin - at[0].margin, fall = at[1].margin - at[2].margin;

	if (middle)
		walk_better(walk, at[1]);
	if (before == middle && middle == after && rise * fall > 0 && middle == (rise < 0))
		walk_turn(walk, at);
	if (!middle && after)
		walk_rise(walk, edge(walk, at[1].at, at[2].at));
	else if (middle && !after)
		walk_set(walk, edge(walk, at[2].at, at[1].at));
	at[0] = at[1];
	at[1] = at[2];
}

int pass_find(pass_margin *margin, void *context, int64_t from_utc_ns, int64_t to_utc_ns,
	      int64_t step_ns, struct pass *passes, size_t most)
{
	struct walk walk = {.margin = margin,
			    .context = context,
			    .from = from_utc_ns,
			    .to = to_utc_ns,
			    .step = step_ns,
			    .passes = passes,
			    .most = most};
	struct sample at[3];
	int64_t end = to_utc_ns + 2 * step_ns;

	if (from_utc_ns >= to_utc_ns || step_ns < EDGE_NS)
		return -EINVAL;
	// A step more at either end shows which way the curve goes there.
	for (int i = 0; i < 2; i++) {
		at[i].at = from_utc_ns + (i - 1) * step_ns;
		at[i].margin = margin(context, at[i].at);
	}
	if (in_sight(at[0].margin))
		walk_rise(&walk, at[0].at);
	if (!in_sight(at[0].margin) && in_sight(at[1].margin))
		walk_rise(&walk, edge(&walk, at[0].at, at[1].at));
	else if (in_sight(at[0].margin) && !in_sight(at[1].margin))
		walk_set(&walk, edge(&walk, at[1].at, at[0].at));
	for (int64_t next = from_utc_ns + step_ns; next <= end; next += step_ns) {
		at[2] = (struct sample){next, margin(context, next)};
		walk_sample(&walk, at);
	}
	if (walk.open)
		walk_set(&walk, at[1].at);
	return walk.count <= most ? (int)walk.count : -ENOSPC;
}

int64_t pass_step_ns(const struct orbit *orbit)
{
	double turn = 2 * M_PI / orbit_period_s(orbit);
	// The Earth turns, too; nearly stationary ones go slowly, and the longest step bounds them.
	double step_s = 2 * M_PI / fabs(turn) / STEPS_A_PERIOD;
	double step_ns = step_s * 1e9;

	return step_ns < (double)SHORTEST_STEP_NS  ? SHORTEST_STEP_NS
	       : step_ns > (double)LONGEST_STEP_NS ? LONGEST_STEP_NS
						   : (int64_t)step_ns;
}

static double margin_of(void *context, int64_t utc_ns)
{
	return path_margin_deg(context, utc_ns);
}

int64_t pass_step_path_ns(const struct path *path)
{
	int64_t step_ns = LONGEST_STEP_NS;

	for (unsigned i = 0; i < path->satellite_count; i++) {
		int64_t own = pass_step_ns(path->satellites[i]);

		step_ns = own < step_ns ? own : step_ns;
	}
	return step_ns;
}

int pass_find_path(const struct path *path, int64_t from_utc_ns, int64_t to_utc_ns,
		   struct pass *passes, size_t most)
{
	return pass_find(margin_of, (void *)path, from_utc_ns, to_utc_ns, pass_step_path_ns(path),
			 passes, most);
}
