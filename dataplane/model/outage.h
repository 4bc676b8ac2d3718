// SPDX-License-Identifier: BSD-3-Clause
// Outages: a process in time that is on or off whatever packets come. Its draws are addressed by
// time, so two channels with the same seed and key are out at the same instants under any traffic.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"

#define OUTAGE_LEAST_NS 1000

// Made by outage_make.
struct outage_params {
	uint64_t outage_ns;   // mean length of an outage
	uint64_t interval_ns; // mean time from the start of one to that of the next
	bool fixed;           // lengths are those, else exponential about them
	uint8_t epoch_bits;   // exponential: the process begins anew every 2^this ns
	uint32_t share;       // of time in an outage, times 2^32
};

// Zero-initialised is the start; any jump in time is right, steps forward are cheap.
struct outage_state {
	uint64_t until_ns; // end of the phase
	uint64_t from_ns;  // and its beginning
	uint64_t epoch;
	uint32_t draws; // used in this epoch
	bool begun;
	bool out;
};

// Checks and converts. Outages from 1 us on, and as much between them. -EINVAL with a sentence
// otherwise.
//   fixed        each lasts outage_ns; they begin at interval_ns, 2 interval_ns, ... of the clock
//   exponential  lengths of outages and of the times between them are exponential with means
//                outage_ns and interval_ns - outage_ns; stationary from the first instant on. At
//                the end of an epoch (1024 intervals or more) it begins anew, which cuts one length
//                in some thousand short, and lets idle hours be skipped.
int outage_make(uint64_t outage_ns, uint64_t interval_ns, bool fixed, const char *where,
		struct outage_params *params, struct error *error);

// Is it out at this instant? Amortised constant time while instants go forward; at most that of an
// epoch after a jump. Cannot fail.
bool outage_at(const struct outage_params *params, struct outage_state *state, uint64_t seed,
	       uint32_t random_key, uint64_t at_ns);

// -ln((draw + 1/2) / 2^32) times 2^32, to 2 units: the quantile of an exponential law of mean 1.
// Integers only, so that every machine computes the same replay.
uint64_t outage_exponential_q32(uint32_t draw);
