// SPDX-License-Identifier: BSD-3-Clause
// Who has which MAC address on an interface: what ARP and ND have found out, the packets that wait
// for an answer, and what to do where nobody can be asked. One table for IPv4 and IPv6.
//
// On an interface that resolves (live), an unknown address is asked for and up to
// NEIGHBOUR_WAITING packets wait for the answer, in order; after NEIGHBOUR_ASKS unanswered
// questions, one a second, they are lost (no-route) and their senders told (icmp.h). A known
// address that is in use is asked again after a while, directly, and forgotten when it stays
// silent. On one that does not resolve (replay), nothing waits: the MAC address seen with that
// source address serves, else a made-up one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/packet.h"
#include "dataplane/engine/plan.h"
#include "dataplane/model/drop.h"

struct neighbours;
struct site_context;

#define NEIGHBOUR_ENTRIES     1024 // for each interface; the one longest unused of 8 gives way
#define NEIGHBOUR_RESOLUTIONS 64   // addresses asked for at a time; the oldest gives way
#define NEIGHBOUR_WAITING     8    // packets for each of them; the oldest is lost
#define NEIGHBOUR_ASKS        3
#define NEIGHBOUR_ASK_NS      UINT64_C(1000000000)
#define NEIGHBOUR_FRESH_NS    UINT64_C(30000000000)

// NULL when memory is out.
struct neighbours *neighbours_create(void);
// Packets that still wait are the engine's: they go with its store.
void neighbours_destroy(struct neighbours *neighbours);

// Sends an IP packet to a neighbour on the interface, at once or when its MAC address is known.
// Takes the packet over. Family and bytes of `address` count, its prefix length does not.
void neighbour_send(const struct site_context *context, uint32_t interface,
		    const struct plan_address *address, packet_ref ref);

// Where neighbour_send would send at the context's instant, without asking or waiting: the MAC
// address. False when it would do more than send. Changes nothing.
bool neighbour_peek(const struct site_context *context, uint32_t interface,
		    const struct plan_address *address, uint8_t mac[6]);

// How much a piece of news may change.
enum neighbour_news {
	NEIGHBOUR_INSERT, // said to us: known from now on
	NEIGHBOUR_UPDATE, // said to others: changes what is known or waited for, adds nothing
	NEIGHBOUR_CONFIRM // as UPDATE, but does not change a known MAC address to another
};

// A MAC address has been heard; what waits for it goes out. Group addresses are not believed.
void neighbour_learn(const struct site_context *context, uint32_t interface,
		     const struct plan_address *address, const uint8_t mac[6],
		     enum neighbour_news news);

// Asks again for addresses whose second is over, and gives up those that never answered.
// `reason` other than DROP_NONE gives up all of them with that reason (the site is down).
void neighbour_tick(const struct site_context *context, uint32_t interface,
		    enum drop_reason reason);
