// SPDX-License-Identifier: BSD-3-Clause
// What identifies a frame wherever it is seen: a number made of the bytes that do not change on the
// way, and a coarser one that shows how much two frames differ.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Which bytes are held to stay as they are.
enum digest_scope {
	// From layer 3 on, without what routers rewrite. IPv4: addresses, protocol, identification,
	// fragment, length and layer 4; IPv6: addresses, next header, length and what follows;
	// checksums of TCP, UDP and ICMPv6 left out (address mapping changes them). Other frames:
	// all bytes.
	DIGEST_ROUTED,
	// Every byte, as a wire promises; but DSCP and ECN, which its policer and its queue may
	// set,
	// with the checksum that follows from them.
	DIGEST_WHOLE
};

struct digest_options {
	enum digest_scope scope;
	bool ignore_addresses; // DIGEST_ROUTED: IP addresses were mapped on the way
	uint32_t most_bytes;   // of the digested part, for captures that cut frames; 0: all
};

struct digest {
	uint64_t key;    // equal for equal frames, else different but for 2^-64
	uint64_t lanes;  // eight digests of 8 bits, each of every eighth word of 8 bytes
	uint32_t length; // on the wire of what was digested: IP length, or the frame's
	uint32_t layer3; // where the digested part begins in the frame
	uint8_t ttl;     // TTL or hop limit; 0 for what is not IP
};

// `captured` bytes of a frame of wire_length bytes. Any content is allowed; cannot fail.
struct digest digest_frame(const struct digest_options *options, const uint8_t *bytes,
			   uint32_t captured, uint32_t wire_length);

// Offset of layer 3 behind any VLAN tags, and its EtherType (0: the frame is too short).
uint32_t digest_layer3(const uint8_t *bytes, uint32_t captured, uint32_t *type);

// In how many of the eight lanes two frames differ: 0 for equal ones; a few flipped bits change as
// many lanes at most, frames of other content nearly all.
unsigned digest_lanes_that_differ(uint64_t lanes, uint64_t other);
