// SPDX-License-Identifier: BSD-3-Clause
// Capture files as sources of a replay's ports. Part of replay.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/replay.h"
#include "dataplane/engine/engine.h"
#include "pcaps/trace.h"

// One input: a port and its capture. Frames are copied out of the reader, since the engine takes
// several at a time and the reader keeps only one.
struct replay_input {
	const struct replay_options *options;
	const char *path;
	uint32_t port;
	uint64_t clock_ns; // instant of the captures at which the lab's clock is zero
	struct trace_reader *reader;
	const char *name;         // of the port: an interface of that name is the one that counts
	struct trace_frame first; // read ahead, to find the earliest
	bool has_first;
	bool begun;
	bool is_named;        // the file has an interface of that name: no other is taken
	bool is_mixed;        // it has none, and frames of several were taken
	uint32_t interface;   // of the first frame taken
	uint64_t passed_over; // frames of other interfaces
	uint8_t *bytes;
	size_t room;
	uint64_t last_ns;   // the lab's clock at the last frame handed out
	struct error fault; // code 0: none
};

struct replay_inputs {
	struct replay_input *items; // in the order given
	size_t count;
	uint64_t clock_ns;
};

// Opens all inputs, and finds the earliest packet. 0, or a negative errno with a sentence.
int replay_inputs_open(struct replay_inputs *inputs, const struct replay_options *options,
		       struct error *error);
// The source that the engine reads from; `input` must stay where it is.
struct engine_source replay_input_source(struct replay_input *input);
// Adds what the readers had to repair to `text`, a line each.
void replay_inputs_warnings(const struct replay_inputs *inputs, char *text, size_t size);
void replay_inputs_close(struct replay_inputs *inputs);
