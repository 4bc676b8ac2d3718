// SPDX-License-Identifier: BSD-3-Clause
// The lines of INI files with their numbers: what iniparser forgets. Private to topologies/.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"

struct key_rule;

// A line is shorter than this, so that iniparser's own buffer never cuts one.
#define INI_LINE_MAX 1000

// KEY = VALUE. `key` is without .forward / .reverse once the rule is known.
struct ini_entry {
	unsigned line;
	const char *key;
	const char *value; // comment, quotes and white space around it taken off; not empty
	const char *raw;   // the whole line as written, without its end
	size_t raw_length;
	const struct key_rule *rule; // NULL: a fault was reported, not to be read
	int direction;               // enum link_direction, or -1: both
};

// [KIND NAME]. `name` is empty for [network].
struct ini_section {
	bool faulty;      // its header was reported: its keys are checked, and nothing refers to it
	uint32_t index;   // of its thing; those of faulty sections come after all others
	const char *file; // owned by the topology
	unsigned line;
	const char *kind; // "": a fault was reported, not to be read
	const char *name;
	size_t first; // index of the first of its entries
	size_t count;
};

struct ini {
	struct ini_section *sections;
	size_t section_count;
	size_t section_capacity;
	struct ini_entry *entries;
	size_t entry_count;
	size_t entry_capacity;
	char **buffers; // texts that the pointers above lead into
	size_t buffer_count;
};

// Scans one file's text and appends its sections; every malformed line is added to `errors`.
// 0, or -ENOMEM.
int ini_scan(struct ini *ini, const char *file, const char *text, size_t length,
	     struct errors *errors);
void ini_fini(struct ini *ini);

// "FILE:LINE [kind name] key" in buffer; section and key may be NULL. A long path loses its
// beginning rather than the line number. Returns buffer.
char *ini_where(const char *file, unsigned line, const struct ini_section *section, const char *key,
		char *buffer, size_t size);
