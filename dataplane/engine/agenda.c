// SPDX-License-Identifier: BSD-3-Clause
// The agenda: a line of what comes next, a heap beside it, a timing wheel before it, a heap beyond.
#include "dataplane/engine/agenda.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS       4096
#define CHUNK_ITEMS 7
#define FEW         48 // sources that are all in the heap
#define AHEAD       24 // sources that the line holds at least, if there are as many behind it
#define SLOT_ITEMS  8  // how many sources a slot should have
#define SLOT_CROWD  64 // more than these are too many
#define FIRST_SHIFT 10
#define LAST_SHIFT  40

// A place: what a source is in, and its index there.
#define KIND_SHIFT 30
#define KIND_MASK  (UINT32_C(3) << KIND_SHIFT)
enum kind { SOON = 0, LINE, WHEEL, FAR };
#define PLACE(kind, index) (((uint32_t)(kind) << KIND_SHIFT) + (index) + 1)

// Some sources of a slot; only the first chunk of a slot is not full.
struct agenda_chunk {
	uint32_t next; // chunk, 0: none
	uint32_t count;
	uint64_t unused;
	struct agenda_item items[CHUNK_ITEMS];
};

static uint32_t power_of_two(uint32_t least)
{
	uint32_t power = 1;

	while (power < least)
		power *= 2;
	return power;
}

int agenda_init(struct agenda *agenda, uint32_t sources)
{
	uint32_t ring = power_of_two(sources + AHEAD);
	size_t count = (size_t)sources + 1;

	memset(agenda, 0, sizeof(*agenda));
	agenda->capacity = sources;
	agenda->line = calloc(ring, sizeof(*agenda->line));
	agenda->line_mask = ring - 1;
	agenda->soon.items = calloc(count + 1, sizeof(*agenda->soon.items));
	agenda->far.items = calloc(count, sizeof(*agenda->far.items));
	agenda->far.kind = FAR;
	agenda->sorting = calloc(2 * count, sizeof(*agenda->sorting));
	agenda->place = calloc(count, sizeof(*agenda->place));
	// Each slot may have one chunk that is not full.
	agenda->chunks = calloc(count / CHUNK_ITEMS + SLOTS + 2, sizeof(*agenda->chunks));
	agenda->heads = calloc(SLOTS, sizeof(*agenda->heads));
	agenda->full = calloc(SLOTS / 64, sizeof(*agenda->full));
	agenda->fresh = 1;
	agenda->shift = FIRST_SHIFT;
	agenda->horizon_ns = AGENDA_NEVER;
	if (agenda->line && agenda->soon.items && agenda->far.items && agenda->sorting &&
	    agenda->place && agenda->chunks && agenda->heads && agenda->full)
		return 0;
	agenda_fini(agenda);
	return -ENOMEM;
}

void agenda_fini(struct agenda *agenda)
{
	free(agenda->line);
	free(agenda->soon.items);
	free(agenda->far.items);
	free(agenda->sorting);
	free(agenda->place);
	free(agenda->chunks);
	free(agenda->heads);
	free(agenda->full);
	memset(agenda, 0, sizeof(*agenda));
}

// ---- Heaps ----

static inline void put(struct agenda *agenda, struct agenda_heap *heap, uint32_t index,
		       struct agenda_item item)
{
	heap->items[index] = item;
	agenda->place[item.source] = PLACE(heap->kind, index);
}

static void sift_up(struct agenda *agenda, struct agenda_heap *heap, uint32_t index,
		    struct agenda_item item)
{
	// What has been taken stands aside of all order.
	uint32_t top = heap == &agenda->soon && agenda->taken ? 4 : 0;

	while (index > top) {
		uint32_t parent = (index - 1) >> 2;

		if (!agenda_is_before(item, heap->items[parent]))
			break;
		put(agenda, heap, index, heap->items[parent]);
		index = parent;
	}
	put(agenda, heap, index, item);
}

