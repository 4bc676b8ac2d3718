// SPDX-License-Identifier: BSD-3-Clause
// Profiles: checked once, read at instants that mostly go forward.
#include "dataplane/model/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#define SLOPE_BITS_LEAST 32
#define SLOPE_BITS_MOST  60
#define TAG_MASK         UINT32_C(0x7fffffff)

// Change per nanosecond times 2^bits; false when that is out of range.
static bool profile_slope(const struct profile_point *from, uint64_t length_ns, int64_t to_value,
			  uint32_t bits, int64_t *made)
{
	// Beyond 2^63 a rise by itself is out of range, at a nanosecond as at any length.
	__int128 rise = (__int128)to_value - from->value;
	__int128 slope;

	if (rise > INT64_MAX || rise < -INT64_MAX)
		return false;
	slope = rise * ((__int128)1 << bits) / (__int128)length_ns;
	*made = (int64_t)slope;
	return slope <= INT64_MAX && slope >= INT64_MIN;
}

static int profile_check(const struct profile *profile, const char *where, struct error *error)
{
	uint64_t last_ns;

	if (profile->count == 0)
		return error_set(error, -EINVAL, where,
				 "a profile without a point: give one or more");
	if (profile->points[0].at_ns != 0)
		return error_set(error, -EINVAL, where,
				 "a profile's first point is at %" PRIu64 " ns: expected 0",
				 profile->points[0].at_ns);
	for (uint32_t i = 1; i < profile->count; i++)
		if (profile->points[i].at_ns <= profile->points[i - 1].at_ns)
			return error_set(error, -EINVAL, where,
					 "point %" PRIu32 " of a profile, at %" PRIu64
					 " ns, is not after the one before it, at %" PRIu64 " ns",
					 i + 1, profile->points[i].at_ns,
					 profile->points[i - 1].at_ns);
	last_ns = profile->points[profile->count - 1].at_ns;
	if (profile->period_ns != 0 && profile->period_ns <= last_ns)
		return error_set(error, -EINVAL, where,
				 "a period of %" PRIu64 " ns ends before the last point at %" PRIu64
				 " ns: make it longer",
				 profile->period_ns, last_ns);
	return 0;
}

// Slopes of all segments with so many bits; the number of points that have theirs: all, or that of
// the first one that is too steep.
static uint32_t profile_slopes(struct profile *profile, uint32_t bits)
{
	for (uint32_t i = 0; i < profile->count; i++) {
		struct profile_point *point = &profile->points[i];
		bool last = i + 1 == profile->count;
		uint64_t end_ns = last ? profile->period_ns : point[1].at_ns;
		int64_t end = profile->points[last ? 0 : i + 1].value;

		point->slope = 0;
		if (profile->interpolated && end_ns > point->at_ns &&
		    !profile_slope(point, end_ns - point->at_ns, end, bits, &point->slope))
			return i;
	}
	return profile->count;
}

// FNV-1a over words; its upper bits are the mixed ones.
static uint32_t profile_tag(const struct profile *profile)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = (hash ^ profile->start_ns) * UINT64_C(0x100000001b3);
	hash = (hash ^ profile->period_ns) * UINT64_C(0x100000001b3);
	hash = (hash ^ (profile->count * 2 + profile->interpolated)) * UINT64_C(0x100000001b3);
	for (uint32_t i = 0; i < profile->count; i++) {
		hash = (hash ^ profile->points[i].at_ns) * UINT64_C(0x100000001b3);
		hash = (hash ^ (uint64_t)profile->points[i].value) * UINT64_C(0x100000001b3);
	}
	return (uint32_t)(hash >> 32) & TAG_MASK;
}

int profile_make(struct profile *profile, const char *where, struct error *error)
{
	int code = profile_check(profile, where, error);
	uint32_t steep;

	if (code < 0)
		return code;
	profile->minimum = profile->maximum = profile->points[0].value;
	for (uint32_t i = 1; i < profile->count; i++) {
		int64_t value = profile->points[i].value;

		profile->minimum = value < profile->minimum ? value : profile->minimum;
		profile->maximum = value > profile->maximum ? value : profile->maximum;
	}
	profile->slope_bits = SLOPE_BITS_MOST;
	while ((steep = profile_slopes(profile, profile->slope_bits)) < profile->count)
		if (--profile->slope_bits < SLOPE_BITS_LEAST)
			return error_set(error, -EINVAL, where,
					 "a profile changes too fast after %" PRIu64
					 " ns: put its points further apart",
					 profile->points[steep].at_ns);
	profile->tag = profile_tag(profile);
	return 0;
}

