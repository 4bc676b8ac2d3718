// SPDX-License-Identifier: BSD-3-Clause
// A worker for the tests of site code alone: it notes what becomes of every packet, and carries
// packets over channels (delay only) when asked. Every packet must come to one end; fake_free says
// so.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/engine.h"
#include "dataplane/engine/worker.h"
#include "tests/engine/frames.h"

#define FAKE_SITES      8
#define FAKE_PORTS      8
#define FAKE_CHANNELS   32
#define FAKE_INTERFACES 16
#define FAKE_MOST       64 // destinations, prefixes, adjacencies, groups
#define FAKE_EVENTS     8192

enum fake_end { FAKE_OFFERED, FAKE_SENT, FAKE_LOST, FAKE_CONSUMED, FAKE_FLOW };

struct fake_event {
	enum fake_end end;
	uint32_t place; // channel, port or site
	enum drop_reason reason;
	packet_ref ref; // of a packet that still lives: offered or sent
	uint64_t at_ns;
	bool carried; // offered, and taken on to the channel's end
};

struct worker {
	struct plan plan;
	struct plan_site sites[FAKE_SITES];
	struct plan_channel channels[FAKE_CHANNELS];
	struct plan_port ports[FAKE_PORTS];
	struct plan_interface interfaces[FAKE_INTERFACES];
	struct plan_adjacency adjacencies[FAKE_MOST];
	struct plan_group groups[FAKE_MOST];
	struct plan_row rows[FAKE_SITES];
	struct plan_row *row_pointers[FAKE_SITES];
	uint32_t ways[FAKE_SITES][FAKE_SITES];
	struct plan_destination destinations[FAKE_MOST];
	struct plan_prefix prefixes[FAKE_MOST];
	struct site_state *states[FAKE_SITES];
	struct engine_site_counters counters[FAKE_SITES];
	struct packet *packets[FAKE_EVENTS];
	uint32_t packet_count;
	struct fake_event events[FAKE_EVENTS];
	uint32_t event_count;
	uint64_t injected;
	bool out_of_memory; // worker_originate, worker_copy and worker_part fail
};

// `routers` (1 to 8) in a row: site i has 10.255.0.i and 2001:db8:ff::i, channels 2i (to site i+1)
// and 2i+1 (back) with 1 ms. Port 0 and interface 0 at the first: 02:00:00:00:00:10, 10.0.0.1/24,
// 2001:db8::1/64, fe80::10. Port 1 and interface 1 at the last: 02:00:00:00:00:11, 10.1.0.1/24,
// 2001:db8:1::1/64, fe80::11. Behind the last, 10.2.0.0/16 by way of 10.1.0.9 and 10.3.0.0/16
// without a way. Interfaces resolve.
struct worker *fake_chain(uint32_t routers);

// Site 0 a router (port 0 and interface 0 as above), site 1 an exchange, site 2 a router. Channels
// 0 (0 to 1), 1 (back), 2 (1 to 2), 3 (back). Interface 1: site 0 at the exchange,
// 02:00:00:00:00:21, 192.0.2.1/24, fe80::21; interface 2: site 2 there, 02:00:00:00:00:22,
// 192.0.2.2/24, fe80::22. Ports 1 and 2 are the exchange's. Site 2 is 10.255.0.2; 198.51.100.0/24
// lies behind 192.0.2.9 at site 0.
struct worker *fake_exchange(void);

// Creates the sites' state; after the last change of interfaces.
void fake_begin(struct worker *worker);
// Fails the test when a packet has not come to exactly one end, or counters do not sum.
void fake_free(struct worker *worker);

void fake_address(struct plan_address *address, const char *text, uint8_t prefix_length);
void fake_prefix(struct worker *worker, const char *text, uint8_t prefix_length,
		 uint32_t destination);

// A frame comes in at a port, over a channel, or from the site itself.
packet_ref fake_packet(struct worker *worker, const struct frame *frame);
void fake_receive(struct worker *worker, uint32_t port, const struct frame *frame, uint64_t at_ns);
void fake_arrive(struct worker *worker, uint32_t channel, const struct frame *frame,
		 uint64_t at_ns);
// Carries offered packets to their channels' ends, in order of time, until all have come to rest.
void fake_carry(struct worker *worker);

uint32_t fake_count(const struct worker *worker, enum fake_end end, uint32_t place);
uint32_t fake_lost(const struct worker *worker, uint32_t site, enum drop_reason reason);
// The n-th (from 0) event of a kind at a place; fails the test when there are fewer.
const struct fake_event *fake_event(const struct worker *worker, enum fake_end end, uint32_t place,
				    uint32_t n);
// The packet of a sent or offered event.
struct packet *fake_sent(struct worker *worker, uint32_t port, uint32_t n);
struct packet *fake_offered(struct worker *worker, uint32_t channel, uint32_t n);
// Forgets the events so far, and the packets that were sent or offered.
void fake_forget(struct worker *worker);
