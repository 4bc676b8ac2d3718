// SPDX-License-Identifier: BSD-3-Clause
// Built-in flows: when they send, what they send, and what their receivers measure.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/engine/lab_plan.h"

#define MS UINT64_C(1000000)

// A normal variable lies further out than this many deviations with a chance of 1e-6.
#define DEVIATIONS_1E6 4.892

static struct engine *run(struct plan *plan)
{
	struct engine_options options = {.clock = ENGINE_VIRTUAL, .workers = 1};
	struct engine *engine = engine_create(&options, NULL);

	assert_non_null(engine);
	assert_int_equal(engine_publish(engine, plan, NULL), 0);
	return engine;
}

static void a_flow_is_measured_where_it_ends_and_its_path_is_known(void **state)
{
	struct engine *engine = run(plan_of_chain(4, 5 * MS, 1));
	struct engine_flow_counters flow;
	struct histogram *delay = malloc(sizeof(*delay));
	uint32_t path[8];

	(void)state;
	finish(engine);
	engine_flow_read(engine, 0, &flow);
	engine_flow_delay(engine, 0, delay);
	assert_int_equal(flow.sent, 1000);
	assert_int_equal(flow.received, 1000);
	assert_int_equal(delay->minimum, 15 * MS);
	assert_int_equal(delay->maximum, 15 * MS);
	assert_int_equal(flow.gap_ns, MS);
	assert_int_equal(engine_path(engine, flow.last_path, path, 8), 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(path[i], 2 * i);
	free(delay);
	engine_destroy(engine);
}

static uint64_t packets_of(enum plan_flow_pattern pattern, uint64_t length_ns, double *mean_bytes)
{
	struct plan *plan = plan_of_chain(2, MS, 0);
	struct engine_channel_counters channel;
	struct engine_flow_counters flow;
	struct engine *engine;

	plan_add_flow(plan, 0, 1, pattern, length_ns);
	engine = run(plan);
	finish(engine);
	engine_flow_read(engine, 0, &flow);
	engine_channel_read(engine, 0, &channel);
	assert_int_equal(flow.received, flow.sent);
	assert_int_equal(channel.entered, flow.sent);
	*mean_bytes = (double)channel.entered_bytes / (double)channel.entered;
	engine_destroy(engine);
	return flow.sent;
}

static void assert_near(double measured, double expected, double deviation)
{
	if (fabs(measured - expected) > DEVIATIONS_1E6 * deviation)
		fail_msg("%f, expected %f with a deviation of %f", measured, expected, deviation);
}

static void a_constant_flow_sends_at_exactly_its_rate(void **state)
{
	double bytes;

	(void)state;
	assert_int_equal(packets_of(PLAN_FLOW_CONSTANT, 20000 * MS, &bytes), 20000);
	assert_true(bytes == 100);
}

static void a_poisson_flow_has_the_mean_and_the_spread_of_its_law(void **state)
{
	double bytes;

	(void)state;
	// Exponential gaps of 1 ms: the count over 50 s has mean and variance 50000.
	assert_near((double)packets_of(PLAN_FLOW_POISSON, 50000 * MS, &bytes), 50000, sqrt(50000));
}

static void an_on_off_flow_is_on_for_its_share_of_the_time(void **state)
{
	// On for 10 ms and off for 30 ms in the mean, both exponential, 1 ms between packets while
	// on. Packets a cycle are geometric: q = exp(-1/10), mean 1 / (1 - q), variance q / (1 -
	// q)^2. A cycle has mean 40 ms and variance 100 + 900. By renewal-reward the count over T
	// has mean T m / 40 and a variance of at most T / 40 times (sd of packets + rate times sd
	// of cycle)^2.
	double q = exp(-0.1), mean = 1 / (1 - q), rate = mean / 40;
	double spread = sqrt(q) / (1 - q) + rate * sqrt(1000);
	double bytes;

	(void)state;
	assert_near((double)packets_of(PLAN_FLOW_ONOFF, 400000 * MS, &bytes), 400000 * rate,
		    sqrt(400000.0 / 40) * spread);
}

static void an_imix_flow_has_its_sizes_in_proportion(void **state)
{
	double sizes[3] = {PLAN_IMIX_SMALL, PLAN_IMIX_MEDIUM, PLAN_IMIX_LARGE};
	double shares[3] = {7 / 12.0, 4 / 12.0, 1 / 12.0};
	double mean = 0, square = 0, bytes;
	uint64_t count;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		mean += shares[i] * sizes[i];
		square += shares[i] * sizes[i] * sizes[i];
	}
	count = packets_of(PLAN_FLOW_IMIX, 50000 * MS, &bytes);
	assert_near(bytes, mean, sqrt((square - mean * mean) / (double)count));
}

