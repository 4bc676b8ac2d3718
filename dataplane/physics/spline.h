// SPDX-License-Identifier: BSD-3-Clause
// A smooth curve as polynomials that stay near it: dear to make out of few looks at the curve,
// cheap to read as often as one likes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SPLINE_TERMS 9

// Nanoseconds, of a stretch of time that begins where the one before it ends.
struct spline_piece {
	int64_t from_utc_ns, middle_utc_ns;
	double per_half;            // one over half the length, per nanosecond
	double terms[SPLINE_TERMS]; // powers of the place in it, -1 to 1
};

// Zero-initialise; free() the pieces.
struct spline {
	struct spline_piece *pieces;
	size_t count, room;
	size_t now; // the piece that was read last
};

// NaN where there is none; smooth over the span.
typedef double spline_curve(void *context, int64_t utc_ns);

// Makes a spline (without pieces, though with their memory, if it had any) follow the curve from
// from_utc_ns to to_utc_ns. A piece is halved until its last two Chebyshev coefficients come to
// less than error_ns: since those of a smooth curve fall at least by half from each to the next,
// the spline is off by no more; doubled where they are much less. The first piece has
// first_piece_ns. 0; -EINVAL: an empty span; -EDOM: NaN, or a jump; -ENOMEM.
// Source: Trefethen, Approximation Theory and Approximation Practice, theorem 8.2.
int spline_make(struct spline *spline, spline_curve *curve, void *context, int64_t from_utc_ns,
		int64_t to_utc_ns, int64_t first_piece_ns, double error_ns);

// The value at an instant of the span (the nearest piece's outside). `spline` is a struct spline,
// so that this is itself a curve. Near the instant of the last call it is found at once.
double spline_at(void *spline, int64_t utc_ns);
