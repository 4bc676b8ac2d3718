// SPDX-License-Identifier: BSD-3-Clause
// Reading captures: both formats, every dialect, and every way to be broken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <byteswap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcaps/trace.h"
#include "tests/pcaps/captures.h"

// A block or file under construction, in either byte order.
struct maker {
	uint8_t bytes[4096];
	size_t used;
	int swapped;
};

static void add16(struct maker *maker, uint16_t value)
{
	if (maker->swapped)
		value = bswap_16(value);
	memcpy(maker->bytes + maker->used, &value, sizeof(value));
	maker->used += sizeof(value);
}

static void add32(struct maker *maker, uint32_t value)
{
	if (maker->swapped)
		value = bswap_32(value);
	memcpy(maker->bytes + maker->used, &value, sizeof(value));
	maker->used += sizeof(value);
}

static void add_section(struct maker *maker)
{
	add32(maker, 0x0a0d0d0a);
	add32(maker, 28);
	add32(maker, 0x1a2b3c4d);
	add16(maker, 1);
	add16(maker, 0);
	add32(maker, UINT32_MAX);
	add32(maker, UINT32_MAX);
	add32(maker, 28);
}

// resolution < 0: no if_tsresol.
static void add_interface(struct maker *maker, uint16_t link_type, uint32_t snap, int resolution)
{
	uint32_t length = resolution < 0 ? 20 : 32;

	add32(maker, 1);
	add32(maker, length);
	add16(maker, link_type);
	add16(maker, 0);
	add32(maker, snap);
	if (resolution >= 0) {
		add16(maker, 9);
		add16(maker, 1);
		maker->bytes[maker->used] = (uint8_t)resolution;
		memset(maker->bytes + maker->used + 1, 0, 3);
		maker->used += 4;
		add32(maker, 0);
	}
	add32(maker, length);
}

static void add_packet(struct maker *maker, uint32_t interface, uint64_t ticks, uint32_t captured,
		       uint32_t wire)
{
	uint32_t padded = (captured + 3) & ~3u;

	add32(maker, 6);
	add32(maker, 32 + padded);
	add32(maker, interface);
	add32(maker, (uint32_t)(ticks >> 32));
	add32(maker, (uint32_t)ticks);
	add32(maker, captured);
	add32(maker, wire);
	memset(maker->bytes + maker->used, 0x5a, padded);
	maker->used += padded;
	add32(maker, 32 + padded);
}

static struct trace_reader *open_made(const struct maker *maker, struct error *error)
{
	const char *path = captures_path("made");

	captures_write_bytes(path, maker->bytes, maker->used);
	return trace_open(path, error);
}

// A file may end anywhere: either it cannot be opened, with a sentence, or it gives the frames that
// are whole and says that it breaks off.
static void every_prefix_is_used_up_to_the_break(void **state)
{
	static const char *const names[] = {"whole.pcapng", "whole.pcap"};

	(void)state;
	for (int format = 0; format < 2; format++) {
		size_t count;
		size_t whole = 0;
		uint8_t *bytes;

		captures_write_three(captures_path(names[format]),
				     format ? TRACE_PCAP : TRACE_PCAPNG);
		bytes = captures_read_bytes(captures_path(names[format]), &count);
		for (size_t length = 0; length <= count; length++) {
			const char *path = captures_path("prefix");
			struct error error = {0};
			struct trace_reader *reader;
			struct trace_frame frame;
			size_t frames = 0;
			int got;

			captures_write_bytes(path, bytes, length);
			reader = trace_open(path, &error);
			if (!reader) {
				assert_true(length < 60);
				assert_int_equal(error.code, -EINVAL);
				assert_true(strlen(error.what) > 10);
				continue;
			}
			while ((got = trace_read(reader, &frame, &error)) > 0)
				frames++;
			assert_int_equal(got, 0);
			assert_true(frames >= whole && frames <= 3);
			whole = frames;
			if (frames < 3 && trace_warning(reader))
				assert_non_null(strstr(trace_warning(reader), "breaks off"));
			trace_close(reader);
		}
		assert_int_equal(whole, 3);
		free(bytes);
	}
}

