// SPDX-License-Identifier: BSD-3-Clause
// What a bench has found: each figure beside its reference, with the spread over the rounds, as a
// table or as JSON.
#pragma once

#include <stdbool.h>

#define REPORT_ROUNDS_MOST 31
#define REPORT_LINES_MOST  64
#define REPORT_NOTES_MOST  16

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

// What a figure should be.
enum report_bound { REPORT_NO_TARGET, REPORT_AT_LEAST, REPORT_AT_MOST };

// Texts are the caller's and must last.
struct report_line {
	const char *key;     // for JSON
	const char *what;    // for people
	const char *unit;    // of both figures
	const char *against; // what the reference is; NULL: there is none
	enum report_bound bound;
	bool target_is_ratio; // of corridor / reference, else of corridor's own figure
	double target;
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
// What the line's median (or its ratio to the reference) should be. Gives the line.
struct report_line *report_target(struct report_line *line, enum report_bound bound, double target);
struct report_line *report_target_ratio(struct report_line *line, enum report_bound bound,
					double target);
// Was there a target, was its figure measured, and was it met?
enum report_verdict { REPORT_OPEN, REPORT_MET, REPORT_MISSED };
enum report_verdict report_verdict(const struct report_line *line);
// A sentence below the table. One that is there already is not said twice.
void report_note(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// corridor / reference: the median over rounds in which both were measured, one after the other, so
// that a slow phase of the machine meets both. 0 when there is none.
double report_ratio(const struct report_line *line);

// To standard output. A table is a header, the lines, an empty line, notes and an empty line: `lab`
// makes one table of several so.
void report_print(const struct report *report, bool json);
