// SPDX-License-Identifier: BSD-3-Clause
// Exchanges: flooding, learning, ageing, no reflection; routers and ports as members alike.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/exchange.h"
#include "tests/engine/fake_worker.h"

#define WEST      "02:00:00:00:00:10" // site 0 towards its host
#define LEFT      "02:00:00:00:00:21" // site 0 at the exchange
#define RIGHT     "02:00:00:00:00:22" // site 2 at the exchange
#define REAL      "02:00:00:00:00:31" // a real router at port 1
#define REAL_TOO  "02:00:00:00:00:32" // a real router at port 2
#define HOST      "02:00:00:00:00:99"
#define NOBODY    "00:00:00:00:00:00"
#define BROADCAST "ff:ff:ff:ff:ff:ff"

// Members are port 1, port 2, channel 1 (to site 0) and channel 2 (to site 2).
static struct worker *exchange(void)
{
	struct worker *worker = fake_exchange();

	fake_begin(worker);
	return worker;
}

static struct frame between(const char *from, const char *to)
{
	return frame_udp(from, to, "192.0.2.8", "192.0.2.9", 64, 1, 2, 8);
}

static void check_counts(const struct worker *worker, uint32_t port1, uint32_t port2, uint32_t left,
			 uint32_t right)
{
	assert_int_equal(fake_count(worker, FAKE_SENT, 1), port1);
	assert_int_equal(fake_count(worker, FAKE_SENT, 2), port2);
	assert_int_equal(fake_count(worker, FAKE_OFFERED, 1), left);
	assert_int_equal(fake_count(worker, FAKE_OFFERED, 2), right);
}

static void unknown_and_group_frames_go_to_all_others(void **state)
{
	const char *targets[] = {REAL_TOO, BROADCAST, "01:00:5e:00:00:05", "33:33:00:00:00:01"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct worker *worker = exchange();
		struct frame frame = between(REAL, targets[i]);

		fake_receive(worker, 1, &frame, 5);
		check_counts(worker, 0, 1, 1, 1);
		assert_int_equal(worker->counters[1].flooded, 2);
		assert_memory_equal(fake_sent(worker, 2, 0)->frame, frame.bytes, frame.length);
		assert_memory_equal(fake_offered(worker, 2, 0)->frame, frame.bytes, frame.length);
		assert_int_equal(fake_event(worker, FAKE_OFFERED, 2, 0)->at_ns, 5);
		assert_true(fake_sent(worker, 2, 0)->flags & PACKET_COPY);
		assert_false(fake_offered(worker, 2, 0)->flags & PACKET_COPY);
		fake_free(worker);
	}
}

static void a_frame_from_a_channel_never_goes_back_into_its_link(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(LEFT, BROADCAST);

	(void)state;
	fake_arrive(worker, 0, &frame, 5);
	check_counts(worker, 1, 1, 0, 1);
	fake_free(worker);
}

static void a_learnt_address_gets_its_frames_alone(void **state)
{
	struct worker *worker = exchange();
	struct frame hello = between(REAL_TOO, BROADCAST), frame = between(REAL, REAL_TOO);

	(void)state;
	fake_receive(worker, 2, &hello, 0);
	fake_forget(worker);
	fake_receive(worker, 1, &frame, 1);
	check_counts(worker, 0, 1, 0, 0);
	assert_int_equal(worker->counters[1].flooded, 0);
	fake_free(worker);
}

static void a_moved_address_is_followed(void **state)
{
	struct worker *worker = exchange();
	struct frame hello = between(REAL_TOO, BROADCAST), frame = between(LEFT, REAL_TOO);

	(void)state;
	fake_receive(worker, 2, &hello, 0);
	fake_receive(worker, 1, &hello, 1);
	fake_forget(worker);
	fake_arrive(worker, 0, &frame, 2);
	check_counts(worker, 1, 0, 0, 0);
	fake_free(worker);
}

