// SPDX-License-Identifier: BSD-3-Clause
// Packets that routers cut up on their way: which received fragments were sent as something else.
// Routers fragment IPv4 packets without DF (RFC 791); the fragments are no frames that were sent,
// and no fault either.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What was sent, by hashes of 64 bits: packets that may be cut up, and fragments as they are.
// Zero-initialise; verify_pieces_fini frees.
struct verify_pieces {
	uint64_t *slots; // open addressing; 0: free
	size_t size;     // a power of two, or 0
	size_t count;
	bool incomplete; // memory was short
};

// One IPv4 packet: the 20 bytes of its header, and source and target as the receiver knows them (4
// bytes each).
struct verify_datagram {
	const uint8_t *header;
	const uint8_t *source;
	const uint8_t *target;
};

// Remembers a sent packet, unless it has DF. When memory is short, `incomplete` is set.
void verify_pieces_sent(struct verify_pieces *pieces, const struct verify_datagram *datagram);

// Is a received packet a fragment of one that was sent, but was not sent as it is?
bool verify_pieces_cut(const struct verify_pieces *pieces, const struct verify_datagram *datagram);

void verify_pieces_fini(struct verify_pieces *pieces);
