// SPDX-License-Identifier: BSD-3-Clause
// Rules across sections: what each single line cannot show.
#include "topologies/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/topologies/faults.h"
#include "topologies/load.h"

static void expect_sound(const char *text)
{
	struct errors errors = {0};
	struct topology *topology = topology_load_text(text, "lab.ini", &errors);

	if (!topology)
		fail_msg("%s: %s", errors.items[0].where, errors.items[0].what);
	topology_free(topology);
	errors_fini(&errors);
}

#define JOINED "[link x]\nends = a, b\n"

static void addresses_and_subnets_belong_to_one(void **state)
{
	static const struct fault faults[] = {
		{JOINED "[site a]\naddress = 10.0.0.1\n[site b]\naddress = 10.0.0.1\n",
		 "lab.ini:5 [site b]", "10.0.0.1 is also that of [site a] at line 3"},
		{JOINED "[site a]\naddress6 = 2001:db8::1\n[site b]\naddress6 = 2001:DB8:0::1\n",
		 "lab.ini:5 [site b]", "2001:db8::1 is also that of [site a]"},
		{JOINED "[site a]\nsubnet = 10.0.0.0/8\n[site b]\nsubnet = 10.1.0.0/16\n",
		 "lab.ini:5 [site b]", "10.1.0.0/16 lies in 10.0.0.0/8 of [site a]"},
		{JOINED "[site a]\nsubnet = 10.1.0.0/16\n[site b]\nsubnet = 10.1.0.0/16\n",
		 "lab.ini:5 [site b]", "is also that of [site a]"},
		{JOINED "[site a]\nsubnet = 10.1.0.0/16, 10.1.2.0/24\n[site b]\n",
		 "lab.ini:3 [site a]", "lies in"},
		{JOINED "[site a]\nsubnet = 10.1.0.0/16\n[site b]\naddress = 10.1.2.3\n",
		 "lab.ini:5 [site b]", "10.1.2.3 lies in 10.1.0.0/16 of [site a]"},
		{JOINED "[site a]\nsubnet = 10.1.0.1/16\n[site b]\n", "lab.ini:3 [site a]",
		 "host bits; write 10.1.0.0/16"},
		{JOINED "[site a]\naddress = 224.0.0.1\n[site b]\n", "lab.ini:3 [site a]",
		 "unicast"},
		{JOINED "[site a]\n[site b]\n[port p]\nsite = a\naddress = 10.1.0.0/24\n",
		 "lab.ini:5 [port p]", "the network itself"},
		{JOINED "[site a]\nsubnet = 10.1.0.0/16\n[site b]\n[port p]\nsite = b\n"
			"address = 10.1.0.1/24\n",
		 "lab.ini:6 [port p]", "lies in 10.1.0.0/16 of [site a]"},
		{JOINED "[site a]\nroute = 10.9.0.0/16 via 10.1.0.2\n[site b]\n"
			"subnet = 10.9.0.0/16\n[port p]\nsite = a\naddress = 10.1.0.1/24\n",
		 "lab.ini:3 [site a]", "is also that of [site b]"},
		{JOINED "[site a]\nroute = 10.9.0.0/16 via 10.2.0.2\n[site b]\n[port p]\n"
			"site = a\naddress = 10.1.0.1/24\n",
		 "lab.ini:3 [site a]", "reaches the gateway 10.2.0.2"},
	};

	(void)state;
	check_faults(faults, sizeof(faults) / sizeof(faults[0]));
	expect_sound(JOINED "[site a]\naddress = 10.1.0.1\nsubnet = 10.1.0.0/16, 10.2.0.0/16\n"
			    "[site b]\naddress = 10.3.0.1\nsubnet = 10.3.0.0/16\n"
			    "route = 0.0.0.0/0 via 10.3.0.7, 10.3.9.0/24 via 10.3.0.7\n"
			    "[port p]\nsite = b\naddress = 10.3.0.9/24\n");
}

#define LAN                                                                                        \
	"[site ix]\nkind = exchange\nsubnet = 192.0.2.0/24\nsubnet6 = 2001:db8:f::/64\n[site a]\n" \
	"[site b]\n[link m]\nends = ix, a\naddress = 192.0.2.1, 2001:db8:f::1/64\n"

