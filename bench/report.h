// SPDX-License-Identifier: BSD-3-Clause
// What a bench has found: each figure beside its reference, with the spread over the rounds, as a
// table or as JSON.
#pragma once

#include <stdbool.h>

#define REPORT_ROUNDS_MOST 31
#define REPORT_LINES_MOST  24
#define REPORT_NOTES_MOST  12

// One value a round.
struct samples {
	unsigned count;
	double values[REPORT_ROUNDS_MOST];
};

void samples_add(struct samples *samples, double value);
// Of two in the middle their mean; 0 when there are none.
double samples_median(const struct samples *samples);
double samples_least(const struct samples *samples);
double samples_most(const struct samples *samples);

// Texts are the caller's and must last.
struct report_line {
	const char *key;     // for JSON
	const char *what;    // for people
	const char *unit;    // of both figures
	const char *against; // what the reference is; NULL: there is none
	struct samples corridor;
	struct samples reference; // may stay empty when the machine lacks the reference
};

struct report {
	const char *name;
	unsigned rounds;
	struct report_line lines[REPORT_LINES_MOST];
	unsigned line_count;
	char notes[REPORT_NOTES_MOST][256];
	unsigned note_count;
};

// A line more, for samples to be added to. At most REPORT_LINES_MOST; the last one again beyond.
struct report_line *report_add(struct report *report, const char *key, const char *what,
			       const char *unit, const char *against);
// A sentence below the table. One that is there already is not said twice.
void report_note(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// corridor / reference: the median over rounds in which both were measured, one after the other, so
// that a slow phase of the machine meets both. 0 when there is none.
double report_ratio(const struct report_line *line);

// To standard output.
void report_print(const struct report *report, bool json);
