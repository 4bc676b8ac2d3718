// SPDX-License-Identifier: BSD-3-Clause
// What a worker has to do next: the earliest instant of each of its sources (channels with packets
// in flight, capture files, flows, managed queues), in a four-ary heap ordered by (instant, source
// number), so that equal instants have one order whatever the machine or the number of workers.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define AGENDA_NEVER UINT64_MAX

struct agenda_item {
	uint64_t at_ns;
	uint32_t source;
};

struct agenda {
	struct agenda_item *items; // heap
	uint32_t *place;           // [source]: index in items plus one, 0 when absent
	uint32_t count;
	uint32_t capacity; // number of sources
	uint32_t changes;  // how often something was set
};

// Memory for `sources` sources, all absent. 0 or -ENOMEM.
int agenda_init(struct agenda *agenda, uint32_t sources);
void agenda_fini(struct agenda *agenda);

// Sets a source's instant: inserts, moves, or with AGENDA_NEVER removes it.
void agenda_set(struct agenda *agenda, uint32_t source, uint64_t at_ns);
void agenda_clear(struct agenda *agenda);

static inline uint64_t agenda_next_ns(const struct agenda *agenda)
{
	return agenda->count ? agenda->items[0].at_ns : AGENDA_NEVER;
}

static inline bool agenda_is_before(struct agenda_item a, struct agenda_item b)
{
	return a.at_ns < b.at_ns || (a.at_ns == b.at_ns && a.source < b.source);
}

// What comes first of all but this source; at AGENDA_NEVER when there is nothing.
static inline struct agenda_item agenda_next_beside(const struct agenda *agenda, uint32_t source)
{
	struct agenda_item least = {AGENDA_NEVER, UINT32_MAX};
	uint32_t last = agenda->count < 5 ? agenda->count : 5;

	if (agenda->count && agenda->items[0].source != source)
		return agenda->items[0];
	for (uint32_t i = 1; i < last; i++) {
		if (agenda_is_before(agenda->items[i], least))
			least = agenda->items[i];
	}
	return least;
}

static inline uint32_t agenda_next_source(const struct agenda *agenda)
{
	return agenda->items[0].source;
}
