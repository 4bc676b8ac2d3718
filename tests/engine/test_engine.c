// SPDX-License-Identifier: BSD-3-Clause
// The engine on its virtual clock: wires, chains of routers, changes at exact instants, and the
// same results whatever the number of workers.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/lab_plan.h"

#define MS UINT64_C(1000000)

static struct engine *new_engine(unsigned workers)
{
	struct engine_options options = {.clock = ENGINE_VIRTUAL, .workers = workers};
	struct error error = {0};
	struct engine *engine = engine_create(&options, &error);

	if (!engine)
		print_error("%s: %s\n", error.where, error.what);
	assert_non_null(engine);
	return engine;
}

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

static void finish(struct engine *engine)
{
	while (engine_next_due_ns(engine) != ENGINE_IDLE)
		assert_int_equal(engine_advance(engine, engine_next_due_ns(engine) + 1, NULL), 0);
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

static void a_routed_path_decrements_ttl_and_adds_its_delays(void **state)
{
	struct engine *engine = new_engine(1);
	struct frame_list in, out;
	struct engine_source source;
	struct engine_sink sink;
	uint8_t frame[256];
	uint32_t length;

	(void)state;
	frame_list_init(&in, 20);
	frame_list_init(&out, 20);
	for (unsigned i = 0; i < 10; i++) {
		length = make_udp(frame, "10.0.3.4", "10.1.5.6", 64, i, 30 + i);
		frame_list_add(&in, i * 1000, frame, length);
	}
	source = frame_list_source(&in);
	sink = frame_list_sink(&out);
	assert_int_equal(engine_port_files(engine, 0, &source, NULL, NULL), 0);
	assert_int_equal(engine_port_files(engine, 1, NULL, &sink, NULL), 0);
	assert_int_equal(engine_publish(engine, plan_of_chain(5, 3 * MS, 0), NULL), 0);
	finish(engine);
	assert_int_equal(out.count, 10);
	for (unsigned i = 0; i < 10; i++) {
		// What a router would have sent: the same packet with TTL 59 and a right checksum.
		length = make_udp(frame, "10.0.3.4", "10.1.5.6", 59, i, 30 + i);
		assert_int_equal(out.frames[i].at_ns, i * 1000 + 12 * MS);
		assert_int_equal(out.frames[i].length, length);
		assert_memory_equal(out.frames[i].bytes + 14, frame + 14, length - 14);
		assert_memory_equal(out.frames[i].bytes + 6, "\x02\xc0\x00\x00\x00\x02\x08\x00", 8);
	}
	engine_destroy(engine);
	frame_list_fini(&in);
	frame_list_fini(&out);
}

// A chain under flows, jitter, loss, a rate and a cut, and frames from both ports.
struct outcome {
	struct frame_list out[2];
	struct engine_channel_counters channels[14];
	struct engine_site_counters sites[8];
	struct engine_port_counters ports[2];
	struct engine_flow_counters flows[6];
	struct histogram delays[6];
};

static struct plan *busy_plan(void)
{
	struct plan *plan = plan_of_chain(8, 2 * MS, 2);

	// Traffic that joins and leaves in the middle: who comes first decides who is lost.
	plan_add_flow(plan, 3, 7, PLAN_FLOW_POISSON, 1000 * MS);
	plan_add_flow(plan, 4, 0, PLAN_FLOW_POISSON, 1000 * MS);
	plan_add_flow(plan, 5, 7, PLAN_FLOW_CONSTANT, 1000 * MS);
	plan_add_flow(plan, 2, 0, PLAN_FLOW_ONOFF, 1000 * MS);
	for (uint32_t i = 0; i < plan->channel_count; i++) {
		struct channel_params *params = &plan->channels[i].params;

		assert_int_equal(
			loss_gilbert_elliott_params(0.02, 0.3, 1, 0, "test", &params->loss, NULL),
			0);
		assert_int_equal(
			jitter_make_params(JITTER_NORMAL, 50000, 0, "test", &params->jitter, NULL),
			0);
		assert_int_equal(rate_make_params(2000000, 0, 0, 0, "test", &params->rate, NULL),
				 0);
		assert_int_equal(queue_make_params(QUEUE_PACKETS, 8, "test", &params->queue, NULL),
				 0);
	}
	// Two sites at one place, and no line between them that takes time: no lookahead at all.
	memset(&plan->channels[4].params.rate, 0, sizeof(plan->channels[4].params.rate));
	memset(&plan->channels[5].params.rate, 0, sizeof(plan->channels[5].params.rate));
	plan->channels[4].params.delay_ns = plan->channels[5].params.delay_ns = 0;
	return plan;
}

static void run_busy(unsigned workers, struct outcome *outcome)
{
	struct engine *engine = new_engine(workers);
	struct frame_list in[2];
	struct plan *plan = busy_plan(), *change = plan_copy(plan);
	uint8_t frame[256];

	for (uint32_t p = 0; p < 2; p++) {
		struct engine_source source;
		struct engine_sink sink;

		frame_list_init(&in[p], 2000);
		frame_list_init(&outcome->out[p], 8000);
		for (unsigned i = 0; i < 2000; i++) {
			uint32_t length = make_udp(frame, p ? "10.1.0.9" : "10.0.0.9",
						   p ? "10.0.7.7" : "10.1.7.7",
						   (uint8_t)(i % 50 ? 64 : 4), i, i % 150);

			frame_list_add(&in[p], i * MS / 2, frame, length);
		}
		source = frame_list_source(&in[p]);
		sink = frame_list_sink(&outcome->out[p]);
		assert_int_equal(engine_port_files(engine, p, &source, &sink, NULL), 0);
	}
	assert_int_equal(engine_publish(engine, plan, NULL), 0);
	change->valid_from_ns = 400 * MS + 123456;
	change->channels[6].params.delay_ns = 1 * MS;
	change->channels[7].params.carrier = false;
	change->touched = calloc(2, sizeof(*change->touched));
	change->touched[0] = (struct plan_touched){6, PLAN_RETIME, 1 * MS};
	change->touched[1] = (struct plan_touched){7, PLAN_CUT, 0};
	change->touched_count = 2;
	assert_int_equal(engine_publish(engine, change, NULL), 0);
	// In one go, so that windows are as long as they may be.
	assert_int_equal(engine_advance(engine, UINT64_MAX, NULL), 0);
	assert_int_equal(engine_next_due_ns(engine), ENGINE_IDLE);
	for (uint32_t i = 0; i < 14; i++)
		engine_channel_read(engine, i, &outcome->channels[i]);
	for (uint32_t i = 0; i < 8; i++)
		engine_site_read(engine, i, &outcome->sites[i]);
	for (uint32_t i = 0; i < 2; i++)
		engine_port_read(engine, i, &outcome->ports[i]);
	for (uint32_t i = 0; i < 6; i++) {
		engine_flow_read(engine, i, &outcome->flows[i]);
		engine_flow_delay(engine, i, &outcome->delays[i]);
	}
	engine_destroy(engine);
	frame_list_fini(&in[0]);
	frame_list_fini(&in[1]);
}

static void outcome_fini(struct outcome *outcome)
{
	frame_list_fini(&outcome->out[0]);
	frame_list_fini(&outcome->out[1]);
	free(outcome);
}

static void assert_same_frames(const struct frame_list *a, const struct frame_list *b)
{
	assert_int_equal(a->count, b->count);
	for (unsigned i = 0; i < a->count; i++) {
		assert_int_equal(a->frames[i].at_ns, b->frames[i].at_ns);
		assert_int_equal(a->frames[i].packet, b->frames[i].packet);
		assert_int_equal(a->frames[i].length, b->frames[i].length);
		assert_memory_equal(a->frames[i].bytes, b->frames[i].bytes, a->frames[i].length);
	}
}

static void results_are_the_same_for_any_number_of_workers(void **state)
{
	struct outcome *one = calloc(1, sizeof(*one));

	(void)state;
	run_busy(1, one);
	assert_true(one->out[0].count > 100 && one->out[1].count > 100);
	for (unsigned workers = 2; workers <= 5; workers++) {
		struct outcome *many = calloc(1, sizeof(*many));

		run_busy(workers, many);
		assert_same_frames(&one->out[0], &many->out[0]);
		assert_same_frames(&one->out[1], &many->out[1]);
		assert_memory_equal(one->channels, many->channels, sizeof(one->channels));
		assert_memory_equal(one->sites, many->sites, sizeof(one->sites));
		assert_memory_equal(one->ports, many->ports, sizeof(one->ports));
		assert_memory_equal(one->flows, many->flows, sizeof(one->flows));
		assert_memory_equal(one->delays, many->delays, sizeof(one->delays));
		outcome_fini(many);
	}
	outcome_fini(one);
}

static uint64_t sum_lost(const uint64_t *lost)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < DROP_REASONS; i++)
		sum += lost[i];
	return sum;
}

