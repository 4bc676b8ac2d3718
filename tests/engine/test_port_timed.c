// SPDX-License-Identifier: BSD-3-Clause
// Ports whose devices know the time, on a card made for it. Alone, in a time of the test's own:
// what is asked of the card, and what its stamps become. In the whole engine: packets are handed
// over before they are due, never early, and plans keep their word.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/engine/clock.h"
#include "dataplane/engine/eal.h"
#include "dataplane/engine/engine.h"
#include "dataplane/engine/port.h"
#include "tests/engine/lab_plan.h"
#include "tests/engine/timed_device.h"

#define MS     1000000ull
#define FRAMES 2000

// ---- The test's own time ----

static uint64_t invented_ns = 1000 * MS;
static bool invents;

uint64_t __real_live_clock_now_slow(const struct live_clock *clock);
uint64_t __wrap_live_clock_now_slow(const struct live_clock *clock);
int __real_clock_nanosleep(clockid_t id, int flags, const struct timespec *rest,
			   struct timespec *left);
int __wrap_clock_nanosleep(clockid_t id, int flags, const struct timespec *rest,
			   struct timespec *left);

// Each look takes 50 ns.
uint64_t __wrap_live_clock_now_slow(const struct live_clock *clock)
{
	return invents ? (invented_ns += 50) : __real_live_clock_now_slow(clock);
}

int __wrap_clock_nanosleep(clockid_t id, int flags, const struct timespec *rest,
			   struct timespec *left)
{
	if (!invents)
		return __real_clock_nanosleep(id, flags, rest, left);
	invented_ns += (uint64_t)rest->tv_nsec;
	return 0;
}

// The card's own look at it takes 50 ns, too.
static uint64_t invented_now(void *context)
{
	(void)context;
	return invented_ns += 50;
}

// ---- A port alone ----

static const struct timed_clock laws[] = {
	{1000000000, 37000, 1700000000000000000ull, TIMED_GOOD},
	{156250000, -20000, 99, TIMED_GOOD},
};
static const struct live_clock lab_clock; // without a counter: the slow way, which is ours
static struct histogram lateness;

static struct port_device *open_card(const struct timed_clock *law)
{
	struct engine_device wanted = {.name = "lux", .device = "net_null9"};
	struct error error = {0};
	struct port_device *port;

	invents = true;
	timed_device_reset(9, law, invented_now, NULL);
	port = port_device_open(1, &wanted, &error);
	if (port == NULL)
		print_error("%s: %s\n", error.where, error.what);
	assert_non_null(port);
	histogram_reset(&lateness);
	port_device_begin_timing(port, &lab_clock);
	port_device_measure(port, &lab_clock, &lateness);
	return port;
}

static void queue(struct port_device *port, uint8_t number, uint64_t due_at_ns)
{
	uint8_t bytes[60] = {0};

	bytes[59] = number;
	assert_true(port_device_queue(port, bytes, sizeof(bytes), due_at_ns));
}

static struct engine_port_timing timing_of(const struct port_device *port)
{
	struct engine_port_timing timing;

	port_device_timing(port, &timing);
	return timing;
}

static void a_card_is_asked_for_what_it_offers(void **state)
{
	(void)state;
	for (unsigned offer = 0; offer < 4; offer++) {
		bool pacing, stamps;

		timed_device_offer(offer & 1, offer & 2);
		struct port_device *port = open_card(&laws[0]);
		assert_true(timed_device_was_asked(9, &pacing, &stamps));
		assert_int_equal(pacing, offer & 1);
		assert_int_equal(stamps, (offer & 2) != 0);
		assert_int_equal(port_device_is_paced(port), offer & 1);
		assert_int_equal(port_device_arrivals(port) != NULL, (offer & 2) != 0);
		assert_int_equal(timing_of(port).paces, offer & 1);
		assert_int_equal(timing_of(port).stamps, (offer & 2) != 0);
		assert_string_equal(port_device_warning(port), "");
		// Without a time to go by, a frame is an ordinary one.
		struct timed_frame sent[1];
		queue(port, 1, invented_ns + MS);
		port_device_flush(port);
		assert_int_equal(timed_device_sent(9, sent, 1), 1);
		assert_int_equal(sent[0].timed, offer & 1);
		port_device_close(port);
	}
	timed_device_offer(true, true);
}