static void a_frame_for_its_own_side_is_filtered(void **state)
{
	struct worker *worker = exchange();
	struct frame hello = between(REAL_TOO, BROADCAST), frame = between(REAL, REAL_TOO);

	(void)state;
	fake_receive(worker, 1, &hello, 0);
	fake_forget(worker);
	fake_receive(worker, 1, &frame, 1);
	check_counts(worker, 0, 0, 0, 0);
	assert_int_equal(worker->counters[1].local, 1);
	fake_free(worker);
}

static void an_address_is_forgotten_after_its_age(void **state)
{
	struct worker *worker = exchange();
	struct frame hello = between(REAL_TOO, BROADCAST), frame = between(REAL, REAL_TOO);

	(void)state;
	fake_receive(worker, 2, &hello, 1000);
	fake_forget(worker);
	fake_receive(worker, 1, &frame, 1000 + EXCHANGE_AGE_NS);
	check_counts(worker, 0, 1, 0, 0);
	fake_receive(worker, 1, &frame, 1001 + EXCHANGE_AGE_NS);
	check_counts(worker, 0, 2, 1, 1);
	fake_free(worker);
}

static void built_in_routers_are_known_from_the_start_and_for_good(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(REAL, RIGHT), thief = between(RIGHT, REAL);

	(void)state;
	fake_receive(worker, 1, &frame, 2 * EXCHANGE_AGE_NS);
	check_counts(worker, 0, 0, 0, 1);
	fake_receive(worker, 2, &thief, 2 * EXCHANGE_AGE_NS);
	fake_receive(worker, 1, &frame, 2 * EXCHANGE_AGE_NS);
	assert_int_equal(fake_count(worker, FAKE_OFFERED, 2), 2);
	fake_free(worker);
}

static void more_addresses_than_places_leave_the_built_in_ones(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(REAL, RIGHT);

	(void)state;
	for (uint32_t i = 0; i < 3 * EXCHANGE_ADDRESSES; i++) {
		frame.bytes[9] = (uint8_t)(1 + i / 65536);
		frame_put16(frame.bytes + 10, (uint16_t)i);
		fake_receive(worker, 1, &frame, i);
		assert_int_equal(worker->events[0].end, FAKE_OFFERED); // to the router alone
		assert_int_equal(worker->events[0].place, 2);
		assert_int_equal(worker->counters[1].flooded, 0);
		fake_forget(worker);
	}
	fake_free(worker);
}

static void a_frame_in_the_fabric_has_no_destination_site(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(REAL, RIGHT);
	packet_ref ref = fake_packet(worker, &frame);

	(void)state;
	worker_packet(worker, ref)->destination = 0;
	site_input(worker, 1, (struct ingress){1, PLAN_NONE}, ref, 0);
	assert_int_equal(fake_offered(worker, 2, 0)->destination, PLAN_NONE);
	fake_free(worker);
}

static void link_local_groups_of_bridges_stop_at_the_fabric(void **state)
{
	struct worker *worker = exchange();
	char mac[] = "01:80:c2:00:00:00";
	struct frame frame;

	(void)state;
	for (unsigned i = 0; i <= 0x10; i++) {
		snprintf(mac, sizeof(mac), "01:80:c2:00:00:%02x", i);
		frame = between(REAL, mac);
		fake_receive(worker, 1, &frame, 0);
	}
	assert_int_equal(worker->counters[1].local, 16);
	check_counts(worker, 0, 1, 1, 1); // 01:80:c2:00:00:10 is an ordinary group
	fake_free(worker);
}

static void vlan_tags_and_short_frames(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(REAL, RIGHT);

	(void)state;
	frame_put16(frame.bytes + 12, 0x8100);
	fake_receive(worker, 1, &frame, 0);
	assert_memory_equal(fake_offered(worker, 2, 0)->frame, frame.bytes, frame.length);
	frame.length = 13;
	fake_receive(worker, 1, &frame, 0);
	assert_int_equal(fake_lost(worker, 1, DROP_NO_ROUTE), 1);
	fake_free(worker);
}

