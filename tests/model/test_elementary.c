// SPDX-License-Identifier: BSD-3-Clause
// Elementary functions against the C library, in long double where it has more digits, and bit for
// bit on values that all machines must share.
#include "dataplane/model/elementary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/model/statistics.h"

static void powers_and_logarithms_are_the_librarys(void **state)
{
	(void)state;
	for (double x = -700; x < 700; x += 0.1373)
		assert_near(elementary_exp(x) / exp(x), 1, 1e-15);
	for (double x = 1e-300; x < 1e300; x *= 1.37)
		assert_near(elementary_log(x) / fmax(1, fabs(log(x))),
			    log(x) / fmax(1, fabs(log(x))), 1e-15);
	for (double x = 0.5; x < 2; x += 0.000137)
		assert_near(elementary_log(x), log(x), 3e-16);
}

static void the_normal_tail_keeps_its_digits(void **state)
{
	(void)state;
	for (double z = -30; z < 30; z += 0.00913)
		assert_near(elementary_normal_above(z) /
				    (double)(erfcl((long double)z / sqrtl(2)) / 2),
			    1, 1e-13);
}

static void the_gamma_function_is_the_librarys(void **state)
{
	(void)state;
	for (double x = 1e-3; x < 3000; x *= 1.003)
		assert_near(elementary_log_gamma(x), lgamma(x), 1e-13 * fmax(1, fabs(lgamma(x))));
}

// For whole shapes the share above is that of a Poisson law, for 1/2 the error function.
static void the_gamma_distribution_is_poissons_at_whole_shapes(void **state)
{
	(void)state;
	for (int shape = 1; shape < 1000; shape = shape * 2 + 1) {
		for (double x = shape * 0.3; x < shape * 3 + 30; x *= 1.05) {
			long double term = expl(-(long double)x), above = 0, below = 0;

			for (int i = 0; i < shape + 3000; i++) {
				*(i < shape ? &above : &below) += term;
				term *= (long double)x / (i + 1);
			}
			if (above > 1e-12L)
				assert_near(elementary_gamma_above(shape, x) / (double)above, 1,
					    1e-10);
			if (below > 1e-12L)
				assert_near(elementary_gamma_below(shape, x) / (double)below, 1,
					    1e-10);
		}
	}
	for (double x = 1e-20; x < 25; x *= 1.3) {
		assert_near(elementary_gamma_below(0.5, x) / erf(sqrt(x)), 1, 1e-12);
		assert_near(elementary_gamma_above(0.5, x) / erfc(sqrt(x)), 1, 1e-12);
	}
}

static uint64_t bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

// All their bits mixed into one number: what one machine gives all must, or tables would differ.
// The number is what gcc 12 and clang 14 make on x86-64, with and without optimisation and vectors.
static void every_machine_has_the_same_bits(void **state)
{
	uint64_t mixed = 0;

	(void)state;
	for (int i = 1; i < 2000; i++) {
		// Whole numbers over a power of two: no rounding, so no difference here.
		const double values[] = {
			elementary_exp((i * 379 - 307200) / 1024.0),
			elementary_log(i * 749 / 1024.0),
			elementary_normal_above((i * 7 - 6656) / 1024.0),
			elementary_log_gamma(i * 522 / 1024.0),
			elementary_gamma_below((1024 + i * 20) / 1024.0, i * 21 / 1024.0)};

		for (int k = 0; k < 5; k++)
			mixed = (mixed ^ bits_of(values[k])) * UINT64_C(0x9e3779b97f4a7c15);
	}
	assert_int_equal(mixed, UINT64_C(0x363e9fb4fe2d75b6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(powers_and_logarithms_are_the_librarys),
		cmocka_unit_test(the_normal_tail_keeps_its_digits),
		cmocka_unit_test(the_gamma_function_is_the_librarys),
		cmocka_unit_test(the_gamma_distribution_is_poissons_at_whole_shapes),
		cmocka_unit_test(every_machine_has_the_same_bits),
	};

	return cmocka_run_group_tests_name("elementary", tests, NULL, NULL);
}
