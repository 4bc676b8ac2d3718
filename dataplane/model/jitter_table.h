// SPDX-License-Identifier: BSD-3-Clause
// The shapes of delay variation beyond uniform and normal, as tables that the packet path reads:
// closed forms in pieces, or the samples of a file in iproute2's .dist format.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/polynomial.h"

enum jitter_kind {
	JITTER_NONE,
	JITTER_UNIFORM,      // netem's default when no distribution is named: [-jitter, +jitter)
	JITTER_NORMAL,       // the rest but TABLE: mean 0, standard deviation = jitter
	JITTER_PARETO,       // of index 3, as iproute2's pareto.dist before it is cut at 4 sigma
	JITTER_PARETONORMAL, // a quarter normal, the rest pareto, at one probability (iproute2's)
	JITTER_EXPONENTIAL,
	JITTER_GAMMA,     // shape k: the variation of a delay that is gamma(k)
	JITTER_LOGNORMAL, // shape s: standard deviation of the logarithm
	JITTER_TABLE      // samples; jitter / 8192 each, as netem's tables
};

#define JITTER_VALUE_ONE       (INT64_C(1) << 24) // one standard deviation
#define JITTER_CELLS           52                 // a quarter of a standard deviation each
#define JITTER_SAMPLES_MOST    16384              // as iproute2
#define JITTER_SAMPLE_SIGMA    8192
#define JITTER_SHAPE_LEAST     0.1 // of gamma
#define JITTER_SHAPE_MOST      1000
#define JITTER_LOGNORMAL_LEAST 0.01
#define JITTER_LOGNORMAL_MOST  1.7

// Read-only once made; it lives as long as parameters point to it. Equal requests give equal tables
// on all machines.
struct jitter_table {
	enum jitter_kind kind;
	uint32_t count; // of samples
	double shape;
	const int16_t *samples; // TABLE: in increasing order; not owned
	int64_t least, most;    // of its values
	int64_t steepest; // rise of the value per unit of the score (score.h), at its greatest
	int64_t cells[JITTER_CELLS][POLYNOMIAL_TERMS]; // others: value over normal quantile
};

// A closed form: PARETO, PARETONORMAL, EXPONENTIAL, GAMMA or LOGNORMAL. `shape` is taken by GAMMA
// (JITTER_SHAPE_LEAST .. MOST) and LOGNORMAL (JITTER_LOGNORMAL_LEAST .. MOST), 0 stands for the
// others. -EINVAL with a sentence in `error` otherwise. Takes a millisecond, or ten for GAMMA.
int jitter_table_make(enum jitter_kind kind, double shape, const char *where,
		      struct jitter_table *table, struct error *error);

// TABLE: 1 to JITTER_SAMPLES_MOST samples, which are sorted in place and must stay as long as the
// table. -EINVAL with a sentence otherwise.
int jitter_table_make_from_samples(int16_t *samples, size_t count, const char *where,
				   struct jitter_table *table, struct error *error);

// The shape for which the delay itself, and not only its variation, has the law, so that it begins
// at 0: gamma (delay / jitter)^2, lognormal sqrt(ln(1 + (jitter / delay)^2)), each cut to what
// jitter_table_make takes. 0 for other kinds and where delay_ns or jitter_ns is 0.
double jitter_natural_shape(enum jitter_kind kind, uint64_t delay_ns, uint64_t jitter_ns);

// The closed form itself, in standard deviations: the quantile at the share of the normal
// distribution below z (within +-6.5). Mean 0, deviation 1. For tables and tests. Cannot fail.
double jitter_closed_form(enum jitter_kind kind, double shape, double z);

// The value at a normal quantile within +-NORMAL_MOST, in units of 1 / JITTER_VALUE_ONE; not for
// TABLE. Within 1e-6 standard deviations of the closed form, or 1e-6 of itself where that is more.
// Never outside least .. most. Cannot fail.
static inline int64_t jitter_table_at(const struct jitter_table *table, int64_t normal)
{
	// 6.5 is the table's end, and beyond that of all draws; 28 bits are a unit, 26 a cell.
	int64_t place = normal + JITTER_CELLS / 2 * (INT64_C(1) << 26);
	int64_t value = polynomial_at(table->cells[place >> 26], place & ((1 << 26) - 1), 26);

	value = value < table->least ? table->least : value;
	return value > table->most ? table->most : value;
}
