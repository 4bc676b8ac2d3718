// SPDX-License-Identifier: BSD-3-Clause
// Device strings of a topology as DPDK arguments.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "dataplane/engine/device.h"

static const struct {
	const char *device;
	enum device_kind kind;
	const char *bus;
	const char *name;
	const char *arguments;
} good[] = {
	{"tap", DEVICE_TAP, "vdev", "net_tap7", "iface=lux,mac=06:00:00:00:00:09"},
	{"af_packet eth1", DEVICE_AF_PACKET, "vdev", "net_af_packet7",
	 "iface=eth1,qpairs=1,blocksz=16384,framesz=16384,framecnt=512,qdisc_bypass=1"},
	{"af_xdp eth1", DEVICE_AF_XDP, "vdev", "net_af_xdp7", "iface=eth1"},
	{"memif /run/m.sock", DEVICE_MEMIF, "vdev", "net_memif7",
	 "socket=/run/m.sock,socket-abstract=no,role=server,bsize=16384"},
	{"memif /run/m.sock,role=client,id=3", DEVICE_MEMIF, "vdev", "net_memif7",
	 "socket=/run/m.sock,socket-abstract=no,bsize=16384,role=client,id=3"},
	{"vhost /run/v.sock", DEVICE_VHOST, "vdev", "net_vhost7", "iface=/run/v.sock,queues=1"},
	{"vhost /run/v.sock,client=1", DEVICE_VHOST, "vdev", "net_vhost7",
	 "iface=/run/v.sock,queues=1,client=1"},
	{"0000:01:00.0", DEVICE_PCI, "pci", "0000:01:00.0", ""},
	{"01:00.1", DEVICE_PCI, "pci", "01:00.1", ""},
	{"net_null0", DEVICE_OTHER, "vdev", "net_null0", ""},
	{"net_pcap0,iface=eth1", DEVICE_OTHER, "vdev", "net_pcap0", "iface=eth1"},
};

static void every_kind_of_device_has_its_arguments(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct device_spec spec;
		struct engine_device device = {
			.name = "lux", .device = good[i].device, .mac = {2, 0, 0, 0, 0, 9}};
		assert_int_equal(device_parse(7, &device, &spec, NULL), 0);
		assert_int_equal(spec.kind, good[i].kind);
		assert_string_equal(spec.bus, good[i].bus);
		assert_string_equal(spec.name, good[i].name);
		assert_string_equal(spec.arguments, good[i].arguments);
		assert_int_equal(spec.mtu_bytes, DEVICE_MTU_DEFAULT);
	}
}

static void what_is_no_device_is_refused_with_the_port_and_the_choice(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",          "bogus",           "tap0",          "tap eth0",
		"af_packet", "af_xdp ",         "af_packet a b", "af_packet averyverylongname",
		"memif",     "vhost ,queues=1", "net_null0 x",   "af_packet a,b",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct device_spec spec;
		struct error error = {0};
		struct engine_device device = {.name = "lux", .device = bad[i]};
		assert_int_equal(device_parse(7, &device, &spec, &error), -EINVAL);
		assert_int_equal(error.code, -EINVAL);
		assert_non_null(strstr(error.where, "lux"));
		assert_non_null(strstr(error.what, "af_packet IF"));
	}
}

static void long_strings_are_refused_and_overrun_nothing(void **state)
{
	(void)state;
	static const char *const heads[] = {"memif /",    "vhost /",    "net_",
					    "af_packet ", "net_null0,", "memif /m,"};
	char text[3000];
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct device_spec spec;
		struct engine_device device = {.name = "lux", .device = text};
		memset(text, 'x', sizeof(text) - 1);
		memcpy(text, heads[i], strlen(heads[i]));
		text[sizeof(text) - 1] = '\0';
		assert_int_equal(device_parse(7, &device, &spec, NULL), -EINVAL);
	}
}

static void a_tap_that_moves_is_born_under_a_name_of_its_own(void **state)
{
	(void)state;
	struct device_spec spec, other;
	struct engine_device device = {
		.name = "lux", .device = "tap", .ifname = "eth0", .netns = "r1"};
	assert_int_equal(device_parse(1, &device, &spec, NULL), 0);
	assert_int_equal(device_parse(2, &device, &other, NULL), 0);
	assert_string_equal(spec.ifname, "eth0");
	assert_string_not_equal(spec.interface, "eth0");
	assert_string_not_equal(spec.interface, other.interface);
	device.ifname = "a/b";
	assert_int_equal(device_parse(1, &device, &spec, NULL), -EINVAL);
}

static void the_mtu_has_its_bounds(void **state)
{
	(void)state;
	struct device_spec spec;
	struct engine_device device = {.name = "lux", .device = "net_null0", .mtu_bytes = 67};
	assert_int_equal(device_parse(1, &device, &spec, NULL), -EINVAL);
	device.mtu_bytes = DEVICE_MTU_MOST + 1;
	assert_int_equal(device_parse(1, &device, &spec, NULL), -EINVAL);
	device.mtu_bytes = 1500;
	assert_int_equal(device_parse(1, &device, &spec, NULL), 0);
	assert_int_equal(spec.mtu_bytes, 1500);
}

static void a_ring_slot_holds_the_frame_and_is_a_power_of_two(void **state)
{
	(void)state;
	for (uint32_t mtu = 68; mtu <= DEVICE_MTU_MOST; mtu += 97) {
		uint32_t bytes = device_ring_frame_bytes(mtu);
		assert_true(bytes >= mtu + 128);
		assert_int_equal(bytes & (bytes - 1), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_device_has_its_arguments),
		cmocka_unit_test(what_is_no_device_is_refused_with_the_port_and_the_choice),
		cmocka_unit_test(long_strings_are_refused_and_overrun_nothing),
		cmocka_unit_test(a_tap_that_moves_is_born_under_a_name_of_its_own),
		cmocka_unit_test(the_mtu_has_its_bounds),
		cmocka_unit_test(a_ring_slot_holds_the_frame_and_is_a_power_of_two),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
