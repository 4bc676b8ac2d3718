// SPDX-License-Identifier: BSD-3-Clause
// corridor link, site, conduit: one control line for a running lab.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/words.h"
#include "control/client.h"
#include "control/command.h"
#include "topologies/quantity.h"

// "KIND NAME VERB WORDS...", which the caller frees; NULL: no memory.
static char *make_line(const struct invocation *invocation, const char *kind, const char *verb)
{
	size_t size = strlen(kind) + strlen(verb) + 3;
	for (int i = 0; i < invocation->argc; i++)
		size += strlen(invocation->argv[i]) + 1;
	char *line = malloc(size);
	if (line == NULL)
		return NULL;
	int used = snprintf(line, size, "%s %s %s", kind, invocation->argv[0], verb);
	for (int i = 2; i < invocation->argc; i++)
		used += snprintf(line + used, size - (size_t)used, " %s", invocation->argv[i]);
	return line;
}

// The time of "at TIME" at the end, taken off; NULL when there is none.
static const char *take_at(struct invocation *invocation)
{
	if (invocation->argc < 4 || strcmp(invocation->argv[invocation->argc - 2], "at") != 0)
		return NULL;
	invocation->argc -= 2;
	return invocation->argv[invocation->argc + 1];
}

static int change(struct invocation *invocation, const char *kind, const char *const *verbs)
{
	int status = expect_words(invocation, 2, -1);
	if (status != EXIT_TRUE)
		return status;
	struct error error;
	const char *at = take_at(invocation);
	uint64_t at_ns = 0;
	if (at != NULL && quantity_parse_time_ns(at, "at", &at_ns, &error) < 0)
		return report_error(invocation, &error);
	int verb = words_find(invocation->argv[1], verbs, "word", kind, &error);
	if (verb < 0)
		return report_error(invocation, &error);
	char *line = make_line(invocation, kind, verbs[verb]);
	if (line == NULL) {
		error_set(&error, -ENOMEM, kind, "no memory for the line");
		return report_error(invocation, &error);
	}
	status = client_change(invocation, json_pack("[s]", line), at != NULL ? &at_ns : NULL);
	free(line);
	return status;
}

int command_link(struct invocation *invocation)
{
	return change(invocation, "link",
		      (const char *const[]){"set", "reset", "up", "down", NULL});
}

int command_site(struct invocation *invocation)
{
	return change(invocation, "site", (const char *const[]){"up", "down", NULL});
}

int command_conduit(struct invocation *invocation)
{
	return change(invocation, "conduit", (const char *const[]){"up", "down", NULL});
}
