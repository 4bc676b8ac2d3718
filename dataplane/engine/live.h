// SPDX-License-Identifier: BSD-3-Clause
// The live loop of one worker: keeps a worker's time and ports going until it is told to stop.
// Knows the worker only by the services below, so it can be tested without an engine. Private to
// the engine.
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/clock.h"
#include "dataplane/engine/nap.h"
#include "dataplane/engine/port.h"
#include "dataplane/model/histogram.h"

struct worker;

// What the loop asks of a worker, always on the worker's own thread.
struct live_services {
	// Does all that is due up to now, now included, or as much of it as a turn may take. Frames
	// for a port are queued to it with port_device_queue and their due time. Gives the instant
	// up to which all is done: the worker's own now for the rest of the turn.
	uint64_t (*advance)(struct worker *worker, uint64_t now_ns);
	// Nothing is due at now_ns: what may be done ahead of its time is.
	void (*prepare)(struct worker *worker, uint64_t now_ns);
	// What has been prepared and is due by now leaves; all else about it is left to advance.
	void (*send)(struct worker *worker, uint64_t now_ns);
	// The instant of the next thing due, UINT64_MAX for none. What other workers have handed
	// over counts: it is asked once more between "asleep" and sleeping (see live_wake).
	uint64_t (*next_due_ns)(const struct worker *worker);
	// Frames have come in at a port, not after at_ns, or the worker is behind; what advance
	// gave last. At most PORT_BURST.
	void (*receive)(struct worker *worker, uint32_t port, const struct port_frame *frames,
			unsigned count, uint64_t at_ns);
	// The same at a port that says when each came in, by now at the latest; not behind what has
	// been done by then where that matters, so it advances by itself.
	void (*receive_stamped)(struct worker *worker, uint32_t port,
				const struct port_frame *frames, const uint64_t *at_ns,
				unsigned count);
	// Frames that a port took and could not send.
	void (*unsent)(struct worker *worker, uint32_t port, unsigned frames);
	// Once a turn, after advance and the ports: plan changes, quiescent state, ticks.
	void (*turn)(struct worker *worker, uint64_t now_ns);
	// Around a sleep: the thread holds no plan in between (RCU offline and online).
	void (*before_sleep)(struct worker *worker);
	void (*after_sleep)(struct worker *worker);
};

struct live_worker {
	// Filled in by the caller, constant while the loop runs.
	struct worker *worker;
	const struct live_services *services;
	struct port_device **ports;
	const uint32_t *port_numbers; // the plan's
	unsigned port_count;
	const struct live_clock *clock;
	bool spin;                  // never sleep
	struct histogram *lateness; // of this worker's ports; NULL: not measured
	// Other threads'.
	bool stop;   // atomic: set by live_stop
	bool asleep; // atomic: the loop's; read by live_wake
	int wake_fd;
	// The loop's own.
	struct pollfd *waits;
	unsigned wait_count;
	unsigned *wait_of; // [port] its place among `waits`; 0: it must be polled
	bool all_wait;     // each port has a descriptor to wait on
	bool looked;       // the last sleep has just said at which ports frames wait
	struct nap nap;
	bool busy; // so many frames came in the last turn that there is no time to wait
	uint64_t now_ns;
	uint64_t received_at_ns; // the last frame
	uint64_t reached_ns;     // the worker's own now
};

// Takes what the loop needs. 0, or a negative errno. live_fini frees it; the loop does not run
// then.
int live_init(struct live_worker *live);
void live_fini(struct live_worker *live);

// Runs until live_stop. A turn: advance to now; send; receive a burst from each port; turn(); and
// if nothing came and nothing is left to be done, sleep until the next thing is due or a frame
// arrives (at most 10 ms, and where a port cannot be waited for at most nap_poll_ns). Nothing is
// ever done before it is due.
void live_run(struct live_worker *live);

// Any thread. live_stop returns at once; join the thread to know that the loop has ended.
void live_stop(struct live_worker *live);

// Any thread, after it has handed something to this worker: ends its sleep. Cheap when it is
// awake. A signal handler may call it, too.
void live_wake(struct live_worker *live);
