// SPDX-License-Identifier: BSD-3-Clause
// What [satellite] and [constellation] share. Private to topologies/.
#pragma once

#include <stddef.h>

#include "topologies/elements.h"
#include "topologies/reader.h"

// Cuts a value into words at white space, in place; at most `most`. Their number.
size_t satellite_words(char *text, char **words, size_t most);

// `inclination`, `raan` and `phase` in words[0..count), in any order, each once: into a circular
// orbit of that altitude. False when the fault was reported.
bool satellite_circle(struct reader *reader, const struct ini_entry *entry, const char *altitude,
		      char *const *words, size_t count, struct satellite *satellite);

// Makes the orbit on trial, so that what is out of range is said where it is written.
bool satellite_try(struct reader *reader, const struct ini_entry *entry,
		   struct satellite *satellite);

// Takes a published set.
void satellite_take(struct satellite *satellite, const struct element_set *set);
