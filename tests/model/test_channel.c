// SPDX-License-Identifier: BSD-3-Clause
// The pipeline: its order, what each step leaves untouched, and the promise of the lookahead.
#include "dataplane/model/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"

#define MS UINT64_C(1000000)

static struct channel_params plain(void)
{
	return (struct channel_params){
		.seed = 719, .random_key = 5, .carrier = true, .delay_ns = 3 * MS};
}

static void constant_delay_is_constant(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	for (uint64_t at = 0; at < 100 * MS; at += 777777) {
		struct channel_fate fate = channel_offer(&params, &channel, at, 1514);

		assert_int_equal(fate.lost, DROP_NONE);
		assert_int_equal(fate.departs_at_ns, at);
		assert_int_equal(fate.release_at_ns, at + 3 * MS);
	}
	assert_int_equal(channel_minimum_delay_ns(&params), 3 * MS);
}

static void each_call_uses_one_packet_number_whatever_becomes_of_it(void **state)
{
	struct queue_slot slots[1];
	struct channel_params params = plain();
	struct channel_state channel = {.queue = {.slots = slots, .capacity = 1}};

	(void)state;
	rate_make_params(1000000, 0, 0, 0, "", &params.rate, NULL);
	queue_make_params(QUEUE_PACKETS, 1, "", &params.queue, NULL);
	params.mtu_bytes = 1500;
	params.carrier = false;
	assert_int_equal(channel_offer(&params, &channel, 0, 100).lost, DROP_CARRIER);
	params.carrier = true;
	assert_int_equal(channel_offer(&params, &channel, 0, 1515).lost, DROP_MTU);
	assert_int_equal(channel_offer(&params, &channel, 0, 1514).lost, DROP_NONE);
	assert_int_equal(channel_offer(&params, &channel, 0, 100).lost, DROP_QUEUE);
	loss_random_params(1, 0, "", &params.loss, NULL);
	assert_int_equal(channel_offer(&params, &channel, 100 * MS, 100).lost, DROP_MODEL);
	assert_int_equal(channel.packet, 5);
}

static void carrier_comes_before_mtu_and_mtu_before_the_queue(void **state)
{
	struct queue_slot slots[1];
	struct channel_params params = plain();
	struct channel_state channel = {.queue = {.slots = slots, .capacity = 1}};

	(void)state;
	rate_make_params(1000000, 0, 0, 0, "", &params.rate, NULL);
	queue_make_params(QUEUE_PACKETS, 1, "", &params.queue, NULL);
	params.mtu_bytes = 1000;
	channel_offer(&params, &channel, 0, 1000); // fills the queue
	assert_int_equal(channel_offer(&params, &channel, 0, 5000).lost, DROP_MTU);
	params.carrier = false;
	assert_int_equal(channel_offer(&params, &channel, 0, 5000).lost, DROP_CARRIER);
}

static void the_mtu_is_that_of_the_packet_without_its_ethernet_header(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	params.mtu_bytes = 1500;
	assert_int_equal(channel_offer(&params, &channel, 0, 1514).lost, DROP_NONE);
	assert_int_equal(channel_offer(&params, &channel, 0, 1515).lost, DROP_MTU);
	params.mtu_bytes = UINT32_MAX;
	assert_int_equal(channel_offer(&params, &channel, 0, UINT32_MAX).lost, DROP_NONE);
}

static void a_packet_lost_after_the_line_has_used_it(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};
	struct channel_fate fate;

	(void)state;
	rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL); // a microsecond a byte
	loss_random_params(1, 0, "", &params.loss, NULL);
	fate = channel_offer(&params, &channel, 0, 1000);
	assert_int_equal(fate.lost, DROP_MODEL);
	assert_int_equal(fate.departs_at_ns, 1 * MS);
	params.loss.kind = LOSS_NONE;
	fate = channel_offer(&params, &channel, 0, 1000);
	assert_int_equal(fate.departs_at_ns, 2 * MS);
	assert_int_equal(fate.release_at_ns, 5 * MS);
}

