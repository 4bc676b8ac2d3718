// SPDX-License-Identifier: BSD-3-Clause
// Thousands of changes while packets flow, in virtual time: each packet leaves at the nanosecond
// that a few lines of arithmetic say, in order, and each that a change retimes is counted.
#include <inttypes.h>
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

#define EPOCH       UINT64_C(1700000000123456789)
#define FRAMES      20000u
#define GAP_NS      UINT64_C(10000)
#define CHANGES     4000u
#define EVERY_NS    UINT64_C(50000)
#define FRAME_BYTES 100u

static char folder[] = "/tmp/corridor-changes-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	unlink("in.pcap");
	unlink("out.pcapng");
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void make_capture(void)
{
	const char *const names[] = {"x"};
	struct error error;
	struct trace_writer *writer =
		trace_create("in.pcap", trace_format_of("in.pcap"), names, 1, "test", &error);
	uint8_t bytes[FRAME_BYTES] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x88, 0xb5};

	assert_non_null(writer);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct trace_frame frame = {.at_ns = EPOCH + i * GAP_NS,
					    .bytes = bytes,
					    .length = FRAME_BYTES,
					    .wire_length = FRAME_BYTES,
					    .packet_id = TRACE_NO_PACKET_ID};

		memcpy(bytes + 20, &i, sizeof(i));
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
}

// ---- What is asked for ----

struct asked {
	uint64_t at_ns;
	uint64_t delay_ns;   // from then on
	uint64_t on_line_ns; // of a frame
	bool retimes;
};

// A change in words, after the one before.
static struct asked ask(unsigned i, struct asked asked, char *words, size_t size)
{
	static const char *const queues[] = {"codel", "pie",  "fq_codel",       "tail",
					     "head",  "prio", "drr weights 3,1"};
	// Steps of up to 600 us to either side, beyond the gap of frames and of changes.
	uint64_t delay_us = 300 + i * 7919 % 600;

	// At odd instants, but for some that fall together with an arrival or a release.
	asked.at_ns = i % 5 == 4 ? i * EVERY_NS : i * EVERY_NS + i * 7 % 9973;
	asked.retimes = i % 8 == 0 || i % 8 == 5;
	switch (i % 8) {
	case 0:
	case 3:
	case 5:
		asked.delay_ns = delay_us * 1000;
		snprintf(words, size, "delay %" PRIu64 "us%s", delay_us,
			 asked.retimes ? " inflight retime" : "");
		break;
	case 1:
		snprintf(words, size, "loss 0%%");
		break;
	case 2:
	case 6:
		snprintf(words, size, "queue %s limit 500", queues[i / 8 % 7]);
		break;
	case 4:
		asked.on_line_ns = i / 8 % 2 ? 100 : 200;
		snprintf(words, size, "rate %s", i / 8 % 2 ? "8gbit" : "4gbit");
		break;
	default:
		snprintf(words, size, "duplicate 0%% corrupt 0%% order keep");
	}
	return asked;
}

static char *write_topology(struct asked *asked)
{
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	struct asked now = {.delay_ns = 500000, .on_line_ns = 200};

	fputs("[network]\nseed = 5\n[port w]\ndevice = none\n[port e]\ndevice = none\n"
	      "[link span]\nmedium = wire\nends = w, e\ndelay = 500us\nrate = 4gbit\nlimit = 500\n",
	      file);
	for (unsigned i = 0; i < CHANGES; i++) {
		char words[96];

		asked[i] = now = ask(i, now, words, sizeof(words));
		fprintf(file, "[event e%u]\nat = %" PRIu64 "ns\ndo = link span:forward set %s\n", i,
			now.at_ns, words);
	}
	fclose(file);
	return text;
}

// ---- What follows ----

