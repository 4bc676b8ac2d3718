// SPDX-License-Identifier: BSD-3-Clause
// What a replay leaves behind: a capture for each port, or one for several.
#include "control/replay_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcaps/aside.h"

static struct replay_output_file *file_named(struct replay_outputs *outputs, const char *path)
{
	for (size_t i = 0; i < outputs->file_count; i++) {
		if (aside_is_same(outputs->files[i].path, path))
			return &outputs->files[i];
	}
	outputs->files[outputs->file_count].path = path;
	return &outputs->files[outputs->file_count++];
}

static int assign_ports(struct replay_outputs *outputs, const struct replay_options *options,
			uint64_t clock_ns, struct error *error)
{
	for (size_t i = 0; i < options->output_count; i++) {
		const struct replay_file *wanted = &options->outputs[i];
		struct replay_output *output = &outputs->ports[i];

		output->port = topology_find_port(options->topology, wanted->port);
		if (output->port == TOPOLOGY_NONE)
			return error_set(error, -EINVAL, "--out",
					 "topology %s has no port \"%s\" (corridor check lists "
					 "them)",
					 options->topology->name, wanted->port);
		for (size_t j = 0; j < i; j++) {
			if (outputs->ports[j].port == output->port)
				return error_set(error, -EINVAL, "--out",
						 "port %s is named twice (one file a port)",
						 wanted->port);
		}
		output->file = file_named(outputs, wanted->path);
		output->file->clock_ns = clock_ns;
		output->interface = (uint32_t)output->file->port_count++;
		outputs->port_count++;
	}
	return 0;
}

static int begin_file(struct replay_outputs *outputs, struct replay_output_file *file,
		      const struct topology *topology, const char *application,
		      const volatile sig_atomic_t *interrupted, struct error *error)
{
	enum trace_format format = trace_format_of(file->path);
	const char **names;
	size_t count = 0;

	if (format == TRACE_PCAP && file->port_count > 1)
		return error_set(error, -EINVAL, file->path,
				 "a pcap file has one interface, and %zu ports are to go there "
				 "(name it .pcapng)",
				 file->port_count);
	names = calloc(file->port_count + 1, sizeof(*names));
	if (!names)
		return error_set(error, -ENOMEM, file->path, "no memory for the output");
	for (size_t i = 0; i < outputs->port_count; i++) {
		if (outputs->ports[i].file == file)
			names[count++] = topology->ports[outputs->ports[i].port].name;
	}
	file->writer = trace_create(file->path, format, names, count, application, error);
	free(names);
	if (!file->writer)
		return error->code;
	trace_stop_on(file->writer, interrupted);
	return 0;
}

int replay_outputs_open(struct replay_outputs *outputs, const struct replay_options *options,
			uint64_t clock_ns, const char *application, struct error *error)
{
	int rc;

	outputs->ports = calloc(options->output_count + 1, sizeof(*outputs->ports));
	outputs->files = calloc(options->output_count + 1, sizeof(*outputs->files));
	if (!outputs->ports || !outputs->files)
		return error_set(error, -ENOMEM, "--out", "no memory for the outputs");
	rc = assign_ports(outputs, options, clock_ns, error);
	for (size_t i = 0; !rc && i < outputs->file_count; i++)
		rc = begin_file(outputs, &outputs->files[i], options->topology, application,
				options->interrupted, error);
	for (size_t i = 0; !rc && i < outputs->port_count; i++) {
		struct replay_output *output = &outputs->ports[i];

		if (output->file->port_count == 1)
			continue;
		output->stream = stream_create(output->file->path, error);
		rc = output->stream ? 0 : error->code;
	}
	return rc;
}

