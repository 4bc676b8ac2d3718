// SPDX-License-Identifier: BSD-3-Clause
// The live loop alone, over a fake worker and fake ports: when it looks, sleeps, wakes and stops.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dataplane/engine/live.h"

#define DUE_ITEMS 200
#define ARRIVALS  50

// ---- Fake ports ----

// `wait_fd` counts the frames that wait, or they are counted in `waiting` (a port without one).
struct port_device {
	int wait_fd;
	bool broken; // its descriptor reports a fault for ever
	uint64_t waiting;
	uint64_t looked;
	unsigned unsent;
	uint8_t byte;
	const struct live_clock *clock;
	uint64_t received_at_ns; // the end of the last look that found a frame
};

int port_device_wait_fd(const struct port_device *port)
{
	return port->wait_fd;
}

void port_device_measure(struct port_device *port, const struct live_clock *clock,
			 struct histogram *lateness)
{
	(void)port;
	(void)clock;
	(void)lateness;
}

unsigned port_device_receive(struct port_device *port, struct port_frame *frames, unsigned most)
{
	uint64_t count = 0;
	port->looked++;
	if (port->wait_fd < 0) {
		count = port->waiting;
		port->waiting = 0;
	} else if (!port->broken && read(port->wait_fd, &count, sizeof(count)) != sizeof(count)) {
		count = 0;
	}
	assert_true(count <= most);
	for (uint64_t i = 0; i < count; i++)
		frames[i] = (struct port_frame){.bytes = &port->byte, .length = 1};
	if (count > 0)
		port->received_at_ns = live_clock_now_ns(port->clock);
	return (unsigned)count;
}

// None of these knows the time.
const uint64_t *port_device_arrivals(const struct port_device *port)
{
	(void)port;
	return NULL;
}

unsigned port_device_flush(struct port_device *port)
{
	unsigned unsent = port->unsent;
	port->unsent = 0;
	return unsent;
}

// ---- A fake worker ----

struct worker {
	struct live_worker *live;
	struct live_clock *clock;
	uint64_t due[DUE_ITEMS];
	unsigned due_count;
	unsigned done;
	unsigned prepared; // number of the thing that is
	unsigned sent_ahead;
	uint64_t near_ns; // each thing is due so long after it is prepared; 0: as it stands
	bool stop_when_done;
	uint64_t early;    // things handed over before their time, or times that lie ahead
	uint64_t back;     // times that went back
	uint64_t stale;    // frames that were said to have come before they did
	uint64_t intruded; // services called within a sleep
	uint64_t last_ns;
	bool sleeps;
	uint64_t sleep_count;
	uint64_t turns;
	uint64_t turns_most; // stop then; 0: never
	uint64_t arrived;
	uint64_t arrive_stop;
	uint64_t unsent;
	uint32_t unsent_port;
	uint64_t behind_ns; // of the clock, until `behind_turns` are over
	uint64_t behind_turns;
	uint64_t slept_behind;
	uint64_t stamped_wrongly; // arrivals at another instant than the worker's
};

static uint64_t fake_advance(struct worker *worker, uint64_t now_ns)
{
	worker->intruded += worker->sleeps;
	worker->early += now_ns > live_clock_now_ns(worker->clock);
	if (worker->turns < worker->behind_turns)
		now_ns -= worker->behind_ns;
	worker->back += now_ns < worker->last_ns;
	worker->last_ns = now_ns;
	while (worker->done < worker->due_count && worker->due[worker->done] <= now_ns)
		worker->done++;
	if (worker->stop_when_done && worker->done == worker->due_count)
		live_stop(worker->live);
	return now_ns;
}

// One thing at a time is prepared, and may leave from then on; advance sees to the rest.
static void fake_prepare(struct worker *worker, uint64_t now_ns)
{
	worker->intruded += worker->sleeps || now_ns != worker->last_ns;
	worker->prepared = worker->done;
	if (worker->near_ns > 0 && worker->done < worker->due_count)
		worker->due[worker->done] = now_ns + worker->near_ns;
}

static void fake_send(struct worker *worker, uint64_t now_ns)
{
	worker->early += now_ns > live_clock_now_ns(worker->clock);
	if (worker->prepared == worker->done && worker->done < worker->due_count &&
	    worker->due[worker->done] <= now_ns) {
		worker->done++;
		worker->sent_ahead++;
	}
}

static uint64_t fake_next_due_ns(const struct worker *worker)
{
	return worker->done < worker->due_count ? worker->due[worker->done] : UINT64_MAX;
}

