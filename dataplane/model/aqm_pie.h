// SPDX-License-Identifier: BSD-3-Clause
// PIE (RFC 8033): drops arriving frames with a probability that a proportional-integral controller
// moves every tupdate so that the wait settles at a target. The timer is not run: an arrival does
// the ticks that have passed since the last one, as the wait at each is known exactly.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/aqm.h"
#include "dataplane/model/error.h"

// RFC 8033, sections 4.2, 4.4 and 5.1; alpha and beta in tc-pie(8)'s unit of 1/16 per second.
#define PIE_TARGET_NS        UINT64_C(15000000)
#define PIE_TUPDATE_NS       UINT64_C(15000000)
#define PIE_BURST_NS         UINT64_C(150000000)
#define PIE_ALPHA            2  // 1/8
#define PIE_BETA             20 // 1 1/4
#define PIE_ECN_THRESHOLD    (UINT64_C(0x100000000) / 10)
#define PIE_PROBABILITY_BITS 56

struct pie_params {
	uint64_t target_ns;
	uint64_t tupdate_ns;
	uint64_t burst_ns;
	uint64_t ecn_threshold; // marks instead of drops below this probability, times 2^32
	uint32_t alpha;         // 1/16 per second
	uint32_t beta;          // 1/16 per second
	uint32_t mtu_bytes;     // with no more than two of these waiting, nothing is dropped
	bool ecn;               // mark ECN-capable frames instead of dropping them
	bool derandomise;       // keep drops apart, and not too far (section 5.4)
	// Made by pie_finish.
	int64_t alpha_q72; // probability per nanosecond of delay, times 2^72
	int64_t beta_q72;
	uint64_t tupdate_reciprocal; // 2^64 / tupdate_ns, rounded down
};

// Zero-initialised is the start at time 0, with all of the burst allowance; pie_start for later.
struct pie_state {
	uint64_t ticked_at_ns;    // last tick that is done; the next is tupdate_ns later
	uint64_t probability;     // times 2^PIE_PROBABILITY_BITS
	uint64_t accumulated;     // probabilities since the last drop, times 2^PIE_PROBABILITY_BITS
	uint64_t delay_old_ns;    // wait at the last tick
	uint64_t burst_used_ns;   // of the burst allowance
	uint64_t line_free_at_ns; // the caller's: when the line will have sent all it was given
};

// Checks and fills in what follows. -EINVAL with a sentence: a target of 0 or above 1 h, tupdate
// below 100 us or above 1 h, alpha or beta above 32 or both 0, a burst above 1 h, an mtu of 0 or
// above 65535, or an ecn_threshold of 0 or above 1 with ecn. params stays as it was on errors.
int pie_finish(struct pie_params *params, const char *where, struct error *error);

// The start at an instant: ticks are at multiples of tupdate_ns.
void pie_start(const struct pie_params *params, struct pie_state *state, uint64_t at_ns);

// Does the ticks up to at_ns (those at that instant too), with the waits that follow from
// line_free_at_ns, which holds since the last call. Amortised constant time. Cannot fail.
void pie_tick(const struct pie_params *params, struct pie_state *state, uint64_t at_ns);

// The verdict on a frame that arrives, after pie_tick at its arrival: section 4.1 with the burst
// allowance of 4.4 and, where asked, sections 5.1 and 5.4. `is_short`: no more than two mtu_bytes
// wait. `draw` is RNG_QUEUE. Cannot fail.
enum aqm_verdict pie_offer(const struct pie_params *params, struct pie_state *state, bool is_short,
			   uint8_t ecn, uint32_t draw);

// A frame was lost to a full queue: section 5.4 begins anew.
void pie_overflow(struct pie_state *state);