static void frames_are_given_their_time_by_the_cards_clock_and_never_an_earlier_one(void **state)
{
	(void)state;
	for (unsigned l = 0; l < 2; l++) {
		struct port_device *port = open_card(&laws[l]);
		struct timed_frame sent[PORT_BURST];
		uint64_t last = 0, tick_ns = 1 + 1000000000 / laws[l].hz;

		for (unsigned turn = 0; turn < 300; turn++) { // thirty seconds
			unsigned before = timed_device_sent(9, sent, 0);
			uint64_t due_ns[8];
			struct timed_frame all[FRAMES * 2];

			for (unsigned i = 0; i < 8; i++) {
				due_ns[i] = invented_ns + 40000 + i * 333;
				queue(port, (uint8_t)i, due_ns[i]);
			}
			assert_int_equal(port_device_flush(port), 0);
			assert_int_equal(timed_device_sent(9, all, FRAMES * 2), before + 8);
			for (unsigned i = 0; i < 8; i++) {
				const struct timed_frame *frame = &all[before + i];
				uint64_t leaves_ns = timed_device_instant(9, frame->ticks);

				assert_int_equal(frame->number, i);
				assert_true(frame->timed);
				assert_true(frame->ticks >= last);
				last = frame->ticks;
				assert_true(leaves_ns >= due_ns[i]);
				assert_true(leaves_ns <= due_ns[i] + 2 * timing_of(port).error_ns +
								 2 * tick_ns + 20);
			}
			invented_ns += 100 * MS;
			port_device_steer(port);
		}
		assert_int_equal(timing_of(port).handed_in_time, 2400);
		assert_int_equal(timing_of(port).handed_late, 0);
		assert_int_equal(lateness.count, 0); // when they left is not known here
		assert_true(timing_of(port).error_ns < 500);
		port_device_close(port);
	}
}

static void what_is_due_already_goes_at_once_and_counts_as_late(void **state)
{
	(void)state;
	struct port_device *port = open_card(&laws[0]);
	struct timed_frame sent[4];
	uint64_t now_ns = invented_ns;

	queue(port, 0, now_ns - 5000);
	queue(port, 1, now_ns + 40000);
	queue(port, 2, now_ns + 10000); // waits in the card behind the one that is due later
	queue(port, 3, now_ns + 40000);
	assert_int_equal(port_device_flush(port), 0);
	assert_int_equal(timed_device_sent(9, sent, 4), 4);
	assert_false(sent[0].timed);
	assert_true(sent[1].timed && sent[2].timed && sent[3].timed);
	assert_true(sent[2].ticks >= sent[1].ticks && sent[3].ticks >= sent[2].ticks);
	assert_int_equal(timing_of(port).handed_in_time, 2);
	assert_int_equal(timing_of(port).handed_late, 2);
	assert_int_equal(lateness.count, 2);
	assert_true(lateness.minimum >= 5000 && lateness.minimum < 6000);
	assert_int_equal(lateness.maximum, 30000);
	port_device_close(port);
}

static void it_holds_no_more_frames_ahead_than_half_its_queue(void **state)
{
	(void)state;
	struct port_device *port = open_card(&laws[0]);
	uint64_t due_ns = invented_ns + 100 * MS;
	unsigned count = 0;

	while (port_device_takes_ahead(port, invented_ns)) {
		for (unsigned i = 0; i < PORT_BURST; i++, count++)
			queue(port, 0, due_ns);
		assert_true(count <= 512);
	}
	assert_int_equal(count, 512);
	assert_false(port_device_takes_ahead(port, due_ns - 1));
	assert_true(port_device_takes_ahead(port, due_ns));
	port_device_close(port);
}

static void what_the_card_does_not_take_is_told_and_given_back(void **state)
{
	(void)state;
	struct port_device *port = open_card(&laws[0]);

	timed_device_refuse(9, true);
	for (unsigned i = 0; i < 20000; i++) { // more than there are buffers
		queue(port, 0, invented_ns + 40000);
		assert_int_equal(port_device_flush(port), 1);
	}
	assert_int_equal(timing_of(port).handed_in_time + timing_of(port).handed_late, 0);
	assert_int_equal(lateness.count, 0);
	timed_device_refuse(9, false);
	port_device_close(port);
}

