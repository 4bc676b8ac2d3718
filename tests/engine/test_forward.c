// SPDX-License-Identifier: BSD-3-Clause
// Forwarding at sites that route: hops, deliveries, and what is not forwarded.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/forward.h"
#include "tests/engine/fake_worker.h"

#define WEST      "02:00:00:00:00:10" // interface 0
#define EAST      "02:00:00:00:00:11" // interface 1
#define HOST      "02:00:00:00:00:99"
#define FAR_HOST  "02:00:00:00:00:98"
#define BROADCAST "ff:ff:ff:ff:ff:ff"

// The far host's MAC address is known without asking.
static struct worker *chain_with_known_hosts(uint32_t routers)
{
	struct worker *worker = fake_chain(routers);

	worker->interfaces[0].resolves = false;
	worker->interfaces[1].resolves = false;
	fake_begin(worker);
	return worker;
}

static void a_packet_crosses_three_routers_and_keeps_its_payload(void **state)
{
	const char *ends[2][2] = {{"10.0.0.2", "10.1.0.2"}, {"2001:db8::2", "2001:db8:1::2"}};

	(void)state;
	for (int family = 0; family < 2; family++) {
		struct worker *worker = chain_with_known_hosts(3);
		struct frame frame = frame_udp(HOST, WEST, ends[family][0], ends[family][1], 64,
					       5000, 6000, 100);
		uint32_t front = family == 0 ? 34 : 54;
		struct packet *packet;

		fake_receive(worker, 0, &frame, 1000);
		fake_carry(worker);
		packet = fake_sent(worker, 1, 0);
		assert_int_equal(fake_event(worker, FAKE_SENT, 1, 0)->at_ns, 2001000);
		assert_int_equal(packet->length, frame.length);
		frame_check(packet->frame, packet->length);
		assert_int_equal(packet->frame[family == 0 ? 22 : 21], 61);
		assert_memory_equal(packet->frame + front, frame.bytes + front,
				    frame.length - front);
		assert_memory_equal(packet->frame + front - (family == 0 ? 8 : 32),
				    frame.bytes + front - (family == 0 ? 8 : 32),
				    family == 0 ? 8 : 32);
		fake_free(worker);
	}
}

static void a_hop_between_routers_leaves_the_bytes_alone(void **state)
{
	struct worker *worker = chain_with_known_hosts(4);
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 5000, 6000, 8);
	struct packet *packet;

	(void)state;
	fake_receive(worker, 0, &frame, 0);
	packet = fake_offered(worker, 0, 0);
	memset(packet->frame, 0x5a, packet->length); // a hop must not need them
	site_input(worker, 1, (struct ingress){PLAN_NONE, 0},
		   fake_event(worker, FAKE_OFFERED, 0, 0)->ref, 7);
	worker->events[0].carried = true;
	packet = fake_offered(worker, 2, 0);
	assert_int_equal(fake_event(worker, FAKE_OFFERED, 2, 0)->at_ns, 7);
	assert_int_equal(packet->ttl, 62);
	assert_true(packet->flags & PACKET_TTL_STALE);
	for (uint32_t i = 0; i < packet->length; i++)
		assert_int_equal(packet->frame[i], 0x5a);
	fake_free(worker);
}

static void refreshing_a_ttl_writes_it_once_and_mends_the_checksum(void **state)
{
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);
	struct packet *packet = calloc(1, sizeof(*packet) + frame.length);

	(void)state;
	assert_non_null(packet);
	memcpy(packet->frame, frame.bytes, frame.length);
	packet->layer3 = 14;
	packet->ttl = 3;
	packet->flags = PACKET_IPV4;
	packet_refresh_ttl(packet);
	assert_memory_equal(packet->frame, frame.bytes, frame.length);
	packet->flags |= PACKET_TTL_STALE;
	packet_refresh_ttl(packet);
	assert_int_equal(packet->flags, PACKET_IPV4);
	assert_int_equal(packet->frame[22], 3);
	frame_check(packet->frame, frame.length);
	free(packet);
}

