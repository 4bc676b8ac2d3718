// SPDX-License-Identifier: BSD-3-Clause
// The judge on lines whose rate and loss follow the weather: honest ones pass, idle and under load;
// a few percent more or less of rate, a change a minute later, and losses that were not claimed are
// found; too few packets, and lines that others share, leave it open.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcaps/judge.h"
#include "tests/pcaps/captures.h"

#define MS    UINT64_C(1000000)
#define S     UINT64_C(1000000000)
#define STEPS 8
#define RUNS  40
#define START UINT64_C(1700000000000000000)

// A radio: rates over time, and losses.
struct radio {
	struct profile_point rates[STEPS], losses[2];
	struct profile rate, loss;
	struct rate_step steps[STEPS];
	struct rate_profile line;
	struct channel_params params;
};

// 50 Mbit/s, less by 8 % each 40 s from `turns_ns` on; all times `factor`.
static void make_radio(struct radio *radio, double factor, uint64_t turns_ns, double loss)
{
	struct error error;

	*radio = (struct radio){.rate = {.points = radio->rates, .count = STEPS},
				.loss = {.points = radio->losses, .count = 2}};
	for (int i = 0; i < STEPS; i++)
		radio->rates[i] = (struct profile_point){
			.at_ns = i ? turns_ns + (uint64_t)(i - 1) * 40 * S : 0,
			.value = (int64_t)(50e6 * factor * pow(0.92, i))};
	radio->losses[1].at_ns = turns_ns;
	radio->losses[1].value = (int64_t)(loss * 4294967296.0);
	assert_int_equal(profile_make(&radio->rate, "", &error), 0);
	assert_int_equal(profile_make(&radio->loss, "", &error), 0);
	assert_int_equal(rate_profile_make(&radio->line, &radio->rate, radio->steps, "", &error),
			 0);
	radio->params =
		(struct channel_params){.seed = 719,
					.random_key = 3,
					.carrier = true,
					.delay_ns = 270 * MS,
					.queue = {.limit = QUEUE_TIME, .limit_amount = 100 * MS},
					.loss_profile = &radio->loss};
	rate_follow_profile(&radio->params.rate, &radio->line);
	channel_finish(&radio->params);
}

// What is sent, and what else takes its course.
struct course {
	uint32_t frames;
	uint64_t gap_ns;
	double others;            // of them before each frame, on average, at a random instant
	uint64_t within_ns;       // so long before it; 0: as long as the gap
	uint64_t out_ns, back_ns; // nothing arrives of what is sent between
	bool alone;               // that is what the judge is told
	uint64_t seed;
};

struct outcome {
	struct judge judge;
	struct judge_test line, loss;
};

static void let_through(const struct course *course, struct channel_params *truth,
			struct frames *sent, struct frames *received)
{
	struct channel_state state = {0};
	uint64_t random = course->seed;

	truth->seed = course->seed;
	*sent = (struct frames){.rows = calloc(course->frames, sizeof(*sent->rows)),
				.count = course->frames,
				.have_ids = true,
				.shortest_cut = UINT32_MAX};
	*received = (struct frames){.rows = calloc(course->frames, sizeof(*sent->rows)),
				    .have_ids = true,
				    .shortest_cut = UINT32_MAX};
	assert_true(sent->rows && received->rows);
	for (uint32_t i = 0; i < course->frames; i++) {
		uint64_t at_ns = i * course->gap_ns;
		uint32_t bytes = 300 + (uint32_t)(captures_uniform(&random) * 1200);
		struct channel_fate fate;
		struct frame_row *row = &sent->rows[i];

		if (i && captures_uniform(&random) < course->others)
			channel_offer(
				truth, &state,
				at_ns - (uint64_t)(captures_uniform(&random) * 0.999 *
						   (double)(course->within_ns ? course->within_ns
									      : course->gap_ns)),
				1500);
		*row = (struct frame_row){.at_ns = START + at_ns,
					  .key = i + 1,
					  .lanes = i,
					  .packet_id = i,
					  .wire_length = bytes,
					  .length = bytes};
		fate = channel_offer(truth, &state, at_ns, bytes);
		if (fate.lost != DROP_NONE || (at_ns >= course->out_ns && at_ns < course->back_ns))
			continue;
		received->rows[received->count] = *row;
		received->rows[received->count++].at_ns = START + fate.release_at_ns;
	}
}

static struct judge_test find(const struct judge *judge, const char *name)
{
	for (size_t i = 0; i < judge->count; i++)
		if (strcmp(judge->tests[i].name, name) == 0)
			return judge->tests[i];
	fail_msg("no clause %s", name);
	return judge->tests[0];
}

