// SPDX-License-Identifier: BSD-3-Clause
// The journal: exact there and back, and strict about what it reads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcaps/journal.h"
#include "tests/pcaps/captures.h"

static void fill(struct journal *journal)
{
	struct journal_channel entry = {.from_ns = 0};
	uint32_t hops[] = {1, 0};
	struct journal_path path = {.from_port = 1, .settled = 1, .hops = hops, .hop_count = 2};
	struct error error;

	*journal = (struct journal){.seed = UINT64_MAX, .clock_ns = UINT64_C(1700000000000000001)};
	assert_int_equal(journal_add_channel_name(journal, "span:forward"), 0);
	assert_int_equal(journal_add_channel_name(journal, "span:reverse"), 0);
	assert_int_equal(journal_add_port_name(journal, "west"), 0);
	assert_int_equal(journal_add_port_name(journal, "east"), 0);
	entry.params.seed = 719;
	entry.params.random_key = 5;
	entry.params.carrier = true;
	entry.params.mtu_bytes = 9216;
	entry.params.delay_ns = 10000000;
	assert_int_equal(
		jitter_make_params(JITTER_NORMAL, 1000, 0.25, "", &entry.params.jitter, &error), 0);
	assert_int_equal(
		loss_gilbert_elliott_params(0.01, 0.25, 1, 0.001, "", &entry.params.loss, &error),
		0);
	assert_int_equal(rate_make_params(100000000, -4, 53, 5, "", &entry.params.rate, &error), 0);
	assert_int_equal(queue_make_params(QUEUE_TIME, 20000000, "", &entry.params.queue, &error),
			 0);
	assert_int_equal(journal_add_channel(journal, &entry), 0);
	entry.from_ns = 5000000000;
	entry.channel = 1;
	entry.inflight = JOURNAL_CUT;
	entry.params.carrier = false;
	assert_int_equal(journal_add_channel(journal, &entry), 0);
	assert_int_equal(journal_add_path(journal, &path), 0);
	path.from_ns = 7;
	path.settled = 0;
	path.hop_count = 0;
	assert_int_equal(journal_add_path(journal, &path), 0);
}

static void it_reads_back_exactly(void **state)
{
	struct journal written;
	struct journal read;
	struct error error = {0};

	(void)state;
	fill(&written);
	assert_int_equal(journal_save(&written, captures_path("journal"), &error), 0);
	assert_int_equal(journal_load(captures_path("journal"), &read, &error), 0);
	assert_true(read.seed == UINT64_MAX);
	assert_true(read.clock_ns == UINT64_C(1700000000000000001));
	assert_int_equal(read.channel_count, 2);
	assert_string_equal(read.channel_names[1], "span:reverse");
	assert_int_equal(journal_find_port(&read, "east"), 1);
	assert_int_equal(journal_find_channel(&read, "span:forward"), 0);
	assert_int_equal(journal_find_channel(&read, "span"), -1);
	assert_int_equal(read.channel_entry_count, 2);
	for (int i = 0; i < 2; i++) {
		assert_true(read.channels[i].from_ns == written.channels[i].from_ns);
		assert_int_equal(read.channels[i].channel, written.channels[i].channel);
		assert_int_equal(read.channels[i].inflight, written.channels[i].inflight);
		assert_memory_equal(&read.channels[i].params, &written.channels[i].params,
				    sizeof(struct channel_params));
	}
	assert_int_equal(read.path_entry_count, 2);
	assert_int_equal(read.paths[0].hop_count, 2);
	assert_int_equal(read.paths[0].hops[0], 1);
	assert_int_equal(read.paths[0].settled, 1);
	assert_int_equal(read.paths[1].hop_count, 0);
	assert_int_equal(read.paths[1].from_ns, 7);
	journal_fini(&written);
	journal_fini(&read);
}

