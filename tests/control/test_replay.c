// SPDX-License-Identifier: BSD-3-Clause
// Replays end to end, in a folder of their own: times, merged files, captures of every point, and
// what is left behind when something goes wrong (nothing).
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/replay.h"
#include "pcaps/trace.h"
#include "tests/control/paper.h"

#define MS    UINT64_C(1000000)
#define EPOCH UINT64_C(1700000000123456789)

static char folder[] = "/tmp/corridor-replay-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static unsigned files_here(bool delete)
{
	DIR *directory = opendir(".");
	unsigned count = 0;

	for (struct dirent *entry; (entry = readdir(directory));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		if (delete)
			unlink(entry->d_name);
	}
	closedir(directory);
	return count;
}

static int empty_folder(void **state)
{
	(void)state;
	files_here(true);
	return 0;
}

static int leave_folder(void **state)
{
	(void)state;
	files_here(true);
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

// A capture of `count` frames of 100 bytes, `gap_ns` apart; byte 20 holds the number.
static void make_capture(const char *path, unsigned count, uint64_t first_ns, uint64_t gap_ns)
{
	const char *names[] = {"made"};
	struct error error;
	struct trace_writer *writer =
		trace_create(path, trace_format_of(path), names, 1, "test", &error);
	uint8_t bytes[100] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x88, 0xb5};

	assert_non_null(writer);
	for (unsigned i = 0; i < count; i++) {
		struct trace_frame frame = {.at_ns = EPOCH + first_ns + i * gap_ns,
					    .bytes = bytes,
					    .length = sizeof(bytes),
					    .wire_length = sizeof(bytes),
					    .packet_id = TRACE_NO_PACKET_ID};

		bytes[20] = (uint8_t)i;
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
}

static const char wire[] = "[network]\nseed = 5\n[port w]\ndevice = none\n[port e]\ndevice = none\n"
			   "[link span]\nmedium = wire\nends = w, e\n";

struct run {
	struct topology *topology;
	struct replay_options options;
	struct replay_result result;
	struct error error;
	struct engine_channel_counters forward; // of the first link
	uint64_t told_ns[8];
	unsigned told;
};

static void told(void *context, struct engine *engine, const struct network *network,
		 uint64_t at_ns)
{
	struct run *run = context;

	(void)engine;
	(void)network;
	if (run->told < 8)
		run->told_ns[run->told] = at_ns;
	run->told++;
}

static int replay(struct run *run, const char *text, const struct replay_file *inputs,
		  size_t input_count, const struct replay_file *outputs, size_t output_count)
{
	struct engine *engine;
	struct network *network;
	int rc;

	run->topology = paper(text);
	run->options.topology = run->topology;
	run->options.inputs = inputs;
	run->options.input_count = input_count;
	run->options.outputs = outputs;
	run->options.output_count = output_count;
	run->options.changed = told;
	run->options.context = run;
	if (run->options.until_ns == 0)
		run->options.until_ns = UINT64_MAX;
	rc = replay_run(&run->options, &run->result, &engine, &network, &run->error);
	if (rc == 0)
		engine_channel_read(engine, 0, &run->forward);
	else
		assert_null(engine);
	engine_destroy(engine);
	network_free(network);
	topology_free(run->topology);
	return rc;
}

static void assert_frame(struct trace_reader *reader, uint64_t at_ns, uint32_t interface,
			 unsigned number)
{
	struct trace_frame frame;
	struct error error;

	assert_int_equal(trace_read(reader, &frame, &error), 1);
	assert_int_equal(frame.at_ns, EPOCH + at_ns);
	assert_int_equal(frame.interface, interface);
	assert_int_equal(frame.length, 100);
	assert_int_equal(frame.bytes[20], number);
	assert_true(frame.packet_id != TRACE_NO_PACKET_ID);
}

static void assert_end(struct trace_reader *reader)
{
	struct trace_frame frame;
	struct error error;

	assert_int_equal(trace_read(reader, &frame, &error), 0);
	trace_close(reader);
}

static void frames_come_out_by_the_channels_delay(void **state)
{
	struct replay_file in = {"w", "in.pcap"}, out = {"e", "out.pcapng"};
	struct run run = {.told = 0};
	struct trace_reader *reader;
	char text[512];

	(void)state;
	make_capture("in.pcap", 3, 0, 7 * MS);
	snprintf(text, sizeof(text), "%sdelay = 10ms\n", wire);
	assert_int_equal(replay(&run, text, &in, 1, &out, 1), 0);
	assert_int_equal(run.result.clock_ns, EPOCH);
	assert_int_equal(run.result.end_ns, 24 * MS);
	reader = trace_open("out.pcapng", &run.error);
	assert_frame(reader, 10 * MS, 0, 0);
	assert_frame(reader, 17 * MS, 0, 1);
	assert_frame(reader, 24 * MS, 0, 2);
	assert_end(reader);
	assert_int_equal(files_here(false), 2);
	assert_int_equal(run.told, 2); // at the start and at the end
}

// Frames of 100 bytes a millisecond apart, on two interfaces in turn.
static void make_two_interfaces(const char *path, const char *first, const char *second)
{
	const char *names[] = {first, second};
	struct error error;
	struct trace_writer *writer = trace_create(path, TRACE_PCAPNG, names, 2, "test", &error);
	uint8_t bytes[100] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x88, 0xb5};

	assert_non_null(writer);
	for (unsigned i = 0; i < 6; i++) {
		struct trace_frame frame = {.at_ns = EPOCH + i * MS,
					    .bytes = bytes,
					    .length = sizeof(bytes),
					    .wire_length = sizeof(bytes),
					    .interface = i % 2,
					    .packet_id = TRACE_NO_PACKET_ID};

		bytes[20] = (uint8_t)i;
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
}

static void the_interface_that_is_named_like_the_port_counts(void **state)
{
	struct replay_file in = {"w", "in.pcapng"}, out = {"e", "out.pcapng"};
	struct run run = {.told = 0}, mixed = {.told = 0}, parts = {.told = 0};
	struct trace_reader *reader;

	(void)state;
	make_two_interfaces("in.pcapng", "other", "w");
	assert_int_equal(replay(&run, wire, &in, 1, &out, 1), 0);
	assert_int_equal(run.result.clock_ns, EPOCH + MS); // of its own first frame
	assert_non_null(strstr(run.result.warnings, "in.pcapng: 3 frames of other interfaces"));
	reader = trace_open("out.pcapng", &run.error);
	for (unsigned i = 1; i < 6; i += 2)
		assert_frame(reader, i * MS, 0, i);
	assert_end(reader);
	make_two_interfaces("in.pcapng", "other", "another");
	assert_int_equal(replay(&mixed, wire, &in, 1, &out, 1), 0);
	assert_int_equal(mixed.forward.entered, 6);
	assert_non_null(strstr(mixed.result.warnings, "none of them named \"w\": all are taken"));
	make_two_interfaces("in.pcapng", "same", "same");
	assert_int_equal(replay(&parts, wire, &in, 1, &out, 1), 0);
	assert_int_equal(parts.forward.entered, 6);
	assert_string_equal(parts.result.warnings, "");
}

static void several_ports_share_a_file_in_order_of_time(void **state)
{
	struct replay_file in[] = {{"w", "w.pcap"}, {"e", "e.pcapng"}};
	struct replay_file out[] = {{"e", "out.pcapng"}, {"w", "out.pcapng"}};
	char text[512];

	(void)state;
	make_capture("w.pcap", 2, 0, 10 * MS);
	make_capture("e.pcapng", 2, 5 * MS, 10 * MS);
	snprintf(text, sizeof(text), "%sdelay = 10ms\n", wire);
	for (unsigned workers = 1; workers <= 2; workers++) {
		struct run run = {.options.workers = workers};
		struct trace_reader *reader;

		assert_int_equal(replay(&run, text, in, 2, out, 2), 0);
		reader = trace_open("out.pcapng", &run.error);
		assert_frame(reader, 10 * MS, 0, 0);
		assert_frame(reader, 15 * MS, 1, 0);
		assert_frame(reader, 20 * MS, 0, 1);
		assert_frame(reader, 25 * MS, 1, 1);
		assert_string_equal(trace_interface_name(reader, 0), "e");
		assert_string_equal(trace_interface_name(reader, 1), "w");
		assert_end(reader);
	}
}

static void the_capture_shows_where_and_why_packets_are_lost(void **state)
{
	struct replay_file in = {"w", "in.pcap"};
	struct run run = {.options = {.capture = "all.pcapng", .capture_names = "span"}};
	struct trace_reader *reader;
	struct trace_frame frame;
	uint64_t id;
	char text[512];

	(void)state;
	make_capture("in.pcap", 2, 0, 2000 * MS);
	snprintf(text, sizeof(text),
		 "%sdelay = 10ms\n[event lossy]\nat = 1s\n"
		 "do = link span:forward set loss 100%%\n",
		 wire);
	assert_int_equal(replay(&run, text, &in, 1, NULL, 0), 0);
	reader = trace_open("all.pcapng", &run.error);
	assert_int_equal(trace_read(reader, &frame, &run.error), 1);
	assert_int_equal(frame.at_ns, EPOCH);
	assert_int_equal(frame.interface, 0);
	id = frame.packet_id;
	assert_int_equal(trace_read(reader, &frame, &run.error), 1);
	assert_int_equal(frame.at_ns, EPOCH + 10 * MS);
	assert_int_equal(frame.interface, 1);
	assert_int_equal(frame.packet_id, id);
	assert_string_equal(trace_interface_name(reader, 0), "span:forward");
	assert_string_equal(trace_interface_name(reader, 1), "span:forward out");
	do
		assert_int_equal(trace_read(reader, &frame, &run.error), 1);
	while (!frame.comment);
	assert_int_equal(frame.at_ns, EPOCH + 2000 * MS);
	assert_int_equal(frame.bytes[20], 1);
	assert_non_null(strstr(frame.comment, "corridor: channel=span:forward lost=model"));
	assert_end(reader);
	assert_int_equal(run.forward.entered, 2);
	assert_int_equal(run.forward.delivered, 1);
	assert_int_equal(run.forward.lost[DROP_MODEL], 1);
	assert_int_equal(run.told, 3);
	assert_int_equal(run.told_ns[1], 1000 * MS);
}

// The interfaces of a capture that have frames, in order of their frames: "w@0 span:forward@0".
static void points_of(const char *path, char *text, size_t size)
{
	struct error error;
	struct trace_reader *reader = trace_open(path, &error);
	struct trace_frame frame;
	uint64_t id = 0;

	assert_non_null(reader);
	text[0] = '\0';
	while (trace_read(reader, &frame, &error) == 1) {
		size_t used = strlen(text);

		assert_true(id == 0 || frame.packet_id == id);
		id = frame.packet_id;
		snprintf(text + used, size - used, "%s%s@%lu", used ? " | " : "",
			 trace_interface_name(reader, frame.interface),
			 (unsigned long)((frame.at_ns - EPOCH) / MS));
	}
	trace_close(reader);
}

static void a_packet_is_followed_from_port_to_port(void **state)
{
	static const struct {
		const char *names, *seen;
	} cases[] = {
		{NULL, "w@0 | span:forward@0 | span:forward out@10 | e out@10"},
		{"w,e", "w@0 | e out@10"},
		{"e", "e out@10"},
		{"span:forward", "span:forward@0 | span:forward out@10"},
		{"e,span", "span:forward@0 | span:forward out@10 | e out@10"},
		{"span:reverse", ""},
	};
	struct replay_file in = {"w", "in.pcap"};
	char text[512], seen[256];

	(void)state;
	make_capture("in.pcap", 1, 0, 1);
	snprintf(text, sizeof(text), "%sdelay = 10ms\n", wire);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned workers = 1; workers <= 2; workers++) {
			struct run run = {.options = {.capture = "some.pcapng",
						      .capture_names = cases[i].names,
						      .workers = workers}};

			assert_int_equal(replay(&run, text, &in, 1, NULL, 0), 0);
			points_of("some.pcapng", seen, sizeof(seen));
			assert_string_equal(seen, cases[i].seen);
		}
	}
}

