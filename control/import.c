// SPDX-License-Identifier: BSD-3-Clause
// `corridor import`: series of delay and rate that others recorded or computed, as a trace of ours.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/command.h"
#include "control/lines.h"

#define COLUMNS_MOST 32
#define LOSS_ALL     4294967295.0 // TheaterQ's 100 %

enum quantity { NOTHING, AT, DELAY, RATE, LOSS, CARRIER };

// What headings of a series mean, and what makes base units (s, s, bit/s, ratio) of their figures.
static const struct heading {
	const char *name;
	enum quantity quantity;
	double scale;
} headings[] = {
	{"time_s", AT, 1},         {"time_ms", AT, 1e-3},        {"time_us", AT, 1e-6},
	{"time_ns", AT, 1e-9},     {"delay_s", DELAY, 1},        {"delay_ms", DELAY, 1e-3},
	{"delay_us", DELAY, 1e-6}, {"delay_ns", DELAY, 1e-9},    {"rtt_s", DELAY, 0.5},
	{"rtt_ms", DELAY, 0.5e-3}, {"rtt_us", DELAY, 0.5e-6},    {"rtt_ns", DELAY, 0.5e-9},
	{"rate_bps", RATE, 1},     {"rate_kbps", RATE, 1e3},     {"rate_mbps", RATE, 1e6},
	{"rate_gbps", RATE, 1e9},  {"loss_percent", LOSS, 1e-2}, {"loss_ratio", LOSS, 1},
	{"carrier", CARRIER, 1},
};

struct import {
	const char *path;
	unsigned line;
	const struct heading *columns[COLUMNS_MOST]; // NULL: left out
	size_t count;
	bool lasts; // TheaterQ: the first column is how long, not when
	double at_s;
	double last_s;
	bool begun; // a line that is no comment has been seen
	size_t rows;
	bool shows[CARRIER + 1];
	FILE *out;
	struct error *error;
};

static int fail(const struct import *import, const char *what, const char *found)
{
	char where[160];

	snprintf(where, sizeof(where), "%s:%u", import->path, import->line);
	return error_set(import->error, -EINVAL, where, "%s \"%.60s\"", what, found);
}

static const struct heading *find(const char *name)
{
	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		if (strcmp(headings[i].name, name) == 0)
			return &headings[i];
	return NULL;
}

static void write_heading(struct import *import)
{
	static const char *const names[] = {
		[DELAY] = ",delay", [RATE] = ",rate", [LOSS] = ",loss", [CARRIER] = ",carrier"};

	for (size_t i = 0; i < import->count; i++)
		if (import->columns[i])
			import->shows[import->columns[i]->quantity] = true;
	fputs("time_s", import->out);
	for (int q = DELAY; q <= CARRIER; q++)
		if (import->shows[q])
			fputs(names[q], import->out);
	fputc('\n', import->out);
}

static int take_headings(struct import *import, char *line)
{
	bool has_time = false, has_more = false;

	for (char *item; (item = strsep(&line, ",")) && import->count < COLUMNS_MOST;) {
		const struct heading *heading;

		item += strspn(item, " \t\"");
		item[strcspn(item, " \t\"\r")] = '\0';
		heading = find(item);
		if (!heading)
			return fail(import,
				    "a column is none of time_s, delay_ms, rtt_ms, rate_bps, "
				    "rate_mbps, loss_percent, carrier and their other units:",
				    item);
		has_time |= heading->quantity == AT;
		has_more |= heading->quantity != AT;
		import->columns[import->count++] = heading;
	}
	if (!has_time || !has_more)
		return fail(import, "a series has a column of time and one more; there is",
			    has_time ? "time alone" : "no time");
	return 0;
}

// The formats without headings.
static int set_format(struct import *import, const char *format, size_t columns)
{
	static const struct heading loss = {"loss", LOSS, 1 / LOSS_ALL};

	if (strcmp(format, "hypatia") == 0) {
		import->columns[0] = find("time_ns");
		import->columns[1] = find("rtt_ns");
		import->count = 2;
		return 0;
	}
	import->lasts = true;
	import->columns[0] = find("time_us");
	import->columns[1] = find("delay_ns");
	// Simple: keep, latency, rate, loss, limit. Extended: a jitter behind the latency, and more
	// behind the limit.
	import->columns[columns > 5 ? 3 : 2] = find("rate_bps");
	import->columns[columns > 5 ? 4 : 3] = &loss;
	import->count = columns;
	if (columns == 5 || columns == 8 || columns == 9)
		return 0;
	return fail(import, "a TheaterQ trace has 5, 8 or 9 columns; this line is not one of them:",
		    format);
}

static void write_row(struct import *import, const double *values, double at_s)
{
	fprintf(import->out, "%.9f", at_s);
	if (import->shows[DELAY])
		fprintf(import->out, ",%.0fns", values[DELAY] * 1e9);
	if (import->shows[RATE])
		fprintf(import->out, ",%.0fbit", values[RATE]);
	if (import->shows[LOSS])
		fprintf(import->out, ",%.9g%%", values[LOSS] * 100);
	if (import->shows[CARRIER])
		fprintf(import->out, ",%d", values[CARRIER] != 0);
	fputc('\n', import->out);
	import->rows++;
}