static void the_last_router_decrements_too_and_rewrites_macs(void **state)
{
	struct worker *worker = chain_with_known_hosts(1);
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 2, 5000, 6000, 8);

	(void)state;
	worker->interfaces[1].site = 0;
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(fake_sent(worker, 1, 0)->frame[22], 1);
	frame_check(fake_sent(worker, 1, 0)->frame, frame.length);
	// Nobody can be asked: 02:00 and the four bytes of the address.
	frame_check_ethernet(fake_sent(worker, 1, 0)->frame, EAST, "02:00:0a:01:00:02", 0x0800);
	fake_free(worker);
}

static void a_packet_at_its_last_hop_is_lost_by_ttl(void **state)
{
	(void)state;
	for (uint8_t ttl = 0; ttl <= 3; ttl++) {
		struct worker *worker = chain_with_known_hosts(3);
		struct frame frame =
			frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", ttl, 5000, 6000, 8);
		uint32_t site = ttl == 0 ? 0 : ttl - 1u;

		fake_receive(worker, 0, &frame, 0);
		fake_carry(worker);
		assert_int_equal(fake_lost(worker, site, DROP_TTL), 1);
		assert_int_equal(fake_count(worker, FAKE_SENT, 1), 0);
		assert_int_equal(fake_count(worker, FAKE_SENT, 0), 1); // time exceeded
		fake_free(worker);
	}
}

static void a_site_takes_packets_for_itself_whatever_their_ttl(void **state)
{
	struct worker *worker = chain_with_known_hosts(2);
	struct frame frame = frame_packet(HOST, WEST, "10.0.0.2", "10.255.0.1", 2, 6, 20);

	(void)state;
	fake_receive(worker, 0, &frame, 0); // TTL 1 when it comes to site 1
	fake_carry(worker);
	assert_int_equal(worker->counters[1].local, 1);
	fake_free(worker);
}

static void a_gateway_takes_what_lies_behind_it(void **state)
{
	struct worker *worker = chain_with_known_hosts(2);
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.2.3.4", 64, 5000, 6000, 8);

	(void)state;
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	frame_check_ethernet(fake_sent(worker, 1, 0)->frame, EAST, "02:00:0a:01:00:09", 0x0800);
	fake_free(worker);
}

// Where nothing leads, the sender is told; what may not be forwarded at all is lost in silence.
static void what_has_no_way_is_lost_as_no_route(void **state)
{
	static const struct {
		const char *target;
		int code; // of a destination unreachable; -1: silence
	} cases[] = {
		{"192.0.2.1", 0},    // no prefix
		{"10.3.0.1", 1},     // no port leads there
		{"10.1.0.255", -1},  // directed broadcast
		{"10.1.0.0", -1},    // the same, by its old form
		{"239.1.2.3", -1},   // multicast
		{"169.254.1.1", -1}, // of one link
		{"127.0.0.1", -1},   {"0.0.0.0", -1},
		{"240.0.0.1", -1},   {"2001:db9::1", 0}, // no prefix
		{"fe80::77", -1},                        // of one link
		{"ff0e::1", -1},                         // multicast
		{"::1", -1},         {"::", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct worker *worker = chain_with_known_hosts(2);
		bool ipv4 = !strchr(cases[i].target, ':');
		struct frame frame = frame_udp(HOST, WEST, ipv4 ? "10.0.0.2" : "2001:db8::2",
					       cases[i].target, 64, 5000, 6000, 8);

		fake_receive(worker, 0, &frame, 0);
		fake_carry(worker);
		assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE) +
					 fake_lost(worker, 1, DROP_NO_ROUTE),
				 1);
		assert_int_equal(fake_count(worker, FAKE_SENT, 0), cases[i].code >= 0);
		if (cases[i].code >= 0) {
			const struct packet *answer = fake_sent(worker, 0, 0);
			const uint8_t *error = answer->frame + (ipv4 ? 34 : 54);

			frame_check(answer->frame, answer->length);
			assert_int_equal(error[0], ipv4 ? 3 : 1);
			assert_int_equal(error[1], cases[i].code);
		}
		fake_free(worker);
	}
}

