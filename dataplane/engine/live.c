// SPDX-License-Identifier: BSD-3-Clause
// The live loop: when to look, when to sleep, and when to wake.
#include "dataplane/engine/live.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Longest sleep: ticks, plan changes and a clock under adjustment want a turn now and then.
#define SLEEP_MOST_NS 10000000ull
// The rest after a look at a port that is broken.
#define BROKEN_SLEEP_NS 50000ull
// What is due sooner than a look at the ports takes is waited for; and once frames are here, what
// is due sooner than it takes to take them in.
#define LOOK_NS    50ull
#define INTAKE_NS  80ull
#define FRAMES_FEW 1

static void free_waits(struct live_worker *live)
{
	free(live->waits);
	free(live->wait_of);
	live->waits = NULL;
	live->wait_of = NULL;
}

int live_init(struct live_worker *live)
{
	live->stop = false;
	live->asleep = false;
	live->now_ns = 0;
	live->received_at_ns = 0;
	live->looked = false;
	nap_init(&live->nap);
	live->waits = calloc(live->port_count + 1, sizeof(*live->waits));
	live->wait_of = calloc(live->port_count + 1, sizeof(*live->wait_of));
	if (live->waits == NULL || live->wait_of == NULL) {
		free_waits(live);
		return -ENOMEM;
	}
	live->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (live->wake_fd < 0) {
		int code = -errno;
		free_waits(live);
		return code;
	}
	live->waits[0] = (struct pollfd){.fd = live->wake_fd, .events = POLLIN};
	live->wait_count = 1;
	live->all_wait = true;
	for (unsigned i = 0; i < live->port_count; i++) {
		int fd = port_device_wait_fd(live->ports[i]);
		if (fd < 0) {
			live->all_wait = false;
			continue;
		}
		live->wait_of[i] = live->wait_count;
		live->waits[live->wait_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	return 0;
}

void live_fini(struct live_worker *live)
{
	if (live->waits == NULL)
		return;
	close(live->wake_fd);
	free_waits(live);
}

static void ring_bell(const struct live_worker *live)
{
	uint64_t one = 1;
	ssize_t written = write(live->wake_fd, &one, sizeof(one));
	(void)written; // full means that it rings already
}

void live_stop(struct live_worker *live)
{
	__atomic_store_n(&live->stop, true, __ATOMIC_SEQ_CST);
	ring_bell(live);
}

void live_wake(struct live_worker *live)
{
	// Pairs with the fence in rest(): either we see that it sleeps, or it sees what we handed
	// over.
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&live->asleep, __ATOMIC_RELAXED))
		ring_bell(live);
}

// Never less than before, whatever the clock's source does.
static uint64_t look_at_clock(struct live_worker *live)
{
	uint64_t now = live_clock_now_ns(live->clock);
	if (now > live->now_ns)
		live->now_ns = now;
	return live->now_ns;
}

