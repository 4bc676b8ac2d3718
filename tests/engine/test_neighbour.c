// SPDX-License-Identifier: BSD-3-Clause
// ARP and Neighbour Discovery: answering, asking, learning, waiting, giving up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/neighbour.h"
#include "tests/engine/fake_worker.h"

#define WEST      "02:00:00:00:00:10"
#define HOST      "02:00:00:00:00:99"
#define OTHER     "02:00:00:00:00:98"
#define NOBODY    "00:00:00:00:00:00"
#define BROADCAST "ff:ff:ff:ff:ff:ff"
#define SECOND    UINT64_C(1000000000)

#define SOLICIT   135
#define ADVERTISE 136

static struct worker *one_router(void)
{
	struct worker *worker = fake_chain(1);

	fake_begin(worker);
	return worker;
}

// A packet from far away to a host at port 0.
static void send_to(struct worker *worker, const char *host, uint16_t number, uint64_t at_ns)
{
	const char *source = strchr(host, ':') ? "2001:db8:1::2" : "10.1.0.2";
	struct frame frame = frame_udp(OTHER, "02:00:00:00:00:11", source, host, 64, number, 2, 8);

	fake_receive(worker, 1, &frame, at_ns);
}

static uint16_t number_of(struct worker *worker, uint32_t n)
{
	const uint8_t *frame = fake_sent(worker, 0, n)->frame;

	return frame_be16(frame + (frame[14] >> 4 == 4 ? 34 : 54));
}

static void an_arp_request_for_the_interface_is_answered(void **state)
{
	struct worker *worker = one_router();
	struct frame request = frame_arp(HOST, BROADCAST, 1, HOST, "10.0.0.2", NOBODY, "10.0.0.1");
	struct frame reply = frame_arp(WEST, HOST, 2, WEST, "10.0.0.1", HOST, "10.0.0.2");

	(void)state;
	fake_receive(worker, 0, &request, 77);
	assert_int_equal(fake_sent(worker, 0, 0)->length, 42);
	assert_memory_equal(fake_sent(worker, 0, 0)->frame, reply.bytes, 42);
	assert_int_equal(fake_event(worker, FAKE_SENT, 0, 0)->at_ns, 77);
	assert_int_equal(worker->counters[0].local, 1);
	// Whoever asked is known: nothing waits.
	send_to(worker, "10.0.0.2", 1, 78);
	frame_check_ethernet(fake_sent(worker, 0, 1)->frame, WEST, HOST, 0x0800);
	fake_free(worker);
}

static void arp_for_others_or_malformed_is_consumed_in_silence(void **state)
{
	struct worker *worker = one_router();
	struct frame good = frame_arp(HOST, BROADCAST, 1, HOST, "10.0.0.2", NOBODY, "10.0.0.1");
	struct frame frame = frame_arp(HOST, BROADCAST, 1, HOST, "10.0.0.2", NOBODY, "10.0.0.7");
	const uint32_t bytes[] = {14, 16, 18, 19}; // hardware and protocol, their lengths

	(void)state;
	fake_receive(worker, 0, &frame, 0);
	for (int i = 0; i < 4; i++) {
		frame = good;
		frame.bytes[bytes[i]] ^= 3;
		fake_receive(worker, 0, &frame, 0);
	}
	for (frame = good; frame.length > 14; frame.length--)
		if (frame.length < 42)
			fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame_mac(BROADCAST, frame.bytes + 22); // a group as the sender
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(worker->counters[0].local, 1 + 4 + 27 + 1);
	assert_int_equal(worker->counters[0].originated, 0);
	send_to(worker, "10.0.0.2", 1, 0); // and nothing was learnt
	assert_int_equal(worker->counters[0].pending, 1);
	fake_free(worker);
}

static void packets_of_others_teach_nothing_where_arp_does(void **state)
{
	struct worker *worker = one_router();
	struct frame frame = frame_echo(HOST, WEST, "10.0.0.2", "10.255.0.0", 64, 1, 8);

	(void)state;
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 1); // the site asks before it answers
	frame_check_ethernet(fake_sent(worker, 0, 0)->frame, WEST, BROADCAST, 0x0806);
	fake_free(worker);
}

