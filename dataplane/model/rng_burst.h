// SPDX-License-Identifier: BSD-3-Clause
// The random words of a burst of packets, side by side: each is the one that rng_draw() gives for
// its address.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/rng.h"

#define RNG_BURST_PACKETS 64 // a multiple of 16

struct rng_burst {
	uint32_t word[4][RNG_BURST_PACKETS]; // [purpose % 4][packet - first]
};

// The words of `block` for `count` packets from `first` on, at most RNG_BURST_PACKETS; some beyond
// them may be written, too. AVX2 or AVX-512 where the processor has it, else plain C with the same
// result. Cannot fail.
void rng_burst_fill(struct rng_burst *burst, uint64_t seed, uint32_t channel, uint64_t first,
		    uint32_t count, uint32_t block);

// The ways by themselves, for tests. Of the last two, which x86 alone has: false, and nothing is
// done, where the processor has it not, or the lower half of the packets' numbers wraps.
void rng_burst_fill_plain(struct rng_burst *burst, uint64_t seed, uint32_t channel, uint64_t first,
			  uint32_t count, uint32_t block);
#if defined(__x86_64__)
bool rng_burst_fill_avx2(struct rng_burst *burst, uint64_t seed, uint32_t channel, uint64_t first,
			 uint32_t count, uint32_t block);
bool rng_burst_fill_avx512(struct rng_burst *burst, uint64_t seed, uint32_t channel, uint64_t first,
			   uint32_t count, uint32_t block);
#endif
