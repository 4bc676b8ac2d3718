// SPDX-License-Identifier: BSD-3-Clause
// The bottleneck buffer in front of the serialiser. Direct queues know a frame's fate when it
// arrives: tail drop, RED, PIE. In managed ones frames wait and are chosen, or lost, when the line
// is free: head drop, CoDel, FQ-CoDel, strict priority, weighted classes. What is in flight behind
// the serialiser never counts against a limit.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/aqm_codel.h"
#include "dataplane/model/aqm_pie.h"
#include "dataplane/model/aqm_red.h"
#include "dataplane/model/discipline_classes.h"
#include "dataplane/model/discipline_fair.h"
#include "dataplane/model/error.h"
#include "dataplane/model/frame.h"
#include "dataplane/model/rate.h"
#include "dataplane/model/waiting.h"

#define QUEUE_MAX_PACKETS (1u << 20)
#define QUEUE_MAX_BYTES   ((uint64_t)QUEUE_MAX_PACKETS * 60)

// The shortest frame that limits in bytes and time are dimensioned for: Ethernet, IPv4 and UDP
// headers without payload, which is also the length of an ARP request. On the wire it would be
// padded to 60, but captures on a virtual interface hold it as it is.
#define QUEUE_SHORTEST_FRAME_BYTES 42

enum queue_limit { QUEUE_UNLIMITED, QUEUE_PACKETS, QUEUE_BYTES, QUEUE_TIME };

enum queue_kind {
	QUEUE_TAIL,
	QUEUE_RED,
	QUEUE_PIE,
	QUEUE_HEAD, // from here on managed
	QUEUE_CODEL,
	QUEUE_FQ_CODEL,
	QUEUE_PRIO,
	QUEUE_DRR,
	QUEUE_KINDS
};

struct queue_params {
	enum queue_limit limit;
	uint64_t limit_amount; // packets, bytes or nanoseconds; > 0 unless unlimited; of each class
			       // where there are classes
	enum queue_kind kind;
	// Tail drop with ECN, or L4S: an ECN-capable frame that this limit would have refused is
	// marked, and goes in.
	enum queue_limit mark;
	uint64_t mark_amount;
	bool mark_ect1_only; // ECT(1) alone (RFC 9331)
	uint32_t capacity;   // made by queue_finish: frames that a limit in time must hold
	struct red_params red;
	struct pie_params pie;
	struct codel_params codel; // CoDel and FQ-CoDel
	struct fair_params fair;
	struct classes_params classes;
};

// One packet that has been accepted and not yet left the serialiser.
struct queue_slot {
	uint64_t departs_at_ns;
	uint32_t frame_bytes;
};

// One owner at a time. Zero-initialise, then queue_attach. Direct queues: a ring of accepted
// packets in order of departure; only limits in packets or bytes, and RED, use it.
struct queue_state {
	struct waiting *waiting; // managed queues
	struct waiting *leaving; // after a change: frames that go at once (queue_migrate)
	struct queue_slot *slots;
	uint32_t capacity; // a power of two
	uint32_t head;
	uint32_t count;
	uint64_t bytes;
	union {
		struct red_state red;
		struct pie_state pie;
	};
};

// ---- Parameters ----

// The kind with its source's defaults: tc's for RED (thresholds follow from a limit in bytes), the
// RFCs' for the others, and tc's limits: 1000 packets, FQ-CoDel 10240.
struct queue_params queue_defaults(enum queue_kind kind);

// Tail drop with a limit. -EINVAL with a sentence for a limit of 0, of more than 2^20 packets, or
// of more than 2^20 * 60 bytes.
int queue_make_params(enum queue_limit limit, uint64_t amount, const char *where,
		      struct queue_params *params, struct error *error);

// Checks `params` and fills in what follows from them and the line (rate; may be without one).
// Call it again when either changes. -EINVAL with a sentence for what is out of range, contradicts
// itself or rounds to nothing; params stays as it was then. A queue that is not tail drop or PIE
// needs a limit; a limit counts for each class, and classes times limit is at most 2^20 packets.
int queue_finish(struct queue_params *params, const struct rate_params *rate, const char *where,
		 struct error *error);

// Does it look at flow, DSCP or ECN of a frame, now or after a change? Managed queues always do.
bool queue_reads_headers(const struct queue_params *params);

static inline bool queue_is_managed(const struct queue_params *params)
{
	return params->kind >= QUEUE_HEAD;
}

// Of a direct queue: does it remember each frame until it has departed?
static inline bool queue_is_tracked(const struct queue_params *params)
{
	return params->limit == QUEUE_PACKETS || params->limit == QUEUE_BYTES ||
	       params->kind == QUEUE_RED;
}

