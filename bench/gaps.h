// SPDX-License-Identifier: BSD-3-Clause
// What the machine itself makes late: bare loops that do nothing but read the live clock or sleep,
// beside which the engine's lateness is to be read.
#pragma once

#include <stdint.h>

#include "dataplane/engine/clock.h"
#include "dataplane/model/histogram.h"

struct gaps {
	// How late the loop noticed things due at regular instants: the floor under the lateness of
	// anything that runs on this core. A gap of 4 ms makes all that came due in it late, each
	// by its own amount, as it does with packets.
	struct histogram lateness;
	uint64_t reads;      // turns of the loop
	uint64_t longest_ns; // between two reads in a row
};

// Reads the clock and nothing else on the calling thread, which is kept busy for length_ns;
// something is due every interval_ns. Cannot fail.
void gaps_measure(const struct live_clock *clock, uint64_t length_ns, uint64_t interval_ns,
		  struct gaps *gaps);

// The same for a thread that sleeps until each thing is due (an interval is longer than the
// sleep's own lateness).
void gaps_measure_asleep(const struct live_clock *clock, uint64_t length_ns, uint64_t interval_ns,
			 struct gaps *gaps);