static void fake_receive(struct worker *worker, uint32_t port, const struct port_frame *frames,
			 unsigned count, uint64_t at_ns)
{
	worker->intruded += worker->sleeps;
	assert_int_equal(port, 40);
	assert_int_equal(count, 1);
	assert_int_equal(frames[0].length, 1);
	assert_int_equal(frames[0].bytes[0], 0x5a);
	worker->early += at_ns > live_clock_now_ns(worker->clock);
	worker->stale += worker->turns >= worker->behind_turns &&
			 at_ns < worker->live->ports[0]->received_at_ns;
	worker->stamped_wrongly += at_ns != worker->last_ns;
	__atomic_add_fetch(&worker->arrived, 1, __ATOMIC_RELEASE);
	if (worker->arrived == worker->arrive_stop)
		live_stop(worker->live);
}

static void fake_unsent(struct worker *worker, uint32_t port, unsigned frames)
{
	worker->unsent += frames;
	worker->unsent_port = port;
}

static void fake_turn(struct worker *worker, uint64_t now_ns)
{
	worker->intruded += worker->sleeps || now_ns != worker->last_ns;
	worker->turns++;
	if (worker->turns == worker->turns_most)
		live_stop(worker->live);
}

static void fake_before_sleep(struct worker *worker)
{
	worker->intruded += worker->sleeps;
	worker->slept_behind += worker->turns <= worker->behind_turns && worker->behind_turns > 0;
	worker->sleeps = true;
	worker->sleep_count++;
}

static void fake_after_sleep(struct worker *worker)
{
	worker->intruded += !worker->sleeps;
	worker->sleeps = false;
}

static const struct live_services services = {
	.advance = fake_advance,
	.prepare = fake_prepare,
	.send = fake_send,
	.next_due_ns = fake_next_due_ns,
	.receive = fake_receive,
	.unsent = fake_unsent,
	.turn = fake_turn,
	.before_sleep = fake_before_sleep,
	.after_sleep = fake_after_sleep,
};

// ---- The scene ----

static struct live_clock pace;
static struct worker worker;
static struct live_worker live;
static struct port_device port;
static struct port_device *ports[] = {&port};
static const uint32_t numbers[] = {40};

// A loop with one port that waits on `wait_fd`, or none when `port_count` is 0.
static void prepare(unsigned port_count, int wait_fd)
{
	worker = (struct worker){.live = &live, .clock = &pace};
	port = (struct port_device){.wait_fd = wait_fd, .byte = 0x5a, .clock = &pace};
	live = (struct live_worker){
		.worker = &worker,
		.services = &services,
		.ports = ports,
		.port_numbers = numbers,
		.port_count = port_count,
		.clock = &pace,
	};
	assert_int_equal(live_clock_init(&pace), 0);
	assert_int_equal(live_init(&live), 0);
}

static void finish(void)
{
	live_fini(&live);
	if (port.wait_fd >= 0)
		close(port.wait_fd);
	assert_int_equal(worker.early, 0);
	assert_int_equal(worker.back, 0);
	assert_int_equal(worker.stale, 0);
	assert_int_equal(worker.intruded, 0);
	assert_int_equal(worker.stamped_wrongly, 0);
	assert_false(worker.sleeps);
}

static void *run(void *argument)
{
	live_run(argument);
	return NULL;
}

static void all_that_is_due_is_done_and_nothing_before_its_time(void **state)
{
	(void)state;
	prepare(0, -1);
	uint64_t at = live_clock_now_ns(&pace);
	for (unsigned i = 0; i < DUE_ITEMS; i++) {
		at += 1000 + (i * 7919) % 500000; // nearer than a sleep is long, and farther
		worker.due[worker.due_count++] = at;
	}
	worker.stop_when_done = true;
	live_run(&live);
	assert_int_equal(worker.done, DUE_ITEMS);
	assert_true(live_clock_now_ns(&pace) >= at);
	assert_true(worker.sleep_count > 0);
	finish();
}

// So near that the loop waits for each, and what it has prepared leaves at once.
static void what_is_near_is_waited_for(void **state)
{
	(void)state;
	prepare(0, -1);
	live.spin = true;
	for (unsigned i = 0; i < DUE_ITEMS; i++)
		worker.due[worker.due_count++] = UINT64_MAX;
	worker.near_ns = 20;
	worker.stop_when_done = true;
	live_run(&live);
	assert_int_equal(worker.sent_ahead, DUE_ITEMS);
	finish();
}

static void told_to_spin_it_never_sleeps(void **state)
{
	(void)state;
	prepare(0, -1);
	live.spin = true;
	worker.turns_most = 100000;
	live_run(&live);
	assert_int_equal(worker.turns, 100000);
	assert_int_equal(worker.sleep_count, 0);
	finish();
}

static void idle_it_sleeps_once_a_turn(void **state)
{
	(void)state;
	int fd = eventfd(0, EFD_NONBLOCK);
	prepare(1, fd);
	worker.turns_most = 20;
	live_run(&live);
	// The last turn is the one that stops it.
	assert_int_equal(worker.sleep_count, 19);
	finish();
}

