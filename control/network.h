// SPDX-License-Identifier: BSD-3-Clause
// The network as it stands at an instant of the lab's clock: topology, what users and events have
// changed since, what each site's routing believes, and the plan that follows. The same for replay
// and live labs; it never touches the engine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/plan.h"
#include "pcaps/journal.h"
#include "topologies/topology.h"

struct network;

#define NETWORK_NO_CHANGE UINT64_MAX

// What the ports are, as this decides how neighbours are found.
enum network_ports {
	NETWORK_FILES, // replay: any MAC is ours, neighbours are not asked for
	NETWORK_DEVICES
};

// topology_load, with the faults of all events' commands among the others. NULL: faults.
struct topology *network_load(const char *path, struct errors *errors);
// Gives a topology that moves the instant of clock 0 (sky_start), and its radios the rates of the
// geometry from then on; one that does not move stays as it is. 0 or a negative errno with a
// sentence; then the topology is of no use.
int network_set_epoch(struct topology *topology, int64_t epoch_utc_ns, struct error *error);

// Starts at instant 0 with everything up (what the topology says is down apart) and converged; the
// topology's [event]s are scheduled. The topology stays the caller's and must outlive the network.
struct network *network_create(const struct topology *topology, enum network_ports ports,
			       struct error *error);
void network_free(struct network *network);

// Frees the sky's profiles of times that lie more than an hour behind, once they are of no plan
// that the engine may hold: for whoever has just published (or steps without an engine), so that a
// lab may run for weeks. Not while another network of the same topology is in use or its parameters
// are, as in a journal. Nothing between network_begin and network_keep. Cannot fail.
void network_forget_past(struct network *network);

// The plan in force now, owned by the network; may be another after each change.
const struct plan *network_plan(const struct network *network);
// The same to publish, the touched channels included: a reference, the caller's. What follows goes
// into another plan. Cannot fail.
struct plan *network_share_plan(struct network *network);
// Grows with every change of the plan: while it stands still there is nothing new to publish.
uint64_t network_plan_version(const struct network *network);

// Checks and carries out one control line that changes the network, at instant at_ns (>= the last):
//   link NAME[:DIRECTION] set NETEM-WORDS... [inflight new|retime|cut]
//   link NAME[:DIRECTION] reset | up | down [inflight new|cut]
//   site NAME up | down
//   conduit NAME up | down [inflight new|cut]
// All or nothing. 0, or -EINVAL with a sentence. The direct effect (carrier, parameters) is in the
// plan at once; what routing does about it is scheduled (network_next_change_ns).
int network_command(struct network *network, uint64_t at_ns, const char *line, struct error *error);
// Several lines at one instant. All are tried in order up to the first that fails; what those
// before it have done stays (network_undo takes it back).
int network_commands(struct network *network, uint64_t at_ns, const char *const *lines,
		     size_t count, struct error *error);

// A change of several calls that is made whole or not at all: after network_begin, commands and
// steps; then network_keep, or network_undo, which leaves the network as it was at network_begin.
// Costs what the change costs, not what the network does. They do not nest. 0 or -ENOMEM with a
// sentence; the others cannot fail.
int network_begin(struct network *network, struct error *error);
void network_keep(struct network *network);
void network_undo(struct network *network);

// The same check without effect (used by validation of events and by dry runs).
int network_check(const struct topology *topology, const char *line, struct error *error);

// The next scheduled instant (a topology event, a site's new next hops), or NETWORK_NO_CHANGE.
uint64_t network_next_change_ns(const struct network *network);
// For who looks at one instant and no other: when satellites are next to change, what they do until
// until_ns is passed over, and they stand there as they should. Nothing else moves.
void network_pass_sky(struct network *network, uint64_t until_ns);
// Carries out everything scheduled at or before at_ns, in order, and leaves the plan of that
// instant (valid_from_ns = at_ns). `touched` of the plan lists channels to retime or cut since the
// last call. 0 or a negative errno with a sentence (the event that failed).
int network_step(struct network *network, uint64_t at_ns, struct error *error);

// Is every site's view of the network the true one, with no change of next hops outstanding?
bool network_is_settled(const struct network *network);

// What happened, for users: texts such as "link ardennes-west down", "brussels: next hops changed".
struct network_event {
	uint64_t at_ns;         // when it was asked or scheduled to happen
	uint64_t applied_at_ns; // when it was in truth applied: later, where something was late
	char *what;             // owned by the network
};
// The last ones are kept, the others only counted.
#define NETWORK_EVENTS_KEPT 1000
size_t network_event_count(const struct network *network); // of those that are kept
// Number `i` of those, the oldest first.
const struct network_event *network_event(const struct network *network, size_t i);
uint64_t network_events_forgotten(const struct network *network);
// What an event of the topology will do, in such words: its command, or "LINK:forward: modem down".
// Returns `buffer` or the command.
const char *network_event_text(const struct event *event, char *buffer, size_t size);
// What network_command carries out from now on was asked for at this instant, which may lie before
// that at which it is carried out; NETWORK_NO_CHANGE: at that one. Only events tell.
void network_asked(struct network *network, uint64_t asked_at_ns);
// The plan of the last steps is in force since this instant: so what has happened since the last
// call of this was applied then. Without such calls it is the instant of the step.
void network_applied(struct network *network, uint64_t applied_at_ns);

#define NETWORK_PATH_MOST 64

// The channels from one site to another by the next hops in force now, looping paths cut off at 64
// hops: the number, 0 when there is none (or from == to). Ties (ECMP) take the first.
size_t network_path(const struct network *network, uint32_t from_site, uint32_t to_site,
		    uint32_t *channels, size_t most);

// One-way delay of a channel at an instant of the present hour, without queues and jitter.
uint64_t network_delay_ns(const struct network *network, uint32_t channel, uint64_t at_ns);
// Its rate (0: no limit) and its loss at an instant, where they change over time.
uint64_t network_rate_bps(const struct network *network, uint32_t channel, uint64_t at_ns);
double network_loss(const struct network *network, uint32_t channel, uint64_t at_ns);

// Impairments and state of a channel as they stand.
const struct impairment *network_impairment(const struct network *network, uint32_t channel);
// Of its own, its modem and a satellite in service included.
bool network_channel_is_up(const struct network *network, uint32_t channel);
// Why not: "user", "modem" (below its lowest MODCOD) or "satellite" (none serves); the first of
// them that holds. NULL when it is up.
const char *network_down_by(const struct network *network, uint32_t channel);
// Who serves a satellite link at an instant of the present hour; false when nobody does. An end
// that is not known yet is INT64_MAX.
bool network_service(const struct network *network, uint32_t link, uint64_t at_ns,
		     struct handover *service);
// Which sites (sky_sites.h) a channel's stations use at an instant of the present hour.
uint64_t network_sites(const struct network *network, uint32_t channel, uint64_t at_ns);
bool network_site_is_up(const struct network *network, uint32_t site);

// The journal of a run of this topology from 0 to until_ns with its events and no other commands:
// parameters of every channel that lies on a path between the two ports, and those paths.
int network_journal(const struct topology *topology, uint32_t from_port, uint32_t to_port,
		    uint64_t until_ns, struct journal *journal, struct error *error);
