// SPDX-License-Identifier: BSD-3-Clause
// A network card that knows the time, for tests: it sends at the instant that it is given and
// stamps what it receives, by a clock of its own. Made of DPDK's net_null8 and net_null9, whose
// description, configuration, clock and bursts are replaced (linked with --wrap). Any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// What a card's clock is like.
enum timed_fault { TIMED_GOOD, TIMED_UNREADABLE, TIMED_STANDS, TIMED_LIMPS };

struct timed_clock {
	uint64_t hz;     // ticks a second,
	int64_t off_ppb; // and by how many parts in a billion it runs too fast
	uint64_t offset; // where it stood at the lab's zero
	enum timed_fault fault;
};

// Frames that a card was given to send.
struct timed_frame {
	uint8_t number;       // the frame's last byte
	bool timed;           // with a time to be sent at
	uint64_t ticks;       // that time
	uint64_t taken_at_ns; // by the lab's clock
};

// The card `unit` (8 or 9), with nothing sent or received yet. `now_ns` is the lab's clock.
void timed_device_reset(unsigned unit, const struct timed_clock *clock,
			uint64_t (*now_ns)(void *context), void *context);
// May it be asked to send at a time, to stamp? As all cards of this kind until said otherwise.
void timed_device_offer(bool pacing, bool stamps);
// Was it asked to, when it was configured?
bool timed_device_was_asked(unsigned unit, bool *pacing, bool *stamps);

// What its clock says at an instant of the lab; and the first instant at which it says as much.
uint64_t timed_device_ticks(unsigned unit, uint64_t at_ns);
uint64_t timed_device_instant(unsigned unit, uint64_t ticks);

// A frame of 60 bytes has come in, with a stamp or without: UDP from 10.0.0.9 to 10.1.0.9. The last
// byte is `number`.
void timed_device_put(unsigned unit, uint8_t number, bool stamped, uint64_t stamp);
// Frames given to it so far, in order: the number, and up to `most` of them.
unsigned timed_device_sent(unsigned unit, struct timed_frame *frames, unsigned most);
// From now on it takes no frame (its queue is full).
void timed_device_refuse(unsigned unit, bool refuses);