static void classic_files_of_all_byte_orders_and_resolutions(void **state)
{
	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		struct maker maker = {.swapped = variant & 1};
		int nanoseconds = variant >> 1;
		struct error error = {0};
		struct trace_frame frame;
		struct trace_reader *reader;

		add32(&maker, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
		add16(&maker, 2);
		add16(&maker, 4);
		add32(&maker, 0);
		add32(&maker, 0);
		add32(&maker, 4); // a lie: the frame is longer
		add32(&maker, 1);
		add32(&maker, 0xf0000000); // after 2038
		add32(&maker, 999999);
		add32(&maker, 20);
		add32(&maker, 10); // another lie: on the wire it was not shorter
		memset(maker.bytes + maker.used, 7, 20);
		maker.used += 20;
		reader = open_made(&maker, &error);
		assert_non_null(reader);
		assert_int_equal(trace_read(reader, &frame, &error), 1);
		assert_true(frame.at_ns ==
			    UINT64_C(0xf0000000) * 1000000000 + (nanoseconds ? 999999 : 999999000));
		assert_int_equal(frame.length, 20);
		assert_int_equal(frame.wire_length, 20);
		assert_int_equal(frame.bytes[19], 7);
		assert_int_equal(trace_read(reader, &frame, &error), 0);
		trace_close(reader);
	}
}

