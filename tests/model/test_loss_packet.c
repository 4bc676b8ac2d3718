// SPDX-License-Identifier: BSD-3-Clause
// Loss by bit errors, patterns, counts, named packets and outages, packet by packet.
#include "dataplane/model/loss_law.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

#define TCP 6
#define UDP 17

static bool enter(const struct loss_params *params, struct loss_state *loss,
		  const struct channel_frame *frame, uint32_t channel, uint64_t number)
{
	struct loss_packet packet = {.frame = frame,
				     .seed = 719,
				     .random_key = channel,
				     .draw = rng_draw(719, channel, RNG_LOSS, number),
				     .state_draw = rng_draw(719, channel, RNG_LOSS_STATE, number)};

	return loss_enter(params, loss, &packet);
}

static const struct channel_frame any = {.bytes = 100};

static struct loss_params ber_of(double ber)
{
	struct loss_params params;

	assert_int_equal(loss_ber_params(ber, "test", &params, NULL), 0);
	return params;
}

static void bit_errors_spare_frames_within_the_stated_bound(void **state)
{
	const double rates[] = {1e-16, 1e-13, 1e-9, 3.3e-7, 1e-5, 1e-3, 0.1, 0.5, 0.999};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct loss_params params = ber_of(rates[i]);

		for (uint32_t bytes = 1; bytes < 131072; bytes += 1 + bytes / 50) {
			long double exact = expl(8.0L * bytes * log1pl(-(long double)rates[i]));
			long double made =
				(long double)loss_ber_spared_q64(&params, bytes) * 0x1p-64L;

			if (fabsl(made - exact) > 8.0L * bytes * 0x1p-62L)
				fail_msg("ber %g, %u bytes: off by %Lg", rates[i], bytes,
					 made - exact);
		}
		assert_int_equal(loss_ber_spared_q64(&params, UINT32_MAX),
				 loss_ber_spared_q64(&params, 131071));
	}
}

static void longer_frames_are_likelier_to_be_lost(void **state)
{
	struct loss_params params = ber_of(1e-5);
	const uint32_t lengths[] = {64, 1514, 9014};
	uint64_t number = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct channel_frame frame = {.bytes = lengths[i]};
		double ratio = -expm1(8.0 * lengths[i] * log1p(-1e-5));
		uint64_t trials = samples_for_ratio(ratio);
		struct loss_state loss = {0};
		double lost = 0;

		assert_near(loss_ber_ratio(&params, lengths[i]), ratio, 1e-12);
		for (uint64_t n = 0; n < trials; n++)
			lost += enter(&params, &loss, &frame, 1, number++);
		assert_true(binomial_fits(lost, (double)trials, ratio));
	}
	assert_near(loss_ratio(&params), -expm1(8.0 * 1514 * log1p(-1e-5)), 1e-12);
	assert_near(loss_ber_ratio(&params, 0), 0, 0);
}

static void all_64_bits_of_the_draw_count(void **state)
{
	struct loss_params params = ber_of(1e-12);
	uint64_t spared = loss_ber_spared_q64(&params, 100);
	struct loss_packet packet = {
		.frame = &any, .draw = (uint32_t)(spared >> 32), .state_draw = (uint32_t)spared};
	struct loss_state loss = {0};

	(void)state;
	assert_true(loss_enter(&params, &loss, &packet));
	packet.state_draw--;
	assert_false(loss_enter(&params, &loss, &packet));
	packet.draw = packet.state_draw = UINT32_MAX;
	assert_true(loss_enter(&params, &loss, &packet));
	packet.frame = &(struct channel_frame){.bytes = 0};
	assert_false(loss_enter(&params, &loss, &packet));
}

static void a_pattern_loses_its_ones_over_and_over_or_once(void **state)
{
	const uint8_t bits[] = {0x05, 0x02}; // packets 1, 3 and 10 of 11
	struct loss_params params;
	struct loss_state loss = {0};

	(void)state;
	assert_int_equal(loss_pattern_params(bits, 11, false, "", &params, NULL), 0);
	assert_near(loss_ratio(&params), 3.0 / 11, 1e-12);
	for (uint64_t n = 0; n < 100; n++)
		assert_int_equal(enter(&params, &loss, &any, 0, n),
				 n % 11 == 0 || n % 11 == 2 || n % 11 == 9);
	assert_int_equal(loss_pattern_params(bits, 11, true, "", &params, NULL), 0);
	assert_near(loss_ratio(&params), 0, 0);
	loss = (struct loss_state){0};
	for (uint64_t n = 0; n < 100; n++)
		assert_int_equal(enter(&params, &loss, &any, 0, n), n == 0 || n == 2 || n == 9);
	assert_int_equal(loss_pattern_params(bits, 0, true, "", &params, NULL), -EINVAL);
}

