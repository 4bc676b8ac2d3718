// SPDX-License-Identifier: BSD-3-Clause
// The reference for speed: DPDK's own dpdk-testpmd, which forwards between the same two devices and
// does nothing else.
#pragma once

#include "dataplane/model/error.h"

#define TESTPMD_NAME "dpdk-testpmd, io forwarding, same devices, burst and core"

// Runs it for about `seconds` and gives the packets that it says it has sent, in millions a second
// of its own time, and that time's `share` of the clock's (machine_watch_seconds). 0, or a negative
// errno with a sentence: -ENOENT when the program is missing.
int testpmd_measure(double seconds, double *mpps, double *share, struct error *error);
