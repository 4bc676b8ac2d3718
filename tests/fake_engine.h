// SPDX-License-Identifier: BSD-3-Clause
// The one fake: engine.h in memory, for tests of control without DPDK. No packet moves; the clock
// is the test's, and so are the counters.
#pragma once

#include "dataplane/engine/engine.h"

#define FAKE_ENGINE_PORTS    16
#define FAKE_ENGINE_CHANNELS 64
#define FAKE_ENGINE_SITES    16
#define FAKE_ENGINE_FLOWS    8

#define FAKE_ENGINE_EPOCH_NS UINT64_C(1000000000000000000)

// What control has asked of the engine, and what the engine is to answer.
struct fake_engine {
	// Asked.
	bool exists;
	bool running;
	struct engine_options options;
	char instance[64];
	struct plan *plan;                                 // the last one published
	unsigned published;                                // how many were
	struct plan_touched touched[FAKE_ENGINE_CHANNELS]; // by the last one
	size_t touched_count;
	char devices[FAKE_ENGINE_PORTS][64];
	char netns[FAKE_ENGINE_PORTS][64];
	uint32_t mtu_bytes[FAKE_ENGINE_PORTS];
	uint8_t macs[FAKE_ENGINE_PORTS][6];
	bool carriers[FAKE_ENGINE_PORTS];
	unsigned carrier_calls;
	// To answer.
	uint64_t now_ns; // engine_now_ns; the test moves it,
	bool ticks;      // or the monotonic clock does, from engine_start on
	uint64_t started_at_ns;
	struct engine_channel_counters channels[FAKE_ENGINE_CHANNELS];
	struct engine_port_counters ports[FAKE_ENGINE_PORTS];
	struct engine_site_counters sites[FAKE_ENGINE_SITES];
	struct engine_flow_counters flows[FAKE_ENGINE_FLOWS];
	uint32_t mtu_limit_bytes[FAKE_ENGINE_PORTS]; // 0: as asked
	char warnings[FAKE_ENGINE_PORTS][64];
	struct engine_port_timing timings[FAKE_ENGINE_PORTS];
	uint32_t path[4]; // of every flow's packets
	size_t path_count;
	struct histogram delay; // of every flow
	struct histogram lateness;
	struct engine_memory memory;
	uint64_t late_ns; // plans are taken over that much after their instant
	// Faults to come: a negative errno, or 0.
	int fail_create, fail_device, fail_publish, fail_start;
};

extern struct fake_engine fake_engine;

// As before any engine was made.
void fake_engine_reset(void);
