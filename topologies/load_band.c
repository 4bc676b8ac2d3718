// SPDX-License-Identifier: BSD-3-Clause
// Reads the band of a satellite link: a name, and frequencies that lie in a band of that name.
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "topologies/load_radio.h"

// Where operators put the names, wider than IEEE 521: military UHF from 225 MHz, Ku from 10.7 GHz,
// and Ka with the downlinks from 17.3 GHz that are K there.
static const struct {
	const char *name;
	double least_ghz, most_ghz;
} bands[] = {{"VHF", 0.03, 0.3}, {"UHF", 0.225, 3}, {"L", 1, 2},   {"S", 2, 4},    {"C", 3.4, 8},
	     {"X", 7, 12},       {"Ku", 10.7, 18},  {"K", 17, 27}, {"Ka", 17, 40}, {"Q", 33, 50},
	     {"V", 40, 75},      {"E", 60, 90},     {"W", 75, 110}};

#define BANDS (sizeof(bands) / sizeof(bands[0]))

static const struct radio_unit hertz[] = {{"GHz", 1}, {"MHz", 1e-3}, {NULL, 0}};

// `name` may be of two: Q/V. A frequency is in either.
struct band {
	bool known;
	bool of[BANDS];
};

static struct band find_band(const char *name)
{
	struct band band = {.known = true};
	char text[64], *rest = NULL, *part;

	snprintf(text, sizeof(text), "%s", name);
	part = strncasecmp(text, "mil-", 4) == 0 ? text + 4 : text;
	for (part = strtok_r(part, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
		bool found = false;

		for (size_t i = 0; i < BANDS; i++) {
			if (strcasecmp(part, bands[i].name) != 0)
				continue;
			band.of[i] = true;
			found = true;
		}
		band.known &= found;
	}
	return band;
}

static bool is_within(const struct band *band, double ghz)
{
	for (size_t i = 0; i < BANDS; i++)
		if (band->of[i] && ghz >= bands[i].least_ghz && ghz <= bands[i].most_ghz)
			return true;
	return false;
}

static void check_frequency(struct reader *reader, const struct ini_entry *entry,
			    const struct band *band, const char *name, const char *text, double ghz)
{
	char where[200] = "";
	size_t used = 0;

	if (is_within(band, ghz))
		return;
	for (size_t i = 0; i < BANDS && used < sizeof(where); i++)
		if (band->of[i])
			used += (size_t)snprintf(where + used, sizeof(where) - used,
						 "%s%g to %g GHz", used ? " or " : "",
						 bands[i].least_ghz, bands[i].most_ghz);
	reader_fail(reader, entry, "%s is not in the band %s (%s); mend one of them", text, name,
		    where);
}

void read_band(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct link_draft *draft = thing;
	char name[64], up[64], down[64];
	double up_ghz, down_ghz;
	struct band band;
	int end = 0;

	draft->band = entry;
	if (!reader_text(reader, entry, draft->link->band, sizeof(draft->link->band)))
		return;
	if (sscanf(entry->value, "%63s %63s %63s%n", name, up, down, &end) != 3 ||
	    entry->value[end] != '\0' || !radio_quantity(up, hertz, &up_ghz) ||
	    !radio_quantity(down, hertz, &down_ghz) || up_ghz <= 0 || down_ghz <= 0) {
		reader_fail(reader, entry,
			    "\"%s\" is not a band; write its name, up and down: e.g. X 7.9GHz "
			    "7.25GHz",
			    entry->value);
		return;
	}
	band = find_band(name);
	if (!band.known) {
		reader_fail(reader, entry,
			    "\"%s\" is not the name of a band; write VHF, UHF, L, S, C, X, Ku, K, "
			    "Ka, Q, V, E, W, or two of them: Q/V",
			    name);
		return;
	}
	check_frequency(reader, entry, &band, name, up, up_ghz);
	check_frequency(reader, entry, &band, name, down, down_ghz);
}
