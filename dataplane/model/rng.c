// SPDX-License-Identifier: BSD-3-Clause
// Philox4x32-10: ten rounds of multiply, swap and xor turn an address into four random words.
#include "dataplane/model/rng.h"

struct rng_block rng_philox4x32(const uint32_t counter[4], const uint32_t key[2])
{
	uint32_t w0 = counter[0], w1 = counter[1], w2 = counter[2], w3 = counter[3];
	uint32_t k0 = key[0], k1 = key[1];

	for (int round = 0; round < RNG_PHILOX_ROUNDS; round++) {
		uint64_t a = (uint64_t)RNG_PHILOX_MULTIPLIER_0 * w0;
		uint64_t b = (uint64_t)RNG_PHILOX_MULTIPLIER_1 * w2;

		w0 = (uint32_t)(b >> 32) ^ w1 ^ k0;
		w1 = (uint32_t)b;
		w2 = (uint32_t)(a >> 32) ^ w3 ^ k1;
		w3 = (uint32_t)a;
		k0 += RNG_PHILOX_KEY_STEP_0;
		k1 += RNG_PHILOX_KEY_STEP_1;
	}
	return (struct rng_block){{w0, w1, w2, w3}};
}

struct rng_block rng_block(uint64_t seed, uint32_t channel, uint64_t packet, uint32_t block)
{
	const uint32_t counter[4] = {(uint32_t)packet, (uint32_t)(packet >> 32), channel, block};
	const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};

	return rng_philox4x32(counter, key);
}

uint32_t rng_draw(uint64_t seed, uint32_t channel, enum rng_purpose purpose, uint64_t packet)
{
	return rng_block(seed, channel, packet, (uint32_t)purpose / 4).word[(uint32_t)purpose % 4];
}

uint32_t rng_draw_more(uint64_t seed, uint32_t channel, enum rng_purpose purpose, uint64_t packet,
		       uint32_t index)
{
	return rng_block(seed, channel, packet, index << 16 | (uint32_t)purpose / 4)
		.word[(uint32_t)purpose % 4];
}
