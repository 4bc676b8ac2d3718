// SPDX-License-Identifier: BSD-3-Clause
// What the readers of sections share (reader.h).
#include "topologies/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/physics/utc.h"
#include "topologies/quantity.h"
#include "topologies/sky.h"

// The key as the user wrote it.
static char *written_key(const struct ini_entry *entry, char *buffer, size_t size)
{
	static const char *const directions[] = {".forward", ".reverse"};

	snprintf(buffer, size, "%s%s", entry->key,
		 entry->direction < 0 ? "" : directions[entry->direction]);
	return buffer;
}

static char *entry_where(const struct reader *reader, const struct ini_entry *entry, char *where,
			 size_t size)
{
	char key[64];

	if (!entry)
		return ini_where(reader->section->file, reader->section->line, reader->section,
				 NULL, where, size);
	return ini_where(reader->section->file, entry->line, reader->section,
			 written_key(entry, key, sizeof(key)), where, size);
}

bool reader_is_full(const struct reader *reader)
{
	return reader->errors->kept >= ERRORS_KEPT;
}

void reader_fail(struct reader *reader, const struct ini_entry *entry, const char *format, ...)
{
	char where[192];
	char what[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	errors_add(reader->errors, -EINVAL, entry_where(reader, entry, where, sizeof(where)), "%s",
		   what);
}

void reader_no_memory(struct reader *reader)
{
	char where[192];

	errors_add(reader->errors, -ENOMEM, entry_where(reader, NULL, where, sizeof(where)),
		   "no memory for the topology; give a smaller one or more memory");
}

void reader_read_keys(struct reader *reader, void *thing)
{
	const struct ini_section *section = reader->section;

	for (size_t i = section->first; i < section->first + section->count; i++) {
		const struct ini_entry *entry = &reader->ini->entries[i];

		if (entry->rule)
			entry->rule->read(reader, thing, entry);
	}
}

void reader_start(const struct ini_section *section, char *name, struct source *source)
{
	snprintf(name, TOPOLOGY_NAME_MAX + 1, "%s", section->name);
	*source = (struct source){section->file, section->line};
}

bool reader_time(struct reader *reader, const struct ini_entry *entry, uint64_t *time_ns)
{
	struct error error;

	if (quantity_parse_time_ns(entry->value, "", time_ns, &error) == 0)
		return true;
	reader_fail(reader, entry, "%s", error.what);
	return false;
}

bool reader_instant(struct reader *reader, const struct ini_entry *entry, uint64_t *at_ns)
{
	struct error error;

	if (sky_parse_instant(reader->topology, entry->value, "", at_ns, &error) == 0)
		return true;
	reader_fail(reader, entry, "%s", error.what);
	return false;
}

bool reader_length(struct reader *reader, const struct ini_entry *entry, double *metres)
{
	struct error error;

	if (quantity_parse_length_m(entry->value, "", metres, &error) == 0)
		return true;
	reader_fail(reader, entry, "%s", error.what);
	return false;
}

bool reader_count(struct reader *reader, const struct ini_entry *entry, uint64_t least,
		  uint64_t most, uint64_t *count)
{
	struct error error;
	uint64_t value;

	if (quantity_parse_count(entry->value, "", &value, &error) < 0) {
		reader_fail(reader, entry, "%s", error.what);
		return false;
	}
	if (value < least || value > most) {
		reader_fail(reader, entry, "\"%s\" is out of range; write %llu to %llu",
			    entry->value, (unsigned long long)least, (unsigned long long)most);
		return false;
	}
	*count = value;
	return true;
}

bool reader_decimal(const char *text, double *value)
{
	const char *number = text + (text[0] == '-' || text[0] == '+');
	size_t digits = strspn(number, "0123456789.");

	if (number[digits] != '\0' || digits == 0 || digits > 40 ||
	    strchr(number, '.') != strrchr(number, '.') || strcmp(number, ".") == 0)
		return false;
	*value = strtod(text, NULL);
	return true;
}

bool reader_factor(struct reader *reader, const struct ini_entry *entry, double least, double most,
		   const char *example, double *factor)
{
	double value;

	if (!reader_decimal(entry->value, &value)) {
		reader_fail(reader, entry, "\"%s\" is not a plain number; write e.g. %s",
			    entry->value, example);
		return false;
	}
	if (!(value >= least && value <= most)) {
		reader_fail(reader, entry, "\"%s\" is out of range; write %g to %g, e.g. %s",
			    entry->value, least, most, example);
		return false;
	}
	*factor = value;
	return true;
}

bool reader_choice(struct reader *reader, const struct ini_entry *entry, const char *const *words,
		   unsigned *choice)
{
	char list[256] = "";
	const char *nearest;

	for (unsigned i = 0; words[i]; i++) {
		size_t length = strlen(list);

		if (strcmp(entry->value, words[i]) == 0) {
			*choice = i;
			return true;
		}
		snprintf(list + length, sizeof(list) - length, "%s%s",
			 i == 0         ? ""
			 : words[i + 1] ? ", "
					: " or ",
			 words[i]);
	}
	nearest = nearest_word(entry->value, words);
	reader_fail(reader, entry, "\"%s\" is not known; write %s%s%s%s", entry->value, list,
		    nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
	return false;
}

bool reader_flag(struct reader *reader, const struct ini_entry *entry, bool *flag)
{
	static const char *const words[] = {"no", "yes", NULL};
	unsigned choice;

	if (!reader_choice(reader, entry, words, &choice))
		return false;
	*flag = choice == 1;
	return true;
}

bool reader_text(struct reader *reader, const struct ini_entry *entry, char *buffer, size_t size)
{
	if (strlen(entry->value) >= size) {
		reader_fail(reader, entry, "\"%.40s...\" is too long; at most %zu characters",
			    entry->value, size - 1);
		return false;
	}
	snprintf(buffer, size, "%s", entry->value);
	return true;
}

uint32_t reader_find(struct reader *reader, const struct ini_entry *entry, enum name_kind kind,
		     const char *noun, const char *name)
{
	uint32_t index = names_find(reader->topology->names, kind, name);
	const char *nearest;

	if (index != TOPOLOGY_NONE)
		return index;
	nearest = names_nearest(reader->topology->names, kind, name);
	if (nearest)
		reader_fail(reader, entry, "there is no %s \"%s\"; did you mean %s?", noun, name,
			    nearest);
	else
		reader_fail(reader, entry, "there is no %s \"%s\"; add [%s %s] or mend the name",
			    noun, name, noun, name);
	return TOPOLOGY_NONE;
}

char *reader_next_item(char **rest)
{
	char *item = *rest;
	char *comma;
	size_t length;

	if (!item)
		return NULL;
	comma = strchr(item, ',');
	*rest = comma ? comma + 1 : NULL;
	if (comma)
		*comma = '\0';
	item += strspn(item, " \t");
	length = strlen(item);
	while (length > 0 && (item[length - 1] == ' ' || item[length - 1] == '\t'))
		item[--length] = '\0';
	return item;
}

bool reader_address(struct reader *reader, const struct ini_entry *entry,
		    enum address_family family, struct address *address)
{
	bool six = family == ADDRESS_IPV6;
	struct address parsed;

	if (address_parse(entry->value, &parsed) == 0 && parsed.family == family) {
		*address = parsed;
		return true;
	}
	reader_fail(reader, entry, "\"%s\" is not an IPv%d address; write e.g. %s", entry->value,
		    six ? 6 : 4, six ? "2001:db8::1" : "10.255.0.1");
	return false;
}

void reader_interface_addresses(struct reader *reader, const struct ini_entry *entry, bool bare,
				struct prefix addresses[2])
{
	bool six = strcmp(entry->key, "address6") == 0;
	char list[INI_LINE_MAX + 1];
	char *rest = list;
	char *item;

	snprintf(list, sizeof(list), "%s", entry->value);
	while ((item = reader_next_item(&rest))) {
		struct prefix parsed = {.length = 0xff};
		int slot;

		if (prefix_parse(item, &parsed) < 0 &&
		    !(bare && address_parse(item, &parsed.address) == 0)) {
			reader_fail(reader, entry,
				    "\"%s\" is not an address with its prefix length; write e.g. "
				    "%s",
				    item, six ? "2001:db8:1::1/64" : "10.1.0.1/24");
			continue;
		}
		slot = parsed.address.family == ADDRESS_IPV6;
		if (six && slot == 0)
			reader_fail(reader, entry,
				    "\"%s\" is an IPv4 address; write it under address", item);
		else if (addresses[slot].address.family != ADDRESS_NONE)
			reader_fail(reader, entry,
				    "\"%s\" is a second IPv%d address; one of each family is "
				    "possible",
				    item, slot ? 6 : 4);
		else
			addresses[slot] = parsed;
	}
}

void read_detection(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_time(reader, entry, &((struct convergence_thing *)thing)->convergence->detection_ns);
}

void read_flooding(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_time(reader, entry, &((struct convergence_thing *)thing)->convergence->flooding_ns);
}

void read_spf_delay(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_time(reader, entry, &((struct convergence_thing *)thing)->convergence->spf_delay_ns);
}

void read_fib_update(struct reader *reader, void *thing, const struct ini_entry *entry)
{
	reader_time(reader, entry,
		    &((struct convergence_thing *)thing)->convergence->fib_update_ns);
}
