// SPDX-License-Identifier: BSD-3-Clause
// The capture of every point, read back: each packet's way under one id, and of those that are lost
// where, why, and when they were due; as many of each as the counters say.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pcaps/trace.h"
#include "tests/control/spoken.h"
#include "tests/control/stories.h"

#define FRAMES      600u
#define PACKETS     4096
#define CAUSES_MOST 64

// All that one id was seen at.
struct way {
	uint64_t id;
	unsigned lost;
	bool lost_last; // the last time it was seen it was lost
};

struct cause {
	char text[96]; // "channel=l:forward lost=queue"
	unsigned count;
};

struct capture {
	struct way ways[PACKETS];
	size_t way_count;
	struct cause causes[CAUSES_MOST];
	size_t cause_count;
};

static json_t *replay_all(void)
{
	struct spoken spoken;
	json_t *said;

	if (speak(&spoken, "-j", "replay", "lab.ini", "--in", "pa=sent.pcap", "--capture",
		  "all.pcapng", "--workers", "2", NULL))
		fail_msg("%s", spoken.err);
	said = json_loads(spoken.out, 0, NULL);
	assert_non_null(said);
	spoken_fini(&spoken);
	return said;
}

static struct way *way_of(struct capture *capture, uint64_t id)
{
	for (size_t i = 0; i < capture->way_count; i++)
		if (capture->ways[i].id == id)
			return &capture->ways[i];
	assert_true(capture->way_count < PACKETS);
	capture->ways[capture->way_count] = (struct way){.id = id};
	return &capture->ways[capture->way_count++];
}

static void count_cause(struct capture *capture, const char *comment)
{
	struct cause cause = {.count = 1};
	const char *due = strstr(comment, " due=");
	size_t length = due ? (size_t)(due - comment) : strlen(comment);

	assert_int_equal(strncmp(comment, "corridor: ", 10), 0);
	snprintf(cause.text, sizeof(cause.text), "%.*s", (int)length - 10, comment + 10);
	for (size_t i = 0; i < capture->cause_count; i++)
		if (strcmp(capture->causes[i].text, cause.text) == 0) {
			capture->causes[i].count++;
			return;
		}
	assert_true(capture->cause_count < CAUSES_MOST);
	capture->causes[capture->cause_count++] = cause;
}

static void read_all(struct capture *capture)
{
	struct error error;
	struct trace_reader *reader = trace_open("all.pcapng", &error);
	struct trace_frame frame;

	memset(capture, 0, sizeof(*capture));
	assert_non_null(reader);
	while (trace_read(reader, &frame, &error) == 1) {
		struct way *way;

		assert_true(frame.packet_id != TRACE_NO_PACKET_ID);
		way = way_of(capture, frame.packet_id);
		way->lost_last = frame.comment != NULL;
		way->lost += frame.comment != NULL;
		if (frame.comment)
			count_cause(capture, frame.comment);
	}
	assert_null(trace_warning(reader)); // in order of time
	trace_close(reader);
}

// Every loss that the counters of one kind of thing have, as the comments name it. How many kinds.
static size_t compare(const json_t *said, const char *kind, const char *word,
		      const struct capture *capture)
{
	json_t *thing, *count;
	const char *name, *reason;
	size_t found = 0;

	json_object_foreach(json_object_get(said, kind), name, thing)
	{
		json_object_foreach(json_object_get(thing, "lost"), reason, count)
		{
			char text[96];
			json_int_t counted = 0;

			snprintf(text, sizeof(text), "%s=%s lost=%s", word, name, reason);
			for (size_t i = 0; i < capture->cause_count; i++)
				if (strcmp(capture->causes[i].text, text) == 0)
					counted = capture->causes[i].count;
			if (counted != json_integer_value(count))
				fail_msg("%s: %lld comments, %lld counted", text,
					 (long long)counted, (long long)json_integer_value(count));
			found += counted > 0;
		}
	}
	return found;
}

static struct shape of_all_fates(uint32_t number)
{
	return (struct shape){.payload = number % 5 == 0 ? 900 : 100,
			      .id = number,
			      .flags = 0x4000,
			      .number = number,
			      .ttl = number % 7 == 0   ? 1
				     : number % 7 == 1 ? 2
						       : 64};
}

