// SPDX-License-Identifier: BSD-3-Clause
// Live ports on what the kernel has: taps and veths, where root and /dev/net/tun are there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/engine/eal.h"
#include "dataplane/engine/netns.h"
#include "dataplane/engine/port.h"
#include "tests/engine/port_frame.h"

static char netns[32];

static int run_ip(const char *format, const char *name)
{
	char command[256];
	char words[200];
	snprintf(words, sizeof(words), format, name);
	snprintf(command, sizeof(command), "ip %s 2>/dev/null", words);
	return system(command) ? -EPERM : 0;
}

static int make_netns(void **state)
{
	(void)state;
	snprintf(netns, sizeof(netns), "corridor-t%d", (int)getpid());
	if (geteuid() || access("/dev/net/tun", W_OK) || run_ip("netns add %s", netns))
		netns[0] = '\0';
	return 0;
}

static int drop_netns(void **state)
{
	(void)state;
	return netns[0] ? run_ip("netns del %s", netns) : 0;
}

// A socket in the namespace that speaks our ethertype on an interface.
struct far_end {
	const char *name;
	int fd;
};

static int far_end_open(void *context)
{
	struct far_end *far_end = context;
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETHERTYPE),
				      .sll_ifindex = (int)if_nametoindex(far_end->name)};
	far_end->fd = socket(AF_PACKET, SOCK_RAW, htons(ETHERTYPE));
	if (far_end->fd < 0)
		return -errno;
	return bind(far_end->fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

// Receives until a frame of our ethertype comes (the kernel says things of its own on a tap).
static bool receive_ours(struct port_device *port, struct port_frame *frame)
{
	for (int tries = 0; tries < 100; tries++) {
		struct port_frame frames[PORT_BURST];
		struct pollfd wait = {.fd = port_device_wait_fd(port), .events = POLLIN};
		if (poll(&wait, 1, 5000) != 1)
			return false;
		unsigned count = port_device_receive(port, frames, PORT_BURST);
		for (unsigned i = 0; i < count; i++)
			if (frames[i].length > 14 && frames[i].bytes[12] == ETHERTYPE >> 8 &&
			    frames[i].bytes[13] == (ETHERTYPE & 0xff)) {
				*frame = frames[i];
				return true;
			}
	}
	return false;
}

static void exchange_frames(struct port_device *port, const char *name, uint32_t longest)
{
	static uint8_t got[FRAME_MOST + 64];
	struct far_end far_end = {.name = name};
	assert_int_equal(netns_run(netns, far_end_open, &far_end, NULL), 0);
	for (uint32_t length = 60; length <= longest; length += (longest - 60) / 4) {
		struct port_frame frame;
		fill_frame(length, (uint8_t)length);
		assert_int_equal(send(far_end.fd, frame_bytes, length, 0), length);
		assert_true(receive_ours(port, &frame));
		assert_int_equal(frame.length, length);
		assert_memory_equal(frame.bytes, frame_bytes, length);

		fill_frame(length, (uint8_t)(length + 1));
		assert_true(port_device_queue(port, frame_bytes, length, 0));
		assert_int_equal(port_device_flush(port), 0);
		struct pollfd wait = {.fd = far_end.fd, .events = POLLIN};
		assert_int_equal(poll(&wait, 1, 5000), 1);
		assert_int_equal(recv(far_end.fd, got, sizeof(got), 0), length);
		assert_memory_equal(got, frame_bytes, length);
	}
	close(far_end.fd);
}

static void a_tap_in_a_namespace_carries_small_and_jumbo_frames(void **state)
{
	(void)state;
	struct error error = {0};
	struct netns_link link;
	if (!netns[0])
		skip();
	struct engine_device device = {.name = "lux",
				       .device = "tap",
				       .ifname = "eth0",
				       .netns = netns,
				       .mac = {2, 0, 0, 0, 0, 9}};
	struct port_device *port = port_device_open(3, &device, &error);
	assert_non_null(port);
	assert_true(port_device_wait_fd(port) >= 0);
	assert_int_equal(netns_link_read(netns, "eth0", &link), 0);
	assert_true(link.up && link.carrier);
	assert_int_equal(link.mtu_bytes, 9216);
	exchange_frames(port, "eth0", 9230);

	assert_int_equal(port_device_carrier(port, false, &error), 0);
	assert_int_equal(netns_link_read(netns, "eth0", &link), 0);
	assert_true(link.up && !link.carrier);
	assert_int_equal(port_device_carrier(port, true, &error), 0);
	assert_int_equal(netns_link_read(netns, "eth0", &link), 0);
	assert_true(link.carrier);

	// Its name is taken now, there and only there.
	assert_null(port_device_open(4, &device, &error));
	assert_int_equal(error.code, -EEXIST);
	assert_non_null(strstr(error.where, "lux"));
	assert_non_null(strstr(error.what, "ip -n"));

	port_device_close(port);
	assert_int_equal(netns_link_read(netns, "eth0", &link), -ENODEV);
}

static void a_tap_whose_far_end_is_down_loses_and_says_so(void **state)
{
	(void)state;
	struct error error = {0};
	if (!netns[0])
		skip();
	struct engine_device device = {
		.name = "lux", .device = "tap", .ifname = "eth0", .netns = netns};
	struct port_device *port = port_device_open(3, &device, &error);
	assert_non_null(port);
	assert_int_equal(run_ip("-n %s link set eth0 down", netns), 0);
	fill_frame(60, 1);
	for (unsigned i = 0; i < 40; i++)
		assert_true(port_device_queue(port, frame_bytes, 60, 0));
	assert_int_equal(port_device_flush(port), 40);
	assert_int_equal(run_ip("-n %s link set eth0 up", netns), 0);
	assert_true(port_device_queue(port, frame_bytes, 60, 0));
	assert_int_equal(port_device_flush(port), 0);
	port_device_close(port);
}

static void a_tap_without_its_namespace_is_refused(void **state)
{
	(void)state;
	struct error error = {0};
	struct netns_link link;
	if (!netns[0])
		skip();
	struct engine_device device = {
		.name = "lux", .device = "tap", .ifname = "corrnone", .netns = "corridor-nosuch"};
	assert_null(port_device_open(3, &device, &error));
	assert_int_equal(error.code, -ENOENT);
	assert_non_null(strstr(error.where, "lux"));
	assert_non_null(strstr(error.what, "ip netns add corridor-nosuch"));
	device.netns = NULL;
	device.ifname = "lo";
	assert_null(port_device_open(3, &device, &error));
	assert_int_equal(error.code, -EEXIST);
	assert_int_equal(netns_link_read(NULL, "lo", &link), 0);
}

struct checksum {
	const char *name;
	uint32_t on;
};

static int checksum_read(void *context)
{
	struct checksum *checksum = context;
	struct ethtool_value value = {.cmd = ETHTOOL_GTXCSUM};
	struct ifreq request = {.ifr_data = (char *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", checksum->name);
	int code = ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
	close(fd);
	checksum->on = value.data;
	return code;
}

// A veth from here (its name, unique, into `near`) to "far" in the namespace, up there.
static bool make_veth(char near[IFNAMSIZ])
{
	char words[128];
	snprintf(near, IFNAMSIZ, "cv%d", (int)getpid());
	snprintf(words, sizeof(words), "link add %s type veth peer name far netns %%s", near);
	if (run_ip(words, netns))
		return false;
	assert_int_equal(run_ip("-n %s link set far up", netns), 0);
	return true;
}

static struct port_device *open_interface(uint32_t number, const char *kind, const char *name,
					  uint32_t mtu_bytes, struct error *error)
{
	char device_string[64];
	struct engine_device device = {
		.name = "lux", .device = device_string, .mtu_bytes = mtu_bytes};
	snprintf(device_string, sizeof(device_string), "%s %s", kind, name);
	return port_device_open(number, &device, error);
}

static void a_veth_is_made_honest_and_left_as_it_was(void **state)
{
	(void)state;
	struct error error = {0};
	char near[IFNAMSIZ];
	if (!netns[0] || !make_veth(near))
		skip();
	struct checksum far = {.name = "far"};
	assert_int_equal(netns_run(netns, checksum_read, &far, NULL), 0);
	assert_int_equal(far.on, 1);

	struct port_device *port = open_interface(5, "af_packet", near, 4000, &error);
	assert_non_null(port);
	assert_int_equal(netns_run(netns, checksum_read, &far, NULL), 0);
	assert_int_equal(far.on, 0);
	assert_int_equal(port_device_mtu_bytes(port), 1500);
	assert_non_null(strstr(port_device_warning(port), "1500"));
	exchange_frames(port, "far", 1514);
	port_device_close(port);

	assert_int_equal(netns_run(netns, checksum_read, &far, NULL), 0);
	assert_int_equal(far.on, 1);
	// Who asks for nothing gets what there is, and no warning.
	port = open_interface(5, "af_packet", near, 0, &error);
	assert_non_null(port);
	assert_int_equal(port_device_mtu_bytes(port), 1500);
	assert_string_equal(port_device_warning(port), "");
	port_device_close(port);
	assert_int_equal(run_ip("link del %s", near), 0);
}

static void an_interface_is_one_port_s_alone(void **state)
{
	(void)state;
	struct error error = {0};
	char near[IFNAMSIZ];
	if (!netns[0] || !make_veth(near))
		skip();
	struct port_device *port = open_interface(5, "af_packet", near, 0, &error);
	assert_non_null(port);
	assert_null(open_interface(6, "af_packet", near, 0, &error));
	assert_int_equal(error.code, -EEXIST);
	assert_non_null(strstr(error.what, "another port of this lab"));
	// Another process is a lab of its own.
	pid_t child = fork();
	if (child == 0)
		_exit(open_interface(6, "af_xdp", near, 0, &error) == NULL &&
				      error.code == -EBUSY && strstr(error.what, "another lab")
			      ? 0
			      : 1);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	exchange_frames(port, "far", 1514); // and the first goes on
	port_device_close(port);
	port = open_interface(6, "af_packet", near, 0, &error);
	assert_non_null(port);
	port_device_close(port);
	assert_int_equal(run_ip("link del %s", near), 0);
}

// af_packet would hand it on cut off, as long as a slot of its ring.
static void a_giant_is_counted_and_not_cut_off(void **state)
{
	(void)state;
	struct error error = {0};
	char near[IFNAMSIZ];
	if (!netns[0] || !make_veth(near))
		skip();
	assert_int_equal(run_ip("link set %s mtu 9000", near), 0);
	assert_int_equal(run_ip("-n %s link set far mtu 9000", netns), 0);
	struct port_device *port = open_interface(5, "af_packet", near, 1500, &error);
	struct far_end far_end = {.name = "far"};
	assert_non_null(port);
	assert_int_equal(netns_run(netns, far_end_open, &far_end, NULL), 0);
	fill_frame(3000, 1);
	assert_int_equal(send(far_end.fd, frame_bytes, 3000, 0), 3000);
	fill_frame(1522, 2); // as long as two VLAN tags make it
	assert_int_equal(send(far_end.fd, frame_bytes, 1522, 0), 1522);
	struct port_frame frame;
	assert_true(receive_ours(port, &frame));
	assert_int_equal(frame.length, 1522);
	assert_int_equal(port_device_refused(port), 1);
	close(far_end.fd);
	port_device_close(port);
	assert_int_equal(run_ip("link del %s", near), 0);
}

// Is IPv6 switched off on an interface of this namespace? -1: there is no such setting.
static int ipv6_is_off(const char *name)
{
	char path[64 + IFNAMSIZ];
	int off = -1;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;
	if (fscanf(file, "%d", &off) != 1)
		off = -1;
	fclose(file);
	return off;
}

// Switching IPv6 off takes addresses away, and switching it on again does not bring them back.
static void ipv6_is_silenced_unless_the_host_uses_it(void **state)
{
	(void)state;
	struct error error = {0};
	char near[IFNAMSIZ];
	if (!netns[0] || !make_veth(near))
		skip();
	if (ipv6_is_off(near) != 0) {
		run_ip("link del %s", near);
		skip();
	}
	struct port_device *port = open_interface(5, "af_packet", near, 0, &error);
	assert_non_null(port);
	assert_int_equal(ipv6_is_off(near), 1);
	assert_string_equal(port_device_warning(port), "");
	port_device_close(port);
	assert_int_equal(ipv6_is_off(near), 0);

	assert_int_equal(run_ip("addr add 2001:db8::7/64 dev %s nodad", near), 0);
	port = open_interface(5, "af_packet", near, 0, &error);
	assert_non_null(port);
	assert_int_equal(ipv6_is_off(near), 0);
	assert_non_null(strstr(port_device_warning(port), "IPv6"));
	port_device_close(port);
	assert_int_equal(run_ip("addr del 2001:db8::7/64 dev %s", near), 0); // it was still there
	assert_int_equal(run_ip("link del %s", near), 0);
}

static int start_eal(void **state)
{
	struct error error = {0};
	struct eal_options options = {.instance = "test-port", .workers = 1, .live = true};
	if (eal_start(&options, &error)) {
		print_error("%s: %s\n", error.where, error.what);
		return -1;
	}
	return make_netns(state);
}

static int end(void **state)
{
	eal_stop();
	return drop_netns(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tap_in_a_namespace_carries_small_and_jumbo_frames),
		cmocka_unit_test(a_tap_whose_far_end_is_down_loses_and_says_so),
		cmocka_unit_test(a_tap_without_its_namespace_is_refused),
		cmocka_unit_test(a_veth_is_made_honest_and_left_as_it_was),
		cmocka_unit_test(an_interface_is_one_port_s_alone),
		cmocka_unit_test(a_giant_is_counted_and_not_cut_off),
		cmocka_unit_test(ipv6_is_silenced_unless_the_host_uses_it),
	};
	return cmocka_run_group_tests(tests, start_eal, end);
}
