// SPDX-License-Identifier: BSD-3-Clause
// What the files of the network share: its state, and what one asks of another. For network*.c
// only.
#pragma once

#include "control/change.h"
#include "control/convergence.h"
#include "control/evolve.h"
#include "control/network.h"
#include "control/routes.h"
#include "control/schedule.h"

// An impairment, shared by the channels that have come to it alike.
struct network_words {
	unsigned references;
	struct impairment impairment;
};

// What the line before has come to: ten thousand lines of a change are often alike but for the
// name.
struct network_last {
	char line[256]; // empty: there is none to go by
	struct change change;
	// By direction: the words before and after it, and parameters made of such words.
	struct network_words *before[LINK_DIRECTIONS], *after[LINK_DIRECTIONS];
	struct network_words *made_of[LINK_DIRECTIONS];
	struct channel_params made[LINK_DIRECTIONS];
};

struct network_kept {
	struct network_event event;
	bool is_line; // `what` is a line as it was given, to be put in full words when it is read
};

// What a change has replaced since network_begin.
struct network_mark {
	bool set;
	struct network_replaced_words {
		uint32_t channel;
		struct network_words *words;
	} * words;
	size_t words_count, words_room;
	struct network_replaced_event {
		uint64_t number;
		struct network_kept kept;
	} * events;
	size_t events_count, events_room;
	bool *channel_up, *modem_up, *carries, *site_up; // all of them
	size_t touched_shown, touched_room;
	uint64_t now_ns, version, event_count, events_stepped, events_applied;
	struct convergence_state *convergence; // with `schedule`, once one of them changes
	struct schedule schedule;
	struct evolve *evolve; // once it changes
};

struct network {
	const struct topology *topology;
	struct plan *plan;    // only changed while nobody else holds it
	struct plan *spare;   // the plan before: changed into the next one. NULL: none yet
	uint8_t *changed;     // [channel]: enum plan_difference between the two
	bool *stale;          // [channel]: is still to be copied from the spare; the last: any
	size_t touched_shown; // entries of plan->touched that the last step has left
	size_t touched_room;
	uint32_t *touched_place; // [channel]: where its entry is, if it has one
	uint64_t now_ns;
	uint64_t version; // of the plan's contents
	struct routes *routes;
	struct schedule schedule;
	struct convergence_state *convergence;
	struct network_words **words; // [channel]: impairments
	bool *channel_up;             // [channel], of its own, as users have it
	bool *modem_up;               // [channel], as its radio's modem has it
	bool *carries;                // [channel], with a satellite in service too: all three
	struct evolve *evolve;
	uint64_t forgotten_at_ns;    // when the past was last forgotten
	bool *site_up;               // [site]
	struct network_kept *events; // a ring of NETWORK_EVENTS_KEPT
	uint64_t event_count;        // of all, those that are forgotten included
	uint64_t events_stepped;     // of these, how many belong to earlier steps,
	uint64_t events_applied;     // and how many the last network_applied has told about
	uint64_t asked_at_ns;        // of what users ask; NETWORK_NO_CHANGE: as it comes
	struct network_last last;
	struct network_mark mark;
};

// Says that memory is short; returns -ENOMEM.
int network_out_of_memory(const struct network *network, struct error *error);

// network_change.c

// Carries out one line, asked for at some instant, at now_ns; `where` names its place. All or
// nothing: 0 or a negative errno with a sentence.
int network_carry_out(struct network *network, uint64_t asked_at_ns, const char *line,
		      const char *where, struct error *error);
// What a line asks for, by the line before if they are alike; valid until the next call. NULL and a
// sentence.
const struct change *network_parse(struct network *network, const char *line, struct error *error);
// Carries it out at now_ns. All or nothing.
int network_apply(struct network *network, const struct change *change, const char *where,
		  struct error *error);
// Forgets the line before.
void network_forget_last(struct network *network);
// Notes what happened, in the place of the oldest: a text, or a line that was carried out. One that
// finds no memory is left out.
void network_note(struct network *network, uint64_t at_ns, const char *what, bool is_line);
// Makes room for `more` touched channels, so that network_touch() cannot fail.
bool network_touch_room(struct network *network, size_t more);
// One entry a channel since the last step; a cut outlasts everything.
void network_touch(struct network *network, uint32_t channel, enum plan_inflight inflight);
// A channel of the plan, to be changed: its line (rate and queue), too?
struct plan_channel *network_channel(struct network *network, uint32_t channel, bool line);
void network_words_put(struct network_words *words);
// Parameters of a channel with this impairment now, the sky's included. 0, or a negative errno with
// a sentence.
int network_params(struct network *network, uint32_t channel, const struct impairment *impairment,
		   struct channel_params *params, struct error *error);
// A channel carries when its user, its modem and the sky let it: for the plan and for routing. 0 or
// -ENOMEM.
int network_tell_link(struct network *network, uint32_t link);

// network_sky.c

// What the sky does at now_ns, and when it does something next. 0, or a negative errno with a
// sentence.
int network_do_sky(struct network *network, struct error *error);
// A modem goes below its lowest MODCOD, or comes back, at now_ns; network_tell_link is left to the
// caller.
void network_turn_modem(struct network *network, uint32_t channel, bool up);

// network_undo.c

// Makes the plan one that nobody else holds, with the same contents. 0 or a negative errno with a
// sentence.
int network_own_plan(struct network *network, struct error *error);
// Copies what a change has not yet come to from the plan before. Cannot fail.
void network_settle(const struct network *network);
// Before the schedule, or what sites believe, changes; before the sky does. 0 or a negative errno
// with a sentence.
int network_save_beliefs(struct network *network, struct error *error);
int network_save_sky(struct network *network, struct error *error);
