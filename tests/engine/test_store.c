// SPDX-License-Identifier: BSD-3-Clause
// Blocks do not overlap, come back, go home to their worker, and run out cleanly; holds keep order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/hold.h"
#include "dataplane/engine/store.h"

#define SMALL_STORE (UINT64_C(64) << 20)

static void blocks_of_all_sizes_do_not_overlap(void **state)
{
	static const uint32_t sizes[] = {1, 32, 96, 97, 128, 500, 1546, 9262, 65568};
	struct store *store = store_create(SMALL_STORE, 1, NULL);
	struct store_cache cache;
	uint32_t refs[sizeof(sizes) / sizeof(sizes[0])][10];

	(void)state;
	assert_non_null(store);
	store_cache_init(&cache, store, 0, 1);
	for (unsigned k = 0; k < 10; k++) {
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			refs[i][k] = store_take(&cache, sizes[i]);
			assert_int_not_equal(refs[i][k], PACKET_NONE);
			memset(store_block(store, refs[i][k]), (int)(i * 10 + k), sizes[i]);
		}
	}
	for (unsigned k = 0; k < 10; k++) {
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			const uint8_t *block = store_block(store, refs[i][k]);

			for (uint32_t b = 0; b < sizes[i]; b++)
				assert_int_equal(block[b], (uint8_t)(i * 10 + k));
		}
	}
	store_destroy(store);
}

static void a_small_frame_takes_its_header_and_its_bytes_and_no_more(void **state)
{
	struct store *store = store_create(SMALL_STORE, 1, NULL);
	struct store_cache cache;
	uint32_t first;

	(void)state;
	store_cache_init(&cache, store, 0, 1);
	first = store_take(&cache, sizeof(struct packet) + 64);
	assert_int_equal(store_take(&cache, sizeof(struct packet) + 64) - first,
			 (sizeof(struct packet) + 64) / STORE_GRAIN);
	assert_int_not_equal(store_take(&cache, sizeof(struct packet) + STORE_LONGEST),
			     PACKET_NONE);
	assert_int_equal(store_take(&cache, sizeof(struct packet) + STORE_LONGEST + 1),
			 PACKET_NONE);
	store_destroy(store);
}

static void a_freed_block_is_used_again_before_new_memory(void **state)
{
	struct store *store = store_create(SMALL_STORE, 1, NULL);
	struct store_cache cache;
	uint32_t first;

	(void)state;
	store_cache_init(&cache, store, 0, 1);
	first = store_take(&cache, 96);
	store_give(&cache, first);
	assert_int_equal(store_take(&cache, 90), first);
	store_destroy(store);
}

static void memory_that_is_used_up_is_said_and_comes_back(void **state)
{
	struct store *store = store_create(SMALL_STORE, 2, NULL);
	struct store_cache cache;
	uint32_t last = PACKET_NONE;
	uint32_t ref;
	unsigned taken = 0;

	(void)state;
	store_cache_init(&cache, store, 1, 2);
	while ((ref = store_take(&cache, 9000)) != PACKET_NONE) {
		last = ref;
		taken++;
	}
	// Half of the store, in slabs of 2 MiB of blocks of 9280 bytes.
	assert_int_equal(taken, 16 * ((2 << 20) / 9280));
	store_give(&cache, last);
	assert_int_equal(store_take(&cache, 9000), last);
	assert_int_equal(store_take(&cache, 70000), PACKET_NONE);
	store_destroy(store);
}

static void blocks_freed_elsewhere_go_home(void **state)
{
	struct store *store = store_create(SMALL_STORE, 2, NULL);
	struct store_cache caches[2];
	uint32_t small[3], large, kept;

	(void)state;
	store_cache_init(&caches[0], store, 0, 2);
	store_cache_init(&caches[1], store, 1, 2);
	for (unsigned i = 0; i < 3; i++)
		small[i] = store_take(&caches[0], 96);
	large = store_take(&caches[0], 500);
	kept = store_take(&caches[0], 96);
	store_give(&caches[0], kept);
	for (unsigned i = 0; i < 3; i++)
		store_give(&caches[1], small[i]);
	store_give(&caches[1], large);
	assert_int_not_equal(store_take(&caches[1], 96), small[2]);
	store_take_home(&caches[0], &caches[1]);
	store_take_home(&caches[0], &caches[1]); // nothing is left to be taken
	// Those that came home, last freed first, and behind them what was free here.
	for (unsigned i = 3; i-- > 0;)
		assert_int_equal(store_take(&caches[0], 96), small[i]);
	assert_int_equal(store_take(&caches[0], 96), kept);
	assert_int_equal(store_take(&caches[0], 500), large);
	store_destroy(store);
}

