// SPDX-License-Identifier: BSD-3-Clause
// A rate in steps against its integral counted out nanosecond by nanosecond, exactly.
#include "dataplane/model/rate_profile.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/instant.h"
#include "dataplane/model/rate.h"
#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

#define MOST_POINTS 64

struct varying {
	struct profile_point points[MOST_POINTS];
	struct rate_step steps[MOST_POINTS];
	struct profile profile;
	struct rate_profile line;
};

static void make(struct varying *varying)
{
	varying->profile.points = varying->points;
	assert_int_equal(profile_make(&varying->profile, "test", NULL), 0);
	assert_int_equal(
		rate_profile_make(&varying->line, &varying->profile, varying->steps, "test", NULL),
		0);
}

static int64_t rate_by_definition(const struct profile *profile, uint64_t at_ns)
{
	uint64_t since = at_ns > profile->start_ns ? at_ns - profile->start_ns : 0;
	uint32_t i = 0;

	if (profile->period_ns)
		since %= profile->period_ns;
	while (i + 1 < profile->count && profile->points[i + 1].at_ns <= since)
		i++;
	return profile->points[i].value;
}

// Where the line is, and the nanobits taken of the nanosecond there.
struct counted {
	uint64_t at_ns, used;
};

static uint64_t count_frame(const struct profile *profile, struct counted *line,
			    uint64_t arrival_ns, uint64_t bytes)
{
	uint64_t missing = bytes * 8000000000;

	if (arrival_ns > line->at_ns)
		*line = (struct counted){.at_ns = arrival_ns};
	for (;;) {
		uint64_t room = (uint64_t)rate_by_definition(profile, line->at_ns) - line->used;

		if (missing < room) {
			line->used += missing;
			return line->at_ns;
		}
		missing -= room;
		*line = (struct counted){.at_ns = line->at_ns + 1};
		if (missing == 0)
			return line->at_ns;
	}
}

static void check_against_the_count(uint64_t n)
{
	struct varying varying = {
		.profile = {.count = 1 + (uint32_t)(n % 30), .start_ns = n % 3 == 0 ? 7777 : 0}};
	struct rate_profile_state state = {0};
	struct counted line = {0};
	uint64_t at_ns = 0, free_ns = 0;

	for (uint32_t i = 0; i < varying.profile.count; i++) {
		struct rng_block draw = rng_block(719, 5, n * 64 + i, 0);

		varying.points[i].at_ns = at_ns;
		at_ns += 1 + draw.word[0] % (draw.word[1] % 4 ? 40 : 3000);
		varying.points[i].value =
			draw.word[2] % 4 == 0 ? 0 : 1000000000 + (int64_t)draw.word[3] * 10;
	}
	varying.points[varying.profile.count - 1].value = 3333333333;
	varying.profile.period_ns = n % 2 ? at_ns : 0;
	make(&varying);
	at_ns = 0;
	for (uint64_t frame = 0; frame < 100; frame++) {
		struct rng_block draw = rng_block(719, 6, n * 1000 + frame, 0);
		uint32_t bytes = 1 + draw.word[0] % 1500;
		uint64_t start, departs, expected;

		at_ns += frame % 3 ? draw.word[1] % 3000 : 0;
		start = rate_profile_start_ns(&varying.line, &state, free_ns, at_ns);
		departs = rate_profile_offer(&varying.line, &state, &free_ns, at_ns, bytes);
		expected = count_frame(&varying.profile, &line, at_ns, bytes);
		if (departs != expected)
			fail_msg("profile %lu, frame %lu: %lu, counted %lu", n, frame, departs,
				 expected);
		assert_true(start >= at_ns && start <= departs);
		assert_true(rate_by_definition(&varying.profile, start) > 0);
	}
}

static void departures_are_those_of_the_integral(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 100; n++)
		check_against_the_count(n);
}

static void a_frame_on_its_way_goes_on_at_the_new_rate(void **state)
{
	// 8 ns a byte for 4 us, then half as fast.
	struct varying varying = {
		.points = {{.value = 1000000000}, {.at_ns = 4000, .value = 500000000}},
		.profile = {.count = 2}};
	struct rate_params params;
	struct rate_state rate = {0};

	(void)state;
	make(&varying);
	assert_int_equal(rate_make_params(0, 0, 0, 0, "", &params, NULL), 0);
	rate_follow_profile(&params, &varying.line);
	assert_int_equal(rate_offer(&params, &rate, 0, 1000), 4000 + 500 * 16);
	assert_int_equal(rate_offer(&params, &rate, 0, 1000), 12000 + 16000);
	assert_int_equal(rate_wait_ns(&params, &rate, 20000), 8000);
	assert_int_equal(rate_minimum_ns(&params), 8);
	assert_int_equal(params.bits_per_second, 1000000000);
}

