// SPDX-License-Identifier: BSD-3-Clause
// What every command shares: faults to exit statuses and to one line on stderr, JSON out, options
// taken out of the words. The table itself is in commands.c.
#include "control/command.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/topology.h"

int exit_status_of(int code)
{
	switch (code) {
	case 0:
		return EXIT_TRUE;
	case -EINVAL:
	case -ENOENT:
	case -EACCES:
	case -EEXIST:
	case -EISDIR:
	case -ENOTDIR:
	case -ENAMETOOLONG:
	case -ELOOP:
	case -ENOSPC:
	case -EDQUOT:
	case -EFBIG:
	case -EROFS:
	case -EBADMSG:
	case -EPROTO:
	case -EILSEQ:
	case -ERANGE:
	case -EOVERFLOW:
	case -EDOM:
	case -E2BIG:
		return EXIT_REQUEST;
	case -EPERM:
	case -ENODEV:
	case -ENXIO:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ETIMEDOUT:
	case -EPROTONOSUPPORT:
	case -EAFNOSUPPORT:
	case -ENOTSUP:
	case -ENOSYS:
	case -ENOMEM:
	case -EADDRINUSE:
	case -EBUSY:
	case -EMFILE:
	case -ENFILE:
	case -EAGAIN:
	case -EIO:
		return EXIT_MACHINE;
	case -EPIPE:
		return EXIT_CLOSED;
	default:
		return EXIT_INTERNAL;
	}
}

// One line whatever the text holds: control characters of a user's file must not reach the
// terminal.
static void print_line(FILE *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
		fputc(*c < 0x20 || *c == 0x7f ? ' ' : *c, out);
}

static void print_error(const struct invocation *invocation, const char *where, const char *what)
{
	fputs("corridor: ", invocation->err);
	if (where != NULL && where[0] != '\0') {
		print_line(invocation->err, where);
		fputs(": ", invocation->err);
	}
	print_line(invocation->err, what);
	fputc('\n', invocation->err);
}

int report_error(const struct invocation *invocation, const struct error *error)
{
	int status = exit_status_of(error->code);
	if (status != EXIT_CLOSED)
		print_error(invocation, error->where, error->what);
	return status == EXIT_TRUE ? EXIT_INTERNAL : status;
}

int report_errors(const struct invocation *invocation, const struct errors *errors)
{
	for (size_t i = 0; i < errors->kept; i++)
		print_error(invocation, errors->items[i].where, errors->items[i].what);
	if (errors->count > errors->kept) {
		char rest[64];
		snprintf(rest, sizeof(rest), "and %zu more", errors->count - errors->kept);
		print_error(invocation, NULL, rest);
	}
	if (errors->kept == 0)
		return EXIT_MACHINE; // not even memory for the sentence
	int status = exit_status_of(errors->items[0].code);
	return status == EXIT_TRUE ? EXIT_INTERNAL : status;
}

void report_warning(const struct invocation *invocation, const char *what)
{
	print_error(invocation, "warning", what);
}

int report_usage(const struct invocation *invocation, const char *format, ...)
{
	char what[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);

	const struct command *command = invocation->command;
	char line[1024];
	if (command != NULL)
		snprintf(line, sizeof(line), "%s (usage: corridor %s%s%s; corridor %s --help)",
			 what, command->name, command->arguments[0] != '\0' ? " " : "",
			 command->arguments, command->name);
	else
		snprintf(line, sizeof(line), "%s (corridor --help lists the commands)", what);
	print_error(invocation, command != NULL ? command->name : NULL, line);
	return EXIT_REQUEST;
}

void print_json(const struct invocation *invocation, json_t *value)
{
	// 17 digits read back to the same double; keys stay in the order in which they were added.
	size_t flags =
		JSON_ENCODE_ANY | JSON_PRESERVE_ORDER | (invocation->pretty ? JSON_INDENT(2) : 0);
	bool whole = value != NULL && json_dumpf(value, invocation->out, flags) == 0;
	// What the stream itself did not take is told at the end, once, by its own name.
	if (!whole && !ferror(invocation->out))
		print_error(invocation, NULL, "no memory for the JSON answer");
	fputc('\n', invocation->out);
	json_decref(value);
}

