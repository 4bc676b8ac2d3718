// SPDX-License-Identifier: BSD-3-Clause
// The live clock: one worker's thread, its devices, and plans that reach it by RCU.
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <urcu/urcu-qsbr.h>

#include "dataplane/engine/ahead.h"
#include "dataplane/engine/core.h"
#include "dataplane/engine/eal.h"
#include "dataplane/engine/live.h"
#include "dataplane/engine/port.h"

#define TICK_NS         UINT64_C(100000000)
#define PORT_TICK_NS    UINT64_C(1000000000)
#define SLICE_NS        UINT64_C(100000)   // done at a time when the worker is behind
#define TURN_NS         UINT64_C(10000000) // and after this long, ports and control have a turn
#define PUBLISH_POLL_NS 20000
#define PUBLISH_NEAR_NS 200000  // control no longer sleeps when a plan's instant is so near
#define PUBLISH_SPIN_NS 1000000 // and gives up its turns for so long after it, then sleeps
#define DRAIN_BURSTS    64

struct engine_live {
	struct live_clock clock;
	struct live_worker loop;
	struct ahead ahead;
	struct port_device **devices;
	uint32_t *numbers;
	struct histogram lateness;
	pthread_t thread;
	uint64_t port_tick_at_ns; // the worker's, as is the next
	uint64_t steer_at_ns;
	bool runs;
	const struct plan *adopted; // atomic: the plan that the worker runs
	struct plan *retired;       // what it replaced; valid when adopted has changed
};

// ---- The worker's thread ----

// As rcu_dereference and rcu_assign_pointer, in words that the compiler's sanitiser knows, too.
static struct plan *published(const struct engine *engine)
{
	return __atomic_load_n(&engine->published, __ATOMIC_ACQUIRE);
}

// A published plan whose instant lies at or before until_ns takes over, after all that was due
// before it, or was handed over before it was due.
static void adopt(struct worker *worker, uint64_t until_ns)
{
	struct engine *engine = worker->engine;
	struct plan *next = published(engine);

	if (next == worker->plan || next->valid_from_ns > until_ns)
		return;
	if (next->valid_from_ns < engine->now_ns)
		next->valid_from_ns = engine->now_ns; // an instant that has passed means now
	if (__builtin_expect(next->valid_from_ns <= engine->live->ahead.handed_ns, 0)) {
		next->valid_from_ns = engine->live->ahead.handed_ns + 1;
		if (next->valid_from_ns > until_ns)
			return;
	}
	ready_drop(worker);
	core_advance(worker, next->valid_from_ns);
	engine->pending = next;
	engine->live->retired = takeover(engine);
	__atomic_store_n(&engine->live->adopted, next, __ATOMIC_RELEASE);
}

// The worker is behind the clock: a plan whose instant has come by the clock takes over where the
// worker is, as control waits for it.
static void adopt_behind(struct worker *worker, uint64_t now_ns)
{
	struct engine *engine = worker->engine;
	struct plan *next = published(engine);

	if (next == worker->plan || next->valid_from_ns > now_ns)
		return;
	if (next->valid_from_ns > engine->now_ns)
		next->valid_from_ns = engine->now_ns;
	adopt(worker, engine->now_ns);
}

// What is handed over has left: it is released before anything is decided.
static void end_sent(struct worker *worker)
{
	struct engine *engine = worker->engine;
	uint64_t due_ns = ready_sent_due_ns(&worker->ready);

	if (due_ns == 0)
		return;
	core_advance(worker, due_ns + 1);
	ready_settle(worker, due_ns);
	if (due_ns > engine->now_ns)
		engine->now_ns = due_ns;
}

static void live_send(struct worker *worker, uint64_t now_ns)
{
	const struct plan *next = published(worker->engine);

	if (next != worker->plan && next->valid_from_ns <= now_ns)
		return;
	ready_send(worker, now_ns);
	// A site's outlook holds for now; a wire's packets have no more to do.
	if (worker->ready.routed && worker->ready.sent) {
		uint64_t due_ns = ready_sent_due_ns(&worker->ready);

		core_release(worker, worker->ready.channel, due_ns + 1);
		ready_settle(worker, due_ns);
	}
}

