// SPDX-License-Identifier: BSD-3-Clause
// From scanned sections to things (load_sections.h).
#include "topologies/load_sections.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/load_weather.h"
#include "topologies/sky.h"

#define KEYS_MAX 64

static int allocate_sites(struct topology *topology, size_t count)
{
	topology->sites = calloc(count, sizeof(*topology->sites));
	topology->site_count = topology->sites ? count : 0;
	return topology->sites ? 0 : -ENOMEM;
}

static int allocate_links(struct topology *topology, size_t count)
{
	topology->links = calloc(count, sizeof(*topology->links));
	topology->link_count = topology->links ? count : 0;
	return topology->links ? 0 : -ENOMEM;
}

static int allocate_satellites(struct topology *topology, size_t count)
{
	topology->satellites = calloc(count, sizeof(*topology->satellites));
	topology->satellite_count = topology->satellites ? count : 0;
	return topology->satellites ? 0 : -ENOMEM;
}

static int allocate_constellations(struct topology *topology, size_t count)
{
	topology->constellations = calloc(count, sizeof(*topology->constellations));
	topology->constellation_count = topology->constellations ? count : 0;
	return topology->constellations ? 0 : -ENOMEM;
}

static int allocate_ports(struct topology *topology, size_t count)
{
	topology->ports = calloc(count, sizeof(*topology->ports));
	topology->port_count = topology->ports ? count : 0;
	return topology->ports ? 0 : -ENOMEM;
}

static int allocate_flows(struct topology *topology, size_t count)
{
	topology->flows = calloc(count, sizeof(*topology->flows));
	topology->flow_count = topology->flows ? count : 0;
	return topology->flows ? 0 : -ENOMEM;
}

static int allocate_conduits(struct topology *topology, size_t count)
{
	topology->conduits = calloc(count, sizeof(*topology->conduits));
	topology->conduit_count = topology->conduits ? count : 0;
	return topology->conduits ? 0 : -ENOMEM;
}

static int allocate_events(struct topology *topology, size_t count)
{
	topology->events = calloc(count, sizeof(*topology->events));
	topology->event_count = topology->events ? count : 0;
	return topology->events ? 0 : -ENOMEM;
}

#define NO_POLICY "policies are not in this version; use metric to steer traffic"

// [network] has no name and is not counted; NAME_KINDS marks that.
const struct section_kind section_kinds[] = {
	{"network", NAME_KINDS, network_keys, NULL, read_network, NULL},
	{"satellite", NAME_SATELLITE, satellite_keys, allocate_satellites, read_satellite, NULL},
	{"constellation", NAME_CONSTELLATION, constellation_keys, allocate_constellations,
	 read_constellation, NULL},
	{"site", NAME_SITE, site_keys, allocate_sites, read_site, NULL},
	{"port", NAME_PORT, port_keys, allocate_ports, read_port, NULL},
	{"link", NAME_LINK, link_keys, allocate_links, read_link, NULL},
	{"flow", NAME_FLOW, flow_keys, allocate_flows, read_flow, NULL},
	{"conduit", NAME_CONDUIT, conduit_keys, allocate_conduits, read_conduit, NULL},
	{"event", NAME_EVENT, event_keys, allocate_events, read_event, NULL},
	{"weather", NAME_WEATHER, weather_keys, allocate_weathers, read_weather, NULL},
	{"policy", NAME_KINDS, NULL, NULL, NULL, NO_POLICY},
	{NULL, NAME_KINDS, NULL, NULL, NULL, NULL},
};

static const struct section_kind *find_kind(const char *word)
{
	for (const struct section_kind *kind = section_kinds; kind->word; kind++)
		if (strcmp(kind->word, word) == 0)
			return kind;
	return NULL;
}

static void fail_unknown_kind(struct reader *reader, const struct ini_section *section)
{
	const char *words[sizeof(section_kinds) / sizeof(section_kinds[0])];
	const char *nearest;
	size_t count = 0;

	if (reader_is_full(reader)) {
		reader_fail(reader, NULL, "unknown");
		return;
	}
	for (const struct section_kind *kind = section_kinds; kind->word; kind++)
		if (kind->read)
			words[count++] = kind->word;
	words[count] = NULL;
	nearest = nearest_word(section->kind, words);
	if (nearest)
		reader_fail(reader, NULL, "\"%s\" is not a kind of section; did you mean %s?",
			    section->kind, nearest);
	else
		reader_fail(reader, NULL,
			    "\"%s\" is not a kind of section; write network, site, link, "
			    "satellite, constellation, port, flow, conduit, event or weather",
			    section->kind);
}

// Splits KEY.forward; false when the key has no such ending.
static bool split_direction(const char *key, char *base, size_t size, int *direction)
{
	const char *dot = strrchr(key, '.');

	*direction = -1;
	if (dot && strcmp(dot, ".forward") == 0)
		*direction = LINK_FORWARD;
	else if (dot && strcmp(dot, ".reverse") == 0)
		*direction = LINK_REVERSE;
	snprintf(base, size, "%.*s", *direction < 0 ? (int)strlen(key) : (int)(dot - key), key);
	return *direction >= 0;
}

