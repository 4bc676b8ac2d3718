// SPDX-License-Identifier: BSD-3-Clause
// The bare loops.
#include "bench/gaps.h"

#include <poll.h>
#include <sys/prctl.h>
#include <time.h>

struct watch {
	uint64_t began_ns;
	uint64_t last_ns;
	uint64_t due_ns;
	uint64_t interval_ns;
};

static void begin(struct watch *watch, struct gaps *gaps, uint64_t now_ns, uint64_t interval_ns)
{
	histogram_reset(&gaps->lateness);
	gaps->reads = 0;
	gaps->longest_ns = 0;
	*watch = (struct watch){now_ns, now_ns, now_ns + interval_ns, interval_ns};
}

static void look(struct watch *watch, struct gaps *gaps, uint64_t now_ns)
{
	uint64_t gap_ns = now_ns - watch->last_ns;

	gaps->reads++;
	gaps->longest_ns = gap_ns > gaps->longest_ns ? gap_ns : gaps->longest_ns;
	for (; watch->due_ns <= now_ns; watch->due_ns += watch->interval_ns)
		histogram_record(&gaps->lateness, now_ns - watch->due_ns);
	watch->last_ns = now_ns;
}

void gaps_measure(const struct live_clock *clock, uint64_t length_ns, uint64_t interval_ns,
		  struct gaps *gaps)
{
	struct watch watch;

	begin(&watch, gaps, live_clock_now_ns(clock), interval_ns);
	while (watch.last_ns - watch.began_ns < length_ns)
		look(&watch, gaps, live_clock_now_ns(clock));
}

void gaps_measure_asleep(const struct live_clock *clock, uint64_t length_ns, uint64_t interval_ns,
			 struct gaps *gaps)
{
	struct watch watch;

	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); // as the engine does
	begin(&watch, gaps, live_clock_now_ns(clock), interval_ns);
	while (watch.last_ns - watch.began_ns < length_ns) {
		uint64_t now_ns = live_clock_now_ns(clock);
		uint64_t left_ns = watch.due_ns > now_ns ? watch.due_ns - now_ns : 0;
		struct timespec sleep = {.tv_sec = (time_t)(left_ns / 1000000000),
					 .tv_nsec = (long)(left_ns % 1000000000)};
		ppoll(NULL, 0, &sleep, NULL);
		look(&watch, gaps, live_clock_now_ns(clock));
	}
	prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
}
