// SPDX-License-Identifier: BSD-3-Clause
// Which received fragments were cut from packets that were sent.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/verify_pieces.h"

#define DF 0x4000
#define MF 0x2000

// A header of 20 bytes from 10.1.0.2 to 10.3.0.2.
static void header(uint8_t bytes[20], uint16_t identification, uint16_t field, uint16_t length)
{
	static const uint8_t model[20] = {0x45, 0, 0,  0, 0, 0, 0,  0, 64, 17,
					  0,    0, 10, 1, 0, 2, 10, 3, 0,  2};

	for (int i = 0; i < 20; i++)
		bytes[i] = model[i];
	bytes[2] = (uint8_t)(length >> 8);
	bytes[3] = (uint8_t)length;
	bytes[4] = (uint8_t)(identification >> 8);
	bytes[5] = (uint8_t)identification;
	bytes[6] = (uint8_t)(field >> 8);
	bytes[7] = (uint8_t)field;
}

static void send_one(struct verify_pieces *pieces, uint16_t identification, uint16_t field,
		     uint16_t length)
{
	uint8_t bytes[20];

	header(bytes, identification, field, length);
	verify_pieces_sent(pieces, &(struct verify_datagram){bytes, bytes + 12, bytes + 16});
}

static bool is_cut(const struct verify_pieces *pieces, uint16_t identification, uint16_t field,
		   uint16_t length)
{
	uint8_t bytes[20];

	header(bytes, identification, field, length);
	return verify_pieces_cut(pieces, &(struct verify_datagram){bytes, bytes + 12, bytes + 16});
}

static void fragments_of_what_was_sent_whole_are_known(void **state)
{
	struct verify_pieces pieces = {0};

	(void)state;
	assert_false(is_cut(&pieces, 1, MF, 1000));
	send_one(&pieces, 1, 0, 1400);
	assert_true(is_cut(&pieces, 1, MF, 996));
	assert_true(is_cut(&pieces, 1, 122, 424));
	assert_false(is_cut(&pieces, 1, 0, 1400)); // itself
	assert_false(is_cut(&pieces, 2, MF, 996)); // another's
	verify_pieces_fini(&pieces);
}

static void what_has_df_is_never_cut(void **state)
{
	struct verify_pieces pieces = {0};

	(void)state;
	send_one(&pieces, 1, DF, 1400);
	assert_false(is_cut(&pieces, 1, MF, 996));
	verify_pieces_fini(&pieces);
}

static void fragments_that_were_sent_are_what_was_sent(void **state)
{
	struct verify_pieces pieces = {0};

	(void)state;
	send_one(&pieces, 1, MF, 1500);
	send_one(&pieces, 1, 185, 548);
	assert_false(is_cut(&pieces, 1, MF, 1500));
	assert_false(is_cut(&pieces, 1, 185, 548));
	assert_true(is_cut(&pieces, 1, MF, 996)); // the first was cut again
	assert_true(is_cut(&pieces, 1, MF | 122, 524));
	verify_pieces_fini(&pieces);
}

static void addresses_tell_datagrams_apart(void **state)
{
	static const uint8_t other[4] = {10, 3, 0, 3};
	struct verify_pieces pieces = {0};
	uint8_t bytes[20];

	(void)state;
	send_one(&pieces, 1, 0, 1400);
	header(bytes, 1, MF, 996);
	assert_false(
		verify_pieces_cut(&pieces, &(struct verify_datagram){bytes, bytes + 12, other}));
	assert_false(
		verify_pieces_cut(&pieces, &(struct verify_datagram){bytes, other, bytes + 16}));
	verify_pieces_fini(&pieces);
}

static void all_of_many_are_found_again(void **state)
{
	struct verify_pieces pieces = {0};

	(void)state;
	for (uint32_t i = 0; i < 60000; i++)
		send_one(&pieces, (uint16_t)i, 0, 1400);
	assert_false(pieces.incomplete);
	for (uint32_t i = 0; i < 65536; i++)
		assert_int_equal(is_cut(&pieces, (uint16_t)i, MF, 996), i < 60000);
	verify_pieces_fini(&pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_of_what_was_sent_whole_are_known),
		cmocka_unit_test(what_has_df_is_never_cut),
		cmocka_unit_test(fragments_that_were_sent_are_what_was_sent),
		cmocka_unit_test(addresses_tell_datagrams_apart),
		cmocka_unit_test(all_of_many_are_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