// May frames wait in it? When not, nothing is ever due.
static inline bool queue_may_hold(const struct queue_state *state)
{
	return state->waiting != NULL || state->leaving != NULL;
}

// Is all that it holds one waiting frame, and nothing thrown out?
static inline bool queue_holds_one(const struct queue_state *state)
{
	return state->leaving == NULL && state->waiting != NULL && state->waiting->count == 1 &&
	       state->waiting->out.packets == 0;
}

// The word users read ("tail", "fq_codel", ...); "unknown" outside the list.
const char *queue_kind_name(enum queue_kind kind);

// ---- Memory: one block, the caller's ----

// Slots (a power of two, 0 if none) that a direct queue needs. At most 2^20.
uint32_t queue_slots_needed(const struct queue_params *params);

// Frames that a managed queue holds at most.
uint32_t queue_frames_held(const struct queue_params *params);

// Bytes of the block, 0 for none. It is zeroed and aligned for a uint64_t.
size_t queue_memory_bytes(const struct queue_params *params);

// Begins with an empty queue at an instant; `memory` of queue_memory_bytes, NULL for none.
void queue_attach(const struct queue_params *params, struct queue_state *state, void *memory,
		  uint64_t at_ns);

// The block in use, NULL for none.
void *queue_memory(const struct queue_params *params, const struct queue_state *state);

// From one set of parameters to another at an instant, with the line from then on and a new block
// for the new ones (NULL for none). Returns the block that is of no more use, which the caller
// frees when it has called channel_depart until channel_due_ns() is after at_ns. Of one kind: state
// is kept, a smaller limit counts for those that arrive, and where the old block is large enough it
// stays in use, so that it is the new one that comes back. Between kinds: waiting frames move in
// order of departure and keep their arrival; those for which the new limit has no room, the last,
// are lost (queue). To a direct queue they go on the line. From a direct queue nothing moves: what
// it has accepted is on the line already.
void *queue_migrate(const struct queue_params *from, const struct queue_params *to,
		    const struct rate_params *rate, struct queue_state *state, void *memory,
		    uint64_t at_ns);

// ---- Frames ----

enum queue_verdict {
	QUEUE_PASS,  // on the line
	QUEUE_MARK,  // on the line, ECN set to CE
	QUEUE_FULL,  // lost: DROP_QUEUE
	QUEUE_EARLY, // lost: DROP_AQM
	QUEUE_WAIT   // in a managed queue
};

// All that a queue asks of an arrival.
struct queue_arrival {
	const struct channel_frame *frame;
	const struct rate_params *rate;
	uint64_t at_ns;
	uint64_t wait_ns; // until the line is free
	uint64_t packet; // its number on the channel, and with the next two the address of its draw
	uint64_t seed;
	uint32_t random_key;
};

// Takes a frame in, or not. Arrivals must not go back in time. Frames that a managed queue throws
// out for it leave by queue_next. Cannot fail.
enum queue_verdict queue_offer(const struct queue_params *params, struct queue_state *state,
			       const struct queue_arrival *arrival);

// Of offer, the limit alone, for direct queues: may a frame of frame_bytes that arrives now and
// would wait `wait_ns` join? First forgets what has departed at or before arrival_at_ns. Packets:
// those accepted and not departed (the one in service included) stay below the limit. Bytes: their
// sum and this frame stay within it. Time: wait_ns stays within it. True also says that a slot is
// free. Cannot fail.
bool queue_admit(const struct queue_params *params, struct queue_state *state,
		 uint64_t arrival_at_ns, uint64_t wait_ns, uint32_t frame_bytes);

// Records an admitted frame's departure from a direct queue, which must not be before the last
// one's.
void queue_push(const struct queue_params *params, struct queue_state *state,
		uint64_t departs_at_ns, uint32_t frame_bytes);

// When queue_next has a frame to give: when the line is free, at once where frames have been thrown
// out, or never (UINT64_MAX).
uint64_t queue_due_ns(const struct queue_state *state, const struct rate_params *rate,
		      const struct rate_state *line);

// Takes out the frame that is due at an instant: lost (QUEUE_FULL, QUEUE_EARLY), or to be sent
// (QUEUE_PASS, QUEUE_MARK). One must be due. Cannot fail.
enum queue_verdict queue_next(const struct queue_params *params, struct queue_state *state,
			      uint64_t at_ns, uint64_t wait_ns, struct waiting_entry *left);

// Takes out the first of those that wait, without a fate; false when there is none. For those who
// end a channel or sever it.
bool queue_take(const struct queue_params *params, struct queue_state *state,
		struct waiting_entry *left);