static int write_frames(void *context, const struct engine_frame *frames, unsigned count)
{
	struct replay_output *output = context;
	int rc = 0;

	for (unsigned i = 0; !rc && i < count; i++) {
		if (output->stream) {
			struct stream_record record = {.at_ns = frames[i].at_ns,
						       .packet = frames[i].packet,
						       .length = frames[i].length,
						       .wire_length = frames[i].wire_length};

			rc = stream_write(output->stream, &record, frames[i].bytes);
			if (rc)
				error_set(&output->fault, rc, output->file->path,
					  "cannot set frames aside beside it: %s", strerror(-rc));
		} else {
			struct trace_frame frame = {.at_ns = output->file->clock_ns +
							     frames[i].at_ns,
						    .bytes = frames[i].bytes,
						    .length = frames[i].length,
						    .wire_length = frames[i].wire_length,
						    .interface = output->interface,
						    .packet_id = frames[i].packet};

			rc = trace_write(output->file->writer, &frame, &output->fault);
			if (rc)
				output->fault.code = rc;
		}
	}
	if (!rc && count > 0)
		output->last_ns = frames[count - 1].at_ns;
	return rc;
}

struct engine_sink replay_output_sink(struct replay_output *output)
{
	return (struct engine_sink){.context = output, .write = write_frames};
}

// The head of a stream that is being merged.
struct head {
	struct replay_output *output;
	struct stream_record record;
	const uint8_t *bytes;
	bool there;
};

static int advance(struct head *head)
{
	int rc = stream_read(head->output->stream, &head->record, &head->bytes);

	head->there = rc == 1;
	return rc < 0 ? rc : 0;
}

static int merge_heads(struct replay_output_file *file, struct head *heads, size_t count,
		       struct error *error)
{
	for (;;) {
		struct head *next = NULL;
		struct trace_frame frame;
		int rc;

		for (size_t i = 0; i < count; i++) {
			if (heads[i].there && (!next || heads[i].record.at_ns < next->record.at_ns))
				next = &heads[i];
		}
		if (!next)
			return 0;
		frame = (struct trace_frame){.at_ns = file->clock_ns + next->record.at_ns,
					     .bytes = next->bytes,
					     .length = next->record.length,
					     .wire_length = next->record.wire_length,
					     .interface = next->output->interface,
					     .packet_id = next->record.packet};
		rc = trace_write(file->writer, &frame, error);
		if (rc)
			return rc;
		rc = advance(next);
		if (rc)
			return error_set(error, rc, file->path,
					 "cannot read what was set aside: %s", strerror(-rc));
	}
}

static int merge_file(struct replay_outputs *outputs, struct replay_output_file *file,
		      struct error *error)
{
	struct head *heads = calloc(file->port_count + 1, sizeof(*heads));
	size_t count = 0;
	int rc = 0;

	if (!heads)
		return error_set(error, -ENOMEM, file->path, "no memory for the output");
	for (size_t i = 0; !rc && i < outputs->port_count; i++) {
		if (outputs->ports[i].file != file)
			continue;
		heads[count].output = &outputs->ports[i];
		rc = stream_rewind(outputs->ports[i].stream);
		if (!rc)
			rc = advance(&heads[count++]);
		if (rc)
			error_set(error, rc, file->path, "cannot read what was set aside: %s",
				  strerror(-rc));
	}
	if (!rc)
		rc = merge_heads(file, heads, count, error);
	free(heads);
	return rc;
}

int replay_outputs_merge(struct replay_outputs *outputs, struct error *error)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < outputs->file_count; i++) {
		if (outputs->files[i].port_count > 1)
			rc = merge_file(outputs, &outputs->files[i], error);
	}
	return rc;
}

int replay_outputs_finish(struct replay_outputs *outputs, struct error *error)
{
	size_t done = 0;
	int rc = 0;

	for (; !rc && done < outputs->file_count; done++) {
		rc = trace_finish(outputs->files[done].writer, error);
		outputs->files[done].writer = NULL;
	}
	if (!rc)
		return 0;
	for (size_t i = 0; i + 1 < done; i++) {
		if (strcmp(outputs->files[i].path, "-") != 0)
			unlink(outputs->files[i].path);
	}
	return rc;
}

void replay_outputs_close(struct replay_outputs *outputs)
{
	for (size_t i = 0; outputs->files && i < outputs->file_count; i++)
		trace_abandon(outputs->files[i].writer);
	for (size_t i = 0; outputs->ports && i < outputs->port_count; i++)
		stream_destroy(outputs->ports[i].stream);
	free(outputs->ports);
	free(outputs->files);
	*outputs = (struct replay_outputs){.port_count = 0};
}
