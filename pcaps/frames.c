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
	bool ipv6;
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
	row.has_dscp = frame_ip_offset(frame->bytes, frame->length, &ipv6) != 0;
	row.ecn = header.ecn;
	row.protocol = header.protocol;
	row.is_segment = header.is_segment;
	if (options->scope == DIGEST_ROUTED)
		row.cut_up = (uint8_t)fragments_kind(options, frame->bytes, frame->length,
						     &row.datagram);
	if (frame->packet_id == TRACE_NO_PACKET_ID)
		frames->have_ids = false;
	return add_row(frames, capacity, &row);
}

// Notes how little there is of a frame that was cut short. (`takes` cannot read what is cut too
// short.)
static void note_cut(struct frames *frames, const struct digest_options *options,
		     const struct trace_frame *frame)
{
	uint32_t type;
	uint32_t before = options->scope == DIGEST_ROUTED
				  ? digest_layer3(frame->bytes, frame->length, &type)
				  : 0;
	uint32_t left = frame->length > before ? frame->length - before : 0;

	if (frame->length < frame->wire_length && left < frames->shortest_cut)
		frames->shortest_cut = left;
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

// The row just added may be the last fragment of a packet.
static int collect(struct frames *frames, struct fragments *fragments,
		   const struct digest_options *options, const struct trace_frame *frame)
{
	struct frames_whole whole = {.row = frames->count - 1};
	struct frames_whole *grown;
	int complete;

	if (frames->rows[whole.row].cut_up != FRAGMENTS_PART)
		return 0;
	complete = fragments_add(fragments, options, frame->bytes, frame->length, &whole.digest);
	if (complete <= 0)
		return complete;
	if ((frames->whole_count & (frames->whole_count - 1)) == 0) {
		grown = reallocarray(frames->wholes,
				     frames->whole_count ? 2 * frames->whole_count : 1,
				     sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		frames->wholes = grown;
	}
	frames->wholes[frames->whole_count++] = whole;
	return 0;
}

static int read_all(struct trace_reader *reader, struct picker *picker,
		    const struct frames_choice *choice, const struct digest_options *options,
		    struct fragments *fragments, struct frames *frames, struct error *error)
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
		note_cut(frames, options, &frame);
		if (choice->takes && !choice->takes(choice->context, frame.bytes, frame.length)) {
			frames->passed_over++;
			continue;
		}
		if (frames->count == UINT32_MAX - 1)
			return error_set(error, -EFBIG, picker->path,
					 "holds more than 4294967294 frames; split it");
		if (add_frame(frames, &capacity, options, &frame) < 0 ||
		    (fragments && collect(frames, fragments, options, &frame) < 0))
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
	struct fragments *fragments = NULL;
	int code;

	*frames = (struct frames){.have_ids = true, .shortest_cut = UINT32_MAX};
	if (!reader)
		return error ? error->code : -EINVAL;
	if (choice->collects && options->scope == DIGEST_ROUTED)
		fragments = fragments_create();
	if (choice->collects && options->scope == DIGEST_ROUTED && !fragments)
		code = error_set(error, -ENOMEM, path, "no memory for fragments");
	else
		code = read_all(reader, &picker, choice, options, fragments, frames, error);
	fragments_destroy(fragments);
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
	free(frames->wholes);
	*frames = (struct frames){0};
}

// ---- Fragments ----

// A set of numbers that are not 0.
struct set {
	uint64_t *slots;
	size_t mask;
};

static size_t find_in(const struct set *set, uint64_t value)
{
	size_t slot = (value * UINT64_C(0x9e3779b97f4a7c15) >> 20) & set->mask;

	while (set->slots[slot] && set->slots[slot] != value)
		slot = (slot + 1) & set->mask;
	return slot;
}

static bool set_has(const struct set *set, uint64_t value)
{
	return set->slots[find_in(set, value)] == value;
}

static bool set_begin(struct set *set, size_t most)
{
	size_t slots = 16;

	while (slots < 2 * most)
		slots *= 2;
	*set = (struct set){.slots = calloc(slots, sizeof(*set->slots)), .mask = slots - 1};
	return set->slots;
}

static void set_add(struct set *set, uint64_t value)
{
	set->slots[find_in(set, value)] = value;
}

static void become_whole(struct frame_row *row, const struct digest *digest)
{
	row->key = digest->key;
	row->lanes = digest->lanes;
	row->length = digest->length;
	row->cut_up = FRAGMENTS_MAY_CUT;
}

static void join(struct frames *received, const struct set *packets, const struct set *cut,
		 const struct set *parts)
{
	size_t whole = 0, kept = 0;

	for (size_t i = 0; i < received->count; i++) {
		struct frame_row *row = &received->rows[i];
		const struct frames_whole *ends =
			whole < received->whole_count && received->wholes[whole].row == i
				? &received->wholes[whole++]
				: NULL;
		bool is_new = row->cut_up == FRAGMENTS_PART && !set_has(parts, row->key);

		if (is_new && set_has(packets, row->datagram)) {
			received->parts++;
			if (!ends)
				continue;
			become_whole(row, &ends->digest);
		} else if (is_new && set_has(cut, row->datagram)) {
			received->parts++; // of a fragment, which is lost with that
			continue;
		}
		received->rows[kept++] = *row;
	}
	received->count = kept;
	received->whole_count = 0;
}

int frames_join(const struct frames *sent, struct frames *received, struct error *error)
{
	// Of what was sent: the packets that were whole, those that were not, and their parts.
	struct set packets = {0}, cut = {0}, parts = {0};
	int code = -ENOMEM;

	if (set_begin(&packets, sent->count) && set_begin(&cut, sent->count) &&
	    set_begin(&parts, sent->count)) {
		for (size_t i = 0; i < sent->count; i++) {
			const struct frame_row *row = &sent->rows[i];

			if (row->cut_up == FRAGMENTS_MAY_CUT)
				set_add(&packets, row->datagram);
			if (row->cut_up == FRAGMENTS_PART) {
				set_add(&cut, row->datagram);
				set_add(&parts, row->key);
			}
		}
		join(received, &packets, &cut, &parts);
		code = 0;
	}
	free(packets.slots);
	free(cut.slots);
	free(parts.slots);
	return code ? error_set(error, code, "fragments", "no memory for %zu frames", sent->count)
		    : 0;
}
