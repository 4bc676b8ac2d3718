// SPDX-License-Identifier: BSD-3-Clause
// Ctrl-C, SIGTERM and a terminal that goes away, as a wish to end: what runs in the foreground may
// still put things in order. For one run at a time, in the program's main thread.
#pragma once

#include <signal.h>

struct interrupt {
	struct sigaction old[3];
};

// From here on the signals only set the flag that is returned: their number, 0 until one comes. A
// SIGHUP that is ignored, as under nohup, stays so. Cannot fail.
const volatile sig_atomic_t *interrupt_watch(struct interrupt *interrupt);

// Gives the signals back what they did before; the flag keeps its value.
void interrupt_unwatch(const struct interrupt *interrupt);

// The exit status of what a signal has ended, as a shell says it: 128 and its number.
int interrupt_status(void);
