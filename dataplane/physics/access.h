// SPDX-License-Identifier: BSD-3-Clause
// When a terminal of a return link may send: capacity it has, or capacity it asks for.
#pragma once

#include <stdint.h>

// DVB-RCS2: continuous assignment, and assignment on request.
enum access_kind { ACCESS_CRA, ACCESS_RBDC };

struct access {
	enum access_kind kind;
	uint64_t frame_ns;    // superframe: slots to send, and to ask, come once in it
	uint64_t schedule_ns; // of the hub, from a request to the plan that answers it
};

// The longest and the mean time, ns, that a packet waits in an idle terminal for its slot: CRA up
// to one frame; RBDC to the next slot for a request, there and back (round_trip_ns), the schedule,
// and to the slot it was given. Cannot fail. Source: EN 301 545-2, 9.2 (capacity categories).
uint64_t access_longest_ns(const struct access *access, uint64_t round_trip_ns);
uint64_t access_mean_ns(const struct access *access, uint64_t round_trip_ns);
