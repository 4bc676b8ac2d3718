// SPDX-License-Identifier: BSD-3-Clause
// Words of a closed list: exact, then unique prefix, then a refusal that helps.
#include "control/cli/words.h"

#include <errno.h>
#include <string.h>

#include "topologies/topology.h"

// Appends the words that begin with `prefix`.
static char *list_with_prefix(const char *const *words, const char *prefix, char *buffer,
			      size_t size)
{
	size_t used = 0;
	buffer[0] = '\0';
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strncmp(words[i], prefix, strlen(prefix)) != 0)
			continue;
		size_t need = strlen(words[i]) + (used > 0 ? 2 : 0);
		if (used + need + 1 > size)
			break;
		if (used > 0)
			memcpy(buffer + used, ", ", 2);
		strcpy(buffer + used + (used > 0 ? 2 : 0), words[i]);
		used += need;
	}
	return buffer;
}

char *words_list(const char *const *words, char *buffer, size_t size)
{
	return list_with_prefix(words, "", buffer, size);
}

int words_find(const char *text, const char *const *words, const char *kind, const char *where,
	       struct error *error)
{
	int found = -1, matches = 0;
	size_t length = strlen(text);
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0)
			return i;
		if (length > 0 && strncmp(words[i], text, length) == 0) {
			found = i;
			matches++;
		}
	}
	if (matches == 1)
		return found;

	char list[400];
	if (matches > 1)
		return error_set(error, -EINVAL, where, "%s \"%.40s\" is ambiguous: %s", kind, text,
				 list_with_prefix(words, text, list, sizeof(list)));
	const char *near = nearest_word(text, words);
	if (near != NULL)
		return error_set(error, -EINVAL, where, "there is no %s \"%.40s\", is it %s?", kind,
				 text, near);
	return error_set(error, -EINVAL, where, "there is no %s \"%.40s\" (one of %s)", kind, text,
			 words_list(words, list, sizeof(list)));
}
