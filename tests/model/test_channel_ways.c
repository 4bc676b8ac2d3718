// SPDX-License-Identifier: BSD-3-Clause
// What leaves out of order, twice or by the short way, and that nobody else's lot changes with it.
#include "dataplane/model/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"

#define MS UINT64_C(1000000)

static struct channel_params plain(void)
{
	return (struct channel_params){
		.seed = 719, .random_key = 5, .carrier = true, .delay_ns = 3 * MS};
}

// The short way of plain channels is the long way: same fates, same order kept, to the end of time.
static void a_finished_plain_channel_decides_as_an_unfinished_one(void **state)
{
	const double losses[] = {0, 1e-9, 0.001, 0.5, 0.999, 1};

	(void)state;
	for (size_t i = 0; i < 24; i++) {
		struct channel_params slow = plain(), fast;
		struct channel_state a = {0}, b = {0};
		uint64_t at = i % 2 ? UINT64_MAX - 1000000000 : 0;

		if (losses[i % 6] > 0)
			loss_random_params(losses[i % 6], 0, "", &slow.loss, NULL);
		slow.mtu_bytes = i % 4 < 2 ? 0 : 1500;
		a.packet = b.packet = i / 12 ? UINT64_MAX - 500 : 0;
		for (uint64_t n = 0; n < 10000; n++) {
			struct channel_fate one, other;

			at += rng_draw(3, 0, RNG_FLOW_GAP, n) % 100000;
			slow.delay_ns = n % 100 < 50 ? 3 * MS : 2 * MS; // sinks: order must hold
			slow.delay_ns = n == 9999 ? UINT64_MAX - 5 : slow.delay_ns;
			fast = slow;
			channel_finish(&fast);
			assert_true(fast.plain && !slow.plain);
			one = channel_offer(&slow, &a, at, 1510 + n % 7);
			other = channel_offer(&fast, &b, at, 1510 + n % 7);
			assert_true(one.lost != DROP_MTU || slow.mtu_bytes);
			assert_memory_equal(&one, &other, sizeof(one));
			assert_int_equal(a.order.last_release_at_ns, b.order.last_release_at_ns);
		}
	}
}

// Anything more than constant delay, an MTU and random loss by one comparison goes the long way.
static void only_a_plain_channel_is_called_plain(void **state)
{
	static const struct profile profile = {0};
	struct channel_params params[14];

	(void)state;
	for (size_t i = 0; i < 14; i++)
		params[i] = plain();
	params[0].carrier = false;
	police_make_single_rate(1000000, 10000, 0, "", &params[1].police, NULL);
	params[2].carrier_profile = &profile;
	params[3].loss_profile = &profile;
	params[4].delay_profile = &profile;
	params[5].jitter.order_free = true;
	jitter_make_params(JITTER_NORMAL, 1, 0, "", &params[6].jitter, NULL);
	loss_random_params(0.5, 0.5, "", &params[7].loss, NULL);
	loss_gilbert_elliott_params(0.5, 0.5, 1, 0, "", &params[8].loss, NULL);
	corrupt_make_params(0.5, 0, 1, "", &params[9].corrupt, NULL);
	duplicate_make_params(0.5, 0, "", &params[10].duplicate, NULL);
	reorder_make_params(0.5, 0, 1, 0, "", &params[11].reorder, NULL);
	rate_make_params(1000000, 0, 0, 0, "", &params[12].rate, NULL);
	slot_make_uniform(1000, 2000, 0, 0, "", &params[13].slot, NULL);
	for (size_t i = 0; i < 14; i++) {
		channel_finish(&params[i]);
		assert_false(params[i].plain);
	}
}