// The one's complement sum of RFC 1071 over big-endian words; 0xffff when a checksum in it is
// right.
static uint32_t sum16(uint32_t sum, const uint8_t *bytes, uint32_t length)
{
	for (uint32_t i = 0; i < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_udp(const uint8_t *addresses, uint32_t address_bytes, const uint8_t *udp,
		      uint32_t length)
{
	assert_int_equal((uint32_t)udp[4] << 8 | udp[5], length);
	assert_int_equal(sum16(sum16(17 + length, addresses, address_bytes), udp, length), 0xffff);
}

// Looks at a frame as a receiver would; `context` counts those seen of each family.
static void check_frame(void *context, unsigned worker, const struct engine_observation *seen)
{
	const uint8_t *ip = seen->frame.bytes + 14;
	uint32_t length = seen->frame.length - 14;
	unsigned *count = context;

	(void)worker;
	if (seen->point != ENGINE_CHANNEL_ENTER)
		return;
	if (ip[0] == 0x45) {
		assert_int_equal((uint32_t)ip[2] << 8 | ip[3], length);
		assert_int_equal(ip[8], 64);
		assert_int_equal(ip[9], 17);
		assert_int_equal(sum16(0, ip, 20), 0xffff);
		check_udp(ip + 12, 8, ip + 20, length - 20);
		count[0]++;
	} else {
		assert_int_equal(ip[0], 0x60);
		assert_int_equal((uint32_t)ip[4] << 8 | ip[5], length - 40);
		assert_int_equal(ip[6], 17);
		assert_int_equal(ip[7], 64);
		check_udp(ip + 8, 32, ip + 40, length - 40);
		count[1]++;
	}
}

static void packets_are_whole_datagrams_of_ipv4_and_ipv6(void **state)
{
	struct engine_options options = {.clock = ENGINE_VIRTUAL, .workers = 1};
	struct engine *engine = engine_create(&options, NULL);
	struct plan *plan = plan_of_chain(2, MS, 0);
	struct plan_address target = {6, 128, {0x20, 0x01, 0x0d, 0xb8, [15] = 9}};
	unsigned seen[2] = {0};

	(void)state;
	plan_add_flow(plan, 0, 1, PLAN_FLOW_CONSTANT, 50 * MS);
	plan_add_flow(plan, 0, 1, PLAN_FLOW_CONSTANT, 50 * MS);
	plan->flows[1].source = plan->flows[1].target = target;
	plan->flows[1].source.bytes[15] = 8;
	plan->flows[1].frame_bytes = 101; // an odd length under the checksum
	plan->prefixes =
		realloc(plan->prefixes, (plan->prefix_count + 1) * sizeof(*plan->prefixes));
	plan->prefixes[plan->prefix_count++] = (struct plan_prefix){target, 1};
	engine_observe(engine, check_frame, seen);
	assert_int_equal(engine_publish(engine, plan, NULL), 0);
	finish(engine);
	assert_int_equal(seen[0], 50);
	assert_int_equal(seen[1], 50);
	engine_destroy(engine);
}

static void publish_at(struct engine *engine, struct plan *plan, uint64_t at_ns)
{
	plan->valid_from_ns = at_ns;
	assert_int_equal(engine_publish(engine, plan, NULL), 0);
	assert_int_equal(engine_advance(engine, at_ns, NULL), 0);
}

static void a_shorter_way_overtakes_and_the_receiver_counts_it(void **state)
{
	struct plan *plan = plan_of_chain(2, 20 * MS, 1);
	struct engine_flow_counters flow;
	struct plan *change;
	struct engine *engine;

	(void)state;
	plan_add_parallel_link(plan, MS / 2);
	change = plan_copy(plan);
	plan_use_channel(change, 0, 2);
	engine = run(plan);
	// Packets of 81 to 100 ms are on the long way; 101 ms arrives at 101.5 ms, with those of 82
	// to 100 ms behind it.
	publish_at(engine, change, 100 * MS + MS / 2);
	finish(engine);
	engine_flow_read(engine, 0, &flow);
	assert_int_equal(flow.received, 1000);
	assert_int_equal(flow.reordered, 19);
	assert_int_equal(flow.duplicated, 0);
	engine_destroy(engine);
}

static void the_longest_gap_is_that_of_the_outage(void **state)
{
	struct plan *plan = plan_of_chain(2, 5 * MS, 1);
	struct plan *down = plan_copy(plan);
	struct plan *up = plan_copy(plan);
	struct engine_flow_counters flow;
	struct engine *engine;

	(void)state;
	down->channels[0].params.carrier = false;
	engine = run(plan);
	publish_at(engine, down, 300 * MS + MS / 2);
	publish_at(engine, up, 370 * MS + MS / 2);
	finish(engine);
	engine_flow_read(engine, 0, &flow);
	// The packet of 300 ms was the last, that of 371 ms the first again.
	assert_int_equal(flow.gap_ns, 71 * MS);
	assert_int_equal(flow.gap_from_ns, 305 * MS);
	assert_int_equal(flow.gap_until_ns, 376 * MS);
	assert_int_equal(flow.lost[DROP_CARRIER], 70);
	engine_destroy(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_measured_where_it_ends_and_its_path_is_known),
		cmocka_unit_test(a_constant_flow_sends_at_exactly_its_rate),
		cmocka_unit_test(a_poisson_flow_has_the_mean_and_the_spread_of_its_law),
		cmocka_unit_test(an_on_off_flow_is_on_for_its_share_of_the_time),
		cmocka_unit_test(an_imix_flow_has_its_sizes_in_proportion),
		cmocka_unit_test(packets_are_whole_datagrams_of_ipv4_and_ipv6),
		cmocka_unit_test(a_shorter_way_overtakes_and_the_receiver_counts_it),
		cmocka_unit_test(the_longest_gap_is_that_of_the_outage),
	};

	return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