static void members_stand_on_their_peering_lan(void **state)
{
	static const struct fault faults[] = {
		{LAN "[link n]\nends = b, ix\naddress = 192.0.3.2/24\n", "lab.ini:10 [link n]",
		 "not on a peering LAN of ix"},
		{LAN "[link n]\nends = b, ix\naddress = 192.0.2.2/25\n", "lab.ini:10 [link n]",
		 "not on a peering LAN of ix"},
		{LAN "[link n]\nends = b, ix\naddress = 192.0.2.1\n", "lab.ini:10 [link n]",
		 "also that of [link m]"},
		{LAN "[link n]\nends = b, a\naddress = 192.0.2.2/24\n", "lab.ini:10 [link n]",
		 "only a link to an exchange"},
		{LAN "[link n]\nends = b, a\n[port p]\nsite = ix\naddress = 192.0.2.9/24\n",
		 "lab.ini:12 [port p]", "an exchange switches"},
		{LAN "[link n]\nends = b, a\n[site iy]\nkind = exchange\n"
		     "subnet = 10.0.0.0/8\n[link o]\nends = iy, ix\naddress = 192.0.2.7\n",
		 "lab.ini:15 [link o]", "both ends are exchanges"},
	};

	(void)state;
	check_faults(faults, sizeof(faults) / sizeof(faults[0]));
	expect_sound(LAN "[link n]\nends = b, ix\n");
	expect_sound(LAN "[link n]\nends = b, ix\naddress = 192.0.2.2/24\n[port p]\nsite = ix\n");
}

static void ports_have_one_home(void **state)
{
	static const struct fault faults[] = {
		{"[port p]\n[port q]\n[port r]\n[link w]\nends = p, q\n", "lab.ini:3 [port r]",
		 "no home"},
		{"[port p]\n[port q]\n[port r]\n[link w]\nends = p, q\n[link v]\nends = q, r\n",
		 "lab.ini:6 [link v]", "an end of w already"},
		{"[site a]\n[port p]\nsite = a\n[port q]\n[link w]\nends = p, q\n",
		 "lab.ini:5 [link w]", "at site a already"},
		{"[port p]\naddress = 10.0.0.1/24\n[port q]\n[link w]\nends = p, q\n",
		 "lab.ini:1 [port p]", "a port of a wire has no address"},
		{"[network]\nname = nothing\n", "nothing", "neither sites nor ports"},
	};

	(void)state;
	check_faults(faults, sizeof(faults) / sizeof(faults[0]));
}

static void every_site_is_reached_unless_real_routers_do_the_work(void **state)
{
	static const struct fault fault = {"[site a]\n[site b]\n[site c]\n[link x]\nends = b, c\n",
					   "lab.ini:1 [site a]", "no path leads from here to"};

	(void)state;
	check_fault(&fault);
	expect_sound("[network]\nrouting = external\n[site a]\n[site b]\n[site c]\n[link x]\n"
		     "ends = b, c\n");
}

// Luxembourg and Amsterdam, 327.5 km apart: light needs 1.0925 ms.
#define FAR "[site a]\nposition = 49.5052, 6.11348\n[site b]\nposition = 52.3564, 4.95084\n"

// Sums of delays over a path must stay within 64 bits.
static void no_delay_is_longer_than_a_month(void **state)
{
	static const struct fault faults[] = {
		{"[site a]\n[site b]\n[link x]\nends = a, b\ndelay = 2592000.000000001s\n",
		 "lab.ini:3 [link x]", "too long; 30d are the most"},
		{"[site a]\n[site b]\n[link x]\nends = a, b\ndelay.reverse = 31d\n",
		 "lab.ini:3 [link x]", "too long; 30d are the most"},
		{"[site a]\n[site b]\n[link x]\nends = a, b\nequipment = 60d\n",
		 "lab.ini:3 [link x]", "too long; 30d are the most"},
		{"[port p]\n[port q]\n[link x]\nends = p, q\ndelay = 18446744073709551615ns\n",
		 "lab.ini:5 [link x] delay", "too large, more than a hundred years"},
	};

	(void)state;
	check_faults(faults, sizeof(faults) / sizeof(faults[0]));
	expect_sound("[site a]\n[site b]\n[link x]\nends = a, b\ndelay = 30d\n");
}

