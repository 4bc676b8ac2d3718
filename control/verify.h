// SPDX-License-Identifier: BSD-3-Clause
// The parts of `corridor verify`: which frames of two captures concern the ports asked for, and how
// the verdict is told.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "control/command.h"
#include "control/network.h"
#include "pcaps/judge.h"
#include "topologies/topology.h"

// Everything that a report tells.
struct verification {
	const struct frames *sent;
	const struct frames *received;
	const struct match *match;
	const struct measure *measure;
	const struct oracle *oracle; // NULL without a topology
	const struct judge *judge;
	uint64_t clock_ns;
	uint64_t tolerance_ns;
};

// One JSON object with the keys of the manual; NULL when memory is short.
json_t *verify_to_json(const struct verification *verification);
// The same as short tables, and the verdict on one line.
void verify_print(const struct verification *verification, FILE *out);
// Writes the JSON beside `path` and renames it. 0 or a negative errno with a sentence.
int verify_save(const struct verification *verification, const char *path, struct error *error);

#define VERIFY_MAPS 16
#define VERIFY_SEEN 1024

// Decides whether a frame at a routed port belongs to the traffic from one port to another: its
// destination lives at `to`, and its source does not live at another port or site than `from`.
struct verify_home {
	const struct plan *plan;
	uint32_t from_port;
	uint32_t to_port;
	// Addresses that were rewritten on the way: as replay's --map.
	struct prefix map_from[VERIFY_MAPS];
	struct prefix map_to[VERIFY_MAPS];
	size_t map_count; // 0 for the received capture
	bool came;        // they are those of the received capture
	size_t others;    // counted: frames of others that may have shared the way
	// Where addresses seen before live, by a hash of the address.
	struct verify_seen {
		struct address address; // ADDRESS_NONE: empty
		const struct plan_destination *destination;
	} seen[VERIFY_SEEN];
};

// For struct frames_choice; `context` is a struct verify_home.
bool verify_takes(void *context, const uint8_t *bytes, uint32_t captured);
