// SPDX-License-Identifier: BSD-3-Clause
// IPv4 packets that routers cut up on the way: their fragments become the packet again, which
// counts as arrived with the last of them (RFC 7679 section 3: a packet that is fragmented and not
// put together is lost).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcaps/digest.h"

enum fragments_kind {
	FRAGMENTS_NONE,    // no IPv4 packet, or one that may not be cut up (DF)
	FRAGMENTS_MAY_CUT, // a whole one that may be
	FRAGMENTS_PART     // a fragment
};

// What a frame is, and in *datagram what all parts of its packet share (its identification,
// protocol and, unless they are ignored, its addresses); 0 with FRAGMENTS_NONE.
enum fragments_kind fragments_kind(const struct digest_options *options, const uint8_t *bytes,
				   uint32_t captured, uint32_t *datagram);

// Packets whose parts are being collected. NULL when memory is short.
struct fragments;
struct fragments *fragments_create(void);
void fragments_destroy(struct fragments *fragments); // NULL is allowed

// Takes one fragment. 1 and the digest of the whole when it was the last part that was missing, 0
// when others are, -ENOMEM. Of more than 256 packets at once the oldest is given up.
int fragments_add(struct fragments *fragments, const struct digest_options *options,
		  const uint8_t *bytes, uint32_t captured, struct digest *whole);
