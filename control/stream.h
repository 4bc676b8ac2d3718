// SPDX-License-Identifier: BSD-3-Clause
// Frames set aside on disk in the order in which they come, to be merged later. The file has no
// name, so nothing stays behind whatever happens.
#pragma once

#include <stdint.h>

#include "dataplane/model/error.h"

struct stream_record {
	uint64_t at_ns;
	uint64_t packet;
	uint64_t due_at_ns;
	uint32_t place; // what the user of the stream likes, and so are point and reason
	uint32_t point;
	uint32_t reason;
	uint32_t length; // bytes stored
	uint32_t wire_length;
	uint32_t unused; // zero
};

struct stream;

// In the folder of `path`, as that is where there must be room for the outcome. NULL and a sentence
// on failure.
struct stream *stream_create(const char *path, struct error *error);
void stream_destroy(struct stream *stream);
// 0 or a negative errno.
int stream_write(struct stream *stream, const struct stream_record *record, const uint8_t *bytes);
// Turns from writing to reading. 0 or a negative errno.
int stream_rewind(struct stream *stream);
// The next record: 1, 0 at the end, or a negative errno. `bytes` stays valid until the next call.
int stream_read(struct stream *stream, struct stream_record *record, const uint8_t **bytes);