static void every_nth_is_lost_from_its_first_on(void **state)
{
	const uint64_t cases[][2] = {{1, 0}, {1, 5}, {2, 0}, {7, 0}, {7, 1}, {7, 3}, {7, 40}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t every = cases[i][0], from = cases[i][1] ? cases[i][1] : every;
		struct loss_params params;
		struct loss_state loss = {0};

		assert_int_equal(loss_every_params(every, cases[i][1], "", &params, NULL), 0);
		assert_near(loss_ratio(&params), 1.0 / (double)every, 1e-12);
		for (uint64_t n = 1; n < 200; n++)
			assert_int_equal(enter(&params, &loss, &any, 0, n),
					 n >= from && (n - from) % every == 0);
	}
	assert_int_equal(loss_every_params(0, 5, "", &(struct loss_params){0}, NULL), -EINVAL);
}

static struct loss_params packets_of(const uint64_t *numbers, uint32_t count,
				     const struct channel_frame *flow)
{
	struct loss_params params;

	assert_int_equal(loss_packets_params(numbers, count, flow, "test", &params, NULL), 0);
	return params;
}

static void the_named_segments_of_a_flow_are_lost_and_no_others(void **state)
{
	const uint64_t numbers[] = {1, 3, 4, 100};
	const struct channel_frame flow = {
		.protocol = TCP, .is_segment = 1, .source_port = 5000, .target_port = 80};
	const struct channel_frame frames[] = {
		{.protocol = TCP, .is_segment = 0, .source_port = 5000, .target_port = 80},
		{.protocol = UDP, .source_port = 5000, .target_port = 80},
		{.protocol = TCP, .is_segment = 1, .source_port = 5001, .target_port = 80},
		{.protocol = TCP, .is_segment = 1, .source_port = 5000, .target_port = 81},
		{.bytes = 60},
		{.protocol = TCP, .is_segment = 1, .source_port = 5000, .target_port = 80},
	};
	struct loss_params params = packets_of(numbers, 4, &flow);
	struct loss_state loss = {0};

	(void)state;
	assert_true(loss_reads_headers(&params));
	for (uint64_t n = 1; n < 150; n++) {
		for (int other = 0; other < 5; other++)
			assert_false(enter(&params, &loss, &frames[other], 0, n));
		assert_int_equal(enter(&params, &loss, &frames[5], 0, n),
				 n == 1 || n == 3 || n == 4 || n == 100);
	}
	assert_near(loss_ratio(&params), 0, 0);
}

static void what_is_not_named_of_a_flow_may_be_anything(void **state)
{
	const uint64_t second[] = {2};
	struct loss_params all = packets_of(second, 1, &(struct channel_frame){0});
	struct loss_params tcp = packets_of(second, 1, &(struct channel_frame){.protocol = TCP});
	struct loss_params to =
		packets_of(second, 1, &(struct channel_frame){.protocol = UDP, .target_port = 53});
	struct channel_frame query = {.protocol = UDP, .source_port = 999, .target_port = 53};
	struct loss_state a = {0}, b = {0}, c = {0};

	(void)state;
	assert_false(loss_reads_headers(&all));
	assert_false(enter(&all, &a, &any, 0, 0));
	assert_true(enter(&all, &a, &query, 0, 0));
	for (int n = 0; n < 5; n++)
		assert_false(enter(&tcp, &b, &query, 0, 0));
	assert_false(enter(&to, &c, &query, 0, 0));
	query.source_port = 1;
	assert_true(enter(&to, &c, &query, 0, 0));
	assert_false(enter(&to, &c, &query, 0, 0));
}

