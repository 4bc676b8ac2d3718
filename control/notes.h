// SPDX-License-Identifier: BSD-3-Clause
// What a topology says that is right but may not be what was meant: shares of packets that netem's
// correlation makes others than asked for, delays that cannot spread as they should, and queues in
// which nothing waits.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/engine/plan.h"
#include "topologies/topology.h"

enum note_kind {
	NOTE_SHARE,  // of packets: 0..1
	NOTE_DELAY,  // mean and deviation of the delay: nanoseconds
	NOTE_NO_LINE // a limit or a queue, and no rate: no numbers
};

struct note {
	enum note_kind kind;
	uint32_t link;
	unsigned directions; // 1 << enum link_direction, or-ed
	const char *key;     // "loss", "duplicate", "corrupt", "reorder", "delay", "limit", "queue"
	double asked;        // the share of packets, or the mean delay
	double achieved;     // what the law gives in the long run
	double instead;      // what to ask for to get `asked`; 0 when nothing gives it
	double correlation;
	double asked_deviation_ns, achieved_deviation_ns; // NOTE_DELAY
	bool cut_off; // NOTE_DELAY: below, by the constant delay
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
