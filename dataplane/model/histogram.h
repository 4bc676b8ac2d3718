// SPDX-License-Identifier: BSD-3-Clause
// A log-linear histogram of non-negative integers (nanoseconds) with three significant digits, as
// HdrHistogram has: fixed memory, additive, subtractable.
#pragma once

#include <stdint.h>

// 2^11 linear sub-buckets below 2048, then 1024 per power of two, up to 2^42 ns (73 minutes);
// larger values count in the last bucket.
#define HISTOGRAM_BUCKETS (2048 + 31 * 1024)

struct histogram {
	uint64_t count;
	uint64_t minimum; // exact; UINT64_MAX when empty
	uint64_t maximum; // exact; 0 when empty
	double sum;
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_reset(struct histogram *histogram);
// One writer. No allocation, division or branch on data but the clamp. Cannot fail.
void histogram_record(struct histogram *histogram, uint64_t value);
// The same value so many times.
void histogram_record_many(struct histogram *histogram, uint64_t value, uint32_t times);
// into += from.
void histogram_add(struct histogram *into, const struct histogram *from);
// The value below or at which the given share (0 < quantile <= 1) of the records lie: the highest
// value of the bucket, and the exact maximum for the last one. 0 when empty.
uint64_t histogram_quantile(const struct histogram *histogram, double quantile);
// 1 when at least ten records lie beyond the quantile, so that it may be printed; 0 also once a
// bucket has overflowed (2^32 - 1 records in one), as the shares are no longer known.
int histogram_quantile_is_known(const struct histogram *histogram, double quantile);
