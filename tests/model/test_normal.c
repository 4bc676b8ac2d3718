// SPDX-License-Identifier: BSD-3-Clause
// The integer quantile against the root of the error function, over the whole range of draws.
#include "dataplane/model/normal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

#define TOLERANCE 2e-7

// Bisection on erfc, to the last bit of a double: slow, plain, and nothing like a table.
static double quantile_by_bisection(double probability)
{
	double low = -7, high = 0; // probability <= 1/2

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (erfc(-middle / sqrt(2)) / 2 < probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

static void check(uint32_t lower_draw)
{
	double expected = quantile_by_bisection((lower_draw + 0.5) / 0x1p32);
	int64_t quantile = normal_quantile(lower_draw);

	assert_near((double)quantile / NORMAL_ONE, expected, TOLERANCE);
	assert_int_equal(normal_quantile(~lower_draw), -quantile);
}

static void every_piece_is_exact_at_its_ends_and_inside(void **state)
{
	(void)state;
	for (int octave = 0; octave < 31; octave++) {
		for (int piece = 0; piece < 8; piece++) {
			uint64_t first = (UINT64_C(8) + (uint64_t)piece) << octave >> 3;
			uint64_t width = UINT64_C(1) << octave >> 3;

			for (uint64_t k = 0; k <= 40; k++)
				check((uint32_t)(first + width * k / 40 - 1));
			check((uint32_t)first);
		}
	}
}

static void the_tail_is_exact_draw_by_draw(void **state)
{
	(void)state;
	for (uint32_t draw = 0; draw < 20000; draw++)
		check(draw);
	assert_near((double)normal_quantile(0) / NORMAL_ONE, -6.33795775, 1e-6);
}

static void any_draw_is_exact(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 100000; n++)
		check(rng_draw(3, 0, RNG_JITTER, n) >> 1);
	check(0x7fffffff);
}

static void a_larger_draw_is_never_a_smaller_number(void **state)
{
	(void)state;
	for (uint64_t draw = 1 << 16; draw < UINT64_C(1) << 32; draw += 1 << 16)
		assert_true(normal_quantile((uint32_t)(draw - (1 << 16))) <
			    normal_quantile((uint32_t)draw));
	for (uint32_t draw = 1; draw < 100000; draw++)
		assert_true(normal_quantile(draw - 1) < normal_quantile(draw));
}

// Good to 2^-29 all over, rounding down to 2^-32 included; and the mirror of itself.
static void the_share_below_is_the_distribution(void **state)
{
	(void)state;
	for (double z = -7; z < 7; z += 0.0007) {
		int64_t normal = llround(z * (double)NORMAL_ONE);
		double share = erfc(-(double)normal / (double)NORMAL_ONE / sqrt(2)) / 2;

		assert_near((normal_below(normal) + 0.5) * 0x1p-32, share, 0x1p-29);
		if (normal != 0)
			assert_int_equal(normal_below(-normal), ~normal_below(normal));
	}
	assert_int_equal(normal_below(0), 0x80000000);
	assert_int_equal(normal_below(INT64_MIN / 2), 0);
	assert_int_equal(normal_below(INT64_MAX), UINT32_MAX);
}

// Up to the error of both, which in the tails is many draws of few.
static void the_share_below_leads_back_to_the_draw(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 100000; n++) {
		uint32_t draw = rng_draw(4, 0, RNG_JITTER, n);

		assert_near(normal_below(normal_quantile(draw)), draw, 2e-7 * 0.4 * 0x1p32 + 4);
	}
}

static void the_greatest_quantile_is_the_one_named(void **state)
{
	(void)state;
	assert_int_equal(normal_quantile(UINT32_MAX), NORMAL_MOST);
	assert_int_equal(normal_quantile(0), -NORMAL_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_piece_is_exact_at_its_ends_and_inside),
		cmocka_unit_test(the_tail_is_exact_draw_by_draw),
		cmocka_unit_test(any_draw_is_exact),
		cmocka_unit_test(a_larger_draw_is_never_a_smaller_number),
		cmocka_unit_test(the_share_below_is_the_distribution),
		cmocka_unit_test(the_share_below_leads_back_to_the_draw),
		cmocka_unit_test(the_greatest_quantile_is_the_one_named),
	};

	return cmocka_run_group_tests_name("normal", tests, NULL, NULL);
}
