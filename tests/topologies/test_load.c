// SPDX-License-Identifier: BSD-3-Clause
// Sections to things: every key arrives where it belongs, and every fault is said once, at its
// line, in one go.
#include "topologies/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/physics/fibre.h"
#include "tests/topologies/faults.h"

#define MS 1000000ULL

static struct topology *loaded(const char *text)
{
	struct errors errors = {0};
	struct topology *topology = topology_load_text(text, "lab.ini", &errors);

	if (!topology)
		fail_msg("%s: %s", errors.items[0].where, errors.items[0].what);
	assert_int_equal(errors.count, 0);
	errors_fini(&errors);
	return topology;
}

#define SITES "[site a]\nkind = router\n[site b]\nkind = router\n"

static void a_network_has_its_defaults_and_what_is_written(void **state)
{
	struct topology *plain = loaded("[site a]\n");
	struct topology *full = loaded("[network]\nname = benelux\nseed = 719\nrouting = static\n"
				       "detection = 1ms\nflooding = 2ms\nspf_delay = 3ms\n"
				       "fib_update = 4ms\n[site a]\nspf_delay = 7ms\n");

	(void)state;
	assert_string_equal(plain->name, "lab");
	assert_int_equal(plain->seed, 1);
	assert_int_equal(plain->routing, ROUTING_SPF);
	assert_int_equal(plain->sites[0].convergence.detection_ns, 10 * MS);
	assert_int_equal(plain->sites[0].convergence.flooding_ns, 1 * MS);
	assert_int_equal(plain->sites[0].convergence.spf_delay_ns, 50 * MS);
	assert_int_equal(plain->sites[0].convergence.fib_update_ns, 20 * MS);
	assert_string_equal(full->name, "benelux");
	assert_int_equal(full->seed, 719);
	assert_int_equal(full->routing, ROUTING_STATIC);
	assert_int_equal(full->sites[0].convergence.detection_ns, 1 * MS);
	assert_int_equal(full->sites[0].convergence.flooding_ns, 2 * MS);
	assert_int_equal(full->sites[0].convergence.spf_delay_ns, 7 * MS);
	assert_int_equal(full->sites[0].convergence.fib_update_ns, 4 * MS);
	topology_free(plain);
	topology_free(full);
}

static void a_site_has_all_that_its_keys_say(void **state)
{
	struct topology *t = loaded(
		"[site a]\nkind = teleport\nposition = 50.000456, 5.145344, 386.6m\n"
		"jurisdiction = BE\naddress = 10.255.0.1\naddress6 = 2001:db8::1\n"
		"subnet = 10.1.0.0/16, 10.2.0.0/16\nsubnet6 = 2001:db8:1::/48\n"
		"route = 10.9.0.0/16 via 10.1.0.7\nrain_rate = 28.23\nrain_height = 2.718km\n"
		"[port p]\nsite = a\ndevice = af_packet eth1\naddress = 10.1.0.1/24, "
		"2001:db8:1::1/64\nmtu = 1400\n");
	const struct site *site = &t->sites[0];
	char text[64];

	(void)state;
	assert_int_equal(site->kind, SITE_TELEPORT);
	assert_true(site->has_position);
	assert_true(site->position.latitude_deg == 50.000456);
	assert_true(site->position.longitude_deg == 5.145344);
	assert_true(site->position.height_m == 386.6);
	assert_string_equal(site->jurisdiction, "BE");
	assert_string_equal(address_format(&site->address6, text, sizeof(text)), "2001:db8::1");
	assert_int_equal(site->subnet_count, 3);
	assert_string_equal(prefix_format(&site->subnets[1], text, sizeof(text)), "10.2.0.0/16");
	assert_int_equal(site->route_count, 1);
	assert_string_equal(address_format(&site->routes[0].via, text, sizeof(text)), "10.1.0.7");
	assert_string_equal(t->ports[0].device, "af_packet eth1");
	assert_string_equal(t->ports[0].ifname, "p");
	assert_int_equal(t->ports[0].mtu_bytes, 1400);
	assert_string_equal(prefix_format(&t->ports[0].addresses[1], text, sizeof(text)),
			    "2001:db8:1::1/64");
	topology_free(t);
}

