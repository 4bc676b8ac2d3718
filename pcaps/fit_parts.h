// SPDX-License-Identifier: BSD-3-Clause
// What the steps of a fit hand on to each other. Private to pcaps/fit*.
#pragma once

#include "pcaps/fit.h"

#define FIT_Z 1.959963985 // 95 % of a normal number lie within
// Chi-square of one degree of freedom that is exceeded with a chance of 1e-6.
#define FIT_LIKELIER 23.93
#define FIT_BLOCKS   40

// One row a sent frame. Instants are nanoseconds since the first sent frame.
struct fit_row {
	double at_ns;
	double delay_ns; // NaN: lost
	double line_ns;  // wait and serialisation that the line accounts for; 0 without one
	double base_ns;  // delay_ns - line_ns
	double wait_ns;  // before its first bit would leave
	uint32_t bytes;  // of the frame
	uint32_t queued_bytes, queued_frames; // on the line or before it, with this frame
	bool lost;                            // and inside the captures' common time
	bool edge;       // lost, but perhaps only because a capture began late or ended early
	bool queue_lost; // the queue was full
	bool overtaken;  // arrived behind one sent later
	bool overtakes;  // arrived before one sent earlier
	bool chosen;     // reordered, rather than its delay being a draw like others'
};

struct fit_work {
	const struct frames *sent;
	const struct frames *received;
	const struct match *match;
	struct fit_row *rows;
	size_t count;
	double *values;       // room for one number a row
	double quantum_ns;    // resolution of the captures' clocks
	double line_error_ns; // standard error of the mean of line_ns
	struct fit *fit;
};

__attribute__((format(printf, 2, 3))) void fit_note(struct fit *fit, const char *format, ...);
// successes of trials, by Wilson.
struct fit_estimate fit_ratio(double trials, double successes);
// value +- the 97.5 % quantile of Student's t times the error.
struct fit_estimate fit_about(double value, double error, size_t blocks);
void fit_sort(double *values, size_t count);

// Rate, overhead, limit: fills in line_ns and queue_lost.
int fit_line(struct fit_work *work);
int fit_loss(struct fit_work *work);
// Who was chosen to be reordered, and is order kept?
void fit_reordering(struct fit_work *work);
int fit_delay(struct fit_work *work);
// Two states (fit_states.c): fits p, r, 1-h and with `both` 1-k to a row of losses, from p, r and a
// start of 1-h. Returns the logarithm of the likelihood.
struct fit_states {
	double parameter[4]; // p, r, 1-h, 1-k
	double error[4];     // of their logits
	bool settled;        // the likelihood has a peak there
};
double fit_states(const uint8_t *lost, size_t count, bool both, double scratch[][2],
		  struct fit_states *states);
// Newton's steps from there to the peak, and the errors; the likelihood there.
double fit_states_polish(const uint8_t *lost, size_t count, bool both, double likelihood,
			 struct fit_states *states);
double fit_states_likelihood(const uint8_t *lost, size_t count, const double parameter[4]);
