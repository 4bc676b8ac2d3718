// SPDX-License-Identifier: BSD-3-Clause
// Fits of captures that the law itself has made: the right kind of model is chosen, and the true
// parameters lie in as many of the intervals as is promised.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "tests/pcaps/passage.h"

static const struct traffic plain = {.frames = 10000, .gap_ns = 1e6};

static void a_constant_delay_is_told_to_the_nanosecond(void **state)
{
	struct channel_params params = {.delay_ns = 7654321};
	struct fit found = passage_fit(&params, &plain, 1);

	(void)state;
	assert_true(found.delay_ns.known);
	assert_true(fabs(found.delay_ns.value - 7654321) < 0.5);
	assert_int_equal(found.kind, JITTER_NONE);
	assert_int_equal(found.loss, FIT_LOSS_NONE);
	assert_false(found.rate_bps.known);
	assert_false(found.limit_amount.known);
	assert_true(found.duplicate.value == 0 && found.corrupt.value == 0);
	assert_true(found.loss_ratio.high < 4e-4); // 10000 without one
}

static void mishaps_are_counted_and_random_loss_is_known_as_such(void **state)
{
	struct coverage coverage[3] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct channel_params params = {.delay_ns = 10 * MS};
		struct fit found;

		loss_random_params(0.02, 0, "", &params.loss, NULL);
		duplicate_make_params(0.01, 0, "", &params.duplicate, NULL);
		corrupt_make_params(0.005, 0, 1, "", &params.corrupt, NULL);
		found = passage_fit(&params, &plain, seed);
		assert_int_equal(found.loss, FIT_LOSS_RANDOM);
		assert_false(found.rate_bps.known);
		assert_int_equal(found.corrupt_bits, 1);
		coverage_count(&coverage[0], "loss", &found.loss_ratio, 0.02);
		coverage_count(&coverage[1], "duplicate", &found.duplicate, 0.01);
		coverage_count(&coverage[2], "corrupt", &found.corrupt, 0.005);
	}
	coverage_expect(coverage, 3);
}

static void bursts_of_loss_are_gilberts(void **state)
{
	struct coverage coverage[3] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct channel_params params = {.delay_ns = 10 * MS};
		struct fit found;

		loss_gilbert_elliott_params(0.01, 0.25, 1, 0, "", &params.loss, NULL);
		found = passage_fit(&params, &plain, seed);
		assert_int_equal(found.loss, FIT_LOSS_GILBERT);
		coverage_count(&coverage[0], "p", &found.good_to_bad, 0.01);
		coverage_count(&coverage[1], "r", &found.bad_to_good, 0.25);
		coverage_count(&coverage[2], "loss", &found.loss_ratio, loss_ratio(&params.loss));
	}
	coverage_expect(coverage, 3);
}

static void a_bad_state_that_spares_some_is_seen_in_the_runs(void **state)
{
	struct coverage coverage[3] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS / 2; seed++) {
		struct channel_params params = {.delay_ns = 10 * MS};
		struct fit found;

		loss_gilbert_elliott_params(0.01, 0.1, 0.7, 0, "", &params.loss, NULL);
		found = passage_fit(&params, &plain, seed);
		assert_int_equal(found.loss, FIT_LOSS_ELLIOTT);
		coverage_count(&coverage[0], "p", &found.good_to_bad, 0.01);
		coverage_count(&coverage[1], "r", &found.bad_to_good, 0.1);
		coverage_count(&coverage[2], "1-h", &found.lost_in_bad, 0.7);
		assert_false(found.lost_in_good.known);
	}
	coverage_expect(coverage, 3);
}

static void a_good_state_that_loses_some_is_seen_too(void **state)
{
	struct coverage coverage[4] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS / 2; seed++) {
		struct channel_params params = {.delay_ns = 10 * MS};
		struct fit found;

		loss_gilbert_elliott_params(0.01, 0.1, 0.7, 0.02, "", &params.loss, NULL);
		found = passage_fit(&params, &plain, seed);
		assert_int_equal(found.loss, FIT_LOSS_ELLIOTT);
		coverage_count(&coverage[0], "p", &found.good_to_bad, 0.01);
		coverage_count(&coverage[1], "r", &found.bad_to_good, 0.1);
		coverage_count(&coverage[2], "1-h", &found.lost_in_bad, 0.7);
		coverage_count(&coverage[3], "1-k", &found.lost_in_good, 0.02);
	}
	coverage_expect(coverage, 4);
}

static void a_line_is_told_to_a_millionth_where_nothing_else_varies(void **state)
{
	const struct traffic bursts = {.frames = 10000, .gap_ns = 1e6, .burst = 0.6};
	struct coverage coverage[3] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS / 2; seed++) {
		struct channel_params params = {.delay_ns = 3 * MS};
		struct fit found;

		rate_make_params(50000000, 24, 0, 0, "", &params.rate, NULL);
		loss_random_params(0.01, 0, "", &params.loss, NULL);
		found = passage_fit(&params, &bursts, seed);
		coverage_count(&coverage[0], "rate", &found.rate_bps, 5e7);
		coverage_count(&coverage[1], "overhead", &found.overhead_bytes, 24);
		coverage_count(&coverage[2], "delay", &found.delay_ns, 3e6);
		assert_true(fabs(found.rate_bps.value / 5e7 - 1) < 1e-6);
		assert_int_equal(found.kind, JITTER_NONE);
		assert_int_equal(found.loss, FIT_LOSS_RANDOM);
		assert_int_equal(found.lost_queue, 0);
	}
	coverage_expect(coverage, 3);
}

