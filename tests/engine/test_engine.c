// SPDX-License-Identifier: BSD-3-Clause
// The engine on its virtual clock: a wire, changes of it at exact instants, memory that runs out,
// sources that fail.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/engine/core.h"
#include "dataplane/engine/port.h"
#include "tests/engine/lab_plan.h"

#define MS UINT64_C(1000000)

// A wire with frames going in at port 0 and coming out at port 1.
struct wire {
	struct engine *engine;
	struct plan *plan;    // a copy of what was published, to be changed
	uint64_t moved_to_ns; // delay of what a change retimes
	struct frame_list in;
	struct frame_list out;
};

static void wire_begin(struct wire *wire, struct plan *plan, unsigned frames, uint64_t gap_ns)
{
	struct engine_source source;
	struct engine_sink sink;
	uint8_t bytes[128];

	wire->engine = new_engine(1);
	frame_list_init(&wire->in, frames + 1);
	frame_list_init(&wire->out, 2 * frames + 1);
	for (unsigned i = 0; i < frames; i++) {
		memset(bytes, (int)i, sizeof(bytes));
		frame_list_add(&wire->in, i * gap_ns, bytes, 60 + i % 60);
	}
	source = frame_list_source(&wire->in);
	sink = frame_list_sink(&wire->out);
	assert_int_equal(engine_port_files(wire->engine, 0, &source, NULL, NULL), 0);
	assert_int_equal(engine_port_files(wire->engine, 1, NULL, &sink, NULL), 0);
	wire->plan = plan_copy(plan);
	assert_int_equal(engine_publish(wire->engine, plan, NULL), 0);
}

static void wire_end(struct wire *wire)
{
	plan_free(wire->plan);
	engine_destroy(wire->engine);
	frame_list_fini(&wire->in);
	frame_list_fini(&wire->out);
}

static void publish_change(struct wire *wire, uint64_t at_ns, enum plan_inflight inflight)
{
	struct plan *next = plan_copy(wire->plan);

	next->valid_from_ns = at_ns;
	next->touched = calloc(1, sizeof(*next->touched));
	next->touched[0] = (struct plan_touched){0, inflight, wire->moved_to_ns};
	next->touched_count = 1;
	assert_int_equal(engine_publish(wire->engine, next, NULL), 0);
}

static void a_wire_delays_every_frame_exactly_and_changes_none(void **state)
{
	struct wire wire;

	(void)state;
	wire_begin(&wire, plan_of_wire(10 * MS), 500, 7001);
	finish(wire.engine);
	assert_int_equal(wire.out.count, 500);
	for (unsigned i = 0; i < 500; i++) {
		const struct engine_frame *in = &wire.in.frames[i], *out = &wire.out.frames[i];

		assert_int_equal(out->at_ns, in->at_ns + 10 * MS);
		assert_int_equal(out->length, in->length);
		assert_memory_equal(out->bytes, in->bytes, in->length);
	}
	wire_end(&wire);
}

static void an_idle_wire_carries_no_frame(void **state)
{
	struct engine_channel_counters counters;
	struct wire wire;

	(void)state;
	wire_begin(&wire, plan_of_wire(MS), 0, 0);
	assert_int_equal(engine_next_due_ns(wire.engine), ENGINE_IDLE);
	assert_int_equal(engine_advance(wire.engine, 3600 * 1000 * MS, NULL), 0);
	engine_channel_read(wire.engine, 0, &counters);
	assert_int_equal(counters.entered, 0);
	engine_channel_read(wire.engine, 1, &counters);
	assert_int_equal(counters.entered, 0);
	assert_int_equal(wire.out.count, 0);
	wire_end(&wire);
}

static void a_change_holds_for_the_packet_of_its_instant_and_no_earlier_one(void **state)
{
	struct wire wire;

	(void)state;
	wire_begin(&wire, plan_of_wire(10 * MS), 100, 1000);
	wire.plan->channels[0].params.delay_ns = 20 * MS;
	publish_change(&wire, 50 * 1000, PLAN_NEW);
	finish(wire.engine);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(wire.out.frames[i].at_ns, i * 1000 + (i < 50 ? 10 : 20) * MS);
	wire_end(&wire);
}

