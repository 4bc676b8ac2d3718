// SPDX-License-Identifier: BSD-3-Clause
// Which of the losses were a full queue's? Line and limit depend on each other: whoever is refused
// takes no time of the line, and what the line has left to do says who is refused. So both are
// sought together, from many beginnings, by their likelihood.
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "pcaps/fit_line.h"

#define LOOKED_AT 20000 // frames, for the beginnings
#define ROUNDS    6
#define PAIRS     20 // rounds of the robust regression
#define LEAST     20 // pairs of frames
#define TUKEY     4.685
#define BLURRED   0.5 // share lost beyond a limit that is not yet right
#define LINES     6
#define WIDEST    0.02 // steps, relative
#define NARROWEST 1e-6
#define WAYS      8    // directions of an error of the line
#define REGION    2.45 // of two dimensions: chi-square of 2 degrees of freedom, 95 %

static const enum queue_limit kinds[] = {QUEUE_TIME, QUEUE_BYTES, QUEUE_PACKETS};
#define KINDS 3

static const struct fit_limit nobody = {.kind = QUEUE_UNLIMITED};
static const struct fit_limit everybody = {.kind = QUEUE_TIME, .amount = -1};

static double log_likelihood(double trials, double successes)
{
	double share = trials > 0 ? successes / trials : 0;

	if (share <= 0 || share >= 1)
		return 0;
	return successes * log(share) + (trials - successes) * log(1 - share);
}

// ---- One supposition ----

// Logarithm of the likelihood, after a run: delays about what the line accounts for, losses below
// the limit and beyond it.
static double score(const struct fit_work *work, size_t count, const struct fit_limit *limit)
{
	double least = work->quantum_ns * work->quantum_ns / 12;
	double usable = 0, below = 0, below_lost = 0, beyond = 0, beyond_lost = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fit_row *row = &work->rows[i];

		usable += fit_line_usable(row);
		if (row->edge)
			continue;
		if (limit->kind != QUEUE_UNLIMITED && fit_level(row, limit->kind) > limit->amount) {
			beyond++;
			beyond_lost += row->lost;
		} else {
			below++;
			below_lost += row->lost;
		}
	}
	return log_likelihood(below, below_lost) + log_likelihood(beyond, beyond_lost) -
	       usable / 2 * log(fit_line_unexplained(work, count) + least);
}

struct level {
	double amount; // that the limit would have to hold
	bool lost;
};

static int by_amount(const void *one, const void *other)
{
	const struct level *a = one;
	const struct level *b = other;

	return (a->amount > b->amount) - (a->amount < b->amount);
}

static size_t find_levels(const struct fit_work *work, size_t count, enum queue_limit kind,
			  struct level *levels)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (!work->rows[i].edge)
			levels[found++] =
				(struct level){fit_level(&work->rows[i], kind), work->rows[i].lost};
	qsort(levels, found, sizeof(*levels), by_amount);
	return found;
}

// The level beyond which nearly all are lost, after a run.
static struct fit_limit split(const struct fit_work *work, size_t count, enum queue_limit kind,
			      struct level *levels)
{
	size_t found = find_levels(work, count, kind, levels);
	double lost = 0, beyond = 0, beyond_lost = 0, most = 0;
	struct fit_limit best = nobody;

	for (size_t i = 0; i < found; i++)
		lost += levels[i].lost;
	for (size_t i = found; i-- > 1;) {
		double gain;

		beyond++;
		beyond_lost += levels[i].lost;
		if (levels[i].amount <= levels[i - 1].amount || beyond_lost < 3 ||
		    beyond_lost < BLURRED * beyond)
			continue;
		gain = log_likelihood(beyond, beyond_lost) +
		       log_likelihood((double)found - beyond, lost - beyond_lost) -
		       log_likelihood((double)found, lost);
		if (gain > most) {
			most = gain;
			best = (struct fit_limit){.kind = kind,
						  .accepted = levels[i - 1].amount,
						  .refused = levels[i].amount};
		}
	}
	// Below it the greatest that was let in.
	for (size_t i = found; best.kind != QUEUE_UNLIMITED && i-- > 0;)
		if (!levels[i].lost && levels[i].amount < best.refused) {
			best.accepted = levels[i].amount;
			break;
		}
	best.amount = (best.accepted + best.refused) / 2;
	return best;
}