static void sleep_for(struct live_worker *live, uint64_t length_ns)
{
	uint64_t began = look_at_clock(live);
	struct timespec length = {.tv_sec = (time_t)(length_ns / 1000000000),
				  .tv_nsec = (long)(length_ns % 1000000000)};
	int ready = ppoll(live->waits, live->wait_count, &length, NULL);
	live->looked = ready >= 0;
	if (ready == 0) {
		uint64_t slept = look_at_clock(live) - began;
		nap_learn(&live->nap, slept > length_ns ? slept - length_ns : 0);
		return;
	}
	if (ready < 0)
		return;
	if (live->waits[0].revents) {
		uint64_t rings;
		ssize_t got = read(live->wake_fd, &rings, sizeof(rings));
		(void)got;
	}
	// A port that is broken (its interface went down or away) keeps its descriptor "ready"
	// without a frame; it must not keep us awake. Reading a socket's fault clears it.
	bool broken = false;
	for (unsigned i = 1; i < live->wait_count; i++) {
		int fault;
		socklen_t size = sizeof(fault);
		if ((live->waits[i].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0)
			continue;
		getsockopt(live->waits[i].fd, SOL_SOCKET, SO_ERROR, &fault, &size);
		broken = broken || !(live->waits[i].revents & POLLIN);
	}
	if (broken) {
		struct timespec pause = {.tv_nsec = BROKEN_SLEEP_NS};
		nanosleep(&pause, NULL);
	}
}

// Nothing came: sleeps until shortly before the next thing is due, unless that is too near.
static void rest(struct live_worker *live)
{
	const struct live_services *services = live->services;

	__atomic_store_n(&live->asleep, true, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	uint64_t due = services->next_due_ns(live->worker);
	uint64_t now = look_at_clock(live);
	uint64_t most = live->all_wait ? SLEEP_MOST_NS : nap_poll_ns(now - live->received_at_ns);
	uint64_t length = nap_length_ns(&live->nap, due > now ? due - now : 0, most);
	if (length > 0 && !__atomic_load_n(&live->stop, __ATOMIC_RELAXED)) {
		services->before_sleep(live->worker);
		sleep_for(live, length);
		services->after_sleep(live->worker);
	}
	__atomic_store_n(&live->asleep, false, __ATOMIC_RELAXED);
}

static void flush(struct live_worker *live)
{
	for (unsigned i = 0; i < live->port_count; i++) {
		unsigned unsent = port_device_flush(live->ports[i]);
		if (unsent)
			live->services->unsent(live->worker, live->port_numbers[i], unsent);
	}
}

// Does what is due by now; gives the worker's own now, which may lie behind the clock's.
static uint64_t advance(struct live_worker *live)
{
	live->reached_ns = live->services->advance(live->worker, look_at_clock(live));
	flush(live);
	return live->reached_ns;
}

// All that is due by now is done. What comes next is prepared, and if it is due within so short a
// time, it is waited for and leaves.
static bool await(struct live_worker *live, uint64_t near_ns)
{
	const struct live_services *services = live->services;
	services->prepare(live->worker, live->reached_ns);
	uint64_t due_ns = services->next_due_ns(live->worker);
	if (due_ns > live->now_ns + near_ns)
		return false;
	while (look_at_clock(live) < due_ns)
		;
	services->send(live->worker, live->now_ns);
	return true;
}

// The clock is read when the frames are here: an instant before that would let them leave too soon,
// by as much as the machine took away in between. What became due meanwhile is done first, so that
// no channel sees time go back.
static unsigned receive(struct live_worker *live, unsigned index)
{
	struct port_frame frames[PORT_BURST];
	unsigned wait = live->wait_of[index];
	if (live->looked && wait > 0 && live->waits[wait].revents == 0)
		return 0; // the kernel has just said that nothing waits there
	unsigned count = port_device_receive(live->ports[index], frames, PORT_BURST);
	if (count == 0)
		return 0;
	const uint64_t *stamps = port_device_arrivals(live->ports[index]);
	if (__builtin_expect(stamps != NULL, 0)) {
		live->received_at_ns = look_at_clock(live);
		live->services->receive_stamped(live->worker, live->port_numbers[index], frames,
						stamps, count);
		return count;
	}
	uint64_t at_ns = advance(live);
	live->received_at_ns = live->now_ns;
	if (count > FRAMES_FEW)
		live->busy = true;
	else
		await(live, INTAKE_NS);
	live->services->receive(live->worker, live->port_numbers[index], frames, count, at_ns);
	return count;
}

void live_run(struct live_worker *live)
{
	// The kernel may else round a sleep up by 50 us.
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	for (unsigned i = 0; i < live->port_count; i++)
		port_device_measure(live->ports[i], live->clock, live->lateness);

	while (!__atomic_load_n(&live->stop, __ATOMIC_ACQUIRE)) {
		bool behind = advance(live) < live->now_ns;
		if (!behind && !live->busy && await(live, LOOK_NS))
			advance(live);
		live->busy = false;
		unsigned received = 0;
		for (unsigned i = 0; i < live->port_count; i++)
			received += receive(live, i);
		live->looked = false;
		live->services->turn(live->worker, live->reached_ns);
		if (received == 0 && !behind && !live->spin)
			rest(live);
	}
	flush(live);
	for (unsigned i = 0; i < live->port_count; i++)
		port_device_measure(live->ports[i], NULL, NULL);
}
