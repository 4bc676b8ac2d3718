// SPDX-License-Identifier: BSD-3-Clause
// Was the promise kept? Named tests of a matched pair of captures against the oracle, at a stated
// rate of false alarms.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcaps/frames.h"
#include "pcaps/judge_geometry.h"
#include "pcaps/judge_line.h"
#include "pcaps/match.h"
#include "pcaps/measure.h"
#include "pcaps/oracle.h"

// Tests with a p-value: their shares of the false alarms allowed add up to alpha.
#define JUDGE_STATISTICAL_TESTS 7
#define JUDGE_TESTS             20
#define JUDGE_ALPHA             1e-6

enum judge_answer {
	JUDGE_PASS,
	JUDGE_FAIL,
	JUDGE_OPEN // too few packets to say, or no law to hold against
};

struct judge_test {
	const char *name;
	const char *unit; // of expected and measured: "packets", "ratio", "ns"
	double expected;
	double measured;
	double p_value; // 0 or 1 for what has no chance in it; NaN when the answer is open
	enum judge_answer answer;
	char note[256]; // what was found, or why the answer is open; may be empty
};

struct judge_case {
	const struct frames *sent;
	const struct frames *received;
	const struct match *match;
	const struct measure *measure;
	const struct oracle *oracle; // NULL: no model; only conservation and corruption are judged
	double alpha;                // of a false alarm, over all tests
	uint64_t tolerance_ns;       // error of the captures' clocks and of a live engine
	uint64_t clock_ns;           // of the captures when the lab's clock was zero
	bool alone;                  // no one else's packets are on the channels of the path
	const struct judge_line *lines; // of a path, per sent frame; made by judge_frames
	bool no_law;                    // exact oracle: the channel's packet numbers are not known
	const struct judge_geometry *geometry; // of paths over satellite links; or NULL
	const bool *otherwise; // per sent frame: damaged, but not as promised (damage.h); or NULL
};

struct judge {
	struct judge_test tests[JUDGE_TESTS];
	size_t count;
	bool pass; // no test failed
	size_t open;
	char why[512]; // one sentence: the clauses that failed, or how many hold
	double alpha;
};

// 0 or -ENOMEM with a sentence.
int judge_frames(const struct judge_case *judged, struct judge *judge, struct error *error);

// Private to pcaps/judge*. Appends a test and gives it to be filled in.
struct judge_test *judge_add(struct judge *judge, const char *name, const char *unit);
// Fails if `measured` is not 0: a clause without chance.
void judge_none(struct judge_test *test, size_t measured);
// Decides by p-value; `can_tell` is false when too few packets are there to see a gross fault.
void judge_by_p(const struct judge_case *judged, struct judge_test *test, double p_value,
		bool can_tell);
__attribute__((format(printf, 2, 3))) void judge_open(struct judge_test *test, const char *format,
						      ...);
// Has this sent frame arrived whole?
bool judge_arrived(const struct judge_case *judged, size_t sent);
// Instant of its arrival.
uint64_t judge_arrival_ns(const struct judge_case *judged, size_t sent);
// Does chance alone decide whether this frame is lost? (What carrier, queue or MTU take is
// certain.)
bool judge_by_chance(const struct oracle *oracle, size_t sent);
// May the model be held against this frame's delay? One that was sent past the others, or has a
// copy, is left to the law.
bool judge_is_settled(const struct judge_case *judged, size_t sent);
// Arrival less the constant part of the promise: what jitter and others' packets added.
int64_t judge_residual_ns(const struct judge_case *judged, size_t sent);
int judge_loss(const struct judge_case *judged, struct judge *judge);
int judge_ratio(const struct judge_case *judged, struct judge *judge);
int judge_delay(const struct judge_case *judged, struct judge *judge);
void judge_correlation(const struct judge_case *judged, struct judge *judge);
int judge_mishaps(const struct judge_case *judged, struct judge *judge);
// malloc'ed. 0 or -ENOMEM.
int judge_line_make(const struct judge_case *judged, struct judge_line **lines);
void judge_line(const struct judge_case *judged, struct judge *judge);
int judge_geometry(const struct judge_case *judged, struct judge *judge);
