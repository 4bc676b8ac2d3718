// SPDX-License-Identifier: BSD-3-Clause
// CoDel (RFC 8289): drops at the head of a queue when the least time that packets spend in it has
// stayed above a target for an interval, and then ever faster, by interval / sqrt(count). Only the
// control law; the queue is another's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/aqm.h"
#include "dataplane/model/error.h"

#define CODEL_TARGET_NS   UINT64_C(5000000)   // RFC 8289, section 4.4
#define CODEL_INTERVAL_NS UINT64_C(100000000) // section 4.3
#define CODEL_MTU_BYTES   1514

struct codel_params {
	uint64_t target_ns;
	uint64_t interval_ns;
	uint64_t ce_threshold_ns; // 0: none; a frame that has waited longer is marked, drop or not
	uint32_t mtu_bytes;       // with no more than this left behind it, nothing is dropped
	bool ecn;                 // mark ECN-capable frames instead of dropping them
	bool ect1_only;           // the threshold marks ECT(1) alone (L4S)
};

// What dequeue() of RFC 8289, section 5.5, is in the midst of. A queue hands out one frame a call,
// lost or not, where the RFC's function goes on to the next frame by itself.
enum codel_phase {
	CODEL_BEGIN,  // the next frame begins a dequeue
	CODEL_AGAIN,  // it follows a drop in the dropping state
	CODEL_ENTERED // it follows the drop that entered the dropping state
};

// One queue's. Zero-initialised is the start.
struct codel_state {
	uint64_t first_above_at_ns; // 0: below the target; else dropping is due from then on
	uint64_t drop_next_at_ns;
	uint32_t count;      // drops in this dropping state
	uint32_t last_count; // count when it was entered
	bool dropping;
	uint8_t phase; // enum codel_phase
};

// Checks. -EINVAL with a sentence: target or interval 0, interval above 1 h, a target that is not
// below the interval, an mtu of 0 or above 65535, or ect1_only without a threshold.
int codel_check(const struct codel_params *params, const char *where, struct error *error);

// The verdict on the frame at the head, taken out at `now_ns` after it waited since arrival_at_ns;
// `backlog_bytes` is what is left in its queue. After AQM_DROP the caller takes out the next frame
// at the same instant and asks again, or calls codel_empty. Cannot fail.
enum aqm_verdict codel_offer(const struct codel_params *params, struct codel_state *state,
			     uint64_t now_ns, uint64_t arrival_at_ns, uint64_t backlog_bytes,
			     uint8_t ecn);

// The queue was asked for a frame and had none.
void codel_empty(struct codel_state *state);

// The control law: interval / sqrt(count), to 2^-29 of its value, without division. count > 0.
uint64_t codel_spacing_ns(uint64_t interval_ns, uint32_t count);