static void a_packet_the_queue_refuses_uses_no_line_and_moves_no_chain(void **state)
{
	struct queue_slot slots[2];
	struct channel_params params = plain();
	struct channel_state channel = {.queue = {.slots = slots, .capacity = 2}}, before;

	(void)state;
	rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL);
	queue_make_params(QUEUE_PACKETS, 2, "", &params.queue, NULL);
	loss_gilbert_elliott_params(1, 1, 0, 0, "", &params.loss, NULL); // moves every time
	jitter_make_params(JITTER_NORMAL, 1000, 0.5, "", &params.jitter, NULL);
	channel_offer(&params, &channel, 0, 1000);
	channel_offer(&params, &channel, 0, 1000);
	before = channel;
	assert_int_equal(channel_offer(&params, &channel, 0, 1000).lost, DROP_QUEUE);
	before.packet++;
	assert_memory_equal(&channel, &before, sizeof(channel));
}

static void what_a_bucket_never_carries_is_lost_before_it(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL);
	rate_add_bucket(&params.rate, 1000, 0, 0, "", NULL);
	assert_int_equal(channel_offer(&params, &channel, 0, 1001).lost, DROP_POLICY);
	assert_int_equal(channel_offer(&params, &channel, 0, 1000).departs_at_ns, 0);
	assert_int_equal(channel_offer(&params, &channel, 0, 1000).departs_at_ns, MS);
	assert_int_equal(channel_minimum_delay_ns(&params), 3 * MS);
}

static void packets_in_flight_take_no_room_in_the_queue(void **state)
{
	struct queue_slot slots[1];
	struct channel_params params = plain();
	struct channel_state channel = {.queue = {.slots = slots, .capacity = 1}};

	(void)state;
	params.delay_ns = 300 * MS;
	rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL);
	queue_make_params(QUEUE_PACKETS, 1, "", &params.queue, NULL);
	for (uint64_t n = 0; n < 300; n++)
		assert_int_equal(channel_offer(&params, &channel, n * MS, 1000).lost, DROP_NONE);
}

static void jitter_changes_neither_losses_nor_departures(void **state)
{
	struct channel_params still = plain(), moving;
	struct channel_state a = {0}, b = {0};

	(void)state;
	rate_make_params(100000000, 0, 0, 0, "", &still.rate, NULL);
	loss_gilbert_elliott_params(0.1, 0.3, 0.9, 0.01, "", &still.loss, NULL);
	moving = still;
	jitter_make_params(JITTER_UNIFORM, 5 * MS, 0.3, "", &moving.jitter, NULL);
	for (uint64_t n = 0; n < 20000; n++) {
		struct channel_fate x = channel_offer(&still, &a, n * 100000, 1000);
		struct channel_fate y = channel_offer(&moving, &b, n * 100000, 1000);

		assert_int_equal(x.lost, y.lost);
		assert_int_equal(x.departs_at_ns, y.departs_at_ns);
	}
}

static void a_release_is_never_before_the_departure_or_the_one_ahead(void **state)
{
	const uint64_t delays[] = {0, 1000, MS};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct channel_params params = plain();
		struct channel_state channel = {0};
		uint64_t last = 0;
		int at_departure = 0;

		params.delay_ns = delays[i];
		jitter_make_params(JITTER_NORMAL, MS, 0, "", &params.jitter, NULL);
		for (uint64_t n = 0; n < 20000; n++) {
			// Far apart, so that order does not hide an early release.
			struct channel_fate fate =
				channel_offer(&params, &channel, n * 100 * MS, 100);

			assert_true(fate.release_at_ns >= fate.departs_at_ns);
			assert_true(fate.release_at_ns >= last);
			last = fate.release_at_ns;
			at_departure += fate.release_at_ns == fate.departs_at_ns;
		}
		assert_true(at_departure > 1000); // the clip was needed
	}
}