static void members_without_carrier_get_no_copies(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(REAL, BROADCAST), known = between(REAL, RIGHT);

	(void)state;
	worker->channels[2].params.carrier = false;
	fake_receive(worker, 1, &frame, 0);
	check_counts(worker, 0, 1, 1, 0);
	fake_receive(worker, 1, &known, 0); // the channel counts this loss
	check_counts(worker, 0, 1, 1, 1);
	fake_free(worker);
}

static void an_exchange_that_is_down_loses_all_by_carrier(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(REAL, BROADCAST);

	(void)state;
	worker->sites[1].carrier = false;
	fake_receive(worker, 1, &frame, 0);
	assert_int_equal(fake_lost(worker, 1, DROP_CARRIER), 1);
	fake_free(worker);
}

static void copies_without_memory_are_counted(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(REAL, BROADCAST);

	(void)state;
	worker->out_of_memory = true;
	fake_receive(worker, 1, &frame, 0);
	check_counts(worker, 0, 0, 0, 1);
	assert_int_equal(fake_lost(worker, 1, DROP_MEMORY), 2);
	fake_free(worker);
}

static void a_routed_packet_crosses_as_a_frame_between_the_routers(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = frame_echo(HOST, WEST, "10.0.0.2", "10.255.0.2", 64, 1, 8);
	struct packet *packet;

	(void)state;
	worker->interfaces[0].resolves = false;
	fake_receive(worker, 0, &frame, 0);
	packet = fake_offered(worker, 0, 0);
	frame_check_ethernet(packet->frame, LEFT, RIGHT, 0x0800);
	frame_check(packet->frame, packet->length);
	assert_int_equal(packet->frame[22], 63);
	assert_false(packet->flags & PACKET_TTL_STALE);
	fake_carry(worker);
	// Out, over the fabric, answered, back: four channels of 1 ms.
	assert_int_equal(fake_event(worker, FAKE_SENT, 0, 0)->at_ns, 4000000);
	frame_check(fake_sent(worker, 0, 0)->frame, frame.length);
	assert_int_equal(fake_sent(worker, 0, 0)->frame[34], 0);
	check_counts(worker, 0, 0, 1, 1);
	fake_free(worker);
}

static void a_packet_in_transit_gets_its_bytes_written_before_the_fabric(void **state)
{
	struct worker *worker = fake_exchange();
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.255.0.2", 64, 1, 2, 8);
	packet_ref ref = fake_packet(worker, &frame);
	struct packet *packet = worker_packet(worker, ref);

	(void)state;
	worker->plan.site_count = 4; // site 3, before site 0
	worker->plan.channel_count = 6;
	worker->channels[4] = worker->channels[0];
	worker->channels[4].from_site = 3;
	worker->channels[4].to_site = 0;
	worker->channels[4].from_interface = PLAN_NONE;
	worker->channels[5] = worker->channels[4];
	worker->channels[5].from_site = 0;
	worker->channels[5].to_site = 3;
	fake_begin(worker);
	packet->destination = 2;
	packet->layer3 = 14;
	packet->flags = PACKET_IPV4 | PACKET_TTL_STALE;
	packet->ttl = 60;
	site_input(worker, 0, (struct ingress){PLAN_NONE, 4}, ref, 0);
	packet = fake_offered(worker, 0, 0);
	frame_check_ethernet(packet->frame, LEFT, RIGHT, 0x0800);
	frame_check(packet->frame, packet->length);
	assert_int_equal(packet->frame[22], 59);
	assert_int_equal(packet->destination, PLAN_NONE);
	fake_free(worker);
}