// Release of each frame, by the words of the manual: a frame takes its delay when it starts, never
// passes the one ahead, and is moved with all others on the way by the difference of delays, never
// to before the change. The number of moves.
static uint64_t compute(const struct asked *asked, uint64_t *release_ns)
{
	uint64_t delay_ns = 500000, on_line_ns = 200, last_ns = 0, moves = 0;
	uint32_t entered = 0, left = 0;

	for (unsigned i = 0; i <= CHANGES; i++) {
		uint64_t until_ns = i < CHANGES ? asked[i].at_ns : UINT64_MAX;

		for (; entered < FRAMES && entered * GAP_NS < until_ns; entered++) {
			uint64_t at_ns = entered * GAP_NS + on_line_ns + delay_ns;

			last_ns = at_ns > last_ns ? at_ns : last_ns;
			release_ns[entered] = last_ns;
		}
		while (left < entered && release_ns[left] < until_ns)
			left++;
		if (i == CHANGES)
			break;
		if (asked[i].retimes) {
			uint64_t least_ns = until_ns;

			for (uint32_t k = left; k < entered; k++, moves++) {
				release_ns[k] += asked[i].delay_ns - delay_ns;
				if (release_ns[k] < least_ns)
					release_ns[k] = least_ns;
				least_ns = release_ns[k];
			}
			last_ns = least_ns;
		}
		delay_ns = asked[i].delay_ns;
		on_line_ns = asked[i].on_line_ns;
	}
	return moves;
}

static void assert_capture(const uint64_t *release_ns)
{
	struct error error;
	struct trace_reader *reader = trace_open("out.pcapng", &error);
	struct trace_frame frame;

	assert_non_null(reader);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t number;

		assert_int_equal(trace_read(reader, &frame, &error), 1);
		memcpy(&number, frame.bytes + 20, sizeof(number));
		if (number != i || frame.at_ns - EPOCH != release_ns[i])
			fail_msg("frame %" PRIu32 " at %" PRIu64 " ns, frame %" PRIu32
				 " is due at %" PRIu64 " ns",
				 number, frame.at_ns - EPOCH, i, release_ns[i]);
	}
	assert_int_equal(trace_read(reader, &frame, &error), 0);
	trace_close(reader);
}

static void run(struct topology *topology, unsigned workers, uint64_t moves)
{
	struct replay_file in = {"w", "in.pcap"}, out = {"e", "out.pcapng"};
	struct replay_options options = {.topology = topology,
					 .inputs = &in,
					 .input_count = 1,
					 .outputs = &out,
					 .output_count = 1,
					 .until_ns = UINT64_MAX,
					 .workers = workers};
	struct replay_result result;
	struct engine *engine;
	struct network *network;
	struct engine_channel_counters counters;
	struct error error;

	if (replay_run(&options, &result, &engine, &network, &error) != 0)
		fail_msg("%s: %s", error.where, error.what);
	engine_channel_read(engine, 0, &counters);
	assert_int_equal(counters.entered, FRAMES);
	assert_int_equal(counters.delivered, FRAMES);
	assert_int_equal(counters.in_flight, 0);
	assert_int_equal(counters.duplicated, 0);
	assert_int_equal(counters.reordered, 0);
	assert_int_equal(counters.corrupted, 0);
	assert_int_equal(counters.retimed, moves);
	// The last events are kept, the others counted.
	assert_int_equal(network_event_count(network) + network_events_forgotten(network), CHANGES);
	engine_destroy(engine);
	network_free(network);
}

static void each_packet_leaves_when_the_changes_on_its_way_say(void **state)
{
	struct asked *asked = calloc(CHANGES, sizeof(*asked));
	uint64_t *release_ns = calloc(FRAMES, sizeof(*release_ns));
	char *text = write_topology(asked);
	struct topology *topology = paper(text);
	uint64_t moves = compute(asked, release_ns);

	(void)state;
	make_capture();
	assert_true(moves > CHANGES); // there is something on the way to move
	for (unsigned workers = 1; workers <= 2; workers++) {
		run(topology, workers, moves);
		assert_capture(release_ns);
	}
	topology_free(topology);
	free(text);
	free(release_ns);
	free(asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_packet_leaves_when_the_changes_on_its_way_say),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
