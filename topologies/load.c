// SPDX-License-Identifier: BSD-3-Clause
// From an INI file to a topology. iniparser reads every value; our own scanner (ini.c) finds what
// iniparser lets pass, and the two must agree.
#include "topologies/load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <iniparser/iniparser.h>

#include "topologies/load_files.h"
#include "topologies/load_sections.h"
#include "topologies/load_weather.h"
#include "topologies/validate_parts.h"

// iniparser's dictionary searches linearly, so it gets the file in portions of about this many
// values: 10,000 links load in a fraction of a second instead of minutes.
#define PORTION_ENTRIES 64

#define DETECTION_NS  10000000
#define FLOODING_NS   1000000
#define SPF_DELAY_NS  50000000
#define FIB_UPDATE_NS 20000000

static int stay_silent(const char *format, ...)
{
	(void)format;
	return 0;
}

// Writes the sections first..last - 1 with their sound entries, as the user wrote them.
static int write_portion(const struct ini *ini, size_t first, size_t last, int fd)
{
	FILE *file;
	int copy;

	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	copy = dup(fd);
	file = copy < 0 ? NULL : fdopen(copy, "w");
	if (!file) {
		int code = errno;

		if (copy >= 0)
			close(copy);
		return -code;
	}
	for (size_t i = first; i < last; i++) {
		const struct ini_section *section = &ini->sections[i];

		if (section->kind[0] == '\0')
			continue;
		// Numbered, for a faulty section may stand twice.
		fprintf(file, "[%s %s %zu]\n", section->kind, section->name, i);
		for (size_t j = section->first; j < section->first + section->count; j++)
			if (ini->entries[j].rule)
				fprintf(file, "%.*s\n", (int)ini->entries[j].raw_length,
					ini->entries[j].raw);
	}
	return fclose(file) == 0 ? 0 : -errno;
}

// iniparser's word for the key as the user wrote it.
static void compare_section(struct reader *reader, const dictionary *values, size_t number)
{
	const struct ini_section *section = &reader->ini->sections[number];
	static const char *const endings[] = {"", ".forward", ".reverse"};

	for (size_t i = section->first; i < section->first + section->count; i++) {
		struct ini_entry *entry = &reader->ini->entries[i];
		char key[256];
		const char *value;

		if (!entry->rule)
			continue;
		snprintf(key, sizeof(key), "%s %s %zu:%s%s", section->kind, section->name, number,
			 entry->key, endings[entry->direction + 1]);
		value = iniparser_getstring(values, key, NULL);
		if (value && strcmp(value, entry->value) == 0)
			continue;
		reader->section = section;
		reader_fail(reader, entry,
			    "\"%.60s\" is read as \"%.60s\" by iniparser; take quotes, ; and # out "
			    "of the value",
			    entry->value, value ? value : "nothing");
		entry->rule = NULL;
	}
}

static int read_portion(struct reader *reader, size_t first, size_t last, int fd)
{
	char path[48];
	dictionary *values;
	int result = write_portion(reader->ini, first, last, fd);

	if (result < 0)
		return result;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	values = iniparser_load(path);
	if (!values)
		return -EIO;
	for (size_t i = first; i < last; i++)
		if (reader->ini->sections[i].kind[0] != '\0')
			compare_section(reader, values, i);
	iniparser_freedict(values);
	return 0;
}

// Has every sound value read by iniparser.
static void read_values(struct reader *reader)
{
	const struct ini *ini = reader->ini;
	int fd = memfd_create("corridor-topology", MFD_CLOEXEC);
	int result = fd < 0 ? -errno : 0;
	size_t first = 0;

	iniparser_set_error_callback(stay_silent);
	while (result == 0 && first < ini->section_count) {
		size_t last = first;
		size_t entries = 0;

		for (; last < ini->section_count && entries < PORTION_ENTRIES; last++)
			entries += ini->sections[last].count + 1;
		result = read_portion(reader, first, last, fd);
		first = last;
	}
	iniparser_set_error_callback(NULL);
	if (result < 0)
		errors_add(reader->errors, result, "iniparser",
			   "could not read the values (%s); check that /proc is mounted and that "
			   "memory is free",
			   strerror(-result));
	if (fd >= 0)
		close(fd);
}

