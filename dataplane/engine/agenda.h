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

// Of the items at `first` and the three behind it, as far as there are any, the least.
static inline uint32_t agenda_least(const struct agenda *agenda, uint32_t first)
{
	const struct agenda_item *items = agenda->items;
	uint32_t last = first + 4 < agenda->count ? first + 4 : agenda->count;
	uint32_t least = first;

	for (uint32_t i = first + 1; i < last; i++) {
		if (agenda_is_before(items[i], items[least]))
			least = i;
	}
	return least;
}

// What comes first of all but a source: its place among the items, or `count` when there is
// nothing. Valid until something is set.
static inline uint32_t agenda_beside(const struct agenda *agenda, uint32_t source)
{
	if (agenda->count < 2)
		return agenda->count == 0 || agenda->items[0].source == source ? agenda->count : 0;
	return agenda->items[0].source == source ? agenda_least(agenda, 1) : 0;
}

// Sets the instant of the source that comes first, when agenda_beside has said what comes beside
// it.
void agenda_set_first(struct agenda *agenda, uint64_t at_ns, uint32_t beside);

static inline uint32_t agenda_next_source(const struct agenda *agenda)
{
	return agenda->items[0].source;
}
