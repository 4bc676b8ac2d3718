// SPDX-License-Identifier: BSD-3-Clause
// Network interfaces of the kernel and the namespaces they live in, by netlink. Work in another
// namespace is done by a thread of its own, so the process never leaves its own. Private to the
// engine. Control thread.
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"

// A namespace is a name as `ip netns` knows it, a path (/proc/PID/ns/net), or NULL or "" for the
// process's own. All functions: 0 or a negative errno, with a sentence where `error` is given.

// Opens a namespace for reading; the descriptor is the caller's. Negative errno and a sentence when
// it does not exist.
int netns_open(const char *netns, struct error *error);

// Calls `run` with the namespace as the thread's own and returns its value.
int netns_run(const char *netns, int (*run)(void *context), void *context, struct error *error);

struct netns_link {
	unsigned index;
	bool up;
	bool carrier;
	uint32_t mtu_bytes;
	unsigned peer_index; // veth: its other end, in the namespace with number `peer_netns`
	int peer_netns;      // -1: this namespace
};

int netns_link_read(const char *netns, const char *name, struct netns_link *link);

// Moves an interface of our own namespace into another under a new name, in one step.
int netns_link_move(const char *name, const char *netns, const char *new_name, struct error *error);

// Sets the MTU (0: leaves it) and, when `up`, brings the interface up.
int netns_link_set(const char *netns, const char *name, uint32_t mtu_bytes, bool up,
		   struct error *error);

int netns_link_carrier(const char *netns, const char *name, bool carrier, struct error *error);

// The name, among those of `ip netns`, of the namespace that ours knows by this number, into
// `name`. -ENOENT when there is none.
int netns_find(int number, char *name, size_t size);
