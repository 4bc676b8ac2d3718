// SPDX-License-Identifier: BSD-3-Clause
// Help from the table of commands: on the terminal, as JSON, and as the manual page.
#pragma once

#include <stdio.h>

#include <jansson.h>

#include "control/command.h"

// All commands with one line each; one command in full.
void help_print(FILE *out);
void help_print_command(const struct command *command, FILE *out);
// The same for programs. NULL when memory is out.
json_t *help_json(void);
json_t *help_command_json(const struct command *command);
// corridor(1), in mdoc.
void help_print_manual(FILE *out);
