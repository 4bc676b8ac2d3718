// SPDX-License-Identifier: BSD-3-Clause
// A channel whose quantities change over time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/channel.h"
#include "dataplane/model/rng.h"

#define MS UINT64_C(1000000)

// 0, 10 ms, 20 ms: three values in turn, over and over from 5 ms of the clock on.
static void three_values(struct profile_point points[3], struct profile *profile, int64_t first,
			 int64_t second, int64_t third)
{
	points[0] = (struct profile_point){.at_ns = 0, .value = first};
	points[1] = (struct profile_point){.at_ns = 10 * MS, .value = second};
	points[2] = (struct profile_point){.at_ns = 20 * MS, .value = third};
	*profile = (struct profile){
		.points = points, .count = 3, .period_ns = 30 * MS, .start_ns = 5 * MS};
	assert_int_equal(profile_make(profile, "", NULL), 0);
}

static int64_t value_at(const struct profile *profile, uint64_t at_ns)
{
	if (at_ns < 5 * MS)
		return profile->points[0].value;
	return profile->points[(at_ns - 5 * MS) / (10 * MS) % 3].value;
}

// 600 bytes take 0.6 ms, so that arrival and departure may lie in different steps.
static struct channel_params slow_line(void)
{
	struct channel_params params = {.seed = 719, .random_key = 5, .carrier = true};

	params.delay_ns = 77 * MS; // what a profile stands in the place of
	rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL); // a microsecond a byte
	return params;
}

static void a_delay_over_time_is_that_of_the_departure(void **state)
{
	struct profile_point points[3];
	struct profile profile;
	struct channel_params params = slow_line();
	struct channel_state channel = {0};
	uint64_t last_ns = 0;

	(void)state;
	three_values(points, &profile, 3 * MS, 40 * MS, -MS);
	params.delay_profile = &profile;
	channel_finish(&params);
	assert_int_equal(channel_minimum_delay_ns(&params), rate_minimum_ns(&params.rate));
	for (uint64_t at_ns = 0; at_ns < 300 * MS; at_ns += 777777) {
		struct channel_fate fate = channel_offer(&params, &channel, at_ns, 600);
		int64_t delay_ns = value_at(&profile, fate.departs_at_ns);
		uint64_t wanted_ns = fate.departs_at_ns + (uint64_t)(delay_ns > 0 ? delay_ns : 0);

		last_ns = wanted_ns > last_ns ? wanted_ns : last_ns; // order is kept
		assert_int_equal(fate.release_at_ns, last_ns);
	}
}

static void a_loss_over_time_is_that_of_the_departure(void **state)
{
	const int64_t one = INT64_C(1) << 32;
	struct profile_point points[3];
	struct profile profile;
	struct channel_params params = slow_line();
	struct channel_state channel = {0};
	unsigned lost = 0, all = 0;

	(void)state;
	three_values(points, &profile, one / 2, 0, one);
	params.loss_profile = &profile;
	channel_finish(&params);
	for (uint64_t at_ns = 0; at_ns < 3000 * MS; at_ns += 777777) {
		struct channel_fate fate = channel_offer(&params, &channel, at_ns, 600);
		int64_t draw = rng_draw(719, 5, RNG_LOSS, all++);

		assert_int_equal(fate.lost == DROP_MODEL,
				 draw < value_at(&profile, fate.departs_at_ns));
		lost += fate.lost == DROP_MODEL;
	}
	assert_true(lost > all / 3 && lost < 2 * all / 3); // a half on average
}

static void a_carrier_over_time_is_that_of_the_arrival(void **state)
{
	struct profile_point points[3];
	struct profile profile;
	struct channel_params params = slow_line();
	struct channel_state channel = {0};

	(void)state;
	three_values(points, &profile, 1, 0, 1);
	params.carrier_profile = &profile;
	for (int down = 0; down < 2; down++) {
		params.carrier = !down;
		channel_finish(&params);
		for (uint64_t at_ns = 0; at_ns < 300 * MS; at_ns += 777777) {
			bool up = !down && value_at(&profile, at_ns) > 0;

			assert_int_equal(channel_offer(&params, &channel, at_ns, 600).lost,
					 up ? DROP_NONE : DROP_CARRIER);
		}
	}
}

// 10 Mbit/s for 5 ms, and then 0 for ever: 800 ns a byte.
static void a_line_that_stops_for_ever_loses_what_it_cannot_end(void **state)
{
	struct profile_point points[] = {{.value = 10000000}, {.at_ns = 5 * MS, .value = 0}};
	struct profile profile = {.points = points, .count = 2};
	struct channel_params params = {.seed = 719, .random_key = 5, .carrier = true};
	struct rate_step sums[2];
	struct rate_profile steps;
	struct channel_state channel = {0};
	uint64_t carried = 0;

	(void)state;
	params.delay_ns = MS;
	assert_int_equal(profile_make(&profile, "", NULL), 0);
	assert_int_equal(rate_profile_make(&steps, &profile, sums, "", NULL), 0);
	rate_follow_profile(&params.rate, &steps);
	channel_finish(&params);
	for (uint64_t at_ns = 0; at_ns < 20 * MS; at_ns += MS / 2) { // 1000 bytes take 0.8 ms
		struct channel_fate fate = channel_offer(&params, &channel, at_ns, 1000);

		if (fate.lost == DROP_NONE) {
			carried++;
			assert_int_equal(fate.release_at_ns, carried * 800000 + MS);
		} else {
			assert_int_equal(fate.lost, DROP_QUEUE);
		}
	}
	assert_int_equal(carried, 6); // the seventh would need until 5.6 ms
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delay_over_time_is_that_of_the_departure),
		cmocka_unit_test(a_loss_over_time_is_that_of_the_departure),
		cmocka_unit_test(a_carrier_over_time_is_that_of_the_arrival),
		cmocka_unit_test(a_line_that_stops_for_ever_loses_what_it_cannot_end),
	};

	return cmocka_run_group_tests_name("channel_profile", tests, NULL, NULL);
}
