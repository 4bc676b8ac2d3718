// SPDX-License-Identifier: BSD-3-Clause
// Which frames of a capture travel from one port to another: by where their addresses live.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/compile.h"
#include "control/verify.h"
#include "tests/control/paper.h"
#include "tests/engine/frames.h"

#define MAC "02:00:00:00:00:01"

// Three sites in a row, each with a port; b has a second one, a router behind it, and a part of a's
// prefix.
static const char three[] =
	"[site a]\nkind = router\naddress = 10.255.0.1\nsubnet = 10.1.0.0/16\n"
	"subnet6 = 2001:db8:1::/48\n"
	"[site b]\nkind = router\naddress = 10.255.0.2\nsubnet = 10.2.0.0/16\n"
	"subnet6 = 2001:db8:2::/48\nroute = 192.0.2.0/24 via 10.2.9.7\n"
	"[site c]\nkind = router\naddress = 10.255.0.3\nsubnet = 10.3.0.0/16\n"
	"[link ab]\nends = a, b\nmedium = ethernet\ndelay = 1ms\n"
	"[link bc]\nends = b, c\nmedium = ethernet\ndelay = 1ms\n"
	"[port west]\nsite = a\ndevice = none\naddress = 10.1.0.1/24, 2001:db8:1::1/64\n"
	"[port east]\nsite = b\ndevice = none\naddress = 10.2.0.1/24, 2001:db8:2::1/64\n"
	"[port more]\nsite = b\ndevice = none\naddress = 10.2.9.1/24\n"
	"[port south]\nsite = c\ndevice = none\naddress = 10.3.0.1/24\n";

struct judge_of_homes {
	struct topology *topology;
	struct plan *plan;
	struct verify_home *home;
};

static struct judge_of_homes open_homes(const char *from, const char *to)
{
	struct judge_of_homes homes = {.topology = paper(three)};
	struct error error;

	homes.plan = compile_plan(homes.topology, NETWORK_FILES, &error);
	if (homes.plan == NULL)
		fail_msg("%s: %s", error.where, error.what);
	homes.home = calloc(1, sizeof(*homes.home));
	homes.home->plan = homes.plan;
	homes.home->from_port = topology_find_port(homes.topology, from);
	homes.home->to_port = topology_find_port(homes.topology, to);
	return homes;
}

static void close_homes(struct judge_of_homes *homes)
{
	free(homes->home);
	plan_free(homes->plan);
	topology_free(homes->topology);
}

static bool takes(const struct judge_of_homes *homes, const char *source, const char *target)
{
	struct frame frame = frame_udp(MAC, MAC, source, target, 64, 1, 2, 20);

	return verify_takes(homes->home, frame.bytes, frame.length);
}

static void map(struct judge_of_homes *homes, const char *from, const char *to)
{
	struct verify_home *home = homes->home;

	assert_int_equal(prefix_parse(from, &home->map_from[home->map_count]), 0);
	assert_int_equal(prefix_parse(to, &home->map_to[home->map_count]), 0);
	home->map_count++;
}

static void a_frame_between_the_ports_subnets_is_taken(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "east");
	assert_true(takes(&homes, "10.1.0.5", "10.2.0.9"));
	assert_true(takes(&homes, "2001:db8:1::5", "2001:db8:2::9"));
	// What lives behind a site lives at the port that leads there.
	assert_true(takes(&homes, "10.1.77.5", "10.2.0.9"));
	close_homes(&homes);
}

static void one_that_goes_elsewhere_is_not(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "east");
	assert_false(takes(&homes, "10.1.0.5", "10.3.0.9"));    // another site
	assert_false(takes(&homes, "10.1.0.5", "10.2.9.9"));    // another port of the site
	assert_false(takes(&homes, "10.1.0.5", "10.1.0.9"));    // back
	assert_false(takes(&homes, "10.1.0.5", "10.255.0.2"));  // the site itself
	assert_false(takes(&homes, "10.1.0.5", "10.2.0.1"));    // its interface
	assert_false(takes(&homes, "10.1.0.5", "203.0.113.1")); // nowhere
	assert_false(takes(&homes, "2001:db8:1::5", "2001:db8:1::9"));
	close_homes(&homes);
}

