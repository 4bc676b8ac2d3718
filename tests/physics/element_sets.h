// SPDX-License-Identifier: BSD-3-Clause
// Element sets of files for the tests: no more of the format than they need, and nothing checked.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "dataplane/physics/sgp4.h"

struct element_set {
	unsigned number; // of the catalogue
	struct mean_elements elements;
	double start_min, stop_min, step_min; // behind the second line, where there are any
};

// The next set of a file; false at its end.
bool element_set_read(FILE *file, struct element_set *set);

// CORRIDOR_VECTORS/NAME, or NULL.
FILE *vectors_open(const char *name);
