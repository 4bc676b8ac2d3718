// SPDX-License-Identifier: BSD-3-Clause
// Replays judged by verify, for what routers do to packets on the way: they cut them up, take tags
// and trailers off, and see payloads that repeat; and for captures that are cut short. What the
// engine made honestly passes, and a topology that says something else does not.
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

static void write_lab(const char *more)
{
	stories_write_lab("%s%s", stories_two_routers, more);
}

static struct shape small_and_large(uint32_t number)
{
	return (struct shape){.payload = number % 2 ? 1400 : 100, .id = number, .number = number};
}

static void packets_that_are_cut_up_arrive_with_their_last_part(void **state)
{
	json_t *said;

	(void)state;
	write_lab("mtu = 600\n");
	stories_send(400, MS, small_and_large);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_number(said, "received"), 400);
	assert_int_equal(stories_number(said, "fragments"), 600); // three each
	assert_int_equal(stories_number(said, "lost"), 0);
	assert_int_equal(stories_number(said, "extra"), 0);
	assert_int_equal(stories_number(said, "settled"), 200);
	json_decref(said);
}

// A packet of which one part is lost is lost, and what has come of it is nothing extra.
static void a_packet_without_one_of_its_parts_is_lost(void **state)
{
	json_t *said;

	(void)state;
	write_lab("mtu = 600\nloss = 20%\n");
	stories_send(400, MS, small_and_large);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_number(said, "extra"), 0);
	assert_int_equal(stories_number(said, "received") + stories_number(said, "lost"), 400);
	assert_true(stories_number(said, "lost") > 60);
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
	stories_send(400, MS, sent_in_parts);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_number(said, "received"), 400);
	assert_int_equal(stories_number(said, "fragments"), 0);
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
	stories_send(400, MS, whole_or_not_at_all);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_number(said, "lost"), 200);
	assert_int_equal(stories_number(said, "unreachable"), 200);
	json_decref(said);
	write_lab("");
	stories_replay();
	write_lab("mtu = 600\n");
	said = stories_verify("received.pcapng", 1);
	assert_int_equal(stories_clause(said, "unreachable"), 0);
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
	stories_send(400, 20 * MS, tagged_or_trailed);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_clause(said, "delay_early"), 1);
	assert_int_equal(stories_clause(said, "delay_late"), 1);
	assert_int_equal(stories_clause(said, "rate"), 1);
	json_decref(said);
	write_lab("rate = 900kbit\nlimit = 100ms\n");
	said = stories_verify("received.pcapng", 1);
	assert_int_equal(stories_clause(said, "delay_early"), 0);
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
	stories_send(2000, MS, all_alike);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_number(said, "ambiguous"), 0);
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
	stories_send(400, MS, small_and_large);
	stories_replay();
	for (size_t i = 0; i < 5; i++) {
		json_t *said;

		cut(enough[i]);
		said = stories_verify("cut.pcapng", 0);
		assert_int_equal(stories_number(said, "received"), 400);
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

// 400 packets of 100 to 500 bytes in as many milliseconds: all three colours.
static void check_colours(const char *lab, bool by_law)
{
	const char *right = "police = cir 100kbit cbs 2kb ebs 20kb remark 12";
	json_t *said;

	stories_write_lab("%s%s\n", lab, right);
	stories_send(400, MS, stories_plain);
	stories_replay();
	said = stories_verify("received.pcapng", 0);
	assert_int_equal(stories_clause(said, "dscp"), 1);
	assert_int_equal(stories_number(said, "corrupted"), 0);
	assert_true(stories_number(said, "lost") > 0);
	json_decref(said);
	// Another DSCP, and none; neither is damage.
	stories_write_lab("%spolice = cir 100kbit cbs 2kb ebs 20kb remark 13\n", lab);
	said = stories_verify("received.pcapng", 1);
	assert_int_equal(stories_clause(said, "dscp"), 0);
	assert_int_equal(stories_clause(said, "corruption"), 1);
	json_decref(said);
	stories_write_lab("%spolice = cir 100kbit cbs 2kb ebs 20kb\n", lab);
	stories_fails("dscp");
	if (!by_law)
		return;
	// Other ones yellow; then yellow ones that kept their DSCP.
	stories_write_lab("%spolice = cir 100kbit cbs 1kb ebs 21kb remark 12\n", lab);
	stories_fails("dscp");
	stories_replay();
	stories_write_lab("%s%s\n", lab, right);
	stories_fails("dscp");
}

static void who_is_yellow_has_the_policers_dscp(void **state)
{
	(void)state;
	check_colours(stories_two_routers, false);
	check_colours("[port pa]\ndevice = none\n[port pb]\ndevice = none\n"
		      "[link l]\nmedium = wire\nends = pa, pb\ndelay = 5ms\n",
		      true);
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
		cmocka_unit_test(who_is_yellow_has_the_policers_dscp),
		cmocka_unit_test(
			captures_with_other_snapshot_lengths_are_compared_as_far_as_both_reach),
	};

	return cmocka_run_group_tests(tests, stories_enter, stories_leave);
}
