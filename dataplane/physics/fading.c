// SPDX-License-Identifier: BSD-3-Clause
// Rain attenuation over time (fading.h): P.1853-1.
#include "dataplane/physics/fading.h"

#include <math.h>
#include <string.h>

#define FADING_LEVELS 17
// Below this, what is left of a correlation matrix's diagonal is rounding.
#define PIVOT_LEAST 1e-12

double normal_beyond(double x)
{
	return erfc(x * M_SQRT1_2) / 2;
}

double normal_quantile_beyond(double p)
{
	// A start from the tail's asymptote, then Newton's steps on the logarithm, which is smooth.
	double tail = p < 0.5 ? p : 1 - p;
	double x = tail > 0.3 ? 0 : sqrt(-2 * log(tail)) - 0.5;

	for (int i = 0; i < 50; i++) {
		double beyond = normal_beyond(x);
		double density = exp(-x * x / 2) / sqrt(2 * M_PI);
		double step = (log(beyond) - log(tail)) * beyond / density;

		x += step;
		if (fabs(step) <= 1e-15 * (1 + fabs(x)))
			break;
	}
	return p < 0.5 ? x : -x;
}

struct fading_law fading_fit(const double *exceeded_percent, const double *attenuation_db,
			     size_t count, double rain_percent)
{
	double n = 0, sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
	struct fading_law law = {0};

	for (size_t i = 0; i < count; i++) {
		double x, y;

		if (!(exceeded_percent[i] < rain_percent) || !(attenuation_db[i] > 0))
			continue;
		x = normal_quantile_beyond(exceeded_percent[i] / 100);
		y = log(attenuation_db[i]);
		n++, sum_x += x, sum_y += y, sum_xx += x * x, sum_xy += x * y;
	}
	if (n < 2 || n * sum_xx - sum_x * sum_x <= 0)
		return law;
	law.deviation = (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x);
	law.mean = (sum_y - law.deviation * sum_x) / n;
	law.offset_db = exp(law.mean + law.deviation * normal_quantile_beyond(rain_percent / 100));
	return law;
}

double fading_db(const struct fading_law *law, double x)
{
	if (law->deviation <= 0)
		return 0;
	return fmax(0, exp(law->mean + law->deviation * x) - law->offset_db);
}

double fading_exceeded(const struct fading_law *law, double attenuation_db)
{
	if (law->deviation <= 0)
		return 0;
	return normal_beyond((log(attenuation_db + law->offset_db) - law->mean) / law->deviation);
}

// The finaliser of splitmix64: every bit of the input reaches every bit of the output. Source:
// Steele, Lea and Flood, OOPSLA 2014.
static uint64_t scramble(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

// A uniform number in (0, 1) addressed by all arguments.
static double uniform(uint64_t seed, uint32_t stream, uint64_t index, uint32_t word)
{
	uint64_t z = scramble(seed + UINT64_C(0x9e3779b97f4a7c15));

	z = scramble(z ^ (((uint64_t)stream << 32 | word) + UINT64_C(0x9e3779b97f4a7c15)));
	z = scramble(z ^ (index + UINT64_C(0x9e3779b97f4a7c15)));
	return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

// A standard normal draw of an instant (in steps): Box and Muller.
static double draw(uint64_t seed, uint32_t stream, int64_t step)
{
	double radius = sqrt(-2 * log(uniform(seed, stream, (uint64_t)step, 0)));

	return radius * cos(2 * M_PI * uniform(seed, stream, (uint64_t)step, 1));
}

static int64_t floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

// Each step is drawn once, at the level where the halving comes to it.
static double value_at_step(uint64_t seed, uint32_t stream, int64_t step)
{
	int64_t span = INT64_C(1) << FADING_LEVELS;
	int64_t low = floor_divide(step, span) * span;
	double left = draw(seed, stream, low), right;

	if (step == low)
		return left;
	right = draw(seed, stream, low + span);
	for (;;) {
		double r, middle;

		span /= 2;
		r = exp(-FADING_BETA_PER_S * 1e-9 * FADING_STEP_NS * (double)span);
		middle = (left + right) * r / (1 + r * r) +
			 sqrt((1 - r * r) / (1 + r * r)) * draw(seed, stream, low + span);
		if (step == low + span)
			return middle;
		if (step > low + span) {
			low += span;
			left = middle;
		} else {
			right = middle;
		}
	}
}

double fading_normal(uint64_t seed, uint32_t stream, int64_t utc_ns)
{
	int64_t step = floor_divide(utc_ns, FADING_STEP_NS);
	int64_t rest_ns = utc_ns - step * FADING_STEP_NS;
	double value = value_at_step(seed, stream, step);

	if (rest_ns == 0)
		return value;
	return value + (value_at_step(seed, stream, step + 1) - value) * (double)rest_ns /
			       (double)FADING_STEP_NS;
}

double fading_correlation(double distance_km)
{
	return 0.94 * exp(-distance_km / 30) +
	       0.06 * exp(-(distance_km / 500) * (distance_km / 500));
}

void fading_mix_make(struct fading_mix *mix, const double *distances_km, size_t count)
{
	memset(mix, 0, sizeof(*mix));
	mix->count = count < FADING_SITES_MOST ? count : FADING_SITES_MOST;
	for (size_t i = 0; i < mix->count; i++) {
		for (size_t j = 0; j <= i; j++) {
			double sum = i == j ? 1 : fading_correlation(distances_km[i * count + j]);

			for (size_t k = 0; k < j; k++)
				sum -= mix->factor[i][k] * mix->factor[j][k];
			if (i == j)
				mix->factor[i][i] = sum > PIVOT_LEAST ? sqrt(sum) : 0;
			else if (mix->factor[j][j] > 0)
				mix->factor[i][j] = sum / mix->factor[j][j];
		}
	}
}

double fading_mix_normal(const struct fading_mix *mix, size_t site, uint64_t seed, int64_t utc_ns)
{
	double sum = 0;

	for (size_t k = 0; k <= site && site < mix->count; k++)
		if (mix->factor[site][k] != 0)
			sum += mix->factor[site][k] * fading_normal(seed, (uint32_t)k, utc_ns);
	return sum;
}
