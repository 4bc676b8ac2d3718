// SPDX-License-Identifier: BSD-3-Clause
// The token bucket against its definition counted out nanosecond by nanosecond, and tc's refusals.
#include "dataplane/model/bucket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rate.h"
#include "dataplane/model/rng.h"

#define BITS 8

static struct rate_params bucket_of(uint64_t bps, uint32_t burst, uint64_t peak, uint32_t mtu)
{
	struct rate_params params;

	assert_int_equal(rate_make_params(bps, 0, 0, 0, "test", &params, NULL), 0);
	assert_int_equal(rate_add_bucket(&params, burst, peak, mtu, "test", NULL), 0);
	return params;
}

static void a_full_bucket_lets_a_burst_through_at_once(void **state)
{
	struct rate_params params = bucket_of(1000000000, 3000, 0, 0); // 8 ns a byte
	struct rate_state rate = {0};

	(void)state;
	for (int frame = 0; frame < 3; frame++)
		assert_int_equal(rate_offer(&params, &rate, 50, 1000), 50);
	assert_int_equal(rate_wait_ns(&params, &rate, 50), 8); // one byte
	assert_int_equal(rate_start_ns(&params, &rate, 50, 1000), 50 + 8000);
	assert_int_equal(rate_offer(&params, &rate, 50, 1000), 50 + 8000);
	assert_int_equal(rate_offer(&params, &rate, 50, 500), 50 + 12000);
	assert_int_equal(rate_minimum_ns(&params), 0);
}

static void idle_time_saves_a_burst_and_no_more(void **state)
{
	struct rate_params params = bucket_of(1000000000, 3000, 0, 0);
	struct rate_state rate = {0};

	(void)state;
	for (int frame = 0; frame < 6; frame++)
		rate_offer(&params, &rate, 0, 1000); // the last leaves at 24000, nothing is left
	assert_int_equal(rate_offer(&params, &rate, 24000 + 12000, 1500), 36000);
	assert_int_equal(rate_offer(&params, &rate, 36000, 1), 36008);
	for (int frame = 0; frame < 3; frame++)
		assert_int_equal(rate_offer(&params, &rate, 1000000000, 1000), 1000000000);
	assert_int_equal(rate_offer(&params, &rate, 1000000000, 1), 1000000008);
}

static void the_peak_spaces_the_burst(void **state)
{
	// Rate 8 ns a byte, peak 2: the burst of 10000 leaves in frames 2 us apart.
	struct rate_params params = bucket_of(1000000000, 10000, 4000000000, 1000);
	struct rate_state rate = {0};

	(void)state;
	// Ten frames, and what is filled meanwhile, at the peak; then at the rate.
	for (uint64_t frame = 0; frame < 13; frame++)
		assert_int_equal(rate_offer(&params, &rate, 0, 1000), frame * 2000);
	assert_int_equal(rate_offer(&params, &rate, 0, 1000), 4 * 8000);
	assert_int_equal(rate_offer(&params, &rate, 0, 1000), 5 * 8000);
}

// By definition: every nanosecond each bucket gains rate x 1 ns, up to its burst, in 10^-9 bit.
struct counted {
	uint64_t rate, burst, peak, peak_burst;
	uint64_t tokens, peak_tokens;
	uint64_t now_ns;
};

static void count_a_nanosecond(struct counted *counted)
{
	counted->tokens += counted->rate;
	if (counted->tokens > counted->burst)
		counted->tokens = counted->burst;
	counted->peak_tokens += counted->peak;
	if (counted->peak_tokens > counted->peak_burst)
		counted->peak_tokens = counted->peak_burst;
	counted->now_ns++;
}

static uint64_t count_frame(struct counted *counted, uint64_t arrival_ns, uint64_t bytes)
{
	uint64_t cost = bytes * BITS * 1000000000;

	while (counted->now_ns < arrival_ns || counted->tokens < cost ||
	       (counted->peak > 0 && counted->peak_tokens < cost))
		count_a_nanosecond(counted);
	counted->tokens -= cost;
	if (counted->peak > 0)
		counted->peak_tokens -= cost;
	return counted->now_ns;
}

// Instants of rates that divide 8 Gbit/s are whole, so the two agree to the nanosecond; of other
// rates the count finds the whole nanosecond after, the line the one before.
static void check_against_the_count(uint64_t bps, uint64_t peak, uint64_t tolerance_ns, uint64_t n)
{
	struct rng_block block = rng_block(719, 1, n, 0);
	uint32_t burst = 1500 + block.word[0] % 4000;
	uint32_t mtu = peak > 0 ? 700 + block.word[1] % 900 : 0;
	struct rate_params params = bucket_of(bps, burst, peak, mtu);
	struct rate_state rate = {0};
	struct counted counted = {.rate = bps,
				  .burst = UINT64_C(8000000000) * burst,
				  .peak = peak,
				  .peak_burst = UINT64_C(8000000000) * mtu};
	uint64_t at_ns = 0;

	counted.tokens = counted.burst;
	counted.peak_tokens = counted.peak_burst;
	for (uint64_t frame = 0; frame < 150; frame++) {
		struct rng_block draw = rng_block(719, 2, n * 1000 + frame, 0);
		uint32_t bytes = 40 + draw.word[0] % 600;
		uint64_t departs, expected;

		at_ns += draw.word[1] % (frame % 40 == 0 ? 60000 : 4000);
		departs = rate_offer(&params, &rate, at_ns, bytes);
		expected = count_frame(&counted, at_ns, bytes);
		if (departs > expected || departs + tolerance_ns < expected)
			fail_msg("rate %lu, frame %lu: %lu, counted %lu", bps, frame, departs,
				 expected);
	}
}

