// SPDX-License-Identifier: BSD-3-Clause
// Traffic for a live wire, and the clock at both its ends. Hooks that DPDK calls inside the
// devices' own receive and transmit functions make frames that carry the instant of their arrival,
// and look at each frame as it is handed to the other device: what an outsider sees, without a word
// from the engine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/engine.h"
#include "dataplane/model/error.h"
#include "dataplane/model/histogram.h"

#define TRAFFIC_FRAME_BYTES 64

struct rte_eth_rxtx_callback;
struct rte_mempool;

struct traffic {
	const struct engine *engine; // for its clock alone
	uint64_t interval_ns;        // between arrivals; 0: always one more, as often as asked
	uint64_t delay_ns;           // no frame may leave earlier than this after its arrival
	uint32_t stamp_at;           // where in a frame that instant stands
	bool on;                     // atomic: frames arrive
	bool watches;                // atomic: leaving frames are looked at, which takes its time
	bool keeps_excess;           // set it to have `excess`: recording takes time, too
	// The worker's thread.
	bool begun;
	uint64_t next_at_ns;
	uint64_t arrived;
	uint64_t left;
	uint64_t early;          // left before arrival + delay
	uint64_t earliest_ns;    // by how much at most
	struct histogram excess; // leaving - (arrival + delay), where that is not negative
	// For the end.
	struct rte_mempool *pool;
	const struct rte_eth_rxtx_callback *receive, *transmit;
	uint16_t west, east;
};

// Hooks traffic between the two devices of an open wire, which must not receive by themselves
// (wire.h, `traffic`). Frames arrive from traffic_begin, on an engine that runs, to traffic_end.
// `traffic` must stay where it is until the engine is destroyed. 0 or a negative errno with a
// sentence.
int traffic_attach(struct traffic *traffic, const struct engine *engine, uint64_t interval_ns,
		   uint64_t delay_ns, struct error *error);
// Watches what leaves by WIRE_EAST only: frames of other making, which carry at stamp_at the
// instant from which their delay counts. The same otherwise.
int traffic_watch(struct traffic *traffic, const struct engine *engine, uint32_t stamp_at,
		  uint64_t delay_ns, struct error *error);
void traffic_begin(struct traffic *traffic);
// From now on leaving frames are looked at, as they are from the beginning if this comes before it.
void traffic_look(struct traffic *traffic);
void traffic_end(struct traffic *traffic);
// Takes the hooks off; the engine stands still. traffic_free after its devices are gone.
void traffic_detach(struct traffic *traffic);
void traffic_free(struct traffic *traffic);
