// SPDX-License-Identifier: BSD-3-Clause
// Orbit mean-elements messages (CCSDS 502.0-B) as they are published: CSV with the keywords in the
// first line, JSON objects without nesting, or lines of KEY = VALUE.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/elements.h"

#define COLUMNS_MOST 64

struct omm {
	const char *file;
	unsigned line;
	struct element_sets *sets;
	struct element_set set;
	unsigned seen;
	struct error *error;
};

static int fail(const struct omm *omm, const char *what, const char *found)
{
	char where[160];

	snprintf(where, sizeof(where), "%s:%u", omm->file, omm->line);
	return error_set(omm->error, -EINVAL, where, "%s \"%.60s\"", what, found);
}

static int put(struct omm *omm, const char *key, const char *value)
{
	char what[200];

	if (elements_keyword(&omm->set, key, value, &omm->seen) >= 0)
		return 0;
	snprintf(what, sizeof(what), "%.40s is not what it should be (%s):", key,
		 elements_expected(key));
	return fail(omm, what, value);
}

// The set is complete.
static int finish(struct omm *omm)
{
	const char *missing = elements_missing(omm->seen);

	if (missing)
		return fail(omm, "an element set lacks", missing);
	if (elements_add(omm->sets, &omm->set))
		return error_set(omm->error, -ENOMEM, omm->file, "no memory for the elements");
	omm->set = (struct element_set){.line = omm->line};
	omm->seen = 0;
	return 0;
}

static void trim(char **text)
{
	size_t length;

	*text += strspn(*text, " \t\r\"");
	for (length = strlen(*text); length > 0 && strchr(" \t\r\"", (*text)[length - 1]); length--)
		(*text)[length - 1] = '\0';
}

static int parse_csv(struct omm *omm, char *text)
{
	char *columns[COLUMNS_MOST];
	size_t count = 0;
	char *rest = text;
	char *line = strsep(&rest, "\n");
	char *item;
	int rc = 0;

	omm->line = 1;
	while ((item = strsep(&line, ",")) && count < COLUMNS_MOST) {
		trim(&item);
		columns[count++] = item;
	}
	while (!rc && (line = strsep(&rest, "\n"))) {
		size_t column = 0;

		omm->line++;
		if (line[strspn(line, " \t\r")] == '\0')
			continue;
		omm->set.line = omm->line;
		for (; !rc && (item = strsep(&line, ",")); column++) {
			trim(&item);
			if (column >= count)
				return fail(omm, "there are more values than columns:", item);
			if (*item)
				rc = put(omm, columns[column], item);
		}
		if (!rc && column != count)
			rc = fail(omm, "there are fewer values than columns; the last is",
				  columns[column - 1]);
		if (!rc)
			rc = finish(omm);
	}
	return rc;
}

// Skips white space and `also`, and counts lines.
static char *skip(struct omm *omm, char *at, const char *also)
{
	for (; *at && (strchr(" \t\r\n", *at) || strchr(also, *at)); at++)
		omm->line += *at == '\n';
	return at;
}

// Cuts out a string, or a bare word, and steps behind it; NULL when there is none.
static char *take(char **at)
{
	char *begin = *at;
	char *end;

	if (*begin == '"') {
		begin++;
		end = strchr(begin, '"');
		if (!end)
			return NULL;
		*end = '\0';
		*at = end + 1;
		return begin;
	}
	end = begin + strcspn(begin, ",} \t\r\n");
	*at = end;
	return end == begin ? NULL : begin;
}

static int parse_object(struct omm *omm, char **text)
{
	char *at = *text + 1;

	omm->set.line = omm->line;
	for (;;) {
		char *key, *value;
		char copy[64];

		at = skip(omm, at, ",");
		if (*at == '}') {
			*text = at + 1;
			return finish(omm);
		}
		key = *at == '"' ? take(&at) : NULL;
		if (key)
			at = skip(omm, at, "");
		if (!key || *at != ':')
			return fail(omm,
				    "is not a JSON object of keywords: a key in quotes and a "
				    "colon are expected at",
				    at);
		at = skip(omm, at + 1, "");
		if (*at == '{' || *at == '[')
			return fail(omm, "a value is nested; plain keywords are read:", key);
		value = take(&at);
		if (!value)
			return fail(omm, "there is no value of", key);
		// A bare word ends where the comma stands.
		snprintf(copy, sizeof(copy), "%.*s", (int)(at - value > 63 ? 63 : at - value),
			 value);
		if (strcmp(copy, "null") != 0 && put(omm, key, copy))
			return -EINVAL;
	}
}

static int parse_json(struct omm *omm, char *text)
{
	char *at = skip(omm, text, "[");

	while (*at == '{') {
		int rc = parse_object(omm, &at);

		if (rc)
			return rc;
		at = skip(omm, at, ",");
	}
	at = skip(omm, at, "]");
	return *at ? fail(omm, "behind the last object stands", at) : 0;
}

static int parse_lines(struct omm *omm, char *text)
{
	char *rest = text;
	char *line;
	int rc = 0;

	omm->line = 0;
	while (!rc && (line = strsep(&rest, "\n"))) {
		char *key = line;
		char *value;

		omm->line++;
		value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		trim(&key);
		trim(&value);
		value[strcspn(value, "[")] = '\0'; // units
		trim(&value);
		if (strcmp(key, "CCSDS_OMM_VERS") == 0 && omm->seen)
			rc = finish(omm);
		if (!rc && strcmp(key, "OBJECT_NAME") == 0 && omm->seen)
			rc = finish(omm);
		if (!rc)
			rc = put(omm, key, value);
	}
	if (!rc && omm->seen)
		rc = finish(omm);
	return rc;
}

int elements_parse_omm(char *text, const char *file, struct element_sets *sets, struct error *error)
{
	struct omm omm = {.file = file, .line = 1, .sets = sets, .error = error};
	size_t first = strspn(text, " \t\r\n");
	size_t line = strcspn(text, "\n");

	if (text[first] == '[' || text[first] == '{')
		return parse_json(&omm, text);
	if (memchr(text, '=', line) || strstr(text, "CCSDS_OMM_VERS"))
		return parse_lines(&omm, text);
	return parse_csv(&omm, text);
}