// Packets for ports that send at a time: all that is due is done.
__attribute__((noinline)) static void hand_over(struct worker *worker, uint64_t now_ns)
{
	struct plan *next = published(worker->engine);

	ahead_hand_over(&worker->engine->live->ahead, worker, now_ns,
			next == worker->plan ? UINT64_MAX : next->valid_from_ns);
}

// In slices, and for a while only: a worker that is given more than it can do would else fall
// behind in one turn that never ends, deaf to its ports, to plans and to being stopped.
static uint64_t live_advance(struct worker *worker, uint64_t now_ns)
{
	struct engine *engine = worker->engine;
	const struct live_clock *clock = &engine->live->clock;
	uint64_t enough_ns = now_ns + TURN_NS;

	end_sent(worker);
	for (;;) {
		uint64_t next_ns = agenda_next_ns(&worker->agenda);
		uint64_t until_ns = now_ns;

		if (next_ns < now_ns && now_ns - next_ns > SLICE_NS)
			until_ns = next_ns + SLICE_NS;
		if (until_ns < engine->now_ns)
			until_ns = engine->now_ns;
		adopt(worker, until_ns);
		ready_send(worker, until_ns);
		core_advance(worker, until_ns + 1);
		ready_settle(worker, until_ns);
		engine->now_ns = until_ns;
		if (until_ns >= now_ns) {
			if (__builtin_expect(engine->live->ahead.any, 0))
				hand_over(worker, now_ns);
			return now_ns;
		}
		if (live_clock_now_ns(clock) > enough_ns)
			break;
	}
	adopt_behind(worker, now_ns);
	return engine->now_ns;
}

static uint64_t live_next_due_ns(const struct worker *worker)
{
	const struct plan *next = published(worker->engine);
	uint64_t due_ns = agenda_next_ns(&worker->agenda);
	const struct ahead *ahead = &worker->engine->live->ahead;

	if (__builtin_expect(ahead->any, 0)) {
		// The engine's own first worker, as no other is live.
		uint64_t ahead_ns = ahead_next_ns(ahead, &worker->engine->workers[0]);

		due_ns = ahead_ns < due_ns ? ahead_ns : due_ns;
	}
	if (next != worker->plan && next->valid_from_ns < due_ns)
		return next->valid_from_ns;
	return due_ns;
}

// By their stamps, those of one instant together. What is due before a frame is done before it,
// where its stamp does not do without.
static void live_receive_stamped(struct worker *worker, uint32_t port,
				 const struct port_frame *frames, const uint64_t *at_ns,
				 unsigned count)
{
	struct ahead *ahead = &worker->engine->live->ahead;
	bool at_stamp = ahead_enters_at_stamp(worker, port);

	end_sent(worker);
	for (unsigned i = 0, same; i < count; i += same) {
		uint64_t enters_ns = at_ns[i];

		for (same = 1; i + same < count && at_ns[i + same] == at_ns[i]; same++)
			;
		if (enters_ns < worker->plan->valid_from_ns)
			enters_ns = worker->plan->valid_from_ns;
		if (!at_stamp)
			enters_ns = live_advance(worker, enters_ns > worker->engine->now_ns
								 ? enters_ns
								 : worker->engine->now_ns);
		if (enters_ns < ahead->received_ns[port])
			enters_ns = ahead->received_ns[port];
		ahead->received_ns[port] = enters_ns;
		core_receive_burst(worker, port, frames + i, same, enters_ns);
	}
}

static void live_unsent(struct worker *worker, uint32_t port, unsigned frames)
{
	worker->ports[port].sent -= frames;
	worker->ports[port].lost[DROP_PORT] += frames;
}

static void tick_ports(struct engine_live *live, uint64_t now_ns)
{
	if (now_ns < live->port_tick_at_ns)
		return;
	live->port_tick_at_ns = now_ns + PORT_TICK_NS;
	for (unsigned i = 0; i < live->loop.port_count; i++)
		port_device_tick(live->devices[i]);
}

