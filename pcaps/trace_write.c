// SPDX-License-Identifier: BSD-3-Clause
// Writing captures: nanosecond pcapng and pcap, aside and renamed when all is well.
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcaps/aside.h"
#include "pcaps/trace.h"

#define FLUSH_BYTES   ((size_t)256 * 1024) // written at once
#define FRAME_MOST    262144
#define COMMENT_MOST  65535
#define BLOCK_MOST    (FRAME_MOST + COMMENT_MOST + 64)
#define LINK_ETHERNET 1
#define LOOK_MS       100 // how long a wish to stop may go unseen

struct trace_writer {
	struct aside aside;
	char *path; // for messages
	enum trace_format format;
	size_t interface_count;
	uint64_t *frames; // per interface
	uint64_t last_ns;
	struct error fault;                // code 0: none so far
	const volatile sig_atomic_t *stop; // once it is not 0, no reader is waited for; or NULL
	size_t used;
	uint8_t buffer[FLUSH_BYTES + BLOCK_MOST];
};

enum trace_format trace_format_of(const char *path)
{
	size_t length = strlen(path);

	return length >= 5 && strcmp(path + length - 5, ".pcap") == 0 ? TRACE_PCAP : TRACE_PCAPNG;
}

static int fail(struct trace_writer *writer, int code, const char *what)
{
	return error_set(&writer->fault, code, writer->path, "cannot be written: %s", what);
}

// How much may be written without waiting for longer than LOOK_MS: 0 when it is to be asked again.
static size_t room_for(const struct trace_writer *writer, size_t bytes)
{
	struct pollfd polled = {.fd = writer->aside.descriptor, .events = POLLOUT};

	if (!writer->stop)
		return bytes;
	// A pipe that can be written has room for that much.
	return poll(&polled, 1, LOOK_MS) <= 0 ? 0 : bytes < PIPE_BUF ? bytes : PIPE_BUF;
}

static int flush(struct trace_writer *writer)
{
	size_t done = 0;

	while (done < writer->used) {
		size_t room = room_for(writer, writer->used - done);
		ssize_t put;

		if (writer->stop && *writer->stop)
			return fail(writer, -EINTR, strerror(EINTR));
		if (room == 0)
			continue;
		put = write(writer->aside.descriptor, writer->buffer + done, room);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return fail(writer, put < 0 ? -errno : -EIO,
				    put < 0 ? strerror(errno) : "nothing was taken");
		done += (size_t)put;
	}
	writer->used = 0;
	return 0;
}

// Room for the next `bytes` (at most BLOCK_MOST), or NULL after a fault.
static uint8_t *reserve(struct trace_writer *writer, size_t bytes)
{
	uint8_t *at;

	if (writer->used >= FLUSH_BYTES && flush(writer) < 0)
		return NULL;
	at = writer->buffer + writer->used;
	writer->used += bytes;
	return at;
}

static uint8_t *put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static uint8_t *put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static size_t padded(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

// Bytes and zeros up to a multiple of four.
static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t length)
{
	if (length == 0)
		return at;
	memset(at + padded(length) - 4, 0, 4);
	memcpy(at, bytes, length);
	return at + padded(length);
}

static uint8_t *put_option(uint8_t *at, uint16_t code, const void *value, size_t length)
{
	at = put16(at, code);
	at = put16(at, (uint16_t)length);
	return put_bytes(at, value, length);
}

static size_t option_bytes(size_t length)
{
	return 4 + padded(length);
}

static int write_section(struct trace_writer *writer, const char *application)
{
	uint32_t length = (uint32_t)(28 + option_bytes(strlen(application)) + 4);
	uint8_t *at = reserve(writer, length);

	if (!at)
		return writer->fault.code;
	at = put32(at, 0x0a0d0d0a);
	at = put32(at, length);
	at = put32(at, 0x1a2b3c4d);
	at = put16(at, 1);
	at = put16(at, 0);
	at = put64(at, UINT64_MAX); // length of the section: not known while it is written
	at = put_option(at, 4, application, strlen(application)); // shb_userappl
	at = put32(at, 0);
	put32(at, length);
	return 0;
}