static struct outcome judge_course(const struct course *course, struct radio *truth,
				   const struct radio *claim)
{
	struct journal_channel entry = {.params = claim->params};
	struct journal journal = {.clock_ns = START};
	uint32_t hop = 0;
	struct journal_path way = {.to_port = 1, .settled = 1, .hops = &hop, .hop_count = 1};
	const struct match_options options = {0};
	struct frames sent, received;
	struct oracle oracle;
	struct measure measure;
	struct match match;
	struct judge_case judged = {.sent = &sent,
				    .received = &received,
				    .match = &match,
				    .measure = &measure,
				    .oracle = &oracle,
				    .clock_ns = START,
				    .alone = course->alone,
				    .alpha = JUDGE_ALPHA};
	struct outcome outcome;
	struct error error;

	let_through(course, &truth->params, &sent, &received);
	assert_int_equal(journal_add_channel_name(&journal, "channel"), 0);
	assert_int_equal(journal_add_channel(&journal, &entry), 0);
	assert_int_equal(journal_add_path(&journal, &way), 0);
	assert_int_equal(oracle_path(&journal, 0, 1, &sent, &oracle, &error), 0);
	assert_int_equal(match_frames(&sent, &received, &options, &match, &error), 0);
	assert_int_equal(measure_frames(&sent, &received, &match, UINT64_MAX, &measure, &error), 0);
	assert_int_equal(judge_frames(&judged, &outcome.judge, &error), 0);
	outcome.line = find(&outcome.judge, "line");
	outcome.loss = find(&outcome.judge, "loss");
	match_free(&match);
	oracle_free(&oracle);
	journal_fini(&journal);
	frames_free(&sent);
	frames_free(&received);
	return outcome;
}

// A packet in 10 ms, or more than the line takes: 900 bytes each 120 us are 60 Mbit/s.
static const struct course idle = {.frames = 30000, .gap_ns = 10 * MS, .alone = true, .seed = 7};
static const struct course busy = {
	.frames = 60000, .gap_ns = MS * 12 / 100, .alone = true, .seed = 8};

static void honest_radios_pass(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct course course = seed % 2 ? idle : busy;
		struct radio truth, claim;
		struct outcome outcome;

		course.frames /= 4;
		course.seed = seed;
		make_radio(&truth, 1, seed % 2 ? 20 * S : S, 0.002);
		make_radio(&claim, 1, seed % 2 ? 20 * S : S, 0.002);
		outcome = judge_course(&course, &truth, &claim);
		if (!outcome.judge.pass || outcome.line.answer != JUDGE_PASS)
			fail_msg("%lu: %s; %s", seed, outcome.judge.why, outcome.line.note);
	}
}

static void others_in_front_are_no_fault_of_the_line(void **state)
{
	static const double shares[] = {0.1, 0.5, 0.9};
	struct radio truth, claim;

	(void)state;
	make_radio(&truth, 1, 20 * S, 0);
	make_radio(&claim, 1, 20 * S, 0);
	for (size_t i = 0; i < 3; i++) {
		struct course course = idle;
		struct outcome outcome;

		course.gap_ns = MS;
		course.others = shares[i];
		course.alone = false;
		outcome = judge_course(&course, &truth, &claim);
		if (!outcome.judge.pass || outcome.line.answer != JUDGE_OPEN)
			fail_msg("%s", outcome.line.note);
		// Always one in front: a line that is slower looks like that.
		course.others = 1;
		course.within_ns = 10000;
		outcome = judge_course(&course, &truth, &claim);
		if (!outcome.judge.pass || outcome.line.answer != JUDGE_OPEN)
			fail_msg("%s", outcome.line.note);
	}
}

// As where captures were filtered.
static void others_that_nobody_told_of_wait_for_times_of_all_lengths(void **state)
{
	static const uint64_t within_ns[] = {0, 235000};
	struct radio truth, claim;

	(void)state;
	make_radio(&truth, 1, 20 * S, 0);
	make_radio(&claim, 1, 20 * S, 0);
	for (size_t i = 0; i < 2; i++) {
		struct course course = idle;
		struct outcome outcome;

		course.frames = 10000;
		course.gap_ns = MS;
		course.others = 1;
		course.within_ns = within_ns[i];
		outcome = judge_course(&course, &truth, &claim);
		if (!outcome.judge.pass || outcome.line.answer != JUDGE_PASS)
			fail_msg("%s", outcome.line.note);
	}
}

// The rate that the clause tells is that of the truth.
static void expect_slower(const struct course *course, double factor)
{
	struct radio truth, claim;
	struct outcome outcome;

	make_radio(&truth, factor, 20 * S, 0);
	make_radio(&claim, 1, 20 * S, 0);
	outcome = judge_course(course, &truth, &claim);
	assert_false(outcome.judge.pass);
	assert_int_equal(outcome.line.answer, JUDGE_FAIL);
	assert_string_equal(outcome.line.unit, "bit/s");
	if (fabs(outcome.line.measured / outcome.line.expected / factor - 1) > 0.005)
		fail_msg("%.0f of %.0f: %s", outcome.line.measured, outcome.line.expected,
			 outcome.line.note);
}

