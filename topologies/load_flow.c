// SPDX-License-Identifier: BSD-3-Clause
// Reads [flow NAME], [conduit NAME] and [event NAME].
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/quantity.h"
#include "topologies/reader.h"

#define FRAME_LEAST   60
#define FRAME_MOST    9230
#define FRAME_DEFAULT 200
#define PPS_MOST      1e9

struct flow_thing {
	struct flow *flow;
	bool rate_given;
	bool from_given;
	bool to_given;
	const struct ini_entry *size;
	const struct ini_entry *on;
	const struct ini_entry *off;
	const struct ini_entry *stop;
};

static void read_from(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct flow_thing *flow = thing;

	flow->from_given = true;
	flow->flow->from = reader_find(reader, entry, NAME_SITE, "site", entry->value);
}

static void read_to(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct flow_thing *flow = thing;

	flow->to_given = true;
	flow->flow->to = reader_find(reader, entry, NAME_SITE, "site", entry->value);
}

static void read_flow_rate(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct flow_thing *flow = thing;
	const char *value = entry->value;
	size_t length = strlen(value);
	char number[48];
	double packets;
	struct error error;

	flow->rate_given = true;
	if (length > 3 && length < sizeof(number) && strcmp(value + length - 3, "pps") == 0 &&
	    strspn(value, "0123456789.") == length - 3) {
		snprintf(number, sizeof(number), "%.*s", (int)(length - 3), value);
		if (reader_decimal(number, &packets) && packets > 0.0 && packets <= PPS_MOST)
			flow->flow->packets_per_second = packets;
		else
			reader_fail(reader, entry,
				    "\"%s\" is out of range; write more than 0 and up to 1e9 "
				    "packets per second, e.g. 1000pps",
				    value);
		return;
	}
	if (quantity_parse_rate_bps(value, "", &flow->flow->rate_bps, &error) < 0)
		reader_fail(reader, entry, "%s", error.what);
	else if (flow->flow->rate_bps == 0)
		reader_fail(reader, entry, "a flow of rate 0 sends nothing; write e.g. 50mbit");
}

static void read_size(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct flow_thing *flow = thing;
	struct error error;
	uint64_t bytes;

	flow->size = entry;
	if (quantity_parse_size_bytes(entry->value, "", &bytes, &error) < 0)
		reader_fail(reader, entry, "%s", error.what);
	else if (bytes < FRAME_LEAST || bytes > FRAME_MOST)
		reader_fail(reader, entry,
			    "\"%s\" is not a frame's size (Ethernet header and payload); write "
			    "60b to 9230b",
			    entry->value);
	else
		flow->flow->size_bytes = (uint32_t)bytes;
}

static void read_pattern(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	static const char *const words[] = {"constant", "poisson", "onoff", "imix", NULL};
	struct flow_thing *flow = thing;
	unsigned choice;

	if (strncmp(entry->value, "pcap", 4) == 0 && strspn(entry->value + 4, " \t") > 0)
		reader_fail(reader, entry,
			    "pattern pcap is not in this version; it has constant, poisson, onoff "
			    "and imix");
	else if (reader_choice(reader, entry, words, &choice))
		flow->flow->pattern = (enum flow_pattern)choice;
}

static void read_on(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct flow_thing *flow = thing;

	flow->on = entry;
	if (reader_time(reader, entry, &flow->flow->on_ns) && flow->flow->on_ns == 0)
		reader_fail(reader, entry, "on times of 0 send nothing; write e.g. 100ms");
}

static void read_off(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct flow_thing *flow = thing;

	flow->off = entry;
	reader_time(reader, entry, &flow->flow->off_ns);
}

static void read_flow_start(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_instant(reader, entry, &((struct flow_thing *)thing)->flow->start_ns);
}

static void read_stop(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct flow_thing *flow = thing;

	flow->stop = entry;
	reader_instant(reader, entry, &flow->flow->stop_ns);
}

static void read_ipv6(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_flag(reader, entry, &((struct flow_thing *)thing)->flow->ipv6);
}

const struct key_rule flow_keys[] = {
	{"from", read_from, false, NULL},
	{"to", read_to, false, NULL},
	{"rate", read_flow_rate, false, NULL},
	{"size", read_size, false, NULL},
	{"pattern", read_pattern, false, NULL},
	{"on", read_on, false, NULL},
	{"off", read_off, false, NULL},
	{"start", read_flow_start, false, NULL},
	{"stop", read_stop, false, NULL},
	{"ipv6", read_ipv6, false, NULL},
	{NULL, NULL, false, NULL},
};

