// SPDX-License-Identifier: BSD-3-Clause
// The lab's socket. Each client has one line being read and one text being written; while much is
// unsent, its further requests stay in the kernel's buffer.
#include "control/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES     16384
#define LINES_PER_TURN 16 // one busy client must not starve the others and the lab

struct client {
	int fd;      // -1: free
	bool ended;  // it has sent its last byte
	bool ending; // no more requests are answered: closed once everything is sent
	char *input;
	size_t input_length, input_size;
	size_t scanned; // bytes of input known to hold no newline
	char *output;
	size_t output_length, output_sent, output_size;
	uint64_t progress_s; // when it last took something, or had nothing to take
};

struct server {
	struct socket_claim claim;
	const char *lab;
	const struct rpc_method *methods;
	void *context;
	struct client clients[SERVER_CLIENTS];
};

struct server *server_create(const char *lab, const struct rpc_method *methods, void *context,
			     struct error *error)
{
	struct server *server = calloc(1, sizeof(*server));
	if (server == NULL) {
		error_set(error, -ENOMEM, lab, "no memory for the socket");
		return NULL;
	}
	if (socket_listen(lab, &server->claim, error) < 0) {
		free(server);
		return NULL;
	}
	server->lab = lab;
	server->methods = methods;
	server->context = context;
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		server->clients[i].fd = -1;
	return server;
}

static void client_close(struct client *client)
{
	close(client->fd);
	free(client->input);
	free(client->output);
	*client = (struct client){.fd = -1};
}

static size_t unsent(const struct client *client)
{
	return client->output_length - client->output_sent;
}

// Appends to a growing buffer. False when memory is out.
static bool append(char **buffer, size_t *length, size_t *size, const char *bytes, size_t count)
{
	if (*length + count > *size) {
		size_t larger = *size == 0 ? READ_BYTES : *size;
		while (larger < *length + count)
			larger *= 2;
		char *grown = realloc(*buffer, larger);
		if (grown == NULL)
			return false;
		*buffer = grown;
		*size = larger;
	}
	memcpy(*buffer + *length, bytes, count);
	*length += count;
	return true;
}