static void entries_are_kept_in_order_of_time(void **state)
{
	static const uint64_t times[] = {5, 1, 5, 3};
	struct journal journal = {0};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct journal_channel entry = {.from_ns = times[i], .channel = i};

		assert_int_equal(journal_add_channel(&journal, &entry), 0);
	}
	assert_int_equal(journal.channels[0].channel, 1);
	assert_int_equal(journal.channels[1].channel, 3);
	assert_int_equal(journal.channels[2].channel, 0); // of one instant: as they came
	assert_int_equal(journal.channels[3].channel, 2);
	journal_fini(&journal);
}

static void a_journal_that_breaks_off_is_refused(void **state)
{
	struct journal journal;
	struct error error = {0};
	size_t count;
	uint8_t *bytes;

	(void)state;
	fill(&journal);
	assert_int_equal(journal_save(&journal, captures_path("whole"), &error), 0);
	journal_fini(&journal);
	bytes = captures_read_bytes(captures_path("whole"), &count);
	for (size_t length = 0; length < count; length++) {
		captures_write_bytes(captures_path("cut"), bytes, length);
		memset(&error, 0, sizeof(error));
		assert_int_equal(journal_load(captures_path("cut"), &journal, &error), -EINVAL);
		assert_true(strlen(error.what) > 10);
		assert_null(journal.channels);
	}
	free(bytes);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text;
		const char *where;
		const char *says;
	} cases[] = {
		{"hello\n", ":1", "no journal"},
		{"corridor-journal 2\n", ":1", "no journal"},
		{"corridor-journal 1\nseed -1\n", ":2", "number"},
		{"corridor-journal 1\nseed 18446744073709551616\n", ":2", "number"},
		{"corridor-journal 1\nseed 1 2\n", ":2", "too many"},
		{"corridor-journal 1\n\n", ":2", "nothing"},
		{"corridor-journal 1\nwires 1\n", ":2", "begins no line"},
		{"corridor-journal 1\nchannel a\nparams 0 1 new\n", ":3", "no channel 1"},
		{"corridor-journal 1\nchannel a\nparams 0 0 soon\n", ":3", "new, retime or cut"},
		{"corridor-journal 1\nchannel a\nparams 0 0 new seed=1\n", ":3", "not complete"},
		{"corridor-journal 1\nchannel a\nparams 0 0 new seed=1 seed=1\n", ":3", "twice"},
		{"corridor-journal 1\nchannel a\nparams 0 0 new carrier=2\n", ":3", "no value"},
		{"corridor-journal 1\nchannel a\nparams 0 0 new loss=much\n", ":3", "no value"},
		{"corridor-journal 1\npath 0 0 0 settled\n", ":2", "before any port"},
		{"corridor-journal 1\nport a\npath 0 0 1 settled\n", ":3", "number up to 0"},
		{"corridor-journal 1\nport a\npath 0 0 0 settled 0\n", ":3", "no hop"},
		{"corridor-journal 1\nport a\npath 5 0 0 settled\npath 4 0 0 settled\n", ":4",
		 "back in time"},
		{"corridor-journal 1\nend 1\n", ":2", "announced"},
		{"corridor-journal 1\nend 0\nseed 1\n", ":3", "nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct journal journal;
		struct error error = {0};

		captures_write_bytes(captures_path("wrong"), cases[i].text, strlen(cases[i].text));
		assert_int_equal(journal_load(captures_path("wrong"), &journal, &error), -EINVAL);
		assert_non_null(strstr(error.where, cases[i].where));
		assert_non_null(strstr(error.what, cases[i].says));
	}
}

static void a_missing_or_unwritable_file_is_a_fault(void **state)
{
	struct journal journal = {0};
	struct error error = {0};

	(void)state;
	assert_int_equal(journal_load("/nonexistent/journal", &journal, &error), -ENOENT);
	assert_int_equal(journal_save(&journal, "/nonexistent/journal", &error), -ENOENT);
	assert_int_equal(journal_load("/tmp", &journal, &error), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_back_exactly),
		cmocka_unit_test(entries_are_kept_in_order_of_time),
		cmocka_unit_test(a_journal_that_breaks_off_is_refused),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(a_missing_or_unwritable_file_is_a_fault),
	};

	return cmocka_run_group_tests_name("journal", tests, captures_setup, captures_teardown);
}
