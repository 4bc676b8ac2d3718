// SPDX-License-Identifier: BSD-3-Clause
// The engine's agenda, heaps of two, four and eight children, a tournament, and a timing wheel.
#include "bench/orders.h"

#include <stdlib.h>

static const struct agenda_item nothing = {AGENDA_NEVER, UINT32_MAX};

// ---- The engine's agenda ----

static void *agenda_make(uint32_t sources, uint64_t gap_ns)
{
	struct agenda *agenda = malloc(sizeof(*agenda));

	(void)gap_ns;
	if (agenda == NULL || agenda_init(agenda, sources) == 0)
		return agenda;
	free(agenda);
	return NULL;
}

static void agenda_unmake(void *context)
{
	agenda_fini(context);
	free(context);
}

static void agenda_put(void *context, uint32_t source, uint64_t at_ns)
{
	agenda_set(context, source, at_ns);
}

static void agenda_put_first(void *context, uint64_t at_ns)
{
	struct agenda *agenda = context;
	struct agenda_item first = agenda_first(agenda);

	agenda_take(agenda, first);
	agenda_set(agenda, first.source, at_ns);
}

static struct agenda_item first_of_agenda(void *context)
{
	return agenda_first(context);
}

// ---- A heap of 2^shift children a node ----

struct heap {
	struct agenda_item *items;
	uint32_t *place; // [source]: index plus one, 0 when absent
	uint32_t count;
};

static void heap_destroy(void *context)
{
	struct heap *heap = context;

	free(heap->items);
	free(heap->place);
	free(heap);
}

static void *heap_create(uint32_t sources, uint64_t gap_ns)
{
	struct heap *heap = calloc(1, sizeof(*heap));

	(void)gap_ns;
	if (heap == NULL)
		return NULL;
	heap->items = calloc(sources, sizeof(*heap->items));
	heap->place = calloc(sources, sizeof(*heap->place));
	if (heap->items != NULL && heap->place != NULL)
		return heap;
	heap_destroy(heap);
	return NULL;
}

static inline void heap_put(struct heap *heap, uint32_t index, struct agenda_item item)
{
	heap->items[index] = item;
	heap->place[item.source] = index + 1;
}

static inline void heap_up(struct heap *heap, uint32_t index, struct agenda_item item,
			   unsigned shift)
{
	for (uint32_t parent; index > 0; index = parent) {
		parent = (index - 1) >> shift;
		if (!agenda_is_before(item, heap->items[parent]))
			break;
		heap_put(heap, index, heap->items[parent]);
	}
	heap_put(heap, index, item);
}

static inline void heap_down(struct heap *heap, uint32_t index, struct agenda_item item,
			     unsigned shift)
{
	for (;;) {
		uint32_t child = (index << shift) + 1;
		uint32_t last =
			child + (1u << shift) < heap->count ? child + (1u << shift) : heap->count;
		uint32_t least = child;

		if (child >= heap->count)
			break;
		for (uint32_t i = child + 1; i < last; i++)
			least = agenda_is_before(heap->items[i], heap->items[least]) ? i : least;
		if (!agenda_is_before(heap->items[least], item))
			break;
		heap_put(heap, index, heap->items[least]);
		index = least;
	}
	heap_put(heap, index, item);
}

static inline void heap_move(struct heap *heap, uint32_t index, struct agenda_item item,
			     unsigned shift)
{
	if (index > 0 && agenda_is_before(item, heap->items[(index - 1) >> shift]))
		heap_up(heap, index, item, shift);
	else
		heap_down(heap, index, item, shift);
}

static inline void heap_remove(struct heap *heap, uint32_t source, unsigned shift)
{
	uint32_t index = heap->place[source] - 1;
	struct agenda_item last = heap->items[--heap->count];

	heap->place[source] = 0;
	if (index < heap->count)
		heap_move(heap, index, last, shift);
}

static inline void heap_set(struct heap *heap, uint32_t source, uint64_t at_ns, unsigned shift)
{
	struct agenda_item item = {at_ns, source};

	if (at_ns != AGENDA_NEVER && heap->place[source])
		heap_move(heap, heap->place[source] - 1, item, shift);
	else if (at_ns != AGENDA_NEVER)
		heap_up(heap, heap->count++, item, shift);
	else if (heap->place[source])
		heap_remove(heap, source, shift);
}

static inline void heap_set_first(struct heap *heap, uint64_t at_ns, unsigned shift)
{
	if (at_ns == AGENDA_NEVER)
		heap_remove(heap, heap->items[0].source, shift);
	else
		heap_down(heap, 0, (struct agenda_item){at_ns, heap->items[0].source}, shift);
}

static struct agenda_item heap_first(void *context)
{
	const struct heap *heap = context;

