// SPDX-License-Identifier: BSD-3-Clause
// The pool of tables, and the reading of their files. The formats: tables_formats.c.
#include "topologies/tables.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "topologies/tables_formats.h"

// More than any table needs; a larger file is refused before it is read.
#define FILE_BYTES_MOST (64 << 20)
#define ROOMS_FIRST     64

static void free_table(struct table *table)
{
	if (!table)
		return;
	free(table->path);
	free(table->samples);
	free(table->bits);
	free(table->times_ms);
	free(table->rows);
	free(table);
}

// The key lies behind the memory.
struct derived {
	struct derived *next;   // of its room
	const struct table *of; // what it goes with, or NULL
	uint64_t from_ns;       // of what passes, or TABLES_STAY
	uint64_t hash;
	size_t bytes, key_bytes;
	max_align_t memory[];
};

static const char *key_of(const struct derived *derived)
{
	return (const char *)derived->memory + derived->bytes;
}

// FNV-1a, its upper bits mixed into the lower ones, by which rooms are chosen.
static uint64_t hash_of(const void *key, size_t key_bytes)
{
	const unsigned char *bytes = key;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < key_bytes; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static void put(struct derived **rooms, size_t count, struct derived *derived)
{
	struct derived **room = &rooms[derived->hash & (count - 1)];

	derived->next = *room;
	*room = derived;
}

// As many rooms as things at least, so that a lab of many days finds as fast as one that begins.
static bool take_rooms(struct tables *tables)
{
	size_t count = tables->derived_rooms ? 2 * tables->derived_rooms : ROOMS_FIRST;
	struct derived **rooms;

	if (tables->derived_count < tables->derived_rooms)
		return true;
	rooms = calloc(count, sizeof(struct derived *));
	if (!rooms)
		return false;
	for (size_t i = 0; i < tables->derived_rooms; i++) {
		for (struct derived *next, *at = tables->derived[i]; at; at = next) {
			next = at->next;
			put(rooms, count, at);
		}
	}
	free(tables->derived);
	tables->derived = rooms;
	tables->derived_rooms = count;
	return true;
}

static struct derived *find_derived(const struct tables *tables, uint64_t hash, const void *key,
				    size_t key_bytes, size_t bytes)
{
	struct derived *at = NULL;

	if (tables->derived_rooms)
		at = tables->derived[hash & (tables->derived_rooms - 1)];
	while (at && (at->hash != hash || at->bytes != bytes || at->key_bytes != key_bytes ||
		      memcmp(key_of(at), key, key_bytes) != 0))
		at = at->next;
	return at;
}

void *tables_derive_of(struct tables *tables, const struct table *table, const void *key,
		       size_t key_bytes, size_t bytes, bool *made)
{
	uint64_t hash = hash_of(key, key_bytes);
	struct derived *derived = find_derived(tables, hash, key, key_bytes, bytes);

	*made = derived != NULL;
	if (derived)
		return derived->memory;
	if (!take_rooms(tables))
		return NULL;
	derived = calloc(1, sizeof(*derived) + bytes + key_bytes);
	if (!derived)
		return NULL;
	derived->of = table;
	derived->from_ns = TABLES_STAY;
	derived->hash = hash;
	derived->bytes = bytes;
	derived->key_bytes = key_bytes;
	memcpy((char *)derived->memory + bytes, key, key_bytes);
	put(tables->derived, tables->derived_rooms, derived);
	tables->derived_count++;
	return derived->memory;
}

void *tables_derive(struct tables *tables, const void *key, size_t key_bytes, size_t bytes,
		    bool *made)
{
	return tables_derive_of(tables, NULL, key, key_bytes, bytes, made);
}

static struct derived *derived_of(void *memory)
{
	return (struct derived *)((char *)memory - offsetof(struct derived, memory));
}

void tables_forget(struct tables *tables, void *memory)
{
	struct derived *derived, **at;

	if (!memory)
		return;
	derived = derived_of(memory);
	at = &tables->derived[derived->hash & (tables->derived_rooms - 1)];
	while (*at != derived)
		at = &(*at)->next;
	*at = derived->next;
	tables->derived_count--;
	free(derived);
}

const struct table *tables_keep_series(struct tables *tables, const char *name,
				       struct series_row *rows, size_t count, unsigned columns,
				       uint64_t from_ns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table)
		table->path = strdup(name);
	if (!table || !table->path) {
		free(table);
		return NULL;
	}
	table->kind = TABLE_SERIES;
	table->made = true;
	table->rows = rows;
	table->count = count;
	table->columns = columns;
	table->from_ns = from_ns;
	table->next = tables->first;
	tables->first = table;
	return table;
}

void tables_pass(void *memory, uint64_t from_ns)
{
	derived_of(memory)->from_ns = from_ns;
}

