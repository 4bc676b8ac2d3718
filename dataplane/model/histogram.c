// SPDX-License-Identifier: BSD-3-Clause
// The log-linear histogram: a bucket is never wider than a thousandth of the values in it.
#include "dataplane/model/histogram.h"

#include <math.h>
#include <string.h>

#define HISTOGRAM_SUB_BUCKET_BITS 10
#define HISTOGRAM_LARGEST         ((UINT64_C(1) << 42) - 1)

// Below 2048 each value has its bucket; above, the eleven leading bits choose it.
static uint32_t histogram_bucket(uint64_t value)
{
	uint64_t clamped = value < HISTOGRAM_LARGEST ? value : HISTOGRAM_LARGEST;
	// The bit that is set keeps small values at shift 0 without a branch.
	uint32_t shift = (uint32_t)(63 - HISTOGRAM_SUB_BUCKET_BITS -
				    __builtin_clzll(clamped | (1u << HISTOGRAM_SUB_BUCKET_BITS)));

	return (shift << HISTOGRAM_SUB_BUCKET_BITS) + (uint32_t)(clamped >> shift);
}

// The largest value that counts in a bucket: the inverse of histogram_bucket.
static uint64_t histogram_bucket_top(uint32_t bucket)
{
	uint32_t shift = bucket >> HISTOGRAM_SUB_BUCKET_BITS;

	shift = shift > 0 ? shift - 1 : 0;
	return ((uint64_t)(bucket - (shift << HISTOGRAM_SUB_BUCKET_BITS) + 1) << shift) - 1;
}

void histogram_reset(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
	histogram->minimum = UINT64_MAX;
}

void histogram_record(struct histogram *histogram, uint64_t value)
{
	uint32_t *bucket = &histogram->buckets[histogram_bucket(value)];

	histogram->count++;
	histogram->minimum = value < histogram->minimum ? value : histogram->minimum;
	histogram->maximum = value > histogram->maximum ? value : histogram->maximum;
	histogram->sum += (double)value;
	// A full bucket stays full; histogram_quantile_is_known then says no.
	*bucket += *bucket != UINT32_MAX;
}

void histogram_record_many(struct histogram *histogram, uint64_t value, uint32_t times)
{
	uint32_t *bucket = &histogram->buckets[histogram_bucket(value)];
	uint32_t room = UINT32_MAX - *bucket;

	if (times == 0)
		return;
	histogram->count += times;
	histogram->minimum = value < histogram->minimum ? value : histogram->minimum;
	histogram->maximum = value > histogram->maximum ? value : histogram->maximum;
	histogram->sum += (double)value * times;
	*bucket += times < room ? times : room;
}

void histogram_add(struct histogram *into, const struct histogram *from)
{
	into->count += from->count;
	into->minimum = from->minimum < into->minimum ? from->minimum : into->minimum;
	into->maximum = from->maximum > into->maximum ? from->maximum : into->maximum;
	into->sum += from->sum;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t records = (uint64_t)into->buckets[i] + from->buckets[i];

		into->buckets[i] = records < UINT32_MAX ? (uint32_t)records : UINT32_MAX;
	}
}

// The number of records at or below the quantile: the least that is not under the share.
static uint64_t histogram_rank(const struct histogram *histogram, double quantile)
{
	// Written shares are not exact in binary: 0.07 of 100 must be 7, not 8.
	double rank = ceil(quantile * (double)histogram->count * (1 - 4.5e-16));

	if (!(rank >= 1))
		return 1;
	return rank < (double)histogram->count ? (uint64_t)rank : histogram->count;
}

uint64_t histogram_quantile(const struct histogram *histogram, double quantile)
{
	uint64_t rank, below = 0;
	uint32_t last;

	if (histogram->count == 0)
		return 0;
	rank = histogram_rank(histogram, quantile);
	last = histogram_bucket(histogram->maximum);
	for (uint32_t i = 0; i < last; i++) {
		below += histogram->buckets[i];
		if (below >= rank)
			return histogram_bucket_top(i);
	}
	return histogram->maximum;
}

int histogram_quantile_is_known(const struct histogram *histogram, double quantile)
{
	uint64_t recorded = 0;

	if (histogram->count == 0 || histogram->count - histogram_rank(histogram, quantile) < 10)
		return 0;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		recorded += histogram->buckets[i];
	return recorded == histogram->count;
}