static void a_fibre_takes_its_time_from_length_or_stretch(void **state)
{
	struct topology *t = loaded(
		"[site a]\nposition = 49.5052, 6.11348\n[site b]\nposition = 50.8705, 4.47694\n"
		"[link given]\nends = a, b\nmedium = fibre\nlength = 245km\nequipment = 20us\n"
		"[link stretched]\nends = a, b\nmedium = fibre\nstretch = 1.35\ngroup_index = 1.5\n"
		"[link delayed]\nends = a, b\nmedium = fibre\ndelay = 3ms\n");
	double straight_m = geodesic_distance_m(t->sites[0].position, t->sites[1].position);

	(void)state;
	assert_int_equal(t->links[0].propagation_ns, fibre_delay_ns(245e3, FIBRE_GROUP_INDEX_G652));
	assert_int_equal(t->links[0].equipment_ns, 20000);
	assert_int_equal(t->links[1].propagation_ns, fibre_delay_ns(1.35 * straight_m, 1.5));
	assert_true(t->links[1].length_m == 1.35 * straight_m);
	assert_int_equal(t->links[2].impairments[LINK_REVERSE].delay.delay_ns, 3 * MS);
	topology_free(t);
}

static void a_satellite_link_goes_up_and_down_and_through_its_modems(void **state)
{
	struct topology *t = loaded(
		"[link sky]\nends = a, b\nmedium = satellite\nvia = govsat-1\nprocessing = 30ms\n"
		"band = X 7.9GHz 7.25GHz\nelevation = 10deg\n"
		"[site a]\nkind = teleport\nposition = 49.6935, 6.33, 300\n"
		"[site b]\nkind = teleport\nposition = 50.000456, 5.145344, 386.6\n"
		"[satellite govsat-1]\norbit = geostationary 21.5deg\n"
		"[satellite meo]\norbit = circular 8062km inclination 0deg phase -10deg\n");

	(void)state;
	// 38495.1 km up and 38547.8 km down, at the speed of light, by an independent computation.
	assert_in_range(t->links[0].propagation_ns, 30 * MS + 256986000, 30 * MS + 256989000);
	assert_true(t->links[0].elevation_mask_deg == 10.0);
	assert_string_equal(t->links[0].band, "X 7.9GHz 7.25GHz");
	assert_int_equal(t->satellites[1].kind, SATELLITE_CIRCULAR);
	assert_true(t->satellites[1].ellipse.semi_major_axis_m == EARTH_EQUATORIAL_M + 8062e3);
	assert_true(t->satellites[1].ellipse.mean_anomaly_deg == -10.0);
	topology_free(t);
}

