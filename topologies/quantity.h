// SPDX-License-Identifier: BSD-3-Clause
// Quantities with units, read strictly and printed back in the same units, as tc does.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"

// All parse functions: the whole of `text` must be one quantity. 0, or -EINVAL with one sentence in
// `error` (where = `where`), which names the unit to add when a bare non-zero number was given.
// Decimals are allowed ("2.4ms") and are exact to the unit's resolution; a positive value that
// rounds to nothing, a negative value, NaN, an overflow and trailing characters are errors.

// A hundred years: two of them added do not overflow, and the end of time is never met by chance.
#define QUANTITY_TIME_MOST_NS UINT64_C(3155760000000000000)

// ns us ms s (and their tc synonyms nsec, usecs, ...), min h d. "0" is allowed bare. At most
// QUANTITY_TIME_MOST_NS.
int quantity_parse_time_ns(const char *text, const char *where, uint64_t *time_ns,
			   struct error *error);
// bit kbit mbit gbit tbit, kibit...; bps kbps mbps gbps are BYTES per second as in tc. A bare
// number is refused, unlike in tc, and the unit to add is named.
int quantity_parse_rate_bps(const char *text, const char *where, uint64_t *bits_per_second,
			    struct error *error);
// b kb mb gb (k = 1024, as in tc).
int quantity_parse_size_bytes(const char *text, const char *where, uint64_t *bytes,
			      struct error *error);
// "0.1%" or "0..1" with a percent sign only; "100%" is 1.0. A bare number is a percentage, as in
// tc.
int quantity_parse_percent(const char *text, const char *where, double *ratio, struct error *error);
// km m.
int quantity_parse_length_m(const char *text, const char *where, double *metres,
			    struct error *error);
// deg; a sign is allowed. Bare degrees are allowed (positions are written so).
int quantity_parse_angle_deg(const char *text, const char *where, double *degrees,
			     struct error *error);
// A plain non-negative whole number, decimal only.
int quantity_parse_count(const char *text, const char *where, uint64_t *count, struct error *error);

// Shortest exact text that the parser above reads back to the same value ("2.4ms", "100mbit",
// "0.1%"). Always terminated; returns buffer.
char *quantity_format_time(uint64_t time_ns, char *buffer, size_t size);
char *quantity_format_rate(uint64_t bits_per_second, char *buffer, size_t size);
char *quantity_format_size(uint64_t bytes, char *buffer, size_t size);
char *quantity_format_percent(double ratio, char *buffer, size_t size);
