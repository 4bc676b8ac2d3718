// SPDX-License-Identifier: BSD-3-Clause
// The judge on how jitter hangs together from packet to packet: an engine that keeps each law is
// not accused, and one whose distribution is right but not its memory is, by that clause.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/pcaps/story.h"

#define FRAMES 6000
#define GAP_NS (2 * MS)

static struct channel_params shaken(const struct jitter_request *request)
{
	struct channel_params params = story_plain();

	assert_int_equal(jitter_make(request, "", &params.jitter, NULL), 0);
	channel_finish(&params);
	return params;
}

// What `told` promises and `done` does, to be judged by statistics alone.
static void tell(struct story *story, const struct jitter_request *told,
		 const struct jitter_request *done)
{
	struct channel_params promised = shaken(told), kept = shaken(done);

	kept.seed = 4; // draws of its own: only the law is the same
	channel_finish(&kept);
	story_begin(story, FRAMES, GAP_NS);
	story->no_law = true;
	story_hold_from(story, 0, JOURNAL_NEW, &promised);
	story_obey(story, &kept);
	story_judge(story);
}

static const struct jitter_request independent = {
	.kind = JITTER_NORMAL, .jitter_ns = MS, .order_free = true};
static const struct jitter_request chained = {
	.kind = JITTER_NORMAL, .jitter_ns = MS, .correlation = 0.5, .order_free = true};
static const struct jitter_request chained_in_order = {
	.kind = JITTER_UNIFORM, .jitter_ns = MS, .correlation = 0.5};
static const struct jitter_request halving = {
	.kind = JITTER_NORMAL, .jitter_ns = MS, .halflife_ns = 2 * MS, .order_free = true};
static const struct jitter_request orderly = {.kind = JITTER_NORMAL, .jitter_ns = MS};
static const struct jitter_request slow = {
	.kind = JITTER_NORMAL, .jitter_ns = MS, .halflife_ns = 6 * MS};

static void each_law_passes_and_is_told(void **state)
{
	// Of shares: the chain's is rho; Gaussian (6 / pi) asin(rho / 2); orderly 3 a / (2 + a)
	// with a = 2^(-gap / pace), and a pace of 1.64 ms.
	const double a = exp2(-2 / 1.64);
	const struct {
		const struct jitter_request *request;
		double correlation;
	} cases[] = {
		{&independent, 0},           {&chained, 0.5},
		{&chained_in_order, 0.5},    {&halving, 6 / M_PI * asin(0.25)},
		{&orderly, 3 * a / (2 + a)}, {&slow, exp2(-2.0 / 6)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story story;
		const struct judge_test *test;

		tell(&story, cases[i].request, cases[i].request);
		test = story_find(&story, "delay_correlation");
		assert_non_null(test);
		assert_int_equal(test->answer, JUDGE_PASS);
		assert_true(story.judge.pass);
		// Five deviations of a correlation of so many, 1 / sqrt(FRAMES).
		if (fabs(test->measured - cases[i].correlation) > 0.07 ||
		    fabs(test->expected - cases[i].correlation) > 0.07)
			fail_msg("case %zu: %g expected, %g measured, and not %g", i,
				 test->expected, test->measured, cases[i].correlation);
		story_end(&story);
	}
}

static void another_memory_fails(void **state)
{
	static const struct jitter_request less = {
		.kind = JITTER_NORMAL, .jitter_ns = MS, .correlation = 0.3, .order_free = true};
	static const struct jitter_request twice = {
		.kind = JITTER_NORMAL, .jitter_ns = MS, .halflife_ns = 4 * MS, .order_free = true};
	const struct {
		const struct jitter_request *told, *done;
	} cases[] = {{&independent, &halving}, {&halving, &independent}, {&halving, &twice},
		     {&chained, &less},        {&orderly, &independent}, {&slow, &orderly}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story story;

		tell(&story, cases[i].told, cases[i].done);
		if (story_answer(&story, "delay_correlation") != JUDGE_FAIL)
			fail_msg("case %zu is not noticed", i);
		story_end(&story);
	}
}

// Of those that are chosen to overtake, and those that do by jitter, the delays are no sample.
static void chosen_packets_are_left_out(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		struct channel_params params = shaken(way ? &chained : &orderly);
		struct story story;

		assert_int_equal(reorder_make_params(0.25, 0.5, 5, 0, "", &params.reorder, NULL),
				 0);
		channel_finish(&params);
		story_begin(&story, FRAMES, MS / 2);
		story_hold_from(&story, 0, JOURNAL_NEW, &params);
		story_obey(&story, &params);
		story_judge(&story);
		assert_true(story.judge.pass);
		assert_int_equal(story_answer(&story, "delay_correlation"),
				 way ? JUDGE_OPEN : JUDGE_PASS);
		story_end(&story);
	}
}

static void a_few_packets_say_nothing(void **state)
{
	struct story story;
	struct channel_params params = shaken(&orderly);

	(void)state;
	story_begin(&story, 40, GAP_NS);
	story_hold_from(&story, 0, JOURNAL_NEW, &params);
	story_obey(&story, &params);
	story_judge(&story);
	assert_int_equal(story_answer(&story, "delay_correlation"), JUDGE_OPEN);
	story_end(&story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_law_passes_and_is_told),
		cmocka_unit_test(another_memory_fails),
		cmocka_unit_test(chosen_packets_are_left_out),
		cmocka_unit_test(a_few_packets_say_nothing),
	};

	return cmocka_run_group_tests_name("judge_correlation", tests, NULL, NULL);
}
