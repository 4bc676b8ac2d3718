// SPDX-License-Identifier: BSD-3-Clause
// Tables of delay variation: against the closed forms by another way, into the tails; and against
// iproute2's own.
#include "dataplane/model/jitter_table.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/normal.h"
#include "tests/model/laws.h"
#include "tests/model/statistics.h"

#define STEP 0.0111

static struct jitter_table made(enum jitter_kind kind, double shape)
{
	struct jitter_table table;

	assert_int_equal(jitter_table_make(kind, shape, "", &table, NULL), 0);
	return table;
}

static double value_of(const struct jitter_table *table, double z)
{
	return (double)jitter_table_at(table, llround(z * (double)NORMAL_ONE)) / JITTER_VALUE_ONE;
}

// Of the distributions whose quantile can be written down with libm.
static double by_libm(enum jitter_kind kind, double shape, double z)
{
	const double covariance = 0.58747074848;
	double above = erfc(z / sqrt(2)) / 2;

	switch (kind) {
	case JITTER_EXPONENTIAL:
		return (z < 0 ? -log1p(-erfc(-z / sqrt(2)) / 2) : -log(above)) - 1;
	case JITTER_PARETO:
		return (pow(above, -1.0 / 3) - 1.5) / sqrt(0.75);
	case JITTER_PARETONORMAL:
		return (0.25 * z + pow(above, -1.0 / 3) - 1.5) /
		       sqrt(0.0625 + 0.75 + 0.5 * covariance);
	default:
		return (exp(shape * z - shape * shape / 2) - 1) / sqrt(expm1(shape * shape));
	}
}

static void quantiles_are_the_closed_forms_into_the_tails(void **state)
{
	const struct {
		enum jitter_kind kind;
		double shape;
	} cases[] = {{JITTER_EXPONENTIAL, 0},  {JITTER_PARETO, 0},      {JITTER_PARETONORMAL, 0},
		     {JITTER_LOGNORMAL, 0.01}, {JITTER_LOGNORMAL, 0.5}, {JITTER_LOGNORMAL, 1.7}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jitter_table table = made(cases[i].kind, cases[i].shape);

		for (double z = -6.337; z < 6.3375; z += STEP) {
			double expected = by_libm(cases[i].kind, cases[i].shape, z);

			assert_near(value_of(&table, z), expected, 1e-6 * fmax(1, fabs(expected)));
			assert_near(jitter_closed_form(cases[i].kind, cases[i].shape, z), expected,
				    1e-9 * fmax(1, fabs(expected)));
		}
	}
}

// Back through the distribution: of whole shapes a Poisson law's share above, of 1/2 erfc.
static void gamma_quantiles_have_their_share_above(void **state)
{
	const double shapes[] = {0.5, 1, 4, 17, 300, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct jitter_table table = made(JITTER_GAMMA, shapes[i]);
		double shape = shapes[i];

		for (double z = -5; z < 6.3; z += STEP * 5) {
			double x = value_of(&table, z) * sqrt(shape) + shape;
			double fine =
				jitter_closed_form(JITTER_GAMMA, shape, z) * sqrt(shape) + shape;
			long double above = 0, term = expl(-(long double)fine);

			for (int k = 0; k < shape && shape >= 1; k++) {
				above += term;
				term *= (long double)fine / (k + 1);
			}
			if (shape < 1)
				above = erfc(sqrt(fine));
			assert_near((double)above / (erfc(z / sqrt(2)) / 2), 1, 1e-7);
			assert_near(x, fine, 1e-6 * fmax(sqrt(shape), fabs(fine - shape)));
		}
	}
}

// Where there is no other way: the table against the form it was made from, at places between.
static void tables_hold_their_bound_for_every_shape(void **state)
{
	(void)state;
	for (double shape = JITTER_SHAPE_LEAST; shape <= JITTER_SHAPE_MOST; shape *= 3.1) {
		struct jitter_table table = made(JITTER_GAMMA, shape);

		for (double z = -6.33; z < 6.33; z += STEP * 7) {
			double expected = jitter_closed_form(JITTER_GAMMA, shape, z);

			assert_near(value_of(&table, z), expected, 1e-6 * fmax(1, fabs(expected)));
		}
	}
	for (double shape = JITTER_LOGNORMAL_LEAST; shape <= JITTER_LOGNORMAL_MOST; shape *= 1.3) {
		struct jitter_table table = made(JITTER_LOGNORMAL, shape);

		for (double z = -6.33; z < 6.33; z += STEP) {
			double expected = by_libm(JITTER_LOGNORMAL, shape, z);

			assert_near(value_of(&table, z), expected, 1e-6 * fmax(1, fabs(expected)));
		}
	}
}

