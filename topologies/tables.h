// SPDX-License-Identifier: BSD-3-Clause
// Files that impairments name: delay tables, loss patterns, delivery traces, time series. Each is
// read once, checked whole, and kept as long as the pool lives.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"

enum table_kind {
	TABLE_DISTRIBUTION, // iproute2's .dist: samples
	TABLE_PATTERN,      // a loss pattern: bits
	TABLE_MAHIMAHI,     // a delivery trace: times
	TABLE_SERIES        // CSV of time_s, delay, rate, loss, carrier: rows
};

enum series_column { SERIES_DELAY, SERIES_RATE, SERIES_LOSS, SERIES_CARRIER, SERIES_COLUMNS };

struct series_row {
	uint64_t at_ns;
	double values[SERIES_COLUMNS]; // nanoseconds, bits per second, ratio, 0 or 1
};

// Read-only once made.
struct table {
	enum table_kind kind;
	char *path; // as written
	int16_t *samples;
	uint8_t *bits; // bit n: byte n / 8, bit n % 8, 1 is lost
	uint64_t *times_ms;
	struct series_row *rows;
	unsigned columns; // of a series: 1 << enum series_column, or-ed
	size_t count;     // of samples, bits, times or rows
	uint64_t from_ns; // of what passes: see tables_sweep; else TABLES_STAY
	bool made;        // by the program, not read from a file
	struct table *next;
};

struct derived;

// The pool. Zero-initialised is empty; one thread at a time.
struct tables {
	struct table *first;
	struct derived **derived; // what is computed from tables and words: see tables_derive
	size_t derived_count, derived_rooms; // rooms: lists of it by hash, a power of two
	const char *folder; // relative paths start here; NULL: where the program runs. Not owned.
};

// The file as a table of this kind (TABLE_MAHIMAHI also takes a CSV series: the file's first line
// decides). One that was read before, and has not changed since, is not read again. NULL, and a
// sentence that names the file, line and reason.
const struct table *tables_read(struct tables *tables, enum table_kind kind, const char *path,
				struct error *error);
// A series made by the program, in rising instants: takes over `rows` (malloc'ed). `name` stands
// for its path where it is shown. From from_ns on it passes (tables_sweep), or TABLES_STAY. NULL
// when memory is short; then rows stay the caller's.
const struct table *tables_keep_series(struct tables *tables, const char *name,
				       struct series_row *rows, size_t count, unsigned columns,
				       uint64_t from_ns);
void tables_free(struct tables *tables);
// How many tables there are, and things derived.
size_t tables_count(const struct tables *tables);

// Memory for something that follows from `key` alone (its bytes), kept like a table: the same key
// gives the same memory again, with *made true; else it is zeroed and the caller fills it in, or
// gives it back with tables_forget (NULL: nothing). NULL when memory is short.
void *tables_derive(struct tables *tables, const void *key, size_t key_bytes, size_t bytes,
		    bool *made);
void tables_forget(struct tables *tables, void *memory);
// The same for what follows from a table, and goes when that goes.
void *tables_derive_of(struct tables *tables, const struct table *table, const void *key,
		       size_t key_bytes, size_t bytes, bool *made);

#define TABLES_STAY UINT64_MAX

// Says of derived memory that it is for a stretch of time that begins at from_ns, and passes.
void tables_pass(void *memory, uint64_t from_ns);
// Frees all that is for stretches that begin before before_ns, but series that are in use. The
// caller knows that nothing else looks at it any more. Gives the number of things freed.
size_t tables_sweep(struct tables *tables, uint64_t before_ns,
		    bool (*in_use)(const void *context, const struct table *table),
		    const void *context);
