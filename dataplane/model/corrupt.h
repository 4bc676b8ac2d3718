// SPDX-License-Identifier: BSD-3-Clause
// Which packets of a channel are damaged, and the damage: bits flipped anywhere behind the Ethernet
// header. No checksum is mended.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/chance.h"

#define CORRUPT_BITS_MOST  64
#define CORRUPT_FIRST_BYTE 14 // behind the addresses and the type of an Ethernet frame

// Zero-initialised damages nothing.
struct corrupt_params {
	struct chance_params chance;
	uint32_t bits; // flipped in a damaged packet
};

struct corrupt_state {
	struct chance_state chance;
};

// `corrupt P [CORRELATION] [bits N]`: probability and correlation 0 to 1, bits 1 to
// CORRUPT_BITS_MOST. -EINVAL with a sentence otherwise, as chance_make_params.
int corrupt_make_params(double probability, double correlation, uint32_t bits, const char *where,
			struct corrupt_params *params, struct error *error);

// Is this packet damaged? `draw` is RNG_CORRUPT. Cannot fail.
static inline bool corrupt_offer(const struct corrupt_params *params, struct corrupt_state *state,
				 uint32_t draw)
{
	return chance_offer(&params->chance, &state->chance, draw);
}

// Damages a packet that corrupt_offer has chosen (CHANNEL_CORRUPTED): flips `bits` different bits
// of frame[14] .. frame[length - 1], all sets of them equally likely; all bits there are if those
// are fewer. A pure function of seed, channel, packet number and length, so a second call mends the
// frame. `frame` starts with the Ethernet header. Returns how many bits are flipped.
uint32_t corrupt_apply(const struct corrupt_params *params, uint64_t seed, uint32_t channel,
		       uint64_t packet, uint8_t *frame, uint32_t length);