// The level that a share of those let in do not exceed, after a run.
static struct fit_limit quantile(const struct fit_work *work, size_t count, enum queue_limit kind,
				 double share, struct level *levels)
{
	size_t found = find_levels(work, count, kind, levels), let_in = 0;

	for (size_t i = 0; i < found; i++)
		if (!levels[i].lost)
			levels[let_in++] = levels[i];
	if (let_in == 0)
		return nobody;
	return (struct fit_limit){.kind = kind,
				  .amount = levels[(size_t)(share * (double)(let_in - 1))].amount +
					    0.5};
}

struct supposition {
	struct fit_serialiser line;
	struct fit_limit limit;
	double score;
	bool found; // a line
};

// Line, then limit of the same kind, then line again, as long as the likelihood grows.
static struct supposition improve(struct fit_work *work, size_t count, struct fit_place *places,
				  struct level *levels, struct fit_serialiser line,
				  struct fit_limit limit)
{
	struct supposition best = {.score = -INFINITY};

	for (int round = 0; round < ROUNDS; round++) {
		bool found = fit_line_refine(work, count, places, &line, &limit);
		double likelihood = found ? score(work, count, &limit) : -INFINITY;

		if (!(likelihood > best.score))
			break;
		best = (struct supposition){line, limit, likelihood, true};
		if (limit.kind == QUEUE_UNLIMITED)
			break;
		limit = split(work, count, limit.kind, levels);
		if (limit.kind == QUEUE_UNLIMITED)
			break;
	}
	return best;
}

static void keep_better(struct supposition *best, const struct supposition *other)
{
	bool simpler = other->limit.kind == QUEUE_UNLIMITED;
	double needed = best->limit.kind == QUEUE_UNLIMITED && !simpler  ? FIT_LIKELIER / 2
			: simpler && best->limit.kind != QUEUE_UNLIMITED ? -FIT_LIKELIER / 2
									 : 0;

	if (other->found && (!best->found || other->score > best->score + needed))
		*best = *other;
}

// A limit's likelihood is rough in the line's times, where a frame comes to lie on its other side;
// so after least squares, steps: of the mean frame's time, and of the time per byte at that time.
static struct supposition step_from(struct fit_work *work, size_t count, struct level *levels,
				    const struct supposition *from, double bytes,
				    const double by[2])
{
	struct supposition next = *from;
	double mean_ns = (from->line.per_byte * bytes + from->line.per_frame) * (1 + by[0]);

	next.line.per_byte *= 1 + by[1];
	next.line.per_frame = mean_ns - next.line.per_byte * bytes;
	if (!from->line.framed) {
		next.line.per_byte = mean_ns / bytes;
		next.line.per_frame = 0;
	}
	fit_line_run(work, count, &next.line, &next.limit, NULL);
	next.limit = split(work, count, from->limit.kind, levels);
	next.score = -INFINITY;
	if (next.limit.kind == QUEUE_UNLIMITED)
		return next;
	fit_line_run(work, count, &next.line, &next.limit, NULL);
	next.score = score(work, count, &next.limit);
	return next;
}

static void climb(struct fit_work *work, size_t count, struct level *levels,
		  struct supposition *best)
{
	double bytes = 0, frames = 0;

	for (size_t i = 0; i < count; i++) {
		bytes += work->rows[i].lost ? 0 : work->rows[i].bytes;
		frames += !work->rows[i].lost;
	}
	for (double step = WIDEST; step > NARROWEST; step /= 2)
		for (int round = 0; round < ROUNDS; round++) {
			struct supposition before = *best;

			for (int way = 0; way < 4; way++) {
				double by[2] = {0};
				struct supposition next;

				by[way / 2] = way % 2 ? -step : step;
				next = step_from(work, count, levels, best, bytes / frames, by);
				if (next.score > best->score)
					*best = next;
			}
			if (best->score <= before.score)
				break;
		}
}

// ---- Beginnings ----

// Arrivals of neighbours of which the second surely waited for the first.
struct pair {
	double bytes, gap_ns; // of the second, and between the arrivals
	double weight;
};

static double least_base(const struct fit_work *work, size_t count,
			 const struct fit_serialiser *line)
{
	double least = INFINITY;

	for (size_t i = 0; i < count; i++)
		if (fit_line_usable(&work->rows[i]))
			least = fmin(least, work->rows[i].delay_ns - line->per_frame -
						    line->per_byte * work->rows[i].bytes);
	return least;
}

