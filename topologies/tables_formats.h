// SPDX-License-Identifier: BSD-3-Clause
// The text formats of tables, apart from where they come from.
#pragma once

#include "topologies/tables.h"

// Fills in `table` (its path is set) from a text, which is taken apart. 0, or a negative errno and
// a sentence with file and line; what was allocated is the table's and freed by the caller.
int table_parse(enum table_kind kind, char *text, struct table *table, struct error *error);
