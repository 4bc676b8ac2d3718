// SPDX-License-Identifier: BSD-3-Clause
// Assigned capacity of a return link against a terminal that is simulated slot by slot: what waits,
// who asked when, and which slots that grants.
#include "dataplane/model/access.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/model/channel.h"
#include "dataplane/model/instant.h"
#include "dataplane/model/rng.h"

#define MS     UINT64_C(1000000)
#define SLOTS  60000
#define FRAMES 400

static struct access_params params_of(uint64_t cra_bps, uint64_t rbdc_bps, uint64_t superframe_ns,
				      uint64_t schedule_ns, uint64_t timeout_ns,
				      uint64_t one_way_ns)
{
	struct access_params params;

	assert_int_equal(access_make(cra_bps, rbdc_bps, superframe_ns, schedule_ns, timeout_ns,
				     "test", &params, NULL),
			 0);
	access_finish(&params, one_way_ns);
	return params;
}

// ---- The terminal, slot by slot ----

struct terminal {
	uint64_t superframe_ns, loop_slots, valid_slots;
	uint64_t nanobits[2];
	bool asked[SLOTS];
};

static bool is_granted(const struct terminal *terminal, uint64_t slot)
{
	for (uint64_t back = 0; back < terminal->valid_slots; back++)
		if (slot >= terminal->loop_slots + back &&
		    terminal->asked[slot - terminal->loop_slots - back])
			return true;
	return false;
}

static uint64_t up(uint64_t amount, uint64_t of)
{
	return (amount + of - 1) / of;
}

// Arrivals in order; fills in the slot that sends each frame's last byte.
static void simulate(const struct access_params *params, uint64_t one_way_ns,
		     const uint64_t *arrivals, const uint32_t *bytes, size_t count,
		     uint64_t *departures)
{
	struct terminal *terminal = calloc(1, sizeof(*terminal));
	uint64_t T = params->superframe_ns, missing = 0;
	size_t first = 0;

	assert_non_null(terminal);
	*terminal = (struct terminal){
		.superframe_ns = T,
		.loop_slots = up(2 * one_way_ns + params->schedule_ns, T),
		.valid_slots = up(params->timeout_ns, T),
		.nanobits = {params->cra_bps * T, (params->cra_bps + params->rbdc_bps) * T}};
	missing = bytes[0] * UINT64_C(8000000000);
	for (uint64_t slot = 0; slot < SLOTS && first < count; slot++) {
		uint64_t left;

		if (arrivals[first] >= slot * T)
			continue;
		terminal->asked[slot] = params->rbdc_bps > 0;
		left = terminal->nanobits[params->rbdc_bps > 0 && is_granted(terminal, slot)];
		while (first < count && arrivals[first] < slot * T && left > 0) {
			uint64_t sent = missing < left ? missing : left;

			left -= sent;
			missing -= sent;
			if (missing > 0)
				break;
			departures[first++] = slot * T;
			missing = first < count ? bytes[first] * UINT64_C(8000000000) : 0;
		}
	}
	assert_int_equal(first, count);
	free(terminal);
}

// ---- Stories ----

static void constant_assignment_waits_for_a_slot_at_most(void **state)
{
	// 64 kbit/s in superframes of 25 ms: 200 bytes each.
	struct access_params params = params_of(64000, 0, 25 * MS, 0, 0, 260 * MS);
	struct access_state terminal = {0};

	(void)state;
	assert_int_equal(access_longest_ns(&params), 25 * MS);
	assert_int_equal(access_mean_ns(&params), 125 * MS / 10);
	assert_int_equal(access_offer(&params, &terminal, 1 * MS, 150), 25 * MS);
	assert_int_equal(access_offer(&params, &terminal, 2 * MS, 50), 25 * MS);
	assert_int_equal(access_offer(&params, &terminal, 3 * MS, 201), 75 * MS);
	// Who arrives with the slot has missed it, whatever it has left.
	assert_int_equal(access_offer(&params, &terminal, 75 * MS, 1), 100 * MS);
	assert_int_equal(access_offer(&params, &terminal, 130 * MS, 200), 150 * MS);
}

