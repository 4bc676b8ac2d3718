// SPDX-License-Identifier: BSD-3-Clause
// Quantities to the shortest text that quantity.c reads back to the same value.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/quantity.h"

// value / scale as a decimal; exact when scale is a power of ten.
static char *format_decimal(uint64_t value, uint64_t scale, const char *unit, char *buffer,
			    size_t size)
{
	char digits[24] = "";
	uint64_t rest = value % scale;
	int count = 0;

	if (rest == 0) {
		snprintf(buffer, size, "%" PRIu64 "%s", value / scale, unit);
		return buffer;
	}
	for (; rest > 0; rest %= scale) {
		rest *= 10;
		digits[count++] = (char)('0' + rest / scale);
	}
	snprintf(buffer, size, "%" PRIu64 ".%s%s", value / scale, digits, unit);
	return buffer;
}

char *quantity_format_time(uint64_t time_ns, char *buffer, size_t size)
{
	if (time_ns >= 1000000000)
		return format_decimal(time_ns, 1000000000, "s", buffer, size);
	if (time_ns >= 1000000)
		return format_decimal(time_ns, 1000000, "ms", buffer, size);
	if (time_ns >= 1000)
		return format_decimal(time_ns, 1000, "us", buffer, size);
	return format_decimal(time_ns, 1, "ns", buffer, size);
}

char *quantity_format_rate(uint64_t bits_per_second, char *buffer, size_t size)
{
	if (bits_per_second >= 1000000000)
		return format_decimal(bits_per_second, 1000000000, "gbit", buffer, size);
	if (bits_per_second >= 1000000)
		return format_decimal(bits_per_second, 1000000, "mbit", buffer, size);
	if (bits_per_second >= 1000)
		return format_decimal(bits_per_second, 1000, "kbit", buffer, size);
	return format_decimal(bits_per_second, 1, "bit", buffer, size);
}

char *quantity_format_size(uint64_t bytes, char *buffer, size_t size)
{
	static const char *const units[] = {"b", "kb", "mb", "gb"};
	unsigned unit = 0;

	while (bytes > 0 && bytes % 1024 == 0 && unit < 3) {
		bytes /= 1024;
		unit++;
	}
	snprintf(buffer, size, "%" PRIu64 "%s", bytes, units[unit]);
	return buffer;
}

// `number` is "d.ddde[+-]xx": writes it times 100 without an exponent where that stays short.
static void shift_by_two(const char *number, char *buffer, size_t size)
{
	char digits[32];
	size_t count = 0;
	long exponent = strtol(strchr(number, 'e') + 1, NULL, 10) + 2;

	for (const char *c = number; *c != 'e'; c++)
		if (*c != '.')
			digits[count++] = *c;
	digits[count] = '\0';
	if (exponent < -7)
		snprintf(buffer, size, "%.1s%s%se%ld%%", digits, count > 1 ? "." : "", digits + 1,
			 exponent);
	else if (exponent < 0)
		snprintf(buffer, size, "0.%.*s%s%%", (int)(-exponent - 1), "0000000", digits);
	else if ((size_t)exponent + 1 >= count)
		snprintf(buffer, size, "%s%.*s%%", digits, (int)((size_t)exponent + 1 - count),
			 "00");
	else
		snprintf(buffer, size, "%.*s.%s%%", (int)exponent + 1, digits,
			 digits + exponent + 1);
}

char *quantity_format_percent(double ratio, char *buffer, size_t size)
{
	if (!(ratio > 0.0)) {
		snprintf(buffer, size, "0%%");
		return buffer;
	}
	for (int precision = 0; precision <= 17; precision++) {
		char number[48];
		double back;

		snprintf(number, sizeof(number), "%.*e", precision, ratio);
		shift_by_two(number, buffer, size);
		if (quantity_parse_percent(buffer, "", &back, NULL) == 0 && back == ratio)
			break;
	}
	return buffer;
}
