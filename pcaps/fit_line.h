// SPDX-License-Identifier: BSD-3-Clause
// The serialiser and the queue before it, as a fit supposes them. Private to pcaps/fit*.
#pragma once

#include "pcaps/fit_parts.h"

struct fit_serialiser {
	double per_byte; // ns
	double per_frame;
	double byte_error, frame_error; // standard errors
	double both_error;              // covariance
	bool framed;                    // per_frame could be told
	double mean_error;              // of the mean time on the line
	size_t blocks;
};

// A lost frame whose level is above the amount was refused; other lost frames took the line.
struct fit_limit {
	enum queue_limit kind;    // QUEUE_UNLIMITED: nobody was refused
	double amount;            // below 0: whoever is lost was refused
	double accepted, refused; // the greatest level below the amount, the least beyond
	double low, high;         // of these, under any line within the errors of the one found
};

// What a frame met, for the regression.
struct fit_place {
	double start_ns; // of its busy period
	double bytes, frames;
};

// What a limit of that kind is held against.
static inline double fit_level(const struct fit_row *row, enum queue_limit kind)
{
	return kind == QUEUE_TIME    ? row->wait_ns
	       : kind == QUEUE_BYTES ? row->queued_bytes
				     : row->queued_frames;
}

// May its delay be reckoned with?
bool fit_line_usable(const struct fit_row *row);
// Runs line and queue over the first `count` rows; fills in line_ns, queue_lost and what each frame
// met in the queue, and places if asked for.
void fit_line_run(struct fit_work *work, size_t count, const struct fit_serialiser *line,
		  const struct fit_limit *limit, struct fit_place *places);
// Variance of what the line does not account for.
double fit_line_unexplained(const struct fit_work *work, size_t count);
// Least squares and busy periods in turn, as long as less is left unexplained. False when the rows
// cannot tell.
bool fit_line_refine(struct fit_work *work, size_t count, struct fit_place *places,
		     struct fit_serialiser *line, const struct fit_limit *limit);
// The rate whose line leaves the least variance, without framing.
struct fit_serialiser fit_line_search(struct fit_work *work, size_t count,
				      const struct fit_limit *limit);
// Whose losses were the queue's is not known for certain, and a few that change sides tilt the
// line: beside a full queue the errors of least squares count so many times (docs/architecture.md,
// Evidence: measured at jitter of up to two frames' time).
double fit_line_doubt(const struct fit_limit *limit);
// Line and limit together (fit_queue.c): -ENOMEM, or whether there is a line at all.
int fit_queue_find(struct fit_work *work, struct fit_place *places, struct fit_serialiser *line,
		   struct fit_limit *limit, bool *found);
