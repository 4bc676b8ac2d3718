// SPDX-License-Identifier: BSD-3-Clause
// Rewrites the addresses of a frame. Checksums are updated by the difference, never recomputed: so
// it works on frames that are cut short, and a wrong checksum (offload) stays wrong.
#include "control/map.h"

#include <stdbool.h>
#include <string.h>

#include "control/compile_prefixes.h"

enum { ETHER_IPV4 = 0x0800, ETHER_ARP = 0x0806, ETHER_IPV6 = 0x86dd };
enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_DCCP = 33, IP_ICMPV6 = 58, IP_UDP_LITE = 136 };
enum { EXT_HOPS = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_AH = 51, EXT_OPTIONS = 60 };

struct maps {
	const struct prefix *from;
	const struct prefix *to;
	size_t count;
};

static void rewrite_packet(const struct maps *maps, uint8_t *ip, uint32_t length, bool quoted);

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

// One's-complement sum of 16-bit words, an odd byte padded with zero; not folded.
static uint32_t sum16(const uint8_t *bytes, uint32_t length)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < length; i += 2)
		sum += get16(bytes + i);
	return length % 2 ? sum + ((uint32_t)bytes[length - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

// Moves a checksum by what the data has changed: HC' = ~(~HC + ~m + m') (RFC 1624, eqn. 3).
static void update(uint8_t *checksum, uint32_t before, uint32_t after)
{
	uint32_t sum = (uint16_t)~get16(checksum);
	uint16_t result;

	if (fold(before) == fold(after))
		return;
	sum += (uint16_t)~fold(before);
	sum += fold(after);
	result = (uint16_t)~fold(sum);
	checksum[0] = (uint8_t)(result >> 8);
	checksum[1] = (uint8_t)result;
}

static void rewrite_address(const struct maps *maps, enum address_family family, uint8_t *bytes)
{
	struct address address = {.family = family};

	memcpy(address.bytes, bytes, family == ADDRESS_IPV4 ? 4 : 16);
	for (size_t i = 0; i < maps->count; i++) {
		uint8_t length = maps->from[i].length;

		if (!compile_prefix_holds(&maps->from[i], &address))
			continue;
		memcpy(bytes, maps->to[i].address.bytes, length / 8);
		if (length % 8) {
			uint8_t hosts = (uint8_t)(0xff >> length % 8);

			bytes[length / 8] = (uint8_t)((maps->to[i].address.bytes[length / 8] &
						       (uint8_t)~hosts) |
						      (bytes[length / 8] & hosts));
		}
		return;
	}
}

// A transport checksum that covers the addresses moves with them.
static void update_transport(uint8_t protocol, uint8_t *segment, uint32_t length, uint32_t before,
			     uint32_t after)
{
	uint32_t at;

	switch (protocol) {
	case IP_TCP:
		at = 16;
		break;
	case IP_UDP:
	case IP_UDP_LITE:
	case IP_DCCP:
		at = 6;
		break;
	case IP_ICMPV6:
		at = 2;
		break;
	default:
		return;
	}
	if (length < at + 2)
		return;
	if (protocol == IP_UDP && get16(segment + at) == 0)
		return; // none was sent
	update(segment + at, before, after);
	if (protocol == IP_UDP && get16(segment + at) == 0)
		memset(segment + at, 0xff, 2);
}

// Addresses inside an ICMP message: the packet that an error quotes, or the target of ND.
static void rewrite_icmp(const struct maps *maps, uint8_t protocol, uint8_t *message,
			 uint32_t length)
{
	uint8_t type = length ? message[0] : 0;
	bool v6 = protocol == IP_ICMPV6;
	uint32_t before;

	if (length < 8)
		return;
	before = sum16(message + 8, length - 8);
	if (v6 ? type >= 1 && type <= 4 : type == 3 || type == 5 || type == 11 || type == 12)
		rewrite_packet(maps, message + 8, length - 8, true);
	else if (v6 && type >= 135 && type <= 137 && length >= 24)
		rewrite_address(maps, ADDRESS_IPV6, message + 8);
	if (v6 && type == 137 && length >= 40) // a redirect names the destination too
		rewrite_address(maps, ADDRESS_IPV6, message + 24);
	update(message + 2, before, sum16(message + 8, length - 8));
}

static void rewrite_transport(const struct maps *maps, uint8_t protocol, uint8_t *segment,
			      uint32_t length, uint32_t before, uint32_t after, bool quoted)
{
	update_transport(protocol, segment, length, before, after);
	if (!quoted && (protocol == IP_ICMP || protocol == IP_ICMPV6))
		rewrite_icmp(maps, protocol, segment, length);
}

static void rewrite_ipv4(const struct maps *maps, uint8_t *ip, uint32_t length, bool quoted)
{
	uint32_t header = (ip[0] & 0xf) * 4u;
	uint32_t total = length >= 20 ? get16(ip + 2) : 0;
	uint32_t before, after;

	if (length < 20 || header < 20 || header > length)
		return;
	// Ethernet pads short packets; what lies behind the packet is not its own.
	if (total >= header && total < length)
		length = total;
	before = sum16(ip + 12, 8);
	rewrite_address(maps, ADDRESS_IPV4, ip + 12);
	rewrite_address(maps, ADDRESS_IPV4, ip + 16);
	after = sum16(ip + 12, 8);
	update(ip + 10, before, after);
	if ((get16(ip + 6) & 0x1fff) == 0) // later fragments have no transport header
		rewrite_transport(maps, ip[9], ip + header, length - header, before, after, quoted);
}

// Where the transport header lies behind extension headers, and its protocol; 0 if there is none.
static uint32_t skip_extensions(const uint8_t *ip, uint32_t length, uint8_t *protocol)
{
	uint32_t at = 40;

	*protocol = ip[6];
	while (at + 8 <= length) {
		uint32_t size = (ip[at + 1] + 1u) * 8;

		if (*protocol == EXT_FRAGMENT) {
			if (get16(ip + at + 2) & 0xfff8)
				return 0;
			size = 8;
		} else if (*protocol == EXT_AH) {
			size = (ip[at + 1] + 2u) * 4;
		} else if (*protocol != EXT_HOPS && *protocol != EXT_ROUTING &&
			   *protocol != EXT_OPTIONS) {
			return at;
		}
		*protocol = ip[at];
		at += size;
	}
	return at <= length ? at : 0;
}

static void rewrite_ipv6(const struct maps *maps, uint8_t *ip, uint32_t length, bool quoted)
{
	uint32_t total = length >= 40 ? 40u + get16(ip + 4) : 0;
	uint32_t before, after, at;
	uint8_t protocol;

	if (length < 40)
		return;
	if (total > 40 && total < length)
		length = total;
	before = sum16(ip + 8, 32);
	rewrite_address(maps, ADDRESS_IPV6, ip + 8);
	rewrite_address(maps, ADDRESS_IPV6, ip + 24);
	after = sum16(ip + 8, 32);
	at = skip_extensions(ip, length, &protocol);
	if (at)
		rewrite_transport(maps, protocol, ip + at, length - at, before, after, quoted);
}

static void rewrite_packet(const struct maps *maps, uint8_t *ip, uint32_t length, bool quoted)
{
	if (length == 0)
		return;
	if (ip[0] >> 4 == 4)
		rewrite_ipv4(maps, ip, length, quoted);
	else if (ip[0] >> 4 == 6)
		rewrite_ipv6(maps, ip, length, quoted);
}

static void rewrite_arp(const struct maps *maps, uint8_t *arp, uint32_t length)
{
	uint32_t hardware = length >= 8 ? arp[4] : 0;

	if (length < 8 + 2 * hardware + 8 || get16(arp + 2) != ETHER_IPV4 || arp[5] != 4)
		return;
	rewrite_address(maps, ADDRESS_IPV4, arp + 8 + hardware);
	rewrite_address(maps, ADDRESS_IPV4, arp + 8 + 2 * hardware + 4);
}

void map_frame(const struct prefix *from, const struct prefix *to, size_t count, uint8_t *bytes,
	       uint32_t length)
{
	const struct maps maps = {.from = from, .to = to, .count = count};
	uint32_t at = 12;
	uint16_t type;

	while (at + 6 <= length && (get16(bytes + at) == 0x8100 || get16(bytes + at) == 0x88a8 ||
				    get16(bytes + at) == 0x9100))
		at += 4;
	if (count == 0 || at + 2 > length)
		return;
	type = get16(bytes + at);
	at += 2;
	if (type == ETHER_ARP)
		rewrite_arp(&maps, bytes + at, length - at);
	else if ((type == ETHER_IPV4 || type == ETHER_IPV6) && at < length)
		rewrite_packet(&maps, bytes + at, length - at, false);
}