static void a_point_that_is_none_is_refused_and_leaves_nothing(void **state)
{
	struct replay_file in = {"w", "in.pcap"};
	struct run run = {.options = {.capture = "some.pcapng", .capture_names = "e,spam"}};
	char text[512];

	(void)state;
	make_capture("in.pcap", 1, 0, 1);
	snprintf(text, sizeof(text), "%sdelay = 10ms\n", wire);
	assert_int_equal(replay(&run, text, &in, 1, NULL, 0), -EINVAL);
	assert_non_null(strstr(run.error.what, "no link, channel or port \"spam\""));
	assert_non_null(strstr(run.error.what, "did you mean span?"));
	assert_int_equal(files_here(false), 1); // in.pcap
}

static void it_ends_with_the_last_event_or_at_until(void **state)
{
	struct replay_file in = {"w", "in.pcap"}, out = {"e", "out.pcap"};
	struct run run = {.told = 0};
	struct trace_reader *reader;
	char text[512];

	(void)state;
	make_capture("in.pcap", 3, 0, 7 * MS);
	snprintf(text, sizeof(text), "%sdelay = 10ms\n[event late]\nat = 5s\ndo = link span down\n",
		 wire);
	assert_int_equal(replay(&run, text, &in, 1, &out, 1), 0);
	assert_int_equal(run.result.end_ns, 5000 * MS);
	run = (struct run){.options.until_ns =
				   17 * MS}; // what is due at 17 ms is not done any more
	assert_int_equal(replay(&run, text, &in, 1, &out, 1), 0);
	assert_int_equal(run.result.end_ns, 17 * MS);
	assert_int_equal(run.forward.entered, 3);
	assert_int_equal(run.forward.in_flight, 2);
	reader = trace_open("out.pcap", &run.error);
	assert_int_equal(trace_read(reader, &(struct trace_frame){.at_ns = 0}, &run.error), 1);
	assert_end(reader);
}

