// SPDX-License-Identifier: BSD-3-Clause
// The machine under a bench: its processors and its memory, and the same for both sides.
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// CLOCK_MONOTONIC in seconds.
double machine_seconds(void);
void machine_sleep(double seconds);

// Time as a process has it: without what its threads spent ready to run, waiting for a processor
// that others had (the kernel's schedstat). On a machine of its own it is the time of the clock; on
// a shared one it is what speed should be reckoned in.
struct machine_watch {
	pid_t pid;
	double began;
	double waited;
};
struct machine_watch machine_watch_start(pid_t pid);
// Seconds since then. No thread that worked may have ended in between. `share`, if not NULL: of the
// time of the clock.
double machine_watch_seconds(const struct machine_watch *watch, double *share);

// What this process has of the machine's memory.
double machine_resident_bytes(void);

// The processor's name as the kernel knows it, and how many of them we may use.
void machine_processor(char *text, size_t size);

// First and last processor that this process may use. A live engine runs on the last one; its
// references must, too.
unsigned machine_first_cpu(void);
unsigned machine_last_cpu(void);

// Nails the calling thread to the last processor, and lets it go again.
void machine_pin(cpu_set_t *before);
void machine_unpin(const cpu_set_t *before);

// EAL's options about memory, for the engine and a reference beside it: hugepages if enough of them
// are free for both, else --no-huge. NULL ends the list.
struct machine_memory {
	const char *words[4];
	int word_count;
	const char *name; // "hugepages" or "no hugepages", for notes
};
struct machine_memory machine_memory(void);
