// SPDX-License-Identifier: BSD-3-Clause
// The serialiser: exact on the nanosecond over a million frames, cells and overhead as in netem.
#include "dataplane/model/rate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct rate_params params_of(uint64_t bps, int32_t overhead, uint32_t cell,
				    uint32_t cell_overhead)
{
	struct rate_params params;

	assert_int_equal(
		rate_make_params(bps, overhead, cell, cell_overhead, "test", &params, NULL), 0);
	return params;
}

static void without_a_serialiser_a_frame_leaves_as_it_comes(void **state)
{
	struct rate_params params = params_of(0, 0, 0, 0);
	struct rate_state rate = {0};

	(void)state;
	assert_int_equal(rate_offer(&params, &rate, 5, 1500), 5);
	assert_int_equal(rate_offer(&params, &rate, 5, 1500), 5);
	assert_int_equal(rate_wait_ns(&params, &rate, 0), 0);
	assert_int_equal(rate_serialisation_ns(&params, 1500), 0);
}

static void known_frames_take_their_known_times(void **state)
{
	struct rate_params g10 = params_of(10000000000, 0, 0, 0);
	struct rate_params g100 = params_of(100000000000, 0, 0, 0);
	struct rate_params ethernet = params_of(1000000000, RATE_ETHERNET_OVERHEAD_BYTES, 0, 0);

	(void)state;
	assert_int_equal(rate_serialisation_ns(&g10, 1500), 1200);
	assert_int_equal(rate_serialisation_ns(&g100, 1500), 120);
	assert_int_equal(rate_serialisation_ns(&ethernet, 60), 672); // 1.488 Mpps
	assert_int_equal(rate_serialisation_ns(&ethernet, 1514), 12304);
}

static void frames_wait_for_each_other_and_not_for_an_idle_line(void **state)
{
	struct rate_params params = params_of(1000000000, 0, 0, 0); // 8 ns a byte
	struct rate_state rate = {0};

	(void)state;
	assert_int_equal(rate_offer(&params, &rate, 100, 100), 900);
	assert_int_equal(rate_wait_ns(&params, &rate, 100), 800);
	assert_int_equal(rate_offer(&params, &rate, 100, 50), 1300);
	assert_int_equal(rate_wait_ns(&params, &rate, 1299), 1);
	assert_int_equal(rate_wait_ns(&params, &rate, 1300), 0);
	assert_int_equal(rate_offer(&params, &rate, 1300, 10), 1380);
	assert_int_equal(rate_offer(&params, &rate, 5000, 10), 5080);
}

static void parts_of_a_nanosecond_are_carried_over(void **state)
{
	struct rate_params params = params_of(100000000000, 0, 0, 0); // 0.08 ns a byte
	struct rate_state rate = {0};

	(void)state;
	for (int frame = 1; frame <= 1000; frame++)
		assert_int_equal(rate_offer(&params, &rate, 0, 1), frame * 8 / 100);
}

// The exact instant is bits * 10^9 / rate in integers; the line's may be one nanosecond off, at
// the start as after a million frames.
static void a_million_frames_do_not_drift(void **state)
{
	const uint64_t rates[] = {100000000000, 10000000000000, 10000000000, 1000000000,
				  333333333,    99999999977,    64000,       9};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct rate_params params = params_of(rates[i], 0, 0, 0);
		struct rate_state rate = {0};
		uint64_t bytes = 0;

		for (uint32_t frame = 0; frame < 1000000; frame++) {
			uint32_t length = 60 + (frame * 2654435761u >> 21) % 1455;
			uint64_t exact, departs;

			bytes += length;
			exact = (uint64_t)((unsigned __int128)bytes * 8000000000u / rates[i]);
			departs = rate_offer(&params, &rate, 0, length);
			if (departs + 1 < exact || departs > exact + 1)
				fail_msg("rate %lu, frame %u: %lu, exact %lu", rates[i], frame,
					 departs, exact);
		}
	}
}

static void rates_that_divide_the_nanosecond_are_exact(void **state)
{
	struct rate_params params = params_of(1000000000, 0, 0, 0);
	struct rate_state rate = {0};
	uint64_t bytes = 0;

	(void)state;
	for (uint32_t frame = 0; frame < 1000000; frame++) {
		bytes += 60 + frame % 1455;
		assert_int_equal(rate_offer(&params, &rate, 0, 60 + frame % 1455), 8 * bytes);
	}
}

static void overhead_adds_or_takes_away_and_leaves_one_byte(void **state)
{
	struct rate_params more = params_of(1000000, 24, 0, 0);
	struct rate_params less = params_of(1000000, -14, 0, 0);

	(void)state;
	assert_int_equal(rate_line_bytes(&more, 60), 84);
	assert_int_equal(rate_line_bytes(&less, 60), 46);
	assert_int_equal(rate_line_bytes(&less, 15), 1);
	assert_int_equal(rate_line_bytes(&less, 14), 1);
	assert_int_equal(rate_line_bytes(&less, 0), 1);
}

