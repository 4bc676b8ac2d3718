// SPDX-License-Identifier: BSD-3-Clause
// Reads Ethernet, IPv4 and IPv6 headers: checks them once, where a packet enters, and fills in the
// packet's header fields, so that later hops need not look at the frame's bytes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/packet.h"

#define PARSE_ETHERNET_BYTES 14
#define PARSE_IPV4_BYTES     20
#define PARSE_IPV6_BYTES     40

// Numbers of the protocols that site code looks at (IANA, "Protocol Numbers").
#define PARSE_ICMP   1
#define PARSE_UDP    17
#define PARSE_ICMPV6 58

// Takes away the tag of a frame that is only tagged with a priority (VLAN 0), which is as good as
// none (IEEE 802.1Q, section 6.9.1).
void parse_strip_priority(struct packet *packet);

enum parse_kind {
	PARSE_REFUSED, // VLAN-tagged, another protocol, malformed: not for a router
	PARSE_ARP,
	PARSE_IPV4,
	PARSE_IPV6
};

// Checks a frame as it came from outside and, when it is IP, fills in layer3, ttl, hash and the
// family in flags; a stale TTL is forgotten, flow and copy marks stay. IPv4: version, header and
// total length, header checksum (RFC 1812, section 5.2.2). IPv6: version and payload length. The
// headers must lie within the stored bytes, the packet within the frame on the wire; what is longer
// than 60 bytes and follows the packet is cut off. Cannot fail.
enum parse_kind parse_frame(struct packet *packet);

// The same for a packet made by a site or flow, of which the Ethernet header is not written yet and
// the checksum is trusted.
enum parse_kind parse_originated(struct packet *packet);

// Bytes of VLAN tags behind a frame's MAC addresses (IEEE 802.1Q, 802.1ad), of two at most. An
// Ethernet's MTU does not count them. Cannot fail.
uint32_t parse_tag_bytes(const struct packet *packet);

// The part of an IP packet behind its headers.
struct parse_upper {
	uint8_t protocol;
	bool fragment;      // one of several pieces
	bool first;         // holds the upper layer's header
	uint32_t offset;    // of the upper layer in the frame
	uint32_t length;    // of the upper layer by the IP header, without Ethernet's padding
	uint32_t available; // bytes of it that are stored
};

// Finds the upper layer of a parsed packet, past IPv6 extension headers (RFC 8200, section 4;
// at most eight). False when it is cut off. Cannot fail otherwise.
bool parse_upper(const struct packet *packet, struct parse_upper *upper);

// Header addresses of a parsed packet: 4 or 16 bytes in network order.
const uint8_t *parse_source(const struct packet *packet);
const uint8_t *parse_target(const struct packet *packet);