static void a_real_router_at_the_exchange_finds_and_is_found_by_arp(void **state)
{
	struct worker *worker = exchange();
	struct frame request =
		frame_arp(REAL, BROADCAST, 1, REAL, "192.0.2.9", NOBODY, "192.0.2.1");
	struct frame reply = frame_arp(LEFT, REAL, 2, LEFT, "192.0.2.1", REAL, "192.0.2.9");
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "198.51.100.7", 64, 1, 2, 8);

	(void)state;
	fake_receive(worker, 1, &request, 0);
	fake_carry(worker);
	check_counts(worker, 1, 1, 1, 1); // the request elsewhere, the reply to it alone
	assert_memory_equal(fake_sent(worker, 1, 0)->frame, reply.bytes, 42);
	assert_int_equal(worker->counters[0].local, 1);
	assert_int_equal(worker->counters[2].local, 1);
	fake_receive(worker, 0, &frame, 10);
	fake_carry(worker);
	frame_check_ethernet(fake_sent(worker, 1, 1)->frame, LEFT, REAL, 0x0800);
	fake_free(worker);
}

static void a_router_asks_over_the_exchange_for_a_real_one(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "198.51.100.7", 64, 1, 2, 8);
	struct frame request =
		frame_arp(LEFT, BROADCAST, 1, LEFT, "192.0.2.1", NOBODY, "192.0.2.9");
	struct frame reply = frame_arp(REAL, LEFT, 2, REAL, "192.0.2.9", LEFT, "192.0.2.1");

	(void)state;
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	assert_memory_equal(fake_sent(worker, 1, 0)->frame, request.bytes, 42);
	assert_int_equal(worker->counters[0].pending, 1);
	fake_receive(worker, 1, &reply, 5000000);
	fake_carry(worker);
	frame_check_ethernet(fake_sent(worker, 1, 1)->frame, LEFT, REAL, 0x0800);
	assert_int_equal(fake_event(worker, FAKE_SENT, 1, 1)->at_ns, 7000000);
	assert_int_equal(fake_count(worker, FAKE_SENT, 2), 1); // the request alone
	fake_free(worker);
}

static void a_flooded_frame_for_another_is_lost_at_a_router(void **state)
{
	struct worker *worker = exchange();
	struct frame frame = between(REAL, REAL_TOO);

	(void)state;
	fake_receive(worker, 1, &frame, 0);
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 1);
	assert_int_equal(fake_lost(worker, 2, DROP_NO_ROUTE), 1);
	fake_free(worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_and_group_frames_go_to_all_others),
		cmocka_unit_test(a_frame_from_a_channel_never_goes_back_into_its_link),
		cmocka_unit_test(a_learnt_address_gets_its_frames_alone),
		cmocka_unit_test(a_moved_address_is_followed),
		cmocka_unit_test(a_frame_for_its_own_side_is_filtered),
		cmocka_unit_test(an_address_is_forgotten_after_its_age),
		cmocka_unit_test(built_in_routers_are_known_from_the_start_and_for_good),
		cmocka_unit_test(more_addresses_than_places_leave_the_built_in_ones),
		cmocka_unit_test(a_frame_in_the_fabric_has_no_destination_site),
		cmocka_unit_test(link_local_groups_of_bridges_stop_at_the_fabric),
		cmocka_unit_test(vlan_tags_and_short_frames),
		cmocka_unit_test(members_without_carrier_get_no_copies),
		cmocka_unit_test(an_exchange_that_is_down_loses_all_by_carrier),
		cmocka_unit_test(copies_without_memory_are_counted),
		cmocka_unit_test(a_routed_packet_crosses_as_a_frame_between_the_routers),
		cmocka_unit_test(a_packet_in_transit_gets_its_bytes_written_before_the_fabric),
		cmocka_unit_test(a_real_router_at_the_exchange_finds_and_is_found_by_arp),
		cmocka_unit_test(a_router_asks_over_the_exchange_for_a_real_one),
		cmocka_unit_test(a_flooded_frame_for_another_is_lost_at_a_router),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
