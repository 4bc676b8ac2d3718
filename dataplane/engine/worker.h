// SPDX-License-Identifier: BSD-3-Clause
// One worker's view of the engine, and what site code (forward, exchange, icmp, neighbour) may ask
// of it. Private to the engine.
//
// All functions here are called on the worker's own thread, on the packet path: they neither
// allocate, lock nor block. A packet has one holder: each function that takes a packet_ref takes it
// over, unless it says otherwise.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/packet.h"
#include "dataplane/engine/plan.h"
#include "dataplane/model/drop.h"

struct worker;

// The packet behind a reference. Does not take it over.
struct packet *worker_packet(struct worker *worker, packet_ref ref);

// A new block for a frame of `length` bytes with header fields zeroed, length = wire_length =
// length, destination PLAN_NONE and a fresh id (of the site that originates). PACKET_NONE when
// memory is out (the caller counts DROP_MEMORY in worker_site_counters).
packet_ref worker_originate(struct worker *worker, uint32_t site, uint32_t length);

// An exact copy with the same id, flagged PACKET_COPY. PACKET_NONE when memory is out.
packet_ref worker_copy(struct worker *worker, packet_ref ref);

// A new block for `length` bytes of a frame that is a part of this packet: the same header fields
// and id, flagged PACKET_COPY, its bytes to be written by the caller. PACKET_NONE when memory is
// out.
packet_ref worker_part(struct worker *worker, packet_ref ref, uint32_t length);

// Into a channel at at_ns: counts, decides its fate by the model, holds it until its release.
void worker_offer(struct worker *worker, uint32_t channel, packet_ref ref, uint64_t at_ns);

// Out of a port at at_ns: writes a stale TTL back, checks the port's MTU, hands the frame over.
void worker_transmit(struct worker *worker, uint32_t port, packet_ref ref, uint64_t at_ns);

// Ends a packet: lost at a site; consumed by a site.
void worker_lose(struct worker *worker, uint32_t site, packet_ref ref, enum drop_reason reason,
		 uint64_t at_ns);
void worker_consume(struct worker *worker, uint32_t site, packet_ref ref);

// A built-in flow's packet has reached its destination site: measures and ends it.
void worker_flow_receive(struct worker *worker, packet_ref ref, uint64_t at_ns);

// Longest prefix: the plan's destination index, or PLAN_NONE. `address` in network order.
uint32_t worker_lookup4(const struct worker *worker, const uint8_t address[4]);
uint32_t worker_lookup6(const struct worker *worker, const uint8_t address[16]);

// What has been made ready to leave by a port (ready.h) is forgotten, since a neighbour's MAC
// address may have changed.
void worker_forget_ready(struct worker *worker);

// The plan this worker runs now.
const struct plan *worker_plan(const struct worker *worker);

// Counters of a site (this worker's own part of them).
struct engine_site_counters *worker_site_counters(struct worker *worker, uint32_t site);

// Per-site state of forwarding, created by site_state_create (forward.h) for every site before the
// workers start; owned by the worker that owns the site.
struct site_state *worker_site_state(struct worker *worker, uint32_t site);

// ---- What the rest of the engine asks of site code (forward.c) ----

// Where a frame comes into a site: a port of the site, or a channel that ends there.
struct ingress {
	uint32_t port;    // or PLAN_NONE
	uint32_t channel; // or PLAN_NONE
};

// A frame arrives at a site at at_ns and is forwarded, answered, flooded, consumed or lost. For
// packets that come in over a channel between routers the header fields (destination, ttl, ...) are
// valid and the frame's bytes need not be looked at; for those from ports, exchanges and
// worker_originate they are filled in by parsing.
void site_input(struct worker *worker, uint32_t site, struct ingress ingress, packet_ref ref,
		uint64_t at_ns);

// Sends a packet that a flow or the site itself has made (IP header complete, Ethernet header room
// at the front): looks its destination up and forwards without decrementing TTL.
void site_originate(struct worker *worker, uint32_t site, packet_ref ref, uint64_t at_ns);

// Once in a while (live: every 100 ms): expires neighbours that never answered, with what waits.
void site_tick(struct worker *worker, uint32_t site, uint64_t now_ns);

// State of one site: neighbour tables of its interfaces, an exchange's address table. malloc'ed
// here, before the workers start; fixed size afterwards. NULL when memory is out.
struct site_state *site_state_create(const struct plan *plan, uint32_t site);
void site_state_destroy(struct site_state *state);
