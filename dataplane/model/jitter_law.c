// SPDX-License-Identifier: BSD-3-Clause
// Delay variation in the long run. Integrals go over the normal quantile, where every distribution
// here is smooth and its tails are short.
#include "dataplane/model/jitter_law.h"

#include <math.h>

#include "dataplane/model/correlation.h"
#include "dataplane/model/normal.h"
#include "dataplane/model/order.h"
#include "dataplane/model/rng.h"

#define MOST_NORMAL    ((double)NORMAL_MOST / (double)NORMAL_ONE)
#define NEARLY_ONE     0.99 // from this correlation on a chain's draws are normal
#define STEPS          4096
#define STEPS_OF_CHAIN 256
#define PACKETS        (1 << 18)
#define PACKETS_CHAIN  (1 << 20)
#define MEMORY         8 // halvings

static double share_of(double normal)
{
	return erfc(-normal / M_SQRT2) / 2;
}

// Variance of a chain's draws, taken as numbers in 0..1.
static double chain_variance(const struct jitter_params *params)
{
	double rho = correlation_rho(params->correlation);

	return (1 - rho) / (1 + rho) / 12;
}

// Share of draws below the one at a normal quantile.
static double draws_below(const struct jitter_params *params, double normal)
{
	double variance;

	if (params->law != JITTER_CHAINED)
		return share_of(normal);
	if (correlation_rho(params->correlation) <= NEARLY_ONE)
		return correlation_below(params->correlation, share_of(normal));
	// Close to the middle the quantile is sqrt(2 pi) (1 + pi x^2 / 3) x, and the draw normal.
	variance = 2 * M_PI * chain_variance(params);
	variance *= 1 + variance;
	return variance > 0 ? share_of(normal / sqrt(variance)) : normal >= 0;
}

static double value_at(const struct jitter_params *params, double floor_ns, double normal)
{
	double share = share_of(normal) * 0x1p32, value;

	value = (double)jitter_quantile_ns(params,
					   share >= UINT32_MAX ? UINT32_MAX : (uint32_t)share);
	return fmax(value, -floor_ns);
}

// First and second moment by parts: values rise from step to step by a share of draws above.
static void moments_by_steps(const struct jitter_params *params, double floor_ns, int steps,
			     double reach, double *first, double *second)
{
	double step = 2 * reach / steps, last = value_at(params, floor_ns, -reach);

	*first = last;
	*second = last * last;
	for (int i = 0; i < steps; i++) {
		double value = value_at(params, floor_ns, (i + 1) * step - reach);
		double above = 1 - draws_below(params, (i + 0.5) * step - reach);

		*first += (value - last) * above;
		*second += (value * value - last * last) * above;
		last = value;
	}
}

// Samples are counted one by one, as a staircase is not smooth.
static void moments_of_samples(const struct jitter_params *params, double floor_ns, double *first,
			       double *second)
{
	uint32_t count = params->table->count;

	*first = *second = 0;
	for (uint32_t i = 0; i < count; i++) {
		// A draw in the middle of the sample's share.
		uint32_t draw = (uint32_t)(((2 * (uint64_t)i + 1) << 31) / count);
		double value = fmax((double)jitter_quantile_ns(params, draw), -floor_ns);

		*first += value / count;
		*second += value * value / count;
	}
}

void jitter_moments_ns(const struct jitter_params *params, uint64_t floor_ns, double *mean_ns,
		       double *deviation_ns)
{
	bool chained = params->law == JITTER_CHAINED;
	int steps = chained ? STEPS_OF_CHAIN : STEPS;
	double reach = MOST_NORMAL, first = 0, second = 0, half_first, half_second;

	if (params->kind == JITTER_TABLE && !chained) {
		moments_of_samples(params, (double)floor_ns, &first, &second);
	} else if (params->kind != JITTER_NONE) {
		if (chained)
			reach = fmin(reach, 10 * sqrt(2 * M_PI * chain_variance(params)) + 1e-9);
		moments_by_steps(params, (double)floor_ns, steps, reach, &first, &second);
		moments_by_steps(params, (double)floor_ns, steps / 2, reach, &half_first,
				 &half_second);
		// The error falls with the square of the step: Richardson's extrapolation.
		first += (first - half_first) / 3;
		second += (second - half_second) / 3;
	}
	*mean_ns = first;
	*deviation_ns = sqrt(fmax(second - first * first, 0));
}

double jitter_deviation_ns(const struct jitter_params *params)
{
	double mean_ns, deviation_ns;

	jitter_moments_ns(params, UINT64_MAX, &mean_ns, &deviation_ns);
	return deviation_ns;
}

