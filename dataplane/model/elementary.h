// SPDX-License-Identifier: BSD-3-Clause
// Elementary functions in double precision by nothing but + - * / and square root, which IEEE 754
// makes equal on all machines; a C library's may differ in the last bit from version to version.
// For tables that packets are decided by. Cold.
#pragma once

// e^x, for x within +-700, to 1e-15 of itself.
double elementary_exp(double x);

// Natural logarithm of a positive, normal x, to 1e-15 of itself (of 1e-16 around 1).
double elementary_log(double x);

// The share of the normal distribution beyond z standard deviations, for z within +-30, to 1e-13 of
// itself.
double elementary_normal_above(double z);

// Natural logarithm of the gamma function, for x of at least 1e-3, to 1e-13 of the larger of 1 and
// itself.
double elementary_log_gamma(double x);

// The share of the gamma distribution of this shape (and scale 1) below x, or above it: each to
// 1e-10 of itself. shape 0.1 to 1000, x above 0. Source: Abramowitz and Stegun 6.5.29 (series) and
// 6.5.31 (continued fraction).
double elementary_gamma_below(double shape, double x);
double elementary_gamma_above(double shape, double x);
