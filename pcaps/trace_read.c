// SPDX-License-Identifier: BSD-3-Clause
// Reading captures of either format as one stream of frames in order of time.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcaps/trace.h"
#include "pcaps/trace_reader.h"

static bool begins_with(const uint8_t *head, const char *magic)
{
	return memcmp(head, magic, 4) == 0;
}

// What else a file may be, so that the refusal can say what to do.
static const char *remedy_for(const uint8_t *head)
{
	if (head[0] == 0x1f && head[1] == 0x8b)
		return "is compressed with gzip: unpack it with gunzip first";
	if (begins_with(head, "\x28\xb5\x2f\xfd"))
		return "is compressed with zstd: unpack it with unzstd first";
	if (begins_with(head, "\xfd"
			      "7zX"))
		return "is compressed with xz: unpack it with unxz first";
	return NULL;
}

// Adds to the warning.
__attribute__((format(printf, 2, 3))) static void warn(struct trace_reader *reader,
						       const char *format, ...)
{
	size_t used = strlen(reader->warning);
	va_list arguments;

	if (used == 0)
		used = (size_t)snprintf(reader->warning, sizeof(reader->warning),
					"%.300s: ", reader->path);
	else
		used += (size_t)snprintf(reader->warning + used, sizeof(reader->warning) - used,
					 "; ");
	if (used >= sizeof(reader->warning))
		return;
	va_start(arguments, format);
	vsnprintf(reader->warning + used, sizeof(reader->warning) - used, format, arguments);
	va_end(arguments);
}

// Reads on to the first interface, so that a wrong link type is known when the file is opened.
static int open_pcapng(struct trace_reader *reader, struct error *error)
{
	struct trace_frame frame;
	int step = trace_pcapng_step(reader, &frame, error);

	if (step == TRACE_STEP_CUT || step == TRACE_STEP_END)
		return error_set(error, -EINVAL, reader->path,
				 "breaks off within its section header, so it holds no capture");
	while (step == TRACE_STEP_OTHER && reader->interface_count == 0)
		step = trace_pcapng_step(reader, &frame, error);
	if (step == TRACE_STEP_CUT)
		warn(reader, "breaks off before its first frame");
	reader->ended = step == TRACE_STEP_CUT || step == TRACE_STEP_END;
	return step < 0 ? step : 0;
}

static int open_any(struct trace_reader *reader, struct error *error)
{
	const uint8_t *head = trace_input_peek(&reader->input, 4);

	if (!head) {
		if (reader->input.fault)
			return error_set(error, reader->input.fault, reader->path,
					 "cannot be read: %s", strerror(-reader->input.fault));
		return error_set(error, -EINVAL, reader->path, "is %s, so it holds no capture",
				 trace_input_left(&reader->input) ? "shorter than 4 bytes"
								  : "empty");
	}
	if (remedy_for(head))
		return error_set(error, -EINVAL, reader->path, "%s", remedy_for(head));
	if (begins_with(head, "\x0a\x0d\x0d\x0a"))
		return open_pcapng(reader, error);
	return trace_pcap_open(reader, error);
}

struct trace_reader *trace_open(const char *path, struct error *error)
{
	return trace_open_until(path, NULL, error);
}

struct trace_reader *trace_open_until(const char *path, const volatile sig_atomic_t *stop,
				      struct error *error)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));

	if (!reader) {
		error_set(error, -ENOMEM, path, "no memory for a reader");
		return NULL;
	}
	reader->path = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (!reader->path) {
		free(reader);
		error_set(error, -ENOMEM, path, "no memory for a reader");
		return NULL;
	}
	if (trace_input_open(&reader->input, path, stop, error) < 0 ||
	    open_any(reader, error) < 0) {
		trace_close(reader);
		return NULL;
	}
	return reader;
}

static void end(struct trace_reader *reader, bool cut)
{
	reader->ended = true;
	if (cut)
		warn(reader, "breaks off after frame %llu, used up to there",
		     (unsigned long long)reader->frames);
	if (reader->backward)
		warn(reader, "%llu time stamps ran backwards and were raised to the one before",
		     (unsigned long long)reader->backward);
	if (reader->early)
		warn(reader, "%llu time stamps lie before 1970 and became its first instant",
		     (unsigned long long)reader->early);
	if (reader->unstamped)
		warn(reader, "%llu frames have no time stamp and got that of the one before",
		     (unsigned long long)reader->unstamped);
}

int trace_read(struct trace_reader *reader, struct trace_frame *frame, struct error *error)
{
	int step;

	if (reader->ended)
		return 0;
	if (reader->fault)
		return error_set(error, reader->fault, reader->path,
				 "cannot be read on after a fault");
	do
		step = reader->pcap ? trace_pcap_step(reader, frame, error)
				    : trace_pcapng_step(reader, frame, error);
	while (step == TRACE_STEP_OTHER);
	if (step < 0) {
		reader->fault = step;
		return step;
	}
	if (step != TRACE_STEP_FRAME) {
		end(reader, step == TRACE_STEP_CUT);
		return 0;
	}
	if (frame->at_ns < reader->last_ns) {
		frame->at_ns = reader->last_ns;
		reader->backward++;
	}
	reader->last_ns = frame->at_ns;
	if (frame->wire_length < frame->length)
		frame->wire_length = frame->length;
	reader->frames++;
	return 1;
}

const char *trace_warning(const struct trace_reader *reader)
{
	return reader->warning[0] ? reader->warning : NULL;
}

const char *trace_interface_name(const struct trace_reader *reader, uint32_t interface)
{
	return interface < reader->interface_count ? reader->interfaces[interface].name : NULL;
}

size_t trace_interface_count(const struct trace_reader *reader)
{
	return reader->interface_count;
}

void trace_close(struct trace_reader *reader)
{
	if (!reader)
		return;
	trace_pcap_close(reader);
	trace_pcapng_close(reader);
	trace_input_close(&reader->input);
	free(reader->path);
	free(reader);
}
