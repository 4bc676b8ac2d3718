// SPDX-License-Identifier: BSD-3-Clause
// Frames made ready before they are due, over fake devices and the virtual engine's wire: each
// leaves once, whole, never early, and not at all when it is lost meanwhile.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/core.h"
#include "dataplane/engine/neighbour.h"
#include "dataplane/engine/port.h"
#include "dataplane/engine/site.h"
#include "tests/engine/lab_plan.h"

#define DELAY_NS    UINT64_C(1000000)
#define FRAMES      8
#define LENGTH      60
#define LENGTH_MOST 128

// ---- Fake devices ----

struct copy {
	uint32_t length;
	uint8_t bytes[LENGTH_MOST];
};

struct port_device {
	unsigned ready_count;
	struct copy ready[PORT_READY];
	unsigned left_count;
	struct copy left[16];
	unsigned made;
	unsigned dropped;
	unsigned queued; // of those that left, the ones that were not ready
};

static struct copy copy_of(const uint8_t *bytes, uint32_t length)
{
	struct copy copy = {.length = length};

	assert_true(length <= LENGTH_MOST);
	memcpy(copy.bytes, bytes, length);
	return copy;
}

uint8_t *port_device_make_ready(struct port_device *port, const uint8_t *bytes, uint32_t length,
				uint64_t due_at_ns)
{
	(void)due_at_ns;
	if (port->ready_count == PORT_READY)
		return NULL;
	port->ready[port->ready_count] = copy_of(bytes, length);
	port->made++;
	return port->ready[port->ready_count++].bytes;
}

void port_device_send_ready(struct port_device *port, unsigned count)
{
	assert_true(count <= port->ready_count);
	for (unsigned i = 0; i < count; i++)
		port->left[port->left_count++] = port->ready[i];
	port->ready_count -= count;
	memmove(port->ready, port->ready + count, port->ready_count * sizeof(port->ready[0]));
}

void port_device_drop_ready(struct port_device *port)
{
	port->dropped += port->ready_count;
	port->ready_count = 0;
}

uint32_t port_device_queue_burst(struct port_device *port, const struct port_frame *frames,
				 const uint64_t *due_at_ns, unsigned count)
{
	(void)due_at_ns;
	for (unsigned i = 0; i < count; i++)
		port->left[port->left_count++] = copy_of(frames[i].bytes, frames[i].length);
	port->queued += count;
	return 0;
}

// The loop's, which does not run here.
unsigned port_device_receive(struct port_device *port, struct port_frame *frames, unsigned most)
{
	(void)port;
	(void)frames;
	(void)most;
	return 0;
}

unsigned port_device_flush(struct port_device *port)
{
	(void)port;
	return 0;
}

void port_device_measure(struct port_device *port, const struct live_clock *clock,
			 struct histogram *lateness)
{
	(void)port;
	(void)clock;
	(void)lateness;
}

void port_device_tick(struct port_device *port)
{
	(void)port;
}

uint64_t port_device_refused(const struct port_device *port)
{
	(void)port;
	return 0;
}

// ---- The scene ----

static struct port_device devices[2];
static struct engine *engine;
static struct worker *worker;
static struct plan *plan;

// A publisher asks devices for their MTU, which these have not.
static void publish(struct plan *next)
{
	for (unsigned i = 0; i < 2; i++)
		engine->ports[i].device = NULL;
	assert_int_equal(engine_publish(engine, next, NULL), 0);
	for (unsigned i = 0; i < 2; i++)
		engine->ports[i].device = &devices[i];
}

static void begin(struct plan *first)
{
	memset(devices, 0, sizeof(devices));
	engine = new_engine(1);
	plan = first;
	assert_int_equal(engine_port_files(engine, 1, NULL, NULL, NULL), 0);
	publish(plan);
	worker = &engine->workers[0];
}

static int set_up(void **state)
{
	(void)state;
	begin(plan_of_wire(DELAY_NS));
	return 0;
}

// Two routers, port 1 at the far one.
static int set_up_routers(void **state)
{
	(void)state;
	begin(plan_of_chain(2, DELAY_NS, 0));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		engine->ports[i].device = NULL;
	engine_destroy(engine);
	return 0;
}

// A frame whose bytes follow from its first comes in at a port.
static void come(uint32_t port, uint8_t first, uint64_t at_ns)
{
	uint8_t bytes[LENGTH];
	struct port_frame frame = {bytes, LENGTH};

	for (unsigned i = 0; i < LENGTH; i++)
		bytes[i] = (uint8_t)(first + i);
	core_receive_burst(worker, port, &frame, 1, at_ns);
}

