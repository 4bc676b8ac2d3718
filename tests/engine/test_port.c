// SPDX-License-Identifier: BSD-3-Clause
// Live ports on devices that need no privileges (net_null, net_ring), and on taps and veths where
// root and /dev/net/tun are there.
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
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/engine/clock.h"
#include "dataplane/engine/eal.h"
#include "dataplane/engine/netns.h"
#include "dataplane/engine/port.h"

#define ETHERTYPE  0x88b5 // for local experiments: nobody else speaks it here
#define FRAME_MOST 9234

static uint8_t frame_bytes[FRAME_MOST + 64];

static void fill_frame(uint32_t length, uint8_t seed)
{
	for (uint32_t i = 0; i < length; i++)
		frame_bytes[i] = (uint8_t)(seed + i * 7);
	memset(frame_bytes, 0xff, 6);
	memcpy(frame_bytes + 6, (uint8_t[]){2, 0, 0, 0, 0, 9}, 6);
	frame_bytes[12] = ETHERTYPE >> 8;
	frame_bytes[13] = ETHERTYPE & 0xff;
}

static struct port_device *open_device(uint32_t number, const char *device)
{
	struct error error = {0};
	struct engine_device wanted = {.name = "lux", .device = device};
	struct port_device *port = port_device_open(number, &wanted, &error);
	if (port == NULL)
		print_error("%s: %s\n", error.where, error.what);
	assert_non_null(port);
	return port;
}

// ---- Without privileges ----

static void a_ring_gives_back_every_frame_in_order_and_whole(void **state)
{
	(void)state;
	static const uint32_t lengths[] = {14, 60, 64, 65, 1514, 1518, 2048, 9000, 9230};
	struct port_device *port = open_device(1, "net_ring0");
	struct port_frame frames[PORT_BURST];
	assert_int_equal(port_device_mtu_bytes(port), 9216);
	assert_string_equal(port_device_warning(port), "");
	const unsigned count = sizeof(lengths) / sizeof(lengths[0]);
	for (unsigned i = 0; i < count; i++) {
		fill_frame(lengths[i], (uint8_t)i);
		assert_true(port_device_queue(port, frame_bytes, lengths[i], 0));
	}
	memset(frame_bytes, 0, sizeof(frame_bytes)); // the port has copies
	assert_int_equal(port_device_receive(port, frames, PORT_BURST), 0);
	assert_int_equal(port_device_flush(port), 0);
	assert_int_equal(port_device_receive(port, frames, PORT_BURST), count);
	for (unsigned i = 0; i < count; i++) {
		fill_frame(lengths[i], (uint8_t)i);
		assert_int_equal(frames[i].length, lengths[i]);
		assert_memory_equal(frames[i].bytes, frame_bytes, lengths[i]);
	}
	assert_int_equal(port_device_receive(port, frames, PORT_BURST), 0);
	port_device_close(port);
}

static void a_full_burst_is_sent_without_a_flush(void **state)
{
	(void)state;
	struct port_device *port = open_device(1, "net_ring0");
	struct port_frame frames[PORT_BURST];
	fill_frame(60, 1);
	for (unsigned i = 0; i < PORT_BURST; i++)
		assert_true(port_device_queue(port, frame_bytes, 60, 0));
	assert_int_equal(port_device_receive(port, frames, 100), PORT_BURST);
	port_device_close(port);
}

static void a_frame_beyond_the_mtu_is_refused(void **state)
{
	(void)state;
	struct port_device *port = open_device(1, "net_ring0");
	fill_frame(FRAME_MOST + 1, 1);
	assert_true(port_device_queue(port, frame_bytes, FRAME_MOST, 0)); // with a VLAN tag
	assert_false(port_device_queue(port, frame_bytes, FRAME_MOST + 1, 0));
	assert_int_equal(port_device_flush(port), 0);
	port_device_close(port);
}

