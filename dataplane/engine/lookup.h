// SPDX-License-Identifier: BSD-3-Clause
// Longest-prefix match from an address to a destination: rte_lpm for IPv4, rte_lpm6 for IPv6.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"
#include "dataplane/model/error.h"

// Builds tables with one reference; EAL must run. Control's thread. NULL and a sentence when EAL's
// memory is too small. At most 2^24 - 1 destinations.
struct plan_lookup *lookup_create(const struct plan_prefix *prefixes, size_t count,
				  struct error *error);
void lookup_share(struct plan_lookup *lookup); // one more reference; control's thread
void lookup_put(struct plan_lookup *lookup);   // frees with the last one; control's thread

// The destination's index, or PLAN_NONE. Packet path.
uint32_t lookup4(const struct plan_lookup *lookup, const uint8_t address[4]);
uint32_t lookup6(const struct plan_lookup *lookup, const uint8_t address[16]);