// What the live worker does up to an instant.
static void turn(uint64_t now_ns)
{
	ready_send(worker, now_ns);
	core_advance(worker, now_ns + 1);
	ready_settle(worker, now_ns);
	ready_prepare(worker, now_ns);
}

static void assert_left(const struct port_device *port, const char *first)
{
	assert_int_equal(port->left_count, strlen(first));
	for (unsigned i = 0; i < port->left_count; i++) {
		const uint8_t *bytes = port->left[i].bytes;

		assert_int_equal(bytes[0], first[i]);
		assert_int_equal(port->left[i].length, LENGTH);
		for (unsigned j = 1; j < LENGTH; j++)
			assert_int_equal(bytes[j], (uint8_t)(bytes[0] + j));
	}
}

static void assert_sent(uint64_t count)
{
	struct engine_port_counters counters;
	struct engine_channel_counters channel;

	engine_port_read(engine, 1, &counters);
	engine_channel_read(engine, 0, &channel);
	assert_int_equal(counters.sent, count);
	assert_int_equal(counters.sent_bytes, count * LENGTH);
	assert_int_equal(channel.delivered, count);
	assert_int_equal(channel.delivered_bytes, count * LENGTH);
}

static void each_leaves_once_when_it_is_due_and_not_before(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FRAMES; i++)
		come(0, (uint8_t)('a' + i), i * 100);
	turn(DELAY_NS - READY_WINDOW_NS - 1);
	assert_int_equal(devices[1].made, 0);
	turn(DELAY_NS - 1);
	assert_int_equal(devices[1].made, READY_MOST);
	assert_left(&devices[1], "");
	assert_sent(0);
	turn(DELAY_NS);
	assert_left(&devices[1], "a");
	assert_sent(1);
	turn(DELAY_NS + 99);
	assert_left(&devices[1], "a");
	turn(DELAY_NS + 250);
	assert_left(&devices[1], "abc");
	turn(DELAY_NS + 400);
	assert_left(&devices[1], "abcde");
	turn(DELAY_NS + 10000);
	assert_left(&devices[1], "abcdefgh");
	assert_sent(FRAMES);
	assert_int_equal(worker->packets, 0);
	assert_int_equal(devices[1].made, FRAMES - 1); // "e" had no place, and was due too soon
	assert_int_equal(devices[1].queued + devices[1].made - devices[1].dropped, FRAMES);
}

static void handed_over_it_is_released_later_and_counted_once(void **state)
{
	(void)state;
	come(0, 'a', 0);
	come(0, 'b', 10);
	turn(DELAY_NS - 1);
	ready_send(worker, DELAY_NS);
	assert_left(&devices[1], "a");
	assert_sent(0);
	assert_int_equal(ready_sent_due_ns(&worker->ready), DELAY_NS);
	ready_send(worker, DELAY_NS + 10); // nothing more before the first is released
	assert_left(&devices[1], "a");
	come(0, 'c', DELAY_NS + 5);
	core_advance(worker, DELAY_NS + 1);
	ready_settle(worker, DELAY_NS);
	assert_left(&devices[1], "a");
	assert_sent(1);
	turn(3 * DELAY_NS);
	assert_left(&devices[1], "abc");
	assert_sent(3);
	assert_int_equal(worker->packets, 0);
}

static void what_comes_before_it_is_not_overtaken(void **state)
{
	(void)state;
	come(0, 'a', 100);
	turn(DELAY_NS - 1);
	assert_int_equal(devices[1].ready_count, 1);
	// Into the other direction, whose delay has become short: due before.
	plan->channels[1].params.delay_ns = 10;
	come(1, 'z', DELAY_NS);
	ready_send(worker, DELAY_NS + 200);
	assert_left(&devices[1], "");
	turn(DELAY_NS + 200);
	assert_left(&devices[0], "z");
	assert_left(&devices[1], "a");
	assert_int_equal(devices[1].dropped, 1); // it went the other way
	assert_sent(1);
}

