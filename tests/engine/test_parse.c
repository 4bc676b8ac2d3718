// SPDX-License-Identifier: BSD-3-Clause
// Header checks: what a router takes, what it refuses, and the fields it keeps.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/parse.h"
#include "tests/engine/frames.h"

#define HERE "02:00:00:00:00:10"
#define HOST "02:00:00:00:00:99"

// A packet in exactly as much memory as it stores, so that a sanitiser sees reads beyond.
static struct packet *packet_of(const struct frame *frame, uint32_t stored)
{
	struct packet *packet = calloc(1, sizeof(*packet) + stored);

	assert_non_null(packet);
	memcpy(packet->frame, frame->bytes, stored);
	packet->length = stored;
	packet->wire_length = frame->length;
	return packet;
}

static enum parse_kind kind_of(const struct frame *frame, uint32_t stored)
{
	struct packet *packet = packet_of(frame, stored);
	enum parse_kind kind = parse_frame(packet);

	free(packet);
	return kind;
}

static uint8_t hash_of(const struct frame *frame)
{
	struct packet *packet = packet_of(frame, frame->length);
	uint8_t hash;

	assert_int_not_equal(parse_frame(packet), PARSE_REFUSED);
	hash = packet->hash;
	free(packet);
	return hash;
}

static void ipv4_fills_the_header_fields(void **state)
{
	struct frame frame = frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 63, 5000, 6000, 10);
	struct packet *packet = packet_of(&frame, frame.length);

	(void)state;
	packet->flags = PACKET_FLOW | PACKET_IPV6 | PACKET_TTL_STALE;
	packet->ttl = 7;
	assert_int_equal(parse_frame(packet), PARSE_IPV4);
	assert_int_equal(packet->layer3, 14);
	assert_int_equal(packet->ttl, 63);
	assert_int_equal(packet->flags, PACKET_FLOW | PACKET_IPV4);
	assert_memory_equal(parse_source(packet), frame.bytes + 26, 4);
	assert_memory_equal(parse_target(packet), frame.bytes + 30, 4);
	free(packet);
}

static void ipv6_fills_the_header_fields(void **state)
{
	struct frame frame =
		frame_udp(HOST, HERE, "2001:db8::2", "2001:db8:1::2", 62, 5000, 6000, 10);
	struct packet *packet = packet_of(&frame, frame.length);

	(void)state;
	packet->flags = PACKET_COPY | PACKET_IPV4;
	assert_int_equal(parse_frame(packet), PARSE_IPV6);
	assert_int_equal(packet->ttl, 62);
	assert_int_equal(packet->flags, PACKET_COPY | PACKET_IPV6);
	assert_memory_equal(parse_source(packet), frame.bytes + 22, 16);
	assert_memory_equal(parse_target(packet), frame.bytes + 38, 16);
	free(packet);
}

static void malformed_ipv4_is_refused(void **state)
{
	struct frame good = frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 64, 1, 2, 10);
	struct {
		uint32_t at;
		uint8_t value;
	} changes[] = {
		{14, 0x55}, // version 5
		{14, 0x44}, // header of 16 bytes
		{14, 0x4f}, // header longer than the packet
		{17, 19},   // total length within the header
		{17, 200},  // total length beyond the frame
	};

	(void)state;
	assert_int_equal(kind_of(&good, good.length), PARSE_IPV4);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct frame bad = good;

		bad.bytes[changes[i].at] = changes[i].value;
		frame_fix(&bad);
		assert_int_equal(kind_of(&bad, bad.length), PARSE_REFUSED);
	}
}

static void each_damaged_bit_of_an_ipv4_header_is_refused(void **state)
{
	struct frame good = frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 64, 1, 2, 10);

	(void)state;
	for (uint32_t bit = 0; bit < 160; bit++) {
		struct frame bad = good;

		bad.bytes[14 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(kind_of(&bad, bad.length), PARSE_REFUSED);
	}
}

