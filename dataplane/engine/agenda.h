// SPDX-License-Identifier: BSD-3-Clause
// What a worker has to do next: the earliest instant of each of its sources (channels with packets
// in flight, capture files, flows, managed queues) in order of (instant, source number), so that
// equal instants have one order whatever the machine or the number of workers.
//
// What lies ahead waits in a timing wheel, in slots without order. The slots that come next are
// sorted, a few at a time, into a line that is taken from the front: so it is known what comes
// next but ten, and its memory can be fetched. What is set to an instant within the line's reach
// goes into a four-ary heap beside it, and few sources are all there; what lies beyond the wheel,
// into a second one. So the worst that traffic can do is to make a heap of it all.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define AGENDA_NEVER     UINT64_MAX
#define AGENDA_NO_SOURCE UINT32_MAX

struct agenda_item {
	uint64_t at_ns;
	uint32_t source; // AGENDA_NO_SOURCE in the line: has gone
};

struct agenda_heap {
	struct agenda_item *items;
	uint32_t count;
	uint32_t kind; // of its items' places
};

struct agenda_chunk;

struct agenda {
	struct agenda_item *line; // ring
	uint32_t line_first;      // these two only grow; within the ring they are masked
	uint32_t line_end;
	uint32_t line_mask;
	bool taken;      // the first of `soon` is out, but stands there until it is set or replaced
	bool behind;     // something lies in the wheel or beyond it
	uint32_t second; // then: what comes first now, or no item when there is none
	struct agenda_heap soon;
	uint32_t changes;    // how often something was set
	uint32_t count;      // of all sources in it
	uint32_t capacity;   // number of sources
	uint64_t horizon_ns; // what is in the wheel or beyond is not before it
	uint32_t *place;     // [source]: where it is, 0 when absent
	// The wheel: slots of 2^shift ns from the horizon's on.
	unsigned shift;
	uint32_t wheel_count;
	struct agenda_chunk *chunks;
	uint32_t *heads; // [slot] chunk, 0: none
	uint64_t *full;  // bits of slots with something in them
	uint32_t free;   // chunks, 0: none
	uint32_t fresh;  // first chunk that was never used
	struct agenda_heap far;
	struct agenda_item *sorting; // room for all sources, twice
	uint32_t laid_out;           // `changes` when the wheel was laid out
	uint32_t slots_lately;       // slots emptied into the line, and what was in them
	uint32_t items_lately;
};

// Memory for `sources` sources, all absent. 0 or -ENOMEM.
int agenda_init(struct agenda *agenda, uint32_t sources);
void agenda_fini(struct agenda *agenda);

// Sets a source's instant: inserts, moves, or with AGENDA_NEVER removes it.
static inline void agenda_set(struct agenda *agenda, uint32_t source, uint64_t at_ns);
void agenda_clear(struct agenda *agenda);

// ---- For the inline functions below ----

void agenda_take_slowly(struct agenda *agenda, struct agenda_item first);
void agenda_set_slowly(struct agenda *agenda, struct agenda_item item);
static inline bool agenda_is_before(struct agenda_item a, struct agenda_item b)
{
	return a.at_ns < b.at_ns || (a.at_ns == b.at_ns && a.source < b.source);
}

// Of the items at `first` and the three behind it, as far as there are any, the least.
static inline uint32_t agenda_least(const struct agenda_heap *heap, uint32_t first)
{
	const struct agenda_item *items = heap->items;
	uint32_t last = first + 4 < heap->count ? first + 4 : heap->count;
	uint32_t least = first;

	for (uint32_t i = first + 1; i < last; i++) {
		if (agenda_is_before(items[i], items[least]))
			least = i;
	}
	return least;
}

// The first of the heap of what is near; at AGENDA_NEVER when there is none.
static inline struct agenda_item agenda_soonest(const struct agenda *agenda)
{
	const struct agenda_heap *soon = &agenda->soon;

	if (soon->count <= agenda->taken)
		return (struct agenda_item){AGENDA_NEVER, AGENDA_NO_SOURCE};
	return soon->items[agenda->taken ? agenda->second : 0];
}

// ---- What comes first ----

// What comes first of all, at AGENDA_NEVER when there is nothing.
static inline struct agenda_item agenda_first(const struct agenda *agenda)
{
	struct agenda_item soonest = agenda_soonest(agenda);

	if (agenda->line_first != agenda->line_end) {
		struct agenda_item first = agenda->line[agenda->line_first & agenda->line_mask];

		if (agenda_is_before(first, soonest))
			return first;
	}
	return soonest;
}

static inline uint64_t agenda_next_ns(const struct agenda *agenda)
{
	return agenda_first(agenda).at_ns;
}

static inline uint32_t agenda_next_source(const struct agenda *agenda)
{
	return agenda_first(agenda).source;
}

// What comes behind the first, at AGENDA_NEVER when there is nothing; not while one is taken.
struct agenda_item agenda_beside(struct agenda *agenda);

// Takes the first out, which must be what agenda_first has just said. Its instant must be set, to
// AGENDA_NEVER if need be, before the next is taken.
static inline void agenda_take(struct agenda *agenda, struct agenda_item first)
{
	const struct agenda_heap *soon = &agenda->soon;

	if (soon->count == 0 || soon->items[0].source != first.source) {
		agenda_take_slowly(agenda, first);
		return;
	}
	agenda->taken = true;
	agenda->second = agenda_least(soon, 1);
}

// The source that comes so many places behind the first of the line, as it looks now;
// AGENDA_NO_SOURCE when that is not known. Good for fetching memory only.
static inline uint32_t agenda_ahead(const struct agenda *agenda, uint32_t places)
{
	if (agenda->line_end - agenda->line_first <= places)
		return AGENDA_NO_SOURCE;
	return agenda->line[(agenda->line_first + places) & agenda->line_mask].source;
}

static inline void agenda_set(struct agenda *agenda, uint32_t source, uint64_t at_ns)
{
	struct agenda_heap *soon = &agenda->soon;
	struct agenda_item item = {at_ns, source};

	agenda->changes++;
	// What has just been taken comes first again.
	if (agenda->taken && soon->items[0].source == source && at_ns < agenda->horizon_ns &&
	    (soon->count == 1 || agenda_is_before(item, soon->items[agenda->second]))) {
		soon->items[0].at_ns = at_ns;
		agenda->taken = false;
		return;
	}
	agenda_set_slowly(agenda, item);
}
