// SPDX-License-Identifier: BSD-3-Clause
// IPv4 packets that routers cut up on the way, put together again.
#include "pcaps/fragments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET    14
#define HEADER_MOST 60
#define UNIT        8 // fragments begin at multiples of it
#define UNITS       8192
#define BYTES_MOST  (UNITS * UNIT)
#define AT_ONCE     256

#define DONT_FRAGMENT  0x4000u
#define MORE_FRAGMENTS 0x2000u
#define OFFSET_MASK    0x1fffu

// One packet of which parts have come.
struct datagram {
	uint32_t key;  // 0: none
	uint64_t used; // when a part came last, by the count of parts
	uint32_t header;
	uint32_t payload; // bytes; 0: its last part has not come
	uint32_t units;   // that have come
	bool begun;       // its first part has come
	uint8_t *bytes;   // room for an Ethernet header, an IP header and the payload
	uint8_t seen[UNITS / 8];
	uint32_t shortest; // payload bytes captured without a hole, from the beginning
};

struct fragments {
	uint64_t count;
	struct datagram datagrams[AT_ONCE];
};

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

// The IPv4 header of a frame, or NULL.
static const uint8_t *find_ipv4(const uint8_t *bytes, uint32_t captured)
{
	uint32_t type;
	uint32_t layer3 = digest_layer3(bytes, captured, &type);
	const uint8_t *ip = bytes + layer3;
	uint32_t header;

	if (type != 0x0800 || captured < layer3 + 20 || ip[0] >> 4 != 4)
		return NULL;
	header = (uint32_t)(ip[0] & 15) * 4;
	return header >= 20 && captured >= layer3 + header && get16(ip + 2) >= header ? ip : NULL;
}

// 32 bits of it are enough: what they are for is held against content, too.
static uint32_t datagram_key(const struct digest_options *options, const uint8_t *ip)
{
	uint64_t hash = (uint64_t)get16(ip + 4) << 8 | ip[9];

	for (int i = 12; i < 20 && !options->ignore_addresses; i++)
		hash = (hash ^ ip[i]) * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash >> 32) | 1;
}

enum fragments_kind fragments_kind(const struct digest_options *options, const uint8_t *bytes,
				   uint32_t captured, uint32_t *datagram)
{
	const uint8_t *ip = find_ipv4(bytes, captured);
	uint32_t flags = ip ? get16(ip + 6) : 0;

	*datagram = 0;
	if (!ip || flags & DONT_FRAGMENT)
		return FRAGMENTS_NONE;
	*datagram = datagram_key(options, ip);
	return flags & (MORE_FRAGMENTS | OFFSET_MASK) ? FRAGMENTS_PART : FRAGMENTS_MAY_CUT;
}

struct fragments *fragments_create(void)
{
	return calloc(1, sizeof(struct fragments));
}

void fragments_destroy(struct fragments *fragments)
{
	for (size_t i = 0; fragments && i < AT_ONCE; i++)
		free(fragments->datagrams[i].bytes);
	free(fragments);
}

// The packet with this key, or the place of the one that was touched longest ago.
static struct datagram *find_datagram(struct fragments *fragments, uint32_t key)
{
	struct datagram *oldest = &fragments->datagrams[0];

	for (size_t i = 0; i < AT_ONCE; i++) {
		struct datagram *datagram = &fragments->datagrams[i];

		if (datagram->key == key)
			return datagram;
		if (datagram->key == 0 || datagram->used < oldest->used)
			oldest = datagram;
	}
	return oldest;
}

static int begin(struct datagram *datagram, uint32_t key)
{
	uint8_t *bytes = datagram->bytes;

	if (!bytes)
		bytes = malloc(ETHERNET + HEADER_MOST + BYTES_MOST);
	*datagram = (struct datagram){.key = key, .bytes = bytes, .shortest = UINT32_MAX};
	return bytes ? 0 : -ENOMEM;
}

static void take_units(struct datagram *datagram, uint32_t from, uint32_t count)
{
	for (uint32_t unit = from; unit < from + count; unit++) {
		uint8_t bit = (uint8_t)(1u << unit % 8);

		datagram->units += !(datagram->seen[unit / 8] & bit);
		datagram->seen[unit / 8] |= bit;
	}
}

static uint32_t units_of(uint32_t bytes)
{
	return (bytes + UNIT - 1) / UNIT;
}

static uint8_t *payload_of(const struct datagram *datagram)
{
	return datagram->bytes + ETHERNET + HEADER_MOST;
}

// The digest of the whole: of the first part's header with the length and flags of the whole.
static struct digest digest_whole(const struct datagram *datagram,
				  const struct digest_options *options)
{
	uint8_t *ip = payload_of(datagram) - datagram->header;
	uint32_t length = datagram->header + datagram->payload;
	uint32_t there =
		datagram->shortest < datagram->payload ? datagram->shortest : datagram->payload;
	uint8_t *frame = ip - ETHERNET;

	memset(frame, 0, ETHERNET);
	frame[12] = 0x08;
	ip[2] = (uint8_t)(length >> 8);
	ip[3] = (uint8_t)length;
	ip[6] = ip[7] = 0;
	return digest_frame(options, frame, ETHERNET + datagram->header + there, ETHERNET + length);
}

int fragments_add(struct fragments *fragments, const struct digest_options *options,
		  const uint8_t *bytes, uint32_t captured, struct digest *whole)
{
	const uint8_t *ip = find_ipv4(bytes, captured);
	uint32_t header, flags, offset, payload, there, key;
	struct datagram *datagram;

	if (!ip)
		return 0;
	header = (uint32_t)(ip[0] & 15) * 4;
	flags = get16(ip + 6);
	offset = (flags & OFFSET_MASK) * UNIT;
	payload = get16(ip + 2) - header;
	there = captured - (uint32_t)(ip - bytes) - header;
	there = there < payload ? there : payload;
	if (offset + payload > UINT16_MAX - header || payload == 0)
		return 0; // no packet is that long
	key = datagram_key(options, ip);
	datagram = find_datagram(fragments, key);
	if (datagram->key != key && begin(datagram, key) < 0)
		return -ENOMEM;
	datagram->used = ++fragments->count;
	memcpy(payload_of(datagram) + offset, bytes + (ip - bytes) + header, there);
	if (there < payload && offset + there < datagram->shortest)
		datagram->shortest = offset + there;
	take_units(datagram, offset / UNIT, units_of(payload));
	if (!(flags & MORE_FRAGMENTS))
		datagram->payload = offset + payload;
	if (offset == 0) {
		datagram->begun = true;
		datagram->header = header;
		memcpy(payload_of(datagram) - header, ip, header);
	}
	if (!datagram->begun || datagram->payload == 0 ||
	    datagram->units < units_of(datagram->payload))
		return 0;
	*whole = digest_whole(datagram, options);
	datagram->key = 0;
	return 1;
}
