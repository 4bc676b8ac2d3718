// SPDX-License-Identifier: BSD-3-Clause
// What identifies a frame wherever it is seen.
#include "pcaps/digest.h"

#include <string.h>

#include "dataplane/model/frame.h"

#define LANES           8
#define ODD_FACTOR      UINT64_C(0x9e3779b97f4a7c15) // 2^64 / golden ratio: bits spread evenly
#define ETHERNET        14
#define TAG_BYTES       4
#define PROTOCOL_TCP    6
#define PROTOCOL_UDP    17
#define PROTOCOL_ICMPV6 58
#define HEAD_BYTES      64 // whole words; Ethernet, two tags and IPv6's fixed header

struct hasher {
	uint64_t lane[LANES];
	unsigned next; // lane of the next word
};

static void add_word(struct hasher *hasher, uint64_t word)
{
	uint64_t *lane = &hasher->lane[hasher->next];
	uint64_t mixed = *lane ^ word;

	// The rotation brings the top bits, which a product never passes on, to the bottom.
	*lane = (mixed << 29 | mixed >> 35) * ODD_FACTOR;
	hasher->next = (hasher->next + 1) % LANES;
}

static void add_bytes(struct hasher *hasher, const uint8_t *bytes, uint32_t count)
{
	uint64_t word;

	for (; count >= 8; bytes += 8, count -= 8) {
		memcpy(&word, bytes, 8);
		add_word(hasher, word);
	}
	if (count == 0)
		return;
	word = 0;
	memcpy(&word, bytes, count);
	add_word(hasher, word ^ (uint64_t)count << 56);
}

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 32) * ODD_FACTOR;
	value = (value ^ value >> 29) * ODD_FACTOR;
	return value ^ value >> 32;
}