static void departures_are_those_that_counting_tokens_gives(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 20; n++) {
		check_against_the_count(1000000000, 0, 0, n);
		check_against_the_count(2000000000, 8000000000, 0, n);
		check_against_the_count(800000000, 1000000000, 0, n);
		check_against_the_count(1234567891, 0, 1, n);
		check_against_the_count(1234567891, 3333333333, 2, n);
	}
}

static void the_rate_is_met_over_a_long_time(void **state)
{
	struct rate_params params = bucket_of(123456789, 5000, 0, 0);
	struct rate_state rate = {0};
	uint64_t bytes = 0, departs = 0;

	(void)state;
	for (uint32_t frame = 0; frame < 1000000; frame++) {
		uint32_t length = 60 + (frame * 2654435761u >> 21) % 1455;
		unsigned __int128 exact;

		bytes += length;
		departs = rate_offer(&params, &rate, 0, length);
		exact = bytes > 5000 ? (unsigned __int128)(bytes - 5000) * 8000000000u / 123456789
				     : 0;
		assert_true(departs + 1 >= exact && departs <= exact + 1);
	}
}

static void what_is_longer_than_the_burst_is_never_carried(void **state)
{
	struct rate_params one = bucket_of(1000000, 1514, 0, 0);
	struct rate_params two = bucket_of(1000000, 5000, 2000000, 1514);
	struct rate_params three = bucket_of(1000000, 1000, 2000000, 1514);
	struct rate_params constant;

	(void)state;
	assert_true(rate_carries(&one, 1514));
	assert_false(rate_carries(&one, 1515));
	assert_true(rate_carries(&two, 1514));
	assert_false(rate_carries(&two, 1515));
	assert_true(rate_carries(&three, 1000));
	assert_false(rate_carries(&three, 1001));
	one.overhead_bytes = 24;
	assert_false(rate_carries(&one, 1500));
	assert_int_equal(rate_make_params(1000000, 0, 0, 0, "", &constant, NULL), 0);
	assert_true(rate_carries(&constant, UINT32_MAX));
}

static void a_bucket_that_tc_would_refuse_is_refused(void **state)
{
	const struct {
		uint64_t bps;
		uint32_t burst;
		uint64_t peak;
		uint32_t mtu;
		const char *says;
	} wrong[] = {
		{1000000, 0, 0, 0, "burst of 0"},
		{1000000, 5000, 1000000, 1514, "not above"},
		{1000000, 5000, 999999, 1514, "not above"},
		{1000000, 5000, 2000000, 0, "without its burst"},
		{1000000, 5000, 0, 1514, "without a peak rate"},
		{1000000, 5000, 10000000000001, 1514, "10tbit"},
		{0, 5000, 0, 0, "without a constant rate"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rate_params params, before;
		struct error error = {0};

		assert_int_equal(rate_make_params(wrong[i].bps, 0, 0, 0, "", &params, NULL), 0);
		before = params;
		assert_int_equal(rate_add_bucket(&params, wrong[i].burst, wrong[i].peak,
						 wrong[i].mtu, "lab.ini:3", &error),
				 -EINVAL);
		assert_string_equal(error.where, "lab.ini:3");
		assert_non_null(strstr(error.what, wrong[i].says));
		assert_memory_equal(&params, &before, sizeof(params));
	}
}

static void tokens_for_ever_are_never_there(void **state)
{
	struct rate_params params = bucket_of(8, 60, 0, 0); // a second a byte
	struct rate_state rate = {0};
	uint64_t last = 0;

	(void)state;
	params.overhead_bytes = 0;
	for (int frame = 0; frame < 5; frame++) {
		uint64_t departs = rate_offer(&params, &rate, 0, UINT32_MAX);

		assert_true(departs >= last);
		last = departs;
	}
	assert_int_equal(last, INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_bucket_lets_a_burst_through_at_once),
		cmocka_unit_test(idle_time_saves_a_burst_and_no_more),
		cmocka_unit_test(the_peak_spaces_the_burst),
		cmocka_unit_test(departures_are_those_that_counting_tokens_gives),
		cmocka_unit_test(the_rate_is_met_over_a_long_time),
		cmocka_unit_test(what_is_longer_than_the_burst_is_never_carried),
		cmocka_unit_test(a_bucket_that_tc_would_refuse_is_refused),
		cmocka_unit_test(tokens_for_ever_are_never_there),
	};

	return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
