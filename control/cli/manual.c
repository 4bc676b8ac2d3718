// SPDX-License-Identifier: BSD-3-Clause
// corridor(1) in mdoc, from the table of commands.
#include <string.h>

#include "control/cli/help.h"

// Text of a line: a leading dot or quote would be taken as a request, a backslash as an escape.
static void print_text(const char *text, size_t length, FILE *out)
{
	if (length > 0 && (text[0] == '.' || text[0] == '\''))
		fputs("\\&", out);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '-')
			fputs("\\-", out);
		else
			fputc(text[i], out);
	}
}

static void print_line(const char *text, FILE *out)
{
	print_text(text, strlen(text), out);
	fputc('\n', out);
}

// Paragraphs are apart by an empty line; indented lines are shown as they are.
static void print_paragraphs(const char *text, FILE *out)
{
	bool literal = false;
	while (*text != '\0') {
		size_t line = strcspn(text, "\n");
		if (literal != (text[0] == ' ')) {
			fputs(literal ? ".Ed\n" : ".Bd -literal -offset indent\n", out);
			literal = !literal;
		}
		if (line == 0) {
			fputs(".Pp\n", out);
		} else {
			print_text(text + (literal ? 2 : 0), line - (literal ? 2 : 0), out);
			fputc('\n', out);
		}
		text += line + (text[line] == '\n');
	}
	if (literal)
		fputs(".Ed\n", out);
}

// Macro arguments go in quotes: "TOPOLOGY" "[--for T]".
static void print_quoted(const char *macro, const char *text, FILE *out)
{
	fprintf(out, ".%s \"", macro);
	print_text(text, strlen(text), out);
	fputs("\"\n", out);
}

static void print_options(const struct command_option *options, FILE *out)
{
	if (options[0].name == NULL)
		return;
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; options[i].name != NULL; i++) {
		char name[80];
		snprintf(name, sizeof(name), "%s%s%s", options[i].name,
			 options[i].argument != NULL ? " " : "",
			 options[i].argument != NULL ? options[i].argument : "");
		print_quoted("It Sy", name, out);
		print_line(options[i].summary, out);
	}
	fputs(".El\n", out);
}

static void print_command(const struct command *command, FILE *out)
{
	char usage[400];
	snprintf(usage, sizeof(usage), "corridor %s%s%s", command->name,
		 command->arguments[0] != '\0' ? " " : "", command->arguments);
	print_quoted("Ss", command->name, out);
	print_quoted("D1 Sy", usage, out);
	fputs(".Pp\n", out);
	print_text(command->summary, strlen(command->summary), out);
	fputs(".\n.Pp\n", out);
	print_paragraphs(command->help, out);
	print_options(command->options, out);
	if (command->examples[0] == NULL)
		return;
	fputs(".Pp\n.Bd -literal -offset indent\n", out);
	for (size_t i = 0; i < COMMAND_EXAMPLES && command->examples[i] != NULL; i++)
		print_line(command->examples[i], out);
	fputs(".Ed\n", out);
}

static void print_statuses(FILE *out)
{
	static const char *const statuses[] = {
		"done and true",
		"the answer is no: verification failed, there is no path",
		"the request or a file is wrong",
		"the lab cannot be reached, or the machine lacks what standard error names",
		"internal error",
	};
	fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		fprintf(out, ".It Sy %zu\n%s\n", i, statuses[i]);
	fputs(".It Sy 141\n"
	      "who read standard output has gone, as with `| head`; nothing is said\n"
	      ".El\n",
	      out);
}

static void print_places(FILE *out)
{
	fputs(".Sh ENVIRONMENT\n"
	      ".Bl -tag -width Ds\n"
	      ".It Ev XDG_RUNTIME_DIR\n"
	      "Where the directory\n.Pa corridor\nwith the sockets of running labs lies; without "
	      "it "
	      "they lie in\n.Pa /run/corridor .\n"
	      ".It Ev NO_COLOR\n"
	      "When set and not empty, no colour.\n"
	      ".El\n"
	      ".Sh FILES\n"
	      ".Bl -tag -width Ds\n"
	      ".It Pa $XDG_RUNTIME_DIR/corridor/LAB.sock\n"
	      "The socket of a running lab: JSON-RPC 2.0, one object a line, mode 0600.\n"
	      ".It Pa /run/corridor/LAB.sock\n"
	      "The same without XDG_RUNTIME_DIR.\n"
	      ".El\n",
	      out);
}

void help_print_manual(FILE *out)
{
	fputs(".\\\" Made by `corridor help --man` from the table of commands.\n"
	      ".Dd $Mdocdate$\n"
	      ".Dt CORRIDOR 1\n"
	      ".Os corridor " CORRIDOR_VERSION "\n"
	      ".Sh NAME\n"
	      ".Nm corridor\n"
	      ".Nd a network lab in one packet engine\n"
	      ".Sh SYNOPSIS\n"
	      ".Nm\n.Op Fl j\n.Op Fl p\n.Op Fl \\-lab Ar NAME\n.Ar COMMAND\n.Op Ar WORDS ...\n"
	      ".Sh DESCRIPTION\n"
	      ".Nm\n"
	      "emulates a backbone (fibre, exchanges, satellite hops) at packet level, live "
	      "between "
	      "real ports or in\nvirtual time over captures, and proves what it did from the "
	      "packets themselves.\n"
	      "A topology is one INI file.\n"
	      ".Pp\n"
	      "Commands may be shortened where that is not ambiguous. Options of all commands may "
	      "stand anywhere\nbefore\n.Sq \\-\\- .\n",
	      out);
	print_options(common_options, out);
	fputs(".Sh COMMANDS\n", out);
	for (const struct command *command = commands; command->name != NULL; command++)
		print_command(command, out);
	print_statuses(out);
	print_places(out);
	fputs(".Sh EXAMPLES\n"
	      "A lab for ten minutes, a longer fibre, a cut, and the end:\n"
	      ".Bd -literal -offset indent\n"
	      "corridor run topologies/benelux.ini \\-\\-for 10min &\n"
	      "corridor show links\n"
	      "corridor link bettembourg\\-brussels set delay 10ms loss 0.1%\n"
	      "corridor link bettembourg\\-brussels down\n"
	      "corridor stop\n"
	      ".Ed\n"
	      ".Sh SEE ALSO\n"
	      ".Xr tc\\-netem 8 ,\n.Xr ip 8 ,\n.Xr pcapng 5\n",
	      out);
}