// A capture may hold anything: nothing is said about what has no way into the lab.
static void a_replay_port_says_nothing_about_foreign_traffic(void **state)
{
	struct worker *worker = chain_with_known_hosts(2);
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "192.0.2.1", 64, 5000, 6000, 8);

	(void)state;
	worker->interfaces[0].promiscuous = true;
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 1);
	assert_int_equal(worker->counters[0].originated, 0);
	fake_free(worker);
}

static void not_even_a_default_route_takes_groups_or_addresses_of_one_link(void **state)
{
	const char *targets[] = {"239.1.2.3", "169.254.1.1", "127.0.0.1", "0.0.0.0", "240.0.0.1",
				 "fe80::77",  "ff0e::1",     "::1",       "::"};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct worker *worker = chain_with_known_hosts(2);
		bool ipv4 = !strchr(targets[i], ':');
		struct frame frame = frame_udp(HOST, WEST, ipv4 ? "10.0.0.2" : "2001:db8::2",
					       ipv4 ? "192.0.2.1" : "2001:db9::1", 64, 1, 2, 8);

		fake_prefix(worker, "0.0.0.0", 0, 3);
		fake_prefix(worker, "::", 0, 3);
		fake_receive(worker, 0, &frame, 0);
		assert_int_equal(fake_count(worker, FAKE_OFFERED, 0), 1);
		frame = frame_udp(HOST, WEST, ipv4 ? "10.0.0.2" : "2001:db8::2", targets[i], 64, 1,
				  2, 8);
		fake_receive(worker, 0, &frame, 0);
		assert_int_equal(fake_count(worker, FAKE_OFFERED, 0), 1);
		assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 1);
		fake_free(worker);
	}
}

static void what_has_no_sender_is_not_forwarded(void **state)
{
	const char *sources[] = {"0.0.0.0", "127.0.0.1", "169.254.3.4", "224.0.0.5",
				 "::",      "::1",       "fe80::99",    "ff02::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct worker *worker = chain_with_known_hosts(2);
		const char *target = strchr(sources[i], ':') ? "2001:db8:1::2" : "10.1.0.2";
		struct frame frame = frame_udp(HOST, WEST, sources[i], target, 64, 1, 2, 8);

		fake_receive(worker, 0, &frame, 0);
		assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 1);
		fake_free(worker);
	}
}

static void a_site_without_a_way_loses_the_packet(void **state)
{
	struct worker *worker = chain_with_known_hosts(3);
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);

	(void)state;
	worker->ways[1][2] = 0;
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 1, DROP_NO_ROUTE), 1);
	fake_free(worker);
}

static void a_site_that_is_down_loses_all_by_carrier(void **state)
{
	struct worker *worker = chain_with_known_hosts(3);
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);
	struct frame own = frame_udp(HOST, WEST, "10.255.0.1", "10.1.0.2", 64, 1, 2, 8);
	struct frame arp =
		frame_arp(HOST, BROADCAST, 1, HOST, "10.0.0.2", "00:00:00:00:00:00", "10.0.0.1");

	(void)state;
	worker->sites[1].carrier = false;
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	assert_int_equal(fake_lost(worker, 1, DROP_CARRIER), 1);
	site_originate(worker, 1, fake_packet(worker, &own), 0);
	assert_int_equal(fake_lost(worker, 1, DROP_CARRIER), 2);
	worker->sites[0].carrier = false;
	fake_receive(worker, 0, &arp, 0);
	assert_int_equal(fake_lost(worker, 0, DROP_CARRIER), 1);
	assert_int_equal(worker->counters[0].originated, 0);
	fake_free(worker);
}

static void a_port_takes_only_frames_for_its_interface(void **state)
{
	struct worker *worker = chain_with_known_hosts(2);
	const char *macs[] = {"02:00:00:00:00:77", BROADCAST, "01:00:5e:00:00:fb",
			      "33:33:00:00:00:fb", "01:80:c2:00:00:0e"};
	struct frame frame;

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		frame = frame_udp(HOST, macs[i], "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);
		fake_receive(worker, 0, &frame, 0);
		assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), i + 1);
	}
	frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(fake_count(worker, FAKE_OFFERED, 0), 1);
	fake_free(worker);
}

