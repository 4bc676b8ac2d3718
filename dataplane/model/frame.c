// SPDX-License-Identifier: BSD-3-Clause
// Headers of frames: just as much of them as queues and loss models ask for.
#include "dataplane/model/frame.h"

#include <string.h>

#define ETHERNET_BYTES  14
#define VLAN_BYTES      4
#define IPV4_BYTES      20
#define IPV6_BYTES      40
#define EXTENSIONS_MOST 8
#define TCP             6

static uint32_t be16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t mix(uint32_t hash, uint32_t word)
{
	hash = (hash ^ word) * UINT32_C(0x85ebca6b);
	hash ^= hash >> 15;
	hash *= UINT32_C(0xc2b2ae35);
	return hash ^ hash >> 13;
}

static uint32_t mix_bytes(uint32_t hash, const uint8_t *bytes, uint32_t count)
{
	uint32_t word;

	for (uint32_t i = 0; i + 4 <= count; i += 4) {
		memcpy(&word, bytes + i, 4);
		hash = mix(hash, word);
	}
	return hash;
}

uint32_t frame_ip_offset(const uint8_t *bytes, uint32_t stored, bool *ipv6)
{
	uint32_t at = ETHERNET_BYTES, type;

	if (stored < ETHERNET_BYTES)
		return 0;
	type = be16(bytes + at - 2);
	for (int tag = 0; tag < 2 && (type == 0x8100 || type == 0x88a8); tag++) {
		at += VLAN_BYTES;
		if (at > stored)
			return 0;
		type = be16(bytes + at - 2);
	}
	*ipv6 = type == 0x86dd;
	if (type == 0x0800 && at + IPV4_BYTES <= stored && bytes[at] >> 4 == 4)
		return at;
	if (type == 0x86dd && at + IPV6_BYTES <= stored && bytes[at] >> 4 == 6)
		return at;
	return 0;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == TCP || protocol == 17 || protocol == 33 || protocol == 132 ||
	       protocol == 136;
}

// The upper layer of `upper_bytes`, of which `stored` are there.
static void read_upper(const uint8_t *upper, uint32_t stored, uint32_t upper_bytes,
		       struct channel_frame *frame)
{
	if (!has_ports(frame->protocol) || stored < 4)
		return;
	frame->source_port = (uint16_t)be16(upper);
	frame->target_port = (uint16_t)be16(upper + 2);
	frame->flow = mix(frame->flow, (uint32_t)frame->source_port << 16 | frame->target_port);
	if (frame->protocol == TCP && stored >= IPV4_BYTES)
		frame->is_segment = upper_bytes > (uint32_t)(upper[12] >> 4) * 4;
}

static void read_ipv4(const uint8_t *ip, uint32_t stored, struct channel_frame *frame)
{
	uint32_t header = (uint32_t)(ip[0] & 15) * 4, total = be16(ip + 2);

	frame->dscp = ip[1] >> 2;
	frame->ecn = ip[1] & 3;
	frame->protocol = ip[9];
	frame->flow = mix(mix_bytes(frame->flow, ip + 12, 8), frame->protocol);
	if ((be16(ip + 6) & 0x3fff) == 0 && header >= IPV4_BYTES && header <= stored &&
	    header <= total)
		read_upper(ip + header, stored - header, total - header, frame);
}

// Where the upper layer begins; false for a fragment, or when it is cut off.
static bool skip_extensions(const uint8_t *ip, uint32_t stored, struct channel_frame *frame,
			    uint32_t *at)
{
	frame->protocol = ip[6];
	*at = IPV6_BYTES;
	for (int i = 0; i < EXTENSIONS_MOST; i++) {
		uint8_t kind = frame->protocol;

		if (kind == 44) {
			if (*at + 8 <= stored)
				frame->protocol = ip[*at];
			return false;
		}
		if (kind != 0 && kind != 43 && kind != 60)
			return *at <= stored;
		if (*at + 8 > stored)
			return false;
		frame->protocol = ip[*at];
		*at += (uint32_t)ip[*at + 1] * 8 + 8;
		if (*at > stored)
			return false;
	}
	return false;
}

static void read_ipv6(const uint8_t *ip, uint32_t stored, struct channel_frame *frame)
{
	uint32_t at, total = IPV6_BYTES + be16(ip + 4);
	uint8_t traffic_class = (uint8_t)(be16(ip) >> 4);
	bool whole = skip_extensions(ip, stored, frame, &at);

	frame->dscp = traffic_class >> 2;
	frame->ecn = traffic_class & 3;
	frame->flow = mix(mix_bytes(frame->flow, ip + 8, 32), frame->protocol);
	if (whole && at <= total)
		read_upper(ip + at, stored - at, total - at, frame);
}

void frame_read(const uint8_t *bytes, uint32_t stored, struct channel_frame *frame)
{
	bool ipv6 = false;
	uint32_t ip = frame_ip_offset(bytes, stored, &ipv6);

	*frame = (struct channel_frame){.bytes = frame->bytes, .handle = frame->handle};
	if (ip && ipv6)
		read_ipv6(bytes + ip, stored - ip, frame);
	else if (ip)
		read_ipv4(bytes + ip, stored - ip, frame);
	else if (stored >= ETHERNET_BYTES)
		frame->flow = mix(mix_bytes(0, bytes, 12), be16(bytes + 12));
}

// The checksum after a word under it has changed (RFC 1624, equation 3).
static void mend_checksum(uint8_t *at, uint32_t before, uint32_t after)
{
	uint32_t sum = (~be16(at) & 0xffff) + (~before & 0xffff) + after;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

bool frame_mark_ce(uint8_t *bytes, uint32_t stored)
{
	bool ipv6 = false;
	uint32_t at = frame_ip_offset(bytes, stored, &ipv6);
	uint8_t *ip = bytes + at;
	uint32_t before;

	if (at == 0)
		return false;
	if (ipv6) {
		if ((ip[1] & 0x30) == 0)
			return false;
		ip[1] |= 0x30;
		return true;
	}
	if ((ip[1] & 3) == 0)
		return false;
	before = be16(ip);
	ip[1] |= 3;
	mend_checksum(ip + 10, before, be16(ip));
	return true;
}

bool frame_mark_dscp(uint8_t *bytes, uint32_t stored, uint8_t dscp)
{
	bool ipv6 = false;
	uint32_t at = frame_ip_offset(bytes, stored, &ipv6);
	uint8_t *ip = bytes + at;
	uint32_t before;

	if (at == 0)
		return false;
	if (ipv6) {
		ip[0] = (uint8_t)((ip[0] & 0xf0) | dscp >> 2);
		ip[1] = (uint8_t)((ip[1] & 0x3f) | (dscp & 3) << 6);
		return true;
	}
	before = be16(ip);
	ip[1] = (uint8_t)((ip[1] & 3) | dscp << 2);
	mend_checksum(ip + 10, before, be16(ip));
	return true;
}
