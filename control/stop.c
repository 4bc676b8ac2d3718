// SPDX-License-Identifier: BSD-3-Clause
// corridor stop: ends a running lab and waits until it has removed everything.
#include <errno.h>

#include "control/client.h"
#include "control/command.h"

#define STOP_TIMEOUT_MS 15000

int command_stop(struct invocation *invocation)
{
	int status = expect_words(invocation, 0, 0);
	if (status != EXIT_TRUE)
		return status;
	struct error error;
	struct client *client = client_open(invocation->lab, &error);
	if (client == NULL)
		return report_error(invocation, &error);
	json_t *answer = client_call(client, "stop", NULL, &error);
	// The lab closes the connection when its devices and its socket are gone.
	if (answer != NULL && !client_wait_closed(client, STOP_TIMEOUT_MS)) {
		error_set(&error, -ETIMEDOUT, client_lab(client),
			  "the lab is stopping, and has not ended within %d s",
			  STOP_TIMEOUT_MS / 1000);
		json_decref(answer);
		answer = NULL;
	}
	if (answer == NULL) {
		client_close(client);
		return report_error(invocation, &error);
	}
	if (invocation->json)
		print_json(invocation,
			   json_pack("{s:s, s:b}", "lab", client_lab(client), "stopped", 1));
	else
		fprintf(invocation->out, "lab %s has stopped\n", client_lab(client));
	json_decref(answer);
	client_close(client);
	return EXIT_TRUE;
}
