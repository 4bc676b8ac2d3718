// SPDX-License-Identifier: BSD-3-Clause
// Series and continued fractions, cut where they no longer change a double. Built without fused
// multiply and add (meson.build), which not all machines have.
#include "dataplane/model/elementary.h"

#include <math.h> // floor, fabs, frexp, ldexp, sqrt: exact by definition

#define LN2_HIGH    0x1.62e42fefa38p-1 // ln 2 in two parts, the first short enough for n x it
#define LN2_LOW     0x1.ef35793c7673p-45
#define HALF_LN_TAU 0.91893853320467274178 // ln(2 pi) / 2
#define SQRT_TAU    2.5066282746310005024  // sqrt(2 pi)

double elementary_exp(double x)
{
	double n = floor(x / (LN2_HIGH + LN2_LOW) + 0.5);
	double r = (x - n * LN2_HIGH) - n * LN2_LOW, sum = 1;

	for (int i = 20; i >= 1; i--)
		sum = 1 + sum * r / i;
	return ldexp(sum, (int)n);
}

// ln m = 2 artanh((m-1) / (m+1)), m within a factor sqrt 2 of 1.
double elementary_log(double x)
{
	int exponent;
	double m = frexp(x, &exponent), t, square, sum = 0;

	if (m < 0.70710678118654752) {
		m *= 2;
		exponent--;
	}
	t = (m - 1) / (m + 1);
	square = t * t;
	for (int i = 25; i >= 1; i -= 2)
		sum = sum * square + 1.0 / i;
	return exponent * LN2_HIGH + (2 * t * sum + exponent * LN2_LOW);
}

// Near the middle the series of Abramowitz and Stegun 26.2.11; further out, where its difference
// would lose digits, the continued fraction 26.2.14, from its end.
double elementary_normal_above(double z)
{
	double size = fabs(z), density = elementary_exp(-size * size / 2) / SQRT_TAU, above;

	if (size < 1.3) {
		double term = size, sum = size;

		for (int i = 3; i < 60; i += 2) {
			term *= size * size / i;
			sum += term;
		}
		above = 0.5 - density * sum;
	} else {
		double fraction = size;

		for (int i = 400; i >= 1; i--)
			fraction = size + i / fraction;
		above = density / fraction;
	}
	return z < 0 ? 1 - above : above;
}

// Stirling's series (Abramowitz and Stegun 6.1.41) from 10 on, and the recurrence below.
double elementary_log_gamma(double x)
{
	double product = 1, inverse, square;

	for (; x < 10; x++)
		product *= x;
	inverse = 1 / x;
	square = inverse * inverse;
	return (x - 0.5) * elementary_log(x) - x + HALF_LN_TAU +
	       inverse * (1.0 / 12 -
			  square * (1.0 / 360 -
				    square * (1.0 / 1260 -
					      square * (1.0 / 1680 -
							square * (1.0 / 1188 -
								  square * (691.0 / 360360 -
									    square / 156)))))) -
	       elementary_log(product);
}

// x^shape e^-x / Gamma(shape).
static double gamma_front(double shape, double x)
{
	return elementary_exp(
		fmax(shape * elementary_log(x) - x - elementary_log_gamma(shape), -700));
}

static double gamma_below_series(double shape, double x)
{
	double term = 1 / shape, sum = term;

	for (int i = 1; i < 20000 && term > sum * 1e-17; i++) {
		term *= x / (shape + i);
		sum += term;
	}
	return sum * gamma_front(shape, x);
}

// Lentz's way to evaluate the fraction from its front.
static double gamma_above_fraction(double shape, double x)
{
	const double tiny = 1e-300;
	double b = x + 1 - shape, c = 1 / tiny, d = 1 / b, value = d;

	for (int i = 1; i < 20000; i++) {
		double a = -i * (i - shape), change;

		b += 2;
		d = a * d + b;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = b + a / c;
		c = fabs(c) < tiny ? tiny : c;
		change = c * d;
		value *= change;
		if (fabs(change - 1) < 1e-16)
			break;
	}
	return value * gamma_front(shape, x);
}

double elementary_gamma_below(double shape, double x)
{
	return x < shape + 1 ? gamma_below_series(shape, x) : 1 - gamma_above_fraction(shape, x);
}

double elementary_gamma_above(double shape, double x)
{
	return x < shape + 1 ? 1 - gamma_below_series(shape, x) : gamma_above_fraction(shape, x);
}
