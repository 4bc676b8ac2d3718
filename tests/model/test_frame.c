// SPDX-License-Identifier: BSD-3-Clause
// What queues and loss models read in frames: on frames written out by hand.
#include "dataplane/model/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// 10.1.0.2:49152 -> 10.3.0.2:5201, TCP with four bytes of payload, DSCP 46, ECT(0); the header
// checksum was worked out by hand: the one's complement sum of the ten words.
static const uint8_t tcp4[] = {2,    0,    0,    0,    0,    2,    2,    0,    0,    0,
			       0,    1,    0x08, 0x00, // Ethernet
			       0x45, 0xba, 0x00, 0x2c, 0x00, 0x00, 0x00, 0x00, 0x40, 0x06,
			       0x66, 0x0b,                                  // IPv4
			       10,   1,    0,    2,    10,   3,    0,    2, //
			       0xc0, 0x00, 0x14, 0x51, 0,    0,    0,    0,    0,    0,
			       0,    0,    0x50, 0x18, // TCP
			       0,    0,    0,    0,    0,    0,    1,    2,    3,    4};

static uint32_t sum_of_header(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static struct channel_frame read(const uint8_t *bytes, uint32_t stored)
{
	struct channel_frame frame = {.bytes = 77, .handle = 5};

	frame_read(bytes, stored, &frame);
	assert_int_equal(frame.bytes, 77);
	assert_int_equal(frame.handle, 5);
	return frame;
}

static void an_ipv4_segment_is_read(void **state)
{
	struct channel_frame frame = read(tcp4, sizeof(tcp4)), other;
	uint8_t changed[sizeof(tcp4)];

	(void)state;
	assert_int_equal(frame.dscp, 46);
	assert_int_equal(frame.ecn, FRAME_ECT_0);
	assert_int_equal(frame.protocol, 6);
	assert_int_equal(frame.source_port, 49152);
	assert_int_equal(frame.target_port, 5201);
	assert_int_equal(frame.is_segment, 1);
	memcpy(changed, tcp4, sizeof(tcp4));
	changed[17] -= 4; // total length: no payload
	assert_int_equal(read(changed, sizeof(changed)).is_segment, 0);
	// The flow is addresses, protocol and ports; nothing else.
	changed[22] = 9;  // TTL
	changed[38] = 99; // sequence number
	assert_int_equal(read(changed, sizeof(changed)).flow, frame.flow);
	changed[37]++; // target port
	other = read(changed, sizeof(changed));
	assert_int_not_equal(other.flow, frame.flow);
	// A fragment has no ports.
	memcpy(changed, tcp4, sizeof(tcp4));
	changed[20] = 0x20;
	other = read(changed, sizeof(changed));
	assert_int_equal(other.source_port, 0);
	assert_int_equal(other.protocol, 6);
}

static void tags_and_extension_headers_are_passed(void **state)
{
	uint8_t tagged[sizeof(tcp4) + 4];
	uint8_t six[14 + 40 + 8 + 8] = {[12] = 0x86, [13] = 0xdd, [14] = 0x6b, [15] = 0x90};
	struct channel_frame frame;

	(void)state;
	memcpy(tagged, tcp4, 12);
	memcpy(tagged + 12, "\x81\x00\x00\x07", 4);
	memcpy(tagged + 16, tcp4 + 12, sizeof(tcp4) - 12);
	assert_int_equal(read(tagged, sizeof(tagged)).flow, read(tcp4, sizeof(tcp4)).flow);
	assert_int_equal(read(tagged, sizeof(tagged)).target_port, 5201);

	six[14 + 5] = 16; // payload length
	six[14 + 6] = 0;  // hop-by-hop options
	six[54] = 17;     // then UDP
	memcpy(six + 62, "\x12\x34\x00\x35", 4);
	frame = read(six, sizeof(six));
	assert_int_equal(frame.dscp, 0xb9 >> 2);
	assert_int_equal(frame.ecn, FRAME_ECT_1);
	assert_int_equal(frame.protocol, 17);
	assert_int_equal(frame.source_port, 0x1234);
	assert_int_equal(frame.target_port, 53);
}

static void any_cut_is_survived(void **state)
{
	(void)state;
	for (uint32_t stored = 0; stored <= sizeof(tcp4); stored++) {
		uint8_t copy[sizeof(tcp4)];

		memcpy(copy, tcp4, stored);
		read(copy, stored);
		if (stored < 34) {
			assert_false(frame_mark_ce(copy, stored));
			assert_int_equal(read(copy, stored).protocol, 0);
		}
	}
}

static void a_mark_is_ce_and_the_checksum_stays_right(void **state)
{
	uint8_t frame[sizeof(tcp4)];
	uint8_t six[54] = {[12] = 0x86, [13] = 0xdd, [14] = 0x60, [15] = 0x20};

	(void)state;
	memcpy(frame, tcp4, sizeof(frame));
	assert_int_equal(sum_of_header(frame + 14), 0xffff);
	assert_true(frame_mark_ce(frame, sizeof(frame)));
	assert_int_equal(frame[15], 0xbb);
	assert_int_equal(sum_of_header(frame + 14), 0xffff);
	frame[15] = 0xb8; // not capable
	assert_false(frame_mark_ce(frame, sizeof(frame)));
	assert_int_equal(frame[15], 0xb8);
	assert_true(frame_mark_ce(six, sizeof(six)));
	assert_int_equal(six[15], 0x30);
}

static void a_dscp_is_set_beside_ecn_and_the_checksum_stays_right(void **state)
{
	uint8_t frame[sizeof(tcp4)];
	uint8_t six[54] = {[12] = 0x86, [13] = 0xdd, [14] = 0x65, [15] = 0x75};

	(void)state;
	for (uint8_t dscp = 0; dscp < 64; dscp++) {
		memcpy(frame, tcp4, sizeof(frame));
		assert_true(frame_mark_dscp(frame, sizeof(frame), dscp));
		assert_int_equal(frame[15], dscp << 2 | (tcp4[15] & 3));
		assert_int_equal(sum_of_header(frame + 14), 0xffff);
		frame[15] = tcp4[15];
		frame[24] = tcp4[24];
		frame[25] = tcp4[25];
		assert_memory_equal(frame, tcp4, sizeof(frame)); // and nothing else
		assert_true(frame_mark_dscp(six, sizeof(six), dscp));
		assert_int_equal(read(six, sizeof(six)).dscp, dscp);
		assert_int_equal(six[14] >> 4, 6);
		assert_int_equal(six[15] & 0x3f, 0x35);
	}
	six[13] = 0;
	assert_false(frame_mark_dscp(six, sizeof(six), 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_segment_is_read),
		cmocka_unit_test(tags_and_extension_headers_are_passed),
		cmocka_unit_test(any_cut_is_survived),
		cmocka_unit_test(a_mark_is_ce_and_the_checksum_stays_right),
		cmocka_unit_test(a_dscp_is_set_beside_ecn_and_the_checksum_stays_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
