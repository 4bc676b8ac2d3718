// SPDX-License-Identifier: BSD-3-Clause
// corridor batch: many control lines as one change, from a file or standard input.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "control/command.h"
#include "control/lines.h"
#include "topologies/quantity.h"

#define BATCH_LINES_MOST 65536

// White space and comments off: NULL when nothing is left.
static char *strip(char *line)
{
	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	size_t length = strlen(line);
	while (length > 0 && strchr(" \t", line[length - 1]) != NULL)
		line[--length] = '\0';
	return length > 0 ? line : NULL;
}

static int take_line(json_t *lines, char *text, const char *path, struct error *error)
{
	const char *line = strip(text);
	if (line == NULL)
		return 0;
	if (json_array_size(lines) == BATCH_LINES_MOST)
		return error_set(error, -EINVAL, path, "has more than %d lines", BATCH_LINES_MOST);
	if (json_array_append_new(lines, json_string(line)) < 0)
		return error_set(error, -EINVAL, path,
				 "has text that is not UTF-8, and commands are");
	return 0;
}

// The lines of a file as a JSON array; NULL and a sentence.
static json_t *read_lines(FILE *file, const char *path, struct error *error)
{
	json_t *lines = json_array();
	char text[LINE_MOST + 1];
	int result = lines != NULL ? 0 : error_set(error, -ENOMEM, path, "no memory for its lines");
	while (result == 0 && (result = lines_next(file, path, text, error)) > 0)
		result = take_line(lines, text, path, error);
	if (result == 0 && json_array_size(lines) == 0)
		result = error_set(error, -EINVAL, path,
				   "has no line (write one command a line, such as "
				   "link NAME set delay 5ms)");
	if (result == 0)
		return lines;
	json_decref(lines);
	return NULL;
}

int command_batch(struct invocation *invocation)
{
	const char *at = take_option(invocation, "--at");
	int status = expect_words(invocation, 1, 1);
	if (status != EXIT_TRUE)
		return status;
	struct error error;
	uint64_t at_ns = 0;
	if (at != NULL && quantity_parse_time_ns(at, "--at", &at_ns, &error) < 0)
		return report_error(invocation, &error);
	const char *path = invocation->argv[0];
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (file == NULL) {
		error_set(&error, -errno, path, "cannot be opened: %s", strerror(errno));
		return report_error(invocation, &error);
	}
	json_t *lines = read_lines(file, path, &error);
	if (file != stdin)
		fclose(file);
	if (lines == NULL)
		return report_error(invocation, &error);
	return client_change(invocation, lines, at != NULL ? &at_ns : NULL);
}
