// SPDX-License-Identifier: BSD-3-Clause
// The policers against simulations written from the texts of RFC 2697 and RFC 2698: buckets of
// whole bytes that a clock fills, one byte at a time.
#include "dataplane/model/police.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"

static struct police_params single(uint64_t cir, uint64_t cbs, uint64_t ebs)
{
	struct police_params params;

	assert_int_equal(police_make_single_rate(cir, cbs, ebs, "test", &params, NULL), 0);
	params.overhead_bytes = 0;
	return params;
}

static struct police_params two(uint64_t cir, uint64_t cbs, uint64_t pir, uint64_t pbs)
{
	struct police_params params;

	assert_int_equal(police_make_two_rate(cir, cbs, pir, pbs, "test", &params, NULL), 0);
	params.overhead_bytes = 0;
	return params;
}

static void full_buckets_give_green_then_yellow_then_red(void **state)
{
	struct police_params params = single(1000000000, 2000, 1000); // a byte in 8 ns
	struct police_state police = {0};

	(void)state;
	assert_int_equal(police_offer(&params, &police, 100, 1500), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 100, 501), POLICE_YELLOW);
	assert_int_equal(police_offer(&params, &police, 100, 500), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 100, 500), POLICE_RED);
	assert_int_equal(police_offer(&params, &police, 100, 499), POLICE_YELLOW);
	assert_int_equal(police_offer(&params, &police, 107, 1), POLICE_RED);
	assert_int_equal(police_offer(&params, &police, 108, 1), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 108, 0), POLICE_GREEN);
}

static void the_excess_fills_only_when_the_committed_is_full(void **state)
{
	struct police_params params = single(1000000000, 1000, 1000);
	struct police_state police = {0};

	(void)state;
	police_offer(&params, &police, 0, 1000);
	police_offer(&params, &police, 0, 1000); // both are empty
	assert_int_equal(police_offer(&params, &police, 8000, 1000), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 8000, 1), POLICE_RED);
	assert_int_equal(police_offer(&params, &police, 8000 + 12000, 1000), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 20000, 501), POLICE_RED);
	assert_int_equal(police_offer(&params, &police, 20000, 500), POLICE_YELLOW);
}

static void two_rates_take_from_the_peak_first(void **state)
{
	struct police_params params = two(1000000000, 1000, 2000000000, 1500);
	struct police_state police = {0};

	(void)state;
	assert_int_equal(police_offer(&params, &police, 0, 1000), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 0, 400), POLICE_YELLOW);
	assert_int_equal(police_offer(&params, &police, 0, 101), POLICE_RED);
	// In 800 ns 100 bytes are committed, 200 at the peak beside the 100 that were left.
	assert_int_equal(police_offer(&params, &police, 800, 100), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 800, 201), POLICE_RED);
	assert_int_equal(police_offer(&params, &police, 800, 200), POLICE_YELLOW);
}

static void the_header_of_ethernet_does_not_count(void **state)
{
	struct police_params params;
	struct police_state police = {0};

	(void)state;
	assert_int_equal(police_make_single_rate(8, 1500, 0, "", &params, NULL), 0);
	assert_int_equal(police_offer(&params, &police, 0, 1515), POLICE_RED);
	assert_int_equal(police_offer(&params, &police, 0, 1514), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 0, 10), POLICE_GREEN); // no packet at all
	params.kind = POLICE_NONE;
	assert_int_equal(police_offer(&params, &police, 0, 1514), POLICE_GREEN);
}

// ---- By the texts ----

// Token counts of the RFCs: whole bytes, as Tc, Te and Tp.
struct by_text {
	uint64_t cbs, second; // EBS or PBS
	uint64_t tc, t2;
	uint64_t byte_ns, peak_byte_ns; // 1 / CIR, 1 / PIR
	uint64_t now_ns;
};

// RFC 2697: Tc and Te are updated CIR times per second: if Tc is less than CBS, Tc is incremented
// by one, else if Te is less than EBS, Te is incremented by one, else neither.
static void update_single(struct by_text *text, uint64_t to_ns)
{
	for (; text->now_ns < to_ns; text->now_ns++) {
		if ((text->now_ns + 1) % text->byte_ns != 0)
			continue;
		if (text->tc < text->cbs)
			text->tc++;
		else if (text->t2 < text->second)
			text->t2++;
	}
}

