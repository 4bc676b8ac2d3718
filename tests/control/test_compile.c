// SPDX-License-Identifier: BSD-3-Clause
// From the network on paper to the plan: interfaces, prefixes, parameters, flows.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/compile.h"
#include "control/compile_prefixes.h"
#include "tests/control/paper.h"

static struct plan *compile(const struct topology *topology, enum network_ports ports)
{
	struct error error;
	struct plan *plan = compile_plan(topology, ports, &error);

	if (!plan)
		fail_msg("%s: %s", error.where, error.what);
	return plan;
}

static struct plan_address address(const char *text)
{
	struct prefix prefix = {.length = 0};

	if (strchr(text, '/'))
		assert_int_equal(prefix_parse(text, &prefix), 0);
	else
		assert_int_equal(address_parse(text, &prefix.address), 0);
	if (!strchr(text, '/'))
		prefix.length = prefix.address.family == ADDRESS_IPV4 ? 32 : 128;
	return compile_address(&prefix.address, prefix.length);
}

// The destination of exactly this prefix, or NULL.
static const struct plan_destination *destination(const struct plan *plan, const char *text)
{
	struct plan_address wanted = address(text);

	for (size_t i = 0; i < plan->prefix_count; i++) {
		if (memcmp(&plan->prefixes[i].prefix, &wanted, sizeof(wanted)) == 0)
			return &plan->destinations[plan->prefixes[i].destination];
	}
	return NULL;
}

static void assert_ends(const struct topology *t, const struct plan *plan, const char *prefix,
			const char *site, enum plan_delivery delivery, uint32_t interface)
{
	const struct plan_destination *d = destination(plan, prefix);

	if (!d)
		fail_msg("no prefix %s", prefix);
	assert_string_equal(t->sites[d->site].name, site);
	assert_int_equal(d->delivery, delivery);
	assert_int_equal(d->interface, interface);
}

static const char lan[] =
	"[site a]\nkind = router\naddress = 10.255.0.1\naddress6 = 2001:db8:ff::1\n"
	"subnet = 10.1.0.0/16\nsubnet6 = 2001:db8:1::/48\n"
	"route = 203.0.113.0/24 via 192.0.2.77\n"
	"[site b]\nkind = router\naddress = 10.255.0.2\nsubnet = 10.2.0.0/16, 10.3.0.0/16\n"
	"route = 0.0.0.0/0 via 10.2.1.9\n"
	"[site c]\nkind = router\nsubnet = 10.4.0.0/16\n"
	"[site x]\nkind = exchange\nsubnet = 192.0.2.0/24\n"
	"[port pa]\nsite = a\ndevice = none\naddress = 10.1.7.1/24\n"
	"[port pb1]\nsite = b\ndevice = none\naddress = 10.2.1.1/24\n"
	"[port pb2]\nsite = b\ndevice = none\naddress = 10.2.2.1/24\n"
	"[port px]\nsite = x\ndevice = none\n"
	"[port w1]\ndevice = none\n[port w2]\ndevice = none\n"
	"[link wire]\nmedium = wire\nends = w1, w2\n"
	"[link ax]\nends = a, x\nmedium = ethernet\ndelay = 1ms\naddress = 192.0.2.1/24\n"
	"[link xb]\nends = x, b\nmedium = ethernet\ndelay = 1ms\naddress = 192.0.2.2/24\n"
	"[link bc]\nends = b, c\nmedium = ethernet\ndelay = 1ms\n";

