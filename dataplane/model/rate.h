// SPDX-License-Identifier: BSD-3-Clause
// The serialiser: how long a frame occupies the line, exactly, so that no rate error accumulates.
#pragma once

#include <stdint.h>

#include "dataplane/model/error.h"

struct rate_params {
	uint64_t ns_per_byte_q32; // nanoseconds per byte times 2^32; 0 means no serialiser
	int32_t overhead_bytes;   // added to each frame (may be negative), as in netem
	uint32_t cell_bytes;      // 0: none; else frames occupy whole cells, as in netem
	uint32_t cell_overhead_bytes;
	uint32_t cell_reciprocal; // made by rate_make_params, so that offer never divides
	uint64_t bits_per_second; // as asked, for reports
};

// When the line is free again: nanoseconds and 2^-32 ns. Zero at the start.
struct rate_state {
	uint64_t free_at_ns;
	uint32_t free_at_frac;
};

// Overhead of Ethernet on the wire beyond a frame without FCS: preamble 8, FCS 4, gap 12.
#define RATE_ETHERNET_OVERHEAD_BYTES 24

// Checks and converts. bits_per_second 0 means no serialiser; else 8 bit/s to 10 Tbit/s. Overhead
// from -65535 to 65535; cell and cell overhead up to 65535. -EINVAL with a sentence otherwise.
int rate_make_params(uint64_t bits_per_second, int32_t overhead_bytes, uint32_t cell_bytes,
		     uint32_t cell_overhead_bytes, const char *where, struct rate_params *params,
		     struct error *error);

// Bytes that a frame of `frame_bytes` (Ethernet header and payload, no FCS) occupies on the line.
// Never below 1 with a serialiser.
uint32_t rate_line_bytes(const struct rate_params *params, uint32_t frame_bytes);

// The nanosecond (rounded down) at which the last bit of the frame leaves, when it arrives at
// `arrival_at_ns`: max(arrival, free) + line bytes * time per byte. Moves the state. Without a
// serialiser: arrival_at_ns. Arrivals must not go back in time. Cannot fail.
uint64_t rate_offer(const struct rate_params *params, struct rate_state *state,
		    uint64_t arrival_at_ns, uint32_t frame_bytes);

// How long a frame that arrives now waits before its first bit leaves. Does not move the state.
uint64_t rate_wait_ns(const struct rate_params *params, const struct rate_state *state,
		      uint64_t arrival_at_ns);

// Serialisation time of one frame, rounded to the nearest nanosecond (reports, paths).
uint64_t rate_serialisation_ns(const struct rate_params *params, uint32_t frame_bytes);
