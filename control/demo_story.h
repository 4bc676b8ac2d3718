// SPDX-License-Identifier: BSD-3-Clause
// What the demo tells: a row for each flow and phase, a phase being what lies between two events.
#pragma once

#include <stdio.h>

#include <jansson.h>

#include "control/network.h"
#include "dataplane/engine/engine.h"
#include "topologies/topology.h"

struct demo_story;

// The topology must outlive it. NULL when memory is short.
struct demo_story *demo_story_create(const struct topology *topology);
void demo_story_free(struct demo_story *story);

// replay_options.changed, with the story as its context: closes a phase at each event.
void demo_story_changed(void *context, struct engine *engine, const struct network *network,
			uint64_t at_ns);
// Closes the last phase; call once.
void demo_story_end(struct demo_story *story, struct engine *engine, uint64_t at_ns);

// As a table; a second call prints nothing.
void demo_story_print(struct demo_story *story, FILE *out);
// As an array of objects; a new reference.
json_t *demo_story_json(const struct demo_story *story);
