// SPDX-License-Identifier: BSD-3-Clause
// The program: options, then the command of the table. Everything else is in the commands' files.
#include <signal.h>
#include <stdio.h>

#include "control/cli/help.h"
#include "control/cli/options.h"

// Output that could not be written (a full disk, a closed pipe) is not done.
static int check_output(const struct invocation *invocation, int status)
{
	if (fflush(invocation->out) == 0 && !ferror(invocation->out))
		return status;
	if (status != EXIT_TRUE)
		return status;
	fputs("corridor: standard output: it could not be written\n", invocation->err);
	return EXIT_REQUEST;
}

static int answer(struct options *options)
{
	struct invocation *invocation = &options->invocation;
	if (options->version) {
		if (invocation->json)
			print_json(invocation, json_pack("{s:s}", "version", CORRIDOR_VERSION));
		else
			fprintf(invocation->out, "corridor %s\n", CORRIDOR_VERSION);
		return EXIT_TRUE;
	}
	if (options->help || invocation->command == NULL) {
		const struct command *command = invocation->command;
		if (invocation->json)
			print_json(invocation,
				   command == NULL ? help_json() : help_command_json(command));
		else if (command == NULL)
			help_print(invocation->out);
		else
			help_print_command(command, invocation->out);
		return options->help ? EXIT_TRUE : EXIT_REQUEST;
	}
	return invocation->command->run(invocation);
}

int main(int argc, char **argv)
{
	// A client that goes away must not end the lab; each write says so itself.
	signal(SIGPIPE, SIG_IGN);

	struct options options;
	struct error error;
	int status;
	if (options_parse(argc, argv, stdout, stderr, &options, &error) < 0)
		status = report_error(&options.invocation, &error);
	else
		status = check_output(&options.invocation, answer(&options));
	options_fini(&options);
	return status;
}
