// SPDX-License-Identifier: BSD-3-Clause
// Philox4x32-10 over eight counters side by side: the latency of one for the price of eight.
#include "dataplane/model/rng_batch.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void rng_batch_name(struct rng_batch *batch, uint64_t seed, uint32_t channel,
			   uint64_t packet)
{
	batch->end = (packet | (RNG_BATCH_PACKETS - 1)) + 1;
	batch->seed = seed;
	batch->channel = channel;
}

void rng_batch_fill_plain(struct rng_batch *batch, uint64_t seed, uint32_t channel, uint64_t packet,
			  uint32_t block)
{
	uint64_t first = packet & ~(uint64_t)(RNG_BATCH_PACKETS - 1);

	for (uint32_t i = 0; i < RNG_BATCH_PACKETS; i++) {
		struct rng_block words = rng_block(seed, channel, first + i, block);

		for (int w = 0; w < 4; w++)
			batch->word[w][i] = words.word[w];
	}
	rng_batch_name(batch, seed, channel, packet);
}

#if defined(__x86_64__)

// Four counters: a word of each stands in the lower half of each 64-bit lane; what is in the upper
// half does not matter, as the multiplication does not look at it.
struct rng_lanes {
	__m256i w0, w1, w2, w3;
};

__attribute__((target("avx2"))) static inline struct rng_lanes
rng_lanes_round(struct rng_lanes in, __m256i k0, __m256i k1)
{
	const __m256i m0 = _mm256_set1_epi64x(RNG_PHILOX_MULTIPLIER_0);
	const __m256i m1 = _mm256_set1_epi64x(RNG_PHILOX_MULTIPLIER_1);
	__m256i a = _mm256_mul_epu32(m0, in.w0);
	__m256i b = _mm256_mul_epu32(m1, in.w2);

	return (struct rng_lanes){
		_mm256_xor_si256(_mm256_srli_epi64(b, 32), _mm256_xor_si256(in.w1, k0)), b,
		_mm256_xor_si256(_mm256_srli_epi64(a, 32), _mm256_xor_si256(in.w3, k1)), a};
}

// Even packets in one set of lanes and odd ones in the other give a row of eight by one blend.
__attribute__((target("avx2"))) static inline void rng_row_store(uint32_t *row, __m256i even,
								 __m256i odd)
{
	_mm256_storeu_si256((__m256i *)row,
			    _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA));
}

__attribute__((target("avx2"))) static void rng_batch_fill_avx2(struct rng_batch *batch,
								uint64_t seed, uint32_t channel,
								uint64_t packet, uint32_t block)
{
	uint64_t first = packet & ~(uint64_t)(RNG_BATCH_PACKETS - 1);
	const __m256i step0 = _mm256_set1_epi32((int)RNG_PHILOX_KEY_STEP_0);
	const __m256i step1 = _mm256_set1_epi32((int)RNG_PHILOX_KEY_STEP_1);
	__m256i key0 = _mm256_set1_epi32((int)(uint32_t)seed);
	__m256i key1 = _mm256_set1_epi32((int)(uint32_t)(seed >> 32));
	__m256i low = _mm256_set1_epi64x((int64_t)(first & UINT32_MAX));
	struct rng_lanes even = {_mm256_add_epi64(low, _mm256_setr_epi64x(0, 2, 4, 6)),
				 _mm256_set1_epi64x((int64_t)(first >> 32)),
				 _mm256_set1_epi64x(channel), _mm256_set1_epi64x(block)};
	struct rng_lanes odd = even;

	odd.w0 = _mm256_add_epi64(even.w0, _mm256_set1_epi64x(1));
	for (int round = 0; round < RNG_PHILOX_ROUNDS; round++) {
		even = rng_lanes_round(even, key0, key1);
		odd = rng_lanes_round(odd, key0, key1);
		key0 = _mm256_add_epi32(key0, step0);
		key1 = _mm256_add_epi32(key1, step1);
	}
	rng_row_store(batch->word[0], even.w0, odd.w0);
	rng_row_store(batch->word[1], even.w1, odd.w1);
	rng_row_store(batch->word[2], even.w2, odd.w2);
	rng_row_store(batch->word[3], even.w3, odd.w3);
	rng_batch_name(batch, seed, channel, packet);
}

#endif

void rng_batch_fill(struct rng_batch *batch, uint64_t seed, uint32_t channel, uint64_t packet,
		    uint32_t block)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		rng_batch_fill_avx2(batch, seed, channel, packet, block);
		return;
	}
#endif
	rng_batch_fill_plain(batch, seed, channel, packet, block);
}