static void interfaces_are_numbered_by_port_then_by_channel(void **state)
{
	struct topology *t = paper(lan);
	struct plan *plan = compile(t, NETWORK_FILES);
	uint32_t ax = paper_channel(t, "ax:forward");
	uint32_t xb = paper_channel(t, "xb:reverse");

	(void)state;
	assert_int_equal(plan->interface_count, 5); // pa pb1 pb2, a to x, b to x
	assert_int_equal(plan->ports[0].interface, 0);
	assert_int_equal(plan->ports[2].interface, 2);
	assert_int_equal(plan->ports[3].interface, PLAN_NONE); // an exchange has none
	assert_int_equal(plan->channels[ax].from_interface, 3);
	assert_int_equal(plan->channels[ax ^ 1].to_interface, 3);
	assert_int_equal(plan->channels[xb].from_interface, 4);
	assert_int_equal(plan->channels[xb ^ 1].to_interface, 4);
	assert_int_equal(plan->channels[xb ^ 1].from_interface, PLAN_NONE);
	assert_int_equal(plan->interfaces[3].channel, ax);
	assert_memory_equal(plan->interfaces[3].mac, "\x02\xc0\x00\x00\x00\x03", 6);
	assert_memory_equal(plan->interfaces[3].link_local,
			    "\xfe\x80\0\0\0\0\0\0\x00\xc0\x00\xff\xfe\x00\x00\x03", 16);
	assert_memory_equal(&plan->interfaces[3].address4.bytes, "\xc0\x00\x02\x01", 4);
	assert_int_equal(plan->interfaces[3].address4.prefix_length, 24);
	for (uint32_t i = 0; i < plan->interface_count; i++)
		assert_int_equal(compile_interface_of_mac(plan->interfaces[i].mac), i);
	assert_int_equal(plan->ports[4].wire_channel, paper_channel(t, "wire:forward"));
	assert_int_equal(plan->ports[5].wire_channel, paper_channel(t, "wire:reverse"));
	assert_int_equal(plan->channels[plan->ports[5].wire_channel].to_port, 4);
	plan_free(plan);
	topology_free(t);
}

static void replay_ports_take_any_mac_and_devices_ask_for_neighbours(void **state)
{
	struct topology *t = paper(lan);
	struct plan *files = compile(t, NETWORK_FILES);
	struct plan *devices = compile(t, NETWORK_DEVICES);

	(void)state;
	assert_true(files->interfaces[0].promiscuous);
	assert_false(files->interfaces[0].resolves);
	assert_false(files->interfaces[3].promiscuous); // else an exchange's floods would be taken
	assert_false(devices->interfaces[0].promiscuous);
	assert_true(devices->interfaces[0].resolves);
	assert_true(devices->interfaces[3].resolves);
	plan_free(files);
	plan_free(devices);
	topology_free(t);
}

static void every_prefix_ends_where_it_lives(void **state)
{
	struct topology *t = paper(lan);
	struct plan *plan = compile(t, NETWORK_FILES);

	(void)state;
	assert_ends(t, plan, "10.255.0.1", "a", PLAN_LOCAL, PLAN_NONE);
	assert_ends(t, plan, "2001:db8:ff::1", "a", PLAN_LOCAL, PLAN_NONE);
	assert_ends(t, plan, "10.1.7.1", "a", PLAN_LOCAL, PLAN_NONE);
	assert_ends(t, plan, "192.0.2.2", "b", PLAN_LOCAL, PLAN_NONE);
	assert_ends(t, plan, "10.1.7.0/24", "a", PLAN_CONNECTED, 0);
	assert_ends(t, plan, "10.2.2.0/24", "b", PLAN_CONNECTED, 2);
	// The site's port inside, the only port, no port at all, and two ports but none inside.
	assert_ends(t, plan, "10.1.0.0/16", "a", PLAN_CONNECTED, 0);
	assert_ends(t, plan, "2001:db8:1::/48", "a", PLAN_CONNECTED, 0);
	assert_ends(t, plan, "10.2.0.0/16", "b", PLAN_CONNECTED, 1);
	assert_ends(t, plan, "10.3.0.0/16", "b", PLAN_UNREACHABLE, PLAN_NONE);
	assert_ends(t, plan, "10.4.0.0/16", "c", PLAN_UNREACHABLE, PLAN_NONE);
	assert_ends(t, plan, "192.0.2.0/24", "a", PLAN_CONNECTED, 3);
	assert_ends(t, plan, "203.0.113.0/24", "a", PLAN_VIA, 3);
	assert_ends(t, plan, "0.0.0.0/0", "b", PLAN_VIA, 1);
	assert_memory_equal(destination(plan, "0.0.0.0/0")->via.bytes, "\x0a\x02\x01\x09", 4);
	plan_free(plan);
	topology_free(t);
}

