// SPDX-License-Identifier: BSD-3-Clause
// Files of published mean elements: two-line elements (TLE), and orbit mean-elements messages (OMM)
// as CSV, JSON or lines of KEY = VALUE. Private to topologies/.
#pragma once

#include <stddef.h>

#include "dataplane/model/error.h"
#include "dataplane/physics/sgp4.h"

#define ELEMENTS_NAME_MAX 63

struct element_set {
	char name[ELEMENTS_NAME_MAX + 1]; // as in the file, white space at its ends off; or empty
	char catalogue[12];               // "54755"; TLEs may have a letter in front
	unsigned line;                    // of the file
	struct mean_elements mean;        // ranges not checked: orbit_make_sgp4 does
};

// Zero-initialised is empty.
struct element_sets {
	struct element_set *items;
	size_t count;
};

enum elements_format { ELEMENTS_TLE, ELEMENTS_OMM };

// The whole file; every line's checksum is verified, and every field must be the number it should
// be. `folder` is where relative paths start, or NULL. 0, or a negative errno with a sentence that
// names file and line; then nothing is left to free.
int elements_load(const char *folder, const char *path, enum elements_format format,
		  struct element_sets *sets, struct error *error);
// From a text; `name` stands for the file in messages. The text is changed.
int elements_parse(char *text, const char *name, enum elements_format format,
		   struct element_sets *sets, struct error *error);
void elements_free(struct element_sets *sets);

// The set of this name or catalogue number, whatever its case; NULL.
const struct element_set *elements_find(const struct element_sets *sets, const char *name);

// Adds a set that has been read whole. 0 or -ENOMEM.
int elements_add(struct element_sets *sets, const struct element_set *set);

// What a keyword that elements_keyword refuses should have: a phrase, static text.
const char *elements_expected(const char *key);

// One keyword of an OMM into a set: 1 when it is one that counts, 0 when not, -EINVAL when the
// value is no such thing. `seen` gathers which came.
int elements_keyword(struct element_set *set, const char *key, const char *value, unsigned *seen);
// The first keyword that `seen` lacks.
const char *elements_missing(unsigned seen);

int elements_parse_tle(char *text, const char *file, struct element_sets *sets,
		       struct error *error);
int elements_parse_omm(char *text, const char *file, struct element_sets *sets,
		       struct error *error);
