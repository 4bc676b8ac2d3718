// SPDX-License-Identifier: BSD-3-Clause
// Header checks, and the fields that follow from them.
#include "dataplane/engine/parse.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_jhash.h>
#include <string.h>

#include "dataplane/engine/checksum.h"

#define HEADERS_MOST   8 // extension headers that are walked
#define TAG_BYTES      4 // of a VLAN tag
#define VLAN_MASK      0x0fff
#define SHORTEST_BYTES 60 // of a frame on the wire, without FCS

static const struct rte_ipv4_hdr *ipv4_header(const struct packet *packet)
{
	return (const struct rte_ipv4_hdr *)(packet->frame + packet->layer3);
}

static const struct rte_ipv6_hdr *ipv6_header(const struct packet *packet)
{
	return (const struct rte_ipv6_hdr *)(packet->frame + packet->layer3);
}

static uint16_t read_be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

const uint8_t *parse_source(const struct packet *packet)
{
	return packet->frame + packet->layer3 + (packet->flags & PACKET_IPV4 ? 12 : 8);
}

const uint8_t *parse_target(const struct packet *packet)
{
	return packet->frame + packet->layer3 + (packet->flags & PACKET_IPV4 ? 16 : 24);
}

uint32_t parse_tag_bytes(const struct packet *packet)
{
	uint32_t bytes = 0;

	while (bytes < 2 * TAG_BYTES && packet->length >= PARSE_ETHERNET_BYTES + bytes) {
		uint16_t type = read_be16(packet->frame + 12 + bytes);

		if (type != RTE_ETHER_TYPE_VLAN && type != RTE_ETHER_TYPE_QINQ)
			break;
		bytes += TAG_BYTES;
	}
	return bytes;
}

void parse_strip_priority(struct packet *packet)
{
	uint8_t *tag = packet->frame + 12;

	if (packet->length < PARSE_ETHERNET_BYTES + TAG_BYTES ||
	    read_be16(tag) != RTE_ETHER_TYPE_VLAN || (read_be16(tag + 2) & VLAN_MASK) != 0)
		return;
	memmove(tag, tag + TAG_BYTES, packet->length - 12 - TAG_BYTES);
	packet->length -= TAG_BYTES;
	packet->wire_length -= TAG_BYTES;
}

static bool has_ports(uint8_t protocol)
{
	// TCP, UDP, DCCP, SCTP and UDP-Lite begin with source and destination port.
	return protocol == 6 || protocol == PARSE_UDP || protocol == 33 || protocol == 132 ||
	       protocol == 136;
}

static bool upper4(const struct packet *packet, struct parse_upper *upper)
{
	const struct rte_ipv4_hdr *header = ipv4_header(packet);
	uint32_t header_bytes = (uint32_t)(header->version_ihl & 0x0f) * 4;
	uint16_t fragment = read_be16((const uint8_t *)&header->fragment_offset);

	upper->protocol = header->next_proto_id;
	upper->fragment = (fragment & 0x3fff) != 0;
	upper->first = (fragment & 0x1fff) == 0;
	upper->offset = packet->layer3 + header_bytes;
	upper->length = read_be16((const uint8_t *)&header->total_length) - header_bytes;
	return true;
}

static bool upper6(const struct packet *packet, struct parse_upper *upper)
{
	const struct rte_ipv6_hdr *header = ipv6_header(packet);
	uint32_t end = packet->layer3 + PARSE_IPV6_BYTES +
		       read_be16((const uint8_t *)&header->payload_len);

	upper->protocol = header->proto;
	upper->fragment = false;
	upper->first = true;
	upper->offset = packet->layer3 + PARSE_IPV6_BYTES;
	for (unsigned i = 0; i < HEADERS_MOST; i++) {
		const uint8_t *option = packet->frame + upper->offset;
		uint8_t kind = upper->protocol;
		uint32_t bytes;

		if (!upper->first || (kind != 0 && kind != 43 && kind != 44 && kind != 60)) {
			upper->length = end - upper->offset;
			return true;
		}
		if (upper->offset + 8 > packet->length || upper->offset + 8 > end)
			return false;
		bytes = kind == 44 ? 8 : (uint32_t)option[1] * 8 + 8;
		if (kind == 44) {
			upper->first = (read_be16(option + 2) & 0xfff8) == 0;
			upper->fragment = (read_be16(option + 2) & 0xfff9) != 0;
		}
		upper->protocol = option[0];
		upper->offset += bytes;
		if (upper->offset > packet->length || upper->offset > end)
			return false;
	}
	return false;
}

bool parse_upper(const struct packet *packet, struct parse_upper *upper)
{
	if (!(packet->flags & PACKET_IPV4 ? upper4(packet, upper) : upper6(packet, upper)))
		return false;
	upper->available = packet->length - upper->offset;
	if (upper->available > upper->length)
		upper->available = upper->length;
	return true;
}

