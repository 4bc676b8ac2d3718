// SPDX-License-Identifier: BSD-3-Clause
// Frames between the driver's memory and the store. Private to the engine.
#pragma once

#include <stdint.h>
#include <string.h>

// The shortest frames on Ethernet (60 bytes without FCS, which drivers of test devices make 64) are
// the most where there are many: their copies have no loop, and no branch but one that is foretold.
// The rest is the C library's: in line it would keep what calls it from being so.
__attribute__((always_inline)) static inline void frame_copy(void *to, const void *from,
							     uint32_t length)
{
	if (length == 64)
		memcpy(to, from, 64);
	else if (length == 60)
		memcpy(to, from, 60);
	else
		memcpy(to, from, length);
}