static void pcapng_of_any_time_resolution(void **state)
{
	static const struct {
		int resolution;
		uint64_t ticks;
		uint64_t at_ns;
	} cases[] = {
		{-1, 1700000000123456, UINT64_C(1700000000123456000)}, // microseconds
		{0, 1700000000, UINT64_C(1700000000000000000)},
		{3, 1700000000123, UINT64_C(1700000000123000000)},
		{9, 1700000000123456789, UINT64_C(1700000000123456789)},
		{10, UINT64_C(17000000001234567899), UINT64_C(1700000000123456789)},
		{0x80 | 1, 3, 1500000000},
		{0x80 | 32, (UINT64_C(5) << 32) + (UINT64_C(1) << 31), 5500000000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int swapped = 0; swapped < 2; swapped++) {
			struct maker maker = {.swapped = swapped};
			struct error error = {0};
			struct trace_frame frame;
			struct trace_reader *reader;

			add_section(&maker);
			add_interface(&maker, 1, 0, cases[i].resolution);
			add_packet(&maker, 0, cases[i].ticks, 17, 60);
			reader = open_made(&maker, &error);
			assert_non_null(reader);
			assert_int_equal(trace_read(reader, &frame, &error), 1);
			assert_true(frame.at_ns == cases[i].at_ns);
			assert_int_equal(frame.length, 17);
			trace_close(reader);
		}
}

static void sections_interfaces_and_old_blocks(void **state)
{
	struct maker maker = {.swapped = 1};
	struct error error = {0};
	struct trace_frame frame;
	struct trace_reader *reader;

	(void)state;
	add_section(&maker);
	add_interface(&maker, 1, 0, 9);
	add_interface(&maker, 1, 0, 9);
	add_packet(&maker, 1, 50, 16, 16);
	add32(&maker, 0x0bad); // an unknown block
	add32(&maker, 16);
	add32(&maker, 1);
	add32(&maker, 16);
	maker.swapped = 0; // a second section in the other byte order
	add_section(&maker);
	add_interface(&maker, 1, 12, 9);
	add32(&maker, 3); // a simple packet, cut to the snapshot length of 12
	add32(&maker, 28);
	add32(&maker, 100);
	for (int i = 0; i < 3; i++)
		add32(&maker, 0x01010101);
	add32(&maker, 28);
	add32(&maker, 2); // an obsolete packet block, interface 0, 3 drops
	add32(&maker, 36);
	add16(&maker, 0);
	add16(&maker, 3);
	add32(&maker, 0);
	add32(&maker, 40); // before the first one's time
	add32(&maker, 4);
	add32(&maker, 64);
	add32(&maker, 0x02020202);
	add32(&maker, 36);
	reader = open_made(&maker, &error);
	assert_non_null(reader);
	assert_int_equal(trace_read(reader, &frame, &error), 1);
	assert_int_equal(frame.interface, 1);
	assert_int_equal(trace_read(reader, &frame, &error), 1);
	assert_int_equal(frame.interface, 2);
	assert_int_equal(frame.length, 12);
	assert_int_equal(frame.wire_length, 100);
	assert_true(frame.at_ns == 50);
	assert_int_equal(trace_read(reader, &frame, &error), 1);
	assert_int_equal(frame.interface, 2);
	assert_int_equal(frame.bytes[0], 2);
	assert_true(frame.at_ns == 50); // raised
	assert_int_equal(trace_read(reader, &frame, &error), 0);
	assert_non_null(strstr(trace_warning(reader), "1 time stamps ran backwards"));
	assert_non_null(strstr(trace_warning(reader), "1 frames have no time stamp"));
	trace_close(reader);
}

// Instants that leave no room for a delay behind them are no instants of a capture.
static void what_is_later_than_2262_is_refused(void **state)
{
	static const uint64_t ticks[] = {INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct maker maker = {0};
		struct error error = {0};
		struct trace_frame frame;
		struct trace_reader *reader;

		add_section(&maker);
		add_interface(&maker, 1, 0, 9);
		add_packet(&maker, 0, ticks[i], 16, 16);
		reader = open_made(&maker, &error);
		assert_non_null(reader);
		assert_int_equal(trace_read(reader, &frame, &error), i == 0 ? 1 : -EINVAL);
		if (i > 0)
			assert_non_null(strstr(error.what, "2262"));
		trace_close(reader);
	}
}

// Instants before 1970 have no number here: they become its first, and it is said.
static void what_is_older_than_1970_is_told(void **state)
{
	struct maker maker = {0};
	struct error error = {0};
	struct trace_frame frame;
	struct trace_reader *reader;

	(void)state;
	add_section(&maker);
	add32(&maker, 1);
	add32(&maker, 36);
	add16(&maker, 1);
	add16(&maker, 0);
	add32(&maker, 0);
	add16(&maker, 14); // if_tsoffset: -10 s
	add16(&maker, 8);
	add32(&maker, (uint32_t)-10);
	add32(&maker, UINT32_MAX);
	add32(&maker, 0);
	add32(&maker, 36);
	add_packet(&maker, 0, 3000000, 16, 16);
	add_packet(&maker, 0, 10000001, 16, 16);
	reader = open_made(&maker, &error);
	assert_non_null(reader);
	assert_int_equal(trace_read(reader, &frame, &error), 1);
	assert_true(frame.at_ns == 0);
	assert_int_equal(trace_read(reader, &frame, &error), 1);
	assert_true(frame.at_ns == 1000);
	assert_int_equal(trace_read(reader, &frame, &error), 0);
	assert_non_null(strstr(trace_warning(reader), "1 time stamps lie before 1970"));
	trace_close(reader);
}

// Its path, once, and what was wrong.
static void a_warning_names_its_file_once(void **state)
{
	char name[91];
	const char *path;
	const char *found;
	struct error error = {0};
	struct trace_frame frame;
	struct trace_reader *reader;
	size_t count;
	uint8_t *bytes;

	(void)state;
	captures_write_three(captures_path("whole.pcap"), TRACE_PCAP);
	bytes = captures_read_bytes(captures_path("whole.pcap"), &count);
	memset(name, 'n', sizeof(name));
	name[90] = '\0';
	path = captures_path(name);
	captures_write_bytes(path, bytes, count - 1);
	free(bytes);
	reader = trace_open(path, &error);
	assert_non_null(reader);
	while (trace_read(reader, &frame, &error) > 0)
		;
	found = strstr(trace_warning(reader), path);
	assert_ptr_equal(found, trace_warning(reader));
	assert_null(strstr(found + 1, path));
	assert_non_null(strstr(found, "breaks off after frame 2"));
	trace_close(reader);
}

static void other_link_types_are_refused_by_name(void **state)
{
	struct maker pcapng = {0};
	struct maker classic = {0};
	struct error error = {0};

	(void)state;
	add_section(&pcapng);
	add_interface(&pcapng, 101, 0, 9);
	assert_null(open_made(&pcapng, &error));
	assert_non_null(strstr(error.what, "RAW"));
	add32(&classic, 0xa1b2c3d4);
	add16(&classic, 2);
	add16(&classic, 4);
	for (int i = 0; i < 3; i++)
		add32(&classic, i == 2 ? 65535 : 0);
	add32(&classic, 113);
	assert_null(open_made(&classic, &error));
	assert_non_null(strstr(error.what, "LINUX_SLL"));
	for (int swapped = 0; swapped < 2; swapped++) {
		struct maker raw = {.swapped = swapped};

		add32(&raw, 0xa1b2c3d4);
		add16(&raw, 2);
		add16(&raw, 4);
		for (int i = 0; i < 3; i++)
			add32(&raw, 0);
		add32(&raw, 101); // libpcap's own number is another
		assert_null(open_made(&raw, &error));
		assert_non_null(strstr(error.what, "link type 101, RAW"));
	}
	assert_int_equal(error.code, -EINVAL);
}

static void what_is_no_capture_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t count;
		const char *says;
	} cases[] = {
		{"", 0, "empty"},
		{"x", 1, "shorter"},
		{"\x1f\x8b\x08\0\0\0\0\0", 8, "gzip"},
		{"#!/bin/sh\necho not a capture at all\n", 35, "no capture"},
		{"\x0a\x0d\x0d\x0a\x1c\0\0\0NOPE____________________", 32, "magic"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = {0};

		captures_write_bytes(captures_path("no"), cases[i].bytes, cases[i].count);
		assert_null(trace_open(captures_path("no"), &error));
		assert_non_null(strstr(error.what, cases[i].says));
	}
	assert_null(trace_open("/tmp", NULL));
	assert_null(trace_open("/nonexistent/file", NULL));
}

