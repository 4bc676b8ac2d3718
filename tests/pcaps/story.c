// SPDX-License-Identifier: BSD-3-Clause
// A wire, what went in, and what came out.
#include "tests/pcaps/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pcaps/trace.h"
#include "tests/pcaps/captures.h"

void story_begin(struct story *story, uint32_t frames, uint64_t gap_ns)
{
	*story = (struct story){.sent_count = frames};
	story->journal.clock_ns = START_NS;
	assert_int_equal(journal_add_channel_name(&story->journal, "span:forward"), 0);
	story->sent_ns = calloc(frames, sizeof(*story->sent_ns));
	story->arrivals = calloc(frames + 10, sizeof(*story->arrivals));
	for (uint32_t i = 0; i < frames; i++)
		story->sent_ns[i] = i * gap_ns;
}

void story_end(struct story *story)
{
	journal_fini(&story->journal);
	free(story->sent_ns);
	free(story->arrivals);
}

struct channel_params story_plain(void)
{
	return (struct channel_params){
		.seed = 719, .random_key = 4, .carrier = true, .delay_ns = 10 * MS};
}

void story_hold_from(struct story *story, uint64_t from_ns, enum journal_inflight inflight,
		     const struct channel_params *params)
{
	struct journal_channel entry = {
		.from_ns = from_ns, .inflight = inflight, .params = *params};

	assert_int_equal(journal_add_channel(&story->journal, &entry), 0);
}

// Arrivals by the law itself, under one set of parameters.
void story_obey(struct story *story, const struct channel_params *params)
{
	struct channel_state state = {0};

	for (uint32_t i = 0; i < story->sent_count; i++) {
		struct channel_fate fate = channel_offer(params, &state, story->sent_ns[i], FRAME);

		if (fate.lost == DROP_NONE)
			story->arrivals[story->arrival_count++] =
				(struct arrival){.sent = i, .at_ns = fate.release_at_ns};
	}
}

static void write_sent(const struct story *story, const char *path)
{
	static const char *const name[] = {"west"};
	struct error error;
	struct trace_writer *writer = trace_create(path, TRACE_PCAPNG, name, 1, "test", &error);
	uint8_t bytes[FRAME];

	assert_non_null(writer);
	for (uint32_t i = 0; i < story->sent_count; i++) {
		struct trace_frame frame = {.at_ns = START_NS + story->sent_ns[i],
					    .bytes = bytes,
					    .length = FRAME,
					    .wire_length = FRAME,
					    .packet_id = TRACE_NO_PACKET_ID};

		captures_ipv4(bytes, FRAME, i, 1);
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
}

static void write_received(const struct story *story, const char *path)
{
	static const char *const name[] = {"east"};
	struct error error;
	struct trace_writer *writer = trace_create(path, TRACE_PCAP, name, 1, "test", &error);
	uint8_t bytes[FRAME];

	assert_non_null(writer);
	for (uint32_t i = 0; i < story->arrival_count; i++) {
		const struct arrival *arrival = &story->arrivals[i];
		struct trace_frame frame = {.at_ns = START_NS + arrival->at_ns,
					    .bytes = bytes,
					    .length = FRAME,
					    .wire_length = FRAME,
					    .packet_id = TRACE_NO_PACKET_ID};

		captures_ipv4(bytes, FRAME, arrival->sent, 1);
		if (arrival->flipped)
			bytes[FRAME / 2] ^= 1;
		if (arrival->foreign)
			memset(bytes + 60, 0xee, FRAME - 60);
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
}

static int by_time(const void *one, const void *other)
{
	const struct arrival *a = one;
	const struct arrival *b = other;

	return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

// Writes both captures, reads them back and judges.
void story_judge(struct story *story)
{
	static const struct digest_options options = {.scope = DIGEST_WHOLE};
	const struct frames_choice choice = {0};
	struct match_options match_options = {0};
	struct frames sent;
	struct frames received;
	struct oracle oracle;
	struct measure measure;
	struct match match;
	struct judge_case judged = {.sent = &sent,
				    .received = &received,
				    .match = &match,
				    .measure = &measure,
				    .oracle = &oracle,
				    .alpha = JUDGE_ALPHA,
				    .tolerance_ns = story->tolerance_ns,
				    .no_law = story->no_law};
	struct error error = {0};
	uint64_t *expected;

	qsort(story->arrivals, story->arrival_count, sizeof(*story->arrivals), by_time);
	write_sent(story, captures_path("sent.pcapng"));
	write_received(story, captures_path("received.pcap"));
	assert_int_equal(
		frames_load(captures_path("sent.pcapng"), &choice, &options, &sent, &error), 0);
	assert_int_equal(
		frames_load(captures_path("received.pcap"), &choice, &options, &received, &error),
		0);
	assert_int_equal(oracle_wire(&story->journal, 0, 0, &sent, &oracle, &error), 0);
	expected = oracle_expected(&oracle);
	match_options.expected_at_ns = expected;
	assert_int_equal(match_frames(&sent, &received, &match_options, &match, &error), 0);
	assert_int_equal(measure_frames(&sent, &received, &match, UINT64_MAX, &measure, &error), 0);
	assert_int_equal(judge_frames(&judged, &story->judge, &error), 0);
	free(expected);
	match_free(&match);
	oracle_free(&oracle);
	frames_free(&sent);
	frames_free(&received);
}

const struct judge_test *story_find(const struct story *story, const char *name)
{
	for (size_t i = 0; i < story->judge.count; i++)
		if (strcmp(story->judge.tests[i].name, name) == 0)
			return &story->judge.tests[i];
	fail_msg("no clause %s", name);
	return NULL;
}

enum judge_answer story_answer(const struct story *story, const char *name)
{
	return story_find(story, name)->answer;
}

void story_expect_pass(struct story *story)
{
	story_judge(story);
	if (!story->judge.pass)
		fail_msg("%s", story->judge.why);
}

// The named clause fails, is named in the verdict, and none fails that is not in `others`.
void story_expect_failure(struct story *story, const char *name, const char *others)
{
	story_judge(story);
	assert_false(story->judge.pass);
	assert_int_equal(story_answer(story, name), JUDGE_FAIL);
	assert_non_null(strstr(story->judge.why, name));
	for (size_t i = 0; i < story->judge.count; i++) {
		const struct judge_test *test = &story->judge.tests[i];

		if (test->answer == JUDGE_FAIL && strcmp(test->name, name) != 0 &&
		    !strstr(others, test->name))
			fail_msg("%s fails, too: %s", test->name, test->note);
	}
}
