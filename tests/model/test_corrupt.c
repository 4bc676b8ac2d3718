// SPDX-License-Identifier: BSD-3-Clause
// Damage: how often, how many bits, and where.
#include "dataplane/model/corrupt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/rng.h"
#include "tests/model/statistics.h"

static struct corrupt_params params_of(uint32_t bits)
{
	struct corrupt_params params;

	assert_int_equal(corrupt_make_params(0.02, 0, bits, "", &params, NULL), 0);
	return params;
}

static uint32_t bits_set(const uint8_t *bytes, uint32_t length)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < length; i++)
		bits += (uint32_t)__builtin_popcount(bytes[i]);
	return bits;
}

static void as_many_packets_as_asked_are_damaged(void **state)
{
	struct corrupt_params params = params_of(1);
	struct corrupt_state corrupt = {0};
	uint64_t trials = samples_for_ratio(0.02), hits = 0;

	(void)state;
	for (uint64_t n = 0; n < trials; n++)
		hits += corrupt_offer(&params, &corrupt, rng_draw(4, 2, RNG_CORRUPT, n));
	assert_true(binomial_fits((double)hits, (double)trials, 0.02));
}

static void as_many_bits_as_asked_are_flipped_behind_the_header(void **state)
{
	(void)state;
	for (uint32_t bits = 1; bits <= CORRUPT_BITS_MOST; bits++) {
		struct corrupt_params params = params_of(bits);

		for (uint32_t length = 0; length < 64; length++) {
			uint32_t room = length > 14 ? 8 * (length - 14) : 0;
			uint8_t frame[64] = {0};

			assert_int_equal(corrupt_apply(&params, 1, 2, bits, frame, length),
					 bits < room ? bits : room);
			assert_int_equal(bits_set(frame, 14), 0);
			assert_int_equal(bits_set(frame, length), bits < room ? bits : room);
			assert_int_equal(bits_set(frame, 64), bits < room ? bits : room);
		}
	}
}

static void a_second_time_mends_it(void **state)
{
	struct corrupt_params params = params_of(9);
	uint8_t frame[1514], before[1514];

	(void)state;
	memset(before, 0x5a, sizeof(before));
	memcpy(frame, before, sizeof(frame));
	corrupt_apply(&params, 719, 3, 1000, frame, sizeof(frame));
	assert_memory_not_equal(frame, before, sizeof(frame));
	corrupt_apply(&params, 719, 3, 1000, frame, sizeof(frame));
	assert_memory_equal(frame, before, sizeof(frame));
}

// 30 bytes have 240 bits, or 28680 pairs of bits that are folded to 120 classes of 239 pairs.
static void every_bit_and_every_pair_is_as_likely(void **state)
{
	const uint32_t frames = 1 << 18;
	struct corrupt_params one = params_of(1), two = params_of(2);
	uint32_t singles[240] = {0}, distances[120] = {0}, seconds[240] = {0};

	(void)state;
	for (uint64_t n = 0; n < frames; n++) {
		uint8_t frame[44] = {0};
		int found[2] = {0}, count = 0;

		corrupt_apply(&one, 9, 1, n, frame, sizeof(frame));
		for (int bit = 0; bit < 240; bit++)
			singles[bit] += frame[14 + bit / 8] >> bit % 8 & 1;
		memset(frame, 0, sizeof(frame));
		corrupt_apply(&two, 9, 2, n, frame, sizeof(frame));
		for (int bit = 0; bit < 240; bit++)
			if (frame[14 + bit / 8] >> bit % 8 & 1)
				found[count++] = bit;
		assert_int_equal(count, 2);
		seconds[found[0]]++;
		seconds[found[1]]++;
		// Around a ring the distances 1..119 have 240 pairs each, 120 has half as many.
		count = found[1] - found[0];
		count = count > 120 ? 240 - count : count;
		if (count < 120)
			distances[count]++;
	}
	assert_true(chi_square_of_equal(singles, 240, frames) < chi_square_bound(239));
	assert_true(chi_square_of_equal(seconds, 240, 2.0 * frames) < chi_square_bound(239));
	assert_true(chi_square_of_equal(distances + 1, 119, frames * 238.0 / 239) <
		    chi_square_bound(118));
}

// Of three of n places around a ring, no two are neighbours in n (n-4) (n-5) / 6 of n (n-1) (n-2) /
// 6 cases.
static void a_third_bit_knows_nothing_of_the_second(void **state)
{
	const double places = 240;
	double apart = (places - 4) * (places - 5) / ((places - 1) * (places - 2));
	uint64_t frames = samples_for_ratio(1 - apart), touching = 0;
	struct corrupt_params params = params_of(3);

	(void)state;
	for (uint64_t n = 0; n < frames; n++) {
		uint8_t frame[44] = {0}, last = 0;
		bool touches = false;

		corrupt_apply(&params, 9, 3, n, frame, sizeof(frame));
		last = frame[43] >> 7;
		for (int bit = 0; bit < 240; bit++) {
			uint8_t set = frame[14 + bit / 8] >> bit % 8 & 1;

			touches |= set && last;
			last = set;
		}
		touching += touches;
	}
	assert_true(binomial_fits((double)touching, (double)frames, 1 - apart));
}

static void neighbours_are_damaged_at_places_of_their_own(void **state)
{
	struct corrupt_params params = params_of(1);
	uint32_t same = 0, packets = 20000;
	uint8_t last[1514] = {0};

	(void)state;
	for (uint64_t n = 0; n < packets; n++) {
		uint8_t frame[1514] = {0};

		corrupt_apply(&params, 9, 1, n, frame, sizeof(frame));
		same += memcmp(frame, last, sizeof(frame)) == 0;
		memcpy(last, frame, sizeof(frame));
	}
	assert_true(binomial_fits(same, packets, 1.0 / 12000));
}

static void what_damages_nothing_or_too_much_is_refused(void **state)
{
	struct corrupt_params params = {.bits = 99};
	struct error error = {0};

	(void)state;
	assert_int_equal(corrupt_make_params(0.1, 0, 0, "x", &params, &error), -EINVAL);
	assert_int_equal(corrupt_make_params(0.1, 0, CORRUPT_BITS_MOST + 1, "x", &params, NULL),
			 -EINVAL);
	assert_int_equal(corrupt_make_params(1.1, 0, 1, "x", &params, NULL), -EINVAL);
	assert_non_null(strstr(error.what, "bits"));
	assert_int_equal(params.bits, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_packets_as_asked_are_damaged),
		cmocka_unit_test(as_many_bits_as_asked_are_flipped_behind_the_header),
		cmocka_unit_test(a_second_time_mends_it),
		cmocka_unit_test(every_bit_and_every_pair_is_as_likely),
		cmocka_unit_test(a_third_bit_knows_nothing_of_the_second),
		cmocka_unit_test(neighbours_are_damaged_at_places_of_their_own),
		cmocka_unit_test(what_damages_nothing_or_too_much_is_refused),
	};

	return cmocka_run_group_tests_name("corrupt", tests, NULL, NULL);
}
