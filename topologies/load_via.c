// SPDX-License-Identifier: BSD-3-Clause
// What a satellite link says of its satellites: via, choose, handover.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/load_link.h"
#include "topologies/load_satellite.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"

void read_via(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	struct link *link = draft->link;
	const struct names *names = reader->topology->names;
	char list[INI_LINE_MAX + 1];
	char *rest = list;
	char *item;

	draft->via = entry;
	link->constellation = names_find(names, NAME_CONSTELLATION, entry->value);
	if (link->constellation != TOPOLOGY_NONE)
		return;
	snprintf(list, sizeof(list), "%s", entry->value);
	while ((item = reader_next_item(&rest))) {
		uint32_t index = names_find(names, NAME_SATELLITE, item);
		const char *near;

		if (index == TOPOLOGY_NONE) {
			near = names_nearest(names, NAME_CONSTELLATION, item);
			if (near && !names_nearest(names, NAME_SATELLITE, item))
				reader_fail(reader, entry,
					    "there is no satellite \"%s\"; did you mean the "
					    "constellation %s?",
					    item, near);
			else
				reader_find(reader, entry, NAME_SATELLITE, "satellite", item);
			link->chain_count = 0;
			return;
		}
		if (link->chain_count == PATH_SATELLITES_MOST) {
			reader_fail(reader, entry, "\"%s\" has more than %d satellites in a row",
				    entry->value, PATH_SATELLITES_MOST);
			return;
		}
		if (link->chain_count > 0 && link->chain[link->chain_count - 1] == index) {
			reader_fail(reader, entry, "%s stands twice in a row; name it once", item);
			return;
		}
		link->chain[link->chain_count++] = index;
	}
	if (link->chain_count == 1)
		link->satellite = link->chain[0];
}

void read_handover(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	struct sky_handover *handover = &draft->link->handover;
	char copy[INI_LINE_MAX + 1];
	char *words[6] = {NULL};
	size_t count, used = 0;
	struct error error = {.code = 0};

	draft->handover = entry;
	snprintf(copy, sizeof(copy), "%s", entry->value);
	count = satellite_words(copy, words, 6);
	if (count > 0 && strcmp(words[0], "make-before-break") == 0)
		used = 1;
	else if (count > 1 && strcmp(words[0], "break-before-make") == 0 &&
		 quantity_parse_time_ns(words[1], "", &handover->break_ns, &error) == 0 &&
		 handover->break_ns > 0)
		used = 2;
	if (used > 0 && count == used + 2 && strcmp(words[used], "reorder") == 0 &&
	    strcmp(words[used + 1], "allowed") == 0) {
		handover->reorder_allowed = true;
		used += 2;
	}
	if (used == 0 || used != count)
		reader_fail(reader, entry,
			    "\"%s\" is not a handover; write make-before-break or "
			    "break-before-make TIME, and behind it reorder allowed if packets may "
			    "overtake%s%s",
			    entry->value, error.code ? ": " : "", error.code ? error.what : "");
}

void read_choose(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	struct sky_handover *handover = &draft->link->handover;
	char copy[INI_LINE_MAX + 1];
	char *words[4] = {NULL};
	size_t count;

	draft->choose = entry;
	snprintf(copy, sizeof(copy), "%s", entry->value);
	count = satellite_words(copy, words, 4);
	if (count == 1 && strcmp(words[0], "longest") == 0)
		handover->rule = HANDOVER_LONGEST;
	else if (count > 1 && strcmp(words[0], "schedule") == 0)
		handover->rule = HANDOVER_SCHEDULE; // finish_via reads it, when via is known
	else if (count == 0 || strcmp(words[0], "elevation") != 0 ||
		 !(count == 1 ||
		   (count == 3 && strcmp(words[1], "hysteresis") == 0 &&
		    quantity_parse_angle_deg(words[2], "", &handover->hysteresis_deg, NULL) == 0 &&
		    handover->hysteresis_deg >= 0 && handover->hysteresis_deg <= 90)))
		reader_fail(reader, entry,
			    "\"%s\" is not a choice; write elevation [hysteresis 1deg], longest, "
			    "or schedule SATELLITE TIME, SATELLITE TIME ...",
			    entry->value);
}

// The number among the constellation's satellites, or HANDOVER_NONE.
static uint32_t find_way(const struct topology *topology, const struct link *link, const char *name)
{
	uint32_t index = names_find(topology->names, NAME_SATELLITE, name);

	for (uint32_t way = 0; way < sky_way_count(topology, link); way++)
		if (topology->constellations[link->constellation].satellites[way] == index)
			return way;
	return HANDOVER_NONE;
}

// "schedule mpower-1 0s, mpower-2 1h": times of the lab's clock, or UTC.
static bool read_schedule(struct reader *reader, struct link_draft *draft)
{
	struct sky_handover *handover = &draft->link->handover;
	char list[INI_LINE_MAX + 1];
	char *rest = list + strlen("schedule");
	char *item;

	snprintf(list, sizeof(list), "%s", draft->choose->value);
	while ((item = reader_next_item(&rest))) {
		struct handover_slot *grown;
		char name[TOPOLOGY_NAME_MAX + 1], time[64];
		struct error error;
		uint64_t at_ns;
		uint32_t way;
		int end = 0;

		if (sscanf(item, "%63s %63s%n", name, time, &end) != 2 || item[end] != '\0') {
			reader_fail(reader, draft->choose,
				    "\"%s\" is not a satellite and the time from which it serves",
				    item);
			return false;
		}
		way = find_way(reader->topology, draft->link, name);
		if (way == HANDOVER_NONE && strcmp(name, "none") != 0) {
			reader_fail(reader, draft->choose,
				    "%s is not a satellite of this link; name one of its "
				    "constellation, or none",
				    name);
			return false;
		}
		if (sky_parse_instant(reader->topology, time, "", &at_ns, &error) < 0) {
			reader_fail(reader, draft->choose, "%s", error.what);
			return false;
		}
		if (handover->slot_count > 0 &&
		    (int64_t)at_ns <= handover->slots[handover->slot_count - 1].from_utc_ns) {
			reader_fail(reader, draft->choose, "%s is not after the time before it",
				    time);
			return false;
		}
		grown = reallocarray(handover->slots, handover->slot_count + 1, sizeof(*grown));
		if (!grown) {
			reader_no_memory(reader);
			return false;
		}
		handover->slots = grown;
		handover->slots[handover->slot_count++] =
			(struct handover_slot){.from_utc_ns = (int64_t)at_ns, .path = way};
	}
	return true;
}

bool finish_via(struct reader *reader, struct link_draft *draft)
{
	struct link *link = draft->link;
	const struct ini_entry *lone = draft->choose ? draft->choose : draft->handover;

	if (!draft->via) {
		reader_fail(reader, NULL,
			    "a satellite link needs via; write the name of a [satellite] or "
			    "[constellation]");
		return false;
	}
	if (sky_way_count(reader->topology, link) == 0)
		return false;
	if (lone && link->constellation == TOPOLOGY_NONE) {
		reader_fail(reader, lone,
			    "%s is about a constellation, and via names satellites; write via = "
			    "CONSTELLATION, or leave it out",
			    lone->key);
		return false;
	}
	if (link->handover.rule == HANDOVER_SCHEDULE)
		return read_schedule(reader, draft);
	return true;
}
