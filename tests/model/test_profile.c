// SPDX-License-Identifier: BSD-3-Clause
// Profiles: values between points, over periods, and after jumps in time.
#include "dataplane/model/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

// Written out apart from the code: the value by definition, with division and linear search.
static double by_definition(const struct profile *p, uint64_t at_ns)
{
	uint64_t t = at_ns > p->start_ns ? at_ns - p->start_ns : 0;
	uint32_t i = 0;
	uint64_t end_ns;
	double next;

	if (p->period_ns)
		t %= p->period_ns;
	while (i + 1 < p->count && p->points[i + 1].at_ns <= t)
		i++;
	if (!p->interpolated || (i + 1 == p->count && !p->period_ns))
		return (double)p->points[i].value;
	end_ns = i + 1 < p->count ? p->points[i + 1].at_ns : p->period_ns;
	next = (double)p->points[i + 1 < p->count ? i + 1 : 0].value;
	return (double)p->points[i].value + (next - (double)p->points[i].value) *
						    (double)(t - p->points[i].at_ns) /
						    (double)(end_ns - p->points[i].at_ns);
}

static void check_all(bool interpolated, uint64_t period_ns, bool forward)
{
	struct profile_point points[] = {{.at_ns = 0, .value = 5000000},
					 {.at_ns = 1000, .value = -7},
					 {.at_ns = 500000, .value = 270000000},
					 {.at_ns = 100000000, .value = 269000000}};
	struct profile profile = {.points = points,
				  .count = 4,
				  .interpolated = interpolated,
				  .period_ns = period_ns,
				  .start_ns = 12345};
	struct profile_cursor cursor = {0};
	uint64_t at_ns = 0;

	assert_int_equal(profile_make(&profile, "here", NULL), 0);
	assert_int_equal(profile.minimum, -7);
	assert_int_equal(profile.maximum, 270000000);
	for (uint32_t n = 0; n < 20000; n++) {
		uint32_t draw = rng_draw(719, 1, RNG_LOSS, n);
		double expected;

		at_ns = forward ? at_ns + draw % 100000 : draw % 1000000000;
		expected = by_definition(&profile, at_ns);
		// Rounded down, and a slope that is short by less than 2^-32 over a segment.
		assert_true(profile_at(&profile, &cursor, at_ns) <= expected + 1);
		assert_true(profile_at(&profile, &cursor, at_ns) >= expected - 2);
	}
}

static void a_profile_gives_what_its_points_say(void **state)
{
	(void)state;
	for (int forward = 0; forward < 2; forward++) {
		check_all(false, 0, forward);
		check_all(true, 0, forward);
		check_all(false, 250000000, forward);
		check_all(true, 250000000, forward);
	}
}

// A cursor that goes on from one round to the next is as good as one that looks anew each time.
static void a_profile_begins_again_at_its_first_point(void **state)
{
	(void)state;
	for (int interpolated = 0; interpolated < 2; interpolated++) {
		struct profile_point points[] = {{.at_ns = 0, .value = 5000},
						 {.at_ns = 100, .value = 9000},
						 {.at_ns = 200, .value = 2000}};
		struct profile profile = {.points = points,
					  .count = 3,
					  .interpolated = interpolated,
					  .period_ns = 300,
					  .start_ns = 50};
		struct profile_cursor cursor = {0};

		assert_int_equal(profile_make(&profile, "here", NULL), 0);
		for (uint64_t at_ns = 0; at_ns < 3000; at_ns += 7) {
			double expected = by_definition(&profile, at_ns);
			int64_t value = profile_at(&profile, &cursor, at_ns);

			assert_true((double)value <= expected + 1 && (double)value >= expected - 1);
		}
	}
}

