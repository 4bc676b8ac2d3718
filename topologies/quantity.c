// SPDX-License-Identifier: BSD-3-Clause
// Text to quantities: decimal numbers with units, in integer arithmetic so that nothing is lost.
#include "topologies/quantity.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t scale;
};

// What a kind of quantity is called and how it is written, for the sentences.
struct kind {
	const char *noun;
	const char *example;
	const char *unit_to_add;
	const struct unit *units;
};

static const struct unit time_units[] = {
	{"ns", 1},
	{"nsec", 1},
	{"nsecs", 1},
	{"us", 1000},
	{"usec", 1000},
	{"usecs", 1000},
	{"ms", 1000000},
	{"msec", 1000000},
	{"msecs", 1000000},
	{"s", 1000000000},
	{"sec", 1000000000},
	{"secs", 1000000000},
	{"min", 60000000000},
	{"h", 3600000000000},
	{"d", 86400000000000},
	{NULL, 0},
};

static const struct unit rate_units[] = {
	{"bit", 1},
	{"kbit", 1000},
	{"mbit", 1000000},
	{"gbit", 1000000000},
	{"tbit", 1000000000000},
	{"kibit", 1ULL << 10},
	{"mibit", 1ULL << 20},
	{"gibit", 1ULL << 30},
	{"tibit", 1ULL << 40},
	{"bps", 8},
	{"kbps", 8000},
	{"mbps", 8000000},
	{"gbps", 8000000000},
	{"tbps", 8000000000000},
	{"kibps", 8ULL << 10},
	{"mibps", 8ULL << 20},
	{"gibps", 8ULL << 30},
	{"tibps", 8ULL << 40},
	{NULL, 0},
};

static const struct unit size_units[] = {
	{"b", 1},           {"k", 1ULL << 10}, {"kb", 1ULL << 10}, {"m", 1ULL << 20},
	{"mb", 1ULL << 20}, {"g", 1ULL << 30}, {"gb", 1ULL << 30}, {NULL, 0},
};

static const struct kind time_kind = {"a duration", "2.4ms", "ns, us, ms or s", time_units};
static const struct kind rate_kind = {"a rate", "100mbit", "bit, kbit, mbit or gbit", rate_units};
static const struct kind size_kind = {"a size", "1500b", "b, kb or mb", size_units};

static int refuse(const struct kind *kind, const char *text, const char *where, struct error *error)
{
	return error_set(error, -EINVAL, where, "\"%s\" is not %s; write e.g. %s", text, kind->noun,
			 kind->example);
}

// Length of a plain decimal number (digits, at most one point) at the start of `text`; 0 if none.
static size_t decimal_length(const char *text)
{
	size_t length = 0;
	size_t digits = 0;
	bool point = false;

	for (; isdigit((unsigned char)text[length]) || (text[length] == '.' && !point); length++) {
		if (text[length] == '.')
			point = true;
		else
			digits++;
	}
	return digits > 0 ? length : 0;
}

static bool is_zero(const char *number, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (number[i] != '0' && number[i] != '.')
			return false;
	return true;
}

// number x scale, to the nearest whole; false on overflow. Beyond 18 decimals digits weigh less
// than the smallest unit for every scale in the tables and are left out.
static bool scale_decimal(const char *number, size_t length, uint64_t scale, uint64_t *result)
{
	unsigned __int128 whole = 0;
	unsigned __int128 fraction = 0;
	unsigned __int128 divisor = 1;
	bool point = false;

	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)(number[i] - '0');

		if (number[i] == '.') {
			point = true;
		} else if (!point) {
			whole = whole * 10 + digit;
			if (whole > UINT64_MAX)
				return false;
		} else if (divisor < 1000000000000000000ULL) {
			fraction = fraction * 10 + digit;
			divisor *= 10;
		}
	}
	whole = whole * scale + (fraction * scale + divisor / 2) / divisor;
	if (whole > UINT64_MAX)
		return false;
	*result = (uint64_t)whole;
	return true;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (strcasecmp(units->name, name) == 0)
			return units;
	return NULL;
}

static int parse_scaled(const struct kind *kind, const char *text, const char *where,
			uint64_t *result, struct error *error)
{
	size_t length = decimal_length(text);
	const struct unit *unit;
	uint64_t value;

	if (text[0] == '-' && decimal_length(text + 1) > 0)
		return error_set(error, -EINVAL, where, "\"%s\" is negative; write e.g. %s", text,
				 kind->example);
	if (length == 0)
		return refuse(kind, text, where, error);
	if (text[length] == '\0') {
		if (kind == &time_kind && is_zero(text, length)) {
			*result = 0;
			return 0;
		}
		return error_set(error, -EINVAL, where, "\"%s\" has no unit; add %s: write e.g. %s",
				 text, kind->unit_to_add, kind->example);
	}
	unit = find_unit(kind->units, text + length);
	if (!unit)
		return refuse(kind, text, where, error);
	if (!scale_decimal(text, length, unit->scale, &value))
		return error_set(error, -EINVAL, where, "\"%s\" is too large; write e.g. %s", text,
				 kind->example);
	if (value == 0 && !is_zero(text, length))
		return error_set(error, -EINVAL, where,
				 "\"%s\" rounds to nothing; write 0%s or something larger", text,
				 unit->name);
	*result = value;
	return 0;
}