// What hosts and real routers say to all on their link, with the MAC addresses it goes to.
static const struct {
	const char *mac, *source, *target;
	uint8_t ttl;
	bool further; // should go further than the link
} to_all[] = {
	{"01:00:5e:00:00:fb", "10.0.0.2", "224.0.0.251", 255, false},   // mDNS
	{"01:00:5e:00:00:16", "0.0.0.0", "224.0.0.22", 1, false},       // IGMP
	{"01:00:5e:00:00:05", "10.0.0.2", "224.0.0.5", 1, false},       // OSPF
	{"01:00:5e:7f:ff:fa", "10.0.0.2", "239.255.255.250", 4, false}, // SSDP
	{BROADCAST, "0.0.0.0", "255.255.255.255", 64, false},           // DHCP
	{BROADCAST, "10.0.0.2", "10.0.0.255", 64, false},               // NetBIOS
	{"01:00:5e:01:02:03", "10.0.0.2", "239.1.2.3", 1, false},       // by its TTL
	{"33:33:00:00:00:fb", "fe80::99", "ff02::fb", 255, false},      // mDNS
	{"33:33:00:00:00:0c", "2001:db8::2", "ff02::c", 4, false},      // SSDP
	{"33:33:00:00:00:fb", "fe80::99", "ff0e::fb", 1, false},        // by its hop limit
	{"01:00:5e:01:02:03", "10.0.0.2", "239.1.2.3", 64, true},       // no multicast routing
	{"01:00:5e:00:01:01", "10.0.0.2", "224.0.1.1", 64, true},       // NTP
	{"33:33:00:00:00:0c", "2001:db8::2", "ff05::c", 4, true},       // the site's scope
	{BROADCAST, "10.0.0.2", "10.1.0.255", 64, true},                // another link
	{"01:00:5e:00:00:fb", "10.0.0.2", "10.1.0.2", 64, true},        // a unicast packet
};

static void what_is_for_all_on_the_link_is_heard_and_not_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(to_all) / sizeof(to_all[0]); i++) {
		struct worker *worker = chain_with_known_hosts(2);
		struct frame frame = frame_udp(HOST, to_all[i].mac, to_all[i].source,
					       to_all[i].target, to_all[i].ttl, 1, 2, 8);

		fake_receive(worker, 0, &frame, 0);
		assert_int_equal(worker->counters[0].local, !to_all[i].further);
		assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), to_all[i].further);
		assert_int_equal(worker->counters[0].originated, 0);
		fake_free(worker);
	}
}

// LLDP, spanning tree, LACP, IS-IS: no IP, but for the link by their address.
static void what_bridges_and_routers_say_to_their_link_is_heard(void **state)
{
	static const char *const macs[] = {"01:80:c2:00:00:00", "01:80:c2:00:00:02",
					   "01:80:c2:00:00:0e", "01:80:c2:00:00:14",
					   "01:80:c2:00:00:15"};
	struct worker *worker = chain_with_known_hosts(2);
	struct frame frame;

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		frame = frame_udp(HOST, macs[i], "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);
		frame_put16(frame.bytes + 12, i < 3 ? 0x88cc : 46); // LLDP, or a length (802.3)
		fake_receive(worker, 0, &frame, 0);
		assert_int_equal(worker->counters[0].local, i + 1);
	}
	fake_free(worker);
}

