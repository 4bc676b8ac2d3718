// SPDX-License-Identifier: BSD-3-Clause
// The bottleneck buffer in front of the serialiser: tail drop with a limit in packets, bytes or
// time. What is in flight behind the serialiser never counts against it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/error.h"

enum queue_limit { QUEUE_UNLIMITED, QUEUE_PACKETS, QUEUE_BYTES, QUEUE_TIME };

struct queue_params {
	enum queue_limit limit;
	uint64_t limit_amount; // packets, bytes or nanoseconds; > 0 unless unlimited
};

// One packet that has been accepted and not yet left the serialiser.
struct queue_slot {
	uint64_t departs_at_ns;
	uint32_t frame_bytes;
};

// Ring of accepted packets in order of departure. `slots` is the caller's memory; its capacity is a
// power of two and at least queue_slots_needed(). Only QUEUE_PACKETS and QUEUE_BYTES use it.
struct queue_state {
	struct queue_slot *slots;
	uint32_t capacity;
	uint32_t head;
	uint32_t count;
	uint64_t bytes;
};

// Slots (a power of two, 0 if none) that a channel with these limits needs. At most 2^20: a longer
// limit is refused by queue_make_params.
uint32_t queue_slots_needed(const struct queue_params *params);

// Checks and converts. -EINVAL with a sentence for a limit of 0, of more than 2^20 packets, or of
// more than 2^20 * 60 bytes.
int queue_make_params(enum queue_limit limit, uint64_t amount, const char *where,
		      struct queue_params *params, struct error *error);

// May a frame of frame_bytes that arrives now and would wait `wait_ns` join? First forgets what has
// departed at or before arrival_at_ns. Packets: those accepted and not departed (the one in service
// included) stay below the limit. Bytes: their sum and this frame stay within it. Time: wait_ns
// stays within it. True also says that a slot is free. Cannot fail.
bool queue_admit(const struct queue_params *params, struct queue_state *state,
		 uint64_t arrival_at_ns, uint64_t wait_ns, uint32_t frame_bytes);

// Records an admitted frame's departure, which must not be before the last one's.
void queue_push(const struct queue_params *params, struct queue_state *state,
		uint64_t departs_at_ns, uint32_t frame_bytes);
