// SPDX-License-Identifier: BSD-3-Clause
// The program called from within a test, as users call it, and what it said.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct spoken {
	char *out, *err; // all that it wrote, NUL-terminated
	size_t out_length, err_length;
};

// Calls `corridor WORDS...`; the words end with NULL. Its exit status. spoken_fini frees.
int speak(struct spoken *spoken, ...) __attribute__((sentinel));
void spoken_fini(struct spoken *spoken);

// Said exactly one line of the form "corridor: WHERE: WHAT" on standard error.
bool spoken_is_one_line(const struct spoken *spoken);
