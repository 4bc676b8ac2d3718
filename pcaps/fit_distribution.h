// SPDX-License-Identifier: BSD-3-Clause
// Which distribution of delay variation do values have? Private to pcaps/fit*.
#pragma once

#include "pcaps/fit_parts.h"

#define FIT_QUANTILES 99

// place + scale x the closed form of unit deviation (uniform: half width).
struct fit_distribution {
	enum jitter_kind kind;
	double shape; // of gamma and lognormal
	double rho;   // netem's chain, which narrows the draws; 0 without
	double place;
	double scale;
	double distance;             // Kolmogorov-Smirnov
	double units[FIT_QUANTILES]; // its quantiles at place 0 and scale 1
};

double fit_normal_quantile(double share);
// The best for sorted values, by distance; one with a shape must be nearer by more than half of
// what chance makes of `alike` independent values. False when they have no spread.
bool fit_distribution_find(const double *sorted, size_t count, double rho, double alike,
			   struct fit_distribution *found);
// Place and scale alone.
void fit_distribution_place(const struct fit_distribution *distribution, const double *sorted,
			    size_t count, double *place, double *scale);
// Its quantile function, for the way back; distribution stays the caller's.
#define FIT_INVERSE     513
#define FIT_NORMAL_MOST 6.3
struct fit_inverse {
	const struct fit_distribution *distribution;
	double units[FIT_INVERSE];
};
void fit_distribution_tabulate(const struct fit_distribution *distribution,
			       struct fit_inverse *inverse);
// The draw, 0 to 1, that gives a value; without regard to a chain.
double fit_distribution_draw(const struct fit_inverse *inverse, double value);
