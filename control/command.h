// SPDX-License-Identifier: BSD-3-Clause
// The table of commands: what users type, what help prints, what runs. One list in commands.c feeds
// the parser, help, the manual page and the tests.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "dataplane/model/error.h"
#include "topologies/topology.h"

enum exit_status {
	EXIT_TRUE = 0,      // done and true
	EXIT_ANSWER_NO = 1, // verification failed, no path
	EXIT_REQUEST = 2,   // the request or a file is wrong
	EXIT_MACHINE = 3,   // the lab cannot be reached, or the machine lacks something
	EXIT_INTERNAL = 4,
	EXIT_CLOSED = 141 // who read the output has gone: as a shell says of SIGPIPE, 128 + 13
};

// One call of a command: its words after the command's own, and how to answer.
struct invocation {
	const struct command *command; // the row of the table
	int argc;                      // words after the command's name
	char **argv;
	int eal_argc; // words after `--`, for run
	char **eal_argv;
	bool json;   // -j
	bool pretty; // -p
	bool colour;
	const char *lab; // --lab, or NULL
	FILE *out;
	FILE *err;
};

// An option of one command; those of all commands are common_options.
struct command_option {
	const char *name;     // "--until", "-j"
	const char *argument; // "T", or NULL for a flag
	const char *summary;
};

#define COMMAND_OPTIONS  24
#define COMMAND_EXAMPLES 6

struct command {
	const char *name;                               // "check"
	const char *arguments;                          // "TOPOLOGY"
	const char *summary;                            // one line
	const char *help;                               // paragraphs for --help and the manual page
	struct command_option options[COMMAND_OPTIONS]; // ends with name NULL
	const char *examples[COMMAND_EXAMPLES];         // ends with NULL
	int (*run)(struct invocation *invocation);      // an enum exit_status
};

extern const struct command commands[];              // ends with name NULL
extern const struct command_option common_options[]; // ends with name NULL

// Exit status that goes with a negative errno: what a user can mend is EXIT_REQUEST (EINVAL,
// ENOENT, EACCES, EEXIST, EISDIR, ENOSPC, EFBIG ...), what the machine lacks is EXIT_MACHINE
// (EPERM, ENODEV, ECONNREFUSED, ENOTSUP, ENOMEM, EADDRINUSE ...), EPIPE is EXIT_CLOSED, all else
// EXIT_INTERNAL.
int exit_status_of(int code);

// Prints "corridor: WHERE: WHAT" on invocation->err and returns exit_status_of(error->code). Of a
// reader that has gone (-EPIPE) nothing is said: `corridor ... | head` ends quietly.
int report_error(const struct invocation *invocation, const struct error *error);
// All of a list, one a line; returns the status of the first.
int report_errors(const struct invocation *invocation, const struct errors *errors);
// Prints "corridor: warning: WHAT" on invocation->err, in one line.
void report_warning(const struct invocation *invocation, const char *what);
// The same for each satellite of the topology whose elements are stale at one end of a span of the
// run.
void report_stale(const struct invocation *invocation, const struct topology *topology,
		  uint64_t from_ns, uint64_t to_ns);
// Wrong usage: one line with the command's arguments; returns EXIT_REQUEST.
int report_usage(const struct invocation *invocation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Writes a JSON value and a newline, as -p asks. Gives up the value (json_decref).
void print_json(const struct invocation *invocation, json_t *value);

// Options of a command: finds "--name VALUE" or "--name=VALUE" and takes it out of argc/argv; NULL
// if absent. The second form takes a flag without value. Unknown words stay for the caller to
// refuse.
const char *take_option(struct invocation *invocation, const char *name);
bool take_flag(struct invocation *invocation, const char *name);
// After all options are taken: EXIT_TRUE when no option is left and between `least` and `most`
// words are (`most` < 0: any number); else says so and returns EXIT_REQUEST.
int expect_words(const struct invocation *invocation, int least, int most);

// The commands (each in the file of its name under control/).
int command_check(struct invocation *invocation);
int command_path(struct invocation *invocation);
int command_budget(struct invocation *invocation);
int command_replay(struct invocation *invocation);
int command_verify(struct invocation *invocation);
int command_import(struct invocation *invocation);
int command_satellites(struct invocation *invocation);
int command_demo(struct invocation *invocation);
int command_doctor(struct invocation *invocation);
int command_run(struct invocation *invocation);
int command_show(struct invocation *invocation);
int command_link(struct invocation *invocation);
int command_site(struct invocation *invocation);
int command_conduit(struct invocation *invocation);
int command_batch(struct invocation *invocation);
int command_stop(struct invocation *invocation);
int command_help(struct invocation *invocation); // cli/help.c
