// SPDX-License-Identifier: BSD-3-Clause
// Tables of delay variation: closed forms, cut into pieces of the fifth degree over the normal
// quantile. On that scale the tails come at equal steps, so they are as exact as the middle.
#include "dataplane/model/jitter_table.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/model/elementary.h"
#include "dataplane/model/normal.h"
#include "dataplane/model/score.h"

#define PARETO_MEAN      1.5           // index 3, least 1: 3 / 2
#define PARETO_VARIANCE  0.75          // 3 / (2^2 1)
#define PARETO_WITH_NORM 0.58747074848 // covariance with the normal quantile, by integration

// Steps of the score over which its slope is taken, and the shares at either end, 2^-13, beyond
// which it does not matter.
#define SCORE_STEP  (SCORE_ONE / 16)
#define SCORE_FIRST (-3 * SCORE_ONE - 3 * SCORE_STEP) // -log2(13 ln 2) = -3.17
#define SCORE_LAST  (13 * SCORE_ONE)

// The x whose gamma law has the share that the normal law has below z, by bisection over ln x.
static double jitter_gamma_quantile(double shape, double z)
{
	double tail = elementary_normal_above(fabs(z));
	double low = -1000 / fmin(shape, 1), high = elementary_log(shape + 20 * sqrt(shape) + 100);

	low = fmax(low, -300);
	for (int i = 0; i < 64; i++) {
		double middle = (low + high) / 2, x = elementary_exp(middle);
		bool beyond = z < 0 ? elementary_gamma_below(shape, x) > tail
				    : elementary_gamma_above(shape, x) < tail;

		if (beyond)
			high = middle;
		else
			low = middle;
	}
	return elementary_exp((low + high) / 2);
}

double jitter_closed_form(enum jitter_kind kind, double shape, double z)
{
	double above = elementary_normal_above(z), pareto;

	switch (kind) {
	case JITTER_UNIFORM:
		return sqrt(3) * (1 - 2 * above);
	case JITTER_EXPONENTIAL:
		return -elementary_log(above) - 1;
	case JITTER_PARETO:
	case JITTER_PARETONORMAL:
		pareto = elementary_exp(-elementary_log(above) / 3) - PARETO_MEAN;
		if (kind == JITTER_PARETO)
			return pareto / sqrt(PARETO_VARIANCE);
		return (0.25 * z + pareto) /
		       sqrt(0.0625 + PARETO_VARIANCE + 2 * 0.25 * PARETO_WITH_NORM);
	case JITTER_GAMMA:
		return (jitter_gamma_quantile(shape, z) - shape) / sqrt(shape);
	case JITTER_LOGNORMAL:
		return (elementary_exp(shape * z - shape * shape / 2) - 1) /
		       sqrt(elementary_exp(shape * shape) - 1);
	case JITTER_NORMAL:
	case JITTER_NONE:
	case JITTER_TABLE:
		break;
	}
	return z;
}

double jitter_natural_shape(enum jitter_kind kind, uint64_t delay_ns, uint64_t jitter_ns)
{
	double ratio = (double)jitter_ns / (double)delay_ns;

	if (delay_ns == 0 || jitter_ns == 0)
		return 0;
	if (kind == JITTER_GAMMA)
		return fmin(fmax(1 / (ratio * ratio), JITTER_SHAPE_LEAST), JITTER_SHAPE_MOST);
	if (kind == JITTER_LOGNORMAL)
		return fmin(fmax(sqrt(elementary_log(1 + ratio * ratio)), JITTER_LOGNORMAL_LEAST),
			    JITTER_LOGNORMAL_MOST);
	return 0;
}

// The polynomial through a cell's six Chebyshev nodes, by divided differences.
static void jitter_cell_make(enum jitter_kind kind, double shape, int cell, int64_t *terms)
{
	// (1 - cos((2 i + 1) pi / 12)) / 2
	static const double nodes[POLYNOMIAL_TERMS] = {0.017037086855465856, 0.14644660940672624,
						       0.37059047744873963,  0.62940952255126037,
						       0.85355339059327376,  0.98296291314453414};
	double differences[POLYNOMIAL_TERMS], sum[POLYNOMIAL_TERMS] = {0};
	const int last = POLYNOMIAL_TERMS - 1;

	for (int i = 0; i <= last; i++)
		differences[i] =
			jitter_closed_form(kind, shape, (cell - JITTER_CELLS / 2 + nodes[i]) / 4);
	for (int order = 1; order <= last; order++)
		for (int i = last; i >= order; i--)
			differences[i] = (differences[i] - differences[i - 1]) /
					 (nodes[i] - nodes[i - order]);
	// From the inside out: sum = sum * (t - node) + difference.
	for (int i = last; i >= 0; i--) {
		for (int k = last; k >= 1; k--)
			sum[k] = sum[k - 1] - sum[k] * nodes[i];
		sum[0] = differences[i] - sum[0] * nodes[i];
	}
	for (int i = 0; i <= last; i++)
		terms[i] = (int64_t)llround(sum[i] * (double)JITTER_VALUE_ONE);
}

