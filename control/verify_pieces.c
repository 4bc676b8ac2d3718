// SPDX-License-Identifier: BSD-3-Clause
// A set of hashes of sent packets.
#include "control/verify_pieces.h"

#include <stdlib.h>
#include <string.h>

#define DONT_FRAGMENT 0x40 // in the byte at offset 6
#define PLACE         0x3f // more fragments, and the top of the offset
#define SLOTS_LEAST   1024

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static uint64_t datagram_of(const struct verify_datagram *datagram)
{
	const uint8_t *ip = datagram->header;
	uint32_t source, target;
	uint64_t hash = (uint64_t)ip[4] << 16 | (uint64_t)ip[5] << 8 | ip[9];

	memcpy(&source, datagram->source, sizeof(source));
	memcpy(&target, datagram->target, sizeof(target));
	hash = mix(hash + UINT64_C(0x9e3779b97f4a7c15));
	return mix(hash ^ ((uint64_t)source << 32 | target)) | 1; // 0 is a free slot
}

// The same with its place in the datagram, and its length.
static uint64_t piece_of(const struct verify_datagram *datagram)
{
	const uint8_t *ip = datagram->header;
	uint64_t place = (uint64_t)(ip[6] & PLACE) << 24 | (uint64_t)ip[7] << 16 |
			 (uint64_t)ip[2] << 8 | ip[3];

	return mix(datagram_of(datagram) ^ mix(place + 1)) | 1;
}

static bool is_piece(const struct verify_datagram *datagram)
{
	return datagram->header[6] & PLACE || datagram->header[7];
}

static void insert(uint64_t *slots, size_t size, uint64_t key)
{
	size_t slot = key >> 1 & (size - 1);

	while (slots[slot] && slots[slot] != key)
		slot = (slot + 1) & (size - 1);
	slots[slot] = key;
}

static bool has(const struct verify_pieces *pieces, uint64_t key)
{
	if (pieces->size == 0)
		return false;
	for (size_t slot = key >> 1 & (pieces->size - 1); pieces->slots[slot];
	     slot = (slot + 1) & (pieces->size - 1))
		if (pieces->slots[slot] == key)
			return true;
	return false;
}

static bool grow(struct verify_pieces *pieces)
{
	size_t size = pieces->size ? 2 * pieces->size : SLOTS_LEAST;
	uint64_t *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < pieces->size; i++)
		if (pieces->slots[i])
			insert(slots, size, pieces->slots[i]);
	free(pieces->slots);
	pieces->slots = slots;
	pieces->size = size;
	return true;
}

static void add(struct verify_pieces *pieces, uint64_t key)
{
	if (has(pieces, key))
		return;
	if (2 * pieces->count >= pieces->size && !grow(pieces)) {
		pieces->incomplete = true;
		return;
	}
	insert(pieces->slots, pieces->size, key);
	pieces->count++;
}

void verify_pieces_sent(struct verify_pieces *pieces, const struct verify_datagram *datagram)
{
	if (datagram->header[6] & DONT_FRAGMENT)
		return;
	add(pieces, datagram_of(datagram));
	if (is_piece(datagram))
		add(pieces, piece_of(datagram));
}

bool verify_pieces_cut(const struct verify_pieces *pieces, const struct verify_datagram *datagram)
{
	return is_piece(datagram) && has(pieces, datagram_of(datagram)) &&
	       !has(pieces, piece_of(datagram));
}

void verify_pieces_fini(struct verify_pieces *pieces)
{
	free(pieces->slots);
	*pieces = (struct verify_pieces){0};
}
