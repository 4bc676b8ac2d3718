// SPDX-License-Identifier: BSD-3-Clause
// The histogram: three digits everywhere, exact ends, shares that are what they say.
#include "dataplane/model/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"

static struct histogram histogram, other;

static int begin(void **state)
{
	(void)state;
	histogram_reset(&histogram);
	histogram_reset(&other);
	return 0;
}

static void an_empty_one_says_so(void **state)
{
	(void)state;
	assert_int_equal(histogram.count, 0);
	assert_int_equal(histogram.minimum, UINT64_MAX);
	assert_int_equal(histogram.maximum, 0);
	assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
	assert_int_equal(histogram_quantile_is_known(&histogram, 0.5), 0);
}

static void small_values_are_exact(void **state)
{
	(void)state;
	for (uint64_t value = 0; value < 2048; value++)
		histogram_record(&histogram, value);
	for (uint64_t value = 0; value < 2048; value++) {
		assert_int_equal(histogram.buckets[value], 1);
		assert_int_equal(histogram_quantile(&histogram, ((double)value + 1) / 2048), value);
	}
}

// A quantile below the maximum tells the top of a bucket: never under the value, never more than
// a thousandth over it.
static void every_value_is_kept_to_three_digits(void **state)
{
	(void)state;
	for (int bit = 0; bit < 41; bit++) {
		for (uint64_t n = 0; n < 40; n++) {
			uint64_t value = UINT64_C(1) << bit;
			uint64_t told;

			value += n == 0 ? 0 : rng_draw(2, 0, RNG_LOSS, n) * (value - 1) >> 32;
			if (n == 1)
				value = (UINT64_C(2) << bit) - 1;
			histogram_reset(&histogram);
			histogram_record(&histogram, value);
			histogram_record(&histogram, UINT64_MAX);
			told = histogram_quantile(&histogram, 0.5);
			assert_true(told >= value && told - value <= value / 1000);
		}
	}
}

static void each_bucket_begins_where_the_last_one_ended(void **state)
{
	uint64_t value = 0;

	(void)state;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		histogram_reset(&histogram);
		histogram_record(&histogram, value);
		histogram_record(&histogram, UINT64_MAX);
		assert_int_equal(histogram.buckets[i], i == HISTOGRAM_BUCKETS - 1 ? 2 : 1);
		// The last bucket answers with the exact maximum.
		if (i < HISTOGRAM_BUCKETS - 1)
			value = histogram_quantile(&histogram, 0.5) + 1;
	}
	assert_int_equal(value, (UINT64_C(1) << 42) - (UINT64_C(1) << 31));
}

