// SPDX-License-Identifier: BSD-3-Clause
// The one thread of a running lab: clients, signals, scheduled changes, and a tick each second.
#pragma once

#include <stdint.h>

#include "control/methods.h"
#include "control/server.h"

struct loop_options {
	uint64_t for_ns;                                 // of the lab's clock; UINT64_MAX: for ever
	void (*tick)(void *context, const struct lab *); // each second; NULL: none
	void (*fault)(void *context, const struct error *error); // a change that failed; goes on
	void *context;
};

// Blocks the signals that end a lab (INT, TERM, HUP) in this thread and those that it starts from
// now on, so that only the loop sees them. To be called before the engine is made. A signalfd or a
// negative errno with a sentence.
int loop_catch_signals(struct error *error);

// Runs until a signal, a client's stop, or the time is over: 0. A negative errno with a sentence
// when the loop itself fails.
int loop_run(struct lab_service *service, struct server *server, int signals,
	     const struct loop_options *options, struct error *error);
