// SPDX-License-Identifier: BSD-3-Clause
// Reads [satellite NAME]: the ways to write an orbit.
#include "topologies/load_satellite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/utc.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"

#define WORDS_MOST 20

size_t satellite_words(char *text, char **words, size_t most)
{
	size_t count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t", &rest); word && count < most;
	     word = strtok_r(NULL, " \t", &rest))
		words[count++] = word;
	return count;
}

// WORD VALUE pairs that an orbit may have.
struct pair {
	const char *word;
	bool is_length; // else an angle, or a plain number
	bool is_plain;
	double *value;
	bool given;
};

static bool read_pair(struct reader *reader, const struct ini_entry *entry, struct pair *pairs,
		      size_t pair_count, const char *word, const char *value)
{
	struct error error;
	int rc;

	for (size_t i = 0; i < pair_count; i++) {
		struct pair *pair = &pairs[i];

		if (strcmp(pair->word, word) != 0)
			continue;
		if (pair->given) {
			reader_fail(reader, entry, "%s is given twice; give it once", word);
			return false;
		}
		pair->given = true;
		if (pair->is_plain) {
			if (reader_decimal(value, pair->value))
				return true;
			reader_fail(reader, entry, "%s \"%s\" is not a number; write e.g. 0.0006",
				    word, value);
			return false;
		}
		rc = pair->is_length ? quantity_parse_length_m(value, "", pair->value, &error)
				     : quantity_parse_angle_deg(value, "", pair->value, &error);
		if (rc == 0)
			return true;
		reader_fail(reader, entry, "%s: %s", word, error.what);
		return false;
	}
	reader_fail(reader, entry, "\"%s\" is no word of this orbit; it has %s, %s and so on", word,
		    pairs[0].word, pairs[1].word);
	return false;
}

static bool read_pairs(struct reader *reader, const struct ini_entry *entry, struct pair *pairs,
		       size_t pair_count, char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i += 2) {
		if (i + 1 == count) {
			reader_fail(reader, entry, "\"%s\" lacks its value; write e.g. %s 0deg",
				    words[i], words[i]);
			return false;
		}
		if (!read_pair(reader, entry, pairs, pair_count, words[i], words[i + 1]))
			return false;
	}
	return true;
}

bool satellite_circle(struct reader *reader, const struct ini_entry *entry, const char *altitude,
		      char *const *words, size_t count, struct satellite *satellite)
{
	struct orbit_ellipse *ellipse = &satellite->ellipse;
	struct pair pairs[] = {
		{.word = "inclination", .value = &ellipse->inclination_deg},
		{.word = "raan", .value = &ellipse->ascending_node_deg},
		{.word = "phase", .value = &ellipse->mean_anomaly_deg},
	};
	struct error error;
	double altitude_m;

	if (quantity_parse_length_m(altitude, "", &altitude_m, &error) < 0) {
		reader_fail(reader, entry, "the altitude: %s", error.what);
		return false;
	}
	satellite->kind = SATELLITE_CIRCULAR;
	ellipse->semi_major_axis_m = EARTH_EQUATORIAL_M + altitude_m;
	if (!read_pairs(reader, entry, pairs, 3, words, count))
		return false;
	satellite->node_given = pairs[1].given;
	return satellite_try(reader, entry, satellite);
}

static void read_kepler(struct reader *reader, struct satellite *satellite,
			const struct ini_entry *entry, char *const *words, size_t count)
{
	struct orbit_ellipse *ellipse = &satellite->ellipse;
	struct pair pairs[] = {
		{.word = "axis", .is_length = true, .value = &ellipse->semi_major_axis_m},
		{.word = "eccentricity", .is_plain = true, .value = &ellipse->eccentricity},
		{.word = "inclination", .value = &ellipse->inclination_deg},
		{.word = "raan", .value = &ellipse->ascending_node_deg},
		{.word = "perigee", .value = &ellipse->perigee_deg},
		{.word = "anomaly", .value = &ellipse->mean_anomaly_deg},
	};

	satellite->kind = SATELLITE_KEPLER;
	if (count >= 2 && strcmp(words[count - 2], "epoch") == 0) {
		if (utc_parse(words[count - 1], &ellipse->epoch_utc_ns) < 0) {
			reader_fail(reader, entry,
				    "epoch \"%s\" is not an instant of UTC; write e.g. "
				    "2026-06-14T04:13:00Z",
				    words[count - 1]);
			return;
		}
		satellite->epoch_given = true;
		count -= 2;
	}
	if (!read_pairs(reader, entry, pairs, 6, words, count))
		return;
	satellite->node_given = pairs[3].given;
	if (!pairs[0].given || !pairs[1].given)
		reader_fail(reader, entry,
			    "\"%s\" lacks its axis or eccentricity; write e.g. kepler axis "
			    "14440km eccentricity 0.0006 inclination 0deg anomaly 0deg",
			    entry->value);
	else
		satellite_try(reader, entry, satellite);
}

