// SPDX-License-Identifier: BSD-3-Clause
// pcapng files, block by block: libpcap hides packet ids, comments and the names of interfaces.
// Source: draft-ietf-opsawg-pcapng.
#include "pcaps/trace_reader.h"

#include <byteswap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINKTYPE_ETHERNET 1
#define INTERFACES_MOST   65536
#define NS_PER_S          1000000000u

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, // obsolete
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a
};

enum option_code {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_IF_NAME = 2,
	OPTION_IF_TSRESOL = 9,
	OPTION_IF_TSOFFSET = 14,
	OPTION_EPB_PACKETID = 5
};

static uint16_t get16(const struct trace_reader *reader, const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return reader->swapped ? bswap_16(value) : value;
}

static uint32_t get32(const struct trace_reader *reader, const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return reader->swapped ? bswap_32(value) : value;
}

static uint64_t get64(const struct trace_reader *reader, const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return reader->swapped ? bswap_64(value) : value;
}

static int fault(const struct trace_reader *reader, struct error *error, const char *what)
{
	return error_set(error, -EINVAL, reader->path, "is damaged after frame %llu: %s",
			 (unsigned long long)reader->frames, what);
}

// One option of a list.
struct option {
	uint16_t code;
	uint16_t length;
	const uint8_t *value;
};

// Takes the next option off [*at, end): 1, 0 at the end of the list, -1 when it does not fit.
static int next_option(const struct trace_reader *reader, const uint8_t **at, const uint8_t *end,
		       struct option *option)
{
	size_t padded;

	if (*at == end)
		return 0;
	if (end - *at < 4)
		return -1;
	option->code = get16(reader, *at);
	option->length = get16(reader, *at + 2);
	option->value = *at + 4;
	if (option->code == OPTION_END)
		return 0;
	padded = ((size_t)option->length + 3) & ~(size_t)3;
	if ((size_t)(end - option->value) < padded)
		return -1;
	*at = option->value + padded;
	return 1;
}

// if_tsresol: a power of ten, or of two when the top bit is set. False if it is too fine.
static bool set_resolution(struct trace_interface *interface, uint8_t resolution)
{
	unsigned exponent = resolution & 0x7f;
	uint64_t power = 1;

	interface->multiplier = interface->divider = 0;
	interface->shift = 0;
	if (resolution & 0x80) {
		interface->shift = exponent;
		return exponent <= 63;
	}
	if (exponent > 9 + 19)
		return false;
	for (unsigned i = exponent < 9 ? exponent : 9; i < (exponent < 9 ? 9 : exponent); i++)
		power *= 10;
	if (exponent <= 9)
		interface->multiplier = power;
	else
		interface->divider = power;
	return true;
}

// Instant of a frame, as early as can be said if it lies before 1970 (counted); false when it does
// not fit into 63 bits of nanoseconds, which leaves room for the delays to come.
static bool ticks_to_ns(struct trace_reader *reader, const struct trace_interface *interface,
			uint64_t ticks, uint64_t *at_ns)
{
	unsigned __int128 wide = ticks;
	__int128 sum;

	if (interface->multiplier == 1 && interface->offset_s == 0) {
		*at_ns = ticks;
		return ticks <= INT64_MAX;
	}
	if (interface->multiplier)
		wide *= interface->multiplier;
	else if (interface->divider)
		wide /= interface->divider;
	else
		wide = wide * NS_PER_S >> interface->shift;
	sum = (__int128)wide + (__int128)interface->offset_s * (int64_t)NS_PER_S;
	reader->early += sum < 0;
	if (sum < 0)
		sum = 0;
	if (sum > INT64_MAX)
		return false;
	*at_ns = (uint64_t)sum;
	return true;
}

static int read_section(struct trace_reader *reader, uint32_t length, const uint8_t *block,
			struct error *error)
{
	if (length < 28)
		return fault(reader, error, "a section header is too short");
	if (get16(reader, block + 12) != 1)
		return error_set(error, -EINVAL, reader->path,
				 "is pcapng of version %u, but version 1 is what is known",
				 get16(reader, block + 12));
	reader->section_first = reader->interface_count;
	return TRACE_STEP_OTHER;
}

