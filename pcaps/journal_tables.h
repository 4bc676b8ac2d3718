// SPDX-License-Identifier: BSD-3-Clause
// What parameters point to, in the journal's text: numbered tables, each before its first use, so
// that a journal says all that a verdict needs. Private to pcaps/journal*.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "pcaps/journal.h"

enum journal_table_kind {
	JOURNAL_PROFILE,       // struct profile
	JOURNAL_RATES,         // struct rate_profile
	JOURNAL_OPPORTUNITIES, // struct opportunities
	JOURNAL_PATTERN,       // bits
	JOURNAL_SHAPE,         // struct jitter_table
	JOURNAL_TABLE_KINDS
};

// Tables by number. Zero-initialised is empty.
struct journal_tables {
	struct journal_table {
		enum journal_table_kind kind;
		const void *at;
	} * tables;
	size_t count;
};

// Prints the table that a field points to, unless it has been printed before, and gives its number.
// `bits` is the length of a pattern. 0 or -ENOMEM.
int journal_table_print(FILE *out, struct journal_tables *tables, enum journal_table_kind kind,
			const void *at, uint64_t bits, size_t *number);

// One line of text that is not yet taken.
struct journal_table_line {
	const char
		*word; // what the line begins with: "profile", "rates", "opportunities", "pattern"
	char *rest;
	const char *where; // file and line
};

// Is this the first word of a table's line?
bool journal_table_is(const char *word);
// Reads it into memory of the journal. 0, or a negative errno with a sentence.
int journal_table_read(const struct journal_table_line *line, struct journal *journal,
		       struct journal_tables *tables, struct error *error);
void journal_tables_fini(struct journal_tables *tables);