static void a_severed_channel_loses_what_is_in_flight_and_counts_it(void **state)
{
	struct engine_channel_counters counters;
	struct wire wire;

	(void)state;
	wire_begin(&wire, plan_of_wire(10 * MS), 100, MS);
	wire.plan->channels[0].params.carrier = false;
	// At 50.5 ms frames 41 to 50 are in flight (0 to 40 have arrived), 51 and on find it down.
	publish_change(&wire, 50 * MS + MS / 2, PLAN_CUT);
	finish(wire.engine);
	engine_channel_read(wire.engine, 0, &counters);
	assert_int_equal(counters.entered, 100);
	assert_int_equal(counters.delivered, 41);
	assert_int_equal(counters.lost[DROP_CUT], 10);
	assert_int_equal(counters.lost[DROP_CARRIER], 49);
	assert_int_equal(counters.in_flight, 0);
	wire_end(&wire);
}

static void retimed_packets_move_in_order_and_never_before_the_change(void **state)
{
	struct engine_channel_counters counters;
	struct wire wire;

	(void)state;
	wire_begin(&wire, plan_of_wire(10 * MS), 100, MS);
	wire.plan->channels[0].params.delay_ns = wire.moved_to_ns = 4 * MS;
	publish_change(&wire, 50 * MS + MS / 2, PLAN_RETIME);
	finish(wire.engine);
	assert_int_equal(wire.out.count, 100);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t promised = i * MS + (i <= 40 ? 10 : 4) * MS;
		uint64_t least = i > 40 ? 50 * MS + MS / 2 : 0;

		assert_int_equal(wire.out.frames[i].at_ns, promised > least ? promised : least);
	}
	engine_channel_read(wire.engine, 0, &counters);
	assert_int_equal(counters.retimed, 10);
	wire_end(&wire);
}

static void a_longer_delay_retimes_too_and_keeps_order_behind_it(void **state)
{
	struct wire wire;

	(void)state;
	wire_begin(&wire, plan_of_wire(10 * MS), 100, MS);
	wire.moved_to_ns = 30 * MS;
	wire.plan->channels[0].params.delay_ns = 25 * MS;
	publish_change(&wire, 50 * MS + MS / 2, PLAN_RETIME);
	finish(wire.engine);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(wire.out.frames[i].at_ns / MS, i <= 40   ? i + 10
								: i <= 50 ? i + 30
								: i < 55  ? 80
									  : i + 25);
	wire_end(&wire);
}

static void a_queue_that_grows_keeps_what_waits_in_it(void **state)
{
	struct engine_channel_counters counters;
	struct plan *plan = plan_of_wire(0);
	struct wire wire;

	(void)state;
	// 60 to 119 bytes at 8 kbit/s: a frame takes 60 to 119 ms, one arrives each millisecond.
	assert_int_equal(
		rate_make_params(8000, 0, 0, 0, "test", &plan->channels[0].params.rate, NULL), 0);
	assert_int_equal(
		queue_make_params(QUEUE_PACKETS, 10, "test", &plan->channels[0].params.queue, NULL),
		0);
	wire_begin(&wire, plan, 50, MS);
	assert_int_equal(queue_make_params(QUEUE_PACKETS, 30, "test",
					   &wire.plan->channels[0].params.queue, NULL),
			 0);
	publish_change(&wire, 30 * MS, PLAN_NEW);
	finish(wire.engine);
	engine_channel_read(wire.engine, 0, &counters);
	// Ten by 30 ms, and of the twenty after that as many as fit thirty; none has left by 49 ms.
	assert_int_equal(counters.delivered, 30);
	assert_int_equal(counters.lost[DROP_QUEUE], 20);
	wire_end(&wire);
}

