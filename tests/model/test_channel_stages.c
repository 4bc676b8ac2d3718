// SPDX-License-Identifier: BSD-3-Clause
// Policers, lines of all kinds, losses that look at packets, and slots in the pipeline of a
// channel.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/model/channel.h"
#include "dataplane/model/rng.h"

#define MS UINT64_C(1000000)

static struct channel_params plain(void)
{
	return (struct channel_params){
		.seed = 719, .random_key = 5, .carrier = true, .delay_ns = 3 * MS};
}

static void red_is_lost_before_the_queue_and_yellow_passes(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};
	struct channel_fate fate;

	(void)state;
	rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL); // a microsecond a byte
	police_make_single_rate(8000, 1000, 1000, "", &params.police, NULL);
	channel_finish(&params);
	fate = channel_offer(&params, &channel, 0, 1014);
	assert_int_equal(fate.lost, DROP_NONE);
	assert_int_equal(fate.flags, 0);
	fate = channel_offer(&params, &channel, 0, 1014);
	assert_int_equal(fate.lost, DROP_NONE);
	assert_int_equal(fate.flags, CHANNEL_YELLOW);
	assert_int_equal(fate.release_at_ns, 2 * 1014000 + 3 * MS);
	fate = channel_offer(&params, &channel, 0, 1014);
	assert_int_equal(fate.lost, DROP_POLICY);
	assert_int_equal(fate.packet, 2);
	assert_int_equal(fate.departs_at_ns, 0);
	fate = channel_offer(&params, &channel, 1000 * MS, 1014);
	assert_int_equal(fate.flags,
			 0); // a byte a millisecond has filled the committed burst again
	assert_int_equal(fate.departs_at_ns, 1000 * MS + 1014000); // red used no line
}

static void what_the_mtu_refuses_takes_no_tokens(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	params.mtu_bytes = 900;
	police_make_single_rate(8, 1000, 0, "", &params.police, NULL);
	assert_int_equal(channel_offer(&params, &channel, 0, 1014).lost, DROP_MTU);
	assert_int_equal(channel_offer(&params, &channel, 0, 914).lost, DROP_NONE);
	params.carrier = false;
	assert_int_equal(channel_offer(&params, &channel, 0, 114).lost, DROP_CARRIER);
	params.carrier = true;
	assert_int_equal(channel_offer(&params, &channel, 0, 114).lost, DROP_NONE);
	assert_int_equal(channel_offer(&params, &channel, 0, 15).lost, DROP_POLICY);
}

static void only_the_named_segment_of_a_flow_is_lost(void **state)
{
	const uint64_t third[] = {3};
	const struct channel_frame flow = {.protocol = 6, .is_segment = 1, .target_port = 5201};
	const struct channel_frame other = {.bytes = 100, .protocol = 17, .target_port = 5201};
	struct channel_frame frame = {.bytes = 1514,
				      .protocol = 6,
				      .is_segment = 1,
				      .source_port = 40000,
				      .target_port = 5201};
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	channel_finish(&params);
	assert_false(params.reads_headers);
	loss_packets_params(third, 1, &flow, "", &params.loss, NULL);
	channel_finish(&params);
	assert_true(params.reads_headers);
	for (int n = 1; n < 20; n++) {
		assert_int_equal(channel_enter(&params, &channel, 0, &other).lost, DROP_NONE);
		assert_int_equal(channel_enter(&params, &channel, 0, &frame).lost,
				 n == 3 ? DROP_MODEL : DROP_NONE);
	}
}

static void loss_that_marks_loses_only_what_cannot_be_marked(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	loss_random_params(1, 0, "", &params.loss, NULL);
	params.loss.ecn = true;
	channel_finish(&params);
	assert_true(params.reads_headers);
	for (uint8_t ecn = FRAME_NOT_ECT; ecn <= FRAME_CE; ecn++) {
		struct channel_frame frame = {.bytes = 100, .ecn = ecn};
		struct channel_fate fate = channel_enter(&params, &channel, 0, &frame);

		assert_int_equal(fate.lost, ecn == FRAME_NOT_ECT ? DROP_MODEL : DROP_NONE);
		assert_int_equal(fate.flags, ecn == FRAME_NOT_ECT ? 0 : CHANNEL_MARKED);
	}
}

