// SPDX-License-Identifier: BSD-3-Clause
// The virtual clock: all that is due, as fast as it can be done, by one worker or by several in
// conservative windows no longer than the shortest channel between two of them.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/engine/core.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t engine_next_due_ns(const struct engine *engine)
{
	uint64_t next = ENGINE_IDLE;

	for (unsigned i = 0; i < engine->worker_count; i++)
		next = least(next, agenda_next_ns(&engine->workers[i].agenda));
	return next;
}

// Blocks that others have freed go home. All stand still but for this; each takes its own.
static void take_home(struct worker *worker)
{
	struct engine *engine = worker->engine;

	for (unsigned from = 0; from < engine->worker_count; from++)
		store_take_home(&worker->store, &engine->workers[from].store);
}

// What others have sent in the last window goes into the holds here, in the order of their numbers.
static void collect(struct worker *worker)
{
	struct engine *engine = worker->engine;

	for (unsigned from = 0; from < engine->worker_count; from++) {
		struct hold *box = &engine->workers[from].outbox[worker->index];

		while (box->count) {
			struct hold_crossing crossing = hold_pop_crossing(box, &worker->store);

			core_hold(worker, crossing.channel, crossing.entry.packet,
				  crossing.entry.release_at_ns, crossing.out_of_order);
		}
	}
}

// Windows up to engine->windows_until_ns, by all workers at once: each reckons the next window for
// itself, and all come to the same. A worker gives blocks to the others' lists while it advances or
// collects, and those take them only when nobody does either.
static void run_windows(struct worker *worker)
{
	struct engine *engine = worker->engine;
	uint64_t until_ns = engine->windows_until_ns;

	for (;;) {
		uint64_t next_ns = AGENDA_NEVER;

		worker->next_at_ns = agenda_next_ns(&worker->agenda);
		pthread_barrier_wait(&engine->windows);
		for (unsigned i = 0; i < engine->worker_count; i++)
			next_ns = least(next_ns, engine->workers[i].next_at_ns);
		if (next_ns >= until_ns)
			break;
		core_advance(worker, engine->lookahead_ns < until_ns - next_ns
					     ? next_ns + engine->lookahead_ns
					     : until_ns);
		pthread_barrier_wait(&engine->windows);
		take_home(worker);
		pthread_barrier_wait(&engine->windows);
		collect(worker);
	}
}

static void *work_in_windows(void *argument)
{
	struct worker *worker = argument;
	struct engine *engine = worker->engine;
	bool all_have_come;

	// Nobody meets at a barrier before all have come. Whether the run is over already is asked
	// behind the barrier only: whoever stops it waits there for everybody, however late.
	pthread_mutex_lock(&engine->gate);
	all_have_come = engine->threads_run;
	pthread_mutex_unlock(&engine->gate);
	while (all_have_come) {
		pthread_barrier_wait(&engine->windows);
		if (engine->finish)
			break;
		run_windows(worker);
	}
	return NULL;
}

static void join_threads(struct engine *engine, unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		pthread_join(engine->workers[i].thread, NULL);
	pthread_barrier_destroy(&engine->windows);
	pthread_mutex_destroy(&engine->gate);
}

int virtual_start(struct engine *engine, struct error *error)
{
	unsigned started = 1;
	int rc = 0;

	if (engine->worker_count == 1)
		return 0;
	pthread_barrier_init(&engine->windows, NULL, engine->worker_count);
	pthread_mutex_init(&engine->gate, NULL);
	pthread_mutex_lock(&engine->gate);
	while (rc == 0 && started < engine->worker_count) {
		struct worker *worker = &engine->workers[started];

		rc = pthread_create(&worker->thread, NULL, work_in_windows, worker);
		started += rc == 0;
	}
	engine->threads_run = rc == 0;
	pthread_mutex_unlock(&engine->gate);
	if (rc) {
		join_threads(engine, started);
		return error_set(error, -rc, "workers",
				 "cannot start worker thread %u (%s); ask for fewer with --workers",
				 started, strerror(rc));
	}
	return 0;
}

void virtual_stop(struct engine *engine)
{
	if (!engine->threads_run)
		return;
	engine->finish = true;
	pthread_barrier_wait(&engine->windows);
	join_threads(engine, engine->worker_count);
	engine->threads_run = false;
}

// The first worker is the calling thread.
static void run_all(struct engine *engine, uint64_t until_ns)
{
	engine->windows_until_ns = until_ns;
	pthread_barrier_wait(&engine->windows);
	run_windows(&engine->workers[0]);
}

static int first_fault(const struct engine *engine)
{
	for (unsigned i = 0; i < engine->worker_count; i++) {
		if (engine->workers[i].fault)
			return engine->workers[i].fault;
	}
	return 0;
}

int engine_advance(struct engine *engine, uint64_t until_ns, struct error *error)
{
	int rc;

	if (!engine->plan && !engine->pending)
		return error_set(error, -EINVAL, "engine", "no plan has been published");
	for (;;) {
		uint64_t change_ns = engine->pending ? engine->pending->valid_from_ns : UINT64_MAX;
		uint64_t end_ns = least(until_ns, change_ns);

		if (engine->plan && end_ns > engine->now_ns) {
			if (engine->worker_count == 1)
				core_advance(&engine->workers[0], end_ns);
			else
				run_all(engine, end_ns);
			// Without an end the clock stays where the last plan left it.
			if (end_ns != UINT64_MAX)
				engine->now_ns = end_ns;
		}
		if (!engine->pending || change_ns > until_ns)
			break;
		plan_free(takeover(engine));
		if (until_ns <= change_ns)
			break;
	}
	for (uint32_t i = 0; engine->plan && i < engine->plan->port_count; i++)
		file_port_flush(&engine->workers[engine->port_owner[i]], i);
	rc = first_fault(engine);
	if (rc)
		return error_set(error, rc, "replay", "a capture could not be read or written: %s",
				 strerror(-rc));
	return 0;
}