// The ring takes 1023 frames; all others are told, none is lost in silence, and the buffers of
// those that were not sent are there again.
static void what_cannot_be_sent_is_counted_and_given_back(void **state)
{
	(void)state;
	struct port_device *port = open_device(1, "net_ring0");
	struct port_frame frames[PORT_BURST];
	fill_frame(60, 1);
	for (int round = 0; round < 10; round++) {
		unsigned unsent = 0;
		unsigned received = 0;
		for (unsigned i = 0; i < 2000; i++) {
			assert_true(port_device_queue(port, frame_bytes, 60, 0));
			unsent += port_device_flush(port);
		}
		assert_true(unsent > 0);
		for (unsigned got; (got = port_device_receive(port, frames, PORT_BURST)) > 0;)
			received += got;
		assert_int_equal(received + unsent, 2000);
	}
	port_device_close(port);
}

static void the_lateness_of_every_frame_is_recorded(void **state)
{
	(void)state;
	struct port_device *port = open_device(1, "net_null0,no-rx=1");
	struct live_clock clock;
	struct histogram *lateness = malloc(sizeof(*lateness));
	assert_non_null(lateness);
	histogram_reset(lateness);
	assert_int_equal(live_clock_init(&clock), 0);
	port_device_measure(port, &clock, lateness);
	fill_frame(60, 1);
	uint64_t now = live_clock_now_ns(&clock);
	for (unsigned i = 0; i < 100; i++)
		assert_true(port_device_queue(port, frame_bytes, 60,
					      i % 2 ? now + 3600000000000ull : 0));
	assert_int_equal(port_device_flush(port), 0);
	assert_int_equal(lateness->count, 100);
	assert_int_equal(lateness->minimum, 0); // half of them: due in an hour, so not late
	assert_true(lateness->maximum >= now);  // half of them: due when the clock began
	port_device_measure(port, NULL, NULL);
	assert_true(port_device_queue(port, frame_bytes, 60, 0));
	assert_int_equal(port_device_flush(port), 0);
	assert_int_equal(lateness->count, 100);
	free(lateness);
	port_device_close(port);
}

static void a_port_can_be_opened_again_and_again(void **state)
{
	(void)state;
	for (int i = 0; i < 80; i++) // more than memory holds at once
		port_device_close(open_device(1, i % 2 ? "net_ring0" : "net_null0"));
	port_device_close(NULL);
}

static void two_ports_cannot_share_a_device(void **state)
{
	(void)state;
	struct error error = {0};
	struct engine_device second = {.name = "bru", .device = "net_null0"};
	struct port_device *port = open_device(1, "net_null0");
	assert_null(port_device_open(2, &second, &error));
	assert_int_equal(error.code, -EEXIST);
	assert_non_null(strstr(error.where, "bru"));
	port_device_close(port);
}

static void a_tap_alone_has_a_carrier(void **state)
{
	(void)state;
	struct error error = {0};
	struct port_device *port = open_device(1, "net_null0");
	assert_int_equal(port_device_carrier(port, false, &error), -EOPNOTSUPP);
	port_device_close(port);
}

