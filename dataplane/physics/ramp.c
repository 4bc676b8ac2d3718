// SPDX-License-Identifier: BSD-3-Clause
// Straight lines within a tunnel about a curve. From a line's beginning the slopes that stay in the
// tunnel form a cone, which each sample narrows; when it closes the line ends, at the side of the
// tunnel from which the curve bends away, so that the next one has all the tunnel's width.
#include "dataplane/physics/ramp.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define READER_NS     1.0 // who reads between points may round down
#define POINT_NS      1.0 // points are whole nanoseconds inside the tunnel
#define BETWEEN_NS    0.5 // how far the curve may leave a straight line between samples
#define LEAST_NS      4.0 // leaves a tunnel in which there is a whole nanosecond
#define FIRST_STEP_NS 1000000000
#define LEAST_STEP_NS 1000 // a curve that bends more within is not smooth
#define FIRST_POINTS  64
#define END_ROUNDS    2 // halvings of the step in which a line ends

struct sample {
	int64_t at;
	double value;
};

struct drawing {
	ramp_curve *curve;
	void *context;
	int64_t to;
	double width; // half the tunnel's
	int64_t step;
	struct sample begin; // of the line; the value is the line's, not the curve's
	double low, high;    // the cone's slopes
	struct sample good;  // the last sample that the cone holds, and the first that it does not
	struct sample bad;
	bool ended;
};

static int push(struct ramp *ramp, int64_t at, double value)
{
	if (ramp->count == ramp->room) {
		size_t room = ramp->room ? 2 * ramp->room : FIRST_POINTS;
		struct ramp_point *points = realloc(ramp->points, room * sizeof(*points));

		if (points == NULL)
			return -ENOMEM;
		ramp->points = points;
		ramp->room = room;
	}
	ramp->points[ramp->count++] = (struct ramp_point){at, llround(value)};
	return 0;
}

static struct sample look(const struct drawing *d, int64_t at)
{
	return (struct sample){at, d->curve(d->context, at)};
}

// Narrows the cone by a sample, or ends the line when nothing would be left of it.
static void narrow(struct drawing *d, struct sample sample)
{
	double per_ns = 1 / (double)(sample.at - d->begin.at);
	double low = (sample.value - d->width - d->begin.value) * per_ns;
	double high = (sample.value + d->width - d->begin.value) * per_ns;

	low = low > d->low ? low : d->low;
	high = high < d->high ? high : d->high;
	if (!(low <= high)) {
		d->bad = sample;
		d->ended = true;
		return;
	}
	d->low = low;
	d->high = high;
	d->good = sample;
}

// How far the curve leaves the straight line over a step: from three samples in equal steps, or
// from the step's own middle where there are no such.
static double leaves(const struct drawing *d, const struct sample *before, struct sample last,
		     struct sample next)
{
	struct sample middle;

	if (before)
		return fabs(before->value - 2 * last.value + next.value) / 8;
	middle = look(d, last.at + (next.at - last.at) / 2);
	return fabs(last.value - 2 * middle.value + next.value) / 2;
}

// Goes on until the cone closes or the span ends. `first` is the curve where the line begins.
static int walk(struct drawing *d, struct sample first)
{
	struct sample before = first;
	bool even = false; // `before` is a step before `good`

	d->good = first;
	while (!d->ended && d->good.at < d->to) {
		bool whole = d->to - d->good.at > d->step;
		struct sample last = d->good, next = look(d, whole ? last.at + d->step : d->to);
		double off = leaves(d, even && whole ? &before : NULL, last, next);

		if (isnan(off))
			return -EDOM;
		if (off > BETWEEN_NS) {
			if (next.at - last.at <= LEAST_STEP_NS)
				return -EDOM;
			d->step = (next.at - last.at) / 2;
			even = false;
			continue;
		}
		narrow(d, next);
		before = last;
		even = whole && off >= BETWEEN_NS / 8;
		if (whole && off < BETWEEN_NS / 8)
			d->step *= 2;
	}
	return 0;
}

// The cone closed between two samples: a little farther may do.
static int walk_last_step(struct drawing *d)
{
	for (int round = 0; round < END_ROUNDS; round++) {
		int64_t at = d->good.at + (d->bad.at - d->good.at) / 2;
		struct sample middle = look(d, at);

		if (isnan(middle.value))
			return -EDOM;
		if (at > d->good.at)
			narrow(d, middle);
	}
	return d->good.at > d->begin.at ? 0 : -EDOM; // a jump: not even a short line stays near it
}

// Where the line ends: a whole nanosecond inside the tunnel, as its successor begins there.
static double end_value(const struct drawing *d)
{
	double span = (double)(d->good.at - d->begin.at);
	double slope = (d->low + d->high) / 2, value, whole;

	if (d->ended) {
		double lowest = d->bad.value - d->width - d->begin.value;
		bool above = lowest > d->high * (double)(d->bad.at - d->begin.at);

		slope = above ? d->low : d->high;
	}
	value = d->begin.value + slope * span;
	whole = nearbyint(value);
	if (whole > d->good.value + d->width)
		return floor(value);
	return whole < d->good.value - d->width ? ceil(value) : whole;
}

static int draw(struct drawing *d, struct ramp *ramp, struct sample first)
{
	while (first.at < d->to) {
		int code;

		d->low = -INFINITY;
		d->high = INFINITY;
		d->ended = false;
		code = walk(d, first);
		if (code == 0 && d->ended)
			code = walk_last_step(d);
		if (code)
			return code;
		d->begin = (struct sample){d->good.at, end_value(d)};
		code = push(ramp, d->begin.at, d->begin.value);
		if (code)
			return code;
		first = d->good;
	}
	return 0;
}

int ramp_draw(struct ramp *ramp, ramp_curve *curve, void *context, int64_t from_utc_ns,
	      int64_t to_utc_ns, double error_ns)
{
	struct drawing d = {.curve = curve,
			    .context = context,
			    .to = to_utc_ns,
			    .width = error_ns - READER_NS - POINT_NS - BETWEEN_NS,
			    .step = FIRST_STEP_NS};
	struct sample first = {from_utc_ns, NAN};
	size_t kept = ramp->count;
	int code = 0;

	if (from_utc_ns >= to_utc_ns || !(error_ns >= LEAST_NS) ||
	    (kept && ramp->points[kept - 1].at_utc_ns != from_utc_ns))
		return -EINVAL;
	first.value = curve(context, from_utc_ns);
	if (isnan(first.value))
		return -EDOM;
	if (kept == 0)
		code = push(ramp, from_utc_ns, first.value);
	if (code)
		return code;
	d.begin = (struct sample){from_utc_ns, (double)ramp->points[ramp->count - 1].delay_ns};
	code = draw(&d, ramp, first);
	if (code)
		ramp->count = kept;
	return code;
}
