// SPDX-License-Identifier: BSD-3-Clause
// Quantities: what each unit means to the last bit, what is refused and with which words, and that
// what is printed reads back to the same value.
#include "topologies/quantity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct case_u64 {
	const char *text;
	uint64_t value;
};

static void times_are_exact_to_the_nanosecond(void **state)
{
	static const struct case_u64 cases[] = {
		{"0", 0},
		{"0ms", 0},
		{"1ns", 1},
		{"2.4ms", 2400000},
		{".5us", 500},
		{"100usecs", 100000},
		{"1.000000001s", 1000000001},
		{"3sec", 3000000000},
		{"2min", 120000000000},
		{"1h", 3600000000000},
		{"1.5d", 129600000000000},
		{"10MS", 10000000},
		{"3155760000.000000000s", QUANTITY_TIME_MOST_NS}, // a hundred years
		{"1.5ns", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 7;

		assert_int_equal(quantity_parse_time_ns(cases[i].text, "w", &value, NULL), 0);
		assert_int_equal(value, cases[i].value);
	}
}

static void rates_are_bits_and_bps_is_bytes(void **state)
{
	static const struct case_u64 cases[] = {
		{"8bit", 8},
		{"1.5kbit", 1500},
		{"100mbit", 100000000},
		{"100gbit", 100000000000},
		{"1tbit", 1000000000000},
		{"1kibit", 1024},
		{"1mibit", 1048576},
		{"1bps", 8},
		{"1kbps", 8000},
		{"1.25mbps", 10000000},
		{"1gibps", 8589934592},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 7;

		assert_int_equal(quantity_parse_rate_bps(cases[i].text, "w", &value, NULL), 0);
		assert_int_equal(value, cases[i].value);
	}
}

static void sizes_have_a_kilo_of_1024(void **state)
{
	static const struct case_u64 cases[] = {{"1500b", 1500},
						{"64kb", 65536},
						{"1k", 1024},
						{"1.5mb", 1572864},
						{"2gb", 2147483648}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 7;

		assert_int_equal(quantity_parse_size_bytes(cases[i].text, "w", &value, NULL), 0);
		assert_int_equal(value, cases[i].value);
	}
}

static void what_is_no_quantity_is_refused_and_the_value_left_alone(void **state)
{
	static const char *const times[] = {"",
					    "ms",
					    "2.4mss",
					    "-1ms",
					    "+1ms",
					    "1e3ms",
					    "0x1ms",
					    "1 ms",
					    "1ms ",
					    " 1ms",
					    "1.2.3ms",
					    "nan",
					    "inf",
					    "1,5ms",
					    "0.1ns",
					    "99999999999999999999s",
					    "3155760000.000000001s",
					    "18446744073.709551615s",
					    "18446744073.709551616s",
					    "5m",
					    "."};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct error error = {0};
		uint64_t value = 7;

		assert_int_equal(quantity_parse_time_ns(times[i], "here", &value, &error), -EINVAL);
		assert_int_equal(value, 7);
		assert_string_equal(error.where, "here");
		assert_non_null(strstr(error.what, "write"));
	}
}

static void a_bare_number_is_refused_and_the_unit_to_add_named(void **state)
{
	struct error error = {0};
	uint64_t value = 7;
	double metres = 7.0;

	(void)state;
	assert_int_equal(quantity_parse_time_ns("100", "", &value, &error), -EINVAL);
	assert_non_null(strstr(error.what, "add ns, us, ms or s"));
	assert_int_equal(quantity_parse_rate_bps("100", "", &value, &error), -EINVAL);
	assert_non_null(strstr(error.what, "add bit, kbit, mbit or gbit"));
	assert_int_equal(quantity_parse_rate_bps("0", "", &value, &error), -EINVAL);
	assert_int_equal(quantity_parse_size_bytes("100", "", &value, &error), -EINVAL);
	assert_non_null(strstr(error.what, "add b, kb or mb"));
	assert_int_equal(quantity_parse_length_m("245", "", &metres, &error), -EINVAL);
	assert_non_null(strstr(error.what, "add m or km"));
	assert_int_equal(value, 7);
}

static void percentages_are_the_nearest_double_to_the_decimal(void **state)
{
	double ratio = 7.0;

	(void)state;
	assert_int_equal(quantity_parse_percent("0.1%", "", &ratio, NULL), 0);
	assert_true(ratio == 0.001);
	assert_int_equal(quantity_parse_percent("29", "", &ratio, NULL), 0);
	assert_true(ratio == 0.29);
	assert_int_equal(quantity_parse_percent("100%", "", &ratio, NULL), 0);
	assert_true(ratio == 1.0);
	assert_int_equal(quantity_parse_percent("0%", "", &ratio, NULL), 0);
	assert_true(ratio == 0.0);
	assert_int_equal(quantity_parse_percent("1e-7%", "", &ratio, NULL), 0);
	assert_true(ratio == 1e-9);
	ratio = 7.0;
	assert_int_equal(quantity_parse_percent("100.1%", "", &ratio, NULL), -EINVAL);
	assert_int_equal(quantity_parse_percent("-1%", "", &ratio, NULL), -EINVAL);
	assert_int_equal(quantity_parse_percent("1%%", "", &ratio, NULL), -EINVAL);
	assert_int_equal(quantity_parse_percent("nan", "", &ratio, NULL), -EINVAL);
	assert_int_equal(quantity_parse_percent("1e-300000%", "", &ratio, NULL), -EINVAL);
	assert_true(ratio == 7.0);
}

