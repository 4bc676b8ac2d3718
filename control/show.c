// SPDX-License-Identifier: BSD-3-Clause
// corridor show: asks a running lab for a view, and prints it as it came (-j) or as a table.
#include <stdlib.h>
#include <string.h>

#include "control/cli/words.h"
#include "control/client.h"
#include "control/command.h"
#include "control/show_table.h"
#include "control/view.h"

static json_t *names_json(const struct invocation *invocation)
{
	json_t *names = json_array();
	for (int i = 1; i < invocation->argc; i++)
		json_array_append_new(names, json_string(invocation->argv[i]));
	return names;
}

int command_show(struct invocation *invocation)
{
	int status = expect_words(invocation, 0, -1);
	if (status != EXIT_TRUE)
		return status;
	const char *words[VIEWS_MOST + 1];
	for (size_t i = 0; i <= VIEWS_MOST; i++)
		words[i] = views[i].name;
	if (invocation->argc == 0) {
		char list[200];
		return report_usage(invocation, "what? one of %s",
				    words_list(words, list, sizeof(list)));
	}
	struct error error;
	int view = words_find(invocation->argv[0], words, "view", "show", &error);
	if (view < 0)
		return report_error(invocation, &error);
	struct client *client = client_open(invocation->lab, &error);
	if (client == NULL)
		return report_error(invocation, &error);
	json_t *answer = client_call(
		client, "show",
		json_pack("{s:s, s:o}", "what", views[view].name, "names", names_json(invocation)),
		&error);
	client_close(client);
	if (answer == NULL)
		return report_error(invocation, &error);
	if (invocation->json) {
		print_json(invocation, answer);
		return EXIT_TRUE;
	}
	show_table(views[view].name, answer, invocation->out);
	json_decref(answer);
	return EXIT_TRUE;
}