static int add_interface(struct trace_reader *reader, const struct trace_interface *interface)
{
	if (reader->interface_count == reader->interface_capacity) {
		size_t capacity = reader->interface_capacity ? 2 * reader->interface_capacity : 8;
		struct trace_interface *grown =
			realloc(reader->interfaces, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		reader->interfaces = grown;
		reader->interface_capacity = capacity;
	}
	reader->interfaces[reader->interface_count++] = *interface;
	return 0;
}

static int read_interface_options(struct trace_reader *reader, struct trace_interface *interface,
				  const uint8_t *at, const uint8_t *end, struct error *error)
{
	struct option option;
	int more;

	while ((more = next_option(reader, &at, end, &option)) > 0) {
		if (option.code == OPTION_IF_NAME && !interface->name) {
			interface->name = strndup((const char *)option.value, option.length);
			if (!interface->name)
				return error_set(error, -ENOMEM, reader->path, "no memory");
		} else if (option.code == OPTION_IF_TSRESOL) {
			if (option.length != 1 || !set_resolution(interface, option.value[0]))
				return fault(reader, error, "if_tsresol cannot be understood");
		} else if (option.code == OPTION_IF_TSOFFSET) {
			if (option.length != 8)
				return fault(reader, error, "if_tsoffset has not 8 bytes");
			interface->offset_s = (int64_t)get64(reader, option.value);
		}
	}
	return more < 0 ? fault(reader, error, "an interface's option is too long") : 0;
}

static int read_interface(struct trace_reader *reader, uint32_t length, const uint8_t *block,
			  struct error *error)
{
	struct trace_interface interface = {.multiplier = 1000}; // microseconds unless told
	int code;

	if (length < 20)
		return fault(reader, error, "an interface description is too short");
	if (get16(reader, block + 8) != LINKTYPE_ETHERNET)
		return trace_refuse_link_type(reader, get16(reader, block + 8), error);
	if (reader->interface_count == INTERFACES_MOST)
		return fault(reader, error, "it describes more than 65536 interfaces");
	interface.snap_bytes = get32(reader, block + 12);
	code = read_interface_options(reader, &interface, block + 16, block + length - 4, error);
	if (code == 0 && add_interface(reader, &interface) < 0)
		code = error_set(error, -ENOMEM, reader->path, "no memory for an interface");
	if (code < 0)
		free(interface.name);
	return code < 0 ? code : TRACE_STEP_OTHER;
}

static int read_frame_options(struct trace_reader *reader, struct trace_frame *frame,
			      const uint8_t *at, const uint8_t *end, bool enhanced,
			      struct error *error)
{
	struct option option;
	int more;

	while ((more = next_option(reader, &at, end, &option)) > 0) {
		if (option.code == OPTION_COMMENT && !frame->comment) {
			memcpy(reader->comment, option.value, option.length);
			reader->comment[option.length] = '\0';
			frame->comment = reader->comment;
		} else if (option.code == OPTION_EPB_PACKETID && enhanced && option.length == 8) {
			frame->packet_id = get64(reader, option.value);
		}
	}
	return more < 0 ? fault(reader, error, "a frame's option is too long") : TRACE_STEP_FRAME;
}

// Enhanced and obsolete packet blocks, which differ in the field of the interface only.
static int read_packet(struct trace_reader *reader, uint32_t length, const uint8_t *block,
		       bool enhanced, struct trace_frame *frame, struct error *error)
{
	const struct trace_interface *interface;
	uint32_t number;
	uint32_t captured;
	uint32_t padded;

	if (length < 32)
		return fault(reader, error, "a packet block is too short");
	number = enhanced ? get32(reader, block + 8) : get16(reader, block + 8);
	captured = get32(reader, block + 20);
	if (number >= reader->interface_count - reader->section_first)
		return fault(reader, error,
			     "a frame belongs to an interface that is not described");
	if (captured > TRACE_FRAME_MOST)
		return fault(reader, error, "a frame claims more than 262144 bytes");
	padded = (captured + 3) & ~3u;
	if (padded > length - 32)
		return fault(reader, error, "a frame claims more bytes than its block has");
	frame->interface = (uint32_t)reader->section_first + number;
	interface = &reader->interfaces[frame->interface];
	if (!ticks_to_ns(reader, interface,
			 (uint64_t)get32(reader, block + 12) << 32 | get32(reader, block + 16),
			 &frame->at_ns))
		return fault(reader, error, "a time stamp lies beyond the year 2262");
	frame->bytes = block + 28;
	frame->length = captured;
	frame->wire_length = get32(reader, block + 24);
	if (padded == length - 32)
		return TRACE_STEP_FRAME;
	return read_frame_options(reader, frame, block + 28 + padded, block + length - 4, enhanced,
				  error);
}

// Simple packet blocks have no time: the frame gets that of the one before.
static int read_simple(struct trace_reader *reader, uint32_t length, const uint8_t *block,
		       struct trace_frame *frame, struct error *error)
{
	uint32_t snap;

	if (length < 16)
		return fault(reader, error, "a simple packet block is too short");
	if (reader->interface_count == reader->section_first)
		return fault(reader, error,
			     "a frame belongs to an interface that is not described");
	snap = reader->interfaces[reader->section_first].snap_bytes;
	frame->interface = (uint32_t)reader->section_first;
	frame->at_ns = reader->last_ns;
	frame->bytes = block + 12;
	frame->wire_length = get32(reader, block + 8);
	frame->length = snap && snap < frame->wire_length ? snap : frame->wire_length;
	if (frame->length > TRACE_FRAME_MOST)
		return fault(reader, error, "a frame claims more than 262144 bytes");
	if (frame->length > length - 16)
		return fault(reader, error, "a frame claims more bytes than its block has");
	reader->unstamped++;
	return TRACE_STEP_FRAME;
}

// Byte order and length of the block that begins here: a step, or TRACE_STEP_FRAME to go on.
static int read_head(struct trace_reader *reader, uint32_t *type, uint32_t *length,
		     struct error *error)
{
	const uint8_t *head = trace_input_peek(&reader->input, 8);

	if (!head)
		return trace_input_left(&reader->input) ? TRACE_STEP_CUT : TRACE_STEP_END;
	*type = get32(reader, head); // a section's type reads the same in both byte orders
	if (*type == BLOCK_SECTION) {
		uint32_t magic;

		head = trace_input_peek(&reader->input, 12);
		if (!head)
			return TRACE_STEP_CUT;
		memcpy(&magic, head + 8, sizeof(magic));
		if (magic != 0x1a2b3c4d && magic != 0x4d3c2b1a)
			return fault(reader, error, "a section has no byte-order magic");
		reader->swapped = magic == 0x4d3c2b1a;
	}
	*length = get32(reader, head + 4);
	if (*length < 12 || *length % 4 != 0)
		return fault(reader, error, "a block's length is no multiple of 4 of at least 12");
	return TRACE_STEP_FRAME;
}

static bool is_known(uint32_t type)
{
	return type == BLOCK_SECTION || type == BLOCK_INTERFACE || type == BLOCK_PACKET ||
	       type == BLOCK_SIMPLE || type == BLOCK_ENHANCED;
}

static int read_block(struct trace_reader *reader, uint32_t type, uint32_t length,
		      const uint8_t *block, struct trace_frame *frame, struct error *error)
{
	switch (type) {
	case BLOCK_SECTION:
		return read_section(reader, length, block, error);
	case BLOCK_INTERFACE:
		return read_interface(reader, length, block, error);
	case BLOCK_PACKET:
		return read_packet(reader, length, block, false, frame, error);
	case BLOCK_SIMPLE:
		return read_simple(reader, length, block, frame, error);
	case BLOCK_ENHANCED:
		return read_packet(reader, length, block, true, frame, error);
	default:
		return TRACE_STEP_OTHER;
	}
}

int trace_pcapng_step(struct trace_reader *reader, struct trace_frame *frame, struct error *error)
{
	const uint8_t *block;
	uint32_t type = 0;
	uint32_t length = 0;
	int step = read_head(reader, &type, &length, error);

	if (reader->input.fault)
		return error_set(error, reader->input.fault, reader->path, "cannot be read: %s",
				 strerror(-reader->input.fault));
	if (step != TRACE_STEP_FRAME)
		return step;
	if (!is_known(type) && length > TRACE_INPUT_MOST)
		return trace_input_skip(&reader->input, length) ? TRACE_STEP_OTHER : TRACE_STEP_CUT;
	if (length > TRACE_INPUT_MOST)
		return fault(reader, error, "a block claims more than 1 MiB");
	block = trace_input_peek(&reader->input, length);
	if (!block)
		return TRACE_STEP_CUT;
	if (get32(reader, block + length - 4) != length)
		return fault(reader, error, "a block's two lengths differ");
	trace_input_take(&reader->input, length); // the bytes stay where they are until the next
	frame->packet_id = TRACE_NO_PACKET_ID;
	frame->comment = NULL;
	return read_block(reader, type, length, block, frame, error);
}

void trace_pcapng_close(struct trace_reader *reader)
{
	for (size_t i = 0; i < reader->interface_count; i++)
		free(reader->interfaces[i].name);
	free(reader->interfaces);
}
