// SPDX-License-Identifier: BSD-3-Clause
// An exchange: the layer-2 fabric of an internet exchange point, a learning switch (IEEE 802.1D).
// Its members are the ports attached to it and the links to other sites, all alike: any frame goes
// in and out unchanged, VLAN tags included.
//
// A frame for a known MAC address goes to that member; broadcast, multicast and unknown unicast go
// to all members with carrier but the one it came from. Frames to 01:80:C2:00:00:00 to 0F
// (link-local: spanning tree, pause, LACP, LLDP) stay on their link, as at any bridge: the fabric
// consumes them (local), as it does what comes from the side where it should go. There is no
// spanning tree: a loop of exchanges is a broadcast storm.
//
// The MAC addresses of built-in routers are known from the start and stay with their member:
// these routers know each other from the plan and never ask by ARP, by which a fabric learns.
#pragma once

#include <stdint.h>

#include "dataplane/engine/packet.h"
#include "dataplane/engine/plan.h"
#include "dataplane/engine/worker.h"

struct exchange;
struct site_context;

#define EXCHANGE_ADDRESSES 4096 // MAC addresses remembered; the one longest unheard of 8 gives way
#define EXCHANGE_AGE_NS    UINT64_C(300000000000) // IEEE 802.1D, table 7-5: 300 s

// NULL when memory is out. Members are those of the plan, and do not change.
struct exchange *exchange_create(const struct plan *plan, uint32_t site);
void exchange_destroy(struct exchange *exchange);

// A frame arrives from a member. Takes it over.
void exchange_input(const struct site_context *context, struct exchange *exchange,
		    struct ingress ingress, packet_ref ref);