static void bit_errors_look_at_the_length_and_outages_at_the_departure(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};
	int lost = 0;

	(void)state;
	loss_ber_params(1e-3, "", &params.loss, NULL);
	channel_finish(&params);
	for (int n = 0; n < 1000; n++) {
		lost += channel_offer(&params, &channel, 0, 9000).lost == DROP_MODEL;
		lost -= channel_offer(&params, &channel, 0, 1).lost == DROP_MODEL;
	}
	assert_true(lost > 900); // 1 - 5e-32 of the long ones, 0.8 % of the short ones
	// A frame that arrives before an outage and leaves in it is lost.
	rate_make_params(8000000, 0, 0, 0, "", &params.rate, NULL);
	loss_outage_params(1 * MS, 10 * MS, true, "", &params.loss, NULL);
	channel_finish(&params);
	assert_int_equal(channel_offer(&params, &channel, 10 * MS - 1000, 1000).lost, DROP_MODEL);
	assert_int_equal(channel_offer(&params, &channel, 11 * MS - 1000, 1000).lost, DROP_NONE);
}

static void slots_come_last_and_hold_copies_too(void **state)
{
	struct channel_params params = plain();
	struct channel_state channel = {0};

	(void)state;
	slot_make_uniform(2 * MS, 0, 3, 0, "", &params.slot, NULL);
	duplicate_make_params(1, 0, "", &params.duplicate, NULL);
	channel_finish(&params);
	for (uint64_t n = 0; n < 30; n++) {
		struct channel_fate fate = channel_offer(&params, &channel, 0, 100);
		uint64_t first = 2 * n / 3, second = (2 * n + 1) / 3; // packets and copies in turn

		assert_int_equal(fate.release_at_ns, 3 * MS + 2 * MS * (first + 1));
		assert_int_equal(fate.copy_release_at_ns, 3 * MS + 2 * MS * (second + 1));
	}
	assert_int_equal(channel_minimum_delay_ns(&params), 3 * MS);
}

// ---- Any mixture ----

static struct profile_point points[] = {
	{.value = 50000000}, {.at_ns = 30000, .value = 0}, {.at_ns = 60000, .value = 8000000000}};
static struct profile profile = {.points = points, .count = 3, .period_ns = 70000};
static struct rate_step sums[3];
static struct rate_profile steps;
static const uint64_t at_ms[] = {1, 1, 4, 5};
static struct opportunities opportunities = {.at_ms = at_ms, .count = 4};
static const uint8_t pattern[] = {0xb1, 0x05};

static void any_line(struct rate_params *rate, uint32_t draw)
{
	rate_make_params(UINT64_C(1000000) << draw % 10, (int32_t)(draw >> 8) % 120 - 60,
			 draw % 3 ? 0 : 48, 5, "", rate, NULL);
	switch (draw / 16 % 5) {
	case 1:
		rate_add_bucket(rate, 2000, 0, 0, "", NULL);
		break;
	case 2:
		rate_add_bucket(rate, 9000, UINT64_C(10000000000), 1700, "", NULL);
		break;
	case 3:
		rate_follow_profile(rate, &steps);
		break;
	case 4:
		rate_follow_opportunities(rate, &opportunities);
		break;
	}
}

static void any_loss(struct loss_params *loss, uint32_t draw)
{
	const uint64_t numbers[] = {1, 5, 77};

	switch (draw % 7) {
	case 0:
		loss_states_params(0.1, 0.3, 0.2, 0.5, 0.05, "", loss, NULL);
		break;
	case 1:
		loss_ber_params(1e-5, "", loss, NULL);
		break;
	case 2:
		loss_pattern_params(pattern, 13, draw & 64, "", loss, NULL);
		break;
	case 3:
		loss_every_params(1 + draw / 8 % 9, draw / 128 % 9, "", loss, NULL);
		break;
	case 4:
		loss_packets_params(numbers, 3, &(struct channel_frame){.protocol = 17}, "", loss,
				    NULL);
		break;
	case 5:
		loss_outage_params(MS / 2, 5 * MS, draw & 64, "", loss, NULL);
		break;
	}
	loss->ecn = draw & 32;
}

static struct channel_params any_params(uint64_t n)
{
	struct rng_block a = rng_block(1, 0, n, 10), b = rng_block(1, 0, n, 11);
	struct channel_params params = {.seed = n, .random_key = a.word[0], .carrier = true};
	struct jitter_params normal;

