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

#define NOT_WANTED UINT32_MAX

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
	// [channel], then [port]: the first of its two interfaces in the file; then [site]: its
	// one, for what it loses. Or NOT_WANTED.
	uint32_t *interfaces;
	struct lane *lanes; // [worker]
	unsigned lane_count;
	struct seen *seen; // of one nanosecond
	size_t seen_count;
	size_t seen_room;
};

// ---- Which points ----

// Places are numbered: channels first, then ports, then sites.
static uint32_t place_of_port(const struct topology *topology, uint32_t port)
{
	return LINK_DIRECTIONS * (uint32_t)topology->link_count + port;
}

static uint32_t place_of_site(const struct topology *topology, uint32_t site)
{
	return place_of_port(topology, (uint32_t)topology->port_count) + site;
}

static uint32_t place_count(const struct topology *topology)
{
	return place_of_site(topology, (uint32_t)topology->site_count);
}

// The names of all links and ports, for the nearest one. The caller frees; NULL: no memory.
static const char **all_names(const struct topology *topology)
{
	const char **names =
		calloc(topology->link_count + topology->port_count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; names && i < topology->link_count; i++)
		names[count++] = topology->links[i].name;
	for (size_t i = 0; names && i < topology->port_count; i++)
		names[count++] = topology->ports[i].name;
	return names;
}