// Takes `count` words at `index` out of argv.
static void take_words(struct invocation *invocation, int index, int count)
{
	memmove(&invocation->argv[index], &invocation->argv[index + count],
		(size_t)(invocation->argc - index - count) * sizeof(char *));
	invocation->argc -= count;
}

const char *take_option(struct invocation *invocation, const char *name)
{
	size_t length = strlen(name);
	for (int i = 0; i < invocation->argc; i++) {
		const char *word = invocation->argv[i];
		if (strncmp(word, name, length) != 0)
			continue;
		if (word[length] == '=') {
			take_words(invocation, i, 1);
			return word + length + 1;
		}
		// Without a value the word stays, and expect_words refuses it.
		if (word[length] == '\0' && i + 1 < invocation->argc) {
			const char *value = invocation->argv[i + 1];
			take_words(invocation, i, 2);
			return value;
		}
	}
	return NULL;
}

bool take_flag(struct invocation *invocation, const char *name)
{
	for (int i = 0; i < invocation->argc; i++)
		if (strcmp(invocation->argv[i], name) == 0) {
			take_words(invocation, i, 1);
			return true;
		}
	return false;
}

// The option of the command that is nearest to a wrong one, or NULL.
static const char *nearest_option(const struct command *command, const char *word)
{
	const char *names[COMMAND_OPTIONS + 1];
	size_t count = 0;
	for (size_t i = 0; i < COMMAND_OPTIONS && command->options[i].name != NULL; i++)
		names[count++] = command->options[i].name;
	names[count] = NULL;
	return nearest_word(word, names);
}

// What is left of a command's words and looks like an option: take_option leaves one that has no
// value, and what comes a second time.
static int refuse_option(const struct invocation *invocation, int index)
{
	const struct command *command = invocation->command;
	const char *word = invocation->argv[index];
	size_t length = strcspn(word, "=");
	bool has_value = word[length] == '=' || index + 1 < invocation->argc;
	for (size_t i = 0; command != NULL && command->options[i].name != NULL; i++) {
		const struct command_option *option = &command->options[i];
		if (strncmp(option->name, word, length) != 0 || option->name[length] != '\0')
			continue;
		if (option->argument != NULL && !has_value)
			return report_usage(invocation, "%s needs a value: %s %s", option->name,
					    option->name, option->argument);
		return report_usage(invocation,
				    option->argument == NULL && word[length] == '='
					    ? "%s takes no value"
					    : "%s is given twice",
				    option->name);
	}
	const char *near = command != NULL ? nearest_option(command, word) : NULL;
	if (near != NULL)
		return report_usage(invocation, "there is no option %s here, is it %s?", word,
				    near);
	return report_usage(invocation, "there is no option %s here", word);
}

// A lone `-` is a file's name, and `-8` a value of tc's words.
static bool is_option(const char *word)
{
	return word[0] == '-' && (word[1] == '-' || isalpha((unsigned char)word[1]));
}

int expect_words(const struct invocation *invocation, int least, int most)
{
	for (int i = 0; i < invocation->argc; i++)
		if (is_option(invocation->argv[i]))
			return refuse_option(invocation, i);
	if (invocation->eal_argc > 0)
		return report_usage(invocation, "words after -- are for `corridor run`");
	if (invocation->argc < least)
		return report_usage(invocation, "%d word%s given, at least %d expected",
				    invocation->argc, invocation->argc == 1 ? "" : "s", least);
	if (most >= 0 && invocation->argc > most)
		return report_usage(invocation, "\"%s\" is one word too many",
				    invocation->argv[most]);
	return EXIT_TRUE;
}