static void what_stands_in_the_way_is_named_with_its_remedy(void **state)
{
	(void)state;
	static const struct {
		const char *device;
		int code;
		const char *words;
	} cases[] = {
		{"af_packet nosuchif", -ENODEV, "ip link"},
		{"af_xdp nosuchif", -ENODEV, "ip link"},
		{"ffff:1f:1f.6", -ENODEV, "dpdk-devbind.py"},
		{"memif /nosuch/m.sock", -ENOENT, "/nosuch"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = {0};
		struct engine_device device = {.name = "lux", .device = cases[i].device};
		assert_null(port_device_open(1, &device, &error));
		assert_int_equal(error.code, cases[i].code);
		assert_non_null(strstr(error.where, "lux"));
		assert_non_null(strstr(error.what, cases[i].words));
	}
	struct error error = {0};
	struct engine_device device = {.name = "lux", .device = "net_nosuch0"};
	assert_null(port_device_open(1, &device, &error));
	assert_true(error.code < 0);
	assert_non_null(strstr(error.what, "net_nosuch0"));
}

// A dead process's socket is taken over, a live one's is not.
static void a_socket_somebody_listens_on_is_left_alone(void **state)
{
	(void)state;
	char directory[] = "/tmp/corridor-port-XXXXXX";
	char device_string[160];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	assert_non_null(mkdtemp(directory));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/m", directory);
	snprintf(device_string, sizeof(device_string), "memif %s/m", directory);
	struct engine_device device = {.name = "lux", .device = device_string};
	struct error error = {0};

	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_null(port_device_open(1, &device, &error));
	assert_int_equal(error.code, -EADDRINUSE);
	assert_int_equal(access(address.sun_path, F_OK), 0);
	close(fd);
	port_device_close(open_device(1, device_string));
	assert_int_not_equal(access(address.sun_path, F_OK), 0); // and leaves none

	FILE *file = fopen(address.sun_path, "wx");
	assert_non_null(file);
	fclose(file);
	assert_null(port_device_open(1, &device, &error));
	assert_int_equal(error.code, -EEXIST);
	assert_non_null(strstr(error.what, "no socket"));
	assert_int_equal(unlink(address.sun_path), 0); // it was left alone
	assert_int_equal(rmdir(directory), 0);
}

// ---- With root: taps and veths, in a namespace of their own ----

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

static void a_veth_is_made_honest_and_left_as_it_was(void **state)
{
	(void)state;
	if (!netns[0])
		skip();
	char words[128];
	char device_string[64];
	char near[IFNAMSIZ];
	snprintf(near, sizeof(near), "cv%d", (int)getpid());
	snprintf(device_string, sizeof(device_string), "af_packet %s", near);
	snprintf(words, sizeof(words), "link add %s type veth peer name far netns %%s", near);
	if (run_ip(words, netns))
		skip();
	assert_int_equal(run_ip("-n %s link set far up", netns), 0);
	struct checksum far = {.name = "far"};
	assert_int_equal(netns_run(netns, checksum_read, &far, NULL), 0);
	assert_int_equal(far.on, 1);

	struct port_device *port = open_device(5, device_string);
	assert_int_equal(netns_run(netns, checksum_read, &far, NULL), 0);
	assert_int_equal(far.on, 0);
	assert_int_equal(port_device_mtu_bytes(port), 1500);
	assert_non_null(strstr(port_device_warning(port), "1500"));
	exchange_frames(port, "far", 1514);
	port_device_close(port);

	assert_int_equal(netns_run(netns, checksum_read, &far, NULL), 0);
	assert_int_equal(far.on, 1);
	assert_int_equal(run_ip("link del %s", near), 0);
}

static int start_eal(void **state)
{
	(void)state;
	struct error error = {0};
	struct eal_options options = {.instance = "test-port", .workers = 1, .live = true};
	if (eal_start(&options, &error)) {
		print_error("%s: %s\n", error.where, error.what);
		return -1;
	}
	// Once a process: the second start finds it running.
	return eal_start(&options, &error) ? -1 : make_netns(state);
}

static int end(void **state)
{
	eal_stop();
	return drop_netns(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_gives_back_every_frame_in_order_and_whole),
		cmocka_unit_test(a_full_burst_is_sent_without_a_flush),
		cmocka_unit_test(a_frame_beyond_the_mtu_is_refused),
		cmocka_unit_test(what_cannot_be_sent_is_counted_and_given_back),
		cmocka_unit_test(the_lateness_of_every_frame_is_recorded),
		cmocka_unit_test(a_port_can_be_opened_again_and_again),
		cmocka_unit_test(two_ports_cannot_share_a_device),
		cmocka_unit_test(a_tap_alone_has_a_carrier),
		cmocka_unit_test(what_stands_in_the_way_is_named_with_its_remedy),
		cmocka_unit_test(a_socket_somebody_listens_on_is_left_alone),
		cmocka_unit_test(a_tap_in_a_namespace_carries_small_and_jumbo_frames),
		cmocka_unit_test(a_tap_whose_far_end_is_down_loses_and_says_so),
		cmocka_unit_test(a_tap_without_its_namespace_is_refused),
		cmocka_unit_test(a_veth_is_made_honest_and_left_as_it_was),
	};
	return cmocka_run_group_tests(tests, start_eal, end);
}
