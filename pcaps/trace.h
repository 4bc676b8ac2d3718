// SPDX-License-Identifier: BSD-3-Clause
// Capture files: pcap and pcapng in, nanosecond pcapng or pcap out. The only door to libpcap.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"

#define TRACE_NO_PACKET_ID UINT64_MAX

// One captured frame. `bytes` stays valid until the next call on the same reader.
struct trace_frame {
	uint64_t at_ns; // since the epoch of the file (1970 unless the writer chose otherwise)
	const uint8_t *bytes;
	uint32_t length;      // captured
	uint32_t wire_length; // on the wire; >= length
	uint32_t interface;   // index in the file; 0 for pcap
	uint64_t packet_id;   // epb_packetid, or TRACE_NO_PACKET_ID
	const char *comment;  // opt_comment, or NULL
};

struct trace_reader;

// Opens a pcap (either byte order, micro- or nanosecond) or pcapng file. NULL and a sentence when
// it is missing, empty, no capture, or its link type is not Ethernet (named). "-" is standard
// input.
struct trace_reader *trace_open(const char *path, struct error *error);
// The same where a pipe or device may keep its reader waiting for ever: once *stop is not 0, a wait
// ends, and reading fails with -EINTR. `stop` (NULL: as trace_open) must outlive the reader.
struct trace_reader *trace_open_until(const char *path, const volatile sig_atomic_t *stop,
				      struct error *error);
// The next frame: 1; end of file: 0; a fault: negative errno and a sentence. A file that breaks off
// in the middle ends there: 0, and trace_warning() says where. Timestamps that run backwards are
// raised to the one before and counted.
int trace_read(struct trace_reader *reader, struct trace_frame *frame, struct error *error);
// A sentence about what was repaired or left out (truncation, backward steps), or NULL. Complete
// when trace_read has returned 0.
const char *trace_warning(const struct trace_reader *reader);
// Name of an interface of a pcapng file as far as it has been read, or NULL when it has none.
const char *trace_interface_name(const struct trace_reader *reader, uint32_t interface);
// How many interfaces it has described so far; 0 for pcap.
size_t trace_interface_count(const struct trace_reader *reader);
void trace_close(struct trace_reader *reader); // NULL is allowed

enum trace_format {
	TRACE_PCAPNG,
	TRACE_PCAP // nanosecond magic
};

// Format by name: ".pcap" is pcap, all else pcapng.
enum trace_format trace_format_of(const char *path);

struct trace_writer;

// Writes aside ("PATH.part-PID" in the same folder) and renames on trace_finish, so that a fault
// never leaves half a file under `path`. "-" is standard output. Interfaces are named; pcap has
// only one. `application` goes into the section header (version, seed).
struct trace_writer *trace_create(const char *path, enum trace_format format,
				  const char *const *interfaces, size_t interface_count,
				  const char *application, struct error *error);
// Where a pipe may keep its writer waiting for ever: once *stop (NULL is allowed) is not 0, writing
// fails with -EINTR. `stop` must outlive the writer.
void trace_stop_on(struct trace_writer *writer, const volatile sig_atomic_t *stop);
// Appends. Frames should come in order of time. 0 or negative errno (a full disk) with a sentence;
// later calls then return the same fault.
int trace_write(struct trace_writer *writer, const struct trace_frame *frame, struct error *error);
// Flushes, renames and frees; frees in any case. 0 or negative errno with a sentence.
int trace_finish(struct trace_writer *writer, struct error *error);
// Removes what was written aside and frees. NULL is allowed.
void trace_abandon(struct trace_writer *writer);
