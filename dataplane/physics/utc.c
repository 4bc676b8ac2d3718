// SPDX-License-Identifier: BSD-3-Clause
// The Gregorian calendar, leap seconds and sidereal time.
#include "dataplane/physics/utc.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define J2000_DAY       10957 // days from 1970-01-01 to 2000-01-01
#define J2000_JD        2451545.0
#define DAYS_A_CENTURY  36525.0
#define TT_LESS_TAI_S   32.184
#define NS_PER_HALF_DAY (UTC_NS_PER_DAY / 2)
#define FIRST_YEAR      1678
#define LAST_YEAR       2261

// Days at whose beginning TAI - UTC became 10, 11, ... seconds.
static const struct {
	short year;
	signed char month;
} leaps[] = {
	{1972, 1}, {1972, 7}, {1973, 1}, {1974, 1}, {1975, 1}, {1976, 1}, {1977, 1},
	{1978, 1}, {1979, 1}, {1980, 1}, {1981, 7}, {1982, 7}, {1983, 7}, {1985, 7},
	{1988, 1}, {1990, 1}, {1991, 1}, {1992, 7}, {1993, 7}, {1994, 7}, {1996, 1},
	{1997, 7}, {1999, 1}, {2006, 1}, {2009, 1}, {2012, 7}, {2015, 7}, {2017, 1},
};

#define LEAPS (sizeof(leaps) / sizeof(leaps[0]))

static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

// Days since 1970-01-01. Years begin in March here, so that the leap day is the last.
static int64_t day_of(int64_t year, int month, int day)
{
	int64_t months = year * 12 + month - 3;
	int64_t y = floor_divide(months, 12);
	int64_t m = months - y * 12;

	return 365 * y + floor_divide(y, 4) - floor_divide(y, 100) + floor_divide(y, 400) +
	       (153 * m + 2) / 5 + day - 1 - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
	int64_t y = floor_divide((days + 719468) * 400, 146097) + 1;
	int64_t rest, m;

	// The estimate is at most a year too late.
	while (day_of(y, 3, 1) > days)
		y--;
	rest = days - day_of(y, 3, 1);
	m = (5 * rest + 2) / 153;
	*day = (int)(rest - (153 * m + 2) / 5) + 1;
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(m < 10 ? y : y + 1);
}

int64_t utc_of_day(int year, int month, int day)
{
	return day_of(year, month, day) * UTC_NS_PER_DAY;
}

int64_t utc_of_day_of_year(int year, int day, double fraction)
{
	return (day_of(year, 1, 1) + day - 1) * UTC_NS_PER_DAY +
	       (int64_t)llround(fraction * (double)UTC_NS_PER_DAY);
}