static void a_burst_on_an_idle_terminal_waits_for_its_grant(void **state)
{
	struct access_params params = params_of(0, 800000, 25 * MS, 30 * MS, 200 * MS, 260 * MS);
	struct access_state terminal = {0};
	// Asks at 25 ms; there and back 520 ms, 30 ms of schedule: 575 ms is a slot.
	uint64_t granted_ns = 575 * MS;

	(void)state;
	assert_int_equal(access_longest_ns(&params), 575 * MS);
	assert_int_equal(access_start_ns(&params, &terminal, 1 * MS), granted_ns);
	// 2500 bytes a slot.
	assert_int_equal(access_offer(&params, &terminal, 1 * MS, 1500), granted_ns);
	assert_int_equal(access_offer(&params, &terminal, 1 * MS, 1500), granted_ns + 25 * MS);
	assert_int_equal(access_offer(&params, &terminal, 1 * MS, 1500), granted_ns + 25 * MS);
	// It asked last at 600 ms, so it is served until 1150 + 200 ms,
	assert_int_equal(access_offer(&params, &terminal, 1310 * MS, 100), 1325 * MS);
	// and that asks again: up to 1325 + 550 + 200 ms.
	assert_int_equal(access_offer(&params, &terminal, 1340 * MS, 100), 1875 * MS);
	assert_int_equal(access_offer(&params, &terminal, 60000 * MS, 100), 60575 * MS);
}

static void constant_assignment_serves_until_more_is_granted(void **state)
{
	struct access_params params =
		params_of(64000, 800000, 25 * MS, 30 * MS, 200 * MS, 260 * MS);
	struct access_state terminal = {0};

	(void)state;
	assert_int_equal(access_longest_ns(&params), 25 * MS);
	assert_int_equal(access_offer(&params, &terminal, 0, 200), 25 * MS);
	// 22 slots of 200 bytes until 575 ms, then slots of 2700.
	assert_int_equal(access_offer(&params, &terminal, 1, 21 * 200), 550 * MS);
	assert_int_equal(access_offer(&params, &terminal, 2, 2700), 575 * MS);
	assert_int_equal(access_offer(&params, &terminal, 3, 2701), 625 * MS);
}

struct draws {
	uint64_t seed;
	uint64_t packet;
};

static uint64_t draw(struct draws *draws, uint64_t most)
{
	return rng_draw(draws->seed, 1, 0, draws->packet++) % most;
}

static void compare(uint64_t seed)
{
	uint64_t arrivals[FRAMES], expected[FRAMES], at_ns = 0;
	uint32_t bytes[FRAMES];
	struct draws draws = {.seed = seed};
	struct access_state terminal = {0};
	struct access_params params;
	uint64_t T, one_way_ns, cra_bps, rbdc_bps, gap_ns;

	T = MS + draw(&draws, 50 * MS);
	one_way_ns = draw(&draws, 300 * MS);
	cra_bps = draw(&draws, 3) == 0 ? 0 : 20000 + draw(&draws, 200000);
	rbdc_bps = cra_bps > 0 && draw(&draws, 3) == 0 ? 0 : 100000 + draw(&draws, 2000000);
	gap_ns = MS << draw(&draws, 9);
	params =
		params_of(cra_bps, rbdc_bps, T, 30 * MS,
			  (2 * one_way_ns + 100 * MS) / 3 + T + draw(&draws, 800 * MS), one_way_ns);
	for (size_t i = 0; i < FRAMES; i++) {
		if (draw(&draws, 3) > 0)
			at_ns += draw(&draws, UINT32_MAX) % gap_ns;
		if (draw(&draws, 40) == 0)
			at_ns += T - at_ns % T; // with a slot
		if (draw(&draws, 60) == 0)
			at_ns += draw(&draws, 1000) * MS;
		arrivals[i] = at_ns;
		bytes[i] = 20 + (uint32_t)draw(&draws, 1500);
	}
	if (at_ns / T > SLOTS / 2)
		return; // longer than the simulation is
	simulate(&params, one_way_ns, arrivals, bytes, FRAMES, expected);
	for (size_t i = 0; i < FRAMES; i++)
		assert_int_equal(access_offer(&params, &terminal, arrivals[i], bytes[i]),
				 expected[i]);
}

static void departures_are_those_of_a_terminal_slot_by_slot(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++)
		compare(seed);
}

// ---- As a channel's line ----