static void a_promiscuous_port_takes_every_unicast_frame(void **state)
{
	struct worker *worker = chain_with_known_hosts(2);
	struct frame frame =
		frame_udp(HOST, "02:00:00:00:00:77", "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);

	(void)state;
	worker->interfaces[0].promiscuous = true;
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(fake_count(worker, FAKE_OFFERED, 0), 1);
	frame = frame_udp(HOST, BROADCAST, "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 1);
	fake_free(worker);
}

static void a_replay_port_sends_to_the_mac_seen_with_the_address(void **state)
{
	struct worker *worker = chain_with_known_hosts(2);
	struct frame seen =
		frame_udp(FAR_HOST, "02:00:00:00:00:77", "10.1.0.2", "10.0.0.2", 64, 1, 2, 8);
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);
	struct frame outsider = frame_udp(FAR_HOST, EAST, "203.0.113.7", "10.0.0.2", 64, 1, 2, 8);
	struct frame to_outsider = frame_udp(HOST, WEST, "10.0.0.2", "203.0.113.7", 64, 1, 2, 8);

	(void)state;
	worker->interfaces[1].promiscuous = true;
	fake_receive(worker, 1, &seen, 0);
	fake_receive(worker, 1, &outsider, 0);
	fake_receive(worker, 0, &frame, 0);
	fake_carry(worker);
	frame_check_ethernet(fake_sent(worker, 1, 0)->frame, EAST, FAR_HOST, 0x0800);
	// The interface's subnet only: behind a gateway, its MAC address comes with many senders.
	fake_prefix(worker, "203.0.113.0", 24, 3);
	fake_receive(worker, 0, &to_outsider, 10);
	fake_carry(worker);
	frame_check_ethernet(fake_sent(worker, 1, 1)->frame, EAST, "02:00:cb:00:71:07", 0x0800);
	fake_free(worker);
}

static void what_is_no_ip_at_a_router_is_lost_as_no_route(void **state)
{
	struct worker *worker = chain_with_known_hosts(2);
	struct frame good = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 1, 2, 8);
	struct frame frame = good;

	(void)state;
	frame_put16(frame.bytes + 12, 0x8100);
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame_put16(frame.bytes + 12, 0x8847);
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame.bytes[24] ^= 1; // header checksum
	fake_receive(worker, 0, &frame, 0);
	frame = good;
	frame.length = 9;
	fake_receive(worker, 0, &frame, 0);
	frame.length = 0;
	fake_receive(worker, 0, &frame, 0);
	assert_int_equal(fake_lost(worker, 0, DROP_NO_ROUTE), 5);
	fake_free(worker);
}

static void a_packet_the_site_makes_is_not_decremented_at_its_first_hop(void **state)
{
	struct worker *worker = chain_with_known_hosts(3);
	struct frame frame = frame_udp(HOST, WEST, "10.255.0.0", "10.1.0.2", 64, 1, 2, 8);
	struct packet *packet;

	(void)state;
	site_originate(worker, 0, fake_packet(worker, &frame), 5);
	packet = fake_offered(worker, 0, 0);
	assert_int_equal(packet->ttl, 64);
	assert_false(packet->flags & PACKET_TTL_STALE);
	fake_carry(worker);
	assert_int_equal(fake_sent(worker, 1, 0)->frame[22], 62);
	fake_free(worker);
}

static void a_packet_the_site_makes_with_ttl_1_reaches_the_next_site(void **state)
{
	struct worker *worker = chain_with_known_hosts(3);
	struct frame near = frame_packet(HOST, WEST, "10.255.0.0", "10.255.0.1", 1, 6, 20);

	(void)state;
	site_originate(worker, 0, fake_packet(worker, &near), 5);
	fake_carry(worker);
	assert_int_equal(worker->counters[1].local, 1);
	fake_free(worker);
}

static packet_ref flow_packet(struct worker *worker, const char *target)
{
	struct frame frame = frame_udp(HOST, WEST, "10.255.0.0", target, 64, 1, 2, 40);
	packet_ref ref = fake_packet(worker, &frame);

	worker_packet(worker, ref)->flags = PACKET_FLOW;
	worker_packet(worker, ref)->flow = 3;
	return ref;
}

static void flows_end_at_their_destination_site(void **state)
{
	const char *targets[] = {"10.255.0.2", "10.1.0.7", "10.3.0.7"};
	struct worker *worker = chain_with_known_hosts(3);

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		site_originate(worker, 0, flow_packet(worker, targets[i]), 0);
	site_originate(worker, 2, flow_packet(worker, targets[0]), 9);
	fake_carry(worker);
	assert_int_equal(fake_count(worker, FAKE_FLOW, 3), 4);
	assert_int_equal(fake_event(worker, FAKE_FLOW, 3, 0)->at_ns, 9);
	assert_int_equal(fake_event(worker, FAKE_FLOW, 3, 3)->at_ns, 2000000);
	fake_free(worker);
}

