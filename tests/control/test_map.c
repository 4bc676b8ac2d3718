// SPDX-License-Identifier: BSD-3-Clause
// Rewriting addresses: every checksum that was right is right afterwards, by a sum made anew here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/map.h"

#define V4 "10.1.0.0/16", "172.31.0.0/16"
#define V6 "2001:db8:1::/48", "fd00:77:88::/48"

static void map(const char *from, const char *to, uint8_t *bytes, uint32_t length)
{
	struct prefix prefixes[2];

	assert_int_equal(prefix_parse(from, &prefixes[0]), 0);
	assert_int_equal(prefix_parse(to, &prefixes[1]), 0);
	map_frame(&prefixes[0], &prefixes[1], 1, bytes, length);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

// Internet checksum (RFC 1071) over two pieces: a pseudo header of `sum` and these bytes.
static uint16_t checksum(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t sum_of(const uint8_t *bytes, size_t length)
{
	return (uint16_t)~checksum(0, bytes, length);
}

static uint32_t pseudo(const uint8_t *ip, uint8_t protocol, uint32_t length)
{
	bool v6 = ip[0] >> 4 == 6;

	return sum_of(v6 ? ip + 8 : ip + 12, v6 ? 32 : 8) + protocol + length;
}

// An IPv4 packet with right checksums; returns its length.
static uint32_t make_ipv4(uint8_t *ip, uint8_t protocol, const char *from, const char *to,
			  uint32_t payload)
{
	struct address source, target;
	uint32_t at = protocol == 6 ? 16 : 6;

	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, 20 + payload);
	ip[8] = 64;
	ip[9] = protocol;
	assert_int_equal(address_parse(from, &source), 0);
	assert_int_equal(address_parse(to, &target), 0);
	memcpy(ip + 12, source.bytes, 4);
	memcpy(ip + 16, target.bytes, 4);
	put16(ip + 10, checksum(0, ip, 20));
	for (uint32_t i = 0; i < payload; i++)
		ip[20 + i] = (uint8_t)random();
	if (protocol == 6 || protocol == 17) {
		put16(ip + 20 + at, 0);
		put16(ip + 20 + at, checksum(pseudo(ip, protocol, payload), ip + 20, payload));
	}
	return 20 + payload;
}

static uint32_t make_ipv6(uint8_t *ip, uint8_t protocol, const char *from, const char *to,
			  uint32_t payload)
{
	struct address source, target;
	uint32_t at = protocol == 6 ? 16 : protocol == 17 ? 6 : 2;

	memset(ip, 0, 40);
	ip[0] = 0x60;
	put16(ip + 4, payload);
	ip[6] = protocol;
	ip[7] = 64;
	assert_int_equal(address_parse(from, &source), 0);
	assert_int_equal(address_parse(to, &target), 0);
	memcpy(ip + 8, source.bytes, 16);
	memcpy(ip + 24, target.bytes, 16);
	for (uint32_t i = 0; i < payload; i++)
		ip[40 + i] = (uint8_t)random();
	put16(ip + 40 + at, 0);
	put16(ip + 40 + at, checksum(pseudo(ip, protocol, payload), ip + 40, payload));
	return 40 + payload;
}

static void assert_address(const uint8_t *bytes, const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	assert_memory_equal(bytes, address.bytes, address.family == ADDRESS_IPV4 ? 4 : 16);
}

static void assert_sums(const uint8_t *ip)
{
	bool v6 = ip[0] >> 4 == 6;
	uint32_t header = v6 ? 40 : 20;
	uint32_t payload =
		v6 ? (uint32_t)(ip[4] << 8 | ip[5]) : (uint32_t)(ip[2] << 8 | ip[3]) - 20;
	uint8_t protocol = v6 ? ip[6] : ip[9];

	if (!v6)
		assert_int_equal(checksum(0, ip, 20), 0);
	if (protocol == 1)
		assert_int_equal(checksum(0, ip + 20, payload), 0);
	else
		assert_int_equal(checksum(pseudo(ip, protocol, payload), ip + header, payload), 0);
}

static void addresses_change_and_checksums_stay_right(void **state)
{
	static const uint8_t protocols[] = {6, 17};
	uint8_t frame[256];

	(void)state;
	srandom(1);
	for (int i = 0; i < 2000; i++) {
		uint32_t payload = 20 + (uint32_t)random() % 100;
		uint32_t length;

		memset(frame, 0, 14);
		put16(frame + 12, 0x0800);
		length = make_ipv4(frame + 14, protocols[i % 2], "10.1.2.3", "10.2.9.9", payload);
		map(V4, frame, 14 + length);
		assert_address(frame + 26, "172.31.2.3");
		assert_address(frame + 30, "10.2.9.9");
		assert_sums(frame + 14);
		put16(frame + 12, 0x86dd);
		length = make_ipv6(frame + 14, protocols[i % 2], "2001:db8:2::5", "2001:db8:1:8::5",
				   payload);
		map(V6, frame, 14 + length);
		assert_address(frame + 22, "2001:db8:2::5");
		assert_address(frame + 38, "fd00:77:88:8::5");
		assert_sums(frame + 14);
	}
}

static void a_prefix_that_ends_inside_a_byte_keeps_the_hosts_bits(void **state)
{
	uint8_t frame[64] = {0};
	uint32_t length;

	(void)state;
	put16(frame + 12, 0x0800);
	length = make_ipv4(frame + 14, 17, "10.1.187.3", "10.1.95.4", 20);
	map("10.1.160.0/19", "192.168.64.0/19", frame, 14 + length);
	assert_address(frame + 26, "192.168.91.3"); // 187 = 160 + 27, 64 + 27 = 91
	assert_address(frame + 30, "10.1.95.4");    // outside
	assert_sums(frame + 14);
}

static void vlan_tags_are_stepped_over(void **state)
{
	uint8_t frame[128] = {0};
	uint32_t length;

	(void)state;
	put16(frame + 12, 0x88a8);
	put16(frame + 16, 0x8100);
	put16(frame + 20, 0x0800);
	length = make_ipv4(frame + 22, 6, "10.1.2.3", "10.1.2.4", 40);
	map(V4, frame, 22 + length);
	assert_address(frame + 34, "172.31.2.3");
	assert_address(frame + 38, "172.31.2.4");
	assert_sums(frame + 22);
}

static void udp_without_a_checksum_stays_without(void **state)
{
	uint8_t frame[128] = {0};
	uint32_t length;

	(void)state;
	put16(frame + 12, 0x0800);
	length = make_ipv4(frame + 14, 17, "10.1.2.3", "10.2.2.4", 30);
	put16(frame + 14 + 20 + 6, 0);
	map(V4, frame, 14 + length);
	assert_int_equal(frame[40] << 8 | frame[41], 0);
	assert_address(frame + 26, "172.31.2.3");
}

static void a_wrong_checksum_stays_wrong_by_the_same_amount(void **state)
{
	uint8_t frame[128] = {0};
	uint32_t length;

	(void)state;
	put16(frame + 12, 0x0800);
	length = make_ipv4(frame + 14, 6, "10.1.2.3", "10.2.2.4", 40);
	frame[60] ^= 0x10;
	map(V4, frame, 14 + length);
	assert_int_not_equal(checksum(pseudo(frame + 14, 6, 40), frame + 34, 40), 0);
	frame[60] ^= 0x10;
	assert_sums(frame + 14);
}

static void the_packet_that_an_icmp_error_quotes_is_changed_too(void **state)
{
	uint8_t frame[256] = {0};
	uint8_t *ip = frame + 14;
	uint32_t quoted;

	(void)state;
	srandom(2);
	put16(frame + 12, 0x0800);
	make_ipv4(ip, 1, "10.9.9.9", "10.1.2.3", 8 + 20 + 30);
	quoted = make_ipv4(ip + 28, 17, "10.1.2.3", "10.2.2.4", 30);
	assert_int_equal(quoted, 50);
	ip[20] = 11; // time exceeded
	ip[21] = 0;
	put16(ip + 22, 0);
	put16(ip + 22, checksum(0, ip + 20, 58));
	map(V4, frame, 14 + 78);
	assert_address(ip + 16, "172.31.2.3");
	assert_address(ip + 28 + 12, "172.31.2.3");
	assert_sums(ip);
	assert_sums(ip + 28);
}

static void icmpv6_and_the_target_of_neighbour_discovery_follow(void **state)
{
	uint8_t frame[256] = {0};
	uint8_t *ip = frame + 14;
	struct address target;

	(void)state;
	put16(frame + 12, 0x86dd);
	make_ipv6(ip, 58, "2001:db8:1::7", "ff02::1:ff00:9", 24);
	ip[40] = 135;
	assert_int_equal(address_parse("2001:db8:1::9", &target), 0);
	memcpy(ip + 48, target.bytes, 16);
	put16(ip + 42, 0);
	put16(ip + 42, checksum(pseudo(ip, 58, 24), ip + 40, 24));
	map(V6, frame, 14 + 64);
	assert_address(ip + 8, "fd00:77:88::7");
	assert_address(ip + 48, "fd00:77:88::9");
	assert_sums(ip);
}

static void arp_names_the_new_addresses(void **state)
{
	uint8_t frame[60] = {0};

	(void)state;
	put16(frame + 12, 0x0806);
	put16(frame + 14, 1);
	put16(frame + 16, 0x0800);
	frame[18] = 6;
	frame[19] = 4;
	memcpy(frame + 28, "\x0a\x01\x00\x01", 4);
	memcpy(frame + 38, "\x0a\x01\x00\x02", 4);
	map(V4, frame, sizeof(frame));
	assert_address(frame + 28, "172.31.0.1");
	assert_address(frame + 38, "172.31.0.2");
}

// Every prefix of a frame, in a block of just its size: the sanitizers see a step too far.
static void frames_that_are_cut_short_are_not_overrun(void **state)
{
	uint8_t frame[256] = {0};
	uint32_t lengths[2];

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		put16(frame + 12, v6 ? 0x86dd : 0x0800);
		lengths[v6] =
			14 + (v6 ? make_ipv6(frame + 14, 58, "2001:db8:1::7", "2001:db8:1::8", 80)
				 : make_ipv4(frame + 14, 1, "10.1.2.3", "10.1.2.4", 80));
		if (v6)
			frame[54] = 1;
		else
			frame[34] = 3;
		for (uint32_t length = 0; length <= lengths[v6]; length++) {
			uint8_t *copy = malloc(length ? length : 1);

			memcpy(copy, frame, length);
			if (v6)
				map(V6, copy, length);
			else
				map(V4, copy, length);
			if (length >= 14 + 40)
				assert_memory_not_equal(copy + 14, frame + 14, 40);
			free(copy);
		}
	}
}