static void nothing_leaves_while_the_rate_is_0(void **state)
{
	struct varying varying = {.points = {{.value = 0}, {.at_ns = 1000000, .value = 8000000000}},
				  .profile = {.count = 2, .period_ns = 1001000}};
	struct rate_profile_state place = {0};
	uint64_t free_ns = 0;

	(void)state;
	make(&varying);
	assert_int_equal(rate_profile_start_ns(&varying.line, &place, 0, 5), 1000000);
	assert_int_equal(rate_profile_offer(&varying.line, &place, &free_ns, 5, 1000), 1001000);
	assert_int_equal(rate_profile_offer(&varying.line, &place, &free_ns, 5, 1), 2001001);
	assert_int_equal(varying.line.mean_bits_per_second, 8000000000 / 1001);
	varying.points[0].value = 8;
	varying.points[1].value = 0;
	varying.profile.period_ns = 0;
	make(&varying);
	free_ns = 0;
	assert_int_equal(rate_profile_offer(&varying.line, &place, &free_ns, 5, 1),
			 INSTANT_LATEST_NS);
	assert_int_equal(rate_profile_offer(&varying.line, &place, &free_ns, 5, 1),
			 INSTANT_LATEST_NS);
}

// Frames of a minute over steps of a microsecond: the sums over rounds, not a walk.
static void a_frame_over_millions_of_steps_is_exact_and_quick(void **state)
{
	struct varying varying = {.points = {{.value = 8}, {.at_ns = 1000, .value = 16}},
				  .profile = {.count = 2, .period_ns = 2000}};
	struct rate_profile_state place = {0};
	uint64_t free_ns = 0, bytes = 0;

	(void)state;
	make(&varying);
	for (uint32_t frame = 1; frame < 100000; frame++) {
		uint32_t length = 1 + frame % 97;
		uint64_t rounds, rest, exact;

		bytes += length;
		// A round carries 24000 nanobits, the first half of it 8000.
		rounds = bytes * 8000000000 / 24000;
		rest = bytes * 8000000000 % 24000;
		exact = rounds * 2000 + (rest <= 8000 ? rest / 8 : 1000 + (rest - 8000) / 16);
		assert_int_equal(rate_profile_offer(&varying.line, &place, &free_ns, 0, length),
				 exact);
	}
}

// Twelve steps of ten bytes, then nothing for a while, then the round begins anew with nothing. A
// long frame that ends where a step ends is there at that instant, not after the pause.
static void a_long_frame_ends_with_its_step_not_with_the_next(void **state)
{
	struct varying varying = {.profile = {.count = 14, .period_ns = 2000}};

	(void)state;
	for (uint32_t i = 0; i < 12; i++)
		varying.points[i + 1] =
			(struct profile_point){.at_ns = 100 + 10 * i, .value = 8000000000};
	varying.points[13] = (struct profile_point){.at_ns = 220, .value = 0};
	make(&varying);
	for (uint32_t rounds = 0; rounds < 3; rounds++)
		for (uint32_t tens = 1; tens <= 12; tens++) {
			struct rate_profile_state place = {0};
			uint64_t free_ns = 0;

			assert_int_equal(rate_profile_offer(&varying.line, &place, &free_ns, 0,
							    120 * rounds + 10 * tens),
					 2000 * rounds + 100 + 10 * tens);
		}
	// The same when the round ends with the last byte.
	varying.profile.count = 13;
	varying.profile.period_ns = 220;
	make(&varying);
	for (uint32_t rounds = 1; rounds < 5; rounds++) {
		struct rate_profile_state place = {0};
		uint64_t free_ns = 0;

		assert_int_equal(
			rate_profile_offer(&varying.line, &place, &free_ns, 0, 120 * rounds),
			220 * rounds);
	}
}

static void one_step_is_a_constant_rate(void **state)
{
	const uint64_t rates[] = {8, 64000, 333333333, 99999999977, 10000000000000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct varying varying = {.points = {{.value = (int64_t)rates[i]}},
					  .profile = {.count = 1}};
		struct rate_profile_state place = {0};
		uint64_t free_ns = 0, bytes = 0;

		make(&varying);
		for (uint32_t frame = 0; frame < 100000; frame++) {
			uint32_t length = 60 + (frame * 2654435761u >> 21) % 1455;

			bytes += length;
			assert_int_equal(
				rate_profile_offer(&varying.line, &place, &free_ns, 0, length),
				(uint64_t)((unsigned __int128)bytes * 8000000000u / rates[i]));
		}
	}
}

static void other_kinds_of_line_leave_it_where_they_end(void **state)
{
	struct varying varying = {.points = {{.value = 1000000000}}, .profile = {.count = 1}};
	struct rate_params constant, changes;
	struct rate_state rate = {0};

	(void)state;
	make(&varying);
	assert_int_equal(rate_make_params(3000000000, 0, 0, 0, "", &constant, NULL), 0);
	changes = constant;
	rate_follow_profile(&changes, &varying.line);
	assert_int_equal(rate_offer(&constant, &rate, 0, 100), 266);
	assert_int_equal(rate_offer(&changes, &rate, 0, 100), 1066);
	assert_int_equal(rate_offer(&constant, &rate, 0, 3), 1074);
	assert_int_equal(rate_offer(&changes, &rate, 0, 1), 1082);
}