// What is for times before before_ns, or of a table (unless that is NULL).
static size_t sweep_derived(struct tables *tables, uint64_t before_ns, const struct table *of)
{
	size_t count = 0;

	for (size_t i = 0; i < tables->derived_rooms; i++) {
		for (struct derived **at = &tables->derived[i]; *at;) {
			struct derived *derived = *at;

			if (derived->from_ns >= before_ns && (!of || derived->of != of)) {
				at = &derived->next;
				continue;
			}
			*at = derived->next;
			free(derived);
			count++;
		}
	}
	tables->derived_count -= count;
	return count;
}

size_t tables_sweep(struct tables *tables, uint64_t before_ns,
		    bool (*in_use)(const void *context, const struct table *table),
		    const void *context)
{
	size_t count = sweep_derived(tables, before_ns, NULL);

	for (struct table **at = &tables->first; *at;) {
		struct table *table = *at;

		if (table->from_ns >= before_ns || in_use(context, table)) {
			at = &table->next;
			continue;
		}
		*at = table->next;
		count += 1 + sweep_derived(tables, 0, table);
		free_table(table);
	}
	return count;
}

size_t tables_count(const struct tables *tables)
{
	size_t count = tables->derived_count;

	for (const struct table *table = tables->first; table; table = table->next)
		count++;
	return count;
}

void tables_free(struct tables *tables)
{
	for (size_t i = 0; i < tables->derived_rooms; i++) {
		for (struct derived *next, *at = tables->derived[i]; at; at = next) {
			next = at->next;
			free(at);
		}
	}
	free(tables->derived);
	tables->derived = NULL;
	tables->derived_count = tables->derived_rooms = 0;
	while (tables->first) {
		struct table *table = tables->first;

		tables->first = table->next;
		free_table(table);
	}
}

// The whole file, terminated by a 0. NULL and a sentence.
static char *read_file(FILE *file, const char *path, size_t *length, struct error *error)
{
	struct stat status;
	char *text;

	if (fstat(fileno(file), &status) < 0 || !S_ISREG(status.st_mode)) {
		error_set(error, -EINVAL, path, "is not a regular file; name a file with a table");
		return NULL;
	}
	if (status.st_size > FILE_BYTES_MOST) {
		error_set(error, -EFBIG, path, "has %lld bytes; a table's file has %d at most",
			  (long long)status.st_size, FILE_BYTES_MOST);
		return NULL;
	}
	text = malloc((size_t)status.st_size + 1);
	if (!text) {
		error_set(error, -ENOMEM, path, "no memory for the file");
		return NULL;
	}
	*length = fread(text, 1, (size_t)status.st_size, file);
	if (ferror(file)) {
		error_set(error, -EIO, path, "cannot be read");
		free(text);
		return NULL;
	}
	text[*length] = '\0';
	if (strlen(text) != *length) {
		error_set(error, -EINVAL, path, "holds a zero byte: it is not a text file");
		free(text);
		return NULL;
	}
	return text;
}

static FILE *open_file(const struct tables *tables, const char *path)
{
	char full[4096];

	if (path[0] == '/' || !tables->folder)
		return fopen(path, "re");
	if (snprintf(full, sizeof(full), "%s/%s", tables->folder, path) >= (int)sizeof(full)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(full, "re");
}

static bool equal(const struct table *a, const struct table *b)
{
	if (a->kind != b->kind || a->count != b->count || a->columns != b->columns ||
	    strcmp(a->path, b->path) != 0)
		return false;
	switch (a->kind) {
	case TABLE_DISTRIBUTION:
		return memcmp(a->samples, b->samples, a->count * sizeof(*a->samples)) == 0;
	case TABLE_PATTERN:
		return memcmp(a->bits, b->bits, (a->count + 7) / 8) == 0;
	case TABLE_MAHIMAHI:
		return memcmp(a->times_ms, b->times_ms, a->count * sizeof(*a->times_ms)) == 0;
	case TABLE_SERIES:
		return memcmp(a->rows, b->rows, a->count * sizeof(*a->rows)) == 0;
	}
	return false;
}

// The table, or an equal one that the pool has.
static const struct table *keep(struct tables *tables, struct table *made)
{
	for (struct table *table = tables->first; table; table = table->next) {
		if (!equal(table, made))
			continue;
		free_table(made);
		return table;
	}
	made->next = tables->first;
	tables->first = made;
	return made;
}

const struct table *tables_read(struct tables *tables, enum table_kind kind, const char *path,
				struct error *error)
{
	FILE *file = open_file(tables, path);
	struct table *table;
	size_t length;
	char *text;
	int result;

	if (!file) {
		error_set(error, -errno, path, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	text = read_file(file, path, &length, error);
	fclose(file);
	if (!text)
		return NULL;
	table = calloc(1, sizeof(*table));
	if (table) {
		table->path = strdup(path);
		table->from_ns = TABLES_STAY;
	}
	if (!table || !table->path)
		result = error_set(error, -ENOMEM, path, "no memory for the table");
	else
		result = table_parse(kind, text, table, error);
	free(text);
	if (result < 0) {
		free_table(table);
		return NULL;
	}
	return keep(tables, table);
}
