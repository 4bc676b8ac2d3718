// SPDX-License-Identifier: BSD-3-Clause
// Packets in flight leave by instant, in order where order is kept, and give their memory back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/flight.h"
#include "dataplane/model/rng.h"

#define MOST 4000

// What is in flight, by definition: an unsorted list.
struct listed {
	uint64_t release_at_ns;
	uint32_t packet;
	bool stray;
};

struct list {
	struct listed items[MOST];
	uint32_t count;
	uint64_t last_ns; // of those in order
	uint32_t in_order;
};

static struct store_cache cache;

static struct store *begin(void)
{
	struct store *store = store_create(UINT64_C(64) << 20, 1, NULL);

	assert_non_null(store);
	store_cache_init(&cache, store, 0, 1);
	return store;
}

static void push(struct flight *flight, struct list *list, uint64_t at_ns, uint32_t packet,
		 bool out_of_order)
{
	bool stray = out_of_order || (list->in_order && at_ns < list->last_ns);

	list->items[list->count++] = (struct listed){at_ns, packet, stray};
	if (!stray) {
		list->last_ns = at_ns;
		list->in_order++;
	}
	assert_true(flight_push(flight, &cache, at_ns, packet, out_of_order));
}

static void pop(struct flight *flight, struct list *list)
{
	uint32_t best = 0;
	uint64_t at_ns;

	// The earliest; of equals those in order first, then by age (the list is by age).
	for (uint32_t i = 1; i < list->count; i++)
		if (list->items[i].release_at_ns < list->items[best].release_at_ns ||
		    (list->items[i].release_at_ns == list->items[best].release_at_ns &&
		     list->items[best].stray && !list->items[i].stray))
			best = i;
	assert_int_equal(flight_due_ns(flight, cache.store), list->items[best].release_at_ns);
	assert_int_equal(flight_pop(flight, &cache, &at_ns), list->items[best].packet);
	assert_int_equal(at_ns, list->items[best].release_at_ns);
	list->in_order -= !list->items[best].stray;
	memmove(&list->items[best], &list->items[best + 1],
		(--list->count - best) * sizeof(list->items[0]));
}

static void packets_leave_by_instant_whatever_the_order_they_came_in(void **state)
{
	struct store *store = begin();
	struct flight flight = {0};
	struct list *list = calloc(1, sizeof(*list));
	uint32_t packet = 0;

	(void)state;
	for (uint32_t n = 0; n < 20000; n++) {
		uint32_t draw = rng_draw(719, 1, RNG_LOSS, n);

		if (list->count < MOST / 4 && draw % 16 < 8 + (n / 1000) % 2) {
			// Few different instants, so that many are equal.
			push(&flight, list, n / 8 + draw / 16 % 64, packet++, draw / 1024 % 4 == 0);
		} else if (list->count) {
			pop(&flight, list);
		}
		assert_int_equal(flight_count(&flight), list->count);
	}
	while (list->count)
		pop(&flight, list);
	assert_int_equal(flight_due_ns(&flight, store), FLIGHT_NEVER);
	// Nodes and chunks of two sizes: no more than a slab each.
	assert_true(cache.slabs_used <= 2);
	free(list);
	store_destroy(store);
}

// Without strays and with some, over the ends of chunks, to the last one and on from there.
static void a_run_takes_what_as_many_single_ones_would(void **state)
{
	struct store *store = begin();
	struct flight single = {0}, runs = {0};
	uint64_t at_ns, run_at_ns[64], longest = 0;
	uint32_t packets[64], packet = 0;

	(void)state;
	for (uint32_t n = 0; n < 20000; n++) {
		uint32_t draw = rng_draw(719, 2, RNG_LOSS, n);
		bool out_of_order = n > 5000 && n < 15000 && draw / 256 % 8 == 0;
		unsigned most = 1 + draw / 65536 % 64, count;

		if (draw % 20 != 0) {
			assert_true(flight_push(&single, &cache, n / 4, packet, out_of_order));
			assert_true(flight_push(&runs, &cache, n / 4, packet++, out_of_order));
			continue;
		}
		count = flight_pop_before(&runs, &cache, n / 4 - draw / 1024 % 4, packets,
					  run_at_ns, most);
		assert_in_range(count, 0, most);
		longest = count > longest ? count : longest;
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(packets[i], flight_pop(&single, &cache, &at_ns));
			assert_int_equal(run_at_ns[i], at_ns);
			assert_true(at_ns < n / 4 - draw / 1024 % 4);
		}
		assert_true(count == most ||
			    flight_due_ns(&single, store) >= n / 4 - draw / 1024 % 4);
		assert_int_equal(flight_count(&runs), flight_count(&single));
		assert_int_equal(flight_due_ns(&runs, store), flight_due_ns(&single, store));
	}
	assert_true(longest > HOLD_CHUNK_ENTRIES);
	assert_true(cache.slabs_used <= 2);
	store_destroy(store);
}