static void cuts_and_returns_act_at_their_instants(void **state)
{
	struct replay_file in = {"w", "in.pcap"}, out = {"e", "out.pcapng"};
	struct run run = {.told = 0};
	struct trace_reader *reader;
	char text[512];

	(void)state;
	make_capture("in.pcap", 10, 0, 10 * MS);
	// At 25 ms the third is in flight and cut; 3 to 5 find the carrier down; 6 to 9 pass.
	snprintf(text, sizeof(text),
		 "%sdelay = 10ms\n[event cut]\nat = 25ms\n"
		 "do = link span down inflight cut\n"
		 "[event mend]\nat = 60ms\ndo = link span up\n",
		 wire);
	assert_int_equal(replay(&run, text, &in, 1, &out, 1), 0);
	assert_int_equal(run.forward.lost[DROP_CUT], 1);
	assert_int_equal(run.forward.lost[DROP_CARRIER], 3);
	reader = trace_open("out.pcapng", &run.error);
	assert_frame(reader, 10 * MS, 0, 0);
	assert_frame(reader, 20 * MS, 0, 1);
	for (unsigned i = 6; i < 10; i++)
		assert_frame(reader, (i + 1) * 10 * MS, 0, i);
	assert_end(reader);
}

// What is lost holds nobody back: frames behind a cut have their own, shorter delay at once.
static void nobody_waits_for_what_a_cut_has_taken(void **state)
{
	struct replay_file in = {"w", "in.pcap"}, out = {"e", "out.pcapng"};
	struct run run = {.told = 0};
	struct trace_reader *reader;
	char text[512];

	(void)state;
	make_capture("in.pcap", 100, 0, MS);
	snprintf(text, sizeof(text),
		 "%sdelay = 30ms\n[event cut]\nat = 50500us\n"
		 "do = link span set delay 4ms inflight cut\n",
		 wire);
	assert_int_equal(replay(&run, text, &in, 1, &out, 1), 0);
	assert_int_equal(run.forward.lost[DROP_CUT], 30); // 21 to 50
	reader = trace_open("out.pcapng", &run.error);
	for (unsigned i = 0; i < 21; i++)
		assert_frame(reader, (i + 30) * MS, 0, i);
	for (unsigned i = 51; i < 100; i++)
		assert_frame(reader, (i + 4) * MS, 0, i);
	assert_end(reader);
}