static void arrivals_are_the_cards_but_never_ahead_of_now_nor_of_the_frame_before(void **state)
{
	(void)state;
	for (unsigned l = 0; l < 2; l++) {
		struct port_device *port = open_card(&laws[l]);
		struct port_frame frames[PORT_BURST];
		const uint64_t *at_ns = port_device_arrivals(port);
		uint64_t came_ns = invented_ns + 1000, tick_ns = 1 + 1000000000 / laws[l].hz;

		invented_ns += 90 * MS;
		port_device_steer(port);
		invented_ns += 10 * MS;
		for (uint8_t i = 0; i < 4; i++) // 0 .. 3, 10 ms apart
			timed_device_put(9, i, true, timed_device_ticks(9, came_ns + i * 10 * MS));
		timed_device_put(9, 4, true, timed_device_ticks(9, came_ns + 20 * MS)); // back
		timed_device_put(9, 5, true, timed_device_ticks(9, invented_ns + MS));  // ahead
		timed_device_put(9, 6, false, 0);
		timed_device_put(9, 7, true, 1); // nonsense
		assert_int_equal(port_device_receive(port, frames, PORT_BURST), 8);
		for (unsigned i = 0; i < 4; i++) {
			uint64_t exact_ns = came_ns + i * 10 * MS;

			assert_int_equal(frames[i].bytes[59], i);
			assert_true(at_ns[i] + tick_ns >= exact_ns);
			assert_true(at_ns[i] <= exact_ns + 2 * timing_of(port).error_ns + 20);
		}
		assert_int_equal(at_ns[4], at_ns[3]);
		for (unsigned i = 5; i < 8; i++) {
			assert_true(at_ns[i] > invented_ns - 1000);
			assert_true(at_ns[i] <= invented_ns);
		}
		assert_int_equal(timing_of(port).stamped, 5);
		assert_int_equal(timing_of(port).unstamped, 3);
		port_device_close(port);
	}
}

static void a_clock_that_is_of_no_use_is_not_used_and_the_port_says_so(void **state)
{
	static const struct {
		enum timed_fault fault;
		const char *words;
	} faults[] = {{TIMED_UNREADABLE, "cannot be read"},
		      {TIMED_STANDS, "stands still"},
		      {TIMED_LIMPS, "runs unevenly"}};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct timed_clock law = laws[0];
		struct timed_frame sent[1];
		struct port_frame frames[1];

		law.fault = faults[i].fault;
		struct port_device *port = open_card(&law);
		assert_non_null(strstr(port_device_warning(port), faults[i].words));
		assert_false(port_device_is_paced(port));
		assert_null(port_device_arrivals(port));
		queue(port, 1, invented_ns - 700);
		port_device_flush(port);
		assert_int_equal(timed_device_sent(9, sent, 1), 1);
		assert_false(sent[0].timed);
		assert_int_equal(lateness.count, 1); // as on any port
		assert_true(lateness.minimum >= 700);
		timed_device_put(9, 1, true, 5);
		assert_int_equal(port_device_receive(port, frames, 1), 1);
		port_device_steer(port);
		port_device_close(port);
	}
}

// ---- The whole engine, on the real clock ----

static struct engine *engine;
static const struct live_clock *engine_clock; // as soon as it runs

int __real_live_clock_init(struct live_clock *clock);
int __wrap_live_clock_init(struct live_clock *clock);

int __wrap_live_clock_init(struct live_clock *clock)
{
	int code = __real_live_clock_init(clock);

	engine_clock = clock;
	return code;
}

static uint64_t engine_now(void *context)
{
	(void)context;
	return engine_clock ? live_clock_now_ns(engine_clock) : 0;
}

// A running lab with the two cards as its ports.
static struct plan *start_plan(struct plan *plan, bool spin)
{
	struct engine_options options = {
		.clock = ENGINE_LIVE, .workers = 1, .spin = spin, .instance = "test"};
	struct error error = {0};

	invents = false;
	engine_clock = NULL;
	for (unsigned unit = 8; unit < 10; unit++)
		timed_device_reset(unit, &laws[unit - 8], engine_now, NULL);
	engine = engine_create(&options, &error);
	assert_non_null(engine);
	for (uint32_t i = 0; i < 2; i++) {
		struct engine_device device = {.name = i ? "redu" : "lux",
					       .device = i ? "net_null9" : "net_null8"};

		assert_int_equal(engine_port_device(engine, i, &device, &error), 0);
	}
	assert_int_equal(engine_publish(engine, plan, &error), 0);
	assert_int_equal(engine_start(engine, &error), 0);
	assert_int_equal(engine_port_accuracy(engine, 1), ENGINE_HARDWARE);
	return plan;
}