static void every_packet_ends_in_exactly_one_counter(void **state)
{
	struct outcome *o = calloc(1, sizeof(*o));
	uint64_t in = 0, out = 0;

	(void)state;
	run_busy(1, o);
	for (unsigned i = 0; i < 14; i++) {
		assert_int_equal(o->channels[i].in_flight, 0);
		out += sum_lost(o->channels[i].lost);
	}
	for (unsigned i = 0; i < 8; i++) {
		in += o->sites[i].originated + o->sites[i].flooded + o->sites[i].fragmented;
		out += o->sites[i].local + o->sites[i].pending + sum_lost(o->sites[i].lost);
	}
	for (unsigned i = 0; i < 2; i++) {
		in += o->ports[i].received;
		out += o->ports[i].sent + sum_lost(o->ports[i].lost);
	}
	for (unsigned i = 0; i < 6; i++) {
		in += o->flows[i].sent;
		out += o->flows[i].received;
		assert_int_equal(o->flows[i].sent,
				 o->flows[i].received + sum_lost(o->flows[i].lost));
	}
	assert_int_equal(in, out);
	// The lab was busy enough for the sum to mean something.
	assert_true(o->channels[0].lost[DROP_QUEUE] > 0 && o->channels[6].lost[DROP_MODEL] > 0);
	assert_true(o->channels[7].lost[DROP_CUT] > 0 && o->channels[7].lost[DROP_CARRIER] > 0);
	assert_true(o->sites[4].lost[DROP_TTL] > 0 || o->sites[3].lost[DROP_TTL] > 0);
	outcome_fini(o);
}

