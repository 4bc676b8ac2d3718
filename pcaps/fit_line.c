// SPDX-License-Identifier: BSD-3-Clause
// The serialiser behind the delays: within a busy period a frame arrives at
//   start of the period + time per byte x bytes so far + time per frame x frames so far + delay,
// so both times follow by least squares, once it is known which frames share a period; and that
// follows from the times. A search over rates begins it.
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "pcaps/fit_parts.h"

#define RATE_STEP   1.12   // of the search
#define SEARCHED    200000 // frames that it looks at, at most
#define ROUNDS      30
#define SURE_ERRORS 8   // a rate is told when it is so many errors above nothing
#define LONG_WAIT   0.7 // of the spread of delays
#define LEAST       20  // frames

struct line {
	double per_byte; // ns
	double per_frame;
	double byte_error, frame_error; // standard errors
	double both_error;              // covariance
	bool framed;                    // per_frame could be told
	double mean_error;              // of the mean time on the line
	size_t blocks;
};

// What a frame met, for the regression.
struct place {
	double start_ns; // of its busy period
	double bytes, frames;
};

static bool takes_line(const struct fit_row *row)
{
	return !row->queue_lost && !row->edge;
}

// Runs the line; fills in line_ns, and places if asked for.
static void run(struct fit_work *work, size_t count, const struct line *line, struct place *places)
{
	struct place place = {0};
	double free_ns = -INFINITY;

	for (size_t i = 0; i < count; i++) {
		struct fit_row *row = &work->rows[i];

		if (!takes_line(row)) {
			row->line_ns = fmax(0, free_ns - row->at_ns); // the wait it would have had
			continue;
		}
		if (row->at_ns >= free_ns)
			place = (struct place){row->at_ns, 0, 0};
		place.bytes += row->bytes;
		place.frames++;
		free_ns = fmax(row->at_ns, place.start_ns + place.bytes * line->per_byte +
						   place.frames * line->per_frame);
		row->line_ns = free_ns - row->at_ns;
		if (places)
			places[i] = place;
	}
}

static bool usable(const struct fit_row *row)
{
	return !isnan(row->delay_ns) && !row->chosen;
}

