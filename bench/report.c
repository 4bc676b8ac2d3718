// SPDX-License-Identifier: BSD-3-Clause
// Medians, spreads, and the table. Widths are fixed, so that the tables of all benches line up.
#include "bench/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/machine.h"

#define WIDTH_WHAT      58
#define WIDTH_CORRIDOR  24
#define WIDTH_REFERENCE 24

// ---- Samples ----

void samples_add(struct samples *samples, double value)
{
	if (samples->count < REPORT_ROUNDS_MOST)
		samples->values[samples->count++] = value;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

double samples_median(const struct samples *samples)
{
	struct samples sorted = *samples;
	unsigned middle = sorted.count / 2;

	if (sorted.count == 0)
		return 0;
	qsort(sorted.values, sorted.count, sizeof(sorted.values[0]), compare);
	if (sorted.count % 2)
		return sorted.values[middle];
	return (sorted.values[middle - 1] + sorted.values[middle]) / 2;
}

double samples_least(const struct samples *samples)
{
	double least = samples->count ? samples->values[0] : 0;

	for (unsigned i = 1; i < samples->count; i++)
		least = samples->values[i] < least ? samples->values[i] : least;
	return least;
}

double samples_most(const struct samples *samples)
{
	double most = samples->count ? samples->values[0] : 0;

	for (unsigned i = 1; i < samples->count; i++)
		most = samples->values[i] > most ? samples->values[i] : most;
	return most;
}

// ---- The report ----

struct report_line *report_add(struct report *report, const char *key, const char *what,
			       const char *unit, const char *against)
{
	if (report->line_count < REPORT_LINES_MOST)
		report->line_count++;
	struct report_line *line = &report->lines[report->line_count - 1];
	*line = (struct report_line){.key = key, .what = what, .unit = unit, .against = against};
	return line;
}

void report_note(struct report *report, const char *format, ...)
{
	char note[sizeof(report->notes[0])];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note, sizeof(note), format, arguments);
	va_end(arguments);
	for (unsigned i = 0; i < report->note_count; i++) {
		if (strcmp(report->notes[i], note) == 0)
			return;
	}
	if (report->note_count < REPORT_NOTES_MOST)
		memcpy(report->notes[report->note_count++], note, sizeof(note));
}

double report_ratio(const struct report_line *line)
{
	struct samples ratios = {.count = 0};

	for (unsigned i = 0; i < line->corridor.count && i < line->reference.count; i++) {
		if (line->reference.values[i] > 0)
			samples_add(&ratios, line->corridor.values[i] / line->reference.values[i]);
	}
	return samples_median(&ratios);
}

struct report_line *report_target(struct report_line *line, enum report_bound bound, double target)
{
	line->bound = bound;
	line->target = target;
	line->target_is_ratio = false;
	return line;
}

struct report_line *report_target_ratio(struct report_line *line, enum report_bound bound,
					double target)
{
	report_target(line, bound, target);
	line->target_is_ratio = true;
	return line;
}

enum report_verdict report_verdict(const struct report_line *line)
{
	double figure = samples_median(&line->corridor);

	if (line->bound == REPORT_NO_TARGET || line->corridor.count == 0)
		return REPORT_OPEN;
	if (line->target_is_ratio) {
		if (line->reference.count == 0)
			return REPORT_OPEN;
		figure = report_ratio(line);
	}
	if (line->bound == REPORT_AT_LEAST)
		return figure >= line->target ? REPORT_MET : REPORT_MISSED;
	return figure <= line->target ? REPORT_MET : REPORT_MISSED;
}

// ---- For people ----

// Three significant digits, and integers whole.
static int format_value(char *text, size_t size, double value)
{
	int decimals = value >= 99.95 || value == (double)(long long)value ? 0
		       : value >= 9.995                                    ? 1
		       : value >= 0.9995                                   ? 2
									   : 3;

	return snprintf(text, size, "%.*f", decimals, value);
}

// Median, and in brackets the least and the most.
static void format_samples(char *text, size_t size, const struct samples *samples)
{
	char median[32], least[32], most[32];

	if (samples->count == 0) {
		snprintf(text, size, "not measured");
		return;
	}
	format_value(median, sizeof(median), samples_median(samples));
	format_value(least, sizeof(least), samples_least(samples));
	format_value(most, sizeof(most), samples_most(samples));
	if (samples->count == 1)
		snprintf(text, size, "%s", median);
	else
		snprintf(text, size, "%s (%s-%s)", median, least, most);
}

