// SPDX-License-Identifier: BSD-3-Clause
// How long a live loop sleeps, and by how much it wakes early: learnt from how late its sleeps end.
// No clock, no sleep: numbers only. Private to the engine.
#pragma once

#include <stdint.h>

// What a sleep may make late without being woken for earlier. A wake-up costs the processor some
// 15 us, so earlier ones are paid for in spinning only where the machine's own are later than this.
#define NAP_ALLOWED_NS 30000ull
// The most that is spun before a thing due: the share of a core must stay small.
#define NAP_MARGIN_MOST_NS 100000ull
// A rest shorter than this saves nothing: going to sleep and waking take as long.
#define NAP_SHORTEST_NS 8000ull
// Between looks at ports that can only be polled. The most is what a ping may take longer; but when
// nothing has come for as long as NAP_QUIET_NS, which those of a ping a second never leave, the lab
// is idle, and is to cost little: what comes first then may wait for NAP_POLL_QUIET_NS.
#define NAP_POLL_LEAST_NS 50000ull
#define NAP_POLL_MOST_NS  200000ull
#define NAP_QUIET_NS      3000000000ull
#define NAP_POLL_QUIET_NS 2000000ull

struct nap {
	uint64_t late_ns; // all but one in a hundred sleeps end no later than this
};

void nap_init(struct nap *nap);

// A sleep that was not cut short has ended so late. What took longer than half a millisecond was
// not the timer: others had the processor, and no margin helps against that.
void nap_learn(struct nap *nap, uint64_t late_ns);

// By how much sleeps are to end before what is due. At most NAP_MARGIN_MOST_NS.
uint64_t nap_margin_ns(const struct nap *nap);

// How long to sleep when the next thing is due in left_ns: at most `most_ns`; 0: stay awake.
uint64_t nap_length_ns(const struct nap *nap, uint64_t left_ns, uint64_t most_ns);

// The time to the next look at a port that can only be polled, when its last frame came idle_ns
// ago: a twentieth of that within the bounds above, so that what comes after a silence is seen
// later, and what comes in a stream is not.
uint64_t nap_poll_ns(uint64_t idle_ns);