static enum police_colour meter_single(struct by_text *text, uint64_t at_ns, uint64_t bytes)
{
	update_single(text, at_ns);
	if (text->tc >= bytes) {
		text->tc -= bytes;
		return POLICE_GREEN;
	}
	if (text->t2 >= bytes) {
		text->t2 -= bytes;
		return POLICE_YELLOW;
	}
	return POLICE_RED;
}

// RFC 2698: Tp is incremented by one PIR times per second up to PBS, Tc CIR times up to CBS.
static enum police_colour meter_two(struct by_text *text, uint64_t at_ns, uint64_t bytes)
{
	for (; text->now_ns < at_ns; text->now_ns++) {
		if ((text->now_ns + 1) % text->byte_ns == 0 && text->tc < text->cbs)
			text->tc++;
		if ((text->now_ns + 1) % text->peak_byte_ns == 0 && text->t2 < text->second)
			text->t2++;
	}
	if (text->t2 < bytes)
		return POLICE_RED;
	text->t2 -= bytes;
	if (text->tc < bytes)
		return POLICE_YELLOW;
	text->tc -= bytes;
	return POLICE_GREEN;
}

// Rates at which a byte takes whole nanoseconds, and arrivals on their ticks: there the texts,
// whose tokens come one by one, and tokens that come continuously agree.
static void check_by_text(bool two_rates, uint64_t n)
{
	struct rng_block block = rng_block(719, 1, n, 0);
	const uint64_t ticks_ns[] = {4, 8, 16, 20, 32, 40}; // whole bits a second
	uint64_t byte_ns = ticks_ns[block.word[0] % 6], peak_byte_ns = byte_ns / 4;
	struct by_text text = {
		.cbs = 1500 + block.word[1] % 3000,
		.second = two_rates || block.word[2] % 4 ? 1500 + block.word[3] % 3000 : 0,
		.byte_ns = byte_ns,
		.peak_byte_ns = peak_byte_ns};
	struct police_params params = two_rates
					      ? two(8000000000 / byte_ns, text.cbs,
						    8000000000 / peak_byte_ns, text.second)
					      : single(8000000000 / byte_ns, text.cbs, text.second);
	struct police_state police = {0};
	uint64_t at_ns = 0, seen[3] = {0};

	text.tc = text.cbs;
	text.t2 = text.second;
	for (uint64_t packet = 0; packet < 400; packet++) {
		struct rng_block draw = rng_block(719, 2, n * 1000 + packet, 0);
		uint64_t bytes = 40 + draw.word[0] % 1460;
		enum police_colour colour, expected;

		at_ns += byte_ns * (draw.word[1] % (packet % 50 == 0 ? 8000
						    : two_rates      ? 250
								     : 1000));
		expected = two_rates ? meter_two(&text, at_ns, bytes)
				     : meter_single(&text, at_ns, bytes);
		colour = police_offer(&params, &police, at_ns, (uint32_t)bytes);
		assert_int_equal(colour, expected);
		seen[colour]++;
	}
	assert_true(seen[POLICE_GREEN] > 20 && seen[POLICE_RED] > 20);
	assert_true(text.second == 0 || seen[POLICE_YELLOW] > 0);
}

static void colours_are_those_of_the_rfcs(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 60; n++)
		check_by_text(n % 2, n);
}

// Any rate, any instant: tokens of 10^-9 bit, nanosecond by nanosecond.
static void tokens_come_continuously_at_any_rate(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 20; n++) {
		struct rng_block block = rng_block(719, 3, n, 0);
		uint64_t cir = 100000000 + block.word[0] % 1000000000;
		uint64_t cbs = 1500 + block.word[1] % 3000, ebs = block.word[2] % 3000;
		uint64_t tc = cbs * 8000000000, te = ebs * 8000000000, now_ns = 0, at_ns = 0;
		struct police_params params = single(cir, cbs, ebs);
		struct police_state police = {0};

		for (uint64_t packet = 0; packet < 200; packet++) {
			struct rng_block draw = rng_block(719, 4, n * 1000 + packet, 0);
			uint64_t bytes = 40 + draw.word[0] % 1460, cost = bytes * 8000000000;
			enum police_colour expected = POLICE_RED;

			at_ns += draw.word[1] % 12000;
			for (; now_ns < at_ns; now_ns++) {
				tc += cir;
				if (tc > cbs * 8000000000) {
					te += tc - cbs * 8000000000;
					tc = cbs * 8000000000;
				}
				te = te < ebs * 8000000000 ? te : ebs * 8000000000;
			}
			if (tc >= cost) {
				tc -= cost;
				expected = POLICE_GREEN;
			} else if (te >= cost) {
				te -= cost;
				expected = POLICE_YELLOW;
			}
			assert_int_equal(police_offer(&params, &police, at_ns, (uint32_t)bytes),
					 expected);
		}
	}
}

