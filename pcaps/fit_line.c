// SPDX-License-Identifier: BSD-3-Clause
// The serialiser behind the delays: within a busy period a frame arrives at
//   start of the period + time per byte x bytes so far + time per frame x frames so far + delay,
// so both times follow by least squares, once it is known which frames share a period; and that
// follows from the times. A search over rates begins it.
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "pcaps/fit_line.h"

#define RATE_STEP   1.12 // of the search
#define ROUNDS      30
#define SURE_ERRORS 8  // a rate is told when it is so many errors above nothing
#define LEAST       20 // frames

static bool takes_line(const struct fit_row *row)
{
	return !row->queue_lost && !row->edge;
}

// Those ahead that are gone when a frame arrives no longer count.
struct fit_crowd {
	size_t head;
	uint32_t bytes, frames;
};

static void crowd_leave(struct fit_crowd *crowd, const struct fit_work *work, size_t i)
{
	const double *departures = work->values;

	for (; crowd->head < i && departures[crowd->head] <= work->rows[i].at_ns; crowd->head++) {
		const struct fit_row *gone = &work->rows[crowd->head];

		if (!takes_line(gone))
			continue;
		crowd->bytes -= gone->bytes;
		crowd->frames--;
	}
}

void fit_line_run(struct fit_work *work, size_t count, const struct fit_serialiser *line,
		  const struct fit_limit *limit, struct fit_place *places)
{
	struct fit_place place = {0};
	struct fit_crowd crowd = {0};
	double free_ns = -INFINITY;

	for (size_t i = 0; i < count; i++) {
		struct fit_row *row = &work->rows[i];

		crowd_leave(&crowd, work, i);
		row->wait_ns = fmax(0, free_ns - row->at_ns);
		row->queued_bytes = crowd.bytes + row->bytes;
		row->queued_frames = crowd.frames + 1;
		row->queue_lost = row->lost && limit->kind != QUEUE_UNLIMITED &&
				  fit_level(row, limit->kind) > limit->amount;
		work->values[i] = free_ns;
		row->line_ns = row->wait_ns;
		if (!takes_line(row))
			continue;
		if (row->at_ns >= free_ns)
			place = (struct fit_place){row->at_ns, 0, 0};
		place.bytes += row->bytes;
		place.frames++;
		free_ns = fmax(row->at_ns, place.start_ns + place.bytes * line->per_byte +
						   place.frames * line->per_frame);
		row->line_ns = free_ns - row->at_ns;
		work->values[i] = free_ns;
		crowd.bytes += row->bytes;
		crowd.frames++;
		if (places)
			places[i] = place;
	}
}

bool fit_line_usable(const struct fit_row *row)
{
	return !isnan(row->delay_ns) && !row->chosen;
}

double fit_line_unexplained(const struct fit_work *work, size_t count)
{
	double sum = 0, squares = 0, first = NAN, n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fit_row *row = &work->rows[i];
		double base = row->delay_ns - row->line_ns;

		if (!fit_line_usable(row))
			continue;
		if (isnan(first))
			first = base;
		sum += base - first;
		squares += (base - first) * (base - first);
		n++;
	}
	return n > 0 ? fmax(0, squares / n - sum / n * (sum / n)) : 0;
}

// Means, and sums of squares about them.
struct sums {
	double n, bytes, frames, y;
	double bb, bf, ff, by, fy;
};

static double response(const struct fit_row *row, const struct fit_place *place)
{
	return row->delay_ns + (row->at_ns - place->start_ns);
}

static struct sums add_up(const struct fit_work *work, size_t count, const struct fit_place *places)
{
	struct sums sums = {0};

	for (size_t i = 0; i < count; i++) {
		if (!fit_line_usable(&work->rows[i]))
			continue;
		sums.n++;
		sums.bytes += places[i].bytes;
		sums.frames += places[i].frames;
		sums.y += response(&work->rows[i], &places[i]);
	}
	sums.bytes /= sums.n;
	sums.frames /= sums.n;
	sums.y /= sums.n;
	for (size_t i = 0; i < count; i++) {
		double bytes = places[i].bytes - sums.bytes;
		double frames = places[i].frames - sums.frames;
		double y;

		if (!fit_line_usable(&work->rows[i]))
			continue;
		y = response(&work->rows[i], &places[i]) - sums.y;
		sums.bb += bytes * bytes;
		sums.bf += bytes * frames;
		sums.ff += frames * frames;
		sums.by += bytes * y;
		sums.fy += frames * y;
	}
	return sums;
}

