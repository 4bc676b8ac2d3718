// SPDX-License-Identifier: BSD-3-Clause
// A capture in memory as the judge needs it: one short row a frame, without its bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "dataplane/model/frame.h"
#include "pcaps/digest.h"
#include "pcaps/fragments.h"

struct frame_row {
	uint64_t at_ns;
	uint64_t key;         // digest.key
	uint64_t lanes;       // digest.lanes
	uint64_t packet_id;   // TRACE_NO_PACKET_ID: none
	uint32_t wire_length; // Ethernet header and payload
	uint32_t length;      // digest.length
	// What the law of a channel may look at (dataplane/model/frame.h).
	uint32_t flow;
	uint16_t source_port;
	uint16_t target_port;
	uint8_t dscp;
	uint8_t ecn;
	uint8_t protocol;
	uint8_t is_segment;
	uint8_t ttl;       // TTL or hop limit; 0 for what is not IP
	uint8_t cut_up;    // enum fragments_kind
	uint8_t has_dscp;  // an IP header is there to be read
	uint32_t datagram; // of fragments.h
};

// A packet that is whole again with the arrival of a row.
struct frames_whole {
	size_t row;
	struct digest digest;
};

struct frames {
	struct frame_row *rows; // in order of time
	size_t count;
	bool have_ids; // every frame has a packet id
	uint32_t
		shortest_cut; // bytes that are there of the most cut frame of the interface, from
			      // layer 3 on where that is what is digested; UINT32_MAX: none was cut
	size_t passed_over;          // frames of the interface that `takes` did not take
	struct frames_whole *wholes; // with choice.collects, by row
	size_t whole_count;
	size_t parts;       // fragments that frames_join has taken for parts of sent packets
	char interface[64]; // that they were taken from, empty when it has no name
	char warning[512];  // trace_warning, or empty
};

// Which frames of a file count.
struct frames_choice {
	// One interface of a file with several, by name. NULL: the only one that has frames; two
	// are refused, as the same packet would count twice.
	const char *interface;
	bool preferred; // the same as NULL if the file has no interface of that name
	// Further choice by content; NULL: all.
	bool (*takes)(void *context, const uint8_t *bytes, uint32_t captured);
	void *context;
	bool collects; // puts fragments together, for frames_join
};

// The row as the law of a channel sees it; `handle` comes back from a managed queue.
struct channel_frame frames_channel_frame(const struct frame_row *row, uint32_t handle);

// Reads a capture. 0 or a negative errno with a sentence. More than 2^32 - 2 frames are refused.
int frames_load(const char *path, const struct frames_choice *choice,
		const struct digest_options *options, struct frames *frames, struct error *error);
// Fragments in `received` of packets that were sent whole become these packets, each with the
// arrival of the last of them; those of packets that have not come whole are taken out. Fragments
// that were sent as such stay as they are. 0 or -ENOMEM with a sentence.
int frames_join(const struct frames *sent, struct frames *received, struct error *error);
void frames_free(struct frames *frames);
