// SPDX-License-Identifier: BSD-3-Clause
// The program but for main: what tests call as users call the program.
#pragma once

#include <stdio.h>

// Does what argv asks for: options, then the command of the table. An exit status (command.h).
// Output that could not be written is EXIT_REQUEST and one line on `err`; when the reader of a pipe
// has gone (corridor ... | head) it is EXIT_CLOSED, and nothing is said.
int program_run(int argc, char **argv, FILE *out, FILE *err);