	params.delay_ns = a.word[1] % 4 == 0 ? 0 : a.word[1] % (2 * MS);
	any_line(&params.rate, a.word[2]);
	any_loss(&params.loss, a.word[3]);
	jitter_make_params(JITTER_NORMAL, 1 + b.word[0] % MS, 0, "", &normal, NULL);
	if (b.word[1] % 3 == 0)
		params.jitter = normal;
	if (b.word[1] % 4 == 1)
		slot_make_uniform(1, 1 + b.word[2] % MS, b.word[2] % 5, 0, "", &params.slot, NULL);
	if (b.word[1] % 4 == 2)
		slot_make_distribution(b.word[2] % MS, &normal, 0, b.word[2] % 5000, "",
				       &params.slot, NULL);
	if (b.word[3] % 3 == 0)
		police_make_single_rate(100000000, 3000, 5000, "", &params.police, NULL);
	if (b.word[3] % 3 == 1)
		police_make_two_rate(100000000, 3000, 200000000, 5000, "", &params.police, NULL);
	if (b.word[3] & 64)
		duplicate_make_params(0.1, 0, "", &params.duplicate, NULL);
	return params;
}

static struct channel_frame any_frame(uint64_t n)
{
	struct rng_block draw = rng_block(1, 1, n, 12);

	return (struct channel_frame){.bytes = draw.word[0] % 1515,
				      .ecn = draw.word[1] % 4,
				      .protocol = draw.word[2] % 2 ? 17 : 6,
				      .flow = draw.word[3] % 5};
}

static void nothing_leaves_before_the_minimum_out_of_order_or_before_its_departure(void **state)
{
	uint64_t passed = 0, lost = 0;

	(void)state;
	profile_make(&profile, "", NULL);
	rate_profile_make(&steps, &profile, sums, "", NULL);
	opportunities_make(&opportunities, "", NULL);
	for (uint64_t n = 0; n < 600; n++) {
		struct channel_params params = any_params(n);
		struct channel_state channel = {0};
		uint64_t minimum_ns, at = 0, departs = 0, release = 0;

		channel_finish(&params);
		minimum_ns = channel_minimum_delay_ns(&params);
		for (uint64_t packet = 0; packet < 300; packet++) {
			struct channel_frame frame = any_frame(n * 300 + packet);
			struct channel_fate fate;

			at += rng_draw(2, 0, RNG_FLOW_GAP, n * 300 + packet) %
			      (packet % 7 ? 20000 : 2 * MS);
			fate = channel_enter(&params, &channel, at, &frame);
			assert_int_equal(fate.packet, packet);
			if (fate.lost != DROP_NONE) {
				lost++;
				continue;
			}
			passed++;
			assert_true(fate.departs_at_ns >= departs && fate.departs_at_ns >= at);
			assert_true(fate.release_at_ns >= at + minimum_ns);
			assert_true(fate.release_at_ns >= fate.departs_at_ns);
			assert_true(fate.release_at_ns >= release);
			if (fate.flags & CHANNEL_COPIED)
				assert_true(fate.copy_release_at_ns >= fate.release_at_ns);
			departs = fate.departs_at_ns;
			release = fate.release_at_ns;
		}
	}
	assert_true(passed > 50000 && lost > 10000);
}

// What one stage does to packets is not changed by the ones after it.
static void later_stages_change_nothing_of_earlier_ones(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 300; n++) {
		struct channel_params with = any_params(n), without = with;
		struct channel_state a = {0}, b = {0};
		uint64_t at = 0;

		without.slot = (struct slot_params){0};
		without.jitter = (struct jitter_params){0};
		channel_finish(&with);
		channel_finish(&without);
		for (uint64_t packet = 0; packet < 200; packet++) {
			struct channel_frame frame = any_frame(n * 200 + packet);
			struct channel_fate x, y;

			at += rng_draw(2, 1, RNG_FLOW_GAP, n * 200 + packet) % 50000;
			x = channel_enter(&with, &a, at, &frame);
			y = channel_enter(&without, &b, at, &frame);
			assert_int_equal(x.lost, y.lost);
			assert_int_equal(x.flags, y.flags);
			assert_int_equal(x.departs_at_ns, y.departs_at_ns);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(red_is_lost_before_the_queue_and_yellow_passes),
		cmocka_unit_test(what_the_mtu_refuses_takes_no_tokens),
		cmocka_unit_test(only_the_named_segment_of_a_flow_is_lost),
		cmocka_unit_test(loss_that_marks_loses_only_what_cannot_be_marked),
		cmocka_unit_test(bit_errors_look_at_the_length_and_outages_at_the_departure),
		cmocka_unit_test(slots_come_last_and_hold_copies_too),
		cmocka_unit_test(
			nothing_leaves_before_the_minimum_out_of_order_or_before_its_departure),
		cmocka_unit_test(later_stages_change_nothing_of_earlier_ones),
	};

	return cmocka_run_group_tests_name("channel_stages", tests, NULL, NULL);
}
