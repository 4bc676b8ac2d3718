// SPDX-License-Identifier: BSD-3-Clause
// A live engine of many channels that end at one null device, as wires into one port would: a
// router sends a built-in flow through each. Flows send at exact instants, so what is due when
// follows from them alone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/engine/engine.h"
#include "dataplane/model/error.h"

// Frames of a flow, and where in them the instant stands at which they were sent, in nanoseconds of
// the engine's clock.
#define FAN_FRAME_BYTES 66
#define FAN_STAMP_AT    58

// `channels` (at most 60,000) with this delay, packets interval_ns apart in all of them together;
// the device is WIRE_EAST (wire.h), port 0. All but the start; engine_destroy ends it. NULL and a
// sentence.
struct engine *fan_open(uint32_t channels, uint64_t interval_ns, uint64_t delay_ns, bool spin,
			struct error *error);
