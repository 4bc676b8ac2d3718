// SPDX-License-Identifier: BSD-3-Clause
// A scanner for INI files that finds every malformed line; what the words mean is not its business.
#include "topologies/ini.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/topology.h"

// The part of a path that a message shows.
#define WHERE_FILE_MAX 90

struct scanner {
	struct ini *ini;
	const char *file;
	unsigned line;
	struct errors *errors;
	bool in_section;
};

char *ini_where(const char *file, unsigned line, const struct ini_section *section, const char *key,
		char *buffer, size_t size)
{
	size_t length = strlen(file);
	bool cut = length > WHERE_FILE_MAX;
	const char *shown = cut ? file + length - WHERE_FILE_MAX : file;
	bool named = section && section->name[0] != '\0';
	bool keyed = key && key[0] != '\0';

	snprintf(buffer, size, "%s%s:%u%s%s%s%s%s%s%s", cut ? "..." : "", shown, line,
		 section ? " [" : "", section ? section->kind : "", named ? " " : "",
		 named ? section->name : "", section ? "]" : "", keyed ? " " : "",
		 keyed ? key : "");
	return buffer;
}

static void *append(void *items, size_t *count, size_t *capacity, size_t size)
{
	if (*count == *capacity) {
		size_t grown = *capacity ? *capacity * 2 : 64;
		void *moved = reallocarray(items, grown, size);

		if (!moved)
			return NULL;
		*capacity = grown;
		items = moved;
	}
	(*count)++;
	return items;
}

static void fail(const struct scanner *scanner, const char *what, const char *found)
{
	const struct ini *ini = scanner->ini;
	const struct ini_section *section =
		scanner->in_section ? &ini->sections[ini->section_count - 1] : NULL;
	char where[192];
	char shown[48];

	if (section && section->kind[0] == '\0')
		section = NULL;
	snprintf(shown, sizeof(shown), "%.40s%s", found, strlen(found) > 40 ? "..." : "");
	errors_add(scanner->errors, -EINVAL,
		   ini_where(scanner->file, scanner->line, section, NULL, where, sizeof(where)),
		   "\"%s\" %s", shown, what);
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		text[--length] = '\0';
	return text;
}

// Ends the text where a comment begins: at a ';' or '#' that white space precedes, or at the very
// beginning.
static void cut_comment(char *text)
{
	for (char *c = text; *c; c++)
		if ((*c == ';' || *c == '#') && (c == text || c[-1] == ' ' || c[-1] == '\t')) {
			*c = '\0';
			return;
		}
}

static bool is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	return length > 0 && text[length] == '\0' && length <= TOPOLOGY_NAME_MAX &&
	       text[0] != '-' && text[0] != '.';
}

// Opens a section; with an empty kind when the header is faulty, so that the keys that follow are
// not taken for the section's before.
static int open_section(struct scanner *scanner, const char *kind, const char *name)
{
	struct ini *ini = scanner->ini;
	void *grown = append(ini->sections, &ini->section_count, &ini->section_capacity,
			     sizeof(*ini->sections));

	if (!grown)
		return -ENOMEM;
	ini->sections = grown;
	ini->sections[ini->section_count - 1] = (struct ini_section){
		.file = scanner->file,
		.line = scanner->line,
		.kind = kind,
		.name = name,
		.first = ini->entry_count,
	};
	scanner->in_section = true;
	return 0;
}

static int scan_header(struct scanner *scanner, char *text)
{
	char *end = strchr(text, ']');
	char *kind;
	char *name;
	char *after;

	if (!end) {
		scanner->in_section = false;
		fail(scanner, "has no closing bracket; write e.g. [site amsterdam]", text);
		return open_section(scanner, "", "");
	}
	*end = '\0';
	after = end + 1 + strspn(end + 1, " \t");
	if (*after == ';' || *after == '#')
		*after = '\0';
	if (*after != '\0') {
		scanner->in_section = false;
		fail(scanner, "follows the closing bracket; write the section on a line of its own",
		     after);
		return open_section(scanner, "", "");
	}
	kind = trim(text + 1);
	name = kind + strcspn(kind, " \t");
	if (*name)
		*name++ = '\0';
	name = trim(name);
	if (strcmp(kind, "network") == 0 && *name == '\0')
		return open_section(scanner, kind, name);
	scanner->in_section = false;
	if (*kind == '\0') {
		fail(scanner, "is an empty section header; write e.g. [site amsterdam]", "[]");
		return open_section(scanner, "", "");
	}
	if (strcmp(kind, "network") == 0) {
		fail(scanner, "follows network; write [network] and, under it, name = ...", name);
		return open_section(scanner, "", "");
	}
	if (*name != '\0' && !is_name(name)) {
		int result;

		fail(scanner,
		     "is not a name; a name is one lower-case word of letters, digits, - _ . with "
		     "at most 63 characters",
		     name);
		result = open_section(scanner, kind, "");
		if (result == 0)
			scanner->ini->sections[scanner->ini->section_count - 1].faulty = true;
		return result;
	}
	return open_section(scanner, kind, name);
}

