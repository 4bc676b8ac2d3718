// SPDX-License-Identifier: BSD-3-Clause
// What is going to happen to a network, in order of time: a heap. Private to network.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"

// In the order in which things of the same instant happen: a site computes with all that has
// reached it by then.
enum schedule_kind {
	SCHEDULE_EVENT,  // of the topology: `index`
	SCHEDULE_SKY,    // a satellite link's service changes, or profiles are renewed
	SCHEDULE_DETECT, // a link's end (`index`, `end`) notices, unless it changed again: `serial`
	SCHEDULE_NOTICE, // notice `serial` arrives at site `index`
	SCHEDULE_SPF,    // site `index` computes
	SCHEDULE_FIB     // site `index` changes over to `row`
};

struct schedule_item {
	uint64_t at_ns;
	enum schedule_kind kind;
	uint32_t index;
	uint32_t end;
	uint32_t serial;      // of a notice: may be changed while it waits
	struct plan_row *row; // one reference
	uint64_t order;       // filled in by schedule_push: first come, first served
};

struct schedule {
	struct schedule_item *items; // a binary heap
	size_t count;
	size_t room;
	uint64_t next_order;
};

// Zero-initialise. 0 or -ENOMEM.
int schedule_push(struct schedule *schedule, struct schedule_item item);
// The first item, or NULL. schedule_pop takes it out; there must be one.
const struct schedule_item *schedule_first(const struct schedule *schedule);
struct schedule_item schedule_pop(struct schedule *schedule);
// When the first item is of this kind and earlier than at_ns, it happens at at_ns. Cannot fail.
void schedule_postpone(struct schedule *schedule, enum schedule_kind kind, uint64_t at_ns);
// `copy` becomes the same, with references of its own. 0 or -ENOMEM, and `copy` is empty then.
int schedule_copy(struct schedule *copy, const struct schedule *schedule);
// Gives up all items with their rows.
void schedule_fini(struct schedule *schedule);
