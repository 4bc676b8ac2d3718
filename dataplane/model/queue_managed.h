// SPDX-License-Identifier: BSD-3-Clause
// Managed queues: who may wait, and who goes next. queue.h is the door to it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/queue.h"

// Lines that a kind keeps.
uint32_t managed_class_count(const struct queue_params *params);

// Takes a frame in: QUEUE_WAIT, or QUEUE_FULL. What it throws out stands in waiting->out.
enum queue_verdict managed_offer(const struct queue_params *params, struct waiting *waiting,
				 const struct queue_arrival *arrival);

// Files a copy of another block's entry, its arrival kept; false when there is no room within the
// limit (a time counts the frames before it, not the one in service).
bool managed_move(const struct queue_params *params, struct waiting *waiting,
		  const struct waiting_entry *entry, const struct rate_params *rate);

// Takes out the next entry, which must be there. `aqm` false: only turns count.
uint32_t managed_next(const struct queue_params *params, struct waiting *waiting, uint64_t now_ns,
		      bool aqm, enum aqm_verdict *verdict);