static int write_interface(struct trace_writer *writer, const char *name)
{
	uint32_t length = (uint32_t)(20 + option_bytes(strlen(name)) + option_bytes(1) + 4);
	uint8_t *at = reserve(writer, length);

	if (!at)
		return writer->fault.code;
	at = put32(at, 1);
	at = put32(at, length);
	at = put16(at, LINK_ETHERNET);
	at = put16(at, 0);
	at = put32(at, 0);                          // no snapshot length: frames are whole
	at = put_option(at, 2, name, strlen(name)); // if_name
	at = put_option(at, 9, "\x09", 1);          // if_tsresol: nanoseconds
	at = put32(at, 0);
	put32(at, length);
	return 0;
}

static int write_statistics(struct trace_writer *writer, uint32_t interface)
{
	const uint32_t length = 24 + 4 + 8 + 4;
	uint8_t *at = reserve(writer, length);

	if (!at)
		return writer->fault.code;
	at = put32(at, 5);
	at = put32(at, length);
	at = put32(at, interface);
	at = put32(at, (uint32_t)(writer->last_ns >> 32));
	at = put32(at, (uint32_t)writer->last_ns);
	at = put_option(at, 4, &writer->frames[interface], 8); // isb_ifrecv
	at = put32(at, 0);
	put32(at, length);
	return 0;
}

static int write_pcap_header(struct trace_writer *writer)
{
	uint8_t *at = reserve(writer, 24);

	if (!at)
		return writer->fault.code;
	at = put32(at, 0xa1b23c4d); // nanoseconds
	at = put16(at, 2);
	at = put16(at, 4);
	at = put64(at, 0);
	at = put32(at, FRAME_MOST);
	put32(at, LINK_ETHERNET);
	return 0;
}

static int write_head(struct trace_writer *writer, const char *const *interfaces,
		      const char *application)
{
	int code;

	if (writer->format == TRACE_PCAP)
		return write_pcap_header(writer);
	code = write_section(writer, application);
	for (size_t i = 0; code == 0 && i < writer->interface_count; i++)
		code = write_interface(writer, interfaces[i]);
	return code;
}

static int check_request(struct trace_writer *writer, const char *const *interfaces,
			 const char *application)
{
	if (writer->format == TRACE_PCAP && writer->interface_count != 1)
		return fail(writer, -EINVAL,
			    "a .pcap file has one interface; name it .pcapng for more");
	if (strlen(application) > COMMENT_MOST)
		return fail(writer, -EINVAL, "the application's name is too long");
	for (size_t i = 0; i < writer->interface_count; i++)
		if (strlen(interfaces[i]) > COMMENT_MOST)
			return fail(writer, -EINVAL, "an interface's name is too long");
	return 0;
}

struct trace_writer *trace_create(const char *path, enum trace_format format,
				  const char *const *interfaces, size_t interface_count,
				  const char *application, struct error *error)
{
	struct trace_writer *writer = malloc(sizeof(*writer));

	if (!writer) {
		error_set(error, -ENOMEM, path, "no memory for a writer");
		return NULL;
	}
	memset(writer, 0, offsetof(struct trace_writer, buffer));
	writer->aside.descriptor = -1;
	writer->format = format;
	writer->interface_count = interface_count;
	writer->path = strdup(path);
	writer->frames = calloc(interface_count + 1, sizeof(*writer->frames));
	if (!writer->path || !writer->frames) {
		error_set(error, -ENOMEM, path, "no memory for a writer");
		trace_abandon(writer);
		return NULL;
	}
	if (check_request(writer, interfaces, application) < 0 ||
	    aside_open(&writer->aside, path, &writer->fault) < 0 ||
	    write_head(writer, interfaces, application) < 0) {
		if (error)
			*error = writer->fault;
		trace_abandon(writer);
		return NULL;
	}
	return writer;
}

