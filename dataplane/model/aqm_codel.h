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

// One queue's. Zero-initialised is the start.
struct codel_state {
	uint64_t first_above_at_ns; // 0: below the target; else dropping is due from then on
	uint64_t drop_next_at_ns;
	uint32_t count;      // drops in this dropping state
	uint32_t last_count; // count when it was entered
	bool dropping;
	bool follows_drop; // the next frame goes on where the RFC's dequeue() has just dropped one
};

// Checks. -EINVAL with a sentence: an interval that is not 1 us to 1 h, a target that is 0 or not
// below it, an mtu of 0 or above 65535, or ect1_only without a threshold.
int codel_check(const struct codel_params *params, const char *where, struct error *error);

// The verdict on the frame at the head, taken out at `now_ns` after it waited since arrival_at_ns;
// `backlog_bytes` is what is left in its queue. After AQM_DROP, which is never said of the last,
// the caller takes out the next frame at the same instant and asks again. Cannot fail.
enum aqm_verdict codel_offer(const struct codel_params *params, struct codel_state *state,
			     uint64_t now_ns, uint64_t arrival_at_ns, uint64_t backlog_bytes,
			     uint8_t ecn);

// The queue was asked for a frame and had none: others have taken them.
void codel_empty(struct codel_state *state);

// The control law: interval / sqrt(count), to 2^-29 of its value, without division. count > 0.
uint64_t codel_spacing_ns(uint64_t interval_ns, uint32_t count);