static void impairments_are_for_both_directions_or_one(void **state)
{
	struct topology *t = loaded(
		SITES "[link x]\nends = a, b\ndelay.reverse = 7ms\n"
		      "delay = 5ms 100us 25% distribution normal\nloss = gemodel 1% 25%\n"
		      "loss.forward = 2%\nrate = 100mbit 4\nrate.reverse = 10mbit\n"
		      "limit = 20ms\nqueue = tail\nframing = ethernet\nmetric = 12\n"
		      "metric.reverse = 13\nmtu = 1500\nbfd = 300ms 3\nstate = down\n"
		      "[link y]\nends = b, a\nlength = 100km\njitter = 1ms\ndetection = 5ms\n"
		      "netem.forward = loss 1% rate 1gbit limit 1000\n");
	const struct impairment *forward = &t->links[0].impairments[LINK_FORWARD];
	const struct impairment *reverse = &t->links[0].impairments[LINK_REVERSE];
	const struct link *other = &t->links[1];

	(void)state;
	assert_int_equal(forward->delay.delay_ns, 5 * MS);
	assert_int_equal(reverse->delay.delay_ns, 7 * MS);
	assert_int_equal(reverse->jitter.kind, DISTRIBUTION_NORMAL);
	assert_int_equal(forward->loss.kind, LOSS_WORDS_RANDOM);
	assert_int_equal(reverse->loss.kind, LOSS_WORDS_GEMODEL);
	assert_int_equal(forward->rate.bps, 100000000);
	assert_int_equal(forward->overhead.bytes, 28);
	assert_int_equal(reverse->rate.bps, 10000000);
	assert_int_equal(reverse->overhead.bytes, 24);
	assert_int_equal(forward->limit.kind, LIMIT_TIME);
	assert_int_equal(t->links[0].metric[LINK_FORWARD], 12);
	assert_int_equal(t->links[0].metric[LINK_REVERSE], 13);
	assert_int_equal(t->links[0].detection_ns, 900 * MS);
	assert_true(t->links[0].starts_down);
	assert_false(other->starts_down);
	assert_int_equal(other->mtu_bytes, 9216);
	assert_int_equal(other->detection_ns, 5 * MS);
	assert_int_equal(other->impairments[LINK_FORWARD].given,
			 IMPAIRMENT(GROUP_JITTER) | IMPAIRMENT(GROUP_LOSS) |
				 IMPAIRMENT(GROUP_RATE) | IMPAIRMENT(GROUP_LIMIT));
	assert_int_equal(other->impairments[LINK_REVERSE].given, IMPAIRMENT(GROUP_JITTER));
	assert_int_equal(other->propagation_ns, fibre_delay_ns(100e3, FIBRE_GROUP_INDEX_G652));
	topology_free(t);
}

static void ends_are_sites_first_and_a_wires_are_ports(void **state)
{
	struct topology *t =
		loaded("[network]\nrouting = external\n" SITES
		       "[port a]\ndevice = none\n[port b]\ndevice = net_ring0\n[port c]\n"
		       "device = 0000:03:00.0\n[port d]\ndevice = net_tap0,iface=d\n"
		       "[link sites]\nends = a, b\n[link wire]\nmedium = wire\nends = a, b\n"
		       "[link given]\nends = c, d\ndelay = 1ms\n");

	(void)state;
	assert_int_equal(t->links[0].ends[0].site, 0);
	assert_int_equal(t->links[0].ends[0].port, TOPOLOGY_NONE);
	assert_int_equal(t->links[0].medium, MEDIUM_ETHERNET);
	assert_int_equal(t->links[1].ends[1].port, 1);
	assert_int_equal(t->links[1].ends[1].site, TOPOLOGY_NONE);
	assert_int_equal(t->links[2].medium, MEDIUM_WIRE);
	assert_int_equal(t->links[2].ends[0].port, 2);
	topology_free(t);
}

static void flows_conduits_and_events_are_read(void **state)
{
	struct topology *t = loaded(
		"[site a]\naddress6 = 2001:db8::1\n[site b]\naddress6 = 2001:db8::2\n"
		"[link x]\nends = a, b\n[link y]\nends = a, b\n"
		"[flow f]\nfrom = a\nto = b\nrate = 1000.5pps\npattern = onoff\non = 1s\n"
		"off = 2s\nsize = 1514b\nstart = 1s\nstop = 2min\nipv6 = yes\n"
		"[conduit c]\nlinks = y, x\n"
		"[event late]\nat = 2s\ndo = link x up\n[event second]\nat = 1s\ndo = site b up\n"
		"[event third]\nat = 1s\ndo = conduit c down inflight cut\n");

	(void)state;
	assert_true(t->flows[0].packets_per_second == 1000.5);
	assert_int_equal(t->flows[0].pattern, FLOW_ONOFF);
	assert_int_equal(t->flows[0].off_ns, 2000 * MS);
	assert_int_equal(t->flows[0].size_bytes, 1514);
	assert_int_equal(t->flows[0].stop_ns, 120000 * MS);
	assert_true(t->flows[0].ipv6);
	assert_int_equal(t->conduits[0].link_count, 2);
	assert_string_equal(t->events[0].name, "second");
	assert_string_equal(t->events[1].name, "third");
	assert_string_equal(t->events[1].command, "conduit c down inflight cut");
	assert_string_equal(t->events[2].name, "late");
	topology_free(t);
}