static void too_large_counts_in_the_last_bucket_and_in_the_maximum(void **state)
{
	(void)state;
	histogram_record(&histogram, 5);
	histogram_record(&histogram, UINT64_C(1) << 50);
	assert_int_equal(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
	assert_int_equal(histogram.minimum, 5);
	assert_int_equal(histogram.maximum, UINT64_C(1) << 50);
	assert_int_equal(histogram_quantile(&histogram, 1), UINT64_C(1) << 50);
}

static void the_last_bucket_in_use_answers_with_the_exact_maximum(void **state)
{
	(void)state;
	histogram_record(&histogram, 1000001);
	assert_int_equal(histogram_quantile(&histogram, 0.5), 1000001);
	assert_int_equal(histogram_quantile(&histogram, 1), 1000001);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void quantiles_are_those_of_the_sorted_list(void **state)
{
	enum { RECORDS = 10000 };
	static uint64_t values[RECORDS];
	const struct {
		double quantile;
		size_t rank;
	} shares[] = {{0.0001, 1},  {0.07, 700},   {0.5, 5000},    {0.9, 9000},
		      {0.99, 9900}, {0.999, 9990}, {0.9999, 9999}, {1, 10000}};
	double sum = 0;

	(void)state;
	for (size_t i = 0; i < RECORDS; i++) {
		values[i] = rng_draw(4, 0, RNG_LOSS, i) >> rng_draw(4, 0, RNG_JITTER, i) % 32;
		sum += (double)values[i];
		histogram_record(&histogram, values[i]);
	}
	qsort(values, RECORDS, sizeof(values[0]), compare);
	assert_true(histogram.sum == sum);
	assert_int_equal(histogram.minimum, values[0]);
	assert_int_equal(histogram.maximum, values[RECORDS - 1]);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		uint64_t exact = values[shares[i].rank - 1];
		uint64_t told = histogram_quantile(&histogram, shares[i].quantile);

		assert_true(told >= exact && told - exact <= exact / 1000);
	}
}

static void a_share_that_binary_cannot_write_is_not_rounded_up(void **state)
{
	(void)state;
	for (uint64_t value = 1; value <= 100; value++)
		histogram_record(&histogram, value);
	for (uint64_t percent = 1; percent <= 100; percent++)
		assert_int_equal(histogram_quantile(&histogram, (double)percent / 100), percent);
	assert_int_equal(histogram_quantile(&histogram, 0.071), 8);
}

static void two_added_are_one_recorded_twice(void **state)
{
	static struct histogram both;

	(void)state;
	histogram_reset(&both);
	for (uint64_t i = 0; i < 1000; i++) {
		histogram_record(i % 3 == 0 ? &histogram : &other, i * i * i);
		histogram_record(&both, i * i * i);
	}
	histogram_add(&histogram, &other);
	assert_memory_equal(histogram.buckets, both.buckets, sizeof(both.buckets));
	assert_int_equal(histogram.count, both.count);
	assert_int_equal(histogram.minimum, both.minimum);
	assert_int_equal(histogram.maximum, both.maximum);
	assert_true(histogram.sum == both.sum);
	histogram_reset(&other);
	histogram_add(&histogram, &other); // an empty one changes nothing
	assert_int_equal(histogram.minimum, both.minimum);
	histogram_add(&other, &histogram);
	assert_int_equal(other.minimum, both.minimum);
	assert_int_equal(other.maximum, both.maximum);
}

static void a_quantile_is_known_with_ten_records_beyond(void **state)
{
	(void)state;
	for (int i = 0; i < 9999; i++)
		histogram_record(&histogram, 7);
	assert_int_equal(histogram_quantile_is_known(&histogram, 0.99), 1);
	assert_int_equal(histogram_quantile_is_known(&histogram, 0.999), 0);
	histogram_record(&histogram, 7);
	assert_int_equal(histogram_quantile_is_known(&histogram, 0.999), 1);
	assert_int_equal(histogram_quantile_is_known(&histogram, 0.9999), 0);
	assert_int_equal(histogram_quantile_is_known(&histogram, 1), 0);
}

static void a_bucket_that_is_full_makes_the_shares_unknown(void **state)
{
	(void)state;
	histogram.buckets[7] = UINT32_MAX - 1;
	histogram.count = UINT32_MAX - 1;
	histogram_record(&histogram, 7);
	assert_int_equal(histogram_quantile_is_known(&histogram, 0.5), 1);
	histogram_record(&histogram, 7);
	assert_int_equal(histogram.buckets[7], UINT32_MAX);
	assert_int_equal(histogram_quantile_is_known(&histogram, 0.5), 0);
	histogram_record(&other, 7);
	histogram_add(&histogram, &other);
	assert_int_equal(histogram.buckets[7], UINT32_MAX);
}

static void many_of_a_value_are_as_many_recorded_one_by_one(void **state)
{
	(void)state;
	for (uint64_t value = 1; value < 1000000; value = value * 3 + 1) {
		uint32_t times = (uint32_t)(value % 5);

		histogram_record_many(&histogram, value, times);
		for (uint32_t i = 0; i < times; i++)
			histogram_record(&other, value);
	}
	assert_memory_equal(&histogram, &other, sizeof(other));
	histogram_record_many(&histogram, 7, UINT32_MAX);
	histogram_record_many(&histogram, 7, 2);
	assert_int_equal(histogram.buckets[7], UINT32_MAX);
	assert_int_equal(histogram_quantile_is_known(&histogram, 0.5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_one_says_so, begin),
		cmocka_unit_test_setup(small_values_are_exact, begin),
		cmocka_unit_test_setup(every_value_is_kept_to_three_digits, begin),
		cmocka_unit_test_setup(each_bucket_begins_where_the_last_one_ended, begin),
		cmocka_unit_test_setup(too_large_counts_in_the_last_bucket_and_in_the_maximum,
				       begin),
		cmocka_unit_test_setup(the_last_bucket_in_use_answers_with_the_exact_maximum,
				       begin),
		cmocka_unit_test_setup(quantiles_are_those_of_the_sorted_list, begin),
		cmocka_unit_test_setup(a_share_that_binary_cannot_write_is_not_rounded_up, begin),
		cmocka_unit_test_setup(two_added_are_one_recorded_twice, begin),
		cmocka_unit_test_setup(many_of_a_value_are_as_many_recorded_one_by_one, begin),
		cmocka_unit_test_setup(a_quantile_is_known_with_ten_records_beyond, begin),
		cmocka_unit_test_setup(a_bucket_that_is_full_makes_the_shares_unknown, begin),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
