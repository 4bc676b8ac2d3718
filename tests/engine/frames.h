// SPDX-License-Identifier: BSD-3-Clause
// Frames for the tests of site code, written and read byte by byte, with a checksum routine of
// their own: nothing here is shared with the code under test.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MOST 2048

struct frame {
	uint8_t bytes[FRAME_MOST];
	uint32_t length;
};

uint16_t frame_be16(const uint8_t *bytes);
uint32_t frame_be32(const uint8_t *bytes);
void frame_put16(uint8_t *bytes, uint16_t value);

// RFC 1071 as its section 4.1 words it: big-endian 16-bit words, one at a time.
uint16_t frame_checksum(const uint8_t *bytes, uint32_t length);
// Checksum of an ICMPv6 message, pseudo header included, of a frame with no extension headers.
// 0 when the stored one is right.
uint16_t frame_icmpv6_checksum(const uint8_t *frame);

// "02:00:00:00:00:01", "10.0.0.1", "2001:db8::1" as bytes. Fails the test when malformed.
void frame_mac(const char *text, uint8_t mac[6]);
void frame_ip(const char *text, uint8_t *bytes);

// Ethernet and IP headers (either family, by the addresses) with `payload` bytes behind, zero but
// for what the caller writes. IPv4: no DF. Checksums right.
struct frame frame_packet(const char *from_mac, const char *to_mac, const char *source,
			  const char *target, uint8_t ttl, uint8_t protocol, uint32_t payload);
// Recomputes the IPv4 header checksum after a change.
void frame_fix(struct frame *frame);
// Where the upper layer begins.
uint8_t *frame_upper(struct frame *frame);

struct frame frame_udp(const char *from_mac, const char *to_mac, const char *source,
		       const char *target, uint8_t ttl, uint16_t source_port, uint16_t target_port,
		       uint32_t data);
struct frame frame_echo(const char *from_mac, const char *to_mac, const char *source,
			const char *target, uint8_t ttl, uint16_t sequence, uint32_t data);
struct frame frame_arp(const char *from_mac, const char *to_mac, uint16_t operation,
		       const char *sender_mac, const char *sender, const char *target_mac,
		       const char *target);
// Neighbour solicitation (135) or advertisement (136); option_mac NULL: no option.
struct frame frame_nd(const char *from_mac, const char *to_mac, const char *source,
		      const char *target, uint8_t type, uint8_t flags, const char *subject,
		      const char *option_mac);

// Fails the test unless the bytes are a well-formed packet: lengths, header checksum, and the
// checksum of ICMP when it is one.
void frame_check(const uint8_t *bytes, uint32_t length);
// Fails the test unless the Ethernet header says so.
void frame_check_ethernet(const uint8_t *bytes, const char *from_mac, const char *to_mac,
			  uint16_t ether_type);
