// SPDX-License-Identifier: BSD-3-Clause
// What the files of the network share: its state, and what one asks of another. For network*.c
// only.
#pragma once

#include "control/convergence.h"
#include "control/evolve.h"
#include "control/network.h"
#include "control/routes.h"
#include "control/schedule.h"

struct network {
	const struct topology *topology;
	struct plan *plan;
	size_t touched_shown; // entries of plan->touched that the last step has left
	size_t touched_room;
	uint64_t now_ns;
	uint64_t version; // of the plan's contents
	struct routes *routes;
	struct schedule schedule;
	struct convergence_state *convergence;
	struct impairment *impairments; // [channel]
	bool *channel_up;               // [channel], of its own, as users have it
	bool *carries;                  // [channel], with a satellite in service too
	struct evolve *evolve;
	bool *site_up;                // [site]
	struct network_event *events; // a ring of NETWORK_EVENTS_KEPT
	uint64_t event_count;         // of all, those that are forgotten included
};

// Says that memory is short; returns -ENOMEM.
int network_out_of_memory(const struct network *network, struct error *error);

// network_change.c

// Carries out one line at now_ns; `where` names its place. All or nothing: 0 or a negative errno
// with a sentence.
int network_carry_out(struct network *network, const char *line, const char *where,
		      struct error *error);
// Notes what happened, in the place of the oldest. A text that finds no memory is left out.
void network_note(struct network *network, uint64_t at_ns, const char *what);
// Makes room for `more` touched channels, so that network_touch() cannot fail.
bool network_touch_room(struct network *network, size_t more);
// One entry a channel since the last step; a cut outlasts everything.
void network_touch(struct network *network, uint32_t channel, enum plan_inflight inflight);
// Parameters of a channel with this impairment now, the sky's included. 0, or a negative errno with
// a sentence.
int network_params(struct network *network, uint32_t channel, const struct impairment *impairment,
		   struct channel_params *params, struct error *error);
// A link carries when its user and the sky let it: for the plan and for routing. 0 or -ENOMEM.
int network_tell_link(struct network *network, uint32_t link);

// network_sky.c

// What the sky does at now_ns, and when it does something next. 0, or a negative errno with a
// sentence.
int network_do_sky(struct network *network, struct error *error);