static void a_line_is_told_from_behind_jitter(void **state)
{
	const struct traffic bursts = {.frames = 10000, .gap_ns = 1e6, .burst = 0.6};
	struct coverage coverage[4] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct channel_params params = {.delay_ns = 10 * MS};
		struct fit found;

		rate_make_params(10000000, 24, 0, 0, "", &params.rate, NULL);
		jitter_make_params(JITTER_NORMAL, MS / 2, 0, "", &params.jitter, NULL);
		found = passage_fit(&params, &bursts, seed);
		assert_int_equal(found.kind, JITTER_NORMAL);
		coverage_count(&coverage[0], "rate", &found.rate_bps, 1e7);
		coverage_count(&coverage[1], "overhead", &found.overhead_bytes, 24);
		coverage_count(&coverage[2], "delay", &found.delay_ns, 1e7);
		coverage_count(&coverage[3], "jitter", &found.jitter_ns, 5e5);
	}
	coverage_expect(coverage, 4);
}

static void order_is_told_where_packets_would_meet(void **state)
{
	const struct traffic quick = {.frames = 10000, .gap_ns = 1e5};
	struct channel_params params = {.delay_ns = 10 * MS};
	struct coverage coverage[2] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fit found;

		jitter_make_params(JITTER_NORMAL, MS, 0, "", &params.jitter, NULL);
		found = passage_fit(&params, &quick, seed);
		assert_int_equal(found.order, FIT_ORDER_KEEP);
		assert_int_equal(found.kind, JITTER_NORMAL);
		assert_false(found.rate_bps.known);
		coverage_count(&coverage[0], "delay kept in order", &found.delay_ns, 1e7);
		coverage_count(&coverage[1], "jitter kept in order", &found.jitter_ns, 1e6);
	}
	coverage_expect(coverage, 2);
}

static void reordering_early_and_late_is_told_from_free_order(void **state)
{
	const struct traffic quick = {.frames = 10000, .gap_ns = 1e6};
	struct coverage coverage[4] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS / 2; seed++) {
		struct channel_params params = {.delay_ns = 10 * MS};
		struct fit found;

		jitter_make_params(JITTER_NORMAL, MS / 10, 0, "", &params.jitter, NULL);
		reorder_make_params(0.05, 0, 1, 0, "", &params.reorder, NULL);
		found = passage_fit(&params, &quick, seed);
		coverage_count(&coverage[0], "early", &found.reorder, 0.05);
		assert_false(found.late_ns.known);
		assert_int_equal(found.reorder_gap, 1);
		reorder_make_params(0.25, 0, 5, 0, "", &params.reorder, NULL);
		found = passage_fit(&params, &quick, seed);
		assert_int_equal(found.reorder_gap, 5);
		coverage_count(&coverage[1], "every fifth", &found.reorder, 0.25);
		reorder_make_params(0.02, 0, 1, 4 * MS, "", &params.reorder, NULL);
		found = passage_fit(&params, &quick, seed);
		coverage_count(&coverage[2], "late by", &found.late_ns, 4e6);
		coverage_count(&coverage[3], "late", &found.reorder, 0.02);
		assert_int_not_equal(found.order, FIT_ORDER_FREE);
	}
	coverage_expect(coverage, 4);
}

static void what_cannot_be_told_is_said(void **state)
{
	const struct traffic alike = {
		.frames = 5000, .gap_ns = 1e6, .burst = 0.6, .one_length = 1000};
	const struct traffic few = {.frames = 3, .gap_ns = 1e6};
	struct channel_params params = {.delay_ns = 10 * MS};
	struct fit found;

	(void)state;
	rate_make_params(50000000, 24, 0, 0, "", &params.rate, NULL);
	found = passage_fit(&params, &alike, 1);
	assert_true(found.rate_bps.known);
	assert_false(found.overhead_bytes.known);
	assert_true(fabs(found.rate_bps.value / (5e7 * 1000 / 1024) - 1) < 1e-6);
	assert_int_equal(found.note_count, 2); // overhead, limit
	params.rate = (struct rate_params){0};
	loss_random_params(1, 0, "", &params.loss, NULL);
	found = passage_fit(&params, &few, 1);
	assert_false(found.delay_ns.known);
	assert_false(found.loss_ratio.known);
	assert_int_equal(found.edges, 3);
	assert_true(found.note_count >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_constant_delay_is_told_to_the_nanosecond),
		cmocka_unit_test(mishaps_are_counted_and_random_loss_is_known_as_such),
		cmocka_unit_test(bursts_of_loss_are_gilberts),
		cmocka_unit_test(a_bad_state_that_spares_some_is_seen_in_the_runs),
		cmocka_unit_test(a_good_state_that_loses_some_is_seen_too),
		cmocka_unit_test(a_line_is_told_to_a_millionth_where_nothing_else_varies),
		cmocka_unit_test(a_line_is_told_from_behind_jitter),
		cmocka_unit_test(order_is_told_where_packets_would_meet),
		cmocka_unit_test(reordering_early_and_late_is_told_from_free_order),
		cmocka_unit_test(what_cannot_be_told_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
