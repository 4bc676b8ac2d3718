// SPDX-License-Identifier: BSD-3-Clause
// IPv4 fragmentation.
#include "dataplane/engine/fragment.h"

#include <string.h>

#include "dataplane/engine/checksum.h"
#include "dataplane/engine/engine.h"
#include "dataplane/engine/forward.h"
#include "dataplane/engine/parse.h"
#include "dataplane/engine/site.h"

#define UNIT              8 // fragment offsets count in these
#define DONT_FRAGMENT     0x4000
#define MORE_FRAGMENTS    0x2000
#define OFFSET_MASK       0x1fff
#define HEADER_BYTES_MOST 60
#define OPTION_COPIED     0x80 // an option that stands in every fragment

// Offsets in the IPv4 header.
enum { TOTAL_LENGTH = 2, FRAGMENT = 6, CHECKSUM = 10 };
enum { OPTION_END = 0, OPTION_NOTHING = 1 };

// A packet that is being cut up.
struct cut {
	uint8_t first[HEADER_BYTES_MOST]; // header of the first fragment
	uint8_t later[HEADER_BYTES_MOST]; // and of all others, with fewer options
	uint32_t first_bytes;
	uint32_t later_bytes;
	uint32_t data_at;   // of the packet's data in its frame
	uint32_t data;      // bytes
	uint32_t available; // bytes of them that are stored
	uint16_t field;     // flags and offset of the packet itself
};

// The next fragment.
struct piece {
	const uint8_t *header;
	uint32_t header_bytes;
	uint32_t at; // in the packet's data
	uint32_t bytes;
	bool last;
};

