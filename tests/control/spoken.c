// SPDX-License-Identifier: BSD-3-Clause
// The program called from within a test.
#include "tests/control/spoken.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/program.h"

#define WORDS_MOST 32

int speak(struct spoken *spoken, ...)
{
	// Commands split some words in place, so they get copies of their own.
	char *argv[WORDS_MOST + 2] = {strdup("corridor")};
	char *words[WORDS_MOST + 2];
	int argc = 1;
	va_list arguments;

	va_start(arguments, spoken);
	for (const char *word; argc <= WORDS_MOST && (word = va_arg(arguments, const char *));)
		argv[argc++] = strdup(word);
	va_end(arguments);
	memcpy(words, argv, sizeof(words));
	*spoken = (struct spoken){.out = NULL};
	FILE *out = open_memstream(&spoken->out, &spoken->out_length);
	FILE *err = open_memstream(&spoken->err, &spoken->err_length);
	int status = program_run(argc, words, out, err);
	fclose(out);
	fclose(err);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}

void spoken_fini(struct spoken *spoken)
{
	free(spoken->out);
	free(spoken->err);
}

bool spoken_is_one_line(const struct spoken *spoken)
{
	const char *end = strchr(spoken->err, '\n');

	return strncmp(spoken->err, "corridor: ", 10) == 0 && end != NULL && end[1] == '\0' &&
	       strstr(spoken->err + 10, ": ") != NULL;
}
