// SPDX-License-Identifier: BSD-3-Clause
// Sets of mean elements: reading their files, finding one, and the keywords of an OMM.
#include "topologies/elements.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "dataplane/physics/utc.h"

// All the catalogue's objects are some 6 MB.
#define FILE_BYTES_MOST (64 << 20)

static char *read_file(FILE *file, const char *path, struct error *error)
{
	struct stat status;
	size_t length;
	char *text;

	if (fstat(fileno(file), &status) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_size > FILE_BYTES_MOST) {
		error_set(error, -EINVAL, path,
			  "is not a regular file of at most 64 MiB; name a file of elements");
		return NULL;
	}
	text = malloc((size_t)status.st_size + 1);
	if (!text) {
		error_set(error, -ENOMEM, path, "no memory for the file");
		return NULL;
	}
	length = fread(text, 1, (size_t)status.st_size, file);
	text[length] = '\0';
	if (!ferror(file) && strlen(text) == length)
		return text;
	error_set(error, -EINVAL, path, "cannot be read as text");
	free(text);
	return NULL;
}

int elements_load(const char *folder, const char *path, enum elements_format format,
		  struct element_sets *sets, struct error *error)
{
	char full[4096];
	FILE *file;
	char *text;
	int rc;

	if (snprintf(full, sizeof(full), "%s%s%s", path[0] == '/' || !folder ? "" : folder,
		     path[0] == '/' || !folder ? "" : "/", path) >= (int)sizeof(full))
		return error_set(error, -ENAMETOOLONG, path, "the path is too long");
	file = fopen(full, "re");
	if (!file)
		return error_set(error, -errno, path, "cannot be opened: %s", strerror(errno));
	text = read_file(file, path, error);
	fclose(file);
	if (!text)
		return error ? error->code : -EINVAL;
	rc = elements_parse(text, path, format, sets, error);
	free(text);
	return rc;
}

int elements_parse(char *text, const char *name, enum elements_format format,
		   struct element_sets *sets, struct error *error)
{
	int rc;

	*sets = (struct element_sets){.items = NULL};
	rc = format == ELEMENTS_TLE ? elements_parse_tle(text, name, sets, error)
				    : elements_parse_omm(text, name, sets, error);
	if (rc == 0 && sets->count == 0)
		rc = error_set(error, -EINVAL, name, "holds no element set; write %s",
			       format == ELEMENTS_TLE ? "two-line elements"
						      : "an OMM as CSV, JSON or KEY = VALUE");
	if (rc)
		elements_free(sets);
	return rc;
}

void elements_free(struct element_sets *sets)
{
	free(sets->items);
	*sets = (struct element_sets){.items = NULL};
}

const struct element_set *elements_find(const struct element_sets *sets, const char *name)
{
	for (size_t i = 0; i < sets->count; i++)
		if (strcasecmp(sets->items[i].name, name) == 0 ||
		    strcasecmp(sets->items[i].catalogue, name) == 0)
			return &sets->items[i];
	return NULL;
}

int elements_add(struct element_sets *sets, const struct element_set *set)
{
	struct element_set *grown =
		reallocarray(sets->items, sets->count + 1, sizeof(*sets->items));

	if (!grown)
		return -ENOMEM;
	sets->items = grown;
	sets->items[sets->count++] = *set;
	return 0;
}

static bool read_double(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*value) &&
	       text[strspn(text, "+-.0123456789eE")] == '\0';
}

// An OMM's epoch may lack its Z.
static bool read_epoch(const char *text, int64_t *epoch_utc_ns)
{
	char with_zone[64];
	size_t length = strlen(text);

	if (length == 0 || length > sizeof(with_zone) - 2)
		return false;
	snprintf(with_zone, sizeof(with_zone), "%s%s", text, text[length - 1] == 'Z' ? "" : "Z");
	return utc_parse(with_zone, epoch_utc_ns) == 0;
}

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	{"MEAN_MOTION", offsetof(struct mean_elements, mean_motion_rev_per_day)},
	{"ECCENTRICITY", offsetof(struct mean_elements, eccentricity)},
	{"INCLINATION", offsetof(struct mean_elements, inclination_deg)},
	{"RA_OF_ASC_NODE", offsetof(struct mean_elements, ascending_node_deg)},
	{"ARG_OF_PERICENTER", offsetof(struct mean_elements, perigee_deg)},
	{"MEAN_ANOMALY", offsetof(struct mean_elements, mean_anomaly_deg)},
	{"BSTAR", offsetof(struct mean_elements, drag_per_earth_radius)},
};
#define NUMBERS    (sizeof(numbers) / sizeof(numbers[0]))
#define EPOCH_BIT  (1u << 6)
#define DRAG_INDEX 6 // may be left out: 0

const char *elements_missing(unsigned seen)
{
	for (size_t i = 0; i < DRAG_INDEX; i++)
		if (!(seen & 1u << i))
			return numbers[i].key;
	return seen & EPOCH_BIT ? NULL : "EPOCH";
}

const char *elements_expected(const char *key)
{
	if (strcasecmp(key, "EPOCH") == 0)
		return "written e.g. 2026-06-14T04:13:00.000000; a second 60 only where a leap "
		       "second was, the last one at the end of 2016";
	if (strcasecmp(key, "MEAN_ELEMENT_THEORY") == 0)
		return "SGP4 is read here";
	if (strcasecmp(key, "TIME_SYSTEM") == 0)
		return "UTC expected";
	return strcasecmp(key, "REF_FRAME") == 0 ? "TEME expected" : "a number expected";
}

int elements_keyword(struct element_set *set, const char *key, const char *value, unsigned *seen)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		if (strcasecmp(key, numbers[i].key) != 0)
			continue;
		if (!read_double(value, (double *)((char *)&set->mean + numbers[i].offset)))
			return -EINVAL;
		*seen |= i < DRAG_INDEX ? 1u << i : 0;
		return 1;
	}
	if (strcasecmp(key, "EPOCH") == 0) {
		if (!read_epoch(value, &set->mean.epoch_utc_ns))
			return -EINVAL;
		*seen |= EPOCH_BIT;
		return 1;
	}
	if (strcasecmp(key, "OBJECT_NAME") == 0)
		snprintf(set->name, sizeof(set->name), "%s", value);
	else if (strcasecmp(key, "NORAD_CAT_ID") == 0)
		snprintf(set->catalogue, sizeof(set->catalogue), "%s", value);
	else if (strcasecmp(key, "MEAN_ELEMENT_THEORY") == 0)
		return strncasecmp(value, "SGP", 3) == 0 ? 1 : -EINVAL;
	else if (strcasecmp(key, "TIME_SYSTEM") == 0)
		return strcasecmp(value, "UTC") == 0 ? 1 : -EINVAL;
	else if (strcasecmp(key, "REF_FRAME") == 0)
		return strcasecmp(value, "TEME") == 0 ? 1 : -EINVAL;
	else
		return 0;
	return 1;
}
