// SPDX-License-Identifier: BSD-3-Clause
// Chains of routers on the virtual clock: the same results whatever the number of workers, and
// every packet counted once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/engine/lab_plan.h"

#define MS UINT64_C(1000000)

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_routed_path_decrements_ttl_and_adds_its_delays),
		cmocka_unit_test(results_are_the_same_for_any_number_of_workers),
		cmocka_unit_test(every_packet_ends_in_exactly_one_counter),
		cmocka_unit_test(blocks_that_cross_workers_come_back_to_be_used_again),
	};

	return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
