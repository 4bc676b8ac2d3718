// SPDX-License-Identifier: BSD-3-Clause
// How physics refuses a figure: which quantity, what was found, which range was expected.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Filled in when a figure is refused. Texts are constants of the program.
struct range_fault {
	const char *quantity; // "inclination"
	const char *unit;     // "deg"; "" where there is none
	double found, least, most;
};

// True when least <= found <= most; else (NaN too) false, with `fault` (may be NULL) filled in.
bool range_holds(double found, double least, double most, const char *quantity, const char *unit,
		 struct range_fault *fault);

// "inclination is 190 deg; expected 0 to 180 deg". Cut, never overrun; gives what snprintf gives.
int range_format(const struct range_fault *fault, char *text, size_t bytes);
