// SPDX-License-Identifier: BSD-3-Clause
// How a function says what went wrong: one line with a place and a remedy. No I/O.
#pragma once

#include <stdarg.h>
#include <stddef.h>

// One fault. `code` is a negative errno; control maps it to an exit status.
struct error {
	int code;
	char where[192]; // file:line, option, link, device: what the user can find
	char what[512];  // what was found, what was expected, and the remedy
};

// Fills `error` (may be NULL) and returns `code` (a negative errno), so that a caller can
// `return error_set(...)`. Text that is too long is cut, never overrun. Any thread.
int error_set(struct error *error, int code, const char *where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// Faults collected while reading on, so that all of a file are reported in one go.
// Zero-initialise; errors_fini frees. Beyond ERRORS_KEPT only `count` grows.
#define ERRORS_KEPT 1000
struct errors {
	struct error *items;
	size_t count; // all that were added
	size_t kept;  // those that `items` holds
};

// Adds one fault. Falls back to counting alone when memory is short. Cannot fail.
void errors_add(struct errors *errors, int code, const char *where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void errors_fini(struct errors *errors);
