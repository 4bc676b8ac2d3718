// SPDX-License-Identifier: BSD-3-Clause
// A generation's profiles of one link, from who serves when. Private to evolve.
#pragma once

#include <stdint.h>

#include "control/evolve_later.h"
#include "dataplane/model/profile.h"
#include "dataplane/physics/handover.h"
#include "topologies/sky_ahead.h"
#include "topologies/tables.h"
#include "topologies/topology.h"

struct evolve_span {
	const struct topology *topology;
	const struct sky_ahead *ahead; // orbits over the span
	uint32_t link;
	uint64_t from_ns, to_ns; // of the lab's clock
	const struct handover *services;
	size_t count;
	const struct evolve_later *later; // [direction]: which sites are in use
};

// The delay of a direction over the span, processing included: off the exact one by 10 ns at most
// while someone serves; across a gap a straight line, which nothing travels by. At a handover it
// jumps within a nanosecond, and where another site of a station takes over. The profile is the
// topology's. 0 or a negative errno with a sentence.
int evolve_delay(const struct evolve_span *span, enum link_direction direction,
		 const struct profile **profile, struct error *error);

// Up while someone serves, down in gaps and breaks; *profile is NULL when it is up throughout.
int evolve_carrier(const struct evolve_span *span, const struct profile **profile,
		   struct error *error);

// Up where both are. NULL when memory is short.
const struct profile *evolve_both(struct tables *tables, const struct profile *one,
				  const struct profile *other);
