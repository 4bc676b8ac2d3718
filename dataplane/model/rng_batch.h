// SPDX-License-Identifier: BSD-3-Clause
// The random words of eight packets in a row, computed at once and kept until they are used up. A
// cache and nothing else: each word is the one that rng_draw() gives for its address.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/rng.h"

#define RNG_BATCH_PACKETS 8

// Zero-initialised is empty. One for each block of purposes (purpose / 4).
struct rng_batch {
	uint64_t end; // first packet after those held; a multiple of 8; 0: empty
	uint64_t seed;
	uint32_t channel;
	uint32_t word[4][RNG_BATCH_PACKETS]; // [purpose % 4][packet % 8]
};

// Fills the batch with the eight packets that `packet` is among. AVX2 where the processor has it,
// else plain C with the same result. Cannot fail.
void rng_batch_fill(struct rng_batch *batch, uint64_t seed, uint32_t channel, uint64_t packet,
		    uint32_t block);

// The plain way by itself, for tests.
void rng_batch_fill_plain(struct rng_batch *batch, uint64_t seed, uint32_t channel, uint64_t packet,
			  uint32_t block);

// Does it hold the words of `packet`?
static inline bool rng_batch_holds(const struct rng_batch *batch, uint64_t seed, uint32_t channel,
				   uint64_t packet)
{
	uint64_t end = (packet | (RNG_BATCH_PACKETS - 1)) + 1;

	// The last eight packets before the number wraps have end 0, and are computed each time.
	return batch->end == end && batch->seed == seed && batch->channel == channel && end != 0;
}

// Holds the words of `packet` afterwards. `block` is the batch's own.
static inline void rng_batch_hold(struct rng_batch *batch, uint64_t seed, uint32_t channel,
				  uint64_t packet, uint32_t block)
{
	if (__builtin_expect(!rng_batch_holds(batch, seed, channel, packet), 0))
		rng_batch_fill(batch, seed, channel, packet, block);
}

// A held packet's word for a purpose of the batch's block.
static inline uint32_t rng_batch_word(const struct rng_batch *batch, enum rng_purpose purpose,
				      uint64_t packet)
{
	return batch->word[(uint32_t)purpose % 4][packet % RNG_BATCH_PACKETS];
}