static void later_fragments_have_no_transport_checksum(void **state)
{
	uint8_t frame[128] = {0};
	uint8_t before[40];
	uint32_t length;

	(void)state;
	put16(frame + 12, 0x0800);
	length = make_ipv4(frame + 14, 6, "10.1.2.3", "10.2.2.4", 40);
	put16(frame + 14 + 6, 100); // offset 800 bytes
	memcpy(before, frame + 34, 40);
	map(V4, frame, 14 + length);
	assert_memory_equal(frame + 34, before, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_change_and_checksums_stay_right),
		cmocka_unit_test(a_prefix_that_ends_inside_a_byte_keeps_the_hosts_bits),
		cmocka_unit_test(vlan_tags_are_stepped_over),
		cmocka_unit_test(udp_without_a_checksum_stays_without),
		cmocka_unit_test(a_wrong_checksum_stays_wrong_by_the_same_amount),
		cmocka_unit_test(the_packet_that_an_icmp_error_quotes_is_changed_too),
		cmocka_unit_test(icmpv6_and_the_target_of_neighbour_discovery_follow),
		cmocka_unit_test(arp_names_the_new_addresses),
		cmocka_unit_test(frames_that_are_cut_short_are_not_overrun),
		cmocka_unit_test(later_fragments_have_no_transport_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
