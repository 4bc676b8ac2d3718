// SPDX-License-Identifier: BSD-3-Clause
// What a topology says that is right but may not be what was meant: shares of packets that netem's
// correlation makes others than asked for.
#pragma once

#include <stddef.h>

#include "dataplane/engine/plan.h"
#include "topologies/topology.h"

struct note {
	uint32_t link;
	unsigned directions; // 1 << enum link_direction, or-ed
	const char *key;     // "loss", "duplicate", "corrupt", "reorder"
	double asked;        // the share of packets asked for, 0..1
	double achieved;     // what the formula gives in the long run
	double instead;      // what to ask for to get `asked`; 0 when nothing gives it
	double correlation;
};

struct notes {
	struct note *items;
	size_t count;
};

// Compares a topology with the plan compiled from it. 0 or -ENOMEM. notes_fini frees.
int notes_collect(const struct topology *topology, const struct plan *plan, struct notes *notes);
void notes_fini(struct notes *notes);

// One sentence without the place, and the place: "FILE:LINE [link NAME] KEY". Both return buffer.
char *notes_text(const struct note *note, char *buffer, size_t size);
char *notes_where(const struct topology *topology, const struct note *note, char *buffer,
		  size_t size);