// The errors, from sums over blocks of frames: deviations of neighbours hang together.
static void find_errors(const struct fit_work *work, size_t count, const struct fit_place *places,
			const struct sums *sums, struct fit_serialiser *line)
{
	double determinant = sums->bb * sums->ff - sums->bf * sums->bf;
	size_t block_frames = (size_t)(sums->n / FIT_BLOCKS) + 1, in_block = 0;
	double b = 0, f = 0, bb = 0, bf = 0, ff = 0, factor;

	line->blocks = 0;
	for (size_t i = 0; i <= count; i++) {
		double bytes, frames, rest;

		if (i == count || in_block == block_frames) {
			bb += b * b;
			bf += b * f;
			ff += f * f;
			b = f = 0;
			line->blocks += in_block > 0;
			in_block = 0;
		}
		if (i == count || !fit_line_usable(&work->rows[i]))
			continue;
		bytes = places[i].bytes - sums->bytes;
		frames = places[i].frames - sums->frames;
		rest = response(&work->rows[i], &places[i]) - sums->y - line->per_byte * bytes -
		       line->per_frame * frames;
		b += bytes * rest;
		f += frames * rest;
		in_block++;
	}
	factor = line->blocks > 1 ? (double)line->blocks / (double)(line->blocks - 1) : 1;
	if (line->framed) {
		double x = sums->ff / determinant, y = -sums->bf / determinant;
		double z = sums->bb / determinant;

		line->byte_error =
			sqrt(fmax(0, factor * (x * x * bb + 2 * x * y * bf + y * y * ff)));
		line->frame_error =
			sqrt(fmax(0, factor * (y * y * bb + 2 * y * z * bf + z * z * ff)));
		line->both_error = factor * (x * y * bb + (x * z + y * y) * bf + y * z * ff);
	} else {
		line->byte_error = sqrt(factor * bb) / sums->bb;
		line->frame_error = line->both_error = 0;
	}
	line->mean_error = sqrt(fmax(
		0, sums->bytes * sums->bytes * line->byte_error * line->byte_error +
			   sums->frames * sums->frames * line->frame_error * line->frame_error +
			   2 * sums->bytes * sums->frames * line->both_error));
}

// One round of least squares over the busy periods of the line as it is. With a known overhead
// (`framing` bytes a frame) only the time per byte is sought.
static bool solve(const struct fit_work *work, size_t count, const struct fit_place *places,
		  struct fit_serialiser *line)
{
	struct sums sums = add_up(work, count, places);
	double determinant = sums.bb * sums.ff - sums.bf * sums.bf;

	if (sums.n < LEAST || sums.bb <= 0)
		return false;
	line->framed = determinant > 1e-9 * sums.bb * sums.ff;
	if (line->framed) {
		line->per_byte = (sums.by * sums.ff - sums.fy * sums.bf) / determinant;
		line->per_frame = (sums.fy * sums.bb - sums.by * sums.bf) / determinant;
	} else {
		line->per_byte = sums.by / sums.bb;
		line->per_frame = 0;
	}
	find_errors(work, count, places, &sums, line);
	return line->per_byte > 0;
}

struct fit_serialiser fit_line_search(struct fit_work *work, size_t count,
				      const struct fit_limit *limit)
{
	double bytes = 0, least = INFINITY, slowest;
	struct fit_serialiser best = {0};

	for (size_t i = 0; i < count; i++)
		if (!work->rows[i].edge && !(work->rows[i].lost && limit->amount < 0))
			bytes += work->rows[i].bytes;
	slowest = (work->rows[count - 1].at_ns + 1) / bytes * 2;
	for (double per_byte = 1e-3; per_byte < slowest; per_byte *= RATE_STEP) {
		struct fit_serialiser line = {.per_byte = per_byte};
		double left;

		fit_line_run(work, count, &line, limit, NULL);
		left = fit_line_unexplained(work, count);
		if (left < least) {
			least = left;
			best = line;
		}
	}
	return best;
}

bool fit_line_refine(struct fit_work *work, size_t count, struct fit_place *places,
		     struct fit_serialiser *line, const struct fit_limit *limit)
{
	struct fit_serialiser best = *line, next = *line;
	double least = INFINITY;
	bool solved = false;

	for (int round = 0; round < ROUNDS; round++) {
		double left;

		fit_line_run(work, count, &next, limit, places);
		left = fit_line_unexplained(work, count);
		if (solved && left >= least)
			break;
		least = left;
		best = next;
		if (!solve(work, count, places, &next))
			break;
		if (!solved) {
			best = next;
			least = INFINITY;
		}
		solved = true;
	}
	*line = best;
	fit_line_run(work, count, line, limit, places);
	return solved;
}

// ---- What is told ----