static struct channel_params channel_of(enum queue_kind queue, const struct access_params *access,
					uint64_t rate_bps)
{
	struct channel_params params = {.carrier = true, .delay_ns = 260 * MS};

	assert_int_equal(rate_make_params(rate_bps, 0, 0, 0, "test", &params.rate, NULL), 0);
	assert_int_equal(rate_add_access(&params.rate, access, "test", NULL), 0);
	params.queue = queue_defaults(queue);
	params.queue.limit = QUEUE_PACKETS;
	params.queue.limit_amount = FRAMES;
	// Never too long a wait.
	params.queue.codel.interval_ns = 3600000 * MS;
	params.queue.codel.target_ns = 1800000 * MS;
	assert_int_equal(queue_finish(&params.queue, &params.rate, "test", NULL), 0);
	channel_finish(&params);
	return params;
}

// Departures at the end of the modem's serialiser, from a queue that is managed or not.
static void run(enum queue_kind queue, const struct access_params *access, uint64_t gap_ns,
		uint64_t *departures)
{
	struct channel_params params = channel_of(queue, access, 10000000);
	struct channel_state state = {0};
	size_t bytes = queue_memory_bytes(&params.queue);
	void *memory = bytes ? calloc(1, bytes) : NULL;
	uint64_t at_ns = 0;
	uint32_t handle;

	queue_attach(&params.queue, &state.queue, memory, 0);
	for (uint32_t i = 0; i <= FRAMES; i++) {
		struct channel_frame frame = {.bytes = 100 + rng_draw(7, 1, 1, i) % 1400,
					      .handle = i};
		struct channel_fate fate;

		at_ns = i == FRAMES ? CHANNEL_NEVER - 1
				    : at_ns + rng_draw(7, 1, 2, i) %
						      (i % 90 == 0 ? 100 * gap_ns : gap_ns);
		while (channel_due_ns(&params, &state) <= at_ns) {
			fate = channel_depart(&params, &state, at_ns, &handle);
			assert_int_equal(fate.lost, DROP_NONE);
			departures[handle] = fate.departs_at_ns;
		}
		if (i == FRAMES)
			break;
		fate = channel_enter(&params, &state, at_ns, &frame);
		assert_int_equal(fate.lost, DROP_NONE);
		if (!(fate.flags & CHANNEL_WAITS))
			departures[i] = fate.departs_at_ns;
	}
	free(memory);
}

static void managed_queues_send_in_the_same_slots(void **state)
{
	uint64_t tail[FRAMES], head[FRAMES], codel[FRAMES];

	(void)state;
	for (int seldom = 0; seldom < 2; seldom++) {
		// Often, with constant capacity; and seldom, on request alone, where who waits must
		// have asked all the while.
		struct access_params access =
			params_of(seldom ? 0 : 128000, 2000000, 20 * MS + 1, 30 * MS,
				  seldom ? 100 * MS : 300 * MS, 260 * MS);
		uint64_t gap_ns = seldom ? 700 * MS : 20 * MS;

		run(QUEUE_TAIL, &access, gap_ns, tail);
		run(QUEUE_HEAD, &access, gap_ns, head);
		run(QUEUE_CODEL, &access, gap_ns, codel);
		assert_memory_equal(tail, head, sizeof(tail));
		assert_memory_equal(tail, codel, sizeof(tail));
	}
}

static void the_modem_sends_from_the_slot_on(void **state)
{
	struct access_params access = params_of(800000, 0, 25 * MS, 0, 0, 0);
	struct channel_params params = channel_of(QUEUE_TAIL, &access, 8000000);
	struct rate_state line = {0};

	(void)state;
	assert_int_equal(rate_offer(&params.rate, &line, 1, 1000), 26 * MS);
	assert_int_equal(rate_offer(&params.rate, &line, 1, 1000), 27 * MS);
	assert_int_equal(rate_offer(&params.rate, &line, 1, 1000), 51 * MS);
	assert_int_equal(rate_minimum_ns(&params.rate), 1000);
	// Without a rate the modem is as fast as what is assigned.
	params = channel_of(QUEUE_TAIL, &access, 0);
	memset(&line, 0, sizeof(line));
	assert_int_equal(rate_offer(&params.rate, &line, 1, 1000), 35 * MS);
	assert_int_equal(params.rate.bits_per_second, 800000);
}

static void a_request_travels_by_the_channels_delay(void **state)
{
	struct access_params access = params_of(0, 800000, 25 * MS, 30 * MS, 200 * MS, 0);
	struct channel_params params = channel_of(QUEUE_TAIL, &access, 0);

	(void)state;
	assert_int_equal(params.rate.access.loop_ns, 550 * MS);
	params.delay_ns = 75 * MS;
	channel_finish(&params);
	assert_int_equal(params.rate.access.loop_ns, 200 * MS);
}