static void one_that_comes_from_elsewhere_is_not(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "east");
	assert_false(takes(&homes, "10.3.0.5", "10.2.0.9"));   // another site
	assert_false(takes(&homes, "10.2.9.5", "10.2.0.9"));   // another port
	assert_false(takes(&homes, "10.255.0.1", "10.2.0.9")); // a router on the way
	// A stranger's address has no home: it may have come in anywhere, so here too.
	assert_true(takes(&homes, "203.0.113.1", "10.2.0.9"));
	close_homes(&homes);
}

static void the_longest_prefix_decides(void **state)
{
	(void)state;
	// 10.2.0.0/16 is b's, of which 10.2.9.0/24 is behind the port more.
	struct judge_of_homes east = open_homes("west", "east"), more = open_homes("west", "more");
	assert_true(takes(&more, "10.1.0.5", "10.2.9.200"));
	assert_false(takes(&east, "10.1.0.5", "10.2.9.200"));
	assert_false(takes(&more, "10.1.0.5", "10.2.0.200"));
	close_homes(&east);
	close_homes(&more);
}

static void what_a_real_router_reaches_lives_at_the_port_to_it(void **state)
{
	(void)state;
	struct judge_of_homes more = open_homes("west", "more"), east = open_homes("west", "east");
	assert_true(takes(&more, "10.1.0.5", "192.0.2.77"));
	assert_false(takes(&east, "10.1.0.5", "192.0.2.77"));
	close_homes(&more);
	close_homes(&east);
}

static void mapped_addresses_live_where_they_are_mapped_to(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "east");
	assert_false(takes(&homes, "192.168.1.5", "192.168.2.9"));
	map(&homes, "192.168.1.0/24", "10.1.0.0/24");
	map(&homes, "192.168.2.0/24", "10.2.0.0/24");
	assert_true(takes(&homes, "192.168.1.5", "192.168.2.9"));
	assert_false(takes(&homes, "192.168.2.9", "192.168.1.5"));
	map(&homes, "192.168.3.0/24", "10.3.0.0/24");
	assert_false(takes(&homes, "192.168.3.5", "192.168.2.9")); // comes from c
	// What the maps do not speak of stays; the first one that speaks of it decides.
	assert_true(takes(&homes, "10.1.0.5", "10.2.0.9"));
	map(&homes, "192.168.2.0/25", "10.3.0.0/25");
	assert_true(takes(&homes, "192.168.1.5", "192.168.2.9"));
	close_homes(&homes);
}

static void a_map_ends_within_a_byte(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "more");
	// 172.16.16.0/20 onto 10.2.0.0/20: the host bits stay, among them four of the third byte.
	map(&homes, "172.16.16.0/20", "10.2.0.0/20");
	assert_true(takes(&homes, "10.1.0.5", "172.16.25.9"));  // 10.2.9.9
	assert_false(takes(&homes, "10.1.0.5", "172.16.24.9")); // 10.2.8.9
	assert_false(takes(&homes, "10.1.0.5", "172.16.41.9")); // not in the map
	map(&homes, "fd00::/44", "2001:db8:1::/44");
	assert_false(takes(&homes, "fd00::5", "2001:db8:2::9"));
	close_homes(&homes);
}

static void the_families_are_kept_apart(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "east");
	// Their first bytes are those of 10.2.0.0/24 and of 2001:db8::/32.
	assert_false(takes(&homes, "2001:db8:1::5", "a02::9"));
	map(&homes, "32.1.13.184/32", "10.3.0.9/32");
	assert_true(takes(&homes, "2001:db8:1::5", "2001:db8:2::9"));
	close_homes(&homes);
}

