// SPDX-License-Identifier: BSD-3-Clause
// Ports whose devices know the time, as the live engine sees them: packets that go out of a port
// that sends at a time are handed to it before they are due, and frames that a port has stamped
// enter at the instant of their stamp. Private to the engine; the worker's thread, but for
// ahead_init and ahead_fini.
//
// Nothing handed over can change any more, and nothing may come that should have gone before it. So
// a packet is handed over only when all that can still enter its channel, and the others that end
// at the same site, leaves later: no further ahead than the least of their delays. A plan takes
// over after the last one handed over. At a site only what would leave at once is handed over: not
// what goes on to another site, must be asked for or cut up. What comes in by one port of a site
// and goes out by another, or is made there, is due when it comes: behind what was handed over it
// is late.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"
#include "dataplane/engine/port.h"

struct engine;
struct worker;

// A site with a port that sends at a time, and the channels that end there.
struct ahead_site {
	uint32_t site;
	unsigned count;
	uint32_t *channels;
	bool *blocked; // its first packet waits until it is due
};

struct ahead {
	bool any;           // port sends at a time
	uint32_t *channels; // wires that end at such
	unsigned channel_count;
	struct ahead_site *sites;
	unsigned site_count;
	uint64_t lead_ns;      // at most so long before it is due
	uint64_t handed_ns;    // what was handed over is due at or before this
	uint64_t *received_ns; // [port] the instant at which its last frame entered
};

// Looks which ports know the time, after port_device_begin_timing. 0 or -ENOMEM.
int ahead_init(struct ahead *ahead, const struct engine *engine);
void ahead_fini(struct ahead *ahead);

// Hands over what is due within the lead after `now_ns`, all before it being done; nothing that is
// due at or after `until_ns`, when another plan may hold.
void ahead_hand_over(struct ahead *ahead, struct worker *worker, uint64_t now_ns,
		     uint64_t until_ns);
// When the next packet can be handed over; UINT64_MAX for none.
uint64_t ahead_next_ns(const struct ahead *ahead, struct worker *worker);

// Can frames that a port has stamped enter its wire at the instant of their stamp, though the
// worker is further on already? Not where something else enters the same channel, or frames wait
// in it: there they enter at the worker's own now at the earliest.
bool ahead_enters_at_stamp(const struct worker *worker, uint32_t port);
