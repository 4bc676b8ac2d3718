// SPDX-License-Identifier: BSD-3-Clause
// Words of a closed list, shortened as with `ip` where that is not ambiguous.
#pragma once

#include <stddef.h>

#include "dataplane/model/error.h"

// Index in `words` (NULL-terminated) of the one that is `text`, or the only one that begins with
// it. Else -EINVAL, and a sentence that names the candidates, the nearest word or the whole list.
// `kind` is what the list holds ("command").
int words_find(const char *text, const char *const *words, const char *kind, const char *where,
	       struct error *error);

// All words, with commas between them; returns buffer.
char *words_list(const char *const *words, char *buffer, size_t size);