// KEY=VALUE words, named as in an OMM.
static void read_elements(struct reader *reader, struct satellite *satellite,
			  const struct ini_entry *entry, char *const *words, size_t count)
{
	struct element_set set = {.line = entry->line};
	unsigned seen = 0;
	const char *missing;

	for (size_t i = 0; i < count; i++) {
		char *value = strchr(words[i], '=');
		int rc;

		if (value)
			*value++ = '\0';
		rc = value ? elements_keyword(&set, words[i], value, &seen) : 0;
		if (rc > 0)
			continue;
		if (!value || rc == 0)
			reader_fail(reader, entry,
				    "\"%s\" is no element; write KEY=VALUE with the keywords of an "
				    "OMM: EPOCH, MEAN_MOTION, ECCENTRICITY, INCLINATION, "
				    "RA_OF_ASC_NODE, ARG_OF_PERICENTER, MEAN_ANOMALY, BSTAR",
				    words[i]);
		else
			reader_fail(reader, entry, "%s \"%s\" is not what it should be (%s)",
				    words[i], value, elements_expected(words[i]));
		return;
	}
	missing = elements_missing(seen);
	if (missing) {
		reader_fail(reader, entry, "the element %s is missing; add %s=VALUE", missing,
			    missing);
		return;
	}
	satellite_take(satellite, &set);
	satellite_try(reader, entry, satellite);
}

void satellite_take(struct satellite *satellite, const struct element_set *set)
{
	satellite->kind = SATELLITE_ELEMENTS;
	satellite->elements = set->mean;
	satellite->epoch_given = true;
	snprintf(satellite->object, sizeof(satellite->object), "%s",
		 set->name[0] ? set->name : set->catalogue);
}

// `tle FILE NAME`, `omm FILE NAME`: the name may have blanks in it.
static void read_file(struct reader *reader, struct satellite *satellite,
		      const struct ini_entry *entry, enum elements_format format)
{
	struct element_sets sets;
	const struct element_set *set;
	struct error error;
	char file[512];
	int begins = 0;

	if (sscanf(entry->value, "%*s %511s %n", file, &begins) < 1 || begins == 0 ||
	    entry->value[begins] == '\0') {
		reader_fail(reader, entry,
			    "\"%s\" lacks a file or a name; write e.g. tle o3b.tle O3B FM2, or the "
			    "catalogue number for the name",
			    entry->value);
		return;
	}
	if (elements_load(reader->topology->folder, file, format, &sets, &error) < 0) {
		reader_fail(reader, entry, "%s: %s", error.where, error.what);
		return;
	}
	set = elements_find(&sets, entry->value + begins);
	if (set) {
		satellite_take(satellite, set);
		satellite_try(reader, entry, satellite);
	} else {
		reader_fail(reader, entry,
			    "%s has no elements of \"%s\"; the first of its %zu is %s", file,
			    entry->value + begins, sets.count,
			    sets.items[0].name[0] ? sets.items[0].name : sets.items[0].catalogue);
	}
	elements_free(&sets);
}

bool satellite_try(struct reader *reader, const struct ini_entry *entry,
		   struct satellite *satellite)
{
	struct range_fault fault;
	char text[160];

	if (sky_make_orbit(satellite, reader->topology->epoch_utc_ns, &fault))
		return true;
	range_format(&fault, text, sizeof(text));
	reader_fail(reader, entry, "%s", text);
	satellite->kind = SATELLITE_NONE;
	return false;
}

static void read_geostationary(struct reader *reader, struct satellite *satellite,
			       const struct ini_entry *entry, char *const *words, size_t count)
{
	if (count != 2 ||
	    quantity_parse_angle_deg(words[1], "", &satellite->longitude_deg, NULL) < 0) {
		reader_fail(reader, entry,
			    "\"%s\" is not an orbit; write e.g. geostationary 21.5deg",
			    entry->value);
		return;
	}
	satellite->kind = SATELLITE_GEOSTATIONARY;
	satellite_try(reader, entry, satellite);
}

static void read_orbit(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct satellite *satellite = thing;
	char copy[INI_LINE_MAX + 1];
	char *words[WORDS_MOST] = {NULL};
	size_t count;

	snprintf(copy, sizeof(copy), "%s", entry->value);
	count = satellite_words(copy, words, WORDS_MOST);
	if (count > 0 && strcmp(words[0], "geostationary") == 0)
		read_geostationary(reader, satellite, entry, words, count);
	else if (count > 1 && strcmp(words[0], "circular") == 0)
		satellite_circle(reader, entry, words[1], words + 2, count - 2, satellite);
	else if (count > 0 && strcmp(words[0], "kepler") == 0)
		read_kepler(reader, satellite, entry, words + 1, count - 1);
	else if (count > 0 && strcmp(words[0], "elements") == 0)
		read_elements(reader, satellite, entry, words + 1, count - 1);
	else if (count > 0 && strcmp(words[0], "tle") == 0)
		read_file(reader, satellite, entry, ELEMENTS_TLE);
	else if (count > 0 && strcmp(words[0], "omm") == 0)
		read_file(reader, satellite, entry, ELEMENTS_OMM);
	else
		reader_fail(reader, entry,
			    "\"%s\" is not an orbit; write geostationary 21.5deg, circular 8062km "
			    "inclination 0deg phase 0deg, kepler ..., elements KEY=VALUE ..., tle "
			    "FILE NAME or omm FILE NAME",
			    entry->value);
}

const struct key_rule satellite_keys[] = {
	{"orbit", read_orbit, false, NULL},
	{NULL, NULL, false, NULL},
};

void read_satellite(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct satellite *satellite = &reader->topology->satellites[index];
	size_t before = reader->errors->count;

	reader_start(section, satellite->name, &satellite->source);
	reader_read_keys(reader, satellite);
	if (satellite->kind == SATELLITE_NONE && reader->errors->count == before)
		reader_fail(reader, NULL,
			    "the orbit is missing; write e.g. orbit = geostationary 21.5deg");
}
