// SPDX-License-Identifier: BSD-3-Clause
// Frames for the tests of site code.
#include "tests/engine/frames.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

uint16_t frame_be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] * 256 + bytes[1]);
}

uint32_t frame_be32(const uint8_t *bytes)
{
	return (uint32_t)frame_be16(bytes) * 65536 + frame_be16(bytes + 2);
}

void frame_put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value / 256);
	bytes[1] = (uint8_t)(value % 256);
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		sum += i % 2 == 0 ? (uint32_t)bytes[i] * 256 : bytes[i];
		while (sum > 0xffff)
			sum = sum - 0x10000 + 1;
	}
	return sum;
}

uint16_t frame_checksum(const uint8_t *bytes, uint32_t length)
{
	return (uint16_t)(0xffff - add_words(0, bytes, length));
}

uint16_t frame_icmpv6_checksum(const uint8_t *frame)
{
	uint32_t length = frame_be16(frame + 18);
	uint8_t tail[8] = {0, 0, (uint8_t)(length / 256), (uint8_t)(length % 256), 0, 0, 0, 58};
	uint32_t sum = add_words(0, frame + 22, 32);

	sum = add_words(sum, tail, 8);
	return (uint16_t)(0xffff - add_words(sum, frame + 54, length));
}

void frame_mac(const char *text, uint8_t mac[6])
{
	int count = sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2],
			   &mac[3], &mac[4], &mac[5]);

	assert_int_equal(count, 6);
}

void frame_ip(const char *text, uint8_t *bytes)
{
	assert_int_equal(inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, bytes), 1);
}

static void put_ethernet(struct frame *frame, const char *from_mac, const char *to_mac,
			 uint16_t ether_type)
{
	frame_mac(to_mac, frame->bytes);
	frame_mac(from_mac, frame->bytes + 6);
	frame_put16(frame->bytes + 12, ether_type);
}

struct frame frame_packet(const char *from_mac, const char *to_mac, const char *source,
			  const char *target, uint8_t ttl, uint8_t protocol, uint32_t payload)
{
	struct frame frame = {0};
	uint8_t *header = frame.bytes + 14;

	if (strchr(source, ':')) {
		put_ethernet(&frame, from_mac, to_mac, 0x86dd);
		header[0] = 0x60;
		frame_put16(header + 4, (uint16_t)payload);
		header[6] = protocol;
		header[7] = ttl;
		frame_ip(source, header + 8);
		frame_ip(target, header + 24);
		frame.length = 54 + payload;
	} else {
		put_ethernet(&frame, from_mac, to_mac, 0x0800);
		header[0] = 0x45;
		frame_put16(header + 2, (uint16_t)(20 + payload));
		frame_put16(header + 4, 0x1234);
		header[8] = ttl;
		header[9] = protocol;
		frame_ip(source, header + 12);
		frame_ip(target, header + 16);
		frame.length = 34 + payload;
		frame_fix(&frame);
	}
	assert_true(frame.length <= FRAME_MOST);
	return frame;
}

void frame_fix(struct frame *frame)
{
	uint8_t *header = frame->bytes + 14;

	frame_put16(header + 10, 0);
	frame_put16(header + 10, frame_checksum(header, (uint32_t)(header[0] & 15) * 4));
}

uint8_t *frame_upper(struct frame *frame)
{
	return frame->bytes + (frame->bytes[14] >> 4 == 4 ? 34 : 54);
}

struct frame frame_udp(const char *from_mac, const char *to_mac, const char *source,
		       const char *target, uint8_t ttl, uint16_t source_port, uint16_t target_port,
		       uint32_t data)
{
	struct frame frame = frame_packet(from_mac, to_mac, source, target, ttl, 17, 8 + data);
	uint8_t *udp = frame_upper(&frame);

	frame_put16(udp, source_port);
	frame_put16(udp + 2, target_port);
	frame_put16(udp + 4, (uint16_t)(8 + data));
	return frame;
}

struct frame frame_echo(const char *from_mac, const char *to_mac, const char *source,
			const char *target, uint8_t ttl, uint16_t sequence, uint32_t data)
{
	bool ipv4 = !strchr(source, ':');
	struct frame frame =
		frame_packet(from_mac, to_mac, source, target, ttl, ipv4 ? 1 : 58, 8 + data);
	uint8_t *icmp = frame_upper(&frame);

	icmp[0] = ipv4 ? 8 : 128;
	frame_put16(icmp + 4, 0xbeef);
	frame_put16(icmp + 6, sequence);
	for (uint32_t i = 0; i < data; i++)
		icmp[8 + i] = (uint8_t)(i * 7 + 1);
	frame_put16(icmp + 2,
		    ipv4 ? frame_checksum(icmp, 8 + data) : frame_icmpv6_checksum(frame.bytes));
	return frame;
}

struct frame frame_arp(const char *from_mac, const char *to_mac, uint16_t operation,
		       const char *sender_mac, const char *sender, const char *target_mac,
		       const char *target)
{
	struct frame frame = {.length = 42};
	uint8_t *arp = frame.bytes + 14;

	put_ethernet(&frame, from_mac, to_mac, 0x0806);
	frame_put16(arp, 1);
	frame_put16(arp + 2, 0x0800);
	arp[4] = 6;
	arp[5] = 4;
	frame_put16(arp + 6, operation);
	frame_mac(sender_mac, arp + 8);
	frame_ip(sender, arp + 14);
	frame_mac(target_mac, arp + 18);
	frame_ip(target, arp + 24);
	return frame;
}

struct frame frame_nd(const char *from_mac, const char *to_mac, const char *source,
		      const char *target, uint8_t type, uint8_t flags, const char *subject,
		      const char *option_mac)
{
	struct frame frame =
		frame_packet(from_mac, to_mac, source, target, 255, 58, option_mac ? 32 : 24);
	uint8_t *icmp = frame_upper(&frame);

	icmp[0] = type;
	icmp[4] = flags;
	frame_ip(subject, icmp + 8);
	if (option_mac) {
		icmp[24] = type == 135 ? 1 : 2;
		icmp[25] = 1;
		frame_mac(option_mac, icmp + 26);
	}
	frame_put16(icmp + 2, frame_icmpv6_checksum(frame.bytes));
	return frame;
}

void frame_check(const uint8_t *bytes, uint32_t length)
{
	const uint8_t *header = bytes + 14;

	if (frame_be16(bytes + 12) == 0x0800) {
		uint32_t total = frame_be16(header + 2);

		assert_int_equal(header[0], 0x45);
		assert_true(14 + total <= length);
		assert_int_equal(frame_checksum(header, 20), 0);
		if (header[9] == 1 && (frame_be16(header + 6) & 0x3fff) == 0)
			assert_int_equal(frame_checksum(header + 20, total - 20), 0);
	} else {
		assert_int_equal(frame_be16(bytes + 12), 0x86dd);
		assert_int_equal(header[0] >> 4, 6);
		assert_true(54u + frame_be16(header + 4) <= length);
		if (header[6] == 58)
			assert_int_equal(frame_icmpv6_checksum(bytes), 0);
	}
}

void frame_check_ethernet(const uint8_t *bytes, const char *from_mac, const char *to_mac,
			  uint16_t ether_type)
{
	uint8_t expected[14];

	frame_mac(to_mac, expected);
	frame_mac(from_mac, expected + 6);
	frame_put16(expected + 12, ether_type);
	assert_memory_equal(bytes, expected, sizeof(expected));
}
