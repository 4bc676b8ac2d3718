// SPDX-License-Identifier: BSD-3-Clause
// The judge's probabilities.
#include "pcaps/statistics.h"

#include <math.h>

#include "dataplane/model/jitter_law.h"

#define TWO_32       4294967296.0
#define TILT_MOST    50.0 // of the generating function: e^-50 is no chance at all
#define SEARCH_STEPS 80
#define GOLDEN       0.6180339887498949

#define CUT_DEVIATIONS 5
#define CUT_STEPS      65536

double statistics_sum_p(double beyond, double variance, double greatest)
{
	double spread = 2 * (variance + greatest * fabs(beyond) / 3);

	if (beyond == 0)
		return 1;
	return spread > 0 ? fmin(1, 2 * exp(-beyond * beyond / spread)) : 0;
}

static double entropy_term(double share, double probability)
{
	return share > 0 ? share * log(share / probability) : 0;
}

double statistics_binomial_p(size_t trials, size_t successes, double probability)
{
	double share = trials ? (double)successes / (double)trials : 0;

	if (trials == 0)
		return 1;
	if (probability <= 0 || probability >= 1)
		return share == probability ? 1 : 0;
	return fmin(1, 2 * exp(-(double)trials * (entropy_term(share, probability) +
						  entropy_term(1 - share, 1 - probability))));
}

double statistics_distance_p(size_t samples, double distance, bool two_sided)
{
	if (distance <= 0)
		return 1;
	return fmin(1, (two_sided ? 2 : 1) * exp(-2 * (double)samples * distance * distance));
}

// Rows: state before; columns: state after. The logarithm of the scale is kept apart.
struct matrix {
	double at[2][2];
	double log_scale;
};

static struct matrix multiply(const struct matrix *one, const struct matrix *other)
{
	struct matrix product = {.log_scale = one->log_scale + other->log_scale};
	double greatest = 0;

	for (int row = 0; row < 2; row++)
		for (int column = 0; column < 2; column++) {
			product.at[row][column] = one->at[row][0] * other->at[0][column] +
						  one->at[row][1] * other->at[1][column];
			greatest = fmax(greatest, product.at[row][column]);
		}
	for (int i = 0; greatest > 0 && i < 4; i++)
		product.at[i / 2][i % 2] /= greatest;
	product.log_scale += greatest > 0 ? log(greatest) : 0;
	return product;
}

// One frame: the state moves, then a loss in the new state counts e^tilt.
static struct matrix step_of(const struct loss_params *loss, double tilt)
{
	struct matrix step = {.at = {{1, 0}, {0, 1}}};
	double lost[2] = {0, 0};

	if (loss->kind == LOSS_RANDOM)
		lost[0] = lost[1] = (double)loss->random / TWO_32;
	if (loss->kind == LOSS_GILBERT_ELLIOTT) {
		double p = (double)loss->good_to_bad / TWO_32;
		double r = (double)loss->bad_to_good / TWO_32;

		step.at[0][0] = 1 - p;
		step.at[0][1] = p;
		step.at[1][0] = r;
		step.at[1][1] = 1 - r;
		lost[0] = (double)loss->lost_in_good / TWO_32;
		lost[1] = (double)loss->lost_in_bad / TWO_32;
	}
	for (int column = 0; column < 2; column++) {
		double weight = 1 - lost[column] + lost[column] * exp(tilt);

		step.at[0][column] *= weight;
		step.at[1][column] *= weight;
	}
	return step;
}

static struct matrix power(struct matrix base, size_t exponent)
{
	struct matrix result = {.at = {{1, 0}, {0, 1}}};

	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			result = multiply(&result, &base);
		base = multiply(&base, &base);
	}
	return result;
}

static double bad_share(const struct loss_params *loss)
{
	double sum = (double)loss->good_to_bad + (double)loss->bad_to_good;

	return loss->kind == LOSS_GILBERT_ELLIOTT && sum > 0 ? (double)loss->good_to_bad / sum : 0;
}

// Logarithm of E[e^(tilt x lost)].
static double log_generating(const struct statistics_stretch *stretches, size_t count,
			     bool from_start, double tilt)
{
	struct matrix product = {.at = {{1, 0}, {0, 1}}};
	double bad = from_start || count == 0 ? 0 : bad_share(&stretches[0].loss);

	for (size_t i = 0; i < count; i++) {
		struct matrix stretch =
			power(step_of(&stretches[i].loss, tilt), stretches[i].frames);

		product = multiply(&product, &stretch);
	}
	return product.log_scale + log((1 - bad) * (product.at[0][0] + product.at[0][1]) +
				       bad * (product.at[1][0] + product.at[1][1]));
}

