// SPDX-License-Identifier: BSD-3-Clause
// Frames for the tests of live ports.
#pragma once

#include <stdint.h>
#include <string.h>

#define ETHERTYPE  0x88b5 // for local experiments: nobody else speaks it here
#define FRAME_MOST 9234

static uint8_t frame_bytes[FRAME_MOST + 64];

// The same bytes for a seed, in frame_bytes, to all.
static inline void fill_frame(uint32_t length, uint8_t seed)
{
	for (uint32_t i = 0; i < length; i++)
		frame_bytes[i] = (uint8_t)(seed + i * 7);
	memset(frame_bytes, 0xff, 6);
	memcpy(frame_bytes + 6, (uint8_t[]){2, 0, 0, 0, 0, 9}, 6);
	frame_bytes[12] = ETHERTYPE >> 8;
	frame_bytes[13] = ETHERTYPE & 0xff;
}
