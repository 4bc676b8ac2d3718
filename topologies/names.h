// SPDX-License-Identifier: BSD-3-Clause
// Names to indices in constant time: an open-addressing hash table for each kind of thing.
// Private to topologies/.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum name_kind {
	NAME_SITE,
	NAME_LINK,
	NAME_PORT,
	NAME_SATELLITE,
	NAME_CONSTELLATION,
	NAME_FLOW,
	NAME_CONDUIT,
	NAME_EVENT,
	NAME_WEATHER,
	NAME_KINDS
};

struct names;

// An empty table, or NULL without memory. names_free takes NULL.
struct names *names_create(void);
void names_free(struct names *names);

// The index of `name`, or UINT32_MAX. `names` may be NULL.
uint32_t names_find(const struct names *names, enum name_kind kind, const char *name);

// Adds a name that is not there yet. 0 or -ENOMEM. The name is copied.
int names_add(struct names *names, enum name_kind kind, const char *name, uint32_t index);

// A name of the kind near to `text` by edit distance, or NULL; looks at all, for error messages
// only.
const char *names_nearest(const struct names *names, enum name_kind kind, const char *text);