// The plain definition of a tail-drop queue at 80 kbit/s (100 us a byte): who joins, and when it
// leaves. Frame i of 60 + i % 60 bytes comes at i ms; ten may wait until `change_at_ns`, thirty
// from then on.
static unsigned queue_by_definition(unsigned frames, uint64_t change_at_ns, uint64_t *departs_at_ns)
{
	unsigned joined = 0;

	for (unsigned i = 0; i < frames; i++) {
		uint64_t at_ns = i * MS, begins_ns = at_ns;
		unsigned waiting = 0;

		for (unsigned k = 0; k < joined; k++)
			waiting += departs_at_ns[k] > at_ns;
		if (waiting >= (at_ns < change_at_ns ? 10u : 30u))
			continue;
		if (joined && departs_at_ns[joined - 1] > at_ns)
			begins_ns = departs_at_ns[joined - 1];
		departs_at_ns[joined++] = begins_ns + (60 + i % 60) * UINT64_C(100000);
	}
	return joined;
}

static void a_queue_that_grows_while_it_is_in_use_serves_the_right_ones(void **state)
{
	struct plan *plan = plan_of_wire(0);
	uint64_t departs_at_ns[200];
	struct wire wire;
	unsigned joined = queue_by_definition(200, 30 * MS, departs_at_ns);

	(void)state;
	assert_int_equal(
		rate_make_params(80000, 0, 0, 0, "test", &plan->channels[0].params.rate, NULL), 0);
	assert_int_equal(
		queue_make_params(QUEUE_PACKETS, 10, "test", &plan->channels[0].params.queue, NULL),
		0);
	wire_begin(&wire, plan, 200, MS);
	assert_int_equal(queue_make_params(QUEUE_PACKETS, 30, "test",
					   &wire.plan->channels[0].params.queue, NULL),
			 0);
	publish_change(&wire, 30 * MS, PLAN_NEW);
	finish(wire.engine);
	assert_int_equal(wire.out.count, joined);
	for (unsigned i = 0; i < joined; i++)
		assert_int_equal(wire.out.frames[i].at_ns, departs_at_ns[i]);
	wire_end(&wire);
}

// VLAN tags do not count, as on any Ethernet.
static void a_port_sends_what_fits_its_mtu_and_no_byte_more(void **state)
{
	static const uint8_t tags[] = {0x88, 0xa8, 0, 7, 0x81, 0, 0, 9};

	(void)state;
	for (uint32_t bytes = 0; bytes <= sizeof(tags); bytes += 4) {
		struct engine_port_counters port;
		struct plan *plan = plan_of_wire(MS);
		struct wire wire;

		// Frames of 60 to 119 bytes; 14 of them are the Ethernet header.
		plan->ports[1].mtu_bytes = 86;
		wire_begin(&wire, plan, 60, 1000);
		for (unsigned i = 0; i < 60; i++)
			memcpy((uint8_t *)(uintptr_t)wire.in.frames[i].bytes + 12, tags, bytes);
		finish(wire.engine);
		engine_port_read(wire.engine, 1, &port);
		assert_int_equal(port.sent, 41 + bytes);
		assert_int_equal(port.lost[DROP_MTU], 19 - bytes);
		assert_int_equal(wire.out.frames[wire.out.count - 1].length, 100 + bytes);
		wire_end(&wire);
	}
}

#define SMALL_MEMORY (UINT64_C(34) << 20)

// A second of frames, 400 a millisecond, over a wire of a second.
static void fill_small_memory(uint32_t bytes, struct engine_port_counters *port,
			      struct engine_channel_counters *channel)
{
	struct engine_options options = {
		.clock = ENGINE_VIRTUAL, .workers = 1, .memory_bytes = SMALL_MEMORY};
	struct engine *engine = engine_create(&options, NULL);
	struct frame_list in;
	struct engine_source source;
	uint8_t frame[200] = {0};