static struct plan *start(uint64_t delay_ns, bool spin)
{
	return start_plan(plan_of_wire(delay_ns), spin);
}

static void rest_us(unsigned us)
{
	struct timespec pause = {.tv_nsec = (long)us * 1000};

	nanosleep(&pause, NULL);
}

// Comes in at the first card now, which stamps it. Gives that instant, a tick early at most.
static uint64_t put(uint8_t number)
{
	uint64_t now_ns = engine_now_ns(engine);

	timed_device_put(8, number, true, timed_device_ticks(8, now_ns));
	return now_ns;
}

// Until the far card has as many, or for a second.
static unsigned await_sent(struct timed_frame *sent, unsigned count)
{
	unsigned there = 0;

	for (unsigned i = 0; i < 1000 && there < count; i++) {
		there = timed_device_sent(9, sent, FRAMES);
		rest_us(1000);
	}
	return there;
}

// A wire or a path over three routers, either of 2 ms. True when some were handed over in time: on
// a busy machine the worker may be away all the while.
static bool hand_over_ahead(bool routed, bool spin)
{
	static struct timed_frame sent[FRAMES];
	static uint64_t came_ns[FRAMES];
	struct engine_port_timing in, out;
	unsigned ahead = 0;

	start_plan(routed ? plan_of_chain(3, MS, 0) : plan_of_wire(2 * MS), spin);
	for (unsigned i = 0; i < 200; i++) {
		came_ns[i] = put((uint8_t)i);
		rest_us(200);
	}
	assert_int_equal(await_sent(sent, 200), 200);
	engine_stop(engine);
	for (unsigned i = 0; i < 200; i++) {
		uint64_t leaves_ns = sent[i].timed ? timed_device_instant(9, sent[i].ticks)
						   : sent[i].taken_at_ns;

		assert_int_equal(sent[i].number, (uint8_t)i);
		// The stamp is of a tick that may have begun a nanosecond before.
		assert_true(leaves_ns + 2 >= came_ns[i] + 2 * MS);
		ahead += sent[i].timed && sent[i].taken_at_ns <= leaves_ns;
	}
	engine_port_timing(engine, 0, &in);
	engine_port_timing(engine, 1, &out);
	assert_int_equal(in.stamped + in.unstamped, 200);
	assert_int_equal(out.handed_in_time + out.handed_late, 200);
	assert_true(ahead >= out.handed_in_time);
	engine_destroy(engine);
	return in.stamped > 0 && out.handed_in_time > 0;
}

static void frames_are_handed_over_ahead_and_none_leaves_early(bool routed)
{
	for (unsigned spin = 0; spin < 2; spin++) {
		bool done = false;

		for (unsigned round = 0; round < 20 && !done; round++)
			done = hand_over_ahead(routed, spin);
		assert_true(done);
	}
}

static void a_wire_hands_frames_over_ahead_and_none_leaves_early(void **state)
{
	(void)state;
	frames_are_handed_over_ahead_and_none_leaves_early(false);
}

static void so_does_the_last_site_of_a_path(void **state)
{
	(void)state;
	frames_are_handed_over_ahead_and_none_leaves_early(true);
}

// Without delay there is nothing to look ahead in: the loop paces, as elsewhere.
static void a_wire_without_delay_works_all_the_same(void **state)
{
	static struct timed_frame sent[FRAMES];

	(void)state;
	start(0, false);
	for (unsigned i = 0; i < 50; i++) {
		put((uint8_t)i);
		rest_us(100);
	}
	assert_int_equal(await_sent(sent, 50), 50);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(sent[i].number, i);
	engine_destroy(engine);
}

