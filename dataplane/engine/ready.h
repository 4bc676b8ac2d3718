// SPDX-License-Identifier: BSD-3-Clause
// Frames made ready ahead of their time: what leaves a port next is copied into the driver's memory
// while nothing is due, so that at its instant it only has to be handed over. The packets stay in
// flight until then: a frame made ready is a copy, dropped when anything about it may have changed.
// Live, and private to the engine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/packet.h"

struct worker;

// Made ready at a time: while that goes on, nothing else happens.
#define READY_MOST 4
// So far ahead of its time, at most.
#define READY_WINDOW_NS 2000ull

// Of one channel, the first in flight there, in order. Zero-initialised is none.
struct ready {
	uint32_t count;
	uint32_t sent;  // of them, which the device has
	uint32_t ended; // of those, which are in flight no longer
	uint32_t channel;
	uint32_t port;
	bool routed; // they leave by the port of a site that the channel leads to
	packet_ref refs[READY_MOST];
	uint64_t due_at_ns[READY_MOST];
};

// Makes ready what leaves next, if that is by a device and within READY_WINDOW_NS of now_ns. All
// that was due by now_ns is done.
void ready_prepare(struct worker *worker, uint64_t now_ns);

// Hands over what is ready and due by until_ns, if nothing comes before it. The packets are to be
// released soon, before a plan takes over.
void ready_send(struct worker *worker, uint64_t until_ns);

// When the last of what is handed over, and still in flight, was due; 0 when nothing is.
static inline uint64_t ready_sent_due_ns(const struct ready *ready)
{
	return ready->sent ? ready->due_at_ns[ready->sent - 1] : 0;
}

// Is something that the port's device has already still to be released?
static inline bool ready_awaits(const struct ready *ready, uint32_t port)
{
	return __builtin_expect(ready->ended < ready->sent, 0) && ready->port == port;
}

// A packet leaves the port, which something is awaited for: is it that? Then it counts as released.
static inline bool ready_end(struct ready *ready, packet_ref ref)
{
	bool sent = ready->refs[ready->ended] == ref;

	ready->ended += sent;
	return sent;
}

// All that is due by until_ns has been released: what was ready and due and not handed over has
// gone another way.
void ready_settle(struct worker *worker, uint64_t until_ns);

// What is ready is forgotten, but for what is sent, as something changes that may change what
// leaves.
void ready_drop(struct worker *worker);