// Addresses, protocol and ports choose among equal ways, one direction apart from the other, as in
// real routers. All pieces of a fragmented packet must go the same way, so for them addresses only.
static uint8_t hash_of(const struct packet *packet)
{
	uint32_t words[9] = {0};
	uint32_t count = packet->flags & PACKET_IPV4 ? 2 : 8;
	struct parse_upper upper;
	uint32_t ports = 0, protocol = 0, hash;

	memcpy(words, parse_source(packet), count * 4);
	if (parse_upper(packet, &upper) && !upper.fragment) {
		protocol = upper.protocol;
		if (has_ports(upper.protocol) && upper.available >= 4)
			memcpy(&ports, packet->frame + upper.offset, 4);
	}
	if (count == 2) {
		hash = rte_jhash_3words(words[0], words[1], ports, protocol);
	} else {
		words[8] = ports;
		hash = rte_jhash_32b(words, 9, protocol);
	}
	return (uint8_t)(hash >> 24);
}

// What follows the packet in its frame is not passed on, but for the padding of a short frame,
// which the next Ethernet puts there again: a trailer (of a tap, or of a capture with checksums)
// would count towards MTUs and rates.
static void cut_trailer(struct packet *packet, uint32_t total_bytes)
{
	uint32_t bytes = PARSE_ETHERNET_BYTES + total_bytes;

	if (bytes < SHORTEST_BYTES)
		bytes = SHORTEST_BYTES;
	if (packet->wire_length <= bytes)
		return;
	packet->wire_length = bytes;
	if (packet->length > bytes)
		packet->length = bytes;
}

static enum parse_kind parse_ipv4(struct packet *packet, bool trusted)
{
	const struct rte_ipv4_hdr *header = ipv4_header(packet);
	uint32_t header_bytes, total_bytes;

	if (packet->length < PARSE_ETHERNET_BYTES + PARSE_IPV4_BYTES)
		return PARSE_REFUSED;
	header_bytes = (uint32_t)(header->version_ihl & 0x0f) * 4;
	total_bytes = read_be16((const uint8_t *)&header->total_length);
	if (header->version_ihl >> 4 != 4 || header_bytes < PARSE_IPV4_BYTES ||
	    PARSE_ETHERNET_BYTES + header_bytes > packet->length || total_bytes < header_bytes ||
	    PARSE_ETHERNET_BYTES + total_bytes > packet->wire_length)
		return PARSE_REFUSED;
	if (!trusted && checksum_ipv4_header((const uint8_t *)header, header_bytes) != 0)
		return PARSE_REFUSED;
	cut_trailer(packet, total_bytes);
	packet->flags |= PACKET_IPV4;
	packet->ttl = header->time_to_live;
	packet->hash = hash_of(packet);
	return PARSE_IPV4;
}

static enum parse_kind parse_ipv6(struct packet *packet)
{
	const struct rte_ipv6_hdr *header = ipv6_header(packet);
	uint32_t total_bytes;

	if (packet->length < PARSE_ETHERNET_BYTES + PARSE_IPV6_BYTES)
		return PARSE_REFUSED;
	total_bytes = PARSE_IPV6_BYTES + read_be16((const uint8_t *)&header->payload_len);
	if (packet->frame[PARSE_ETHERNET_BYTES] >> 4 != 6 ||
	    PARSE_ETHERNET_BYTES + total_bytes > packet->wire_length)
		return PARSE_REFUSED;
	if (total_bytes > PARSE_IPV6_BYTES) // 0 stands for a length elsewhere (RFC 2675)
		cut_trailer(packet, total_bytes);
	packet->flags |= PACKET_IPV6;
	packet->ttl = header->hop_limits;
	packet->hash = hash_of(packet);
	return PARSE_IPV6;
}

static void forget_fields(struct packet *packet)
{
	packet->flags &= PACKET_FLOW | PACKET_COPY | PACKET_DAMAGED;
	packet->layer3 = PARSE_ETHERNET_BYTES;
	packet->ttl = 0;
	packet->hash = 0;
}

enum parse_kind parse_frame(struct packet *packet)
{
	forget_fields(packet);
	if (packet->length < PARSE_ETHERNET_BYTES)
		return PARSE_REFUSED;
	switch (read_be16(packet->frame + 12)) {
	case RTE_ETHER_TYPE_IPV4:
		return parse_ipv4(packet, false);
	case RTE_ETHER_TYPE_IPV6:
		return parse_ipv6(packet);
	case RTE_ETHER_TYPE_ARP:
		return PARSE_ARP;
	default:
		return PARSE_REFUSED;
	}
}

enum parse_kind parse_originated(struct packet *packet)
{
	forget_fields(packet);
	if (packet->length <= PARSE_ETHERNET_BYTES)
		return PARSE_REFUSED;
	if (packet->frame[PARSE_ETHERNET_BYTES] >> 4 == 4)
		return parse_ipv4(packet, true);
	return parse_ipv6(packet);
}
