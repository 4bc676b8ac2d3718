// SPDX-License-Identifier: BSD-3-Clause
// Which channel would have done this? Estimates of a channel's parameters from a matched pair of
// captures, each with an interval that holds the true one in 95 of 100 cases; those of the
// line beside a full queue and jitter of a frame's time in nine of ten (docs/architecture.md,
// Evidence).
// What the packets at hand cannot tell is left out, and said.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/jitter.h"
#include "dataplane/model/queue.h"
#include "pcaps/frames.h"
#include "pcaps/match.h"

#define FIT_NOTES 16

struct fit_estimate {
	bool known;
	double value;
	double low, high; // 95 % confidence
};

enum fit_loss {
	FIT_LOSS_NONE,
	FIT_LOSS_RANDOM,
	FIT_LOSS_GILBERT, // p and r; all is lost in the bad state, nothing in the good one
	FIT_LOSS_ELLIOTT  // and 1-h, or 1-h and 1-k
};

enum fit_order { FIT_ORDER_UNKNOWN, FIT_ORDER_KEEP, FIT_ORDER_FREE };

struct fit {
	size_t sent;
	size_t edges;       // lost before the first or after the last arrival: not counted
	size_t lost;        // of the others
	size_t lost_queue;  // of these, because the queue was full
	enum fit_loss loss; // of those that the line has carried
	struct fit_estimate loss_ratio;
	struct fit_estimate good_to_bad;  // p
	struct fit_estimate bad_to_good;  // r
	struct fit_estimate lost_in_bad;  // 1-h
	struct fit_estimate lost_in_good; // 1-k

	struct fit_estimate duplicate; // of those that arrive
	struct fit_estimate corrupt;
	uint32_t corrupt_bits; // flipped in a damaged frame, from the places where it differs

	struct fit_estimate reorder; // chance of each that may be chosen
	uint32_t reorder_gap;        // at most every so-manieth is
	struct fit_estimate late_ns; // not known: chosen ones are early

	struct fit_estimate rate_bps;
	struct fit_estimate overhead_bytes;
	enum queue_limit limit;           // QUEUE_UNLIMITED: none was met
	struct fit_estimate limit_amount; // low: was taken; high: the least refused, or one less

	// Delay without the line's part.
	struct fit_estimate minimum_ns; // as seen
	struct fit_estimate mean_ns;
	struct fit_estimate deviation_ns; // standard deviation
	enum jitter_kind kind;            // JITTER_NONE: constant
	struct fit_estimate delay_ns;     // constant part that goes with `jitter_ns`
	struct fit_estimate jitter_ns;    // half width (uniform) or standard deviation
	double shape;                     // gamma and lognormal
	double distance;                  // Kolmogorov-Smirnov, from that distribution
	enum fit_order order;
	struct fit_estimate correlation; // order free: from packet to packet,
	struct fit_estimate halflife_ns; // or in time

	char notes[FIT_NOTES][200]; // what cannot be told, and why
	size_t note_count;
};

// Estimates what a pair of captures shows. `match` must be of these frames. Takes some passes over
// the frames and about 100 bytes each; some hundred over the first 20000 where any are lost. 0, or
// -ENOMEM with a sentence. Sources: rate and overhead by least squares of arrival on the bytes of a
// busy period, with an error from blocks of frames (sandwich estimate, so deviations may hang
// together), and the queue's limit with them by likelihood; Gilbert-Elliott by Baum, Petrie, Soules
// and Weiss 1970, chosen by likelihood ratio at a chance of 1e-6; ratios by Wilson 1927.
int fit_frames(const struct frames *sent, const struct frames *received, const struct match *match,
	       struct fit *fit, struct error *error);
