// SPDX-License-Identifier: BSD-3-Clause
// Reads [constellation NAME]: satellites that are there, or that it makes.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/load_satellite.h"

#define WORDS_MOST      16
#define SATELLITES_MOST 10000

static bool add_member(struct reader *reader, struct constellation *constellation, uint32_t index)
{
	uint32_t *grown = reallocarray(constellation->satellites,
				       constellation->satellite_count + 1, sizeof(*grown));

	if (!grown) {
		reader_no_memory(reader);
		return false;
	}
	constellation->satellites = grown;
	constellation->satellites[constellation->satellite_count++] = index;
	return true;
}

static void read_list(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	char list[INI_LINE_MAX + 1];
	char *rest = list;
	char *item;

	snprintf(list, sizeof(list), "%s", entry->value);
	while ((item = reader_next_item(&rest))) {
		uint32_t index = reader_find(reader, entry, NAME_SATELLITE, "satellite", item);

		if (index != TOPOLOGY_NONE && !add_member(reader, thing, index))
			return;
	}
}

// Puts a satellite of its own behind all others and makes it a member. False when that failed.
static bool make_member(struct reader *reader, struct constellation *constellation,
			const struct ini_entry *entry, const struct satellite *model,
			const char *name)
{
	struct topology *topology = reader->topology;
	uint32_t index = (uint32_t)topology->satellite_count;
	struct satellite *grown;

	if (names_find(topology->names, NAME_SATELLITE, name) != UINT32_MAX) {
		reader_fail(reader, entry,
			    "the constellation makes a satellite %s, and there is one already; "
			    "rename that",
			    name);
		return false;
	}
	grown = reallocarray(topology->satellites, index + 1, sizeof(*grown));
	if (!grown || names_add(topology->names, NAME_SATELLITE, name, index) < 0) {
		topology->satellites = grown ? grown : topology->satellites;
		reader_no_memory(reader);
		return false;
	}
	topology->satellites = grown;
	grown[index] = *model;
	grown[index].source = constellation->source;
	snprintf(grown[index].name, sizeof(grown[index].name), "%s", name);
	topology->satellite_count++;
	return add_member(reader, constellation, index);
}

// Total satellites in planes, each plane phased against the one before (Walker's delta pattern).
static void make_pattern(struct reader *reader, struct constellation *constellation,
			 const struct ini_entry *entry, const struct satellite *first,
			 const unsigned pattern[3])
{
	unsigned total = pattern[0], planes = pattern[1], phasing = pattern[2];

	for (unsigned i = 0; i < total; i++) {
		unsigned plane = i / (total / planes), place = i % (total / planes);
		struct satellite satellite = *first;
		char name[TOPOLOGY_NAME_MAX + 1];

		satellite.ellipse.ascending_node_deg += 360.0 * plane / planes;
		satellite.ellipse.mean_anomaly_deg +=
			360.0 * place * planes / total + 360.0 * phasing * plane / total;
		while (satellite.ellipse.ascending_node_deg > 360)
			satellite.ellipse.ascending_node_deg -= 360;
		while (satellite.ellipse.mean_anomaly_deg > 360)
			satellite.ellipse.mean_anomaly_deg -= 360;
		if (snprintf(name, sizeof(name), "%s-%u", constellation->name, i + 1) >=
		    (int)sizeof(name)) {
			reader_fail(reader, entry, "its name leaves no room for -%u; shorten it",
				    i + 1);
			return;
		}
		if (!make_member(reader, constellation, entry, &satellite, name))
			return;
	}
}

static void fail_pattern(struct reader *reader, const struct ini_entry *entry)
{
	reader_fail(reader, entry,
		    "\"%s\" is not a pattern; write e.g. %s 8062km inclination 0deg phase 0deg, "
		    "with planes that divide the total and a phasing below their number",
		    entry->value, strcmp(entry->key, "walker") == 0 ? "24/3/1" : "12");
}

static void read_pattern(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct satellite first = {.kind = SATELLITE_NONE};
	char copy[INI_LINE_MAX + 1];
	char *words[WORDS_MOST] = {NULL};
	unsigned pattern[3] = {0, 1, 0};
	size_t count;
	int end = 0;

	snprintf(copy, sizeof(copy), "%s", entry->value);
	count = satellite_words(copy, words, WORDS_MOST);
	if (strcmp(entry->key, "walker") == 0
		    ? count < 2 || sscanf(words[0], "%5u/%5u/%5u%n", &pattern[0], &pattern[1],
					  &pattern[2], &end) != 3
		    : count < 2 || sscanf(words[0], "%5u%n", &pattern[0], &end) != 1) {
		fail_pattern(reader, entry);
		return;
	}
	if (words[0][end] != '\0' || pattern[0] < 1 || pattern[0] > SATELLITES_MOST ||
	    pattern[1] < 1 || pattern[0] % pattern[1] != 0 || pattern[2] >= pattern[1]) {
		fail_pattern(reader, entry);
		return;
	}
	if (satellite_circle(reader, entry, words[1], words + 2, count - 2, &first))
		make_pattern(reader, thing, entry, &first, pattern);
}

// "O3B MPOWER F1" is o3b-mpower-f1 here.
static void plain_name(const struct element_set *set, char name[TOPOLOGY_NAME_MAX + 1])
{
	const char *from = set->name[0] ? set->name : set->catalogue;
	size_t used = 0;

	for (; *from && used < TOPOLOGY_NAME_MAX; from++) {
		if (isalnum((unsigned char)*from))
			name[used++] = (char)tolower((unsigned char)*from);
		else if (used > 0 && name[used - 1] != '-')
			name[used++] = '-';
	}
	while (used > 0 && name[used - 1] == '-')
		used--;
	name[used] = '\0';
}

static void read_all(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct constellation *constellation = thing;
	struct element_sets sets;
	struct error error;

	if (elements_load(reader->topology->folder, entry->value,
			  strcmp(entry->key, "tle") == 0 ? ELEMENTS_TLE : ELEMENTS_OMM, &sets,
			  &error) < 0) {
		reader_fail(reader, entry, "%s: %s", error.where, error.what);
		return;
	}
	for (size_t i = 0; i < sets.count; i++) {
		struct satellite satellite = {.kind = SATELLITE_NONE};
		char name[TOPOLOGY_NAME_MAX + 1];

		satellite_take(&satellite, &sets.items[i]);
		plain_name(&sets.items[i], name);
		if (!satellite_try(reader, entry, &satellite) ||
		    !make_member(reader, constellation, entry, &satellite, name))
			break;
	}
	elements_free(&sets);
}

const struct key_rule constellation_keys[] = {
	{"satellites", read_list, false, NULL}, {"walker", read_pattern, false, NULL},
	{"equal", read_pattern, false, NULL},   {"tle", read_all, false, NULL},
	{"omm", read_all, false, NULL},         {NULL, NULL, false, NULL},
};

void read_constellation(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct constellation *constellation = &reader->topology->constellations[index];
	size_t before = reader->errors->count;

	reader_start(section, constellation->name, &constellation->source);
	if (names_find(reader->topology->names, NAME_SATELLITE, constellation->name) != UINT32_MAX)
		reader_fail(reader, NULL,
			    "there is a satellite of this name too, and via could mean either; "
			    "rename one");
	reader_read_keys(reader, constellation);
	if (constellation->satellite_count == 0 && reader->errors->count == before)
		reader_fail(reader, NULL,
			    "its satellites are missing; write satellites = a, b, or walker, "
			    "equal, tle or omm");
}
