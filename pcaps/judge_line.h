// SPDX-License-Identifier: BSD-3-Clause
// The lines of a path, frame by frame: when each sent frame must have come if no one else's packets
// are on its way, for the judge.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Of a sent frame, on the captures' clock. What is not `known` says nothing.
struct judge_line {
	uint64_t earliest_at_ns; // behind those that arrived, with nobody else on the way
	// At the slowest line behind what was seen to leave it: nobody else is on the way.
	uint64_t latest_at_ns;
	uint64_t wait_ns;       // for the slowest line, at most
	uint64_t line_ns;       // that it takes there itself
	uint64_t changed_at_ns; // when the rate there changed last; 0: never
	uint32_t line_bytes;
	bool known;   // earliest_at_ns, if it arrived
	bool late;    // latest_at_ns and what follows, too
	bool waits;   // wait_ns is known
	bool by_rain; // the rate there varies
};