static void tags_are_looked_behind(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "east");
	struct frame frame = frame_udp(MAC, MAC, "10.1.0.5", "10.2.0.9", 64, 1, 2, 20);
	memmove(frame.bytes + 20, frame.bytes + 12, frame.length - 12);
	frame_put16(frame.bytes + 12, 0x88a8);
	frame_put16(frame.bytes + 14, 7);
	frame_put16(frame.bytes + 16, 0x8100);
	frame_put16(frame.bytes + 18, 8);
	assert_true(verify_takes(homes.home, frame.bytes, frame.length + 8));
	close_homes(&homes);
}

static void what_is_no_whole_ip_header_is_not_taken(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "east");
	struct frame four = frame_udp(MAC, MAC, "10.1.0.5", "10.2.0.9", 64, 1, 2, 20);
	struct frame six = frame_udp(MAC, MAC, "2001:db8:1::5", "2001:db8:2::9", 64, 1, 2, 20);
	struct frame arp = frame_arp(MAC, MAC, 1, MAC, "10.1.0.5", MAC, "10.2.0.9");
	// From a buffer of just that size, so that a sanitizer sees a step too far.
	for (uint32_t length = 0; length <= 60; length++) {
		uint8_t *cut = malloc(length + 1);
		memcpy(cut, four.bytes, length);
		assert_int_equal(verify_takes(homes.home, cut, length), length >= 14 + 20);
		memcpy(cut, six.bytes, length);
		assert_int_equal(verify_takes(homes.home, cut, length), length >= 14 + 40);
		free(cut);
	}
	assert_false(verify_takes(homes.home, arp.bytes, arp.length));
	four.bytes[14] = 0x65; // says version 6 under IPv4's type
	assert_false(verify_takes(homes.home, four.bytes, four.length));
	close_homes(&homes);
}

static void what_was_seen_before_does_not_change_the_answer(void **state)
{
	(void)state;
	struct judge_of_homes homes = open_homes("west", "east");
	struct verify_home *fresh = calloc(1, sizeof(*fresh));
	// Far more addresses than the cache has places, so that they push each other out.
	for (uint32_t i = 0; i < 20 * VERIFY_SEEN; i++) {
		uint32_t mixed = i * 2654435761u;
		char source[32], target[32];
		snprintf(source, sizeof(source), "10.%u.%u.%u", 1 + mixed % 3, mixed >> 8 & 15,
			 2 + (mixed >> 16 & 63));
		snprintf(target, sizeof(target), "10.%u.%u.%u", 1 + (mixed >> 22) % 3,
			 mixed >> 26 & 15, 2 + (mixed >> 4 & 63));
		struct frame frame = frame_udp(MAC, MAC, source, target, 64, 1, 2, 20);
		memset(fresh, 0, sizeof(*fresh));
		fresh->plan = homes.plan;
		fresh->from_port = homes.home->from_port;
		fresh->to_port = homes.home->to_port;
		assert_int_equal(verify_takes(homes.home, frame.bytes, frame.length),
				 verify_takes(fresh, frame.bytes, frame.length));
	}
	free(fresh);
	close_homes(&homes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_between_the_ports_subnets_is_taken),
		cmocka_unit_test(one_that_goes_elsewhere_is_not),
		cmocka_unit_test(one_that_comes_from_elsewhere_is_not),
		cmocka_unit_test(the_longest_prefix_decides),
		cmocka_unit_test(what_a_real_router_reaches_lives_at_the_port_to_it),
		cmocka_unit_test(mapped_addresses_live_where_they_are_mapped_to),
		cmocka_unit_test(a_map_ends_within_a_byte),
		cmocka_unit_test(the_families_are_kept_apart),
		cmocka_unit_test(tags_are_looked_behind),
		cmocka_unit_test(what_is_no_whole_ip_header_is_not_taken),
		cmocka_unit_test(what_was_seen_before_does_not_change_the_answer),
	};
	return cmocka_run_group_tests_name("verify_home", tests, NULL, NULL);
}