	return heap->count ? heap->items[0] : nothing;
}

// The shift is a constant in each, so that the compiler unrolls.
#define HEAP(children, shift)                                                                      \
	static void heap##children##_set(void *context, uint32_t source, uint64_t at_ns)           \
	{                                                                                          \
		heap_set(context, source, at_ns, shift);                                           \
	}                                                                                          \
	static void heap##children##_set_first(void *context, uint64_t at_ns)                      \
	{                                                                                          \
		heap_set_first(context, at_ns, shift);                                             \
	}
HEAP(2, 1)
HEAP(4, 2)
HEAP(8, 3)

// ---- A tournament: each node holds the winner of the two below ----

struct tournament {
	struct agenda_item *nodes; // 1 is the root; leaves from `leaves` on, one a source
	uint32_t leaves;
};

static void tournament_destroy(void *context)
{
	struct tournament *tournament = context;

	free(tournament->nodes);
	free(tournament);
}

static void *tournament_create(uint32_t sources, uint64_t gap_ns)
{
	struct tournament *tournament = calloc(1, sizeof(*tournament));

	(void)gap_ns;
	if (tournament == NULL)
		return NULL;
	for (tournament->leaves = 2; tournament->leaves < sources;)
		tournament->leaves *= 2;
	tournament->nodes = calloc(2 * (size_t)tournament->leaves, sizeof(*tournament->nodes));
	if (tournament->nodes == NULL) {
		free(tournament);
		return NULL;
	}
	for (uint32_t i = 0; i < 2 * tournament->leaves; i++)
		tournament->nodes[i] = nothing;
	return tournament;
}

// Of equals the left one wins, which has the smaller number.
static void tournament_set(void *context, uint32_t source, uint64_t at_ns)
{
	const struct tournament *tournament = context;
	struct agenda_item *nodes = tournament->nodes;
	uint32_t node = tournament->leaves + source;

	nodes[node] = (struct agenda_item){at_ns, source};
	for (; node > 1; node >>= 1) {
		const struct agenda_item *left = &nodes[node & ~1u], *right = &nodes[node | 1];

		nodes[node >> 1] = right->at_ns < left->at_ns ? *right : *left;
	}
}

static void tournament_set_first(void *context, uint64_t at_ns)
{
	const struct tournament *tournament = context;

	tournament_set(context, tournament->nodes[1].source, at_ns);
}

static struct agenda_item tournament_first(void *context)
{
	const struct tournament *tournament = context;

	return tournament->nodes[1];
}

// ---- A timing wheel: a list in order for each slot, and one without order for what lies beyond --

#define SLOTS     4096
#define FAR       SLOTS // the list beyond
#define NO_SOURCE UINT32_MAX

struct wheel_entry {
	uint64_t at_ns;
	uint32_t before, next;
	uint32_t list; // NO_SOURCE: absent
};

struct wheel {
	struct wheel_entry *entries;
	uint32_t heads[SLOTS + 1];
	uint64_t full[SLOTS / 64]; // slots with something in them
	unsigned shift;            // a slot is 2^shift ns
	uint64_t now_slot;         // since zero; slots of the wheel are this one and those after it
	uint64_t far_slot;         // nothing beyond comes before it
	uint32_t count;
};

static void wheel_destroy(void *context)
{
	struct wheel *wheel = context;

	free(wheel->entries);
	free(wheel);
}

static void *wheel_create(uint32_t sources, uint64_t gap_ns)
{
	struct wheel *wheel = calloc(1, sizeof(*wheel));

	if (wheel == NULL)
		return NULL;
	wheel->entries = calloc(sources, sizeof(*wheel->entries));
	if (wheel->entries == NULL) {
		free(wheel);
		return NULL;
	}
	// About one source in a slot, and all sources within one turn.
	while (UINT64_C(1) << wheel->shift < gap_ns ||
	       (uint64_t)SLOTS << wheel->shift < 2 * gap_ns * sources)
		wheel->shift++;
	for (uint32_t i = 0; i < sources; i++)
		wheel->entries[i].list = NO_SOURCE;
	for (uint32_t i = 0; i <= SLOTS; i++)
		wheel->heads[i] = NO_SOURCE;
	return wheel;
}

static void wheel_take(struct wheel *wheel, uint32_t source)
{
	struct wheel_entry *entries = wheel->entries, *entry = &entries[source];
	uint32_t list = entry->list;

	if (list == NO_SOURCE)
		return;
	if (entry->before != NO_SOURCE)
		entries[entry->before].next = entry->next;
	else
		wheel->heads[list] = entry->next;
	if (entry->next != NO_SOURCE)
		entries[entry->next].before = entry->before;
	if (list != FAR && wheel->heads[list] == NO_SOURCE)
		wheel->full[list / 64] &= ~(UINT64_C(1) << list % 64);
	entry->list = NO_SOURCE;
	wheel->count--;
}