static void bursts_go_in_as_their_packets_would(void **state)
{
	struct store *store = begin();
	struct flight single = {0}, burst = {0};
	uint64_t at_ns = 1000;
	uint32_t packet = 0;

	(void)state;
	for (uint64_t n = 0; n < 3000; n++) {
		uint32_t draw = rng_draw(5, 0, RNG_FLOW_SIZE, n);
		unsigned count = draw % 70;
		uint64_t ats_ns[70];
		packet_ref packets[70];

		at_ns -= draw >> 16 & 15 ? 0 : 900; // before what is in flight
		for (unsigned i = 0; i < count; i++) {
			at_ns += n % 3 ? rng_draw(6, i, RNG_FLOW_GAP, n) % 50 : 0;
			ats_ns[i] = at_ns;
			packets[i] = packet++;
			assert_true(flight_push(&single, &cache, at_ns, packets[i], false));
		}
		if (n % 3)
			assert_int_equal(flight_push_each(&burst, &cache, ats_ns, packets, count),
					 count);
		else
			assert_int_equal(flight_push_many(&burst, &cache, at_ns, packets, count),
					 count);
		for (uint32_t left = flight_count(&single) * (n % 2); left > 0; left--) {
			uint64_t a_ns, b_ns;

			assert_int_equal(flight_pop(&single, &cache, &a_ns),
					 flight_pop(&burst, &cache, &b_ns));
			assert_int_equal(a_ns, b_ns);
		}
		assert_int_equal(flight_count(&single), flight_count(&burst));
		at_ns += 2000;
	}
	store_destroy(store);
}

static void a_move_shifts_all_and_keeps_order(void **state)
{
	struct store *store = begin();
	struct flight flight = {0};
	uint64_t at_ns, last_ns = 0;
	uint32_t next = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		assert_true(flight_push(&flight, &cache, 1000 + 10 * i, i, false));
	assert_true(flight_push(&flight, &cache, 1503, 1000, true));
	// 700 ns sooner, but not before 500: the first ones pile up there.
	assert_int_equal(flight_move(&flight, &cache, -700, 500), 101);
	for (uint32_t n = 0; n < 101; n++) {
		uint32_t packet = flight_pop(&flight, &cache, &at_ns);

		assert_true(at_ns >= last_ns);
		last_ns = at_ns;
		if (packet == 1000) {
			assert_int_equal(at_ns, 803);
			continue;
		}
		assert_int_equal(packet, next);
		assert_int_equal(at_ns, 300 + 10 * next < 500 ? 500 : 300 + 10 * next);
		next++;
	}
	assert_int_equal(next, 100);
	store_destroy(store);
}

static void without_memory_the_caller_keeps_the_packet(void **state)
{
	struct store *store = begin();
	struct flight flight = {0};

	(void)state;
	while (store_take(&cache, sizeof(struct stray_node)) != PACKET_NONE)
		;
	assert_false(flight_push(&flight, &cache, 1, 1, true));
	assert_int_equal(flight_count(&flight), 0);
	store_destroy(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_leave_by_instant_whatever_the_order_they_came_in),
		cmocka_unit_test(a_run_takes_what_as_many_single_ones_would),
		cmocka_unit_test(bursts_go_in_as_their_packets_would),
		cmocka_unit_test(a_move_shifts_all_and_keeps_order),
		cmocka_unit_test(without_memory_the_caller_keeps_the_packet),
	};

	return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