// Blocks of several lengths through a window; most leave in order, some far later.
static void packs_hand_out_neighbours_and_come_back_when_the_last_block_has_left(void **state)
{
	enum { WINDOW = 1000, LATE = 50 };
	struct store *store = store_create(SMALL_STORE, 1, NULL);
	struct store_cache cache;
	struct store_packer packer = {0};
	uint32_t refs[WINDOW], late[LATE] = {0}, expected = 0;
	uint64_t sums[WINDOW] = {0}, late_sums[LATE] = {0};

	(void)state;
	store_cache_init(&cache, store, 0, 1);
	for (uint32_t n = 0; n < 400000; n++) {
		uint32_t slot = n % WINDOW, bytes = 65 + n % 192;

		if (n >= WINDOW) {
			assert_int_equal(*(uint64_t *)store_block(store, refs[slot]), sums[slot]);
			if (slot % 20 != 0) {
				store_give_many(&cache, &refs[slot], 1);
			} else {
				uint32_t *left = &late[slot / 20];

				if (*left) {
					assert_int_equal(*(uint64_t *)store_block(store, *left),
							 late_sums[slot / 20]);
					store_give(&cache, *left);
				}
				*left = refs[slot];
				late_sums[slot / 20] = sums[slot];
			}
		}
		refs[slot] = store_take_packed(&cache, &packer, bytes);
		assert_int_not_equal(refs[slot], PACKET_NONE);
		// Behind the one before, unless a pack has ended.
		assert_true(refs[slot] == expected || refs[slot] % STORE_PACK_GRAINS == 1);
		expected = refs[slot] + (bytes + STORE_GRAIN - 1) / STORE_GRAIN;
		memset(store_block(store, refs[slot]), (int)n, bytes);
		sums[slot] = *(uint64_t *)store_block(store, refs[slot]);
	}
	assert_int_equal(cache.slabs_used, 1);
	store_destroy(store);
}

static void a_burst_goes_back_whatever_packs_and_single_blocks_it_is_of(void **state)
{
	struct store *store = store_create(SMALL_STORE, 2, NULL);
	struct store_cache caches[2];
	struct store_packer packer = {0};
	uint32_t refs[1000];

	(void)state;
	store_cache_init(&caches[0], store, 0, 2);
	store_cache_init(&caches[1], store, 1, 2);
	for (unsigned round = 0; round < 300; round++) {
		for (unsigned i = 0; i < 1000; i++)
			refs[i] = store_take_packed(&caches[0], &packer, i % 7 ? 96 : 300);
		// A third by another worker, from which they go home.
		store_give_many(&caches[1], refs + 600, 300);
		store_give_many(&caches[0], refs, 600);
		store_give_many(&caches[0], refs + 900, 100);
		store_take_home(&caches[0], &caches[1]);
	}
	// One of packs, one of single blocks; none of the other worker's.
	assert_int_equal(caches[0].slabs_used, 2);
	assert_int_equal(caches[1].slabs_used, 0);
	store_destroy(store);
}

static void a_hold_gives_back_what_was_pushed_in_order(void **state)
{
	struct store *store = store_create(SMALL_STORE, 1, NULL);
	struct store_cache cache;
	struct hold hold = {0};
	packet_ref next[HOLD_CHUNK_ENTRIES];
	uint64_t pushed = 0, popped = 0;

	(void)state;
	store_cache_init(&cache, store, 0, 1);
	// Fill and empty by uneven steps, over many chunk borders and through empty.
	for (unsigned round = 1; round < 200; round++) {
		for (unsigned i = 0; i < (round * 13) % 97; i++, pushed++)
			assert_true(hold_push(&hold, &cache,
					      (struct hold_entry){pushed, (uint32_t)pushed}));
		for (unsigned i = 0; i < (round * 29) % 101 && hold.count; i++, popped++) {
			assert_int_equal(hold_first(&hold, store).release_at_ns, popped);
			hold_pop(&hold, &cache);
		}
		assert_int_equal(hold.count, pushed - popped);
		assert_int_equal(hold_peek(&hold, store, next, HOLD_CHUNK_ENTRIES),
				 hold.count < HOLD_CHUNK_ENTRIES ? hold.count : HOLD_CHUNK_ENTRIES);
		for (unsigned i = 0; i < hold.count && i < HOLD_CHUNK_ENTRIES; i++)
			assert_int_equal(next[i], popped + i);
	}
	// Chunks come back: the whole took no more than one slab.
	assert_int_equal(cache.slabs_used, 1);
	store_destroy(store);
}

