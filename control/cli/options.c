// SPDX-License-Identifier: BSD-3-Clause
// From argv to an invocation. What it does not know stays for the command to take or refuse.
#include "control/cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/cli/words.h"

#define COMMANDS_MOST 64

const struct command_option common_options[] = {
	{"-j, --json", NULL, "answer in JSON: one object or array"},
	{"-p, --pretty", NULL, "the same, indented"},
	{"--lab", "NAME", "the running lab to talk to (default: the only one); for run, its name"},
	{"--no-colour", NULL, "no colour; also with NO_COLOR set, and never but on a terminal"},
	{"--help", NULL, "what the command does"},
	{"--version", NULL, "the version"},
	{NULL, NULL, NULL},
};

// What users of labs may look for, and what does the most of it today.
static const struct absent {
	const char *word, *instead;
} absent[] = {
	{"capture", "corridor replay has --capture, and tcpdump reads a live tap port's interface"},
	{"event", "corridor link, site, conduit and batch take a time, and show events lists them"},
	{"probe", "a [flow] measures between two sites, and sites answer ping"},
	{"shell", "corridor batch - reads commands from standard input"},
	{"top", "corridor run shows the busiest channels on its terminal"},
};

const struct command *options_find_command(const char *word, struct error *error)
{
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (strcmp(word, absent[i].word) == 0) {
			error_set(error, -EINVAL, "command line", "%s is not in this version (%s)",
				  word, absent[i].instead);
			return NULL;
		}
	const char *names[COMMANDS_MOST + 1];
	size_t count = 0;
	for (; commands[count].name != NULL && count < COMMANDS_MOST; count++)
		names[count] = commands[count].name;
	names[count] = NULL;
	int index = words_find(word, names, "command", "command line", error);
	return index < 0 ? NULL : &commands[index];
}

// Short options may stand together (-jp). False: not all letters are ours.
static bool take_short(const char *word, struct options *options)
{
	struct options taken = *options;
	for (const char *letter = word + 1; *letter != '\0'; letter++) {
		if (*letter == 'p')
			taken.invocation.pretty = true;
		if (*letter == 'j' || *letter == 'p')
			taken.invocation.json = true;
		else if (*letter == 'h')
			taken.help = true;
		else
			return false;
	}
	*options = taken;
	return true;
}

static bool name_is_valid(const char *name)
{
	if (name[0] == '\0' || name[0] == '.' || strlen(name) > 63)
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

// An option of all commands at argv[index]: how many words it takes, 0 when it is none, or an
// error.
static int take_common(int argc, char **argv, int index, struct options *options,
		       struct error *error)
{
	const char *word = argv[index];
	struct invocation *invocation = &options->invocation;
	if (word[0] == '-' && word[1] != '-' && word[1] != '\0')
		return take_short(word, options) ? 1 : 0;
	if (strcmp(word, "--help") == 0)
		options->help = true;
	else if (strcmp(word, "--version") == 0)
		options->version = true;
	else if (strcmp(word, "--no-colour") == 0 || strcmp(word, "--no-color") == 0)
		invocation->colour = false;
	else if (strcmp(word, "--json") == 0)
		invocation->json = true;
	else if (strcmp(word, "--pretty") == 0)
		invocation->json = invocation->pretty = true;
	else if (strncmp(word, "--lab=", 6) == 0)
		invocation->lab = word + 6;
	else if (strcmp(word, "--lab") == 0 && index + 1 < argc)
		invocation->lab = argv[index + 1];
	else if (strcmp(word, "--lab") == 0)
		return error_set(error, -EINVAL, "--lab", "no name follows (--lab NAME)");
	else
		return 0;
	if (strncmp(word, "--lab", 5) == 0 && !name_is_valid(invocation->lab))
		return error_set(error, -EINVAL, "--lab",
				 "\"%.70s\" is no name of a lab (at most 63 lower-case letters, "
				 "digits, - _ and .)",
				 invocation->lab);
	return strcmp(word, "--lab") == 0 ? 2 : 1;
}

// Sorts the words before `--` into ours and the command's.
static int sort_words(int argc, char **argv, struct options *options, struct error *error)
{
	struct invocation *invocation = &options->invocation;
	int i = 1;
	while (i < argc && strcmp(argv[i], "--") != 0) {
		int taken = take_common(argc, argv, i, options, error);
		if (taken < 0)
			return taken;
		if (taken == 0)
			options->words[invocation->argc++] = argv[i++];
		i += taken;
	}
	if (i < argc) {
		invocation->eal_argc = argc - i - 1;
		invocation->eal_argv = argv + i + 1;
	}
	return 0;
}

int options_parse(int argc, char **argv, FILE *out, FILE *err, struct options *options,
		  struct error *error)
{
	*options = (struct options){0};
	struct invocation *invocation = &options->invocation;
	invocation->out = out;
	invocation->err = err;
	const char *no_colour = getenv("NO_COLOR");
	invocation->colour = isatty(fileno(out)) && (no_colour == NULL || no_colour[0] == '\0');

	options->words = calloc((size_t)argc + 1, sizeof(char *));
	if (options->words == NULL)
		return error_set(error, -ENOMEM, NULL, "no memory for the command line");
	invocation->argv = options->words;
	int result = sort_words(argc, argv, options, error);
	if (result < 0 || invocation->argc == 0)
		return result;

	const char *word = invocation->argv[0];
	if (word[0] == '-')
		return error_set(error, -EINVAL, word,
				 "this is no option of all commands, and a command comes first "
				 "(corridor --help lists both)");
	invocation->command = options_find_command(word, error);
	if (invocation->command == NULL)
		return -EINVAL;
	invocation->argc--;
	invocation->argv++;
	return 0;
}

void options_fini(struct options *options)
{
	free(options->words);
	options->words = NULL;
}
