// SPDX-License-Identifier: BSD-3-Clause
// The capture of every point: each packet as it enters and leaves each channel and port, and the
// lost ones with a comment. Part of replay.
#pragma once

#include <stdint.h>

#include "control/replay.h"
#include "dataplane/engine/engine.h"

struct replay_capture;

// Begins the file aside, with two interfaces for each channel and port that options->capture_names
// wants: "LINK:forward" where packets enter it and "LINK:forward out" where they leave it; "PORT"
// where they come in and "PORT out" where they go out. NULL and a sentence on failure, and for a
// name that is none.
struct replay_capture *replay_capture_open(const struct replay_options *options, unsigned workers,
					   uint64_t clock_ns, const char *application,
					   struct error *error);
// To be given to engine_observe, with the capture as context.
void replay_capture_observe(void *context, unsigned worker,
			    const struct engine_observation *observation);
// What went wrong while observing: 0, or a negative errno with a sentence.
int replay_capture_fault(const struct replay_capture *capture, struct error *error);
// Merges what the workers have seen, by time, packet id, point and place: the same for any number
// of workers.
int replay_capture_merge(struct replay_capture *capture, struct error *error);
// Renames the file into place. Call once.
int replay_capture_finish(struct replay_capture *capture, struct error *error);
// Removes what has not been finished, and frees. NULL is allowed.
void replay_capture_close(struct replay_capture *capture);
