// SPDX-License-Identifier: BSD-3-Clause
// The adjacencies and equal-cost groups of a plan, each kept once: the numbers that rows hold mean
// the same in every plan that follows.
#pragma once

#include <stdint.h>

#include "dataplane/engine/plan.h"

// One way out of a site: into `channel`; `behind` is the channel that leads into the next router.
// They are equal unless exchanges lie between, where the frame needs that router's MAC address.
struct way {
	uint32_t channel;
	uint32_t behind;
};

struct ways;

// For one plan whose channels and interfaces are complete and whose adjacencies and groups are
// empty. NULL when memory is short.
struct ways *ways_create(void);
void ways_destroy(struct ways *ways);
// From now on for another plan with the same adjacencies and groups. Cannot fail.
void ways_renew(struct ways *ways, const struct plan *plan);
// The same for a plan that lacks those that were added last. Cannot fail.
void ways_forget(struct ways *ways, const struct plan *plan);

// What a row holds for `count` equal-cost ways (1 to PLAN_ECMP_PATHS), sorted by channel, then
// behind: 1 + the index of their group, which is added to the plan if it is new. 0 when memory is
// short.
uint32_t ways_group(struct ways *ways, struct plan *plan, const struct way *set, uint32_t count);
