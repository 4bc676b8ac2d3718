// SPDX-License-Identifier: BSD-3-Clause
// The judge on a path that others use too: honest channels pass, and are accused no more often than
// stated; a wrong parameter fails. Others' packets lie between those that are judged.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pcaps/judge.h"
#include "pcaps/statistics.h"

#define US        UINT64_C(1000)
#define MANY      100000u // frames where a fault is to be found
#define FEW       3000u   // frames of an honest run
#define RUNS      60
#define RATE_MOST 0.05 // of false alarms that is measured
#define ANY       UINT64_MAX

struct path {
	struct frames sent, received;
	struct judge judge;
};

static struct channel_params plain(uint64_t seed)
{
	return (struct channel_params){
		.seed = seed, .random_key = 3, .carrier = true, .delay_ns = 1000 * US};
}

// Short and long frames by turns.
static uint32_t bytes_of(uint32_t frame)
{
	return frame % 3 ? 320 : 1400;
}

struct arrival {
	uint64_t at_ns;
	uint32_t sent;
	bool damaged;
};

static int by_time(const void *one, const void *other)
{
	const struct arrival *a = one, *b = other;

	return a->at_ns != b->at_ns ? (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns)
				    : (a->sent > b->sent) - (a->sent < b->sent);
}

// Frames through one channel; before each so many of others, or by chance up to three.
static void let_through(struct path *path, const struct channel_params *truth, uint32_t frames,
			uint64_t others)
{
	struct channel_state state = {0};
	uint64_t random = truth->seed;

	struct arrival *arrivals = calloc(2 * (size_t)frames, sizeof(*arrivals));
	size_t count = 0;

	*path = (struct path){
		.sent = {.rows = calloc(frames, sizeof(struct frame_row)),
			 .count = frames,
			 .shortest_cut = UINT32_MAX},
		.received = {.rows = calloc(2 * (size_t)frames, sizeof(struct frame_row)),
			     .shortest_cut = UINT32_MAX}};
	assert_true(path->sent.rows && path->received.rows && arrivals);
	for (uint32_t i = 0; i < frames; i++) {
		struct frame_row *row = &path->sent.rows[i];
		struct channel_fate fate;

		*row = (struct frame_row){.at_ns = i * 10 * US,
					  .key = i + 1,
					  .lanes = i * UINT64_C(0x0101010101010101),
					  .wire_length = bytes_of(i),
					  .length = bytes_of(i) - 14,
					  .ttl = 64};
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		for (uint64_t other = others == ANY ? random >> 62 : others; other > 0; other--)
			channel_offer(truth, &state, row->at_ns, 1000);
		fate = channel_offer(truth, &state, row->at_ns, bytes_of(i));
		// A router drops what is damaged in its header: of short frames a sixth.
		if (fate.lost != DROP_NONE ||
		    (fate.flags & CHANNEL_CORRUPTED && i % 3 && random >> 32 < UINT32_MAX / 6))
			continue;
		arrivals[count++] =
			(struct arrival){fate.release_at_ns, i, fate.flags & CHANNEL_CORRUPTED};
		if (fate.flags & CHANNEL_COPIED)
			arrivals[count++] = (struct arrival){fate.copy_release_at_ns, i,
							     fate.flags & CHANNEL_CORRUPTED};
	}
	qsort(arrivals, count, sizeof(*arrivals), by_time);
	path->received.count = count;
	for (size_t i = 0; i < count; i++) {
		struct frame_row *row = &path->received.rows[i];

		*row = path->sent.rows[arrivals[i].sent];
		row->at_ns = arrivals[i].at_ns;
		row->key ^= arrivals[i].damaged ? UINT64_C(1) << 63 : 0;
		row->lanes ^= arrivals[i].damaged ? 0x80 : 0;
	}
	free(arrivals);
}

static void judge_by(struct path *path, const struct channel_params *promised, double alpha)
{
	struct journal_channel entry = {.params = *promised};
	uint32_t hop = 0;
	struct journal_path way = {.to_port = 1, .settled = 1, .hops = &hop, .hop_count = 1};
	struct journal journal = {0};
	struct match_options options = {0};
	struct oracle oracle;
	struct measure measure;
	struct match match;
	struct judge_case judged = {.sent = &path->sent,
				    .received = &path->received,
				    .match = &match,
				    .measure = &measure,
				    .oracle = &oracle,
				    .alpha = alpha};
	struct error error;

	assert_int_equal(journal_add_channel_name(&journal, "channel"), 0);
	assert_int_equal(journal_add_channel(&journal, &entry), 0);
	assert_int_equal(journal_add_path(&journal, &way), 0);
	assert_int_equal(oracle_path(&journal, 0, 1, &path->sent, &oracle, &error), 0);
	assert_int_equal(match_frames(&path->sent, &path->received, &options, &match, &error), 0);
	assert_int_equal(
		measure_frames(&path->sent, &path->received, &match, UINT64_MAX, &measure, &error),
		0);
	assert_int_equal(judge_frames(&judged, &path->judge, &error), 0);
	match_free(&match);
	oracle_free(&oracle);
	journal_fini(&journal);
	frames_free(&path->sent);
	frames_free(&path->received);
}

