// SPDX-License-Identifier: BSD-3-Clause
// Philox4x32-10 over as many counters side by side as the processor's registers hold.
#include "dataplane/model/rng_burst.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

void rng_burst_fill_plain(struct rng_burst *burst, uint64_t seed, uint32_t channel, uint64_t first,
			  uint32_t count, uint32_t block)
{
	for (uint32_t i = 0; i < count; i++) {
		struct rng_block words = rng_block(seed, channel, first + i, block);

		for (int w = 0; w < 4; w++)
			burst->word[w][i] = words.word[w];
	}
}

#if defined(__x86_64__)

// A vector's lanes share the upper half of the packet's number.
static bool rng_burst_wraps(uint64_t first)
{
	return (uint32_t)first > UINT32_MAX - RNG_BURST_PACKETS;
}

// Four counters in each: a word stands in the lower half of a 64-bit lane; what is in the upper
// half does not matter, as the multiplication does not look at it.
struct rng_quads {
	__m256i w0, w1, w2, w3;
};

__attribute__((target("avx2"))) static inline struct rng_quads
rng_quads_round(struct rng_quads in, __m256i k0, __m256i k1)
{
	__m256i a = _mm256_mul_epu32(_mm256_set1_epi64x(RNG_PHILOX_MULTIPLIER_0), in.w0);
	__m256i b = _mm256_mul_epu32(_mm256_set1_epi64x(RNG_PHILOX_MULTIPLIER_1), in.w2);

	return (struct rng_quads){
		_mm256_xor_si256(_mm256_srli_epi64(b, 32), _mm256_xor_si256(in.w1, k0)), b,
		_mm256_xor_si256(_mm256_srli_epi64(a, 32), _mm256_xor_si256(in.w3, k1)), a};
}

// Even packets in one set of lanes and odd ones in the other give a row of eight by one blend.
__attribute__((target("avx2"))) static inline void rng_quads_store(uint32_t *row, __m256i even,
								   __m256i odd)
{
	_mm256_storeu_si256((__m256i *)row,
			    _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA));
}

__attribute__((target("avx2"))) bool rng_burst_fill_avx2(struct rng_burst *burst, uint64_t seed,
							 uint32_t channel, uint64_t first,
							 uint32_t count, uint32_t block)
{
	if (!__builtin_cpu_supports("avx2") || rng_burst_wraps(first))
		return false;
	for (uint32_t i = 0; i < count; i += 8) {
		__m256i key0 = _mm256_set1_epi32((int)(uint32_t)seed);
		__m256i key1 = _mm256_set1_epi32((int)(uint32_t)(seed >> 32));
		__m256i low = _mm256_set1_epi64x((int64_t)((first & UINT32_MAX) + i));
		struct rng_quads even = {_mm256_add_epi64(low, _mm256_setr_epi64x(0, 2, 4, 6)),
					 _mm256_set1_epi64x((int64_t)(first >> 32)),
					 _mm256_set1_epi64x(channel), _mm256_set1_epi64x(block)};
		struct rng_quads odd = even;

		odd.w0 = _mm256_add_epi64(even.w0, _mm256_set1_epi64x(1));
		for (int round = 0; round < RNG_PHILOX_ROUNDS; round++) {
			even = rng_quads_round(even, key0, key1);
			odd = rng_quads_round(odd, key0, key1);
			key0 = _mm256_add_epi32(key0,
						_mm256_set1_epi32((int)RNG_PHILOX_KEY_STEP_0));
			key1 = _mm256_add_epi32(key1,
						_mm256_set1_epi32((int)RNG_PHILOX_KEY_STEP_1));
		}
		rng_quads_store(&burst->word[0][i], even.w0, odd.w0);
		rng_quads_store(&burst->word[1][i], even.w1, odd.w1);
		rng_quads_store(&burst->word[2][i], even.w2, odd.w2);
		rng_quads_store(&burst->word[3][i], even.w3, odd.w3);
	}
	return true;
}

// The same with eight counters in each, and three-way exclusive or as one instruction.
struct rng_octets {
	__m512i w0, w1, w2, w3;
};

#define TARGET_AVX512 __attribute__((target("avx512f")))
#define XOR_OF_THREE  0x96

TARGET_AVX512 static inline struct rng_octets rng_octets_round(struct rng_octets in, __m512i k0,
							       __m512i k1)
{
	__m512i a = _mm512_mul_epu32(_mm512_set1_epi64(RNG_PHILOX_MULTIPLIER_0), in.w0);
	__m512i b = _mm512_mul_epu32(_mm512_set1_epi64(RNG_PHILOX_MULTIPLIER_1), in.w2);

	return (struct rng_octets){
		_mm512_ternarylogic_epi64(_mm512_srli_epi64(b, 32), in.w1, k0, XOR_OF_THREE), b,
		_mm512_ternarylogic_epi64(_mm512_srli_epi64(a, 32), in.w3, k1, XOR_OF_THREE), a};
}

TARGET_AVX512 static inline void rng_octets_store(uint32_t *row, __m512i even, __m512i odd)
{
	_mm512_storeu_si512(row, _mm512_mask_mov_epi32(even, 0xAAAA, _mm512_slli_epi64(odd, 32)));
}

TARGET_AVX512 bool rng_burst_fill_avx512(struct rng_burst *burst, uint64_t seed, uint32_t channel,
					 uint64_t first, uint32_t count, uint32_t block)
{
	if (!__builtin_cpu_supports("avx512f") || rng_burst_wraps(first))
		return false;
	for (uint32_t i = 0; i < count; i += 16) {
		__m512i key0 = _mm512_set1_epi32((int)(uint32_t)seed);
		__m512i key1 = _mm512_set1_epi32((int)(uint32_t)(seed >> 32));
		__m512i low = _mm512_set1_epi64((int64_t)((first & UINT32_MAX) + i));
		struct rng_octets even = {
			_mm512_add_epi64(low, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14)),
			_mm512_set1_epi64((int64_t)(first >> 32)), _mm512_set1_epi64(channel),
			_mm512_set1_epi64(block)};
		struct rng_octets odd = even;

		odd.w0 = _mm512_add_epi64(even.w0, _mm512_set1_epi64(1));
		for (int round = 0; round < RNG_PHILOX_ROUNDS; round++) {
			even = rng_octets_round(even, key0, key1);
			odd = rng_octets_round(odd, key0, key1);
			key0 = _mm512_add_epi32(key0,
						_mm512_set1_epi32((int)RNG_PHILOX_KEY_STEP_0));
			key1 = _mm512_add_epi32(key1,
						_mm512_set1_epi32((int)RNG_PHILOX_KEY_STEP_1));
		}
		rng_octets_store(&burst->word[0][i], even.w0, odd.w0);
		rng_octets_store(&burst->word[1][i], even.w1, odd.w1);
		rng_octets_store(&burst->word[2][i], even.w2, odd.w2);
		rng_octets_store(&burst->word[3][i], even.w3, odd.w3);
	}
	return true;
}

#endif

void rng_burst_fill(struct rng_burst *burst, uint64_t seed, uint32_t channel, uint64_t first,
		    uint32_t count, uint32_t block)
{
#if defined(__x86_64__)
	if (rng_burst_fill_avx512(burst, seed, channel, first, count, block) ||
	    rng_burst_fill_avx2(burst, seed, channel, first, count, block))
		return;
#endif
	rng_burst_fill_plain(burst, seed, channel, first, count, block);
}
