// SPDX-License-Identifier: BSD-3-Clause
// A text file that a user names, line by line, whatever it turns out to be.
#pragma once

#include <stdio.h>

#include "dataplane/model/error.h"

#define LINE_MOST 4095

// The next line into `line`, with its newline if it has one. 1; 0 at the end; or a negative errno
// with a sentence: it cannot be read, has a zero byte, or a line of more than LINE_MOST bytes.
int lines_next(FILE *file, const char *path, char line[LINE_MOST + 1], struct error *error);
