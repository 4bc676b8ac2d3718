// SPDX-License-Identifier: BSD-3-Clause
// The program but for main: options, then the command of the table, and whether its answer has
// arrived. Everything else is in the commands' files.
#include "control/cli/program.h"

#include <poll.h>

#include "control/cli/help.h"
#include "control/cli/options.h"

// Has whoever read this stream gone? A write's errno is lost by the time the program ends; the pipe
// itself still knows.
static bool reader_has_gone(FILE *stream)
{
	struct pollfd polled = {.fd = fileno(stream)};
	return polled.fd >= 0 && poll(&polled, 1, 0) > 0 &&
	       (polled.revents & (POLLERR | POLLHUP)) != 0;
}

// Output that could not be written (a full disk) is not done.
static int check_output(const struct invocation *invocation, int status)
{
	if (fflush(invocation->out) == 0 && !ferror(invocation->out))
		return status;
	if (status != EXIT_TRUE)
		return status;
	if (reader_has_gone(invocation->out))
		return EXIT_CLOSED;
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

int program_run(int argc, char **argv, FILE *out, FILE *err)
{
	struct options options;
	struct error error;
	int status;
	if (options_parse(argc, argv, out, err, &options, &error) < 0)
		status = report_error(&options.invocation, &error);
	else
		status = check_output(&options.invocation, answer(&options));
	options_fini(&options);
	return status;
}
