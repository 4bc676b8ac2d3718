// SPDX-License-Identifier: BSD-3-Clause
// From an INI file to a topology: the only door to iniparser.
#pragma once

#include "dataplane/model/error.h"
#include "topologies/topology.h"

// Reads `path` and what it includes, checks every line, key and value, resolves names, computes
// propagation, and validates across sections (validate.h). On success the topology, which the
// caller frees with topology_free. On any fault NULL, and every fault of the files in `errors`,
// each with file, line, section, key, value and remedy. `path` "-" is standard input.
struct topology *topology_load(const char *path, struct errors *errors);

// The same, with the faults of events' command lines among the others: their grammar is not known
// here. `check` judges the words of a line, names apart: 0, or a negative errno with a sentence.
struct topology *topology_load_lines(const char *path,
				     int (*check)(const char *line, struct tables *tables,
						  struct error *error),
				     struct errors *errors);

// As topology_load, from a string; `name` stands for the file in messages. `include` is refused.
struct topology *topology_load_text(const char *text, const char *name, struct errors *errors);