int quantity_parse_time_ns(const char *text, const char *where, uint64_t *time_ns,
			   struct error *error)
{
	uint64_t parsed_ns;
	int result = parse_scaled(&time_kind, text, where, &parsed_ns, error);

	if (result < 0)
		return result;
	if (parsed_ns > QUANTITY_TIME_MOST_NS)
		return error_set(error, -EINVAL, where,
				 "\"%s\" is too large, more than a hundred years; write e.g. %s",
				 text, time_kind.example);
	*time_ns = parsed_ns;
	return 0;
}

int quantity_parse_rate_bps(const char *text, const char *where, uint64_t *bits_per_second,
			    struct error *error)
{
	return parse_scaled(&rate_kind, text, where, bits_per_second, error);
}

int quantity_parse_size_bytes(const char *text, const char *where, uint64_t *bytes,
			      struct error *error)
{
	return parse_scaled(&size_kind, text, where, bytes, error);
}

int quantity_parse_percent(const char *text, const char *where, double *ratio, struct error *error)
{
	char shifted[64];
	size_t length = decimal_length(text);
	long exponent = 0;
	const char *rest = text + length;
	double value;
	int written;

	if (text[0] == '-' && decimal_length(text + 1) > 0)
		return error_set(error, -EINVAL, where, "\"%s\" is negative; write e.g. 0.1%%",
				 text);
	if (length > 0 && (*rest == 'e' || *rest == 'E') &&
	    (isdigit((unsigned char)rest[1]) ||
	     (rest[1] == '-' && isdigit((unsigned char)rest[2])))) {
		char *end;

		exponent = strtol(rest + 1, &end, 10);
		rest = end;
	}
	if (length == 0 || length > 40 || exponent < -300 || exponent > 300 ||
	    (*rest != '\0' && strcmp(rest, "%") != 0))
		return error_set(error, -EINVAL, where,
				 "\"%s\" is not a percentage; write e.g. 0.1%%", text);
	// The division by 100 is done on the decimal exponent, so that 0.1% is exactly the double
	// 0.001.
	written = snprintf(shifted, sizeof(shifted), "%.*se%ld", (int)length, text, exponent - 2);
	if (written < 0 || (size_t)written >= sizeof(shifted))
		return error_set(error, -EINVAL, where,
				 "\"%s\" is not a percentage; write e.g. 0.1%%", text);
	value = strtod(shifted, NULL);
	if (!(value <= 1.0))
		return error_set(error, -EINVAL, where,
				 "\"%s\" is more than 100%%; write e.g. 0.1%%", text);
	if (value == 0.0 && !is_zero(text, length))
		return error_set(error, -EINVAL, where,
				 "\"%s\" rounds to nothing; write 0%% or something larger", text);
	*ratio = value;
	return 0;
}

int quantity_parse_length_m(const char *text, const char *where, double *metres,
			    struct error *error)
{
	size_t length = decimal_length(text);
	double scale;
	double value;

	if (text[0] == '-' && decimal_length(text + 1) > 0)
		return error_set(error, -EINVAL, where, "\"%s\" is negative; write e.g. 245km",
				 text);
	if (length > 0 && text[length] == '\0' && !is_zero(text, length))
		return error_set(error, -EINVAL, where,
				 "\"%s\" has no unit; add m or km: write e.g. 245km", text);
	if (length > 0 && (text[length] == '\0' || strcasecmp(text + length, "m") == 0))
		scale = 1.0;
	else if (length > 0 && strcasecmp(text + length, "km") == 0)
		scale = 1000.0;
	else
		return error_set(error, -EINVAL, where, "\"%s\" is not a length; write e.g. 245km",
				 text);
	value = strtod(text, NULL) * scale;
	if (!(value <= 1e12))
		return error_set(error, -EINVAL, where, "\"%s\" is too large; write e.g. 245km",
				 text);
	if (value == 0.0 && !is_zero(text, length))
		return error_set(error, -EINVAL, where, "\"%s\" rounds to nothing; write e.g. 1m",
				 text);
	*metres = value;
	return 0;
}

int quantity_parse_angle_deg(const char *text, const char *where, double *degrees,
			     struct error *error)
{
	const char *number = text + (text[0] == '-' || text[0] == '+');
	size_t length = decimal_length(number);
	double value;

	if (length == 0 || (number[length] != '\0' && strcasecmp(number + length, "deg") != 0))
		return error_set(error, -EINVAL, where,
				 "\"%s\" is not an angle; write e.g. 21.5deg", text);
	value = strtod(text, NULL);
	if (!(fabs(value) <= 360.0))
		return error_set(error, -EINVAL, where,
				 "\"%s\" is more than a turn; write e.g. 21.5deg", text);
	*degrees = value;
	return 0;
}

int quantity_parse_count(const char *text, const char *where, uint64_t *count, struct error *error)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || text[length] != '\0')
		return error_set(error, -EINVAL, where,
				 "\"%s\" is not a whole number; write e.g. 12", text);
	if (!scale_decimal(text, length, 1, count))
		return error_set(error, -EINVAL, where, "\"%s\" is too large; write e.g. 12", text);
	return 0;
}
