// SPDX-License-Identifier: BSD-3-Clause
// What each site believes about the links, and when it finds out: detection at the ends, notices
// that flood hop by hop, shortest paths after a delay, next hops changed later still.
// Private to network. Works like a link-state protocol without its packets:
//
//   - A link is adjacent when both its channels and both its ends are up: if one direction is down,
//     so is the adjacency. An end notices when a change has lasted for the link's detection time
//     (or else the site's own). An exchange notices on behalf of its members, whose sessions run
//     across it.
//   - The end sends a notice over all its channels. One that arrives at a site for the first time
//     is passed on over all that are up at that moment, the one that it came over apart. Each hop
//     takes the channel's delay and the sender's flooding time; an exchange adds none.
//   - When an adjacency comes back, each end also sends the other all the notices that the other
//     lacks: so a part that was cut off learns what it missed.
//   - A site computes its spf_delay after the first notice that it has not used yet, with all that
//     it has by then; fib_update later its next hops change.
//   - A notice is forgotten when every site that has it has a later one of the same end.
//   - By `routing = static` notices stay where they arise; by `external` there are none.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/routes.h"
#include "control/schedule.h"
#include "dataplane/engine/plan.h"
#include "topologies/topology.h"

struct convergence_state;

// What is true: read by convergence, changed by network.
struct convergence_truth {
	const bool *channel_up;  // [channel], of its own
	const bool *site_up;     // [site]
	const struct plan *plan; // delays in force
};

// All as the topology has it at the start, and known to all. The arguments stay the caller's and
// must outlive it; `rows` are those of the plan. NULL when memory is short.
struct convergence_state *convergence_create(const struct topology *topology,
					     struct convergence_truth truth, struct routes *routes,
					     struct schedule *schedule);
// The same, for a copy of all that it was made with. NULL when memory is short.
struct convergence_state *convergence_copy(const struct convergence_state *state,
					   struct convergence_truth truth, struct routes *routes,
					   struct schedule *schedule);
// From now on the delays in force are those of another plan of the same network. Cannot fail.
void convergence_renew(struct convergence_state *state, const struct plan *plan);
void convergence_destroy(struct convergence_state *state);

// A channel of the link went up or down at at_ns. 0 or -ENOMEM.
int convergence_link_changed(struct convergence_state *state, uint32_t link, uint64_t at_ns);
// A site went up or down: so did its adjacencies, and it looks at all of them afresh.
int convergence_site_changed(struct convergence_state *state, uint32_t site, uint64_t at_ns);

// Carries out an item of the schedule other than SCHEDULE_EVENT and SCHEDULE_FIB. New adjacencies
// are added to `plan`. 0 or a negative errno with a sentence.
int convergence_do(struct convergence_state *state, const struct schedule_item *item,
		   struct plan *plan, struct error *error);
// An item SCHEDULE_FIB: puts the site's new row in force.
void convergence_change_over(struct convergence_state *state, const struct schedule_item *item,
			     struct plan *plan);

// Notices that are kept: those that some site still needs, and at most as many again.
size_t convergence_notice_count(const struct convergence_state *state);
// Nothing outstanding: no detection, no notice under way, no computation, no change of next hops.
bool convergence_is_settled(const struct convergence_state *state);
