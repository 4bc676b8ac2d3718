// SPDX-License-Identifier: BSD-3-Clause
// What the readers of both capture formats share. Private to pcaps/trace*.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/model/error.h"
#include "pcaps/trace.h"
#include "pcaps/trace_input.h"

// Longest frame that a capture of Ethernet may hold, as in libpcap.
#define TRACE_FRAME_MOST 262144

// What a format found: a frame, something else, or the end.
enum trace_step {
	TRACE_STEP_END,   // the file ends between two records
	TRACE_STEP_CUT,   // the file ends within a record
	TRACE_STEP_FRAME, // one frame
	TRACE_STEP_OTHER  // no frame: go on
};

// One interface of a pcapng file. ns = ticks * multiplier, or ticks * 10^9 >> shift, or
// ticks / divider; then the offset is added.
struct trace_interface {
	char *name;          // NULL: none was given
	uint64_t multiplier; // 0: use shift or divider
	uint64_t divider;    // 0: use shift
	unsigned shift;
	int64_t offset_s;
	uint32_t snap_bytes; // 0: no limit
};

struct trace_reader {
	char *path;
	struct trace_input input;
	struct pcap *pcap; // libpcap's handle of a classic file, NULL for pcapng

	// pcapng
	bool swapped; // the section's byte order is not ours
	struct trace_interface *interfaces;
	size_t interface_count;
	size_t interface_capacity;
	size_t section_first; // the section's interface 0

	uint64_t frames;
	uint64_t last_ns;
	uint64_t backward;  // frames whose time was raised
	uint64_t early;     // frames from before 1970
	uint64_t unstamped; // frames without a time (simple packet blocks)
	bool ended;
	int fault; // negative errno of a fault that has been reported
	char warning[512];
	char comment[65536];
};

// Refuses a link type by its name; `link_type` is the number in the file. Returns -EINVAL.
int trace_refuse_link_type(const struct trace_reader *reader, unsigned link_type,
			   struct error *error);

// Classic files, through libpcap. The header has not been taken yet. 0 or a negative errno.
int trace_pcap_open(struct trace_reader *reader, struct error *error);
int trace_pcap_step(struct trace_reader *reader, struct trace_frame *frame, struct error *error);
void trace_pcap_close(struct trace_reader *reader);

// pcapng: an enum trace_step, or a negative errno with a sentence.
int trace_pcapng_step(struct trace_reader *reader, struct trace_frame *frame, struct error *error);
void trace_pcapng_close(struct trace_reader *reader);
