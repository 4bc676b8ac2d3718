// SPDX-License-Identifier: BSD-3-Clause
// FQ-CoDel (RFC 8290): a queue a flow, served round robin by bytes, those of flows that have just
// begun to send first, each under its own CoDel.
#pragma once

#include <stdint.h>

#include "dataplane/model/aqm.h"
#include "dataplane/model/error.h"
#include "dataplane/model/waiting.h"

#define FAIR_FLOWS         1024 // RFC 8290, section 5.2
#define FAIR_QUANTUM_BYTES 1514
#define FAIR_BATCH         64                  // section 4.1.3
#define FAIR_MEMORY_BYTES  (UINT64_C(1) << 25) // as in tc-fq_codel(8)
#define FAIR_MAX_FLOWS     65536

struct fair_params {
	uint32_t flows;         // queues that flows are hashed to
	uint32_t quantum_bytes; // a queue's turn
	uint32_t batch_packets; // most that are thrown out at once
	uint64_t memory_bytes;  // a second limit, of the frames' bytes; 0: none
};

// Checks. -EINVAL with a sentence: flows or batch not 1 to 65536, quantum not 256 to 2^20.
int fair_check(const struct fair_params *params, const char *where, struct error *error);

// The flow's queue of a frame. Cannot fail.
uint32_t fair_class(const struct fair_params *params, uint32_t flow_hash);

// Files an entry (section 4.1). Throws nothing out: see fair_relieve. Cannot fail.
void fair_enter(const struct fair_params *params, struct waiting *waiting, uint32_t entry);

// Throws out from the front of the longest queue until half of its bytes or a batch is gone, one
// frame at least. Something must wait. Cannot fail.
void fair_relieve(const struct fair_params *params, struct waiting *waiting);

// Takes the next frame out (section 4.2): its entry, and CoDel's verdict on it; with `codel` NULL
// only the turns count. Something must wait. Cannot fail.
uint32_t fair_next(const struct fair_params *params, const struct codel_params *codel,
		   struct waiting *waiting, uint64_t now_ns, enum aqm_verdict *verdict);

// The line asked for a frame and nothing waited: all flows have ended.
void fair_empty(struct waiting *waiting);
