// SPDX-License-Identifier: BSD-3-Clause
// Which of several satellites serves a pair of stations, and when it changes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/physics/path.h"

#define HANDOVER_NONE UINT32_MAX // nobody is in sight

enum handover_rule {
	HANDOVER_HIGHEST, // the path with the greatest margin (path_margin_deg) at each instant
	HANDOVER_LONGEST, // when the one that serves is lost: who stays in sight longest
	HANDOVER_SCHEDULE // as given; nobody while the one named is not in sight
};

struct handover_slot {
	int64_t from_utc_ns; // until the next slot
	uint32_t path;       // index, or HANDOVER_NONE
};

struct handover_request {
	const struct path *paths; // candidates; they may differ in stations too (gateway choice)
	uint32_t path_count;
	enum handover_rule rule;
	double hysteresis_deg; // highest: by how much a better one must be better to take over
	const struct handover_slot *slots; // schedule: in order of time
	size_t slot_count;
	uint32_t serving; // who does when the span begins, or HANDOVER_NONE
	int64_t from_utc_ns, to_utc_ns;
	// From when on somebody asks: where the rule forgets who served before (a schedule; the
	// highest, without hysteresis), services may be left out that ended before the one that
	// precedes the one in force then. Not after from_utc_ns: the whole span.
	int64_t wanted_utc_ns;
};

// One who serves, or a gap.
struct handover {
	int64_t from_utc_ns, to_utc_ns;
	uint32_t path; // index, or HANDOVER_NONE
};

// The list that covers the span (from wanted_utc_ns on at least) without holes, in order,
// neighbours different; good to 1 ms, and the same whatever is wanted. Gives 0; the caller frees
// *services with free(). -EINVAL: an empty span, slots out of order or of no path; -ENOMEM. Then
// nothing is left to free.
int handover_find(const struct handover_request *request, struct handover **services,
		  size_t *count);