static void a_slower_line_shows_idle_and_under_load(void **state)
{
	(void)state;
	expect_slower(&idle, 0.95);
	expect_slower(&busy, 0.95);
	expect_slower(&busy, 0.99);
	expect_slower(&idle, 0.99);
}

static void a_faster_line_shows_idle_and_under_load(void **state)
{
	static const struct course *const courses[] = {&idle, &busy};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct radio truth, claim;
		struct outcome outcome;

		make_radio(&truth, 1.02, 20 * S, 0);
		make_radio(&claim, 1, 20 * S, 0);
		outcome = judge_course(courses[i], &truth, &claim);
		assert_int_equal(outcome.line.answer, JUDGE_FAIL);
		assert_non_null(strstr(outcome.line.note, "before its lines can have sent it"));
		// Under load it adds up over packets.
		if (i == 0 &&
		    fabs(outcome.line.measured / outcome.line.expected / 1.02 - 1) > 0.005)
			fail_msg("%.0f of %.0f: %s", outcome.line.measured, outcome.line.expected,
				 outcome.line.note);
	}
}

// A packet a second.
static void rain_that_comes_a_minute_later_or_earlier_shows(void **state)
{
	const struct course course = {.frames = 600, .gap_ns = S, .alone = true, .seed = 9};
	struct radio truth, claim;

	(void)state;
	make_radio(&truth, 1, 200 * S, 0);
	make_radio(&claim, 1, 200 * S, 0);
	assert_int_equal(judge_course(&course, &truth, &claim).line.answer, JUDGE_PASS);
	make_radio(&claim, 1, 260 * S, 0);
	assert_int_equal(judge_course(&course, &truth, &claim).line.answer, JUDGE_FAIL);
	make_radio(&claim, 1, 140 * S, 0);
	assert_int_equal(judge_course(&course, &truth, &claim).line.answer, JUDGE_FAIL);
}

static void too_few_packets_cannot_tell(void **state)
{
	const struct course sparse = {.frames = 60, .gap_ns = 10 * S, .alone = true, .seed = 9};
	const struct course few = {.frames = 15, .gap_ns = 10 * MS, .alone = true, .seed = 9};
	struct radio truth, claim;
	struct outcome outcome;

	(void)state;
	make_radio(&truth, 1, 200 * S, 0);
	make_radio(&claim, 1, 200 * S, 0);
	outcome = judge_course(&sparse, &truth, &claim);
	assert_int_equal(outcome.line.answer, JUDGE_OPEN);
	assert_non_null(strstr(outcome.line.note, "0 of 7 changes of the rate"));
	assert_int_equal(judge_course(&few, &truth, &claim).line.answer, JUDGE_OPEN);
	// So where one does not follow the claim.
	make_radio(&claim, 1, 210 * S, 0);
	assert_int_equal(judge_course(&sparse, &truth, &claim).line.answer, JUDGE_OPEN);
}

static void losses_beside_the_claimed_ones_show(void **state)
{
	struct course course = idle;
	struct radio truth, claim;

	(void)state;
	make_radio(&truth, 1, 20 * S, 0.01);
	make_radio(&claim, 1, 20 * S, 0.01);
	assert_int_equal(judge_course(&course, &truth, &claim).loss.answer, JUDGE_PASS);
	make_radio(&claim, 1, 20 * S, 0.015);
	assert_int_equal(judge_course(&course, &truth, &claim).loss.answer, JUDGE_FAIL);
	make_radio(&claim, 1, 20 * S, 0.0065);
	assert_int_equal(judge_course(&course, &truth, &claim).loss.answer, JUDGE_FAIL);
	// A carrier that was not to drop: three packets in 30000.
	make_radio(&truth, 1, 20 * S, 1e-8);
	make_radio(&claim, 1, 20 * S, 1e-8);
	assert_int_equal(judge_course(&course, &truth, &claim).loss.answer, JUDGE_PASS);
	course.out_ns = 100 * S;
	course.back_ns = 100 * S + 30 * MS;
	assert_int_equal(judge_course(&course, &truth, &claim).loss.answer, JUDGE_FAIL);
	// Between two packets a queue may fill with others' and empty again; that nobody was there
	// must be known.
	course.frames = 600;
	course.gap_ns = S;
	course.back_ns = 160 * S;
	assert_int_equal(judge_course(&course, &truth, &claim).loss.answer, JUDGE_FAIL);
	course.alone = false;
	assert_int_equal(judge_course(&course, &truth, &claim).loss.answer, JUDGE_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_radios_pass),
		cmocka_unit_test(others_in_front_are_no_fault_of_the_line),
		cmocka_unit_test(others_that_nobody_told_of_wait_for_times_of_all_lengths),
		cmocka_unit_test(a_slower_line_shows_idle_and_under_load),
		cmocka_unit_test(a_faster_line_shows_idle_and_under_load),
		cmocka_unit_test(rain_that_comes_a_minute_later_or_earlier_shows),
		cmocka_unit_test(too_few_packets_cannot_tell),
		cmocka_unit_test(losses_beside_the_claimed_ones_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
