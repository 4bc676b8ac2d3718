// SPDX-License-Identifier: BSD-3-Clause
// Capture files as sources of a replay's ports.
#include "control/replay_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/map.h"

static int open_input(struct replay_input *input, struct error *error)
{
	int rc;

	input->reader = trace_open_until(input->path, input->options->interrupted, error);
	if (!input->reader)
		return error->code < 0 ? error->code : -EINVAL;
	rc = trace_read(input->reader, &input->first, error);
	input->has_first = rc == 1;
	return rc < 0 ? rc : 0;
}

// The port of an input, which nothing else may feed.
static int find_port(struct replay_inputs *inputs, size_t index,
		     const struct replay_options *options, struct error *error)
{
	const struct replay_file *file = &options->inputs[index];
	struct replay_input *input = &inputs->items[index];

	input->options = options;
	input->path = file->path;
	input->port = topology_find_port(options->topology, file->port);
	if (input->port == TOPOLOGY_NONE)
		return error_set(error, -EINVAL, "--in",
				 "topology %s has no port \"%s\" (corridor check lists them)",
				 options->topology->name, file->port);
	for (size_t i = 0; i < index; i++) {
		if (inputs->items[i].port == input->port)
			return error_set(error, -EINVAL, "--in",
					 "port %s is named twice (mergecap makes one capture of "
					 "several)",
					 file->port);
	}
	return 0;
}

int replay_inputs_open(struct replay_inputs *inputs, const struct replay_options *options,
		       struct error *error)
{
	int rc = 0;

	inputs->items = calloc(options->input_count + 1, sizeof(*inputs->items));
	if (!inputs->items)
		return error_set(error, -ENOMEM, "--in", "no memory for the inputs");
	inputs->count = options->input_count;
	inputs->clock_ns = UINT64_MAX;
	for (size_t i = 0; !rc && i < inputs->count; i++)
		rc = find_port(inputs, i, options, error);
	for (size_t i = 0; !rc && i < inputs->count; i++) {
		rc = open_input(&inputs->items[i], error);
		if (!rc && inputs->items[i].has_first &&
		    inputs->items[i].first.at_ns < inputs->clock_ns)
			inputs->clock_ns = inputs->items[i].first.at_ns;
	}
	if (inputs->clock_ns == UINT64_MAX) // not one frame
		inputs->clock_ns = 0;
	for (size_t i = 0; i < inputs->count; i++)
		inputs->items[i].clock_ns = inputs->clock_ns;
	return rc;
}

// Makes room for `more` bytes behind `used`. 0 or -ENOMEM.
static int make_room(struct replay_input *input, size_t used, size_t more)
{
	size_t room = input->room ? input->room : 65536;
	uint8_t *bytes;

	while (room < used + more)
		room *= 2;
	if (room == input->room)
		return 0;
	bytes = realloc(input->bytes, room);
	if (!bytes)
		return -ENOMEM;
	input->bytes = bytes;
	input->room = room;
	return 0;
}

// The next frame of the file: 1, 0 or a negative errno, whose sentence stays in input->fault.
static int next_frame(struct replay_input *input, struct trace_frame *frame)
{
	int rc;

	if (input->fault.code)
		return input->fault.code;
	if (input->has_first) {
		input->has_first = false;
		*frame = input->first;
		return 1;
	}
	rc = trace_read(input->reader, frame, &input->fault);
	if (rc < 0)
		input->fault.code = rc;
	return rc;
}

static int read_frames(void *context, struct engine_frame *frames, unsigned most)
{
	struct replay_input *input = context;
	const struct replay_options *options = input->options;
	size_t used = 0;
	unsigned count = 0;
	int rc = 0;

	while (count < most) {
		struct trace_frame frame;

		rc = next_frame(input, &frame);
		if (rc <= 0)
			break;
		if (make_room(input, used, frame.length))
			return error_set(&input->fault, -ENOMEM, input->path,
					 "no memory for its frames");
		memcpy(input->bytes + used, frame.bytes, frame.length);
		map_frame(options->map_from, options->map_to, options->map_count,
			  input->bytes + used, frame.length);
		frames[count++] = (struct engine_frame){.at_ns = frame.at_ns - input->clock_ns,
							.length = frame.length,
							.wire_length = frame.wire_length,
							.packet = frame.packet_id};
		used += frame.length;
	}
	if (count == 0)
		return rc;
	used = 0; // only now do the bytes stay where they are
	for (unsigned i = 0; i < count; i++) {
		frames[i].bytes = input->bytes + used;
		used += frames[i].length;
	}
	input->last_ns = frames[count - 1].at_ns;
	return (int)count;
}

struct engine_source replay_input_source(struct replay_input *input)
{
	return (struct engine_source){.context = input, .read = read_frames};
}

void replay_inputs_warnings(const struct replay_inputs *inputs, char *text, size_t size)
{
	size_t used = strlen(text);

	for (size_t i = 0; i < inputs->count && used < size; i++) {
		const char *warning =
			inputs->items[i].reader ? trace_warning(inputs->items[i].reader) : NULL;

		if (warning)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "\n" : "",
						 warning);
	}
}

void replay_inputs_close(struct replay_inputs *inputs)
{
	for (size_t i = 0; inputs->items && i < inputs->count; i++) {
		trace_close(inputs->items[i].reader);
		free(inputs->items[i].bytes);
	}
	free(inputs->items);
	*inputs = (struct replay_inputs){.count = 0};
}
