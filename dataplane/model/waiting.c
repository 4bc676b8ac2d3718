// SPDX-License-Identifier: BSD-3-Clause
// Lists by number in one block: nothing here allocates, and nothing costs more than a few steps.
#include "dataplane/model/waiting.h"

_Static_assert(sizeof(struct waiting) % 8 == 0 && sizeof(struct waiting_class) % 8 == 0,
	       "classes and entries follow without a gap");

size_t waiting_memory_bytes(uint32_t class_count, uint32_t capacity)
{
	return sizeof(struct waiting) + class_count * sizeof(struct waiting_class) +
	       capacity * sizeof(struct waiting_entry);
}

struct waiting *waiting_init(void *memory, uint32_t class_count, uint32_t capacity)
{
	struct waiting *waiting = memory;

	waiting->class_count = class_count;
	waiting->capacity = capacity;
	return waiting;
}

uint32_t waiting_take(struct waiting *waiting)
{
	uint32_t entry = waiting->free;

	if (entry != 0)
		waiting->free = waiting_entry(waiting, entry)->next;
	else if (waiting->touched < waiting->capacity)
		entry = ++waiting->touched;
	return entry;
}

void waiting_give(struct waiting *waiting, uint32_t entry)
{
	waiting_entry(waiting, entry)->next = waiting->free;
	waiting->free = entry;
}

void waiting_push(struct waiting *waiting, struct waiting_line *line, uint32_t entry)
{
	struct waiting_entry *last = waiting_entry(waiting, entry);

	last->next = 0;
	if (line->packets == 0)
		line->head = entry;
	else
		waiting_entry(waiting, line->tail)->next = entry;
	line->tail = entry;
	line->packets++;
	line->bytes += last->frame.bytes;
	line->line_bytes += last->line_bytes;
}

uint32_t waiting_pop(struct waiting *waiting, struct waiting_line *line)
{
	uint32_t entry = line->head;
	const struct waiting_entry *first = waiting_entry(waiting, entry);

	line->head = first->next;
	line->packets--;
	line->bytes -= first->frame.bytes;
	line->line_bytes -= first->line_bytes;
	return entry;
}

void waiting_enter(struct waiting *waiting, uint32_t class, uint32_t entry)
{
	const struct waiting_entry *entered = waiting_entry(waiting, entry);

	waiting->count++;
	waiting->bytes += entered->frame.bytes;
	waiting->line_bytes += entered->line_bytes;
	waiting_push(waiting, &waiting_class(waiting, class)->line, entry);
}

uint32_t waiting_leave(struct waiting *waiting, uint32_t class)
{
	uint32_t entry = waiting_pop(waiting, &waiting_class(waiting, class)->line);
	const struct waiting_entry *left = waiting_entry(waiting, entry);

	waiting->count--;
	waiting->bytes -= left->frame.bytes;
	waiting->line_bytes -= left->line_bytes;
	return entry;
}

void waiting_throw(struct waiting *waiting, uint32_t class)
{
	waiting_push(waiting, &waiting->out, waiting_leave(waiting, class));
}

void waiting_round_push(struct waiting *waiting, unsigned round, uint32_t class)
{
	struct waiting_round *turns = &waiting->rounds[round];

	waiting_class(waiting, class)->next = 0;
	if (turns->first == 0)
		turns->first = class + 1;
	else
		waiting_class(waiting, turns->last - 1)->next = class + 1;
	turns->last = class + 1;
}

uint32_t waiting_round_first(const struct waiting *waiting, unsigned round)
{
	return waiting->rounds[round].first - 1; // 0 wraps to WAITING_NO_CLASS
}

void waiting_round_pop(struct waiting *waiting, unsigned round)
{
	struct waiting_round *turns = &waiting->rounds[round];

	turns->first = waiting_class(waiting, turns->first - 1)->next;
}