// Finds the round and the point from nothing.
static void profile_seek(const struct profile *profile, struct profile_cursor *cursor,
			 uint64_t since_ns)
{
	uint64_t rounds = profile->period_ns ? since_ns / profile->period_ns : 0;
	uint64_t within_ns = since_ns - rounds * profile->period_ns;
	uint32_t low = 0, high = profile->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (profile->points[middle].at_ns <= within_ns)
			low = middle;
		else
			high = middle;
	}
	*cursor = (struct profile_cursor){.round_at_ns = rounds * profile->period_ns,
					  .index = low,
					  .begun = true,
					  .tag = profile->tag & TAG_MASK};
}

// A few steps forward, else a search.
void profile_find(const struct profile *profile, struct profile_cursor *cursor, uint64_t since_ns)
{
	if (!cursor->begun || cursor->tag != profile->tag ||
	    since_ns < cursor->round_at_ns + profile->points[cursor->index].at_ns) {
		profile_seek(profile, cursor, since_ns);
		return;
	}
	for (int step = 0; step < 8; step++) {
		uint64_t within_ns = since_ns - cursor->round_at_ns;

		if (profile->period_ns && within_ns >= profile->period_ns) {
			cursor->round_at_ns += profile->period_ns;
			cursor->index = 0;
		} else if (cursor->index + 1 < profile->count &&
			   profile->points[cursor->index + 1].at_ns <= within_ns) {
			cursor->index++;
		} else {
			return;
		}
	}
	profile_seek(profile, cursor, since_ns);
}

int64_t profile_at(const struct profile *profile, struct profile_cursor *cursor, uint64_t at_ns)
{
	const struct profile_point *point;
	uint64_t since_ns = at_ns > profile->start_ns ? at_ns - profile->start_ns : 0;
	uint64_t past_ns;

	if (at_ns < profile->start_ns)
		return profile->points[0].value;
	profile_find(profile, cursor, since_ns);
	point = &profile->points[cursor->index];
	past_ns = since_ns - cursor->round_at_ns - point->at_ns;
	return point->value +
	       (int64_t)(((__int128)point->slope * (int64_t)past_ns) >> profile->slope_bits);
}

uint32_t profile_step_points(const struct profile *from, uint32_t pieces)
{
	uint64_t points = from->interpolated ? (uint64_t)from->count * pieces : from->count;

	return points <= UINT32_MAX ? (uint32_t)points : 0;
}

// The pieces of one segment; gives how many they are.
static uint32_t profile_step_segment(const struct profile *from, uint32_t index, uint32_t pieces,
				     struct profile_point *points)
{
	const struct profile_point *point = &from->points[index];
	bool last = index + 1 == from->count;
	uint64_t end_ns = last ? from->period_ns : point[1].at_ns;
	int64_t end = from->points[last ? 0 : index + 1].value;
	uint64_t length_ns = end_ns > point->at_ns ? end_ns - point->at_ns : 0;

	if (length_ns < pieces)
		pieces = length_ns > 0 ? (uint32_t)length_ns : 1;
	for (uint32_t piece = 0; piece < pieces; piece++) {
		unsigned __int128 from_ns = (unsigned __int128)length_ns * piece / pieces;
		unsigned __int128 to_ns = (unsigned __int128)length_ns * (piece + 1) / pieces;
		double middle = length_ns > 0 && from->interpolated
					? (double)(from_ns + to_ns) / 2 / (double)length_ns
					: 0;

		points[piece] = (struct profile_point){
			.at_ns = point->at_ns + (uint64_t)from_ns,
			.value = point->value +
				 llround(middle * ((double)end - (double)point->value))};
	}
	return pieces;
}

int profile_step(const struct profile *from, uint32_t pieces, struct profile_point *points,
		 struct profile *to, const char *where, struct error *error)
{
	uint32_t count = 0;

	if (pieces == 0 || pieces > 65536 || profile_step_points(from, pieces) == 0)
		return error_set(error, -EINVAL, where,
				 "%" PRIu32 " points in %" PRIu32
				 " pieces each: expected 1 to 65536 pieces and below 2^32 in all",
				 from->count, pieces);
	for (uint32_t i = 0; i < from->count; i++)
		count += profile_step_segment(from, i, from->interpolated ? pieces : 1,
					      &points[count]);
	*to = (struct profile){.points = points,
			       .count = count,
			       .period_ns = from->period_ns,
			       .start_ns = from->start_ns};
	return profile_make(to, where, error);
}
