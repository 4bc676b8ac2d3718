// SPDX-License-Identifier: BSD-3-Clause
// A packet in the engine: a small header and the frame behind it, in one block of the store.
#pragma once

#include <assert.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"

// Block number in the store; PACKET_NONE is no packet.
typedef uint32_t packet_ref; // the one typedef: an index that must not be mixed up
#define PACKET_NONE UINT32_MAX

enum packet_flags {
	PACKET_IPV4 = 1 << 0,
	PACKET_IPV6 = 1 << 1,
	PACKET_FLOW = 1 << 2, // made by a built-in flow: `flow` is valid
	PACKET_TTL_STALE =
		1 << 3,         // `ttl` has been decremented since the frame's bytes were written
	PACKET_COPY = 1 << 4,   // a duplicate
	PACKET_DAMAGED = 1 << 5 // bits were flipped: no header field may be trusted
};

// What every hop reads: one half of a cache line. The frame's bytes follow it and are not touched
// between two ends of a routed path.
struct packet {
	uint64_t id;          // epb_packetid: the same wherever the packet is seen
	uint32_t destination; // index of the plan's destination, PLAN_NONE when not routed
	uint32_t flow;        // valid with PACKET_FLOW
	uint32_t path;        // mark of the channels passed (PACKET_FLOW)
	uint32_t length;      // bytes stored
	uint32_t wire_length; // bytes on the wire: Ethernet header and payload, no FCS
	uint8_t ttl;          // current TTL or hop limit
	uint8_t layer3;       // offset of the IP header
	uint8_t flags;        // enum packet_flags
	uint8_t hash;         // of the 5-tuple, for equal-cost ways
	uint8_t frame[];      // Ethernet header first
};
static_assert(sizeof(struct packet) == 32, "two packet headers fill a cache line");
