// SPDX-License-Identifier: BSD-3-Clause
// The list of changes to come.
#include "control/lab_later.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int lab_later_add(struct lab_later **list, uint64_t at_ns, const char *const *lines, size_t count)
{
	struct lab_later *later = calloc(1, sizeof(*later));
	if (later == NULL)
		return -ENOMEM;
	later->at_ns = at_ns;
	later->lines = calloc(count, sizeof(*later->lines));
	if (later->lines == NULL)
		goto no_memory;
	for (; later->count < count; later->count++) {
		later->lines[later->count] = strdup(lines[later->count]);
		if (later->lines[later->count] == NULL)
			goto no_memory;
	}
	while (*list != NULL && (*list)->at_ns <= at_ns)
		list = &(*list)->next;
	later->next = *list;
	*list = later;
	return 0;
no_memory:
	lab_later_free(later);
	return -ENOMEM;
}

struct lab_later *lab_later_take(struct lab_later **list)
{
	struct lab_later *first = *list;
	*list = first->next;
	return first;
}

void lab_later_free(struct lab_later *later)
{
	if (later == NULL)
		return;
	for (size_t i = 0; i < later->count; i++)
		free(later->lines[i]);
	free(later->lines);
	free(later);
}