// By the sum over equal steps of z, which is exact for such functions; pareto's variance has a
// tail beyond all draws, 3 / 2363.
static void mean_and_deviation_are_the_asked_ones(void **state)
{
	(void)state;
	for (size_t i = 2; i < LAWS; i++) {
		struct jitter_table table = made(laws[i].kind, laws[i].shape);
		double mean = 0, square = 0, tolerance = laws[i].kurtosis > 0 ? 1e-6 : 3e-3;

		for (double z = -6.4; z <= 6.4; z += 0.001) {
			double value = value_of(&table, fmin(fmax(z, -6.3379), 6.3379));
			double density = exp(-z * z / 2) / sqrt(2 * M_PI) * 0.001;

			mean += value * density;
			square += value * value * density;
		}
		assert_near(mean, 0, 1e-6);
		assert_near(square, 1, tolerance);
	}
}

static void no_value_is_outside_least_and_most(void **state)
{
	(void)state;
	for (size_t i = 2; i < LAWS; i++) {
		struct jitter_table table = made(laws[i].kind, laws[i].shape);

		assert_int_equal(jitter_table_at(&table, -NORMAL_MOST), table.least);
		assert_int_equal(jitter_table_at(&table, NORMAL_MOST), table.most);
		assert_true(table.least < 0 && table.most > 0);
		for (int64_t z = -NORMAL_MOST; z < NORMAL_MOST; z += 9999) {
			assert_true(jitter_table_at(&table, z) >= table.least);
			assert_true(jitter_table_at(&table, z) <= table.most);
		}
	}
}

// The slope over y = -ln p, times ln 2 y: exponential 1 towards its tail, pareto x / 3 at the share
// 1 - 2^-13 (over the last step).
static void the_steepest_slope_is_known(void **state)
{
	struct jitter_table exponential = made(JITTER_EXPONENTIAL, 0);
	struct jitter_table pareto = made(JITTER_PARETO, 0);
	int16_t samples[2] = {-8192, 8192};
	struct jitter_table step;
	double last = pow(2, 13.0 / 3), before = pow(2, (13.0 - 1.0 / 16) / 3);

	(void)state;
	assert_near((double)exponential.steepest / JITTER_VALUE_ONE, M_LN2, 1e-3);
	assert_near((double)pareto.steepest / JITTER_VALUE_ONE, (last - before) * 16 / sqrt(0.75),
		    2e-3);
	assert_int_equal(jitter_table_make_from_samples(samples, 2, "", &step, NULL), 0);
	assert_int_equal(step.steepest, 2 * JITTER_VALUE_ONE * 16); // two sigma in one step
}

static void a_natural_shape_makes_the_delay_itself_have_the_law(void **state)
{
	double shape = jitter_natural_shape(JITTER_GAMMA, 20000000, 5000000);

	(void)state;
	assert_near(shape, 16, 1e-12);
	// A delay of 0 is the mean less sqrt(k) deviations.
	assert_near(jitter_closed_form(JITTER_GAMMA, 16, -6.4), -4, 0.5);
	shape = jitter_natural_shape(JITTER_LOGNORMAL, 20000000, 5000000);
	assert_near(shape, sqrt(log(1 + 1.0 / 16)), 1e-14);
	assert_near(-1 / sqrt(expm1(shape * shape)), -4, 1e-12);
	assert_near(jitter_natural_shape(JITTER_GAMMA, 1, 1000), JITTER_SHAPE_LEAST, 0);
	assert_near(jitter_natural_shape(JITTER_GAMMA, 1000, 1), JITTER_SHAPE_MOST, 0);
	assert_near(jitter_natural_shape(JITTER_LOGNORMAL, 1, 1000), JITTER_LOGNORMAL_MOST, 0);
	assert_near(jitter_natural_shape(JITTER_LOGNORMAL, 1000000, 1), JITTER_LOGNORMAL_LEAST, 0);
	assert_near(jitter_natural_shape(JITTER_LOGNORMAL, 0, 1), 0, 0);
	assert_near(jitter_natural_shape(JITTER_GAMMA, 1, 0), 0, 0);
	assert_near(jitter_natural_shape(JITTER_NORMAL, 1, 1), 0, 0);
}

