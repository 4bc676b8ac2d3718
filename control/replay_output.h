// SPDX-License-Identifier: BSD-3-Clause
// What a replay leaves behind: a capture for each port, or one for several. Part of replay.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/replay.h"
#include "control/stream.h"
#include "dataplane/engine/engine.h"
#include "pcaps/trace.h"

struct replay_output_file;

// A port's way into its file.
struct replay_output {
	uint32_t port;
	struct replay_output_file *file;
	uint32_t interface;    // in the file
	struct stream *stream; // when the file has several ports; they are merged at the end
	uint64_t last_ns;      // the lab's clock at the last frame
	struct error fault;    // code 0: none
};

struct replay_output_file {
	const char *path;
	struct trace_writer *writer;
	size_t port_count;
	uint64_t clock_ns;
};

struct replay_outputs {
	struct replay_output *ports;
	size_t port_count;
	struct replay_output_file *files;
	size_t file_count;
};

// Begins all files aside. 0, or a negative errno with a sentence.
int replay_outputs_open(struct replay_outputs *outputs, const struct replay_options *options,
			uint64_t clock_ns, const char *application, struct error *error);
// The sink that the engine writes to; `output` must stay where it is.
struct engine_sink replay_output_sink(struct replay_output *output);
// Merges the ports of files that have several, in order of time, then of the options.
int replay_outputs_merge(struct replay_outputs *outputs, struct error *error);
// Renames all files into place; on a fault those that were are removed again. Call once.
int replay_outputs_finish(struct replay_outputs *outputs, struct error *error);
// Removes what has not been finished, and frees.
void replay_outputs_close(struct replay_outputs *outputs);