static void a_header_cut_off_anywhere_is_refused(void **state)
{
	struct frame ipv4 = frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 64, 1, 2, 10);
	struct frame ipv6 = frame_udp(HOST, HERE, "2001:db8::2", "2001:db8:1::2", 64, 1, 2, 10);

	(void)state;
	for (uint32_t stored = 0; stored < 34; stored++)
		assert_int_equal(kind_of(&ipv4, stored), PARSE_REFUSED);
	for (uint32_t stored = 0; stored < 54; stored++)
		assert_int_equal(kind_of(&ipv6, stored), PARSE_REFUSED);
	// A capture's snapshot length may cut the rest.
	for (uint32_t stored = 34; stored <= ipv4.length; stored++)
		assert_int_equal(kind_of(&ipv4, stored), PARSE_IPV4);
	for (uint32_t stored = 54; stored <= ipv6.length; stored++)
		assert_int_equal(kind_of(&ipv6, stored), PARSE_IPV6);
}

static void ethernet_padding_is_no_part_of_the_packet(void **state)
{
	struct frame frame = frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 64, 1, 2, 2);
	struct parse_upper upper;
	struct packet *packet;

	(void)state;
	frame.length = 60;
	packet = packet_of(&frame, 60);
	assert_int_equal(parse_frame(packet), PARSE_IPV4);
	assert_true(parse_upper(packet, &upper));
	assert_int_equal(upper.length, 10);
	assert_int_equal(upper.available, 10);
	free(packet);
}

static void other_frames_are_told_apart(void **state)
{
	struct frame frame = frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 64, 1, 2, 10);
	struct frame arp = frame_arp(HOST, HERE, 1, HOST, "10.0.0.2", HERE, "10.0.0.1");
	struct frame ipv6 = frame_udp(HOST, HERE, "2001:db8::2", "2001:db8:1::2", 64, 1, 2, 10);

	(void)state;
	assert_int_equal(kind_of(&arp, arp.length), PARSE_ARP);
	frame_put16(frame.bytes + 12, 0x8100); // VLAN
	assert_int_equal(kind_of(&frame, frame.length), PARSE_REFUSED);
	frame_put16(frame.bytes + 12, 0x88cc); // LLDP
	assert_int_equal(kind_of(&frame, frame.length), PARSE_REFUSED);
	frame_put16(frame.bytes + 12, 46); // length of an 802.3 frame
	assert_int_equal(kind_of(&frame, frame.length), PARSE_REFUSED);
	frame_put16(frame.bytes + 12, 0x86dd); // IPv4 under the type of IPv6
	assert_int_equal(kind_of(&frame, frame.length), PARSE_REFUSED);
	frame_put16(ipv6.bytes + 18, (uint16_t)(ipv6.length - 53)); // a byte too many
	assert_int_equal(kind_of(&ipv6, ipv6.length), PARSE_REFUSED);
}

// Hop-by-hop options (8), routing (16), fragment (8), then UDP.
static struct frame with_extensions(uint16_t fragment)
{
	struct frame frame =
		frame_packet(HOST, HERE, "2001:db8::2", "2001:db8:1::2", 64, 0, 8 + 16 + 8 + 8);
	uint8_t *extension = frame_upper(&frame);

	extension[0] = 43;
	extension[8] = 44;
	extension[9] = 1;
	extension[24] = 17;
	frame_put16(extension + 26, fragment);
	frame_put16(extension + 32, 1111);
	return frame;
}

static void extension_headers_are_passed(void **state)
{
	struct frame whole = with_extensions(0), first = with_extensions(1);
	struct frame last = with_extensions(185 * 8);
	struct parse_upper upper;
	struct packet *packet = packet_of(&whole, whole.length);

	(void)state;
	parse_frame(packet);
	assert_true(parse_upper(packet, &upper));
	assert_int_equal(upper.protocol, 17);
	assert_int_equal(upper.offset, 54 + 32);
	assert_int_equal(upper.length, 8);
	assert_false(upper.fragment);
	free(packet);
	packet = packet_of(&first, first.length);
	parse_frame(packet);
	assert_true(parse_upper(packet, &upper));
	assert_true(upper.fragment && upper.first);
	free(packet);
	packet = packet_of(&last, last.length);
	parse_frame(packet);
	assert_true(parse_upper(packet, &upper));
	assert_true(upper.fragment && !upper.first);
	free(packet);
}

