// SPDX-License-Identifier: BSD-3-Clause
// A terminal's access to a shared return link, as in DVB-RCS2: it may send only in slots of
// superframes, in capacity that it has for good (CRA, constant rate assignment), and in capacity
// that it asks the hub for when it has something to send (RBDC, rate based dynamic capacity).
#pragma once

#include <stdint.h>

#include "dataplane/model/error.h"

#define ACCESS_SUPERFRAME_LEAST_NS UINT64_C(1000000)
#define ACCESS_SUPERFRAME_MOST_NS  UINT64_C(1000000000)
#define ACCESS_MOST_BPS            UINT64_C(10000000000)
#define ACCESS_TIME_MOST_NS        UINT64_C(3600000000000)

// Made by access_make; what follows from it by access_finish.
struct access_params {
	uint64_t superframe_ns; // 0: the sender has the line to itself
	uint64_t cra_bps;
	uint64_t rbdc_bps;    // granted on top of it; 0: nothing is asked for
	uint64_t schedule_ns; // of the hub, from a request to the plan that answers it
	uint64_t timeout_ns;  // of a grant

	uint64_t superframe_reciprocal; // 2^64 / superframe_ns, and so on
	uint64_t nanobits[2];           // of a superframe (bit/s x ns): CRA alone, with a grant
	uint64_t nanobits_reciprocal[2];
	uint64_t loop_ns;  // whole superframes from a request to its grant
	uint64_t valid_ns; // whole superframes that a grant lasts
};

// From the first slot that has it to the first that has not.
struct access_grant {
	uint64_t from_ns;
	uint64_t to_ns;
};

#define ACCESS_GRANTS_MOST 6

// Zero-initialised: nothing was sent or asked for.
struct access_state {
	uint64_t slot_at_ns; // the slot that was used last (or will be),
	uint64_t left;       // and the nanobits that it has left
	uint64_t count;
	struct access_grant grants[ACCESS_GRANTS_MOST]; // apart, in order
};

// Checks and converts. -EINVAL with a sentence: neither rate; one of fewer than 8 bit/s; more than
// 10 Gbit/s together; a superframe not from 1 ms to 1 s; with RBDC a timeout below a superframe;
// times of more than an hour.
int access_make(uint64_t cra_bps, uint64_t rbdc_bps, uint64_t superframe_ns, uint64_t schedule_ns,
		uint64_t timeout_ns, const char *where, struct access_params *params,
		struct error *error);

// Fills in what follows, for a terminal that is so far from the hub. Cannot fail.
void access_finish(struct access_params *params, uint64_t one_way_ns);

// What a terminal may be assigned at most, bit/s.
static inline uint64_t access_most_bps(const struct access_params *params)
{
	return params->cra_bps + params->rbdc_bps;
}

// What a terminal has at least, once it has waited for its first slot, as long as it asks.
static inline uint64_t access_least_bps(const struct access_params *params)
{
	return params->cra_bps > 0 ? params->cra_bps : params->rbdc_bps;
}

// The longest and the mean time that a frame which fits one slot waits for it in an idle terminal:
// with CRA up to a superframe; with RBDC alone to the next superframe, where the terminal asks, and
// from there until the grant's first slot. Cannot fail.
uint64_t access_longest_ns(const struct access_params *params);
uint64_t access_mean_ns(const struct access_params *params);

// The slot that sends the last byte of a frame of `line_bytes` (up to 2^31) that arrives at
// arrival_at_ns. Slots come at multiples of the superframe on the lab's clock, and serve whom
// arrived before them. At each slot the terminal asks if it has something waiting, that which the
// slot then sends included; a request made at t is granted from t + there and back + schedule, up
// to the next superframe, for `timeout`; grants are never partial, and do not add up. What a slot
// has left when nothing waits is lost; frames are cut over slots. INSTANT_LATEST_NS when that is
// never. More than ACCESS_GRANTS_MOST grants under way run together. No division. Source: EN 301
// 545-2, 9.2 (capacity categories).
uint64_t access_offer(const struct access_params *params, struct access_state *state,
		      uint64_t arrival_at_ns, uint32_t line_bytes);

// The slot that would send its first byte. Moves nothing.
uint64_t access_start_ns(const struct access_params *params, const struct access_state *state,
			 uint64_t arrival_at_ns);

// For queues that choose late: a frame has waited from one instant to another, so the terminal has
// asked at each slot after the first and up to the second, at one slot at least.
void access_waited(const struct access_params *params, struct access_state *state, uint64_t from_ns,
		   uint64_t to_ns);
