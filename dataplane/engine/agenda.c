// SPDX-License-Identifier: BSD-3-Clause
// A four-ary heap with a place for every source.
#include "dataplane/engine/agenda.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int agenda_init(struct agenda *agenda, uint32_t sources)
{
	memset(agenda, 0, sizeof(*agenda));
	agenda->items = calloc(sources ? sources : 1, sizeof(*agenda->items));
	agenda->place = calloc(sources ? sources : 1, sizeof(*agenda->place));
	agenda->capacity = sources;
	if (agenda->items && agenda->place)
		return 0;
	agenda_fini(agenda);
	return -ENOMEM;
}

void agenda_fini(struct agenda *agenda)
{
	free(agenda->items);
	free(agenda->place);
	memset(agenda, 0, sizeof(*agenda));
}

void agenda_clear(struct agenda *agenda)
{
	for (uint32_t i = 0; i < agenda->count; i++)
		agenda->place[agenda->items[i].source] = 0;
	agenda->count = 0;
}

static inline void put(struct agenda *agenda, uint32_t index, struct agenda_item item)
{
	agenda->items[index] = item;
	agenda->place[item.source] = index + 1;
}

static void sift_up(struct agenda *agenda, uint32_t index, struct agenda_item item)
{
	while (index) {
		uint32_t parent = (index - 1) >> 2;

		if (!agenda_is_before(item, agenda->items[parent]))
			break;
		put(agenda, index, agenda->items[parent]);
		index = parent;
	}
	put(agenda, index, item);
}

static void sift_down(struct agenda *agenda, uint32_t index, struct agenda_item item)
{
	for (;;) {
		uint32_t child = index * 4 + 1;
		uint32_t least;

		if (child >= agenda->count)
			break;
		least = agenda_least(agenda, child);
		if (!agenda_is_before(agenda->items[least], item))
			break;
		put(agenda, index, agenda->items[least]);
		index = least;
	}
	put(agenda, index, item);
}

static void take_out(struct agenda *agenda, uint32_t source)
{
	uint32_t index = agenda->place[source] - 1;
	struct agenda_item last = agenda->items[--agenda->count];

	agenda->place[source] = 0;
	if (index == agenda->count)
		return;
	if (index && agenda_is_before(last, agenda->items[(index - 1) >> 2]))
		sift_up(agenda, index, last);
	else
		sift_down(agenda, index, last);
}

void agenda_set(struct agenda *agenda, uint32_t source, uint64_t at_ns)
{
	struct agenda_item item = {at_ns, source};
	uint32_t index;

	agenda->changes++;
	if (at_ns == AGENDA_NEVER) {
		if (agenda->place[source])
			take_out(agenda, source);
		return;
	}
	if (!agenda->place[source]) {
		sift_up(agenda, agenda->count++, item);
		return;
	}
	index = agenda->place[source] - 1;
	if (agenda_is_before(item, agenda->items[index]))
		sift_up(agenda, index, item);
	else
		sift_down(agenda, index, item);
}

void agenda_set_first(struct agenda *agenda, uint64_t at_ns, uint32_t beside)
{
	struct agenda_item item = {at_ns, agenda->items[0].source};

	if (at_ns == AGENDA_NEVER) {
		agenda_set(agenda, item.source, at_ns);
		return;
	}
	agenda->changes++;
	if (beside >= agenda->count || agenda_is_before(item, agenda->items[beside])) {
		agenda->items[0] = item;
		return;
	}
	put(agenda, 0, agenda->items[beside]);
	sift_down(agenda, beside, item);
}