// The distribution grows with the draw, so a search finds how many draws are not above.
double jitter_below(const struct jitter_params *params, int64_t deviation_ns)
{
	uint64_t low = 0, high = UINT64_C(1) << 32;

	if (params->kind == JITTER_NONE)
		return deviation_ns >= 0;
	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (jitter_quantile_ns(params, (uint32_t)middle) <= deviation_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (params->law == JITTER_CHAINED)
		return correlation_below(params->correlation, (double)low * 0x1p-32);
	return (double)low * 0x1p-32;
}

// The time of one halving, which the multiplier is the reciprocal of.
static double pace_ns(const struct jitter_params *params)
{
	return ldexp(1 / (double)params->pace.multiplier, 63 + (int)params->pace.shift);
}

uint64_t jitter_memory_ns(const struct jitter_params *params)
{
	switch (params->law) {
	case JITTER_CHAINED:
		return UINT64_MAX;
	case JITTER_GAUSSIAN:
	case JITTER_ORDERLY:
		return (uint64_t)(MEMORY * fmin(pace_ns(params), 0x1p60));
	case JITTER_INDEPENDENT:
		break;
	}
	return 0;
}

uint64_t jitter_halflife_ns(const struct jitter_params *params)
{
	if (params->law == JITTER_GAUSSIAN)
		return params->halflife_ns;
	return params->law == JITTER_ORDERLY
		       ? (uint64_t)llround(fmin(pace_ns(params), 0x1p60) * log2(2.5))
		       : 0;
}

// A run of the law: sums over packets of what was wanted (before waiting) and of what came of it.
struct run {
	double packets, waiting, waits_ns, overtaking;
	double wanted, wanted_square, delay, delay_square, product;
};

static void run_law(const struct jitter_params *params, uint64_t delay_ns, uint64_t gap_ns,
		    uint32_t packets, struct run *run)
{
	struct jitter_state state = {0};
	struct order_state order = {0};
	double last = 0;

	*run = (struct run){.packets = packets};
	for (uint64_t n = 0; n < packets; n++) {
		int64_t deviation_ns =
			jitter_offer(params, &state, n * gap_ns, rng_draw(0, 0, RNG_JITTER, n));
		uint64_t wanted_ns = deviation_ns >= 0 || delay_ns > (uint64_t)-deviation_ns
					     ? delay_ns + (uint64_t)deviation_ns
					     : 0;
		uint64_t release_ns = n * gap_ns + wanted_ns;
		// About the constant delay, so that no digits are lost.
		double wanted = (double)(int64_t)(wanted_ns - delay_ns), delay = wanted;

		if (params->order_free) {
			run->overtaking += order_overtakes(&order, release_ns);
		} else {
			double wait_ns = (double)(order_offer(&order, release_ns) - release_ns);

			run->waiting += wait_ns > 0;
			run->waits_ns += wait_ns;
			delay += wait_ns;
		}
		run->wanted += wanted;
		run->wanted_square += wanted * wanted;
		run->delay += delay;
		run->delay_square += delay * delay;
		run->product += n > 0 ? delay * last : 0;
		last = delay;
	}
}

static double variance_of(double sum, double squares, double count)
{
	return fmax(squares / count - sum / count * (sum / count), 0);
}

void jitter_achieve(const struct jitter_params *params, uint64_t delay_ns, uint64_t gap_ns,
		    struct jitter_achieved *achieved)
{
	bool chained = params->law == JITTER_CHAINED;
	struct jitter_params plain = *params;
	struct run run;
	double mean_ns, deviation_ns, variance;

	*achieved = (struct jitter_achieved){.halflife_ns = jitter_halflife_ns(params)};
	gap_ns = gap_ns > 0 ? gap_ns : 1;
	// Steps of a staircase are waited down within little of a pace, and must not be stepped
	// over.
	if (params->law == JITTER_ORDERLY)
		gap_ns = (uint64_t)fmax((double)gap_ns,
					fmin(pace_ns(params), 0x1p46) /
						(params->kind == JITTER_TABLE ? 64 : 16));
	// So that neither the delay nor all packets together reach the end of time.
	gap_ns = gap_ns < UINT64_C(1) << 40 ? gap_ns : UINT64_C(1) << 40;
	run_law(params, delay_ns < UINT64_C(1) << 62 ? delay_ns : UINT64_C(1) << 62, gap_ns,
		chained ? PACKETS_CHAIN : PACKETS, &run);
	plain.law = JITTER_INDEPENDENT;
	jitter_moments_ns(&plain, UINT64_MAX, &mean_ns, &achieved->asked_deviation_ns);
	achieved->asked_mean_ns = (double)delay_ns + mean_ns;
	jitter_moments_ns(&plain, delay_ns, &mean_ns, &deviation_ns);
	variance = variance_of(run.delay, run.delay_square, run.packets);
	achieved->lag1 = variance > 0 ? (run.product / run.packets -
					 run.delay / run.packets * (run.delay / run.packets)) /
						variance
				      : 0;
	if (chained) {
		mean_ns = run.delay / run.packets;
		deviation_ns = sqrt(variance);
	} else {
		mean_ns += run.waits_ns / run.packets;
		deviation_ns =
			sqrt(fmax(deviation_ns * deviation_ns + variance -
					  variance_of(run.wanted, run.wanted_square, run.packets),
				  0));
	}
	achieved->mean_ns = (double)delay_ns + mean_ns;
	achieved->deviation_ns = deviation_ns;
	achieved->waiting = run.waiting / run.packets;
	achieved->waits_ns = run.waits_ns / run.packets;
	achieved->overtaking = run.overtaking / run.packets;
	achieved->met = fabs(achieved->mean_ns - achieved->asked_mean_ns) <=
				0.01 * achieved->asked_deviation_ns &&
			fabs(deviation_ns - achieved->asked_deviation_ns) <=
				0.05 * achieved->asked_deviation_ns;
}
