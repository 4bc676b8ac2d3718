// SPDX-License-Identifier: BSD-3-Clause
// What delay variation comes to in the long run: its moments, its distribution function, and what
// packets at a given rate get of it. For reports, checks and the judge; nothing here is on the
// packet path.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/jitter.h"

// Mean and standard deviation of max(deviation, -floor_ns) in nanoseconds, where floor_ns is the
// constant delay (UINT64_MAX: no floor), to 1e-5 of the deviation. netem's chain narrows its draws
// and with them the distribution; the other laws leave it as it is. Tails are those of 32-bit
// draws. Cannot fail.
void jitter_moments_ns(const struct jitter_params *params, uint64_t floor_ns, double *mean_ns,
		       double *deviation_ns);

// Standard deviation without a floor.
double jitter_deviation_ns(const struct jitter_params *params);

// Long-run share of the packets whose deviation is at most deviation_ns.
double jitter_below(const struct jitter_params *params, int64_t deviation_ns);

// From this time apart two packets' deviations are as good as independent (rank correlation below
// 0.6 %). 0: always; UINT64_MAX: it counts in packets and not in time.
uint64_t jitter_memory_ns(const struct jitter_params *params);

// The time after which the rank correlation of two packets' deviations is a half; 0 where
// deviations do not hang together in time. The orderly law's own is its least: a shorter half-life
// asked for is not met. (Gaussian: the asked one is that of the normal numbers' correlation.)
uint64_t jitter_halflife_ns(const struct jitter_params *params);

// What packets at equal gaps get, beside what was asked for.
struct jitter_achieved {
	double asked_mean_ns;      // of the delay: the constant one and the distribution's mean
	double asked_deviation_ns; // the distribution's
	double mean_ns;
	double deviation_ns;
	double lag1;       // correlation of two packets in a row
	double waiting;    // share of packets that wait for the one before, by a nanosecond or more
	double waits_ns;   // mean wait over all packets
	double overtaking; // share that is released before one that departed earlier
	uint64_t halflife_ns;
	bool met; // mean and deviation within 1 % of the asked deviation, 5 % of it for the latter
};

// gap_ns between two departures (0 counts as 1). Mean and deviation of laws whose distribution is
// exact are computed, and what waiting adds is measured by running the law for 2^18 packets (with
// gaps of a sixteenth of its pace, or a sixty-fourth for samples, if they are shorter, so that rare
// spikes come: closer packets see the same of them); all of netem's chain is measured. Takes tens
// of milliseconds; always gives the same.
void jitter_achieve(const struct jitter_params *params, uint64_t delay_ns, uint64_t gap_ns,
		    struct jitter_achieved *achieved);
