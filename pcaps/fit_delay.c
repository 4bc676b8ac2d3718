// SPDX-License-Identifier: BSD-3-Clause
// Delay and its variation, once the line's part is taken out: the distribution whose quantiles are
// nearest, by least squares over 99 of them, and how the deviations of frames hang together.
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "dataplane/model/jitter_law.h"
#include "pcaps/fit_distribution.h"

#define LEAST    20   // frames
#define UNLIKE   1.95 // Kolmogorov: exceeded with a chance of 0.1 %
#define ROUNDS   3
#define SURELY   4.9  // standard errors: a chance of 1e-6
#define EVEN_GAP 0.01 // relative deviation of gaps that are equal

// Blocks of frames in a row, each of which gives an estimate of its own.
struct block_spread {
	double sum[4], squares[4]; // mean, deviation, place, scale
	size_t count;
};

static void spread_add(struct block_spread *spread, const double value[4])
{
	for (int i = 0; i < 4; i++) {
		spread->sum[i] += value[i];
		spread->squares[i] += value[i] * value[i];
	}
	spread->count++;
}

static double spread_error(const struct block_spread *spread, int i)
{
	double n = (double)spread->count;

	return sqrt(fmax(0, spread->squares[i] - spread->sum[i] * spread->sum[i] / n) / n /
		    (n - 1));
}

static void moments(const double *values, size_t count, double *mean, double *deviation)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	*mean = sum / (double)count;
	for (size_t i = 0; i < count; i++)
		squares += (values[i] - *mean) * (values[i] - *mean);
	*deviation = sqrt(squares / (double)(count > 1 ? count - 1 : 1));
}

// In order of sending, about the smallest, so that no digits are lost.
static size_t deviations(struct fit_work *work, double least, double *values)
{
	size_t count = 0;

	for (size_t i = 0; i < work->count; i++)
		if (!isnan(work->rows[i].base_ns) && !work->rows[i].chosen)
			values[count++] = work->rows[i].base_ns - least;
	return count;
}

static void spread_of_blocks(double *values, size_t count, const struct fit_distribution *shape,
			     struct block_spread *spread)
{
	size_t blocks = count / 100 < FIT_BLOCKS ? count / 100 : FIT_BLOCKS;

	*spread = (struct block_spread){0};
	blocks = blocks < 5 ? 5 : blocks;
	for (size_t block = 0; block < blocks; block++) {
		size_t from = block * count / blocks, until = (block + 1) * count / blocks;
		double value[4];

		moments(values + from, until - from, &value[0], &value[1]);
		fit_sort(values + from, until - from);
		fit_distribution_place(shape, values + from, until - from, &value[2], &value[3]);
		spread_add(spread, value);
	}
}

// ---- How deviations hang together where order is free ----

// Neighbours: normal scores of two frames sent in a row, and the time between their departures.
struct pair {
	double one, other; // shares of the distribution below
	double gap_ns;
	bool next; // nothing lost in between
};

static double normal_of(double share)
{
	return fit_normal_quantile(fmin(fmax(share, 1e-9), 1 - 1e-9));
}

static size_t find_pairs(const struct fit_work *work, const struct fit_distribution *distribution,
			 double least, struct pair *pairs)
{
	double last_share = NAN, last_at = 0;
	struct fit_inverse inverse;
	size_t count = 0;
	bool next = false;

	fit_distribution_tabulate(distribution, &inverse);
	for (size_t i = 0; i < work->count; i++) {
		const struct fit_row *row = &work->rows[i];
		double at = row->at_ns + row->line_ns, share;

		if (isnan(row->base_ns) || row->chosen) {
			next = next && row->queue_lost;
			continue;
		}
		share = fit_distribution_draw(&inverse, row->base_ns - least);
		if (!isnan(last_share))
			pairs[count++] = (struct pair){last_share, share, at - last_at, next};
		last_share = share;
		last_at = at;
		next = true;
	}
	return count;
}

// netem's chain is linear in its draws: the slope of one on the other.
static struct fit_estimate chain_slope(const struct pair *pairs, size_t count)
{
	double n = 0, x = 0, y = 0, xx = 0, xy = 0, slope;