static void cells_are_whole_as_on_atm(void **state)
{
	struct rate_params atm = params_of(1000000, 8, 48, 5);

	(void)state;
	assert_int_equal(rate_line_bytes(&atm, 40), 53); // 48 bytes, one cell
	assert_int_equal(rate_line_bytes(&atm, 41), 106);
	assert_int_equal(rate_line_bytes(&atm, 1500), 32 * 53);
}

static uint64_t cells_by_division(uint64_t bytes, uint64_t cell)
{
	bytes = bytes > 0 ? bytes : 1;
	return (bytes + cell - 1) / cell;
}

static void check_cells(const struct rate_params *params, uint32_t frame)
{
	uint64_t expected = cells_by_division(frame, params->cell_bytes) * params->cell_bytes;

	expected = expected < UINT32_MAX ? expected : UINT32_MAX;
	if (rate_line_bytes(params, frame) != expected)
		fail_msg("frame %u, cell %u: %u bytes, by division %lu", frame, params->cell_bytes,
			 rate_line_bytes(params, frame), expected);
}

static void the_reciprocal_agrees_with_division_for_every_frame(void **state)
{
	(void)state;
	for (uint32_t cell = 1; cell <= 512; cell++) {
		struct rate_params params = params_of(1000000, 0, cell, 0);

		for (uint32_t frame = 0; frame <= 9300; frame++)
			check_cells(&params, frame);
	}
}

static void the_reciprocal_agrees_with_division_at_every_edge_of_every_cell(void **state)
{
	(void)state;
	for (uint32_t cell = 1; cell <= 65535; cell++) {
		struct rate_params params = params_of(1000000, 0, cell, 0);
		uint32_t last = UINT32_MAX / cell * cell;

		for (uint32_t k = 1; k <= 8; k++) {
			check_cells(&params, k * cell - 1);
			check_cells(&params, k * cell);
			check_cells(&params, k * cell + 1);
		}
		check_cells(&params, last - 1);
		check_cells(&params, last);
		check_cells(&params, UINT32_MAX);
	}
}

static void a_length_that_overflows_stops_at_the_largest(void **state)
{
	struct rate_params params = params_of(1000000, 65535, 1, 65535);

	(void)state;
	assert_int_equal(rate_line_bytes(&params, UINT32_MAX), UINT32_MAX);
	assert_int_equal(rate_line_bytes(&params, 65535), UINT32_MAX);
}

static void a_line_busy_beyond_all_time_stays_busy(void **state)
{
	struct rate_params params = params_of(8, 0, 0, 0); // a second a byte
	struct rate_state rate = {0};
	uint64_t before = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		uint64_t departs = rate_offer(&params, &rate, 0, UINT32_MAX);

		assert_true(departs >= before);
		before = departs;
	}
	assert_int_equal(before, INT64_MAX);
	assert_int_equal(rate_wait_ns(&params, &rate, 0), INT64_MAX);
}

static void rates_and_framing_out_of_range_are_refused(void **state)
{
	const struct {
		uint64_t bps;
		int32_t overhead;
		uint32_t cell, cell_overhead;
	} wrong[] = {
		{7, 0, 0, 0},
		{1, 0, 0, 0},
		{10000000000001, 0, 0, 0},
		{UINT64_MAX, 0, 0, 0},
		{1000, 65536, 0, 0},
		{1000, -65536, 0, 0},
		{1000, INT32_MIN, 0, 0},
		{1000, 0, 65536, 0},
		{1000, 0, 48, 65536},
	};
	struct rate_params params = {.bits_per_second = 99};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&error, 0, sizeof(error));
		assert_int_equal(rate_make_params(wrong[i].bps, wrong[i].overhead, wrong[i].cell,
						  wrong[i].cell_overhead, "lab.ini:2", &params,
						  &error),
				 -EINVAL);
		assert_string_equal(error.where, "lab.ini:2");
		assert_true(strlen(error.what) > 20);
	}
	assert_int_equal(params.bits_per_second, 99);
	params_of(8, 0, 0, 0);
	params_of(10000000000000, -65535, 65535, 65535);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_serialiser_a_frame_leaves_as_it_comes),
		cmocka_unit_test(known_frames_take_their_known_times),
		cmocka_unit_test(frames_wait_for_each_other_and_not_for_an_idle_line),
		cmocka_unit_test(parts_of_a_nanosecond_are_carried_over),
		cmocka_unit_test(a_million_frames_do_not_drift),
		cmocka_unit_test(rates_that_divide_the_nanosecond_are_exact),
		cmocka_unit_test(overhead_adds_or_takes_away_and_leaves_one_byte),
		cmocka_unit_test(cells_are_whole_as_on_atm),
		cmocka_unit_test(the_reciprocal_agrees_with_division_for_every_frame),
		cmocka_unit_test(the_reciprocal_agrees_with_division_at_every_edge_of_every_cell),
		cmocka_unit_test(a_length_that_overflows_stops_at_the_largest),
		cmocka_unit_test(a_line_busy_beyond_all_time_stays_busy),
		cmocka_unit_test(rates_and_framing_out_of_range_are_refused),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
