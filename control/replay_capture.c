// SPDX-License-Identifier: BSD-3-Clause
// The capture of every point. Each worker sets aside what it sees, in order of time; afterwards the
// streams are merged. What happened in one and the same nanosecond is sorted, so that the outcome
// does not tell who saw it.
#include "control/replay_capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/stream.h"
#include "pcaps/trace.h"

struct seen {
	struct stream_record record;
	uint8_t *bytes;
	size_t place; // in order of reading: keeps a worker's own order among equals
};

struct lane {
	struct stream *stream;
	int fault;
	struct stream_record record; // the next one, while merging
	const uint8_t *bytes;
	bool there;
};

struct replay_capture {
	const char *path;
	const struct topology *topology;
	uint64_t clock_ns;
	struct trace_writer *writer;
	struct lane *lanes; // [worker]
	unsigned lane_count;
	struct seen *seen; // of one nanosecond
	size_t seen_count;
	size_t seen_room;
};

static struct trace_writer *begin_file(const char *path, const struct topology *topology,
				       const char *application, struct error *error)
{
	size_t channels = 2 * topology->link_count;
	char(*names)[TOPOLOGY_NAME_MAX + 24] = calloc(2 * channels + 1, sizeof(*names));
	const char **pointers = calloc(2 * channels + 1, sizeof(*pointers));
	struct trace_writer *writer = NULL;

	if (names && pointers) {
		for (uint32_t c = 0; c < channels; c++) {
			topology_channel_name(topology, c, names[2 * c], sizeof(names[0]));
			topology_channel_name(topology, c, names[2 * c + 1], sizeof(names[0]));
			strcat(names[2 * c + 1], " out");
			pointers[2 * c] = names[2 * c];
			pointers[2 * c + 1] = names[2 * c + 1];
		}
		writer = trace_create(path, TRACE_PCAPNG, pointers, 2 * channels, application,
				      error);
	} else {
		error_set(error, -ENOMEM, path, "no memory for the capture");
	}
	free(names);
	free(pointers);
	return writer;
}

struct replay_capture *replay_capture_open(const struct replay_options *options, unsigned workers,
					   uint64_t clock_ns, const char *application,
					   struct error *error)
{
	const char *path = options->capture;
	struct replay_capture *capture = calloc(1, sizeof(*capture));

	if (trace_format_of(path) == TRACE_PCAP) {
		error_set(error, -EINVAL, path,
			  "a pcap file has one interface, and each channel needs its own (name it "
			  ".pcapng)");
		free(capture);
		return NULL;
	}
	if (capture)
		capture->lanes = calloc(workers, sizeof(*capture->lanes));
	if (!capture || !capture->lanes) {
		error_set(error, -ENOMEM, path, "no memory for the capture");
		free(capture);
		return NULL;
	}
	capture->path = path;
	capture->topology = options->topology;
	capture->clock_ns = clock_ns;
	capture->lane_count = workers;
	capture->writer = begin_file(path, options->topology, application, error);
	if (capture->writer)
		trace_stop_on(capture->writer, options->interrupted);
	for (unsigned i = 0; capture->writer && i < workers; i++) {
		capture->lanes[i].stream = stream_create(path, error);
		if (!capture->lanes[i].stream) {
			replay_capture_close(capture);
			return NULL;
		}
	}
	if (!capture->writer) {
		replay_capture_close(capture);
		return NULL;
	}
	return capture;
}

void replay_capture_observe(void *context, unsigned worker,
			    const struct engine_observation *observation)
{
	struct replay_capture *capture = context;
	struct lane *lane = &capture->lanes[worker];
	struct stream_record record = {.at_ns = observation->frame.at_ns,
				       .packet = observation->frame.packet,
				       .due_at_ns = observation->due_at_ns,
				       .channel = observation->channel,
				       .point = (uint32_t)observation->point,
				       .reason = (uint32_t)observation->reason,
				       .length = observation->frame.length,
				       .wire_length = observation->frame.wire_length};

	if (!lane->fault)
		lane->fault = stream_write(lane->stream, &record, observation->frame.bytes);
}

static int aside_failed(const struct replay_capture *capture, int code, struct error *error)
{
	return error_set(error, code, capture->path, "cannot set frames aside beside it: %s",
			 strerror(-code));
}

int replay_capture_fault(const struct replay_capture *capture, struct error *error)
{
	for (unsigned i = 0; i < capture->lane_count; i++) {
		if (capture->lanes[i].fault)
			return aside_failed(capture, capture->lanes[i].fault, error);
	}
	return 0;
}

// ---- Merging ----

