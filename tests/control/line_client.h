// SPDX-License-Identifier: BSD-3-Clause
// A client of a lab's socket in the hands of a test: it sends what it is told, whole lines or not,
// while the server in the same thread has its turns.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "control/server.h"

struct line_client {
	int fd;
	char *input;
	size_t length;
	bool closed; // by the server
};

// A folder of its own for sockets, in XDG_RUNTIME_DIR: group set-up and tear-down of cmocka.
int line_client_begin(void **state);
int line_client_end(void **state);

// The server's turns at `now_s` until nothing is left to do.
void line_client_pump(struct server *server, uint64_t now_s);

// Connected to the lab of this name, its greeting not yet read.
struct line_client line_client_open(const char *lab);
void line_client_close(struct line_client *client);
// Sends all of it: the server has its turns while the socket is full.
void line_client_send(struct line_client *client, struct server *server, const char *bytes,
		      size_t length);
// The next line, parsed; NULL when none has come or the server has closed. Pumps first.
json_t *line_client_read(struct line_client *client, struct server *server);
// Has the server closed? What it sent before stays to be read.
bool line_client_is_closed(struct line_client *client, struct server *server);