static void finish_flow(struct reader *reader, const struct flow_thing *thing)
{
	const struct flow *flow = thing->flow;

	if (!thing->from_given || !thing->to_given)
		reader_fail(reader, NULL, "%s is missing; write the name of a site",
			    thing->from_given ? "to" : "from");
	else if (flow->from == flow->to && flow->from != TOPOLOGY_NONE)
		reader_fail(reader, NULL, "from and to are the same site; name two");
	if (!thing->rate_given)
		reader_fail(reader, NULL, "rate is missing; write e.g. rate = 50mbit");
	if (flow->pattern == FLOW_ONOFF && (!thing->on || !thing->off))
		reader_fail(reader, NULL,
			    "pattern onoff needs on and off; write e.g. on = 100ms and off = "
			    "400ms");
	if (flow->pattern != FLOW_ONOFF && (thing->on || thing->off))
		reader_fail(reader, thing->on ? thing->on : thing->off,
			    "on and off belong to pattern onoff; write pattern = onoff");
	if (flow->pattern == FLOW_IMIX && thing->size)
		reader_fail(reader, thing->size,
			    "pattern imix has its own sizes; leave size out, or the pattern");
	if (flow->stop_ns <= flow->start_ns)
		reader_fail(reader, thing->stop,
			    "the flow stops before it starts; write a stop "
			    "later than its start");
}

void read_flow(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct flow *flow = &reader->topology->flows[index];
	struct flow_thing thing = {.flow = flow};

	reader_start(section, flow->name, &flow->source);
	flow->from = TOPOLOGY_NONE;
	flow->to = TOPOLOGY_NONE;
	flow->size_bytes = FRAME_DEFAULT;
	flow->stop_ns = UINT64_MAX;
	reader_read_keys(reader, &thing);
	finish_flow(reader, &thing);
}

static int compare_indices(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void read_conduit_links(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct conduit *conduit = thing;
	char list[INI_LINE_MAX + 1];
	char *rest = list;
	char *item;

	snprintf(list, sizeof(list), "%s", entry->value);
	while ((item = reader_next_item(&rest))) {
		uint32_t link = reader_find(reader, entry, NAME_LINK, "link", item);
		uint32_t *grown;

		if (link == TOPOLOGY_NONE)
			continue;
		grown = reallocarray(conduit->links, conduit->link_count + 1, sizeof(*grown));
		if (!grown) {
			reader_no_memory(reader);
			return;
		}
		conduit->links = grown;
		conduit->links[conduit->link_count++] = link;
	}
	if (conduit->link_count == 0)
		return;
	qsort(conduit->links, conduit->link_count, sizeof(*conduit->links), compare_indices);
	for (size_t i = 1; i < conduit->link_count; i++)
		if (conduit->links[i] == conduit->links[i - 1])
			reader_fail(reader, entry, "\"%s\" is named twice; name it once",
				    reader->topology->links[conduit->links[i]].name);
}

const struct key_rule conduit_keys[] = {
	{"links", read_conduit_links, false, NULL},
	{NULL, NULL, false, NULL},
};

void read_conduit(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct conduit *conduit = &reader->topology->conduits[index];
	size_t before = reader->errors->count;

	reader_start(section, conduit->name, &conduit->source);
	reader_read_keys(reader, conduit);
	if (conduit->link_count == 0 && reader->errors->count == before)
		reader_fail(reader, NULL, "links is missing; write e.g. links = a-b, b-c");
}

struct event_thing {
	struct event *event;
	bool at_given;
	bool do_given;
};

static void read_at(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct event_thing *event = thing;

	event->at_given = true;
	reader_instant(reader, entry, &event->event->at_ns);
}

static void read_do(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct event_thing *event = thing;
	struct error error;

	event->do_given = true;
	event->event->command = strdup(entry->value);
	if (!event->event->command)
		reader_no_memory(reader);
	else if (reader->check_line &&
		 reader->check_line(entry->value, reader->topology->tables, &error) < 0)
		reader_fail(reader, entry, "%s", error.what);
}

const struct key_rule event_keys[] = {
	{"at", read_at, false, NULL},
	{"do", read_do, false, NULL},
	{NULL, NULL, false, NULL},
};

void read_event(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct event_thing thing = {.event = &reader->topology->events[index]};

	reader_start(section, thing.event->name, &thing.event->source);
	reader_read_keys(reader, &thing);
	if (!thing.at_given)
		reader_fail(reader, NULL, "at is missing; write e.g. at = 2s");
	if (!thing.do_given)
		reader_fail(reader, NULL, "do is missing; write e.g. do = link a-b down");
}