// Takes off quotes around the whole value. NULL: faulty, and reported.
static char *read_value(const struct scanner *scanner, char *text)
{
	char quote = text[0];
	char *end;

	if (quote != '"' && quote != '\'') {
		cut_comment(text);
		text = trim(text);
		if (strpbrk(text, ";#")) {
			fail(scanner,
			     "has ; or # inside; put a space before it to start a comment, or "
			     "quote "
			     "the value",
			     text);
			return NULL;
		}
		return text;
	}
	end = strchr(text + 1, quote);
	if (!end) {
		fail(scanner, "opens a quote and does not close it; close it or leave it out",
		     text);
		return NULL;
	}
	*end = '\0';
	cut_comment(end + 1);
	if (*trim(end + 1) != '\0') {
		fail(scanner, "follows the closing quote; quote the whole value or none of it",
		     trim(end + 1));
		return NULL;
	}
	if (trim(text + 1) != text + 1 || strlen(text + 1) != (size_t)(end - text - 1)) {
		fail(scanner, "has white space just inside its quotes; take it out", text + 1);
		return NULL;
	}
	return text + 1;
}

static int add_entry(struct scanner *scanner, const char *key, const char *value, const char *raw,
		     size_t raw_length)
{
	struct ini *ini = scanner->ini;
	void *grown = append(ini->entries, &ini->entry_count, &ini->entry_capacity,
			     sizeof(*ini->entries));

	if (!grown)
		return -ENOMEM;
	ini->entries = grown;
	ini->entries[ini->entry_count - 1] = (struct ini_entry){
		.line = scanner->line,
		.key = key,
		.value = value,
		.raw = raw,
		.raw_length = raw_length,
		.direction = -1,
	};
	ini->sections[ini->section_count - 1].count++;
	return 0;
}

static int scan_assignment(struct scanner *scanner, char *text, const char *raw, size_t raw_length)
{
	char *equals = strchr(text, '=');
	char *key;
	char *value;

	if (!equals) {
		cut_comment(text);
		fail(scanner, "is neither [section] nor KEY = VALUE; write e.g. delay = 10ms",
		     trim(text));
		return 0;
	}
	*equals = '\0';
	key = trim(text);
	value = equals + 1 + strspn(equals + 1, " \t");
	if (!scanner->in_section) {
		fail(scanner, "stands before any section; write e.g. [network] above it", key);
		return 0;
	}
	if (*key == '\0' || strpbrk(key, " \t;#[]\"'")) {
		fail(scanner, "is not a key; a key is one word before the =", key);
		return 0;
	}
	value = read_value(scanner, value);
	if (!value)
		return 0;
	if (*value == '\0') {
		fail(scanner, "has no value; write one after the =, or delete the line", key);
		return 0;
	}
	return add_entry(scanner, key, value, raw, raw_length);
}

// One line, its end taken off; `text` is a copy that may be cut up.
static int scan_line(struct scanner *scanner, char *text, const char *raw, size_t raw_length)
{
	bool comment;

	text = trim(text);
	comment = *text == ';' || *text == '#';
	if (*text == '\0' || comment)
		return 0;
	if (raw_length > INI_LINE_MAX) {
		fail(scanner, "begins a line of more than 1000 bytes; split it", text);
		if (*text == '[')
			scanner->in_section = false;
		return *text == '[' ? open_section(scanner, "", "") : 0;
	}
	if (text[strlen(text) - 1] == '\\') {
		fail(scanner, "ends in a backslash; lines are not joined here, write it on one",
		     text);
		return 0;
	}
	if (*text == '[')
		return scan_header(scanner, text);
	return scan_assignment(scanner, text, raw, raw_length);
}

// The first byte that no text file has, or NULL.
static const char *find_binary(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\r' && (i + 1 == length || text[i + 1] == '\n'))
			continue;
		if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
			return text + i;
	}
	return NULL;
}

static char *keep_copy(struct ini *ini, const char *text, size_t length)
{
	char **grown = reallocarray(ini->buffers, ini->buffer_count + 1, sizeof(*grown));
	char *copy = malloc(length + 1);

	if (grown)
		ini->buffers = grown;
	if (!grown || !copy) {
		free(copy);
		return NULL;
	}
	memcpy(copy, text, length);
	copy[length] = '\0';
	ini->buffers[ini->buffer_count++] = copy;
	return copy;
}

int ini_scan(struct ini *ini, const char *file, const char *text, size_t length,
	     struct errors *errors)
{
	struct scanner scanner = {.ini = ini, .file = file, .line = 1, .errors = errors};
	const char *binary;
	char *raw;
	char *words;
	int result = 0;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	binary = find_binary(text, length);
	if (binary) {
		char where[192];

		for (const char *c = text; c < binary; c++)
			scanner.line += *c == '\n';
		errors_add(errors, -EINVAL,
			   ini_where(file, scanner.line, NULL, NULL, where, sizeof(where)),
			   "byte 0x%02x does not belong in a text file; give an INI file in UTF-8",
			   (unsigned char)*binary);
		return 0;
	}
	raw = keep_copy(ini, text, length);
	words = raw ? keep_copy(ini, text, length) : NULL;
	if (!words)
		return -ENOMEM;
	for (size_t at = 0; at < length && result == 0; scanner.line++) {
		size_t end = at + strcspn(words + at, "\n");
		size_t line_end = end;

		if (line_end > at && words[line_end - 1] == '\r')
			line_end--;
		words[line_end] = '\0';
		result = scan_line(&scanner, words + at, raw + at, line_end - at);
		at = end + 1;
	}
	return result;
}

void ini_fini(struct ini *ini)
{
	for (size_t i = 0; i < ini->buffer_count; i++)
		free(ini->buffers[i]);
	free(ini->buffers);
	free(ini->sections);
	free(ini->entries);
	*ini = (struct ini){0};
}