static void the_end_of_time_is_not_wrapped_round(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	params.delay_ns = UINT64_MAX - 5;
	jitter_make_params(JITTER_UNIFORM, MS, 0, "", &params.jitter, NULL);
	for (int n = 0; n < 100; n++) {
		struct channel_fate fate = channel_offer(&params, &channel, 2 * MS, 100);

		assert_int_equal(fate.release_at_ns, UINT64_MAX);
	}
}

static struct profile_point steps_points[] = {
	{.value = 50000000}, {.at_ns = 30000, .value = 0}, {.at_ns = 60000, .value = 8000000000}};
static struct profile steps_profile = {.points = steps_points, .count = 3, .period_ns = 70000};
static struct rate_step steps_sums[3];
static struct rate_profile steps;
static const uint64_t opportunity_at_ms[] = {1, 1, 4, 5};
static struct opportunities opportunities = {.at_ms = opportunity_at_ms, .count = 4};

// A line of another kind than constant, or still that.
static void vary_line(struct rate_params *rate, uint32_t draw)
{
	if (draw % 5 == 1)
		rate_add_bucket(rate, 2000 + draw % 1000, 0, 0, "", NULL);
	if (draw % 5 == 2) {
		profile_make(&steps_profile, "", NULL);
		rate_profile_make(&steps, &steps_profile, steps_sums, "", NULL);
		rate_follow_profile(rate, &steps);
	}
	if (draw % 5 == 3) {
		opportunities_make(&opportunities, "", NULL);
		rate_follow_opportunities(rate, &opportunities);
	}
}

// A random channel of any kind; `n` chooses.
static struct channel_params any_params(uint64_t n)
{
	struct rng_block a = rng_block(1, 0, n, 10), b = rng_block(1, 0, n, 11);
	struct rng_block c = rng_block(1, 0, n, 12);
	struct channel_params params = {.seed = n, .random_key = a.word[0], .carrier = true};

	struct jitter_request jitter;

	params.delay_ns = a.word[1] % 4 == 0 ? 0 : a.word[1] % (2 * MS);
	jitter = (struct jitter_request){.kind = (enum jitter_kind)(a.word[2] % 3),
					 .jitter_ns = 1 + (a.word[2] >> 8) % MS,
					 .correlation = a.word[3] % 3 ? 0 : 0.4,
					 .halflife_ns = a.word[3] % 3 == 1 ? MS : 0,
					 .order_free = a.word[3] % 8 > 4};
	assert_int_equal(jitter_make(&jitter, "", &params.jitter, NULL), 0);
	if (b.word[0] % 3 == 1)
		loss_random_params(0.3, b.word[1] % 2 ? 0 : 0.6, "", &params.loss, NULL);
	if (b.word[0] % 3 == 2)
		loss_gilbert_elliott_params(0.2, 0.4, 0.9, 0.1, "", &params.loss, NULL);
	if (b.word[2] % 4 > 0)
		rate_make_params(UINT64_C(1000000) << b.word[2] % 20,
				 (int32_t)(b.word[2] >> 8) % 120 - 60, b.word[3] % 3 ? 0 : 48, 5,
				 "", &params.rate, NULL);
	vary_line(&params.rate, b.word[1] >> 4);
	queue_make_params((enum queue_limit)(b.word[3] % 4), 1 + (b.word[3] >> 4) % 5000, "",
			  &params.queue, NULL);
	if (c.word[0] % 3 == 0)
		reorder_make_params(0.2, c.word[1] % 2 ? 0 : 0.3, c.word[1] % 5,
				    c.word[1] % 7 < 3 ? 0 : MS, "", &params.reorder, NULL);
	if (c.word[2] % 3 == 0)
		corrupt_make_params(0.1, c.word[2] % 2 ? 0 : 0.3, 1, "", &params.corrupt, NULL);
	if (c.word[3] % 3 == 0)
		duplicate_make_params(0.1, c.word[3] % 2 ? 0 : 0.3, "", &params.duplicate, NULL);
	if (c.word[0] % 4 == 1)
		slot_make_uniform(1000, c.word[1] % MS + 1000, c.word[2] % 9, c.word[3] % 9999, "",
				  &params.slot, NULL);
	params.mtu_bytes = c.word[0] % 5 == 0 ? 1400 : 0;
	if (c.word[1] % 3 != 0) // unfinished parameters work, too
		channel_finish(&params);
	return params;
}

