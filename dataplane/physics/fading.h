// SPDX-License-Identifier: BSD-3-Clause
// Attenuation by rain over time, at several sites together: a log-normal process with the memory of
// Maseng and Bakken. Every instant is computed by itself, so any may be asked for, in any order.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Probability that a standard normal variable is beyond x; and the x that it is beyond with
// probability p, 0 < p < 1.
double normal_beyond(double x);
double normal_quantile_beyond(double p);

// ln A is normal with mean and deviation; below offset_db there is no rain. A deviation of 0:
// never.
struct fading_law {
	double mean;
	double deviation;
	double offset_db;
};

// Fits the law to attenuations exceeded for percentages of the year below rain_percent, the part of
// the time with rain; percentages rise. Fewer than two points: no fading. Cannot fail.
// Source: P.1853-1, 2.1 (least squares over the normal quantiles).
struct fading_law fading_fit(const double *exceeded_percent, const double *attenuation_db,
			     size_t count, double rain_percent);

// The attenuation, dB, of a standard normal x. Source: P.1853-1, equation 7.
double fading_db(const struct fading_law *law, double x);

// Fraction of the time that attenuation_db (0 and more) is exceeded.
double fading_exceeded(const struct fading_law *law, double attenuation_db);

// The memory, per second (P.1853-1), and the step of the process; between steps it is a line.
#define FADING_BETA_PER_S 2e-4
#define FADING_STEP_NS    INT64_C(1000000000)

// A stationary standard normal process with correlation exp(-beta |t - s|), a pure function of
// seed, stream and instant. Streams are independent. Cannot fail. Built by halving: values 2^17 s
// apart are independent draws (their correlation is 4e-12), each half way between two is drawn from
// its law given both (Ornstein-Uhlenbeck bridge).
double fading_normal(uint64_t seed, uint32_t stream, int64_t utc_ns);

// Correlation of the normal processes of two places distance_km apart. Source: P.618-13, 2.2.4.1,
// which gives it for attenuation.
double fading_correlation(double distance_km);

#define FADING_SITES_MOST 16

// How the processes of count sites (at most FADING_SITES_MOST) are mixed from independent streams:
// the lower triangle of the correlation matrix's Cholesky factor.
struct fading_mix {
	size_t count;
	double factor[FADING_SITES_MOST][FADING_SITES_MOST];
};

// From the distances between the sites, row by row, in km; count above the most is cut. Sites at
// the same place get the same process. Cannot fail.
void fading_mix_make(struct fading_mix *mix, const double *distances_km, size_t count);

// The standard normal process of one of the sites.
double fading_mix_normal(const struct fading_mix *mix, size_t site, uint64_t seed, int64_t utc_ns);
