// SPDX-License-Identifier: BSD-3-Clause
// Instants: the calendar, its text, leap seconds, sidereal time by figures of ERFA.
#include "dataplane/physics/utc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/physics/near.h"

static int64_t at(const char *text)
{
	int64_t utc_ns = 0;

	assert_int_equal(utc_parse(text, &utc_ns), 0);
	return utc_ns;
}

static void text_is_read_to_the_nanosecond(void **state)
{
	(void)state;
	assert_int_equal(at("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(at("1970-01-01"), 0);
	assert_int_equal(at("1970-01-02T00:00Z"), UTC_NS_PER_DAY);
	assert_int_equal(at("2026-06-14T04:13:00Z"), INT64_C(1781410380) * UTC_NS_PER_S);
	assert_int_equal(at("2026-06-14T04:13:00.000000001Z"),
			 INT64_C(1781410380) * UTC_NS_PER_S + 1);
	assert_int_equal(at("1969-12-31T23:59:59.5Z"), -UTC_NS_PER_S / 2);
}

static void every_day_of_four_centuries_is_that_of_the_c_library(void **state)
{
	char text[UTC_TEXT_BYTES], expected[UTC_TEXT_BYTES];

	(void)state;
	for (int day = -100000; day <= 100000; day++) {
		time_t seconds = (time_t)day * 86400 + 3661;
		struct tm tm;
		int64_t utc_ns;

		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_string_equal(utc_format(seconds * UTC_NS_PER_S, text), expected);
		assert_int_equal(utc_parse(text, &utc_ns), 0);
		assert_int_equal(utc_ns, seconds * UTC_NS_PER_S);
		assert_int_equal(utc_of_day_of_year(tm.tm_year + 1900, tm.tm_yday + 1, 0),
				 (int64_t)day * UTC_NS_PER_DAY);
		assert_int_equal(utc_of_day(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday),
				 (int64_t)day * UTC_NS_PER_DAY);
	}
}

static void a_fraction_is_written_as_short_as_it_is(void **state)
{
	char text[UTC_TEXT_BYTES];

	(void)state;
	assert_string_equal(utc_format(500000000, text), "1970-01-01T00:00:00.500Z");
	assert_string_equal(utc_format(1000, text), "1970-01-01T00:00:00.000001Z");
	assert_string_equal(utc_format(1, text), "1970-01-01T00:00:00.000000001Z");
	assert_string_equal(utc_format(-1, text), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(utc_format(INT64_MAX, text), "2262-04-11T23:47:16.854775807Z");
}

static void what_is_no_instant_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
	} bad[] = {
		{"", -EINVAL},
		{"now", -EINVAL},
		{"2026-6-14", -EINVAL},
		{"2026-06-14T04:13:00", -EINVAL}, // no zone
		{"2026-06-14T04:13:00+02:00", -EINVAL},
		{"2026-06-14T04:13:00.Z", -EINVAL},
		{"2026-06-14T04:13:00.1234567890Z", -EINVAL},
		{"2026-06-14T04:13:00Zulu", -EINVAL},
		{"2026-06-14 04:13:00Z", -EINVAL},
		{"2026-02-29", -ERANGE},
		{"2026-13-01", -ERANGE},
		{"2026-00-01", -ERANGE},
		{"2026-06-00", -ERANGE},
		{"2026-06-31", -ERANGE},
		{"2026-06-14T24:00:00Z", -ERANGE},
		{"2026-06-14T23:60:00Z", -ERANGE},
		{"2026-06-30T23:59:60Z", -ERANGE}, // there was none
		{"2016-12-31T22:59:60Z", -ERANGE},
		{"2016-12-31T23:59:61Z", -ERANGE},
		{"1500-01-01", -ERANGE},
	};
	int64_t utc_ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (utc_parse(bad[i].text, &utc_ns) != bad[i].code)
			fail_msg("\"%s\"", bad[i].text);
		assert_int_equal(utc_ns, 77);
	}
	at("2024-02-29");
	at("2000-02-29");
}

static void a_leap_second_is_the_next_ones_instant(void **state)
{
	(void)state;
	assert_int_equal(at("2016-12-31T23:59:60Z"), at("2017-01-01"));
	assert_int_equal(at("2012-06-30T23:59:60.9Z"), at("2012-07-01"));
	near_to(utc_to_tt_s(at("2016-12-31T23:59:59Z")), 68.184, 1e-12);
	near_to(utc_to_tt_s(at("2017-01-01")), 69.184, 1e-12);
	near_to(utc_to_tt_s(at("2026-06-14")), 69.184, 1e-12);
	near_to(utc_to_tt_s(at("1972-01-01")), 42.184, 1e-12);
	near_to(utc_to_tt_s(at("1972-07-01")), 43.184, 1e-12);
	near_to(utc_to_tt_s(at("1960-01-01")), 42.184, 1e-12);
}

// python3-erfa: gmst82(2451545.0, days).
static void sidereal_time_and_julian_dates_are_erfas(void **state)
{
	static const struct {
		const char *text;
		double days, gmst_rad;
	} figures[] = {
		{"2000-01-01T12:00:00Z", 0, 4.894961212823059},
		{"1987-04-10T19:21:00Z", -4648.69375,
		 2.246899761095335}, // also Meeus, example 12.b
		{"2026-06-14T04:13:00Z", 9660.675694444444, 5.685064468220915},
		{"2026-03-20T11:00:00.25Z", 9574.958336226851, 5.986377286750539},
		{"1965-02-03T00:00:00Z", -12750.5, 2.320658222073632},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		int64_t utc_ns = at(figures[i].text);

		near_to(utc_days_since_j2000(utc_ns), figures[i].days, 1e-11);
		near_to(utc_julian_date(utc_ns), 2451545.0 + figures[i].days, 1e-9);
		near_to(utc_gmst_rad(utc_ns), figures[i].gmst_rad, 1e-10); // 1.4 us
	}
}

static void the_rate_of_sidereal_time_is_its_derivative(void **state)
{
	int64_t utc_ns = at("2026-06-14T04:13:00Z");

	(void)state;
	near_to((utc_gmst_rad(utc_ns + 1000 * UTC_NS_PER_S) - utc_gmst_rad(utc_ns)) / 1000,
		UTC_GMST_RAD_PER_S, 1e-14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_read_to_the_nanosecond),
		cmocka_unit_test(every_day_of_four_centuries_is_that_of_the_c_library),
		cmocka_unit_test(a_fraction_is_written_as_short_as_it_is),
		cmocka_unit_test(what_is_no_instant_is_refused),
		cmocka_unit_test(a_leap_second_is_the_next_ones_instant),
		cmocka_unit_test(sidereal_time_and_julian_dates_are_erfas),
		cmocka_unit_test(the_rate_of_sidereal_time_is_its_derivative),
	};

	return cmocka_run_group_tests_name("utc", tests, NULL, NULL);
}