static struct channel_state any_state(const struct channel_params *params)
{
	struct channel_state channel = {.queue = {.capacity = queue_slots_needed(&params->queue)}};

	if (channel.queue.capacity > 0) {
		channel.queue.slots = calloc(channel.queue.capacity, sizeof(*channel.queue.slots));
		assert_non_null(channel.queue.slots);
	}
	return channel;
}

static void nothing_is_released_before_the_minimum_delay(void **state)
{
	uint64_t close = 0;

	(void)state;
	for (uint64_t n = 0; n < 500; n++) {
		struct channel_params params = any_params(n);
		struct channel_state channel = any_state(&params);
		uint64_t minimum_ns = channel_minimum_delay_ns(&params), at = 0, least = UINT64_MAX;

		for (uint64_t packet = 0; packet < 400; packet++) {
			struct channel_fate fate;

			at += rng_draw(2, 0, RNG_FLOW_GAP, n * 400 + packet) %
			      (packet % 7 ? 500 : MS);
			fate = channel_offer(&params, &channel, at, packet % 1514);
			if (fate.lost != DROP_NONE)
				continue;
			assert_true(fate.release_at_ns >= at + minimum_ns);
			least = fate.release_at_ns - at < least ? fate.release_at_ns - at : least;
		}
		close += least - minimum_ns < 1000;
		free(channel.queue.slots);
	}
	assert_true(close > 100); // and it is not a bound that says nothing
}

static uint32_t draw_of(const struct channel_params *p, enum rng_purpose purpose, uint64_t packet)
{
	return rng_draw(p->seed, p->random_key, purpose, packet);
}

static uint64_t later(uint64_t departs_at_ns, uint64_t delay_ns, int64_t deviation_ns)
{
	int64_t sum = (int64_t)delay_ns + deviation_ns;

	return departs_at_ns + (uint64_t)(sum > 0 ? sum : 0);
}