// As from a file: what jitter_finish makes is made with the channel, so it decides as the one that
// jitter_make made.
static void a_finished_channel_has_its_jitter_finished(void **state)
{
	(void)state;
	for (int halflife = 0; halflife < 2; halflife++) {
		const struct jitter_request request = {.kind = JITTER_NORMAL,
						       .jitter_ns = MS,
						       .halflife_ns = halflife ? 10 * MS : 0,
						       .order_free = halflife};
		struct channel_params made = plain(), read = plain();
		struct channel_state a = {0}, b = {0};

		assert_int_equal(jitter_make(&request, "", &made.jitter, NULL), 0);
		read.jitter.kind = made.jitter.kind;
		read.jitter.jitter_ns = made.jitter.jitter_ns;
		read.jitter.halflife_ns = made.jitter.halflife_ns;
		read.jitter.order_free = made.jitter.order_free;
		channel_finish(&made);
		channel_finish(&read);
		assert_int_equal(read.jitter.law, halflife ? JITTER_GAUSSIAN : JITTER_ORDERLY);
		assert_memory_equal(&read.jitter.pace, &made.jitter.pace, sizeof(made.jitter.pace));
		for (uint64_t n = 0; n < 1000; n++)
			assert_int_equal(channel_offer(&read, &b, n * 100000, 100).release_at_ns,
					 channel_offer(&made, &a, n * 100000, 100).release_at_ns);
	}
}

// Stepped values at 0, 10 and 20 ms, once.
static struct profile steps(struct profile_point points[3], int64_t a, int64_t b, int64_t c)
{
	struct profile profile = {.points = points, .count = 3};

	points[0] = (struct profile_point){.at_ns = 0, .value = a};
	points[1] = (struct profile_point){.at_ns = 10 * MS, .value = b};
	points[2] = (struct profile_point){.at_ns = 20 * MS, .value = c};
	assert_int_equal(profile_make(&profile, "", NULL), 0);
	return profile;
}

static void profiles_give_carrier_delay_and_loss_at_their_instants(void **state)
{
	struct profile_point points[3][3];
	struct profile delay = steps(points[0], 5 * MS, 7 * MS, 0);
	struct profile loss = steps(points[1], 0, INT64_C(1) << 32, 0);
	struct profile carrier = steps(points[2], 1, 1, 0);
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	// A millisecond on the line: a frame that arrives at 9.5 ms departs at 10.5.
	assert_int_equal(rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL), 0);
	params.delay_profile = &delay;
	channel_finish(&params);
	// The least delay of the profile, and a byte on the line.
	assert_int_equal(channel_minimum_delay_ns(&params), 1000);
	assert_int_equal(channel_offer(&params, &channel, 0, 1000).release_at_ns, 6 * MS);
	assert_int_equal(channel_offer(&params, &channel, 95 * MS / 10, 1000).release_at_ns,
			 175 * MS / 10);
	params.loss_profile = &loss;
	params.carrier_profile = &carrier;
	channel_finish(&params);
	assert_int_equal(channel_offer(&params, &channel, 15 * MS, 1000).lost, DROP_MODEL);
	assert_int_equal(channel_offer(&params, &channel, 195 * MS / 10, 1000).lost, DROP_NONE);
	assert_int_equal(channel_offer(&params, &channel, 20 * MS, 1000).lost, DROP_CARRIER);
}

static void a_reordered_packet_goes_past_and_holds_nobody(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	reorder_make_params(1, 0, 3, 0, "", &params.reorder, NULL);
	channel_finish(&params);
	assert_int_equal(channel_minimum_delay_ns(&params), 0);
	for (uint64_t n = 1; n <= 300; n++) {
		struct channel_fate fate = channel_offer(&params, &channel, n * 1000, 100);

		assert_int_equal(fate.release_at_ns, n * 1000 + (n % 3 ? 3 * MS : 0));
		assert_int_equal(fate.flags, n % 3 ? 0 : CHANNEL_REORDERED);
	}
	reorder_make_params(1, 0, 3, 20 * MS, "", &params.reorder, NULL);
	channel_finish(&params);
	assert_int_equal(channel_minimum_delay_ns(&params), 3 * MS);
	for (uint64_t n = 301; n <= 600; n++) {
		struct channel_fate fate = channel_offer(&params, &channel, n * 1000, 100);

		assert_int_equal(fate.release_at_ns, n * 1000 + 3 * MS + (n % 3 ? 0 : 20 * MS));
		assert_int_equal(fate.flags, n % 3 ? 0 : CHANNEL_REORDERED);
	}
}