static void a_long_pause_fills_the_buckets_and_overflows_nothing(void **state)
{
	struct police_params params =
		two(10000000000000, UINT64_C(1) << 31, 10000000000000, UINT64_C(1) << 31);
	struct police_state police = {0};

	(void)state;
	assert_int_equal(police_offer(&params, &police, 0, UINT32_MAX), POLICE_GREEN);
	assert_int_equal(police_offer(&params, &police, 0, 1), POLICE_RED);
	assert_int_equal(police_offer(&params, &police, UINT64_MAX, UINT32_MAX), POLICE_GREEN);
}

static void a_smaller_burst_lets_nothing_more_through(void **state)
{
	struct police_params large = single(1000000000, 9000, 0),
			     small = single(1000000000, 3000, 0);
	struct police_state police = {0};

	(void)state;
	for (int packet = 0; packet < 6; packet++)
		police_offer(&large, &police, 0, 1500);
	assert_int_equal(police_offer(&small, &police, 0, 1), POLICE_RED);
	assert_int_equal(police_offer(&small, &police, 6000 * 8, 1), POLICE_RED);
	assert_int_equal(police_offer(&small, &police, 6001 * 8, 1), POLICE_GREEN);
}

static void what_the_rfcs_exclude_is_refused(void **state)
{
	struct police_params params = {.committed_bps = 99};
	struct error error;

	(void)state;
	assert_int_equal(police_make_single_rate(1000, 0, 0, "lab.ini:9", &params, &error),
			 -EINVAL);
	assert_string_equal(error.where, "lab.ini:9");
	assert_non_null(strstr(error.what, "without a burst"));
	assert_int_equal(police_make_single_rate(7, 1500, 0, "", &params, &error), -EINVAL);
	assert_int_equal(police_make_single_rate(10000000000001, 1500, 0, "", &params, &error),
			 -EINVAL);
	assert_int_equal(
		police_make_single_rate(1000, (UINT64_C(1) << 31) + 1, 0, "", &params, &error),
		-EINVAL);
	assert_int_equal(
		police_make_single_rate(1000, 0, (UINT64_C(1) << 31) + 1, "", &params, &error),
		-EINVAL);
	assert_int_equal(police_make_two_rate(2000, 1500, 1999, 1500, "", &params, &error),
			 -EINVAL);
	assert_non_null(strstr(error.what, "below its committed"));
	assert_int_equal(police_make_two_rate(2000, 0, 2000, 1500, "", &params, &error), -EINVAL);
	assert_int_equal(police_make_two_rate(2000, 1500, 2000, 0, "", &params, &error), -EINVAL);
	assert_int_equal(
		police_make_two_rate(2000, 1500, 10000000000001, 1500, "", &params, &error),
		-EINVAL);
	assert_int_equal(params.committed_bps, 99);
	assert_int_equal(police_make_single_rate(1000, 0, 1500, "", &params, &error), 0);
	assert_int_equal(police_make_two_rate(2000, 1500, 2000, 1500, "", &params, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_buckets_give_green_then_yellow_then_red),
		cmocka_unit_test(the_excess_fills_only_when_the_committed_is_full),
		cmocka_unit_test(two_rates_take_from_the_peak_first),
		cmocka_unit_test(the_header_of_ethernet_does_not_count),
		cmocka_unit_test(colours_are_those_of_the_rfcs),
		cmocka_unit_test(tokens_come_continuously_at_any_rate),
		cmocka_unit_test(a_long_pause_fills_the_buckets_and_overflows_nothing),
		cmocka_unit_test(a_smaller_burst_lets_nothing_more_through),
		cmocka_unit_test(what_the_rfcs_exclude_is_refused),
	};

	return cmocka_run_group_tests_name("police", tests, NULL, NULL);
}
