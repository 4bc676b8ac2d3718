// SPDX-License-Identifier: BSD-3-Clause
// The moving part of a topology: orbits at the run's epoch, the ways that a satellite link can
// take, and which one serves when.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "topologies/topology.h"

// Elements older than this are said to be stale.
#define SKY_FRESH_DAYS 14

// Makes satellite->orbit from what is written, for a run that begins at epoch_utc_ns. False with
// `fault` when a figure is out of its range.
bool sky_make_orbit(struct satellite *satellite, int64_t epoch_utc_ns, struct range_fault *fault);

// Puts the lab's clock zero at this instant, unless [network] gave an epoch, and makes all orbits
// anew. Before anything is computed from the topology; a replay gives the captures' first instant,
// a live lab the present one. Without a call it is what topology_load takes: the epoch given, else
// the newest elements', else 2000-01-01T12:00:00Z. 0, or -EINVAL with a sentence: elements that say
// nothing of that instant (decayed), or a link whose satellites are never in sight; then the
// topology is of no use.
int sky_start(struct topology *topology, int64_t epoch_utc_ns, struct error *error);

// Does anything of it change with time? Of one link; of any.
bool sky_link_moves(const struct topology *topology, const struct link *link);
bool sky_moves(const struct topology *topology);

// UTC at an instant of the lab's clock.
int64_t sky_utc_ns(const struct topology *topology, uint64_t at_ns);
// "2h", or "2026-06-14T04:13:00Z" when the epoch is known and not later. 0 or -EINVAL with a
// sentence.
int sky_parse_instant(const struct topology *topology, const char *text, const char *where,
		      uint64_t *at_ns, struct error *error);

// The ways that a satellite link can take, numbered from 0: each satellite of its constellation, or
// its one chain.
uint32_t sky_way_count(const struct topology *topology, const struct link *link);
// The way's stations and satellites for a direction; pointers into the topology.
struct path sky_way(const struct topology *topology, const struct link *link,
		    enum link_direction direction, uint32_t way);
// The same over other orbits, [satellite] (NULL: the topology's own); pointers into them.
struct path sky_way_over(const struct topology *topology, const struct orbit *orbits,
			 const struct link *link, enum link_direction direction, uint32_t way);
// "o3b-mpower-f1", "a, b"; "none" for HANDOVER_NONE. Gives `text`.
char *sky_way_name(const struct topology *topology, const struct link *link, uint32_t way,
		   char *text, size_t size);

// Who serves from one instant to another, without holes.
struct sky_search {
	const struct orbit *orbits; // as for sky_way_over
	uint32_t serving;           // the way that serves when the span begins, or HANDOVER_NONE
	int64_t from_utc_ns, to_utc_ns;
	int64_t wanted_utc_ns; // what ended long before may be left out (handover.h)
};

// The caller frees *services. 0, or -EINVAL, -ENOMEM with a sentence.
int sky_serve(const struct topology *topology, const struct link *link,
	      const struct sky_search *search, struct handover **services, size_t *count,
	      struct error *error);
// The same from an instant at which nobody serves yet: the run's epoch.
int sky_find_services(const struct topology *topology, const struct link *link, int64_t from_utc_ns,
		      int64_t to_utc_ns, struct handover **services, size_t *count,
		      struct error *error);
// The same from the run's epoch on, for who asks from an instant on only.
int sky_find_services_at(const struct topology *topology, const struct link *link,
			 int64_t wanted_utc_ns, int64_t to_utc_ns, struct handover **services,
			 size_t *count, struct error *error);

// When the link is first served from clock 0 on, and its one-way delay then without processing.
// Looks ahead ten days. 0; -ENOENT with a sentence: never in sight.
int sky_first_service(const struct topology *topology, const struct link *link, uint64_t *delay_ns,
		      struct error *error);

// Calls `tell` with a sentence for each satellite whose elements are stale at one end of a span (or
// at an instant: both ends alike), the end that is further from them.
void sky_warn(const struct topology *topology, int64_t from_utc_ns, int64_t to_utc_ns,
	      void (*tell)(void *context, const struct satellite *satellite, const char *what),
	      void *context);