// A key that has directions, and behind it no direction's name: whether that is so, and is said.
static bool fail_unknown_direction(struct reader *reader, const struct section_kind *kind,
				   const struct ini_entry *entry, const char *base)
{
	static const char *const directions[] = {"forward", "reverse", NULL};
	size_t length = strcspn(base, ".");
	const struct key_rule *rule = kind->keys;
	const char *nearest;

	if (base[length] != '.')
		return false;
	while (rule->name && (strncmp(rule->name, base, length) != 0 || rule->name[length] != '\0'))
		rule++;
	if (!rule->name || !rule->directional)
		return false;
	nearest = nearest_word(base + length + 1, directions);
	if (nearest)
		reader_fail(reader, entry, "\"%.60s\" is not a key of [%s]; did you mean %s.%s?",
			    base, kind->word, rule->name, nearest);
	else
		reader_fail(reader, entry,
			    "\"%.60s\" is not a key of [%s]; write %s, %s.forward or %s.reverse",
			    base, kind->word, rule->name, rule->name, rule->name);
	return true;
}

static void fail_unknown_key(struct reader *reader, const struct section_kind *kind,
			     const struct ini_entry *entry, const char *base)
{
	const char *words[KEYS_MAX + 1];
	const char *nearest;
	char list[400] = "";
	size_t count = 0;

	if (reader_is_full(reader)) {
		reader_fail(reader, entry, "unknown");
		return;
	}
	if (fail_unknown_direction(reader, kind, entry, base))
		return;
	for (const struct key_rule *rule = kind->keys; rule->name && count < KEYS_MAX; rule++) {
		size_t length = strlen(list);

		if (!rule->read)
			continue;
		words[count++] = rule->name;
		snprintf(list + length, sizeof(list) - length, "%s%s", length ? ", " : "",
			 rule->name);
	}
	words[count] = NULL;
	nearest = nearest_word(base, words);
	if (nearest)
		reader_fail(reader, entry, "\"%.60s\" is not a key of [%s]; did you mean %s?", base,
			    kind->word, nearest);
	else
		reader_fail(reader, entry, "\"%.60s\" is not a key of [%s]; it has %s", base,
			    kind->word, list);
}

// Where each rule and direction was seen before; line 0 for nowhere.
struct seen {
	struct source at[KEYS_MAX][3];
};

static void fail_twice(struct reader *reader, const struct ini_entry *entry,
		       const struct source *first)
{
	if (first->file == reader->section->file)
		reader_fail(reader, entry, "%s is given twice, first in line %u; give it once",
			    entry->key, first->line);
	else
		reader_fail(reader, entry, "%s is given twice, first at %s:%u; give it once",
			    entry->key, first->file, first->line);
}

static void check_entry(struct reader *reader, const struct section_kind *kind,
			struct ini_entry *entry, struct seen *seen)
{
	static const char *const endings[] = {"", ".forward", ".reverse"};
	char base[96];
	int direction;
	const struct key_rule *rule = kind->keys;
	struct source *first;

	split_direction(entry->key, base, sizeof(base), &direction);
	while (rule->name && strcmp(rule->name, base) != 0)
		rule++;
	if (!rule->name) {
		fail_unknown_key(reader, kind, entry, base);
		return;
	}
	if (direction >= 0 && !rule->directional) {
		reader_fail(reader, entry, "%s has no directions; write %s without %s", rule->name,
			    rule->name, endings[direction + 1]);
		return;
	}
	first = &seen->at[rule - kind->keys][direction + 1];
	if (first->line != 0) {
		fail_twice(reader, entry, first);
		return;
	}
	*first = (struct source){reader->section->file, entry->line};
	if (!rule->read) {
		reader_fail(reader, entry, "%s", rule->absent);
		return;
	}
	entry->key = rule->name;
	entry->direction = direction;
	entry->rule = rule;
}

static void check_entries(struct reader *reader, const struct section_kind *kind,
			  const struct ini_section *section, struct seen *seen)
{
	for (size_t i = section->first; i < section->first + section->count; i++)
		check_entry(reader, kind, &reader->ini->entries[i], seen);
}

static bool fail_section_twice(struct reader *reader, const struct ini_section *first)
{
	reader_fail(reader, NULL, "the section stands twice, first at %s:%u; rename or join them",
		    first->file, first->line);
	return false;
}

// Gives a named section its index; false when it is not to be read.
static bool name_section(struct reader *reader, const struct section_kind *kind,
			 struct ini_section **first_of, struct ini_section *section, size_t *count)
{
	struct names *names = reader->topology->names;
	uint32_t known;

	if (section->faulty)
		return false;
	if (section->name[0] == '\0') {
		reader_fail(reader, NULL, "the section has no name; write e.g. [%s a]", kind->word);
		return false;
	}
	known = names_find(names, kind->names, section->name);
	if (known != UINT32_MAX)
		return fail_section_twice(reader, first_of[known]);
	if (*count >= UINT32_MAX / 2 ||
	    names_add(names, kind->names, section->name, (uint32_t)*count) < 0) {
		reader_no_memory(reader);
		return false;
	}
	section->index = (uint32_t)*count;
	first_of[(*count)++] = section;
	return true;
}

