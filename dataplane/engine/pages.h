// SPDX-License-Identifier: BSD-3-Clause
// Arrays of which each packet touches another place: in the kernel's large pages where it gives
// any, as a miss of the TLB costs more than one of the cache, and from a cache line's start on.
#pragma once

#include <stddef.h>

// `count` times `size` bytes of zeroes, or NULL when memory is out. free() gives them back.
void *pages_take(size_t count, size_t size);
// The same, of anything.
void *pages_take_any(size_t count, size_t size);
