// SPDX-License-Identifier: BSD-3-Clause
// What the files of site code share: the circumstances of one call, and the state of one site.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/icmp.h"
#include "dataplane/engine/plan.h"
#include "dataplane/engine/worker.h"

struct exchange;
struct neighbours;

// Where and when something happens. Filled in once for each call from the engine.
struct site_context {
	struct worker *worker;
	const struct plan *plan;
	uint32_t site;
	uint32_t interface; // on which the packet came in, or PLAN_NONE
	bool to_group;      // it came in a frame to a broadcast or multicast MAC address
	uint64_t at_ns;
};

// Owned by the worker that owns the site.
struct site_state {
	struct exchange *exchange; // NULL when the site routes
	uint32_t interface_count;
	uint32_t *interfaces;           // numbers in the plan, ascending
	struct neighbours **neighbours; // one table for each
	struct icmp_budget icmp_budget;
};

// The neighbours on an interface of this site; NULL when it is not the site's.
struct neighbours *site_neighbours(const struct site_context *context, uint32_t interface);

// A block for a packet that the site makes itself. When memory is out: PACKET_NONE, and the packet
// that was not made is counted as made and lost.
packet_ref site_new_packet(const struct site_context *context, uint32_t length);
