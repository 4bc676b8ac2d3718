// SPDX-License-Identifier: BSD-3-Clause
// Fits of queues and losses: which was it?
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "tests/pcaps/passage.h"

static const struct {
	enum queue_limit kind;
	uint64_t amount;
} limits[] = {{QUEUE_TIME, 5 * MS}, {QUEUE_BYTES, 20000}, {QUEUE_PACKETS, 20}};

static void queue_of(struct channel_params *params, enum queue_limit kind, uint64_t amount)
{
	assert_int_equal(rate_make_params(10000000, 24, 0, 0, "", &params->rate, NULL), 0);
	assert_int_equal(queue_make_params(kind, amount, "", &params->queue, NULL), 0);
	assert_int_equal(queue_finish(&params->queue, &params->rate, "", NULL), 0);
}

// Not a matter of chance: the levels below and beyond it.
static void expect_limit(const struct fit *found, enum queue_limit kind, uint64_t amount)
{
	assert_int_equal(found->limit, kind);
	assert_true(found->limit_amount.low <= (double)amount + 1);
	assert_true(found->limit_amount.high >= (double)amount - 1);
	assert_true(fabs(found->limit_amount.value / (double)amount - 1) < 0.001);
}

static void a_full_queue_is_not_taken_for_a_model(void **state)
{
	// A few percent too much in bursts, and more than twice too much all the time.
	static const struct traffic loads[] = {
		{.frames = 5000, .gap_ns = 1.5e6, .burst = 0.6},
		{.frames = 5000, .gap_ns = 0.3e6},
	};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		for (uint64_t seed = 1; seed <= 2; seed++) {
			struct channel_params params = {.delay_ns = 3 * MS};
			struct fit found;

			queue_of(&params, limits[i % 3].kind, limits[i % 3].amount);
			found = passage_fit(&params, &loads[i / 3], seed);
			assert_int_equal(found.loss, FIT_LOSS_NONE);
			assert_int_equal(found.lost_queue, found.lost);
			assert_true(found.lost > 100);
			expect_limit(&found, limits[i % 3].kind, limits[i % 3].amount);
			assert_true(fabs(found.rate_bps.value / 1e7 - 1) < 1e-5);
			assert_true(fabs(found.overhead_bytes.value - 24) < 0.1);
		}
}

static void a_models_losses_are_told_beside_a_full_queues(void **state)
{
	const struct traffic heavy = {.frames = 10000, .gap_ns = 1.5e6, .burst = 0.6};
	struct coverage coverage[1] = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (uint64_t seed = 1; seed <= 2; seed++) {
			struct channel_params params = {.delay_ns = 3 * MS};
			struct fit found;

			queue_of(&params, limits[i].kind, limits[i].amount);
			loss_random_params(0.02, 0, "", &params.loss, NULL);
			found = passage_fit(&params, &heavy, seed);
			assert_int_equal(found.loss, FIT_LOSS_RANDOM);
			coverage_count(&coverage[0], "loss", &found.loss_ratio, 0.02);
			expect_limit(&found, limits[i].kind, limits[i].amount);
			assert_true(fabs(found.rate_bps.value / 1e7 - 1) < 1e-5);
		}
	coverage_expect(coverage, 1);
}

// Jitter of a third to one frame's time on the line beside a full queue: who was refused is no
// longer certain, and intervals of rate, overhead and limit say so, each to hold 95 in 100.
static void intervals_hold_beside_jitter_of_a_frames_time(void **state)
{
	static const struct {
		enum jitter_kind kind;
		uint64_t jitter_ns;
	} jitters[] = {{JITTER_UNIFORM, MS / 5},
		       {JITTER_UNIFORM, 6 * MS / 10},
		       {JITTER_NORMAL, MS / 5},
		       {JITTER_NORMAL, 6 * MS / 10}};
	static const struct traffic loads[] = {
		{.frames = 2500, .gap_ns = 1.5e6, .burst = 0.6},
		{.frames = 2500, .gap_ns = 0.6e6},
	};
	struct coverage coverage[3] = {0};

	(void)state;
	for (size_t i = 0; i < 24; i++) {
		struct channel_params params = {.delay_ns = 20 * MS};
		size_t j = i / 3 % 4, load = i / 12 % 2;
		struct fit found;

		queue_of(&params, limits[i % 3].kind, limits[i % 3].amount);
		jitter_make_params(jitters[j].kind, jitters[j].jitter_ns, 0, "", &params.jitter,
				   NULL);
		if (i % 2)
			loss_random_params(0.02, 0, "", &params.loss, NULL);
		found = passage_fit(&params, &loads[load], 40 + i);
		coverage_count(&coverage[0], "rate beside jitter", &found.rate_bps, 1e7);
		coverage_count(&coverage[1], "overhead beside jitter", &found.overhead_bytes, 24);
		if (found.limit == limits[i % 3].kind)
			coverage_count(&coverage[2], "limit beside jitter", &found.limit_amount,
				       (double)limits[i % 3].amount);
	}
	coverage_expect(coverage, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_is_not_taken_for_a_model),
		cmocka_unit_test(a_models_losses_are_told_beside_a_full_queues),
		cmocka_unit_test(intervals_hold_beside_jitter_of_a_frames_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