static void an_arp_probe_is_answered_and_not_learnt(void **state)
{
	struct worker *worker = one_router();
	struct frame probe = frame_arp(HOST, BROADCAST, 1, HOST, "0.0.0.0", NOBODY, "10.0.0.1");

	(void)state;
	fake_receive(worker, 0, &probe, 0);
	frame_check_ethernet(fake_sent(worker, 0, 0)->frame, WEST, HOST, 0x0806);
	fake_free(worker);
}

static void packets_wait_for_the_answer_and_go_out_in_order(void **state)
{
	struct worker *worker = one_router();
	struct frame request = frame_arp(WEST, BROADCAST, 1, WEST, "10.0.0.1", NOBODY, "10.0.0.2");
	struct frame reply = frame_arp(HOST, WEST, 2, HOST, "10.0.0.2", WEST, "10.0.0.1");

	(void)state;
	for (uint16_t i = 0; i < 5; i++)
		send_to(worker, "10.0.0.2", i, i);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 1); // asked once
	assert_memory_equal(fake_sent(worker, 0, 0)->frame, request.bytes, 42);
	assert_int_equal(worker->counters[0].pending, 5);
	fake_receive(worker, 0, &reply, 500);
	assert_int_equal(worker->counters[0].pending, 0);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 6);
	for (uint16_t i = 0; i < 5; i++) {
		frame_check_ethernet(fake_sent(worker, 0, i + 1u)->frame, WEST, HOST, 0x0800);
		frame_check(fake_sent(worker, 0, i + 1u)->frame, 50);
		assert_int_equal(number_of(worker, i + 1u), i);
		assert_int_equal(fake_sent(worker, 0, i + 1u)->frame[22], 63);
		assert_int_equal(fake_event(worker, FAKE_SENT, 0, i + 1u)->at_ns, 500);
	}
	fake_free(worker);
}

static void the_oldest_of_too_many_waiting_is_lost(void **state)
{
	struct worker *worker = one_router();
	struct frame reply = frame_arp(HOST, WEST, 2, HOST, "10.0.0.2", WEST, "10.0.0.1");

	(void)state;
	for (uint16_t i = 0; i < NEIGHBOUR_WAITING + 3; i++)
		send_to(worker, "10.0.0.2", i, i);
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 3);
	assert_int_equal(worker->counters[0].pending, NEIGHBOUR_WAITING);
	fake_receive(worker, 0, &reply, 500);
	for (uint32_t i = 0; i < NEIGHBOUR_WAITING; i++)
		assert_int_equal(number_of(worker, i + 1), i + 3);
	fake_free(worker);
}

static void a_silent_address_is_asked_once_a_second_and_given_up(void **state)
{
	struct worker *worker = one_router();

	(void)state;
	worker->interfaces[1].resolves = false; // where its sender lives
	send_to(worker, "10.0.0.2", 1, 0);
	for (uint64_t at = SECOND / 10; at < 4 * SECOND; at += SECOND / 10) {
		uint64_t asked =
			at / SECOND + 1 < NEIGHBOUR_ASKS ? at / SECOND + 1 : NEIGHBOUR_ASKS;
		site_tick(worker, 0, at);
		assert_int_equal(fake_count(worker, FAKE_SENT, 0), asked);
		assert_int_equal(worker->counters[0].pending, at < 3 * SECOND);
	}
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 1);
	// Its sender is told: host unreachable.
	assert_int_equal(fake_count(worker, FAKE_SENT, 1), 1);
	frame_check(fake_sent(worker, 1, 0)->frame, fake_sent(worker, 1, 0)->length);
	assert_int_equal(frame_be16(fake_sent(worker, 1, 0)->frame + 34), 0x0301);
	send_to(worker, "10.0.0.2", 1, 4 * SECOND); // and asked for anew
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), NEIGHBOUR_ASKS + 1);
	fake_free(worker);
}

static void traffic_alone_gives_a_silent_address_up_too(void **state)
{
	struct worker *worker = one_router();

	(void)state;
	worker->interfaces[1].resolves = false;
	for (uint64_t i = 0; i < 35; i++)
		send_to(worker, "10.0.0.2", (uint16_t)i, i * SECOND / 10);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 4); // at 0, 1, 2 and 3 s
	assert_int_equal(worker->counters[0].pending, 5);
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 30);
	// About those that waited to the end; for the others, too many were waiting.
	assert_int_equal(fake_count(worker, FAKE_SENT, 1), NEIGHBOUR_WAITING);
	fake_free(worker);
}

