// SPDX-License-Identifier: BSD-3-Clause
// A site's layer-3 interface towards Ethernet: frames onto a port, or into a channel that leads to
// an exchange.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/parse.h"
#include "dataplane/engine/site.h"

// Longest layer-3 packet that may leave by the interface, in bytes; 0: any.
uint32_t link_mtu_bytes(const struct plan *plan, uint32_t interface);

// Is the packet longer than that? 0 is never exceeded.
static inline bool link_is_too_long(const struct packet *packet, uint32_t mtu_bytes)
{
	return mtu_bytes != 0 && packet->wire_length > (uint64_t)mtu_bytes + PARSE_ETHERNET_BYTES;
}

// The groups that IEEE 802.1 and 802.3 have set aside, 01:80:C2:00:00:00 to FF: spanning tree,
// pause, LACP, LLDP, IS-IS hellos, ...
bool link_is_standard_group(const uint8_t mac[6]);

// And those of them, 00 to 0F, that no bridge forwards (IEEE 802.1Q, table 8-1).
bool link_is_bridge_group(const uint8_t mac[6]);

// Writes the Ethernet header (source: the interface's MAC address) of a frame that leaves by the
// interface, and its TTL when that is stale. The packet is a bare frame from there on: whoever
// receives it reads its headers anew.
void link_write_header(const struct site_context *context, uint32_t interface, const uint8_t mac[6],
		       uint16_t ether_type, struct packet *packet);

// Writes the header and sends the frame. Takes the packet over.
void link_send(const struct site_context *context, uint32_t interface, const uint8_t mac[6],
	       uint16_t ether_type, packet_ref ref);
