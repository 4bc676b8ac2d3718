// SPDX-License-Identifier: BSD-3-Clause
// Was the promise kept? The clauses without chance, and the verdict.
#include "pcaps/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct judge_test *judge_add(struct judge *judge, const char *name, const char *unit)
{
	struct judge_test *test = &judge->tests[judge->count++];

	*test = (struct judge_test){.name = name, .unit = unit};
	return test;
}

void judge_none(struct judge_test *test, size_t measured)
{
	test->expected = 0;
	test->measured = (double)measured;
	test->p_value = measured == 0;
	test->answer = measured == 0 ? JUDGE_PASS : JUDGE_FAIL;
}

void judge_by_p(const struct judge_case *judged, struct judge_test *test, double p_value,
		bool can_tell)
{
	test->p_value = p_value;
	if (p_value < judged->alpha / JUDGE_STATISTICAL_TESTS) {
		test->answer = JUDGE_FAIL;
	} else if (can_tell) {
		test->answer = JUDGE_PASS;
	} else {
		test->answer = JUDGE_OPEN;
		snprintf(test->note, sizeof(test->note), "too few packets to say");
	}
}

void judge_open(struct judge_test *test, const char *format, ...)
{
	va_list arguments;

	test->answer = JUDGE_OPEN;
	test->expected = test->measured = test->p_value = NAN;
	va_start(arguments, format);
	vsnprintf(test->note, sizeof(test->note), format, arguments);
	va_end(arguments);
}

bool judge_arrived(const struct judge_case *judged, size_t sent)
{
	uint32_t received = judged->match->received_of_sent[sent];

	return received != MATCH_NONE && judged->match->kinds[received] == MATCH_FIRST;
}

uint64_t judge_arrival_ns(const struct judge_case *judged, size_t sent)
{
	return judged->received->rows[judged->match->received_of_sent[sent]].at_ns;
}

static void judge_counts(const struct judge_case *judged, struct judge *judge)
{
	const struct match *match = judged->match;
	struct judge_test *test = judge_add(judge, "conservation", "packets");

	judge_none(test, match->extra);
	snprintf(test->note, sizeof(test->note),
		 match->extra ? "%zu received packets are none of those sent"
			      : "sent %zu = received once or more %zu + lost %zu",
		 match->extra ? match->extra : match->sent_count, match->sent_count - match->lost,
		 match->lost);
	if (!judged->oracle)
		judge_none(judge_add(judge, "corruption", "packets"), match->corrupted);
}

// Two frames that the same unchanging channels carried one after the other.
static bool same_way(const struct oracle *oracle, uint32_t one, uint32_t other)
{
	const struct oracle_promise *a = &oracle->promises[one];
	const struct oracle_promise *b = &oracle->promises[other];

	return a->class == ORACLE_SETTLED && b->class == ORACLE_SETTLED && !a->reordered &&
	       !b->reordered && (oracle->exact || a->era == b->era) &&
	       oracle->eras[a->era].in_order && oracle->eras[b->era].in_order;
}

// Does one belong behind the other? Reordering and queues that sort promise another order than that
// of sending; released at one instant, the one that departed first goes first.
static bool belongs_behind(const struct oracle *oracle, uint32_t one, uint32_t other)
{
	const struct oracle_promise *a = &oracle->promises[one], *b = &oracle->promises[other];

	if (oracle->exact && a->lost == DROP_NONE && b->lost == DROP_NONE) {
		if (a->release_at_ns != b->release_at_ns)
			return a->release_at_ns > b->release_at_ns;
		if (a->departs_at_ns != b->departs_at_ns)
			return a->departs_at_ns > b->departs_at_ns;
	}
	return one > other;
}

// A channel keeps order unless it has promised another; a change of path may not.
static void judge_order(const struct judge_case *judged, struct judge *judge)
{
	const struct match *match = judged->match;
	struct judge_test *test = judge_add(judge, "reordering", "packets");
	uint32_t newest = MATCH_NONE;
	size_t reordered = 0;

	for (size_t i = 0; i < match->received_count; i++) {
		uint32_t sent = match->sent_of_received[i];

		if (match->kinds[i] != MATCH_FIRST)
			continue;
		if (newest == MATCH_NONE || belongs_behind(judged->oracle, sent, newest)) {
			newest = sent;
		} else if (same_way(judged->oracle, sent, newest)) {
			if (reordered++ == 0)
				snprintf(test->note, sizeof(test->note),
					 "sent packet %u came after packet %u", sent, newest);
		}
	}
	judge_none(test, reordered);
}

// Where there is no path nothing may arrive.
static void judge_unreachable(const struct judge_case *judged, struct judge *judge)
{
	size_t arrived = 0;

	if (judged->oracle->unreachable == 0)
		return;
	for (size_t i = 0; i < judged->oracle->count; i++)
		arrived += judged->oracle->promises[i].class == ORACLE_UNREACHABLE &&
			   judged->match->received_of_sent[i] != MATCH_NONE;
	judge_none(judge_add(judge, "unreachable", "packets"), arrived);
}

