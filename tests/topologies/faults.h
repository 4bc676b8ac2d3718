// SPDX-License-Identifier: BSD-3-Clause
// Texts of topologies that must be refused, and how.
#pragma once

#include <stddef.h>

// A text called "lab.ini" with one fault: where it is, and a part of what the sentence says of it.
struct fault {
	const char *text;
	const char *where;
	const char *says;
};

// Fails the test unless each text is refused for its fault and for nothing else.
void check_fault(const struct fault *fault);
void check_faults(const struct fault *faults, size_t count);
