// SPDX-License-Identifier: BSD-3-Clause
// The steps of a fit, and what happens to frames one by one: copies and damage.
#include "pcaps/fit.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "pcaps/fit_parts.h"

void fit_note(struct fit *fit, const char *format, ...)
{
	va_list arguments;

	if (fit->note_count == FIT_NOTES)
		return;
	va_start(arguments, format);
	vsnprintf(fit->notes[fit->note_count++], sizeof(fit->notes[0]), format, arguments);
	va_end(arguments);
}

struct fit_estimate fit_ratio(double trials, double successes)
{
	double share = successes / trials;
	double z2 = FIT_Z * FIT_Z / trials;
	double middle = (share + z2 / 2) / (1 + z2);
	double half = FIT_Z / (1 + z2) * sqrt(share * (1 - share) / trials + z2 / 4 / trials);

	if (trials <= 0)
		return (struct fit_estimate){0};
	return (struct fit_estimate){.known = true,
				     .value = share,
				     .low = successes > 0 ? fmax(0, middle - half) : 0,
				     .high = successes < trials ? fmin(1, middle + half) : 1};
}

// Student's t from the normal quantile: Abramowitz and Stegun 26.7.5.
struct fit_estimate fit_about(double value, double error, size_t blocks)
{
	double freedom = blocks > 2 ? (double)(blocks - 1) : 1;
	double z3 = FIT_Z * FIT_Z * FIT_Z, z5 = z3 * FIT_Z * FIT_Z;
	double half = error * (FIT_Z + (z3 + FIT_Z) / (4 * freedom) +
			       (5 * z5 + 16 * z3 + 3 * FIT_Z) / (96 * freedom * freedom));

	return (struct fit_estimate){
		.known = true, .value = value, .low = value - half, .high = value + half};
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one;
	double b = *(const double *)other;

	return (a > b) - (a < b);
}

void fit_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

// The greatest power of ten that all instants are multiples of, up to a millisecond.
static double resolution(const struct fit_work *work)
{
	const struct frames *both[2] = {work->sent, work->received};
	uint64_t quantum = 1000000;

	for (int i = 0; i < 2; i++)
		for (size_t row = 0; row < both[i]->count; row++)
			while (both[i]->rows[row].at_ns % quantum != 0)
				quantum /= 10;
	return (double)quantum;
}

// Nobody can tell whether what is missing at the ends was lost or not captured.
static void find_edges(struct fit_work *work)
{
	size_t first = 0, last = work->count;

	while (first < work->count && work->rows[first].lost)
		first++;
	while (last > first && work->rows[last - 1].lost)
		last--;
	for (size_t i = 0; i < work->count; i++) {
		struct fit_row *row = &work->rows[i];

		if (row->lost && (i < first || i >= last)) {
			row->edge = true;
			row->lost = false;
			work->fit->edges++;
		}
		work->fit->lost += row->lost;
	}
	if (work->fit->edges > 0)
		fit_note(work->fit,
			 "%zu frames are missing before the first arrival or after the last: lost "
			 "or not captured, so not counted",
			 work->fit->edges);
}

static void fill_rows(struct fit_work *work)
{
	uint64_t latest = 0;
	uint64_t earliest = UINT64_MAX;

	for (size_t i = 0; i < work->count; i++) {
		struct fit_row *row = &work->rows[i];
		uint32_t arrival = work->match->received_of_sent[i];
		uint64_t at_ns;

		row->at_ns = (double)(work->sent->rows[i].at_ns - work->sent->rows[0].at_ns);
		row->bytes = work->sent->rows[i].wire_length;
		row->lost = arrival == MATCH_NONE;
		row->delay_ns = NAN;
		if (row->lost)
			continue;
		at_ns = work->received->rows[arrival].at_ns;
		row->delay_ns = (double)(int64_t)(at_ns - work->sent->rows[i].at_ns);
		row->overtaken = at_ns < latest;
		latest = at_ns > latest ? at_ns : latest;
	}
	for (size_t i = work->count; i-- > 0;) {
		uint32_t arrival = work->match->received_of_sent[i];

		if (arrival == MATCH_NONE)
			continue;
		work->rows[i].overtakes = work->received->rows[arrival].at_ns > earliest;
		if (work->received->rows[arrival].at_ns < earliest)
			earliest = work->received->rows[arrival].at_ns;
	}
}

// Flipped bits change as many of the eight lanes as they fall into.
static uint32_t damaged_bits(const struct fit_work *work)
{
	double lanes = 0, frames = 0;

	for (size_t i = 0; i < work->match->received_count; i++) {
		uint32_t sent = work->match->sent_of_received[i];

		if (work->match->kinds[i] != MATCH_CORRUPTED || sent == MATCH_NONE)
			continue;
		lanes += digest_lanes_that_differ(work->sent->rows[sent].lanes,
						  work->received->rows[i].lanes);
		frames++;
	}
	if (frames == 0 || lanes <= frames)
		return 1;
	if (lanes >= 7.5 * frames)
		return 0;
	return (uint32_t)lround(log(1 - lanes / frames / 8) / log(7.0 / 8));
}

static void fit_mishaps(struct fit_work *work)
{
	const struct match *match = work->match;
	struct fit *fit = work->fit;
	double arrived = 0;

	for (size_t i = 0; i < match->sent_count; i++)
		arrived += match->received_of_sent[i] != MATCH_NONE;
	if (arrived == 0)
		return;
	fit->duplicate = fit_ratio(arrived, fmin(arrived, (double)match->duplicated));
	fit->corrupt = fit_ratio(arrived, fmin(arrived, (double)match->corrupted));
	fit->corrupt_bits = damaged_bits(work);
	if (fit->corrupt_bits == 0) {
		fit->corrupt_bits = 1;
		fit_note(fit, "damaged frames differ everywhere: how many bits of each are flipped "
			      "cannot be told");
	}
	if (match->extra > 0)
		fit_note(fit, "%zu received frames look like none that was sent and are left out",
			 match->extra);
}

// How full a full queue was is seen by arrivals, and these jitter moves.
static void doubt_limit(struct fit *fit)
{
	if (fit->limit_amount.known && fit->kind != JITTER_NONE)
		fit_note(fit, "beside jitter of the order of a frame's time on the line the "
			      "intervals of queue limit, rate and overhead hold the true ones in "
			      "about nine of ten cases");
}

static int fit_all(struct fit_work *work)
{
	int code;

	fill_rows(work);
	find_edges(work);
	work->quantum_ns = resolution(work);
	fit_mishaps(work);
	code = fit_line(work);
	if (code == 0)
		code = fit_loss(work);
	if (code == 0) {
		fit_reordering(work);
		code = fit_delay(work);
		doubt_limit(work->fit);
	}
	return code;
}

int fit_frames(const struct frames *sent, const struct frames *received, const struct match *match,
	       struct fit *fit, struct error *error)
{
	struct fit_work work = {.sent = sent,
				.received = received,
				.match = match,
				.count = sent->count,
				.fit = fit};
	int code = -ENOMEM;

	*fit = (struct fit){.sent = sent->count};
	work.rows = calloc(sent->count + 1, sizeof(*work.rows));
	work.values = calloc(sent->count + 1, sizeof(*work.values));
	if (work.rows && work.values)
		code = fit_all(&work);
	free(work.rows);
	free(work.values);
	if (code < 0)
		return error_set(error, code, "fit", "no memory for %zu frames", sent->count);
	return 0;
}
