// SPDX-License-Identifier: BSD-3-Clause
// Reads site diversity: a second earth station that takes over while it rains less there.
#include <stdio.h>
#include <string.h>

#include "topologies/load_radio.h"
#include "topologies/quantity.h"

#define HYSTERESIS_DB      1
#define HYSTERESIS_MOST_DB 20
#define SWITCH_NS          UINT64_C(10000000000)
#define SWITCH_MOST_NS     UINT64_C(3600000000000)

static const struct radio_unit decibels[] = {{"dB", 1}, {NULL, 0}};

// One word and its value: false when the fault was reported.
static bool take_pair(struct reader *reader, const struct ini_entry *entry, const char *word,
		      const char *value, struct radio_diversity *diversity)
{
	double db;
	uint64_t ns;

	if (strcmp(word, "hysteresis") == 0 && value && radio_quantity(value, decibels, &db) &&
	    db >= 0 && db <= HYSTERESIS_MOST_DB) {
		diversity->hysteresis_db = db;
		return true;
	}
	if (strcmp(word, "switch") == 0 && value &&
	    quantity_parse_time_ns(value, "", &ns, NULL) == 0 && ns <= SWITCH_MOST_NS) {
		diversity->switch_ns = ns;
		return true;
	}
	reader_fail(reader, entry,
		    "\"%s %s\" says nothing of diversity; behind the site stand hysteresis, 0dB to "
		    "20dB, and switch, 0 to 1h: e.g. redu hysteresis 1dB switch 10s",
		    word, value ? value : "");
	return false;
}

void read_diversity(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	struct radio_diversity diversity = {.hysteresis_db = HYSTERESIS_DB, .switch_ns = SWITCH_NS};
	char text[INI_LINE_MAX + 1], *rest = NULL, *word;

	if (entry->direction < 0) {
		reader_fail(reader, entry,
			    "whose station it stands in for is not said; write diversity.forward "
			    "for the first end's, or diversity.reverse for the second's");
		return;
	}
	draft->diversity[entry->direction] = entry;
	draft->link->radio.given = true;
	snprintf(text, sizeof(text), "%s", entry->value);
	word = strtok_r(text, " \t", &rest);
	diversity.site = reader_find(reader, entry, NAME_SITE, "site", word ? word : "");
	if (diversity.site == TOPOLOGY_NONE)
		return;
	while ((word = strtok_r(NULL, " \t", &rest)))
		if (!take_pair(reader, entry, word, strtok_r(NULL, " \t", &rest), &diversity))
			return;
	draft->link->radio.stations[entry->direction].diversity = diversity;
}

void finish_diversity(struct reader *reader, struct link_draft *draft)
{
	const struct topology *topology = reader->topology;

	for (int end = 0; end < 2; end++) {
		uint32_t site = draft->link->radio.stations[end].diversity.site;

		if (site == TOPOLOGY_NONE)
			continue;
		if (site == draft->link->ends[0].site || site == draft->link->ends[1].site)
			reader_fail(
				reader, draft->diversity[end],
				"%s is an end of the link itself, and gains nothing against its "
				"own rain; name another site",
				topology->sites[site].name);
		else if (!topology->sites[site].has_position)
			reader_fail(
				reader, draft->diversity[end],
				"%s has no position to see a satellite from; add e.g. position = "
				"49.7, 6.3",
				topology->sites[site].name);
	}
}
