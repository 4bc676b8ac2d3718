// SPDX-License-Identifier: BSD-3-Clause
// A token bucket that shapes, as tc-tbf: what was saved while idle leaves at once, up to a burst;
// a second bucket may bound the rate within the burst. Frames wait for tokens and are never lost.
#pragma once

#include <stdint.h>

#include "dataplane/model/error.h"

// Made by bucket_make; the buckets fill at the line's ns_per_byte_q32 and at the peak's.
struct bucket_params {
	uint32_t burst_bytes;          // what the bucket holds
	uint32_t peak_burst_bytes;     // what the peak's holds ("mtu" of tc-tbf); 0: no peak
	uint64_t peak_ns_per_byte_q32; // time per byte at the peak rate
	uint64_t peak_bits_per_second; // as asked, for reports
};

// When each bucket is full again (its tokens, told as an instant). Zero-initialised is full.
struct bucket_state {
	uint64_t full_at_ns;
	uint64_t peak_full_at_ns;
	uint32_t full_at_frac;
	uint32_t peak_full_at_frac;
};

// Checks and converts, as tc-tbf: a burst of at least one byte; a peak rate above the rate, and
// then the peak's own burst, too. peak_bits_per_second 0 means no peak. -EINVAL with a sentence
// otherwise.
int bucket_make(uint64_t bits_per_second, uint32_t burst_bytes, uint64_t peak_bits_per_second,
		uint32_t peak_burst_bytes, const char *where, struct bucket_params *params,
		struct error *error);

// The longest that may ever leave: the smaller of the two bursts. tc-tbf loses what is longer.
uint32_t bucket_longest_bytes(const struct bucket_params *params);

// The instant (2^-32 ns) at or after `from_q32` from which tokens for so many bytes are there.
unsigned __int128 bucket_ready_q32(const struct bucket_params *params,
				   const struct bucket_state *state, uint64_t ns_per_byte_q32,
				   unsigned __int128 from_q32, uint32_t line_bytes);

// Takes the tokens of a frame that leaves at `at_q32`.
void bucket_take(const struct bucket_params *params, struct bucket_state *state,
		 uint64_t ns_per_byte_q32, unsigned __int128 at_q32, uint32_t line_bytes);