static void what_is_refused_leaves_nothing_behind(void **state)
{
	static const struct {
		struct replay_file in[2];
		struct replay_file out[2];
		const char *says;
	} cases[] = {
		{{{"x", "in.pcap"}, {"e", "in.pcap"}}, {{"e", "o"}, {"w", "p"}}, "no port \"x\""},
		{{{"w", "in.pcap"}, {"w", "in.pcap"}}, {{"e", "o"}, {"w", "p"}}, "named twice"},
		{{{"w", "in.pcap"}, {"e", "none"}}, {{"e", "o"}, {"w", "p"}}, ""},
		{{{"w", "in.pcap"}, {"e", "text"}}, {{"e", "o"}, {"w", "p"}}, ""},
		{{{"w", "in.pcap"}, {"e", "in.pcap"}}, {{"e", "o"}, {"x", "p"}}, "no port \"x\""},
		{{{"w", "in.pcap"}, {"e", "in.pcap"}}, {{"e", "o"}, {"e", "p"}}, "named twice"},
		{{{"w", "in.pcap"}, {"e", "in.pcap"}},
		 {{"e", "o.pcap"}, {"w", "o.pcap"}},
		 "one interface"},
		{{{"w", "in.pcap"}, {"e", "in.pcap"}}, {{"e", "o"}, {"w", "no/where"}}, ""},
		{{{"w", "in.pcap"}, {"e", "in.pcap"}}, {{"e", "o"}, {"w", "in.pcap"}}, "input too"},
	};
	char text[512];
	FILE *file;

	(void)state;
	make_capture("in.pcap", 3, 0, 7 * MS);
	file = fopen("text", "w");
	fputs("this is no capture, whatever its name may be\n", file);
	fclose(file);
	file = fopen("o", "w");
	fputs("precious\n", file);
	fclose(file);
	snprintf(text, sizeof(text), "%sdelay = 10ms\n", wire);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = {.told = 0};
		int rc = replay(&run, text, cases[i].in, 2, cases[i].out, 2);

		if (rc != -EINVAL && rc != -ENOENT)
			fail_msg("case %zu: %d", i, rc);
		if (!strstr(run.error.what, cases[i].says))
			fail_msg("case %zu: %s", i, run.error.what);
		assert_int_equal(files_here(false), 3);
	}
	file = fopen("o", "r");
	assert_non_null(fgets(text, sizeof(text), file));
	assert_string_equal(text, "precious\n");
	fclose(file);
}