// The least of log E[e^(tilt (lost - `lost`))] over tilts of one sign: a convex function.
static double log_tail(const struct statistics_stretch *stretches, size_t count, bool from_start,
		       size_t lost, double sign)
{
	double low = 0;
	double high = TILT_MOST;
	double least = 0; // at tilt 0

	for (int i = 0; i < SEARCH_STEPS; i++) {
		double left = high - GOLDEN * (high - low);
		double right = low + GOLDEN * (high - low);
		double at_left = log_generating(stretches, count, from_start, sign * left) -
				 sign * left * (double)lost;
		double at_right = log_generating(stretches, count, from_start, sign * right) -
				  sign * right * (double)lost;

		least = fmin(least, fmin(at_left, at_right));
		if (at_left < at_right)
			high = right;
		else
			low = left;
	}
	return least;
}

double statistics_loss_p(const struct statistics_stretch *stretches, size_t count, bool from_start,
			 size_t lost)
{
	double more = log_tail(stretches, count, from_start, lost, 1);
	double fewer = log_tail(stretches, count, from_start, lost, -1);

	return fmin(1, 2 * exp(fmin(more, fewer)));
}

double statistics_loss_mean(const struct statistics_stretch *stretches, size_t count,
			    bool from_start)
{
	const double tilt = 1e-5;

	return (log_generating(stretches, count, from_start, tilt) -
		log_generating(stretches, count, from_start, -tilt)) /
	       (2 * tilt);
}

static double normal_below(double z)
{
	return 0.5 * erfc(-z / M_SQRT2);
}

static double normal_density(double z)
{
	return exp(-0.5 * z * z) / sqrt(2 * M_PI);
}

// First and second moment of max(deviation, -floor) by integration over the density.
static void floored_moments(const struct jitter_params *jitter, double floor_ns, double *first,
			    double *second)
{
	double width = (double)jitter->jitter_ns;

	if (jitter->kind == JITTER_NORMAL) {
		double a = floor_ns / width;

		*first = width * (normal_density(a) - a * normal_below(-a));
		*second = width * width *
			  (a * a * normal_below(-a) + normal_below(a) - a * normal_density(a));
		return;
	}
	floor_ns = fmin(floor_ns, width);
	*first = (-floor_ns * (width - floor_ns) + (width * width - floor_ns * floor_ns) / 2) /
		 (2 * width);
	*second = (floor_ns * floor_ns * (width - floor_ns) +
		   (width * width * width + floor_ns * floor_ns * floor_ns) / 3) /
		  (2 * width);
	// The law's draws are rounded down: half a nanosecond on average, where they are not
	// floored.
	*first -= 0.5 * (width + floor_ns) / (2 * width);
}

void statistics_jitter_moments(const struct jitter_params *jitter, uint64_t floor_ns, double *mean,
			       double *variance)
{
	double first = 0;
	double second = 0;

	if (jitter->kind > JITTER_NORMAL) { // a table: its values are rounded already
		jitter_moments_ns(jitter, floor_ns, mean, variance);
		*variance *= *variance;
		return;
	}
	if (jitter->kind != JITTER_NONE)
		floored_moments(jitter, (double)floor_ns, &first, &second);
	*mean = first;
	// Rounding to whole nanoseconds adds a twelfth.
	*variance = jitter->kind == JITTER_NONE ? 0 : fmax(0, second - first * first) + 1.0 / 12;
}

void statistics_jitter_cut(const struct jitter_params *jitter, uint64_t floor_ns,
			   struct statistics_cut *cut)
{
	double mean, variance, width, first = 0, second = 0;

	statistics_jitter_moments(jitter, floor_ns, &mean, &variance);
	width = CUT_DEVIATIONS * sqrt(variance);
	*cut = (struct statistics_cut){.low_ns = mean - width, .high_ns = mean + width};
	for (uint32_t i = 0; i < CUT_STEPS; i++) {
		uint32_t draw = (uint32_t)((2 * i + 1) * (UINT64_C(1) << 31) / CUT_STEPS);
		double value = (double)jitter_quantile_ns(jitter, draw);

		value = statistics_cut_ns(cut, fmax(value, -(double)floor_ns)) - mean;
		first += value;
		second += value * value;
	}
	first /= CUT_STEPS;
	cut->mean = mean + first;
	cut->variance = second / CUT_STEPS - first * first;
}

double statistics_cut_ns(const struct statistics_cut *cut, double value_ns)
{
	return fmin(fmax(value_ns, cut->low_ns), cut->high_ns);
}

double statistics_jitter_below(const struct jitter_params *jitter, uint64_t floor_ns, int64_t x_ns)
{
	double x = (double)x_ns;
	double width = (double)jitter->jitter_ns;

	if (x < -(double)floor_ns)
		return 0;
	switch (jitter->kind) {
	case JITTER_UNIFORM:
		return fmin(1, fmax(0, (x + width + 1) / (2 * width)));
	case JITTER_NORMAL:
		return normal_below((x + 0.5) / width);
	case JITTER_NONE:
		break;
	default:
		return jitter_below(jitter, x_ns);
	}
	return x >= 0;
}