static int by_packet(const void *a, const void *b)
{
	const struct seen *left = a;
	const struct seen *right = b;

#define COMPARE(l, r)                                                                              \
	if ((l) != (r))                                                                            \
	return (l) < (r) ? -1 : 1
	COMPARE(left->record.packet, right->record.packet);
	// A packet leaves one channel before it enters the next.
	COMPARE(left->record.point != ENGINE_CHANNEL_LEAVE,
		right->record.point != ENGINE_CHANNEL_LEAVE);
	COMPARE(left->record.channel, right->record.channel);
	COMPARE(left->record.point, right->record.point);
	COMPARE(left->record.reason, right->record.reason);
	COMPARE(left->record.due_at_ns, right->record.due_at_ns);
	COMPARE(left->place, right->place);
#undef COMPARE
	return 0;
}

static int write_seen(struct replay_capture *capture, const struct seen *seen, struct error *error)
{
	const struct stream_record *record = &seen->record;
	char comment[256];
	char channel[TOPOLOGY_NAME_MAX + 16];
	struct trace_frame frame = {
		.at_ns = capture->clock_ns + record->at_ns,
		.bytes = seen->bytes,
		.length = record->length,
		.wire_length = record->wire_length,
		.interface = 2 * record->channel + (record->point == ENGINE_CHANNEL_LEAVE),
		.packet_id = record->packet,
	};

	if (record->point == ENGINE_CHANNEL_LOST) {
		topology_channel_name(capture->topology, record->channel, channel, sizeof(channel));
		if (record->due_at_ns)
			snprintf(comment, sizeof(comment),
				 "corridor: channel=%s lost=%s due=%" PRIu64, channel,
				 drop_reason_name((enum drop_reason)record->reason),
				 capture->clock_ns + record->due_at_ns);
		else
			snprintf(comment, sizeof(comment), "corridor: channel=%s lost=%s", channel,
				 drop_reason_name((enum drop_reason)record->reason));
		frame.comment = comment;
	}
	return trace_write(capture->writer, &frame, error);
}

static int flush_seen(struct replay_capture *capture, struct error *error)
{
	int rc = 0;

	if (capture->seen_count > 1)
		qsort(capture->seen, capture->seen_count, sizeof(*capture->seen), by_packet);
	for (size_t i = 0; i < capture->seen_count; i++) {
		if (!rc)
			rc = write_seen(capture, &capture->seen[i], error);
		free(capture->seen[i].bytes);
	}
	capture->seen_count = 0;
	return rc;
}

static int keep(struct replay_capture *capture, const struct lane *lane)
{
	struct seen *seen;

	if (capture->seen_count == capture->seen_room) {
		size_t room = capture->seen_room ? capture->seen_room * 2 : 64;
		struct seen *more = realloc(capture->seen, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		capture->seen = more;
		capture->seen_room = room;
	}
	seen = &capture->seen[capture->seen_count];
	seen->record = lane->record;
	seen->place = capture->seen_count;
	seen->bytes = malloc(lane->record.length ? lane->record.length : 1);
	if (!seen->bytes)
		return -ENOMEM;
	if (lane->record.length)
		memcpy(seen->bytes, lane->bytes, lane->record.length);
	capture->seen_count++;
	return 0;
}

static int advance(struct lane *lane)
{
	int rc = stream_read(lane->stream, &lane->record, &lane->bytes);

	lane->there = rc == 1;
	return rc < 0 ? rc : 0;
}

// The lane with the earliest record, or NULL at the end.
static struct lane *earliest(struct replay_capture *capture)
{
	struct lane *found = NULL;

	for (unsigned i = 0; i < capture->lane_count; i++) {
		struct lane *lane = &capture->lanes[i];

		if (lane->there && (!found || lane->record.at_ns < found->record.at_ns))
			found = lane;
	}
	return found;
}

int replay_capture_merge(struct replay_capture *capture, struct error *error)
{
	struct lane *lane;
	int rc = 0;

	for (unsigned i = 0; !rc && i < capture->lane_count; i++) {
		rc = stream_rewind(capture->lanes[i].stream);
		if (!rc)
			rc = advance(&capture->lanes[i]);
	}
	while (!rc && (lane = earliest(capture))) {
		if (capture->seen_count > 0 &&
		    capture->seen[0].record.at_ns != lane->record.at_ns) {
			rc = flush_seen(capture, error);
			if (rc)
				return rc;
		}
		rc = keep(capture, lane);
		if (!rc)
			rc = advance(lane);
	}
	if (rc)
		return aside_failed(capture, rc, error);
	return flush_seen(capture, error);
}

int replay_capture_finish(struct replay_capture *capture, struct error *error)
{
	struct trace_writer *writer = capture->writer;

	capture->writer = NULL;
	return trace_finish(writer, error);
}

void replay_capture_close(struct replay_capture *capture)
{
	if (!capture)
		return;
	trace_abandon(capture->writer);
	for (unsigned i = 0; i < capture->lane_count; i++)
		stream_destroy(capture->lanes[i].stream);
	for (size_t i = 0; i < capture->seen_count; i++)
		free(capture->seen[i].bytes);
	free(capture->seen);
	free(capture->lanes);
	free(capture);
}