// Two sites with two equal ways each: 256 packets. A site that chose by the same function as the
// one before it would send all into one way. Each share is binomial(n, 1/2): outside +-5.3 sigma in
// one of 10^7 sets of flows, and this one is fixed.
static void equal_ways_share_the_load_at_each_site(void **state)
{
	struct worker *worker = chain_with_known_hosts(3);
	uint32_t second[2][2] = {{0}};

	(void)state;
	for (uint32_t site = 0; site < 2; site++) {
		struct plan_group *group = &worker->groups[worker->ways[site][2] - 1];

		// A second adjacency with the channel back stands for the other way.
		group->count = 2;
		group->adjacency[1] = worker->groups[site * 2 + 1].adjacency[0];
	}
	for (uint16_t i = 0; i < 256; i++) {
		struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64,
					       (uint16_t)(20000 + i * 3), 443, 8);
		uint32_t first, ref, at;

		fake_receive(worker, 0, &frame, 0);
		at = worker->event_count - 1;
		first = worker->events[at].place;
		ref = worker->events[at].ref;
		worker->events[at].carried = true;
		site_input(worker, 1, (struct ingress){PLAN_NONE, 0}, ref, 0);
		at = worker->event_count - 1;
		second[first == 0][worker->events[at].place == 2]++;
	}
	for (int i = 0; i < 2; i++) {
		uint32_t all = second[i][0] + second[i][1];

		assert_in_range(all, 128 - 42, 128 + 42);
		assert_in_range(second[i][0], all / 2 - 30, all / 2 + 30);
	}
	fake_free(worker);
}

static void one_flow_keeps_to_one_way(void **state)
{
	struct worker *worker = chain_with_known_hosts(3);
	struct plan_group *group = &worker->groups[worker->ways[0][2] - 1];
	struct frame frame = frame_udp(HOST, WEST, "10.0.0.2", "10.1.0.2", 64, 777, 443, 8);

	(void)state;
	group->count = 2;
	group->adjacency[1] = worker->groups[1].adjacency[0];
	for (int i = 0; i < 100; i++)
		fake_receive(worker, 0, &frame, 0);
	assert_int_equal(fake_count(worker, FAKE_OFFERED, 0) % 100, 0);
	fake_free(worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_crosses_three_routers_and_keeps_its_payload),
		cmocka_unit_test(a_hop_between_routers_leaves_the_bytes_alone),
		cmocka_unit_test(refreshing_a_ttl_writes_it_once_and_mends_the_checksum),
		cmocka_unit_test(the_last_router_decrements_too_and_rewrites_macs),
		cmocka_unit_test(a_packet_at_its_last_hop_is_lost_by_ttl),
		cmocka_unit_test(a_site_takes_packets_for_itself_whatever_their_ttl),
		cmocka_unit_test(a_gateway_takes_what_lies_behind_it),
		cmocka_unit_test(what_has_no_way_is_lost_as_no_route),
		cmocka_unit_test(a_replay_port_says_nothing_about_foreign_traffic),
		cmocka_unit_test(not_even_a_default_route_takes_groups_or_addresses_of_one_link),
		cmocka_unit_test(what_has_no_sender_is_not_forwarded),
		cmocka_unit_test(a_site_without_a_way_loses_the_packet),
		cmocka_unit_test(a_site_that_is_down_loses_all_by_carrier),
		cmocka_unit_test(a_port_takes_only_frames_for_its_interface),
		cmocka_unit_test(what_is_for_all_on_the_link_is_heard_and_not_lost),
		cmocka_unit_test(what_bridges_and_routers_say_to_their_link_is_heard),
		cmocka_unit_test(a_promiscuous_port_takes_every_unicast_frame),
		cmocka_unit_test(a_replay_port_sends_to_the_mac_seen_with_the_address),
		cmocka_unit_test(what_is_no_ip_at_a_router_is_lost_as_no_route),
		cmocka_unit_test(a_packet_the_site_makes_is_not_decremented_at_its_first_hop),
		cmocka_unit_test(a_packet_the_site_makes_with_ttl_1_reaches_the_next_site),
		cmocka_unit_test(flows_end_at_their_destination_site),
		cmocka_unit_test(equal_ways_share_the_load_at_each_site),
		cmocka_unit_test(one_flow_keeps_to_one_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
