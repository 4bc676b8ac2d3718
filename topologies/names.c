// SPDX-License-Identifier: BSD-3-Clause
// Names to indices (names.h), and the nearest word for error messages.
#include "topologies/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/topology.h"

// A message that has looked at this many names in vain may say nothing instead: it keeps a file
// with thousands of wrong names from taking quadratic time.
#define NEAREST_LOOKS 1000000

struct name_slot {
	char *name; // NULL: free
	uint32_t index;
};

struct name_table {
	struct name_slot *slots;
	size_t capacity; // a power of two, or 0
	size_t count;
};

struct names {
	struct name_table tables[NAME_KINDS];
	size_t looks_left;
};

// FNV-1a.
static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
	return hash ^ (hash >> 32);
}

static size_t find_slot(const struct name_slot *slots, size_t capacity, const char *name)
{
	size_t at = hash_name(name) & (capacity - 1);

	while (slots[at].name && strcmp(slots[at].name, name) != 0)
		at = (at + 1) & (capacity - 1);
	return at;
}

struct names *names_create(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names)
		names->looks_left = NEAREST_LOOKS;
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	for (int kind = 0; kind < NAME_KINDS; kind++) {
		for (size_t i = 0; i < names->tables[kind].capacity; i++)
			free(names->tables[kind].slots[i].name);
		free(names->tables[kind].slots);
	}
	free(names);
}

uint32_t names_find(const struct names *names, enum name_kind kind, const char *name)
{
	const struct name_table *table;
	size_t at;

	if (!names || names->tables[kind].count == 0)
		return UINT32_MAX;
	table = &names->tables[kind];
	at = find_slot(table->slots, table->capacity, name);
	return table->slots[at].name ? table->slots[at].index : UINT32_MAX;
}

static int grow(struct name_table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 64;
	struct name_slot *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i].name)
			slots[find_slot(slots, capacity, table->slots[i].name)] = table->slots[i];
	free(table->slots);
	table->slots = slots;
	table->capacity = capacity;
	return 0;
}

int names_add(struct names *names, enum name_kind kind, const char *name, uint32_t index)
{
	struct name_table *table = &names->tables[kind];
	char *copy;
	size_t at;

	if (2 * (table->count + 1) > table->capacity && grow(table) < 0)
		return -ENOMEM;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	at = find_slot(table->slots, table->capacity, name);
	table->slots[at] = (struct name_slot){copy, index};
	table->count++;
	return 0;
}

static char lower(char letter)
{
	return (char)tolower((unsigned char)letter);
}

// Edit distance (insert, delete, replace, and swap of neighbours), at most `most` + 1. All words
// here are lower-case, so capitals in `a` are no difference.
static size_t edit_distance(const char *a, const char *b, size_t most)
{
	size_t rows[3][TOPOLOGY_NAME_MAX + 2];
	size_t *before = rows[0];
	size_t *above = rows[1];
	size_t *row = rows[2];
	size_t length_a = strlen(a);
	size_t length_b = strlen(b);

	if (length_a > TOPOLOGY_NAME_MAX || length_b > TOPOLOGY_NAME_MAX ||
	    length_a > length_b + most || length_b > length_a + most)
		return most + 1;
	for (size_t j = 0; j <= length_b; j++)
		above[j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			size_t best = above[j - 1] + (lower(a[i - 1]) != b[j - 1]);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && lower(a[i - 1]) == b[j - 2] &&
			    lower(a[i - 2]) == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[length_b];
}

// How far apart words of this length may be and still be taken for a slip of the finger.
static size_t tolerance(const char *text)
{
	size_t length = strlen(text);

	return length <= 2 ? 1 : length <= 5 ? 2 : 3;
}

const char *nearest_word(const char *text, const char *const *words)
{
	const char *nearest = NULL;
	size_t best = tolerance(text) + 1;

	for (; *words; words++) {
		size_t distance = edit_distance(text, *words, best);

		if (distance < best && distance < strlen(*words)) {
			best = distance;
			nearest = *words;
		}
	}
	return nearest;
}

const char *names_nearest(const struct names *names, enum name_kind kind, const char *text)
{
	// The bound on looks is state of the error messages, not of the names.
	struct names *looks = (struct names *)names;
	const char *nearest = NULL;
	size_t best = tolerance(text) + 1;

	for (size_t i = 0; names && i < names->tables[kind].capacity; i++) {
		const char *name = names->tables[kind].slots[i].name;
		size_t distance;

		if (!name)
			continue;
		if (looks->looks_left == 0)
			return NULL;
		looks->looks_left--;
		distance = edit_distance(text, name, best);
		if (distance < best && distance < strlen(name)) {
			best = distance;
			nearest = name;
		}
	}
	return nearest;
}