static void lengths_angles_and_counts_are_read_whole(void **state)
{
	double value = 7.0;
	uint64_t count = 7;

	(void)state;
	assert_int_equal(quantity_parse_length_m("245km", "", &value, NULL), 0);
	assert_true(value == 245000.0);
	assert_int_equal(quantity_parse_length_m("386.6m", "", &value, NULL), 0);
	assert_true(value == 386.6);
	assert_int_equal(quantity_parse_length_m("5mi", "", &value, NULL), -EINVAL);
	assert_int_equal(quantity_parse_angle_deg("-0.0028934", "", &value, NULL), 0);
	assert_true(value == -0.0028934);
	assert_int_equal(quantity_parse_angle_deg("21.5deg", "", &value, NULL), 0);
	assert_true(value == 21.5);
	assert_int_equal(quantity_parse_angle_deg("361", "", &value, NULL), -EINVAL);
	assert_int_equal(quantity_parse_count("042", "", &count, NULL), 0);
	assert_int_equal(count, 42);
	assert_int_equal(quantity_parse_count("18446744073709551615", "", &count, NULL), 0);
	assert_true(count == UINT64_MAX);
	assert_int_equal(quantity_parse_count("18446744073709551616", "", &count, NULL), -EINVAL);
	assert_int_equal(quantity_parse_count("0x10", "", &count, NULL), -EINVAL);
	assert_int_equal(quantity_parse_count("-1", "", &count, NULL), -EINVAL);
}

static void text_is_the_shortest_in_the_units_users_know(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(quantity_format_time(2400000, text, sizeof(text)), "2.4ms");
	assert_string_equal(quantity_format_time(0, text, sizeof(text)), "0ns");
	assert_string_equal(quantity_format_time(1500000000, text, sizeof(text)), "1.5s");
	assert_string_equal(quantity_format_rate(100000000, text, sizeof(text)), "100mbit");
	assert_string_equal(quantity_format_rate(1234567, text, sizeof(text)), "1.234567mbit");
	assert_string_equal(quantity_format_size(65536, text, sizeof(text)), "64kb");
	assert_string_equal(quantity_format_size(1500, text, sizeof(text)), "1500b");
	assert_string_equal(quantity_format_percent(0.001, text, sizeof(text)), "0.1%");
	assert_string_equal(quantity_format_percent(1.0, text, sizeof(text)), "100%");
	assert_string_equal(quantity_format_percent(0.29, text, sizeof(text)), "29%");
	assert_string_equal(quantity_format_percent(0.0, text, sizeof(text)), "0%");
	assert_string_equal(quantity_format_percent(0.123456, text, sizeof(text)), "12.3456%");
}

// A small generator for values of all sizes: fixed seed, not for statistics.
static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*seed ^ (*seed >> 31)) >> (*seed >> 58);
}

static void what_is_printed_reads_back_to_the_same_value(void **state)
{
	uint64_t seed = 719;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t value = next(&seed);
		uint64_t back = ~value;
		double ratio = (double)(next(&seed) % (1ULL << 53)) / 9007199254740992.0;
		double ratio_back = -1.0;
		char text[64];

		quantity_format_time(value, text, sizeof(text));
		assert_int_equal(quantity_parse_time_ns(text, "", &back, NULL), 0);
		assert_true(back == value);
		quantity_format_rate(value, text, sizeof(text));
		assert_int_equal(quantity_parse_rate_bps(text, "", &back, NULL), 0);
		assert_true(back == value);
		quantity_format_size(value, text, sizeof(text));
		assert_int_equal(quantity_parse_size_bytes(text, "", &back, NULL), 0);
		assert_true(back == value);
		quantity_format_percent(ratio, text, sizeof(text));
		assert_int_equal(quantity_parse_percent(text, "", &ratio_back, NULL), 0);
		assert_true(ratio_back == ratio);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_exact_to_the_nanosecond),
		cmocka_unit_test(rates_are_bits_and_bps_is_bytes),
		cmocka_unit_test(sizes_have_a_kilo_of_1024),
		cmocka_unit_test(what_is_no_quantity_is_refused_and_the_value_left_alone),
		cmocka_unit_test(a_bare_number_is_refused_and_the_unit_to_add_named),
		cmocka_unit_test(percentages_are_the_nearest_double_to_the_decimal),
		cmocka_unit_test(lengths_angles_and_counts_are_read_whole),
		cmocka_unit_test(text_is_the_shortest_in_the_units_users_know),
		cmocka_unit_test(what_is_printed_reads_back_to_the_same_value),
	};

	return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
