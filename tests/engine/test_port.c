// SPDX-License-Identifier: BSD-3-Clause
// Live ports on devices that need no privileges (net_null, net_ring).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/engine/clock.h"
#include "dataplane/engine/eal.h"
#include "dataplane/engine/port.h"
#include "tests/engine/port_frame.h"

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

// The one of them that is too long is told, and the others leave in order.
static void a_burst_leaves_as_its_frames_would_one_by_one(void **state)
{
	(void)state;
	struct port_device *port = open_device(1, "net_ring0");
	struct port_frame frames[PORT_BURST], sent[PORT_BURST];
	static uint8_t bytes[PORT_BURST][FRAME_MOST + 1];
	const uint64_t due_at_ns[PORT_BURST] = {0};
	for (int with_giant = 0; with_giant < 2; with_giant++) {
		for (unsigned i = 0; i < PORT_BURST; i++) {
			memset(bytes[i], (int)i, sizeof(bytes[i]));
			frames[i] = (struct port_frame){bytes[i], 60 + i};
		}
		if (with_giant)
			frames[5].length = FRAME_MOST + 1;
		fill_frame(60, 1);
		assert_true(port_device_queue(port, frame_bytes, 60, 0));
		assert_int_equal(port_device_queue_burst(port, frames, due_at_ns, PORT_BURST),
				 with_giant ? 1 << 5 : 0);
		assert_int_equal(port_device_flush(port), 0);
		assert_int_equal(port_device_receive(port, sent, PORT_BURST), PORT_BURST);
		for (unsigned i = 1, k = 0; i < PORT_BURST; i++, k++) {
			k += with_giant && k == 5;
			assert_int_equal(sent[i].length, frames[k].length);
			assert_memory_equal(sent[i].bytes, frames[k].bytes, frames[k].length);
		}
		while (port_device_receive(port, sent, PORT_BURST) > 0)
			;
	}
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

static void a_memif_socket_joins_two_processes_not_two_ports_of_one(void **state)
{
	(void)state;
	struct error error = {0};
	char directory[] = "/tmp/corridor-test-XXXXXX";
	char server[64], client[64], second[64];
	assert_non_null(mkdtemp(directory));
	snprintf(server, sizeof(server), "memif %s/m", directory);
	snprintf(client, sizeof(client), "memif %s/m,role=client", directory);
	snprintf(second, sizeof(second), "memif %s/m,id=1", directory);
	struct engine_device other = {.name = "bru", .device = client};

	struct port_device *port = open_device(1, server);
	assert_null(port_device_open(2, &other, &error));
	assert_int_equal(error.code, -EEXIST);
	assert_non_null(strstr(error.what, "port lux"));
	port_device_close(open_device(2, second)); // another interface over the same socket
	other.device = server;
	assert_null(port_device_open(2, &other, &error)); // the same one twice
	port_device_close(port);

	// A client may come first. It is silent until there is a server, and says so.
	struct port_frame frames[PORT_BURST];
	port = open_device(1, client);
	assert_non_null(strstr(port_device_warning(port), "nobody listens"));
	fill_frame(60, 1);
	assert_true(port_device_queue(port, frame_bytes, 60, 0));
	assert_int_equal(port_device_flush(port), 1);
	port_device_tick(port);
	assert_int_equal(port_device_receive(port, frames, PORT_BURST), 0);
	port_device_close(port);
	assert_int_equal(rmdir(directory), 0);
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
	// It has not even noticed: DPDK's memif may panic when a client hangs up at once.
	struct pollfd knock = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&knock, 1, 0), 0);
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
	return eal_start(&options, &error) ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	eal_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_gives_back_every_frame_in_order_and_whole),
		cmocka_unit_test(a_full_burst_is_sent_without_a_flush),
		cmocka_unit_test(a_burst_leaves_as_its_frames_would_one_by_one),
		cmocka_unit_test(a_frame_beyond_the_mtu_is_refused),
		cmocka_unit_test(what_cannot_be_sent_is_counted_and_given_back),
		cmocka_unit_test(the_lateness_of_every_frame_is_recorded),
		cmocka_unit_test(a_port_can_be_opened_again_and_again),
		cmocka_unit_test(two_ports_cannot_share_a_device),
		cmocka_unit_test(a_memif_socket_joins_two_processes_not_two_ports_of_one),
		cmocka_unit_test(a_tap_alone_has_a_carrier),
		cmocka_unit_test(what_stands_in_the_way_is_named_with_its_remedy),
		cmocka_unit_test(a_socket_somebody_listens_on_is_left_alone),
	};
	return cmocka_run_group_tests(tests, start_eal, end);
}
