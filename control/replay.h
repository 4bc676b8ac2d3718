// SPDX-License-Identifier: BSD-3-Clause
// A run in virtual time: topology, captures in, captures out, counters.
#pragma once

#include <signal.h>
#include <stdint.h>

#include "control/network.h"
#include "dataplane/engine/engine.h"
#include "topologies/topology.h"

struct replay_file {
	const char *port;
	const char *path;
};

struct replay_options {
	struct topology *topology; // told when its clock begins (sky_start)
	const struct replay_file *inputs;
	size_t input_count;
	const struct replay_file *outputs; // several ports may name one file (pcapng)
	size_t output_count;
	const char *capture; // pcapng of channels and ports, lost packets with comments; or NULL
	const char *capture_names; // links, channels and ports, with commas between; NULL: all
	const char *journal;       // journal file for verify; or NULL
	uint64_t until_ns;         // UINT64_MAX: until all is done
	unsigned workers;          // 0: 1
	const struct prefix *map_from, *map_to; // --map; equal lengths, map_count of each
	size_t map_count;
	// Called at instant 0, after every change of the network and at the end, with the clock
	// standing still; may read the engine's counters. NULL: none.
	void (*changed)(void *context, struct engine *engine, const struct network *network,
			uint64_t at_ns);
	void *context;
	const volatile sig_atomic_t *interrupted; // true: end and leave no output; or NULL
};

struct replay_result {
	uint64_t clock_ns;   // instant of the captures at which the lab's clock was zero
	uint64_t end_ns;     // until_ns if that ended it, else when the last thing happened
	char warnings[1024]; // sentences about inputs, a line each, or empty
};

// Runs to the end. Outputs are written aside and renamed together when all is well; on a fault none
// is left. `engine` receives the engine, whose counters the caller may still read and which it
// destroys; on failure it is NULL. 0 or a negative errno with a sentence.
int replay_run(const struct replay_options *options, struct replay_result *result,
	       struct engine **engine, struct network **network, struct error *error);
