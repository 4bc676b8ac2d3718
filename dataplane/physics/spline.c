// SPDX-License-Identifier: BSD-3-Clause
// Interpolation at Chebyshev's points, piece by piece.
#include "dataplane/physics/spline.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define FIRST_ROOM    8
#define LEAST_PIECE   INT64_C(100000000) // a curve that bends more within is not smooth
#define DOUBLED_BELOW (1 / 512.0) // 2^9: by so much the last coefficient grows with the length

struct making {
	spline_curve *curve;
	void *context;
	double error_ns;
	double places[SPLINE_TERMS]; // of the looks, within -1 to 1
};

// Chebyshev's series of T_k becomes powers.
static void to_powers(const double series[SPLINE_TERMS], double terms[SPLINE_TERMS])
{
	double before[SPLINE_TERMS] = {1}, now[SPLINE_TERMS] = {0, 1};

	for (int i = 0; i < SPLINE_TERMS; i++)
		terms[i] = 0;
	terms[0] = series[0];
	for (int k = 1; k < SPLINE_TERMS; k++) {
		double next[SPLINE_TERMS];

		for (int i = 0; i <= k; i++)
			terms[i] += series[k] * now[i];
		for (int i = 0; i < SPLINE_TERMS; i++)
			next[i] = (i ? 2 * now[i - 1] : 0) - before[i];
		for (int i = 0; i < SPLINE_TERMS; i++) {
			before[i] = now[i];
			now[i] = next[i];
		}
	}
}

// The series through the curve at the places, from their orthogonality (Trefethen, chapter 4).
// False for NaN.
static bool look(const struct making *m, int64_t middle, double half, double series[SPLINE_TERMS])
{
	double values[SPLINE_TERMS], before[SPLINE_TERMS], now[SPLINE_TERMS];
	double about = m->curve(m->context, middle);

	for (int j = 0; j < SPLINE_TERMS; j++) {
		int64_t at = middle + llround(m->places[j] * half);

		// Less that of the middle, which would cost digits in the sums.
		values[j] = (at == middle ? about : m->curve(m->context, at)) - about;
		before[j] = 1;
		now[j] = m->places[j];
	}
	for (int k = 0; k < SPLINE_TERMS; k++) {
		series[k] = 0;
		for (int j = 0; j < SPLINE_TERMS; j++) {
			double next = 2 * m->places[j] * now[j] - before[j];

			series[k] += values[j] * before[j];
			before[j] = now[j];
			now[j] = next;
		}
		series[k] *= 2.0 / SPLINE_TERMS;
	}
	series[0] = series[0] / 2 + about;
	return !isnan(series[0]);
}

static int push(struct spline *spline, const struct spline_piece *piece)
{
	if (spline->count == spline->room) {
		size_t room = spline->room ? 2 * spline->room : FIRST_ROOM;
		struct spline_piece *pieces = realloc(spline->pieces, room * sizeof(*pieces));

		if (pieces == NULL)
			return -ENOMEM;
		spline->pieces = pieces;
		spline->room = room;
	}
	spline->pieces[spline->count++] = *piece;
	return 0;
}

// A jump may hide between the last look into a piece and the first into the next.
static bool joins(const struct spline *spline, const struct spline_piece *next, double error_ns)
{
	double ends = 0, begins = 0;

	if (spline->count == 0)
		return true;
	for (int k = 0; k < SPLINE_TERMS; k++) {
		ends += spline->pieces[spline->count - 1].terms[k];
		begins += k % 2 ? -next->terms[k] : next->terms[k];
	}
	return fabs(ends - begins) <= 4 * error_ns;
}

int spline_make(struct spline *spline, spline_curve *curve, void *context, int64_t from_utc_ns,
		int64_t to_utc_ns, int64_t first_piece_ns, double error_ns)
{
	struct making m = {.curve = curve, .context = context, .error_ns = error_ns};
	int64_t at = from_utc_ns, length = first_piece_ns;
	int code = 0;

	spline->count = spline->now = 0;
	if (from_utc_ns >= to_utc_ns || first_piece_ns <= 0)
		return -EINVAL;
	for (int j = 0; j < SPLINE_TERMS; j++)
		m.places[j] = -cos(M_PI * (2 * j + 1) / (2 * SPLINE_TERMS));
	m.places[SPLINE_TERMS / 2] = 0;
	while (code == 0 && at < to_utc_ns) {
		int64_t end = to_utc_ns - at > length ? at + length : to_utc_ns;
		double half = (double)(end - at) / 2, series[SPLINE_TERMS], left;
		struct spline_piece piece = {at, at + (end - at) / 2, 1 / half, {0}};

		if (!look(&m, piece.middle_utc_ns, half, series))
			return -EDOM;
		left = fabs(series[SPLINE_TERMS - 2]) + fabs(series[SPLINE_TERMS - 1]);
		if (left > error_ns) {
			if (end - at < LEAST_PIECE)
				return -EDOM;
			length = (end - at) / 2;
			continue;
		}
		to_powers(series, piece.terms);
		code = joins(spline, &piece, error_ns) ? push(spline, &piece) : -EDOM;
		at = end;
		if (left < error_ns * DOUBLED_BELOW)
			length *= 2;
	}
	return code;
}

double spline_at(void *context, int64_t utc_ns)
{
	struct spline *spline = context;
	const struct spline_piece *piece;
	const double *t;
	double x, x2, low, high;

	while (spline->now > 0 && utc_ns < spline->pieces[spline->now].from_utc_ns)
		spline->now--;
	while (spline->now + 1 < spline->count &&
	       utc_ns >= spline->pieces[spline->now + 1].from_utc_ns)
		spline->now++;
	piece = &spline->pieces[spline->now];
	t = piece->terms;
	x = (double)(utc_ns - piece->middle_utc_ns) * piece->per_half;
	x2 = x * x;
	// In pairs, which a processor takes side by side (Estrin).
	low = t[0] + t[1] * x + x2 * (t[2] + t[3] * x);
	high = t[4] + t[5] * x + x2 * (t[6] + t[7] * x) + x2 * x2 * t[8];
	return low + x2 * x2 * high;
}
