// SPDX-License-Identifier: BSD-3-Clause
// Capture files as sources of a replay's ports.
#include "control/replay_input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/map.h"

static const char *name_of(const struct replay_input *input, uint32_t interface)
{
	const char *name = trace_interface_name(input->reader, interface);

	return name ? name : "";
}

static bool is_its_name(const struct replay_input *input, uint32_t interface)
{
	return strcmp(name_of(input, interface), input->name) == 0;
}

static void begin(struct replay_input *input, uint32_t first_interface)
{
	input->begun = true;
	input->interface = first_interface;
	for (uint32_t i = 0; i < trace_interface_count(input->reader); i++)
		input->is_named |= is_its_name(input, i);
}

// The next frame that is the port's, as trace_read. A capture of several points, such as a replay
// leaves, holds each packet more than once.
static int read_next(struct replay_input *input, struct trace_frame *frame, struct error *error)
{
	int rc;

	while ((rc = trace_read(input->reader, frame, error)) == 1) {
		if (!input->begun)
			begin(input, frame->interface);
		if (!input->is_named || is_its_name(input, frame->interface))
			break;
		input->passed_over++;
	}
	// Sections that describe one interface each are one capture written in parts.
	if (rc == 1 && !input->is_named && frame->interface != input->interface)
		input->is_mixed |= strcmp(name_of(input, frame->interface),
					  name_of(input, input->interface)) != 0;
	return rc;
}

static int open_input(struct replay_input *input, struct error *error)
{
	int rc;

	input->reader = trace_open_until(input->path, input->options->interrupted, error);
	if (!input->reader)
		return error->code < 0 ? error->code : -EINVAL;
	rc = read_next(input, &input->first, error);
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
	input->name = file->port;
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
	rc = read_next(input, frame, &input->fault);
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

__attribute__((format(printf, 3, 4))) static void add_line(char *text, size_t size,
							   const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	if (used > 0 && used + 1 < size)
		text[used++] = '\n';
	va_start(arguments, format);
	vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

void replay_inputs_warnings(const struct replay_inputs *inputs, char *text, size_t size)
{
	for (size_t i = 0; i < inputs->count; i++) {
		const struct replay_input *input = &inputs->items[i];

		if (!input->reader)
			continue;
		if (trace_warning(input->reader))
			add_line(text, size, "%s", trace_warning(input->reader));
		if (input->passed_over)
			add_line(text, size,
				 "%.300s: %" PRIu64 " frames of other interfaces than \"%s\" are "
				 "left out",
				 input->path, input->passed_over, input->name);
		if (input->is_mixed)
			add_line(text, size,
				 "%.300s: holds frames of several interfaces, none of them named "
				 "\"%s\": all are taken",
				 input->path, input->name);
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
