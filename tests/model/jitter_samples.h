// SPDX-License-Identifier: BSD-3-Clause
// Samples of delay variation for the tests of its distributions and of its laws in time.
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/jitter.h"
#include "dataplane/model/rng.h"
#include "tests/model/laws.h"
#include "tests/model/statistics.h"

#define SAMPLES 200000
#define JITTER  1000000000 // so that a nanosecond is a fine step

static double sample[SAMPLES];
static struct jitter_table tables[LAWS];

static inline int make_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAWS; i++)
		if (laws[i].kind > JITTER_NORMAL &&
		    jitter_table_make(laws[i].kind, laws[i].shape, "", &tables[i], NULL) != 0)
			return -1;
	return 0;
}

// The i-th law with a deviation of JITTER nanoseconds.
static inline struct jitter_params params_of_law(size_t i, bool order_free, uint64_t halflife_ns)
{
	struct jitter_request request = {.kind = laws[i].kind,
					 .jitter_ns = JITTER,
					 .halflife_ns = halflife_ns,
					 .order_free = order_free,
					 .table = laws[i].kind > JITTER_NORMAL ? &tables[i] : NULL};
	struct jitter_params params;

	if (laws[i].kind == JITTER_UNIFORM)
		request.jitter_ns = (uint64_t)llround(JITTER * sqrt(3));
	assert_int_equal(jitter_make(&request, "test", &params, NULL), 0);
	return params;
}

// `count` deviations in units of JITTER, one of each `apart` packets, at gaps of gap_ns; or at
// exponential gaps of that mean.
static inline void take_sample_at(const struct jitter_params *params, uint32_t channel,
				  size_t count, uint64_t apart, uint64_t gap_ns, bool poisson)
{
	struct jitter_state jitter = {0};
	uint64_t packet = 0, at_ns = 0;

	assert_true(count <= SAMPLES);
	for (size_t i = 0; i < count; i++) {
		for (uint64_t k = 0; k < apart; k++) {
			double chance = rng_draw(720, channel, RNG_FLOW_GAP, packet) + 0.5;

			at_ns += poisson ? (uint64_t)(-log(chance * 0x1p-32) * (double)gap_ns)
					 : gap_ns;
			sample[i] =
				(double)jitter_offer(params, &jitter, at_ns,
						     rng_draw(719, channel, RNG_JITTER, packet++));
		}
		sample[i] /= JITTER;
	}
}

static inline double mean_of(size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += sample[i];
	return sum / (double)count;
}

// Root of the mean square about zero, the known mean.
static inline double deviation_of(size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += sample[i] * sample[i];
	return sqrt(sum / (double)count);
}

// Mean, deviation where the fourth moment is finite, and the law itself.
static inline void check_law(size_t i, size_t count)
{
	const struct law *law = &laws[i];

	if (law->kurtosis > 0) {
		double spread = sqrt((law->kurtosis - 1) / (double)count);

		assert_near(mean_of(count), 0, Z_TWO_SIDED / sqrt((double)count));
		assert_near(deviation_of(count) * deviation_of(count), 1, Z_TWO_SIDED * spread);
	}
	if (!(kolmogorov_smirnov(sample, count, law->below) < KS_BOUND))
		fail_msg("%s jitter is not", law->name);
}

// As many as it takes to see a deviation 5 % off, in the mean square or in the law.
static inline size_t samples_for(size_t i)
{
	uint64_t count = samples_for_distance(law_distance(laws[i].below));

	if (laws[i].kurtosis > 0 && samples_for_deviation(laws[i].kurtosis) > count)
		count = samples_for_deviation(laws[i].kurtosis);
	assert_true(count <= SAMPLES);
	return (size_t)count;
}