static size_t find_pairs(const struct fit_work *work, size_t count, double base_ns,
			 struct pair *pairs)
{
	double last_ns = -INFINITY;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fit_row *row = &work->rows[i];
		double arrival_ns = row->at_ns + row->delay_ns;

		if (!fit_line_usable(row))
			continue;
		if (row->at_ns + base_ns < last_ns)
			pairs[found++] = (struct pair){row->bytes, arrival_ns - last_ns, 1};
		last_ns = arrival_ns;
	}
	return found;
}

static bool regress_pairs(const struct pair *pairs, size_t count, struct fit_serialiser *line)
{
	double n = 0, x = 0, y = 0, xx = 0, xy = 0, spread;

	for (size_t i = 0; i < count; i++) {
		double w = pairs[i].weight;

		n += w;
		x += w * pairs[i].bytes;
		y += w * pairs[i].gap_ns;
		xx += w * pairs[i].bytes * pairs[i].bytes;
		xy += w * pairs[i].bytes * pairs[i].gap_ns;
	}
	spread = xx - x * x / n;
	if (!(n > 0) || !(xx > 0))
		return false;
	if (spread > 1e-9 * xx) {
		line->per_byte = (xy - x * y / n) / spread;
		line->per_frame = (y - line->per_byte * x) / n;
	} else {
		line->per_byte = xy / xx;
		line->per_frame = 0;
	}
	return line->per_byte > 0;
}

// Those that do not fit count less (Beaton and Tukey 1974): a lost frame lay between them.
static void weigh_pairs(struct pair *pairs, size_t count, const struct fit_serialiser *line,
			double quantum_ns, double *values)
{
	double scale;

	for (size_t i = 0; i < count; i++)
		values[i] =
			fabs(pairs[i].gap_ns - line->per_frame - line->per_byte * pairs[i].bytes);
	fit_sort(values, count);
	scale = TUKEY * fmax(1.4826 * values[count / 2], quantum_ns);
	for (size_t i = 0; i < count; i++) {
		double off = (pairs[i].gap_ns - line->per_frame - line->per_byte * pairs[i].bytes) /
			     scale;

		pairs[i].weight = fabs(off) < 1 ? (1 - off * off) * (1 - off * off) : 0;
	}
}

// The line that the gaps between arrivals show, whoever was lost. Left as it is without pairs.
static int pair_line(struct fit_work *work, size_t count, struct fit_serialiser *line)
{
	struct pair *pairs = malloc((count + 1) * sizeof(*pairs));
	struct fit_serialiser found = *line;

	if (!pairs)
		return -ENOMEM;
	for (int round = 0; round < PAIRS; round++) {
		size_t n = find_pairs(work, count, least_base(work, count, &found), pairs);

		if (n < LEAST)
			break;
		weigh_pairs(pairs, n, &found, work->quantum_ns, work->values);
		if (!regress_pairs(pairs, n, &found))
			break;
		*line = found;
	}
	free(pairs);
	return 0;
}

static int find_lines(struct fit_work *work, size_t count, struct fit_place *places,
		      struct fit_serialiser lines[LINES])
{
	int code = 0;

	lines[0] = fit_line_search(work, count, &nobody);
	lines[1] = fit_line_search(work, count, &everybody);
	for (int i = 0; i < 2 && code == 0; i++) {
		lines[2 + i] = lines[i];
		code = pair_line(work, count, &lines[2 + i]);
		lines[4 + i] = lines[1 + 2 * i];
		if (code == 0)
			fit_line_refine(work, count, places, &lines[4 + i], &everybody);
	}
	return code;
}

static void begin(struct fit_work *work, size_t count, struct fit_place *places,
		  struct level *levels, const struct fit_serialiser *line, struct supposition *best)
{
	static const double shares[] = {0.98, 1};
	struct supposition tried = improve(work, count, places, levels, *line, nobody);