static enum judge_answer answer(const struct path *path, const char *name)
{
	for (size_t i = 0; i < path->judge.count; i++)
		if (strcmp(path->judge.tests[i].name, name) == 0)
			return path->judge.tests[i].answer;
	fail_msg("no clause %s", name);
	return JUDGE_OPEN;
}

// The honest one passes; twice and half of what the factor stands for fail.
static void expect_two_sided(struct channel_params (*make)(double, uint64_t), const char *clause,
			     uint64_t others)
{
	static const double factors[] = {1, 2, 0.5};

	for (size_t i = 0; i < 3; i++) {
		struct channel_params truth = make(factors[i], 11), promised = make(1, 12);
		enum judge_answer expected = factors[i] == 1 ? JUDGE_PASS : JUDGE_FAIL;
		struct path path;

		let_through(&path, &truth, MANY, others);
		judge_by(&path, &promised, JUDGE_ALPHA);
		if (answer(&path, clause) != expected)
			fail_msg("%s at %g: %d, %s", clause, factors[i], answer(&path, clause),
				 path.judge.why);
		assert_int_equal(path.judge.pass, expected == JUDGE_PASS);
	}
}

// At 0.05, of 60 honest runs so many are accused with a chance below 1e-6 only if the rate is not
// kept.
static void expect_few_alarms(struct channel_params (*make)(double, uint64_t), uint64_t others)
{
	size_t alarms = 0;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct channel_params truth = make(1, 2 * seed), promised = make(1, 2 * seed + 1);
		struct path path;

		let_through(&path, &truth, FEW, others);
		judge_by(&path, &promised, RATE_MOST);
		alarms += !path.judge.pass;
	}
	assert_false((double)alarms > RATE_MOST * RUNS &&
		     statistics_binomial_p(RUNS, alarms, RATE_MOST) < 1e-6);
}

static struct channel_params four_states(double factor, uint64_t seed)
{
	struct channel_params params = plain(seed);

	assert_int_equal(loss_states_params(0.02 * factor, 0.3, 0.1, 0.4, 0.01 * factor, "",
					    &params.loss, NULL),
			 0);
	return params;
}

static void four_states_are_judged(void **state)
{
	(void)state;
	expect_two_sided(four_states, "loss", ANY);
	expect_few_alarms(four_states, ANY);
}

static struct channel_params correlated(double factor, uint64_t seed)
{
	struct channel_params params = plain(seed);

	assert_int_equal(loss_random_params(0.2 * sqrt(factor), 0.25, "", &params.loss, NULL), 0);
	return params;
}

static void correlated_loss_is_judged(void **state)
{
	(void)state;
	expect_two_sided(correlated, "loss", ANY);
	expect_few_alarms(correlated, ANY);
}

static struct channel_params bit_errors(double factor, uint64_t seed)
{
	struct channel_params params = plain(seed);

	assert_int_equal(loss_ber_params(5e-6 * factor, "", &params.loss, NULL), 0);
	return params;
}

static void bit_errors_are_judged_by_each_frames_length(void **state)
{
	(void)state;
	expect_two_sided(bit_errors, "loss", ANY);
	expect_few_alarms(bit_errors, ANY);
}

// A chain that goes to and fro: every other of its packets are alike, so their number spreads wider
// than that of neighbours.
static struct channel_params to_and_fro(double factor, uint64_t seed)
{
	struct channel_params params = plain(seed);

	assert_int_equal(loss_gilbert_elliott_params(0.9 * fmin(1, factor), 0.9 / fmax(1, factor),
						     1, 0, "", &params.loss, NULL),
			 0);
	return params;
}

static void a_chain_that_goes_to_and_fro_is_judged(void **state)
{
	(void)state;
	expect_two_sided(to_and_fro, "loss", 1);
	expect_few_alarms(to_and_fro, 1);
}

static struct channel_params copies(double factor, uint64_t seed)
{
	struct channel_params params = plain(seed);

	assert_int_equal(duplicate_make_params(0.03 * factor, 0, "", &params.duplicate, NULL), 0);
	return params;
}

static void copies_are_judged(void **state)
{
	(void)state;
	expect_two_sided(copies, "duplicates", ANY);
	expect_few_alarms(copies, ANY);
}

static struct channel_params damage(double factor, uint64_t seed)
{
	struct channel_params params = plain(seed);

	assert_int_equal(corrupt_make_params(0.06 * factor, 0, 1, "", &params.corrupt, NULL), 0);
	return params;
}

// Some of what is damaged is lost to routers: how much is known within bounds.
static void damage_is_judged(void **state)
{
	(void)state;
	expect_two_sided(damage, "corruption", ANY);
	expect_few_alarms(damage, ANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_states_are_judged),
		cmocka_unit_test(correlated_loss_is_judged),
		cmocka_unit_test(bit_errors_are_judged_by_each_frames_length),
		cmocka_unit_test(a_chain_that_goes_to_and_fro_is_judged),
		cmocka_unit_test(copies_are_judged),
		cmocka_unit_test(damage_is_judged),
	};

	return cmocka_run_group_tests_name("judge_path", tests, NULL, NULL);
}
