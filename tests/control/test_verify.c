// SPDX-License-Identifier: BSD-3-Clause
// Replays judged by verify, for what routers do to packets on the way: they cut them up, take tags
// and trailers off, and see payloads that repeat; and for captures that are cut short. What the
// engine made honestly passes, and a topology that says something else does not.
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
#include <jansson.h>

#include "pcaps/trace.h"
#include "tests/control/spoken.h"

#define MS    UINT64_C(1000000)
#define EPOCH UINT64_C(1700000000000000000)

static char folder[] = "/tmp/corridor-verify-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	static const char *const names[] = {"lab.ini", "sent.pcap", "received.pcapng",
					    "cut.pcapng"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

// ---- A lab and what goes in ----

static const char two_routers[] = "[site a]\naddress = 10.255.0.1\nsubnet = 10.1.0.0/16\n"
				  "[site b]\naddress = 10.255.0.2\nsubnet = 10.2.0.0/16\n"
				  "[port pa]\nsite = a\naddress = 10.1.0.1/24\n"
				  "[port pb]\nsite = b\naddress = 10.2.0.1/24\n"
				  "[link l]\nends = a, b\ndelay = 5ms\n";

static void write_lab(const char *more)
{
	FILE *file = fopen("lab.ini", "w");

	assert_non_null(file);
	fprintf(file, "%s%s", two_routers, more);
	assert_int_equal(fclose(file), 0);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

struct shape {
	uint32_t payload; // of UDP
	uint32_t id;
	uint32_t flags; // of IPv4, with the offset
	uint32_t number;
	bool tagged;      // a priority tag
	uint32_t trailer; // bytes behind the packet
};

// A frame from 10.1.0.9 to 10.2.0.9. Returns its length.
static uint32_t make_frame(const struct shape *shape, uint8_t *bytes)
{
	uint8_t *ip = bytes + 14 + (shape->tagged ? 4 : 0);
	uint32_t length = 28 + shape->payload;
	uint32_t sum = 0;

	memset(bytes, 0, 2048);
	memcpy(bytes, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	if (shape->tagged)
		memcpy(bytes + 12, "\x81\0\0\0", 4);
	put16(ip - 2, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, length);
	put16(ip + 4, shape->id);
	put16(ip + 6, shape->flags);
	ip[8] = 64;
	ip[9] = 17;
	memcpy(ip + 12, "\x0a\x01\0\x09\x0a\x02\0\x09", 8);
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)));
	put16(ip + 20, 4000);
	put16(ip + 22, 5000);
	put16(ip + 24, 8 + shape->payload);
	for (uint32_t i = 4; i < shape->payload; i++)
		ip[28 + i] = (uint8_t)(i * 7);
	if (shape->payload >= 4)
		memcpy(ip + 28, &shape->number, 4);
	memset(ip + length, 0x77, shape->trailer);
	return (uint32_t)(ip - bytes) + length + shape->trailer;
}

