// SPDX-License-Identifier: BSD-3-Clause
// Files of a topology: read whole, scanned, and their includes followed. Private to topologies/.
#pragma once

#include "topologies/reader.h"

// Scans the file and what it includes into reader->ini; "-" is standard input. Every fault goes to
// reader->errors.
void load_files(struct reader *reader, const char *path);

// Scans a text; `include` in it is a fault.
void load_text(struct reader *reader, const char *text, const char *name);
