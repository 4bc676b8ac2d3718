// SPDX-License-Identifier: BSD-3-Clause
// The generator: the published answers, its address, and that draws of different addresses do not
// know of each other.
#include "dataplane/model/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/model/statistics.h"

#define DRAWS (1 << 18)
#define SIDE  16 // of a contingency table

// Source: Random123, tests/kat_vectors, the lines "philox4x32 10".
static void the_published_answers_come_out(void **state)
{
	const struct {
		uint32_t counter[4], key[2], answer[4];
	} vectors[] = {
		{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
		 {0xffffffff, 0xffffffff},
		 {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
		 {0xa4093822, 0x299f31d0},
		 {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct rng_block block = rng_philox4x32(vectors[i].counter, vectors[i].key);

		assert_memory_equal(block.word, vectors[i].answer, sizeof(block.word));
	}
}

static void an_address_is_packet_channel_block_under_the_seed(void **state)
{
	const uint32_t counter[4] = {0x03020100, 0x07060504, 0x0b0a0908, 2};
	const uint32_t key[2] = {0xccbbaa99, 0x10ffeedd};
	struct rng_block direct = rng_philox4x32(counter, key);
	struct rng_block block = rng_block(0x10ffeeddccbbaa99, 0x0b0a0908, 0x0706050403020100, 2);

	(void)state;
	assert_memory_equal(&direct, &block, sizeof(block));
}

static void a_draw_is_its_word_of_the_block(void **state)
{
	(void)state;
	for (int purpose = 0; purpose < RNG_PURPOSES; purpose++) {
		struct rng_block block = rng_block(719, 3, 1000000007, (uint32_t)purpose / 4);

		assert_int_equal(rng_draw(719, 3, (enum rng_purpose)purpose, 1000000007),
				 block.word[purpose % 4]);
	}
}

static void a_series_is_its_word_of_a_block_for_each_index(void **state)
{
	const uint32_t indices[] = {1, 2, 3, 7, 65535};

	(void)state;
	for (uint32_t purpose = 0; purpose < RNG_PURPOSES; purpose++) {
		for (int i = 0; i < 5; i++) {
			struct rng_block block =
				rng_block(719, 7, 1234567, indices[i] << 16 | purpose / 4);

			assert_int_equal(rng_draw_more(719, 7, (enum rng_purpose)purpose, 1234567,
						       indices[i]),
					 block.word[purpose % 4]);
		}
	}
}

static void each_byte_of_each_purpose_is_uniform(void **state)
{
	(void)state;
	for (int purpose = 0; purpose < RNG_PURPOSES; purpose++) {
		uint32_t counts[4][256] = {{0}};

		for (uint64_t packet = 0; packet < DRAWS; packet++) {
			uint32_t draw = rng_draw(1, 0, (enum rng_purpose)purpose, packet);

			for (int byte = 0; byte < 4; byte++)
				counts[byte][(draw >> (8 * byte)) & 255]++;
		}
		for (int byte = 0; byte < 4; byte++)
			assert_true(chi_square_of_equal(counts[byte], 256, DRAWS) <
				    chi_square_bound(255));
	}
}

// The two draws of packet n whose independence is asked.
struct pair {
	uint64_t seed[2];
	uint32_t channel[2];
	enum rng_purpose purpose[2];
	uint64_t ahead; // the second is of packet n + ahead
};

static double contingency(const struct pair *pair)
{
	uint32_t counts[SIDE * SIDE] = {0};

	for (uint64_t packet = 0; packet < DRAWS; packet++) {
		uint32_t a = rng_draw(pair->seed[0], pair->channel[0], pair->purpose[0], packet);
		uint32_t b = rng_draw(pair->seed[1], pair->channel[1], pair->purpose[1],
				      packet + pair->ahead);

		counts[(a >> 28) * SIDE + (b >> 28)]++;
	}
	return chi_square_of_equal(counts, SIDE * SIDE, DRAWS);
}

static void draws_of_two_purposes_are_independent(void **state)
{
	(void)state;
	for (int a = 0; a < RNG_PURPOSES; a++) {
		for (int b = a + 1; b < RNG_PURPOSES; b++) {
			struct pair pair = {.purpose = {(enum rng_purpose)a, (enum rng_purpose)b}};

			assert_true(contingency(&pair) < chi_square_bound(SIDE * SIDE - 1));
		}
	}
}

static void draws_of_two_channels_are_independent(void **state)
{
	(void)state;
	for (uint32_t other = 1; other < 10; other++) {
		struct pair pair = {.channel = {0, other}};

		assert_true(contingency(&pair) < chi_square_bound(SIDE * SIDE - 1));
	}
}

static void draws_of_neighbouring_packets_are_independent(void **state)
{
	(void)state;
	for (uint64_t ahead = 1; ahead < 10; ahead++) {
		struct pair pair = {.ahead = ahead};

		assert_true(contingency(&pair) < chi_square_bound(SIDE * SIDE - 1));
	}
}

static void draws_of_two_seeds_are_independent(void **state)
{
	const uint64_t others[] = {1, 2, 3, UINT64_C(1) << 32, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct pair pair = {.seed = {0, others[i]}};

		assert_true(contingency(&pair) < chi_square_bound(SIDE * SIDE - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_answers_come_out),
		cmocka_unit_test(an_address_is_packet_channel_block_under_the_seed),
		cmocka_unit_test(a_draw_is_its_word_of_the_block),
		cmocka_unit_test(a_series_is_its_word_of_a_block_for_each_index),
		cmocka_unit_test(each_byte_of_each_purpose_is_uniform),
		cmocka_unit_test(draws_of_two_purposes_are_independent),
		cmocka_unit_test(draws_of_two_channels_are_independent),
		cmocka_unit_test(draws_of_neighbouring_packets_are_independent),
		cmocka_unit_test(draws_of_two_seeds_are_independent),
	};

	return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