// Variance of what the line does not account for.
static double unexplained(const struct fit_work *work, size_t count)
{
	double sum = 0, squares = 0, first = NAN, n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fit_row *row = &work->rows[i];
		double base = row->delay_ns - row->line_ns;

		if (!usable(row))
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

static double response(const struct fit_row *row, const struct place *place)
{
	return row->delay_ns + (row->at_ns - place->start_ns);
}

static struct sums add_up(const struct fit_work *work, const struct place *places)
{
	struct sums sums = {0};

	for (size_t i = 0; i < work->count; i++) {
		if (!usable(&work->rows[i]))
			continue;
		sums.n++;
		sums.bytes += places[i].bytes;
		sums.frames += places[i].frames;
		sums.y += response(&work->rows[i], &places[i]);
	}
	sums.bytes /= sums.n;
	sums.frames /= sums.n;
	sums.y /= sums.n;
	for (size_t i = 0; i < work->count; i++) {
		double bytes = places[i].bytes - sums.bytes;
		double frames = places[i].frames - sums.frames;
		double y;

		if (!usable(&work->rows[i]))
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
static void find_errors(const struct fit_work *work, const struct place *places,
			const struct sums *sums, struct line *line)
{
	double determinant = sums->bb * sums->ff - sums->bf * sums->bf;
	size_t block_frames = (size_t)(sums->n / FIT_BLOCKS) + 1, in_block = 0;
	double b = 0, f = 0, bb = 0, bf = 0, ff = 0, factor;

	line->blocks = 0;
	for (size_t i = 0; i <= work->count; i++) {
		double bytes, frames, rest;

		if (i == work->count || in_block == block_frames) {
			bb += b * b;
			bf += b * f;
			ff += f * f;
			b = f = 0;
			line->blocks += in_block > 0;
			in_block = 0;
		}
		if (i == work->count || !usable(&work->rows[i]))
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
static bool solve(const struct fit_work *work, const struct place *places, struct line *line)
{
	struct sums sums = add_up(work, places);
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
	find_errors(work, places, &sums, line);
	return line->per_byte > 0;
}

// The rate whose line leaves the least variance, without framing.
static struct line search(struct fit_work *work)
{
	size_t count = work->count < SEARCHED ? work->count : SEARCHED;
	double bytes = 0, least = INFINITY, slowest;
	struct line best = {0};

	for (size_t i = 0; i < count; i++)
		bytes += takes_line(&work->rows[i]) ? work->rows[i].bytes : 0;
	slowest = (work->rows[count - 1].at_ns + 1) / bytes * 2;
	for (double per_byte = 1e-3; per_byte < slowest; per_byte *= RATE_STEP) {
		struct line line = {.per_byte = per_byte};
		double left;

		run(work, count, &line, NULL);
		left = unexplained(work, count);
		if (left < least) {
			least = left;
			best = line;
		}
	}
	return best;
}

// Least squares and busy periods in turn, as long as less is left unexplained.
static bool refine(struct fit_work *work, struct place *places, struct line *line)
{
	struct line best = *line, next = *line;
	double least = INFINITY;
	bool solved = false;

	for (int round = 0; round < ROUNDS; round++) {
		double left;

		run(work, work->count, &next, places);
		left = unexplained(work, work->count);
		if (solved && left >= least)
			break;
		least = left;
		best = next;
		if (!solve(work, places, &next))
			break;
		if (!solved) {
			best = next;
			least = INFINITY;
		}
		solved = true;
	}
	*line = best;
	run(work, work->count, line, places);
	return solved;
}

// ---- The queue's limit ----

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

// What each frame met in the queue: its wait, the bytes with its own, or the frames with it.
static size_t find_levels(const struct fit_work *work, enum queue_limit kind, double *departures,
			  struct level *levels)
{
	size_t count = 0, head = 0, bytes = 0, frames = 0;

	for (size_t i = 0; i < work->count; i++) {
		const struct fit_row *row = &work->rows[i];
		double free_ns = i > 0 ? departures[i - 1] : -INFINITY;

		for (; head < i && departures[head] <= row->at_ns; head++) {
			bytes -= takes_line(&work->rows[head]) ? work->rows[head].bytes : 0;
			frames -= takes_line(&work->rows[head]);
		}
		if (!row->edge)
			levels[count++] = (struct level){
				.amount = kind == QUEUE_TIME    ? fmax(0, free_ns - row->at_ns)
					  : kind == QUEUE_BYTES ? (double)(bytes + row->bytes)
								: (double)(frames + 1),
				.lost = row->lost};
		departures[i] = takes_line(row) ? row->at_ns + row->line_ns : free_ns;
		bytes += takes_line(row) ? row->bytes : 0;
		frames += takes_line(row);
	}
	return count;
}

static double log_likelihood(double trials, double successes)
{
	double share = trials > 0 ? successes / trials : 0;

	if (share <= 0 || share >= 1)
		return 0;
	return successes * log(share) + (trials - successes) * log(1 - share);
}

struct limit {
	enum queue_limit kind;
	double gain;              // of the logarithm of the likelihood
	double accepted, refused; // the greatest amount below, the least beyond
};

// The level beyond which nearly all are lost.
static struct limit split(enum queue_limit kind, struct level *levels, size_t count, double pure)
{
	struct limit best = {.kind = QUEUE_UNLIMITED};
	double lost = 0, beyond = 0, beyond_lost = 0;
	double slack = kind == QUEUE_TIME ? 0.5 : 0; // ns

	qsort(levels, count, sizeof(*levels), by_amount);
	for (size_t i = 0; i < count; i++)
		lost += levels[i].lost;
	for (size_t i = count; i-- > 1;) {
		double gain;

		beyond++;
		beyond_lost += levels[i].lost;
		if (levels[i].amount <= levels[i - 1].amount + slack || beyond_lost < 3 ||
		    beyond_lost < pure * beyond)
			continue;
		gain = log_likelihood(beyond, beyond_lost) +
		       log_likelihood((double)count - beyond, lost - beyond_lost) -
		       log_likelihood((double)count, lost);
		if (gain > best.gain)
			best = (struct limit){kind, gain, levels[i - 1].amount, levels[i].amount};
	}
	// Below it the greatest that was let in.
	for (size_t i = count; best.kind != QUEUE_UNLIMITED && i-- > 0;)
		if (!levels[i].lost && levels[i].amount < best.refused) {
			best.accepted = levels[i].amount;
			break;
		}
	return best;
}

// At least the share `pure` of those beyond it must be lost.
static int find_limit(struct fit_work *work, double pure, struct limit *limit)
{
	static const enum queue_limit kinds[] = {QUEUE_TIME, QUEUE_BYTES, QUEUE_PACKETS};
	struct level *levels = malloc((work->count + 1) * sizeof(*levels));

	*limit = (struct limit){.kind = QUEUE_UNLIMITED, .gain = FIT_LIKELIER};
	if (!levels)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t count = find_levels(work, kinds[i], work->values, levels);
		struct limit found = split(kinds[i], levels, count, pure);

		if (found.kind != QUEUE_UNLIMITED && found.gain > limit->gain * (1 + 1e-9))
			*limit = found;
	}
	if (limit->kind != QUEUE_UNLIMITED) {
		// Whoever would have exceeded it was refused.
		size_t place = 0;
		size_t count = find_levels(work, limit->kind, work->values, levels);

		for (size_t i = 0; i < work->count && place < count; i++)
			if (!work->rows[i].edge) {
				struct level *level = &levels[place++];

				work->rows[i].queue_lost =
					level->lost && level->amount >= limit->refused;
			}
	} else {
		for (size_t i = 0; i < work->count; i++)
			work->rows[i].queue_lost = false;
	}
	free(levels);
	return 0;
}

// At first those are held to be lost by a full queue whose neighbour before took long.
static void guess_queue_losses(struct fit_work *work)
{
	double least = INFINITY, most = -INFINITY, last = -INFINITY;

	for (size_t i = 0; i < work->count; i++)
		if (usable(&work->rows[i])) {
			least = fmin(least, work->rows[i].delay_ns);
			most = fmax(most, work->rows[i].delay_ns);
		}
	for (size_t i = 0; i < work->count; i++) {
		struct fit_row *row = &work->rows[i];

		row->queue_lost = row->lost && last > least + LONG_WAIT * (most - least);
		if (usable(row))
			last = row->delay_ns;
	}
}

// Rate, then limit, then rate again with what the limit leaves.
static int alternate(struct fit_work *work, struct place *places, struct line *line,
		     struct limit *limit, bool *found)
{
	guess_queue_losses(work);
	for (int round = 0; round < 5; round++) {
		int code;

		if (round == 0)
			*line = search(work);
		*found = refine(work, places, line);
		if (!*found)
			return 0;
		// A line that is not yet right blurs the limit.
		code = find_limit(work, round < 3 ? 0.7 : 0.98, limit);
		if (code < 0)
			return code;
	}
	*found = refine(work, places, line);
	return 0;
}

// ---- What is told ----

static void tell_rate(struct fit_work *work, const struct line *line, double most)
{
	struct fit *fit = work->fit;
	double quantum_ns = work->quantum_ns;
	double sure = quantum_ns / most; // clocks round
	struct fit_estimate per_byte = fit_about(line->per_byte, line->byte_error, line->blocks);
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
	fit->overhead_bytes =
		fit_about(overhead, sqrt(fmax(0, variance)) / line->per_byte, line->blocks);
	fit->overhead_bytes.low -= quantum_ns / line->per_byte;
	fit->overhead_bytes.high += quantum_ns / line->per_byte;
}

static void tell_limit(struct fit *fit, const struct limit *limit)
{
	if (limit->kind == QUEUE_UNLIMITED) {
		fit_note(fit, "no queue was seen to overflow: its limit cannot be told");
		return;
	}
	if (fit->lost > 0)
		fit_note(fit, "where a queue overflows, which other losses are the model's is told "
			      "less surely");
	fit->limit = limit->kind;
	fit->limit_amount.known = true;
	fit->limit_amount.low = limit->accepted;
	fit->limit_amount.high = limit->refused;
	if (limit->kind == QUEUE_TIME) {
		fit->limit_amount.value = (limit->accepted + limit->refused) / 2;
	} else {
		fit->limit_amount.high--; // what is refused exceeds it
		fit->limit_amount.value =
			floor((fit->limit_amount.low + fit->limit_amount.high) / 2);
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
	struct place *places = calloc(work->count + 1, sizeof(*places));
	double most = 1, plain, left;
	struct limit limit = {0};
	struct line line = {0};
	bool found = false;
	int code = 0;

	if (!places)
		return -ENOMEM;
	leave_out(work);
	plain = unexplained(work, work->count);
	// A delay that is the same for all has no line in it.
	if (work->count >= LEAST && plain > work->quantum_ns * work->quantum_ns)
		code = alternate(work, places, &line, &limit, &found);
	left = unexplained(work, work->count);
	if (found && line.per_byte > SURE_ERRORS * line.byte_error && left < plain) {
		for (size_t i = 0; i < work->count; i++)
			most = fmax(most, usable(&work->rows[i]) ? places[i].bytes : 0);
		work->line_error_ns = line.mean_error;
		tell_rate(work, &line, most);
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
