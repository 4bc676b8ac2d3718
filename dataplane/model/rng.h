// SPDX-License-Identifier: BSD-3-Clause
// Addressed random numbers: a draw is a pure function of (seed, channel, purpose, packet number).
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// SC'11), so that turning one impairment on never changes what another one draws.
#pragma once

#include <stdint.h>

struct rng_block {
	uint32_t word[4];
};

// What a draw is for. One Philox block serves four purposes: block = purpose / 4, word =
// purpose % 4. Append only: a renumbering changes every replay.
enum rng_purpose {
	RNG_LOSS,       // is this packet lost
	RNG_LOSS_STATE, // transition of a loss chain
	RNG_JITTER,     // delay variation
	RNG_REORDER,    // is this packet sent out of order
	RNG_DUPLICATE,  // is this packet duplicated
	RNG_CORRUPT,    // is this packet damaged
	RNG_CORRUPT_AT, // places of the damaged bits (a series)
	RNG_COPY_DELAY, // delay variation of a copy
	RNG_FLOW_GAP,   // inter-departure time of a built-in flow
	RNG_FLOW_SIZE,  // packet size of a built-in flow
	RNG_QUEUE,      // reserved for random early drops
	RNG_OUTAGE,     // length of an outage or of the time to the next; addressed by time
	RNG_SLOT,       // delay of the slot that a packet asks for
	RNG_SLOT_NEXT,  // delay of the slot after the one that a packet fills
	RNG_COPY_SLOT,  // the same two of a copy
	RNG_COPY_SLOT_NEXT,
	RNG_WALK, // step of a random walk over time
	RNG_PURPOSES
};

// The constants of the SC'11 paper: the multipliers of table 2, and the steps of the key (golden
// ratio and sqrt(3) - 1, section 3.3).
#define RNG_PHILOX_MULTIPLIER_0 0xD2511F53u
#define RNG_PHILOX_MULTIPLIER_1 0xCD9E8D57u
#define RNG_PHILOX_KEY_STEP_0   0x9E3779B9u
#define RNG_PHILOX_KEY_STEP_1   0xBB67AE85u
#define RNG_PHILOX_ROUNDS       10

// The generator itself: ten rounds over `counter` with `key`. Cannot fail.
struct rng_block rng_philox4x32(const uint32_t counter[4], const uint32_t key[2]);

// The block that holds purposes 4*block .. 4*block+3 of one packet of one channel:
// counter = {packet low, packet high, channel, block}, key = {seed low, seed high}.
struct rng_block rng_block(uint64_t seed, uint32_t channel, uint64_t packet, uint32_t block);

// One 32-bit draw, uniform over 0 .. 2^32-1. Equal to the word of rng_block() it is taken from.
uint32_t rng_draw(uint64_t seed, uint32_t channel, enum rng_purpose purpose, uint64_t packet);

// For a purpose that needs more than one draw: the index-th of a series, index 1 .. 65535 (index 0
// would be rng_draw()). Its blocks are (index << 16 | purpose / 4). Cannot fail.
uint32_t rng_draw_more(uint64_t seed, uint32_t channel, enum rng_purpose purpose, uint64_t packet,
		       uint32_t index);
