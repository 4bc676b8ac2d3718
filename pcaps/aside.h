// SPDX-License-Identifier: BSD-3-Clause
// An output file that appears whole or not at all: written beside its place and renamed at the end.
// What is there and is no regular file (a device, a pipe) is written into, never replaced.
#pragma once

#include <stdbool.h>

#include "dataplane/model/error.h"

// Do two paths lead to one file, be it there or not? Devices and pipes, which nothing replaces,
// only under one name.
bool aside_is_same(const char *path, const char *other);

struct aside {
	int descriptor; // to write to
	bool renames;   // `part` becomes `path` at the end
	char *path;     // links followed
	char *part;     // "PATH.part-PID", when it renames
};

// "-" is standard output. 0 or a negative errno with a sentence; aside_abandon is due only after 0.
int aside_open(struct aside *aside, const char *path, struct error *error);
// Closes and renames; frees in any case. 0 or a negative errno with a sentence: nothing was changed
// under `path` then.
int aside_finish(struct aside *aside, struct error *error);
// Removes what was written beside, and frees. A second call does nothing.
void aside_abandon(struct aside *aside);
