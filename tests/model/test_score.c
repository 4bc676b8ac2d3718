// SPDX-License-Identifier: BSD-3-Clause
// Scores against their definition in double precision, over their whole range.
#include "dataplane/model/score.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/normal.h"
#include "tests/model/statistics.h"

// -ln of the share below z, from whichever side keeps its digits.
static double exponential_of(double z)
{
	return z < 0 ? -log(erfc(-z / sqrt(2)) / 2) : -log1p(-erfc(z / sqrt(2)) / 2);
}

static int64_t normal(double z)
{
	return llround(z * (double)NORMAL_ONE);
}

static void a_score_is_the_logarithm_of_the_logarithm(void **state)
{
	(void)state;
	for (double z = -6.5; z < 6.5; z += 0.0007)
		assert_near((double)score_of_normal(normal(z)) / SCORE_ONE,
			    -log2(exponential_of((double)normal(z) / NORMAL_ONE)), 4e-8);
}

static void the_inverse_leads_back(void **state)
{
	(void)state;
	for (double z = -6.4; z < 6.44; z += 0.0007) {
		double score = -log2(exponential_of(z));

		assert_near((double)score_to_normal(llround(score * SCORE_ONE)) / NORMAL_ONE, z,
			    3e-8);
	}
}

static void beyond_the_ends_are_the_ends(void **state)
{
	(void)state;
	assert_int_equal(score_of_normal(normal(-9)), score_of_normal(normal(-6.5)));
	assert_int_equal(score_of_normal(normal(9)), score_of_normal(normal(6.5) - 1));
	assert_int_equal(score_to_normal(-100 * SCORE_ONE), score_to_normal(-5 * SCORE_ONE));
	assert_int_equal(score_to_normal(INT64_MIN / 4), score_to_normal(-5 * SCORE_ONE));
	assert_near((double)score_to_normal(100 * SCORE_ONE),
		    (double)score_to_normal(34 * SCORE_ONE - 1), 0);
}

static void scores_grow_with_their_numbers(void **state)
{
	int64_t last = score_of_normal(normal(-6.5)), back = score_to_normal(-5 * SCORE_ONE);

	(void)state;
	for (double z = -6.499; z < 6.5; z += 0.001) {
		assert_true(score_of_normal(normal(z)) > last);
		last = score_of_normal(normal(z));
	}
	for (double score = -4.999; score < 34; score += 0.001) {
		assert_true(score_to_normal(llround(score * SCORE_ONE)) > back);
		back = score_to_normal(llround(score * SCORE_ONE));
	}
}

static void the_binary_logarithm_is_right_at_any_size(void **state)
{
	uint64_t part = 1;

	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		assert_int_equal(score_log2(UINT64_C(1) << bit), (bit - 64) * SCORE_ONE);
		assert_near((double)score_log2((UINT64_C(2) << bit) - 1) / SCORE_ONE,
			    log2((double)((UINT64_C(2) << bit) - 1)) - 64, 3e-8);
	}
	for (int i = 0; i < 100000; i++) {
		part = part * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		assert_near((double)score_log2((part >> (part % 60)) | 1) / SCORE_ONE,
			    log2((double)((part >> (part % 60)) | 1)) - 64, 3e-8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_score_is_the_logarithm_of_the_logarithm),
		cmocka_unit_test(the_inverse_leads_back),
		cmocka_unit_test(beyond_the_ends_are_the_ends),
		cmocka_unit_test(scores_grow_with_their_numbers),
		cmocka_unit_test(the_binary_logarithm_is_right_at_any_size),
	};

	return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
