// SPDX-License-Identifier: BSD-3-Clause
// Aligned tables on a terminal or in a pipe.
#pragma once

#include <stdio.h>

struct table;

// Columns named by `headings` (NULL-terminated); a heading that begins with '>' is right-aligned.
struct table *table_create(const char *const *headings);
// One row; as many cells as headings; copied. NULL prints as "-".
void table_row(struct table *table, const char *const *cells);
// Prints with two spaces between columns and frees.
void table_print(struct table *table, FILE *out);
// Frees one that is not printed. NULL is allowed.
void table_free(struct table *table);
