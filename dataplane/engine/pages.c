// SPDX-License-Identifier: BSD-3-Clause
// Large arrays in large pages.
#include "dataplane/engine/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE (UINT64_C(1) << 21)
#define LINE       64

// Bytes to take: whole pages, as the rest of the last one would be shared with others. 0: too many.
static size_t bytes_for(size_t count, size_t size, size_t *alignment)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - LARGE_PAGE)
		return 0;
	*alignment = bytes < LARGE_PAGE ? LINE : LARGE_PAGE;
	return bytes ? (bytes + *alignment - 1) / *alignment * *alignment : LINE;
}

void *pages_take_any(size_t count, size_t size)
{
	size_t alignment, bytes = bytes_for(count, size, &alignment);
	void *array = bytes ? aligned_alloc(alignment, bytes) : NULL;

	if (array != NULL && alignment == LARGE_PAGE)
		madvise(array, bytes, MADV_HUGEPAGE); // better, not needed
	return array;
}

void *pages_take(size_t count, size_t size)
{
	void *array = pages_take_any(count, size);

	return array != NULL ? memset(array, 0, count * size) : NULL;
}
