// SPDX-License-Identifier: BSD-3-Clause
// The cache of random words: whatever it is asked, and in which order, it says what rng_draw says.
#include "dataplane/model/rng_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// Packets at which a carry or a wrap could go wrong.
static const uint64_t places[] = {
	0,
	1,
	7,
	8,
	9,
	1000000007,
	0xfffffff7,
	0xffffffff,
	0x100000000,
	0x123456789abcdef0,
	UINT64_MAX - 8,
	UINT64_MAX - 7,
	UINT64_MAX,
};

#define PLACES (sizeof(places) / sizeof(places[0]))

static void check(const struct rng_batch *batch, uint64_t seed, uint32_t channel, uint64_t packet,
		  uint32_t block)
{
	for (uint32_t w = 0; w < 4; w++) {
		enum rng_purpose purpose = (enum rng_purpose)(4 * block + w);

		assert_int_equal(rng_batch_word(batch, purpose, packet),
				 rng_draw(seed, channel, purpose, packet));
	}
}

static void every_way_of_filling_gives_the_draws_of_the_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		for (uint32_t block = 0; block < 3; block++) {
			struct rng_batch chosen = {0}, plain = {0};
			uint64_t seed = 0x9e3779b97f4a7c15 * (i + 1);
			uint32_t channel = 0xdeadbeef + (uint32_t)i;

			rng_batch_fill(&chosen, seed, channel, places[i], block);
			rng_batch_fill_plain(&plain, seed, channel, places[i], block);
			assert_memory_equal(&chosen, &plain, sizeof(plain));
			for (uint64_t k = 0; k < RNG_BATCH_PACKETS; k++)
				check(&plain, seed, channel, (places[i] & ~UINT64_C(7)) + k, block);
		}
	}
}

static void an_empty_batch_holds_nothing_not_even_packet_0(void **state)
{
	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct rng_batch batch = {0};

		rng_batch_hold(&batch, 0, 0, places[i], 0);
		check(&batch, 0, 0, places[i], 0);
	}
}

static void a_batch_of_other_packets_channel_or_seed_is_not_used(void **state)
{
	struct rng_batch batch = {0};

	(void)state;
	for (uint64_t n = 0; n < 100000; n++) {
		struct rng_block chance = rng_block(7, 0, n, 9);
		uint64_t packet = chance.word[0] % 40, seed = chance.word[1] % 2;
		uint32_t channel = chance.word[2] % 2;

		if (chance.word[3] % 4 == 0)
			packet = UINT64_MAX - packet;
		rng_batch_hold(&batch, seed, channel, packet, 1);
		check(&batch, seed, channel, packet, 1);
	}
}

static void packets_in_a_row_fill_it_once_in_eight(void **state)
{
	struct rng_batch batch = {0};
	int fills = 0;

	(void)state;
	for (uint64_t packet = 0; packet < 800; packet++) {
		uint64_t before = batch.end;

		rng_batch_hold(&batch, 3, 4, packet, 0);
		fills += batch.end != before;
	}
	assert_int_equal(fills, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_of_filling_gives_the_draws_of_the_addresses),
		cmocka_unit_test(an_empty_batch_holds_nothing_not_even_packet_0),
		cmocka_unit_test(a_batch_of_other_packets_channel_or_seed_is_not_used),
		cmocka_unit_test(packets_in_a_row_fill_it_once_in_eight),
	};

	return cmocka_run_group_tests_name("rng_batch", tests, NULL, NULL);
}