// Sends what the client takes now. False when it is gone.
static bool client_flush(struct client *client, uint64_t now_s)
{
	while (unsent(client) > 0) {
		ssize_t sent = send(client->fd, client->output + client->output_sent,
				    unsent(client), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		client->output_sent += (size_t)sent;
		client->progress_s = now_s;
	}
	free(client->output);
	client->output = NULL;
	client->output_length = client->output_sent = client->output_size = 0;
	client->progress_s = now_s;
	return true;
}

// Takes `text` over. A client whose answer finds no memory is dropped.
static void client_say(struct client *client, char *text, size_t length)
{
	if (text == NULL ||
	    !append(&client->output, &client->output_length, &client->output_size, text, length))
		client->ending = true;
	free(text);
}

static void client_fault(struct client *client, enum rpc_code code, const char *what)
{
	char *text = rpc_fault(code, what);
	client_say(client, text, text == NULL ? 0 : strlen(text));
	client->ending = true;
}

// The newline of the first whole line at or after `at`, or NULL.
static const char *find_line(struct client *client, size_t at)
{
	size_t from = client->scanned > at ? client->scanned : at;
	const char *end = client->input_length > from
				  ? memchr(client->input + from, '\n', client->input_length - from)
				  : NULL;
	client->scanned = end == NULL ? client->input_length : (size_t)(end - client->input);
	return end;
}

static void answer_line(const struct server *server, struct client *client, const char *line,
			size_t length)
{
	if (strspn(line, " \t\r") >= length)
		return;
	size_t answer_length = 0;
	char *answer = rpc_answer(server->methods, server->context, line, length, &answer_length);
	if (answer != NULL)
		client_say(client, answer, answer_length);
}

// Answers whole lines that have been read. True when some are left for the next turn.
static bool client_answer(const struct server *server, struct client *client)
{
	size_t at = 0;
	const char *end = find_line(client, at);
	for (int lines = 0; end != NULL && lines < LINES_PER_TURN; lines++) {
		size_t length = (size_t)(end - client->input) - at;
		if (client->ending || unsent(client) > SERVER_BACKLOG || length >= RPC_LINE_MOST)
			break;
		answer_line(server, client, client->input + at, length);
		at += length + 1;
		end = find_line(client, at);
	}
	if (at > 0) {
		memmove(client->input, client->input + at, client->input_length - at);
		client->input_length -= at;
		client->scanned -= at;
	}
	size_t line = end == NULL ? client->input_length : client->scanned;
	if (!client->ending && line >= RPC_LINE_MOST)
		client_fault(client, RPC_TOO_LONG, "a line is at most 1 MiB long");
	return end != NULL && !client->ending;
}

// Reads once. False when the client is gone.
static bool client_read(struct client *client)
{
	char bytes[READ_BYTES];
	ssize_t count = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR;
	// It may have closed only its sending half (printf ... | nc): answers are still due, and a
	// last line without its newline counts.
	client->ended = count == 0;
	if (client->ended && client->input_length == 0)
		return true;
	return append(&client->input, &client->input_length, &client->input_size,
		      client->ended ? "\n" : bytes, client->ended ? 1 : (size_t)count);
}

static bool wants_input(const struct client *client)
{
	return !client->ended && !client->ending && unsent(client) <= SERVER_BACKLOG &&
	       client->input_length < RPC_LINE_MOST;
}

static void server_accept(struct server *server, uint64_t now_s)
{
	int fd = accept4(server->claim.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct client *client = NULL;
	for (size_t i = 0; i < SERVER_CLIENTS && client == NULL; i++)
		if (server->clients[i].fd < 0)
			client = &server->clients[i];
	if (client == NULL) {
		char *text = rpc_fault(RPC_BUSY, "too many clients; try again");
		if (text != NULL)
			(void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
		free(text);
		close(fd);
		return;
	}
	client->fd = fd;
	client->progress_s = now_s;
	char *hello = rpc_hello(server->lab);
	client_say(client, hello, hello == NULL ? 0 : strlen(hello));
}

size_t server_poll(const struct server *server, struct pollfd *polled)
{
	size_t count = 0;
	polled[count++] = (struct pollfd){.fd = server->claim.fd, .events = POLLIN};
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		const struct client *client = &server->clients[i];
		if (client->fd < 0)
			continue;
		short events = wants_input(client) ? POLLIN : 0;
		if (unsent(client) > 0)
			events |= POLLOUT;
		polled[count++] = (struct pollfd){.fd = client->fd, .events = events};
	}
	return count;
}

// One client's turn. True when more of its requests wait for nothing but the next turn.
static bool client_turn(const struct server *server, struct client *client, short events,
			uint64_t now_s)
{
	bool alive = true;
	if ((events & (POLLIN | POLLHUP)) != 0 && wants_input(client))
		alive = client_read(client);
	else if ((events & (POLLHUP | POLLERR)) != 0)
		alive = false; // nobody is there to read what is left
	alive = alive && client_flush(client, now_s);
	bool left = alive && client_answer(server, client);
	alive = alive && client_flush(client, now_s) &&
		now_s - client->progress_s <= SERVER_PATIENCE_S;
	bool done = client->ending || (client->ended && !left);
	if (!alive || (done && unsent(client) == 0)) {
		client_close(client);
		return false;
	}
	return left && unsent(client) <= SERVER_BACKLOG;
}

bool server_handle(struct server *server, const struct pollfd *polled, size_t count, uint64_t now_s)
{
	bool left = false;
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		struct client *client = &server->clients[i];
		short events = 0;
		for (size_t j = 1; j < count; j++)
			if (polled[j].fd == client->fd)
				events = polled[j].revents;
		if (client->fd >= 0)
			left |= client_turn(server, client, events, now_s);
	}
	if (count > 0 && polled[0].revents != 0)
		server_accept(server, now_s);
	return left;
}

void server_flush(struct server *server)
{
	for (size_t i = 0; server != NULL && i < SERVER_CLIENTS; i++)
		if (server->clients[i].fd >= 0)
			client_flush(&server->clients[i], 0);
}

void server_destroy(struct server *server)
{
	if (server == NULL)
		return;
	server_flush(server);
	// The name first: who waits for its connection to close may rely on the socket being gone.
	socket_unlisten(&server->claim);
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		if (server->clients[i].fd >= 0)
			client_close(&server->clients[i]);
	free(server);
}
