// SPDX-License-Identifier: BSD-3-Clause
// Memory that is wanted soon, fetched while something else is done: over many channels each hop
// touches lines of its own, of which none is in the near caches. Nothing here changes an outcome.
#pragma once

#include "dataplane/engine/core.h"

// Places of the agenda's line at which something of what stands there is fetched, one after the
// other as it comes nearer, since each has to be there for the next to be known.
enum fetch_place {
	FETCH_CHANNEL = 2, // the lines of the channel that it will go into
	FETCH_ADJACENCY = 4,
	FETCH_GROUP = 6,
	FETCH_WAY = 8,
	FETCH_DESTINATION = 10,
	FETCH_PACKET = 13,
	FETCH_ENTRY = 17,
	FETCH_SOURCE = 21
};

// After the first of the agenda has been taken.
void fetch_ahead(struct worker *worker);