static void cut_or_endless_extension_headers_have_no_upper_layer(void **state)
{
	struct frame frame = with_extensions(0);
	struct frame endless = frame_packet(HOST, HERE, "2001:db8::2", "2001:db8:1::2", 64, 0, 512);
	struct parse_upper upper;
	struct packet *packet;

	(void)state;
	for (uint32_t stored = 54; stored < 54 + 32; stored++) {
		packet = packet_of(&frame, stored);
		assert_int_equal(parse_frame(packet), PARSE_IPV6);
		assert_false(parse_upper(packet, &upper));
		free(packet);
	}
	packet = packet_of(&endless, endless.length); // hop-by-hop options without end
	assert_int_equal(parse_frame(packet), PARSE_IPV6);
	assert_false(parse_upper(packet, &upper));
	free(packet);
}

static void fragments_of_a_packet_have_one_hash_whatever_lies_at_the_ports(void **state)
{
	struct frame first = frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 64, 5000, 6000, 64);
	struct frame next = first;
	struct frame first6 = with_extensions(1), next6 = with_extensions(185 * 8);

	(void)state;
	frame_put16(first.bytes + 20, 0x2000); // more fragments
	frame_fix(&first);
	frame_put16(next.bytes + 20, 8);
	frame_put16(next.bytes + 34, 0xabcd);
	frame_fix(&next);
	assert_int_equal(hash_of(&first), hash_of(&next));
	frame_put16(next6.bytes + 54 + 32, 0xabcd);
	assert_int_equal(hash_of(&first6), hash_of(&next6));
}

// 4096 flows over 256 values: chi-square with 255 degrees of freedom is above 378 in one of 10^6
// sets of flows, and these sets are fixed.
static void ports_spread_flows_evenly(void **state)
{
	const char *pairs[2][2] = {{"10.0.0.2", "10.1.0.2"}, {"2001:db8::2", "2001:db8:1::2"}};

	(void)state;
	for (int family = 0; family < 2; family++) {
		uint32_t counts[256] = {0};
		double chi_square = 0;

		for (uint16_t flow = 0; flow < 4096; flow++) {
			struct frame frame =
				frame_udp(HOST, HERE, pairs[family][0], pairs[family][1], 64,
					  (uint16_t)(32768 + flow), 443, 0);
			counts[hash_of(&frame)]++;
		}
		for (int i = 0; i < 256; i++)
			chi_square += (counts[i] - 16.0) * (counts[i] - 16.0) / 16.0;
		assert_true(chi_square < 378);
	}
}

// A trailer goes; the padding of a short frame stays, as the next Ethernet would add it again.
static void what_follows_a_packet_is_cut_off(void **state)
{
	(void)state;
	for (unsigned family = 0; family < 2; family++)
		for (uint32_t data = 0; data < 30; data++)
			for (uint32_t more = 0; more < 40; more++) {
				struct frame frame =
					family ? frame_udp(HOST, HERE, "2001:db8::2",
							   "2001:db8:1::2", 63, 1, 2, data)
					       : frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 63,
							   1, 2, data);
				uint32_t whole = frame.length;
				uint32_t sent = whole + more;
				uint32_t kept = whole < 60 ? (sent < 60 ? sent : 60) : whole;
				struct packet *packet;

				frame.length = sent;
				packet = packet_of(&frame, sent);
				assert_int_not_equal(parse_frame(packet), PARSE_REFUSED);
				assert_int_equal(packet->length, kept);
				assert_int_equal(packet->wire_length, kept);
				free(packet);
				packet = packet_of(&frame, whole - data); // cut short
				assert_int_not_equal(parse_frame(packet), PARSE_REFUSED);
				assert_int_equal(packet->length, whole - data);
				assert_int_equal(packet->wire_length, kept);
				free(packet);
			}
}

