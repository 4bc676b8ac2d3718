// SPDX-License-Identifier: BSD-3-Clause
// The words that every bench takes: -j, -q, -r ROUNDS.
#pragma once

#include <stdbool.h>

struct options {
	bool json;
	bool quick;      // one round of a tenth of the length: shows that it runs, no more
	unsigned rounds; // how often each thing and its reference are measured, in alternation
};

// Fills in `options` from the command line. 0, or the exit status: 2 after a line on stderr.
int options_parse(struct options *options, int argc, char **argv, unsigned rounds);

// A length in seconds, shortened when only a quick look is wanted.
double options_seconds(const struct options *options, double seconds);