	frame_list_init(&in, 400000);
	for (unsigned i = 0; i < 400000; i++)
		frame_list_add(&in, i, frame, bytes);
	source = frame_list_source(&in);
	assert_int_equal(engine_port_files(engine, 0, &source, NULL, NULL), 0);
	assert_int_equal(engine_publish(engine, plan_of_wire(1000 * MS), NULL), 0);
	finish(engine);
	engine_port_read(engine, 0, port);
	engine_channel_read(engine, 0, channel);
	assert_int_equal(port->received, 400000);
	assert_int_equal(port->received, port->lost[DROP_MEMORY] + channel->entered);
	assert_int_equal(channel->entered, channel->lost[DROP_MEMORY] + channel->delivered);
	engine_destroy(engine);
	frame_list_fini(&in);
}

// Short packets leave no place in the queue, longer ones none for themselves.
static void memory_that_runs_out_is_counted_and_ends_no_one(void **state)
{
	struct engine_port_counters port;
	struct engine_channel_counters channel;

	(void)state;
	fill_small_memory(100, &port, &channel);
	assert_true(channel.lost[DROP_MEMORY] > 100000);
	fill_small_memory(200, &port, &channel);
	assert_true(port.lost[DROP_MEMORY] > 100000);
}

static void bursts_that_find_no_memory_are_counted(void **state)
{
	struct engine_options options = {
		.clock = ENGINE_VIRTUAL, .workers = 1, .memory_bytes = SMALL_MEMORY};
	struct engine *engine = engine_create(&options, NULL);
	struct engine_port_counters port;
	struct engine_channel_counters channel;
	struct port_frame frames[PORT_BURST];
	uint8_t frame[1000] = {0};

	(void)state;
	assert_int_equal(engine_publish(engine, plan_of_wire(1000 * MS), NULL), 0);
	for (unsigned i = 0; i < PORT_BURST; i++)
		frames[i] = (struct port_frame){frame, sizeof(frame)};
	for (unsigned i = 0; i < 2000; i++)
		core_receive_burst(&engine->workers[0], 0, frames, PORT_BURST, i);
	finish(engine);
	engine_port_read(engine, 0, &port);
	engine_channel_read(engine, 0, &channel);
	assert_int_equal(port.received, 2000 * PORT_BURST);
	assert_int_equal(port.received_bytes, UINT64_C(2000) * PORT_BURST * sizeof(frame));
	assert_true(port.lost[DROP_MEMORY] > 10000);
	assert_int_equal(port.received, port.lost[DROP_MEMORY] + channel.delivered);
	engine_destroy(engine);
}

static int fail_to_read(void *context, struct engine_frame *frames, unsigned most)
{
	(void)context;
	(void)frames;
	(void)most;
	return -EIO;
}

static void a_source_that_fails_is_reported(void **state)
{
	struct engine *engine = new_engine(1);
	struct engine_source source = {NULL, fail_to_read};

	(void)state;
	assert_int_equal(engine_port_files(engine, 0, &source, NULL, NULL), 0);
	assert_int_equal(engine_publish(engine, plan_of_wire(MS), NULL), 0);
	assert_int_equal(engine_advance(engine, MS, NULL), -EIO);
	engine_destroy(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wire_delays_every_frame_exactly_and_changes_none),
		cmocka_unit_test(an_idle_wire_carries_no_frame),
		cmocka_unit_test(a_change_holds_for_the_packet_of_its_instant_and_no_earlier_one),
		cmocka_unit_test(a_severed_channel_loses_what_is_in_flight_and_counts_it),
		cmocka_unit_test(retimed_packets_move_in_order_and_never_before_the_change),
		cmocka_unit_test(a_longer_delay_retimes_too_and_keeps_order_behind_it),
		cmocka_unit_test(a_queue_that_grows_keeps_what_waits_in_it),
		cmocka_unit_test(a_queue_that_grows_while_it_is_in_use_serves_the_right_ones),
		cmocka_unit_test(a_port_sends_what_fits_its_mtu_and_no_byte_more),
		cmocka_unit_test(memory_that_runs_out_is_counted_and_ends_no_one),
		cmocka_unit_test(bursts_that_find_no_memory_are_counted),
		cmocka_unit_test(a_source_that_fails_is_reported),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
