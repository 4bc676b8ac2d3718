// SPDX-License-Identifier: BSD-3-Clause
// The bytes of a capture file, buffered: look at some, take them, go on. Private to pcaps/trace*.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"

// The most that trace_input_peek can show at once: a frame of 256 KiB and many comments.
#define TRACE_INPUT_MOST ((size_t)1024 * 1024)

struct trace_input {
	int descriptor;
	uint8_t *buffer;                   // TRACE_INPUT_MOST bytes
	size_t start;                      // first byte not taken
	size_t end;                        // behind the last byte read
	bool at_end;                       // no more bytes behind `end`
	int fault;                         // negative errno of a read that failed
	bool waits;                        // no regular file: a read may wait for its writer
	const volatile sig_atomic_t *stop; // once it is not 0 such a wait ends; or NULL
};

// Opens a file, or standard input for "-". 0, or a negative errno with a sentence. `stop`: see
// trace_open_until.
int trace_input_open(struct trace_input *input, const char *path, const volatile sig_atomic_t *stop,
		     struct error *error);
void trace_input_close(struct trace_input *input);

// The next `count` bytes in one piece (at most TRACE_INPUT_MOST), valid until the next call; NULL
// when the file ends before them or cannot be read (`fault`).
const uint8_t *trace_input_fill(struct trace_input *input, size_t count);
static inline const uint8_t *trace_input_peek(struct trace_input *input, size_t count)
{
	if (input->end - input->start >= count)
		return input->buffer + input->start;
	return trace_input_fill(input, count);
}

// Passes over bytes that have been peeked at.
static inline void trace_input_take(struct trace_input *input, size_t count)
{
	input->start += count;
}

// Passes over any number of bytes. False when the file ends before.
bool trace_input_skip(struct trace_input *input, uint64_t count);

// How many bytes are in the buffer beyond what was taken.
static inline size_t trace_input_left(const struct trace_input *input)
{
	return input->end - input->start;
}