// `frames` frames, gap_ns apart; shape_of says what each is.
static void send(uint32_t frames, uint64_t gap_ns, struct shape (*shape_of)(uint32_t number))
{
	const char *names[] = {"sent"};
	struct error error;
	struct trace_writer *writer = trace_create("sent.pcap", TRACE_PCAP, names, 1, "", &error);
	uint8_t bytes[2048];

	assert_non_null(writer);
	for (uint32_t i = 0; i < frames; i++) {
		struct shape shape = shape_of(i);
		uint32_t length = make_frame(&shape, bytes);
		struct trace_frame frame = {.at_ns = EPOCH + i * gap_ns,
					    .bytes = bytes,
					    .length = length,
					    .wire_length = length,
					    .packet_id = TRACE_NO_PACKET_ID};

		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	assert_int_equal(trace_finish(writer, &error), 0);
}

static void replay(void)
{
	struct spoken spoken;

	if (speak(&spoken, "replay", "lab.ini", "--in", "pa=sent.pcap", "--out",
		  "pb=received.pcapng", NULL))
		fail_msg("%s", spoken.err);
	spoken_fini(&spoken);
}

// ---- What verify says ----

static json_t *verify(const char *received, int status)
{
	struct spoken spoken;
	int found = speak(&spoken, "-j", "verify", "--sent", "sent.pcap", "--received", received,
			  "--topology", "lab.ini", "--from", "pa", "--to", "pb", NULL);
	json_t *said;

	if (found != status)
		fail_msg("status %d: %s%s", found, spoken.out, spoken.err);
	said = json_loads(spoken.out, 0, NULL);
	assert_non_null(said);
	spoken_fini(&spoken);
	return said;
}

static long number(const json_t *said, const char *key)
{
	return (long)json_integer_value(json_object_get(said, key));
}

// true, false or null of a clause, as 1, 0 and -1.
static int clause(const json_t *said, const char *name)
{
	json_t *test;
	size_t i;

	json_array_foreach(json_object_get(said, "tests"), i, test)
	{
		if (strcmp(json_string_value(json_object_get(test, "name")), name) == 0)
			return json_is_null(json_object_get(test, "pass"))
				       ? -1
				       : json_is_true(json_object_get(test, "pass"));
	}
	fail_msg("no clause %s", name);
	return 0;
}

// ---- The stories ----

static struct shape small_and_large(uint32_t number)
{
	return (struct shape){.payload = number % 2 ? 1400 : 100, .id = number, .number = number};
}

static void packets_that_are_cut_up_arrive_with_their_last_part(void **state)
{
	json_t *said;

	(void)state;
	write_lab("mtu = 600\n");
	send(400, MS, small_and_large);
	replay();
	said = verify("received.pcapng", 0);
	assert_int_equal(number(said, "received"), 400);
	assert_int_equal(number(said, "fragments"), 600); // three each
	assert_int_equal(number(said, "lost"), 0);
	assert_int_equal(number(said, "extra"), 0);
	assert_int_equal(number(said, "settled"), 200);
	json_decref(said);
}

// A packet of which one part is lost is lost, and what has come of it is nothing extra.
static void a_packet_without_one_of_its_parts_is_lost(void **state)
{
	json_t *said;

	(void)state;
	write_lab("mtu = 600\nloss = 20%\n");
	send(400, MS, small_and_large);
	replay();
	said = verify("received.pcapng", 0);
	assert_int_equal(number(said, "extra"), 0);
	assert_int_equal(number(said, "received") + number(said, "lost"), 400);
	assert_true(number(said, "lost") > 60);
	json_decref(said);
}

static struct shape sent_in_parts(uint32_t number)
{
	// 1000 bytes as 608 and 392, the second of which ends the packet.
	return (struct shape){.payload = number % 2 ? 384 : 600,
			      .id = number / 2,
			      .flags = number % 2 ? 608 / 8 : 0x2000,
			      .number = number};
}

static void fragments_that_were_sent_are_packets_of_their_own(void **state)
{
	json_t *said;

	(void)state;
	write_lab("");
	send(400, MS, sent_in_parts);
	replay();
	said = verify("received.pcapng", 0);
	assert_int_equal(number(said, "received"), 400);
	assert_int_equal(number(said, "fragments"), 0);
	json_decref(said);
}

static struct shape whole_or_not_at_all(uint32_t number)
{
	return (struct shape){.payload = number % 2 ? 1400 : 100,
			      .id = number,
			      .flags = 0x4000,
			      .number = number};
}

static void what_may_not_be_cut_up_must_be_lost(void **state)
{
	json_t *said;

	(void)state;
	write_lab("mtu = 600\n");
	send(400, MS, whole_or_not_at_all);
	replay();
	said = verify("received.pcapng", 0);
	assert_int_equal(number(said, "lost"), 200);
	assert_int_equal(number(said, "unreachable"), 200);
	json_decref(said);
	write_lab("");
	replay();
	write_lab("mtu = 600\n");
	said = verify("received.pcapng", 1);
	assert_int_equal(clause(said, "unreachable"), 0);
	json_decref(said);
}

static struct shape tagged_or_trailed(uint32_t number)
{
	return (struct shape){.payload = number % 3 ? 4 : 300,
			      .id = number,
			      .number = number,
			      .tagged = number % 2,
			      .trailer = number % 4 < 2 ? 24 : 0};
}

// At 1 Mbit/s four bytes are 32 us: bounds are those of the packet as it travels.
static void tags_and_trailers_stay_behind(void **state)
{
	json_t *said;

	(void)state;
	write_lab("rate = 1mbit\nlimit = 100ms\n");
	send(400, 20 * MS, tagged_or_trailed);
	replay();
	said = verify("received.pcapng", 0);
	assert_int_equal(clause(said, "delay_early"), 1);
	assert_int_equal(clause(said, "delay_late"), 1);
	assert_int_equal(clause(said, "rate"), 1);
	json_decref(said);
	write_lab("rate = 900kbit\nlimit = 100ms\n");
	said = verify("received.pcapng", 1);
	assert_int_equal(clause(said, "delay_early"), 0);
	json_decref(said);
}

static struct shape all_alike(uint32_t number)
{
	return (struct shape){.payload = 100, .id = 0, .flags = 0x4000, .number = number % 3};
}

static void payloads_that_repeat_are_told_apart_by_the_model(void **state)
{
	json_t *said;

	(void)state;
	write_lab("loss = 10%\n");
	send(2000, MS, all_alike);
	replay();
	said = verify("received.pcapng", 0);
	assert_int_equal(number(said, "ambiguous"), 0);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(said, "delay_ns"), "max")),
		5 * MS);
	json_decref(said);
}