// `digits` decimal digits; false when there are fewer.
static bool take_digits(const char **text, int digits, int *value)
{
	*value = 0;
	for (; digits > 0; digits--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return true;
}

static bool take(const char **text, char expected)
{
	if (**text != expected)
		return false;
	(*text)++;
	return true;
}

struct moment {
	int year, month, day, hour, minute, second;
	int64_t ns;
};

static bool take_fraction(const char **text, int64_t *ns)
{
	int64_t unit = UTC_NS_PER_S / 10;
	bool any = false;

	for (*ns = 0; **text >= '0' && **text <= '9'; (*text)++, unit /= 10, any = true) {
		if (unit == 0)
			return false;
		*ns += (**text - '0') * unit;
	}
	return any;
}

static bool take_moment(const char *text, struct moment *m)
{
	*m = (struct moment){0};
	if (!take_digits(&text, 4, &m->year) || !take(&text, '-') ||
	    !take_digits(&text, 2, &m->month) || !take(&text, '-') ||
	    !take_digits(&text, 2, &m->day))
		return false;
	if (*text == '\0')
		return true;
	if (!take(&text, 'T') || !take_digits(&text, 2, &m->hour) || !take(&text, ':') ||
	    !take_digits(&text, 2, &m->minute))
		return false;
	if (take(&text, ':')) {
		if (!take_digits(&text, 2, &m->second))
			return false;
		if (take(&text, '.') && !take_fraction(&text, &m->ns))
			return false;
	}
	return take(&text, 'Z') && *text == '\0';
}

static bool is_leap_second(const struct moment *m)
{
	int64_t next = day_of(m->year, m->month, m->day) + 1;

	if (m->hour != 23 || m->minute != 59)
		return false;
	for (size_t i = 1; i < LEAPS; i++) // the first entry is where the count begins
		if (day_of(leaps[i].year, leaps[i].month, 1) == next)
			return true;
	return false;
}

int utc_parse(const char *text, int64_t *utc_ns)
{
	struct moment m;
	int year, month, day;
	int64_t days;

	if (!take_moment(text, &m))
		return -EINVAL;
	if (m.year < FIRST_YEAR || m.year > LAST_YEAR || m.month < 1 || m.month > 12 || m.day < 1 ||
	    m.hour > 23 || m.minute > 59 || m.second > 60)
		return -ERANGE;
	days = day_of(m.year, m.month, m.day);
	date_of(days, &year, &month, &day);
	if (day != m.day) // it would carry over into the next month
		return -ERANGE;
	if (m.second == 60) {
		if (!is_leap_second(&m))
			return -ERANGE;
		m.ns = 0;
	}
	*utc_ns = days * UTC_NS_PER_DAY +
		  ((m.hour * 60 + m.minute) * INT64_C(60) + m.second) * UTC_NS_PER_S + m.ns;
	return 0;
}

char *utc_format(int64_t utc_ns, char text[UTC_TEXT_BYTES])
{
	int64_t days = floor_divide(utc_ns, UTC_NS_PER_DAY);
	int64_t rest = utc_ns - days * UTC_NS_PER_DAY;
	int64_t second = rest / UTC_NS_PER_S, ns = rest % UTC_NS_PER_S;
	char fraction[16] = "";
	int year, month, day;

	date_of(days, &year, &month, &day);
	if (ns % 1000)
		snprintf(fraction, sizeof(fraction), ".%09" PRId64, ns);
	else if (ns % 1000000)
		snprintf(fraction, sizeof(fraction), ".%06" PRId64, ns / 1000);
	else if (ns)
		snprintf(fraction, sizeof(fraction), ".%03" PRId64, ns / 1000000);
	snprintf(text, UTC_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", year, month, day,
		 (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60), fraction);
	return text;
}

// Whole days and the part of a day since J2000.0, which is a noon.
static double split_days(int64_t utc_ns, double *part)
{
	int64_t since_noon = utc_ns - NS_PER_HALF_DAY;
	int64_t days = floor_divide(since_noon, UTC_NS_PER_DAY);

	*part = (double)(since_noon - days * UTC_NS_PER_DAY) / (double)UTC_NS_PER_DAY;
	return (double)(days - J2000_DAY);
}

double utc_days_since_j2000(int64_t utc_ns)
{
	double part;
	double days = split_days(utc_ns, &part);

	return days + part;
}

double utc_julian_date(int64_t utc_ns)
{
	return J2000_JD + utc_days_since_j2000(utc_ns);
}

double utc_to_tt_s(int64_t utc_ns)
{
	int64_t day = floor_divide(utc_ns, UTC_NS_PER_DAY);
	size_t passed = 0;

	while (passed < LEAPS && day >= day_of(leaps[passed].year, leaps[passed].month, 1))
		passed++;
	return TT_LESS_TAI_S + 9 + (double)(passed ? passed : 1);
}

// The term of 876600 hours a century is a turn a day: only the part of the day is left of it.
double utc_gmst_rad(int64_t utc_ns)
{
	double part;
	double days = split_days(utc_ns, &part);
	double t = (days + part) / DAYS_A_CENTURY;
	double s = 67310.54841 + 86400 * part + t * (8640184.812866 + t * (0.093104 - t * 6.2e-6));
	double rad = fmod(s, 86400) * (2 * M_PI / 86400);

	return rad < 0 ? rad + 2 * M_PI : rad;
}