// A network without a name is called after its file: what stands between the last slash and .ini.
static void name_after_file(struct topology *topology, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t length = strspn(base, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	if (length == 0 || base[0] == '-')
		snprintf(topology->name, sizeof(topology->name), "network");
	else
		snprintf(topology->name, sizeof(topology->name), "%.*s",
			 (int)(length < TOPOLOGY_NAME_MAX ? length : TOPOLOGY_NAME_MAX), base);
}

// Files that impairments name lie beside the topology's.
static void remember_folder(struct topology *topology, const char *path)
{
	const char *slash = strrchr(path, '/');

	topology->folder = slash ? strndup(path, (size_t)(slash - path) + 1) : NULL;
	topology->tables->folder = topology->folder;
}

struct numbered_event {
	struct event event;
	size_t number;
};

static int compare_events(const void *a, const void *b)
{
	const struct numbered_event *left = a;
	const struct numbered_event *right = b;

	if (left->event.at_ns != right->event.at_ns)
		return left->event.at_ns < right->event.at_ns ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

// By time, then by order in the file.
static int sort_events(struct topology *topology)
{
	struct numbered_event *sorted = calloc(topology->event_count + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < topology->event_count; i++)
		sorted[i] = (struct numbered_event){topology->events[i], i};
	qsort(sorted, topology->event_count, sizeof(*sorted), compare_events);
	for (size_t i = 0; i < topology->event_count; i++)
		topology->events[i] = sorted[i].event;
	free(sorted);
	return 0;
}

static struct topology *create_topology(void)
{
	struct topology *topology = calloc(1, sizeof(*topology));

	if (!topology)
		return NULL;
	topology->seed = 1;
	topology->convergence = (struct convergence){
		.detection_ns = DETECTION_NS,
		.flooding_ns = FLOODING_NS,
		.spf_delay_ns = SPF_DELAY_NS,
		.fib_update_ns = FIB_UPDATE_NS,
	};
	topology->names = names_create();
	topology->tables = calloc(1, sizeof(*topology->tables));
	if (!topology->names || !topology->tables) {
		topology_free(topology);
		return NULL;
	}
	return topology;
}

static int compare_where(const void *a, const void *b)
{
	const char *left = ((const struct error *)a)->where;
	const char *right = ((const struct error *)b)->where;
	size_t same = 0;

	while (left[same] && left[same] == right[same])
		same++;
	while (same > 0 && left[same - 1] >= '0' && left[same - 1] <= '9')
		same--;
	if (same > 0 && left[same - 1] == ':') {
		long line = strtol(left + same, NULL, 10);
		long other = strtol(right + same, NULL, 10);

		if (line != other)
			return line < other ? -1 : 1;
	}
	return strcmp(left + same, right + same);
}

// Faults come in the order of the checks; the user reads in the order of the lines.
static void sort_errors(struct errors *errors, size_t first)
{
	if (errors->kept > first)
		qsort(errors->items + first, errors->kept - first, sizeof(*errors->items),
		      compare_where);
}

// Values, things and the rules between them. `sound`: no fault was found so far.
static void read_checked(struct reader *reader, bool sound)
{
	size_t before = reader->errors->count;

	read_values(reader);
	read_sections(reader);
	finish_weathers(reader);
	if (sort_events(reader->topology) < 0)
		errors_add(reader->errors, -ENOMEM, reader->topology->name,
			   "no memory for the events; free some");
	validate_sections(reader->topology, reader->errors,
			  sound && reader->errors->count == before);
}

static struct topology *load(const char *path, const char *text,
			     int (*check_line)(const char *line, struct tables *tables,
					       struct error *error),
			     struct errors *errors)
{
	struct ini ini = {0};
	struct reader reader = {.topology = create_topology(),
				.ini = &ini,
				.errors = errors,
				.check_line = check_line};
	struct topology *topology = reader.topology;
	size_t count_before = errors->count;
	size_t kept_before = errors->kept;

	if (!topology) {
		errors_add(errors, -ENOMEM, path, "no memory for the topology; free some");
		return NULL;
	}
	name_after_file(topology, path);
	remember_folder(topology, path);
	if (text)
		load_text(&reader, text, path);
	else
		load_files(&reader, path);
	if (check_sections(&reader) == 0)
		read_checked(&reader, errors->count == count_before);
	ini_fini(&ini);
	if (errors->count == count_before)
		return topology;
	sort_errors(errors, kept_before);
	topology_free(topology);
	return NULL;
}

struct topology *topology_load(const char *path, struct errors *errors)
{
	return load(path, NULL, NULL, errors);
}

struct topology *topology_load_lines(const char *path,
				     int (*check)(const char *line, struct tables *tables,
						  struct error *error),
				     struct errors *errors)
{
	return load(path, NULL, check, errors);
}

struct topology *topology_load_text(const char *text, const char *name, struct errors *errors)
{
	return load(name, text, NULL, errors);
}
