// SPDX-License-Identifier: BSD-3-Clause
// Small engines and plans for engine tests: a wire, and a chain of routers with a port at each end.
#pragma once

#include "dataplane/engine/engine.h"

// A new engine on the virtual clock, which must come to be.
struct engine *new_engine(unsigned workers);

// Advances from one thing due to the next until nothing is.
void finish(struct engine *engine);

// Two ports (0, 1) and the wire's channels 0 (0 -> 1) and 1 (1 -> 0) with this delay.
struct plan *plan_of_wire(uint64_t delay_ns);

// `routers` routers in a row, joined by links with this delay; port 0 at the first (10.0.0.0/16
// behind it), port 1 at the last (10.1.0.0/16). Site i has the address 10.255.0.i. Channels 2i and
// 2i+1 join sites i and i+1. `flows` flows run from the first to the last site, and back in turn,
// 1 ms between packets, from 0 to 1 s.
struct plan *plan_of_chain(unsigned routers, uint64_t delay_ns, unsigned flows);

// Adds a second link between sites 0 and 1, with this delay: the last two channels of the plan.
// Nothing uses it until plan_use_channel says so.
void plan_add_parallel_link(struct plan *plan, uint64_t delay_ns);

// From now on a site reaches all others (of a chain of two) by this channel.
void plan_use_channel(struct plan *plan, uint32_t site, uint32_t channel);

// One flow more, from site to site, 1 ms between its packets of 100 bytes, for this long.
void plan_add_flow(struct plan *plan, uint32_t from, uint32_t to, enum plan_flow_pattern pattern,
		   uint64_t stop_ns);

// Frames in and out of a port, in memory.
struct frame_list {
	struct engine_frame *frames;
	uint8_t *bytes;
	unsigned count;
	unsigned next; // source: the next to be read
	unsigned capacity;
};

void frame_list_init(struct frame_list *list, unsigned capacity);
void frame_list_fini(struct frame_list *list);
// A copy of the bytes at an instant. At most 256 bytes a frame.
void frame_list_add(struct frame_list *list, uint64_t at_ns, const uint8_t *bytes, uint32_t length);
struct engine_source frame_list_source(struct frame_list *list);
struct engine_sink frame_list_sink(struct frame_list *list);

// A UDP packet over IPv4 with right checksums; `payload` bytes of zero but for a number in front.
// Returns its length.
uint32_t make_udp(uint8_t *frame, const char *source, const char *target, uint8_t ttl,
		  uint32_t number, uint32_t payload);
