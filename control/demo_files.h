// SPDX-License-Identifier: BSD-3-Clause
// The folder of the demo: what is laid into it, what comes out, and the commands that do by hand
// what the demo does.
#pragma once

#include <stdio.h>

#include "control/replay.h"
#include "dataplane/model/error.h"

#define DEMO_PORTS        2
#define DEMO_VERIFY_WORDS 12

// Paths of everything in the folder.
struct demo_files {
	char *folder; // without a slash at its end
	char *topology;
	char *journal;
	struct replay_file in[DEMO_PORTS];  // what enters at the ports
	struct replay_file out[DEMO_PORTS]; // what leaves them, in the same order
};

// Names all of it; makes nothing. 0 or a negative errno; demo_files_free is due in both cases.
int demo_files_name(struct demo_files *files, const char *folder, struct error *error);
void demo_files_free(struct demo_files *files);

// Makes the folder and puts the topology and the captures that enter into it (embedded_write); says
// on `err` what of the user's it has kept aside. 0 or a negative errno with a sentence.
int demo_files_lay(const struct demo_files *files, FILE *err, struct error *error);

// The words after `corridor verify` that judge what entered at port `from` and left the other one;
// ends with NULL. They belong to `files`.
void demo_files_verify(const struct demo_files *files, unsigned from,
		       char *words[DEMO_VERIFY_WORDS + 1]);

// Command `which` of replay and the two of verify, as a shell takes it, with the program as the
// user called it; free it. NULL: there is no such one, or memory is short.
char *demo_files_command(const struct demo_files *files, unsigned which, unsigned workers);
