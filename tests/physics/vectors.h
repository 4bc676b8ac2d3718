// SPDX-License-Identifier: BSD-3-Clause
// Public vector files: rows of figures under the folder that CORRIDOR_VECTORS names.
#pragma once

#include <stddef.h>

#define VECTORS_COLUMNS 24

// Calls `row` with the figures of each row of folder/path that begins with a number (text columns
// are NaN); gives how many there were. Skips the test where CORRIDOR_VECTORS is not set; fails it
// where the file cannot be read.
size_t vectors_read(const char *path, void (*row)(const double *figures, void *context),
		    void *context);

// Fails the test unless value is expected within a relative error.
void vectors_close(double value, double expected, double relative);
// ... within an absolute one.
void vectors_near(double value, double expected, double tolerance);