static int refuse_name(const struct topology *topology, const char *name, struct error *error)
{
	const char **names = all_names(topology);
	const char *nearest = names ? nearest_word(name, names) : NULL;

	error_set(error, -EINVAL, "--capture",
		  "topology %s has no link, channel or port \"%s\"%s%s%s", topology->name, name,
		  nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
	free(names);
	return -EINVAL;
}

// Marks what a name stands for: a link's both channels, one channel, or a port; a name of both a
// link and a port means both.
static int want(const struct topology *topology, const char *name, bool *wanted,
		struct error *error)
{
	enum link_direction first, last;
	uint32_t link = topology_parse_channel(topology, name, &first, &last);
	uint32_t port = topology_find_port(topology, name);

	if (link == TOPOLOGY_NONE && port == TOPOLOGY_NONE)
		return refuse_name(topology, name, error);
	for (unsigned d = first; link != TOPOLOGY_NONE && d <= (unsigned)last; d++)
		wanted[topology_channel(link, (enum link_direction)d)] = true;
	if (port != TOPOLOGY_NONE)
		wanted[place_of_port(topology, port)] = true;
	return 0;
}

// `names` NULL: everything.
static int want_all(const struct topology *topology, const char *names, bool *wanted,
		    struct error *error)
{
	char *copy, *rest = NULL;
	int rc = 0;

	if (!names) {
		memset(wanted, true, place_count(topology) * sizeof(*wanted));
		return 0;
	}
	copy = strdup(names);
	if (!copy)
		return error_set(error, -ENOMEM, "--capture", "no memory for the names");
	for (char *name = strtok_r(copy, ",", &rest); name && !rc;
	     name = strtok_r(NULL, ",", &rest))
		rc = want(topology, name, wanted, error);
	free(copy);
	return rc;
}

// ---- The file ----

static int name_interfaces(struct replay_capture *capture, const bool *wanted,
			   char (*names)[TOPOLOGY_NAME_MAX + 24], const char **pointers)
{
	const struct topology *topology = capture->topology;
	uint32_t ports = place_of_port(topology, 0), sites = place_of_site(topology, 0);
	char name[TOPOLOGY_NAME_MAX + 16];
	uint32_t count = 0;

	for (uint32_t place = 0; place < place_count(topology); place++) {
		capture->interfaces[place] = wanted[place] ? count : NOT_WANTED;
		if (!wanted[place])
			continue;
		pointers[count] = names[count];
		if (place >= sites) {
			// A site may be called like a port.
			snprintf(names[count++], sizeof(names[0]), "site %s",
				 topology->sites[place - sites].name);
			continue;
		}
		if (place < ports)
			topology_channel_name(topology, place, name, sizeof(name));
		else
			snprintf(name, sizeof(name), "%s", topology->ports[place - ports].name);
		snprintf(names[count], sizeof(names[0]), "%s", name);
		snprintf(names[count + 1], sizeof(names[0]), "%s out", name);
		pointers[count + 1] = names[count + 1];
		count += 2;
	}
	return (int)count;
}

static struct trace_writer *begin_file(struct replay_capture *capture,
				       const struct replay_options *options,
				       const char *application, struct error *error)
{
	size_t most = 2 * place_count(capture->topology) + 1;
	char(*names)[TOPOLOGY_NAME_MAX + 24] = calloc(most, sizeof(*names));
	const char **pointers = calloc(most, sizeof(*pointers));
	bool *wanted = calloc(most, sizeof(*wanted));
	struct trace_writer *writer = NULL;

	capture->interfaces = calloc(most, sizeof(*capture->interfaces));
	if (!names || !pointers || !wanted || !capture->interfaces)
		error_set(error, -ENOMEM, capture->path, "no memory for the capture");
	else if (want_all(capture->topology, options->capture_names, wanted, error) == 0)
		writer = trace_create(capture->path, TRACE_PCAPNG, pointers,
				      (size_t)name_interfaces(capture, wanted, names, pointers),
				      application, error);
	free(names);
	free(pointers);
	free(wanted);
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
			  "a pcap file has one interface, and each point needs its own (name it "
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
	capture->writer = begin_file(capture, options, application, error);
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
	uint32_t place = observation->channel != PLAN_NONE ? observation->channel
			 : observation->port != PLAN_NONE
				 ? place_of_port(capture->topology, observation->port)
				 : place_of_site(capture->topology, observation->site);
	struct stream_record record = {.at_ns = observation->frame.at_ns,
				       .packet = observation->frame.packet,
				       .due_at_ns = observation->due_at_ns,
				       .place = place,
				       .point = (uint32_t)observation->point,
				       .reason = (uint32_t)observation->reason,
				       .length = observation->frame.length,
				       .wire_length = observation->frame.wire_length};

	if (!lane->fault && capture->interfaces[place] != NOT_WANTED)
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

// What comes first of things of one packet and instant: a packet comes in, leaves one channel
// before it enters the next, and goes out.
static unsigned rank(uint32_t point)
{
	switch (point) {
	case ENGINE_PORT_IN:
		return 0;
	case ENGINE_CHANNEL_LEAVE:
		return 1;
	case ENGINE_PORT_OUT:
		return 3;
	default:
		return 2;
	}
}

static int by_packet(const void *a, const void *b)
{
	const struct seen *left = a;
	const struct seen *right = b;

#define COMPARE(l, r)                                                                              \
	if ((l) != (r))                                                                            \
	return (l) < (r) ? -1 : 1
	COMPARE(left->record.packet, right->record.packet);
	COMPARE(rank(left->record.point), rank(right->record.point));
	COMPARE(left->record.place, right->record.place);
	COMPARE(left->record.point, right->record.point);
	COMPARE(left->record.reason, right->record.reason);
	COMPARE(left->record.due_at_ns, right->record.due_at_ns);
	COMPARE(left->place, right->place);
#undef COMPARE
	return 0;
}

// Where a packet was lost, why, and when it was due if it was sent.
static const char *comment_on(const struct replay_capture *capture,
			      const struct stream_record *record, char *comment, size_t size)
{
	const struct topology *topology = capture->topology;
	uint32_t ports = place_of_port(topology, 0), sites = place_of_site(topology, 0);
	char channel[TOPOLOGY_NAME_MAX + 16];
	int used;

	used = snprintf(comment, size, "corridor: %s=%s lost=%s",
			record->place < ports   ? "channel"
			: record->place < sites ? "port"
						: "site",
			record->place < ports   ? topology_channel_name(topology, record->place,
									channel, sizeof(channel))
			: record->place < sites ? topology->ports[record->place - ports].name
						: topology->sites[record->place - sites].name,
			drop_reason_name((enum drop_reason)record->reason));
	if (record->due_at_ns && used > 0 && (size_t)used < size)
		snprintf(comment + used, size - (size_t)used, " due=%" PRIu64,
			 capture->clock_ns + record->due_at_ns);
	return comment;
}

static int write_seen(struct replay_capture *capture, const struct seen *seen, struct error *error)
{
	const struct stream_record *record = &seen->record;
	char comment[256];
	struct trace_frame frame = {
		.at_ns = capture->clock_ns + record->at_ns,
		.bytes = seen->bytes,
		.length = record->length,
		.wire_length = record->wire_length,
		.interface =
			capture->interfaces[record->place] +
			(record->point == ENGINE_CHANNEL_LEAVE || record->point == ENGINE_PORT_OUT),
		.packet_id = record->packet,
	};

	if (record->reason != DROP_NONE)
		frame.comment = comment_on(capture, record, comment, sizeof(comment));
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
	free(capture->interfaces);
	free(capture->lanes);
	free(capture);
}
