// SPDX-License-Identifier: BSD-3-Clause
// iproute2's .dist tables, loss patterns, Mahimahi's delivery traces, CSV series. Each file is
// taken whole or refused whole, with the line and the reason.
#include "topologies/tables_formats.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/quantity.h"

#define SAMPLES_MOST 16384 // as in iproute2
#define TIME_MOST_S  (10.0 * 365.25 * 86400.0)

struct lines {
	char *rest;
	unsigned number;
	const char *path;
	struct error *error;
};

// The next line, cut off and without a carriage return; NULL at the end.
static char *next_line(struct lines *lines)
{
	char *line = lines->rest, *end;

	if (!line || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	lines->rest = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	end = line + strlen(line);
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	lines->number++;
	return line;
}

static int refuse(const struct lines *lines, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(const struct lines *lines, const char *format, ...)
{
	char where[sizeof(lines->error->where)], what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	snprintf(where, sizeof(where), "%.100s:%u", lines->path, lines->number);
	return error_set(lines->error, -EINVAL, where, "%s", what);
}

static int no_memory(const struct lines *lines)
{
	return error_set(lines->error, -ENOMEM, lines->path, "no memory for the table");
}

static char *skip_space(char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

// Room for one more of `size` bytes each, by doubling.
static bool reserve(void **items, size_t count, size_t size)
{
	void *grown;

	if (count & (count - 1))
		return true;
	grown = realloc(*items, (count ? 2 * count : 1) * size);
	if (grown)
		*items = grown;
	return grown != NULL;
}

// Whole numbers of 16 bits, separated by white space; # begins a comment.
static int parse_samples(struct lines *lines, struct table *table)
{
	char *line;

	while ((line = next_line(lines))) {
		line[strcspn(line, "#")] = '\0';
		for (char *at = skip_space(line); *at; at = skip_space(at)) {
			char *end;
			long value = strtol(at, &end, 10);

			if (end == at || (*end && !isspace((unsigned char)*end)))
				return refuse(lines, "\"%.20s\" is not a whole number", at);
			if (value < INT16_MIN || value > INT16_MAX)
				return refuse(lines, "%ld is out of range (-32768 to 32767)",
					      value);
			if (table->count == SAMPLES_MOST)
				return refuse(lines, "more than %d values", SAMPLES_MOST);
			if (!reserve((void **)&table->samples, table->count,
				     sizeof(*table->samples)))
				return no_memory(lines);
			table->samples[table->count++] = (int16_t)value;
			at = end;
		}
	}
	if (table->count == 0)
		return error_set(lines->error, -EINVAL, lines->path,
				 "holds no value; expected numbers as in iproute2's .dist files");
	return 0;
}

// 0 passes and 1 is lost; white space between them does not count, # begins a comment.
static int parse_bits(struct lines *lines, struct table *table)
{
	char *line;
	size_t room = 0;

	while ((line = next_line(lines))) {
		line[strcspn(line, "#")] = '\0';
		for (char *at = skip_space(line); *at; at = skip_space(at + 1)) {
			if (*at != '0' && *at != '1')
				return refuse(lines, "'%c' is neither 0 (passes) nor 1 (is lost)",
					      isprint((unsigned char)*at) ? *at : '?');
			if (table->count == room) {
				uint8_t *grown = realloc(table->bits, room ? room / 4 : 64);

				if (!grown)
					return no_memory(lines);
				memset(grown + room / 8, 0, (room ? room / 4 : 64) - room / 8);
				table->bits = grown;
				room = room ? 2 * room : 512;
			}
			table->bits[table->count / 8] |=
				(uint8_t)((*at == '1') << (table->count % 8));
			table->count++;
		}
	}
	if (table->count == 0)
		return error_set(lines->error, -EINVAL, lines->path,
				 "holds no 0 and no 1; expected one for each packet");
	return 0;
}

// A whole number of milliseconds a line, never falling: one delivery opportunity each.
static int parse_times(struct lines *lines, struct table *table)
{
	char *line;

	table->kind = TABLE_MAHIMAHI;
	while ((line = next_line(lines))) {
		char *at = skip_space(line), *end;
		uint64_t time_ms;

		if (*at == '\0')
			continue;
		errno = 0;
		time_ms = strtoull(at, &end, 10);
		if (!isdigit((unsigned char)*at) || errno || *skip_space(end))
			return refuse(lines, "\"%.30s\" is not a whole number of milliseconds", at);
		if ((double)time_ms > TIME_MOST_S * 1e3)
			return refuse(lines, "%" PRIu64 " ms is more than ten years", time_ms);
		if (table->count && time_ms < table->times_ms[table->count - 1])
			return refuse(lines, "%" PRIu64 " ms is before the line above it", time_ms);
		if (!reserve((void **)&table->times_ms, table->count, sizeof(*table->times_ms)))
			return no_memory(lines);
		table->times_ms[table->count++] = time_ms;
	}
	if (table->count == 0)
		return error_set(lines->error, -EINVAL, lines->path,
				 "holds no time; expected a delivery opportunity a line, in ms");
	if (table->times_ms[table->count - 1] == 0)
		return error_set(lines->error, -EINVAL, lines->path,
				 "ends at 0 ms, and the last time is how long it lasts");
	return 0;
}

static const char *const column_names[SERIES_COLUMNS] = {"delay", "rate", "loss", "carrier"};

// "time_s,delay,rate": which columns there are, in which order.
static int parse_header(struct lines *lines, char *line, struct table *table, int *order,
			int *columns)
{
	char *rest = NULL;
	int count = 0;

	for (char *word = strtok_r(line, ", \t", &rest); word;
	     word = strtok_r(NULL, ", \t", &rest), count++) {
		int column = 0;

		if (count == 0) {
			if (strcmp(word, "time_s") != 0)
				return refuse(lines,
					      "the first column is \"%.30s\"; expected time_s",
					      word);
			continue;
		}
		while (column < SERIES_COLUMNS && strcmp(word, column_names[column]) != 0)
			column++;
		if (column == SERIES_COLUMNS)
			return refuse(lines,
				      "\"%.30s\" is not a column; there is delay, rate, loss and "
				      "carrier",
				      word);
		if (table->columns & (1U << column))
			return refuse(lines, "%s is there twice", word);
		table->columns |= 1U << column;
		order[count - 1] = column;
	}
	if (count < 2)
		return refuse(lines, "there is no column but time_s; add delay, rate, loss or "
				     "carrier");
	*columns = count - 1;
	return 0;
}

static int parse_value(struct lines *lines, const char *word, int column, double *value)
{
	struct error reason;
	uint64_t whole = 0;
	int result = 0;

	switch ((enum series_column)column) {
	case SERIES_DELAY:
		result = quantity_parse_time_ns(word, "", &whole, &reason);
		*value = (double)whole;
		break;
	case SERIES_RATE:
		if (strcmp(word, "0") != 0)
			result = quantity_parse_rate_bps(word, "", &whole, &reason);
		*value = (double)whole;
		break;
	case SERIES_LOSS:
		result = quantity_parse_percent(word, "", value, &reason);
		break;
	default:
		*value = strcmp(word, "1") == 0 || strcmp(word, "up") == 0;
		if (*value == 0 && strcmp(word, "0") != 0 && strcmp(word, "down") != 0)
			return refuse(lines, "\"%.30s\" is not a carrier; expected 1 or 0", word);
	}
	return result < 0 ? refuse(lines, "%.200s", reason.what) : 0;
}

static int parse_row(struct lines *lines, char *line, const int *order, int columns,
		     struct table *table)
{
	struct series_row row = {0};
	char *rest = NULL, *end;
	char *word = strtok_r(line, ", \t", &rest);
	double at_s = strtod(word, &end);

	if (end == word || *end || !(at_s >= 0 && at_s <= TIME_MOST_S))
		return refuse(lines, "\"%.30s\" is not a time in seconds from 0 on", word);
	row.at_ns = (uint64_t)llround(at_s * 1e9);
	if (table->count && row.at_ns < table->rows[table->count - 1].at_ns + 1000)
		return refuse(lines, "%.9g s is not at least 1 us after the line above it", at_s);
	for (int i = 0; i < columns; i++) {
		word = strtok_r(NULL, ", \t", &rest);
		if (!word)
			return refuse(lines, "has %d values; expected %d after the time", i,
				      columns);
		if (parse_value(lines, word, order[i], &row.values[order[i]]) < 0)
			return -EINVAL;
	}
	if (strtok_r(NULL, ", \t", &rest))
		return refuse(lines, "has more than %d values after the time", columns);
	if (!reserve((void **)&table->rows, table->count, sizeof(*table->rows)))
		return no_memory(lines);
	table->rows[table->count++] = row;
	return 0;
}

static int parse_series(struct lines *lines, struct table *table)
{
	int order[SERIES_COLUMNS] = {0}, columns = 0, result = 0;
	char *line;

	table->kind = TABLE_SERIES;
	while (result == 0 && (line = next_line(lines))) {
		line = skip_space(line);
		if (*line == '\0' || *line == '#')
			continue;
		if (columns == 0)
			result = parse_header(lines, line, table, order, &columns);
		else
			result = parse_row(lines, line, order, columns, table);
	}
	if (result == 0 && table->count == 0)
		return error_set(lines->error, -EINVAL, lines->path,
				 "holds no row; expected time_s,delay,... and rows below it");
	if (result == 0 && table->rows[0].at_ns != 0)
		return error_set(lines->error, -EINVAL, lines->path,
				 "begins at %.9g s; the first row's time is 0",
				 (double)table->rows[0].at_ns / 1e9);
	return result;
}

// Does the first line that is no comment begin like a series?
static bool is_series(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n");
		if (*text != '#')
			return strncmp(text, "time_s", 6) == 0;
		text += strcspn(text, "\n");
	}
}

int table_parse(enum table_kind kind, char *text, struct table *table, struct error *error)
{
	struct lines lines = {.rest = text, .path = table->path, .error = error};

	table->kind = kind;
	switch (kind) {
	case TABLE_DISTRIBUTION:
		return parse_samples(&lines, table);
	case TABLE_PATTERN:
		return parse_bits(&lines, table);
	case TABLE_MAHIMAHI:
		if (is_series(text))
			return parse_series(&lines, table);
		return parse_times(&lines, table);
	case TABLE_SERIES:
		return parse_series(&lines, table);
	}
	return error_set(error, -EINVAL, table->path, "is a table of an unknown kind");
}