static void memory_that_runs_out_is_counted_and_ends_no_one(void **state)
{
	struct engine_options options = {
		.clock = ENGINE_VIRTUAL, .workers = 1, .memory_bytes = UINT64_C(34) << 20};
	struct engine *engine = engine_create(&options, NULL);
	struct engine_port_counters ports;
	struct engine_channel_counters channel;
	struct frame_list in;
	struct engine_source source;
	uint8_t frame[100] = {0};

	(void)state;
	frame_list_init(&in, 400000);
	for (unsigned i = 0; i < 400000; i++)
		frame_list_add(&in, i, frame, 100);
	source = frame_list_source(&in);
	assert_int_equal(engine_port_files(engine, 0, &source, NULL, NULL), 0);
	assert_int_equal(engine_publish(engine, plan_of_wire(1000 * MS), NULL), 0);
	finish(engine);
	engine_port_read(engine, 0, &ports);
	engine_channel_read(engine, 0, &channel);
	assert_int_equal(ports.received, 400000);
	assert_true(ports.lost[DROP_MEMORY] + channel.lost[DROP_MEMORY] > 100000);
	assert_int_equal(ports.received,
			 ports.lost[DROP_MEMORY] + channel.lost[DROP_MEMORY] + channel.delivered);
	engine_destroy(engine);
	frame_list_fini(&in);
}

static int fail_to_read(void *context, struct engine_frame *frames, unsigned most)
{
	(void)context;
	(void)frames;
	(void)most;
	return -EIO;
}

static void blocks_that_cross_workers_come_back_to_be_used_again(void **state)
{
	struct engine_options options = {
		.clock = ENGINE_VIRTUAL, .workers = 2, .memory_bytes = UINT64_C(68) << 20};
	struct engine *engine = engine_create(&options, NULL);
	struct engine_port_counters in_port;
	struct frame_list in;
	struct engine_source source;
	uint8_t frame[256];
	uint32_t length = make_udp(frame, "10.0.0.9", "10.1.7.7", 64, 1, 200);

	(void)state;
	// Each worker has 34 MiB; the frames that pass through would fill 48 MiB at 384 bytes each.
	frame_list_init(&in, 130000);
	for (unsigned i = 0; i < 130000; i++)
		frame_list_add(&in, i * 10000, frame, length);
	source = frame_list_source(&in);
	assert_int_equal(engine_port_files(engine, 0, &source, NULL, NULL), 0);
	assert_int_equal(engine_publish(engine, plan_of_chain(2, MS, 0), NULL), 0);
	finish(engine);
	engine_port_read(engine, 0, &in_port);
	assert_int_equal(in_port.lost[DROP_MEMORY], 0);
	engine_port_read(engine, 1, &in_port);
	assert_int_equal(in_port.sent, 130000);
	engine_destroy(engine);
	frame_list_fini(&in);
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
		cmocka_unit_test(a_routed_path_decrements_ttl_and_adds_its_delays),
		cmocka_unit_test(results_are_the_same_for_any_number_of_workers),
		cmocka_unit_test(every_packet_ends_in_exactly_one_counter),
		cmocka_unit_test(memory_that_runs_out_is_counted_and_ends_no_one),
		cmocka_unit_test(blocks_that_cross_workers_come_back_to_be_used_again),
		cmocka_unit_test(a_source_that_fails_is_reported),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