static void comments_quotes_marks_and_line_ends_are_taken_off(void **state)
{
	struct topology *t = loaded("\xef\xbb\xbf# caf\xc3\xa9\r\n[network] ; comment\r\n"
				    "  name\t= quiet   ; a comment\r\n\r\nseed=7 # another\r\n"
				    "[ port  p ]\nsite = a\ndevice = \"net_pcap0,x=;#\"\n"
				    ";[site no]\n[event e]\nat = 1s\n"
				    "do = say \"a\" [b] = 'c'\\d\n[site a]\nkind = 'host'");

	(void)state;
	assert_string_equal(t->name, "quiet");
	assert_int_equal(t->seed, 7);
	assert_string_equal(t->ports[0].device, "net_pcap0,x=;#");
	assert_string_equal(t->events[0].command, "say \"a\" [b] = 'c'\\d");
	assert_int_equal(t->sites[0].kind, SITE_HOST);
	topology_free(t);
}

static void each_malformed_line_is_named(void **state)
{
	static const struct fault faults[] = {
		{"", "lab.ini", "holds no section"},
		{"; nothing\n", "lab.ini", "holds no section"},
		{"x = 1\n[site a]\n", "lab.ini:1", "before any section"},
		{"[site a]\nkind router\n", "lab.ini:2 [site a]", "neither [section] nor"},
		{"[site a\n[site b]\n", "lab.ini:1", "no closing bracket"},
		{"[site a] x\n[site b]\n", "lab.ini:1", "follows the closing bracket"},
		{"[]\n[site b]\n", "lab.ini:1", "empty section header"},
		{"[site A]\n[site b]\n", "lab.ini:1", "lower-case"},
		{"[site -a]\n[site b]\n", "lab.ini:1", "not a name"},
		{"[site a b]\n[site b]\n", "lab.ini:1", "not a name"},
		{"[site]\n[site b]\n", "lab.ini:1 [site]", "no name"},
		{"[network x]\n[site b]\n", "lab.ini:1", "follows network"},
		{"[site a]\nkind =\n", "lab.ini:2 [site a]", "has no value"},
		{"[site a]\nkind = ; x\n", "lab.ini:2 [site a]", "has no value"},
		{"[site a]\n= router\n", "lab.ini:2 [site a]", "not a key"},
		{"[site a]\nkind = \"router\n", "lab.ini:2 [site a]", "does not close"},
		{"[site a]\nkind = \"router\" x\n", "lab.ini:2 [site a]", "closing quote"},
		{"[site a]\nkind = \" router\"\n", "lab.ini:2 [site a]", "white space"},
		{"[site a]\nkind = rou;ter\n", "lab.ini:2 [site a]", "; or #"},
		{"[site a]\nkind = router \\\n", "lab.ini:2 [site a]", "backslash"},
		{"[site a]\nkind = rou\x01ter\n", "lab.ini:2", "0x01"},
		{"[site a]\rkind = router\r", "lab.ini:1", "0x0d"},
		{"[site a]\nkind = router\nkind = host\n", "lab.ini:3 [site a] kind",
		 "first in line 2"},
		{"[site a]\n[site a]\n", "lab.ini:2 [site a]", "first at lab.ini:1"},
		{"[network]\n[network]\n[site a]\n", "lab.ini:2 [network]", "first at lab.ini:1"},
		{"[sitte a]\n[site b]\n", "lab.ini:1 [sitte a]", "did you mean site?"},
		{"[quux a]\n[site b]\n", "lab.ini:1 [quux a]", "write network, site"},
		{"[site a]\nknid = router\n", "lab.ini:2 [site a] knid", "did you mean kind?"},
		{"[site a]\nkind.forward = router\n", "lab.ini:2 [site a] kind.forward",
		 "no directions"},
		{"[network]\ninclude = x.ini\n[site a]\n", "lab.ini:2 [network] include",
		 "load it as a file"},
	};

	(void)state;
	check_faults(faults, sizeof(faults) / sizeof(faults[0]));
}

