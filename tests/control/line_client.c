// SPDX-License-Identifier: BSD-3-Clause
// A client of a lab's socket in the hands of a test.
#include "tests/control/line_client.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/socket.h"

// More turns than any test needs: a server that never comes to rest is a fault.
#define TURNS_MOST 100000

static char folder[64];

int line_client_begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/corridor-test-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	return setenv("XDG_RUNTIME_DIR", folder, 1);
}

int line_client_end(void **state)
{
	(void)state;
	char sockets[80];
	snprintf(sockets, sizeof(sockets), "%s/corridor", folder);
	// Fails, as it should, when a test has left a socket behind.
	bool there = access(sockets, F_OK) == 0;
	return (there && rmdir(sockets) != 0) || rmdir(folder) != 0 ? -1 : 0;
}

void line_client_pump(struct server *server, uint64_t now_s)
{
	struct pollfd polled[SERVER_POLL_MOST];
	for (int turn = 0; turn < TURNS_MOST; turn++) {
		size_t count = server_poll(server, polled);
		int ready = poll(polled, count, 0);
		bool left = server_handle(server, polled, count, now_s);
		if (ready == 0 && !left)
			return;
	}
	fail_msg("the server has not come to rest in %d turns", TURNS_MOST);
}

struct line_client line_client_open(const char *lab)
{
	struct error error;
	struct line_client client = {.fd = socket_connect(lab, &error)};
	if (client.fd < 0)
		fail_msg("%s: %s", error.where, error.what);
	fcntl(client.fd, F_SETFL, O_NONBLOCK);
	return client;
}

void line_client_close(struct line_client *client)
{
	close(client->fd);
	free(client->input);
	*client = (struct line_client){.fd = -1};
}

void line_client_send(struct line_client *client, struct server *server, const char *bytes,
		      size_t length)
{
	for (int turn = 0; length > 0 && turn < TURNS_MOST; turn++) {
		ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return; // the server has closed: what it said can still be read
		bytes += sent > 0 ? sent : 0;
		length -= sent > 0 ? (size_t)sent : 0;
		line_client_pump(server, 0);
	}
	assert_int_equal(length, 0);
}

static void receive(struct line_client *client)
{
	for (;;) {
		char bytes[65536];
		ssize_t count = recv(client->fd, bytes, sizeof(bytes), 0);
		if (count <= 0) {
			client->closed = count == 0 || errno != EAGAIN;
			return;
		}
		client->input = realloc(client->input, client->length + (size_t)count);
		memcpy(client->input + client->length, bytes, (size_t)count);
		client->length += (size_t)count;
	}
}

json_t *line_client_read(struct line_client *client, struct server *server)
{
	char *end = NULL;
	for (int turn = 0; end == NULL && turn < TURNS_MOST; turn++) {
		size_t before = client->length;
		line_client_pump(server, 0);
		receive(client);
		end = client->length > 0 ? memchr(client->input, '\n', client->length) : NULL;
		if (end == NULL && client->length == before)
			return NULL;
	}
	size_t length = (size_t)(end - client->input);
	json_t *value = json_loadb(client->input, length, 0, NULL);
	assert_non_null(value);
	client->length -= length + 1;
	memmove(client->input, end + 1, client->length);
	return value;
}

bool line_client_is_closed(struct line_client *client, struct server *server)
{
	line_client_pump(server, 0);
	receive(client);
	return client->closed;
}
