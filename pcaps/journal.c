// SPDX-License-Identifier: BSD-3-Clause
// The journal in memory.
#include "pcaps/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Room for one more item in an array of `count`; its capacity is the next power of two.
static int grow(void **items, size_t count, size_t size)
{
	size_t capacity = count ? 2 * count : 4;
	void *grown;

	if (count >= 4 && (count & (count - 1)) != 0)
		return 0;
	if (count > 0 && count < 4)
		return 0;
	grown = reallocarray(*items, capacity, size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	return 0;
}

static int add_name(char ***names, size_t *count, const char *name)
{
	char *copy = strdup(name);

	if (!copy || grow((void **)names, *count, sizeof(char *)) < 0) {
		free(copy);
		return -ENOMEM;
	}
	(*names)[(*count)++] = copy;
	return 0;
}

int journal_add_channel_name(struct journal *journal, const char *name)
{
	return add_name(&journal->channel_names, &journal->channel_count, name);
}

int journal_add_port_name(struct journal *journal, const char *name)
{
	return add_name(&journal->port_names, &journal->port_count, name);
}

int journal_add_channel(struct journal *journal, const struct journal_channel *entry)
{
	size_t at = journal->channel_entry_count;

	if (grow((void **)&journal->channels, at, sizeof(*journal->channels)) < 0)
		return -ENOMEM;
	for (; at > 0 && journal->channels[at - 1].from_ns > entry->from_ns; at--)
		journal->channels[at] = journal->channels[at - 1];
	journal->channels[at] = *entry;
	journal->channel_entry_count++;
	return 0;
}

int journal_add_path(struct journal *journal, const struct journal_path *entry)
{
	size_t at = journal->path_entry_count;
	struct journal_path copy = *entry;

	copy.hops = malloc((entry->hop_count + 1) * sizeof(*copy.hops));
	if (!copy.hops || grow((void **)&journal->paths, at, sizeof(*journal->paths)) < 0) {
		free(copy.hops);
		return -ENOMEM;
	}
	if (entry->hop_count)
		memcpy(copy.hops, entry->hops, entry->hop_count * sizeof(*copy.hops));
	for (; at > 0 && journal->paths[at - 1].from_ns > entry->from_ns; at--)
		journal->paths[at] = journal->paths[at - 1];
	journal->paths[at] = copy;
	journal->path_entry_count++;
	return 0;
}

static void free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

void *journal_own(struct journal *journal, size_t bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (!memory || grow((void **)&journal->owned, journal->owned_count, sizeof(void *)) < 0) {
		free(memory);
		return NULL;
	}
	journal->owned[journal->owned_count++] = memory;
	return memory;
}

void journal_fini(struct journal *journal)
{
	for (size_t i = 0; i < journal->owned_count; i++)
		free(journal->owned[i]);
	free(journal->owned);
	free_names(journal->channel_names, journal->channel_count);
	free_names(journal->port_names, journal->port_count);
	for (size_t i = 0; i < journal->path_entry_count; i++)
		free(journal->paths[i].hops);
	free(journal->paths);
	free(journal->channels);
	*journal = (struct journal){0};
}

static int64_t find(char **names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int64_t)i;
	return -1;
}

int64_t journal_find_port(const struct journal *journal, const char *name)
{
	return find(journal->port_names, journal->port_count, name);
}

int64_t journal_find_channel(const struct journal *journal, const char *name)
{
	return find(journal->channel_names, journal->channel_count, name);
}