static void sift_down(struct agenda *agenda, struct agenda_heap *heap, uint32_t index,
		      struct agenda_item item)
{
	for (;;) {
		uint32_t child = index * 4 + 1;
		uint32_t least;

		if (child >= heap->count)
			break;
		least = agenda_least(heap, child);
		if (!agenda_is_before(heap->items[least], item))
			break;
		put(agenda, heap, index, heap->items[least]);
		index = least;
	}
	put(agenda, heap, index, item);
}

static void heap_move(struct agenda *agenda, struct agenda_heap *heap, uint32_t index,
		      struct agenda_item item)
{
	if (index && agenda_is_before(item, heap->items[(index - 1) >> 2]))
		sift_up(agenda, heap, index, item);
	else
		sift_down(agenda, heap, index, item);
}

static void heap_remove(struct agenda *agenda, struct agenda_heap *heap, uint32_t index)
{
	struct agenda_item last = heap->items[--heap->count];

	if (index < heap->count)
		heap_move(agenda, heap, index, last);
}

// ---- The wheel ----

static inline uint32_t slot_of(const struct agenda *agenda, uint64_t at_ns)
{
	return (uint32_t)(at_ns >> agenda->shift) % SLOTS;
}

static inline bool is_within(const struct agenda *agenda, uint64_t at_ns)
{
	return (at_ns >> agenda->shift) - (agenda->horizon_ns >> agenda->shift) < SLOTS;
}

static uint32_t take_chunk(struct agenda *agenda)
{
	uint32_t chunk = agenda->free;

	if (chunk)
		agenda->free = agenda->chunks[chunk].next;
	else
		chunk = agenda->fresh++;
	return chunk;
}

static void give_chunk(struct agenda *agenda, uint32_t chunk)
{
	agenda->chunks[chunk].next = agenda->free;
	agenda->free = chunk;
}

static void put_in_wheel(struct agenda *agenda, struct agenda_item item)
{
	uint32_t slot = slot_of(agenda, item.at_ns);
	uint32_t head = agenda->heads[slot];
	struct agenda_chunk *chunk = &agenda->chunks[head];

	if (head == 0 || chunk->count == CHUNK_ITEMS) {
		uint32_t next = head;

		head = take_chunk(agenda);
		chunk = &agenda->chunks[head];
		chunk->next = next;
		chunk->count = 0;
		agenda->heads[slot] = head;
		agenda->full[slot / 64] |= UINT64_C(1) << slot % 64;
	}
	chunk->items[chunk->count] = item;
	agenda->place[item.source] = PLACE(WHEEL, head * CHUNK_ITEMS + chunk->count);
	chunk->count++;
	agenda->wheel_count++;
}

