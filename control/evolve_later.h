// SPDX-License-Identifier: BSD-3-Clause
// The rate and loss of a radio's direction after its first day (evolve_radio.h), one generation
// after the other. Private to evolve.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/evolve_modem.h"
#include "topologies/tables.h"
#include "topologies/topology.h"

struct evolve_later {
	const struct radio *radio; // the link's
	enum link_direction direction;
	bool given;          // the direction goes on after its first day
	uint64_t horizon_ns; // until when it changes; then the last values hold
	struct evolve_modem modem;
	struct evolve_modem_rows rows; // of the last generation; the first is what it began with
	const struct table *table;     // of the same; NULL before the first
};

// Of a channel; nothing is given where its first day says all.
struct evolve_later evolve_later_begin(const struct topology *topology, uint32_t channel);
// Another owner of its own rows. 0 or -ENOMEM.
int evolve_later_copy(struct evolve_later *to, const struct evolve_later *from);
void evolve_later_fini(struct evolve_later *later);

// The generation that begins at from_ns, after the one before it: a table in the topology's pool.
// Generations before the first day's end and after the horizon are not made. `services` as for
// evolve_modem_follow. 1: made, 0: not, or -ENOMEM.
int evolve_later_make(struct evolve_later *later, const struct topology *topology,
		      const struct handover *services, size_t service_count, uint64_t from_ns);

// Does the modem go up or down at exactly this instant? Then `up` says which.
bool evolve_later_turns(const struct evolve_later *later, uint64_t at_ns, bool *up);
// The next instant after at_ns at which it does, or UINT64_MAX.
uint64_t evolve_later_next_ns(const struct evolve_later *later, uint64_t at_ns);

// The sites in use (sky_sites.h) at an instant, of the first day too, and the next instant after
// at_ns at which they change, or UINT64_MAX.
uint64_t evolve_later_sites(const struct evolve_later *later, uint64_t at_ns);
uint64_t evolve_later_next_site_ns(const struct evolve_later *later, uint64_t at_ns);