static int64_t jitter_table_value(const struct jitter_table *table, int64_t normal)
{
	if (table->kind == JITTER_TABLE)
		return table->samples[((uint64_t)normal_below(normal) * table->count) >> 32] *
		       (JITTER_VALUE_ONE / JITTER_SAMPLE_SIGMA);
	return jitter_table_at(table, normal);
}

// Small steps of a staircase count by their mean slope, those longer than SCORE_STEP by themselves.
static int64_t jitter_table_steepest(const struct jitter_table *table)
{
	int64_t steepest = 0, last = jitter_table_value(table, score_to_normal(SCORE_FIRST));

	for (int64_t score = SCORE_FIRST; score < SCORE_LAST;) {
		int64_t value;

		score += SCORE_STEP;
		value = jitter_table_value(table, score_to_normal(score));
		steepest = value - last > steepest ? value - last : steepest;
		last = value;
	}
	return steepest * (SCORE_ONE / SCORE_STEP);
}

static int jitter_table_check(enum jitter_kind kind, double shape, const char *where,
			      struct error *error)
{
	bool shapeless =
		kind == JITTER_PARETO || kind == JITTER_PARETONORMAL || kind == JITTER_EXPONENTIAL;
	double least = kind == JITTER_GAMMA ? JITTER_SHAPE_LEAST : JITTER_LOGNORMAL_LEAST;
	double most = kind == JITTER_GAMMA ? JITTER_SHAPE_MOST : JITTER_LOGNORMAL_MOST;

	if (!shapeless && kind != JITTER_GAMMA && kind != JITTER_LOGNORMAL)
		return error_set(error, -EINVAL, where,
				 "jitter of kind %d has no table: use pareto, paretonormal, "
				 "exponential, gamma or lognormal",
				 (int)kind);
	if (shapeless && shape != 0)
		return error_set(error, -EINVAL, where,
				 "a shape of %g is given to a distribution that has none: leave "
				 "it out",
				 shape);
	if (!shapeless && !(shape >= least && shape <= most))
		return error_set(error, -EINVAL, where, "a %s shape of %g: expected %g to %g",
				 kind == JITTER_GAMMA ? "gamma" : "lognormal", shape, least, most);
	return 0;
}

int jitter_table_make(enum jitter_kind kind, double shape, const char *where,
		      struct jitter_table *table, struct error *error)
{
	int status = jitter_table_check(kind, shape, where, error);

	if (status != 0)
		return status;
	memset(table, 0, sizeof(*table));
	table->kind = kind;
	table->shape = shape;
	for (int cell = 0; cell < JITTER_CELLS; cell++)
		jitter_cell_make(kind, shape, cell, table->cells[cell]);
	table->least = INT64_MIN;
	table->most = INT64_MAX;
	table->least = jitter_table_at(table, -NORMAL_MOST);
	table->most = jitter_table_at(table, NORMAL_MOST);
	table->steepest = jitter_table_steepest(table);
	return 0;
}

static int jitter_compare_samples(const void *a, const void *b)
{
	return *(const int16_t *)a - *(const int16_t *)b;
}

int jitter_table_make_from_samples(int16_t *samples, size_t count, const char *where,
				   struct jitter_table *table, struct error *error)
{
	const int64_t unit = JITTER_VALUE_ONE / JITTER_SAMPLE_SIGMA;

	if (count < 1 || count > JITTER_SAMPLES_MOST)
		return error_set(error, -EINVAL, where, "a table of %zu samples: expected 1 to %d",
				 count, JITTER_SAMPLES_MOST);
	qsort(samples, count, sizeof(*samples), jitter_compare_samples);
	memset(table, 0, sizeof(*table));
	table->kind = JITTER_TABLE;
	table->samples = samples;
	table->count = (uint32_t)count;
	table->least = samples[0] * unit;
	table->most = samples[count - 1] * unit;
	table->steepest = jitter_table_steepest(table);
	return 0;
}
