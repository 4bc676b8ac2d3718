// SPDX-License-Identifier: BSD-3-Clause
// Rewrites the addresses of a frame from one prefix to another and keeps its checksums as right, or
// as wrong, as they were. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "topologies/topology.h"

// For each address of the frame the first map whose `from` holds it applies: the prefix is
// replaced, the host's bits stay. Touched are IPv4 and IPv6 headers behind any VLAN tags, the
// packets that ICMP errors quote, ARP, and the targets of neighbour discovery; checksums of IPv4,
// TCP, UDP, UDP-Lite, DCCP and ICMPv6 follow, by RFC 1624. `from` and `to` are of one family and
// length each. Frames that are cut short or not understood are changed as far as they go. Cannot
// fail.
void map_frame(const struct prefix *from, const struct prefix *to, size_t count, uint8_t *bytes,
	       uint32_t length);