static int take_row(struct import *import, char *line)
{
	double values[CARRIER + 1] = {0}, at_s;
	size_t column = 0;

	for (char *item; (item = strsep(&line, ",")); column++) {
		const struct heading *heading;
		char *end;
		double value = strtod(item, &end);

		if (column >= import->count)
			return fail(import, "there are more values than columns:", item);
		heading = import->columns[column];
		if (!heading)
			continue;
		if (end == item || end[strspn(end, " \t\r")] != '\0' || !(value >= 0) ||
		    !isfinite(value))
			return fail(import, "a value is not a number of 0 or more:", item);
		values[heading->quantity] = value * heading->scale;
	}
	if (column < import->count)
		return fail(import, "there are fewer values than columns in this line, after",
			    "its last");
	if (values[LOSS] > 1)
		return fail(import, "more than all is lost in this line:", import->path);
	at_s = import->lasts ? import->at_s : values[AT];
	if (import->rows > 0 && at_s <= import->last_s)
		return fail(import, "time does not go on in this line:", import->path);
	import->last_s = at_s;
	import->at_s += values[AT];
	write_row(import, values, at_s);
	return 0;
}

static size_t count_columns(const char *line)
{
	size_t count = 1;

	for (; *line; line++)
		count += *line == ',';
	return count;
}

static int take_line(struct import *import, const char *format, char *line)
{
	bool headed = strcmp(format, "csv") == 0;
	bool first = !import->begun;
	int rc = 0;

	import->line++;
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#' || (!headed && (line[0] < '0' || line[0] > '9')))
		return 0;
	import->begun = true;
	if (first) {
		rc = headed ? take_headings(import, line)
			    : set_format(import, format, count_columns(line));
		if (!rc)
			write_heading(import);
	}
	return rc || (first && headed) ? rc : take_row(import, line);
}

static int convert(struct import *import, FILE *in, const char *format)
{
	char line[LINE_MOST + 1];
	int rc;

	while ((rc = lines_next(in, import->path, line, import->error)) > 0) {
		rc = take_line(import, format, line);
		if (rc)
			return rc;
	}
	if (!rc && import->rows == 0)
		return error_set(import->error, -EINVAL, import->path,
				 "holds no row, so there is nothing to make a trace of");
	return rc;
}

static bool is_same_file(FILE *in, const char *to)
{
	struct stat read, written;

	return fstat(fileno(in), &read) == 0 && stat(to, &written) == 0 &&
	       read.st_dev == written.st_dev && read.st_ino == written.st_ino;
}

// Written aside and renamed.
static int import_file(struct import *import, const char *format, const char *to)
{
	char aside[4096];
	FILE *in = fopen(import->path, "re");
	int rc;

	if (!in)
		return error_set(import->error, -errno, import->path, "cannot be opened: %s",
				 strerror(errno));
	if (is_same_file(in, to)) {
		fclose(in);
		return error_set(import->error, -EINVAL, to,
				 "is the input too (name another file)");
	}
	snprintf(aside, sizeof(aside), "%s.%d~", to, (int)getpid());
	import->out = fopen(aside, "wxe");
	if (!import->out) {
		fclose(in);
		return error_set(import->error, -errno, to, "cannot be written: %s",
				 strerror(errno));
	}
	rc = convert(import, in, format);
	fclose(in);
	if (fclose(import->out) != 0 && !rc)
		rc = error_set(import->error, -errno, to, "cannot be written: %s", strerror(errno));
	if (!rc && rename(aside, to) < 0)
		rc = error_set(import->error, -errno, to, "cannot be written: %s", strerror(errno));
	if (rc)
		unlink(aside);
	return rc;
}

int command_import(struct invocation *invocation)
{
	const char *format = take_option(invocation, "--format");
	struct error error = {.code = 0};
	struct import import = {.error = &error};
	int status = expect_words(invocation, 2, 2);

	if (status != EXIT_TRUE)
		return status;
	if (!format)
		format = "csv";
	if (strcmp(format, "csv") != 0 && strcmp(format, "hypatia") != 0 &&
	    strcmp(format, "theaterq") != 0)
		return report_usage(invocation, "--format \"%s\" is not csv, hypatia or theaterq",
				    format);
	import.path = invocation->argv[0];
	if (import_file(&import, format, invocation->argv[1]))
		return report_error(invocation, &error);
	if (invocation->json)
		print_json(invocation, json_pack("{s:s, s:I}", "trace", invocation->argv[1], "rows",
						 (json_int_t)import.rows));
	else
		fprintf(invocation->out, "trace = %s%s\n", invocation->argv[1],
			strcmp(format, "theaterq") == 0 ? "" : " once interpolate");
	return EXIT_TRUE;
}