void trace_stop_on(struct trace_writer *writer, const volatile sig_atomic_t *stop)
{
	struct stat status;

	if (fstat(writer->aside.descriptor, &status) == 0 && !S_ISREG(status.st_mode))
		writer->stop = stop;
}

static int write_pcap_frame(struct trace_writer *writer, const struct trace_frame *frame)
{
	uint64_t seconds = frame->at_ns / 1000000000u;
	uint8_t *at;

	if (seconds > UINT32_MAX)
		return fail(writer, -ERANGE,
			    "a time beyond the year 2106 does not fit into .pcap; "
			    "name the file .pcapng");
	at = reserve(writer, 16 + (size_t)frame->length);
	if (!at)
		return writer->fault.code;
	at = put32(at, (uint32_t)seconds);
	at = put32(at, (uint32_t)(frame->at_ns - seconds * 1000000000u));
	at = put32(at, frame->length);
	at = put32(at, frame->wire_length);
	if (frame->length)
		memcpy(at, frame->bytes, frame->length);
	return 0;
}

static int write_pcapng_frame(struct trace_writer *writer, const struct trace_frame *frame)
{
	bool has_id = frame->packet_id != TRACE_NO_PACKET_ID;
	size_t comment = frame->comment ? strlen(frame->comment) : 0;
	size_t options = (has_id ? option_bytes(8) : 0) + (comment ? option_bytes(comment) : 0);
	uint32_t length;
	uint8_t *at;

	if (comment > COMMENT_MOST)
		return fail(writer, -EINVAL, "a comment is longer than 65535 bytes");
	length = (uint32_t)(32 + padded(frame->length) + (options ? options + 4 : 0));
	at = reserve(writer, length);
	if (!at)
		return writer->fault.code;
	at = put32(at, 6);
	at = put32(at, length);
	at = put32(at, frame->interface);
	at = put32(at, (uint32_t)(frame->at_ns >> 32));
	at = put32(at, (uint32_t)frame->at_ns);
	at = put32(at, frame->length);
	at = put32(at, frame->wire_length);
	at = put_bytes(at, frame->bytes, frame->length);
	if (comment)
		at = put_option(at, 1, frame->comment, comment);
	if (has_id)
		at = put_option(at, 5, &frame->packet_id, 8); // epb_packetid
	if (options)
		at = put32(at, 0);
	put32(at, length);
	return 0;
}

int trace_write(struct trace_writer *writer, const struct trace_frame *frame, struct error *error)
{
	if (writer->fault.code == 0) {
		if (frame->interface >= writer->interface_count)
			fail(writer, -EINVAL, "a frame belongs to an interface that was not named");
		else if (frame->length > FRAME_MOST)
			fail(writer, -EINVAL, "a frame is longer than 262144 bytes");
		else if (writer->format == TRACE_PCAP)
			write_pcap_frame(writer, frame);
		else
			write_pcapng_frame(writer, frame);
	}
	if (writer->fault.code < 0) {
		if (error)
			*error = writer->fault;
		return writer->fault.code;
	}
	writer->frames[frame->interface]++;
	writer->last_ns = frame->at_ns;
	return 0;
}

int trace_finish(struct trace_writer *writer, struct error *error)
{
	int code;

	if (writer->format == TRACE_PCAPNG)
		for (size_t i = 0; writer->fault.code == 0 && i < writer->interface_count; i++)
			write_statistics(writer, (uint32_t)i);
	if (writer->fault.code == 0)
		flush(writer);
	if (writer->fault.code == 0)
		aside_finish(&writer->aside, &writer->fault);
	code = writer->fault.code;
	if (code < 0 && error)
		*error = writer->fault;
	trace_abandon(writer);
	return code;
}

void trace_abandon(struct trace_writer *writer)
{
	if (!writer)
		return;
	aside_abandon(&writer->aside);
	free(writer->path);
	free(writer->frames);
	free(writer);
}
