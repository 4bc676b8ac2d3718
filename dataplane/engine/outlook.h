// SPDX-License-Identifier: BSD-3-Clause
// What a site would do with a packet that reaches it over a channel, as far as that can be told
// beforehand: it leaves by a port, as this frame. Nothing is changed, counted or asked.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/packet.h"
#include "dataplane/engine/parse.h"

struct worker;

struct outlook {
	uint32_t port;
	uint8_t ethernet[PARSE_ETHERNET_BYTES]; // its new header
	uint8_t ttl;                            // and TTL or hop limit
};

// The packet, which is the channel's, arrives at at_ns. False when it does not simply go on to a
// neighbour on a port whose MAC address is known, or that cannot be told. True holds until a plan
// takes over or worker_forget_ready is called.
bool outlook_over_channel(struct worker *worker, uint32_t channel, const struct packet *packet,
			  uint64_t at_ns, struct outlook *outlook);

// Writes what is new into the frame's copy, whose bytes are the packet's.
void outlook_write(const struct outlook *outlook, const struct packet *packet, uint8_t *frame);