static void check_bytes_in_flight(bool packed)
{
	enum { PACKETS = 1000000 };
	struct store *store = store_create(UINT64_C(256) << 20, 1, NULL);
	struct store_cache cache;
	struct store_packer packer = {0};
	struct hold hold = {0};
	double bytes;

	store_cache_init(&cache, store, 0, 1);
	for (uint32_t i = 0; i < PACKETS; i++) {
		const uint32_t length = sizeof(struct packet) + 64;
		packet_ref ref = packed ? store_take_packed(&cache, &packer, length)
					: store_take(&cache, length);

		assert_int_not_equal(ref, PACKET_NONE);
		assert_true(hold_push(&hold, &cache, (struct hold_entry){i, ref}));
	}
	bytes = (double)cache.slabs_used * STORE_SLAB_BYTES;
	for (unsigned class = 0; class < STORE_LISTS; class ++) // not yet begun
		bytes -= (double)(cache.limit[class] - cache.next[class]) * STORE_GRAIN;
	assert_true(bytes <= (double)PLAN_PACKET_BYTES * PACKETS);
	assert_true(bytes > (PLAN_PACKET_BYTES - 1.) * PACKETS);
	store_destroy(store);
}

static void many_small_packets_in_flight_take_what_plans_reckon_with(void **state)
{
	(void)state;
	check_bytes_in_flight(false);
}

static void in_packs_they_take_no_more(void **state)
{
	(void)state;
	check_bytes_in_flight(true);
}

static void pairs_cross_with_their_channel_and_are_never_split(void **state)
{
	struct store *store = store_create(SMALL_STORE, 1, NULL);
	struct store_cache cache;
	struct hold hold = {0};
	uint32_t pushed = 0, popped = 0;

	(void)state;
	store_cache_init(&cache, store, 0, 1);
	// To the end of memory, which is met before a pair and never within one.
	for (;; pushed++) {
		struct hold_crossing crossing = {{pushed, pushed + 1}, pushed + 2, pushed % 3 == 0};

		if (!hold_push_crossing(&hold, &cache, &crossing))
			break;
	}
	assert_int_equal(hold.count, 2 * pushed);
	for (; popped < pushed; popped++) {
		struct hold_crossing crossing = hold_pop_crossing(&hold, &cache);

		assert_int_equal(crossing.entry.release_at_ns, popped);
		assert_int_equal(crossing.entry.packet, popped + 1);
		assert_int_equal(crossing.channel, popped + 2);
		assert_int_equal(crossing.out_of_order, popped % 3 == 0);
	}
	assert_int_equal(hold.count, 0);
	store_destroy(store);
}

static void too_little_memory_is_refused_with_the_figure(void **state)
{
	struct error error;

	(void)state;
	assert_null(store_create(1 << 20, 2, &error));
	assert_int_equal(error.code, -22);
	assert_non_null(strstr(error.what, "64 MiB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_of_all_sizes_do_not_overlap),
		cmocka_unit_test(a_small_frame_takes_its_header_and_its_bytes_and_no_more),
		cmocka_unit_test(a_freed_block_is_used_again_before_new_memory),
		cmocka_unit_test(memory_that_is_used_up_is_said_and_comes_back),
		cmocka_unit_test(blocks_freed_elsewhere_go_home),
		cmocka_unit_test(a_hold_gives_back_what_was_pushed_in_order),
		cmocka_unit_test(many_small_packets_in_flight_take_what_plans_reckon_with),
		cmocka_unit_test(in_packs_they_take_no_more),
		cmocka_unit_test(
			packs_hand_out_neighbours_and_come_back_when_the_last_block_has_left),
		cmocka_unit_test(a_burst_goes_back_whatever_packs_and_single_blocks_it_is_of),
		cmocka_unit_test(pairs_cross_with_their_channel_and_are_never_split),
		cmocka_unit_test(too_little_memory_is_refused_with_the_figure),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
