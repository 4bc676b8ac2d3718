// SPDX-License-Identifier: BSD-3-Clause
// The rules across sections, by subject. Private to topologies/.
#pragma once

#include <stdbool.h>

#include "dataplane/model/error.h"
#include "topologies/topology.h"

// Adds a fault at "FILE:LINE [kind name]".
void validate_fail(struct errors *errors, const struct source *source, const char *kind,
		   const char *name, const char *format, ...) __attribute__((format(printf, 5, 6)));

// All rules. `complete` false: the sections had faults, so what is missing is not held against
// those that are there (a link that could not be read would make its sites unreachable).
void validate_sections(const struct topology *topology, struct errors *errors, bool complete);

// Addresses and prefixes: duplicates, overlaps, and what lies outside its LAN.
void validate_addresses(const struct topology *topology, struct errors *errors, bool complete);
// Addresses in their place; called by validate_addresses.
void validate_lans(const struct topology *topology, struct errors *errors, bool complete);

// Positions: nothing faster than light or shorter than the straight line, and satellites above the
// horizon.
void validate_space(const struct topology *topology, struct errors *errors, bool complete);