// What becomes of a packet behind the serialiser, put together from the parts once more, with one
// draw a purpose.
static struct channel_fate by_parts(const struct channel_params *p, struct channel_state *parts,
				    uint64_t k, uint64_t departs, uint32_t bytes)
{
	struct channel_fate fate = {.packet = k, .departs_at_ns = departs};
	bool lost = loss_offer(&p->loss, &parts->loss, draw_of(p, RNG_LOSS, k),
			       draw_of(p, RNG_LOSS_STATE, k));
	bool damaged = corrupt_offer(&p->corrupt, &parts->corrupt, draw_of(p, RNG_CORRUPT, k));
	bool copied =
		duplicate_offer(&p->duplicate, &parts->duplicate, draw_of(p, RNG_DUPLICATE, k));
	int64_t deviation =
		jitter_offer(&p->jitter, &parts->jitter, departs, draw_of(p, RNG_JITTER, k));
	uint64_t wanted = later(departs, p->delay_ns, deviation);

	if (lost) {
		fate.lost = DROP_MODEL;
		return fate;
	}
	fate.flags = (damaged ? CHANNEL_CORRUPTED : 0) | (copied ? CHANNEL_COPIED : 0);
	if (reorder_offer(&p->reorder, &parts->reorder, draw_of(p, RNG_REORDER, k))) {
		fate.flags |= CHANNEL_REORDERED;
		fate.release_at_ns = p->reorder.late_ns ? wanted + p->reorder.late_ns : departs;
	} else if (p->jitter.order_free) {
		fate.release_at_ns = wanted;
		if (order_overtakes(&parts->order, wanted))
			fate.flags |= CHANNEL_REORDERED;
	} else {
		fate.release_at_ns = order_offer(&parts->order, wanted);
	}
	if (copied) {
		uint64_t copy = later(
			departs, p->delay_ns,
			jitter_copy(&p->jitter, &parts->jitter, draw_of(p, RNG_COPY_DELAY, k)));

		fate.copy_release_at_ns = copy > fate.release_at_ns || p->jitter.order_free
						  ? copy
						  : fate.release_at_ns;
	}
	if (p->slot.packets == 0)
		return fate;
	fate.release_at_ns = slot_offer(&p->slot, &parts->slot, fate.release_at_ns, bytes,
					draw_of(p, RNG_SLOT, k), draw_of(p, RNG_SLOT_NEXT, k));
	if (copied)
		fate.copy_release_at_ns =
			slot_offer(&p->slot, &parts->slot, fate.copy_release_at_ns, bytes,
				   draw_of(p, RNG_COPY_SLOT, k), draw_of(p, RNG_COPY_SLOT_NEXT, k));
	return fate;
}

static void the_pipeline_is_its_parts_in_order(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 500; n++) {
		struct channel_params p = any_params(n);
		struct channel_state channel = any_state(&p), parts = any_state(&p);
		uint64_t at = 0;

		for (uint64_t k = 0; k < 300; k++) {
			struct channel_fate fate, expected = {.packet = k};
			uint32_t frame = 60 + (uint32_t)(k * 37 % 1400);

			at += rng_draw(3, 0, RNG_FLOW_GAP, n * 300 + k) % 20000;
			fate = channel_offer(&p, &channel, at, frame);
			expected.departs_at_ns = at;
			if (p.mtu_bytes != 0 && frame > p.mtu_bytes + 14) {
				expected.lost = DROP_MTU;
			} else if (!rate_carries(&p.rate, frame)) {
				expected.lost = DROP_POLICY;
			} else if (!queue_admit(&p.queue, &parts.queue, at,
						rate_wait_ns(&p.rate, &parts.rate, at), frame)) {
				expected.lost = DROP_QUEUE;
			} else {
				uint64_t departs = rate_offer(&p.rate, &parts.rate, at, frame);

				queue_push(&p.queue, &parts.queue, departs, frame);
				expected = by_parts(&p, &parts, k, departs, frame);
			}
			assert_memory_equal(&fate, &expected, sizeof(fate));
		}
		free(channel.queue.slots);
		free(parts.queue.slots);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_delay_is_constant),
		cmocka_unit_test(each_call_uses_one_packet_number_whatever_becomes_of_it),
		cmocka_unit_test(carrier_comes_before_mtu_and_mtu_before_the_queue),
		cmocka_unit_test(the_mtu_is_that_of_the_packet_without_its_ethernet_header),
		cmocka_unit_test(a_packet_lost_after_the_line_has_used_it),
		cmocka_unit_test(a_packet_the_queue_refuses_uses_no_line_and_moves_no_chain),
		cmocka_unit_test(what_a_bucket_never_carries_is_lost_before_it),
		cmocka_unit_test(packets_in_flight_take_no_room_in_the_queue),
		cmocka_unit_test(jitter_changes_neither_losses_nor_departures),
		cmocka_unit_test(a_release_is_never_before_the_departure_or_the_one_ahead),
		cmocka_unit_test(the_end_of_time_is_not_wrapped_round),
		cmocka_unit_test(nothing_is_released_before_the_minimum_delay),
		cmocka_unit_test(the_pipeline_is_its_parts_in_order),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
