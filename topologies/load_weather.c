// SPDX-License-Identifier: BSD-3-Clause
// Reads [weather NAME]: a front, rain for a time, fading as P.1853 has it, or a recorded series.
#include "topologies/load_weather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/load_radio.h"
#include "topologies/quantity.h"
#include "topologies/validate_parts.h"

#define RAIN_MOST_MM_PER_H 300.0
#define ROWS_MOST          10000000
// Of liquid water in clouds, kg/m2: more than twice what P.840 maps anywhere.
#define CLOUDS_MOST 10.0

static const struct radio_unit rain_units[] = {{"mm/h", 1}, {NULL, 0}};
static const struct radio_unit speeds[] = {{"km/h", 1 / 3.6}, {"m/s", 1}, {NULL, 0}};

// While the section is read: which entry gave what.
struct weather_draft {
	struct weather *weather;
	const struct ini_entry *rain, *start, *stop, *speed, *heading, *width, *edge, *position;
	const struct ini_entry *fading, *series, *clouds;
};

bool read_rain_rate_value(struct reader *reader, const struct ini_entry *entry, double *mm_per_h)
{
	double found;

	if (radio_quantity(entry->value, rain_units, &found) ||
	    reader_decimal(entry->value, &found)) {
		if (found >= 0 && found <= RAIN_MOST_MM_PER_H) {
			*mm_per_h = found;
			return true;
		}
	}
	reader_fail(reader, entry,
		    "\"%s\" is not a rain rate from 0 to 300 mm/h; write e.g. 28.2mm/h",
		    entry->value);
	return false;
}

bool read_clouds_value(struct reader *reader, const struct ini_entry *entry, double *kg_per_m2)
{
	static const struct radio_unit units[] = {{"kg/m2", 1}, {"mm", 1}, {NULL, 0}};
	double found;

	if (radio_quantity(entry->value, units, &found) && found >= 0 && found <= CLOUDS_MOST) {
		*kg_per_m2 = found;
		return true;
	}
	reader_fail(reader, entry,
		    "\"%s\" is not the liquid water of clouds from 0 to 10 kg/m2; write "
		    "e.g. 1.26kg/m2",
		    entry->value);
	return false;
}

static void read_weather_clouds(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;

	draft->clouds = entry;
	read_clouds_value(reader, entry, &draft->weather->rain.cloud_kg_per_m2);
}

static void read_rain(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;

	draft->rain = entry;
	read_rain_rate_value(reader, entry, &draft->weather->rain.front.rain_mm_per_h);
}

static void read_start(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;

	draft->start = entry;
	reader_time(reader, entry, &draft->weather->rain.start_ns);
}

static void read_stop(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;

	draft->stop = entry;
	reader_time(reader, entry, &draft->weather->rain.stop_ns);
}

static void read_speed(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;
	double value;

	draft->speed = entry;
	if (radio_quantity(entry->value, speeds, &value) && value >= 0 && value <= 100)
		draft->weather->rain.front.speed_m_per_s = value;
	else
		reader_fail(reader, entry,
			    "\"%s\" is not a speed from 0 to 100 m/s; write e.g. 12m/s or 45km/h",
			    entry->value);
}

static void read_heading(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;
	double value;

	draft->heading = entry;
	if (quantity_parse_angle_deg(entry->value, "", &value, NULL) == 0 && value >= 0 &&
	    value <= 360)
		draft->weather->rain.front.heading_deg = value;
	else
		reader_fail(reader, entry,
			    "\"%s\" is not a heading; write where the front goes, from north "
			    "through east: 0deg to 360deg",
			    entry->value);
}

static void read_weather_length(struct reader *reader, const struct ini_entry *entry,
				double *metres)
{
	double found;

	if (!reader_length(reader, entry, &found))
		return;
	if (found <= 0 || found > 5e6)
		reader_fail(reader, entry, "\"%s\" is not from 1m to 5000km; write e.g. 20km",
			    entry->value);
	else
		*metres = found;
}

static void read_width(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;

	draft->width = entry;
	read_weather_length(reader, entry, &draft->weather->rain.front.width_m);
}

static void read_edge(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;

	draft->edge = entry;
	read_weather_length(reader, entry, &draft->weather->rain.front.edge_m);
}

static void read_weather_position(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;
	struct geodetic *at = &draft->weather->rain.front.at;
	char list[INI_LINE_MAX + 1];
	char *rest = list, *north, *east;

	draft->position = entry;
	snprintf(list, sizeof(list), "%s", entry->value);
	north = reader_next_item(&rest);
	east = reader_next_item(&rest);
	if (!north || !east || rest || !reader_decimal(north, &at->latitude_deg) ||
	    !reader_decimal(east, &at->longitude_deg) || at->latitude_deg < -90 ||
	    at->latitude_deg > 90 || at->longitude_deg < -180 || at->longitude_deg > 180)
		reader_fail(
			reader, entry,
			"\"%s\" is not a position; write degrees north and east, e.g. 49.7, 6.3",
			entry->value);
}