// Over a month, where 2^-32 a nanosecond would add up to 600000 units, and never past an end.
static void long_segments_are_as_exact_as_short_ones(void **state)
{
	const int64_t ends[][2] = {{0, 7000000}, {7000000, 0}, {-5, 5}, {1000000000000, 8}};
	const uint64_t month_ns = UINT64_C(2592000000000000);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct profile_point points[] = {{.value = ends[i][0]},
						 {.at_ns = month_ns, .value = ends[i][1]}};
		struct profile profile = {.points = points, .count = 2, .interpolated = true};
		struct profile_cursor cursor = {0};

		assert_int_equal(profile_make(&profile, "here", NULL), 0);
		for (uint32_t n = 0; n <= 10000; n++) {
			uint64_t at_ns = month_ns / 10000 * n;
			int64_t value = profile_at(&profile, &cursor, at_ns);
			double exact =
				(double)ends[i][0] + (double)(ends[i][1] - ends[i][0]) * n / 10000;

			assert_near((double)value, exact - 0.5, 0.51);
			assert_true(value >= profile.minimum && value <= profile.maximum);
		}
	}
}

static void a_profile_that_jumps_without_a_step_is_refused(void **state)
{
	struct profile_point points[] = {{.value = 0}, {.at_ns = 1, .value = INT64_MAX}};
	struct profile profile = {.points = points, .count = 2, .interpolated = true};
	struct error error;

	(void)state;
	assert_int_equal(profile_make(&profile, "here", &error), -22);
	assert_non_null(strstr(error.what, "too fast after 0 ns"));
	points[0].value = INT64_MIN;
	assert_int_equal(profile_make(&profile, "here", &error), -22);
	points[0].value = 0;
	points[1].value = INT32_MAX;
	assert_int_equal(profile_make(&profile, "here", &error), 0);
	assert_int_equal(profile.slope_bits, 32);
	profile.interpolated = false;
	points[1].value = INT64_MAX;
	assert_int_equal(profile_make(&profile, "here", &error), 0);
}

static void points_out_of_order_are_refused(void **state)
{
	struct profile_point points[] = {{.at_ns = 0}, {.at_ns = 5}, {.at_ns = 5}};
	struct profile profile = {.points = points, .count = 3};
	struct error error;

	(void)state;
	assert_int_equal(profile_make(&profile, "here", &error), -22);
	assert_non_null(strstr(error.what, "point 3"));
	profile.count = 0;
	assert_int_equal(profile_make(&profile, "here", &error), -22);
	profile.count = 2;
	profile.period_ns = 5;
	assert_int_equal(profile_make(&profile, "here", &error), -22);
	profile.period_ns = 6;
	assert_int_equal(profile_make(&profile, "here", &error), 0);
	points[0].at_ns = 1;
	assert_int_equal(profile_make(&profile, "here", &error), -22);
}

// A cursor that was in a long profile, and then in one of other rounds or of fewer points.
static void a_cursor_from_another_profile_begins_anew(void **state)
{
	struct profile_point many[400],
		few[2] = {{.at_ns = 0, .value = 7}, {.at_ns = 3, .value = 8}};
	struct profile first = {.points = many, .count = 400, .period_ns = 1000};
	struct profile other = first, short_one = {.points = few, .count = 2, .period_ns = 7};
	struct profile_cursor cursor = {0};

	(void)state;
	for (uint32_t i = 0; i < 400; i++)
		many[i] = (struct profile_point){.at_ns = i, .value = i};
	other.period_ns = 700;
	assert_int_equal(profile_make(&first, "here", NULL), 0);
	assert_int_equal(profile_make(&other, "here", NULL), 0);
	assert_int_equal(profile_make(&short_one, "here", NULL), 0);
	assert_int_equal(profile_at(&first, &cursor, 8390), 390);
	assert_int_equal(profile_at(&other, &cursor, 8390), 399);
	assert_int_equal(profile_at(&first, &cursor, 8395), 395);
	assert_int_equal(profile_at(&short_one, &cursor, 8396), 7 + (8396 % 7 >= 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_gives_what_its_points_say),
		cmocka_unit_test(a_profile_begins_again_at_its_first_point),
		cmocka_unit_test(long_segments_are_as_exact_as_short_ones),
		cmocka_unit_test(a_cursor_from_another_profile_begins_anew),
		cmocka_unit_test(a_profile_that_jumps_without_a_step_is_refused),
		cmocka_unit_test(points_out_of_order_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
