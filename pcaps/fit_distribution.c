// SPDX-License-Identifier: BSD-3-Clause
// Distributions of delay variation against values: place and scale by least squares over quantiles,
// which spikes do not sway, and the distance to the law of jitter_law.h.
#include "pcaps/fit_distribution.h"

#include <math.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/jitter_law.h"
#include "dataplane/model/jitter_table.h"

#define QUANTILES FIT_QUANTILES
#define LOOKED_AT 2000 // values, for the distance
#define SHAPES    14   // steps of the search

double fit_normal_quantile(double share)
{
	double low = -7, high = 7;

	for (int i = 0; i < 50; i++) {
		double middle = (low + high) / 2;

		if (erfc(-middle / M_SQRT2) / 2 < share)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

// The draw, 0 to 1, below which the given share of a chain's draws lies.
static double chain_draw(uint32_t correlation, double share)
{
	double low = 0, high = 1;

	if (correlation == 0)
		return share;
	for (int i = 0; i < 40; i++) {
		double middle = (low + high) / 2;

		if (correlation_below(correlation, middle) < share)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

static uint32_t correlation_of(double rho)
{
	uint32_t correlation = 0;

	return rho > 0 && correlation_make(fmin(rho, 0.99), &correlation) ? correlation : 0;
}

// Draws at the quantiles, as normal numbers: the same for all kinds.
static void quantile_normals(double rho, double normals[QUANTILES])
{
	uint32_t correlation = correlation_of(rho);

	for (int i = 0; i < QUANTILES; i++)
		normals[i] = fit_normal_quantile(
			chain_draw(correlation, (double)(i + 1) / (QUANTILES + 1)));
}

static double unit_quantile(enum jitter_kind kind, double shape, double normal)
{
	switch (kind) {
	case JITTER_UNIFORM:
		return erfc(-normal / M_SQRT2) - 1;
	case JITTER_NORMAL:
		return normal;
	default:
		return jitter_closed_form(kind, shape, normal);
	}
}

static double sample_quantile(const double *sorted, size_t count, double share)
{
	double place = share * (double)count - 0.5;
	size_t below = place > 0 ? (size_t)place : 0;

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + (sorted[below + 1] - sorted[below]) * fmax(0, place - (double)below);
}

// A sample's quantile varies with the slope of the quantile function there, times sqrt(q (1 - q)).
static double weight(const double units[QUANTILES], int i)
{
	int below = i > 0 ? i - 1 : 0, above = i < QUANTILES - 1 ? i + 1 : i;
	double slope = (units[above] - units[below]) / (above - below);
	double share = (double)(i + 1) / (QUANTILES + 1);

	return 1 / (fmax(slope * slope, 1e-12) * share * (1 - share));
}

// Weighted least squares of the values' quantiles on the unit ones; what is left.
static double regress(const double units[QUANTILES], const double *sorted, size_t count,
		      double *place, double *scale)
{
	double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;

	for (int i = 0; i < QUANTILES; i++) {
		double unit = units[i], w = weight(units, i);
		double value = sample_quantile(sorted, count, (double)(i + 1) / (QUANTILES + 1)) -
			       sorted[0];

		n += w;
		x += w * unit;
		y += w * value;
		xx += w * unit * unit;
		xy += w * unit * value;
		yy += w * value * value;
	}
	x /= n;
	y /= n;
	*scale = (xy / n - x * y) / (xx / n - x * x);
	*place = sorted[0] + y - *scale * x;
	// In units of the scale, so that shapes can be compared.
	return (yy - n * y * y - *scale * (xy - n * x * y)) / (*scale * *scale);
}

static void unit_quantiles(enum jitter_kind kind, double shape, const double normals[QUANTILES],
			   double units[QUANTILES])
{
	for (int i = 0; i < QUANTILES; i++)
		units[i] = unit_quantile(kind, shape, normals[i]);
}

void fit_distribution_place(const struct fit_distribution *distribution, const double *sorted,
			    size_t count, double *place, double *scale)
{
	regress(distribution->units, sorted, count, place, scale);
}

// The shape that leaves least; golden section over its logarithm.
static double find_shape(enum jitter_kind kind, const double normals[QUANTILES],
			 const double *sorted, size_t count)
{
	double low = log(kind == JITTER_GAMMA ? 0.2 : 0.02);
	double high = log(kind == JITTER_GAMMA ? 300 : 1.6);
	double ratio = 0.6180339887, left[2], units[QUANTILES], place, scale;

	double shapes[2] = {high - ratio * (high - low), low + ratio * (high - low)};
	int due;

	for (int i = 0; i < 2; i++) {
		unit_quantiles(kind, exp(shapes[i]), normals, units);
		left[i] = regress(units, sorted, count, &place, &scale);
	}
	for (int step = 0; step < SHAPES; step++) {
		if (left[0] < left[1]) {
			high = shapes[1];
			shapes[1] = shapes[0];
			left[1] = left[0];
			shapes[0] = high - ratio * (high - low);
			due = 0;
		} else {
			low = shapes[0];
			shapes[0] = shapes[1];
			left[0] = left[1];
			shapes[1] = low + ratio * (high - low);
			due = 1;
		}
		unit_quantiles(kind, exp(shapes[due]), normals, units);
		left[due] = regress(units, sorted, count, &place, &scale);
	}
	return exp((low + high) / 2);
}

// The law itself. False when it cannot be made.
static bool make_law(const struct fit_distribution *distribution, uint32_t correlation,
		     struct jitter_table *table, struct jitter_params *params)
{
	struct jitter_request request = {.kind = distribution->kind,
					 .correlation = correlation_rho(correlation),
					 .order_free = true};

	if (!(distribution->scale >= 1) || distribution->scale > 0x1p46)
		return false;
	request.jitter_ns = (uint64_t)llround(distribution->scale);
	if (distribution->kind > JITTER_NORMAL) {
		if (jitter_table_make(distribution->kind, distribution->shape, "fit", table, NULL) <
		    0)
			return false;
		request.table = table;
	}
	return jitter_make(&request, "fit", params, NULL) == 0;
}

static double distance_of(const struct fit_distribution *distribution, const double *sorted,
			  size_t count)
{
	size_t step = count / LOOKED_AT + 1;
	struct jitter_params params;
	struct jitter_table table;
	double distance = 0;

	if (!make_law(distribution, correlation_of(distribution->rho), &table, &params))
		return 1;
	for (size_t i = 0; i < count; i += step) {
		double below =
			jitter_below(&params, (int64_t)llround(sorted[i] - distribution->place));

		distance = fmax(distance, fabs(below - (double)i / (double)count));
		distance = fmax(distance, fabs(below - (double)(i + 1) / (double)count));
	}
	return distance;
}

bool fit_distribution_find(const double *sorted, size_t count, double rho, double alike,
			   struct fit_distribution *found)
{
	double normals[QUANTILES];
	double chance = 0.5 / sqrt(alike);

	*found = (struct fit_distribution){.distance = 2};
	quantile_normals(rho, normals);
	for (enum jitter_kind kind = JITTER_UNIFORM; kind < JITTER_TABLE; kind++) {
		struct fit_distribution tried = {.kind = kind, .rho = rho};
		bool shaped = kind == JITTER_GAMMA || kind == JITTER_LOGNORMAL;
		bool simple = found->shape == 0;

		if (shaped)
			tried.shape = find_shape(kind, normals, sorted, count);
		unit_quantiles(kind, tried.shape, normals, tried.units);
		regress(tried.units, sorted, count, &tried.place, &tried.scale);
		tried.distance = distance_of(&tried, sorted, count);
		if (tried.distance < found->distance - (shaped && simple ? chance : 0))
			*found = tried;
	}
	return found->distance < 1;
}

void fit_distribution_tabulate(const struct fit_distribution *distribution,
			       struct fit_inverse *inverse)
{
	inverse->distribution = distribution;
	for (int i = 0; i < FIT_INVERSE; i++)
		inverse->units[i] = unit_quantile(distribution->kind, distribution->shape,
						  -FIT_NORMAL_MOST + 2 * FIT_NORMAL_MOST * i /
									     (FIT_INVERSE - 1));
}

double fit_distribution_draw(const struct fit_inverse *inverse, double value)
{
	const struct fit_distribution *distribution = inverse->distribution;
	double unit = (value - distribution->place) / distribution->scale, between;
	int low = 0, high = FIT_INVERSE - 1;

	if (distribution->kind == JITTER_UNIFORM)
		return fmin(fmax((unit + 1) / 2, 0), 1);
	if (unit <= inverse->units[low] || unit >= inverse->units[high])
		return unit > inverse->units[low];
	while (high - low > 1) {
		int middle = (low + high) / 2;

		if (inverse->units[middle] < unit)
			low = middle;
		else
			high = middle;
	}
	between = low + (unit - inverse->units[low]) / (inverse->units[high] - inverse->units[low]);
	between = -FIT_NORMAL_MOST + 2 * FIT_NORMAL_MOST * between / (FIT_INVERSE - 1);
	return erfc(-between / M_SQRT2) / 2;
}
