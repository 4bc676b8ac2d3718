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
	struct derived *next;
	size_t bytes, key_bytes;
	max_align_t memory[];
};

static const char *key_of(const struct derived *derived)
{
	return (const char *)derived->memory + derived->bytes;
}

void *tables_derive(struct tables *tables, const void *key, size_t key_bytes, size_t bytes,
		    bool *made)
{
	struct derived *derived;

	for (derived = tables->derived; derived; derived = derived->next) {
		if (derived->bytes != bytes || derived->key_bytes != key_bytes ||
		    memcmp(key_of(derived), key, key_bytes) != 0)
			continue;
		*made = true;
		return derived->memory;
	}
	*made = false;
	derived = calloc(1, sizeof(*derived) + bytes + key_bytes);
	if (!derived)
		return NULL;
	derived->bytes = bytes;
	derived->key_bytes = key_bytes;
	memcpy((char *)derived->memory + bytes, key, key_bytes);
	derived->next = tables->derived;
	tables->derived = derived;
	return derived->memory;
}

void tables_forget(struct tables *tables, void *memory)
{
	for (struct derived **at = &tables->derived; *at; at = &(*at)->next) {
		struct derived *derived = *at;

		if ((void *)derived->memory != memory)
			continue;
		*at = derived->next;
		free(derived);
		return;
	}
}

const struct table *tables_keep_series(struct tables *tables, const char *name,
				       struct series_row *rows, size_t count, unsigned columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table)
		table->path = strdup(name);
	if (!table || !table->path) {
		free(table);
		return NULL;
	}
	table->kind = TABLE_SERIES;
	table->rows = rows;
	table->count = count;
	table->columns = columns;
	table->next = tables->first;
	tables->first = table;
	return table;
}

void tables_free(struct tables *tables)
{
	while (tables->derived) {
		struct derived *derived = tables->derived;

		tables->derived = derived->next;
		free(derived);
	}
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
	if (table)
		table->path = strdup(path);
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