	for (size_t i = 0; i < count; i++) {
		if (!pairs[i].next)
			continue;
		n++;
		x += pairs[i].one;
		y += pairs[i].other;
		xx += pairs[i].one * pairs[i].one;
		xy += pairs[i].one * pairs[i].other;
	}
	if (n < LEAST || xx - x * x / n <= 0)
		return (struct fit_estimate){0};
	slope = (xy - x * y / n) / (xx - x * x / n);
	return fit_about(slope, sqrt(fmax(1e-9, 1 - slope * slope) / n), (size_t)n);
}

// Likelihood of normal numbers with correlation 2^(-time / half-life), or a constant one.
static double wandering(const struct pair *pairs, size_t count, double halflife_ns,
			double correlation)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		double a = halflife_ns > 0 ? exp2(-pairs[i].gap_ns / halflife_ns) : correlation;
		double rest = pairs[i].other - a * pairs[i].one;
		double variance = fmax(1 - a * a, 1e-9);

		sum -= (log(variance) + rest * rest / variance) / 2;
	}
	return sum;
}

static struct fit_estimate likeliest_halflife(const struct pair *pairs, size_t count,
					      double *likelihood)
{
	double low = 0, high = 45, middle, curve, error; // log2 of ns
	double best = -INFINITY, at = 0;

	for (double x = low; x < high; x++) {
		double found = wandering(pairs, count, exp2(x), 0);

		if (found > best) {
			best = found;
			at = x;
		}
	}
	low = at - 1;
	high = at + 1;
	for (int i = 0; i < 40; i++) { // golden section
		double a = high - 0.6180339887 * (high - low);
		double b = low + 0.6180339887 * (high - low);

		if (wandering(pairs, count, exp2(a), 0) > wandering(pairs, count, exp2(b), 0))
			high = b;
		else
			low = a;
	}
	middle = (low + high) / 2;
	*likelihood = wandering(pairs, count, exp2(middle), 0);
	curve = 2 * *likelihood - wandering(pairs, count, exp2(middle + 0.01), 0) -
		wandering(pairs, count, exp2(middle - 0.01), 0);
	if (!(curve > 0))
		return (struct fit_estimate){0};
	error = FIT_Z / sqrt(curve / 1e-4);
	return (struct fit_estimate){.known = true,
				     .value = exp2(middle),
				     .low = exp2(middle - error),
				     .high = exp2(middle + error)};
}

static bool equal_gaps(const struct pair *pairs, size_t count)
{
	double sum = 0, squares = 0, mean;

	for (size_t i = 0; i < count; i++)
		sum += pairs[i].gap_ns;
	mean = sum / (double)count;
	for (size_t i = 0; i < count; i++)
		squares += (pairs[i].gap_ns - mean) * (pairs[i].gap_ns - mean);
	return sqrt(squares / (double)count) < EVEN_GAP * mean;
}

// True when it is a chain from packet to packet, whose draws are not uniform.
static bool tell_memory(struct fit_work *work, const struct fit_distribution *distribution,
			double least, struct pair *pairs)
{
	size_t count = find_pairs(work, distribution, least, pairs);
	struct fit_estimate chain = chain_slope(pairs, count);
	struct fit *fit = work->fit;
	double time = -INFINITY, packets;

	fit->correlation = fit->halflife_ns = (struct fit_estimate){0};
	if (!chain.known)
		return false;
	if (chain.value * sqrt((double)count) < SURELY) {
		fit->correlation = chain; // holds 0 or nearly so
		fit->correlation.value = fmax(0, chain.value);
		fit->correlation.low = fmax(0, chain.low);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		pairs[i].one = normal_of(pairs[i].one);
		pairs[i].other = normal_of(pairs[i].other);
	}
	fit->halflife_ns = likeliest_halflife(pairs, count, &time);
	packets = wandering(pairs, count, 0, chain.value);
	if (fit->halflife_ns.known && (time > packets || equal_gaps(pairs, count)))
		return false;
	fit->halflife_ns = (struct fit_estimate){0};
	fit->correlation = chain;
	return true;
}

// ---- The whole ----