static void finish(const struct hasher *hasher, struct digest *digest)
{
	uint64_t key = digest->length;

	digest->lanes = 0;
	for (unsigned i = 0; i < LANES; i++) {
		uint64_t mixed = mix(hasher->lane[i]);

		digest->lanes |= (mixed >> 56) << 8 * i;
		key = mix(key * ODD_FACTOR ^ mixed);
	}
	digest->key = key;
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t least(uint32_t one, uint32_t other)
{
	return one < other ? one : other;
}

// Layer 4 without the checksums that cover addresses; `first` says that its header is in this
// packet.
static void add_layer4(struct hasher *hasher, const uint8_t *bytes, uint32_t count,
		       unsigned protocol, bool first)
{
	uint32_t checksum = protocol == PROTOCOL_TCP      ? 16
			    : protocol == PROTOCOL_UDP    ? 6
			    : protocol == PROTOCOL_ICMPV6 ? 2
							  : UINT32_MAX;

	if (!first || checksum == UINT32_MAX || count < checksum + 2) {
		add_bytes(hasher, bytes, count);
		return;
	}
	add_bytes(hasher, bytes, checksum);
	add_bytes(hasher, bytes + checksum + 2, count - checksum - 2);
}

// False when it is no whole IPv4 header.
static bool digest_ipv4(const struct digest_options *options, const uint8_t *ip, uint32_t captured,
			struct digest *digest, struct hasher *hasher)
{
	uint32_t header = (uint32_t)(ip[0] & 15) * 4;
	uint32_t length = get16(ip + 2);
	uint32_t fragment;

	if (header < 20 || captured < header || length < header)
		return false;
	captured = least(captured, length); // what follows is the padding of a short frame
	fragment = get16(ip + 6);
	digest->length = length;
	add_word(hasher, (uint64_t)length << 40 | (uint64_t)get16(ip + 4) << 24 |
				 (uint64_t)(fragment & 0x3fff) << 8 | ip[9]);
	if (!options->ignore_addresses)
		add_bytes(hasher, ip + 12, 8);
	add_layer4(hasher, ip + header, captured - header, ip[9], (fragment & 0x1fff) == 0);
	return true;
}

static bool digest_ipv6(const struct digest_options *options, const uint8_t *ip, uint32_t captured,
			struct digest *digest, struct hasher *hasher)
{
	uint32_t length;

	if (captured < 40)
		return false;
	length = 40 + get16(ip + 4);
	captured = least(captured, length);
	digest->length = length;
	add_word(hasher, (uint64_t)length << 8 | ip[6]);
	if (!options->ignore_addresses)
		add_bytes(hasher, ip + 8, 32);
	add_layer4(hasher, ip + 40, captured - 40, ip[6], true);
	return true;
}

uint32_t digest_layer3(const uint8_t *bytes, uint32_t captured, uint32_t *type)
{
	uint32_t at = ETHERNET;

	*type = 0;
	while (captured >= at) {
		*type = get16(bytes + at - 2);
		if (*type != 0x8100 && *type != 0x88a8 && *type != 0x9100)
			break;
		at += TAG_BYTES;
		*type = 0;
	}
	return at;
}

static bool digest_routed(const struct digest_options *options, const uint8_t *bytes,
			  uint32_t captured, struct digest *digest, struct hasher *hasher)
{
	uint32_t type;
	uint32_t layer3 = digest_layer3(bytes, captured, &type);
	const uint8_t *ip = bytes + layer3;
	uint32_t rest;

	if (type == 0 || captured < layer3 + 20)
		return false;
	rest = captured - layer3;
	if (options->most_bytes)
		rest = least(rest, options->most_bytes);
	digest->layer3 = layer3;
	if (type == 0x0800 && ip[0] >> 4 == 4)
		return digest_ipv4(options, ip, rest, digest, hasher);
	if (type == 0x86dd && ip[0] >> 4 == 6)
		return digest_ipv6(options, ip, rest, digest, hasher);
	return false;
}

static uint8_t ttl_of(const uint8_t *bytes, uint32_t captured)
{
	uint32_t type;
	uint32_t layer3 = digest_layer3(bytes, captured, &type);

	if (captured < layer3 + 20)
		return 0;
	return type == 0x0800 ? bytes[layer3 + 8] : type == 0x86dd ? bytes[layer3 + 7] : 0;
}

// Takes DSCP and ECN out of a frame's first bytes: the bits cleared and IPv4's checksum mended for
// that (RFC 1624, equation 3), so that a frame that a policer or a queue has marked stays the same
// and a flipped bit shows.
static void clear_marks(uint8_t *head, uint32_t count)
{
	bool ipv6 = false;
	uint32_t sum, layer3 = frame_ip_offset(head, count, &ipv6);
	uint8_t *ip = head + layer3;

	if (layer3 == 0)
		return;
	if (ipv6) {
		ip[0] &= 0xf0;
		ip[1] &= 0x0f;
		return;
	}
	sum = (~get16(ip + 10) & 0xffff) + (~get16(ip) & 0xffff);
	ip[1] = 0;
	sum += get16(ip);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void digest_whole(const uint8_t *bytes, uint32_t captured, struct hasher *hasher)
{
	uint8_t head[HEAD_BYTES];
	uint32_t count = least(captured, HEAD_BYTES);

	memcpy(head, bytes, count);
	clear_marks(head, count);
	add_bytes(hasher, head, count);
	add_bytes(hasher, bytes + count, captured - count);
}

struct digest digest_frame(const struct digest_options *options, const uint8_t *bytes,
			   uint32_t captured, uint32_t wire_length)
{
	struct digest digest = {0};
	struct hasher hasher = {{0}, 0};

	if (options->scope != DIGEST_ROUTED ||
	    !digest_routed(options, bytes, captured, &digest, &hasher)) {
		digest.layer3 = 0;
		digest.length = wire_length;
		digest_whole(bytes,
			     options->most_bytes ? least(captured, options->most_bytes) : captured,
			     &hasher);
	}
	digest.ttl = ttl_of(bytes, captured);
	finish(&hasher, &digest);
	return digest;
}

unsigned digest_lanes_that_differ(uint64_t lanes, uint64_t other)
{
	uint64_t different = lanes ^ other;
	unsigned count = 0;

	for (unsigned i = 0; i < LANES; i++)
		count += (different >> 8 * i & 0xff) != 0;
	return count;
}