static void a_jumbogram_keeps_its_bytes(void **state)
{
	struct frame frame = frame_packet(HOST, HERE, "2001:db8::2", "2001:db8:1::2", 63, 0, 1000);
	struct packet *packet;

	(void)state;
	frame_put16(frame.bytes + 18, 0); // the length is in its hop-by-hop options
	packet = packet_of(&frame, frame.length);
	assert_int_equal(parse_frame(packet), PARSE_IPV6);
	assert_int_equal(packet->wire_length, 1054);
	free(packet);
}

static void a_priority_tag_is_as_good_as_none(void **state)
{
	struct frame plain = frame_udp(HOST, HERE, "10.0.0.2", "10.1.0.2", 63, 1, 2, 100);
	struct frame frame = plain;

	(void)state;
	memmove(frame.bytes + 16, frame.bytes + 12, frame.length - 12);
	frame_put16(frame.bytes + 12, 0x8100);
	frame.length += 4;
	for (uint32_t vlan = 0; vlan < 2; vlan++) {
		struct packet *packet;

		frame_put16(frame.bytes + 14, (uint16_t)(0xe000 | vlan));
		packet = packet_of(&frame, frame.length);
		parse_strip_priority(packet);
		assert_int_equal(packet->length, frame.length - (vlan ? 0 : 4));
		assert_int_equal(packet->wire_length, packet->length);
		assert_memory_equal(packet->frame, vlan ? frame.bytes : plain.bytes,
				    packet->length);
		assert_int_equal(parse_frame(packet), vlan ? PARSE_REFUSED : PARSE_IPV4);
		free(packet);
	}
	// Cut off within the tag, or right behind it.
	frame_put16(frame.bytes + 14, 0xe000);
	for (uint32_t stored = 12; stored < 18; stored++) {
		struct packet *packet = packet_of(&frame, stored);

		parse_strip_priority(packet);
		assert_int_equal(packet->length, stored);
		free(packet);
	}
}

static void vlan_tags_are_counted_two_at_most_and_within_the_frame(void **state)
{
	static const struct {
		uint8_t bytes[12]; // behind the addresses
		uint32_t stored, tags;
	} cases[] = {
		{{0x08, 0x00}, 26, 0},
		{{0x81, 0x00, 0, 1, 0x08, 0x00}, 26, 4},
		{{0x88, 0xa8, 0, 1, 0x81, 0x00, 0, 2, 0x08, 0x00}, 26, 8},
		{{0x81, 0x00, 0, 1, 0x81, 0x00, 0, 2, 0x81, 0x00}, 26, 8},
		{{0x91, 0x00, 0, 1}, 26, 0},
		{{0x81, 0x00, 0, 1, 0x81, 0x00}, 17, 4}, // cut off
		{{0x81, 0x00}, 13, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame frame = {.length = 64};
		struct packet *packet;

		memcpy(frame.bytes + 12, cases[i].bytes, sizeof(cases[i].bytes));
		packet = packet_of(&frame, cases[i].stored);
		assert_int_equal(parse_tag_bytes(packet), cases[i].tags);
		free(packet);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_fills_the_header_fields),
		cmocka_unit_test(ipv6_fills_the_header_fields),
		cmocka_unit_test(malformed_ipv4_is_refused),
		cmocka_unit_test(each_damaged_bit_of_an_ipv4_header_is_refused),
		cmocka_unit_test(a_header_cut_off_anywhere_is_refused),
		cmocka_unit_test(ethernet_padding_is_no_part_of_the_packet),
		cmocka_unit_test(other_frames_are_told_apart),
		cmocka_unit_test(extension_headers_are_passed),
		cmocka_unit_test(cut_or_endless_extension_headers_have_no_upper_layer),
		cmocka_unit_test(fragments_of_a_packet_have_one_hash_whatever_lies_at_the_ports),
		cmocka_unit_test(ports_spread_flows_evenly),
		cmocka_unit_test(what_follows_a_packet_is_cut_off),
		cmocka_unit_test(a_jumbogram_keeps_its_bytes),
		cmocka_unit_test(a_priority_tag_is_as_good_as_none),
		cmocka_unit_test(vlan_tags_are_counted_two_at_most_and_within_the_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
