// SPDX-License-Identifier: BSD-3-Clause
// From argv to an invocation: the options of all commands, wherever they stand, and the command.
#pragma once

#include "control/command.h"

struct options {
	struct invocation invocation;
	bool help;    // --help
	bool version; // --version
	char **words; // storage behind invocation.argv
};

// Fills `options`. invocation.command is NULL when no command is named. 0, or -EINVAL with one
// sentence; invocation.out, .err and .json are valid in any case. The words point into argv.
int options_parse(int argc, char **argv, FILE *out, FILE *err, struct options *options,
		  struct error *error);
void options_fini(struct options *options);

// The command's row, by its name or a unique beginning of it; NULL and a sentence.
const struct command *options_find_command(const char *word, struct error *error);
