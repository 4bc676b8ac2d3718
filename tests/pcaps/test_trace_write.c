// SPDX-License-Identifier: BSD-3-Clause
// Writing captures: what is written reads back, and a fault leaves nothing half done.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcaps/journal.h"
#include "pcaps/trace.h"
#include "tests/pcaps/captures.h"

static const char *const two_names[] = {"west", "span:forward"};

static void what_is_written_reads_back(void **state)
{
	static const char *const names[] = {"three.pcapng", "three.pcap"};

	(void)state;
	for (int format = 0; format < 2; format++) {
		const char *path = captures_path(names[format]);
		struct error error = {0};
		struct trace_frame frame;
		struct trace_reader *reader;
		uint8_t bytes[100];

		captures_write_three(path, trace_format_of(path));
		reader = trace_open(path, &error);
		assert_non_null(reader);
		for (uint32_t i = 0; i < 3; i++) {
			assert_int_equal(trace_read(reader, &frame, &error), 1);
			captures_ipv4(bytes, 100, i, 1);
			assert_true(frame.at_ns == UINT64_C(1700000000123456789) + i);
			assert_int_equal(frame.length, 60 + i);
			assert_int_equal(frame.wire_length, 1500);
			assert_memory_equal(frame.bytes, bytes, frame.length);
			if (format == 1) {
				assert_true(frame.packet_id == TRACE_NO_PACKET_ID);
				continue;
			}
			assert_int_equal(frame.interface, i % 2);
			assert_true(frame.packet_id == (i == 1 ? TRACE_NO_PACKET_ID
							       : UINT64_C(0x1122334455667788) + i));
			if (i == 2)
				assert_string_equal(frame.comment, "lost: model");
			else
				assert_null(frame.comment);
			assert_string_equal(trace_interface_name(reader, 1), "span:forward");
		}
		assert_int_equal(trace_read(reader, &frame, &error), 0);
		assert_int_equal(trace_read(reader, &frame, &error), 0);
		assert_null(trace_warning(reader));
		trace_close(reader);
	}
}

// A limit on the size of files stands for a full disk: it hurts nobody else.
static void a_full_disk_is_seen_and_stays_seen(void **state)
{
	const char *path = captures_path("full.pcapng");
	struct rlimit unlimited;
	struct rlimit small;
	struct error error = {0};
	struct trace_writer *writer =
		trace_create(path, TRACE_PCAPNG, two_names, 2, "test", &error);
	uint8_t bytes[1500] = {0};
	struct trace_frame frame = {.bytes = bytes,
				    .length = sizeof(bytes),
				    .wire_length = sizeof(bytes),
				    .packet_id = TRACE_NO_PACKET_ID};
	int code = 0;

	(void)state;
	assert_non_null(writer);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	small = unlimited;
	small.rlim_cur = 300000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 1000 && code == 0; i++)
		code = trace_write(writer, &frame, &error);
	setrlimit(RLIMIT_FSIZE, &unlimited);
	assert_int_equal(code, -EFBIG);
	assert_int_equal(trace_write(writer, &frame, &error), -EFBIG); // though there is room again
	assert_int_equal(trace_finish(writer, &error), -EFBIG);
	assert_int_equal(access(path, F_OK), -1);
	signal(SIGXFSZ, SIG_DFL);
}

// A device or pipe is written into and stays what it is; a rename would replace it.
static void what_is_no_regular_file_is_never_replaced(void **state)
{
	const char *path = captures_path("pipe");
	struct journal journal = {0};
	struct error error = {0};
	struct trace_writer *writer;
	struct stat status;
	char bytes[64];
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	writer = trace_create(path, TRACE_PCAP, two_names, 1, "test", &error);
	assert_non_null(writer);
	assert_int_equal(trace_finish(writer, &error), 0);
	assert_int_equal(read(reader, bytes, sizeof(bytes)), 24);
	assert_int_equal(journal_save(&journal, path, &error), 0);
	assert_true(read(reader, bytes, sizeof(bytes)) > 18);
	assert_memory_equal(bytes, "corridor-journal 2", 18);
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISFIFO(status.st_mode));
	close(reader);
}

static void what_is_abandoned_leaves_the_old_file(void **state)
{
	const char *path = captures_path("kept.pcap");
	struct error error = {0};
	struct trace_writer *writer;
	size_t count;
	uint8_t *bytes;

	(void)state;
	captures_write_bytes(path, "old", 3);
	writer = trace_create(path, TRACE_PCAP, two_names, 1, "test", &error);
	assert_non_null(writer);
	trace_abandon(writer);
	bytes = captures_read_bytes(path, &count);
	assert_int_equal(count, 3);
	free(bytes);
	trace_abandon(NULL);
}

static void requests_that_cannot_be_met_are_refused(void **state)
{
	struct error error = {0};

	(void)state;
	assert_null(trace_create(captures_path("two.pcap"), TRACE_PCAP, two_names, 2, "t", &error));
	assert_non_null(strstr(error.what, "one interface"));
	assert_null(trace_create("/nonexistent/x.pcap", TRACE_PCAP, two_names, 1, "t", &error));
	assert_int_equal(error.code, -ENOENT);
	assert_null(trace_create("/tmp", TRACE_PCAPNG, two_names, 1, "t", &error));
	assert_int_equal(error.code, -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(a_full_disk_is_seen_and_stays_seen),
		cmocka_unit_test(what_is_no_regular_file_is_never_replaced),
		cmocka_unit_test(what_is_abandoned_leaves_the_old_file),
		cmocka_unit_test(requests_that_cannot_be_met_are_refused),
	};

	return cmocka_run_group_tests_name("trace_write", tests, captures_setup, captures_teardown);
}