static uint16_t read_be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write_be16(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

bool fragment_is_allowed(const struct packet *packet)
{
	return packet->flags & PACKET_IPV4 && !(packet->flags & PACKET_FLOW) &&
	       !(read_be16(packet->frame + packet->layer3 + FRAGMENT) & DONT_FRAGMENT);
}

// The options that are copied, filled up to four bytes with ends; returns the header's length.
static uint32_t copy_options(const uint8_t *header, uint32_t header_bytes, uint8_t *later)
{
	uint32_t used = PARSE_IPV4_BYTES;

	memset(later, 0, HEADER_BYTES_MOST);
	memcpy(later, header, PARSE_IPV4_BYTES);
	for (uint32_t at = PARSE_IPV4_BYTES; at < header_bytes && header[at] != OPTION_END;) {
		uint32_t bytes = 1;

		if (header[at] != OPTION_NOTHING) {
			bytes = header_bytes - at < 2 ? 0 : header[at + 1];
			if (bytes < 2 || bytes > header_bytes - at)
				break;
		}
		if (header[at] & OPTION_COPIED) {
			memcpy(later + used, header + at, bytes);
			used += bytes;
		}
		at += bytes;
	}
	used = (used + 3) & ~UINT32_C(3);
	later[0] = (uint8_t)(0x40 | used / 4);
	return used;
}

// The bytes are read anew, and checked: channels may damage them. False when they are.
static bool begin(const struct packet *packet, struct cut *cut)
{
	const uint8_t *header = packet->frame + packet->layer3;
	uint32_t header_bytes = (uint32_t)(header[0] & 0x0f) * 4;
	uint32_t total = read_be16(header + TOTAL_LENGTH);

	if (header[0] >> 4 != 4 || header_bytes < PARSE_IPV4_BYTES ||
	    packet->layer3 + header_bytes > packet->length || total <= header_bytes ||
	    packet->layer3 + total > packet->wire_length ||
	    checksum_ipv4_header(header, header_bytes) != 0)
		return false;
	memcpy(cut->first, header, header_bytes);
	cut->first_bytes = header_bytes;
	cut->later_bytes = copy_options(header, header_bytes, cut->later);
	cut->data_at = packet->layer3 + header_bytes;
	cut->data = total - header_bytes;
	cut->available = packet->length - cut->data_at;
	if (cut->available > cut->data)
		cut->available = cut->data;
	cut->field = read_be16(header + FRAGMENT);
	// Its last byte would lie beyond the longest packet there is.
	return ((uint32_t)cut->field & OFFSET_MASK) * UNIT + total <= UINT16_MAX;
}

// What comes next behind `at` bytes of data.
static struct piece next_piece(const struct cut *cut, uint32_t at, uint32_t mtu_bytes)
{
	struct piece piece = {
		.header = at == 0 ? cut->first : cut->later,
		.header_bytes = at == 0 ? cut->first_bytes : cut->later_bytes,
		.at = at,
		.bytes = cut->data - at,
		.last = true,
	};

	if (piece.bytes > mtu_bytes - piece.header_bytes) {
		piece.bytes = (mtu_bytes - piece.header_bytes) / UNIT * UNIT;
		piece.last = false;
	}
	return piece;
}

static uint32_t stored_bytes(const struct cut *cut, const struct piece *piece)
{
	uint32_t available = cut->available > piece->at ? cut->available - piece->at : 0;

	return available < piece->bytes ? available : piece->bytes;
}

// Writes header and data of a fragment into a packet, which may be the one that is cut up: nothing
// behind this piece is needed any more then.
static void write_piece(const struct cut *cut, const struct piece *piece, const uint8_t *data,
			struct packet *packet)
{
	uint8_t *header = packet->frame + PARSE_ETHERNET_BYTES;
	uint32_t offset = ((uint32_t)cut->field & OFFSET_MASK) + piece->at / UNIT;
	uint32_t more = piece->last ? cut->field & MORE_FRAGMENTS : MORE_FRAGMENTS;
	uint32_t stored = stored_bytes(cut, piece);

	memmove(header + piece->header_bytes, data, stored);
	memcpy(header, piece->header, piece->header_bytes);
	write_be16(header + TOTAL_LENGTH, piece->header_bytes + piece->bytes);
	write_be16(header + FRAGMENT, more | offset);
	write_be16(header + CHECKSUM, 0);
	checksum_store(header + CHECKSUM, checksum_ipv4_header(header, piece->header_bytes));
	packet->length = PARSE_ETHERNET_BYTES + piece->header_bytes + stored;
	packet->wire_length = PARSE_ETHERNET_BYTES + piece->header_bytes + piece->bytes;
	parse_originated(packet);
}

// A block for all fragments but the last, which stays in the packet's own. PACKET_NONE, and counted
// as made and lost, when memory is out.
static packet_ref new_piece(const struct site_context *context, packet_ref ref,
			    const struct cut *cut, const struct piece *piece)
{
	struct engine_site_counters *counters =
		worker_site_counters(context->worker, context->site);
	packet_ref part =
		worker_part(context->worker, ref,
			    PARSE_ETHERNET_BYTES + piece->header_bytes + stored_bytes(cut, piece));

	counters->fragmented++;
	if (part == PACKET_NONE)
		counters->lost[DROP_MEMORY]++;
	return part;
}

void fragment_packet(const struct site_context *context, packet_ref ref, uint32_t mtu_bytes,
		     void (*send)(const struct site_context *context, const void *way,
				  packet_ref ref),
		     const void *way)
{
	struct worker *worker = context->worker;
	struct packet *packet = worker_packet(worker, ref);
	struct cut cut;
	struct piece piece;

	packet_refresh_ttl(packet);
	if (!begin(packet, &cut)) {
		worker_lose(worker, context->site, ref, DROP_NO_ROUTE, context->at_ns);
		return;
	}
	if (mtu_bytes < cut.first_bytes + UNIT) {
		worker_lose(worker, context->site, ref, DROP_MTU, context->at_ns);
		return;
	}
	piece = next_piece(&cut, 0, mtu_bytes);
	while (!piece.last) {
		packet_ref part = new_piece(context, ref, &cut, &piece);

		if (part != PACKET_NONE) {
			struct packet *bytes = worker_packet(worker, part);

			memcpy(bytes->frame, packet->frame, PARSE_ETHERNET_BYTES);
			write_piece(&cut, &piece, packet->frame + cut.data_at + piece.at, bytes);
			send(context, way, part);
		}
		piece = next_piece(&cut, piece.at + piece.bytes, mtu_bytes);
	}
	write_piece(&cut, &piece, packet->frame + cut.data_at + piece.at, packet);
	send(context, way, ref);
}