static void format_target(char *text, size_t size, const struct report_line *line)
{
	char target[32];

	format_value(target, sizeof(target), line->target);
	snprintf(text, size, "%s %s%s", line->bound == REPORT_AT_LEAST ? ">=" : "<=", target,
		 line->target_is_ratio ? " x" : "");
	if (line->bound == REPORT_NO_TARGET)
		text[0] = '\0';
}

static void print_line(const struct report_line *line)
{
	static const char *const verdicts[] = {
		[REPORT_OPEN] = "", [REPORT_MET] = "  met", [REPORT_MISSED] = "  not met"};
	char corridor[112], reference[112], ratio[32] = "-", target[64];

	format_samples(corridor, sizeof(corridor), &line->corridor);
	format_samples(reference, sizeof(reference), &line->reference);
	if (line->reference.count == 0)
		snprintf(reference, sizeof(reference), "-");
	if (line->corridor.count && line->reference.count)
		format_value(ratio, sizeof(ratio), report_ratio(line));
	format_target(target, sizeof(target), line);
	printf("  %-*s %*s %*s %7s  %-15s %9s%s\n", WIDTH_WHAT - 2, line->what, WIDTH_CORRIDOR,
	       corridor, WIDTH_REFERENCE, reference, ratio, line->unit, target,
	       verdicts[report_verdict(line)]);
}

static void print_table(const struct report *report)
{
	char title[128];
	const char *against = "";

	snprintf(title, sizeof(title), "%s, median of %u round%s (least-most)", report->name,
		 report->rounds, report->rounds == 1 ? "" : "s");
	printf("%-*s %*s %*s %7s  %-15s %9s\n", WIDTH_WHAT, title, WIDTH_CORRIDOR, "corridor",
	       WIDTH_REFERENCE, "reference", "ratio", "unit", "target");
	for (unsigned i = 0; i < report->line_count; i++)
		print_line(&report->lines[i]);
	printf("\n");
	for (unsigned i = 0; i < report->line_count; i++) {
		const char *name = report->lines[i].against;
		if (name == NULL || strcmp(name, against) == 0)
			continue;
		printf("  reference: %s\n", name);
		against = name;
	}
	for (unsigned i = 0; i < report->note_count; i++)
		printf("  %s\n", report->notes[i]);
	printf("\n");
}

// ---- For programs ----

static json_t *json_samples(const struct samples *samples)
{
	json_t *values = json_array();

	for (unsigned i = 0; i < samples->count; i++)
		json_array_append_new(values, json_real(samples->values[i]));
	return json_pack("{s:f, s:f, s:f, s:o}", "median", samples_median(samples), "least",
			 samples_least(samples), "most", samples_most(samples), "values", values);
}

static json_t *json_line(const struct report_line *line)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:o}", "key", line->key, "what", line->what,
				 "unit", line->unit, "corridor", json_samples(&line->corridor));

	if (line->bound != REPORT_NO_TARGET) {
		enum report_verdict verdict = report_verdict(line);

		json_object_set_new(
			json, "target",
			json_pack("{s:s, s:f, s:s}", "of",
				  line->target_is_ratio ? "ratio" : "corridor",
				  line->bound == REPORT_AT_LEAST ? "at_least" : "at_most",
				  line->target, "verdict",
				  verdict == REPORT_OPEN  ? "not measured"
				  : verdict == REPORT_MET ? "met"
							  : "not met"));
	}
	if (line->against == NULL)
		return json;
	json_object_set_new(json, "against", json_string(line->against));
	if (line->reference.count == 0)
		return json;
	json_object_set_new(json, "reference", json_samples(&line->reference));
	json_object_set_new(json, "ratio", json_real(report_ratio(line)));
	return json;
}

static void print_json(const struct report *report)
{
	char processor[128];
	json_t *lines = json_array();
	json_t *notes = json_array();

	machine_processor(processor, sizeof(processor));
	for (unsigned i = 0; i < report->line_count; i++)
		json_array_append_new(lines, json_line(&report->lines[i]));
	for (unsigned i = 0; i < report->note_count; i++)
		json_array_append_new(notes, json_string(report->notes[i]));
	json_t *json = json_pack("{s:s, s:i, s:s, s:o, s:o}", "bench", report->name, "rounds",
				 (int)report->rounds, "processor", processor, "lines", lines,
				 "notes", notes);
	if (json != NULL)
		json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	printf("\n");
	json_decref(json);
}

void report_print(const struct report *report, bool json)
{
	(json ? print_json : print_table)(report);
	fflush(stdout);
}
