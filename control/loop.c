// SPDX-License-Identifier: BSD-3-Clause
// The one thread of a running lab. Everything it waits for is a descriptor in one poll.
#include "control/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000ull

// The descriptors before the server's.
enum { POLL_SIGNALS, POLL_TIMER, POLL_SERVER };

int loop_catch_signals(struct error *error)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return error_set(error, -errno, "signals", "they cannot be blocked: %s",
				 strerror(errno));
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_set(error, -errno, "signals", "no signalfd: %s", strerror(errno));
	return fd;
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

// Everything on the monotonic clock but `for_ns`, which is the lab's.
struct clock {
	uint64_t tick_ns;  // the next tick
	uint64_t retry_ns; // after a change that failed: not before
};

static uint64_t earlier(uint64_t left, uint64_t right)
{
	return left < right ? left : right;
}

// How long nothing is to be done, in nanoseconds; 0: something is due.
static uint64_t idle_ns(const struct lab *lab, const struct loop_options *options,
			const struct clock *clock)
{
	uint64_t now_ns = monotonic_ns(), lab_ns = lab_now_ns(lab);
	uint64_t wait_ns = clock->tick_ns > now_ns ? clock->tick_ns - now_ns : 0;
	uint64_t step_ns = lab_next_step_ns(lab);
	if (step_ns != NETWORK_NO_CHANGE) {
		uint64_t step_wait_ns = step_ns > lab_ns ? step_ns - lab_ns : 0;
		uint64_t retry_wait_ns = clock->retry_ns > now_ns ? clock->retry_ns - now_ns : 0;
		wait_ns = earlier(wait_ns,
				  step_wait_ns > retry_wait_ns ? step_wait_ns : retry_wait_ns);
	}
	return earlier(wait_ns, options->for_ns > lab_ns ? options->for_ns - lab_ns : 0);
}

static void arm(int timer, uint64_t wait_ns)
{
	// Zero would disarm it.
	struct itimerspec at = {.it_value = {.tv_sec = (time_t)(wait_ns / SECOND_NS),
					     .tv_nsec = (long)(wait_ns % SECOND_NS)}};
	if (wait_ns == 0)
		at.it_value.tv_nsec = 1;
	timerfd_settime(timer, 0, &at, NULL);
}

static void step(struct lab *lab, const struct loop_options *options, struct clock *clock)
{
	uint64_t step_ns = lab_next_step_ns(lab);
	if (step_ns == NETWORK_NO_CHANGE || step_ns > lab_now_ns(lab) ||
	    clock->retry_ns > monotonic_ns())
		return;
	struct error error;
	if (lab_step(lab, &error) == 0)
		return;
	if (options->fault != NULL)
		options->fault(options->context, &error);
	clock->retry_ns = monotonic_ns() + SECOND_NS;
}

static void tick(struct lab *lab, const struct loop_options *options, struct clock *clock)
{
	uint64_t now_ns = monotonic_ns();
	if (now_ns < clock->tick_ns)
		return;
	clock->tick_ns = now_ns + SECOND_NS;
	if (options->tick != NULL)
		options->tick(options->context, lab);
}

static int run(struct lab_service *service, struct server *server, int signals, int timer,
	       const struct loop_options *options, struct error *error)
{
	struct pollfd polled[POLL_SERVER + SERVER_POLL_MOST];
	struct clock clock = {.tick_ns = monotonic_ns()};
	bool busy = false;
	while (!service->stop && lab_now_ns(service->lab) < options->for_ns) {
		arm(timer, idle_ns(service->lab, options, &clock));
		polled[POLL_SIGNALS] = (struct pollfd){.fd = signals, .events = POLLIN};
		polled[POLL_TIMER] = (struct pollfd){.fd = timer, .events = POLLIN};
		size_t count = server_poll(server, polled + POLL_SERVER);
		if (poll(polled, POLL_SERVER + count, busy ? 0 : -1) < 0 && errno != EINTR)
			return error_set(error, -errno, "poll", "%s", strerror(errno));
		if (polled[POLL_SIGNALS].revents != 0)
			return 0;
		uint64_t expirations;
		(void)!read(timer, &expirations, sizeof(expirations));
		step(service->lab, options, &clock);
		busy = server_handle(server, polled + POLL_SERVER, count,
				     monotonic_ns() / SECOND_NS);
		tick(service->lab, options, &clock);
	}
	return 0;
}

int loop_run(struct lab_service *service, struct server *server, int signals,
	     const struct loop_options *options, struct error *error)
{
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer < 0)
		return error_set(error, -errno, "timer", "no timerfd: %s", strerror(errno));
	int result = run(service, server, signals, timer, options, error);
	close(timer);
	return result;
}