// How far a frame's arrivals are from their instants; a frame and its copy may change places.
static int64_t off_ns(const struct judge_case *judged, size_t sent, uint64_t copy_at_ns)
{
	const struct oracle_promise *promise = &judged->oracle->promises[sent];
	uint64_t first_ns = promise->release_at_ns, second_ns = promise->copy_release_at_ns;
	uint64_t at_ns = judge_arrival_ns(judged, sent);
	int64_t off, copy_off;

	if (second_ns == 0 || copy_at_ns == 0)
		return (int64_t)(at_ns - first_ns);
	if (second_ns < first_ns) {
		first_ns = promise->copy_release_at_ns;
		second_ns = promise->release_at_ns;
	}
	if (copy_at_ns < at_ns) {
		uint64_t swap = at_ns;

		at_ns = copy_at_ns;
		copy_at_ns = swap;
	}
	off = (int64_t)(at_ns - first_ns);
	copy_off = (int64_t)(copy_at_ns - second_ns);
	return llabs(off) > llabs(copy_off) ? off : copy_off;
}

// Instants of the second arrivals, 0 for none; NULL when memory is short.
static uint64_t *copy_instants(const struct judge_case *judged)
{
	const struct match *match = judged->match;
	uint64_t *instants = calloc(match->sent_count + 1, sizeof(*instants));

	for (size_t i = 0; instants && i < match->received_count; i++)
		if (match->kinds[i] == MATCH_DUPLICATE)
			instants[match->sent_of_received[i]] = judged->received->rows[i].at_ns;
	return instants;
}

// Every frame's fate and instant, exactly.
static int judge_law(const struct judge_case *judged, struct judge *judge)
{
	struct judge_test *test = judge_add(judge, "law", "packets");
	uint64_t *copies;
	size_t broken = 0;

	if (judged->no_law) {
		judge_open(test, "not asked for");
		return 0;
	}
	copies = copy_instants(judged);
	if (!copies)
		return -ENOMEM;
	for (size_t i = 0; i < judged->oracle->count; i++) {
		const struct oracle_promise *promise = &judged->oracle->promises[i];
		bool lost = judged->match->received_of_sent[i] == MATCH_NONE;
		bool promised = promise->lost == DROP_NONE;
		int64_t off = 0;

		if (promise->class != ORACLE_SETTLED)
			continue;
		if (!lost && promised)
			off = off_ns(judged, i, copies[i]);
		if (lost != promised && (uint64_t)llabs(off) <= judged->tolerance_ns)
			continue;
		if (broken++ > 0)
			continue;
		if (lost)
			snprintf(test->note, sizeof(test->note),
				 "sent packet %zu was to arrive, but is lost", i);
		else if (!promised)
			snprintf(test->note, sizeof(test->note),
				 "sent packet %zu was to be lost (%s), but arrived", i,
				 drop_reason_name((enum drop_reason)promise->lost));
		else
			snprintf(test->note, sizeof(test->note),
				 "sent packet %zu arrived %" PRId64 " ns from its instant", i, off);
	}
	free(copies);
	judge_none(test, broken);
	return 0;
}

static void conclude(struct judge *judge)
{
	size_t used = 0;

	judge->pass = true;
	for (size_t i = 0; i < judge->count; i++) {
		const struct judge_test *test = &judge->tests[i];

		judge->open += test->answer == JUDGE_OPEN;
		if (test->answer != JUDGE_FAIL)
			continue;
		judge->pass = false;
		if (used >= sizeof(judge->why) - 1)
			continue;
		used += (size_t)snprintf(judge->why + used, sizeof(judge->why) - used,
					 "%s%s: expected %.6g %s, measured %.6g%s%s%s",
					 used ? "; " : "", test->name, test->expected, test->unit,
					 test->measured, test->note[0] ? " (" : "", test->note,
					 test->note[0] ? ")" : "");
	}
	if (judge->pass && judge->open)
		snprintf(judge->why, sizeof(judge->why),
			 "%zu of %zu clauses hold, %zu cannot be said", judge->count - judge->open,
			 judge->count, judge->open);
	else if (judge->pass)
		snprintf(judge->why, sizeof(judge->why), "all %zu clauses hold", judge->count);
}

static int judge_model(const struct judge_case *judged, struct judge *judge)
{
	int code = judge_mishaps(judged, judge);

	judge_order(judged, judge);
	judge_unreachable(judged, judge);
	if (code == 0)
		code = judge_loss(judged, judge);
	if (code == 0)
		code = judge_delay(judged, judge);
	if (code == 0 && judged->lines)
		judge_line(judged, judge);
	if (code == 0 && judged->oracle->exact)
		code = judge_law(judged, judge);
	if (code == 0 && judged->geometry)
		code = judge_geometry(judged, judge);
	return code;
}

int judge_frames(const struct judge_case *judged, struct judge *judge, struct error *error)
{
	struct judge_case all = *judged;
	struct judge_line *lines = NULL;
	int code = 0;

	*judge = (struct judge){.alpha = judged->alpha};
	judge_counts(judged, judge);
	if (judged->oracle && !judged->oracle->exact)
		code = judge_line_make(judged, &lines);
	all.lines = lines;
	if (code == 0 && judged->oracle)
		code = judge_model(&all, judge);
	free(lines);
	if (code < 0)
		return error_set(error, code, "judge", "no memory");
	conclude(judge);
	return 0;
}