static void a_change_counts_anew_and_the_same_again_goes_on(void **state)
{
	struct loss_params three, five;
	struct loss_state loss = {0};

	(void)state;
	loss_every_params(3, 0, "", &three, NULL);
	loss_every_params(5, 0, "", &five, NULL);
	assert_false(enter(&three, &loss, &any, 0, 0));
	assert_false(enter(&three, &loss, &any, 0, 0));
	for (int n = 1; n < 5; n++)
		assert_false(enter(&five, &loss, &any, 0, 0));
	assert_true(enter(&five, &loss, &any, 0, 0));
	for (int n = 1; n < 5; n++)
		assert_false(enter(&five, &loss, &any, 0, 0));
	loss_every_params(5, 0, "", &five, NULL);
	assert_true(enter(&five, &loss, &any, 0, 0));
}

static void an_outage_loses_by_the_clock(void **state)
{
	struct loss_params params;
	struct loss_state loss = {0};
	struct loss_packet packet = {.frame = &any, .draw = UINT32_MAX, .state_draw = UINT32_MAX};

	(void)state;
	assert_int_equal(loss_outage_params(1000000, 5000000, true, "", &params, NULL), 0);
	assert_near(loss_ratio(&params), 0.2, 1e-12);
	for (packet.at_ns = 0; packet.at_ns < 100000000; packet.at_ns += 77777)
		assert_int_equal(loss_enter(&params, &loss, &packet),
				 packet.at_ns >= 5000000 && packet.at_ns % 5000000 < 1000000);
	assert_int_equal(loss_outage_params(1000000, 1000000, true, "", &params, NULL), -EINVAL);
	// A change of the interval begins at its own whole multiples.
	assert_int_equal(loss_outage_params(1000000, 7000000, true, "", &params, NULL), 0);
	for (; packet.at_ns < 200000000; packet.at_ns += 77777)
		assert_int_equal(loss_enter(&params, &loss, &packet),
				 packet.at_ns % 7000000 < 1000000);
}

static void chains_are_offered_as_they_were(void **state)
{
	struct loss_params params;
	struct loss_state a = {0}, b = {0};

	(void)state;
	loss_gilbert_elliott_params(0.1, 0.3, 0.9, 0.1, "", &params, NULL);
	for (uint64_t n = 0; n < 1000; n++)
		assert_int_equal(enter(&params, &a, &any, 1, n),
				 loss_offer(&params, &b, rng_draw(719, 1, RNG_LOSS, n),
					    rng_draw(719, 1, RNG_LOSS_STATE, n)));
	assert_false(loss_reads_headers(&params));
	params.ecn = true;
	assert_true(loss_reads_headers(&params));
}

static void what_cannot_be_is_refused(void **state)
{
	const double rates[] = {0, -1, 1, 2, 1e-17, NAN, INFINITY};
	const uint64_t falls[] = {3, 3}, zero[] = {0}, one[] = {1};
	struct loss_params params = {.random = 99};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		assert_int_equal(loss_ber_params(rates[i], "", &params, &error), -EINVAL);
	assert_int_equal(loss_packets_params(falls, 2, &any, "", &params, &error), -EINVAL);
	assert_non_null(strstr(error.what, "packet number 3"));
	assert_int_equal(loss_packets_params(zero, 1, &any, "", &params, &error), -EINVAL);
	assert_int_equal(loss_packets_params(one, 0, &any, "", &params, &error), -EINVAL);
	assert_int_equal(loss_packets_params(one, 17, &any, "", &params, &error), -EINVAL);
	assert_int_equal(loss_packets_params(one, 1, &(struct channel_frame){.source_port = 1}, "",
					     &params, &error),
			 -EINVAL);
	assert_int_equal(loss_packets_params(
				 one, 1, &(struct channel_frame){.protocol = UDP, .is_segment = 1},
				 "", &params, &error),
			 -EINVAL);
	assert_int_equal(params.random, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bit_errors_spare_frames_within_the_stated_bound),
		cmocka_unit_test(longer_frames_are_likelier_to_be_lost),
		cmocka_unit_test(all_64_bits_of_the_draw_count),
		cmocka_unit_test(a_pattern_loses_its_ones_over_and_over_or_once),
		cmocka_unit_test(every_nth_is_lost_from_its_first_on),
		cmocka_unit_test(the_named_segments_of_a_flow_are_lost_and_no_others),
		cmocka_unit_test(what_is_not_named_of_a_flow_may_be_anything),
		cmocka_unit_test(a_change_counts_anew_and_the_same_again_goes_on),
		cmocka_unit_test(an_outage_loses_by_the_clock),
		cmocka_unit_test(chains_are_offered_as_they_were),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests_name("loss_packet", tests, NULL, NULL);
}