static void a_port_that_can_only_be_polled_is_not_polled_without_rest(void **state)
{
	(void)state;
	prepare(1, -1);
	worker.turns_most = 1000;
	live_run(&live);
	assert_int_equal(port.looked, 1000);
	assert_int_equal(worker.sleep_count, 999);
	finish();
}

// A fault that does not go away must not become a busy loop: each look is followed by a rest. The
// read end of a pipe without a writer reports a hang-up for ever.
static void a_broken_port_does_not_keep_it_awake(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	close(ends[1]);
	prepare(1, ends[0]);
	port.broken = true;
	worker.turns_most = 200;
	uint64_t began = live_clock_now_ns(&pace);
	live_run(&live);
	// A lower bound, which no load can break: 199 rests of 50 us, but for rounding.
	assert_true(live_clock_now_ns(&pace) - began >= 199 * 49000ull);
	finish();
}

static void arrivals_end_its_sleep(void **state)
{
	(void)state;
	pthread_t thread;
	prepare(1, eventfd(0, EFD_NONBLOCK));
	// The descriptor is waited on, so a frame ends the sleep whatever its length.
	assert_int_equal(live.wait_count, 2);
	assert_int_equal(live.waits[1].fd, port.wait_fd);
	assert_true(live.waits[1].events & POLLIN);
	assert_true(live.all_wait);
	worker.arrive_stop = ARRIVALS;
	assert_int_equal(pthread_create(&thread, NULL, run, &live), 0);
	for (uint64_t i = 0; i < ARRIVALS; i++) {
		uint64_t one = 1;
		assert_int_equal(write(port.wait_fd, &one, sizeof(one)), sizeof(one));
		while (__atomic_load_n(&worker.arrived, __ATOMIC_ACQUIRE) <= i)
			usleep(100);
	}
	pthread_join(thread, NULL);
	assert_int_equal(worker.arrived, ARRIVALS);
	assert_true(worker.sleep_count > 0);
	finish();
}

static void a_stop_is_honoured_from_outside(void **state)
{
	(void)state;
	pthread_t thread;
	for (int i = 0; i < 20; i++) {
		prepare(0, -1);
		assert_int_equal(pthread_create(&thread, NULL, run, &live), 0);
		usleep((useconds_t)i * 300);
		live_stop(&live);
		pthread_join(thread, NULL); // else the test would not end
		finish();
	}
}

static void a_wake_rings_only_where_somebody_sleeps(void **state)
{
	(void)state;
	prepare(0, -1);
	struct pollfd bell = {.fd = live.wake_fd, .events = POLLIN};
	live_wake(&live);
	assert_int_equal(poll(&bell, 1, 0), 0);
	live.asleep = true;
	live_wake(&live);
	assert_int_equal(poll(&bell, 1, 0), 1);
	assert_int_equal(live.waits[0].fd, live.wake_fd);
	live.asleep = false;
	finish();
}

static void what_a_port_could_not_send_is_reported(void **state)
{
	(void)state;
	prepare(1, -1);
	port.unsent = 3;
	worker.turns_most = 5;
	live_run(&live);
	assert_int_equal(worker.unsent, 3);
	assert_int_equal(worker.unsent_port, 40);
	finish();
}

// A worker that has more to do than it can goes on, at its own time, without a rest.
static void a_worker_that_is_behind_does_not_sleep_and_stamps_by_its_own_time(void **state)
{
	(void)state;
	int fd = eventfd(1, EFD_NONBLOCK);
	prepare(1, fd);
	worker.behind_ns = 1000;
	worker.behind_turns = 100;
	worker.turns_most = 110;
	while (live_clock_now_ns(&pace) < worker.behind_ns)
		; // the clock begins at 0
	live_run(&live);
	assert_true(worker.arrived > 0);
	assert_int_equal(worker.slept_behind, 0);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_due_is_done_and_nothing_before_its_time),
		cmocka_unit_test(what_is_near_is_waited_for),
		cmocka_unit_test(told_to_spin_it_never_sleeps),
		cmocka_unit_test(idle_it_sleeps_once_a_turn),
		cmocka_unit_test(a_port_that_can_only_be_polled_is_not_polled_without_rest),
		cmocka_unit_test(a_broken_port_does_not_keep_it_awake),
		cmocka_unit_test(arrivals_end_its_sleep),
		cmocka_unit_test(a_stop_is_honoured_from_outside),
		cmocka_unit_test(a_wake_rings_only_where_somebody_sleeps),
		cmocka_unit_test(what_a_port_could_not_send_is_reported),
		cmocka_unit_test(a_worker_that_is_behind_does_not_sleep_and_stamps_by_its_own_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
