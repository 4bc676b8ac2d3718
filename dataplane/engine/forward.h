// SPDX-License-Identifier: BSD-3-Clause
// How a site that routes forwards: from a lookup, once, where a packet enters, to one array read
// at each site after that. Implements site_input, site_originate and site_tick (worker.h).
//
// Between routers a packet is its header alone; its frame's bytes rest until something reads them
// (an exchange, a port, an ICMP error that quotes them), and its TTL is stale meanwhile.
//
// A packet longer than the MTU of the way on is cut up when it is IPv4 without DF (fragment.h),
// else lost here (mtu) before it enters the channel, with a message to its sender (icmp.h). What a
// router does not forward is lost as no-route: frames for other MAC addresses, VLAN tags, what is
// not IP, malformed headers, addresses of groups or of one link (address.h).
#pragma once

#include <stdbool.h>

#include "dataplane/engine/packet.h"

struct site_context;

// Delivers or forwards a packet of which the header fields and the destination are filled in.
// `own`: the site has made it, so that its TTL is left alone and no errors are sent about it. Takes
// it over.
void forward_packet(const struct site_context *context, packet_ref ref, bool own);

// Writes a TTL or hop limit into an IP header, and adjusts the IPv4 checksum by the difference.
void packet_write_ttl(uint8_t *header, bool ipv6, uint8_t ttl);

// Writes a decremented TTL or hop limit into the frame's bytes, and adjusts the IPv4 checksum by
// the difference (a wrong one stays wrong). Does nothing when it is not stale. Cannot fail.
void packet_refresh_ttl(struct packet *packet);
