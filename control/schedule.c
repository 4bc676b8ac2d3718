// SPDX-License-Identifier: BSD-3-Clause
// What is going to happen to a network, in order of time: a heap.
#include "control/schedule.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_before(const struct schedule_item *a, const struct schedule_item *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->order < b->order;
}

int schedule_push(struct schedule *schedule, struct schedule_item item)
{
	size_t i = schedule->count;

	if (schedule->count == schedule->room) {
		size_t room = schedule->room ? schedule->room * 2 : 64;
		struct schedule_item *items = realloc(schedule->items, room * sizeof(*items));

		if (!items)
			return -ENOMEM;
		schedule->items = items;
		schedule->room = room;
	}
	item.order = schedule->next_order++;
	for (; i > 0 && is_before(&item, &schedule->items[(i - 1) / 2]); i = (i - 1) / 2)
		schedule->items[i] = schedule->items[(i - 1) / 2];
	schedule->items[i] = item;
	schedule->count++;
	return 0;
}

const struct schedule_item *schedule_first(const struct schedule *schedule)
{
	return schedule->count ? &schedule->items[0] : NULL;
}

struct schedule_item schedule_pop(struct schedule *schedule)
{
	struct schedule_item first = schedule->items[0];
	struct schedule_item last = schedule->items[--schedule->count];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < schedule->count &&
		    is_before(&schedule->items[child + 1], &schedule->items[child]))
			child++;
		if (child >= schedule->count || !is_before(&schedule->items[child], &last))
			break;
		schedule->items[i] = schedule->items[child];
		i = child;
	}
	schedule->items[i] = last;
	return first;
}

void schedule_postpone(struct schedule *schedule, enum schedule_kind kind, uint64_t at_ns)
{
	const struct schedule_item *first = schedule_first(schedule);
	struct schedule_item item;

	if (!first || first->kind != kind || first->at_ns >= at_ns)
		return;
	item = schedule_pop(schedule);
	item.at_ns = at_ns;
	(void)schedule_push(schedule, item); // into the room that it has left
}

int schedule_copy(struct schedule *copy, const struct schedule *schedule)
{
	*copy = *schedule;
	copy->room = schedule->count;
	copy->items = malloc((schedule->count + 1) * sizeof(*copy->items));
	if (!copy->items) {
		*copy = (struct schedule){.items = NULL};
		return -ENOMEM;
	}
	if (schedule->count)
		memcpy(copy->items, schedule->items, schedule->count * sizeof(*copy->items));
	for (size_t i = 0; i < copy->count; i++) {
		if (copy->items[i].row)
			copy->items[i].row->references++;
	}
	return 0;
}

void schedule_fini(struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->count; i++)
		plan_row_put(schedule->items[i].row);
	free(schedule->items);
	*schedule = (struct schedule){.items = NULL};
}
