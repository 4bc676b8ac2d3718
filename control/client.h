// SPDX-License-Identifier: BSD-3-Clause
// The other end of a lab's socket: what `corridor show`, `link`, `stop` and the rest talk through.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "dataplane/model/error.h"

struct client;

// Connects to the lab `lab`, or with NULL to the only one that runs, and checks its greeting. NULL
// and a sentence (-ECONNREFUSED when none runs, -EINVAL when several do).
struct client *client_open(const char *lab, struct error *error);
void client_close(struct client *client); // NULL is allowed
const char *client_lab(const struct client *client);

// Calls a method: its result, which the caller gives up with json_decref, or NULL and the lab's
// sentence. Gives up `params` (may be NULL).
json_t *client_call(struct client *client, const char *method, json_t *params, struct error *error);

// Waits until the lab has closed the connection, at most timeout_ms: true when it has.
bool client_wait_closed(struct client *client, int timeout_ms);

// Carries out control lines (an array of strings, which it takes over) in the lab that the
// invocation names, at one instant of its clock (NULL: now), and prints the answer: an exit status.
struct invocation;
int client_change(struct invocation *invocation, json_t *lines, const uint64_t *at_ns);