// How many independent values would give the mean as surely as these do?
static double independent(const double *values, size_t count)
{
	size_t blocks = count / 100 < FIT_BLOCKS ? 5 + count / 200 : FIT_BLOCKS;
	double mean, deviation, squares = 0;

	moments(values, count, &mean, &deviation);
	for (size_t block = 0; block < blocks; block++) {
		size_t from = block * count / blocks, until = (block + 1) * count / blocks;
		double block_mean, block_deviation;

		moments(values + from, until - from, &block_mean, &block_deviation);
		squares += (block_mean - mean) * (block_mean - mean);
	}
	squares /= (double)(blocks * (blocks - 1));
	return fmin((double)count, deviation * deviation / squares);
}

static void tell(struct fit_work *work, const struct fit_distribution *distribution, double least,
		 double *values, size_t count)
{
	struct fit *fit = work->fit;
	struct block_spread spread;
	double mean, deviation, alike;

	moments(values, count, &mean, &deviation);
	spread_of_blocks(values, count, distribution, &spread);
	fit->mean_ns = fit_about(least + mean, hypot(spread_error(&spread, 0), work->line_error_ns),
				 spread.count);
	fit->deviation_ns = fit_about(deviation, spread_error(&spread, 1), spread.count);
	fit->delay_ns =
		fit_about(least + distribution->place,
			  hypot(spread_error(&spread, 2), work->line_error_ns), spread.count);
	fit->jitter_ns = fit_about(distribution->scale, spread_error(&spread, 3), spread.count);
	fit->kind = distribution->kind;
	fit->shape = distribution->shape;
	fit->distance = distribution->distance;
	alike = deviation / fmax(spread_error(&spread, 0), deviation / sqrt((double)count));
	if (distribution->distance * alike > UNLIKE)
		fit_note(fit,
			 "no distribution with a name has this shape: the nearest is %.4f away, "
			 "where chance makes %.4f of it",
			 distribution->distance, UNLIKE / alike);
}

static int vary(struct fit_work *work, double least)
{
	double *ordered = malloc((work->count + 1) * sizeof(*ordered));
	struct pair *pairs = calloc(work->count + 1, sizeof(*pairs));
	struct fit_distribution distribution;
	double rho = 0;
	size_t count;
	bool found = false;

	if (!ordered || !pairs) {
		free(ordered);
		free(pairs);
		return -ENOMEM;
	}
	for (int round = 0; round < ROUNDS; round++) {
		double alike;

		count = deviations(work, least, ordered);
		alike = independent(ordered, count);
		fit_sort(ordered, count);
		found = fit_distribution_find(ordered, count, rho, alike, &distribution);
		if (!found || work->fit->order != FIT_ORDER_FREE)
			break;
		if (!tell_memory(work, &distribution, least, pairs) && rho == 0)
			break;
		rho = work->fit->correlation.known ? work->fit->correlation.value : 0;
	}
	count = deviations(work, least, ordered);
	if (found)
		tell(work, &distribution, least, ordered, count);
	free(ordered);
	free(pairs);
	return 0;
}

static void constant(struct fit *fit, double least, double most, double quantum_ns)
{
	fit->delay_ns = (struct fit_estimate){true, (least + most) / 2, least - quantum_ns,
					      most + quantum_ns};
	fit->mean_ns = fit->delay_ns;
}

int fit_delay(struct fit_work *work)
{
	struct fit *fit = work->fit;
	double least = INFINITY, most = -INFINITY;
	size_t count = 0;

	for (size_t i = 0; i < work->count; i++) {
		const struct fit_row *row = &work->rows[i];

		if (isnan(row->base_ns) || row->chosen)
			continue;
		least = fmin(least, row->base_ns);
		most = fmax(most, row->base_ns);
		count++;
	}
	if (count == 0) {
		fit_note(fit, "no frame arrived: the delay cannot be told");
		return 0;
	}
	fit->minimum_ns = (struct fit_estimate){true, least, least - work->quantum_ns,
						least + work->quantum_ns};
	if (most - least <= 2 * work->quantum_ns + 1) {
		constant(fit, least, most, work->quantum_ns);
		return 0;
	}
	if (count < 5 * LEAST) {
		constant(fit, least, most, work->quantum_ns);
		fit_note(fit, "%zu delays are too few to tell how they vary", count);
		return 0;
	}
	return vary(work, least);
}