	keep_better(best, &tried);
	for (int kind = 0; kind < KINDS; kind++)
		for (int i = 0; i < 3; i++) {
			struct fit_limit limit;

			fit_line_run(work, count, line, &everybody, NULL);
			limit = i < 2 ? quantile(work, count, kinds[kind], shares[i], levels)
				      : split(work, count, kinds[kind], levels);
			if (limit.kind == QUEUE_UNLIMITED)
				continue;
			tried = improve(work, count, places, levels, *line, limit);
			keep_better(&best[kind], &tried);
		}
}

static struct supposition best_of(struct fit_work *work, size_t count, struct level *levels,
				  struct supposition kept[KINDS + 1])
{
	struct supposition best = kept[KINDS];

	for (int kind = 0; kind < KINDS; kind++) {
		if (kept[kind].found)
			climb(work, count, levels, &kept[kind]);
		keep_better(&best, &kept[kind]);
	}
	return best;
}

static int find(struct fit_work *work, struct fit_place *places, struct level *levels,
		struct supposition *best)
{
	size_t count = work->count < LOOKED_AT ? work->count : LOOKED_AT;
	struct fit_serialiser lines[LINES];
	struct supposition kept[KINDS + 1] = {0};
	int code;

	if (work->fit->lost == 0) {
		*best = improve(work, work->count, places, levels,
				fit_line_search(work, count, &nobody), nobody);
		return 0;
	}
	code = find_lines(work, count, places, lines);
	if (code < 0)
		return code;
	for (int i = 0; i < LINES; i++)
		begin(work, count, places, levels, &lines[i], kept);
	*best = best_of(work, count, levels, kept);
	if (!best->found || count == work->count)
		return 0;
	// And over the whole.
	lines[0] = best->line;
	kept[KINDS] = improve(work, work->count, places, levels, best->line, best->limit);
	for (int kind = 0; kind < KINDS; kind++)
		kept[kind] = (struct supposition){0};
	begin(work, work->count, places, levels, &lines[0], kept);
	*best = best_of(work, work->count, levels, kept);
	return 0;
}

// ---- How sure ----

// What was taken and what was refused follows from the line; so the limit is not known better than
// under any line at the edge of the region that holds the true one in 95 of 100 cases.
static void widen(struct fit_work *work, struct level *levels, const struct fit_serialiser *line,
		  struct fit_limit *limit)
{
	double least = work->quantum_ns * FIT_Z / sqrt(12);
	double byte = line->byte_error, tilt = byte > 0 ? line->both_error / byte : 0;
	double rest = sqrt(fmax(0, line->frame_error * line->frame_error - tilt * tilt));
	double reach = fit_line_doubt(limit) * fit_about(0, REGION / FIT_Z, line->blocks).high;

	limit->low = limit->accepted;
	limit->high = limit->refused;
	for (int way = 0; way < WAYS; way++) {
		double angle = 2 * M_PI * way / WAYS;
		struct fit_serialiser other = *line;
		struct fit_limit told = *limit;

		other.per_byte += reach * byte * cos(angle);
		other.per_frame += reach * (tilt * cos(angle) + rest * sin(angle));
		for (int round = 0; round < 2 && told.kind != QUEUE_UNLIMITED; round++) {
			fit_line_run(work, work->count, &other, &told, NULL);
			told = split(work, work->count, limit->kind, levels);
		}
		if (told.kind == QUEUE_UNLIMITED)
			continue;
		limit->low = fmin(limit->low, told.accepted);
		limit->high = fmax(limit->high, told.refused);
	}
	if (limit->kind == QUEUE_TIME) {
		limit->low -= least;
		limit->high += least;
	}
}

int fit_queue_find(struct fit_work *work, struct fit_place *places, struct fit_serialiser *line,
		   struct fit_limit *limit, bool *found)
{
	struct level *levels = malloc((work->count + 1) * sizeof(*levels));
	struct supposition best = {0};
	int code;

	if (!levels)
		return -ENOMEM;
	code = find(work, places, levels, &best);
	*found = code == 0 && best.found;
	if (*found) {
		*line = best.line;
		*limit = best.limit;
		*found = fit_line_refine(work, work->count, places, line, limit);
		if (limit->kind != QUEUE_UNLIMITED) {
			struct fit_limit told = split(work, work->count, limit->kind, levels);

			if (told.kind != QUEUE_UNLIMITED)
				*limit = told;
			widen(work, levels, line, limit);
			fit_line_run(work, work->count, line, limit, places);
		}
	}
	free(levels);
	return code;
}