// What is said about packets that have waited in vain must wait as well, on the same interface: the
// table changes while it is looked through.
static void a_full_table_that_is_given_up_survives_what_is_said_about_it(void **state)
{
	struct worker *worker = one_router();
	char target[32], source[32];

	(void)state;
	for (uint32_t i = 0; i < NEIGHBOUR_RESOLUTIONS; i++) {
		struct frame frame;

		snprintf(target, sizeof(target), "10.0.0.%u", 2 + i);
		snprintf(source, sizeof(source), "10.0.0.%u", 100 + i);
		frame = frame_udp(OTHER, WEST, source, target, 64, 1, 2, 8);
		fake_receive(worker, 0, &frame, i);
	}
	assert_int_equal(worker->counters[0].pending, NEIGHBOUR_RESOLUTIONS);
	for (uint64_t at = SECOND; at < 10 * SECOND; at += SECOND)
		site_tick(worker, 0, at);
	// The packets, and the errors about them; about errors nothing is said.
	assert_int_equal(worker->counters[0].pending, 0);
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 2 * NEIGHBOUR_RESOLUTIONS);
	fake_free(worker);
}

static void a_site_that_goes_down_loses_what_waits_by_carrier(void **state)
{
	struct worker *worker = one_router();

	(void)state;
	send_to(worker, "10.0.0.2", 1, 0);
	worker->sites[0].carrier = false;
	site_tick(worker, 0, 1);
	assert_int_equal(fake_lost(worker, 0, DROP_CARRIER), 1);
	assert_int_equal(worker->counters[0].pending, 0);
	fake_free(worker);
}

static void a_sweep_over_dead_addresses_stays_bounded(void **state)
{
	struct worker *worker = one_router();
	char text[32];

	(void)state;
	for (uint32_t i = 2; i < 202; i++) {
		snprintf(text, sizeof(text), "10.0.0.%u", i);
		send_to(worker, text, 1, i);
	}
	assert_int_equal(worker->counters[0].pending, NEIGHBOUR_RESOLUTIONS);
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 200 - NEIGHBOUR_RESOLUTIONS);
	fake_free(worker);
}

static void more_neighbours_than_places_replace_the_longest_unused(void **state)
{
	struct worker *worker = one_router();
	struct frame frame;
	uint32_t known = 0;
	char text[32];

	(void)state;
	worker->interfaces[0].address4.prefix_length = 16;
	fake_prefix(worker, "10.0.0.0", 16, 1);
	for (uint32_t i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "10.0.%u.%u", 1 + i / 250, 1 + i % 250);
		frame = frame_arp(HOST, BROADCAST, 1, HOST, text, NOBODY, "10.0.0.1");
		fake_receive(worker, 0, &frame, i);
		if (i % 10 == 0) // this one is in use all the time, and stays
			send_to(worker, "10.0.1.1", 1, i);
		assert_int_equal(worker->counters[0].pending, 0);
		fake_forget(worker);
	}
	for (uint32_t i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "10.0.%u.%u", 1 + i / 250, 1 + i % 250);
		send_to(worker, text, 7, 4000);
		known += frame_be16(fake_sent(worker, 0, 0)->frame + 12) == 0x0800;
		fake_forget(worker);
	}
	assert_in_range(known, NEIGHBOUR_ENTRIES * 9 / 10, NEIGHBOUR_ENTRIES);
	fake_free(worker);
}

