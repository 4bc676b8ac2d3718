// SPDX-License-Identifier: BSD-3-Clause
// A plan of many channels with one rate through all of them together: five routers in a row, whose
// neighbours are joined by as many parallel links as there are hosts behind the last one. Each host
// has a way of its own there, over five links, and a built-in flow from the first router. The sum
// of the flows is the same whatever their number.
#pragma once

#include <stdint.h>

#include "dataplane/engine/plan.h"
#include "dataplane/model/error.h"

#define BUNDLE_HOPS 5

// `channels` (a multiple of five, at most 50,000) that carry packets, each with this delay; those
// of the way back carry none. The flows' packets, 66 bytes each, are interval_ns apart in all, for
// ever. NULL and a sentence when memory is out. For the virtual clock.
struct plan *bundle_plan(uint32_t channels, uint64_t interval_ns, uint64_t delay_ns,
			 struct error *error);

// So many of those in one plan, each with its share of the channels and of the rate, and nothing
// between them. `channels`: a multiple of five times `regions`.
struct plan *bundle_plan_of_regions(uint32_t regions, uint32_t channels, uint64_t interval_ns,
				    uint64_t delay_ns, struct error *error);
