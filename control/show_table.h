// SPDX-License-Identifier: BSD-3-Clause
// Views as tables: one list of columns a view.
#pragma once

#include <stdio.h>

#include <jansson.h>

// Prints the array that a view gave. A view without columns prints one line a key.
void show_table(const char *view, const json_t *rows, FILE *out);