static void read_fading(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;
	char word[32], seed[32] = "0";
	int end = 0;
	int words = sscanf(entry->value, "%31s %n%31s %n", word, &end, seed, &end);

	draft->fading = entry;
	if (words < 1 || entry->value[end] != '\0' || strcmp(word, "maseng-bakken") != 0 ||
	    quantity_parse_count(seed, "", &draft->weather->rain.seed, NULL) < 0)
		reader_fail(reader, entry,
			    "\"%s\" is not a fading model; write maseng-bakken and a seed, e.g. "
			    "maseng-bakken 719",
			    entry->value);
}

// One line "seconds,mm/h". 1: a row, 0: a comment or the heading, -1: neither.
static int parse_row(const char *line, bool first, struct weather_row *row)
{
	double at_s, rain;
	int end = 0;

	if (line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#')
		return 0;
	if (sscanf(line, "%lf ,%lf %n", &at_s, &rain, &end) != 2 || line[end] != '\0')
		return first ? 0 : -1;
	if (!(at_s >= 0) || at_s > 3e9 || !(rain >= 0) || rain > RAIN_MOST_MM_PER_H)
		return -1;
	row->at_ns = (uint64_t)(at_s * 1e9 + 0.5);
	row->rain_mm_per_h = rain;
	return 1;
}

static bool read_rows(struct reader *reader, const struct ini_entry *entry, FILE *file,
		      struct weather_rain *rain)
{
	char line[256];
	size_t room = 0;
	bool headed = false; // by the one line before the rows that is none itself

	for (unsigned number = 1; fgets(line, sizeof(line), file); number++) {
		struct weather_row row;
		bool whole = strchr(line, '\n') || feof(file);
		int kind = parse_row(line, !headed, &row);

		if (kind == 0 && whole) {
			headed |= line[0] != '#' && line[strspn(line, " \t\r\n")] != '\0';
			continue;
		}
		headed = true;
		if (rain->row_count >= ROWS_MOST) {
			reader_fail(reader, entry,
				    "%s has more than %d rows; give fewer, further apart",
				    entry->value, ROWS_MOST);
			return false;
		}
		if (kind <= 0 || !whole ||
		    (rain->row_count > 0 && row.at_ns <= rain->rows[rain->row_count - 1].at_ns)) {
			reader_fail(reader, entry,
				    "%s:%u is not a row of seconds (0 to 3e9, rising) and mm/h (0 "
				    "to 300); write e.g. 60,12.5",
				    entry->value, number);
			return false;
		}
		if (rain->row_count == room) {
			struct weather_row *rows;

			room = room ? 2 * room : 64;
			rows = realloc(rain->rows, room * sizeof(*rows));
			if (!rows) {
				reader_no_memory(reader);
				return false;
			}
			rain->rows = rows;
		}
		rain->rows[rain->row_count++] = row;
	}
	if (ferror(file)) {
		reader_fail(reader, entry,
			    "%s cannot be read: %s; name a CSV file of seconds and mm/h",
			    entry->value, strerror(errno));
		return false;
	}
	if (rain->row_count > 0)
		return true;
	reader_fail(reader, entry, "%s has no rows; write lines of seconds and mm/h, e.g. 60,12.5",
		    entry->value);
	return false;
}

static void read_series(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_draft *draft = thing;
	const char *folder = reader->topology->folder;
	char path[4096];
	FILE *file;

	draft->series = entry;
	if (entry->value[0] == '/' || !folder)
		snprintf(path, sizeof(path), "%s", entry->value);
	else
		snprintf(path, sizeof(path), "%s/%s", folder, entry->value);
	file = fopen(path, "r");
	if (!file) {
		reader_fail(reader, entry, "%s cannot be read; name a CSV file of seconds and mm/h",
			    path);
		return;
	}
	read_rows(reader, entry, file, &draft->weather->rain);
	fclose(file);
}

static void read_sites(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	struct weather_rain *rain = &((struct weather_draft *)thing)->weather->rain;
	char list[INI_LINE_MAX + 1];
	char *rest = list, *item;

	snprintf(list, sizeof(list), "%s", entry->value);
	rain->sites = calloc(strlen(list) + 1, sizeof(*rain->sites));
	if (!rain->sites) {
		reader_no_memory(reader);
		return;
	}
	while ((item = reader_next_item(&rest))) {
		uint32_t site = reader_find(reader, entry, NAME_SITE, "site", item);

		if (site != TOPOLOGY_NONE)
			rain->sites[rain->site_count++] = site;
	}
}

const struct key_rule weather_keys[] = {
	{"rain", read_rain, false, NULL},
	{"start", read_start, false, NULL},
	{"stop", read_stop, false, NULL},
	{"speed", read_speed, false, NULL},
	{"heading", read_heading, false, NULL},
	{"width", read_width, false, NULL},
	{"edge", read_edge, false, NULL},
	{"position", read_weather_position, false, NULL},
	{"fading", read_fading, false, NULL},
	{"series", read_series, false, NULL},
	{"sites", read_sites, false, NULL},
	{"clouds", read_weather_clouds, false, NULL},
	{NULL, NULL, false, NULL},
};

int allocate_weathers(struct topology *topology, size_t count)
{
	topology->weathers = calloc(count, sizeof(*topology->weathers));
	topology->weather_count = topology->weathers ? count : 0;
	return topology->weathers ? 0 : -1;
}

static bool is_front(const struct weather_draft *draft)
{
	return draft->speed || draft->heading || draft->width || draft->edge || draft->position;
}

static void finish_weather(struct reader *reader, struct weather_draft *draft)
{
	struct weather_rain *rain = &draft->weather->rain;
	struct front *front = &rain->front;

	if (draft->fading || draft->series) {
		if (draft->rain || draft->clouds || draft->start || draft->stop ||
		    is_front(draft) || (draft->fading && draft->series))
			reader_fail(reader, draft->fading ? draft->fading : draft->series,
				    "it takes no other keys than sites; make a section for each "
				    "kind of weather");
		rain->kind = draft->fading ? WEATHER_FADING : WEATHER_SERIES;
		return;
	}
	if (!draft->rain && !draft->clouds) {
		reader_fail(reader, NULL,
			    "the weather has no rain; write e.g. rain = 25mm/h, clouds = "
			    "1.2kg/m2, fading = maseng-bakken 719 or series = FILE");
		return;
	}
	if (!is_front(draft)) {
		if (rain->stop_ns <= rain->start_ns)
			reader_fail(reader, draft->stop,
				    "the weather stops before it starts; mend stop");
		return;
	}
	rain->kind = WEATHER_FRONT;
	if (!draft->speed || !draft->heading || !draft->width || !draft->position)
		reader_fail(reader, NULL,
			    "a front needs position, heading, speed and width; write e.g. position "
			    "= 49.7, 6.3, heading = 90deg, speed = 12m/s, width = 20km");
	if (draft->stop)
		reader_fail(reader, draft->stop, "a front ends with its width; leave stop out");
	front->at_ns = (int64_t)rain->start_ns;
	if (!draft->edge)
		front->edge_m = front->width_m / 10;
}

void read_weather(struct reader *reader, const struct ini_section *section, uint32_t index)
{
	struct weather *weather = &reader->topology->weathers[index];
	struct weather_draft draft = {.weather = weather};
	size_t before = reader->errors->count;

	reader_start(section, weather->name, &weather->source);
	weather->rain.stop_ns = UINT64_MAX;
	reader_read_keys(reader, &draft);
	if (reader->errors->count == before)
		finish_weather(reader, &draft);
}

// ---- Fading ----

static bool is_felt(const struct weather_rain *rain, uint32_t site)
{
	for (size_t i = 0; i < rain->site_count; i++)
		if (rain->sites[i] == site)
			return true;
	return rain->site_count == 0;
}

// Sites with a position and a rain rate that feel it get places in the order of the file. How many
// there are, which may be more than can be mixed.
static size_t place_sites(const struct topology *topology, struct weather_rain *rain,
			  uint32_t members[FADING_SITES_MOST])
{
	size_t count = 0;

	for (uint32_t s = 0; s < topology->site_count; s++) {
		const struct site *site = &topology->sites[s];

		rain->mix_places[s] = TOPOLOGY_NONE;
		if (!site->has_position || site->rain_001_mm_per_h <= 0 || !is_felt(rain, s))
			continue;
		if (count < FADING_SITES_MOST)
			members[count] = s;
		rain->mix_places[s] = (uint32_t)count++;
	}
	return count;
}

static void mix_sites(const struct topology *topology, struct weather_rain *rain,
		      const uint32_t *members, size_t count)
{
	double distances_km[FADING_SITES_MOST * FADING_SITES_MOST];

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			distances_km[i * count + j] =
				geodesic_distance_m(topology->sites[members[i]].position,
						    topology->sites[members[j]].position) /
				1000;
	fading_mix_make(rain->mix, distances_km, count);
}

static void finish_fading(struct reader *reader, struct weather *weather)
{
	struct weather_rain *rain = &weather->rain;
	uint32_t members[FADING_SITES_MOST];
	size_t count;

	rain->mix = calloc(1, sizeof(*rain->mix));
	rain->mix_places = calloc(reader->topology->site_count + 1, sizeof(*rain->mix_places));
	if (!rain->mix || !rain->mix_places) {
		reader_no_memory(reader);
		return;
	}
	count = place_sites(reader->topology, rain, members);
	if (count > FADING_SITES_MOST)
		validate_fail(reader->errors, &weather->source, "weather", weather->name,
			      "it fades over %zu sites that have a rain_rate, and %d can be mixed; "
			      "name those that count with sites",
			      count, FADING_SITES_MOST);
	else
		mix_sites(reader->topology, rain, members, count);
}

void finish_weathers(struct reader *reader)
{
	for (size_t w = 0; w < reader->topology->weather_count; w++)
		if (reader->topology->weathers[w].rain.kind == WEATHER_FADING)
			finish_fading(reader, &reader->topology->weathers[w]);
}

void weather_fini(struct weather *weather)
{
	free(weather->rain.mix);
	free(weather->rain.mix_places);
	free(weather->rain.rows);
	free(weather->rain.sites);
}
