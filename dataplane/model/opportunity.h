// SPDX-License-Identifier: BSD-3-Clause
// Delivery opportunities as in Mahimahi's link traces: at each instant of a list so many bytes may
// leave; what nobody uses is lost, what a long packet still wants waits for the next one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"

// Mahimahi's constant: a packet of 1500 bytes with the 4 bytes that a TUN device puts before it.
// With the framing of OPPORTUNITY_OVERHEAD_BYTES (Ethernet's 14 off, those 4 on) a frame counts as
// the packet counts there.
#define OPPORTUNITY_BYTES          1504
#define OPPORTUNITY_OVERHEAD_BYTES (-10)

struct opportunities {
	const uint64_t *at_ms;    // since the start; never decreasing; the caller's memory
	uint32_t count;           // 1 or more
	bool once;                // after the last nothing leaves any more; else for ever again
	uint32_t bytes;           // of each
	uint32_t reciprocal;      // made, so that offer never divides
	uint64_t start_ns;        // of the lab's clock
	uint64_t period_ns;       // made: the last instant, as in Mahimahi
	uint64_t bits_per_second; // made: on average
};

// Zero-initialised is the start; any jump in time is right, steps forward are cheap.
struct opportunity_state {
	uint64_t at_ns;       // the opportunity in use
	uint64_t round_at_ns; // since the start: when the round of `next` began
	uint32_t next;        // the next one
	uint32_t left_bytes;  // of the one in use
	bool begun;
};

// Checks and fills in what is made of `given` (at_ms, count, once, start_ns; bytes 0 means
// OPPORTUNITY_BYTES). at_ms stays the caller's and unchanged as long as anything points to it.
// -EINVAL with a sentence: none, instants that decrease, all at 0, or more than 65535 bytes.
int opportunities_make(struct opportunities *given, const char *where, struct error *error);

// The instant of the opportunity that takes the last byte of a frame of `line_bytes`, offered at
// arrival_at_ns to a line that is free from *free_at_ns on; that moves there. As in Mahimahi an
// opportunity serves those who arrived before it, not at it. For ever (INSTANT_LATEST_NS) when they
// have ended. No division but after an idle round, or when a frame fills more than a round;
// otherwise cost grows with the logarithm of the opportunities that passed unused.
uint64_t opportunity_offer(const struct opportunities *list, struct opportunity_state *state,
			   uint64_t *free_at_ns, uint64_t arrival_at_ns, uint32_t line_bytes);

// The instant of the opportunity that would take its first byte. Moves nothing.
uint64_t opportunity_start_ns(const struct opportunities *list,
			      const struct opportunity_state *state, uint64_t free_at_ns,
			      uint64_t arrival_at_ns);
