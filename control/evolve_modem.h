// SPDX-License-Identifier: BSD-3-Clause
// A modem that follows the weather, second by second: which MODCOD it is in, what that gives, and
// where it goes on. Private to evolve*.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/sky_budget.h"
#include "dataplane/physics/handover.h"
#include "topologies/tables.h"
#include "topologies/topology.h"

// The step at which the budget is looked at.
#define EVOLVE_MODEM_STEP_NS UINT64_C(1000000000)

// A direction's modem after some seconds: a plain value, so that a copy goes on by itself.
struct evolve_modem {
	uint32_t link;
	enum link_direction direction;
	uint64_t next_ns;    // the second that follow looks at next
	bool seen;           // `clear` is of a satellite in service
	uint64_t seen_ns;    // since when `clear` stands
	int64_t service_utc; // since when that satellite serves; of a link that moves
	struct sky_budget clear;
	double best_db;              // the best Es/N0 under a clear sky so far
	int rung;                    // -1: below its lowest MODCOD
	uint64_t better_since_ns[2]; // up, down: the site that is not in use; UINT64_MAX: it is not
	bool on_other[2];
	int decade; // of the loss in force
	bool begun;
	double rate_bps, loss; // in force; while it is down, as they were
};

// What changes at an instant.
struct evolve_modem_row {
	uint64_t at_ns;
	double rate_bps, loss;
	uint64_t sites; // sky_sites.h
	bool up;
};

struct evolve_modem_rows {
	struct evolve_modem_row *items; // the caller frees them
	size_t count;
};

struct evolve_modem evolve_modem_begin(uint32_t link, enum link_direction direction);

// Until when the weather over the link changes, with the time that its modem takes to settle; for
// ever: UINT64_MAX.
uint64_t evolve_modem_horizon_ns(const struct topology *topology, const struct link *link);

// Follows the modem from next_ns on up to to_ns, which is the next one's, and appends what changes;
// the first row of all is where it begins. `services` reach over that span, for a link that moves,
// and are NULL for others. Seconds in which nobody serves are passed over; what the last budget
// that failed said is in `unseen`. 0 or -ENOMEM.
int evolve_modem_follow(struct evolve_modem *modem, const struct topology *topology,
			const struct handover *services, size_t service_count, uint64_t to_ns,
			struct evolve_modem_rows *rows, struct error *unseen);

// What it gives, as a row that begins at at_ns. It is up before its first satellite, too: then the
// link is down by its geometry.
struct evolve_modem_row evolve_modem_now(const struct evolve_modem *modem, uint64_t at_ns);
// 0 or -ENOMEM.
int evolve_modem_add_row(struct evolve_modem_rows *rows, const struct evolve_modem_row *row);

// The rows as a series of rate and loss on the lab's clock, whose first row holds from its zero on.
// One row at least. It is the pool's, where it passes from from_ns on or stays (TABLES_STAY); NULL
// when memory is short.
const struct table *evolve_modem_table(struct tables *tables, const struct evolve_modem_rows *rows,
				       uint64_t from_ns);