static void a_prefix_has_one_home(void **state)
{
	struct topology *t = paper(lan);
	struct static_route route = {.prefix = {.length = 0}};
	struct error error = {.code = 0};

	(void)state;
	assert_int_equal(prefix_parse("0.0.0.0/0", &route.prefix), 0);
	assert_int_equal(address_parse("192.0.2.77", &route.via), 0);
	t->sites[0].routes[0] = route; // b has a default route already
	assert_null(compile_plan(t, NETWORK_FILES, &error));
	assert_int_equal(error.code, -EINVAL);
	assert_non_null(strstr(error.what, "0.0.0.0/0 is at site a already"));
	assert_non_null(strstr(error.where, "[site b]"));
	topology_free(t);
}

static void a_route_needs_a_neighbour_on_a_subnet_of_the_site(void **state)
{
	struct topology *t = paper(lan);
	struct error error = {.code = 0};

	(void)state;
	assert_int_equal(address_parse("172.16.0.1", &t->sites[0].routes[0].via), 0);
	assert_null(compile_plan(t, NETWORK_FILES, &error));
	assert_non_null(strstr(error.what, "172.16.0.1"));
	topology_free(t);
}

static void prefixes_hold_what_lies_in_them(void **state)
{
	struct prefix prefix;
	struct address inside, outside;

	(void)state;
	assert_int_equal(prefix_parse("10.2.160.0/19", &prefix), 0);
	assert_int_equal(address_parse("10.2.191.255", &inside), 0);
	assert_int_equal(address_parse("10.2.192.0", &outside), 0);
	assert_true(compile_prefix_holds(&prefix, &inside));
	assert_false(compile_prefix_holds(&prefix, &outside));
	assert_int_equal(prefix_parse("0.0.0.0/0", &prefix), 0);
	assert_true(compile_prefix_holds(&prefix, &outside));
	assert_int_equal(address_parse("::", &outside), 0);
	assert_false(compile_prefix_holds(&prefix, &outside));
	assert_int_equal(prefix_parse("2001:db8::1/128", &prefix), 0);
	assert_int_equal(address_parse("2001:db8::1", &inside), 0);
	assert_true(compile_prefix_holds(&prefix, &inside));
}

static void channels_get_the_parameters_of_their_impairments(void **state)
{
	struct topology *t = paper(
		"[network]\nseed = 77\n[site a]\nkind = router\n[site b]\nkind = router\n"
		"[link ab]\nends = a, b\nmedium = ethernet\nmtu = 1500\n"
		"netem = delay 10ms 1ms distribution normal loss gemodel 1% 10% rate 10mbit 24 "
		"limit 5\n"
		"[link fibre]\nends = b, a\nlength = 100km\nequipment = 20us\nrate = 1gbit\n");
	struct plan *plan = compile(t, NETWORK_FILES);
	const struct channel_params *p = &plan->channels[0].params;

	(void)state;
	assert_int_equal(p->seed, 77);
	assert_int_equal(p->random_key, 0);
	assert_int_equal(plan->channels[3].params.random_key, 3);
	assert_true(p->carrier);
	assert_int_equal(p->mtu_bytes, 1500);
	assert_int_equal(p->delay_ns, 10000000);
	assert_int_equal(p->jitter.kind, JITTER_NORMAL);
	assert_int_equal(p->jitter.jitter_ns, 1000000);
	assert_int_equal(p->loss.kind, LOSS_GILBERT_ELLIOTT);
	assert_int_equal(p->rate.bits_per_second, 10000000);
	assert_int_equal(p->rate.overhead_bytes, 24);
	assert_int_equal(p->queue.limit, QUEUE_PACKETS);
	assert_int_equal(p->queue.limit_amount, 5);
	// 100 km of G.652 fibre: 100 000 x 1.4682 / 299 792 458 s = 489 739 ns, and the equipment.
	assert_int_equal(plan->channels[2].params.delay_ns, 489739 + 20000);
	assert_int_equal(plan->channels[2].params.queue.limit, QUEUE_PACKETS);
	assert_int_equal(plan->channels[2].params.queue.limit_amount, COMPILE_LIMIT_PACKETS);
	plan_free(plan);
	topology_free(t);
}