static void a_neighbour_in_use_is_asked_again_and_forgotten_when_silent(void **state)
{
	struct worker *worker = one_router();
	struct frame request = frame_arp(HOST, BROADCAST, 1, HOST, "10.0.0.2", NOBODY, "10.0.0.1");
	struct frame reply = frame_arp(HOST, WEST, 2, HOST, "10.0.0.2", WEST, "10.0.0.1");
	uint64_t stale = NEIGHBOUR_FRESH_NS;

	(void)state;
	fake_receive(worker, 0, &request, 0);
	fake_forget(worker);
	send_to(worker, "10.0.0.2", 1, stale - 1);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 1);
	send_to(worker, "10.0.0.2", 2, stale); // asked, of it alone, and sent
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 3);
	frame_check_ethernet(fake_sent(worker, 0, 1)->frame, WEST, HOST, 0x0806);
	send_to(worker, "10.0.0.2", 3, stale + 1);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 4);
	fake_receive(worker, 0, &reply, stale + 2);
	send_to(worker, "10.0.0.2", 4, stale + SECOND); // confirmed
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 5);
	fake_forget(worker);
	for (uint64_t i = 0; i < 4; i++)
		send_to(worker, "10.0.0.2", 5, 3 * stale + i * SECOND);
	assert_int_equal(worker->counters[0].pending, 1); // three questions, then it waits
	frame_check_ethernet(fake_sent(worker, 0, 6)->frame, WEST, BROADCAST, 0x0806);
	fake_free(worker);
}

static void a_moved_neighbour_is_followed_and_strangers_are_not_learnt(void **state)
{
	struct worker *worker = one_router();
	struct frame request = frame_arp(HOST, BROADCAST, 1, HOST, "10.0.0.2", NOBODY, "10.0.0.1");
	struct frame moved = frame_arp(OTHER, BROADCAST, 1, OTHER, "10.0.0.2", NOBODY, "10.0.0.2");
	struct frame stranger =
		frame_arp(OTHER, BROADCAST, 1, OTHER, "10.0.0.3", NOBODY, "10.0.0.3");

	(void)state;
	fake_receive(worker, 0, &request, 0);
	fake_receive(worker, 0, &moved, 0);
	fake_receive(worker, 0, &stranger, 0);
	fake_forget(worker);
	send_to(worker, "10.0.0.2", 1, 1);
	frame_check_ethernet(fake_sent(worker, 0, 0)->frame, WEST, OTHER, 0x0800);
	send_to(worker, "10.0.0.3", 1, 1);
	assert_int_equal(worker->counters[0].pending, 1);
	fake_free(worker);
}

static void a_solicitation_is_answered(void **state)
{
	const char *own[] = {"2001:db8::1", "fe80::10"};
	const char *groups[] = {"ff02::1:ff00:1", "ff02::1:ff00:10"};
	const char *macs[] = {"33:33:ff:00:00:01", "33:33:ff:00:00:10"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct worker *worker = one_router();
		struct frame ask =
			frame_nd(HOST, macs[i], "fe80::99", groups[i], SOLICIT, 0, own[i], HOST);
		struct frame answer =
			frame_nd(WEST, HOST, own[i], "fe80::99", ADVERTISE, 0xe0, own[i], WEST);

		fake_receive(worker, 0, &ask, 0);
		assert_int_equal(fake_sent(worker, 0, 0)->length, answer.length);
		assert_memory_equal(fake_sent(worker, 0, 0)->frame, answer.bytes, answer.length);
		fake_free(worker);
	}
}

static void duplicate_address_detection_is_answered_to_all(void **state)
{
	struct worker *worker = one_router();
	struct frame ask = frame_nd(HOST, "33:33:ff:00:00:01", "::", "ff02::1:ff00:1", SOLICIT, 0,
				    "2001:db8::1", NULL);
	struct frame answer = frame_nd(WEST, "33:33:00:00:00:01", "2001:db8::1", "ff02::1",
				       ADVERTISE, 0xa0, "2001:db8::1", WEST);

	(void)state;
	fake_receive(worker, 0, &ask, 0);
	assert_memory_equal(fake_sent(worker, 0, 0)->frame, answer.bytes, answer.length);
	fake_free(worker);
}

