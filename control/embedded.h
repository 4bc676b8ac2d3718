// SPDX-License-Identifier: BSD-3-Clause
// Files that the program carries with it, so that the demo runs where the source tree is not.
// control/meson.build lists them; control/embed.sh makes the table.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/model/error.h"

struct embedded_file {
	const char *name; // without folder: "benelux.ini"
	const unsigned char *data;
	size_t size;
};

extern const struct embedded_file embedded_files[]; // ends with name NULL

// The file of that name, or NULL.
const struct embedded_file *embedded_find(const char *name);

// Writes the file of that name as `path`, whole or not at all. A file that is there and holds the
// same is left alone; one that holds something else is kept as "PATH~", and *kept says so. 0 or a
// negative errno with a sentence: `path` is then as it was.
int embedded_write(const char *name, const char *path, bool *kept, struct error *error);