// Whom corruption and duplication hit, and how long a packet takes, depends on nothing else.
static void loss_and_reordering_change_nobody_elses_lot(void **state)
{
	struct channel_params alone = plain(), together;
	struct channel_state a = {0}, b = {0};

	(void)state;
	alone.delay_ns = 100 * MS;
	jitter_make_params(JITTER_UNIFORM, MS, 0.3, "", &alone.jitter, NULL);
	corrupt_make_params(0.1, 0.5, 1, "", &alone.corrupt, NULL);
	duplicate_make_params(0.2, 0.5, "", &alone.duplicate, NULL);
	together = alone;
	loss_random_params(0.4, 0.3, "", &together.loss, NULL);
	reorder_make_params(0.2, 0, 1, 0, "", &together.reorder, NULL);
	channel_finish(&together);
	for (uint64_t n = 0; n < 20000; n++) {
		struct channel_fate one = channel_offer(&alone, &a, n * 10 * MS, 100);
		struct channel_fate other = channel_offer(&together, &b, n * 10 * MS, 100);

		if (other.lost != DROP_NONE)
			continue;
		assert_int_equal(other.flags & ~(uint32_t)CHANNEL_REORDERED, one.flags);
		if (other.flags & CHANNEL_REORDERED)
			continue;
		assert_int_equal(other.release_at_ns, one.release_at_ns);
		assert_int_equal(other.copy_release_at_ns, one.copy_release_at_ns);
	}
}

// What is not marked can go in a queue: a later one never leaves before it.
static void where_order_is_free_what_overtakes_is_marked(void **state)
{
	const struct jitter_request request = {
		.kind = JITTER_NORMAL, .jitter_ns = MS / 2, .order_free = true};
	struct channel_params params = plain();
	struct channel_state channel = {0};
	uint64_t latest = 0, last = 0, marked = 0, in_order = 0;

	(void)state;
	assert_int_equal(jitter_make(&request, "", &params.jitter, NULL), 0);
	channel_finish(&params);
	for (uint64_t n = 0; n < 20000; n++) {
		struct channel_fate fate = channel_offer(&params, &channel, n * 100000, 100);

		assert_int_equal(fate.flags, fate.release_at_ns < latest ? CHANNEL_REORDERED : 0);
		marked += fate.flags != 0;
		in_order += fate.release_at_ns >= last;
		last = fate.release_at_ns;
		latest = last > latest ? last : latest;
	}
	assert_true(marked > 10000 && in_order > 5000);
	// Nor is a lone shorter delay kept back, when there is no jitter.
	params.jitter = (struct jitter_params){.order_free = true};
	channel_finish(&params);
	channel_offer(&params, &channel, 10000 * MS, 100);
	params.delay_ns = MS;
	channel_finish(&params);
	assert_int_equal(channel_offer(&params, &channel, 10000 * MS + 1, 100).release_at_ns,
			 10001 * MS + 1);
}

static void a_copy_never_passes_its_packet(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};
	uint64_t later_copies = 0;

	(void)state;
	duplicate_make_params(1, 0, "", &params.duplicate, NULL);
	assert_int_equal(channel_offer(&params, &channel, 0, 100).copy_release_at_ns, 3 * MS);
	jitter_make_params(JITTER_NORMAL, MS / 10, 0, "", &params.jitter, NULL);
	for (uint64_t n = 1; n < 10000; n++) {
		struct channel_fate fate = channel_offer(&params, &channel, n * 10 * MS, 100);

		assert_int_equal(fate.flags, CHANNEL_COPIED);
		assert_true(fate.copy_release_at_ns >= fate.release_at_ns);
		later_copies += fate.copy_release_at_ns > fate.release_at_ns;
	}
	assert_true(later_copies > 4000 && later_copies < 6000); // half of them, by symmetry
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finished_plain_channel_decides_as_an_unfinished_one),
		cmocka_unit_test(only_a_plain_channel_is_called_plain),
		cmocka_unit_test(a_finished_channel_has_its_jitter_finished),
		cmocka_unit_test(profiles_give_carrier_delay_and_loss_at_their_instants),
		cmocka_unit_test(a_reordered_packet_goes_past_and_holds_nobody),
		cmocka_unit_test(loss_and_reordering_change_nobody_elses_lot),
		cmocka_unit_test(where_order_is_free_what_overtakes_is_marked),
		cmocka_unit_test(a_copy_never_passes_its_packet),
	};

	return cmocka_run_group_tests_name("channel_ways", tests, NULL, NULL);
}