// A fibre is severed at an instant that has passed, which means now: what is due before that
// leaves, handed over or not, and nothing else.
static void cut(bool routed, bool spin)
{
	static struct timed_frame sent[FRAMES];
	static uint64_t came_ns[FRAMES];
	struct plan *plan =
		start_plan(routed ? plan_of_chain(3, 3 * MS / 2, 0) : plan_of_wire(3 * MS), spin);
	struct plan *next = plan_copy(plan);
	struct engine_channel_counters counters;
	struct error error = {0};
	uint32_t last = routed ? 2 : 0;
	unsigned count;

	for (unsigned i = 0; i < 100; i++) {
		came_ns[i] = put((uint8_t)i);
		rest_us(50);
	}
	next->touched = calloc(1, sizeof(*next->touched));
	next->touched[0] = (struct plan_touched){.channel = last, .inflight = PLAN_CUT};
	next->touched_count = 1;
	next->channels[last].params.carrier = false;
	next->valid_from_ns = engine_now_ns(engine);
	assert_int_equal(engine_publish(engine, next, &error), 0);
	for (unsigned i = 0; i < 1000; i++) {
		engine_channel_read(engine, last, &counters);
		if (counters.entered == 100)
			break;
		rest_us(1000);
	}
	engine_stop(engine);
	count = timed_device_sent(9, sent, FRAMES);
	engine_channel_read(engine, last, &counters);
	assert_int_equal(counters.entered, 100);
	assert_int_equal(counters.delivered, count);
	assert_int_equal(counters.lost[DROP_CUT] + counters.lost[DROP_CARRIER], 100 - count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(sent[i].number, i);
		assert_true(came_ns[i] + 3 * MS < next->valid_from_ns + 2);
	}
	engine_destroy(engine);
}

static void a_cut_takes_nothing_that_was_handed_over_and_all_else(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 12; round++)
		cut(round & 2, round & 1);
}

// What is due behind it is not handed over before it, so it need not wait for that.
static void a_plan_that_is_known_in_time_keeps_its_instant(void **state)
{
	struct error error = {0};

	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		struct plan *plan = start(4 * MS, false), *next = plan_copy(plan);
		uint64_t asked_ns;

		for (unsigned i = 0; i < 100; i++) {
			put((uint8_t)i);
			rest_us(10);
		}
		asked_ns = engine_now_ns(engine) + 2 * MS;
		next->valid_from_ns = asked_ns;
		assert_int_equal(engine_publish(engine, next, &error), 0);
		// Before it only when the worker is behind.
		assert_true(next->valid_from_ns <= asked_ns);
		engine_destroy(engine);
	}
}

// Its pace is known the better the longer it is followed.
static void a_cards_clock_is_followed_while_the_lab_runs(void **state)
{
	struct engine_port_timing first, later;

	(void)state;
	start(MS, false);
	engine_port_timing(engine, 1, &first);
	for (unsigned i = 0; i < 100; i++) {
		rest_us(100000);
		engine_port_timing(engine, 1, &later);
		if (later.error_ns < first.error_ns / 2)
			break;
	}
	assert_true(later.error_ns < first.error_ns / 2);
	assert_true(later.clock_hz > laws[1].hz - laws[1].hz / 5000);
	assert_true(later.clock_hz < laws[1].hz + laws[1].hz / 5000);
	engine_destroy(engine);
}

static int begin(void **state)
{
	struct eal_options options = {.instance = "test", .workers = 1, .live = true};
	struct error error = {0};

	(void)state;
	return eal_start(&options, &error) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_is_asked_for_what_it_offers),
		cmocka_unit_test(
			frames_are_given_their_time_by_the_cards_clock_and_never_an_earlier_one),
		cmocka_unit_test(what_is_due_already_goes_at_once_and_counts_as_late),
		cmocka_unit_test(it_holds_no_more_frames_ahead_than_half_its_queue),
		cmocka_unit_test(what_the_card_does_not_take_is_told_and_given_back),
		cmocka_unit_test(
			arrivals_are_the_cards_but_never_ahead_of_now_nor_of_the_frame_before),
		cmocka_unit_test(a_clock_that_is_of_no_use_is_not_used_and_the_port_says_so),
		cmocka_unit_test(a_wire_hands_frames_over_ahead_and_none_leaves_early),
		cmocka_unit_test(so_does_the_last_site_of_a_path),
		cmocka_unit_test(a_wire_without_delay_works_all_the_same),
		cmocka_unit_test(a_cut_takes_nothing_that_was_handed_over_and_all_else),
		cmocka_unit_test(a_plan_that_is_known_in_time_keeps_its_instant),
		cmocka_unit_test(a_cards_clock_is_followed_while_the_lab_runs),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}
