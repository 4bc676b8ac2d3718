// SPDX-License-Identifier: BSD-3-Clause
// The lab's socket: clients, lines and backpressure in one poll loop that the caller runs. Nothing
// a client does (garbage, a huge line, silence, not reading) blocks it or costs more than a bounded
// amount of memory.
#pragma once

#include <poll.h>
#include <stdint.h>

#include "control/rpc.h"
#include "control/socket.h"

#define SERVER_CLIENTS    64
#define SERVER_POLL_MOST  (SERVER_CLIENTS + 1)
#define SERVER_BACKLOG    (1024 * 1024) // unsent bytes beyond which a client's requests wait
#define SERVER_PATIENCE_S 30            // a client that reads nothing for so long is dropped

struct server;

// Claims the lab's name. `methods` and `context` answer; they must outlive the server.
struct server *server_create(const char *lab, const struct rpc_method *methods, void *context,
			     struct error *error);
// Sends what can be sent at once. NULL is allowed.
void server_flush(struct server *server);
// The same, then closes all and removes the socket. NULL is allowed.
void server_destroy(struct server *server);

// What to poll for: the number of entries filled in, at most SERVER_POLL_MOST.
size_t server_poll(const struct server *server, struct pollfd *polled);
// After poll, with the same entries. `now_s` is a monotonic clock. True when requests already read
// still wait for their turn: poll again without waiting.
bool server_handle(struct server *server, const struct pollfd *polled, size_t count,
		   uint64_t now_s);