// Out of order, and due before what is handed over and not released yet.
static void one_that_comes_between_does_not_make_it_leave_twice(void **state)
{
	packet_ref stray;

	(void)state;
	come(0, 'a', 100);
	come(0, 'b', 300);
	turn(DELAY_NS - 1);
	ready_send(worker, DELAY_NS + 100);
	stray = core_take_packet(worker, LENGTH);
	assert_int_not_equal(stray, PACKET_NONE);
	for (unsigned i = 0; i < LENGTH; i++)
		store_packet(engine->store, stray)->frame[i] = (uint8_t)('s' + i);
	core_hold(worker, 0, stray, DELAY_NS + 50, true);
	turn(DELAY_NS + 1000);
	assert_left(&devices[1], "asb");
	assert_sent(3);
	assert_int_equal(worker->packets, 0);
}

static void what_is_cut_does_not_leave(void **state)
{
	struct plan *next = plan_copy(plan);
	struct engine_channel_counters counters;

	(void)state;
	come(0, 'a', 0);
	come(0, 'b', 10);
	turn(DELAY_NS - 1);
	assert_int_equal(devices[1].ready_count, 2);
	next->touched = calloc(1, sizeof(*next->touched));
	next->touched[0] = (struct plan_touched){.channel = 0, .inflight = PLAN_CUT};
	next->touched_count = 1;
	next->valid_from_ns = DELAY_NS - 1;
	ready_drop(worker);
	publish(next);
	assert_int_equal(engine_advance(engine, DELAY_NS, NULL), 0);
	come(0, 'c', DELAY_NS);
	turn(2 * DELAY_NS - 1);
	turn(2 * DELAY_NS);
	assert_left(&devices[1], "c");
	engine_channel_read(engine, 0, &counters);
	assert_int_equal(counters.lost[DROP_CUT], 2);
	assert_sent(1);
}

// One to a host behind port 1.
static void come_routed(uint32_t number, uint8_t ttl, uint64_t at_ns)
{
	uint8_t bytes[LENGTH_MOST];
	struct port_frame frame = {bytes, make_udp(bytes, "10.0.0.9", "10.1.0.9", ttl, number, 18)};

	core_receive_burst(worker, 0, &frame, 1, at_ns);
}

static void out_of_a_site_it_leaves_as_the_site_would_have_sent_it(void **state)
{
	(void)state;
	come_routed(1, 64, 0);
	come_routed(1, 64, 100);
	come_routed(3, 2, 200);             // no TTL left at the far router
	core_advance(worker, DELAY_NS + 1); // the first, never ready
	assert_int_equal(devices[1].queued, 1);
	ready_prepare(worker, DELAY_NS + 1);
	assert_int_equal(devices[1].ready_count, 1);
	turn(DELAY_NS + 100);
	turn(DELAY_NS + 200);
	assert_int_equal(devices[1].queued, 1);
	assert_int_equal(devices[1].left_count, 2);
	assert_int_equal(devices[1].left[1].length, devices[1].left[0].length);
	assert_memory_equal(devices[1].left[0].bytes, devices[1].left[1].bytes,
			    devices[1].left[0].length);
	assert_int_equal(worker->sites[1].lost[DROP_TTL], 1);
	assert_int_equal(worker->ports[1].sent, 2);
}

static void a_neighbour_that_moves_gets_what_was_ready_for_its_old_place(void **state)
{
	const struct site_context context = {
		.worker = worker, .plan = plan, .site = 1, .interface = 1};
	const struct plan_address host = {.family = 4, .bytes = {10, 1, 0, 9}};
	const uint8_t before[6] = {2, 0, 0, 0, 0, 8}, after[6] = {2, 0, 0, 0, 0, 9};

	(void)state;
	neighbour_learn(&context, 1, &host, before, NEIGHBOUR_INSERT);
	come_routed(1, 64, 0);
	come_routed(2, 64, 100);
	turn(DELAY_NS - 1);
	assert_int_equal(devices[1].ready_count, 2);
	turn(DELAY_NS);
	assert_memory_equal(devices[1].left[0].bytes, before, 6);
	neighbour_learn(&context, 1, &host, after, NEIGHBOUR_INSERT);
	assert_int_equal(devices[1].ready_count, 0);
	turn(DELAY_NS + 100);
	assert_int_equal(devices[1].left_count, 2);
	assert_memory_equal(devices[1].left[1].bytes, after, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_leaves_once_when_it_is_due_and_not_before,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(handed_over_it_is_released_later_and_counted_once,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_comes_before_it_is_not_overtaken, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_that_comes_between_does_not_make_it_leave_twice,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_cut_does_not_leave, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			out_of_a_site_it_leaves_as_the_site_would_have_sent_it, set_up_routers,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_neighbour_that_moves_gets_what_was_ready_for_its_old_place,
			set_up_routers, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
