// SPDX-License-Identifier: BSD-3-Clause
// Next hops of each site: shortest paths over the links that a view of the network holds to be up.
//
// A channel costs its metric, or else its delay as the topology gives it in whole microseconds, at
// least 1; what events and users change later leaves costs alone. A membership of an exchange costs
// its own metric in each direction. Hosts carry no transit. An exchange carries it between its
// members only, and the next hop across it is the router behind. All ways of equal cost count, up
// to PLAN_ECMP_PATHS: parallel links are separate ways, and so are two exchanges that two routers
// have in common.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"
#include "dataplane/model/error.h"
#include "topologies/topology.h"

struct routes;

// Cost of a channel, as above. Cannot fail.
uint64_t routes_cost(const struct topology *topology, uint32_t channel);

// The topology stays the caller's and must outlive the routes. NULL and a sentence when memory is
// short.
struct routes *routes_create(const struct topology *topology, struct error *error);
void routes_destroy(struct routes *routes);
// From now on rows are made for another plan with the same adjacencies and groups; or for one that
// lacks those that were added last. Cannot fail.
void routes_renew(struct routes *routes, const struct plan *plan);
void routes_forget(struct routes *routes, const struct plan *plan);

// The row of one site in a view: link_down[link] says which links it holds to be down. New
// adjacencies and groups are added to `plan`, always the same one and without others from
// elsewhere. The row has one reference, the caller's; a site that switches has none (NULL). By
// `routing = static` a row leads to direct neighbours only, by `external` nowhere. 0 or -ENOMEM
// with a sentence. Takes O(E log V).
int routes_row(struct routes *routes, struct plan *plan, const bool *link_down, uint32_t site,
	       struct plan_row **row, struct error *error);

// Sets the rows of all sites in one view.
int routes_all(struct routes *routes, struct plan *plan, const bool *link_down,
	       struct error *error);
