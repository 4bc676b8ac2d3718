// SPDX-License-Identifier: BSD-3-Clause
// Ten thousand channels for benches of control: a ring of routers, neighbours joined by many links.
#pragma once

#include "topologies/topology.h"

#define RING_ROUTERS  100
#define RING_PARALLEL 50 // links between two neighbours: l0, l1, ...
#define RING_LINKS    (RING_ROUTERS * RING_PARALLEL)

// Behind `more` sections, whose links come first. The caller's; NULL and a sentence.
struct topology *ring_load(const char *more, struct error *error);