// By the clock itself, which a worker that is behind does not follow: as the loop has read it in
// this turn, since each further look would make all turns longer by a third.
static void steer_clock(struct engine_live *live)
{
	uint64_t now_ns = live->loop.now_ns;

	if (now_ns < live->steer_at_ns)
		return;
	live->steer_at_ns = now_ns + TICK_NS;
	live_clock_adjust(&live->clock);
	for (unsigned i = 0; i < live->loop.port_count; i++)
		port_device_steer(live->devices[i]);
}

static void live_turn(struct worker *worker, uint64_t now_ns)
{
	struct engine_live *live = worker->engine->live;

	urcu_qsbr_quiescent_state();
	steer_clock(live);
	if (now_ns < worker->tick_at_ns)
		return;
	worker->tick_at_ns = now_ns + TICK_NS;
	for (uint32_t site = 0; site < worker->plan->site_count; site++)
		site_tick(worker, site, now_ns);
	tick_ports(live, now_ns);
}

static void live_before_sleep(struct worker *worker)
{
	(void)worker;
	urcu_qsbr_thread_offline();
}

static void live_after_sleep(struct worker *worker)
{
	(void)worker;
	urcu_qsbr_thread_online();
}

static const struct live_services services = {
	.advance = live_advance,
	.prepare = ready_prepare,
	.send = live_send,
	.next_due_ns = live_next_due_ns,
	.receive = core_receive_burst,
	.receive_stamped = live_receive_stamped,
	.unsent = live_unsent,
	.turn = live_turn,
	.before_sleep = live_before_sleep,
	.after_sleep = live_after_sleep,
};

static void *run_worker(void *argument)
{
	struct engine_live *live = argument;

	eal_register_thread();
	urcu_qsbr_register_thread();
	live_run(&live->loop);
	end_sent(live->loop.worker); // the next run's clock begins anew
	ready_drop(live->loop.worker);
	urcu_qsbr_unregister_thread();
	eal_unregister_thread();
	return NULL;
}

// ---- Control's thread ----

int core_live_create(struct engine *engine, struct error *error)
{
	engine->live = calloc(1, sizeof(*engine->live));
	if (!engine->live)
		return error_set(error, -ENOMEM, "engine", "no memory for the live loop");
	histogram_reset(&engine->live->lateness);
	return 0;
}

void core_live_destroy(struct engine *engine)
{
	if (!engine->live)
		return;
	engine_stop(engine);
	ahead_fini(&engine->live->ahead);
	free(engine->live->devices);
	free(engine->live->numbers);
	free(engine->live);
	engine->live = NULL;
}

bool core_live_runs(const struct engine *engine)
{
	return engine->live && engine->live->runs;
}

// A worker that spins takes the last core, and leaves the others to all else. One that sleeps is
// better left to the scheduler: woken, it finds the core that is free, and labs do not meet on one.
static void choose_core(pthread_t thread)
{
	cpu_set_t allowed, chosen;
	int last = -1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) || CPU_COUNT(&allowed) < 2)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &allowed))
			last = cpu;
	}
	CPU_ZERO(&chosen);
	CPU_SET(last, &chosen);
	pthread_setaffinity_np(thread, sizeof(chosen), &chosen);
}

// What has come before the clock begins belongs to no run: a tap that was up for a moment before it
// moved to its namespace may hold a word of this one's kernel.
static void drain(struct port_device *device)
{
	struct port_frame frames[PORT_BURST];

	for (unsigned i = 0; i < DRAIN_BURSTS; i++) {
		if (port_device_receive(device, frames, PORT_BURST) == 0)
			break;
	}
}

