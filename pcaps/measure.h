// SPDX-License-Identifier: BSD-3-Clause
// What two captures show without any model: one-way delay (RFC 7679), loss (RFC 7680), delay
// variation by its two names (IPDV and PDV: RFC 3393, 5481, 8219), reordering (RFC 4737),
// duplicates. Nothing is hidden: delays may be negative where clocks disagree.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "pcaps/frames.h"
#include "pcaps/match.h"

// A percentile is given only where at least ten samples lie beyond it.
struct measure_percentile {
	bool known;
	int64_t value_ns;
};

struct measure_summary {
	size_t count;
	int64_t min_ns; // this and what follows: valid when count > 0
	int64_t max_ns;
	double mean_ns;
	double deviation_ns; // standard deviation
	struct measure_percentile p50;
	struct measure_percentile p90;
	struct measure_percentile p99;
	struct measure_percentile p999;
};

struct measure {
	size_t sent;
	size_t received; // frames of the received capture
	size_t lost;     // no arrival, or later than the threshold
	size_t late;     // of these, later than the threshold
	size_t duplicated;
	size_t corrupted; // not among the lost, as RFC 7680 would have it; they have no delay
	size_t extra;
	size_t reordered;      // RFC 4737 section 3: arrived, in time, after one sent later
	size_t reorder_extent; // largest, section 4.2: arrivals back to the first one sent later
	size_t negative;       // delays below zero
	uint64_t loss_threshold_ns; // UINT64_MAX: the end of the received capture
	double loss_ratio;          // lost / sent
	double reordered_ratio;     // reordered / first arrivals in time
	struct measure_summary delay;
	struct measure_summary ipdv;   // delay less that of the frame sent just before
	struct measure_percentile pdv; // 99.9th percentile less the minimum
};

// 0 or -ENOMEM with a sentence.
int measure_frames(const struct frames *sent, const struct frames *received,
		   const struct match *match, uint64_t loss_threshold_ns, struct measure *measure,
		   struct error *error);

// Sorts `values` and fills in the summary.
void measure_summarise(int64_t *values, size_t count, struct measure_summary *summary);