static void solicitations_that_rfc_4861_calls_invalid_get_no_answer(void **state)
{
	struct frame good = frame_nd(HOST, "33:33:ff:00:00:01", "fe80::99", "ff02::1:ff00:1",
				     SOLICIT, 0, "2001:db8::1", HOST);
	struct worker *worker = one_router();
	struct frame frame = good;

	(void)state;
	frame.bytes[21] = 254; // hop limit: it was forwarded
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame.bytes[56] ^= 1; // checksum
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame.bytes[55] = 1; // code
	frame_put16(frame.bytes + 56, 0);
	frame_put16(frame.bytes + 56, frame_icmpv6_checksum(frame.bytes));
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame.bytes[54 + 25] = 0; // option without length
	frame_put16(frame.bytes + 56, 0);
	frame_put16(frame.bytes + 56, frame_icmpv6_checksum(frame.bytes));
	fake_receive(worker, 0, &frame, 0);
	frame.bytes[54 + 25] = 2; // option beyond the end
	frame_put16(frame.bytes + 56, 0);
	frame_put16(frame.bytes + 56, frame_icmpv6_checksum(frame.bytes));
	fake_receive(worker, 0, &frame, 0);
	frame = frame_nd(HOST, "33:33:ff:00:00:01", "::", "ff02::1:ff00:1", SOLICIT, 0,
			 "2001:db8::1", HOST); // no address, but an option
	fake_receive(worker, 0, &frame, 0);
	frame = frame_nd(HOST, "33:33:ff:00:00:07", "fe80::99", "ff02::1:ff00:7", SOLICIT, 0,
			 "2001:db8::7", HOST); // someone else
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(worker->counters[0].local, 7);
	assert_int_equal(worker->counters[0].originated, 0);
	fake_free(worker);
}

static void an_ipv6_packet_waits_for_the_advertisement(void **state)
{
	struct worker *worker = one_router();
	struct frame ask = frame_nd(WEST, "33:33:ff:00:00:02", "2001:db8::1", "ff02::1:ff00:2",
				    SOLICIT, 0, "2001:db8::2", WEST);
	struct frame unasked = frame_nd(OTHER, "33:33:00:00:00:01", "fe80::98", "ff02::1",
					ADVERTISE, 0x20, "2001:db8::3", OTHER);
	// Solicited, yet to all: RFC 4861, section 7.1.2.
	struct frame contradiction = frame_nd(OTHER, "33:33:00:00:00:01", "fe80::98", "ff02::1",
					      ADVERTISE, 0x60, "2001:db8::2", OTHER);
	struct frame answer = frame_nd(HOST, WEST, "fe80::99", "2001:db8::1", ADVERTISE, 0x60,
				       "2001:db8::2", HOST);

	(void)state;
	send_to(worker, "2001:db8::2", 41, 0);
	send_to(worker, "2001:db8::2", 42, 0);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 1);
	assert_int_equal(fake_sent(worker, 0, 0)->length, ask.length);
	assert_memory_equal(fake_sent(worker, 0, 0)->frame, ask.bytes, ask.length);
	fake_receive(worker, 0, &unasked, 0);
	assert_int_equal(worker->counters[0].pending, 2);
	fake_receive(worker, 0, &contradiction, 0);
	assert_int_equal(worker->counters[0].pending, 2);
	fake_receive(worker, 0, &answer, 9);
	assert_int_equal(number_of(worker, 1), 41);
	assert_int_equal(number_of(worker, 2), 42);
	frame_check_ethernet(fake_sent(worker, 0, 2)->frame, WEST, HOST, 0x86dd);
	assert_int_equal(fake_sent(worker, 0, 2)->frame[21], 63);
	send_to(worker, "2001:db8::3", 43, 10); // the unasked one has taught nothing
	assert_int_equal(worker->counters[0].pending, 1);
	fake_free(worker);
}

static void an_advertisement_without_override_does_not_move_a_neighbour(void **state)
{
	struct worker *worker = one_router();
	struct frame ask = frame_nd(HOST, "33:33:ff:00:00:01", "2001:db8::2", "ff02::1:ff00:1",
				    SOLICIT, 0, "2001:db8::1", HOST);
	struct frame meek = frame_nd(OTHER, WEST, "fe80::98", "2001:db8::1", ADVERTISE, 0x40,
				     "2001:db8::2", OTHER);
	struct frame firm = frame_nd(OTHER, WEST, "fe80::98", "2001:db8::1", ADVERTISE, 0x60,
				     "2001:db8::2", OTHER);

	(void)state;
	fake_receive(worker, 0, &ask, 0);
	fake_receive(worker, 0, &meek, 0);
	fake_forget(worker);
	send_to(worker, "2001:db8::2", 1, 1);
	frame_check_ethernet(fake_sent(worker, 0, 0)->frame, WEST, HOST, 0x86dd);
	fake_receive(worker, 0, &firm, 0);
	send_to(worker, "2001:db8::2", 1, 1);
	frame_check_ethernet(fake_sent(worker, 0, 1)->frame, WEST, OTHER, 0x86dd);
	fake_free(worker);
}