static void flows_have_addresses_intervals_and_numbers_of_their_own(void **state)
{
	struct topology *t =
		paper("[site a]\nkind = router\naddress = 10.255.0.1\n"
		      "[site b]\nkind = router\naddress = 10.255.0.2\naddress6 = 2001:db8:ff::2\n"
		      "subnet = 10.2.0.0/16\nsubnet6 = 2001:db8:2::/64\n"
		      "[site c]\nkind = router\naddress6 = 2001:db8:ff::3\n"
		      "subnet6 = 2001:db8:3::/127\n"
		      "[link ab]\nends = a, b\nmedium = ethernet\ndelay = 1ms\n"
		      "[link bc]\nends = b, c\nmedium = ethernet\ndelay = 1ms\n"
		      "[flow one]\nfrom = a\nto = b\nrate = 3mbit\nsize = 200b\n"
		      "[flow two]\nfrom = b\nto = c\nrate = 1000pps\nsize = 200b\nipv6 = yes\n"
		      "[flow mix]\nfrom = a\nto = b\nrate = 1mbit\npattern = imix\n");
	struct plan *plan;

	(void)state;
	// Without addresses of their own, b and c answer for their subnets.
	t->sites[1].address.family = ADDRESS_NONE;
	t->sites[2].address6.family = ADDRESS_NONE;
	plan = compile(t, NETWORK_FILES);
	assert_memory_equal(plan->flows[0].source.bytes, "\x0a\xff\x00\x01", 4);
	assert_memory_equal(plan->flows[0].target.bytes, "\x0a\x02\x00\x01", 4);
	assert_int_equal(plan->flows[0].random_key, 4);
	assert_int_equal(plan->flows[2].random_key, 6);
	// 1600 bits at 3 Mbit/s: 533 333.3... ns, to the nearest 2^-16.
	assert_int_equal(plan->flows[0].interval_ns_q16, 34952533333);
	assert_int_equal(plan->flows[1].interval_ns_q16, UINT64_C(1000000) << 16);
	assert_memory_equal(plan->flows[1].target.bytes,
			    "\x20\x01\x0d\xb8\x00\x03\0\0\0\0\0\0\0\0\0\0",
			    16); // RFC 6164: both addresses of a /127 are hosts'
	// The mix's mean frame is (7 x 86 + 4 x 590 + 1514) / 12 = 373 bytes.
	assert_int_equal(plan->flows[2].interval_ns_q16, UINT64_C(373) * 8 * 1000 << 16);
	plan_free(plan);
	topology_free(t);
}

static void a_flow_that_cannot_be_sent_is_refused_by_name(void **state)
{
	struct topology *t = paper(
		"[site a]\nkind = router\naddress = 10.255.0.1\n[site b]\nkind = router\n"
		"address = 10.255.0.2\n[link ab]\nends = a, b\nmedium = ethernet\ndelay = 1ms\n"
		"[flow f]\nfrom = a\nto = b\nrate = 1mbit\nsize = 200b\n");
	struct error error = {.code = 0};

	(void)state;
	t->sites[1].address.family = ADDRESS_NONE;
	assert_null(compile_plan(t, NETWORK_FILES, &error));
	assert_non_null(strstr(error.where, "[flow f]"));
	assert_non_null(strstr(error.what, "site b has no IPv4 address"));
	t->sites[1].address.family = ADDRESS_IPV4;
	t->flows[0].size_bytes = 60;
	assert_null(compile_plan(t, NETWORK_FILES, &error));
	assert_non_null(strstr(error.what, "60 bytes"));
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_are_numbered_by_port_then_by_channel),
		cmocka_unit_test(replay_ports_take_any_mac_and_devices_ask_for_neighbours),
		cmocka_unit_test(every_prefix_ends_where_it_lives),
		cmocka_unit_test(a_prefix_has_one_home),
		cmocka_unit_test(a_route_needs_a_neighbour_on_a_subnet_of_the_site),
		cmocka_unit_test(prefixes_hold_what_lies_in_them),
		cmocka_unit_test(channels_get_the_parameters_of_their_impairments),
		cmocka_unit_test(flows_have_addresses_intervals_and_numbers_of_their_own),
		cmocka_unit_test(a_flow_that_cannot_be_sent_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