static void take_from_wheel(struct agenda *agenda, uint32_t index)
{
	struct agenda_item *item = &agenda->chunks[index / CHUNK_ITEMS].items[index % CHUNK_ITEMS];
	uint32_t slot = slot_of(agenda, item->at_ns);
	uint32_t head = agenda->heads[slot];
	struct agenda_chunk *chunk = &agenda->chunks[head];
	struct agenda_item last = chunk->items[--chunk->count];

	// The last of the slot fills the place; it may be this one.
	agenda->place[last.source] = PLACE(WHEEL, index);
	*item = last;
	agenda->wheel_count--;
	if (chunk->count > 0)
		return;
	agenda->heads[slot] = chunk->next;
	if (chunk->next == 0)
		agenda->full[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	give_chunk(agenda, head);
}

// All of a slot, in no order.
static uint32_t empty_slot(struct agenda *agenda, uint32_t slot, struct agenda_item *items)
{
	uint32_t count = 0;

	for (uint32_t i = agenda->heads[slot], next; i; i = next) {
		const struct agenda_chunk *chunk = &agenda->chunks[i];

		memcpy(items + count, chunk->items, chunk->count * sizeof(*items));
		count += chunk->count;
		next = chunk->next;
		give_chunk(agenda, i);
	}
	agenda->heads[slot] = 0;
	agenda->full[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	agenda->wheel_count -= count;
	return count;
}

// The first slot with something in it, as slots from the horizon's. There must be one.
static uint32_t distance(const struct agenda *agenda)
{
	uint32_t from = slot_of(agenda, agenda->horizon_ns);
	uint64_t word = agenda->full[from / 64] & (UINT64_MAX << from % 64);
	uint32_t index = from / 64;

	while (word == 0) {
		index = (index + 1) % (SLOTS / 64);
		word = agenda->full[index];
	}
	return (index * 64 + (uint32_t)__builtin_ctzll(word) - from) % SLOTS;
}

// ---- The line ----

static void sort_few(struct agenda_item *items, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		struct agenda_item item = items[i];
		uint32_t at = i;

		for (; at > 0 && agenda_is_before(item, items[at - 1]); at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

// Merges ordered parts, twice as long each time; `room` is as long as `items`.
static void sort(struct agenda_item *items, uint32_t count, struct agenda_item *room)
{
	for (uint32_t from = 0; from < count; from += SLOT_ITEMS)
		sort_few(items + from, count - from < SLOT_ITEMS ? count - from : SLOT_ITEMS);
	for (uint32_t part = SLOT_ITEMS; part < count; part *= 2) {
		for (uint32_t from = 0; from < count; from += 2 * part) {
			uint32_t a = from, a_end = from + part < count ? from + part : count;
			uint32_t b = a_end, b_end = a_end + part < count ? a_end + part : count;

			for (uint32_t to = from; to < b_end; to++) {
				bool first = b == b_end ||
					     (a < a_end && agenda_is_before(items[a], items[b]));

				room[to] = items[first ? a++ : b++];
			}
		}
		memcpy(items, room, count * sizeof(*items));
	}
}

static void put_in_line(struct agenda *agenda, const struct agenda_item *items, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = agenda->line_end++ & agenda->line_mask;

		agenda->line[index] = items[i];
		agenda->place[items[i].source] = PLACE(LINE, index);
	}
}

static void skip_gone(struct agenda *agenda)
{
	while (agenda->line_first != agenda->line_end &&
	       agenda->line[agenda->line_first & agenda->line_mask].source == AGENDA_NO_SOURCE)
		agenda->line_first++;
}

// ---- How wide a slot is ----

static void put_behind(struct agenda *agenda, struct agenda_item item)
{
	if (is_within(agenda, item.at_ns))
		put_in_wheel(agenda, item);
	else
		sift_up(agenda, &agenda->far, agenda->far.count++, item);
	agenda->behind = true;
}

// What has come within the wheel's reach.
static void fetch_far(struct agenda *agenda)
{
	while (agenda->far.count && is_within(agenda, agenda->far.items[0].at_ns)) {
		struct agenda_item item = agenda->far.items[0];

		heap_remove(agenda, &agenda->far, 0);
		put_in_wheel(agenda, item);
	}
}

// Such that sources spread over a span have SLOT_ITEMS in each slot.
static unsigned shift_for(uint64_t span_ns, uint32_t count)
{
	uint64_t width_ns = span_ns / count * SLOT_ITEMS;
	unsigned shift = 0;

	while (shift < LAST_SHIFT && (width_ns >> shift) > 1)
		shift++;
	return shift;
}

// Lays the wheel out anew, from a horizon that is not after anything in it.
static void lay_out(struct agenda *agenda, unsigned shift, uint64_t horizon_ns)
{
	struct agenda_item *items = agenda->sorting;
	uint32_t count = 0;

	for (uint32_t slot = 0; agenda->wheel_count; slot++)
		count += empty_slot(agenda, slot, items + count);
	agenda->shift = shift;
	agenda->horizon_ns = horizon_ns;
	agenda->laid_out = agenda->changes;
	agenda->slots_lately = 0;
	agenda->items_lately = 0;
	for (uint32_t i = 0; i < count; i++)
		put_behind(agenda, items[i]);
	fetch_far(agenda);
}

// Has enough been done that all, and each slot, may be touched once?
static bool may_lay_out(const struct agenda *agenda)
{
	return agenda->changes - agenda->laid_out >= agenda->count + SLOTS / 4;
}

// The next slot goes into the line.
static void extend_line(struct agenda *agenda)
{
	struct agenda_item *items = agenda->sorting;
	uint64_t slot, end_ns;
	uint32_t count;

	if (agenda->wheel_count == 0 && agenda->far.items[0].at_ns > agenda->horizon_ns)
		agenda->horizon_ns = agenda->far.items[0].at_ns;
	fetch_far(agenda);
	slot = (agenda->horizon_ns >> agenda->shift) + distance(agenda);
	count = empty_slot(agenda, (uint32_t)slot % SLOTS, items);
	sort(items, count, items + count);
	put_in_line(agenda, items, count);
	end_ns = (slot + 1) << agenda->shift;
	agenda->horizon_ns = end_ns ? end_ns : AGENDA_NEVER;
	agenda->slots_lately++;
	agenda->items_lately += count;
	if (count > SLOT_CROWD && items[0].at_ns != items[count - 1].at_ns && may_lay_out(agenda))
		lay_out(agenda, shift_for(items[count - 1].at_ns - items[0].at_ns, count),
			agenda->horizon_ns);
}

__attribute__((noinline)) static void extend(struct agenda *agenda)
{
	do {
		extend_line(agenda);
	} while (agenda->line_end - agenda->line_first < AHEAD &&
		 agenda->wheel_count + agenda->far.count);
	agenda->behind = agenda->wheel_count + agenda->far.count;
	if (agenda->slots_lately < SLOTS / 64)
		return;
	if (agenda->items_lately < 3 * agenda->slots_lately && agenda->shift < LAST_SHIFT - 1 &&
	    may_lay_out(agenda))
		lay_out(agenda, agenda->shift + 2, agenda->horizon_ns);
	agenda->slots_lately = 0;
	agenda->items_lately = 0;
}

// The line has looked too far ahead, as nothing was to do: its sources go back into the wheel, and
// with them all that came before their time.
__attribute__((noinline)) static void step_back(struct agenda *agenda)
{
	struct agenda_item first = agenda_first(agenda);
	uint64_t last_ns = first.at_ns;
	struct agenda_heap *soon = &agenda->soon;

	for (uint32_t i = 0; i < soon->count; i++)
		last_ns = soon->items[i].at_ns > last_ns ? soon->items[i].at_ns : last_ns;
	lay_out(agenda,
		last_ns > first.at_ns ? shift_for(last_ns - first.at_ns, soon->count)
				      : agenda->shift,
		first.at_ns);
	for (uint32_t i = 0; i < soon->count; i++)
		put_behind(agenda, soon->items[i]);
	soon->count = 0;
	for (; agenda->line_first != agenda->line_end; agenda->line_first++) {
		struct agenda_item item = agenda->line[agenda->line_first & agenda->line_mask];

		if (item.source != AGENDA_NO_SOURCE)
			put_behind(agenda, item);
	}
	extend(agenda);
}

// ---- All together ----

static inline uint32_t in_line(const struct agenda *agenda)
{
	return agenda->line_end - agenda->line_first;
}

// What was taken last has not been replaced.
static void close_gap(struct agenda *agenda)
{
	agenda->taken = false;
	heap_remove(agenda, &agenda->soon, 0);
}

void agenda_take_slowly(struct agenda *agenda, struct agenda_item first)
{
	if (agenda->taken)
		close_gap(agenda);
	if (agenda->soon.count && agenda->soon.items[0].source == first.source) {
		agenda->taken = true;
		agenda->second = agenda_least(&agenda->soon, 1);
		return;
	}
	agenda->place[first.source] = 0;
	agenda->count--;
	agenda->line_first++;
	skip_gone(agenda);
	if (agenda->behind && in_line(agenda) < AHEAD)
		extend(agenda);
}

struct agenda_item agenda_beside(struct agenda *agenda)
{
	const struct agenda_item nothing = {AGENDA_NEVER, AGENDA_NO_SOURCE};
	const struct agenda_heap *soon = &agenda->soon;
	struct agenda_item candidates[4] = {nothing, nothing, nothing, nothing};
	uint32_t at = agenda->line_first;

	if (agenda->taken)
		close_gap(agenda);
	if (soon->count > 0)
		candidates[0] = soon->items[0];
	if (soon->count > 1)
		candidates[1] = soon->items[agenda_least(soon, 1)];
	for (unsigned found = 2; found < 4 && at != agenda->line_end; at++) {
		struct agenda_item item = agenda->line[at & agenda->line_mask];

		if (item.source != AGENDA_NO_SOURCE)
			candidates[found++] = item;
	}
	sort_few(candidates, 4);
	return candidates[1];
}

// In the place of what was taken.
static inline void replace(struct agenda *agenda, struct agenda_item item)
{
	struct agenda_heap *soon = &agenda->soon;

	agenda->taken = false;
	if (soon->count == 1 || agenda_is_before(item, soon->items[agenda->second])) {
		put(agenda, soon, 0, item);
		return;
	}
	put(agenda, soon, 0, soon->items[agenda->second]);
	sift_down(agenda, soon, agenda->second, item);
}

// Too many are near, though there was a time for each to be set since this was last looked at.
static inline void limit_soon(struct agenda *agenda)
{
	if (agenda->soon.count > FEW + 2 * in_line(agenda) && !agenda->taken && may_lay_out(agenda))
		step_back(agenda);
}

static void insert(struct agenda *agenda, struct agenda_item item)
{
	struct agenda_heap *soon = &agenda->soon;

	agenda->count++;
	if (item.at_ns >= agenda->horizon_ns && !agenda->behind &&
	    soon->count + in_line(agenda) < FEW)
		agenda->horizon_ns = AGENDA_NEVER;
	if (item.at_ns >= agenda->horizon_ns) {
		put_behind(agenda, item);
		if (in_line(agenda) < AHEAD)
			extend(agenda);
		return;
	}
	if (agenda->taken && soon->items[0].source == AGENDA_NO_SOURCE) {
		replace(agenda, item);
	} else {
		sift_up(agenda, soon, soon->count++, item);
		if (agenda->taken)
			agenda->second = agenda_least(soon, 1);
	}
	limit_soon(agenda);
}

static void take_out(struct agenda *agenda, uint32_t source)
{
	uint32_t place = agenda->place[source] - 1;
	uint32_t index = place & ~KIND_MASK;

	agenda->count--;
	switch (place >> KIND_SHIFT) {
	case SOON:
		heap_remove(agenda, &agenda->soon, index);
		if (agenda->taken)
			agenda->second = agenda_least(&agenda->soon, 1);
		break;
	case LINE:
		agenda->line[index].source = AGENDA_NO_SOURCE;
		skip_gone(agenda);
		break;
	case WHEEL:
		take_from_wheel(agenda, index);
		break;
	default:
		heap_remove(agenda, &agenda->far, index);
	}
	agenda->place[source] = 0;
	agenda->behind = agenda->wheel_count + agenda->far.count;
	if (agenda->behind && in_line(agenda) < AHEAD)
		extend(agenda);
}

void agenda_set_slowly(struct agenda *agenda, struct agenda_item item)
{
	struct agenda_heap *soon = &agenda->soon;

	if (agenda->taken && soon->items[0].source == item.source) {
		if (item.at_ns < agenda->horizon_ns) {
			replace(agenda, item);
			limit_soon(agenda);
			return;
		}
		// Another one may come in its place.
		soon->items[0].source = AGENDA_NO_SOURCE;
		agenda->place[item.source] = 0;
		agenda->count--;
	} else if (agenda->place[item.source]) {
		take_out(agenda, item.source);
	}
	if (item.at_ns != AGENDA_NEVER)
		insert(agenda, item);
}

void agenda_clear(struct agenda *agenda)
{
	agenda->line_first = agenda->line_end;
	agenda->taken = false;
	agenda->behind = false;
	agenda->soon.count = 0;
	agenda->far.count = 0;
	agenda->count = 0;
	agenda->horizon_ns = AGENDA_NEVER;
	agenda->wheel_count = 0;
	agenda->free = 0;
	agenda->fresh = 1;
	memset(agenda->heads, 0, SLOTS * sizeof(*agenda->heads));
	memset(agenda->full, 0, SLOTS / 64 * sizeof(*agenda->full));
	memset(agenda->place, 0, agenda->capacity * sizeof(*agenda->place));
}