// Entries of iproute2 6.1's pareto.dist: number i is 4/3 (x - 3/2) 8192 at the share i / 4096, cut
// at 32767; and of paretonormal.dist, a quarter of normal.dist's entry and three of that.
static void iproute2s_tables_are_these_closed_forms_cut(void **state)
{
	const struct {
		int entry, pareto, normal, paretonormal;
	} published[] = {{1, -5460, -28307, -11171},  {100, -5371, -16135, -8062},
			 {1000, -4393, -5677, -4714}, {2048, -2622, 0, -1966},
			 {3000, 566, 5081, 1694},     {4000, 21783, 16285, 20408}};
	const double wide = sqrt(0.0625 + 0.75 + 0.5 * 0.58747074848);

	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		double draw = published[i].entry / 4096.0 * 0x1p32;
		double z = (double)normal_quantile((uint32_t)draw) / NORMAL_ONE;
		double pareto = jitter_closed_form(JITTER_PARETO, 0, z) * sqrt(0.75) * 4 / 3;

		double both = jitter_closed_form(JITTER_PARETONORMAL, 0, z) * wide;

		assert_near(pareto * 8192, published[i].pareto, 1);
		// The normal part is the published one, which is made in another way and differs.
		assert_near((both - 0.25 * z) * 8192 + 0.25 * published[i].normal,
			    published[i].paretonormal, 2);
	}
}

// All of it where the file is at hand: the sum and the sum of squares of its samples, and that a
// table of them is sorted and whole.
static void a_published_table_is_taken_as_it_is(void **state)
{
	static int16_t samples[JITTER_SAMPLES_MOST];
	struct jitter_table table;
	const char *folder = getenv("CORRIDOR_VECTORS");
	char path[4096], line[1024];
	size_t count = 0;
	double sum = 0, squares = 0;
	FILE *file;

	(void)state;
	if (!folder)
		skip();
	snprintf(path, sizeof(path), "%s/samples/dist/pareto.dist", folder);
	file = fopen(path, "r");
	if (!file)
		skip();
	while (fgets(line, sizeof(line), file)) {
		char *at = line, *end;

		while (line[0] != '#' && count < JITTER_SAMPLES_MOST) {
			long value = strtol(at, &end, 10);

			if (end == at)
				break;
			samples[count++] = (int16_t)value;
			at = end;
		}
	}
	fclose(file);
	assert_int_equal(count, 4096);
	assert_int_equal(jitter_table_make_from_samples(samples, count, "", &table, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || table.samples[i] >= table.samples[i - 1]);
		sum += table.samples[i] / 8192.0;
		squares += table.samples[i] / 8192.0 * table.samples[i] / 8192.0;
	}
	assert_near(sum / (double)count, -0.0335, 0.00005);
	assert_near(sqrt(squares / (double)count - pow(sum / (double)count, 2)), 0.8197, 0.00005);
}

static void what_is_no_table_is_refused(void **state)
{
	const struct {
		enum jitter_kind kind;
		double shape;
		const char *word;
	} wrong[] = {{JITTER_GAMMA, 0, "gamma"},         {JITTER_GAMMA, 0.05, "gamma"},
		     {JITTER_GAMMA, 1001, "gamma"},      {JITTER_GAMMA, NAN, "gamma"},
		     {JITTER_LOGNORMAL, 2, "lognormal"}, {JITTER_LOGNORMAL, -1, "lognormal"},
		     {JITTER_PARETO, 3, "shape"},        {JITTER_NORMAL, 0, "no table"},
		     {JITTER_TABLE, 0, "no table"},      {(enum jitter_kind)99, 0, "no table"}};
	struct jitter_table table = {.count = 77};
	int16_t sample = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error error = {0};

		assert_int_equal(jitter_table_make(wrong[i].kind, wrong[i].shape, "lab.ini:9",
						   &table, &error),
				 -EINVAL);
		assert_string_equal(error.where, "lab.ini:9");
		assert_non_null(strstr(error.what, wrong[i].word));
	}
	assert_int_equal(jitter_table_make_from_samples(&sample, 0, "", &table, NULL), -EINVAL);
	assert_int_equal(
		jitter_table_make_from_samples(&sample, JITTER_SAMPLES_MOST + 1, "", &table, NULL),
		-EINVAL);
	assert_int_equal(table.count, 77);
	assert_int_equal(jitter_table_make_from_samples(&sample, 1, "", &table, NULL), 0);
	assert_int_equal(table.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_the_closed_forms_into_the_tails),
		cmocka_unit_test(gamma_quantiles_have_their_share_above),
		cmocka_unit_test(tables_hold_their_bound_for_every_shape),
		cmocka_unit_test(mean_and_deviation_are_the_asked_ones),
		cmocka_unit_test(no_value_is_outside_least_and_most),
		cmocka_unit_test(the_steepest_slope_is_known),
		cmocka_unit_test(a_natural_shape_makes_the_delay_itself_have_the_law),
		cmocka_unit_test(iproute2s_tables_are_these_closed_forms_cut),
		cmocka_unit_test(a_published_table_is_taken_as_it_is),
		cmocka_unit_test(what_is_no_table_is_refused),
	};

	return cmocka_run_group_tests_name("jitter_table", tests, NULL, NULL);
}
