// SPDX-License-Identifier: BSD-3-Clause
// The distributions of delay variation in closed form, written out apart from the code that they
// prove: mean 0 and deviation 1, from libm.
#pragma once

#include <math.h>
#include <stddef.h>

#include "dataplane/model/jitter_table.h"

static inline double normal_law(double x)
{
	return erfc(-x / sqrt(2)) / 2;
}

static inline double uniform_law(double x)
{
	return fmin(fmax((x / sqrt(3) + 1) / 2, 0), 1);
}

static inline double exponential_law(double x)
{
	return x <= -1 ? 0 : -expm1(-x - 1);
}

// Index 3 from 1 on has mean 3/2 and variance 3/4.
static inline double pareto_law(double x)
{
	double y = x * sqrt(0.75) + 1.5;

	return y <= 1 ? 0 : 1 - pow(y, -3);
}

// Quantiles of both added, a quarter of a normal one and a pareto one of scale 4/3 x 3/4; so the
// share below x is found by halving.
static inline double paretonormal_law(double x)
{
	const double covariance = 0.58747074848; // of z and above(z)^(-1/3), by Simpson's rule
	double low = -9, high = 38, y = x * sqrt(0.0625 + 0.75 + 0.5 * covariance);

	for (int i = 0; i < 60; i++) {
		double z = (low + high) / 2;

		if (0.25 * z + pow(erfc(z / sqrt(2)) / 2, -1.0 / 3) - 1.5 < y)
			low = z;
		else
			high = z;
	}
	return normal_law(low);
}

// A gamma number of shape 4 is a sum of four exponential ones (Erlang).
static inline double gamma_4_law(double x)
{
	double y = 2 * x + 4;

	return y <= 0 ? 0 : 1 - exp(-y) * (1 + y + y * y / 2 + y * y * y / 6);
}

// Of shape 1/2: half the square of a normal number.
static inline double gamma_half_law(double x)
{
	double y = x * sqrt(0.5) + 0.5;

	return y <= 0 ? 0 : erf(sqrt(y));
}

static inline double lognormal_half_law(double x)
{
	double y = x * sqrt(exp(0.25) - 1) + 1;

	return y <= 0 ? 0 : normal_law((log(y) + 0.125) / 0.5);
}

struct law {
	const char *name;
	enum jitter_kind kind;
	double shape;
	double (*below)(double x);
	double kurtosis; // 0: infinite
};

static const struct law laws[] = {
	{"uniform", JITTER_UNIFORM, 0, uniform_law, 1.8},
	{"normal", JITTER_NORMAL, 0, normal_law, 3},
	{"pareto", JITTER_PARETO, 0, pareto_law, 0},
	{"paretonormal", JITTER_PARETONORMAL, 0, paretonormal_law, 0},
	{"exponential", JITTER_EXPONENTIAL, 0, exponential_law, 9},
	{"gamma 4", JITTER_GAMMA, 4, gamma_4_law, 4.5},
	{"gamma 1/2", JITTER_GAMMA, 0.5, gamma_half_law, 15},
	{"lognormal 1/2", JITTER_LOGNORMAL, 0.5, lognormal_half_law, 8.898446},
};

#define LAWS (sizeof(laws) / sizeof(laws[0]))

// How far a law is from itself with a deviation 5 % too wide: at the point where that shows most.
static inline double law_distance(double (*below)(double x))
{
	double most = 0;

	for (double x = -4; x < 8; x += 0.01)
		most = fmax(most, fabs(below(x) - below(x / 1.05)));
	return most;
}