#define LINK  SITES "[link x]\nends = a, b\n"
#define LINE8 "lab.ini:7 [link x] "

static void each_wrong_value_is_named(void **state)
{
	static const struct fault faults[] = {
		{"[network]\nname = My Lab\n[site a]\n", "lab.ini:2 [network] name", "not a name"},
		{"[network]\nseed = -1\n[site a]\n", "lab.ini:2 [network] seed", "whole number"},
		{"[network]\nrouting = ospf\n[site a]\n", "lab.ini:2 [network] routing",
		 "spf, static or external"},
		{"[site a]\nposition = 91, 5\n", "lab.ini:2 [site a] position", "on the ground"},
		{"[site a]\nposition = 49.5\n", "lab.ini:2 [site a] position", "not a position"},
		{"[site a]\nposition = 49.5, 5, 3, 4\n", "lab.ini:2 [site a] position",
		 "not a position"},
		{"[site a]\njurisdiction = Lux\n", "lab.ini:2 [site a] jurisdiction", "ISO 3166"},
		{"[site a]\naddress = 10.0.0.1/8\n", "lab.ini:2 [site a] address", "IPv4 address"},
		{"[site a]\naddress6 = 10.0.0.1\n", "lab.ini:2 [site a] address6", "IPv6 address"},
		{"[site a]\nsubnet = 2001:db8::/32\n", "lab.ini:2 [site a] subnet", "IPv4 prefix"},
		{"[site a]\nroute = 10.0.0.0/8 by 1.2.3.4\n", "lab.ini:2 [site a] route",
		 "PREFIX via ADDRESS"},
		{"[site a]\nrain_rate = 28mm\n", "lab.ini:2 [site a] rain_rate", "28.2mm/h"},
		{"[site a]\nrain_height = 2718\n", "lab.ini:2 [site a] rain_height", "m or km"},
		{LINK "delay = 2.4mss\n", LINE8 "delay", "\"2.4mss\" is not a duration; write"},
		{LINK "delay = 5\n", LINE8 "delay", "add ns, us, ms or s"},
		{LINK "delay = 5ms loss 1%\n", LINE8 "delay", "gives more than delay"},
		{LINK "loss = 101%\n", LINE8 "loss", "100%"},
		{LINK "rate = 0bit\n", LINE8 "rate", "carries nothing"},
		{LINK "netem = loss 1%\nloss = 2%\n", "lab.ini:8 [link x] loss",
		 "also given by netem in line 7"},
		{LINK "length = 245\n", LINE8 "length", "add m or km"},
		{LINK "medium = copper\n", LINE8 "medium", "fibre, satellite, ethernet or wire"},
		{LINK "medium = fibre\n", "lab.ini:5 [link x]", "needs length, stretch or delay"},
		{LINK "stretch = 1.4\n", LINE8 "stretch", "positions of both ends"},
		{LINK "stretch = 0.9\n", LINE8 "stretch", "out of range"},
		{LINK "length = 1km\nstretch = 1.4\n", "lab.ini:8 [link x] stretch",
		 "length in line 7"},
		{LINK "medium = satellite\nvia = x\n", "lab.ini:8 [link x] via",
		 "no satellite \"x\""},
		{LINK "processing = 1ms\n", LINE8 "processing", "medium = satellite"},
		{LINK "reorder = 1%\n", "lab.ini:5 [link x]", "give a delay"},
		{LINK "delay = 1ms\nrate = 1mbit\nlimit = none\nqueue = codel\n",
		 "lab.ini:5 [link x]", "needs a limit"},
		{LINK "queue = lifo\n", LINE8 "queue", "lifo\" is no queue"},
		{LINK "queue = taill\n", LINE8 "queue", "did you mean tail?"},
		{LINK "loss.foward = 1%\n", LINE8 "loss.foward", "did you mean loss.forward?"},
		{LINK "loss.up = 1%\n", LINE8 "loss.up",
		 "write loss, loss.forward or loss.reverse"},
		{LINK "metric = 0\n", LINE8 "metric", "out of range"},
		{LINK "mtu = 20000\n", LINE8 "mtu", "68 to 9216"},
		{LINK "bfd = 300 3\n", LINE8 "bfd", "300ms 3"},
		{LINK "bfd = 300ms 3\ndetection = 1ms\n", "lab.ini:8 [link x] detection",
		 "bfd in line 7"},
		{LINK "framing = ethernet\n", LINE8 "framing", "none is given"},
		{LINK "state = broken\n", LINE8 "state", "up or down"},
		{SITES "[link x]\nends = a\n", "lab.ini:6 [link x] ends", "two ends"},
		{SITES "[link x]\nends = a, a\n", "lab.ini:6 [link x] ends", "two different"},
		{SITES "[link x]\n", "lab.ini:5 [link x]", "ends are missing"},
		{SITES "[link x]\nends = a, bb\n", "lab.ini:6 [link x] ends", "add [site bb]"},
		{SITES "[link x]\nmedium = wire\nends = a, b\n[port b]\n",
		 "lab.ini:7 [link x] ends", "wire joins two ports"},
		{SITES "[port p]\nsite = a\n[link x]\nends = a, p\n", "lab.ini:8 [link x] ends",
		 "joins a site and a port"},
		{SITES "[port p]\nsite = a\ndevice = tpa\n", "lab.ini:7 [port p] device",
		 "did you mean tap?"},
		{SITES "[port p]\nsite = a\ndevice = af_packet\n", "lab.ini:7 [port p] device",
		 "af_packet eth0"},
		{SITES "[port p]\nsite = a\naddress = 10.0.0.1\n", "lab.ini:7 [port p] address",
		 "prefix length"},
		{SITES "[port p]\nsite = a\nifname = much-too-long-name\n",
		 "lab.ini:7 [port p] ifname", "at most 15"},
		{SITES "[satellite s]\norbit = tle x\n", "lab.ini:6 [satellite s] orbit",
		 "lacks a file or a name"},
		{SITES "[satellite s]\norbit = circular 8062km inclination 190deg phase 0deg\n",
		 "lab.ini:6 [satellite s] orbit", "inclination"},
		{SITES "[satellite s]\n", "lab.ini:5 [satellite s]", "orbit is missing"},
		{SITES "[weather w]\n", "lab.ini:5 [weather w]", "has no rain"},
		{SITES "[policy p]\n", "lab.ini:5 [policy p]", "not in this version"},
		{SITES "[conduit c]\n", "lab.ini:5 [conduit c]", "links is missing"},
		{SITES "[event e]\nat = 1s\n", "lab.ini:5 [event e]", "do is missing"},
		{SITES "[event e]\nat = 1\ndo = x\n", "lab.ini:6 [event e] at", "add ns, us"},
		{SITES "[flow f]\nfrom = a\nto = b\n", "lab.ini:5 [flow f]", "rate is missing"},
		{SITES "[flow f]\nfrom = a\nto = b\nrate = 1mbit\nsize = 20b\n",
		 "lab.ini:9 [flow f] size", "60b to 9230b"},
		{SITES "[flow f]\nfrom = a\nto = b\nrate = 1mbit\npattern = pcap x\n",
		 "lab.ini:9 [flow f] pattern", "not in this version"},
		{SITES "[flow f]\nfrom = a\nto = b\nrate = 1mbit\nstart = 2s\nstop = 1s\n",
		 "lab.ini:10 [flow f] stop", "stops before"},
	};

	(void)state;
	check_faults(faults, sizeof(faults) / sizeof(faults[0]));
}

