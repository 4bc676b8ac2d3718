// SPDX-License-Identifier: BSD-3-Clause
// Where each prefix ends: the plan's destinations and prefixes. Part of compile.
#pragma once

#include <stdbool.h>

#include "dataplane/engine/plan.h"
#include "dataplane/model/error.h"
#include "topologies/topology.h"

// Fills in destinations and prefixes of a plan whose interfaces are complete:
//   addresses of sites and interfaces        the site itself
//   the subnet of a port's address           that port
//   a subnet that lives behind a site        the port of the site whose address lies inside, else
//                                            its only port, else nowhere (flows only)
//   the peering LAN of an exchange           the first member with an address on it, router or
//                                            teleport before host: from anywhere else, other
//                                            members included, traffic for a stranger's address on
//                                            the LAN passes that member
//   `route = PREFIX via ADDRESS`             the interface of the site whose subnet holds ADDRESS
// A prefix has one home: two sites with the same one are an error. 0 or a negative errno with a
// sentence.
int compile_prefixes(const struct topology *topology, struct plan *plan, struct error *error);

// Does `address` lie in `prefix`? False for different families and for ADDRESS_NONE. Cannot fail.
bool compile_prefix_holds(const struct prefix *prefix, const struct address *address);
