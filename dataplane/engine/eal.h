// SPDX-License-Identifier: BSD-3-Clause
// DPDK's environment (EAL) of this process. EAL can be started once in the life of a process and
// not again after its end; so it outlives engines, and ends with the process. Private to the
// engine.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/model/error.h"

struct eal_options {
	const char *instance; // part of the run-time files' name; NULL: "corridor"
	unsigned workers;     // threads that will register
	bool live;            // ports will be added: leave the PCI bus on (no device is taken)
	int argc;             // the user's own EAL options, without a program name
	char **argv;
};

// Starts EAL: no hugepages, no privileges, no PCI device and no shared files are needed. The user's
// options override ours: one that speaks of hugepages or memory (--huge-dir, --in-memory, -m, ...)
// takes hugepages, -a and -b decide over PCI, and so on. Affinity and signal mask of the caller
// stay as they are; EAL's own threads take no signals. Idempotent: later calls change nothing and
// succeed. 0, or a negative errno and a sentence. Control thread.
int eal_start(const struct eal_options *options, struct error *error);

// Gives EAL up. EAL cannot be started twice, so it stays until exit(), when it is cleaned up and
// its run-time directory removed (most often it is gone before: see eal.c). Any number of calls.
void eal_stop(void);

// Makes the calling thread known to EAL (mempool caches, lcore variables) and forgets it again; the
// thread calls both itself. 0 or a negative errno.
int eal_register_thread(void);
void eal_unregister_thread(void);

// What EAL or a driver complained of first since eal_log_reset, without the line's end; empty when
// it did not. Copies; any thread.
void eal_log_first(char *line, size_t size);
void eal_log_reset(void);
