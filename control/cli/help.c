// SPDX-License-Identifier: BSD-3-Clause
// Help on the terminal and as JSON, and the command `help`. The manual page is in manual.c.
#include "control/cli/help.h"

#include <stdlib.h>
#include <string.h>

#include "control/cli/options.h"
#include "control/cli/table.h"

#define HELP_COLUMNS 80

void help_print(FILE *out)
{
	fputs("corridor - a network lab in one packet engine\n\n"
	      "usage: corridor [-j] [-p] [--lab NAME] COMMAND [WORDS]\n\n",
	      out);
	for (const struct command *command = commands; command->name != NULL; command++)
		fprintf(out, "  %-11s %s\n", command->name, command->summary);
	fputs("\nCommands may be shortened where that is not ambiguous. For all commands:\n\n",
	      out);
	for (const struct command_option *option = common_options; option->name != NULL; option++) {
		char name[64];
		snprintf(name, sizeof(name), "%s%s%s", option->name,
			 option->argument != NULL ? " " : "",
			 option->argument != NULL ? option->argument : "");
		fprintf(out, "  %-13s %s\n", name, option->summary);
	}
	fputs("\ncorridor COMMAND --help says more; corridor doctor says what this machine can "
	      "do.\n",
	      out);
}

// A paragraph, broken at spaces; a line that begins with a space is kept as it is.
static void print_paragraphs(const char *text, FILE *out)
{
	while (*text != '\0') {
		size_t line = strcspn(text, "\n");
		size_t start = 0;
		while (text[0] != ' ' && line - start > HELP_COLUMNS) {
			size_t end = start + HELP_COLUMNS;
			while (end > start && text[end] != ' ')
				end--;
			if (end == start)
				break;
			fprintf(out, "%.*s\n", (int)(end - start), text + start);
			start = end + 1;
		}
		fprintf(out, "%.*s\n", (int)(line - start), text + start);
		text += line + (text[line] == '\n');
	}
}

void help_print_command(const struct command *command, FILE *out)
{
	fprintf(out, "usage: corridor %s%s%s\n\n%s.\n\n", command->name,
		command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary);
	print_paragraphs(command->help, out);
	if (command->options[0].name != NULL)
		fputs("\nOptions:\n", out);
	for (size_t i = 0; i < COMMAND_OPTIONS && command->options[i].name != NULL; i++) {
		const struct command_option *option = &command->options[i];
		char name[80];
		snprintf(name, sizeof(name), "%s%s%s", option->name,
			 option->argument != NULL ? " " : "",
			 option->argument != NULL ? option->argument : "");
		fprintf(out, "  %-22s %s\n", name, option->summary);
	}
	if (command->examples[0] != NULL)
		fputs("\nExamples:\n", out);
	for (size_t i = 0; i < COMMAND_EXAMPLES && command->examples[i] != NULL; i++)
		fprintf(out, "  %s\n", command->examples[i]);
}

static json_t *options_json(const struct command_option *options)
{
	json_t *list = json_array();
	for (size_t i = 0; options[i].name != NULL; i++)
		json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "option", options[i].name,
						      "argument", options[i].argument, "summary",
						      options[i].summary));
	return list;
}

json_t *help_command_json(const struct command *command)
{
	json_t *examples = json_array();
	for (size_t i = 0; i < COMMAND_EXAMPLES && command->examples[i] != NULL; i++)
		json_array_append_new(examples, json_string(command->examples[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "command", command->name, "arguments",
			 command->arguments, "summary", command->summary, "help", command->help,
			 "options", options_json(command->options), "examples", examples);
}

json_t *help_json(void)
{
	json_t *list = json_array();
	for (const struct command *command = commands; command->name != NULL; command++)
		json_array_append_new(list, help_command_json(command));
	return json_pack("{s:s, s:o, s:o}", "version", CORRIDOR_VERSION, "options",
			 options_json(common_options), "commands", list);
}

int command_help(struct invocation *invocation)
{
	bool manual = take_flag(invocation, "--man");
	int status = expect_words(invocation, 0, manual ? 0 : 1);
	if (status != EXIT_TRUE)
		return status;
	if (manual) {
		help_print_manual(invocation->out);
		return EXIT_TRUE;
	}
	if (invocation->argc == 0) {
		if (invocation->json)
			print_json(invocation, help_json());
		else
			help_print(invocation->out);
		return EXIT_TRUE;
	}
	struct error error;
	const struct command *command = options_find_command(invocation->argv[0], &error);
	if (command == NULL)
		return report_error(invocation, &error);
	if (invocation->json)
		print_json(invocation, help_command_json(command));
	else
		help_print_command(command, invocation->out);
	return EXIT_TRUE;
}