static void hosts_chatter_is_consumed_without_an_answer(void **state)
{
	struct worker *worker = one_router();
	struct frame solicit_router =
		frame_packet(HOST, "33:33:00:00:00:02", "fe80::99", "ff02::2", 255, 58, 8);
	struct frame mld =
		frame_packet(HOST, "33:33:00:00:00:16", "fe80::99", "ff02::16", 1, 0, 36);

	(void)state;
	frame_upper(&solicit_router)[0] = 133;
	frame_put16(frame_upper(&solicit_router) + 2, frame_icmpv6_checksum(solicit_router.bytes));
	frame_upper(&mld)[0] = 58; // hop-by-hop options in front
	frame_upper(&mld)[8] = 143;
	fake_receive(worker, 0, &solicit_router, 0);
	fake_receive(worker, 0, &mld, 0);
	assert_int_equal(worker->counters[0].local, 2);
	assert_int_equal(worker->counters[0].originated, 0);
	fake_free(worker);
}

static void an_idle_site_sends_nothing(void **state)
{
	struct worker *worker = one_router();

	(void)state;
	for (uint64_t at = 0; at < 1000 * SECOND; at += SECOND / 10)
		site_tick(worker, 0, at);
	assert_int_equal(worker->event_count, 0);
	fake_free(worker);
}

static void an_interface_that_does_not_resolve_never_asks(void **state)
{
	struct worker *worker = fake_chain(1);

	(void)state;
	worker->interfaces[0].resolves = false;
	fake_begin(worker);
	send_to(worker, "2001:db8::2", 1, 0);
	send_to(worker, "2001:db8::2", 2, 1000 * SECOND);
	send_to(worker, "10.0.0.2", 3, 1000 * SECOND);
	assert_int_equal(fake_count(worker, FAKE_SENT, 0), 3);
	assert_int_equal(worker->counters[0].originated, 0);
	// The same made-up address each time, locally administered and of one station.
	assert_memory_equal(fake_sent(worker, 0, 0)->frame, fake_sent(worker, 0, 1)->frame, 6);
	assert_int_equal(fake_sent(worker, 0, 0)->frame[0], 0x02);
	frame_check_ethernet(fake_sent(worker, 0, 2)->frame, WEST, "02:00:0a:00:00:02", 0x0800);
	fake_free(worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arp_request_for_the_interface_is_answered),
		cmocka_unit_test(arp_for_others_or_malformed_is_consumed_in_silence),
		cmocka_unit_test(packets_of_others_teach_nothing_where_arp_does),
		cmocka_unit_test(an_arp_probe_is_answered_and_not_learnt),
		cmocka_unit_test(packets_wait_for_the_answer_and_go_out_in_order),
		cmocka_unit_test(the_oldest_of_too_many_waiting_is_lost),
		cmocka_unit_test(a_silent_address_is_asked_once_a_second_and_given_up),
		cmocka_unit_test(traffic_alone_gives_a_silent_address_up_too),
		cmocka_unit_test(a_full_table_that_is_given_up_survives_what_is_said_about_it),
		cmocka_unit_test(a_site_that_goes_down_loses_what_waits_by_carrier),
		cmocka_unit_test(a_sweep_over_dead_addresses_stays_bounded),
		cmocka_unit_test(more_neighbours_than_places_replace_the_longest_unused),
		cmocka_unit_test(a_neighbour_in_use_is_asked_again_and_forgotten_when_silent),
		cmocka_unit_test(a_moved_neighbour_is_followed_and_strangers_are_not_learnt),
		cmocka_unit_test(a_solicitation_is_answered),
		cmocka_unit_test(duplicate_address_detection_is_answered_to_all),
		cmocka_unit_test(solicitations_that_rfc_4861_calls_invalid_get_no_answer),
		cmocka_unit_test(an_ipv6_packet_waits_for_the_advertisement),
		cmocka_unit_test(an_advertisement_without_override_does_not_move_a_neighbour),
		cmocka_unit_test(hosts_chatter_is_consumed_without_an_answer),
		cmocka_unit_test(an_idle_site_sends_nothing),
		cmocka_unit_test(an_interface_that_does_not_resolve_never_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
