// SPDX-License-Identifier: BSD-3-Clause
// Physics becomes profiles: the delay of satellite links that move as a ramp, gaps and handovers as
// a carrier, and, after the first day, what a radio's modem makes of the weather. Private to
// network, which asks for more in time and puts it into plans.
//
// A generation of profiles begins at a whole hour of the lab's clock and reaches two minutes beyond
// the next one: so at every instant the profiles in force reach at least two minutes ahead, and
// control may be late by so much without the engine ever standing at the end of a ramp. All
// generations follow from the topology and the epoch alone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/model/channel.h"
#include "dataplane/physics/handover.h"
#include "topologies/topology.h"

#define EVOLVE_GENERATION_NS UINT64_C(3600000000000)
#define EVOLVE_AHEAD_NS      UINT64_C(120000000000)
#define EVOLVE_NEVER         UINT64_MAX

struct evolve;

// Nothing is computed yet. The topology must outlive it. NULL when memory is short.
struct evolve *evolve_create(const struct topology *topology);
struct evolve *evolve_copy(const struct evolve *evolve);
void evolve_free(struct evolve *evolve);

// Makes the generation that is due at at_ns, if it is not there; instants must not go back.
// Profiles belong to the topology's pool and live as long as that, or until evolve_forget_past. 1:
// there are new ones; 0: not; or a negative errno with a sentence.
int evolve_to(struct evolve *evolve, uint64_t at_ns, struct error *error);

// Frees what was made for times before the generation before the last one. The caller knows that no
// parameters of theirs are in use any more, by this topology's other networks either.
void evolve_forget_past(const struct evolve *evolve);

// The next instant after at_ns at which a generation is due or a link's service changes;
// EVOLVE_NEVER when nothing moves.
uint64_t evolve_next_ns(const struct evolve *evolve, uint64_t at_ns);

// Does the link have generations: it moves, or weather over it goes on after the first day.
bool evolve_changes(const struct evolve *evolve, uint32_t link);
// Does the channel's modem go below its lowest MODCOD at exactly this instant, or come back? Then
// `up` says which. Never in the first day, whose turns are the topology's events.
bool evolve_turns(const struct evolve *evolve, uint32_t channel, uint64_t at_ns, bool *up);
// The sites of a channel's stations that are in use (sky_sites.h) at an instant, and whether they
// change at exactly this one. A direction without diversity keeps to its link's ends.
uint64_t evolve_sites(const struct evolve *evolve, uint32_t channel, uint64_t at_ns);
bool evolve_changes_site(const struct evolve *evolve, uint32_t channel, uint64_t at_ns);
// What users have set, or, where that still is the weather's trace of the first day, the same with
// that of the generation that was made last.
struct impairment evolve_impairment(const struct evolve *evolve, uint32_t channel,
				    const struct impairment *impairment);

// Puts the geometry into a channel's parameters, where what users wrote leaves it room: a delay
// that is given replaces the geometry's, a trace's delay does, too; a trace's carrier and the sky's
// must both be up. 0 or -ENOMEM. channel_finish is left to the caller.
int evolve_apply(const struct evolve *evolve, uint32_t channel, uint64_t at_ns, bool delay_given,
		 struct channel_params *params);

// Is the link in service at an instant up to which it is known? Links that do not move are.
bool evolve_is_up(const struct evolve *evolve, uint32_t link, uint64_t at_ns);
// Does a break begin at exactly this instant, which loses what is in flight?
bool evolve_breaks(const struct evolve *evolve, uint32_t link, uint64_t at_ns);
// Who serves at an instant: false when nobody or when the link is no satellite link. The end of a
// service that is not known yet is INT64_MAX.
bool evolve_service(const struct evolve *evolve, uint32_t link, uint64_t at_ns,
		    struct handover *service);