static void all_faults_are_said_in_the_order_of_their_lines(void **state)
{
	static const char text[] = "[network]\nseed = many\n[site a]\nkind = rooter\n"
				   "[link span]\nends = a, nowhere\nlength = 245\n"
				   "[link span]\ndelay = 5\nends = a, nowhere\n[flood f]\n"
				   "[event e]\nat = 1s\ndo = link spam down\n";
	static const char *const wheres[] = {
		"lab.ini:2 [network] seed",    "lab.ini:4 [site a] kind",
		"lab.ini:6 [link span] ends",  "lab.ini:7 [link span] length",
		"lab.ini:8 [link span]",       "lab.ini:9 [link span] delay",
		"lab.ini:10 [link span] ends", "lab.ini:11 [flood f]",
		"lab.ini:12 [event e]",
	};
	struct errors errors = {0};

	(void)state;
	errors_add(&errors, -1, "before", "kept first");
	assert_null(topology_load_text(text, "lab.ini", &errors));
	assert_int_equal(errors.count, 1 + sizeof(wheres) / sizeof(wheres[0]));
	assert_string_equal(errors.items[0].where, "before");
	for (size_t i = 0; i < sizeof(wheres) / sizeof(wheres[0]); i++)
		assert_string_equal(errors.items[i + 1].where, wheres[i]);
	errors_fini(&errors);
}

