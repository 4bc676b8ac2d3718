// SPDX-License-Identifier: BSD-3-Clause
// A live lab of one wire between two null devices, as `corridor run` would make it: what the live
// benches measure.
#pragma once

#include <stdbool.h>

#include "control/lab.h"
#include "dataplane/engine/engine.h"
#include "dataplane/model/error.h"

// DPDK's names of the two ends, and their numbers in the engine. net_null1 never receives: frames
// go from west to east only, through channel WIRE_FORWARD.
#define WIRE_WEST    "net_null0"
#define WIRE_EAST    "net_null1"
#define WIRE_NO_RX   ",no-rx=1"
#define WIRE_FORWARD 0
enum wire_port { WIRE_PORT_WEST, WIRE_PORT_EAST };

struct wire_options {
	const char *impairments; // lines of the topology's [link span]: "delay = 1ms\n"
	bool traffic;            // west never receives by itself: traffic.h makes frames
	bool spin;
};

struct wire {
	struct topology *topology;
	struct lab *lab;
	struct engine *engine;
};

// Engine, devices and plan, all but the start (wire_start). 0, or a negative errno with a sentence;
// then nothing is left. One at a time.
int wire_open(struct wire *wire, const struct wire_options *options, struct error *error);
int wire_start(struct wire *wire, struct error *error);
// Also after a failure.
void wire_close(struct wire *wire);

// Packets that the wire has dealt with so far: those sent, and those that its model lost.
uint64_t wire_packets(const struct wire *wire);
// Those lost for any other reason, which would flatter a rate: 0 when all is well.
uint64_t wire_spilt(const struct wire *wire);