static void what_is_no_rate_is_refused(void **state)
{
	struct varying varying = {.points = {{.value = 1000}, {.at_ns = 5, .value = 7}},
				  .profile = {.points = varying.points, .count = 2}};
	struct error error;

	(void)state;
	profile_make(&varying.profile, "", NULL);
	assert_int_equal(
		rate_profile_make(&varying.line, &varying.profile, varying.steps, "here", &error),
		-EINVAL);
	assert_non_null(strstr(error.what, "rate of 7 bit/s at 5 ns"));
	varying.points[1].value = -1;
	profile_make(&varying.profile, "", NULL);
	assert_int_equal(
		rate_profile_make(&varying.line, &varying.profile, varying.steps, "here", &error),
		-EINVAL);
	varying.points[0].value = varying.points[1].value = 0;
	profile_make(&varying.profile, "", NULL);
	assert_int_equal(
		rate_profile_make(&varying.line, &varying.profile, varying.steps, "here", &error),
		-EINVAL);
	assert_non_null(strstr(error.what, "always 0"));
	varying.points[1].value = 1000;
	varying.profile.interpolated = true;
	profile_make(&varying.profile, "", NULL);
	assert_int_equal(
		rate_profile_make(&varying.line, &varying.profile, varying.steps, "here", &error),
		-EINVAL);
	assert_non_null(strstr(error.what, "in steps"));
}

// A ramp in pieces: sums agree at each piece's end, and within one to change x length / 8.
static void a_ramp_in_steps_carries_what_the_ramp_does(void **state)
{
	struct profile_point ends[] = {{.value = 1000000}, {.at_ns = 1000000, .value = 9000000}};
	struct profile_point points[32];
	struct profile ramp = {.points = ends, .count = 2, .interpolated = true}, steps;
	double carried = 0;

	(void)state;
	assert_int_equal(profile_make(&ramp, "", NULL), 0);
	assert_int_equal(profile_step_points(&ramp, 16), 32);
	assert_int_equal(profile_step(&ramp, 16, points, &steps, "", NULL), 0);
	assert_int_equal(steps.count, 17);
	assert_false(steps.interpolated);
	for (uint64_t ns = 0; ns <= 1000000; ns += 100) {
		double t = (double)ns, exact = 1000000 * t + 4 * t * t;

		assert_near(carried, exact, 8000000.0 / 16 * (1000000.0 / 16) / 8 + t);
		if (ns % 62500 == 0)
			assert_near(carried, exact, t);
		carried += 100 * (double)profile_at(&steps, &(struct profile_cursor){0}, ns);
	}
	assert_int_equal(steps.points[16].value, 9000000);
	assert_int_equal(profile_step(&ramp, 0, points, &steps, "", NULL), -EINVAL);
	assert_int_equal(profile_step(&ramp, 65537, points, &steps, "", NULL), -EINVAL);
}

static void a_short_segment_has_a_step_a_nanosecond(void **state)
{
	struct profile_point ends[] = {{.value = 0}, {.at_ns = 3, .value = 6}};
	struct profile_point points[32];
	struct profile ramp = {.points = ends, .count = 2, .interpolated = true, .period_ns = 5};
	struct profile steps;
	const int64_t expected[] = {1, 3, 5, 4, 1}; // 4.5 and 1.5, half a unit is lost

	(void)state;
	assert_int_equal(profile_make(&ramp, "", NULL), 0);
	assert_int_equal(profile_step(&ramp, 16, points, &steps, "", NULL), 0);
	assert_int_equal(steps.count, 5);
	assert_int_equal(steps.period_ns, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(steps.points[i].at_ns, i);
		assert_int_equal(steps.points[i].value, expected[i]);
	}
}

static void steps_stay_as_they_are(void **state)
{
	struct profile_point in[] = {
		{.value = 1000}, {.at_ns = 500, .value = 9000}, {.at_ns = 900, .value = 4000}};
	struct profile_point points[3];
	struct profile from = {.points = in, .count = 3}, steps;

	(void)state;
	assert_int_equal(profile_make(&from, "", NULL), 0);
	assert_int_equal(profile_step(&from, 1, points, &steps, "", NULL), 0);
	assert_int_equal(steps.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(points[i].at_ns, in[i].at_ns);
		assert_int_equal(points[i].value, in[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_stay_as_they_are),
		cmocka_unit_test(departures_are_those_of_the_integral),
		cmocka_unit_test(a_frame_on_its_way_goes_on_at_the_new_rate),
		cmocka_unit_test(nothing_leaves_while_the_rate_is_0),
		cmocka_unit_test(a_frame_over_millions_of_steps_is_exact_and_quick),
		cmocka_unit_test(a_long_frame_ends_with_its_step_not_with_the_next),
		cmocka_unit_test(one_step_is_a_constant_rate),
		cmocka_unit_test(other_kinds_of_line_leave_it_where_they_end),
		cmocka_unit_test(what_is_no_rate_is_refused),
		cmocka_unit_test(a_ramp_in_steps_carries_what_the_ramp_does),
		cmocka_unit_test(a_short_segment_has_a_step_a_nanosecond),
	};

	return cmocka_run_group_tests_name("rate_profile", tests, NULL, NULL);
}
