// SPDX-License-Identifier: BSD-3-Clause
// Frames that come in on a site's layer-3 interface, from a port or from an exchange: is it for the
// site, and what is in it.
#pragma once

#include "dataplane/engine/site.h"

// Takes a frame that came in on context->interface: ARP and ND are answered and consumed, IP
// packets looked up and forwarded. What is said to all on the link and no router forwards (MLD,
// IGMP, mDNS, SSDP, OSPF hellos, DHCP broadcasts, LLDP, spanning tree, ...) has been heard: it is
// consumed (local), not lost. Multicast that should go further is lost (no-route), as these routers
// have no multicast routing, and so is the rest. Sets context->to_group. Takes it over.
void receive_frame(struct site_context *context, packet_ref ref);

// Takes a packet that came over a channel between routers with bits flipped: its headers are read
// anew and its destination looked up again; what has become no IP packet, or a flow's packet for
// elsewhere, is lost (no-route). Takes it over.
void receive_damaged(const struct site_context *context, packet_ref ref);
