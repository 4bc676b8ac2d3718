// SPDX-License-Identifier: BSD-3-Clause
// The fields of a channel's parameters as the journal's text names them. Private to pcaps/journal*.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pcaps/journal.h"

#define JOURNAL_MAGIC "corridor-journal 2"

enum journal_field_type {
	JOURNAL_BOOL,
	JOURNAL_U8,
	JOURNAL_U32,
	JOURNAL_I32,
	JOURNAL_U64,
	JOURNAL_I64,
	JOURNAL_ENUM,
	JOURNAL_BYTES, // in hexadecimal
	JOURNAL_TABLE  // the number of a table (journal_tables.h), or -
};

struct journal_field {
	const char *name;
	enum journal_field_type type;
	size_t offset;         // in struct channel_params
	size_t bytes;          // JOURNAL_BYTES
	unsigned table;        // JOURNAL_TABLE: enum journal_table_kind
	const char *words[12]; // JOURNAL_ENUM: by value, ends with NULL
};

extern const struct journal_field journal_fields[];
extern const size_t journal_field_count;
extern const char *const journal_inflight_words[]; // by enum journal_inflight, ends with NULL