static int collect_devices(struct engine *engine)
{
	struct engine_live *live = engine->live;
	unsigned count = 0;

	free(live->devices);
	free(live->numbers);
	ahead_fini(&live->ahead);
	live->devices = calloc(engine->port_count + 1, sizeof(struct port_device *));
	live->numbers = calloc(engine->port_count + 1, sizeof(*live->numbers));
	if (!live->devices || !live->numbers)
		return -ENOMEM;
	for (uint32_t i = 0; i < engine->port_count; i++) {
		if (!engine->ports[i].device)
			continue;
		drain(engine->ports[i].device);
		port_device_begin_timing(engine->ports[i].device, &live->clock);
		port_device_measure(engine->ports[i].device, &live->clock, &live->lateness);
		live->devices[count] = engine->ports[i].device;
		live->numbers[count++] = i;
	}
	live->loop = (struct live_worker){
		.worker = &engine->workers[0],
		.services = &services,
		.ports = live->devices,
		.port_numbers = live->numbers,
		.port_count = count,
		.clock = &live->clock,
		.spin = engine->options.spin,
		.lateness = &live->lateness,
	};
	return ahead_init(&live->ahead, engine);
}

int engine_start(struct engine *engine, struct error *error)
{
	struct engine_live *live = engine->live;
	int rc;

	if (!live || live->runs || !engine->plan)
		return error_set(error, -EINVAL, "engine",
				 "start needs a live engine that stands still and has a plan");
	rc = live_clock_init(&live->clock);
	if (rc == 0)
		rc = collect_devices(engine);
	if (rc == 0)
		rc = live_init(&live->loop);
	if (rc)
		return error_set(error, rc, "engine", "the live loop cannot start: %s",
				 strerror(-rc));
	engine->published = engine->plan;
	engine->workers[0].tick_at_ns = 0; // the clock begins anew
	engine->now_ns = 0;
	live->port_tick_at_ns = 0;
	live->steer_at_ns = 0;
	live->adopted = engine->plan;
	rc = pthread_create(&live->thread, NULL, run_worker, live);
	if (rc) {
		live_fini(&live->loop);
		return error_set(error, -rc, "engine", "cannot start the worker's thread: %s",
				 strerror(rc));
	}
	if (engine->options.spin)
		choose_core(live->thread);
	live->runs = true;
	return 0;
}

void engine_stop(struct engine *engine)
{
	struct engine_live *live = engine->live;

	if (!live || !live->runs)
		return;
	live_stop(&live->loop);
	pthread_join(live->thread, NULL);
	live_fini(&live->loop);
	live->runs = false;
}

static void pause_for(uint64_t length_ns)
{
	const struct timespec length = {.tv_sec = (time_t)(length_ns / 1000000000),
					.tv_nsec = (long)(length_ns % 1000000000)};

	nanosleep(&length, NULL);
}

// On a machine with much to do even a short sleep ends milliseconds late: near the instant control
// only gives up its turn, for a while.
static void await_adoption(const struct engine_live *live, const struct plan *plan, uint64_t at_ns)
{
	while (__atomic_load_n(&live->adopted, __ATOMIC_ACQUIRE) != plan) {
		uint64_t now_ns = live_clock_now_ns(&live->clock);

		if (now_ns + PUBLISH_NEAR_NS < at_ns)
			pause_for(at_ns - PUBLISH_NEAR_NS - now_ns);
		else if (now_ns < at_ns + PUBLISH_SPIN_NS)
			sched_yield();
		else
			pause_for(PUBLISH_POLL_NS);
	}
}

void core_live_publish(struct engine *engine, struct plan *plan)
{
	struct engine_live *live = engine->live;
	uint64_t at_ns = plan->valid_from_ns; // the worker may move it to its own now
	uint64_t now_ns = live_clock_now_ns(&live->clock);

	__atomic_store_n(&engine->published, plan, __ATOMIC_RELEASE);
	live_wake(&live->loop);
	await_adoption(live, plan, at_ns > now_ns ? at_ns : now_ns);
	urcu_qsbr_synchronize_rcu();
	plan_free(live->retired);
	live->retired = NULL;
}

uint64_t engine_now_ns(const struct engine *engine)
{
	if (core_live_runs(engine))
		return live_clock_now_ns(&engine->live->clock);
	return engine->now_ns;
}

uint64_t engine_epoch_ns(const struct engine *engine)
{
	return engine->live ? live_clock_epoch_ns(&engine->live->clock) : 0;
}

const struct histogram *core_live_lateness(const struct engine *engine)
{
	return engine->live ? &engine->live->lateness : NULL;
}