// Each file may have one [network]; a key of it, include apart, stands in one file only.
static bool admit_network(struct reader *reader, struct ini_section **first_of,
			  struct ini_section *section, struct seen *seen, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (first_of[i]->file == section->file)
			return fail_section_twice(reader, first_of[i]);
	first_of[(*count)++] = section;
	for (size_t rule = 0; network_keys[rule].name; rule++)
		if (strcmp(network_keys[rule].name, "include") == 0)
			seen->at[rule][0] = (struct source){NULL, 0};
	return true;
}

// Checks all sections of one kind and allocates their things. `first_of` is scratch memory.
static int check_kind(struct reader *reader, const struct section_kind *kind,
		      struct ini_section **first_of)
{
	struct seen seen = {0};
	size_t count = 0;
	size_t faulty = 0;

	for (size_t i = 0; i < reader->ini->section_count; i++) {
		struct ini_section *section = &reader->ini->sections[i];
		bool sound = false;

		if (strcmp(section->kind, kind->word) != 0)
			continue;
		reader->section = section;
		if (kind->absent) {
			reader_fail(reader, NULL, "%s", kind->absent);
		} else if (!kind->allocate) {
			sound = admit_network(reader, first_of, section, &seen, &count);
			check_entries(reader, kind, section, &seen);
		} else {
			memset(&seen, 0, sizeof(seen));
			sound = name_section(reader, kind, first_of, section, &count);
			check_entries(reader, kind, section, &seen);
		}
		section->faulty = !sound;
		faulty += !sound;
		if (kind->absent)
			section->kind = "";
	}
	if (!kind->allocate || count + faulty == 0)
		return 0;
	reader->sound[kind->names] = count;
	return kind->allocate(reader->topology, count + faulty);
}

static void refuse_unknown_kinds(struct reader *reader)
{
	struct ini *ini = reader->ini;

	for (size_t i = 0; i < ini->section_count; i++) {
		if (ini->sections[i].kind[0] == '\0' || find_kind(ini->sections[i].kind))
			continue;
		reader->section = &ini->sections[i];
		fail_unknown_kind(reader, reader->section);
		ini->sections[i].kind = "";
	}
}

int check_sections(struct reader *reader)
{
	size_t count = reader->ini->section_count;
	struct ini_section **first_of = calloc(count + 1, sizeof(*first_of));
	int result = first_of ? 0 : -ENOMEM;

	if (first_of)
		refuse_unknown_kinds(reader);
	for (const struct section_kind *kind = section_kinds; kind->word && result == 0; kind++)
		result = check_kind(reader, kind, first_of);
	if (result < 0)
		errors_add(reader->errors, result, "topology",
			   "no memory for the sections; free some");
	free(first_of);
	return result;
}

// Things of faulty sections were read for the faults in them only.
static void discard_faulty(struct topology *topology, const size_t *sound)
{
	while (topology->site_count > sound[NAME_SITE]) {
		free(topology->sites[--topology->site_count].subnets);
		free(topology->sites[topology->site_count].routes);
	}
	while (topology->conduit_count > sound[NAME_CONDUIT])
		free(topology->conduits[--topology->conduit_count].links);
	while (topology->event_count > sound[NAME_EVENT])
		free(topology->events[--topology->event_count].command);
	while (topology->weather_count > sound[NAME_WEATHER])
		weather_fini(&topology->weathers[--topology->weather_count]);
	// Of satellites more may follow, which constellations have made; no name leads to a faulty
	// one.
	while (topology->constellation_count > sound[NAME_CONSTELLATION])
		free(topology->constellations[--topology->constellation_count].satellites);
	while (topology->link_count > sound[NAME_LINK])
		free(topology->links[--topology->link_count].handover.slots);
	topology->port_count = sound[NAME_PORT];
	topology->flow_count = sound[NAME_FLOW];
}

// The run's epoch is known, and all satellites: their orbits, before links are read.
static void start_sky(struct reader *reader)
{
	struct error error;

	if (sky_start(reader->topology, INT64_MIN, &error) < 0)
		errors_add(reader->errors, error.code, error.where, "%s", error.what);
}

void read_sections(struct reader *reader)
{
	for (const struct section_kind *kind = section_kinds; kind->word; kind++) {
		size_t faulty = 0;

		for (size_t i = 0; kind->read && i < reader->ini->section_count; i++) {
			struct ini_section *section = &reader->ini->sections[i];

			if (strcmp(section->kind, kind->word) != 0)
				continue;
			if (section->faulty && kind->allocate)
				section->index = (uint32_t)(reader->sound[kind->names] + faulty++);
			reader->section = section;
			kind->read(reader, section, section->index);
		}
		if (kind->names == NAME_CONSTELLATION)
			start_sky(reader);
	}
	discard_faulty(reader->topology, reader->sound);
}
