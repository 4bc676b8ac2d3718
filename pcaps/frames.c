// SPDX-License-Identifier: BSD-3-Clause
// A capture in memory.
#include "pcaps/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcaps/trace.h"

// Which interfaces of a file are taken.
struct picker {
	const char *path;
	const char *wanted; // NULL: the only interface
	uint32_t interface; // last decided, and
	bool takes;         // whether its frames are taken
	bool decided;
	bool any; // `frames->interface` is the name of what was taken first
};

static bool file_has(const struct trace_reader *reader, const char *name)
{
	for (size_t i = 0; i < trace_interface_count(reader); i++) {
		const char *found = trace_interface_name(reader, (uint32_t)i);

		if (found && strcmp(found, name) == 0)
			return true;
	}
	return false;
}

static int decide(struct picker *picker, const struct trace_reader *reader, uint32_t interface,
		  struct frames *frames, struct error *error)
{
	const char *name = trace_interface_name(reader, interface);

	picker->decided = true;
	picker->interface = interface;
	picker->takes = !picker->wanted || (name && strcmp(name, picker->wanted) == 0);
	if (!picker->takes)
		return 0;
	if (!name)
		name = "";
	if (picker->any && strncmp(frames->interface, name, sizeof(frames->interface) - 1) != 0)
		return error_set(error, -EINVAL, picker->path,
				 "holds frames of several interfaces (\"%s\", \"%.64s\", ...): "
				 "say which one counts, with --sent-interface or "
				 "--received-interface",
				 frames->interface, name);
	snprintf(frames->interface, sizeof(frames->interface), "%s", name);
	picker->any = true;
	return 0;
}

static int add_row(struct frames *frames, size_t *capacity, const struct frame_row *row)
{
	if (frames->count == *capacity) {
		size_t larger = *capacity ? 2 * *capacity : 4096;
		struct frame_row *grown = reallocarray(frames->rows, larger, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		frames->rows = grown;
		*capacity = larger;
	}
	frames->rows[frames->count++] = *row;
	return 0;
}

static int add_frame(struct frames *frames, size_t *capacity, const struct digest_options *options,
		     const struct trace_frame *frame)
{
	struct digest digest =
		digest_frame(options, frame->bytes, frame->length, frame->wire_length);
	struct channel_frame header = {.bytes = frame->wire_length};
	struct frame_row row = {
		.at_ns = frame->at_ns,
		.key = digest.key,
		.lanes = digest.lanes,
		.packet_id = frame->packet_id,
		.wire_length = frame->wire_length,
		.length = digest.length,
		.ttl = digest.ttl,
	};

	frame_read(frame->bytes, frame->length, &header);
	row.flow = header.flow;
	row.source_port = header.source_port;
	row.target_port = header.target_port;
	row.dscp = header.dscp;
	row.ecn = header.ecn;
	row.protocol = header.protocol;
	row.is_segment = header.is_segment;
	if (frame->packet_id == TRACE_NO_PACKET_ID)
		frames->have_ids = false;
	if (frame->length < frame->wire_length &&
	    frame->length - digest.layer3 < frames->shortest_cut)
		frames->shortest_cut = frame->length - digest.layer3;
	return add_row(frames, capacity, &row);
}

struct channel_frame frames_channel_frame(const struct frame_row *row, uint32_t handle)
{
	return (struct channel_frame){
		.bytes = row->wire_length,
		.handle = handle,
		.flow = row->flow,
		.dscp = row->dscp,
		.ecn = row->ecn,
		.protocol = row->protocol,
		.is_segment = row->is_segment,
		.source_port = row->source_port,
		.target_port = row->target_port,
	};
}

static int read_all(struct trace_reader *reader, struct picker *picker,
		    const struct frames_choice *choice, const struct digest_options *options,
		    struct frames *frames, struct error *error)
{
	bool preferred = choice->preferred;
	struct trace_frame frame;
	size_t capacity = 0;
	int got;

	while ((got = trace_read(reader, &frame, error)) > 0) {
		if (preferred && picker->wanted && !file_has(reader, picker->wanted))
			picker->wanted = NULL;
		preferred = false;
		if (!picker->decided || picker->interface != frame.interface) {
			got = decide(picker, reader, frame.interface, frames, error);
			if (got < 0)
				return got;
		}
		if (!picker->takes)
			continue;
		if (choice->takes && !choice->takes(choice->context, frame.bytes, frame.length)) {
			frames->passed_over++;
			continue;
		}
		if (frames->count == UINT32_MAX - 1)
			return error_set(error, -EFBIG, picker->path,
					 "holds more than 4294967294 frames; split it");
		if (add_frame(frames, &capacity, options, &frame) < 0)
			return error_set(error, -ENOMEM, picker->path,
					 "no memory for its %zu frames and more", frames->count);
	}
	if (got == 0 && picker->wanted && !preferred && !file_has(reader, picker->wanted))
		return error_set(error, -ENOENT, picker->path, "has no interface named \"%s\"",
				 picker->wanted);
	return got;
}

int frames_load(const char *path, const struct frames_choice *choice,
		const struct digest_options *options, struct frames *frames, struct error *error)
{
	struct picker picker = {.path = path, .wanted = choice->interface};
	struct trace_reader *reader = trace_open(path, error);
	int code;

	*frames = (struct frames){.have_ids = true, .shortest_cut = UINT32_MAX};
	if (!reader)
		return error ? error->code : -EINVAL;
	code = read_all(reader, &picker, choice, options, frames, error);
	if (trace_warning(reader))
		snprintf(frames->warning, sizeof(frames->warning), "%s", trace_warning(reader));
	trace_close(reader);
	if (frames->count == 0)
		frames->have_ids = false;
	if (code < 0)
		frames_free(frames);
	return code;
}

void frames_free(struct frames *frames)
{
	free(frames->rows);
	*frames = (struct frames){0};
}