static void nothing_is_faster_than_light(void **state)
{
	static const struct fault faults[] = {
		{FAR "[link x]\nends = a, b\ndelay = 1ms\n", "lab.ini:5 [link x]",
		 "1ms is faster than light"},
		{FAR "[link x]\nends = a, b\ndelay = 2ms\ndelay.reverse = 1ms\n",
		 "lab.ini:5 [link x]", "faster than light"},
		{FAR "[link x]\nends = a, b\n", "lab.ini:5 [link x]", "faster than light"},
		{FAR "[link x]\nends = a, b\nmedium = fibre\nlength = 300km\n",
		 "lab.ini:5 [link x]", "shorter than the great circle of 327."},
		{FAR "[satellite s]\norbit = geostationary 19.2deg\n[link x]\nends = a, b\n"
		     "medium = satellite\nvia = s\ndelay = 250ms\n",
		 "lab.ini:7 [link x]", "faster than light"},
	};

	(void)state;
	check_faults(faults, sizeof(faults) / sizeof(faults[0]));
	expect_sound(FAR "[link x]\nends = a, b\ndelay = 1.1ms\n");
	expect_sound(FAR "[satellite s]\norbit = geostationary 19.2deg\n[link x]\nends = a, b\n"
			 "medium = satellite\nvia = s\nelevation = 28deg\n");
}

static void a_satellite_out_of_sight_is_refused_for_each_end(void **state)
{
	struct errors errors = {0};

	(void)state;
	assert_null(topology_load_text(FAR "[satellite s]\norbit = geostationary -90deg\n[link x]\n"
					   "ends = a, b\nmedium = satellite\nvia = s\n",
				       "lab.ini", &errors));
	assert_int_equal(errors.count, 2);
	assert_non_null(strstr(errors.items[0].what, "below the horizon"));
	errors_fini(&errors);
	// 28.2 degrees over b, 31.4 over a.
	assert_null(topology_load_text(FAR "[satellite s]\norbit = geostationary 21.5deg\n"
					   "[link x]\nends = a, b\nmedium = satellite\nvia = s\n"
					   "elevation = 30deg\n",
				       "lab.ini", &errors));
	assert_int_equal(errors.count, 1);
	assert_non_null(strstr(errors.items[0].what, "over b, below the elevation mask"));
	errors_fini(&errors);
}

static void flows_need_addresses_and_events_things_that_exist(void **state)
{
	static const struct fault faults[] = {
		{JOINED "[site a]\naddress = 10.0.0.1\n[site b]\n[flow f]\nfrom = a\nto = b\n"
			"rate = 1mbit\n",
		 "lab.ini:6 [flow f]", "site b has no IPv4 address"},
		{"[link span]\nends = a, b\n[site a]\n[site b]\n[event e]\nat = 1s\ndo = link "
		 "spam:forward down\n",
		 "lab.ini:5 [event e]", "did you mean span?"},
		{JOINED "[site a]\n[site b]\n[event e]\nat = 1s\ndo = conduit trench down\n",
		 "lab.ini:5 [event e]", "conduit \"trench\", which does not exist"},
	};

	(void)state;
	check_faults(faults, sizeof(faults) / sizeof(faults[0]));
}

static void ten_thousand_faults_of_each_kind_are_counted(void **state)
{
	// Repeated addresses and prefixes, unknown ends: quadratic work would show as a timeout.
	size_t size = 4000000;
	char *text = malloc(size);
	size_t length = 0;
	struct errors errors = {0};

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 10000; i++)
		length += (size_t)snprintf(text + length, size - length,
					   "[site s%d]\naddress = 10.0.0.1\nsubnet = 10.0.0.0/8\n"
					   "[link l%d]\nends = s%d, z%d\n",
					   i, i, i, i);
	assert_null(topology_load_text(text, "lab.ini", &errors));
	// Each end; each subnet and each address but the first.
	assert_int_equal(errors.count, 10000 + 2 * 9999);
	errors_fini(&errors);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_subnets_belong_to_one),
		cmocka_unit_test(members_stand_on_their_peering_lan),
		cmocka_unit_test(ports_have_one_home),
		cmocka_unit_test(every_site_is_reached_unless_real_routers_do_the_work),
		cmocka_unit_test(no_delay_is_longer_than_a_month),
		cmocka_unit_test(nothing_is_faster_than_light),
		cmocka_unit_test(a_satellite_out_of_sight_is_refused_for_each_end),
		cmocka_unit_test(flows_need_addresses_and_events_things_that_exist),
		cmocka_unit_test(ten_thousand_faults_of_each_kind_are_counted),
	};

	return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