static void the_lost_say_where_and_why_as_often_as_counted(void **state)
{
	struct capture *capture = malloc(sizeof(*capture));
	unsigned lost = 0;
	json_t *said;

	(void)state;
	assert_non_null(capture);
	stories_write_lab("[site a]\naddress = 10.255.0.1\nsubnet = 10.1.0.0/16\n"
			  "[site c]\naddress = 10.255.0.3\n"
			  "[site b]\naddress = 10.255.0.2\nsubnet = 10.2.0.0/16\n"
			  "[port pa]\nsite = a\naddress = 10.1.0.1/24\n"
			  "[port pb]\nsite = b\naddress = 10.2.0.1/24\nmtu = 900\n"
			  "[link l]\nends = a, c\ndelay = 20ms\nloss = 10%%\nrate = 1mbit\n"
			  "limit = 8p\n"
			  "[link m]\nends = c, b\ndelay = 5ms\nmtu = 920\n"
			  "[event down]\nat = 300ms\ndo = link l down inflight cut\n"
			  "[event up]\nat = 400ms\ndo = link l up\n");
	stories_send(FRAMES, MS, of_all_fates);
	said = replay_all();
	read_all(capture);
	// Queue, model, carrier and cut in a channel; ttl twice and mtu at sites.
	assert_true(compare(said, "channels", "channel", capture) >= 4);
	assert_true(compare(said, "sites", "site", capture) >= 3);
	compare(said, "ports", "port", capture);
	for (size_t i = 0; i < capture->way_count; i++) {
		const struct way *way = &capture->ways[i];

		// Nothing is lost twice, and where it was lost is where it was seen last.
		assert_true(way->lost <= 1);
		assert_int_equal(way->lost, way->lost_last);
		lost += way->lost;
	}
	assert_true(lost > 100);
	json_decref(said);
	free(capture);
}

// In flight at 100.5 ms: frames 91 to 100, each due 10 ms after it was sent.
static void what_was_cut_says_when_it_was_due(void **state)
{
	struct error error;
	struct trace_reader *reader;
	struct trace_frame frame;
	uint64_t first_ns = 0;
	unsigned cuts = 0;

	(void)state;
	stories_write_lab("[port pa]\n[port pb]\n[link l]\nends = pa, pb\ndelay = 10ms\n"
			  "[event cut]\nat = 100500us\ndo = link l down inflight cut\n");
	stories_send(200, MS, stories_plain);
	json_decref(replay_all());
	reader = trace_open("all.pcapng", &error);
	assert_non_null(reader);
	while (trace_read(reader, &frame, &error) == 1) {
		char wanted[128];

		first_ns = first_ns ? first_ns : frame.at_ns;
		if (!frame.comment || !strstr(frame.comment, "lost=cut"))
			continue;
		snprintf(wanted, sizeof(wanted),
			 "corridor: channel=l:forward lost=cut due=%" PRIu64,
			 first_ns + (91 + cuts) * MS + 10 * MS);
		assert_string_equal(frame.comment, wanted);
		assert_true(frame.at_ns == first_ns + 100500 * MS / 1000);
		cuts++;
	}
	assert_int_equal(cuts, 10);
	trace_close(reader);
}

// Sent, and lost behind the line of 1 us a byte; what jitter would have added nobody has drawn.
static void what_was_lost_on_the_way_says_when_it_was_due(void **state)
{
	struct error error;
	struct trace_reader *reader;
	struct trace_frame frame;
	unsigned lost = 0;

	(void)state;
	stories_write_lab("[port pa]\n[port pb]\n[link l]\nends = pa, pb\ndelay = 10ms 1ms\n"
			  "loss = 50%%\nrate = 8mbit\n");
	stories_send(200, MS, stories_plain);
	json_decref(replay_all());
	reader = trace_open("all.pcapng", &error);
	assert_non_null(reader);
	while (trace_read(reader, &frame, &error) == 1) {
		char wanted[128];

		if (!frame.comment)
			continue;
		snprintf(wanted, sizeof(wanted),
			 "corridor: channel=l:forward lost=model due=%" PRIu64,
			 frame.at_ns + frame.length * UINT64_C(1000) + 10 * MS);
		assert_string_equal(frame.comment, wanted);
		lost++;
	}
	assert_true(lost > 50);
	trace_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lost_say_where_and_why_as_often_as_counted),
		cmocka_unit_test(what_was_cut_says_when_it_was_due),
		cmocka_unit_test(what_was_lost_on_the_way_says_when_it_was_due),
	};

	return cmocka_run_group_tests(tests, stories_enter, stories_leave);
}
