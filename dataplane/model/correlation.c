// SPDX-License-Identifier: BSD-3-Clause
// The stationary law of netem's correlated draws, X = sum of (1-rho) rho^k U_k with U_k uniform on
// 0..1. For reports and tests: nothing here is on the packet path. Below, F_0 is the distribution
// function of X and F_k its k-fold integral from 0, which is also E max(0, x - X)^k / k!.
#include "dataplane/model/correlation.h"

#include <math.h>

#define MOST_INTEGRALS 40     // rho^(1 + 2 + ... + 40) is nothing, for any rho below 1/2
#define MOST_TERMS     400000 // of the Fourier series, enough for the largest rho below 1

bool correlation_make(double rho, uint32_t *correlation)
{
	if (!(rho >= 0 && rho <= 1))
		return false;
	*correlation = (uint32_t)llround(rho * UINT32_MAX);
	return true;
}

double correlation_rho(uint32_t correlation)
{
	// As the draw uses it: (correlation + 1) / 2^32, and 0 for none.
	return correlation == 0 ? 0 : ((double)correlation + 1) / 4294967296.0;
}

// E X^j for j = 0..most, from X = (1-rho) U + rho X'.
static void correlation_moments(double rho, int most, double *moments)
{
	moments[0] = 1;
	for (int j = 1; j <= most; j++) {
		double sum = 0, term = pow(1 - rho, j); // C(j, i) rho^i (1-rho)^(j-i)

		for (int i = 0; i < j; i++) {
			sum += term * moments[i] / (j - i + 1);
			term *= (double)(j - i) / (i + 1) * rho / (1 - rho);
		}
		moments[j] = sum / (1 - pow(rho, j));
	}
}

// E (a + rho X)^j / j!, a sum of positive terms, so exact to the last digits however small.
static double correlation_power(double rho, double a, int j, const double *moments)
{
	double sum = 0, scale = 1; // rho^i / i!

	for (int i = 0; i <= j; i++) {
		sum += scale * moments[i] * pow(a, j - i) / tgamma(j - i + 1.0);
		scale *= rho / (i + 1);
	}
	return sum;
}

// F_k(x) for rho below 1/2. Averaging over U: F_k(x) = (P(x) - P(x - (1-rho))) / (1-rho) with
// P(y) = E max(0, y - rho X)^(k+1) / (k+1)!. That is a polynomial in the moments once y >= rho (X
// and 1-X have one law), and rho^(k+1) F_(k+1)(y / rho) before.
static double correlation_integral(double rho, double x, int k, const double *moments)
{
	double shortened = pow(rho, k + 1) / (1 - rho), value;

	if (x <= 0 || k >= MOST_INTEGRALS)
		return 0;
	if (x < rho)
		return shortened * correlation_integral(rho, x / rho, k + 1, moments);
	value = correlation_power(rho, x - rho, k + 1, moments) / (1 - rho);
	if (x > 1 - rho)
		value -= shortened *
			 correlation_integral(rho, (x - (1 - rho)) / rho, k + 1, moments);
	return value;
}

// log(sin(z)/z) summed over z, z rho, z rho^2, ... for z below 1/4: the power series of each term,
// summed over the geometric series of its powers.
static double correlation_small_factors(double z, double rho)
{
	const double series[] = {1.0 / 6, 1.0 / 180, 1.0 / 2835, 1.0 / 37800};
	double sum = 0;

	for (int i = 0; i < 4; i++)
		sum -= series[i] * pow(z, 2 * i + 2) / (1 - pow(rho, 2 * i + 2));
	return sum;
}

// The n-th Fourier coefficient but for its sign: the product of sin(z)/z over z = pi n (1-rho)
// rho^k, k = 0, 1, ...; and a bound of its size without the sines.
static double correlation_coefficient(double rho, double n, double *bound)
{
	double z = M_PI * n * (1 - rho), product = 1, rest;

	for (*bound = 1; z >= 0.25; z *= rho) {
		product *= sin(z) / z;
		*bound *= fmin(1, 1 / z);
	}
	rest = exp(correlation_small_factors(z, rho));
	*bound *= rest;
	return product * rest;
}

// F_0 and F_1 for rho of at least 1/2, where the series converges fast:
// F_0(x) = x + sum of (-1)^n A_n sin(2 pi n x) / (pi n), and F_1 term by term.
static void correlation_series(double rho, double x, double *law, double *integral)
{
	double sign = -1;

	*law = x;
	*integral = x * x / 2;
	for (int n = 1; n <= MOST_TERMS; n++, sign = -sign) {
		double bound, half = sin(M_PI * n * x);
		double a = sign * correlation_coefficient(rho, n, &bound);

		*law += a * sin(2 * M_PI * n * x) / (M_PI * n);
		*integral += a * half * half / (M_PI * M_PI * n * n);
		if (bound < 1e-14 * n)
			break;
	}
	*law = fmin(fmax(*law, 0), 1);
	*integral = fmax(*integral, 0);
}

// F_0 and F_1 at x in 0..1, rho above 0 and below 1.
static void correlation_law(double rho, double x, double *law, double *integral)
{
	double moments[MOST_INTEGRALS + 2];

	if (rho >= 0.5) {
		correlation_series(rho, x, law, integral);
		return;
	}
	correlation_moments(rho, MOST_INTEGRALS + 1, moments);
	*law = correlation_integral(rho, x, 0, moments);
	*integral = correlation_integral(rho, x, 1, moments);
}

double correlation_below(uint32_t correlation, double x)
{
	double rho = correlation_rho(correlation), law, integral;

	if (correlation == 0 || rho >= 1 || x <= 0 || x >= 1)
		return fmin(fmax(x, 0), 1);
	correlation_law(rho, x, &law, &integral);
	return law;
}

// With f the density of X: the integral over y < x of f(y) P((1-rho) U + rho y < x), by parts. From
// a y below `sure` the next draw is below x whatever U is.
double correlation_both_below(uint32_t correlation, double x)
{
	double rho = correlation_rho(correlation), law, integral, law_sure = 0, integral_sure = 0;
	double sure;

	if (x <= 0 || x >= 1 || rho >= 1)
		return fmin(fmax(x, 0), 1);
	if (correlation == 0)
		return x * x;
	sure = (x - (1 - rho)) / rho;
	correlation_law(rho, x, &law, &integral);
	if (sure > 0)
		correlation_law(rho, sure, &law_sure, &integral_sure);
	return fmin(law * x + rho / (1 - rho) * fmax(integral - integral_sure, 0), law);
}
