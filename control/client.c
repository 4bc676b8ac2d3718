// SPDX-License-Identifier: BSD-3-Clause
// The other end of a lab's socket: one request, one answer.
#include "control/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/command.h"
#include "control/rpc.h"
#include "control/socket.h"

#define ANSWER_TIMEOUT_MS 30000
#define ANSWER_MOST       (1u << 30)

struct client {
	int fd;
	int id; // of the last request
	char lab[SOCKET_NAME_SIZE];
	char *input;
	size_t length, size;
};

// Nothing is known of labs whose folder is another user's.
static int no_lab(struct error *error)
{
	char directory[SOCKET_PATH_SIZE];
	if (socket_directory(directory, sizeof(directory), false, NULL) == 0 &&
	    access(directory, R_OK | X_OK) != 0 && errno == EACCES)
		return error_set(error, -EPERM, directory,
				 "labs here belong to another user (run as that user, or as root; "
				 "for labs of yours set XDG_RUNTIME_DIR to a directory of yours)");
	return error_set(error, -ECONNREFUSED, "lab",
			 "no lab is running (corridor run TOPOLOGY starts one)");
}

// The lab to talk to when none is named.
static int only_lab(char lab[SOCKET_NAME_SIZE], struct error *error)
{
	char names[SOCKET_NAMES][SOCKET_NAME_SIZE];
	size_t count = socket_names(names);
	if (count == 0)
		return no_lab(error);
	if (count == 1) {
		memcpy(lab, names[0], SOCKET_NAME_SIZE);
		return 0;
	}
	char list[400];
	size_t used = 0;
	for (size_t i = 0; i < count && used + SOCKET_NAME_SIZE + 2 < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
					 i > 0 ? ", " : "", names[i]);
	return error_set(error, -EINVAL, "lab", "several labs are running: %s (choose with --lab)",
			 list);
}

// The next line, without its newline, at the front of input; -ETIMEDOUT, -ECONNREFUSED.
static int read_line(struct client *client, size_t *length, struct error *error)
{
	size_t scanned = 0;
	for (;;) {
		char *end = client->length > scanned ? memchr(client->input + scanned, '\n',
							      client->length - scanned)
						     : NULL;
		if (end != NULL) {
			*length = (size_t)(end - client->input);
			return 0;
		}
		scanned = client->length;
		if (client->size - client->length < 65536) {
			size_t larger = client->size == 0 ? 65536 : client->size * 2;
			char *grown = larger > ANSWER_MOST ? NULL : realloc(client->input, larger);
			if (grown == NULL)
				return error_set(error, -ENOMEM, client->lab,
						 "no memory for the lab's answer");
			client->input = grown;
			client->size = larger;
		}
		struct pollfd polled = {.fd = client->fd, .events = POLLIN};
		if (poll(&polled, 1, ANSWER_TIMEOUT_MS) == 0)
			return error_set(error, -ETIMEDOUT, client->lab,
					 "the lab has not answered for %d s (is its machine "
					 "overloaded?)",
					 ANSWER_TIMEOUT_MS / 1000);
		ssize_t count = recv(client->fd, client->input + client->length,
				     client->size - client->length, 0);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return error_set(error, -ECONNREFUSED, client->lab,
					 "the lab ended before it had answered");
		client->length += (size_t)count;
	}
}

static void drop_line(struct client *client, size_t length)
{
	client->length -= length + 1;
	memmove(client->input, client->input + length + 1, client->length);
}

static int check_hello(struct client *client, struct error *error)
{
	size_t length;
	int result = read_line(client, &length, error);
	if (result < 0)
		return result;
	json_t *hello = json_loadb(client->input, length, 0, NULL);
	drop_line(client, length);
	const json_t *params = json_object_get(hello, "params");
	const json_t *protocol = json_object_get(params, "protocol");
	if (!json_is_integer(protocol)) {
		const char *fault = json_string_value(
			json_object_get(json_object_get(hello, "error"), "message"));
		result = error_set(error, -ECONNREFUSED, client->lab, "%s",
				   fault != NULL ? fault : "this socket is no lab's");
	} else if (json_integer_value(protocol) != RPC_PROTOCOL) {
		result = error_set(error, -EPROTONOSUPPORT, client->lab,
				   "the lab speaks protocol %d and this program %d (use the "
				   "corridor that started it)",
				   (int)json_integer_value(protocol), RPC_PROTOCOL);
	}
	json_decref(hello);
	return result;
}

struct client *client_open(const char *lab, struct error *error)
{
	struct client *client = calloc(1, sizeof(*client));
	if (client == NULL) {
		error_set(error, -ENOMEM, "lab", "no memory for the connection");
		return NULL;
	}
	client->fd = -1;
	if (lab != NULL)
		snprintf(client->lab, sizeof(client->lab), "%s", lab);
	else if (only_lab(client->lab, error) < 0)
		goto fail;
	client->fd = socket_connect(client->lab, error);
	if (client->fd < 0 || check_hello(client, error) < 0)
		goto fail;
	return client;
fail:
	client_close(client);
	return NULL;
}

void client_close(struct client *client)
{
	if (client == NULL)
		return;
	if (client->fd >= 0)
		close(client->fd);
	free(client->input);
	free(client);
}

const char *client_lab(const struct client *client)
{
	return client->lab;
}

static int send_all(const struct client *client, const char *text, struct error *error)
{
	size_t length = strlen(text);
	if (length > RPC_LINE_MOST)
		return error_set(error, -E2BIG, client->lab, "the request is longer than %d bytes",
				 RPC_LINE_MOST);
	while (length > 0) {
		ssize_t sent = send(client->fd, text, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return error_set(error, -ECONNREFUSED, client->lab,
					 "the lab has closed the connection: %s", strerror(errno));
		text += sent;
		length -= (size_t)sent;
	}
	return 0;
}

json_t *client_call(struct client *client, const char *method, json_t *params, struct error *error)
{
	char *request = rpc_request(method, params, ++client->id);
	if (request == NULL) {
		error_set(error, -EINVAL, client->lab, "the request is not UTF-8");
		return NULL;
	}
	int result = send_all(client, request, error);
	free(request);
	size_t length;
	if (result < 0 || read_line(client, &length, error) < 0)
		return NULL;
	json_t *answer = rpc_result(client->input, length, client->id, error);
	drop_line(client, length);
	return answer;
}

static int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool client_wait_closed(struct client *client, int timeout_ms)
{
	int64_t until_ms = monotonic_ms() + timeout_ms;
	for (;;) {
		int64_t left_ms = until_ms - monotonic_ms();
		struct pollfd polled = {.fd = client->fd, .events = POLLIN};
		if (left_ms <= 0 || poll(&polled, 1, (int)left_ms) == 0)
			return false;
		char byte;
		ssize_t count = recv(client->fd, &byte, 1, 0);
		if (count == 0 || (count < 0 && errno != EINTR))
			return true;
	}
}

int client_change(struct invocation *invocation, json_t *lines, const uint64_t *at_ns)
{
	struct error error;
	json_t *params = json_pack("{s:o}", "lines", lines);
	if (params != NULL && at_ns != NULL)
		json_object_set_new(params, "at_ns", json_integer((json_int_t)*at_ns));
	struct client *client = client_open(invocation->lab, &error);
	if (client == NULL) {
		json_decref(params);
		return report_error(invocation, &error);
	}
	json_t *answer = client_call(client, "change", params, &error);
	client_close(client);
	if (answer == NULL)
		return report_error(invocation, &error);
	if (invocation->json)
		print_json(invocation, answer);
	else
		json_decref(answer);
	return EXIT_TRUE;
}