static void times_at_the_edges_stay_in_bounds(void **state)
{
	struct access_params params = params_of(8, 0, 1000 * MS, 0, 0, 0);
	struct access_state terminal = {0};

	(void)state;
	// A byte a second.
	assert_int_equal(access_offer(&params, &terminal, 0, 1000), 1000000 * MS);
	for (int i = 0; i < 10; i++)
		assert_true(access_offer(&params, &terminal, 1, UINT32_MAX) <= INSTANT_LATEST_NS);
	assert_int_equal(access_offer(&params, &terminal, 1, 1), INSTANT_LATEST_NS);
	assert_int_equal(access_offer(&params, &terminal, UINT64_MAX, 1), INSTANT_LATEST_NS);
}

static void more_grants_than_are_remembered_run_together(void **state)
{
	// A loop of 250 superframes, grants of one.
	struct access_params params = params_of(64000, 8000, MS, 0, MS, 125 * MS);
	struct access_state terminal = {0};

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t at_ns = 3 * i * MS;

		assert_int_equal(access_offer(&params, &terminal, at_ns, 8), at_ns + MS);
		assert_true(terminal.count <= ACCESS_GRANTS_MOST);
	}
	for (uint64_t i = 0; i + 1 < terminal.count; i++)
		assert_true(terminal.grants[i].to_ns < terminal.grants[i + 1].from_ns);
}

static void refusals_say_why(void **state)
{
	struct access_params params;
	struct rate_params rate, bucket;
	struct error error;

	(void)state;
	assert_int_equal(access_make(0, 0, 25 * MS, 0, 0, "x", &params, &error), -EINVAL);
	assert_non_null(strstr(error.what, "lets nothing pass"));
	assert_int_equal(access_make(7, 0, 25 * MS, 0, 0, "x", &params, &error), -EINVAL);
	assert_int_equal(access_make(UINT64_C(6000000000), UINT64_C(6000000000), 25 * MS, 0,
				     100 * MS, "x", &params, &error),
			 -EINVAL);
	assert_int_equal(access_make(8000, 0, MS - 1, 0, 0, "x", &params, &error), -EINVAL);
	assert_int_equal(access_make(8000, 0, 1000 * MS + 1, 0, 0, "x", &params, &error), -EINVAL);
	assert_int_equal(access_make(0, 8000, 25 * MS, 0, 24 * MS, "x", &params, &error), -EINVAL);
	assert_non_null(strstr(error.what, "raise timeout"));
	assert_int_equal(access_make(0, 8000, 25 * MS, 4000000 * MS, MS, "x", &params, &error),
			 -EINVAL);
	params = params_of(8000, 8000, 25 * MS, 0, 100 * MS, 0);
	assert_int_equal(rate_make_params(15999, 0, 0, 0, "x", &rate, &error), 0);
	assert_int_equal(rate_add_access(&rate, &params, "x", &error), -EINVAL);
	assert_non_null(strstr(error.what, "lower cra or rbdc"));
	assert_int_equal(rate.kind, RATE_CONSTANT);
	assert_int_equal(rate_make_params(16000, 0, 0, 0, "x", &rate, &error), 0);
	bucket = rate;
	assert_int_equal(rate_add_access(&rate, &params, "x", &error), 0);
	assert_int_equal(rate_add_bucket(&bucket, 3000, 0, 0, "x", &error), 0);
	assert_int_equal(rate_add_access(&bucket, &params, "x", &error), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_assignment_waits_for_a_slot_at_most),
		cmocka_unit_test(a_burst_on_an_idle_terminal_waits_for_its_grant),
		cmocka_unit_test(constant_assignment_serves_until_more_is_granted),
		cmocka_unit_test(departures_are_those_of_a_terminal_slot_by_slot),
		cmocka_unit_test(managed_queues_send_in_the_same_slots),
		cmocka_unit_test(the_modem_sends_from_the_slot_on),
		cmocka_unit_test(a_request_travels_by_the_channels_delay),
		cmocka_unit_test(times_at_the_edges_stay_in_bounds),
		cmocka_unit_test(more_grants_than_are_remembered_run_together),
		cmocka_unit_test(refusals_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
