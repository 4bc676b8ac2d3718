// SPDX-License-Identifier: BSD-3-Clause
// Instants of astronomy: UTC as POSIX nanoseconds, its text, Julian dates, terrestrial time and
// sidereal time. No clock is read.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UTC_NS_PER_S   INT64_C(1000000000)
#define UTC_NS_PER_DAY (86400 * UTC_NS_PER_S)

// Bytes that utc_format writes at most, the final 0 included.
#define UTC_TEXT_BYTES 40

// A `utc_ns` counts nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted, as POSIX
// does: years 1678 to 2261.

// Reads ISO 8601 with the final Z: "2026-06-14", "2026-06-14T04:13Z", "2026-06-14T04:13:00Z", with
// a fraction of a second of 1 to 9 digits. A second 60 is taken where a leap second was, and is the
// same instant as the next 0. 0; -EINVAL when it is no such text, -ERANGE when there is no such day
// or time.
int utc_parse(const char *text, int64_t *utc_ns);

// Writes "2026-06-14T04:13:00Z", with 3, 6 or 9 digits of the second when there are any. Gives
// `text`.
char *utc_format(int64_t utc_ns, char text[UTC_TEXT_BYTES]);

// Midnight that begins a day of the Gregorian calendar, any month and day (they carry over).
int64_t utc_of_day(int year, int month, int day);

// The epoch of an element set: a year, and days since its beginning counted from 1.0 (the
// fraction to 1e-14 day or what a double holds). Rounded to the nearest nanosecond.
int64_t utc_of_day_of_year(int year, int day, double fraction);

// Days since J2000.0 = 2000-01-01T12:00 (Julian date 2451545.0) on the same scale.
double utc_days_since_j2000(int64_t utc_ns);

// The Julian date, good to 40 us (as much as a double holds).
double utc_julian_date(int64_t utc_ns);

// Terrestrial time less UTC, seconds: 32.184 + the leap seconds since 1972 (IERS Bulletin C; the
// last one of the table: 2017-01-01, 37 s). Before 1972: 42.184.
double utc_to_tt_s(int64_t utc_ns);

// Greenwich mean sidereal time, radians in 0 to 2 pi, UT1 taken as UTC (they differ by less than
// 0.9 s, which turns the Earth by 0.004 deg). Source: IAU 1982 (Aoki et al., Astron. Astrophys.
// 105, 1982), as AIAA 2006-6753 uses it for TEME.
double utc_gmst_rad(int64_t utc_ns);

// The rate of that, radians a second (of UT1): it differs from the Earth's rotation by precession.
#define UTC_GMST_RAD_PER_S 7.292115855306589e-5
