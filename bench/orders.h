// SPDX-License-Identifier: BSD-3-Clause
// Time-ordered structures over the heads of channels, for the comparison in agenda.c: each keeps
// one instant a source and says which source comes first, equal instants in order of number. What
// the engine uses is among them. One thread.
#pragma once

#include <stdint.h>

#include "dataplane/engine/agenda.h"

struct order {
	const char *key;  // for JSON
	const char *name; // for people
	// For so many sources, one of which comes first every `gap_ns` on average (a hint for
	// structures that divide time). NULL when memory is out.
	void *(*create)(uint32_t sources, uint64_t gap_ns);
	void (*destroy)(void *context);
	// Inserts, moves, or with AGENDA_NEVER removes.
	void (*set)(void *context, uint32_t source, uint64_t at_ns);
	// Moves or removes the one that comes first.
	void (*set_first)(void *context, uint64_t at_ns);
	// The first; at AGENDA_NEVER when there is none.
	struct agenda_item (*first)(void *context);
};

// The engine's own comes first.
extern const struct order orders[];
extern const unsigned order_count;
