// SPDX-License-Identifier: BSD-3-Clause
// Changes of a running lab that are asked for ahead of their time. Made by control/lab*, and read
// by the view of events.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Lines that are carried out at one instant, all or none.
struct lab_later {
	uint64_t at_ns;
	char **lines;
	size_t count;
	struct lab_later *next; // by at_ns, then by when they were asked for
};

// Copies the lines into the list. 0 or -ENOMEM, and then nothing has changed.
int lab_later_add(struct lab_later **list, uint64_t at_ns, const char *const *lines, size_t count);
// Takes the first out; the caller frees it. The list must not be empty.
struct lab_later *lab_later_take(struct lab_later **list);
// Frees one (NULL is allowed), not those behind it.
void lab_later_free(struct lab_later *later);