static void wheel_insert(struct wheel *wheel, uint32_t source, uint64_t at_ns)
{
	struct wheel_entry *entries = wheel->entries;
	struct agenda_item item = {at_ns, source};
	uint64_t slot = at_ns >> wheel->shift;
	uint32_t list = FAR, before = NO_SOURCE, next;

	if (slot < wheel->now_slot)
		slot = wheel->now_slot; // behind us: first in the slot that comes first
	if (slot - wheel->now_slot < SLOTS) {
		list = (uint32_t)(slot % SLOTS);
		wheel->full[list / 64] |= UINT64_C(1) << list % 64;
	} else if (slot < wheel->far_slot || wheel->heads[FAR] == NO_SOURCE) {
		wheel->far_slot = slot;
	}
	next = wheel->heads[list];
	while (list != FAR && next != NO_SOURCE &&
	       agenda_is_before((struct agenda_item){entries[next].at_ns, next}, item)) {
		before = next;
		next = entries[next].next;
	}
	entries[source] = (struct wheel_entry){at_ns, before, next, list};
	if (before != NO_SOURCE)
		entries[before].next = source;
	else
		wheel->heads[list] = source;
	if (next != NO_SOURCE)
		entries[next].before = source;
	wheel->count++;
}

static void wheel_set(void *context, uint32_t source, uint64_t at_ns)
{
	wheel_take(context, source);
	if (at_ns != AGENDA_NEVER)
		wheel_insert(context, source, at_ns);
}

// The first slot with something in it, as a distance from now; SLOTS: there is none.
static uint32_t wheel_distance(const struct wheel *wheel)
{
	uint32_t from = (uint32_t)(wheel->now_slot % SLOTS);
	uint64_t word = wheel->full[from / 64] & (UINT64_MAX << from % 64);

	for (uint32_t i = 0; i <= SLOTS / 64; i++) {
		uint32_t index = (from / 64 + i) % (SLOTS / 64);

		if (word)
			return (index * 64 + (uint32_t)__builtin_ctzll(word) - from) % SLOTS;
		word = wheel->full[(index + 1) % (SLOTS / 64)];
	}
	return SLOTS;
}

// The wheel has come to the first of what lies beyond: all that has a slot now goes there.
static void wheel_fetch(struct wheel *wheel)
{
	uint64_t least = UINT64_MAX;
	uint32_t next;

	if (wheel->far_slot > wheel->now_slot)
		wheel->now_slot = wheel->far_slot;
	for (uint32_t i = wheel->heads[FAR]; i != NO_SOURCE; i = next) {
		uint64_t at_ns = wheel->entries[i].at_ns;
		uint64_t slot = at_ns >> wheel->shift;

		next = wheel->entries[i].next;
		if (slot < wheel->now_slot + SLOTS) {
			wheel_take(wheel, i);
			wheel_insert(wheel, i, at_ns);
		} else if (slot < least) {
			least = slot;
		}
	}
	wheel->far_slot = least;
}

static struct agenda_item wheel_first(void *context)
{
	struct wheel *wheel = context;
	uint32_t distance, first;

	if (wheel->count == 0)
		return nothing;
	distance = wheel_distance(wheel);
	while (wheel->heads[FAR] != NO_SOURCE &&
	       (distance == SLOTS || wheel->far_slot <= wheel->now_slot + distance)) {
		wheel_fetch(wheel);
		distance = wheel_distance(wheel);
	}
	wheel->now_slot += distance;
	first = wheel->heads[wheel->now_slot % SLOTS];
	return (struct agenda_item){wheel->entries[first].at_ns, first};
}

static void wheel_set_first(void *context, uint64_t at_ns)
{
	wheel_set(context, wheel_first(context).source, at_ns);
}

const struct order orders[] = {
	{"engine", "the engine's agenda", agenda_make, agenda_unmake, agenda_put, agenda_put_first,
	 first_of_agenda},
	{"heap2", "heap, d = 2", heap_create, heap_destroy, heap2_set, heap2_set_first, heap_first},
	{"heap4", "heap, d = 4", heap_create, heap_destroy, heap4_set, heap4_set_first, heap_first},
	{"heap8", "heap, d = 8", heap_create, heap_destroy, heap8_set, heap8_set_first, heap_first},
	{"tournament", "tournament of winners", tournament_create, tournament_destroy,
	 tournament_set, tournament_set_first, tournament_first},
	{"wheel", "timing wheel, slots in order", wheel_create, wheel_destroy, wheel_set,
	 wheel_set_first, wheel_first},
};
const unsigned order_count = sizeof(orders) / sizeof(orders[0]);
