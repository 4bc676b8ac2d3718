// SPDX-License-Identifier: BSD-3-Clause
// When each site's way to each other was changed last: published plans compared one with the next.
#pragma once

#include <stdint.h>

#include "dataplane/engine/plan.h"

struct lab_ways;

// Starts from the first plan. NULL when memory is out.
struct lab_ways *lab_ways_create(const struct plan *plan);
void lab_ways_free(struct lab_ways *ways);
// A plan has been published: what differs from the one before has changed at its valid_from_ns.
// When memory is out the instants stay as they were.
void lab_ways_note(struct lab_ways *ways, const struct plan *plan);
// 0: never.
uint64_t lab_ways_changed_at_ns(const struct lab_ways *ways, uint32_t site, uint32_t destination);