double fit_line_doubt(const struct fit_limit *limit)
{
	return limit->kind == QUEUE_UNLIMITED ? 1 : 3;
}

static void tell_rate(struct fit_work *work, const struct fit_serialiser *line,
		      const struct fit_limit *limit, double most)
{
	struct fit *fit = work->fit;
	double quantum_ns = work->quantum_ns;
	double sure = quantum_ns / most; // clocks round
	struct fit_estimate per_byte =
		fit_about(line->per_byte, fit_line_doubt(limit) * line->byte_error, line->blocks);
	double overhead = line->per_frame / line->per_byte;
	double variance;

	fit->rate_bps = (struct fit_estimate){.known = true,
					      .value = 8e9 / line->per_byte,
					      .low = 8e9 / (per_byte.high + sure),
					      .high = 8e9 / fmax(per_byte.low - sure, 1e-6)};
	if (!line->framed) {
		fit_note(fit,
			 "frames of one length, or none that wait, cannot tell bytes of overhead "
			 "from the rate: it is that of the frames' own bytes");
		return;
	}
	variance = line->frame_error * line->frame_error +
		   overhead * overhead * line->byte_error * line->byte_error -
		   2 * overhead * line->both_error;
	fit->overhead_bytes = fit_about(
		overhead, fit_line_doubt(limit) * sqrt(fmax(0, variance)) / line->per_byte,
		line->blocks);
	fit->overhead_bytes.low -= quantum_ns / line->per_byte;
	fit->overhead_bytes.high += quantum_ns / line->per_byte;
}

static void tell_limit(struct fit *fit, const struct fit_limit *limit)
{
	if (limit->kind == QUEUE_UNLIMITED) {
		fit_note(fit, "no queue was seen to overflow: its limit cannot be told");
		return;
	}
	if (fit->lost > 0)
		fit_note(fit, "where a queue overflows, which other losses are the model's is told "
			      "less surely");
	fit_note(fit, "the queue limit's interval is the gap between the most that it took and the "
		      "least that it refused, for any line within the errors of the one found");
	fit->limit = limit->kind;
	fit->limit_amount.known = true;
	fit->limit_amount.low = limit->low;
	fit->limit_amount.high = limit->high;
	if (limit->kind == QUEUE_TIME) {
		fit->limit_amount.value = (limit->accepted + limit->refused) / 2;
	} else {
		fit->limit_amount.high--; // what is refused exceeds it
		fit->limit_amount.value = floor((limit->accepted + limit->refused - 1) / 2);
	}
}

// Those that others go past, or that go past others, whichever are fewer, are left out.
static void leave_out(struct fit_work *work)
{
	size_t overtaken = 0, overtaking = 0;

	for (size_t i = 0; i < work->count; i++) {
		overtaken += work->rows[i].overtaken;
		overtaking += work->rows[i].overtakes;
	}
	for (size_t i = 0; i < work->count; i++)
		work->rows[i].chosen =
			overtaken < overtaking ? work->rows[i].overtaken : work->rows[i].overtakes;
}

static void without_line(struct fit_work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		work->rows[i].line_ns = 0;
		work->rows[i].queue_lost = false;
	}
}

int fit_line(struct fit_work *work)
{
	struct fit_place *places = calloc(work->count + 1, sizeof(*places));
	double most = 1, plain, left;
	struct fit_limit limit = {0};
	struct fit_serialiser line = {0};
	bool found = false;
	int code = 0;

	if (!places)
		return -ENOMEM;
	leave_out(work);
	plain = fit_line_unexplained(work, work->count);
	// A delay that is the same for all has no line in it.
	if (work->count >= LEAST && plain > work->quantum_ns * work->quantum_ns)
		code = fit_queue_find(work, places, &line, &limit, &found);
	left = fit_line_unexplained(work, work->count);
	if (found && line.per_byte > SURE_ERRORS * line.byte_error && left < plain) {
		for (size_t i = 0; i < work->count; i++)
			most = fmax(most, fit_line_usable(&work->rows[i]) ? places[i].bytes : 0);
		work->line_error_ns = line.mean_error;
		tell_rate(work, &line, &limit, most);
		tell_limit(work->fit, &limit);
	} else if (code == 0) {
		without_line(work);
		fit_note(work->fit, "no frame was seen to wait for another: the rate, overhead and "
				    "queue of the line cannot be told");
	}
	for (size_t i = 0; i < work->count; i++) {
		struct fit_row *row = &work->rows[i];

		row->base_ns = row->delay_ns - row->line_ns;
		work->fit->lost_queue += row->queue_lost;
	}
	free(places);
	return code;
}
