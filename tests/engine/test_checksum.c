// SPDX-License-Identifier: BSD-3-Clause
// The Internet checksum against published examples and against a second routine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/checksum.h"
#include "tests/engine/frames.h"

static uint16_t in_network_order(uint16_t value)
{
	uint8_t bytes[2];

	frame_put16(bytes, value);
	return checksum_load(bytes);
}

static void sum_of_rfc_1071_section_3(void **state)
{
	const uint8_t bytes[8] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	// The RFC's sum is ddf2; the checksum is its complement.
	assert_int_equal(checksum_finish(checksum_add(0, bytes, 8)), in_network_order(0x220d));
}

static void update_of_rfc_1624_section_4(void **state)
{
	(void)state;
	assert_int_equal(checksum_update(in_network_order(0xdd2f), in_network_order(0x5555),
					 in_network_order(0x3285)),
			 in_network_order(0x0000));
}

static void every_length_agrees_with_the_second_routine(void **state)
{
	uint8_t bytes[200];
	uint32_t seed = 719;

	(void)state;
	for (uint32_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(seed >> 24);
	}
	for (uint32_t from = 0; from < 4; from++)
		for (uint32_t length = 0; from + length <= sizeof(bytes); length++)
			assert_int_equal(checksum_finish(checksum_add(0, bytes + from, length)),
					 in_network_order(frame_checksum(bytes + from, length)));
}

static void longest_packet_of_ones_does_not_overflow(void **state)
{
	static uint8_t bytes[65535];

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(checksum_finish(checksum_add(0, bytes, sizeof(bytes))),
			 in_network_order(frame_checksum(bytes, sizeof(bytes))));
}

static void every_step_of_ttl_agrees_with_a_new_sum(void **state)
{
	struct frame frame = frame_packet("02:00:00:00:00:01", "02:00:00:00:00:02", "10.0.0.1",
					  "10.0.0.2", 255, 17, 0);
	uint8_t *header = frame.bytes + 14;

	(void)state;
	for (uint32_t identification = 0; identification < 65536; identification += 257) {
		frame_put16(header + 4, (uint16_t)identification);
		header[8] = 255;
		frame_fix(&frame);
		for (int ttl = 254; ttl >= 0; ttl--) {
			uint16_t old_word = checksum_load(header + 8);

			header[8] = (uint8_t)ttl;
			checksum_store(header + 10,
				       checksum_update(checksum_load(header + 10), old_word,
						       checksum_load(header + 8)));
			assert_int_equal(frame_checksum(header, 20), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sum_of_rfc_1071_section_3),
		cmocka_unit_test(update_of_rfc_1624_section_4),
		cmocka_unit_test(every_length_agrees_with_the_second_routine),
		cmocka_unit_test(longest_packet_of_ones_does_not_overflow),
		cmocka_unit_test(every_step_of_ttl_agrees_with_a_new_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
