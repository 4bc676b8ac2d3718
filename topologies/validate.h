// SPDX-License-Identifier: BSD-3-Clause
// What no single line shows: rules across sections.
#pragma once

#include "dataplane/model/error.h"
#include "topologies/topology.h"

// Adds to `errors`: duplicate or overlapping addresses and subnets, a delay faster than light over
// the positions of its ends, sites that no path reaches (unless routing is external), ports without
// a home, a wire between unsuitable ends, an address outside its peering LAN, a satellite below the
// horizon of an end, commands of events that name unknown things. Returns the number added.
size_t topology_validate(const struct topology *topology, struct errors *errors);