static void an_interrupt_leaves_nothing_behind(void **state)
{
	struct replay_file in = {"w", "in.pcap"}, out = {"e", "out.pcapng"};
	static const volatile sig_atomic_t yes = 1;
	struct run run = {
		.options = {.interrupted = &yes, .capture = "all.pcapng", .journal = "journal"}};
	char text[512];

	(void)state;
	make_capture("in.pcap", 3, 0, 7 * MS);
	snprintf(text, sizeof(text), "%sdelay = 10ms\n", wire);
	assert_int_equal(replay(&run, text, &in, 1, &out, 1), -EINTR);
	assert_int_equal(files_here(false), 1);
}

static void a_journal_that_cannot_be_written_takes_the_captures_with_it(void **state)
{
	struct replay_file in = {"w", "in.pcap"}, out = {"e", "out.pcapng"};
	struct run run = {.options = {.capture = "all.pcapng", .journal = "no/where"}};
	char text[512];

	(void)state;
	make_capture("in.pcap", 3, 0, 7 * MS);
	snprintf(text, sizeof(text), "%sdelay = 10ms\n", wire);
	assert_int_equal(replay(&run, text, &in, 1, &out, 1), -ENOENT);
	assert_int_equal(files_here(false), 1);
}

static void endless_flows_need_an_end(void **state)
{
	static const char text[] =
		"[site a]\nkind = router\naddress = 10.0.0.1\n[site b]\nkind = router\n"
		"address = 10.0.0.2\n[link ab]\nends = a, b\nmedium = ethernet\ndelay = 1ms\n"
		"[flow f]\nfrom = a\nto = b\nrate = 1000pps\nsize = 100b\n";
	struct run run = {.told = 0};

	(void)state;
	assert_int_equal(replay(&run, text, NULL, 0, NULL, 0), -EINVAL);
	assert_non_null(strstr(run.error.what, "--until"));
	run = (struct run){.options.until_ns = 100 * MS};
	assert_int_equal(replay(&run, text, NULL, 0, NULL, 0), 0);
	assert_int_equal(run.result.end_ns, 100 * MS);
	assert_int_equal(run.forward.entered, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(frames_come_out_by_the_channels_delay, empty_folder),
		cmocka_unit_test_teardown(the_interface_that_is_named_like_the_port_counts,
					  empty_folder),
		cmocka_unit_test_teardown(several_ports_share_a_file_in_order_of_time,
					  empty_folder),
		cmocka_unit_test_teardown(the_capture_shows_where_and_why_packets_are_lost,
					  empty_folder),
		cmocka_unit_test_teardown(a_packet_is_followed_from_port_to_port, empty_folder),
		cmocka_unit_test_teardown(a_point_that_is_none_is_refused_and_leaves_nothing,
					  empty_folder),
		cmocka_unit_test_teardown(it_ends_with_the_last_event_or_at_until, empty_folder),
		cmocka_unit_test_teardown(cuts_and_returns_act_at_their_instants, empty_folder),
		cmocka_unit_test_teardown(nobody_waits_for_what_a_cut_has_taken, empty_folder),
		cmocka_unit_test_teardown(what_is_refused_leaves_nothing_behind, empty_folder),
		cmocka_unit_test_teardown(an_interrupt_leaves_nothing_behind, empty_folder),
		cmocka_unit_test_teardown(
			a_journal_that_cannot_be_written_takes_the_captures_with_it, empty_folder),
		cmocka_unit_test_teardown(endless_flows_need_an_end, empty_folder),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