// Reads on after the first frame and expects a fault that says `says`.
static void expect_fault(const struct maker *maker, const char *says)
{
	struct error error = {0};
	struct trace_frame frame;
	struct trace_reader *reader = open_made(maker, &error);
	int got = -EINVAL;

	if (reader) {
		while ((got = trace_read(reader, &frame, &error)) > 0)
			;
		trace_close(reader);
	}
	assert_int_equal(got, -EINVAL);
	assert_non_null(strstr(error.what, says));
}

static void lies_about_lengths_are_refused(void **state)
{
	struct maker good = {0};
	struct maker bad;
	size_t packet;

	(void)state;
	add_section(&good);
	add_interface(&good, 1, 0, 9);
	packet = good.used;
	add_packet(&good, 0, 1, 64, 64);
	good.used += 64; // room, so that no lie ends the file
	bad = good;
	bad.bytes[packet + 4] = 0xff; // no multiple of four
	expect_fault(&bad, "multiple of 4");
	bad = good;
	bad.bytes[packet + 4] = 4;
	expect_fault(&bad, "multiple of 4");
	bad = good;
	bad.bytes[packet + 4] -= 4; // another trailer
	expect_fault(&bad, "differ");
	bad = good;
	bad.bytes[packet + 7] = 0x7f; // 2 GiB
	expect_fault(&bad, "1 MiB");
	bad = good;
	bad.bytes[packet + 20] = 65; // more than the block holds
	expect_fault(&bad, "more bytes than its block");
	bad = good;
	bad.bytes[packet + 23] = 0xff; // nearly 4 GiB
	expect_fault(&bad, "262144");
	bad = good;
	bad.bytes[packet + 8] = 1; // no such interface
	expect_fault(&bad, "not described");
}

static void classic_frames_of_absurd_length_are_refused(void **state)
{
	struct maker maker = {0};

	(void)state;
	add32(&maker, 0xa1b2c3d4);
	add16(&maker, 2);
	add16(&maker, 4);
	for (int i = 0; i < 2; i++)
		add32(&maker, 0);
	add32(&maker, 0xffffffff);
	add32(&maker, 1);
	add32(&maker, 1);
	add32(&maker, 1);
	add32(&maker, 0xfffffff0);
	add32(&maker, 0xfffffff0);
	maker.used += 1000;
	expect_fault(&maker, "length");
}

// Bytes changed at random, many times: frames, the end or a fault, never anything else.
static void damaged_files_never_do_harm(void **state)
{
	static const char *const names[] = {"sound.pcapng", "sound.pcap"};
	uint64_t random = 1;

	(void)state;
	for (int format = 0; format < 2; format++) {
		size_t count;
		uint8_t *bytes;

		captures_write_three(captures_path(names[format]),
				     format ? TRACE_PCAP : TRACE_PCAPNG);
		bytes = captures_read_bytes(captures_path(names[format]), &count);
		for (int round = 0; round < 500; round++) {
			struct error error = {0};
			struct trace_frame frame;
			struct trace_reader *reader;
			size_t at = captures_random(&random) % count;
			uint8_t before = bytes[at];

			bytes[at] = (uint8_t)captures_random(&random);
			captures_write_bytes(captures_path("damaged"), bytes, count);
			bytes[at] = before;
			reader = trace_open(captures_path("damaged"), &error);
			if (!reader) {
				assert_true(error.code < 0);
				continue;
			}
			for (int i = 0; trace_read(reader, &frame, &error) > 0; i++) {
				assert_true(i < 3);
				assert_true(frame.length <= frame.wire_length);
			}
			trace_close(reader);
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_prefix_is_used_up_to_the_break),
		cmocka_unit_test(classic_files_of_all_byte_orders_and_resolutions),
		cmocka_unit_test(pcapng_of_any_time_resolution),
		cmocka_unit_test(sections_interfaces_and_old_blocks),
		cmocka_unit_test(what_is_later_than_2262_is_refused),
		cmocka_unit_test(what_is_older_than_1970_is_told),
		cmocka_unit_test(a_warning_names_its_file_once),
		cmocka_unit_test(other_link_types_are_refused_by_name),
		cmocka_unit_test(what_is_no_capture_is_refused),
		cmocka_unit_test(lies_about_lengths_are_refused),
		cmocka_unit_test(classic_frames_of_absurd_length_are_refused),
		cmocka_unit_test(damaged_files_never_do_harm),
	};

	return cmocka_run_group_tests_name("trace_read", tests, captures_setup, captures_teardown);
}