static void a_faulty_section_does_not_drag_others_with_it(void **state)
{
	// The link cannot be read: its sites are not called unreachable, nor its delay too short.
	static const struct fault fault = {
		"[site a]\nposition = 49.5, 6.1\n[site b]\nposition = 52.3, 4.9\n"
		"[link x]\nends = a, b\nmedium = fibre\nlength = 400kms\n",
		"lab.ini:8 [link x] length", "not a length"};

	(void)state;
	check_fault(&fault);
}

static void an_overlong_line_is_refused_and_a_long_comment_is_not(void **state)
{
	char *text = malloc(5000);
	struct errors errors = {0};
	struct topology *topology;

	(void)state;
	assert_non_null(text);
	snprintf(text, 5000, "[site a]\n; %03000d\n", 7);
	topology = topology_load_text(text, "lab.ini", &errors);
	assert_non_null(topology);
	topology_free(topology);
	snprintf(text, 5000, "[site a]\nsubnet = %03000d\n", 7);
	assert_null(topology_load_text(text, "lab.ini", &errors));
	assert_int_equal(errors.count, 1);
	assert_non_null(strstr(errors.items[0].what, "more than 1000 bytes"));
	errors_fini(&errors);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_has_its_defaults_and_what_is_written),
		cmocka_unit_test(a_site_has_all_that_its_keys_say),
		cmocka_unit_test(a_fibre_takes_its_time_from_length_or_stretch),
		cmocka_unit_test(a_satellite_link_goes_up_and_down_and_through_its_modems),
		cmocka_unit_test(impairments_are_for_both_directions_or_one),
		cmocka_unit_test(ends_are_sites_first_and_a_wires_are_ports),
		cmocka_unit_test(flows_conduits_and_events_are_read),
		cmocka_unit_test(comments_quotes_marks_and_line_ends_are_taken_off),
		cmocka_unit_test(each_malformed_line_is_named),
		cmocka_unit_test(each_wrong_value_is_named),
		cmocka_unit_test(all_faults_are_said_in_the_order_of_their_lines),
		cmocka_unit_test(a_faulty_section_does_not_drag_others_with_it),
		cmocka_unit_test(an_overlong_line_is_refused_and_a_long_comment_is_not),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
