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
	channel_finish(&entry.params);
	assert_int_equal(journal_add_channel(journal, &entry), 0);
	entry.from_ns = 5000000000;
	entry.channel = 1;
	entry.inflight = JOURNAL_CUT;
	entry.params.carrier = false;
	channel_finish(&entry.params);
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

static struct profile_point points[] = {{.at_ns = 0, .value = 1000000},
					{.at_ns = 500000000, .value = -3}};
static struct profile profile = {
	.points = points, .count = 2, .interpolated = true, .period_ns = 700000000, .start_ns = 9};
static struct profile_point rate_points[] = {{.at_ns = 0, .value = 1000000},
					     {.at_ns = 500000000, .value = 0}};
static struct profile rate_steps = {.points = rate_points, .count = 2, .period_ns = 700000000};
static struct rate_step steps[2];
static struct rate_profile rates;
static const uint64_t at_ms[] = {0, 3, 3, 10};
static struct opportunities list = {.at_ms = at_ms, .count = 4};
static const uint8_t bits[] = {0x35, 0x01};

// One of each law that points to something, and of each queue.
static void fill_tables(struct journal *journal)
{
	struct journal_channel entry = {.params = {.seed = 1, .carrier = true}};
	struct error error;

	assert_int_equal(profile_make(&profile, "", &error), 0);
	assert_int_equal(profile_make(&rate_steps, "", &error), 0);
	assert_int_equal(rate_profile_make(&rates, &rate_steps, steps, "", &error), 0);
	assert_int_equal(opportunities_make(&list, "", &error), 0);
	*journal = (struct journal){.seed = 1};
	assert_int_equal(journal_add_channel_name(journal, "a:forward"), 0);
	for (int kind = QUEUE_RED; kind < QUEUE_KINDS; kind++) {
		entry.params.queue = queue_defaults((enum queue_kind)kind);
		assert_int_equal(rate_make_params(1000000, 0, 0, 0, "", &entry.params.rate, &error),
				 0);
		assert_int_equal(queue_finish(&entry.params.queue, &entry.params.rate, "", &error),
				 0);
		channel_finish(&entry.params);
		assert_int_equal(journal_add_channel(journal, &entry), 0);
	}
	entry.params.delay_profile = &profile;
	entry.params.loss_profile = entry.params.carrier_profile = &rate_steps;
	rate_follow_profile(&entry.params.rate, &rates);
	assert_int_equal(loss_pattern_params(bits, 10, true, "", &entry.params.loss, &error), 0);
	channel_finish(&entry.params);
	assert_int_equal(journal_add_channel(journal, &entry), 0);
	rate_follow_opportunities(&entry.params.rate, &list);
	entry.params.rate.profile = NULL;
	entry.params.delay_profile = NULL;
	assert_int_equal(loss_ber_params(1e-6, "", &entry.params.loss, &error), 0);
	channel_finish(&entry.params);
	assert_int_equal(journal_add_channel(journal, &entry), 0);
}

static void assert_same_profile(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->points, b->points, a->count * sizeof(*a->points));
	assert_memory_equal((const char *)a + sizeof(a->points),
			    (const char *)b + sizeof(b->points), sizeof(*a) - sizeof(a->points));
}

static void what_parameters_point_to_reads_back_too(void **state)
{
	struct journal written, read;
	struct error error = {0};
	size_t last;

	(void)state;
	fill_tables(&written);
	assert_int_equal(journal_save(&written, captures_path("tables"), &error), 0);
	if (journal_load(captures_path("tables"), &read, &error) < 0)
		fail_msg("%s: %s", error.where, error.what);
	last = written.channel_entry_count - 1;
	assert_int_equal(read.channel_entry_count, last + 1);
	for (size_t i = 0; i + 1 < last; i++)
		assert_memory_equal(&read.channels[i].params, &written.channels[i].params,
				    sizeof(struct channel_params));
	assert_same_profile(read.channels[last - 1].params.delay_profile, &profile);
	assert_same_profile(read.channels[last - 1].params.rate.profile->profile, &rate_steps);
	assert_ptr_equal(read.channels[last - 1].params.loss_profile,
			 read.channels[last].params.carrier_profile); // written once
	assert_memory_equal(read.channels[last - 1].params.loss.pattern, bits, 2);
	assert_int_equal(read.channels[last - 1].params.loss.pattern_bits, 10);
	assert_int_equal(read.channels[last].params.rate.opportunities->at_ms[3], 10);
	assert_int_equal(read.channels[last].params.rate.opportunities->period_ns, 10000000);
	assert_memory_equal(&read.channels[last].params.loss, &written.channels[last].params.loss,
			    sizeof(struct loss_params));
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
		{"corridor-journal 1\n", ":1", "no journal"},
		{"corridor-journal 2\nseed -1\n", ":2", "number"},
		{"corridor-journal 2\nseed 18446744073709551616\n", ":2", "number"},
		{"corridor-journal 2\nseed 1 2\n", ":2", "too many"},
		{"corridor-journal 2\n\n", ":2", "nothing"},
		{"corridor-journal 2\nwires 1\n", ":2", "begins no line"},
		{"corridor-journal 2\nchannel a\nparams 0 1 new\n", ":3", "no channel 1"},
		{"corridor-journal 2\nchannel a\nparams 0 0 soon\n", ":3", "new, retime or cut"},
		{"corridor-journal 2\nchannel a\nparams 0 0 new seed=1\n", ":3", "not complete"},
		{"corridor-journal 2\nchannel a\nparams 0 0 new seed=1 seed=1\n", ":3", "twice"},
		{"corridor-journal 2\nchannel a\nparams 0 0 new carrier=2\n", ":3", "no value"},
		{"corridor-journal 2\nchannel a\nparams 0 0 new loss=much\n", ":3", "no value"},
		{"corridor-journal 2\npath 0 0 0 settled\n", ":2", "before any port"},
		{"corridor-journal 2\nport a\npath 0 0 1 settled\n", ":3", "number up to 0"},
		{"corridor-journal 2\nport a\npath 0 0 0 settled 0\n", ":3", "no hop"},
		{"corridor-journal 2\nport a\npath 5 0 0 settled\npath 4 0 0 settled\n", ":4",
		 "back in time"},
		{"corridor-journal 2\nprofile 1 0 0\n", ":2", "not complete"},
		{"corridor-journal 2\nprofile 2 0 0 0 0 1 0 2\n", ":2", "is not after"},
		{"corridor-journal 2\nrates 0\n", ":2", "not complete"},
		{"corridor-journal 2\npattern 9 1\n", ":2", "not complete"},
		{"corridor-journal 2\nopportunities 1 0 1504 0 0\n", ":2", "at 0"},
		{"corridor-journal 2\nchannel a\nparams 0 0 new delay_profile=0\n", ":3",
		 "no value"},
		{"corridor-journal 2\nchannel a\nparams 0 0 new loss_law=xy\n", ":3", "no value"},
		{"corridor-journal 2\nend 1\n", ":2", "announced"},
		{"corridor-journal 2\nend 0\nseed 1\n", ":3", "nothing"},
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
		cmocka_unit_test(what_parameters_point_to_reads_back_too),
		cmocka_unit_test(entries_are_kept_in_order_of_time),
		cmocka_unit_test(a_journal_that_breaks_off_is_refused),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(a_missing_or_unwritable_file_is_a_fault),
	};

	return cmocka_run_group_tests_name("journal", tests, captures_setup, captures_teardown);
}
