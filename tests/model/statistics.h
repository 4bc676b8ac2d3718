// SPDX-License-Identifier: BSD-3-Clause
// Bounds for statistical tests. Each is passed by a right model but for one run in a million; as
// the seeds are fixed, a test that passes once always passes.
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define Z_TWO_SIDED 4.8916 // |z| of a normal number exceeds this once in 10^6
#define Z_ONE_SIDED 4.7534
#define KS_BOUND    2.6933 // sqrt(n) D of Kolmogorov-Smirnov: 2 exp(-2 x^2) = 10^-6

// Power: how many samples it takes that a model whose parameter is off by WRONG_BY fails its test
// in 99 runs of 100. A statistic of deviation s / sqrt(n) about its expectation is accepted within
// Z_TWO_SIDED s / sqrt(n); shifted by d it is outside with 99 % if d exceeds that bound by another
// Z_POWER s / sqrt(n): n = ((Z_TWO_SIDED + Z_POWER) s / d)^2.
#define Z_POWER  2.3263 // a normal number is below it with 99 %
#define WRONG_BY 0.05

// For a mean of samples of the given deviation, to notice a shift.
static inline uint64_t samples_for_mean(double deviation, double shift)
{
	double ratio = (Z_TWO_SIDED + Z_POWER) * deviation / shift;

	return (uint64_t)ceil(ratio * ratio);
}

// For a count of independent hits whose probability is 5 % more than it should be (the wider of
// the two binomial laws stands for both).
static inline uint64_t samples_for_ratio(double probability)
{
	double wrong = probability * (1 + WRONG_BY);

	return samples_for_mean(sqrt(wrong * (1 - wrong)), probability * WRONG_BY);
}

// For the mean square of samples with known mean and the given kurtosis (3 for normal ones), to
// notice a standard deviation 5 % too wide: the mean square has variance (kurtosis - 1) / n of its
// own square, and is off by 1.05^2 - 1; what is too wide varies more by as much.
static inline uint64_t samples_for_deviation(double kurtosis)
{
	double wider = (1 + WRONG_BY) * (1 + WRONG_BY);

	return samples_for_mean(sqrt(kurtosis - 1) * wider, wider - 1);
}

// For Kolmogorov and Smirnov's distance, when the wrong law is `distance` away at one point at
// least: there the sample's share is below the wrong law by at most Z_POWER / (2 sqrt n) in 99 %.
static inline uint64_t samples_for_distance(double distance)
{
	double ratio = (KS_BOUND + Z_POWER / 2) / distance;

	return (uint64_t)ceil(ratio * ratio);
}

// 1 when `hits` of `trials` independent trials fit the probability.
static inline int binomial_fits(double hits, double trials, double probability)
{
	double deviation = sqrt(trials * probability * (1 - probability));

	// Half a count for the steps of a discrete law, which matters when few hits are expected.
	return fabs(hits - trials * probability) <= Z_TWO_SIDED * deviation + 0.5;
}

// The value that chi-square with so many degrees of freedom exceeds once in 10^6 (Wilson and
// Hilferty's cube).
static inline double chi_square_bound(double degrees)
{
	double spread = 2 / (9 * degrees);

	return degrees * pow(1 - spread + Z_ONE_SIDED * sqrt(spread), 3);
}

// Pearson's statistic of a wrong law is chi-square with a noncentrality: n times the sum of (wrong
// - right)^2 / right over the bins. Does so much make it exceed its bound in 99 runs of 100? The
// noncentral law has mean degrees + noncentrality and variance 2 degrees + 4 noncentrality.
static inline int chi_square_notices(double noncentrality, double degrees)
{
	return degrees + noncentrality - Z_POWER * sqrt(2 * degrees + 4 * noncentrality) >
	       chi_square_bound(degrees);
}

// Pearson's statistic for counts that should all be equal.
static inline double chi_square_of_equal(const uint32_t *counts, size_t bins, double total)
{
	double sum = 0, expected = total / (double)bins;

	for (size_t i = 0; i < bins; i++)
		sum += (counts[i] - expected) * (counts[i] - expected) / expected;
	return sum;
}

// sqrt(n) times the largest distance between the sample's distribution and `law`. Sorts the sample.
static inline int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double kolmogorov_smirnov(double *sample, size_t n, double (*law)(double))
{
	double worst = 0;

	qsort(sample, n, sizeof(*sample), compare_doubles);
	for (size_t i = 0; i < n; i++) {
		double expected = law(sample[i]);

		worst = fmax(worst, fabs(expected - (double)i / (double)n));
		worst = fmax(worst, fabs((double)(i + 1) / (double)n - expected));
	}
	return worst * sqrt((double)n);
}

// Like assert_float_equal, in double precision and with words.
#define assert_near(value, expected, tolerance)                                                    \
	do {                                                                                       \
		double near_value = (value), near_expected = (expected);                           \
		if (!(fabs(near_value - near_expected) <= (tolerance)))                            \
			fail_msg("%s is %.12g, expected %.12g +- %g", #value, near_value,          \
				 near_expected, (double)(tolerance));                              \
	} while (0)
