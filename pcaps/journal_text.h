// SPDX-License-Identifier: BSD-3-Clause
// The fields of a channel's parameters as the journal's text names them. Private to pcaps/journal*.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_MAGIC "corridor-journal 1"

enum journal_field_type { JOURNAL_BOOL, JOURNAL_U32, JOURNAL_I32, JOURNAL_U64, JOURNAL_ENUM };

struct journal_field {
	const char *name;
	enum journal_field_type type;
	size_t offset;        // in struct channel_params
	const char *words[5]; // JOURNAL_ENUM: by value, ends with NULL
};

extern const struct journal_field journal_fields[];
extern const size_t journal_field_count;
extern const char *const journal_inflight_words[]; // by enum journal_inflight, ends with NULL