// Reads a capture and writes what a snapshot length leaves of it.
static void cut(uint32_t snap_bytes)
{
	const char *names[] = {"pb"};
	struct error error;
	struct trace_frame frame;
	struct trace_reader *reader = trace_open("received.pcapng", &error);
	struct trace_writer *writer =
		trace_create("cut.pcapng", TRACE_PCAPNG, names, 1, "", &error);

	assert_non_null(reader);
	assert_non_null(writer);
	while (trace_read(reader, &frame, &error) > 0) {
		if (frame.length > snap_bytes)
			frame.length = snap_bytes;
		assert_int_equal(trace_write(writer, &frame, &error), 0);
	}
	trace_close(reader);
	assert_int_equal(trace_finish(writer, &error), 0);
}

static void captures_with_other_snapshot_lengths_are_compared_as_far_as_both_reach(void **state)
{
	static const uint32_t enough[] = {54, 64, 96, 500, 1000};
	static const uint32_t too_few[] = {0, 14, 20, 34, 53};

	(void)state;
	write_lab("mtu = 600\n");
	send(400, MS, small_and_large);
	replay();
	for (size_t i = 0; i < 5; i++) {
		json_t *said;

		cut(enough[i]);
		said = verify("cut.pcapng", 0);
		assert_int_equal(number(said, "received"), 400);
		json_decref(said);
	}
	for (size_t i = 0; i < 5; i++) {
		struct spoken spoken;

		cut(too_few[i]);
		assert_int_equal(speak(&spoken, "verify", "--sent", "sent.pcap", "--received",
				       "cut.pcapng", "--topology", "lab.ini", "--from", "pa",
				       "--to", "pb", NULL),
				 2);
		assert_true(spoken_is_one_line(&spoken));
		assert_non_null(strstr(spoken.err, "40 are the least"));
		spoken_fini(&spoken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_that_are_cut_up_arrive_with_their_last_part),
		cmocka_unit_test(a_packet_without_one_of_its_parts_is_lost),
		cmocka_unit_test(fragments_that_were_sent_are_packets_of_their_own),
		cmocka_unit_test(what_may_not_be_cut_up_must_be_lost),
		cmocka_unit_test(tags_and_trailers_stay_behind),
		cmocka_unit_test(payloads_that_repeat_are_told_apart_by_the_model),
		cmocka_unit_test(
			captures_with_other_snapshot_lengths_are_compared_as_far_as_both_reach),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
